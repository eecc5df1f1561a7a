//! Text into a program's input line: proven empty, pasted, seen, submitted, and seen to be left.
//!
//! An Enter on a guess can approve what a permission dialog asks, so nothing is typed unless the
//! program's own empty prompt is at the cursor. The check and the paste are one command of the server (a
//! paste into a dead pane ends tmux 3.3a). After the paste nothing is ever repeated: what is not seen
//! to go well is uncertain.
//!
//! probe → prompt empty? → conditional paste → token seen → Enter → line left → submitted

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::command::{Cmd, to_line};
use super::pause::{Pause, rest};
use super::probe::Probe;
use super::server::Server;
use super::tty;
use crate::domain::text::to_plain;
use crate::failpoint;
use crate::ports::terminals::{TerminalError, Typed, TypingOrder};

/// What the conditional answers when the pane has changed since the look.
const REFUSED: &str = "agency-refused";

/// Carries out one order.
pub(super) fn type_text(server: &Server, order: &TypingOrder) -> Result<Typed, TerminalError> {
    let pane = order.pane.0.as_str();
    let probe = match Probe::take(server, pane, &order.input_line) {
        Ok(probe) => probe,
        Err(TerminalError::Refused { .. } | TerminalError::NoServer) => {
            return Ok(not_ready("the pane is gone"));
        }
        Err(error) => return Err(error),
    };
    if let Some(reason) = probe.obstacle(server, order)? {
        let ours = order.left_over.iter().find(|text| probe.holds(order, text));
        return match ours {
            Some(text) => submit_left_over(server, order, &probe, text),
            None => Ok(not_ready(&reason)),
        };
    }
    let Some(order) = &as_taken(server, order)? else {
        return Ok(not_ready("its terminal takes no line of this length"));
    };
    match paste(server, order, &probe) {
        Ok(true) => failpoint::hit("delivery.pasted"),
        Ok(false) => return Ok(not_ready("the pane changed while it was looked at")),
        Err(TerminalError::Refused { problem, .. }) => return Ok(not_ready(&problem)),
        Err(TerminalError::NoServer) => return Ok(not_ready("the pane is gone")),
        Err(error) => return Ok(uncertain(&error.to_string())),
    }
    // From here on something was typed: whatever goes wrong is not known to be undone.
    Ok(submit(server, order).unwrap_or_else(|error| uncertain(&error.to_string())))
}

/// The order with what can be typed: where the terminal collects lines, all that is no line or too long for
/// one is named only; none where even that is too long.
fn as_taken(server: &Server, order: &TypingOrder) -> Result<Option<TypingOrder>, TerminalError> {
    let ask = Cmd::new("display-message").flag("-p").option("-t", order.pane.0.as_str());
    let tty = server.read(&[ask.param("#{pane_tty}")])?;
    let mut taken = order.clone();
    if tty::is_by_lines(tty.trim()) != Some(true) || tty::fits_in_a_line(&order.text) {
        return Ok(Some(taken));
    }
    taken.text.clone_from(&order.short);
    Ok(tty::fits_in_a_line(&taken.text).then_some(taken))
}

fn not_ready(reason: &str) -> Typed {
    Typed::NotReady { reason: reason.to_owned() }
}

fn uncertain(reason: &str) -> Typed {
    Typed::Uncertain { reason: reason.to_owned() }
}

/// Pastes if the pane is still exactly as probed; false if it is not.
fn paste(server: &Server, order: &TypingOrder, probe: &Probe) -> Result<bool, TerminalError> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let buffer = format!("agency-{}-{number}", std::process::id());
    let pane = order.pane.0.as_str();
    let text = to_plain(&order.text).trim_end_matches('\n').to_owned();
    let chain = [
        Cmd::new("set-buffer").option("-b", buffer.as_str()).param("--").param(text),
        Cmd::new("if-shell")
            .flag("-F")
            .option("-t", pane)
            .param(probe.unchanged(""))
            .param(to_line(&[pasting(&buffer, pane)]))
            .param(to_line(&[Cmd::new("delete-buffer").option("-b", buffer.as_str()), refusing()])),
    ];
    Ok(!server.ask(&chain)?.contains(REFUSED))
}

fn pasting(buffer: &str, pane: &str) -> Cmd {
    let paste = Cmd::new("paste-buffer").flag("-p").flag("-r").flag("-d");
    paste.option("-b", buffer).option("-t", pane)
}

fn refusing() -> Cmd {
    Cmd::new("display-message").flag("-p").param(REFUSED)
}

fn submit(server: &Server, order: &TypingOrder) -> Result<Typed, TerminalError> {
    let typed = match arrive(server, order)? {
        Arrival::Seen(typed) => typed,
        Arrival::Lost(reason) => return Ok(uncertain(&format!("the text was pasted, {reason}"))),
    };
    if !enter(server, order, typed.unchanged(&order.token))? {
        return Ok(uncertain("the text was pasted, then the pane changed before Enter"));
    }
    failpoint::hit("delivery.entered");
    see_it_leave(server, order, &typed)
}

/// Submits what stands in the input line and is ours, if not even the cursor has moved since it was seen.
fn submit_left_over(
    server: &Server,
    order: &TypingOrder,
    seen: &Probe,
    text: &str,
) -> Result<Typed, TerminalError> {
    if !enter(server, order, seen.unchanged(""))? {
        return Ok(not_ready("the pane changed while it was looked at"));
    }
    Ok(match see_it_leave(server, order, seen)? {
        Typed::Submitted => Typed::LeftOver { text: text.to_owned() },
        other => other,
    })
}

/// Waits until the text no longer stands in the input line. An Enter that was proven to have become one more
/// line's end (all of the text stands, the cursor has gone on) is pressed once more; one of which nothing is to be seen
/// is not, it may still be on its way.
fn see_it_leave(
    server: &Server,
    order: &TypingOrder,
    typed: &Probe,
) -> Result<Typed, TerminalError> {
    let mut pause = Pause::up_to(limit_of(order));
    let mut before: Option<Probe> = None;
    let mut is_pressed_again = false;
    loop {
        let now = Probe::take(server, &order.pane.0, &order.input_line)?;
        if let Some(reason) = now.disturbance(order) {
            return Ok(uncertain(&format!("the text was submitted, then: {reason}")));
        }
        if now.has_left(typed, order) {
            return Ok(Typed::Submitted);
        }
        let is_still = before.as_ref().is_some_and(|before| before.state == now.state);
        if is_still && !is_pressed_again && now.has_a_line_more(typed, order) {
            is_pressed_again = true;
            press_again(server, order)?;
        }
        before = Some(now);
        if !pause.again() {
            return Ok(uncertain("the text still stands in the input line after Enter"));
        }
    }
}

/// Presses Enter after the pause that the program needs, if the text stands there alone as before.
fn press_again(server: &Server, order: &TypingOrder) -> Result<(), TerminalError> {
    rest(Duration::from_millis(u64::from(order.input_line.enter_delay_ms)));
    let now = Probe::take(server, &order.pane.0, &order.input_line)?;
    if now.disturbance(order).is_none() && now.stands(order) {
        enter(server, order, now.unchanged(&order.token))?;
    }
    Ok(())
}

fn limit_of(order: &TypingOrder) -> Duration {
    Duration::from_millis(u64::from(order.deadline_ms))
}

enum Arrival {
    /// The text is on the screen, which was this just before Enter.
    Seen(Probe),
    /// It is not, or not where it can be submitted.
    Lost(String),
}

/// Waits until the token is seen and the program has drawn all of the text.
fn arrive(server: &Server, order: &TypingOrder) -> Result<Arrival, TerminalError> {
    let pane = order.pane.0.as_str();
    let mut pause = Pause::up_to(limit_of(order));
    let mut before = Probe::take(server, pane, &order.input_line)?;
    loop {
        if let Some(reason) = before.disturbance(order) {
            return Ok(Arrival::Lost(format!("then: {reason}")));
        }
        if !pause.again() {
            return Ok(Arrival::Lost("but did not show".to_owned()));
        }
        let now = Probe::take(server, pane, &order.input_line)?;
        // The text stands in the input line, and not only somewhere on the screen: a program may show it and
        // ask something. A cursor that moves tells of a text that is still being drawn.
        let is_seen = now.shows(&order.token, &order.input_line) || now.holds_folded(order);
        if is_seen && now.stands(order) && now.state == before.state {
            break;
        }
        before = now;
    }
    rest(Duration::from_millis(u64::from(order.input_line.enter_delay_ms)));
    let typed = Probe::take(server, pane, &order.input_line)?;
    Ok(match typed.disturbance(order) {
        Some(reason) => Arrival::Lost(format!("then: {reason}")),
        None if !typed.stands(order) => Arrival::Lost("then the screen changed".to_owned()),
        None => Arrival::Seen(typed),
    })
}

/// Presses Enter if nothing has moved since the text was seen: in copy mode the key would be lost, in a
/// dialog it would be an answer.
fn enter(server: &Server, order: &TypingOrder, condition: String) -> Result<bool, TerminalError> {
    let pane = order.pane.0.as_str();
    let chain = [Cmd::new("if-shell")
        .flag("-F")
        .option("-t", pane)
        .param(condition)
        .param(to_line(&[Cmd::new("send-keys").option("-t", pane).param("Enter")]))
        .param(to_line(&[refusing()]))];
    Ok(!server.ask(&chain)?.contains(REFUSED))
}
