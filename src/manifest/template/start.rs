//! How a template of one's own begins: as a small whole one, or as a copy of another with its names adapted.
//!
//! What is made here passes [`crate::manifest::template::check`] without a word; a test holds that.
//! Nothing is written: the files are given back, relative to the template's folder.

use std::path::PathBuf;

use crate::domain::agency::{AgencyDefinition, AgentDefinition};
use crate::domain::name::Name;
use crate::manifest::agency::{self, plain_agent};
use crate::manifest::template::{
    DEFINITION, GENERIC_COORDINATOR, GENERIC_SPECIALIST, Template, is_inside,
};

const CHECK: &str = include_str!("start/check.sh");
const REVIEW: &str = include_str!("start/review.md");
const RECIPE: &str = include_str!("start/sandbox.toml");

/// What a role file says of the checklist, under its own heading.
const REVIEW_HINT: &str = "\n## Review\nBefore anything is handed in, somebody reads it with `review.md` in the agency's folder.\n";

/// The name of the agency that a template of that name makes: `web` makes `WebAgency`.
pub fn agency_name(template: &Name) -> Name {
    let word = template.as_str();
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).unwrap_or('A');
    let capital = format!("{first}{}", letters.as_str());
    let is_named = word.to_ascii_lowercase().ends_with("agency");
    let full = if is_named { capital } else { format!("{capital}Agency") };
    Name::parse(&full).unwrap_or_else(|_| template.clone())
}

/// A small whole template: a coordinator, a specialist, a script, a checklist and a recipe. None only if its
/// names would be too long.
pub fn skeleton(name: &Name) -> Option<Vec<(PathBuf, String)>> {
    let coordinator = Name::parse(&format!("{name}-coordinator")).ok()?;
    let specialist = Name::parse(&format!("{name}-agent")).ok()?;
    let skilled = |agent: Name, role: &str, skill: &str| -> Option<AgentDefinition> {
        let plain = plain_agent(&agent, &coordinator)?;
        Some(AgentDefinition { role: role.to_owned(), skills: vec![skill.to_owned()], ..plain })
    };
    let agents = vec![
        skilled(coordinator.clone(), "Coordinator", "planning")?,
        skilled(specialist, &format!("Specialist for {name}"), name.as_str())?,
    ];
    let role_file = agents.get(1)?.role_file.clone();
    let definition = AgencyDefinition {
        name: agency_name(name),
        description: format!("What this agency is there for: {name}, in one line"),
        template: None,
        capabilities: vec![name.to_string()],
        coordinator,
        agents,
        layout: crate::domain::agency::Layout::default(),
        project: None,
    };
    let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
    Some(vec![
        (PathBuf::from(DEFINITION), agency::render(&definition)),
        file("coordinator.md", &format!("{GENERIC_COORDINATOR}{REVIEW_HINT}")),
        (role_file, format!("{GENERIC_SPECIALIST}{REVIEW_HINT}")),
        file("scripts/check.sh", CHECK),
        file("review.md", REVIEW),
        file("sandbox.toml", RECIPE),
    ])
}

/// A copy of a template under another name; agents that bear the old name bear the new one.
pub fn copy(template: &Template, name: &Name) -> Vec<(PathBuf, String)> {
    let old = format!("{}-", template.name);
    let renamed = |agent: &Name| -> Option<Name> {
        Name::parse(&format!("{name}-{}", agent.as_str().strip_prefix(&old)?)).ok()
    };
    let agents = template.definition.agents.iter();
    let pairs: Vec<(Name, Name)> =
        agents.filter_map(|agent| Some((agent.name.clone(), renamed(&agent.name)?))).collect();
    let new = |agent: &Name| {
        let pair = pairs.iter().find(|(known, _)| known == agent);
        pair.map_or_else(|| agent.clone(), |(_, new)| new.clone())
    };
    let mut definition = template.definition.clone();
    definition.name = agency_name(name);
    definition.template = None;
    definition.coordinator = new(&definition.coordinator);
    for agent in &mut definition.agents {
        agent.name = new(&agent.name);
    }
    let adapted = |text: &str| {
        pairs
            .iter()
            .fold(text.to_owned(), |text, (known, new)| text.replace(known.as_str(), new.as_str()))
    };
    let files = template.files.iter().filter(|(path, _)| is_inside(path));
    let files = files.map(|(path, text)| (path.clone(), adapted(text)));
    std::iter::once((PathBuf::from(DEFINITION), agency::render(&definition))).chain(files).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::template::check;
    use crate::manifest::template::parse_template;

    fn name(text: &str) -> Name {
        Name::parse(text).expect("a name")
    }

    #[test]
    fn a_new_template_has_nothing_wrong_with_it() {
        for word in ["web", "data-science", "x"] {
            let files = skeleton(&name(word)).expect("made");
            assert_eq!(check(word, &files), [], "{word}");
        }
        assert_eq!(skeleton(&name(&"a".repeat(64))), None);
    }

    #[test]
    fn a_copy_bears_its_own_name() {
        let files = skeleton(&name("web")).expect("made");
        let copied = copy(&parse_template("web", files).expect("valid"), &name("shop"));
        assert_eq!(check("shop", &copied), []);
        let made = parse_template("shop", copied).expect("valid").definition;
        assert_eq!(
            (made.name.as_str(), made.coordinator.as_str()),
            ("ShopAgency", "shop-coordinator")
        );
        assert_eq!(made.agents[1].name.as_str(), "shop-agent");
    }

    #[test]
    fn a_templates_name_gives_its_agency_one() {
        for (word, agency) in [("web", "WebAgency"), ("my-agency", "My-agency"), ("QA", "QAAgency")]
        {
            assert_eq!(agency_name(&name(word)).as_str(), agency);
        }
        assert_eq!(agency_name(&name(&"a".repeat(64))).as_str().len(), 64);
    }
}
