//! Making an agency's folder from a template, and what there is to choose from.
//!
//! The folder is built beside its place and renamed, so an agency is there whole or not at all.

use std::path::PathBuf;

use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::problem::Problems;
use crate::manifest::template::{NewAgencyOptions, Template, instantiate};
use crate::ports::folder::TextFile;
use crate::service::catalogue::TemplateView;
use crate::service::link::Link;
use crate::service::preflight::suitable_project;
use crate::service::query::Query;
use crate::service::templates::{self, Shelf};
use crate::service::views::AgencyView;
use crate::service::wire::Ask;
use crate::service::workbench::{Identity, NewAgency, Workbench};

impl Workbench {
    /// Makes an agency's folder from its template; does not start it.
    pub fn create_agency(&self, new: &NewAgency) -> Result<AgencyView, Refusal> {
        if let Identity::Agent { address, .. } = &self.identity {
            let message = format!("only the operator makes agencies, not `{address}`");
            return Err(Refusal::new(RefusalKind::NotAllowed, "operator_only", message));
        }
        let template = self.template_for(new)?;
        let options = NewAgencyOptions {
            name: new.name.clone(),
            agents: new.agents.clone(),
            coordinator: new.coordinator.clone(),
            capabilities: new.capabilities.clone(),
            runtime: new.runtime.clone(),
            layout: new.layout,
            project: new.project.clone(),
        };
        let files: Vec<TextFile> = instantiate(&template, &options)
            .map_err(refused_names)?
            .into_iter()
            .map(|(path, text)| TextFile { path, text })
            .collect();
        self.require_known_runtime(new)?;
        if let Some(project) = &new.project {
            suitable_project(&self.outside, &self.home().join(project), None)?;
        }
        self.outside.folder.make_agency(&new.name, &files).map_err(|error| {
            let refusal = Self::folder_refusal(error);
            match refusal.kind {
                RefusalKind::Conflict => {
                    refusal.with_hint(format!("see it with `agency show {}`", new.name))
                }
                _ => refusal,
            }
        })?;
        self.tell_of(&new.name);
        let known: Result<AgencyView, Refusal> =
            self.fetch(&Query::Agency { name: new.name.clone() });
        known.or_else(|_| {
            let (state, _) = self.last_state()?;
            let record = state.sessions.agency(&new.name);
            record
                .map(|record| crate::service::board::agency(&state, self.home(), &new.name, record))
                .ok_or_else(|| {
                    Refusal::new(
                        RefusalKind::Failed,
                        "create",
                        "the new agency cannot be read back",
                    )
                })
        })
    }

    /// Lets a running supervisor read the new definition, so that every face shows the agency at once. Where that
    /// fails the folder speaks for itself until the agency is started.
    fn tell_of(&self, name: &Name) {
        if let Some(mut link) = Link::open(&self.outside.socket) {
            let command = Box::new(Command::DefineAgency { name: name.clone() });
            if let Err(refusal) = link.ask(&self.outside, &self.identity, Ask::Command(command)) {
                tracing::debug!(%refusal, "the supervisor did not read the new definition");
            }
        }
    }

    fn template_for(&self, new: &NewAgency) -> Result<Template, Refusal> {
        let shelf = self.shelf()?;
        let bare = || Template::bare(&new.name);
        let wanted = new.template.clone().unwrap_or_else(|| templates::word_of(&new.name));
        if let Some((_, problems)) = shelf.broken.iter().find(|(name, _)| *name == wanted) {
            return Err(problems.clone().into());
        }
        let found = match &new.template {
            Some(name) => templates::find(&shelf.templates, name).cloned(),
            None => templates::for_agency(&shelf.templates, &new.name).cloned().or_else(bare),
        };
        found.ok_or_else(|| unknown_template(&wanted, &shelf))
    }

    /// Built-in templates and the workbench's own.
    pub(super) fn shelf(&self) -> Result<Shelf, Refusal> {
        templates::load_all(self.outside.folder.as_ref()).map_err(Self::folder_refusal)
    }

    /// Every template, by name; those that cannot be used say why.
    pub fn templates(&self) -> Result<Vec<TemplateView>, Refusal> {
        let shelf = self.shelf()?;
        let broken = shelf.broken.iter().map(|(name, problems)| broken_view(name, problems));
        let mut views: Vec<TemplateView> = broken.collect();
        views.extend(shelf.templates.into_iter().map(|one| template_view(one, &shelf.own)));
        views.sort_by(|one, two| one.name.cmp(&two.name));
        Ok(views)
    }

    /// Where a program is; none: it is not installed.
    pub(super) fn find_program(&self, program: Option<&str>) -> Option<String> {
        let name = match program {
            None => return Some("the user's shell".to_owned()),
            Some("agency") => return Some(self.outside.program.display().to_string()),
            Some(name) => name,
        };
        let is_program = |path: &PathBuf| path.is_file();
        if name.contains('/') {
            return Some(PathBuf::from(name))
                .filter(is_program)
                .map(|path| path.display().to_string());
        }
        let folders = self.outside.path.iter();
        folders
            .map(|folder| folder.join(name))
            .find(is_program)
            .map(|path| path.display().to_string())
    }
}

/// What is wrong with the names that were asked for: no file has been made, so none is named.
fn refused_names(problems: Problems) -> Refusal {
    let lines: Vec<String> = problems
        .problems
        .into_iter()
        .map(|problem| format!("`{}`: {}", problem.field, problem.message))
        .collect();
    Refusal::new(RefusalKind::Usage, "invalid_definition", lines.join("\n"))
        .with_hint("see `agency create --help`")
}

/// A template of that name is not there.
pub(super) fn unknown_template(wanted: &str, shelf: &Shelf) -> Refusal {
    let names: Vec<&str> = shelf.templates.iter().map(|template| template.name.as_str()).collect();
    let message = format!("there is no template `{wanted}`");
    Refusal::new(RefusalKind::NotFound, "template_not_found", message)
        .with_hint(format!("known are {}", names.join(", ")))
}

fn broken_view(name: &str, problems: &Problems) -> TemplateView {
    TemplateView {
        name: name.to_owned(),
        description: String::new(),
        source: format!("templates/{name}"),
        coordinator: String::new(),
        agents: Vec::new(),
        capabilities: Vec::new(),
        files: Vec::new(),
        problem: Some(problems.to_string()),
    }
}

fn template_view(template: Template, own: &[String]) -> TemplateView {
    let source = if own.contains(&template.name) {
        format!("templates/{}", template.name)
    } else {
        "built-in".to_owned()
    };
    let mut files: Vec<String> =
        template.files.iter().map(|(path, _)| path.display().to_string()).collect();
    files.push("agency.json".to_owned());
    files.sort();
    let definition = template.definition;
    TemplateView {
        name: template.name,
        description: template.description,
        source,
        coordinator: definition.coordinator.to_string(),
        agents: definition.agents.iter().map(|agent| agent.name.to_string()).collect(),
        capabilities: definition.capabilities,
        files,
        problem: None,
    }
}
