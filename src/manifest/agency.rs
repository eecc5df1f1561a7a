//! `agency.json`: the definition of an agency, read and written.
//!
//! Only `name` is mandatory. The coordinator need not stand among `agents`; wherever it stands, it
//! comes first. What is left out gets the default that [`render`] would write.

pub mod editing;

use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use crate::domain::agency::{AgencyDefinition, AgentDefinition, COORDINATOR, Layout};
use crate::domain::name::{Address, Name};
use crate::manifest::fields::{Fields, Notes};
use crate::manifest::problem::Problems;
use crate::manifest::tree;

/// The runtime of an agent that names none.
const DEFAULT_RUNTIME: &str = "shell";

/// Reads a definition. `file` is its name for messages; if it ends in `agencies/FOLDER/agency.json`, the
/// agency's name must be the folder's.
pub fn parse(file: &str, text: &str) -> Result<AgencyDefinition, Problems> {
    let root = tree::from_json(file, text)?;
    let mut notes = Notes::new(file, text);
    let definition = Fields::of(&root, "", &mut notes)
        .and_then(|fields| definition(fields, folder_of(file), &mut notes));
    notes.finish(definition)
}

/// The role file of an agent that names none.
pub fn default_role_file(agent: &Name, coordinator: &Name) -> PathBuf {
    if agent == coordinator {
        PathBuf::from("coordinator.md")
    } else {
        PathBuf::from(format!("agents/{agent}.md"))
    }
}

fn folder_of(file: &str) -> Option<&str> {
    let folder = Path::new(file).parent()?;
    let is_agency = folder.parent()?.file_name()? == "agencies";
    is_agency.then(|| folder.file_name()?.to_str()).flatten()
}

fn definition(
    mut fields: Fields<'_>,
    folder: Option<&str>,
    notes: &mut Notes<'_>,
) -> Option<AgencyDefinition> {
    let name = agency_name(&mut fields, folder, notes);
    let description = fields.line("description", notes).unwrap_or_default();
    let template = fields.line("template", notes);
    let capabilities = fields.texts("capabilities", notes);
    no_doubles(&capabilities, "capabilities", notes);
    let coordinator = fields.name("coordinator", notes);
    let layout = match fields.word("layout", &["panes", "windows"], notes) {
        Some("windows") => Layout::Windows,
        Some(_) | None => Layout::Panes,
    };
    let project = fields.text("project", notes).map(|(_, path)| PathBuf::from(path));
    let coordinator = match coordinator {
        Some((at, name)) => {
            not_reserved(&name, &name, Some(at), "coordinator", notes);
            name
        }
        None => Name::parse(COORDINATOR).ok()?,
    };
    let agents = agents(&mut fields, &coordinator, notes);
    fields.finish(notes);
    Some(AgencyDefinition {
        name: name?,
        description,
        template,
        capabilities: capabilities.into_iter().map(|(_, word)| word).collect(),
        coordinator,
        agents,
        layout,
        project,
    })
}

fn agency_name(
    fields: &mut Fields<'_>,
    folder: Option<&str>,
    notes: &mut Notes<'_>,
) -> Option<Name> {
    if fields.node("name").is_none() {
        let message = "is missing; write the agency's name, say `\"name\": \"CodeAgency\"`";
        notes.add(Some(fields.at()), "name", message);
        return None;
    }
    let (at, name) = fields.name("name", notes)?;
    if [Address::OPERATOR, Address::WORKBENCH].contains(&name.as_str()) {
        notes.add(Some(at), "name", format!("`{name}` is a reserved word; choose another name"));
    }
    if let Some(folder) = folder.filter(|folder| *folder != name.as_str()) {
        let message = format!("`{name}` is not the folder's name; write `{folder}`");
        notes.add(Some(at), "name", message);
    }
    Some(name)
}

fn agents(
    fields: &mut Fields<'_>,
    coordinator: &Name,
    notes: &mut Notes<'_>,
) -> Vec<AgentDefinition> {
    let mut seen: Vec<Name> = Vec::new();
    let mut agents = Vec::new();
    for (path, node) in fields.list("agents", notes) {
        let Some(fields) = Fields::of(node, &path, notes) else { continue };
        let Some((at, agent)) = agent(fields, coordinator, notes) else { continue };
        let field = format!("{path}.name");
        not_reserved(&agent.name, coordinator, Some(at), &field, notes);
        let same = |other: &&Name| other.as_str().eq_ignore_ascii_case(agent.name.as_str());
        if let Some(other) = seen.iter().find(same) {
            let message = format!(
                "`{}` and `{other}` are the same name; each agent needs its own",
                agent.name
            );
            notes.add(Some(at), &field, message);
        }
        seen.push(agent.name.clone());
        agents.push(agent);
    }
    coordinator_first(agents, coordinator)
}

fn coordinator_first(agents: Vec<AgentDefinition>, coordinator: &Name) -> Vec<AgentDefinition> {
    let (mut first, specialists): (Vec<_>, Vec<_>) =
        agents.into_iter().partition(|agent| agent.name == *coordinator);
    if first.is_empty() {
        first.extend(plain_agent(coordinator, coordinator));
    }
    first.extend(specialists);
    first
}

/// An agent of which nothing but the name is known.
pub fn plain_agent(name: &Name, coordinator: &Name) -> Option<AgentDefinition> {
    Some(AgentDefinition {
        name: name.clone(),
        role: default_role(name, coordinator),
        role_file: default_role_file(name, coordinator),
        runtime: Name::parse(DEFAULT_RUNTIME).ok()?,
        skills: Vec::new(),
        temporary: false,
    })
}

fn default_role(name: &Name, coordinator: &Name) -> String {
    let role = if name == coordinator { "Coordinator" } else { "Specialist" };
    role.to_owned()
}

fn agent(
    mut fields: Fields<'_>,
    coordinator: &Name,
    notes: &mut Notes<'_>,
) -> Option<(usize, AgentDefinition)> {
    if fields.node("name").is_none() {
        notes.add(
            Some(fields.at()),
            &fields.path_of("name"),
            "is missing; every agent needs a name",
        );
    }
    let name = fields.name("name", notes);
    let role = fields.text("role", notes).map(|(_, text)| text);
    let role_file = role_file(&mut fields, notes);
    let runtime = fields.name("runtime", notes).map(|(_, runtime)| runtime);
    let skills = fields.texts("skills", notes);
    no_doubles(&skills, &fields.path_of("skills"), notes);
    let temporary = fields.flag("temporary", notes).unwrap_or_default();
    fields.finish(notes);
    let (at, name) = name?;
    let agent = AgentDefinition {
        role: role.unwrap_or_else(|| default_role(&name, coordinator)),
        role_file: role_file.unwrap_or_else(|| default_role_file(&name, coordinator)),
        runtime: runtime.or_else(|| Name::parse(DEFAULT_RUNTIME).ok())?,
        skills: skills.into_iter().map(|(_, word)| word).collect(),
        temporary,
        name,
    };
    Some((at, agent))
}

fn role_file(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Option<PathBuf> {
    let (at, text) = fields.text("role_file", notes)?;
    let path = PathBuf::from(text);
    if !is_inside(&path) {
        let message = "must lie inside the agency's folder, say `agents/python_agent.md`";
        notes.add(Some(at), &fields.path_of("role_file"), message);
    }
    Some(path)
}

/// Whether a relative path cannot leave its folder.
pub fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn not_reserved(
    name: &Name,
    coordinator: &Name,
    at: Option<usize>,
    field: &str,
    notes: &mut Notes<'_>,
) {
    let word = name.as_str();
    let is_taken = word == COORDINATOR && name != coordinator;
    if is_taken {
        let message = format!(
            "`{word}` always finds the coordinator, which is `{coordinator}` here; choose another name"
        );
        notes.add(at, field, message);
    } else if [Address::OPERATOR, Address::WORKBENCH].contains(&word) {
        notes.add(at, field, format!("`{word}` is a reserved word; choose another name"));
    }
}

fn no_doubles(words: &[(usize, String)], field: &str, notes: &mut Notes<'_>) {
    for (number, (at, word)) in words.iter().enumerate() {
        if words.iter().take(number).any(|(_, before)| before == word) {
            notes.add(Some(*at), field, format!("`{word}` stands twice; keep one"));
        }
    }
}

/// The file's fields in the order people read them.
#[derive(Serialize)]
struct Page<'d> {
    name: &'d Name,
    description: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'d str>,
    capabilities: &'d [String],
    coordinator: &'d Name,
    layout: Layout,
    project: Option<std::borrow::Cow<'d, str>>,
    agents: &'d [AgentDefinition],
}

/// The definition as `agency.json`, ready to be edited by hand.
pub fn render(definition: &AgencyDefinition) -> String {
    let page = Page {
        name: &definition.name,
        description: &definition.description,
        template: definition.template.as_deref(),
        capabilities: &definition.capabilities,
        coordinator: &definition.coordinator,
        layout: definition.layout,
        project: definition.project.as_ref().map(|path| path.to_string_lossy()),
        agents: &definition.agents,
    };
    let mut text = serde_json::to_string_pretty(&page).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
