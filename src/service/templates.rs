//! Templates that come with the program, and which one an agency's name means.
//!
//! They are the files of `templates/` in the source tree, inside the program, so that it needs nothing
//! beside it. Templates of a workbench's own come through its folder and win by name.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};

use crate::domain::name::Name;
use crate::manifest::problem::Problems;
use crate::manifest::template::{Template, parse_template};

static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The folder that holds runtimes and is no template.
const RUNTIMES: &str = "runtimes";

/// Every template that comes with the program, by name.
pub fn built_in() -> Vec<Template> {
    load().into_iter().filter_map(Result::ok).collect()
}

/// The template of that exact name.
pub fn find<'t>(templates: &'t [Template], name: &str) -> Option<&'t Template> {
    templates.iter().find(|template| template.name == name)
}

/// The template that an agency's name means: `CodeAgency`, `Code` and `code` are all `code`.
pub fn for_agency<'t>(templates: &'t [Template], agency: &Name) -> Option<&'t Template> {
    let word = agency.as_str().to_ascii_lowercase();
    let stem = word.strip_suffix("agency").map(|stem| stem.trim_end_matches(['-', '_']));
    find(templates, stem.filter(|stem| !stem.is_empty()).unwrap_or(&word))
}

fn load() -> Vec<Result<Template, Problems>> {
    let read = |folder: &Dir<'static>| {
        let name = folder.path().file_name()?.to_str()?;
        Some(parse_template(name, files_of(folder, folder)))
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
        assert_eq!(names, ["code", "qa"]);
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
