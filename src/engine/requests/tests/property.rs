//! Whatever happens, a request is answered, closed, or with the operator in bounded time, and only climbs.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::testing::name;

const AGENTS: [&str; 4] = ["Code/lead", "Code/dev", "Code/ops", "QA/head"];

#[derive(Debug, Clone)]
enum Act {
    Ask { from: usize, to: usize, priority: Priority, waits: bool },
    Answer { request: usize, by: usize },
    Pass { seconds: i64 },
    Sleep { seconds: i64 },
    Turn { who: usize, state: AgentState },
    Stop { agency: &'static str },
    Start,
    Close { request: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let priority = prop::sample::select(vec![
        Priority::Low,
        Priority::Normal,
        Priority::High,
        Priority::Critical,
    ]);
    let state = prop::sample::select(vec![
        AgentState::Idle,
        AgentState::Working,
        AgentState::Limited,
        AgentState::Blocked,
    ]);
    prop_oneof![
        4 => (0..4_usize, 0..5_usize, priority, any::<bool>())
            .prop_map(|(from, to, priority, waits)| Act::Ask { from, to, priority, waits }),
        2 => (0..8_usize, 0..5_usize).prop_map(|(request, by)| Act::Answer { request, by }),
        4 => (1..10_000_i64).prop_map(|seconds| Act::Pass { seconds }),
        1 => (1..100_000_i64).prop_map(|seconds| Act::Sleep { seconds }),
        2 => (0..4_usize, state).prop_map(|(who, state)| Act::Turn { who, state }),
        1 => prop::sample::select(vec!["Code", "QA"]).prop_map(|agency| Act::Stop { agency }),
        2 => Just(Act::Start),
        1 => (0..8_usize).prop_map(|request| Act::Close { request }),
    ]
}

impl Bench {
    fn nth(&self, number: usize) -> Option<Request> {
        let open = &self.world.state.requests.open;
        open.values().nth(number % open.len().max(1)).cloned()
    }

    fn take(&mut self, act: &Act) {
        match act {
            Act::Ask { from, to, priority, waits } => {
                let to = AGENTS.get(*to).copied().unwrap_or("operator");
                let draft = Draft { priority: *priority, ..draft(to, "QUESTION x") };
                let wait_s = if *waits { 600 } else { 0 };
                // Some may not speak with some, nobody asks themselves, and no circle is closed.
                let _ = self.agent(AGENTS[*from], Command::AskQuestion { draft, wait_s });
            }
            Act::Answer { request, by } => {
                let Some(request) = self.nth(*request) else { return };
                let mut draft = draft(&request.asker.to_string(), "8080");
                draft.in_reply_to = Some(request.id);
                let command = Command::SendMessage { draft };
                let _ = match AGENTS.get(*by) {
                    Some(who) => self.agent(who, command),
                    None => self.operator(command),
                };
            }
            Act::Pass { seconds } => self.pass(*seconds),
            Act::Sleep { seconds } => {
                self.world.wait_ms(seconds * 1_000);
                self.ring();
            }
            Act::Turn { who, state } => self.report_if_alive(AGENTS[*who], *state),
            Act::Stop { agency } => {
                let names = vec![name(agency)];
                self.operator(Command::StopAgencies { names }).expect("stopped");
            }
            Act::Start => {
                self.operator(Command::StartAgencies { names: Vec::new() }).expect("started");
                let turns = self.world.open_panes();
                turns.iter().for_each(|turn| self.see(turn));
            }
            Act::Close { request } => {
                if let Some(request) = self.nth(*request) {
                    let id = request.id;
                    self.operator(Command::CloseRequest { id, reason: None }).expect("closed");
                }
            }
        }
    }

    fn report_if_alive(&mut self, who: &str, state: AgentState) {
        if self.world.spawn_of(who).is_some() {
            self.report(who, state);
        }
    }
}

/// What is known of each request: its level, its steps, and whether it is over.
type Seen = BTreeMap<MessageId, (Level, usize, bool)>;

fn seen(bench: &Bench) -> Seen {
    let requests = &bench.world.state.requests;
    let all = requests.open.values().chain(&requests.closed);
    all.map(|one| (one.id, (one.level, one.steps.len(), one.end.is_some()))).collect()
}

/// Nothing goes back, nothing steps twice at once, and the lists agree with each other.
fn check(before: &Seen, bench: &Bench, is_sudden: bool) {
    let after = seen(bench);
    for (id, (level, steps, is_over)) in before {
        let Some((now, taken, over)) = after.get(id) else { continue };
        assert!(now >= level && taken >= steps, "{id} went back");
        assert!(!is_over || (*over && taken == steps), "{id} went on after its end");
        assert!(!is_sudden || taken - steps <= 1, "{id} took {} steps at once", taken - steps);
    }
    let requests = &bench.world.state.requests;
    for request in requests.open.values() {
        let climbs: Vec<Level> = request
            .steps
            .iter()
            .filter(|step| step.what == crate::engine::requests::What::Escalated)
            .map(|step| step.level)
            .collect();
        assert!(climbs.windows(2).all(|pair| pair[0] < pair[1]), "{request:?}");
        assert!(request.steps.len() <= 7, "a reminder and a climb for each level: {request:?}");
        let is_held = requests.held.values().any(|held| held.contains(&request.id));
        assert_eq!(is_held, request.level != Level::Operator, "{request:?}");
    }
    let held: usize = requests.held.values().map(std::collections::BTreeSet::len).sum();
    assert!(held <= requests.open.len());
    assert!(requests.told.values().flatten().all(|id| requests.open.contains_key(id)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_request_is_answered_or_reaches_the_operator_and_never_goes_back(
        acts in prop::collection::vec(act(), 1..40)
    ) {
        let mut bench = Bench::new();
        for act in &acts {
            let before = seen(&bench);
            bench.take(act);
            check(&before, &bench, matches!(act, Act::Sleep { .. }));
        }
        // Three levels of four hours each, and a minute more for each that others were reminded first.
        bench.pass(3 * (4 * 3_600 + 60));
        let open = &bench.world.state.requests.open;
        let left: Vec<_> = open.values().filter(|one| one.level != Level::Operator).collect();
        prop_assert!(left.is_empty(), "{left:#?}");
        let listed = bench.attention();
        prop_assert!(open.len() <= listed.len(), "{listed:?}");
    }
}
