//! Making an agency's folder from a template, and what there is to choose from.
//!
//! The folder is built beside its place and renamed, so an agency is there whole or not at all.

use std::path::PathBuf;

use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::problem::Problems;
use crate::manifest::template::{NewAgencyOptions, Template, instantiate, parse_template};
use crate::ports::folder::TextFile;
use crate::service::catalogue::TemplateView;
use crate::service::preflight::suitable_project;
use crate::service::query::Query;
use crate::service::templates;
use crate::service::views::AgencyView;
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
        // A running supervisor learns of it when it is started; until then the folder speaks for itself.
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

    fn template_for(&self, new: &NewAgency) -> Result<Template, Refusal> {
        let (all, _) = self.all_templates()?;
        let bare = || Template::bare(&new.name);
        let found = match &new.template {
            Some(name) => templates::find(&all, name).cloned(),
            None => templates::for_agency(&all, &new.name).cloned().or_else(bare),
        };
        found.ok_or_else(|| {
            let names: Vec<String> = all.iter().map(|template| template.name.clone()).collect();
            let wanted = new.template.clone().unwrap_or_default();
            Refusal::new(
                RefusalKind::NotFound,
                "template_not_found",
                format!("there is no template `{wanted}`"),
            )
            .with_hint(format!("known are {}", names.join(", ")))
        })
    }

    /// Built-in templates and the workbench's own, which win by name; also where the own ones lie.
    fn all_templates(&self) -> Result<(Vec<Template>, Vec<String>), Refusal> {
        let mut own = Vec::new();
        for (name, files) in self.outside.folder.load_templates().map_err(Self::folder_refusal)? {
            let files: Vec<(PathBuf, String)> =
                files.into_iter().map(|file| (file.path, file.text)).collect();
            own.push(parse_template(&name, files)?);
        }
        let names: Vec<String> = own.iter().map(|template| template.name.clone()).collect();
        let built_in =
            templates::built_in().into_iter().filter(|template| !names.contains(&template.name));
        own.extend(built_in);
        own.sort_by(|one, two| one.name.cmp(&two.name));
        Ok((own, names))
    }

    /// Every template, by name.
    pub fn templates(&self) -> Result<Vec<TemplateView>, Refusal> {
        let (all, own) = self.all_templates()?;
        Ok(all.into_iter().map(|template| template_view(template, &own)).collect())
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
    }
}
