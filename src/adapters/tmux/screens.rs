//! The screens of many panes in one round trip, and the ghost text on the cursor's row.
//!
//! Each pane is a chain of its own, so one that is gone spoils no other. Rows come without styles; only
//! the cursor's row is asked for once more with them. The server may draw in between: styles of a row
//! that no longer reads the same are dropped.

use super::command::{Cmd, to_line};
use super::ghost;
use super::protocol::Block;
use super::server::Server;
use crate::ports::terminals::{PaneId, ScreenSeen, TerminalError};

/// One space between the fields: none but the last can hold one.
const STATE: &str = "#{pane_id} #{pane_width} #{pane_height} #{cursor_x} #{cursor_y} #{pane_in_mode} #{@agency_home} #{@agency_agent} #{@agency_spawn} #{pane_title}";

/// What the server shows in these panes now; first, in the same order of commands, `before` is run.
pub(super) fn take(
    server: &Server,
    panes: &[PaneId],
    before: Vec<Cmd>,
) -> Result<Vec<ScreenSeen>, TerminalError> {
    let silent = before.len();
    let before = before.into_iter().map(|cmd| vec![cmd]);
    let is_plain = |pane: &&PaneId| pane.0.strip_prefix('%').is_some_and(is_number);
    let asked = panes.iter().filter(is_plain).map(|pane| chain(&pane.0));
    let chains: Vec<Vec<Cmd>> = before.chain(asked).collect();
    let answers = server.read_each(&chains)?;
    let screens = answers.iter().skip(silent);
    Ok(screens.filter_map(|blocks| parse(blocks, server.home())).collect())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn chain(pane: &str) -> Vec<Cmd> {
    let row = Cmd::new("capture-pane").flag("-p").flag("-e").option("-t", pane);
    let row = row.option("-S", "#{cursor_y}").option("-E", "#{cursor_y}");
    vec![
        Cmd::new("display-message").flag("-p").option("-t", pane).param(STATE),
        Cmd::new("capture-pane").flag("-p").option("-t", pane),
        // Only `run-shell -C` expands a format on its way into a command.
        Cmd::new("run-shell").flag("-C").option("-t", pane).param(to_line(&[row])),
    ]
}

fn parse(blocks: &[Block], home: &str) -> Option<ScreenSeen> {
    let [state, rows, styled @ ..] = blocks else { return None };
    if !rows.is_ok {
        return None;
    }
    let state = state.text();
    let mut fields = state.splitn(10, ' ');
    let pane = PaneId(fields.next()?.to_owned());
    let mut number = || fields.next()?.parse::<u16>().ok();
    let (size, cursor) = ((number()?, number()?), (number()?, number()?));
    let in_mode = fields.next()? != "0";
    if fields.next()? != home {
        return None;
    }
    let (agent, spawn) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let title = fields.next()?.to_owned();
    let text = String::from_utf8_lossy(&rows.body);
    let rows: Vec<String> = text.lines().map(|row| row.trim_end().to_owned()).collect();
    let row = rows.get(usize::from(cursor.1)).map(String::as_str).unwrap_or_default();
    let ghost = ghosts(styled, row, usize::from(cursor.1));
    Some(ScreenSeen {
        pane,
        agent,
        spawn,
        title,
        size,
        cursor,
        in_mode,
        progress: None,
        rows,
        ghost,
    })
}

/// Which characters of a row are ghost text, as its styled copy tells; that is the last block.
fn ghosts(styled: &[Block], row: &str, at: usize) -> Vec<bool> {
    let Some(block) = styled.last().filter(|block| block.is_ok) else { return Vec::new() };
    let text = block.text();
    // A server that does not expand the format gives all rows.
    let line = match text.lines().count() {
        0 | 1 => text.lines().next(),
        _ => text.lines().nth(at),
    };
    let mut styled = ghost::rows(line.unwrap_or_default()).pop().unwrap_or_default();
    styled.is_dim.truncate(row.chars().count());
    if styled.text.trim_end() == row { styled.is_dim } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block { is_ok: true, body: text.as_bytes().to_vec() }
    }

    fn seen(styled: &str) -> ScreenSeen {
        let state = format!("%3 80 24 2 1 0 home A/b {} \u{2733} a title\n", uuid::Uuid::nil());
        let blocks = [block(&state), block("top\n\u{203a} Try\n\n"), block(""), block(styled)];
        parse(&blocks, "home").expect("it is ours")
    }

    #[test]
    fn a_screen_is_read_with_its_ghost_text() {
        let seen = seen("\u{203a} \u{1b}[2mTry\u{1b}[0m   \n");
        assert_eq!((seen.size, seen.cursor, seen.in_mode), ((80, 24), (2, 1), false));
        assert_eq!(
            (seen.title.as_str(), seen.rows.as_slice()),
            ("\u{2733} a title", &["top".to_owned(), "\u{203a} Try".to_owned(), String::new()][..])
        );
        assert_eq!(seen.ghost, [false, false, true, true, true]);
    }

    #[test]
    fn styles_of_a_row_that_has_changed_since_are_dropped() {
        assert!(seen("\u{203a} \u{1b}[2mTyped\n").ghost.is_empty());
        assert_eq!(seen("\u{203a} Try\n").ghost, [false; 5]);
    }

    #[test]
    fn a_pane_that_is_gone_or_not_ours_is_not_in_the_answer() {
        let gone = Block { is_ok: false, body: b"can't find pane: %9\n".to_vec() };
        assert_eq!(parse(&[block("      \n"), gone], "home"), None);
        let state = format!("%3 80 24 2 1 0 other A/b {} t\n", uuid::Uuid::nil());
        assert_eq!(parse(&[block(&state), block("x\n")], "home"), None);
    }
}
