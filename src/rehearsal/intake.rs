//! Taking messages: which is next, which entry of the script fits it, and that it was taken.
//!
//! What is to be done about a message is on the disk before the message is acknowledged: a crash
//! between the two takes it neither twice nor never.

use super::commands::Incoming;
use super::progress::Current;
use super::runner::Runner;
use super::wire::{Kind, Mode};
use super::worker::{Stop, Worker};
use crate::manifest::rehearsal::{Entry, RehearsalScript};

impl<R: Runner> Worker<R> {
    pub(super) fn read_script(&mut self) -> bool {
        let path = self.settings.script_path();
        let name = path.display().to_string();
        let read = match std::fs::read_to_string(&path) {
            Ok(text) => RehearsalScript::parse(&name, &text).map_err(|error| error.to_string()),
            Err(error) => Err(format!("`{name}` cannot be read: {error}")),
        };
        match read {
            Ok(script) => self.script = Some(script),
            Err(problem) => {
                self.line(Kind::Problem, &problem);
                self.line(
                    Kind::Doing,
                    "Without a script I take no messages; correct it and enter `go on`.",
                );
            }
        }
        self.script.is_some()
    }

    /// The oldest message that was not taken yet; one whose acknowledgement got lost is told again.
    pub(super) fn next_message(&mut self) -> Result<Option<Incoming>, Stop> {
        for message in self.commands().inbox()? {
            if !self.progress.taken.contains(&message.id) {
                return Ok(Some(message));
            }
            self.commands().ack(message.id)?;
        }
        Ok(None)
    }

    /// Decides what to do about a message, remembers it, and then says that it was taken.
    pub(super) fn take(&mut self, message: &Incoming) -> Result<(), Stop> {
        self.show(Mode::Working(format!("reading a {} from {}", message.kind, message.from)));
        self.line(Kind::Doing, &format!("{} from {}", message.kind, message.from));
        let fitting = self.fitting_entry(message);
        self.progress.note_taken(message.id);
        self.desk = None;
        match fitting {
            None => self.line(Kind::Doing, "Nothing in my script fits; noted."),
            Some((index, count)) => {
                let fitted = self.progress.fitted.entry(index).or_default();
                *fitted += 1;
                let so_far = *fitted % count;
                if so_far == 0 {
                    *self.progress.used.entry(index).or_default() += 1;
                    self.progress.current = Some(Current {
                        message: message.id,
                        kind: message.kind.clone(),
                        from: message.from.clone(),
                        task: message.task_id(),
                        entry: index,
                        step: 0,
                        begun: false,
                    });
                } else {
                    self.line(Kind::Doing, &format!("{so_far} of {count}; waiting for the rest."));
                }
            }
        }
        self.save()?;
        self.commands().ack(message.id)
    }

    fn fitting_entry(&self, message: &Incoming) -> Option<(usize, u32)> {
        let script = self.script.as_ref()?;
        let used = |index| self.progress.used.get(&index).copied().unwrap_or(0);
        let mut entries = script.entries.iter().enumerate();
        entries
            .find(|(index, entry)| {
                entry.times.is_none_or(|times| used(*index) < times) && fits(entry, message)
            })
            .map(|(index, entry)| (index, entry.count))
    }
}

fn fits(entry: &Entry, message: &Incoming) -> bool {
    let by_type = entry.kind.as_str() == message.kind;
    let by_text = entry.contains.as_ref().is_none_or(|text| {
        message.searched().contains(text.as_str())
            || message.task.as_ref().is_some_and(|task| task.contains(text.as_str()))
    });
    by_type && by_text && entry.from.as_ref().is_none_or(|from| is_from(&message.from, from))
}

/// Whether a sender is `wanted`, which may name an agent or its whole agency.
pub(super) fn is_from(sender: &str, wanted: &str) -> bool {
    sender == wanted || sender.split_once('/').is_some_and(|(agency, _)| agency == wanted)
}
