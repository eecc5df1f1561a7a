//! What a person arranged, seen and put back; and sessions of our name that somebody else made.

use super::*;
use crate::ports::terminals::{Arrangement, AttachWish};

fn layout(world: &RealWorld) -> String {
    world.user(&["display-message", "-p", "-t", "=Code:agents", "#{window_layout}"])
}

/// Agents and widths, in the order of their panes.
fn widths(world: &RealWorld) -> String {
    let format = "#{@agency_agent} #{pane_width}x#{pane_height}";
    world.user(&["list-panes", "-t", "=Code:agents", "-F", format])
}

fn arranged(world: &RealWorld) -> Vec<Arrangement> {
    let seen = world.tmux.look().expect("it answers").arranged;
    seen.into_iter().map(|(_, arrangement)| arrangement).collect()
}

/// A session of three whose panes a person has moved, and how.
fn moved_by_hand(world: &RealWorld) -> (SessionPlan, Vec<Arrangement>) {
    let plan = world.plan(&["lead", "dev", "qa"]);
    let made = world.tmux.ensure(&plan).expect("it is made");
    assert_eq!(arranged(world), [], "nobody has arranged it yet");
    world.user(&["resize-pane", "-t", &made[0].pane.0, "-x", "90"]);
    world.user(&["swap-pane", "-d", "-s", &made[1].pane.0, "-t", &made[2].pane.0]);
    let seen = arranged(world);
    assert_eq!(seen.len(), 1, "{seen:?}");
    let names: Vec<&str> = seen[0].agents.iter().map(Name::as_str).collect();
    assert_eq!(
        (seen[0].window.as_str(), names.as_slice()),
        ("agents:1", &["lead", "qa", "dev"][..])
    );
    (plan, seen)
}

#[test]
fn what_a_person_arranged_comes_back_with_another_server() {
    let world = RealWorld::new();
    let (_, seen) = moved_by_hand(&world);
    let before = widths(&world);
    world.kill_server();
    let plan = SessionPlan { arranged: seen, ..world.plan(&["lead", "dev", "qa"]) };
    world.tmux.ensure(&plan).expect("it comes back");
    assert_eq!(widths(&world), before);
    assert_eq!(arranged(&world), [], "what we have put back is known");
    let restored = layout(&world);
    world.tmux.ensure(&plan).expect("nothing to do");
    assert_eq!(layout(&world), restored);
}

#[test]
fn a_pane_that_is_made_again_takes_its_place_in_what_a_person_arranged() {
    let world = RealWorld::new();
    let (plan, seen) = moved_by_hand(&world);
    let before = widths(&world);
    let dev = world.tmux.look().expect("it answers").panes;
    let dev = dev.iter().find(|pane| pane.agent.agent.as_str() == "dev").expect("it is there");
    world.kill_pane(&dev.pane);
    assert_eq!(arranged(&world), [], "another set of panes is no arrangement");
    let plan = SessionPlan { arranged: seen, ..plan };
    world.tmux.ensure(&plan).expect("it comes back");
    assert_eq!(widths(&world), before);
}

#[test]
fn a_terminal_of_another_size_arranges_nothing() {
    let world = RealWorld::new();
    let (_, seen) = moved_by_hand(&world);
    world.user(&["resize-window", "-t", "=Code:agents", "-x", "230", "-y", "60"]);
    assert_eq!(arranged(&world), seen, "what a person chose stays known");
    world.user(&["resize-pane", "-t", "=Code:agents.0", "-x", "120"]);
    assert_ne!(arranged(&world), seen);
    let other = RealWorld::new();
    other.tmux.ensure(&other.plan(&["lead", "dev"])).expect("it is made");
    other.user(&["resize-window", "-t", "=Code:agents", "-x", "100", "-y", "40"]);
    assert_eq!(arranged(&other), []);
}

/// The terminal of a person: a pane of another server, attached to the agents' one.
struct Screen<'w> {
    world: &'w RealWorld,
    socket: std::path::PathBuf,
}

impl<'w> Screen<'w> {
    fn attaches(world: &'w RealWorld, columns: &str, rows: &str) -> Self {
        let socket = world.folder.path().join("person.sock");
        let screen = Self { world, socket };
        let inner = world.socket.display().to_string();
        let attach = ["env", "-u", "TMUX", "tmux", "-S", &inner, "attach", "-t", "=Code"];
        let new = ["-f", "/dev/null", "new", "-d", "-x", columns, "-y", rows];
        screen.tmux(&[&new[..], &attach].concat());
        screen.until_shown(|size| size.starts_with(&format!("{columns}x")));
        screen
    }

    fn tmux(&self, args: &[&str]) {
        let run = Invocation::new("tmux", "/").args(["-S"]).args([&self.socket]).args(args);
        let outcome = run.unset("TMUX").run(Duration::from_secs(10)).expect("tmux runs");
        assert!(outcome.status.success(), "{}", outcome.problem());
    }

    fn until_shown(&self, is_so: impl Fn(&str) -> bool) {
        let size = ["display", "-p", "-t", "=Code:agents", "#{window_width}x#{window_height}"];
        wait_for("another size", || is_so(&self.world.user(&size)));
    }

    /// Goes, and gives the layout when it has settled.
    fn leaves(self) -> String {
        let clients = ["list-clients", "-F", "#{client_tty} #{client_name}"];
        let clients = self.world.user(&clients);
        let mut terminals = clients.lines().filter(|row| row.starts_with("/dev/"));
        let name = terminals.next().and_then(|row| row.split(' ').nth(1)).expect("a terminal");
        self.world.user(&["detach-client", "-t", name]);
        let bent = ["display", "-p", "-t", "=Code:agents", "#{@agency_bent}"];
        self.until_shown(|size| size == "200x50" && self.world.user(&bent).is_empty());
        layout(self.world)
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let run = Invocation::new("tmux", "/").args(["-S"]).args([&self.socket]);
        let _ = run.args(["kill-server"]).unset("TMUX").run(Duration::from_secs(10));
    }
}

#[test]
fn what_a_person_arranged_is_exactly_there_again_after_a_small_screen() {
    let world = RealWorld::new();
    let (_, seen) = moved_by_hand(&world);
    let before = layout(&world);
    for columns in ["61", "80", "113"] {
        let screen = Screen::attaches(&world, columns, "21");
        assert_eq!(arranged(&world), seen);
        assert_eq!(screen.leaves(), before);
        assert_eq!(arranged(&world), seen);
    }
}

#[test]
fn what_nobody_arranged_is_nobodys_after_a_small_screen() {
    let world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead", "dev", "qa"])).expect("it is made");
    let before = layout(&world);
    let screen = Screen::attaches(&world, "71", "23");
    assert_eq!(arranged(&world), []);
    assert_eq!(screen.leaves(), before);
    assert_eq!(arranged(&world), []);
}

#[test]
fn what_is_arranged_on_a_small_screen_grows_with_its_window_and_is_kept() {
    let world = RealWorld::new();
    let made = world.tmux.ensure(&world.plan(&["lead", "dev", "qa"])).expect("it is made");
    let before = layout(&world);
    let screen = Screen::attaches(&world, "100", "30");
    world.user(&["swap-pane", "-d", "-s", &made[1].pane.0, "-t", &made[2].pane.0]);
    world.user(&["resize-pane", "-t", &made[0].pane.0, "-x", "30"]);
    let after = screen.leaves();
    assert_ne!(after, before);
    let seen = arranged(&world);
    assert_eq!(seen.len(), 1);
    let width: usize =
        widths(&world).split([' ', 'x']).nth(1).expect("a width").parse().expect("one");
    assert!((50..=90).contains(&width), "{}", widths(&world));
    let there = widths(&world);
    world.kill_server();
    let plan = SessionPlan { arranged: seen, ..world.plan(&["lead", "dev", "qa"]) };
    world.tmux.ensure(&plan).expect("it comes back");
    assert_eq!(widths(&world), there);
}

#[test]
fn an_arrangement_of_another_size_comes_back_at_the_plans_and_is_put_back_once() {
    let world = RealWorld::new();
    let (_, mut seen) = moved_by_hand(&world);
    let screen = Screen::attaches(&world, "100", "30");
    world.user(&["resize-pane", "-t", "=Code:agents.0", "-x", "20"]);
    seen = arranged(&world).into_iter().chain(seen).collect();
    seen.truncate(1);
    world.kill_server();
    drop(screen);
    let plan = SessionPlan { arranged: seen, ..world.plan(&["lead", "dev", "qa"]) };
    world.tmux.ensure(&plan).expect("it comes back");
    let restored = layout(&world);
    assert!(restored.contains(",200x50,"), "{restored}");
    world.user(&[
        "set-hook",
        "-w",
        "-t",
        "=Code:agents",
        "window-layout-changed[1]",
        "set -g @moved 1",
    ]);
    world.tmux.ensure(&plan).expect("nothing to do");
    assert_eq!(
        (layout(&world), world.user(&["show", "-gqv", "@moved"])),
        (restored, String::new())
    );
}

#[test]
fn who_is_hired_while_a_small_screen_looks_has_a_place_when_it_has_gone() {
    let world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    let other = RealWorld::new();
    other.tmux.ensure(&other.plan(&["lead", "dev", "qa"])).expect("it is made");
    let screen = Screen::attaches(&world, "170", "45");
    world.tmux.ensure(&world.plan(&["lead", "dev", "qa"])).expect("one more");
    screen.leaves();
    assert_eq!(widths(&world), widths(&other), "as if nobody had looked");
    assert_eq!(arranged(&world), []);
}

#[test]
fn who_is_hired_into_what_a_person_arranged_while_a_small_screen_looks_moves_nobody() {
    let world = RealWorld::new();
    let made = world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    world.user(&["resize-pane", "-t", &made[0].pane.0, "-x", "150"]);
    assert_eq!(arranged(&world).len(), 1);
    let screen = Screen::attaches(&world, "170", "45");
    world.tmux.ensure(&world.plan(&["lead", "dev", "qa"])).expect("one more");
    screen.leaves();
    let there = widths(&world);
    let width = |row: &str| row.split([' ', 'x']).nth(1).and_then(|text| text.parse().ok());
    let columns: Vec<usize> = there.lines().filter_map(width).collect();
    assert!(columns.len() == 3 && columns[0] > 140 && columns[1] == columns[2], "{there}");
    let seen = arranged(&world);
    assert_eq!(seen.len(), 1, "with the new one it is kept too");
    world.kill_server();
    let plan = SessionPlan { arranged: seen, ..world.plan(&["lead", "dev", "qa"]) };
    world.tmux.ensure(&plan).expect("it comes back");
    assert_eq!(widths(&world), there);
}

#[test]
fn an_arrangement_that_does_not_fit_is_left_out() {
    let world = RealWorld::new();
    let (_, seen) = moved_by_hand(&world);
    world.kill_server();
    for agents in [&["lead", "dev"][..], &["lead", "dev", "ops"]] {
        let fresh = RealWorld::new();
        let plain = fresh.plan(agents);
        fresh.tmux.ensure(&plain).expect("it is made");
        let expected = layout(&fresh);
        fresh.kill_server();
        fresh.tmux.ensure(&SessionPlan { arranged: seen.clone(), ..plain }).expect("it is made");
        assert_eq!(layout(&fresh).split('{').nth(1), expected.split('{').nth(1));
    }
    let broken = Arrangement { shape: "0000,nonsense".to_owned(), ..seen[0].clone() };
    let plan = SessionPlan { arranged: vec![broken], ..world.plan(&["lead", "dev", "qa"]) };
    assert_eq!(world.tmux.ensure(&plan).expect("it is made").len(), 3);
}

#[test]
fn a_session_that_somebody_restored_is_left_alone_and_ours_takes_its_name_when_it_is_free() {
    let world = RealWorld::new();
    world.add_foreign_session("Code");
    world.user(&["split-window", "-t", "=Code:", "cat"]);
    let picture =
        || world.user(&["list-panes", "-s", "-t", "=Code", "-F", "#{pane_id} #{pane_pid}"]);
    let before = picture();
    let plan = world.plan(&["lead", "dev"]);
    let made = world.tmux.ensure(&plan).expect("it is made beside it");
    let name = || world.tmux.look().expect("it answers").sessions[0].name.clone();
    assert_eq!((name().as_str(), picture()), ("Code~agency", before.clone()));
    let plan = world
        .tmux
        .attach_plan(
            &plan.agency,
            &AttachWish { pane: Some(&made[1].pane), ..AttachWish::default() },
        )
        .expect("a plan");
    assert_eq!(plan.argv.last().map(String::as_str), Some("=Code~agency"));
    world.user(&["kill-session", "-t", "=Code"]);
    assert_eq!(name(), "Code");
    assert_eq!(world.tmux.look().expect("it answers").panes, made);
    world.user(&["rename-session", "-t", "=Code", "mine"]);
    assert_eq!(name(), "mine", "a person may call it otherwise");
    world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("nothing to do");
    assert_eq!(world.tmux.look().expect("it answers").panes, made);
}
