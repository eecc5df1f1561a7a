//! Typing into a real program: every byte arrives, once, and only where it belongs.

use super::*;
use crate::ports::terminals::PaneLife;
use crate::ports::terminals::contract::{order, type_when_ready};

fn one(world: &RealWorld) -> PaneSeen {
    world.tmux.ensure(&world.plan(&["lead"])).expect("it is made").remove(0)
}

fn refusal(world: &RealWorld, seen: &PaneSeen) -> String {
    match type_when_ready(world, &order(seen, "text tok", "tok")) {
        Typed::NotReady { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nasty_texts_arrive_byte_for_byte() {
    let world = RealWorld::new();
    let seen = one(&world);
    let texts = [
        "it's \"quoted\" `x` tok",
        "tok # comment ; second ; $HOME ${x} #{pid} #(id) %1 tok",
        "~ at the start, \\ and \\n and \\; tok;",
        "tok trailing;",
        "-t looks like a flag tok",
        "--",
        "{ tok }",
        "one\ntwo 'x'\n\n\tthree \\ $HOME \"y\" tok",
        "\u{fc}\u{df} \u{4e2d}\u{6587} \u{1f600} e\u{301} tok",
        "new-window ; kill-server tok",
    ];
    for text in texts {
        let token = if text == "--" { "--" } else { "tok" };
        assert_eq!(type_when_ready(&world, &order(&seen, text, token)), Typed::Submitted, "{text}");
    }
    wait_for("all are received", || world.received(&seen).len() == texts.len());
    assert_eq!(world.received(&seen), texts);
}

#[test]
fn a_hundred_kibibytes_arrive_whole_and_control_characters_do_not() {
    let world = RealWorld::new();
    let seen = one(&world);
    let line = "a line of some length with 'quotes' and \u{fc}\n";
    let text = format!("{}end-tok", line.repeat(100 * 1024 / line.len()));
    let sent = text.replace("end-tok", "\u{1b}[201~\r\u{7}end-tok\r\n");
    assert_eq!(type_when_ready(&world, &order(&seen, &sent, "end-tok")), Typed::Submitted);
    wait_for("it is received", || !world.received(&seen).is_empty());
    assert_eq!(world.received(&seen), [text.replace("end-tok", "[201~\nend-tok")]);
}

#[test]
fn nothing_is_typed_in_copy_mode() {
    let world = RealWorld::new();
    let seen = one(&world);
    wait_for("the prompt", || world.tmux.screen(&seen.pane).is_ok_and(|s| s.contains('\u{203a}')));
    world.user(&["copy-mode", "-t", &seen.pane.0]);
    assert_eq!(refusal(&world, &seen), "copy mode");
    world.user(&["copy-mode", "-q", "-t", &seen.pane.0]);
    assert_eq!(type_when_ready(&world, &order(&seen, "tok", "tok")), Typed::Submitted);
}

#[test]
fn keys_that_would_reach_other_panes_too_are_refused() {
    let world = RealWorld::new();
    let made = world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    let keys = |at: usize| {
        let (pane, spawn) = (made[at].pane.clone(), made[at].spawn);
        let strokes = crate::ports::terminals::contract::line("zebra");
        let order = KeysOrder { pane, spawn, at: jiff::Timestamp::UNIX_EPOCH, strokes };
        world.tmux.press(&order).expect("it answers")
    };
    let prompt =
        |at: usize| world.tmux.screen(&made[at].pane).is_ok_and(|s| s.contains('\u{203a}'));
    wait_for("the prompts", || prompt(0) && prompt(1));
    world.user(&["set-option", "-w", "-t", &made[0].pane.0, "synchronize-panes", "on"]);
    let reason = "its panes are synchronized: keys would reach others too".to_owned();
    assert_eq!(keys(0), Pressed::Refused { reason });
    world.user(&["set-option", "-w", "-t", &made[0].pane.0, "synchronize-panes", "off"]);
    assert_eq!(keys(0), Pressed::Taken);
    wait_for("it is received", || world.received(&made[0]) == ["zebra"]);
    assert_eq!(world.received(&made[1]), Vec::<String>::new());
}

#[test]
fn a_dead_pane_takes_nothing_and_the_server_lives() {
    let world = RealWorld::new();
    let seen = one(&world);
    let pid = world.server_pid();
    world.end_program(&seen);
    wait_for("the pane is dead", || refusal(&world, &seen) == "pane is dead");
    assert_eq!(world.server_pid(), pid);
}

#[test]
fn a_pane_that_dies_between_look_and_paste_does_not_end_the_server() {
    let world = RealWorld::new();
    let pid = {
        one(&world);
        world.server_pid()
    };
    // Twenty races between the end of a program and a paste into it.
    for _ in 0..20 {
        let seen = one(&world);
        wait_for("the prompt", || {
            world.tmux.screen(&seen.pane).is_ok_and(|s| s.contains('\u{203a}'))
        });
        std::thread::scope(|scope| {
            scope.spawn(|| world.end_program(&seen));
            let typed = world.tmux.type_text(&order(&seen, "tok", "tok")).expect("it answers");
            assert!(matches!(
                typed,
                Typed::NotReady { .. } | Typed::Uncertain { .. } | Typed::Submitted
            ));
        });
        let life = || world.tmux.look().expect("it answers").panes[0].life;
        wait_for("the pane is dead", || life() != PaneLife::Alive);
    }
    assert_eq!(world.server_pid(), pid);
    assert_eq!(world.user(&["list-buffers", "-F", "#{buffer_name}"]), "");
}

#[test]
fn a_text_that_does_not_show_is_uncertain_and_never_submitted() {
    let world = RealWorld::new();
    let seen = one(&world);
    let mut order = order(&seen, "text", "another token");
    order.deadline_ms = 300;
    let typed = type_when_ready(&world, &order);
    assert!(matches!(typed, Typed::Uncertain { .. }), "{typed:?}");
    assert_eq!(world.received(&seen), Vec::<String>::new());
}
