//! Templates of a workbench's own: made, checked, used, and in nobody's way when they are broken.

use serde_json::{Value, json};

use crate::world::World;

fn source_of(world: &World, name: &str) -> Value {
    let list = world.json(&["template", "list"]);
    let found = list.as_array().expect("a list").iter().find(|view| view["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {list}"))["source"].clone()
}

#[test]
fn a_template_of_ones_own_is_made_checked_and_used() {
    let world = World::new();
    let folder = world.must(&["template", "new", "web"]);
    assert!(folder.ends_with("/bench/templates/web"), "{folder}");
    assert_eq!(world.must(&["template", "check", "web"]), "web (templates/web): nothing wrong");
    assert_eq!(world.must(&["template", "check", &folder]).matches("nothing wrong").count(), 1);
    let again = world.agency(&["template", "new", "web"]);
    assert_eq!(again.status, Some(5), "{again:?}");
    world.must(&["create", "WebAgency", "--no-start"]);
    let made = world.json(&["show", "WebAgency"]);
    assert_eq!(made["coordinator"], "web-coordinator");
    let script = "agencies/WebAgency/scripts/check.sh";
    let script = world.home().join(script);
    let run = |args: &[&str]| world.run(script.to_str().expect("a path"), args, &[]);
    assert_eq!(run(&[]).status, Some(0));
    assert_eq!((run(&["--help"]).status, run(&["--nonsense"]).status), (Some(0), Some(2)));
    world.write_project("left.txt", "<<<<<<< ours\n=======\n>>>>>>> theirs\n");
    world.commit("a merge that was not ended");
    let found = run(&[]);
    assert_eq!(found.status, Some(1), "{found:?}");
    assert!(found.stdout.contains("left.txt:1:"), "{found:?}");
}

#[test]
fn an_own_template_wins_over_a_built_in_one_and_the_list_says_so() {
    let world = World::new();
    assert_eq!(source_of(&world, "code"), "built-in");
    world.must(&["template", "new", "code", "--from", "qa"]);
    assert_eq!(source_of(&world, "code"), "templates/code");
    world.must(&["create", "CodeAgency", "--no-start"]);
    let made = world.json(&["show", "CodeAgency"]);
    assert_eq!(made["coordinator"], "code-coordinator", "the names of the copy are adapted");
    assert!(made["capabilities"].to_string().contains("testing"), "{made}");
}

#[test]
fn a_broken_template_is_told_with_its_place_and_stands_in_nobodys_way() {
    let world = World::new();
    world.must(&["template", "new", "web"]);
    let path = world.home().join("templates/web/agency.json");
    let text = std::fs::read_to_string(&path).expect("a definition");
    world.write("templates/web/agency.json", &text.replace("\"layout\":", "\"layuot\":"));
    let outcome = world.agency(&["template", "check"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("error: templates/web/agency.json:8:3: "), "{outcome:?}");
    let outcome = world.agency(&["template", "check", "web", "--json"]);
    let views: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let finding = &views[0]["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&json!(8), &json!(3)), "{finding}");
    assert_eq!((&finding["field"], &finding["severity"]), (&json!("layuot"), &json!("error")));
    let refused = world.agency(&["create", "WebAgency", "--no-start"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("templates/web/agency.json:8:3"), "{refused:?}");
    world.must(&["create", "CodeAgency", "--no-start"]);
    assert!(world.must(&["template", "list"]).contains("broken: templates/web/agency.json:8:3"));
    // Bytes that are no text stand in nobody's way either.
    world.run(
        "sh",
        &["-c", "printf '\\377\\376' > \"$1\"", "sh", path.to_str().expect("a path")],
        &[],
    );
    world.must(&["create", "QAAgency", "--no-start"]);
    assert_eq!(world.agency(&["template", "check", "web"]).status, Some(1));
}

#[test]
fn what_is_no_template_is_refused() {
    let world = World::new();
    let status = |args: &[&str]| world.agency(args).status;
    assert_eq!(status(&["template", "check", "nonsense"]), Some(3));
    assert_eq!(status(&["template", "check", "./nowhere"]), Some(3));
    assert_eq!(status(&["template", "new", "web", "--from", "nonsense"]), Some(3));
    assert_eq!(status(&["template", "new", "runtimes"]), Some(2));
    assert_eq!(status(&["template", "new", "../x"]), Some(2));
    assert_eq!(status(&["template", "new", &"a".repeat(64)]), Some(2));
}

#[test]
fn the_doctor_names_a_broken_template_and_an_agency_whose_folder_is_gone() {
    let world = World::new();
    world.must(&["template", "new", "web"]);
    world.write("templates/web/agency.json", "{");
    let who = ["--coordinator", "lead", "--agents", "dev", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    std::fs::remove_dir_all(world.home().join("agencies/Team")).expect("taken away");
    let outcome = world.agency(&["doctor"]);
    assert_eq!(outcome.status, Some(6), "{outcome:?}");
    assert!(outcome.stdout.contains("template web: templates/web/agency.json:1:"), "{outcome:?}");
    assert!(outcome.stdout.contains("agencies/Team/agency.json is gone"), "{outcome:?}");
    world.must(&["remove", "Team", "--yes"]);
    let after = world.agency(&["doctor"]);
    assert!(!after.stdout.contains("is gone"), "{after:?}");
    assert_eq!(world.json(&["list"]), Value::Array(Vec::new()));
}
