//! Templates of a workbench's own: making one, and saying what is wrong with any.
//!
//! What is wrong is for [`crate::manifest::template::check`] to say; here the files are fetched.

use std::path::{Path, PathBuf};

use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::template::{DEFINITION, Finding, Severity, check, start};
use crate::ports::folder::{FolderError, TextFile};
use crate::service::catalogue::{TemplateCheckView, TemplateFindingView};
use crate::service::templates::{self, Shelf};
use crate::service::workbench::creating::unknown_template;
use crate::service::workbench::{Identity, Workbench};

/// The texts of a template, or why they cannot be read.
type Texts = Result<Vec<(PathBuf, String)>, String>;

impl Workbench {
    /// Makes `templates/NAME/`, of another template or of nothing; tells where it is.
    pub fn new_template(&self, name: &Name, from: Option<&str>) -> Result<PathBuf, Refusal> {
        if let Identity::Agent { address, .. } = &self.identity {
            let message = format!("only the operator makes templates, not `{address}`");
            return Err(Refusal::new(RefusalKind::NotAllowed, "operator_only", message));
        }
        if name.as_str() == templates::RUNTIMES {
            let message = format!("`templates/{name}` holds the runtimes");
            return Err(Refusal::new(RefusalKind::Usage, "reserved_name", message)
                .with_hint("choose another name"));
        }
        let files = match from {
            Some(from) => start::copy(&find(&self.shelf()?, from)?, name),
            None => start::skeleton(name).ok_or_else(|| too_long(name))?,
        };
        let files: Vec<TextFile> =
            files.into_iter().map(|(path, text)| TextFile { path, text }).collect();
        self.outside.folder.make_template(name, &files).map_err(|error| {
            let refusal = Self::folder_refusal(error);
            match refusal.kind {
                RefusalKind::Conflict => {
                    refusal.with_hint(format!("look at it with `agency template check {name}`"))
                }
                _ => refusal,
            }
        })
    }

    /// Looks at templates, by name or by folder; none named: at the workbench's own and the built-in ones.
    pub fn check_templates(&self, wanted: &[String]) -> Result<Vec<TemplateCheckView>, Refusal> {
        let own = self.outside.folder.load_templates().map_err(Self::folder_refusal)?;
        let own = own.into_iter().map(|(name, files)| {
            let source = format!("templates/{name}");
            (name, source, texts(files))
        });
        let own: Vec<(String, String, Texts)> = own.collect();
        let built_in = templates::built_in_files()
            .into_iter()
            .filter(|(name, _)| !own.iter().any(|(known, ..)| known == name))
            .map(|(name, files)| (name, "built-in".to_owned(), Ok(files)));
        let built_in: Vec<_> = built_in.collect();
        let mut all: Vec<_> = own.into_iter().chain(built_in).collect();
        all.sort_by(|one, two| one.0.cmp(&two.0));
        if wanted.is_empty() {
            return Ok(all.iter().map(|(name, source, texts)| view(name, source, texts)).collect());
        }
        wanted.iter().map(|word| self.check_one(word, &all)).collect()
    }

    fn check_one(
        &self,
        word: &str,
        all: &[(String, String, Texts)],
    ) -> Result<TemplateCheckView, Refusal> {
        if let Some((name, source, texts)) = all.iter().find(|(name, ..)| name == word) {
            return Ok(view(name, source, texts));
        }
        let path = Path::new(word);
        if !word.contains('/') && !path.is_dir() {
            return Err(unknown_template(word, &self.shelf()?));
        }
        let files = self.outside.folder.load_folder(path);
        if let Err(FolderError::Io { .. }) = &files {
            let message = format!("`{word}` is no folder");
            return Err(Refusal::new(RefusalKind::NotFound, "no_folder", message)
                .with_hint("name a template, or the folder of one"));
        }
        let name = path.file_name().map_or(word.into(), |name| name.to_string_lossy());
        Ok(view(&name, word, &texts(files)))
    }
}

fn texts(files: Result<Vec<TextFile>, FolderError>) -> Texts {
    let pairs =
        |files: Vec<TextFile>| files.into_iter().map(|file| (file.path, file.text)).collect();
    files.map(pairs).map_err(|error| error.to_string())
}

fn find(shelf: &Shelf, name: &str) -> Result<crate::manifest::template::Template, Refusal> {
    if let Some((_, problems)) = shelf.broken.iter().find(|(broken, _)| broken == name) {
        return Err(problems.clone().into());
    }
    let found = templates::find(&shelf.templates, name).cloned();
    found.ok_or_else(|| unknown_template(name, shelf))
}

fn too_long(name: &Name) -> Refusal {
    let message = format!("with `{name}` the names of its agents would be too long");
    Refusal::new(RefusalKind::Usage, "name_too_long", message).with_hint("choose a shorter name")
}

fn view(name: &str, source: &str, texts: &Texts) -> TemplateCheckView {
    let findings: Vec<TemplateFindingView> = match texts {
        Ok(files) => check(name, files).iter().map(finding).collect(),
        Err(problem) => vec![TemplateFindingView {
            severity: Severity::Error.as_str().to_owned(),
            file: DEFINITION.to_owned(),
            line: None,
            column: None,
            field: None,
            message: problem.clone(),
        }],
    };
    let count = |severity: Severity| {
        findings.iter().filter(|finding| finding.severity == severity.as_str()).count()
    };
    TemplateCheckView {
        template: name.to_owned(),
        source: source.to_owned(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        findings,
    }
}

fn finding(finding: &Finding) -> TemplateFindingView {
    TemplateFindingView {
        severity: finding.severity.as_str().to_owned(),
        file: finding.file.display().to_string(),
        line: finding.line,
        column: finding.column,
        field: finding.field.clone(),
        message: finding.message.clone(),
    }
}
