//! Agencies on their user's own tmux server, however it is configured: each configuration gets a whole small job, and
//! whatever is the user's is afterwards as it was. What no session can live with is named and left alone.
//!
//! Rows that are harmless to each other share a server; the user's session `mine` is there before and after.

mod nested;
mod shells;

use serde_json::Value;

use crate::world::{PATIENCE, World, text};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";
const HELPER: &str = "Team/helper";

/// A user who works on their server already, or whose server is started by the agency.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    There,
    Away,
}

fn define(world: &World, layout: &str) {
    let who = ["--coordinator", "lead", "--agents", "worker,helper", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start", "--layout", layout][..], &who].concat());
    let file = world.home().join("agencies/Team/agency.json");
    let definition = std::fs::read_to_string(&file).expect("a definition");
    let mut definition: Value = serde_json::from_str(&definition).expect("JSON");
    for agent in definition["agents"].as_array_mut().expect("agents") {
        if agent["name"] == "helper" {
            agent["runtime"] = "shell".into();
        }
    }
    world.write("agencies/Team/agency.json", &definition.to_string());
}

fn wait_until_it_runs(world: &World) {
    for agent in [LEAD, WORKER, HELPER] {
        world.wait_for_state(agent, "idle");
    }
}

fn begin_mine(world: &World) {
    let mine = ["new", "-d", "-s", "mine", "-n", "own", "-x", "100", "-y", "30", "cat"];
    let made = world.tmux(&mine);
    assert!(made.status == Some(0) && sessions(world).starts_with("mine"), "{made:?}");
    // tmux would show there what it did not understand: then this would be another test.
    assert_eq!(world.tmux(&["display", "-p", "-t", "=mine:", "#{pane_in_mode}"]).stdout, "0");
    world.tmux(&["setb", "-b", "mine", "kept"]);
}

/// Everything of the user's that must stay as it is.
fn picture(world: &World) -> String {
    let panes = "#{session_id} #{window_id} #{window_index} #{pane_id} #{pane_pid} #{pane_dead} #{pane_in_mode}";
    let looks: [&[&str]; 9] = [
        &["show", "-g"],
        &["show", "-gw"],
        &["show", "-s"],
        &["showenv", "-g"],
        &["show-hooks", "-g"],
        &["lsk"],
        &["lsb", "-F", "#{buffer_name} #{buffer_sample}"],
        &["lsp", "-s", "-t", "=mine:", "-F", panes],
        &["show", "-t", "=mine:"],
    ];
    looks.iter().map(|look| world.tmux(look).stdout).collect::<Vec<_>>().join("\n---\n")
}

fn sessions(world: &World) -> String {
    world.tmux(&["ls", "-F", "#{session_name} #{@agency_name}"]).stdout
}

fn tell(world: &World, agent: &str, words: &str) {
    let id = world.must(&["send", agent, words]).trim().to_owned();
    world.wait_until(&format!("{words} to reach {agent}"), PATIENCE, || {
        let messages = world.json(&["messages"]);
        let of_it = messages.as_array().and_then(|all| all.iter().find(|one| one["id"] == id));
        of_it.is_some_and(|one| matches!(one["state"].as_str(), Some("delivered" | "acknowledged")))
    });
    world.wait_for_text(agent, words);
}

/// Every agent's pane runs that agent, takes keys of its own, and is looked at by nobody.
fn assert_panes_are_right(world: &World) {
    let format = "#{@agency_agent} #{pane_in_mode} #{pane_synchronized} #{pane_start_command}";
    let rows = world.tmux(&["lsp", "-a", "-F", format]).stdout;
    let ours: Vec<&str> = rows.lines().filter(|row| row.starts_with("Team/")).collect();
    assert_eq!(ours.len(), 3, "{rows}");
    for row in ours {
        assert!(row.contains(" 0 0 ") && row.contains("enter"), "{row}");
    }
}

/// Made, told, killed, brought back, stopped, started, removed; and nothing of the user's is touched.
fn is_borne(world: &World, user: User, layout: &str) {
    if user == User::There {
        begin_mine(world);
    }
    let before = picture(world);
    define(world, layout);
    world.must(&["up"]);
    wait_until_it_runs(world);
    assert_panes_are_right(world);
    tell(world, WORKER, "gr\u{fc}\u{df}e \u{2713} to the worker");
    tell(world, LEAD, "to the lead");
    let killed = world.pane(WORKER).expect("a pane");
    world.tmux(&["killp", "-t", &killed]);
    world.wait_until("another pane", PATIENCE, || {
        world.pane(WORKER).is_some_and(|pane| pane != killed)
    });
    wait_until_it_runs(world);
    world.must(&["stop", "Team"]);
    world.wait_until("it to be closed", PATIENCE, || !sessions(world).contains("Team"));
    world.must(&["start", "Team"]);
    wait_until_it_runs(world);
    assert_panes_are_right(world);
    assert_eq!(world.count("session_failed"), 0, "{}", world.portrait());
    world.must(&["remove", "Team", "--yes"]);
    assert!(!sessions(world).contains("Team"), "{}", sessions(world));
    if user == User::There {
        assert_eq!(picture(world), before);
    }
}

macro_rules! borne {
    ($($name:ident, $user:ident, $layout:literal, $conf:expr;)*) => {$(
        #[test]
        fn $name() {
            let world = World::of_user($conf, "t", &[]);
            is_borne(&world, User::$user, $layout);
        }
    )*};
}

borne! {
    windows_and_panes_may_be_counted_from_any_number, There, "windows",
        "set -g base-index 1\nset -gw pane-base-index 5\nset -g renumber-windows on\n";
    dead_panes_may_go_stay_or_say_something, There, "panes",
        "set -gw remain-on-exit failed\nset -gw remain-on-exit-format 'gone #{pane_id}'\n\
         set -g default-command 'echo no; exit 3'\nset -g default-shell /usr/bin/fish\n";
    sessions_that_nobody_looks_at_may_be_ended, Away, "panes",
        "set -g destroy-unattached on\nset -s exit-empty on\nset -g detach-on-destroy off\n\
         set -g lock-after-time 1\nset -g lock-command 'sleep 1'\nset -g default-command 'exec cat'\n";
    names_titles_and_lines_may_be_anything, There, "panes",
        "set -gw automatic-rename on\nset -gw allow-rename on\nset -gw automatic-rename-format zz\n\
         set -g set-titles on\nset -g set-titles-string '#S'\nset -g status 5\nset -g display-time 0\n\
         set -gw pane-border-status bottom\nset -gw pane-border-format '#{pane_index}'\n\
         set -g status-right '#(echo x)'\nset -g status-interval 1\n\
         set -gw monitor-activity on\nset -gw monitor-silence 1\nset -g activity-action any\n\
         set -g visual-activity on\nset -g bell-action any\n";
    keys_may_do_anything, There, "panes",
        "set -g prefix None\nset -g prefix2 None\nunbind -a\nset -g key-table locked\n\
         set -gw mode-keys vi\nset -g mouse on\nset -s escape-time 5000\nset -s extended-keys always\n\
         set -s user-keys[0] '\\e[5;30012~'\nset -g repeat-time 5000\nset -g assume-paste-time 0\n";
    sizes_and_histories_may_be_small, There, "panes",
        "set -g history-limit 0\nset -g default-size 20x5\nset -gw window-size smallest\n\
         set -gw aggressive-resize on\nset -gw main-pane-width 5\nset -gw other-pane-height 300\n\
         set -s buffer-limit 1\nset -s message-limit 0\nset -s set-clipboard off\n\
         set -s default-terminal nosuch-256\nset -sa terminal-overrides ',*:smcup@:rmcup@'\n\
         set -gw alternate-screen off\nset -s focus-events on\n";
    the_servers_variables_are_not_the_agents, There, "panes",
        "set-environment -g PATH /nonexistent\nset-environment -g HOME /nonexistent\n\
         set-environment -g AGENCY_HOME /nowhere\nset-environment -g AGENCY_AGENT Other/x\n\
         set -g update-environment 'PATH HOME AGENCY_HOME AGENCY_AGENT TERM'\n\
         set -gw synchronize-panes on\n";
    hooks_may_split_open_select_and_arrange, There, "panes",
        "set-hook -g after-new-session 'split-window; new-window'\nset-hook -g session-created 'split-window -h'\n\
         set-hook -g after-new-window split-window\nset-hook -g after-split-window 'select-layout even-vertical'\n\
         set-hook -g window-layout-changed 'select-layout tiled'\nset-hook -g pane-died 'display-message x'\n\
         set-hook -g after-select-pane 'select-pane -t :.0'\n";
    hooks_may_rename_sessions_and_windows, Away, "panes",
        "set-hook -g session-created 'rename-session zz-#{session_id}'\n\
         set-hook -g window-linked 'rename-window zzz'\nset-hook -g after-new-window 'rename-window yyy'\n";
    hooks_may_stand_where_ours_stand, There, "panes",
        "set-hook -g client-detached 'set-environment -h LEFT 1'\n\
         set-hook -g client-session-changed 'set-environment -h CAME 1'\n\
         set-hook -gw window-layout-changed 'set-environment -h MOVED 1'\n\
         set-hook -gw pane-died 'display-message x'\n";
    hooks_may_send_clients_away, There, "panes",
        "set-hook -g client-attached 'detach-client -a'\nset-hook -g client-session-changed[3] detach-client\n";
    commands_may_have_another_meaning, There, "panes", ALIASES;
    a_configuration_may_be_wrong, Away, "panes",
        "set -g nosuchoption 1\nsource-file /nonexistent/x.conf\nif-shell false '' 'nonsense'\n";
    a_configuration_that_cannot_be_read_is_none, Away, "panes", "this is no command\n";
    a_configuration_may_be_slow, Away, "panes", "run-shell 'sleep 2.5'\n";
    a_configuration_may_make_sessions_of_its_own, Away, "panes",
        "new-session -d -s startup\n\
         run-shell -b 'sleep 0.3; tmux new-session -d -s restored; tmux new-window -t restored'\n";
}

/// Everything that such a program could need, each made to do nothing but harm.
const ALIASES: &str = "set -s command-alias[100] 'new-session=kill-server'\n\
    set -s command-alias[101] 'new-window=kill-server'\nset -s command-alias[102] 'split-window=kill-server'\n\
    set -s command-alias[103] 'send-keys=kill-server'\nset -s command-alias[104] 'list-panes=kill-server'\n\
    set -s command-alias[105] 'list-sessions=kill-server'\nset -s command-alias[106] 'kill-session=kill-server'\n\
    set -s command-alias[107] 'set-option=kill-server'\nset -s command-alias[108] 'paste-buffer=kill-server'\n\
    set -s command-alias[109] 'set-buffer=kill-server'\nset -s command-alias[110] 'if-shell=kill-server'\n\
    set -s command-alias[111] 'attach-session=kill-server'\nset -s command-alias[112] 'refresh-client=kill-server'\n\
    set -s command-alias[113] 'resize-window=kill-server'\nset -s command-alias[114] 'select-layout=kill-server'\n\
    set -s command-alias[115] 'show-options=kill-server'\nset -s command-alias[116] 'set-environment=kill-server'\n";

#[test]
fn any_surroundings_of_the_caller_will_do() {
    let odd = [
        ("LANG", None),
        ("LC_ALL", Some("C")),
        ("TERM", Some("dumb")),
        ("XDG_CONFIG_HOME", Some("relative")),
        ("XDG_RUNTIME_DIR", Some("/nonexistent")),
        ("SHELL", Some("/sbin/nologin")),
        ("TMUX", Some("/nonexistent,1,0")),
        ("TMUX_PANE", Some("%99")),
    ];
    let world = World::of_user("", "with spaces \u{fc} and \u{2713}", &odd);
    is_borne(&world, User::Away, "panes");
}

#[test]
fn without_a_home_and_a_path_worth_the_name_it_works_too() {
    let bare = [("HOME", None), ("PATH", Some("/usr/bin:/bin")), ("LANG", None)];
    let world = World::of_user("", "t", &bare);
    is_borne(&world, User::Away, "panes");
}

#[test]
fn nothing_is_typed_while_keys_would_reach_other_panes_too() {
    let world = World::of_user("set -gw synchronize-panes on\n", "t", &[]);
    define(&world, "panes");
    world.must(&["up"]);
    wait_until_it_runs(&world);
    let window = world.of_pane(WORKER, "#{window_id}");
    world.tmux(&["setw", "-t", &window, "synchronize-panes", "on"]);
    let id = world.must(&["send", WORKER, "zebra crossing"]).trim().to_owned();
    world.wait_until("the reason to be said", PATIENCE, || {
        world.agency(&["explain", &id]).stdout.contains("synchronized")
    });
    assert!(!world.screen(WORKER).contains("zebra crossing"), "{}", world.portrait());
    world.tmux(&["setw", "-t", &window, "synchronize-panes", "off"]);
    world.wait_for_text(WORKER, "zebra crossing");
    assert!(!world.screen(LEAD).contains("zebra crossing"));
}

/// A configuration that nothing can be made with, as it is told; the user's session, if there is one, lives on.
fn is_named(user: User, conf: &str, later: &[&str], word: &str) {
    let world = World::of_user(conf, "t", &[]);
    if user == User::There {
        begin_mine(&world);
    }
    if !later.is_empty() {
        world.tmux(later);
    }
    let before = picture(&world);
    define(&world, "panes");
    let outcome = world.agency(&["up"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains(word) && outcome.stderr.contains("[tmux] socket"),
        "{outcome:?}"
    );
    if user == User::There && word.starts_with("window-size") {
        let doctor = world.agency(&["doctor"]);
        assert!(doctor.stdout.contains(word), "{doctor:?}");
    }
    if !sessions(&world).contains("Team") {
        let attach = world.agency(&["attach", "Team"]);
        assert_eq!(attach.status, Some(1), "{attach:?}");
        let is_told = |words: &str| attach.stderr.contains(words);
        assert!(is_told(word) && is_told("[tmux] socket"), "whoever attaches is told: {attach:?}");
    }
    // It is tried again, later and later, without a life or a word for each trial.
    assert_eq!(
        (world.count("agent_spawned"), world.count("session_failed")),
        (3, 1),
        "{}",
        world.portrait()
    );
    if user == User::There {
        assert_eq!(picture(&world), before);
    }
    // What the message advises.
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.must(&["down"]);
    let socket = format!("\n[tmux]\nsocket = \"{}\"\n", text(&world.root().join("own.sock")));
    world.write("agency.toml", &format!("{settings}{socket}"));
    world.must(&["up"]);
    wait_until_it_runs(&world);
    world.must(&["down"]);
}

#[test]
fn a_hook_that_kills_what_is_made_is_named() {
    is_named(
        User::Away,
        "set-hook -g session-created kill-session\n",
        &[],
        "`session-created[0] kill-session`",
    );
}

#[test]
fn a_hook_that_renames_a_session_before_it_is_marked_is_named_and_nothing_is_made() {
    is_named(
        User::There,
        "",
        &["set-hook", "-g", "after-new-session", "rename-session yy"],
        "`after-new-session[0] rename-session yy`",
    );
}

#[test]
fn a_hook_that_kills_every_new_window_is_named_and_the_users_are_left() {
    is_named(
        User::There,
        "",
        &["set-hook", "-g", "after-new-window", "kill-window"],
        "`after-new-window[0] kill-window`",
    );
}

#[test]
fn a_server_that_ends_when_nobody_is_attached_is_named() {
    is_named(User::Away, "set -s exit-unattached on\n", &[], "exit-unattached");
}

#[test]
fn a_setting_with_which_this_tmux_would_crash_is_refused_before_anything_is_made() {
    let world = World::of_user("set -gw window-size manual\n", "t", &[]);
    let version = world.tmux(&["-V"]).stdout;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
    if (numbers.next(), numbers.next()) >= (Some(3), Some(7)) {
        return is_borne(&world, User::There, "panes");
    }
    is_named(User::There, "", &["set", "-gw", "window-size", "manual"], "window-size manual");
}

#[test]
fn a_socket_that_is_too_deep_is_said_to_be() {
    let world = World::of_user("", &"d".repeat(90), &[]);
    define(&world, "panes");
    let outcome = world.agency(&["up"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains("File name too long") && outcome.stderr.contains("TMUX_TMPDIR"),
        "{outcome:?}"
    );
}
