//! Changing who stands in an `agency.json` without touching anything else that its user wrote there.
//!
//! The text is edited in place: one entry of `agents` is put in or taken out, in the file's own indentation;
//! every other byte stays. A text that does not read as a definition is refused with all its problems, and
//! one that says what is wanted already is not changed. What is written reads back, or nothing is.

use crate::domain::agency::AgentDefinition;
use crate::domain::name::Name;
use crate::manifest::agency::parse;
use crate::manifest::problem::Problems;
use crate::manifest::tree::{self, Entry, Node, NodeValue};

/// The text with this agent in it; none if an agent of that name stands there.
pub fn with_agent(
    file: &str,
    text: &str,
    agent: &AgentDefinition,
) -> Result<Option<String>, Problems> {
    if parse(file, text)?.agents.iter().any(|known| known.name == agent.name) {
        return Ok(None);
    }
    let root = tree::from_json(file, text)?;
    let edited = put_in(text, &root, agent);
    parse(file, &edited)?;
    Ok(Some(edited))
}

/// The text without the agent of that name; none if it does not stand there, or leads the agency.
pub fn without_agent(file: &str, text: &str, name: &Name) -> Result<Option<String>, Problems> {
    if parse(file, text)?.coordinator == *name {
        return Ok(None);
    }
    let root = tree::from_json(file, text)?;
    let Some(edited) = take_out(text, &root, name) else { return Ok(None) };
    parse(file, &edited)?;
    Ok(Some(edited))
}

fn put_in(text: &str, root: &Node, agent: &AgentDefinition) -> String {
    let entries = match &root.value {
        NodeValue::Table(entries) => entries.as_slice(),
        _ => &[],
    };
    match entries.iter().find(|entry| entry.key == "agents") {
        Some(Entry { node: Node { value: NodeValue::List(items), at }, at: key_at, .. }) => {
            match items.last() {
                Some(last) => {
                    let lead = lead(text, last.at);
                    let entry = format!(",{lead}{}", written(agent, lead));
                    spliced(text, end_of(text, last.at), end_of(text, last.at), &entry)
                }
                None => {
                    let list = list_of(agent, lead(text, *key_at));
                    spliced(text, *at, end_of(text, *at), &list)
                }
            }
        }
        // `null` says the same as nothing.
        Some(entry) => {
            let list = list_of(agent, lead(text, entry.at));
            spliced(text, entry.node.at, end_of(text, entry.node.at), &list)
        }
        None => {
            let Some(last) = entries.last() else { return text.to_owned() };
            let lead = lead(text, last.at);
            let field = format!(",{lead}\"agents\": {}", list_of(agent, lead));
            let end = end_of(text, last.node.at);
            spliced(text, end, end, &field)
        }
    }
}

fn take_out(text: &str, root: &Node, name: &Name) -> Option<String> {
    let list = field(root, "agents")?;
    let NodeValue::List(items) = &list.value else { return None };
    let is_it = |item: &Node| matches!(field(item, "name"), Some(Node { value: NodeValue::Text(text), .. }) if text == name.as_str());
    let number = items.iter().position(is_it)?;
    let item = items.get(number)?;
    let before = number.checked_sub(1).and_then(|before| items.get(before));
    let (from, to) = match (before, items.get(number + 1)) {
        (_, Some(next)) => (item.at, next.at),
        (Some(before), None) => (end_of(text, before.at), end_of(text, item.at)),
        (None, None) => (list.at + 1, end_of(text, list.at).saturating_sub(1)),
    };
    Some(spliced(text, from, to, ""))
}

fn field<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        NodeValue::Table(entries) => {
            entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
        }
        _ => None,
    }
}

/// The white space in front of a place.
fn lead(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    before.get(before.trim_end().len()..).unwrap_or_default()
}

/// An agent as the file's other entries are written: on lines of their own, or in one line.
fn written(agent: &AgentDefinition, lead: &str) -> String {
    let Some((_, indent)) = lead.rsplit_once('\n') else {
        return serde_json::to_string(agent).unwrap_or_default();
    };
    let pretty = serde_json::to_string_pretty(agent).unwrap_or_default();
    pretty.replace('\n', &format!("\n{indent}"))
}

/// A list with one agent, the value of a field in front of which stands this white space.
fn list_of(agent: &AgentDefinition, lead: &str) -> String {
    let Some((_, indent)) = lead.rsplit_once('\n') else {
        return format!("[{}]", written(agent, lead));
    };
    let inner = format!("\n{indent}  ");
    format!("[{inner}{}\n{indent}]", written(agent, &inner))
}

fn spliced(text: &str, from: usize, to: usize, middle: &str) -> String {
    let (head, tail) = (text.get(..from).unwrap_or(text), text.get(to..).unwrap_or_default());
    format!("{head}{middle}{tail}")
}

/// Where the value that begins here ends; the text is known to be valid JSON.
fn end_of(text: &str, at: usize) -> usize {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    let bytes = text.as_bytes().iter().enumerate().skip(at);
    for (place, byte) in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => continue,
            b'{' | b'[' => depth += 1,
            // A plain word or number ends in front of what follows it.
            b'}' | b']' | b',' if depth == 0 => return place,
            b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return place,
            b'}' | b']' => depth -= 1,
            _ => continue,
        }
        let is_closed = depth == 0 && !in_text && !is_escaped;
        if is_closed && matches!(byte, b'"' | b'}' | b']') {
            return place + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::agency::plain_agent;

    const FILE: &str = "agencies/Code/agency.json";

    fn name(text: &str) -> Name {
        Name::parse(text).expect("a name")
    }

    fn agent(text: &str) -> AgentDefinition {
        plain_agent(&name(text), &name("lead")).expect("an agent")
    }

    fn hired(text: &str) -> String {
        with_agent(FILE, text, &agent("new")).expect("valid").expect("changed")
    }

    const PRETTY: &str = r#"{
    "coordinator":   "lead",
    "agents": [
        {"name": "dev", "role": "says \"}],\" often"},
        { "name": "ops" }
    ],
    "name": "Code", "project": null
}
"#;

    #[test]
    fn an_agent_is_put_in_and_taken_out_and_every_other_byte_stays() {
        let with = hired(PRETTY);
        insta::assert_snapshot!(with, @r#"
        {
            "coordinator":   "lead",
            "agents": [
                {"name": "dev", "role": "says \"}],\" often"},
                { "name": "ops" },
                {
                  "name": "new",
                  "role": "Specialist",
                  "role_file": "agents/new.md",
                  "runtime": "shell",
                  "skills": []
                }
            ],
            "name": "Code", "project": null
        }
        "#);
        assert_eq!(without_agent(FILE, &with, &name("new")), Ok(Some(PRETTY.to_owned())));
        let without = without_agent(FILE, PRETTY, &name("dev")).expect("valid").expect("changed");
        assert_eq!(
            without,
            PRETTY.replace(
                "{\"name\": \"dev\", \"role\": \"says \\\"}],\\\" often\"},\n        ",
                ""
            )
        );
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        assert_eq!(with_agent(FILE, PRETTY, &agent("dev")), Ok(None));
        assert_eq!(without_agent(FILE, PRETTY, &name("new")), Ok(None));
        assert_eq!(without_agent(FILE, PRETTY, &name("lead")), Ok(None));
    }

    #[test]
    fn a_file_without_agents_gets_a_list() {
        for text in [
            r#"{"name": "Code", "coordinator": "lead"}"#,
            r#"{"name": "Code", "coordinator": "lead", "agents": []}"#,
            r#"{"name": "Code", "coordinator": "lead", "agents": null}"#,
            "{\n  \"name\": \"Code\",\n  \"agents\": [ ],\n  \"coordinator\": \"lead\"\n}",
            "{\n  \"name\": \"Code\",\n  \"coordinator\": \"lead\"\n}\n",
        ] {
            let with = hired(text);
            let names: Vec<String> = parse(FILE, &with)
                .expect("valid")
                .agents
                .iter()
                .map(|agent| agent.name.to_string())
                .collect();
            assert_eq!(names, ["lead", "new"], "{with}");
            let without = without_agent(FILE, &with, &name("new")).expect("valid");
            assert!(without.expect("changed").contains("\"agents\": []"));
        }
    }

    #[test]
    fn a_broken_file_is_refused_with_its_place() {
        let problems = with_agent(FILE, "{\n \"name\": Code }", &agent("new")).expect_err("taken");
        assert!(problems.to_string().starts_with("agencies/Code/agency.json:2:10: not JSON"));
    }

    proptest! {
        #[test]
        fn whatever_stands_there_a_hire_and_its_dismissal_give_the_text_back(
            roles in prop::collection::vec("\\PC{1,12}", 1..5),
            is_pretty in any::<bool>(),
        ) {
            let agents: Vec<_> = roles.iter().enumerate().map(|(number, role)| {
                serde_json::json!({"name": format!("a{number}"), "role": format!("x{role}")})
            }).collect();
            let page = serde_json::json!({"name": "Code", "coordinator": "lead", "agents": agents});
            let text = if is_pretty { format!("{page:#}") } else { page.to_string() };
            let with = hired(&text);
            prop_assert_eq!(without_agent(FILE, &with, &name("new")), Ok(Some(text)));
        }
    }
}
