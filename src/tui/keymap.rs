//! Keys and the actions they name; the one table from which key bar and help take their labels.
//!
//! A screen never sees a key, only an [`Action`]. Within a text entry every key that is not in the
//! table edits the text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::screens::Screen;
use crate::tui::widgets::editor::Edit;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Every key and what it does.
    Help,
    /// Leave the program.
    Quit,
    /// Give the terminal to the shell for a while.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// One step back: overlay, notice, detail, screen.
    Back,
    /// To this screen.
    GoTo(Screen),
    /// To the next screen.
    NextScreen,
    /// To the screen before.
    PreviousScreen,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the next agency or section.
    NextGroup,
    /// To the agency or section before.
    PreviousGroup,
    /// What the row stands for.
    Open,
    /// Write to the row's agent.
    Compose,
    /// Approve the row.
    Approve,
    /// Send the row back.
    Reject,
    /// The next page of the detail.
    NextTab,
    /// The page of the detail before.
    PreviousTab,
    /// The next file of the diff.
    NextFile,
    /// The file of the diff before.
    PreviousFile,
    /// Yes.
    Confirm,
    /// Hand over what is written.
    Send,
    /// A new line in what is written.
    NewLine,
    /// Look at the pane of the row's agent.
    Look,
    /// From here on keys go to the program in the pane.
    Type,
    /// Keys are the screen's again.
    EndTyping,
    /// To the session of the agent that is looked at.
    Attach,
    /// Look for words in messages.
    Search,
    /// Choose which messages are listed.
    Sieve,
    /// Only messages with which something is still to come, or all.
    OnlyOpen,
    /// List all messages again.
    ClearSieve,
    /// Answer the message.
    Reply,
    /// Have its delivery tried again.
    Retry,
    /// Tell that it was read.
    Acknowledge,
    /// Why the message is where it is.
    Explain,
    /// Who has how many messages waiting, or the list again.
    Mailboxes,
    /// The next value, or field.
    NextChoice,
    /// The value, or field, before.
    PreviousChoice,
    /// Look at the next agent.
    NextAgent,
    /// Look at the agent before.
    PreviousAgent,
}

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// On a screen.
    Screen(Screen),
    /// In the help.
    Help,
    /// Before a question with yes or no.
    Confirm,
    /// In a text of one line.
    Compose,
    /// In a text of several lines.
    Feedback,
    /// In a message with all its fields.
    Letter,
    /// In words that are looked for.
    Search,
    /// In the choice of messages.
    Sieve,
    /// In an explanation.
    Why,
    /// In the program of a pane: what is not in the table goes there.
    Typing,
}

/// A key as it is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    modifiers: KeyModifiers,
}

type Binding = (Press, Action);

const fn on(code: KeyCode) -> Press {
    Press { code, modifiers: KeyModifiers::NONE }
}

const fn key(c: char) -> Press {
    on(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Press {
    Press { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
}

const ANYWHERE: &[Binding] =
    &[(ctrl('c'), Action::Quit), (ctrl('z'), Action::Suspend), (ctrl('l'), Action::Redraw)];

const SCREENS: &[Binding] = &[
    (key('1'), Action::GoTo(Screen::Dashboard)),
    (key('2'), Action::GoTo(Screen::Approvals)),
    (key('3'), Action::GoTo(Screen::Messages)),
    (key('4'), Action::GoTo(Screen::Log)),
    (on(KeyCode::Tab), Action::NextScreen),
    (on(KeyCode::BackTab), Action::PreviousScreen),
    (on(KeyCode::Esc), Action::Back),
    (key('?'), Action::Help),
    (key('q'), Action::Quit),
];

const ROWS: &[Binding] = &[
    (key('j'), Action::Down),
    (on(KeyCode::Down), Action::Down),
    (key('k'), Action::Up),
    (on(KeyCode::Up), Action::Up),
    (on(KeyCode::PageDown), Action::PageDown),
    (key(' '), Action::PageDown),
    (on(KeyCode::PageUp), Action::PageUp),
    (key('b'), Action::PageUp),
    (key('g'), Action::First),
    (on(KeyCode::Home), Action::First),
    (key('G'), Action::Last),
    (on(KeyCode::End), Action::Last),
];

const DASHBOARD: &[Binding] = &[
    (on(KeyCode::Enter), Action::Open),
    (key('v'), Action::Look),
    (key('s'), Action::Compose),
    (key(']'), Action::NextGroup),
    (key('['), Action::PreviousGroup),
];

const PANE: &[Binding] = &[
    (key('i'), Action::Type),
    (on(KeyCode::Enter), Action::Type),
    (key(']'), Action::NextAgent),
    (key('J'), Action::NextAgent),
    (key('['), Action::PreviousAgent),
    (key('K'), Action::PreviousAgent),
    (key('A'), Action::Attach),
    (key('s'), Action::Compose),
];

/// One key, which hardly any program wants: everything else is the program's.
const TYPING: &[Binding] = &[(ctrl(']'), Action::EndTyping)];

const APPROVALS: &[Binding] = &[
    (key('a'), Action::Approve),
    (on(KeyCode::Enter), Action::Open),
    (key('l'), Action::NextTab),
    (on(KeyCode::Right), Action::NextTab),
    (key('h'), Action::PreviousTab),
    (on(KeyCode::Left), Action::PreviousTab),
    (key('n'), Action::NextFile),
    (key('p'), Action::PreviousFile),
    (key('r'), Action::Reject),
];

const MESSAGES: &[Binding] = &[
    (on(KeyCode::Enter), Action::Open),
    (key('/'), Action::Search),
    (key('f'), Action::Sieve),
    (key('o'), Action::OnlyOpen),
    (key('x'), Action::ClearSieve),
    (key('s'), Action::Compose),
    (key('r'), Action::Reply),
    (key('t'), Action::Retry),
    (key('a'), Action::Acknowledge),
    (key('w'), Action::Explain),
    (key('m'), Action::Mailboxes),
];

const LETTER: &[Binding] = &[
    (ctrl('s'), Action::Send),
    (Press { code: KeyCode::Enter, modifiers: KeyModifiers::ALT }, Action::Send),
    (on(KeyCode::Tab), Action::NextChoice),
    (on(KeyCode::BackTab), Action::PreviousChoice),
    (on(KeyCode::Enter), Action::NewLine),
    (on(KeyCode::Esc), Action::Back),
];

const SEARCH: &[Binding] =
    &[(on(KeyCode::Enter), Action::Confirm), (on(KeyCode::Esc), Action::Back)];

const SIEVE: &[Binding] = &[
    (on(KeyCode::Right), Action::NextChoice),
    (key('l'), Action::NextChoice),
    (on(KeyCode::Left), Action::PreviousChoice),
    (key('h'), Action::PreviousChoice),
    (key('x'), Action::ClearSieve),
    (on(KeyCode::Esc), Action::Back),
    (on(KeyCode::Enter), Action::Back),
    (key('f'), Action::Back),
    (key('q'), Action::Back),
];

const WHY: &[Binding] = &[
    (on(KeyCode::Esc), Action::Back),
    (on(KeyCode::Enter), Action::Back),
    (key('w'), Action::Back),
    (key('q'), Action::Back),
];

const HELP: &[Binding] =
    &[(on(KeyCode::Esc), Action::Back), (key('?'), Action::Back), (key('q'), Action::Back)];

const CONFIRM: &[Binding] =
    &[(key('y'), Action::Confirm), (key('n'), Action::Back), (on(KeyCode::Esc), Action::Back)];

const COMPOSE: &[Binding] = &[
    (on(KeyCode::Enter), Action::Send),
    (ctrl('s'), Action::Send),
    (on(KeyCode::Esc), Action::Back),
];

const FEEDBACK: &[Binding] = &[
    (ctrl('s'), Action::Send),
    (Press { code: KeyCode::Enter, modifiers: KeyModifiers::ALT }, Action::Send),
    (on(KeyCode::Enter), Action::NewLine),
    (on(KeyCode::Esc), Action::Back),
];

fn tables(context: Context) -> [&'static [Binding]; 4] {
    match context {
        Context::Screen(Screen::Dashboard) => [DASHBOARD, ROWS, SCREENS, ANYWHERE],
        Context::Screen(Screen::Approvals) => [APPROVALS, ROWS, SCREENS, ANYWHERE],
        Context::Screen(Screen::Pane) => [PANE, ROWS, SCREENS, ANYWHERE],
        Context::Screen(Screen::Messages) => [MESSAGES, ROWS, SCREENS, ANYWHERE],
        Context::Screen(Screen::Log) => [&[], ROWS, SCREENS, ANYWHERE],
        Context::Letter => [LETTER, &[], &[], ANYWHERE],
        Context::Search => [SEARCH, &[], &[], ANYWHERE],
        Context::Sieve => [SIEVE, ROWS, &[], ANYWHERE],
        Context::Why => [WHY, ROWS, &[], ANYWHERE],
        Context::Help => [HELP, ROWS, &[], ANYWHERE],
        Context::Confirm => [CONFIRM, &[], &[], ANYWHERE],
        Context::Compose => [COMPOSE, &[], &[], ANYWHERE],
        Context::Feedback => [FEEDBACK, &[], &[], ANYWHERE],
        Context::Typing => [TYPING, &[], &[], &[]],
    }
}

/// What a key means there; none: nothing.
pub fn action(context: Context, event: KeyEvent) -> Option<Action> {
    let press = Press::of(event);
    let all = tables(context);
    let mut bindings = all.into_iter().flatten();
    bindings.find(|(bound, _)| *bound == press).map(|(_, action)| *action)
}

/// The keys that mean an action there, as people write them.
pub fn keys_of(context: Context, action: Action) -> Vec<String> {
    let all = tables(context);
    let bound = all.into_iter().flatten().filter(|(_, other)| *other == action);
    bound.map(|(press, _)| press.to_string()).collect()
}

/// What a key does to a text; none: nothing.
pub fn edit(event: KeyEvent) -> Option<Edit> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Char('w') if control => Some(Edit::DeleteWord),
        KeyCode::Char('u') if control => Some(Edit::DeleteToStart),
        KeyCode::Char('a') if control => Some(Edit::Home),
        KeyCode::Char('e') if control => Some(Edit::End),
        KeyCode::Char('h') if control => Some(Edit::DeleteBack),
        KeyCode::Char(_) if control || event.modifiers.contains(KeyModifiers::ALT) => None,
        KeyCode::Char(c) => Some(Edit::Insert(c)),
        KeyCode::Backspace => Some(Edit::DeleteBack),
        KeyCode::Delete => Some(Edit::DeleteForward),
        KeyCode::Left => Some(Edit::Left),
        KeyCode::Right => Some(Edit::Right),
        KeyCode::Home => Some(Edit::Home),
        KeyCode::End => Some(Edit::End),
        KeyCode::Up => Some(Edit::Up),
        KeyCode::Down => Some(Edit::Down),
        _ => None,
    }
}

impl Press {
    /// A key event without what does not matter: Shift is in the character already, and some terminals say
    /// Enter by a line feed, which is Ctrl-J.
    fn of(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT;
        let press = Self { code: event.code, modifiers: event.modifiers & kept };
        if press == ctrl('j') { on(KeyCode::Enter) } else { press }
    }
}

impl std::fmt::Display for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "Ctrl-{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let screens = Screen::ALL.map(Context::Screen);
        let pane = Context::Screen(Screen::Pane);
        let others = [Context::Help, Context::Confirm, Context::Compose, Context::Feedback];
        let letters = [Context::Letter, Context::Search, Context::Sieve, Context::Why];
        let others = others.into_iter().chain(letters);
        for context in screens.into_iter().chain(others).chain([pane, Context::Typing]) {
            let all = tables(context);
            let bound: Vec<Press> = all.into_iter().flatten().map(|(press, _)| *press).collect();
            for (at, press) in bound.iter().enumerate() {
                assert!(!bound[at + 1..].contains(press), "{press} twice in {context:?}");
            }
        }
    }

    #[test]
    fn a_key_is_written_as_people_write_it() {
        let context = Context::Screen(Screen::Dashboard);
        assert_eq!(keys_of(context, Action::Down), ["j", "↓"]);
        assert_eq!(keys_of(context, Action::Open), ["Enter"]);
        assert_eq!(keys_of(Context::Feedback, Action::Send), ["Ctrl-S", "Alt-Enter"]);
        assert_eq!(keys_of(context, Action::PageDown), ["PgDn", "Space"]);
    }
}
