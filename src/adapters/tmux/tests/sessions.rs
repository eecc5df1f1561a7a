//! Sessions on a real server: sizes, titles, strange configurations, focus, and what is left behind.

use super::*;
use crate::domain::agency::Layout;
use crate::ports::terminals::contract::fresh_spawn;
use crate::ports::terminals::viewing::{Access, Extent};
use crate::ports::terminals::{Launch, PaneLife};
use crate::ports::terminals::{StopPlan, StopSignal};

/// What a user may have set that would break names, indexes or lives.
const STRANGE: &str = "set -g base-index 1\nset -g pane-base-index 1\nset -g automatic-rename on\nset -g default-command 'sleep 999'\nset -g remain-on-exit off\nset -g prefix C-]\nset -g destroy-unattached on\nset -g renumber-windows on\nset -g @agency_home wrong\n";

fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("agent{at}")).collect()
}

fn plan_of(world: &RealWorld, count: usize) -> SessionPlan {
    let names = names(count);
    world.plan(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn nine_agents_fill_windows_without_a_pane_under_80x20() {
    let world = RealWorld::new();
    let seen = world.tmux.ensure(&plan_of(&world, 9)).expect("it is made");
    assert_eq!(seen.len(), 9);
    let windows =
        world.user(&["list-windows", "-t", "=Code", "-F", "#{window_name}:#{window_panes}"]);
    assert_eq!(windows, "agents:3\nagents-2:4\nagents-3:2\ntools:1\nsandbox:1");
    let format = "#{pane_width} #{pane_height} #{@agency_agent}";
    let text = world.user(&["list-panes", "-s", "-t", "=Code", "-F", format]);
    let mut largest = (0, "");
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (columns, rows): (u32, u32) = (fields[0].parse().unwrap(), fields[1].parse().unwrap());
        assert!(columns >= 80 && rows >= 20, "{line}");
        if fields[2].ends_with("agent0")
            || fields[2].ends_with("agent1")
            || fields[2].ends_with("agent2")
        {
            largest = largest.max((columns * rows, fields[2]));
        }
    }
    assert_eq!(largest.1, "Code/agent0");
}

#[test]
fn somebody_who_looks_at_another_session_does_not_make_the_panes_small() {
    let world = RealWorld::with_user_config("");
    // A terminal for that person: a pane of another server.
    let screen = RealWorld::new();
    let socket = world.socket.to_string_lossy().into_owned();
    let look = ["env", "-u", "TMUX", "tmux", "-S", &socket, "attach-session", "-t", "=mine"];
    let terminal =
        ["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-s", "screen"];
    screen.user(&[&terminal[..], &look[..]].concat());
    let attached = ["display-message", "-p", "-t", "=mine:", "#{session_attached}"];
    wait_for("the person is there", || world.user(&attached) == "1");
    world.tmux.ensure(&plan_of(&world, 9)).expect("it is made");
    let sizes = ["list-panes", "-s", "-t", "=Code", "-F", "#{pane_width} #{pane_height}"];
    for line in world.user(&sizes).lines() {
        let (columns, rows) = line.split_once(' ').expect("two numbers");
        let (columns, rows): (u32, u32) = (columns.parse().unwrap(), rows.parse().unwrap());
        assert!(columns >= 80 && rows >= 20, "{line}");
    }
    let own = ["show-options", "-w", "-v", "-t", "=Code:agents", "window-size"];
    assert_eq!(world.user(&own), "", "the window follows whoever looks at it");
}

#[test]
fn titles_and_environment_reach_the_pane() {
    let world = RealWorld::new();
    let out = world.folder.path().join("env");
    let mut plan = plan_of(&world, 1);
    plan.panes[0].launch.argv =
        ["/bin/sh", "-c", "env > \"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 1000"]
            .map(str::to_owned)
            .into_iter()
            .chain([out.to_string_lossy().into_owned()])
            .collect();
    plan.panes[0].launch.env.insert("LINES2".to_owned(), "a\n'b' $HOME \"c\\;".to_owned());
    plan.panes[0].launch.folder = world.folder.path().join("#{pid} it's");
    std::fs::create_dir(&plan.panes[0].launch.folder).expect("a folder");
    world.tmux.ensure(&plan).expect("it is made");
    wait_for("the program wrote its environment", || out.exists());
    let env = std::fs::read_to_string(out).expect("text");
    for line in ["AGENCY_TEST=it's; here", "COLORTERM=truecolor", "LINES2=a\n'b' $HOME \"c\\;\n"] {
        assert!(env.contains(line), "{line} in {env}");
    }
    assert!(env.contains("/#{pid} it's\n"), "{env}");
    let title =
        world.user(&["list-panes", "-t", "=Code:agents", "-F", "#{pane_title}|#{@agency_title}"]);
    assert_eq!(title, "agent0 #1|agent0 ##1");
}

#[test]
fn a_later_window_of_a_session_does_not_pass_for_its_first_agent() {
    let world = RealWorld::new();
    let out = world.folder.path().join("env");
    let mut plan = plan_of(&world, 2);
    for pane in &mut plan.panes {
        pane.launch.env.insert("AGENCY_AGENT".to_owned(), pane.agent.to_string());
    }
    world.tmux.ensure(&plan).expect("it is made");
    let write = format!("env > '{0}.new'; mv '{0}.new' '{0}'", out.display());
    world.user(&["new-window", "-t", "=Code:", "/bin/sh", "-c", &write]);
    wait_for("the window wrote its environment", || out.exists());
    let env = std::fs::read_to_string(out).expect("text");
    assert!(!env.contains("AGENCY_AGENT"), "{env}");
}

#[test]
fn a_strange_user_configuration_changes_nothing() {
    let world = RealWorld::with_user_config(STRANGE);
    let before = world.user(&["show-options", "-g"]);
    let plan = plan_of(&world, 4);
    let made = world.tmux.ensure(&plan).expect("it is made");
    assert_eq!(world.tmux.ensure(&plan).expect("nothing to do"), made);
    world.kill_pane(&made[1].pane);
    world.end_program(&made[2]);
    let dead =
        || world.tmux.look().expect("it answers").panes.iter().any(|p| p.life != PaneLife::Alive);
    wait_for("the program is seen dead", dead);
    assert_eq!(world.tmux.ensure(&plan).expect("it comes back").len(), 4);
    let windows = world.user(&["list-windows", "-t", "=Code", "-F", "#{window_name}"]);
    assert_eq!(windows, "agents\nagents-2\ntools\nsandbox");
    assert_eq!(world.user(&["show-options", "-g"]), before);
    world.tmux.close_session(&plan.agency).expect("it closes");
    assert_eq!(world.user(&["list-sessions", "-F", "#{session_name}"]), "mine");
}

#[test]
fn the_windows_layout_has_one_window_for_each_agent_in_order() {
    let world = RealWorld::new();
    let mut plan = plan_of(&world, 3);
    plan.layout = Layout::Windows;
    let made = world.tmux.ensure(&plan).expect("it is made");
    let windows = || world.user(&["list-windows", "-t", "=Code", "-F", "#{window_name}"]);
    let order = "agent0\nagent1\nagent2\ntools\nsandbox";
    assert_eq!(windows(), order);
    for seen in &made {
        world.kill_pane(&seen.pane);
        world.tmux.ensure(&plan).expect("it comes back");
        assert_eq!(windows(), order);
    }
}

#[test]
fn a_pane_made_again_does_not_take_the_focus() {
    let world = RealWorld::new();
    let plan = plan_of(&world, 4);
    let made = world.tmux.ensure(&plan).expect("it is made");
    let focus = || {
        world.user(&[
            "display-message",
            "-p",
            "-t",
            "=Code:",
            "#{window_name} #{pane_id} #{window_zoomed_flag}",
        ])
    };
    world.user(&["select-pane", "-t", &made[1].pane.0]);
    world.user(&["resize-pane", "-Z", "-t", &made[1].pane.0]);
    let before = focus();
    assert_eq!(before, format!("agents {} 1", made[1].pane.0));
    for lost in [0, 2, 3] {
        world.kill_pane(&made[lost].pane);
        world.user(&["select-pane", "-t", &made[1].pane.0]);
        if focus() != before {
            world.user(&["resize-pane", "-Z", "-t", &made[1].pane.0]);
        }
        world.tmux.ensure(&plan).expect("it comes back");
        assert_eq!(focus(), before, "after pane {lost}");
    }
}

#[test]
fn a_pane_that_a_person_made_in_our_session_is_theirs() {
    let world = RealWorld::new();
    let plan = plan_of(&world, 1);
    let made = world.tmux.ensure(&plan).expect("it is made");
    world.user(&["split-window", "-d", "-t", &made[0].pane.0, "sleep 1000"]);
    assert_eq!(world.tmux.look().expect("it answers").panes, made);
    world.user(&["kill-window", "-t", "=Code:tools"]);
    world.tmux.ensure(&plan).expect("tools come back");
    let windows =
        world.user(&["list-windows", "-t", "=Code", "-F", "#{window_name}:#{window_panes}"]);
    assert_eq!(windows, "agents:2\ntools:1\nsandbox:1");
}

#[test]
fn a_program_that_ignores_the_hangup_does_not_outlive_its_session() {
    let world = RealWorld::new();
    let mut plan = plan_of(&world, 2);
    let stubborn = "trap '' HUP TERM; echo deaf; while :; do sleep 1; done";
    plan.panes[0].launch.argv = ["/bin/sh", "-c", stubborn].map(str::to_owned).to_vec();
    let made = world.tmux.ensure(&plan).expect("it is made");
    wait_for("it is deaf", || world.tmux.is_on_screen(&made[0].pane, "deaf") == Ok(true));
    world.tmux.close_session(&plan.agency).expect("it closes");
    assert!(!is_running(made[0].pid));
}

/// Starts a child that ignores hangup and termination and whose parent ends, and says its id.
const LEAVES_A_CHILD: &str = "(trap '' HUP TERM; sh -c 'echo $$ > \"$0.new\"; mv \"$0.new\" \"$0\"; while :; do sleep 1; done' \"$0\" &) ;";

fn leaves_a_child(world: &RealWorld, then: &str) -> (SessionPlan, PathBuf) {
    let mut plan = plan_of(world, 1);
    let out = world.folder.path().join("child");
    let script = format!("{LEAVES_A_CHILD} {then}");
    plan.panes[0].launch.argv =
        ["/bin/sh", "-c", &script, &out.to_string_lossy()].map(str::to_owned).to_vec();
    let spawn = plan.panes[0].spawn.to_string();
    plan.panes[0].launch.env.insert("AGENCY_SPAWN".to_owned(), spawn);
    (plan, out)
}

fn child_in(out: &std::path::Path) -> u32 {
    wait_for("the child runs", || out.exists());
    std::fs::read_to_string(out).expect("text").trim().parse().expect("a pid")
}

#[test]
fn a_child_whose_parent_has_ended_does_not_outlive_its_session() {
    let world = RealWorld::new();
    let (plan, out) = leaves_a_child(&world, "exec sleep 1000");
    world.tmux.ensure(&plan).expect("it is made");
    let child = child_in(&out);
    let mut stranger = Invocation::new("sleep", "/").args(["1000"]).to_command().spawn();
    world.tmux.close_session(&plan.agency).expect("it closes");
    let stranger = stranger.as_mut().expect("it was started");
    let is_there = is_running(stranger.id());
    stranger.kill().and_then(|()| stranger.wait()).expect("it ends");
    assert!(!is_running(child) && is_there);
}

#[test]
fn what_a_crashed_program_left_behind_ends_before_its_pane_is_used_again() {
    let world = RealWorld::new();
    let (mut plan, out) = leaves_a_child(&world, "exec sleep 1000");
    let seen = world.tmux.ensure(&plan).expect("it is made").remove(0);
    let child = child_in(&out);
    world.end_program(&seen);
    let is_dead = || world.tmux.look().expect("it answers").panes[0].life != PaneLife::Alive;
    wait_for("the program is seen dead", is_dead);
    assert!(is_running(child));
    plan.panes[0].launch.argv = ["/bin/sleep", "1000"].map(str::to_owned).to_vec();
    world.tmux.ensure(&plan).expect("it comes back");
    assert!(!is_running(child));
}

#[test]
fn a_program_is_asked_to_end_as_it_is_used_to_before_its_terminal_goes() {
    let world = RealWorld::new();
    let mut plan = plan_of(&world, 1);
    let out = world.folder.path().join("ended").to_string_lossy().into_owned();
    let script = "trap 'echo term > \"$0\"; exit' TERM; trap 'echo hup > \"$0\"; exit' HUP; echo ready; while :; do sleep 0.05; done";
    plan.panes[0].launch.argv = ["/bin/sh", "-c", script, &out].map(str::to_owned).to_vec();
    plan.panes[0].stop = StopPlan { signal: StopSignal::Term, grace_ms: 5000 };
    let made = world.tmux.ensure(&plan).expect("it is made");
    wait_for("it is ready", || world.tmux.is_on_screen(&made[0].pane, "ready") == Ok(true));
    world.tmux.close_session(&plan.agency).expect("it closes");
    assert_eq!(std::fs::read_to_string(out).expect("it was asked"), "term\n");
}

#[test]
fn only_a_shell_tells_its_foreground_program() {
    let world = RealWorld::new();
    let mut plan = plan_of(&world, 2);
    plan.panes[1].launch = Launch { argv: Vec::new(), ..plan.panes[1].launch.clone() };
    plan.panes[1].spawn = fresh_spawn();
    world.tmux.ensure(&plan).expect("it is made");
    wait_for("the shell is in front", || {
        let panes = world.tmux.look().expect("it answers").panes;
        let of = |name: &str| panes.iter().find(|p| p.agent.agent.as_str() == name).expect("there");
        of("agent0").foreground.is_none() && of("agent1").foreground.is_some()
    });
}

#[test]
fn attaching_depends_on_where_the_person_sits() {
    let world = RealWorld::new();
    let plan = plan_of(&world, 4);
    let made = world.tmux.ensure(&plan).expect("it is made");
    let socket = world.socket.to_string_lossy().into_owned();
    let attach = |inside: Option<&str>| {
        let wish = AttachWish { pane: Some(&made[3].pane), inside, ..AttachWish::default() };
        world.tmux.attach_plan(&plan.agency, &wish).expect("there is one")
    };
    assert_eq!(attach(None).argv, ["tmux", "-S", &socket, "attach-sessio", "-t", "=Code"]);
    assert_eq!(attach(Some("/tmp/other/default")).unset, ["TMUX", "TMUX_PANE"]);
    let same = attach(Some(&format!("{socket},123,0")));
    assert_eq!((same.argv[3].as_str(), same.unset.len()), ("switch-clien", 0));
    let shown = world.user(&["display-message", "-p", "-t", "=Code:", "#{pane_id}"]);
    assert_eq!(shown, made[3].pane.0);
}

/// A terminal of a person: a pane of a server of its own, in which `tmux attach` runs.
struct Person<'w> {
    world: &'w RealWorld,
}

impl<'w> Person<'w> {
    fn attach(world: &'w RealWorld, session: &str, (columns, rows): (u16, u16)) -> Self {
        let inner =
            format!("exec tmux -S '{}' attach-session -t '={session}'", world.socket.display());
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let person = Self { world };
        let size = ["-x", columns.as_str(), "-y", rows.as_str()];
        let start = ["-f", "/dev/null", "new-session", "-d"];
        person.tmux(&[&start[..], &size, &["env", "-u", "TMUX", "sh", "-c", &inner]].concat());
        person
    }

    fn tmux(&self, args: &[&str]) -> String {
        let socket = self.world.folder.path().join("person");
        let run = Invocation::new("tmux", "/").args(["-S"]).args([socket]).args(args);
        run.unset("TMUX").run(Duration::from_secs(10)).expect("tmux runs").text()
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn sizes(world: &RealWorld) -> String {
    let row = "#{pane_id} #{window_width}x#{window_height} #{pane_width}x#{pane_height}";
    world.user(&["list-panes", "-a", "-F", row])
}

#[test]
fn panes_that_a_small_terminal_has_shrunk_grow_back_when_it_leaves() {
    let world = RealWorld::new();
    let (plan, other) = two_plans(&world);
    let plan = SessionPlan { panes: world.plan(&["lead", "a", "b"]).panes, ..plan };
    world.tmux.ensure(&plan).expect("it is made");
    world.tmux.ensure(&other).expect("it is made");
    world.add_foreign_session("mine");
    let before = sizes(&world);
    let person = Person::attach(&world, "Code", (80, 24));
    wait_for("they are shrunk", || sizes(&world).contains("80x23"));
    person.tmux(&["send-keys", "C-b", "d"]);
    wait_for("they are as before", || sizes(&world) == before);
    drop(person);
    // So they do when the terminal is taken away, and when it turns to another session.
    let person = Person::attach(&world, "Code", (90, 30));
    wait_for("they are shrunk", || sizes(&world).contains("90x29"));
    world.user(&["switch-client", "-t", "=Other:"]);
    let of_other = |row: &str| row.contains("90x29");
    wait_for("only the other one is shrunk", || {
        sizes(&world).lines().filter(|r| of_other(r)).count() == 1
    });
    drop(person);
    wait_for("they are as before", || sizes(&world) == before);
    assert_eq!(world.user(&["show-options", "-w", "-v", "-t", "=Code:", "window-size"]), "");
}

#[test]
fn one_pane_is_shown_alone_until_all_are_wanted_or_the_last_person_has_left() {
    let world = RealWorld::new();
    let plan = plan_of(&world, 3);
    let made = world.tmux.ensure(&plan).expect("it is made");
    let zoomed = || world.user(&["display-message", "-p", "-t", "=Code:", "#{window_zoomed_flag}"]);
    let attach = |extent| {
        let wish = AttachWish { pane: Some(&made[1].pane), extent, ..AttachWish::default() };
        world.tmux.attach_plan(&plan.agency, &wish).expect("there is one")
    };
    attach(Extent::Alone);
    attach(Extent::Alone);
    assert_eq!(zoomed(), "1", "asked for twice it is not taken back");
    attach(Extent::All);
    assert_eq!(zoomed(), "0");
    world.user(&["resize-pane", "-Z", "-t", &made[1].pane.0]);
    attach(Extent::All);
    assert_eq!(zoomed(), "1", "a person did that");
    world.user(&["resize-pane", "-Z", "-t", &made[1].pane.0]);
    attach(Extent::Alone);
    let person = Person::attach(&world, "Code", (200, 51));
    wait_for("somebody looks", || world.user(&["list-clients"]).contains("/dev/"));
    person.tmux(&["send-keys", "C-b", "d"]);
    wait_for("all are shown again", || zoomed() == "0");
}

#[test]
fn two_servers_with_one_prefix_are_told_apart_and_looking_takes_no_keys() {
    let world = RealWorld::new();
    let plan = plan_of(&world, 1);
    let made = world.tmux.ensure(&plan).expect("it is made");
    let person = Person::attach(&world, "Code", (100, 30));
    let outer = world.folder.path().join("person").to_string_lossy().into_owned();
    let attach = |inside: &str, access| {
        let wish = AttachWish { inside: Some(inside), access, ..AttachWish::default() };
        world.tmux.attach_plan(&plan.agency, &wish).expect("there is one")
    };
    assert_eq!(attach(&outer, Access::Full).doubled_prefix.as_deref(), Some("C-b"));
    person.tmux(&["set-option", "-g", "prefix", "C-a"]);
    assert_eq!(attach(&outer, Access::Full).doubled_prefix, None);
    assert!(attach(&outer, Access::ReadOnly).argv.contains(&"-r".to_owned()));
    let inner = world.socket.to_string_lossy().into_owned();
    let same = attach(&inner, Access::ReadOnly);
    assert_eq!((same.argv[3].as_str(), same.doubled_prefix), ("if-shel", None));
    world.kill_pane(&made[0].pane);
    let wish = AttachWish { pane: Some(&made[0].pane), ..AttachWish::default() };
    let gone = world.tmux.attach_plan(&plan.agency, &wish);
    assert!(
        matches!(gone, Err(TerminalError::Refused { command, .. }) if command == "select-pane")
    );
}

#[test]
fn hooks_of_a_users_own_run_beside_ours_but_for_those_that_end_things() {
    let world = RealWorld::with_user_config(
        "set-hook -g client-detached 'set -gF @left \"#{@left}x\"'\n\
         set-hook -g client-detached[7] 'kill-session'\n\
         set-hook -gw window-layout-changed 'set -g @layout x'\n",
    );
    let plan = world.plan(&["lead", "dev"]);
    world.tmux.ensure(&plan).expect("it is made");
    let on = |args: &[&str]| world.user(&[&["show-hooks"], args].concat());
    let session = on(&["-t", "=Code:", "client-detached"]);
    assert!(session.contains("[0]") && session.contains("[4077]"), "{session}");
    assert!(!session.contains("[7]"), "{session}");
    let window = on(&["-w", "-t", "=Code:agents", "window-layout-changed"]);
    assert!(window.contains("[0]") && window.contains("[4077]"), "{window}");
    world.user(&["set", "-gu", "@layout"]);
    world.user(&["resize-pane", "-t", "=Code:agents.0", "-x", "70"]);
    wait_for("theirs runs", || world.user(&["show", "-gqv", "@layout"]) == "x");
    wait_for("ours runs", || {
        let kept = ["display", "-p", "-t", "=Code:agents", "#{@agency_kept} #{window_layout}"];
        let text = world.user(&kept);
        let words: Vec<&str> = text.split(' ').collect();
        words.len() == 4 && words[2] == words[3]
    });
    let mine = on(&["-g", "client-detached"]);
    assert_eq!(mine.lines().count(), 2, "theirs are as they were: {mine}");
}
