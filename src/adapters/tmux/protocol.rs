//! The control-mode protocol: bytes in, reply blocks and notices out.
//!
//! Lines are bytes, not text. A block ends only at an `%end` or `%error` with the number it began with,
//! because a reply may itself hold lines that begin with `%` (pane ids). Blocks that other clients or
//! hooks caused (flag 0) are swallowed. It does no I/O and knows nothing of requests.

/// A finished reply to one command of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Whether it ended with `%end`.
    pub(super) is_ok: bool,
    /// Its lines, each with its newline.
    pub(super) body: Vec<u8>,
}

impl Block {
    /// The lines as text, without the last newline.
    pub(super) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// A reply of ours.
    Reply(Block),
    /// This client is now attached to a session.
    Attached,
    /// Something came, went or changed: worth a look.
    Changed,
    /// Panes have other places or sizes, or came or went.
    Arranged,
    /// The client is being ended.
    Exit,
}

/// Reads the stream, however it is cut.
#[derive(Debug, Default)]
pub(super) struct Parser {
    rest: Vec<u8>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    number: Vec<u8>,
    is_ours: bool,
    body: Vec<u8>,
}

impl Parser {
    /// Takes more bytes and gives what they finish.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Item> {
        self.rest.extend_from_slice(bytes);
        let mut items = Vec::new();
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return items };
        let tail = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, tail);
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            items.extend(self.line(line));
        }
        items
    }

    fn line(&mut self, line: &[u8]) -> Option<Item> {
        let words: Vec<&[u8]> = line.trim_ascii_end().splitn(5, |byte| *byte == b' ').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let Some(open) = self.open.as_mut() else {
            if word(0) == b"%begin" {
                let number = word(2).to_vec();
                self.open = Some(Open { number, is_ours: word(3) == b"1", body: Vec::new() });
                return None;
            }
            return notice(word(0));
        };
        let ends = (word(0) == b"%end" || word(0) == b"%error") && word(2) == open.number;
        if !ends {
            open.body.extend_from_slice(line);
            return None;
        }
        let is_ok = word(0) == b"%end";
        let open = self.open.take()?;
        open.is_ours.then_some(Item::Reply(Block { is_ok, body: open.body }))
    }
}

fn notice(word: &[u8]) -> Option<Item> {
    match word {
        b"%session-changed" => Some(Item::Attached),
        b"%exit" => Some(Item::Exit),
        b"%layout-change" => Some(Item::Arranged),
        // `%message` is what our own hooks push where the server can (3.4). Copy mode (`%pane-mode-changed`)
        // changes nothing that a look could see: whoever listens to that pane reads its screen.
        b"%sessions-changed"
        | b"%session-renamed"
        | b"%window-add"
        | b"%window-close"
        | b"%unlinked-window-add"
        | b"%unlinked-window-close"
        | b"%client-detached"
        // What the subscription tells: a pane came, went, died, or has another program.
        | b"%subscription-changed"
        | b"%message" => Some(Item::Changed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &[u8] = b"%begin 1 7 0\nhook\n%end 1 7 0\n%session-changed $0 A\n%begin 1 8 1\n%1\n%end 1 9 1\n\xff\n%end 1 8 1\n%layout-change @1 x\n%begin 1 10 1\nno such pane\n%error 1 10 1\n%exit\n";

    fn expected() -> Vec<Item> {
        vec![
            Item::Attached,
            Item::Reply(Block { is_ok: true, body: b"%1\n%end 1 9 1\n\xff\n".to_vec() }),
            Item::Arranged,
            Item::Reply(Block { is_ok: false, body: b"no such pane\n".to_vec() }),
            Item::Exit,
        ]
    }

    #[test]
    fn a_block_ends_only_at_its_own_number() {
        assert_eq!(Parser::default().feed(STREAM), expected());
    }

    proptest! {
        #[test]
        fn the_stream_reads_the_same_however_it_is_cut(cuts in proptest::collection::vec(1_usize..9, 1..80)) {
            let mut parser = Parser::default();
            let (mut items, mut rest) = (Vec::new(), STREAM);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                items.extend(parser.feed(now));
                rest = later;
                if rest.is_empty() { break; }
            }
            prop_assert_eq!(items, expected());
        }
    }
}
