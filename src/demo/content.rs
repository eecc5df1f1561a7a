//! What the demo is made of: a small project that needs nothing but `sh`, two agencies, and a
//! script for each of their agents.
//!
//! The project is green at the start. One agent leaves a real defect in it, another finds it.

use std::path::Path;
use std::time::Duration;

/// A file of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectFile {
    /// Relative to the project.
    pub path: &'static str,
    /// Its content.
    pub text: &'static str,
}

/// An agent with its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Its agency.
    pub agency: &'static str,
    /// Its name.
    pub agent: &'static str,
    script: &'static str,
}

impl Actor {
    /// Its script, with a pause between two steps.
    pub fn script(&self, pace: Duration) -> String {
        format!("pace_ms = {}\n\n{}", pace.as_millis(), self.script)
    }
}

/// The branch that approved work goes into.
pub const BRANCH: &str = "main";
/// What CodeAgency is asked for.
pub const GOAL: &str = "Greet people and say goodbye to them, by name";
/// What proves the project, and what its merged branch is checked with.
pub const CHECK: [&str; 2] = ["sh", "tests/run.sh"];
/// Agencies, in the order in which they are made; the first gets the goal.
pub const AGENCIES: [&str; 2] = ["CodeAgency", "QAAgency"];
/// The coordinator's name in both.
pub const COORDINATOR: &str = "coordinator";

/// The project's files.
pub const PROJECT: &[ProjectFile] = &[
    ProjectFile { path: "README.md", text: include_str!("files/project/README.md") },
    ProjectFile { path: "lib/text.sh", text: include_str!("files/project/lib/text.sh") },
    ProjectFile { path: "tests/run.sh", text: include_str!("files/project/tests/run.sh") },
    ProjectFile { path: "tests/tap.sh", text: include_str!("files/project/tests/tap.sh") },
    ProjectFile { path: "tests/text.t", text: include_str!("files/project/tests/text.t") },
];

/// Every agent, coordinators first.
pub const ACTORS: &[Actor] = &[
    Actor {
        agency: "CodeAgency",
        agent: COORDINATOR,
        script: include_str!("files/scripts/code-coordinator.toml"),
    },
    Actor {
        agency: "CodeAgency",
        agent: "dev-1",
        script: include_str!("files/scripts/code-dev-1.toml"),
    },
    Actor {
        agency: "CodeAgency",
        agent: "dev-2",
        script: include_str!("files/scripts/code-dev-2.toml"),
    },
    Actor {
        agency: "QAAgency",
        agent: COORDINATOR,
        script: include_str!("files/scripts/qa-coordinator.toml"),
    },
    Actor {
        agency: "QAAgency",
        agent: "engineer",
        script: include_str!("files/scripts/qa-engineer.toml"),
    },
];

/// `agency.toml` of the demo's workbench. It has a tmux server of its own, so that no session of the
/// user's is in the way.
pub fn settings(project: &Path, socket: &Path) -> String {
    let commands = CHECK.map(|word| format!("\"{word}\"")).join(", ");
    let (project, socket) = (quoted(project), quoted(socket));
    format!(
        "[project]\npath = {project}\nbranch = \"{BRANCH}\"\n\n\
         [tmux]\nsocket = {socket}\n\n\
         [checks]\ncommands = [[{commands}]]\ntime_limit = 60\n"
    )
}

/// A path as a TOML text: what JSON escapes, TOML escapes in the same way.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use std::collections::BTreeSet;

    use super::*;
    use crate::adapters::process::Invocation;
    use crate::manifest::rehearsal::RehearsalScript;
    use crate::rehearsal::fakes::{git, give_script, work_once, world};

    /// The counts of passed and failed tests in a folder, and whether the run passed.
    fn check(folder: &Path) -> (usize, usize, bool) {
        let outcome = Invocation::new(CHECK[0], folder)
            .args(&CHECK[1..])
            .run(Duration::from_secs(30))
            .expect("sh runs");
        let text = outcome.text();
        let starting = |lead: &str| text.lines().filter(|line| line.starts_with(lead)).count();
        (starting("ok "), starting("not ok "), outcome.status.success())
    }

    #[test]
    fn the_settings_are_toml_whatever_the_folder_is_called() {
        let odd = Path::new("/tmp/a \"b\" \\ c");
        let settings = settings(odd, odd);
        let table: toml::Table = settings.parse().expect("toml");
        assert_eq!(table["project"]["path"].as_str(), odd.to_str());
    }

    #[test]
    fn every_script_is_valid_and_says_how_fast_it_goes() {
        for actor in ACTORS {
            let script = actor.script(Duration::from_millis(400));
            let script = RehearsalScript::parse(actor.agent, &script);
            let script = script.unwrap_or_else(|problems| panic!("{}: {problems}", actor.agency));
            assert_eq!(script.pace, Duration::from_millis(400));
        }
    }

    #[test]
    fn the_scripts_play_from_goal_to_submission_and_the_defect_is_found_and_fixed() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("project");
        for file in PROJECT {
            let place = project.join(file.path);
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            crate::adapters::files::replace(&place, file.text.as_bytes(), 0o644, false)
                .expect("written");
        }
        git(&project, &["init", "-q", "-b", BRANCH]);
        git(&project, &["add", "--all"]);
        git(&project, &["commit", "-q", "-m", "start"]);
        assert_eq!(check(&project), (1, 0, true), "green at the start");

        let world = world(&project);
        for actor in ACTORS {
            let address = format!("{}/{}", actor.agency, actor.agent);
            give_script(folder.path(), &address, &actor.script(Duration::ZERO));
        }
        let coordinator = "CodeAgency/coordinator";
        world.lock().expect("a world").tell("operator", coordinator, "goal", None, json!(GOAL));
        let mut said = Vec::new();
        // Each pass lets every agent act once; the longest chain of the story is shorter than this.
        for _ in 0..12 {
            for actor in ACTORS {
                let address = format!("{}/{}", actor.agency, actor.agent);
                said.extend(work_once(folder.path(), &address, &world));
            }
        }
        let world = world.lock().expect("a world");
        assert_eq!(world.tasks.len(), 5, "{said:#?}");
        assert!(world.tasks.iter().all(|task| task.state == "submitted"), "{said:#?}");
        assert_eq!(world.submitted, [world.tasks[0].id], "{said:#?}");
        assert_eq!(world.tasks[3].title, "mend it");
        assert!(said.iter().any(|line| line.starts_with("not ok")), "{said:#?}");
        assert!(world.messages.iter().all(|(_, _, acknowledged)| *acknowledged));
        let integrated = folder.path().join("integration-greeting");
        assert_eq!(check(&integrated), (7, 0, true), "{said:#?}");
        let first =
            git(&project, &["diff", "--name-only", "main", "greeting/agent/dev-1/TASK-001"]);
        let second =
            git(&project, &["diff", "--name-only", "main", "greeting/agent/dev-2/TASK-002"]);
        let first: BTreeSet<_> = first.lines().collect();
        assert!(second.lines().all(|path| !first.contains(path)), "the two touch different files");
    }
}
