//! The fake's panes as a person sees and uses them.

use std::sync::{Arc, Weak};

use super::{FakePane, State};
use crate::ports::terminals::viewing::{Key, KeysOrder, Observation, Picture, Pressed, Stroke};
use crate::ports::terminals::{PaneId, PaneLife};

/// Somebody who looks at a pane, as long as they hold the other end.
pub(super) struct Looker {
    pane: PaneId,
    is_looking: Weak<()>,
    hint: Box<dyn Fn() + Send>,
}

struct Looking(Arc<()>);

impl Observation for Looking {
    fn is_alive(&self) -> bool {
        Arc::strong_count(&self.0) > 0
    }
}

impl State {
    pub(super) fn tell_lookers(&mut self, pane: &PaneId) {
        self.lookers.retain(|looker| looker.is_looking.strong_count() > 0);
        let of_it = self.lookers.iter().filter(|looker| looker.pane == *pane);
        of_it.for_each(|looker| (looker.hint)());
    }

    pub(super) fn observe(
        &mut self,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Box<dyn Observation> {
        let looking = Arc::new(());
        let is_looking = Arc::downgrade(&looking);
        self.lookers.push(Looker { pane: pane.clone(), is_looking, hint });
        Box::new(Looking(looking))
    }

    pub(super) fn press(&mut self, order: &KeysOrder) -> Pressed {
        let refused = |reason: &str| Pressed::Refused { reason: reason.to_owned() };
        let Ok(pane) = self.pane(&order.pane) else { return refused("the pane is gone") };
        if pane.seen.spawn != order.spawn {
            return refused("another life is in the pane");
        }
        if pane.seen.life != PaneLife::Alive {
            return refused("the pane is dead");
        }
        order.strokes.iter().for_each(|stroke| pane.take(stroke));
        self.tell_lookers(&order.pane);
        Pressed::Taken
    }
}

impl FakePane {
    fn take(&mut self, stroke: &Stroke) {
        self.is_person_typing = true;
        match stroke {
            Stroke::Key(Key::Enter, _) => {
                let line = std::mem::take(&mut self.half);
                self.screen.rows.push(line.clone());
                self.received.push(line);
            }
            Stroke::Key(Key::Char(c), _) => self.half.push(*c),
            Stroke::Key(..) => {}
            Stroke::Paste(text) => self.half.push_str(text),
        }
    }

    pub(super) fn picture(&self, above: usize) -> Picture {
        let history = self.screen.rows.len().saturating_sub(usize::from(self.screen.size.1));
        let above = above.min(history);
        Picture {
            pane: self.seen.pane.clone(),
            agent: self.seen.agent.clone(),
            spawn: self.seen.spawn,
            life: self.seen.life,
            size: self.screen.size,
            cursor: (above == 0).then_some(self.screen.cursor),
            in_mode: self.screen.in_mode,
            history,
            above,
            rows: self.screen.rows.iter().skip(history - above).cloned().collect(),
        }
    }
}
