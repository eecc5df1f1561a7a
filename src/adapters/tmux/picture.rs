//! What a pane shows, with its colours, at the cost of one question to the server.
//!
//! State and rows come from one chain and so belong to the same moment. Rows come as tmux writes them, with
//! blanks that have a colour; what is in them is foreign and only passed on. The size of the pane is never
//! touched.

use super::command::Cmd;
use super::protocol::Block;
use super::server::Server;
use crate::ports::terminals::{PaneId, PaneLife, Picture, TerminalError};

/// One space between the fields: none can hold one.
const STATE: &str = "#{pane_id} #{pane_width} #{pane_height} #{cursor_flag} #{cursor_x} #{cursor_y} #{pane_in_mode} #{history_size} #{pane_dead} #{pane_dead_status} #{pane_dead_signal} #{@agency_home} #{@agency_agent} #{@agency_spawn}";

/// Takes a picture; first, in the same order of commands, `before` is run.
pub(super) fn take(
    server: &Server,
    pane: &PaneId,
    above: usize,
    before: &[Cmd],
) -> Result<Option<Picture>, TerminalError> {
    let taken = take_once(server, pane, above, before)?;
    match taken {
        // There is less history than was thought: as far up as it goes.
        Some(picture) if picture.history < above => take_once(server, pane, picture.history, &[]),
        other => Ok(other),
    }
}

fn take_once(
    server: &Server,
    pane: &PaneId,
    above: usize,
    before: &[Cmd],
) -> Result<Option<Picture>, TerminalError> {
    let chains: Vec<Vec<Cmd>> =
        before.iter().map(|cmd| vec![cmd.clone()]).chain([chain(&pane.0, above)]).collect();
    let answers = server.read_each(&chains)?;
    Ok(answers.last().and_then(|blocks| parse(blocks, server.home(), above)))
}

fn chain(pane: &str, above: usize) -> Vec<Cmd> {
    let state = Cmd::new("display-message").flag("-p").option("-t", pane).param(STATE);
    let capture = match above {
        0 => Cmd::new("capture-pane").flag("-p").flag("-e").flag("-N").option("-t", pane),
        _ => {
            let last = format!("#{{e|-|:#{{e|-|:#{{pane_height}},1}},{above}}}");
            let rows = format!("capture-pan -p -e -N -t {pane} -S -{above} -E {last}");
            // Only `run-shell -C` expands a format on its way into a command.
            Cmd::new("run-shell").flag("-C").option("-t", pane).param(rows)
        }
    };
    vec![state, capture]
}

fn parse(blocks: &[Block], home: &str, above: usize) -> Option<Picture> {
    // `run-shell` gives an empty block of its own before that of the command it runs.
    let [state, .., rows] = blocks else { return None };
    if !rows.is_ok {
        return None;
    }
    let state = state.text();
    let mut fields = state.split(' ');
    let pane = PaneId(fields.next()?.to_owned());
    let mut number = || fields.next()?.parse::<u16>().ok();
    let size = (number()?, number()?);
    let (is_shown, cursor) = (number()? != 0, (number()?, number()?));
    let in_mode = number()? != 0;
    let history: usize = fields.next()?.parse().ok()?;
    let is_dead = fields.next()? == "1";
    let (status, signal) = (fields.next()?.parse().ok(), fields.next()?.parse().ok());
    if fields.next()? != home {
        return None;
    }
    let (agent, spawn) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let life = match is_dead {
        true => PaneLife::Dead { status, signal },
        false => PaneLife::Alive,
    };
    let text = String::from_utf8_lossy(&rows.body);
    // Not `lines`: a carriage return at a row's end is none of the row's.
    let rows = text.split_terminator('\n').take(usize::from(size.1)).map(str::to_owned).collect();
    let cursor = Some(cursor).filter(|_| is_shown && above == 0);
    Some(Picture { pane, agent, spawn, life, size, cursor, in_mode, history, above, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block { is_ok: true, body: text.as_bytes().to_vec() }
    }

    fn state(home: &str, dead: &str) -> Block {
        let spawn = uuid::Uuid::nil();
        block(&format!("%3 80 2 1 4 1 0 7 {dead} {home} A/b {spawn}\n"))
    }

    #[test]
    fn a_picture_is_read_whole() {
        let rows = block("\u{1b}[1mtop\n\u{1b}[0m\u{203a} x  \n");
        let picture = parse(&[state("home", "0  "), rows], "home", 0).expect("it is ours");
        assert_eq!((picture.size, picture.cursor, picture.history), ((80, 2), Some((4, 1)), 7));
        assert_eq!(picture.rows, ["\u{1b}[1mtop", "\u{1b}[0m\u{203a} x  "]);
        assert_eq!(picture.life, PaneLife::Alive);
    }

    #[test]
    fn a_dead_pane_has_a_picture_and_the_past_has_no_cursor() {
        let blocks = [state("home", "1 3 "), block(""), block("old\n")];
        let picture = parse(&blocks, "home", 5).expect("it is ours");
        assert_eq!(picture.life, PaneLife::Dead { status: Some(3), signal: None });
        assert_eq!((picture.cursor, picture.above), (None, 5));
    }

    #[test]
    fn a_pane_that_is_gone_or_not_ours_has_none() {
        let gone = Block { is_ok: false, body: b"can't find pane: %9\n".to_vec() };
        assert_eq!(parse(&[block("        \n"), gone], "home", 0), None);
        assert_eq!(parse(&[state("other", "0  "), block("x\n")], "home", 0), None);
    }
}
