//! Templates that come with the program, and which one an agency's name means.
//!
//! They are the files of `templates/` in the source tree, inside the program, so that it needs nothing
//! beside it. Templates of a workbench's own come through its folder and win by name.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::domain::agency::COORDINATOR;
use crate::domain::name::Name;
use crate::manifest::problem::{Problem, Problems};
use crate::manifest::template::{Template, parse_template};
use crate::ports::folder::{FolderError, WorkbenchFolder};

static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The folder that holds runtimes and is no template.
pub const RUNTIMES: &str = "runtimes";

/// Every template that comes with the program, by name.
pub fn built_in() -> Vec<Template> {
    load().into_iter().filter_map(Result::ok).collect()
}

/// What there is to make agencies of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Every template that can be used, by name; a workbench's own wins over a built-in one.
    pub templates: Vec<Template>,
    /// Names of the workbench's own, broken ones too.
    pub own: Vec<String>,
    /// Own ones that cannot be used, with all that is wrong with each.
    pub broken: Vec<(String, Problems)>,
}

/// Built-in templates and the workbench's own. A broken one stands in nobody's way but its own name's.
pub fn load_all(folder: &dyn WorkbenchFolder) -> Result<Shelf, FolderError> {
    let mut shelf = Shelf::default();
    for (name, files) in folder.load_templates()? {
        let files = files
            .map_err(|error| unreadable(&name, &error))
            .map(|files| files.into_iter().map(|file| (file.path, file.text)).collect::<Vec<_>>());
        match files.and_then(|files| parse_template(&name, files)) {
            Ok(template) => shelf.templates.push(template),
            Err(problems) => shelf.broken.push((name.clone(), problems)),
        }
        shelf.own.push(name);
    }
    let is_hidden = |template: &Template| shelf.own.contains(&template.name);
    let built_in: Vec<_> = built_in().into_iter().filter(|found| !is_hidden(found)).collect();
    shelf.templates.extend(built_in);
    shelf.templates.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(shelf)
}

fn unreadable(name: &str, error: &FolderError) -> Problems {
    let (field, message) = (String::new(), error.to_string());
    let problem = Problem { line: None, column: None, field, message };
    Problems { file: format!("templates/{name}"), problems: vec![problem] }
}

/// The template that an agency was made of, as far as that can be told: the one that its definition names, else
/// the one that its name means, else one that has the same coordinator.
pub fn of_agency<'t>(
    templates: &'t [Template],
    named: Option<&str>,
    (agency, coordinator): (&Name, &Name),
) -> Option<&'t Template> {
    let is_led_alike = |template: &&Template| {
        template.definition.coordinator == *coordinator && coordinator.as_str() != COORDINATOR
    };
    named
        .and_then(|name| find(templates, name))
        .or_else(|| for_agency(templates, agency))
        .or_else(|| templates.iter().find(is_led_alike))
}

/// Whether a shipped template has exactly this text at that path of its folder.
pub fn is_shipped(path: &Path, text: &str) -> bool {
    TEMPLATES.dirs().any(|folder| {
        let file = folder.get_file(folder.path().join(path));
        file.is_some_and(|file| file.contents() == text.as_bytes())
    })
}

/// The template of that exact name.
pub fn find<'t>(templates: &'t [Template], name: &str) -> Option<&'t Template> {
    templates.iter().find(|template| template.name == name)
}

/// Other words that people use for a shipped template.
const SHORT_NAMES: &[(&str, &str)] = &[("sec", "security")];

/// The template that an agency's name means: `CodeAgency`, `Code` and `code` are all `code`.
pub fn for_agency<'t>(templates: &'t [Template], agency: &Name) -> Option<&'t Template> {
    find(templates, &word_of(agency))
}

/// The name of the template that an agency's name means.
pub fn word_of(agency: &Name) -> String {
    let word = agency.as_str().to_ascii_lowercase();
    let stem = word.strip_suffix("agency").map(|stem| stem.trim_end_matches(['-', '_']));
    let stem = stem.filter(|stem| !stem.is_empty()).unwrap_or(&word);
    let meant = SHORT_NAMES.iter().find(|(short, _)| *short == stem);
    meant.map_or(stem, |(_, name)| name).to_owned()
}

fn load() -> Vec<Result<Template, Problems>> {
    built_in_files().into_iter().map(|(name, files)| parse_template(&name, files)).collect()
}

/// The texts of every template that comes with the program, by name.
pub fn built_in_files() -> Vec<(String, Vec<(PathBuf, String)>)> {
    let read = |folder: &Dir<'static>| {
        let name = folder.path().file_name()?.to_str()?;
        Some((name.to_owned(), files_of(folder, folder)))
    };
    let agencies = TEMPLATES.dirs().filter(|folder| folder.path().as_os_str() != RUNTIMES);
    agencies.filter_map(read).collect()
}

/// Every shipped description of a runtime: its name and its text.
pub fn runtimes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = TEMPLATES.get_dir(RUNTIMES).into_iter().flat_map(Dir::files);
    files.filter_map(|file| {
        let name = file.path().file_name()?.to_str()?.strip_suffix(".toml")?;
        Some((name, file.contents_utf8()?))
    })
}

fn files_of(root: &Dir<'static>, folder: &Dir<'static>) -> Vec<(PathBuf, String)> {
    let own = folder.files().filter_map(|file| {
        let path = file.path().strip_prefix(root.path()).ok()?;
        Some((path.to_owned(), file.contents_utf8()?.to_owned()))
    });
    let mut files: Vec<_> = own.collect();
    files.extend(folder.dirs().flat_map(|inner| files_of(root, inner)));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_template_loads() {
        for template in load() {
            template.unwrap_or_else(|problems| panic!("{problems}"));
        }
        let names: Vec<String> = built_in().into_iter().map(|template| template.name).collect();
        assert_eq!(names, ["code", "devops", "docs", "qa", "security"]);
    }

    #[test]
    fn what_an_agencys_definition_names_counts_before_what_its_name_means() {
        let templates = built_in();
        let of = |named: Option<&str>, agency: &str, coordinator: &str| {
            let name = |text| Name::parse(text).expect("a name");
            let whose = (&name(agency), &name(coordinator));
            of_agency(&templates, named, whose).map(|template| template.name.clone())
        };
        assert_eq!(of(Some("docs"), "QAAgency", "qa-coordinator").as_deref(), Some("docs"));
        assert_eq!(of(Some("gone"), "QAAgency", "lead").as_deref(), Some("qa"));
        assert_eq!(of(None, "Web", "code-coordinator").as_deref(), Some("code"));
        assert_eq!(of(None, "Web", "lead"), None);
    }

    #[test]
    fn an_agencys_name_means_its_template() {
        let templates = built_in();
        let means = |text: &str| {
            let name = Name::parse(text).expect("a name");
            for_agency(&templates, &name).map(|template| template.name.as_str())
        };
        assert_eq!(means("CodeAgency"), Some("code"));
        assert_eq!(means("QA"), Some("qa"));
        assert_eq!(means("qa-agency"), Some("qa"));
        for (name, template) in [
            ("DevOpsAgency", "devops"),
            ("DevOps", "devops"),
            ("devops", "devops"),
            ("SecurityAgency", "security"),
            ("SecAgency", "security"),
            ("DocsAgency", "docs"),
        ] {
            assert_eq!(means(name), Some(template), "{name}");
        }
        assert_eq!(means("Agency"), None);
        assert_eq!(means("Shop"), None);
    }

    #[test]
    fn a_shipped_template_has_no_python_cache_in_it() {
        for template in built_in() {
            for (path, _) in &template.files {
                assert!(!path.to_string_lossy().contains("__pycache__"), "{}", path.display());
            }
        }
    }
}
