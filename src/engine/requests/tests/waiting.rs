//! Who waits for whom: a circle is refused where it would close.

use super::*;
use crate::domain::refusal::RefusalKind;

/// An agent asks another one and waits ten minutes.
fn ask(bench: &mut Bench, from: &str, to: &str) -> Result<MessageId, Refusal> {
    let command = Command::AskQuestion { draft: draft(to, "QUESTION which port?"), wait_s: 600 };
    match bench.agent(from, command)? {
        Answer::Id(id) => Ok(id.parse().expect("an id")),
        other => panic!("no id: {other:?}"),
    }
}

#[test]
fn two_that_would_wait_for_each_other_are_told_whose_turn_it_is() {
    let mut bench = Bench::new();
    let first = ask(&mut bench, "Code/dev", "Code/lead").expect("asked");
    let before = bench.world.past.len();
    let refusal = ask(&mut bench, "Code/lead", "Code/dev").expect_err("a circle");
    assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "waiting_cycle"));
    assert_eq!(refusal.message, "`Code/lead` would wait for `Code/dev`, who waits for `Code/lead`");
    let hint =
        format!("answer message {first} first: agency send Code/dev \"…\" --in-reply-to {first}");
    assert_eq!(refusal.hint, Some(hint));
    assert_eq!(bench.world.past.len(), before, "nothing was sent");
    bench.reply(Some("Code/lead"), "Code/dev", first);
    ask(&mut bench, "Code/lead", "Code/dev").expect("who has its answer does not wait");
}

#[test]
fn nobody_asks_themselves_or_everyone() {
    let mut bench = Bench::new();
    let before = bench.world.past.len();
    for (from, to, code) in [
        ("Code/dev", "Code/dev", "asks_itself"),
        ("Code/lead", "Code", "asks_itself"),
        ("Code/lead", "*", "asks_everyone"),
    ] {
        let refusal = ask(&mut bench, from, to).expect_err("nobody would answer");
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Usage, code));
    }
    let own = Command::AskQuestion { draft: draft("operator", "QUESTION me?"), wait_s: 600 };
    assert_eq!(bench.operator(own).expect_err("refused").code, "asks_itself");
    assert_eq!(bench.world.past.len(), before, "nothing was sent");
}

#[test]
fn a_circle_of_any_length_is_named_whole() {
    let mut bench = Bench::new();
    ask(&mut bench, "Code/dev", "Code/ops").expect("asked");
    ask(&mut bench, "Code/ops", "Code/lead").expect("asked");
    let owed = ask(&mut bench, "Code/lead", "QA").expect("asked");
    let refusal = ask(&mut bench, "QA/head", "Code/lead").expect_err("a short one");
    assert!(refusal.hint.expect("a hint").contains(&owed.to_string()));
    let refusal = ask(&mut bench, "Code/lead", "Code/dev").expect_err("a long one");
    assert_eq!(
        refusal.message,
        "`Code/lead` would wait for `Code/dev`, who waits for `Code/ops`, who waits for `Code/lead`"
    );
    // To ask without waiting closes no circle.
    let draft = draft("Code/dev", "QUESTION still there?");
    bench.agent("Code/lead", Command::AskQuestion { draft, wait_s: 0 }).expect("asked");
}

#[test]
fn who_has_stopped_waiting_or_died_does_not_count() {
    let circle = |bench: &mut Bench| ask(bench, "Code/lead", "Code/dev").map(|_| ());
    let mut bench = Bench::new();
    let question = ask(&mut bench, "Code/dev", "Code/lead").expect("asked");
    bench.agent("Code/dev", Command::EndWait { question }).expect("ended");
    circle(&mut bench).expect("it said so");

    let mut bench = Bench::new();
    ask(&mut bench, "Code/dev", "Code/lead").expect("asked");
    bench.pass(601);
    circle(&mut bench).expect("its time is over");

    let mut bench = Bench::new();
    ask(&mut bench, "Code/dev", "Code/lead").expect("asked");
    bench.world.look(|panes| panes.retain(|pane| pane.agent != agent("Code/dev")));
    circle(&mut bench).expect("it has died");
}

#[test]
fn who_goes_on_waiting_closes_a_circle_as_well() {
    let mut bench = Bench::new();
    let draft = draft("Code/lead", "QUESTION which port?");
    let question = id_of(bench.agent("Code/dev", Command::AskQuestion { draft, wait_s: 0 }));
    ask(&mut bench, "Code/lead", "Code/dev").expect("nobody waits yet");
    let command = Command::AwaitAnswer { question, wait_s: 60 };
    let refused = bench.agent("Code/dev", command.clone()).map_err(|refusal| refusal.code);
    assert_eq!(refused, Err("waiting_cycle".to_owned()));
    // Whose question it is not waits for nothing by it.
    bench.agent("QA/head", command).expect("no matter");
    assert_eq!(bench.world.state.requests.waits.open.len(), 1);
}
