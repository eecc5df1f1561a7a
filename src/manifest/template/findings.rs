//! What is wrong with a template, or could be better: everything at once, for whoever writes one.
//!
//! An error keeps an agency made from it from working; a warning is what every shipped template has
//! and this one lacks. Nothing is run and no file is opened: scripts are judged by their text.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::domain::agency::AgencyDefinition;
use crate::domain::recipe::Recipe;
use crate::manifest::fields::choices;
use crate::manifest::problem::Problems;
use crate::manifest::recipe;
use crate::manifest::template::{DEFINITION, parse_template};

/// The review checklist's file, in a template and in an agency's folder.
pub const REVIEW: &str = "review.md";

/// Where scripts lie.
const SCRIPTS: &str = "scripts";

/// What a role file says under a heading of its own, so that an agent knows how to work and when to stop.
const SECTIONS: &[&str] = &[
    "## Role",
    "## Responsibilities",
    "## Definition of done",
    "## When you are blocked",
    "## Security",
];

/// What is filled in everywhere.
const HOLES: &[&str] = &["agency", "coordinator", "agents"];
/// What is filled in in a role file besides.
const ROLE_HOLES: &[&str] = &["agency", "coordinator", "agents", "agent", "role"];

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// No agency can be made from it, or its proofs cannot run.
    Error,
    /// It works, and lacks something that helps.
    Warning,
}

impl Severity {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing about a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the template's folder.
    pub file: PathBuf,
    /// Line, from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// Column, from 1; none if only the line is known.
    pub column: Option<usize>,
    /// The field, `agents[1].runtime`; none if it is about no field.
    pub field: Option<String>,
    /// What is wrong and what would help.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.as_str(), self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything about a template, errors first, then in the order of its files; empty: nothing to say.
///
/// `name` is its folder's; `files` are the texts in it by their path in the folder.
pub fn check(name: &str, files: &[(PathBuf, String)]) -> Vec<Finding> {
    let mut look = Look { files, findings: Vec::new() };
    match parse_template(name, files.to_vec()) {
        Ok(template) => look.definition(&template.definition),
        Err(problems) => look.problems(Path::new(DEFINITION), &problems),
    }
    look.recipe();
    look.scripts();
    if look.text(Path::new(REVIEW)).is_none() {
        look.warn(
            REVIEW,
            None,
            "is missing; a checklist tells reviewers what blocks and what does not",
        );
    }
    look.findings.sort_by(|one, two| {
        (one.severity, &one.file, one.line).cmp(&(two.severity, &two.file, two.line))
    });
    look.findings
}

/// A template that is looked at.
struct Look<'f> {
    files: &'f [(PathBuf, String)],
    findings: Vec<Finding>,
}

impl Look<'_> {
    fn text(&self, path: &Path) -> Option<&str> {
        self.files.iter().find(|(other, _)| other == path).map(|(_, text)| text.as_str())
    }

    fn add(
        &mut self,
        severity: Severity,
        file: impl Into<PathBuf>,
        line: Option<usize>,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding {
            severity,
            file: file.into(),
            line,
            column: None,
            field: None,
            message: message.into(),
        });
    }

    fn warn(&mut self, file: impl Into<PathBuf>, line: Option<usize>, message: impl Into<String>) {
        self.add(Severity::Warning, file, line, message);
    }

    fn problems(&mut self, file: &Path, problems: &Problems) {
        for problem in &problems.problems {
            let message = match problem.field.as_str() {
                "" => problem.message.clone(),
                field => format!("`{field}`: {}", problem.message),
            };
            self.add(Severity::Error, file, problem.line, message);
            if let Some(added) = self.findings.last_mut() {
                added.column = problem.column;
                added.field = Some(problem.field.clone()).filter(|field| !field.is_empty());
            }
        }
    }

    fn definition(&mut self, definition: &AgencyDefinition) {
        if definition.description.is_empty() {
            self.warn(
                DEFINITION,
                None,
                "`description` is empty; one line says what the agency is for",
            );
        }
        if definition.capabilities.is_empty() {
            self.warn(
                DEFINITION,
                None,
                "`capabilities` is empty; no goal will ever find this agency",
            );
        }
        for (number, agent) in definition.agents.iter().enumerate() {
            if agent.skills.is_empty() {
                let message = format!("`agents[{number}].skills`: `{}` has no skills", agent.name);
                self.warn(DEFINITION, None, message);
            }
        }
        let mut roles: Vec<&Path> =
            definition.agents.iter().map(|agent| agent.role_file.as_path()).collect();
        roles.sort();
        roles.dedup();
        for role in &roles {
            self.role_file(role);
        }
        self.holes(&roles);
        let points = |role: &&Path| self.text(role).is_some_and(|text| text.contains(REVIEW));
        if self.text(Path::new(REVIEW)).is_some() && !roles.iter().any(points) {
            self.warn(REVIEW, None, "no role file names it; whoever reviews does not know of it");
        }
    }

    fn role_file(&mut self, path: &Path) {
        let Some(text) = self.text(path) else { return };
        let is_there = |section: &&&str| text.lines().any(|line| line.trim_end() == **section);
        let missing: Vec<String> = SECTIONS
            .iter()
            .filter(|section| !is_there(section))
            .map(|section| format!("`{section}`"))
            .collect();
        if !missing.is_empty() {
            self.warn(path, None, format!("lacks {}", missing.join(", ")));
        }
    }

    /// What is written as a hole and will never be filled in.
    fn holes(&mut self, roles: &[&Path]) {
        let mut wrong = Vec::new();
        let is_markdown = |path: &Path| path.extension().is_some_and(|extension| extension == "md");
        for (path, text) in self.files.iter().filter(|(path, _)| is_markdown(path)) {
            let known = if roles.contains(&path.as_path()) { ROLE_HOLES } else { HOLES };
            for (number, line) in text.lines().enumerate() {
                let unknown = holes_of(line).filter(|hole| !known.contains(hole));
                wrong.extend(unknown.map(|hole| {
                    let message =
                        format!("`{{{{{hole}}}}}` is not known; {}", choices(hole, known));
                    (path.clone(), number + 1, message)
                }));
            }
        }
        for (path, line, message) in wrong {
            self.add(Severity::Error, path, Some(line), message);
        }
    }

    fn recipe(&mut self) {
        let file = Path::new(Recipe::FILE);
        let Some(text) = self.text(file) else {
            self.warn(
                file,
                None,
                "is missing; it says what proves this agency's work besides `[checks]`",
            );
            return;
        };
        let recipe = match recipe::parse(Recipe::FILE, text) {
            Ok(recipe) => recipe,
            Err(problems) => return self.problems(file, &problems),
        };
        for path in recipe.named() {
            match self.text(path).map(|text| text.starts_with("#!")) {
                Some(true) => {}
                Some(false) => {
                    self.add(Severity::Error, path, Some(1), "has no `#!` line and cannot be run");
                }
                None => {
                    let message = format!("names `{}`, which is not there", path.display());
                    self.add(Severity::Error, file, None, message);
                }
            }
        }
    }

    fn scripts(&mut self) {
        let scripts: Vec<(PathBuf, String)> =
            self.files.iter().filter(|(path, _)| path.starts_with(SCRIPTS)).cloned().collect();
        if scripts.is_empty() {
            self.warn(SCRIPTS, None, "has no file; agents have no tools of their own");
        }
        for (path, text) in &scripts {
            let extension = path.extension().and_then(|extension| extension.to_str());
            if !matches!(extension, Some("sh" | "py")) {
                self.warn(path, None, "does not end in `.sh` or `.py` and will not be executable");
                continue;
            }
            if !text.starts_with("#!") {
                self.warn(path, Some(1), "has no `#!` line; it cannot be run by its name");
            }
            // `argparse` makes that page by itself.
            if !text.contains("--help") && !text.contains("argparse") {
                self.warn(path, None, "does not know `--help`");
            }
        }
    }
}

/// The words between `{{` and `}}` that look like holes: lower case letters.
fn holes_of(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0));
    words
        .filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "# {{agent}}\n## Role\n## Responsibilities\n## Definition of done\n\
        ## When you are blocked\n## Security\nReview by `review.md`.\n";

    fn template(changes: &[(&str, Option<&str>)]) -> Vec<String> {
        let definition = r#"{"name": "Shop", "description": "Sells", "capabilities": ["selling"],
            "agents": [{"name": "coordinator", "skills": ["x"]}]}"#;
        let recipe = "[checks]\ncommands = [[\"{agency}/scripts/x.sh\"]]\n";
        let mut files = vec![
            ("agency.json", definition),
            ("coordinator.md", ROLE),
            ("review.md", "- [ ] {{agency}}\n"),
            ("sandbox.toml", recipe),
            ("scripts/x.sh", "#!/bin/sh\n# --help\n"),
        ];
        for (path, text) in changes {
            files.retain(|(other, _)| other != path);
            files.extend(text.map(|text| (*path, text)));
        }
        let files: Vec<(PathBuf, String)> =
            files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        check("shop", &files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_template_has_no_findings() {
        assert_eq!(template(&[]), Vec::<String>::new());
    }

    #[test]
    fn what_breaks_an_agency_is_an_error() {
        let said = |changes: &[(&str, Option<&str>)]| template(changes).join("\n");
        let no_role = said(&[("coordinator.md", None)]);
        assert!(
            no_role.starts_with("error: agency.json: `agents[0].role_file`: the role file"),
            "{no_role}"
        );
        let hole = said(&[("coordinator.md", Some(&format!("{ROLE}{{{{agnet}}}}\n")))]);
        assert_eq!(
            hole,
            "error: coordinator.md:8: `{{agnet}}` is not known; did you mean `agent`?"
        );
        let hole = said(&[("review.md", Some("{{agent}}"))]);
        assert!(hole.starts_with("error: review.md:1: `{{agent}}` is not known"), "{hole}");
        let script = said(&[("scripts/x.sh", None)]);
        assert!(
            script.contains("error: sandbox.toml: names `scripts/x.sh`, which is not there"),
            "{script}"
        );
        let unrunnable = said(&[("scripts/x.sh", Some("echo --help\n"))]);
        assert!(unrunnable.contains("error: scripts/x.sh:1: has no `#!` line"), "{unrunnable}");
        let recipe = said(&[("sandbox.toml", Some("[checks]\nfond = true\n"))]);
        assert_eq!(
            recipe,
            "error: sandbox.toml:2: `checks.fond`: unknown field; did you mean `found`?"
        );
        assert!(said(&[("agency.json", Some("{"))]).starts_with("error: agency.json:1: not JSON"));
    }

    #[test]
    fn what_only_lacks_something_is_a_warning() {
        let said = |changes: &[(&str, Option<&str>)]| template(changes).join("\n");
        assert!(said(&[("review.md", None)]).starts_with("warning: review.md: is missing"));
        let sections = said(&[("coordinator.md", Some("## Role\n`review.md`\n"))]);
        assert!(
            sections.starts_with("warning: coordinator.md: lacks `## Responsibilities`"),
            "{sections}"
        );
        let unnamed = said(&[("coordinator.md", Some(&ROLE.replace("review.md", "x")))]);
        assert!(unnamed.starts_with("warning: review.md: no role file names it"), "{unnamed}");
        let bare = said(&[("agency.json", Some(r#"{"name": "Shop"}"#))]);
        for word in ["description", "capabilities", "agents[0].skills"] {
            assert!(bare.contains(&format!("warning: agency.json: `{word}`")), "{word}: {bare}");
        }
        assert!(said(&[("scripts/y.sh", Some("#!/bin/sh\n"))]).contains("does not know `--help`"));
        assert!(said(&[("scripts/y", Some("#!/bin/sh\n"))]).contains("will not be executable"));
        let none = said(&[("scripts/x.sh", None), ("sandbox.toml", None)]);
        assert!(
            none.contains("warning: sandbox.toml: is missing")
                && none.contains("warning: scripts: has no file")
        );
    }
}
