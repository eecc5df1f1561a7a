//! What a program is started with.

use super::*;
use crate::service::programs::Programs;
use crate::service::testing::Fakes;

const CHAT: &str = r#"
title = "Chat"
command = ["chat"]
[start]
arguments = ["--id", "{conversation}", "--settings", "{files}/s.json", "--system", "{briefing}", "c={briefing:json}"]
conversation = "chosen"
[resume]
arguments = ["--resume", "{conversation}"]
[report]
conversation = "session_id"
[environment]
NOTES = "{briefing_file}"
SERVER = "http://127.0.0.1:{port}/?{password}"
[files."s.json"]
json = '{ "hook": "{agency} hook Stop", "who": ["{agent}"] }'
"#;

fn ordered(runtime: &str, settings: &str) -> Order {
    let fakes = Fakes::empty();
    fakes.folder.put("templates/runtimes/chat.toml", CHAT);
    fakes.folder.put("agency.toml", settings);
    ordered_by(&fakes, runtime)
}

fn ordered_by(fakes: &Fakes, runtime: &str) -> Order {
    let outside = fakes.outside();
    outside.programs.put(Programs::load(&fakes.folder).expect("loaded"));
    let mut state = State::default();
    let mut definition = crate::engine::testing::definition("Code", &["lead", "dev"]);
    for agent in &mut definition.agents {
        agent.runtime = crate::engine::testing::name(runtime);
    }
    let at = outside.clock.now();
    let event = crate::engine::event::Event::AgencyDefined { definition: Box::new(definition) };
    state.apply(&event, at);
    let dev = crate::engine::testing::agent("Code/dev");
    let agency = state.sessions.agencies.values_mut().next().expect("an agency");
    agency.agents.entry(dev.agent.clone()).or_default().spawn = Some(uuid::Uuid::from_u128(7));
    let mut order = order(&state, &outside, &dev).expect("ordered");
    order.brief("You are \"dev\".\nDo {home}.".to_owned());
    order
}

fn secrets() -> Secrets {
    Secrets { port: Some(4100), password: Some("hush".to_owned()) }
}

#[test]
fn everything_is_filled_in_and_nothing_is_read_twice() {
    let order = ordered("chat", "");
    assert!(order.wants("port") && order.wants("password") && !order.wants("text"));
    let view = order.fill(&secrets());
    let id = uuid::Uuid::from_u128(7).to_string();
    let files = format!("/fake/home/registry/lives/{id}");
    assert_eq!(view.argv[..2], ["chat", "--id"]);
    let conversation = uuid::Uuid::parse_str(&view.argv[2]).expect("a UUID");
    assert_eq!(conversation.get_version_num(), 4, "some programs refuse versions after 5");
    assert_eq!(view.argv[4], format!("{files}/s.json"));
    assert_eq!(view.argv[6], "You are \"dev\".\nDo {home}.");
    assert_eq!(view.argv[7], r#"c="You are \"dev\".\nDo {home}.""#);
    assert_eq!(view.env["SERVER"], "http://127.0.0.1:4100/?hush");
    assert_eq!(view.env["NOTES"], format!("{files}/briefing.md"));
    let text = |name: &str| {
        view.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    };
    let settings: Value = serde_json::from_str(text("s.json").expect("there")).expect("JSON");
    assert_eq!(settings["hook"], "/fake/bin/agency hook Stop");
    assert_eq!(settings["who"][0], "Code/dev");
    assert_eq!(text("port"), Some("4100\n"));
    assert_eq!(text("password"), Some("hush\n"));
    assert_eq!(text("briefing.md"), Some("You are \"dev\".\nDo {home}."));
    assert!(!view.prints_briefing);
}

#[test]
fn a_program_that_takes_no_briefing_is_given_it_as_its_first_prompt() {
    let prompted = r#"
title = "Chat"
command = ["chat"]
[start]
arguments = ["--quiet"]
first_prompt = ["-i", "{prompt}"]
"#;
    let fakes = Fakes::empty();
    fakes.folder.put("templates/runtimes/chat.toml", prompted);
    let view = ordered_by(&fakes, "chat").fill(&secrets());
    assert_eq!(view.argv, ["chat", "--quiet", "-i", "You are \"dev\".\nDo {home}."]);
    assert!(!view.prints_briefing);
}

#[test]
fn an_order_is_the_same_after_its_way_over_the_socket() {
    for order in [ordered("chat", ""), ordered("odd", ODD)] {
        let text = serde_json::to_string(&order).expect("JSON");
        assert_eq!(serde_json::from_str::<Order>(&text).expect("read"), order);
    }
}

#[test]
fn a_program_that_tells_of_no_conversation_goes_on_with_the_same_one_in_every_life() {
    let silent = CHAT.replace("[report]\nconversation = \"session_id\"\n", "");
    let fakes = Fakes::empty();
    fakes.folder.put("templates/runtimes/chat.toml", &silent);
    let outside = fakes.outside();
    outside.programs.put(Programs::load(&fakes.folder).expect("loaded"));
    let programs = outside.programs.current();
    let (_, description) = programs.require_described("chat").expect("described");
    let of = |state: &State, who| {
        unreported(state, &outside.home, description, &crate::engine::testing::agent(who))
    };
    let state = State::default();
    assert_eq!(of(&state, "Code/dev"), of(&state, "Code/dev"));
    assert_ne!(of(&state, "Code/dev"), of(&state, "Code/lead"));
    assert!(
        of(&state, "Code/dev")
            .is_some_and(|id| uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 4))
    );
}

#[test]
fn whoever_has_the_name_of_one_who_left_begins_a_conversation_of_its_own() {
    use crate::engine::event::Event;
    let silent = CHAT.replace("[report]\nconversation = \"session_id\"\n", "");
    let fakes = Fakes::empty();
    fakes.folder.put("templates/runtimes/chat.toml", &silent);
    let outside = fakes.outside();
    let programs = Programs::load(&fakes.folder).expect("loaded");
    let (_, description) = programs.require_described("chat").expect("described");
    let (dev, code) =
        (crate::engine::testing::agent("Code/dev"), crate::engine::testing::name("Code"));
    let whole = Box::new(crate::engine::testing::definition("Code", &["lead", "dev"]));
    let one = Box::new(whole.agents[1].clone());
    let mut state = State::default();
    let mut after = |event: Event| {
        state.apply(&event, outside.clock.now());
        unreported(&state, &outside.home, description, &dev).expect("a conversation")
    };
    let define = || Event::AgencyDefined { definition: whole.clone() };
    let first = after(define());
    assert_eq!(after(define()), first, "read again it is the same agent");
    assert_eq!(after(Event::AgencyStopped { agency: code.clone() }), first);
    let (agency, definition) = (code.clone(), one.clone());
    after(Event::AgentDismissed { agency, definition, reason: None, act: None });
    after(Event::CrewWritten { agency: code.clone(), change: 1 });
    let second = after(Event::AgentHired { agency: code.clone(), definition: one.clone() });
    assert_ne!(second, first, "another agent of the same name");
    after(Event::AgencyArchived { agency: code.clone(), folder: PathBuf::from("archive/Code") });
    let third = after(define());
    assert!(third != second && third != first, "another agency of the same name");
}

const ODD: &str = "[runtime.odd]\ncommand = [\"sh\", \"-c\", \"echo ${port} {home}\"]\n";

#[test]
fn a_command_of_the_settings_is_taken_word_by_word_and_told_its_briefing_in_the_pane() {
    let order = ordered("odd", ODD);
    let view = order.fill(&secrets());
    assert_eq!(view.argv, ["sh", "-c", "echo ${port} {home}"]);
    assert!(view.prints_briefing && view.briefing.starts_with("You are"));
    assert!(ordered("shell", "").fill(&Secrets::default()).argv.is_empty());
    let own = ordered("rehearsal", "").fill(&Secrets::default());
    assert_eq!(own.argv, ["/fake/bin/agency", "rehearse"]);
}

#[test]
fn a_briefing_that_no_argument_can_hold_is_cut_and_says_so() {
    let mut order = ordered("chat", "");
    order.brief("ü\"".repeat(200_000));
    let view = order.fill(&secrets());
    assert!(view.argv.iter().all(|word| word.len() < MAX_ARGUMENT));
    assert!(view.argv[6].ends_with("`agency brief` shows all of it.)\n"));
    let whole = view.files.iter().find(|(name, _)| name == "briefing.md").expect("there");
    assert_eq!(whole.1.len(), 600_000, "a file takes it whole");
}
