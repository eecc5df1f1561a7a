//! Templates: a folder that becomes an agency's folder.
//!
//! A template is an ordinary agency's folder: `agency.json` and whatever lies beside it. Its `name` is only
//! the usual one and is replaced. In Markdown files `{{agency}}`, `{{coordinator}}`, `{{agents}}`
//! and, in an agent's role file, `{{agent}}` are filled in; nothing else is ever interpreted.

use std::path::{Path, PathBuf};

use crate::domain::agency::{AgencyDefinition, AgentDefinition, COORDINATOR, Layout};
use crate::domain::name::Name;
use crate::manifest::agency::{self, default_role_file, is_inside, plain_agent};
use crate::manifest::problem::{Problem, Problems};

pub use findings::{Finding, REVIEW, Severity, check};

mod findings;
pub mod start;

/// A template, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name: the folder's.
    pub name: String,
    /// One line: its agency's description.
    pub description: String,
    /// Every file but `agency.json`, relative to the folder.
    pub files: Vec<(PathBuf, String)>,
    /// The agency it makes.
    pub definition: AgencyDefinition,
}

/// What is asked for when an agency is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgencyOptions {
    /// Its name.
    pub name: Name,
    /// Specialists; empty: the template's.
    pub agents: Vec<Name>,
    /// The coordinator's name; none: the template's.
    pub coordinator: Option<Name>,
    /// Capabilities; empty: the template's.
    pub capabilities: Vec<String>,
    /// The runtime of every agent; none: the template's.
    pub runtime: Option<Name>,
    /// Layout; none: the template's.
    pub layout: Option<Layout>,
    /// Its own project; none: the template's.
    pub project: Option<PathBuf>,
}

impl NewAgencyOptions {
    /// Nothing but a name: everything else is the template's.
    pub fn named(name: Name) -> Self {
        Self {
            name,
            agents: Vec::new(),
            coordinator: None,
            capabilities: Vec::new(),
            runtime: None,
            layout: None,
            project: None,
        }
    }
}

/// What makes a folder a template, and an agency's.
pub const DEFINITION: &str = "agency.json";

impl Template {
    /// The template of a bare agency: a coordinator, and whoever is asked for.
    pub fn bare(name: &Name) -> Option<Self> {
        let coordinator = Name::parse(COORDINATOR).ok()?;
        let definition = AgencyDefinition {
            name: name.clone(),
            description: String::new(),
            template: None,
            capabilities: Vec::new(),
            agents: vec![plain_agent(&coordinator, &coordinator)?],
            coordinator,
            layout: Layout::default(),
            project: None,
        };
        Some(Self {
            name: "bare".to_owned(),
            description: "A coordinator, and the agents you name".to_owned(),
            files: Vec::new(),
            definition,
        })
    }
}

/// Reads a template from the files of its folder; `name` is the folder's.
pub fn parse_template(name: &str, files: Vec<(PathBuf, String)>) -> Result<Template, Problems> {
    let file = format!("templates/{name}/{DEFINITION}");
    let is_definition = |path: &Path| path == Path::new(DEFINITION);
    let Some((_, text)) = files.iter().find(|(path, _)| is_definition(path)) else {
        let message = "is missing; a template is a folder with the `agency.json` of its agency";
        return Err(problems(&file, [(String::new(), message.to_owned())]));
    };
    let definition = agency::parse(&file, text)?;
    let has = |wanted: &Path| files.iter().any(|(path, _)| path == wanted);
    let leaving = files.iter().filter(|(path, _)| !is_inside(path)).map(|(path, _)| {
        (String::new(), format!("the file `{}` would leave the agency's folder", path.display()))
    });
    let roles = definition.agents.iter().enumerate().filter(|(_, agent)| !has(&agent.role_file));
    let lacking = roles.map(|(number, agent)| {
        let message = format!("the role file `{}` is missing", agent.role_file.display());
        (format!("agents[{number}].role_file"), message)
    });
    let wrong: Vec<_> = leaving.chain(lacking).collect();
    if !wrong.is_empty() {
        return Err(problems(&file, wrong));
    }
    Ok(Template {
        name: name.to_owned(),
        description: definition.description.clone(),
        files: files.into_iter().filter(|(path, _)| !is_definition(path)).collect(),
        definition,
    })
}

fn problems(file: &str, wrong: impl IntoIterator<Item = (String, String)>) -> Problems {
    let problem = |(field, message)| Problem { line: None, column: None, field, message };
    Problems { file: file.to_owned(), problems: wrong.into_iter().map(problem).collect() }
}

/// The files of a new agency's folder, `agency.json` first, relative to the folder.
///
/// Refuses, with all problems, what [`agency::parse`] would not read back: a doubled or a reserved
/// name among the agents, say.
pub fn instantiate(
    template: &Template,
    options: &NewAgencyOptions,
) -> Result<Vec<(PathBuf, String)>, Problems> {
    let asked = definition(template, options);
    let file = format!("agencies/{}/{DEFINITION}", options.name);
    let text = agency::render(&asked);
    let definition = agency::parse(&file, &text)?;
    let mut files = vec![(PathBuf::from(DEFINITION), text)];
    files.extend(common_files(template, &definition));
    for agent in &definition.agents {
        // Agents may share a role file; it is written once, for the first of them.
        if !files.iter().any(|(path, _)| *path == agent.role_file) {
            files.push(role_file(template, &definition, agent));
        }
    }
    Ok(files)
}

fn definition(template: &Template, options: &NewAgencyOptions) -> AgencyDefinition {
    let base = &template.definition;
    let coordinator = options.coordinator.clone().unwrap_or_else(|| base.coordinator.clone());
    let mut agents: Vec<AgentDefinition> = base
        .agents
        .iter()
        .filter(|agent| agent.name == base.coordinator)
        .map(|agent| AgentDefinition { name: coordinator.clone(), ..agent.clone() })
        .collect();
    let specialists = base.agents.iter().filter(|agent| agent.name != base.coordinator);
    if options.agents.is_empty() {
        agents.extend(specialists.cloned());
    } else {
        let known = |name: &Name| specialists.clone().find(|agent| agent.name == *name).cloned();
        let agent = |name: &Name| known(name).or_else(|| plain_agent(name, &coordinator));
        agents.extend(options.agents.iter().filter_map(agent));
    }
    if let Some(runtime) = &options.runtime {
        agents.iter_mut().for_each(|agent| agent.runtime = runtime.clone());
    }
    let capabilities =
        if options.capabilities.is_empty() { &base.capabilities } else { &options.capabilities };
    AgencyDefinition {
        name: options.name.clone(),
        description: base.description.clone(),
        // The bare one is no folder that could be looked into again.
        template: (!template.files.is_empty()).then(|| template.name.clone()),
        capabilities: capabilities.clone(),
        coordinator,
        agents,
        layout: options.layout.unwrap_or(base.layout),
        project: options.project.clone().or_else(|| base.project.clone()),
    }
}

/// Everything that is nobody's role file.
fn common_files(template: &Template, definition: &AgencyDefinition) -> Vec<(PathBuf, String)> {
    let is_role = |path: &Path| {
        template.definition.agents.iter().any(|agent| agent.role_file == path)
            || definition.agents.iter().any(|agent| agent.role_file == path)
    };
    let files = template.files.iter().filter(|(path, _)| !is_role(path));
    files.map(|(path, text)| (path.clone(), filled(path, text, definition, None))).collect()
}

/// An agent's role file: the template's if it has one, else the general one, with the names filled in.
pub fn role_file(
    template: &Template,
    definition: &AgencyDefinition,
    agent: &AgentDefinition,
) -> (PathBuf, String) {
    let path = &agent.role_file;
    let own = template.files.iter().find(|(other, _)| other == path).map(|(_, text)| text.as_str());
    let is_coordinator = agent.name == definition.coordinator
        || *path == default_role_file(&definition.coordinator, &definition.coordinator);
    let generic = if is_coordinator { GENERIC_COORDINATOR } else { GENERIC_SPECIALIST };
    (path.clone(), filled(path, own.unwrap_or(generic), definition, Some(agent)))
}

/// Role files for whoever the template has none.
const GENERIC_COORDINATOR: &str = include_str!("template/coordinator.md");
const GENERIC_SPECIALIST: &str = include_str!("template/specialist.md");

fn filled(
    path: &Path,
    text: &str,
    definition: &AgencyDefinition,
    agent: Option<&AgentDefinition>,
) -> String {
    if path.extension().is_none_or(|extension| extension != "md") {
        return text.to_owned();
    }
    let specialists = definition.agents.iter().filter(|other| other.name != definition.coordinator);
    let agents: Vec<String> =
        specialists.map(|agent| format!("- `{}`: {}", agent.name, agent.role)).collect();
    let agents = if agents.is_empty() { "- none yet".to_owned() } else { agents.join("\n") };
    let text = text
        .replace("{{agency}}", definition.name.as_str())
        .replace("{{coordinator}}", definition.coordinator.as_str());
    let text = match agent {
        Some(agent) => {
            text.replace("{{agent}}", agent.name.as_str()).replace("{{role}}", &agent.role)
        }
        None => text,
    };
    text.replace("{{agents}}", &agents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).expect("a name")
    }

    fn template() -> Template {
        let definition = r#"{"name": "Code", "coordinator": "lead", "capabilities": ["backend"],
            "agents": [{"name": "dev", "role": "Develops", "role_file": "agents/d.md", "skills": ["x"]},
                       {"name": "lead", "role": "Leads"}]}"#;
        let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
        let files = vec![
            file("agency.json", definition),
            file("coordinator.md", "{{coordinator}} of {{agency}} leads\n{{agents}}\n"),
            file("agents/d.md", "I am {{agent}}, I ask {{coordinator}}\n"),
            file("scripts/x.sh", "echo {{agency}}\n"),
            file("README.md", "# {{agency}}\n"),
        ];
        parse_template("code", files).expect("valid")
    }

    fn file<'f>(files: &'f [(PathBuf, String)], path: &str) -> Option<&'f str> {
        files.iter().find(|(other, _)| other == Path::new(path)).map(|(_, text)| text.as_str())
    }

    #[test]
    fn a_new_agency_is_its_template_with_the_names_filled_in() {
        let files = instantiate(&template(), &NewAgencyOptions::named(name("Shop"))).expect("made");
        let made = agency::parse("agencies/Shop/agency.json", &files[0].1).expect("valid");
        assert_eq!(made.coordinator_address().to_string(), "Shop/lead");
        assert_eq!(file(&files, "coordinator.md"), Some("lead of Shop leads\n- `dev`: Develops\n"));
        assert_eq!(file(&files, "agents/d.md"), Some("I am dev, I ask lead\n"));
        assert_eq!(file(&files, "scripts/x.sh"), Some("echo {{agency}}\n"));
        assert_eq!(file(&files, "README.md"), Some("# Shop\n"));
        assert_eq!(files.len(), 5);
    }

    #[test]
    fn what_is_asked_for_wins_over_the_template() {
        let options = NewAgencyOptions {
            agents: vec![name("dev"), name("go-agent")],
            coordinator: Some(name("boss")),
            capabilities: vec!["frontend".to_owned()],
            runtime: Some(name("rehearsal")),
            layout: Some(Layout::Windows),
            project: Some(PathBuf::from("/p")),
            ..NewAgencyOptions::named(name("Shop"))
        };
        let files = instantiate(&template(), &options).expect("made");
        let made = agency::parse("agencies/Shop/agency.json", &files[0].1).expect("valid");
        let names: Vec<_> = made.agents.iter().map(|agent| agent.name.as_str()).collect();
        assert_eq!(names, ["boss", "dev", "go-agent"]);
        assert_eq!(made.agents[1].skills, ["x"]);
        assert!(made.agents.iter().all(|agent| agent.runtime.as_str() == "rehearsal"));
        assert_eq!(
            (made.layout, made.capabilities),
            (Layout::Windows, vec!["frontend".to_owned()])
        );
        let generic = file(&files, "agents/go-agent.md").expect("a generic role file");
        assert!(
            generic.contains("go-agent") && generic.contains("boss") && !generic.contains("{{")
        );
    }

    #[test]
    fn an_agent_that_is_left_out_leaves_no_role_file() {
        let options = NewAgencyOptions {
            agents: vec![name("other")],
            ..NewAgencyOptions::named(name("Shop"))
        };
        let files = instantiate(&template(), &options).expect("made");
        assert_eq!(file(&files, "agents/d.md"), None);
    }

    #[test]
    fn a_bare_agency_is_a_coordinator_with_a_role_file() {
        let bare = Template::bare(&name("Solo")).expect("made");
        let files = instantiate(&bare, &NewAgencyOptions::named(name("Solo"))).expect("made");
        let paths: Vec<_> = files.iter().map(|(path, _)| path.to_str().expect("text")).collect();
        assert_eq!(paths, ["agency.json", "coordinator.md"]);
        assert!(!files[1].1.contains("{{"), "{}", files[1].1);
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for agents in [["operator", "b"], ["dev", "dev"], ["lead", "dev"]] {
            let options = NewAgencyOptions {
                agents: agents.map(name).to_vec(),
                ..NewAgencyOptions::named(name("Shop"))
            };
            assert!(instantiate(&template(), &options).is_err(), "{agents:?} was taken");
        }
    }

    #[test]
    fn a_template_without_its_files_is_refused() {
        let lone = vec![(PathBuf::from("agency.json"), r#"{"name": "Code"}"#.to_owned())];
        let problems = parse_template("code", lone).expect_err("it was taken");
        let expected = "templates/code/agency.json: `agents[0].role_file`: the role file `coordinator.md` is missing";
        assert_eq!(problems.to_string(), expected);
        assert!(parse_template("code", Vec::new()).is_err());
    }
}
