//! The demo's folder: the project, the workbench beside it, a fresh export to check; made and removed.
//!
//! Only what was made here is removed: a folder that the user named keeps whatever else is in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::content;
use crate::adapters::{files, process::Invocation};
use crate::domain::refusal::{Refusal, RefusalKind};

/// A minute: every program here ends within a second unless something is broken.
const LIMIT: Duration = Duration::from_secs(60);

/// A socket's path has room for 104 bytes with its end on every system we know.
const LONGEST_SOCKET: usize = 103;

/// The folder of the demo's own operator, beside the workbench: its key goes with the demo.
pub const OPERATOR: &str = "operator";

/// Where everything lies.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
    made_root: bool,
}

/// What the project's tests said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    /// Tests that passed.
    pub(super) passed: usize,
    /// Tests that failed.
    pub(super) failed: usize,
    /// Whether the run as a whole passed.
    pub(super) is_green: bool,
}

impl Place {
    /// Makes the folder; one that the user names must be empty or not be there.
    pub(super) fn make(wanted: Option<&Path>) -> Result<Self, Refusal> {
        let Some(root) = wanted else {
            let folder = tempfile::Builder::new().prefix("agency-demo-").tempdir();
            let folder =
                folder.map_err(|error| failed("a temporary folder cannot be made", &error))?;
            return Ok(Self { root: folder.keep(), made_root: true });
        };
        let made_root = !root.exists();
        std::fs::create_dir_all(root).map_err(|error| failed(&shown(root), &error))?;
        let mut inside = std::fs::read_dir(root).map_err(|error| failed(&shown(root), &error))?;
        if inside.next().is_some() {
            let message = format!("`{}` is not empty", root.display());
            return Err(Refusal::new(RefusalKind::Conflict, "folder_not_empty", message)
                .with_hint("name a folder that is empty or does not exist"));
        }
        let root = root.canonicalize().map_err(|error| failed(&shown(root), &error))?;
        Ok(Self { root, made_root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.root.join("workbench")
    }

    /// The tmux server's socket, in the demo's folder where that is short enough.
    pub(super) fn socket(&self) -> PathBuf {
        let inside = self.root.join("tmux.sock");
        if inside.as_os_str().len() <= LONGEST_SOCKET {
            return inside;
        }
        std::env::temp_dir().join(format!("agency-demo-{}.sock", std::process::id()))
    }

    fn export(&self) -> PathBuf {
        self.root.join("check")
    }

    /// Makes the project: a repository with one commit.
    pub(super) fn make_project(&self) -> Result<(), Refusal> {
        let project = self.project();
        for file in content::PROJECT {
            write(&project.join(file.path), file.text)?;
        }
        git(&project, &["init", "--quiet", "--initial-branch", content::BRANCH])?;
        git(&project, &["add", "--all"])?;
        let identity = ["-c", "user.name=Demo", "-c", "user.email=demo@agency.invalid"];
        let commit = ["-c", "commit.gpgSign=false", "commit", "--quiet", "-m", "Greetings"];
        git(&project, &[identity.as_slice(), commit.as_slice()].concat())
    }

    /// Writes every agent's script into its agency's folder.
    pub(super) fn give_scripts(&self, pace: Duration) -> Result<(), Refusal> {
        for actor in content::ACTORS {
            let folder = self.home().join("agencies").join(actor.agency).join("rehearsal");
            write(&folder.join(format!("{}.toml", actor.agent)), &actor.script(pace))?;
        }
        Ok(())
    }

    /// Writes the workbench's settings.
    pub(super) fn give_settings(&self) -> Result<(), Refusal> {
        let settings = content::settings(&self.project(), &self.socket());
        write(&self.home().join("agency.toml"), &settings)
    }

    /// Runs the project's tests on a fresh copy of its branch.
    pub(super) fn check_branch(&self) -> Result<Checked, Refusal> {
        let (project, export) = (shown(&self.project()), shown(&self.export()));
        let clone = ["clone", "--quiet", "--branch", content::BRANCH, &project, &export];
        git(&self.root, &clone)?;
        let [program, args @ ..] = content::CHECK;
        let run = Invocation::new(program, self.export()).args(args).run(LIMIT);
        let outcome = run.map_err(|error| failed("the tests cannot be run", &error))?;
        let text = outcome.text();
        let starting = |lead: &str| text.lines().filter(|line| line.starts_with(lead)).count();
        let (passed, failed) = (starting("ok "), starting("not ok "));
        let is_green = outcome.status.success() && failed == 0 && passed > 0;
        Ok(Checked { passed, failed, is_green })
    }

    /// Removes what was made, or only the fresh copy that was tested.
    pub(super) fn clear(&self, keep: Keep) -> Result<(), Refusal> {
        let mut made = vec![self.export()];
        if keep == Keep::Nothing {
            made.extend([self.socket(), self.project(), self.home(), self.root.join(OPERATOR)]);
        }
        for place in &made {
            let removed = if place.is_dir() {
                std::fs::remove_dir_all(place)
            } else {
                std::fs::remove_file(place)
            };
            match removed {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&shown(place), &error)),
            }
        }
        if keep == Keep::Nothing && self.made_root {
            // Something that is not ours may have come into it: then it stays.
            let _ = std::fs::remove_dir(&self.root);
        }
        Ok(())
    }
}

/// What stays when the demo is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The project and the workbench, with its sessions and its supervisor.
    Everything,
}

fn write(path: &Path, text: &str) -> Result<(), Refusal> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| failed(&shown(folder), &error))?;
    files::replace(path, text.as_bytes(), 0o644, false)
        .map_err(|error| failed(&shown(path), &error))
}

fn git(folder: &Path, args: &[&str]) -> Result<(), Refusal> {
    let outcome = Invocation::new("git", folder).args(args).run(LIMIT).map_err(|error| {
        Refusal::new(RefusalKind::Missing, "git", error.to_string())
            .with_hint("install git 2.30 or newer")
    })?;
    if outcome.status.success() {
        return Ok(());
    }
    let message = format!("`git {}` failed: {}", args.join(" "), outcome.problem());
    Err(Refusal::new(RefusalKind::Failed, "git", message))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn failed(what: &str, error: &dyn std::error::Error) -> Refusal {
    Refusal::new(RefusalKind::Failed, "demo", format!("`{what}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_made_checked_and_removed_without_a_trace() {
        let outer = tempfile::tempdir().expect("a folder");
        let root = outer.path().join("demo");
        let place = Place::make(Some(&root)).expect("made");
        place.make_project().expect("made");
        place.give_settings().expect("written");
        place.give_scripts(Duration::ZERO).expect("written");
        std::fs::create_dir(root.join(OPERATOR)).expect("made");
        let wanted = Checked { passed: 1, failed: 0, is_green: true };
        assert_eq!(place.check_branch().expect("checked"), wanted);
        place.clear(Keep::Nothing).expect("removed");
        assert_eq!(std::fs::read_dir(outer.path()).expect("list").count(), 0);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused_and_left_alone() {
        let outer = tempfile::tempdir().expect("a folder");
        std::fs::File::create(outer.path().join("mine")).expect("made");
        let refusal = Place::make(Some(outer.path())).expect_err("refused");
        assert_eq!(refusal.code, "folder_not_empty");
        assert!(outer.path().join("mine").exists());
    }

    #[test]
    fn a_folder_that_the_user_named_stays_and_keeps_what_is_not_ours() {
        let outer = tempfile::tempdir().expect("a folder");
        let place = Place::make(Some(outer.path())).expect("made");
        place.make_project().expect("made");
        std::fs::File::create(outer.path().join("mine")).expect("made");
        place.clear(Keep::Nothing).expect("removed");
        assert_eq!(std::fs::read_dir(outer.path()).expect("list").count(), 1);
    }

    #[test]
    fn keeping_leaves_project_and_workbench() {
        let outer = tempfile::tempdir().expect("a folder");
        let place = Place::make(Some(outer.path())).expect("made");
        place.make_project().expect("made");
        place.give_settings().expect("written");
        place.check_branch().expect("checked");
        place.clear(Keep::Everything).expect("removed");
        assert!(place.project().exists() && place.home().exists());
        assert!(!outer.path().join("check").exists());
    }
}
