//! `sandbox.toml` of an agency or a template: its recipe, read.
//!
//! The same words as `[checks]` in `agency.toml`, and one more, `found`. Whether the scripts that it names
//! are there is for whoever knows the folder: here only the text is looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::recipe::Recipe;
use crate::manifest::agency::is_inside;
use crate::manifest::fields::{Fields, Notes};
use crate::manifest::problem::Problems;
use crate::manifest::tree::{self, Node, NodeValue};
use crate::manifest::workbench;

/// Reads a recipe; `file` is its name for messages. The digests of its scripts are not filled in.
pub fn parse(file: &str, text: &str) -> Result<Recipe, Problems> {
    let root = tree::from_toml(file, text)?;
    let mut notes = Notes::new(file, text);
    let recipe = Fields::of(&root, "", &mut notes).map(|mut fields| {
        let checks = fields.table("checks", &mut notes).map(|fields| checks(fields, &mut notes));
        fields.finish(&mut notes);
        checks.unwrap_or_default()
    });
    notes.finish(recipe)
}

fn checks(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Recipe {
    let path = fields.path_of("commands");
    let node = fields.node("commands");
    let commands = node.map(|node| workbench::commands(node, &path, notes)).unwrap_or_default();
    if let Some(node) = node {
        words(node, &path, notes);
    }
    let found = fields.flag("found", notes).unwrap_or_default();
    let limit = fields.number("time_limit", 1..=workbench::MAX_TIME_LIMIT_S, notes);
    let junit_field = fields.path_of("junit");
    let junit = fields.texts("junit", notes);
    for (at, path) in junit.iter().filter(|(_, path)| !is_inside(Path::new(path))) {
        notes.add(Some(*at), &junit_field, format!("`{path}` would leave the tree"));
    }
    fields.finish(notes);
    Recipe {
        commands,
        found,
        time_limit_s: limit
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or(Recipe::TIME_LIMIT_S),
        junit: junit.into_iter().map(|(_, path)| PathBuf::from(path)).collect(),
        scripts: BTreeMap::new(),
    }
}

/// Looks at the words of commands, however deep they stand.
fn words(node: &Node, path: &str, notes: &mut Notes<'_>) {
    match &node.value {
        NodeValue::List(items) => {
            for (number, item) in items.iter().enumerate() {
                words(item, &format!("{path}[{number}]"), notes);
            }
        }
        NodeValue::Text(word) => {
            if let Some(message) = wrong(word) {
                notes.add(Some(node.at), path, message);
            }
        }
        _ => {}
    }
}

/// What is wrong with a word that speaks of the agency's folder.
fn wrong(word: &str) -> Option<String> {
    if let Some(path) = word.strip_prefix(Recipe::FOLDER) {
        return (!is_inside(Path::new(path)) || path.is_empty())
            .then(|| format!("`{word}` must name a file inside the agency's folder"));
    }
    if word.contains("{agency}") {
        return Some(format!(
            "`{{agency}}` stands at the beginning of a word and before a `/`, as in `{{agency}}/scripts/x.sh`, not as in `{word}`"
        ));
    }
    let inner = word.strip_prefix('{')?.split_once('}')?.0;
    let is_word = !inner.is_empty() && inner.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_word.then(|| format!("`{{{inner}}}` is not known; accepted: `{{agency}}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_and_what_it_leaves_out_has_a_default() {
        let text = "[checks]\ncommands = [[\"{agency}/scripts/x.py\", \".\"], [\"sh\", \"-c\", \"{}\"]]\nfound = true\njunit = [\"a/*.xml\"]\n";
        let recipe = parse("sandbox.toml", text).expect("valid");
        assert_eq!(recipe.commands[0], ["{agency}/scripts/x.py", "."]);
        assert!(recipe.found);
        assert_eq!(recipe.time_limit_s, 300);
        assert_eq!(recipe.junit, [PathBuf::from("a/*.xml")]);
        let empty = parse("sandbox.toml", "").expect("valid");
        assert!(!empty.found && empty.commands.is_empty());
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let text = "[checks]\ncommand = [[\"x\"]]\nfound = \"yes\"\ntime_limit = 0\njunit = [\"../x\"]\n\
            commands = [[\"{agency}/../x\"], [\"a{agency}/x\"], [\"{agncy}/x\"], []]\n[service]\n";
        let problems = parse("t/sandbox.toml", text).expect_err("wrong");
        let said = problems.to_string();
        for expected in [
            "t/sandbox.toml:2:1: `checks.command`: unknown field; did you mean `commands`?",
            "t/sandbox.toml:3:9: `checks.found`: expected true or false, found a text",
            "t/sandbox.toml:4:14: `checks.time_limit`: 0 is not within 1 to 86400",
            "t/sandbox.toml:5:10: `checks.junit`: `../x` would leave the tree",
            "t/sandbox.toml:6:14: `checks.commands[0][0]`: `{agency}/../x` must name a file inside",
            "`checks.commands[1][0]`: `{agency}` stands at the beginning of a word",
            "`checks.commands[2][0]`: `{agncy}` is not known; accepted: `{agency}`",
            "`checks.commands[3]`: is empty",
            "t/sandbox.toml:7:2: `service`: unknown field; accepted: `checks`",
        ] {
            assert!(said.contains(expected), "{expected}\n{said}");
        }
    }
}
