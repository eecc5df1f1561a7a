//! Screens: what can be done where, and what it does to the model.
//!
//! Every action that a key can name is offered here with its reason when it cannot be done now;
//! key bar and help show nothing else. Drawing is in [`crate::tui::views`], one file for each here.

use crate::tui::keymap::{Action, Context, keys_of};
use crate::tui::model::{Model, Overlay};

pub mod approvals;

pub mod dashboard;

pub mod log;

pub mod messages;

pub mod overlays;

pub mod pane;

/// One of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The whole workbench.
    Dashboard,
    /// What waits to be approved.
    Approvals,
    /// Messages.
    Messages,
    /// The ledger's end.
    Log,
    /// One agent's pane, live; it stands behind the dashboard and has no key of its own.
    Pane,
}

/// An action as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What.
    pub action: Action,
    /// Its name in a few words, lowercase.
    pub name: &'static str,
    /// The keys for it, as people write them.
    pub keys: Vec<String>,
    /// Why it cannot be done now; none: it can.
    pub disabled: Option<String>,
    /// How important it is to be seen all the time.
    pub rank: Rank,
}

/// Where an offer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// In the key bar at the left, and in the help.
    Bar,
    /// In the key bar at the right end, away from the others.
    BarEnd,
    /// In the help only.
    Help,
}

impl Screen {
    /// In the order of their keys.
    pub const ALL: [Self; 4] = [Self::Dashboard, Self::Approvals, Self::Messages, Self::Log];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dashboard => "Dashboard",
            Self::Approvals => "Approvals",
            Self::Messages => "Messages",
            Self::Log => "Log",
            Self::Pane => "Pane",
        }
    }

    /// The screen after it, round and round.
    pub fn next(self) -> Self {
        match self {
            Self::Dashboard => Self::Approvals,
            Self::Approvals => Self::Messages,
            Self::Messages => Self::Log,
            Self::Log | Self::Pane => Self::Dashboard,
        }
    }

    /// The screen before it, round and round.
    pub fn previous(self) -> Self {
        match self {
            Self::Dashboard => Self::Log,
            Self::Pane => Self::Dashboard,
            Self::Approvals => Self::Dashboard,
            Self::Messages => Self::Approvals,
            Self::Log => Self::Messages,
        }
    }

    /// Everything that can be done on it.
    pub fn actions(self, model: &Model) -> Vec<Offer> {
        let mut offers = match self {
            Self::Dashboard => dashboard::actions(model),
            Self::Approvals => approvals::actions(model),
            Self::Messages => messages::actions(model),
            Self::Log => Vec::new(),
            Self::Pane => pane::actions(model),
        };
        let context = Context::Screen(self);
        offers.extend(rows(context));
        offers.extend(everywhere(context));
        offers
    }
}

/// Where keys go now.
pub fn context(model: &Model) -> Context {
    match model.overlays.last() {
        None if is_typing(model) => Context::Typing,
        None => Context::Screen(model.screen),
        Some(Overlay::Help { .. }) => Context::Help,
        Some(Overlay::Confirm { .. }) => Context::Confirm,
        Some(Overlay::Discard) => Context::Confirm,
        Some(Overlay::Letter(_)) => Context::Letter,
        Some(Overlay::Search { .. }) => Context::Search,
        Some(Overlay::Sieve(_)) => Context::Sieve,
        Some(Overlay::Why { .. }) => Context::Why,
        Some(Overlay::Compose { .. }) => Context::Compose,
        Some(Overlay::Feedback { .. }) => Context::Feedback,
    }
}

/// Whether keys go to the program in a pane.
pub fn is_typing(model: &Model) -> bool {
    model.overlays.is_empty() && model.screen == Screen::Pane && model.pane.typing.is_some()
}

/// Everything that can be done now: of the overlay in front, else of the screen.
pub fn offers(model: &Model) -> Vec<Offer> {
    match model.overlays.last() {
        None if is_typing(model) => pane::typing_actions(),
        None => model.screen.actions(model),
        Some(overlay) => overlays::actions(overlay, model),
    }
}

/// An action with the keys that name it there.
pub fn offer(context: Context, action: Action, name: &'static str, rank: Rank) -> Offer {
    Offer { action, name, keys: keys_of(context, action), disabled: None, rank }
}

/// Moving the cursor.
pub fn rows(context: Context) -> Vec<Offer> {
    let help = |action, name| offer(context, action, name, Rank::Help);
    vec![
        help(Action::Down, "down"),
        help(Action::Up, "up"),
        help(Action::PageDown, "page down"),
        help(Action::PageUp, "page up"),
        help(Action::First, "to the first"),
        help(Action::Last, "to the last"),
    ]
}

fn everywhere(context: Context) -> Vec<Offer> {
    let help = |action, name| offer(context, action, name, Rank::Help);
    let mut offers = vec![offer(context, Action::NextScreen, "next screen", Rank::Bar)];
    let screens = Screen::ALL.map(|screen| match screen {
        Screen::Dashboard => (screen, "dashboard"),
        Screen::Approvals => (screen, "approvals"),
        Screen::Messages => (screen, "messages"),
        Screen::Log | Screen::Pane => (screen, "log"),
    });
    offers.extend(screens.map(|(screen, name)| help(Action::GoTo(screen), name)));
    offers.extend([
        help(Action::PreviousScreen, "previous screen"),
        help(Action::Back, "back, close"),
        offer(context, Action::Help, "help", Rank::Bar),
        offer(context, Action::Quit, "quit", Rank::Bar),
        help(Action::Suspend, "suspend"),
        help(Action::Redraw, "draw anew"),
    ]);
    offers
}
