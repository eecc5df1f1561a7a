//! The hold that everybody else has on the loop: one channel, and what can be put into it.
//!
//! Whoever asks waits for the answer; whoever tells does not. A loop that has ended is an answer too.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender};

use uuid::Uuid;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::ports::ledger::Record;
use crate::ports::terminals::{PaneId, Sighting};
use crate::service::screens::Noticed;

/// Something that is read from the state and its position.
pub type Reading = Box<dyn FnOnce(&State, u64) + Send>;

/// What wakes the loop.
pub enum Wake {
    /// Something happened.
    Input(Box<Input>),
    /// Somebody asks for something and waits.
    Ask {
        /// Who.
        actor: Actor,
        /// What.
        command: Box<Command>,
        /// Its number, if it is to be carried out once however often it is asked.
        request: Option<Uuid>,
        /// Where the answer goes.
        answer: Sender<Result<Answer, Refusal>>,
    },
    /// Somebody wants to see the state.
    Read(Reading),
    /// Somebody wants every record from now on, and the state as it is now.
    Follow(SyncSender<Followed>),
    /// Something may lie at the door.
    Door,
    /// Panes may have changed.
    Look,
    /// A person moves panes.
    Arranged,
    /// Panes as they are seen right before their session is closed: nobody moves them any more.
    SeenLast(Box<Sighting>),
    /// Something was printed in these panes.
    Printed(Vec<PaneId>),
    /// Screens were read.
    ScreensRead(Vec<Noticed>),
    /// The process is asked to end.
    End,
}

/// What a follower gets.
pub enum Followed {
    /// The state and the last event in it.
    State(Box<State>, u64),
    /// What came after.
    Records(Arc<Vec<Record>>),
}

/// Everybody else's hold on the loop.
#[derive(Clone)]
pub struct Handle {
    sender: Sender<Wake>,
}

impl Handle {
    /// A handle that wakes the loop at the other end.
    pub fn new(sender: Sender<Wake>) -> Self {
        Self { sender }
    }

    /// Wakes the loop; false if it has ended.
    pub fn wake(&self, wake: Wake) -> bool {
        self.sender.send(wake).is_ok()
    }

    /// What is there right before a session is closed, arrangements that were made just now too.
    pub fn seen_last(&self, sighting: Sighting) {
        self.wake(Wake::SeenLast(Box::new(sighting)));
    }

    /// Tells the engine that something happened.
    pub fn input(&self, input: Input) {
        self.wake(Wake::Input(Box::new(input)));
    }

    /// Asks for something and waits for the answer.
    pub fn ask(&self, actor: Actor, command: Command) -> Result<Answer, Refusal> {
        self.ask_once(actor, None, command)
    }

    /// The same under a number, with which the answer is recorded.
    pub fn ask_once(
        &self,
        actor: Actor,
        request: Option<Uuid>,
        command: Command,
    ) -> Result<Answer, Refusal> {
        let (answer, waiting) = std::sync::mpsc::channel();
        self.wake(Wake::Ask { actor, command: Box::new(command), request, answer });
        waiting.recv().unwrap_or_else(|_| {
            Err(Refusal::new(
                RefusalKind::Failed,
                "supervisor_ended",
                "the supervisor ended before it answered",
            )
            .with_hint("see what became of it with `agency status`"))
        })
    }

    /// Reads something from the state; none if the loop has ended.
    pub fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&State, u64) -> R + Send + 'static,
    ) -> Option<R> {
        let (answer, waiting) = std::sync::mpsc::channel();
        self.wake(Wake::Read(Box::new(move |state, seq| {
            let _ = answer.send(read(state, seq));
        })));
        waiting.recv().ok()
    }
}
