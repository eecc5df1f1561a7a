//! What a person who looks at a pane, and types into it, may count on.

use std::sync::mpsc;

use super::{World, order, wait_for};
use crate::ports::terminals::viewing::{Held, Key, KeysOrder, Pressed, Stroke};
use crate::ports::terminals::{PaneId, PaneLife, PaneSeen, Typed};

/// An order of a person who sees that pane.
#[expect(clippy::disallowed_methods, reason = "a server goes by the system's clock")]
pub fn keys(seen: &PaneSeen, strokes: Vec<Stroke>) -> KeysOrder {
    let at = jiff::Timestamp::now();
    KeysOrder { pane: seen.pane.clone(), spawn: seen.spawn, at, strokes }
}

/// A key with nothing held.
pub fn key(key: Key) -> Stroke {
    Stroke::Key(key, Held::default())
}

/// A line and Enter.
pub fn line(text: &str) -> Vec<Stroke> {
    text.chars().map(|c| key(Key::Char(c))).chain([key(Key::Enter)]).collect()
}

/// Waits until the program in a pane takes what is typed: it has had one line then.
fn settled(world: &dyn World, seen: &PaneSeen) {
    let typed = super::type_when_ready(world, &order(seen, "first", "first"));
    assert_eq!(typed, Typed::Submitted);
    wait_for("it is received", || world.received(seen).len() == 1);
}

/// What is printed is told to whoever looks, and is in the picture; a pane that is gone has none, and
/// nobody is told any more who has stopped to look.
pub fn a_pane_that_is_looked_at_is_told_and_pictured(world: &dyn World) {
    let made = world.terminals().ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    let (sender, hints) = mpsc::channel();
    let hint = Box::new(move || {
        let _ = sender.send(());
    });
    let looking = world.terminals().observe(&made[0].pane, hint).expect("it is there");
    world.print(&made[0].pane, "hello");
    let picture = || world.terminals().picture(&made[0].pane, 0).expect("it answers");
    let mut is_told = false;
    wait_for("it is told and pictured", || {
        is_told |= hints.try_iter().count() > 0;
        is_told && picture().is_some_and(|seen| seen.rows.iter().any(|row| row.contains("hello")))
    });
    let seen = picture().expect("it is there");
    assert_eq!((&seen.agent, seen.spawn, seen.above), (&made[0].agent, made[0].spawn, 0));
    assert_eq!((seen.life, seen.in_mode), (PaneLife::Alive, false));
    assert!(looking.is_alive());
    drop(looking);
    world.kill_pane(&made[0].pane);
    assert_eq!(picture(), None);
    assert_eq!(world.terminals().picture(&PaneId("%9999".to_owned()), 0), Ok(None));
    world.kill_server();
    assert_eq!(world.terminals().picture(&made[1].pane, 0), Ok(None));
}

/// Keys arrive in order in the life that is seen; another one, a dead and a closed pane get none.
pub fn keys_reach_only_the_life_that_is_seen(world: &dyn World) {
    let seen = world.terminals().ensure(&world.plan(&["lead"])).expect("made").remove(0);
    settled(world, &seen);
    let press = |seen: &PaneSeen, text: &str| {
        world.terminals().press(&keys(seen, line(text))).expect("it answers")
    };
    let refused = |reason: &str| Pressed::Refused { reason: reason.to_owned() };
    let stranger = PaneSeen { spawn: uuid::Uuid::from_u128(7), ..seen.clone() };
    assert_eq!(press(&stranger, "lost"), refused("another life is in the pane"));
    assert_eq!(press(&seen, "it's; $HOME \u{fc}\u{4e2d} -;"), Pressed::Taken);
    wait_for("the line is received", || world.received(&seen).len() == 2);
    assert_eq!(world.received(&seen)[1], "it's; $HOME \u{fc}\u{4e2d} -;");
    world.end_program(&seen);
    wait_for("the pane is dead", || press(&seen, "lost") == refused("the pane is dead"));
    world.kill_server();
    assert_eq!(press(&seen, "lost"), refused("the pane is gone"));
}

/// A text of ours is not typed where a person types, though the input line looks empty again.
pub fn keys_of_a_person_keep_texts_away(world: &dyn World) {
    let seen = world.terminals().ensure(&world.plan(&["lead"])).expect("made").remove(0);
    let order = order(&seen, "text tok", "tok");
    settled(world, &seen);
    world.terminals().press(&keys(&seen, line("mine"))).expect("it answers");
    wait_for("the line is received", || world.received(&seen).len() == 2);
    let typed = super::type_when_ready(world, &order);
    assert_eq!(typed, Typed::NotReady { reason: "a person is typing".to_owned() });
    world.terminals().press(&keys(&seen, vec![key(Key::Char('x'))])).expect("it answers");
    let typed = super::type_when_ready(world, &order);
    assert_eq!(typed, Typed::NotReady { reason: "a person is typing".to_owned() });
    assert_eq!(world.received(&seen), ["first", "mine"]);
}
