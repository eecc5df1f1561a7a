//! Work in a task's worktree: running programs and committing on the task's own branch.
//!
//! Nothing is run anywhere else, and nothing is committed on any other branch.

use std::path::PathBuf;
use std::time::Duration;

use super::commands::TaskSeen;
use super::progress::Current;
use super::runner::{Call, Ran, Runner};
use super::wire::Kind;
use super::worker::{Stop, Worker};
use crate::manifest::rehearsal::{Expect, TaskRef};

/// Git answers at once here; a minute is a hanging hook or a locked index.
const GIT_LIMIT: Duration = Duration::from_secs(60);
/// A screen's worth of a program's output.
const SHOWN_LINES: usize = 40;
/// A worktree that is being made is there within seconds: 40 looks, 250 ms apart.
const WORKTREE_LOOKS: u32 = 40;
const WORKTREE_PAUSE: Duration = Duration::from_millis(250);

impl<R: Runner> Worker<R> {
    /// The task that is worked on, with its worktree.
    pub(super) fn desk(&mut self, current: &Current) -> Result<TaskSeen, Stop> {
        let id = self.task(&TaskRef::OfMessage, current)?;
        if let Some(desk) = self.desk.as_ref().filter(|desk| desk.worktree.is_some()) {
            return Ok(desk.clone());
        }
        for _ in 0..WORKTREE_LOOKS {
            let seen = self.commands().task(id)?;
            if seen.worktree.as_ref().is_some_and(|folder| folder.is_dir()) {
                self.desk = Some(seen.clone());
                return Ok(seen);
            }
            self.pause(WORKTREE_PAUSE)?;
        }
        Err(Stop::Problem(format!("{id} has no worktree")))
    }

    pub(super) fn worktree(&mut self, current: &Current) -> Result<PathBuf, Stop> {
        let desk = self.desk(current)?;
        desk.worktree.ok_or_else(|| Stop::Problem(format!("{} has no worktree", desk.id)))
    }

    pub(super) fn run_program(
        &mut self,
        argv: &[String],
        expect: Expect,
        limit: Duration,
        current: &Current,
    ) -> Result<(), Stop> {
        let words = argv.join(" ");
        self.line(Kind::Doing, &format!("$ {words}"));
        let folder = self.worktree(current)?;
        let (program, args) = argv.split_first().ok_or_else(|| "no program".to_owned())?;
        let call =
            Call { program: program.clone(), args: args.to_vec(), folder, env: Vec::new(), limit };
        let ran = self.commands().program(&call)?;
        self.show_output(&ran);
        let status = ran.status.map_or("a signal".to_owned(), |status| format!("status {status}"));
        match (expect, ran.passed()) {
            (Expect::Any, _) | (Expect::Pass, true) | (Expect::Fail, false) => Ok(()),
            (Expect::Pass, false) => {
                Err(Stop::Problem(format!("`{words}` ended with {status}, it had to pass")))
            }
            (Expect::Fail, true) => Err(Stop::Problem(format!("`{words}` passed, it had to fail"))),
        }
    }

    pub(super) fn show_output(&self, ran: &Ran) {
        let lines: Vec<&str> = ran.stdout.lines().chain(ran.stderr.lines()).collect();
        let hidden = lines.len().saturating_sub(SHOWN_LINES);
        if hidden > 0 {
            self.line(Kind::Output, &format!("… {hidden} lines before …"));
        }
        lines.iter().skip(hidden).for_each(|line| self.line(Kind::Output, line));
    }

    /// Commits on the task's own branch, if there is anything to commit.
    pub(super) fn commit(&mut self, words: &str, current: &Current) -> Result<(), Stop> {
        let desk = self.desk(current)?;
        let branch = self.git(&["symbolic-ref", "--short", "HEAD"], current)?.stdout;
        if desk.branch.as_deref() != Some(branch.trim()) {
            let problem =
                format!("the worktree is on `{}`, not on its task's branch", branch.trim());
            return Err(Stop::Problem(problem));
        }
        if self.git(&["status", "--porcelain"], current)?.stdout.trim().is_empty() {
            self.line(Kind::Doing, "nothing to commit");
            return Ok(());
        }
        self.git(&["add", "--all"], current)?;
        self.git(&["-c", "commit.gpgSign=false", "commit", "--quiet", "-m", words], current)?;
        self.line(Kind::Doing, &format!("committed: {words}"));
        Ok(())
    }

    pub(super) fn git(&mut self, args: &[&str], current: &Current) -> Result<Ran, Stop> {
        let folder = self.worktree(current)?;
        let agent = &self.settings.agent;
        let (name, mail) = (agent.to_string(), format!("{}@{}.invalid", agent.agent, agent.agency));
        let call = Call {
            program: "git".to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            folder,
            env: vec![
                ("GIT_AUTHOR_NAME", name.clone()),
                ("GIT_AUTHOR_EMAIL", mail.clone()),
                ("GIT_COMMITTER_NAME", name),
                ("GIT_COMMITTER_EMAIL", mail),
                ("GIT_TERMINAL_PROMPT", "0".to_owned()),
            ],
            limit: GIT_LIMIT,
        };
        let ran = self.commands().program(&call)?;
        match ran.passed() {
            true => Ok(ran),
            false => Err(Stop::Problem(format!("git {}: {}", args.join(" "), ran.problem()))),
        }
    }
}
