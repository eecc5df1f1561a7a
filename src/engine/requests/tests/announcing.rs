//! Broadcasts: who gets them, who acknowledges them, and the report.

use serde_json::json;

use super::*;
use crate::domain::message::MessageType;
use crate::domain::name::Address;
use crate::engine::requests::RequestKind;
use crate::engine::testing::code_of;

/// A broadcast of the operator's that has to be acknowledged within so many minutes.
fn announce(bench: &mut Bench, minutes: i64, audience: Option<serde_json::Value>) -> MessageId {
    let deadline = (bench.world.at + SignedDuration::from_mins(minutes)).to_string();
    let body =
        json!({ "message": "rotate keys", "action_required": "do it", "deadline": deadline });
    let kind = MessageType::parse("alert").expect("a type");
    let mut draft = Draft::new(kind, Address::Everyone, body);
    draft.extra.extend(audience.map(|audience| ("audience".to_owned(), audience)));
    id_of(bench.operator(Command::SendMessage { draft }))
}

fn copy_of(bench: &Bench, id: MessageId, who: &str) -> MessageId {
    let broadcast = &bench.world.state.requests.broadcasts.all[&id];
    let own = broadcast.recipients.iter().find(|recipient| recipient.agent == agent(who));
    own.expect("a recipient").message
}

#[test]
fn when_all_have_acknowledged_it_its_sender_gets_one_report() {
    let mut bench = Bench::new();
    let id = announce(&mut bench, 60, None);
    assert_eq!(copy_of(&bench, id, "Code/lead"), id, "the first copy has the broadcast's own id");
    let other = copy_of(&bench, id, "QA/head");
    let named = &bench.world.state.mail.messages[&other].message.extra["broadcast"];
    assert_eq!(*named, json!(id));
    assert_eq!(bench.request(other).kind, RequestKind::Acknowledgement);
    bench.pass(5 * MINUTE);
    bench.agent("Code/lead", Command::AcknowledgeMessages { ids: vec![id] }).expect("acknowledged");
    assert!(bench.told("report").is_empty() && bench.is_open(other));
    // A reply is as good, also to the id that the broadcast is known by.
    bench.reply(Some("QA/head"), "operator", id);
    assert!(!bench.is_open(other));
    assert_eq!(bench.world.state.mail.messages[&other].state.as_str(), "acknowledged");
    let (to, report) = bench.told("report").remove(0);
    assert_eq!((to.as_str(), report.in_reply_to), ("operator", Some(id)));
    let words = text(&report);
    assert!(
        words.starts_with("Broadcast \"rotate keys\": 2 of 2 acknowledged it in 5 min."),
        "{words}"
    );
    assert!(!words.contains("Not acknowledged"), "{words}");
    bench.pass(600 * MINUTE);
    assert_eq!((bench.told("report").len(), bench.told("alert").len()), (1, 2));
}

#[test]
fn who_has_not_acknowledged_is_reminded_before_and_at_the_end_and_named_in_the_report() {
    let mut bench = Bench::new();
    let id = announce(&mut bench, 60, None);
    bench.agent("Code/lead", Command::AcknowledgeMessages { ids: vec![id] }).expect("acknowledged");
    let reminders = |bench: &Bench| {
        let own = bench.told("alert").into_iter().filter(|(_, message)| message.body.is_string());
        own.map(|(to, _)| to).collect::<Vec<_>>()
    };
    bench.pass(44 * MINUTE);
    assert!(reminders(&bench).is_empty());
    bench.pass(2 * MINUTE);
    assert_eq!(reminders(&bench), ["QA/head"]);
    bench.pass(15 * MINUTE);
    assert_eq!(reminders(&bench), ["QA/head", "QA/head"]);
    let (_, report) = bench.told("report").remove(0);
    let words = text(&report);
    assert!(words.contains("1 of 2 acknowledged it in 60 min."), "{words}");
    assert!(words.contains("Not acknowledged: QA/head (not acknowledged in time)"), "{words}");
    assert!(bench.told("escalation").is_empty(), "it is nobody else's to acknowledge");
    let copy = copy_of(&bench, id, "QA/head");
    bench.agent("QA/head", Command::AcknowledgeMessages { ids: vec![copy] }).expect("too late");
    let broadcast = &bench.world.state.requests.broadcasts.all[&id];
    let (acknowledged, missing) = broadcast.sides();
    assert_eq!((acknowledged.len(), missing.len()), (2, 0), "it is noted all the same");
    assert_eq!(bench.told("report").len(), 1);
}

#[test]
fn a_broadcast_is_for_coordinators_for_named_agencies_or_for_all_agents() {
    let mut bench = Bench::new();
    let who = |bench: &Bench, id: MessageId| -> Vec<String> {
        let all = &bench.world.state.requests.broadcasts.all[&id].recipients;
        all.iter().map(|recipient| recipient.agent.to_string()).collect()
    };
    let id = announce(&mut bench, 60, None);
    assert_eq!(who(&bench, id), ["Code/lead", "QA/head"]);
    let id = announce(&mut bench, 60, Some(json!(["QA"])));
    assert_eq!(who(&bench, id), ["QA/head"]);
    let id = announce(&mut bench, 60, Some(json!("everyone")));
    assert_eq!(who(&bench, id).len(), 4);
    for (audience, code) in [(json!("all"), "bad_audience"), (json!(["No"]), "agency_not_found")] {
        let kind = MessageType::parse("alert").expect("a type");
        let mut draft = Draft::new(kind, Address::Everyone, json!({ "message": "x" }));
        draft.extra.insert("audience".to_owned(), audience);
        assert_eq!(code_of(bench.operator(Command::SendMessage { draft })), code);
    }
}

#[test]
fn who_leaves_is_not_waited_for_and_a_broadcast_without_a_deed_asks_for_nothing() {
    let mut bench = Bench::new();
    let id = announce(&mut bench, 60, Some(json!("everyone")));
    for who in ["Code/lead", "Code/dev", "QA/head"] {
        let ids = vec![copy_of(&bench, id, who)];
        bench.agent(who, Command::AcknowledgeMessages { ids }).expect("acknowledged");
    }
    assert!(bench.told("report").is_empty());
    let dismiss = Command::DismissAgent {
        agency: crate::engine::testing::name("Code"),
        agent: crate::engine::testing::name("ops"),
    };
    bench.operator(dismiss).expect("dismissed");
    let words = text(&bench.told("report").remove(0).1);
    assert!(words.contains("Code/ops (`Code/ops` is not there any more)"), "{words}");
    let plain = bench.operator(crate::engine::testing::sending("*", "hello"));
    let plain = id_of(plain);
    assert!(bench.world.state.requests.broadcasts.all[&plain].ended_at.is_some());
    assert!(bench.world.state.requests.open.is_empty());
}

#[test]
fn a_broadcast_is_not_waited_for_longer_than_a_month() {
    let mut bench = Bench::new();
    announce(&mut bench, 30 * 24 * 60, None);
    let body = json!({
        "message": "rotate keys", "action_required": "do it", "deadline": "9999-01-01T00:00:00Z",
    });
    let kind = MessageType::parse("alert").expect("a type");
    let draft = Draft::new(kind, Address::Everyone, body);
    assert_eq!(code_of(bench.operator(Command::SendMessage { draft })), "bad_deadline");
}
