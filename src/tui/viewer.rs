//! The thread that looks at one pane and types into it, for as long as the pane screen is in front.
//!
//! One thread for both, so that keys stay in their order; what has come together goes as one command. A pane
//! is looked at when it has printed, at most ten times a second, more often right after a key; what looks the
//! same is not told again. While no pane is looked at the thread sleeps and hears nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::domain::refusal::Refusal;
use crate::service::workbench::Workbench;
use crate::service::workbench::viewing::{Observation, Picture};
use crate::tui::msg::{Keys, Msg, Target};
use crate::tui::shot::Shot;

/// Between two pictures of a program that prints by itself: a spinner turns as well at ten a second.
const GAP: Duration = Duration::from_millis(100);
/// Between two pictures while somebody types: the echo of a key must not wait for that of the one before.
const TYPING_GAP: Duration = Duration::from_millis(15);
/// How long somebody types after a key.
const TYPING: Duration = Duration::from_secs(1);
/// Between two pictures of a pane that is silent: that its program ended is not printed.
const SAFETY: Duration = Duration::from_secs(1);

/// The running thread.
pub struct Viewer {
    orders: Sender<Order>,
}

enum Order {
    Look(Option<Target>),
    Press(Keys),
    Printed(u64),
}

impl Viewer {
    /// Starts it; what it sees goes to `results`.
    pub fn start(workbench: &Arc<Workbench>, results: &Sender<Msg>) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let eye = Eye {
            workbench: Arc::clone(workbench),
            results: results.clone(),
            orders: orders.clone(),
            sight: None,
            number: 0,
            refused: None,
        };
        let work = move || eye.run(&received);
        std::thread::Builder::new().name("tui-pane".to_owned()).spawn(work)?;
        Ok(Self { orders })
    }

    /// From now on this is looked at; none: nothing.
    pub fn look(&self, target: Option<Target>) {
        // The thread ends only with the screen itself.
        let _ = self.orders.send(Order::Look(target));
    }

    /// Presses keys.
    pub fn press(&self, keys: Keys) {
        let _ = self.orders.send(Order::Press(keys));
    }
}

/// A pane that is looked at.
struct Sight {
    target: Target,
    looking: Option<Box<dyn Observation>>,
    is_due: bool,
    taken: Option<Instant>,
    pressed: Option<Instant>,
    turned: Option<Instant>,
    last: Option<Result<Picture, Refusal>>,
    shot: Option<Shot>,
}

struct Eye {
    workbench: Arc<Workbench>,
    results: Sender<Msg>,
    orders: Sender<Order>,
    sight: Option<Sight>,
    /// Counts what was looked at: a pane that is not looked at any more may still be told of.
    number: u64,
    /// The last typing of which keys were refused: the rest of it is for nobody.
    refused: Option<u64>,
}

/// The screen is gone.
struct Gone;

impl Eye {
    fn run(mut self, received: &Receiver<Order>) {
        loop {
            let first = match self.patience(Instant::now()) {
                None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(patience) => received.recv_timeout(patience),
            };
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                return;
            }
            let orders: VecDeque<Order> = first.into_iter().chain(received.try_iter()).collect();
            if self.take(orders).and_then(|()| self.look_if_due()).is_err() {
                return;
            }
        }
    }

    /// How long there is nothing to do; none: until something is ordered.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let sight = self.sight.as_ref()?;
        Some(sight.due_at(now).saturating_duration_since(now))
    }

    fn take(&mut self, mut orders: VecDeque<Order>) -> Result<(), Gone> {
        while let Some(order) = orders.pop_front() {
            match order {
                Order::Look(target) => self.turn_to(target),
                Order::Printed(number) if number == self.number => {
                    if let Some(sight) = &mut self.sight {
                        sight.is_due = true;
                    }
                }
                Order::Printed(_) => {}
                Order::Press(mut keys) => {
                    while let Some(Order::Press(next)) =
                        orders.pop_front_if(|next| next.continues(&keys))
                    {
                        keys.strokes.extend(next.strokes);
                    }
                    self.press(keys)?;
                }
            }
        }
        Ok(())
    }

    fn turn_to(&mut self, target: Option<Target>) {
        match (&mut self.sight, target) {
            (Some(sight), Some(target)) if sight.target.is_same_pane(&target) => {
                sight.target = target;
                // At once, but not again and again where text is kept in its place while more comes below.
                let now = Instant::now();
                let is_rare =
                    sight.turned.is_none_or(|at| now.saturating_duration_since(at) >= GAP);
                sight.taken = sight.taken.filter(|_| !is_rare);
                (sight.is_due, sight.turned, sight.last) = (true, Some(now), None);
            }
            (slot, target) => {
                self.number += 1;
                *slot = target.map(|target| Sight {
                    target,
                    looking: None,
                    is_due: true,
                    taken: None,
                    pressed: None,
                    turned: None,
                    last: None,
                    shot: None,
                });
            }
        }
    }

    fn press(&mut self, keys: Keys) -> Result<(), Gone> {
        if self.refused == Some(keys.typing) {
            return Ok(());
        }
        let typing = keys.typing;
        if let Some(sight) = &mut self.sight {
            sight.pressed = Some(Instant::now());
        }
        match self.workbench.press(&keys.pane, keys.spawn, keys.strokes) {
            Ok(()) => Ok(()),
            Err(refusal) => {
                self.refused = Some(typing);
                self.tell(Msg::KeysRefused { typing, refusal })
            }
        }
    }

    fn look_if_due(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        let Some(sight) = &mut self.sight else { return Ok(()) };
        if sight.due_at(now) > now {
            return Ok(());
        }
        let target = &sight.target;
        let result = self.workbench.picture(&target.agent, &target.pane, target.above);
        (sight.is_due, sight.taken) = (false, Some(Instant::now()));
        let is_heard = sight.looking.as_ref().is_some_and(|looking| looking.is_alive());
        if !is_heard && result.is_ok() {
            let (orders, number) = (self.orders.clone(), self.number);
            let hint = Box::new(move || {
                let _ = orders.send(Order::Printed(number));
            });
            // Where it cannot be heard it is still looked at once in a while.
            sight.looking = self.workbench.observe(&target.pane, hint).ok();
        }
        if sight.last.as_ref() == Some(&result) {
            return Ok(());
        }
        sight.last = Some(result.clone());
        let target = target.clone();
        let before = sight.shot.take();
        let result = result.map(|picture| Shot::develop(picture, before.as_ref()));
        sight.shot = result.as_ref().ok().cloned();
        let result = result.map(Box::new);
        self.tell(Msg::Pictured { target, result })
    }

    fn tell(&self, msg: Msg) -> Result<(), Gone> {
        self.results.send(msg).map_err(|_| Gone)
    }
}

impl Sight {
    fn due_at(&self, now: Instant) -> Instant {
        let Some(taken) = self.taken else { return now };
        let is_typing = self.pressed.is_some_and(|at| now.saturating_duration_since(at) < TYPING);
        let is_echo = self.pressed.is_some_and(|at| at > taken);
        match (self.is_due, is_typing) {
            // The first that is printed after a key.
            (true, true) if is_echo => now,
            (true, true) => taken + TYPING_GAP,
            (true, false) => taken + GAP,
            (false, _) => taken + SAFETY,
        }
    }
}

impl Order {
    /// Whether it is of the same typing as what comes before it.
    fn continues(&self, keys: &Keys) -> bool {
        matches!(self, Self::Press(next) if next.typing == keys.typing)
    }
}
