//! The terminal while it is ours: raw mode, the other screen, bracketed paste; and given back.
//!
//! It is given back on every way out: the end, a panic, a suspension, an attachment. Leaving twice
//! does no harm.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stdout};
use std::sync::Once;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::domain::refusal::{Refusal, RefusalKind};

/// The terminal of the screen.
pub type OurTerminal = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Bytes of a drawing that are written at once: a whole large screen with its colours fits.
const DRAWING: usize = 64 * 1024;

/// Refuses to start where there is no person to look at it.
pub fn require_terminal() -> Result<(), Refusal> {
    if io::stdin().is_terminal() && stdout().is_terminal() {
        return Ok(());
    }
    let refusal =
        Refusal::new(RefusalKind::Usage, "no_terminal", "the screen needs a terminal to draw on");
    Err(refusal.with_hint("agency status"))
}

/// Holds the terminal; gives it back when dropped.
pub struct Held(());

impl Held {
    /// Takes the terminal.
    pub fn take() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        let held = Self(());
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // Nothing can be done about a terminal that is gone.
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = stdout().flush();
}

fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            earlier(panic);
        }));
    });
}

/// A terminal to draw on, empty.
///
/// Emptied here and not by [`Terminal::clear`], which asks the terminal where the cursor is and takes
/// keys away while it waits for the answer.
pub fn open() -> io::Result<OurTerminal> {
    execute!(stdout(), Clear(ClearType::All))?;
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(DRAWING, stdout())))
}

/// Says that the terminal could not be used.
pub fn broken(error: &io::Error) -> Refusal {
    let words = format!("the terminal cannot be used: {error}");
    Refusal::new(RefusalKind::Failed, "terminal_broken", words)
}
