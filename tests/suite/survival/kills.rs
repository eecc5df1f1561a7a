//! Random kills of everything that can be killed while work goes on, each story ended by a reboot: no message is
//! lost or said twice, and every agent is on its own conversation.

use std::collections::BTreeMap;

use super::*;

/// Xorshift: the same kills for the same seed.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Kills one thing; what was killed comes back by itself, but for the supervisor.
fn kill_something(world: &World, chance: u64) {
    match chance % 5 {
        0 => world.kill_supervisor(),
        1 => drop(world.tmux(&["kill-server"])),
        2 => drop(world.tmux(&["kill-session", "-t", "=Team"])),
        3 => {
            if let Some(pane) = world.pane("Team/worker") {
                world.tmux(&["kill-pane", "-t", &pane]);
            }
        }
        _ => {
            let pid =
                world.pane("Team/helper").map(|_| world.of_pane("Team/helper", "#{pane_pid}"));
            if let Some(pid) = pid.and_then(|pid| pid.trim().parse().ok()) {
                signal(pid, Signal::KILL);
            }
        }
    }
}

/// How often each message stands as delivered in the ledger.
fn deliveries(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in world.events().iter().filter(|event| event.kind == "message_delivered") {
        *counts.entry(event.subject.clone()).or_default() += 1;
    }
    counts
}

fn survives(seed: u64) {
    let world = World::new();
    make_team(&world, "panes");
    make_desk(&world);
    let worktree = assign(&world);
    let mut state = seed;
    let mut sent = Vec::new();
    for number in 0..4 {
        let to = ["Team/worker", "Team/helper", "Desk/clerk"]
            [usize::try_from(next(&mut state) % 3).expect("small")];
        sent.push(send(&world, to, &format!("number {number}")));
        kill_something(&world, next(&mut state));
    }
    reboot(&world);
    if next(&mut state).is_multiple_of(2) {
        std::fs::remove_dir_all(&worktree).expect("removed");
    }
    world.must(&["up"]);
    wait_for_team(&world);
    sent.push(send(&world, "Team/lead", "the last one"));
    world.wait_until("every message to be somewhere", PATIENCE, || {
        sent.iter().all(|id| is_settled(&message(&world, id)))
    });
    world.wait_until("the worktree to stand", PATIENCE, || worktree.join(".git").exists());
    let accepted = world.events().iter().filter(|event| event.kind == "message_accepted").count();
    assert_eq!(accepted, sent.len() + 1, "each once, and the task");
    assert!(deliveries(&world).values().all(|times| *times == 1), "{:?}", deliveries(&world));
    for id in &sent {
        let its = message(&world, id);
        let waits = its["state"] == "routed";
        let to = its["to"].as_str().expect("an address").to_owned();
        assert_eq!(waits, mailed(&world, &to, id).exists(), "{its}");
    }
}

/// Delivered, or said why not: it waits for a shell, or nobody knows whether it arrived.
fn is_settled(message: &Value) -> bool {
    let is_said = message["reason"].as_str().is_some_and(|why| why.contains("uncertain"));
    let is_done = ["delivered", "acknowledged"].iter().any(|state| message["state"] == *state);
    is_done || is_said || (message["to"] == "Desk/clerk" && message["state"] == "routed")
}

macro_rules! seeds {
    ($($name:ident: $seed:literal,)+) => {
        $(
            #[test]
            fn $name() {
                survives($seed);
            }
        )+
    };
}

seeds! {
    nothing_is_lost_or_doubled_with_seed_1: 0x5eed_0001,
    nothing_is_lost_or_doubled_with_seed_2: 0x1234_5678,
    nothing_is_lost_or_doubled_with_seed_3: 0xdead_beef,
    nothing_is_lost_or_doubled_with_seed_4: 0x0bad_cafe,
    nothing_is_lost_or_doubled_with_seed_5: 0x7777_0005,
    nothing_is_lost_or_doubled_with_seed_6: 0x2468_ace0,
    nothing_is_lost_or_doubled_with_seed_7: 0x1357_9bdf,
    nothing_is_lost_or_doubled_with_seed_8: 0xfeed_f00d,
    nothing_is_lost_or_doubled_with_seed_9: 0x9e37_79b9,
    nothing_is_lost_or_doubled_with_seed_10: 0xa5a5_5a5a,
}

/// The conversation that the program in an agent's pane was started with.
fn conversation(world: &World, agent: &str) -> String {
    let pid = world.of_pane(agent, "#{pane_pid}");
    let line = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).into_owned();
    let mut words = line.split('\0').skip_while(|word| *word != "--conversation");
    words.nth(1).unwrap_or_default().to_owned()
}

#[test]
fn two_agents_in_one_folder_each_go_on_with_their_own_conversation() {
    let world = World::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/standin");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a description");
    let base = read("standin.toml").replace("@FOLDER@", &text(&folder));
    let start =
        base.lines().find(|line| line.starts_with("arguments")).expect("arguments").to_owned();
    let settings = "\n[files.\"settings.json\"]\njson = '{ \"hooks\": true }'\n";
    let resume = format!("\n[resume]\n{start}\n");
    let description = base + &read("reports.toml") + settings + &resume;
    world.write("templates/runtimes/standin.toml", &description);
    let who = ["--coordinator", "one", "--agents", "two", "--runtime", "standin"];
    world.must(&[&["create", "Pair"][..], &who].concat());
    let agents = ["Pair/one", "Pair/two"];
    for agent in agents {
        world.wait_for_state(agent, "idle");
        let id = send(&world, agent, "say something");
        world.wait_until("it to be delivered", PATIENCE, || {
            message(&world, &id)["state"] == "delivered"
        });
        world.wait_for_state(agent, "idle");
    }
    let before = agents.map(|agent| conversation(&world, agent));
    assert!(before[0] != before[1] && !before[0].is_empty(), "{before:?}");
    let same = || agents.map(|agent| conversation(&world, agent)) == before;
    world.tmux(&["kill-server"]);
    world.wait_until("both on their own after a killed server", PATIENCE, || {
        agents.iter().all(|agent| world.pane(agent).is_some()) && same()
    });
    agents.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
    reboot(&world);
    let back = up(&world, "Pair");
    for at in 0..2 {
        assert_eq!(back["agents"][at]["outcome"], "resumed", "{back}");
        assert_eq!(back["agents"][at]["conversation"], before[at], "{back}");
    }
    world.wait_until("both on their own after a reboot", PATIENCE, || {
        agents.iter().all(|agent| world.pane(agent).is_some()) && same()
    });
}
