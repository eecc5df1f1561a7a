//! What `agency.json` may say, and how its problems read.

use proptest::prelude::*;

use super::*;

fn problems(text: &str) -> Vec<String> {
    let problems = parse("agencies/Code/agency.json", text).expect_err("it was taken");
    problems.to_string().lines().map(|l| l.replace("agencies/Code/agency.json", "")).collect()
}

#[test]
fn a_name_alone_is_an_agency_with_a_coordinator() {
    let agency = parse("x", r#"{"name": "Code"}"#).expect("valid");
    assert_eq!(agency.coordinator.as_str(), "coordinator");
    assert_eq!(agency.agents.len(), 1);
    assert_eq!(agency.agents[0].role_file, PathBuf::from("coordinator.md"));
    assert_eq!(agency.agents[0].runtime.as_str(), "shell");
    assert_eq!((agency.layout, agency.project), (Layout::Panes, None));
}

#[test]
fn the_coordinator_comes_first_wherever_it_stands() {
    let text = r#"{"name": "Code", "coordinator": "lead",
        "agents": [{"name": "dev-1"}, {"name": "lead", "role": "Leads"}]}"#;
    let agency = parse("x", text).expect("valid");
    let names: Vec<_> = agency.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["lead", "dev-1"]);
    assert_eq!(agency.agents[1].role_file, PathBuf::from("agents/dev-1.md"));
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let text = r#"{
  "name": "Kode",
  "capabilites": [],
  "layout": "pane",
  "coordinator": "lead",
  "agents": [
    { "name": "dev", "role_file": "../../etc/passwd", "runtime": "a b" },
    { "name": "Dev" },
    { "name": "coordinator" },
    { "name": "operator", "skills": ["a", 1, "a"] },
    { "role": "none" },
    7
  ]
}"#;
    insta::assert_snapshot!(problems(text).join("\n"), @r"
    :2:11: `name`: `Kode` is not the folder's name; write `Code`
    :3:3: `capabilites`: unknown field; did you mean `capabilities`?
    :4:13: `layout`: `pane` is not accepted; did you mean `panes`?
    :7:35: `agents[0].role_file`: must lie inside the agency's folder, say `agents/python_agent.md`
    :7:66: `agents[0].runtime`: the name `a b` holds ` `; letters, digits, `-` and `_` are allowed
    :8:15: `agents[1].name`: `Dev` and `dev` are the same name; each agent needs its own
    :9:15: `agents[2].name`: `coordinator` always finds the coordinator, which is `lead` here; choose another name
    :10:15: `agents[3].name`: `operator` is a reserved word; choose another name
    :10:43: `agents[3].skills[1]`: expected a text, found a number
    :10:46: `agents[3].skills`: `a` stands twice; keep one
    :11:5: `agents[4].name`: is missing; every agent needs a name
    :12:5: `agents[5]`: expected a table, found a number
    ");
}

#[test]
fn a_text_that_is_not_json_has_one_problem_with_line_and_column() {
    assert_eq!(problems("{\n  \"name\": Code\n}"), [":2:11: not JSON: expected value"]);
    assert_eq!(problems("[]"), [":1:1: expected a table, found a list"]);
    assert_eq!(
        problems("{}"),
        [":1:1: `name`: is missing; write the agency's name, say `\"name\": \"CodeAgency\"`"]
    );
}

#[test]
fn a_field_that_stands_twice_is_a_problem() {
    let found = problems("{\"name\": \"Code\",\n \"name\": \"Code\"}");
    assert_eq!(found, [":2:2: `name`: stands twice; keep one"]);
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("[a-z][a-z0-9_-]{0,12}", 1..5).prop_map(|set| {
        let reserved = ["operator", "workbench", "coordinator"];
        set.into_iter().filter(|name| !reserved.contains(&name.as_str())).collect()
    })
}

proptest! {
    #[test]
    fn a_written_definition_reads_the_same(
        agents in names(),
        words in prop::collection::btree_set("[a-zä ]{0,8}[a-z]", 0..4),
        windows in any::<bool>(),
    ) {
        prop_assume!(!agents.is_empty());
        let coordinator = Name::parse(&agents[0]).expect("a name");
        let words: Vec<String> = words.into_iter().collect();
        let agent = |name: &String| AgentDefinition {
            skills: words.clone(),
            ..plain_agent(&Name::parse(name).expect("a name"), &coordinator).expect("an agent")
        };
        let definition = AgencyDefinition {
            name: Name::parse("Code").expect("a name"),
            description: "It \"codes\"".to_owned(),
            template: windows.then(|| "code".to_owned()),
            capabilities: words.clone(),
            agents: agents.iter().map(agent).collect(),
            coordinator: coordinator.clone(),
            layout: if windows { Layout::Windows } else { Layout::Panes },
            project: windows.then(|| PathBuf::from("/some where")),
        };
        let text = render(&definition);
        prop_assert_eq!(parse("agencies/Code/agency.json", &text), Ok(definition));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n]{0,200}") {
        let _ = parse("agencies/Code/agency.json", &text);
    }
}
