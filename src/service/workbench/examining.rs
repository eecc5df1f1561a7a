//! `agency doctor`: everything a workbench needs, looked at one by one, each with what to do about it.
//!
//! It repairs nothing and starts nothing.

use std::path::PathBuf;

use crate::domain::refusal::Refusal;
use crate::engine::state::State;
use crate::ports::folder::TextFile;
use crate::ports::ledger::LedgerError;
use crate::ports::terminals::TerminalError;
use crate::service::preflight::{project_of, require_not_emptied, suitable_project};
use crate::service::views::FindingView;
use crate::service::workbench::{OWN_TMUX, Workbench};
use crate::{manifest, service::query::Query};

fn finding(check: &str, level: &str, text: impl Into<String>, hint: Option<String>) -> FindingView {
    FindingView { check: check.to_owned(), level: level.to_owned(), text: text.into(), hint }
}

fn problem(check: &str, refusal: Refusal) -> FindingView {
    finding(check, "problem", refusal.message, refusal.hint)
}

/// What the supervisor, whose state that is, would say of the settings.
fn judge_config(state: &State, file: &TextFile) -> FindingView {
    if let Err(refusal) = require_not_emptied(state, &file.text) {
        return problem("agency.toml", refusal);
    }
    match manifest::workbench::parse(&file.path.display().to_string(), &file.text) {
        Ok(config) if config.checks.commands.is_empty() => finding(
            "agency.toml",
            "ok",
            "it is valid; checks are found by well-known files of the project",
            None,
        ),
        Ok(_) => finding("agency.toml", "ok", "it is valid", None),
        Err(problems) => problem("agency.toml", problems.into()),
    }
}

impl Workbench {
    /// Looks at everything the workbench needs.
    pub fn examine(&self) -> Vec<FindingView> {
        let mut findings = vec![self.examine_tmux(), self.examine_config()];
        findings.extend(self.examine_definitions());
        findings.extend(self.examine_templates());
        findings.extend(self.examine_runtimes());
        findings.extend(self.examine_projects());
        findings.push(self.examine_ledger());
        findings.push(self.examine_supervisor());
        findings.push(self.examine_key());
        findings.push(self.examine_door());
        findings
    }

    fn examine_tmux(&self) -> FindingView {
        if let Err(error @ TerminalError::Unbearable { .. }) = self.outside.terminals.examine() {
            return finding("tmux", "warning", error.to_string(), Some(OWN_TMUX.to_owned()));
        }
        match self.outside.terminals.version() {
            Ok(version) if version.starts_with("3.2") || version.starts_with("3.3") => finding(
                "tmux",
                "warning",
                format!("tmux {version} works; before 3.4 it may lose how a program ended"),
                Some("use tmux 3.4 or newer where you can".to_owned()),
            ),
            Ok(version) => finding("tmux", "ok", format!("tmux {version}"), None),
            Err(error @ (TerminalError::NotInstalled | TerminalError::TooOld { .. })) => finding(
                "tmux",
                "problem",
                error.to_string(),
                Some("install tmux 3.2 or newer".to_owned()),
            ),
            Err(error) => finding("tmux", "problem", error.to_string(), None),
        }
    }

    fn examine_config(&self) -> FindingView {
        match self.outside.folder.load_config() {
            Ok(Some(file)) => {
                let state = self.last_state().map(|(state, _)| state).unwrap_or_default();
                judge_config(&state, &file)
            }
            Ok(None) => {
                finding("agency.toml", "problem", "it is missing", Some("agency init".to_owned()))
            }
            Err(error) => problem("agency.toml", Self::folder_refusal(error)),
        }
    }

    fn examine_definitions(&self) -> Vec<FindingView> {
        let files = match self.outside.folder.load_definitions() {
            Ok(files) => files,
            Err(error) => return vec![problem("agencies", Self::folder_refusal(error))],
        };
        let lost = self.lost_folders(&files);
        if files.is_empty() && lost.is_empty() {
            let hint = Some("agency create CodeAgency".to_owned());
            return vec![finding("agencies", "warning", "there is no agency yet", hint)];
        }
        let check = |(name, file): (String, TextFile)| match manifest::agency::parse(
            &file.path.display().to_string(),
            &file.text,
        ) {
            Ok(definition) => {
                let text = match definition.agents.len() {
                    1 => "1 agent".to_owned(),
                    count => format!("{count} agents"),
                };
                finding(&name, "ok", text, None)
            }
            Err(problems) => problem(&name, problems.into()),
        };
        files.into_iter().map(check).chain(lost).collect()
    }

    /// Agencies that are known and have no definition any more: they go on as long as nothing of it is needed.
    fn lost_folders(&self, files: &[(String, TextFile)]) -> Vec<FindingView> {
        let Ok((state, _)) = self.last_state() else { return Vec::new() };
        let is_there = |name: &str| files.iter().any(|(known, _)| known == name);
        let lost = state.sessions.live().filter(|(name, _)| !is_there(name.as_str()));
        let lost = lost.map(|(name, _)| {
            let text = format!("agencies/{name}/agency.json is gone");
            let hint =
                format!("put the folder back, or archive what is left: agency remove {name}");
            finding(name.as_str(), "problem", text, Some(hint))
        });
        lost.collect()
    }

    /// Templates of the workbench's own that nothing can be made of.
    fn examine_templates(&self) -> Vec<FindingView> {
        let Ok(shelf) = self.shelf() else { return Vec::new() };
        let broken = shelf.broken.into_iter().map(|(name, problems)| {
            let refusal = Refusal::from(problems);
            finding(&format!("template {name}"), "warning", refusal.message, refusal.hint)
        });
        broken.collect()
    }

    /// Looks at every project: the workbench's and those of agencies that have their own.
    pub fn examine_projects(&self) -> Vec<FindingView> {
        let Ok((mut state, _)) = self.last_state() else { return Vec::new() };
        if let Ok(Some(file)) = self.outside.folder.load_config()
            && let Ok(config) = manifest::workbench::parse("agency.toml", &file.text)
        {
            state.config = config;
        }
        let agencies: Vec<_> = state.sessions.live().map(|(name, _)| name.clone()).collect();
        let mut paths: Vec<_> =
            agencies.iter().map(|agency| project_of(&state, self.home(), agency)).collect();
        if paths.is_empty() {
            let own = state.config.project.path.as_ref();
            paths.push(own.map_or_else(|| self.home().to_owned(), |path| self.home().join(path)));
        }
        paths.sort();
        paths.dedup();
        let branch = state.config.project.branch.clone();
        let check = |path: PathBuf| match suitable_project(&self.outside, &path, branch.clone()) {
            Ok((root, branch)) => {
                finding("project", "ok", format!("{} on `{branch}`", root.display()), None)
            }
            Err(refusal) => problem("project", refusal),
        };
        paths.into_iter().map(check).collect()
    }

    fn examine_ledger(&self) -> FindingView {
        let verified = (self.outside.open_reader)().and_then(|ledger| ledger.verify());
        match verified {
            Ok(verified) => match verified.broken {
                None => finding(
                    "ledger",
                    "ok",
                    format!("{} events, the chain holds", verified.events),
                    None,
                ),
                Some(broken) => finding(
                    "ledger",
                    "problem",
                    format!("event {} does not fit: {}", broken.seq, broken.problem),
                    Some("keep a copy, then look: agency ledger verify".to_owned()),
                ),
            },
            Err(LedgerError::Absent { .. }) => {
                finding("ledger", "ok", "there is none yet; the first supervisor makes it", None)
            }
            Err(error) => problem("ledger", crate::service::reading::ledger_refusal(&error)),
        }
    }

    fn examine_supervisor(&self) -> FindingView {
        match self.supervisor_pid() {
            None => {
                finding("supervisor", "warning", "it is not running", Some("agency up".to_owned()))
            }
            Some(pid) => match self.query(&Query::Status) {
                Ok(_) => finding("supervisor", "ok", format!("process {pid} answers"), None),
                Err(refusal) => problem("supervisor", refusal),
            },
        }
    }

    fn examine_key(&self) -> FindingView {
        let known = self.last_state().ok().and_then(|(state, _)| state.operator_key);
        match (self.outside.keyring.operator_key(), known) {
            (Err(error), _) => finding("operator's key", "problem", error.to_string(), None),
            (Ok(own), Some(known)) if own != known => finding(
                "operator's key",
                "problem",
                "this account's key is not the one that this workbench knows",
                Some("decide with the account that made the workbench".to_owned()),
            ),
            (Ok(_), Some(_)) => finding("operator's key", "ok", "this account may decide", None),
            (Ok(_), None) => {
                finding("operator's key", "ok", "it is registered by the first supervisor", None)
            }
        }
    }

    fn examine_door(&self) -> FindingView {
        match self.outside.mailboxes.door_counts() {
            Ok((_, dead)) if dead > 0 => finding(
                "door",
                "warning",
                format!("{dead} files were refused"),
                Some("read the reasons beside them in registry/queue/dead/".to_owned()),
            ),
            Ok((new, _)) => finding("door", "ok", format!("{new} files wait"), None),
            Err(error) => finding("door", "problem", error.to_string(), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_were_emptied_are_a_problem_as_they_are_for_the_supervisor() {
        let file =
            |text: &str| TextFile { path: PathBuf::from("agency.toml"), text: text.to_owned() };
        let mut state = State::default();
        for text in ["", "\n", " \n\t\n"] {
            assert_eq!(judge_config(&state, &file(text)).level, "ok", "it never held anything");
        }
        state.config.project.branch = Some("trunk".to_owned());
        for text in ["", "\n", " \n\t\n"] {
            let found = judge_config(&state, &file(text));
            assert_eq!((found.level.as_str(), found.hint.is_some()), ("problem", true), "{text:?}");
        }
        assert_eq!(judge_config(&state, &file("# empty\n")).level, "ok");
        assert_eq!(judge_config(&state, &file("[project\n")).level, "problem");
    }
}
