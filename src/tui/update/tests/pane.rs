//! The pane screen by keys: what is looked at, what is typed where, and when that ends.

use super::*;
use crate::service::workbench::viewing::{Held, Key, PaneId, PaneLife, Picture, Stroke};
use crate::tui::keymap::Context;
use crate::tui::msg::{Keys, Target};
use crate::tui::screens::context;
use crate::tui::testing::{a_program, picture};

const AGENT: &str = "CodeAgency/python-agent";

fn target(agent: &str, above: usize) -> Target {
    Target { agent: agent_of(agent), pane: PaneId("%1".to_owned()), above }
}

fn look(agent: &str, above: usize) -> Cmd {
    Cmd::Look(Some(target(agent, above)))
}

fn press(typing: u64, strokes: Vec<Stroke>) -> Cmd {
    let spawn = uuid::Uuid::from_u128(1);
    Cmd::Press(Keys { pane: PaneId("%1".to_owned()), spawn, typing, strokes })
}

fn key(key: Key) -> Stroke {
    Stroke::Key(key, Held::default())
}

fn control(c: char) -> Stroke {
    Stroke::Key(Key::Char(c), Held { control: true, ..Held::default() })
}

/// A person who looks at an agent's pane.
fn looking() -> Stage {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    stage.keys("v").show(a_program(AGENT));
    stage.cmds.clear();
    stage
}

#[test]
fn a_pane_is_looked_at_only_while_its_screen_is_in_front() {
    check("v", a_busy_day(), &[look(AGENT, 0)]);
    check("v Esc", a_busy_day(), &[look(AGENT, 0), Cmd::Look(None)]);
    check("v 3", a_busy_day(), &[look(AGENT, 0), Cmd::Look(None)]);
    check("v ? j", a_busy_day(), &[look(AGENT, 0)]);
    let mut board = no_agencies();
    board.status.agencies = vec![agency("CodeAgency", AgencyState::Stopped, Vec::new())];
    let stage = check("v", board, &[]);
    assert!(stage.text().contains("is not there any more"), "{}", stage.text());
}

#[test]
fn agents_are_gone_through_without_leaving() {
    let next = "CodeAgency/web-agent";
    check("v ]", a_busy_day(), &[look(AGENT, 0), look(next, 0)]);
    let before = "CodeAgency/code-coordinator";
    let mut stage = check("v K", a_busy_day(), &[look(AGENT, 0), look(before, 0)]);
    stage.keys("[");
    assert_eq!(stage.cmds.last(), Some(&look("QAAgency/tester", 0)), "round and round");
    stage.keys("Esc");
    assert_eq!(stage.model.spot, Some(Spot::Agent(agent_of("QAAgency/tester"))));
}

#[test]
fn attaching_and_writing_mean_the_agent_that_is_seen() {
    let mut stage = looking();
    stage.keys("A");
    let python = Some(name("python-agent"));
    assert_eq!(stage.cmds, [Cmd::Attach { agency: name("CodeAgency"), agent: python }]);
    stage.keys("s");
    assert!(
        matches!(stage.model.overlays.last(), Some(Overlay::Compose { to, .. }) if *to == agent_of(AGENT))
    );
}

#[test]
fn while_one_types_every_key_but_one_is_the_programs() {
    let mut stage = looking();
    stage.keys("i q Ctrl-c Ctrl-z Esc Tab 1 Alt-x F5 Ctrl-j ?");
    let alt = Held { alt: true, ..Held::default() };
    let strokes = [
        key(Key::Char('q')),
        control('c'),
        control('z'),
        key(Key::Esc),
        key(Key::Tab),
        key(Key::Char('1')),
        Stroke::Key(Key::Char('x'), alt),
        key(Key::F(5)),
        control('j'),
        key(Key::Char('?')),
    ];
    let expected: Vec<Cmd> = strokes.into_iter().map(|stroke| press(1, vec![stroke])).collect();
    assert_eq!(stage.cmds, expected);
    stage.send(Msg::Paste("two\nlines".to_owned()));
    let paste = Stroke::Paste("two\nlines".to_owned());
    assert_eq!(stage.cmds.last(), Some(&press(1, vec![paste])));
    assert_eq!(context(&stage.model), Context::Typing);
    stage.keys("Ctrl-]");
    assert_eq!(context(&stage.model), Context::Screen(Screen::Pane));
    stage.cmds.clear();
    stage.keys("Enter x");
    assert_eq!(stage.cmds, [press(2, vec![key(Key::Char('x'))])], "another typing");
}

#[test]
fn typing_ends_when_the_life_or_the_pane_is_another_one() {
    let dead = PaneLife::Dead { status: None, signal: Some(9) };
    let other = uuid::Uuid::from_u128(2);
    let ends = [
        (Picture { life: dead, ..a_program(AGENT) }, "its program has ended"),
        (Picture { spawn: other, ..a_program(AGENT) }, "started again"),
        (Picture { in_mode: true, ..a_program(AGENT) }, "copy mode"),
    ];
    for (picture, reason) in ends {
        let mut stage = looking();
        stage.keys("i").show(picture).keys("x");
        assert_eq!(stage.cmds, [], "{reason}");
        assert!(stage.text().contains("typing has ended"), "{}", stage.text());
        assert!(stage.text().contains(reason), "{}", stage.text());
    }
    let mut stage = looking();
    stage.keys("i");
    let mut board = a_busy_day();
    board.status.agencies[0].agents[1].pane = Some("%9".to_owned());
    stage.send(Msg::Board(Box::new(board)));
    stage.keys("x");
    let moved = Target { pane: PaneId("%9".to_owned()), ..target(AGENT, 0) };
    assert_eq!(stage.cmds, [Cmd::Look(Some(moved))]);
}

#[test]
fn keys_that_were_refused_end_their_own_typing_only() {
    let mut stage = looking();
    stage.keys("i x");
    let refusal = || Refusal::new(RefusalKind::Conflict, "keys_refused", "the pane is dead");
    stage.send(Msg::KeysRefused { typing: 7, refusal: refusal() });
    assert_eq!(context(&stage.model), Context::Typing);
    stage.send(Msg::KeysRefused { typing: 1, refusal: refusal() });
    assert_eq!(context(&stage.model), Context::Screen(Screen::Pane));
    assert!(stage.text().contains("typing has ended: the pane is dead"), "{}", stage.text());
}

#[test]
fn an_agent_looks_and_does_not_type() {
    let mut stage = looking();
    let words = "only the operator types into agents' panes";
    stage.model.pane.forbidden =
        Some(Refusal::new(RefusalKind::NotAllowed, "operator_only", words));
    stage.keys("i x");
    assert_eq!(stage.cmds, []);
    assert!(stage.text().contains(words), "{}", stage.text());
}

#[test]
fn one_looks_back_as_far_as_there_is_and_keeps_the_place_while_more_comes() {
    let mut stage = looking();
    stage.keys("k k");
    assert_eq!(stage.cmds, [look(AGENT, 1), look(AGENT, 2)]);
    let past = |history, above| Picture { history, above, cursor: None, ..a_program(AGENT) };
    stage.show(past(240, 2)).show(past(243, 2));
    assert_eq!(stage.cmds.last(), Some(&look(AGENT, 5)), "three rows have come");
    stage.keys("g");
    assert_eq!(stage.cmds.last(), Some(&look(AGENT, 243)));
    stage.keys("Esc");
    assert_eq!(stage.cmds.last(), Some(&look(AGENT, 0)), "back at now");
    assert_eq!(stage.model.screen, Screen::Pane);
    stage.keys("PgUp").show(past(243, 30)).keys("i");
    assert_eq!(stage.cmds.last(), Some(&look(AGENT, 0)), "one types into what is");
}

#[test]
fn a_picture_that_was_asked_for_before_is_not_shown() {
    let mut stage = looking();
    stage.keys("]");
    let late = Msg::Pictured { target: target(AGENT, 0), result: Err(refused()) };
    stage.send(late);
    assert!(stage.model.pane.trouble.is_none() && stage.model.pane.shot.is_none());
    stage.show(picture("CodeAgency/web-agent", (80, 24), &["$ "]));
    assert!(stage.model.pane.shot.is_some());
}

#[test]
fn who_is_gone_is_not_typed_to_nor_written_to_and_its_picture_is_called_past() {
    let mut stage = looking();
    let mut board = a_busy_day();
    board.status.agencies.retain(|agency| agency.name != name("CodeAgency"));
    stage.send(Msg::Board(Box::new(board)));
    stage.cmds.clear();
    assert!(stage.text().contains("as it was last seen"), "{}", stage.text());
    stage.keys("i s A");
    assert_eq!(stage.cmds, []);
    assert!(stage.model.pane.typing.is_none() && stage.model.overlays.is_empty());
    assert!(stage.keys("?").text().contains("is not there any more"));
}
