//! Which programs agents can be here: what is known of each, whether it is installed, and whether that
//! version was seen run.
//!
//! Only a check starts anything: a program's own version command, all of them side by side.

use std::path::PathBuf;

use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::service::catalogue::{RuntimeCheckView, RuntimeView};
use crate::service::programs::view::view;
use crate::service::programs::{Program, Programs};
use crate::service::query::Query;
use crate::service::views::FindingView;
use crate::service::workbench::{NewAgency, Workbench};

/// Longest version that is shown, in characters.
const VERSION: usize = 60;

impl Workbench {
    fn programs(&self) -> Result<Programs, Refusal> {
        Programs::load(self.outside.folder.as_ref())
    }

    /// Every runtime, by name.
    pub fn runtimes(&self) -> Result<Vec<RuntimeView>, Refusal> {
        Ok(self.programs()?.iter().map(|program| view(program, self.found(program))).collect())
    }

    /// One runtime; refuses an unknown name with the nearest.
    pub fn runtime(&self, name: &str) -> Result<RuntimeView, Refusal> {
        let programs = self.programs()?;
        let program = programs.require(name)?;
        Ok(view(program, self.found(program)))
    }

    /// Checks these runtimes, or all: their descriptions, and the versions of those that are installed.
    pub fn check_runtimes(&self, names: &[String]) -> Result<Vec<RuntimeCheckView>, Refusal> {
        let programs = self.programs()?;
        let chosen: Vec<&Program> = match names {
            [] => programs.iter().collect(),
            names => names.iter().map(|name| programs.require(name)).collect::<Result<_, _>>()?,
        };
        Ok(std::thread::scope(|scope| {
            let running: Vec<_> =
                chosen.iter().map(|program| scope.spawn(|| self.check(program))).collect();
            running.into_iter().filter_map(|check| check.join().ok()).collect()
        }))
    }

    fn check(&self, program: &Program) -> RuntimeCheckView {
        let mut check = RuntimeCheckView {
            name: program.name.clone(),
            source: program.source.to_string(),
            found: self.found(program),
            version: None,
            verified: None,
            level: "ok".to_owned(),
            text: String::new(),
        };
        let description = match &program.description {
            Ok(description) => description,
            Err(problem) => {
                check.level = "problem".to_owned();
                check.text = problem.message.clone();
                return check;
            }
        };
        check.verified = description.verified.first().map(|verified| verified.version.clone());
        let asked = check.found.as_ref().filter(|_| !description.version.is_empty());
        let asked = asked.map(|path| {
            let first = description.command.iter().skip(1).chain(&description.version);
            let arguments: Vec<String> = first.cloned().collect();
            let own = program.name == "rehearsal";
            let arguments = if own { description.version.clone() } else { arguments };
            (self.outside.ask_version)(&PathBuf::from(path), &arguments)
        });
        let verified = |version: &str| description.verified.iter().any(|v| v.version == version);
        let (level, text) = match (asked, &check.verified) {
            (None, _) if check.found.is_none() => ("warning", "it is not installed".to_owned()),
            (None, _) => ("ok", "it has no version to ask for".to_owned()),
            (Some(Err(problem)), _) => ("warning", format!("its version is not known: {problem}")),
            (Some(Ok(said)), last) => {
                let version = version_in(&said);
                check.version = Some(version.clone());
                match last {
                    _ if verified(&version) => ("ok", format!("verified with {version}")),
                    Some(last) => (
                        "warning",
                        format!(
                            "verified with {last}, found {version}: not verified with this one"
                        ),
                    ),
                    None => ("ok", format!("found {version}")),
                }
            }
        };
        check.level = level.to_owned();
        check.text = to_line(&text, 400);
        check
    }

    pub(super) fn require_known_runtime(&self, new: &NewAgency) -> Result<(), Refusal> {
        let Some(runtime) = &new.runtime else { return Ok(()) };
        self.programs()?.require_described(runtime.as_str()).map(|_| ())
    }

    /// Refuses a runtime that is not known, or whose program is not there.
    pub(super) fn require_installed(&self, runtime: &Name) -> Result<(), Refusal> {
        let programs = self.programs()?;
        let (program, _) = programs.require_described(runtime.as_str())?;
        if self.found(program).is_some() {
            return Ok(());
        }
        let message = format!("`{runtime}` is not installed");
        Err(Refusal::new(RefusalKind::Missing, "runtime_missing", message)
            .with_hint("install it, or choose another one: see `agency runtime list`"))
    }

    /// What is wrong with the runtimes that are described or used here.
    pub(super) fn examine_runtimes(&self) -> Vec<FindingView> {
        let finding = |check: &str, level: &str, text: String, hint: Option<String>| FindingView {
            check: check.to_owned(),
            level: level.to_owned(),
            text,
            hint,
        };
        // A bad `agency.toml` is a finding of its own.
        let Ok(programs) = self.programs() else { return Vec::new() };
        let broken = programs.iter().filter_map(|program| {
            let problem = program.description.as_ref().err()?;
            let hint = problem.hint.clone();
            Some(finding(&program.name, "problem", problem.message.clone(), hint))
        });
        let mut findings: Vec<FindingView> = broken.collect();
        let Ok((state, _)) = self.last_state() else { return findings };
        let agents = state.sessions.live().flat_map(|(_, agency)| &agency.definition.agents);
        let mut used: Vec<_> = agents.map(|agent| agent.runtime.as_str()).collect();
        used.sort_unstable();
        used.dedup();
        for name in used {
            match programs.require(name) {
                Err(refusal) => {
                    findings.push(finding(name, "problem", refusal.message, refusal.hint))
                }
                Ok(program) if program.description.is_ok() && self.found(program).is_none() => {
                    let text = format!("agents are `{name}`, which is not installed");
                    let hint = Some("install it, or see `agency runtime list`".to_owned());
                    findings.push(finding(name, "warning", text, hint));
                }
                Ok(program)
                    if program.description.is_ok() && !self.is_found_by_supervisor(program) =>
                {
                    let text = format!(
                        "agents are `{name}`, which is in your PATH and not in the supervisor's: it was started with another one"
                    );
                    let hint =
                        Some("start it anew from here: agency down, then agency up".to_owned());
                    findings.push(finding(name, "warning", text, hint));
                }
                Ok(_) => {}
            }
        }
        if findings.is_empty() {
            findings.push(finding(
                "runtimes",
                "ok",
                "every runtime in use is installed".to_owned(),
                None,
            ));
        }
        findings
    }

    /// Whether the supervisor that runs finds what is found here; one that does not run will be started from here.
    fn is_found_by_supervisor(&self, program: &Program) -> bool {
        let command = program.runtime().and_then(|runtime| runtime.command.first().cloned());
        let is_own = matches!(command.as_deref(), None | Some("agency"));
        let folders = self.fetch::<Vec<PathBuf>>(&Query::ProgramFolders);
        let (Some(command), Ok(folders), false) = (command, folders, is_own) else { return true };
        command.contains('/') || folders.iter().any(|folder| folder.join(&command).is_file())
    }

    fn found(&self, program: &Program) -> Option<String> {
        let runtime = program.runtime()?;
        self.find_program(runtime.command.first().map(String::as_str))
    }
}

/// The first number with a point in what a program says of its version, else the line.
fn version_in(said: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let words = said
        .split(|c: char| !is_part(c))
        .map(|word| word.trim_start_matches('v').trim_end_matches(['.', '-']));
    let mut versions =
        words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    to_line(versions.next().unwrap_or(said), VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, version) in [
            ("2.1.330 (Claude Code)", "2.1.330"),
            ("codex-cli 0.60.1\n", "0.60.1"),
            ("aider v1.2.3", "1.2.3"),
            ("Version 1.0.102.\nCommit 1", "1.0.102"),
            ("\u{1b}[1mtwo\nlines", "[1mtwo lines"),
        ] {
            assert_eq!(version_in(said), version, "{said:?}");
        }
    }
}
