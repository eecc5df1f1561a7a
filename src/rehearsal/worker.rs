//! Takes messages, oldest first, and does what the script says, one step after the other.
//!
//! ```text
//! look ─► message fits an entry ─► saved ─► acknowledged ─► step … step ─► forgotten
//!            (before each step: saved as begun; after it: saved as done)
//! ```
//! After a crash it goes on with the step it was at; a step that may have been done is checked or
//! is harmless to repeat. A step that fails stops here until a person or a message says go on.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Settings;
use super::commands::{Commands, TaskSeen};
use super::progress::{Current, Progress};
use super::runner::Runner;
use super::wire::{Kind, Mode, News, Order, Report};
use crate::domain::id::MessageId;
use crate::domain::task::TaskState;
use crate::manifest::rehearsal::RehearsalScript;

/// Why the steps of a message are not gone on with now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// A step failed, and would fail again.
    Problem(String),
    /// A command did not get through; it may a moment later.
    Trouble(String),
    /// A person interrupted.
    Interrupted,
    /// The program ends, or does nothing any more.
    Ended,
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

/// Together 20 s: a supervisor that was killed is back long before.
const PATIENCE: &[Duration] = &[
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(2),
    Duration::from_secs(7),
    Duration::from_secs(10),
];

/// Works through messages.
pub(super) struct Worker<R: Runner> {
    pub(super) settings: Settings,
    pub(super) runner: R,
    pub(super) progress: Progress,
    /// The task whose worktree is worked in.
    pub(super) desk: Option<TaskSeen>,
    pub(super) is_silent: bool,
    /// A step was refused; only a person moves it, with `go on` or `skip`.
    is_stuck: bool,
    pub(super) script: Option<RehearsalScript>,
    orders: Receiver<Order>,
    later: VecDeque<Order>,
    news: Box<dyn Fn(News) + Send>,
    reported: Option<Report>,
    patience: &'static [Duration],
}

impl<R: Runner> Worker<R> {
    pub(super) fn new(
        settings: Settings,
        runner: R,
        orders: Receiver<Order>,
        news: Box<dyn Fn(News) + Send>,
    ) -> Self {
        Self {
            settings,
            runner,
            progress: Progress::default(),
            desk: None,
            is_silent: false,
            is_stuck: false,
            script: None,
            orders,
            later: VecDeque::new(),
            news,
            reported: None,
            patience: PATIENCE,
        }
    }

    /// Works until there is nobody left to give orders.
    pub(super) fn run(mut self) {
        self.begin();
        while let Some(order) = self.next_order() {
            self.obey(&order);
        }
    }

    /// Works through what is there now, and no more.
    #[cfg(test)]
    pub(super) fn run_once(mut self) {
        self.patience = &[];
        self.begin();
    }

    fn begin(&mut self) {
        let (progress, problem) = Progress::load(&self.settings.progress_path());
        self.progress = progress;
        if let Some(problem) = problem {
            self.line(Kind::Problem, &problem);
        }
        self.look();
    }

    pub(super) fn commands(&mut self) -> Commands<'_> {
        Commands::new(&self.settings, &mut self.runner)
    }

    pub(super) fn line(&self, kind: Kind, text: &str) {
        (self.news)(News::Line(kind, text.to_owned()));
    }

    pub(super) fn end(&self, status: u8) {
        (self.news)(News::Ends(status));
    }

    /// Shows a mode and reports the state that belongs to it, when it is another one.
    pub(super) fn show(&mut self, mode: Mode) {
        let (report, reason) = match &mode {
            Mode::Idle => (Report::Idle, String::new()),
            Mode::Working(what) | Mode::Hung(what) => (Report::Working, what.clone()),
            Mode::Waiting(what) => (Report::Waiting, what.clone()),
            Mode::Permission(what) => (Report::Permission, what.clone()),
            Mode::Limited(what) => (Report::Limited, what.clone()),
        };
        (self.news)(News::Mode(mode));
        self.report(report, &reason);
    }

    fn report(&mut self, report: Report, reason: &str) {
        if self.reported != Some(report) {
            // What did not get through is reported again at the next change.
            self.reported = self.commands().report(report, reason).then_some(report);
        }
    }

    pub(super) fn save(&self) -> Result<(), String> {
        self.progress.save(&self.settings.progress_path())
    }

    /// The next order, from those that came while something else was waited for, or a new one.
    pub(super) fn next_order(&mut self) -> Option<Order> {
        self.later.pop_front().or_else(|| self.orders.recv().ok())
    }

    /// A new order, not one of those that were put off.
    pub(super) fn fresh_order(&mut self) -> Option<Order> {
        self.orders.recv().ok()
    }

    pub(super) fn put_off(&mut self, order: Order) {
        self.later.push_back(order);
    }

    /// Does nothing for a while, but hears an interruption.
    pub(super) fn pause(&mut self, length: Duration) -> Result<(), Stop> {
        let until = Instant::now() + length;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.orders.recv_timeout(left) {
                Ok(Order::Interrupt) => return Err(Stop::Interrupted),
                Ok(order) => self.put_off(order),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Ended),
            }
        }
    }

    fn obey(&mut self, order: &Order) {
        if self.is_silent {
            return self.show(Mode::Idle);
        }
        match order {
            // To try again at every word would be to ask the same question for ever: the answer to a
            // refusal is a message too.
            Order::Look if self.is_stuck => self.report_stuck(),
            Order::Look => self.look(),
            Order::Note(text) if text.trim() == "go on" => self.look(),
            Order::Note(text) if text.trim() == "skip" => self.skip(),
            Order::Note(_) => {
                self.line(
                    Kind::Doing,
                    "Noted. I act on messages; `go on` and `skip` help when I stopped.",
                );
            }
            Order::Permission { .. } | Order::Interrupt => {}
        }
    }

    /// Shows that it heard, and what it still waits for.
    fn report_stuck(&mut self) {
        self.line(Kind::Doing, "Read. I still cannot go on: enter `go on` or `skip`.");
        (self.news)(News::Mode(Mode::Idle));
    }

    /// Leaves the step out that could not be done.
    fn skip(&mut self) {
        if let Some(current) = &mut self.progress.current {
            current.step += 1;
            current.begun = false;
        }
        self.look();
    }

    /// Finishes what was begun, then takes every message that waits.
    fn look(&mut self) {
        self.is_stuck = false;
        if self.script.is_none() && !self.read_script() {
            return self.show(Mode::Idle);
        }
        match self.work_patiently() {
            Ok(()) => self.show(Mode::Idle),
            Err(Stop::Ended) => {}
            Err(Stop::Interrupted) => {
                self.line(Kind::Doing, "Interrupted. Enter `go on` to continue.");
                self.show(Mode::Idle);
            }
            Err(Stop::Problem(problem)) => {
                self.is_stuck = true;
                self.give_up(&problem);
            }
            Err(Stop::Trouble(problem)) => self.give_up(&problem),
        }
    }

    /// Goes on after trouble that passes, say a supervisor that is being started again. To go on is
    /// what a new life does: the step that was begun is checked before it is repeated.
    fn work_patiently(&mut self) -> Result<(), Stop> {
        let mut pauses = self.patience.iter();
        let mut place = self.place();
        loop {
            let problem = match self.work() {
                Err(Stop::Trouble(problem)) => problem,
                ended => return ended,
            };
            if self.place() != place {
                place = self.place();
                pauses = self.patience.iter();
            }
            let Some(pause) = pauses.next() else { return Err(Stop::Trouble(problem)) };
            self.line(Kind::Problem, &format!("{problem}; trying again"));
            self.pause(*pause)?;
        }
    }

    fn place(&self) -> Option<(MessageId, usize)> {
        self.progress.current.as_ref().map(|current| (current.message, current.step))
    }

    fn work(&mut self) -> Result<(), Stop> {
        self.unblock()?;
        self.go_on()?;
        while let Some(message) = self.next_message()? {
            self.take(&message)?;
            self.go_on()?;
        }
        Ok(())
    }

    /// Takes the remaining steps of the message being handled.
    fn go_on(&mut self) -> Result<(), Stop> {
        while let Some(current) = self.progress.current.clone() {
            let script = self.script.as_ref();
            let pace = script.map_or(Duration::ZERO, |script| script.pace);
            let entry = script.and_then(|script| script.entries.get(current.entry));
            let Some(step) = entry.and_then(|entry| entry.steps.get(current.step)).cloned() else {
                self.progress.current = None;
                self.save()?;
                continue;
            };
            self.pause(pace)?;
            self.mark(|current| current.begun = true)?;
            self.take_step(&step, &current)?;
            self.mark(|current| {
                current.step += 1;
                current.begun = false;
            })?;
        }
        Ok(())
    }

    pub(super) fn mark(&mut self, change: impl FnOnce(&mut Current)) -> Result<(), Stop> {
        if let Some(current) = &mut self.progress.current {
            change(current);
        }
        Ok(self.save()?)
    }

    /// The task of the message being handled, if it is this agent's own.
    fn own_task(&mut self) -> Option<TaskSeen> {
        let id = self.progress.current.as_ref()?.task?;
        let task = self.commands().task(id).ok()?;
        (task.agent.as_ref() == Some(&self.settings.agent)).then_some(task)
    }

    /// Says that the own task goes on, when it was this agent that could not.
    fn unblock(&mut self) -> Result<(), Stop> {
        let was_stuck = self.progress.current.as_ref().is_some_and(|current| current.begun);
        if !was_stuck {
            return Ok(());
        }
        match self.own_task() {
            Some(task) if task.state == TaskState::Blocked => {
                Ok(self.commands().on_task("unblock", task.id, &[])?)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Says what went wrong, to the person and, when its own task is stuck, to the agency.
    fn give_up(&mut self, problem: &str) {
        self.line(Kind::Problem, problem);
        self.line(
            Kind::Doing,
            "I cannot go on. Enter `go on` to try again, `skip` to leave it out.",
        );
        if let Some(task) = self.own_task().filter(|task| task.state.is_open()) {
            let _ = self.commands().block(task.id, problem);
        }
        (self.news)(News::Mode(Mode::Idle));
        self.report(Report::Blocked, problem);
    }
}

#[cfg(test)]
mod tests;
