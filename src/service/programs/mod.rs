//! The catalogue of agent programs: everything that an agent can be, by name.
//!
//! Shipped descriptions, the workbench's own `templates/runtimes/*.toml`, which win by name, and
//! `[runtime.NAME]` of `agency.toml`, which wins over both. A broken description is kept as its problem:
//! it stops whoever needs it and nobody else. Start reading at [`Programs::load`].

pub mod shelf;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::runtime::Runtime;
use crate::domain::runtime::description::{Conversation, Description, Stop};
use crate::manifest;
use crate::manifest::fields::nearest;
use crate::manifest::runtime::own::{Described, OwnRuntime};
use crate::ports::folder::{RuntimeFile, TextFile, WorkbenchFolder};
use crate::service::preflight::folder_refusal;
use crate::service::templates;

/// Where a description comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is inside the program.
    Shipped,
    /// A file of the workbench, relative to it.
    File(String),
    /// `agency.toml`, all of it.
    Settings,
    /// `agency.toml`, like this one.
    Like(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shipped => f.write_str("built-in"),
            Self::File(path) => f.write_str(path),
            Self::Settings => f.write_str("agency.toml"),
            Self::Like(name) => write!(f, "agency.toml, like {name}"),
        }
    }
}

/// One program.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// All that is known of it, or what is wrong with its file.
    pub description: Result<Description, Refusal>,
    /// What decisions need, where that is not simply taken from the description.
    own: Option<Runtime>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    all: BTreeMap<String, Arc<Program>>,
    /// What it was read from; none: from nothing but what comes with the program.
    files: Option<Files>,
}

/// The files of a workbench that tell of programs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Files {
    descriptions: Vec<RuntimeFile>,
    settings: Option<TextFile>,
}

impl Files {
    fn read(folder: &dyn WorkbenchFolder) -> Result<Self, Refusal> {
        Ok(Self {
            descriptions: folder.load_runtimes().map_err(folder_refusal)?,
            settings: folder.load_config().map_err(folder_refusal)?,
        })
    }
}

impl Program {
    fn new(name: &str, source: Source, description: Result<Description, Refusal>) -> Self {
        // Rehearsal agents report their state outright and not by events that a description reads.
        let own = Runtime::built_in(name).filter(|_| source == Source::Shipped);
        Self { name: name.to_owned(), source, description, own }
    }

    /// What decisions need of it; none if its description is broken.
    pub fn runtime(&self) -> Option<Runtime> {
        let description = self.description.as_ref().ok()?;
        Some(self.own.clone().unwrap_or_else(|| description.runtime()))
    }

    /// Whether its command is taken word by word: a program's own arguments may look like placeholders.
    pub fn is_literal(&self) -> bool {
        self.source == Source::Settings
    }
}

impl Programs {
    /// What comes with the program; read once.
    pub fn shipped() -> Self {
        static SHIPPED: LazyLock<Programs> = LazyLock::new(|| {
            let mut programs = Programs::default();
            for (name, text) in templates::runtimes() {
                let file = format!("templates/runtimes/{name}.toml");
                let description = manifest::runtime::parse(&file, text).map_err(Refusal::from);
                programs.add(Program::new(name, Source::Shipped, description));
            }
            programs
        });
        SHIPPED.clone()
    }

    /// What a workbench knows. A problem of `agency.toml` is refused; one of a description is kept with it.
    pub fn load(folder: &dyn WorkbenchFolder) -> Result<Self, Refusal> {
        Self::of(Files::read(folder)?)
    }

    /// The same, unless nothing has been written since it was read last.
    pub fn load_anew(last: &Arc<Self>, folder: &dyn WorkbenchFolder) -> Result<Arc<Self>, Refusal> {
        let files = Files::read(folder)?;
        if last.files.as_ref() == Some(&files) {
            Ok(Arc::clone(last))
        } else {
            Self::of(files).map(Arc::new)
        }
    }

    fn of(files: Files) -> Result<Self, Refusal> {
        let mut programs = Self::shipped();
        for file in &files.descriptions {
            programs.add(from_file(file));
        }
        if let Some(settings) = &files.settings {
            programs.add_settings(settings)?;
        }
        Ok(Self { files: Some(files), ..programs })
    }

    fn add_settings(&mut self, settings: &TextFile) -> Result<(), Refusal> {
        let programs = self;
        let file = settings.path.display().to_string();
        let described = programs.described();
        let own = manifest::workbench::parse_runtimes(&file, &settings.text, Some(&described))?;
        for (name, own) in own {
            let program = programs.set_by(name.as_str(), own);
            programs.add(program);
        }
        Ok(())
    }

    fn add(&mut self, program: Program) {
        self.all.insert(program.name.clone(), Arc::new(program));
    }

    fn described(&self) -> Described {
        let all = self.all.iter();
        all.map(|(name, program)| (name.clone(), program.description.clone().ok())).collect()
    }

    fn set_by(&self, name: &str, own: OwnRuntime) -> Program {
        match own {
            OwnRuntime::Plain { runtime, environment } => {
                let description = Description { environment, ..plain(name, &runtime) };
                let program = Program::new(name, Source::Settings, Ok(description));
                Program { own: Some(*runtime), ..program }
            }
            OwnRuntime::Like { like, description: Some(description) } => {
                Program::new(name, Source::Like(like), Ok(*description))
            }
            OwnRuntime::Like { like, description: None } => {
                let problem =
                    self.all.get(&like).and_then(|program| program.description.as_ref().err());
                let problem = problem.cloned().unwrap_or_else(|| self.unknown(&like));
                Program::new(name, Source::Like(like), Err(problem))
            }
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Program> {
        self.all.values().map(Arc::as_ref)
    }

    /// One, if there is one of that name.
    pub fn find(&self, name: &str) -> Option<&Program> {
        self.all.get(name).map(Arc::as_ref)
    }

    /// One; refuses a name that nobody knows, with the nearest that is known.
    pub fn require(&self, name: &str) -> Result<&Program, Refusal> {
        self.find(name).ok_or_else(|| self.unknown(name))
    }

    /// One with its description; refuses a broken one in the words of whoever wrote it.
    pub fn require_described(&self, name: &str) -> Result<(&Program, &Description), Refusal> {
        let program = self.require(name)?;
        let description = program.description.as_ref().map_err(Clone::clone)?;
        Ok((program, description))
    }

    /// What decisions need of every program that can be used.
    pub fn runtimes(&self) -> BTreeMap<Name, Runtime> {
        let usable = self
            .all
            .values()
            .filter_map(|program| Some((Name::parse(&program.name).ok()?, program.runtime()?)));
        usable.collect()
    }

    fn unknown(&self, name: &str) -> Refusal {
        let names: Vec<&str> = self.all.keys().map(String::as_str).collect();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`? See `agency runtime list`"),
            None => format!(
                "known are {}; describe it in templates/runtimes/{name}.toml, or under [runtime.{name}] in agency.toml",
                names.join(", ")
            ),
        };
        let message = format!("there is no runtime `{name}`");
        Refusal::new(RefusalKind::NotFound, "runtime_not_found", message).with_hint(hint)
    }
}

fn from_file((name, file): &RuntimeFile) -> Program {
    let path = format!("templates/runtimes/{name}.toml");
    let description = file.clone().map_err(folder_refusal).and_then(|file| {
        Name::parse(name).map_err(|error| {
            Refusal::new(RefusalKind::Usage, "invalid_file", format!("{path}: {error}"))
                .with_hint("give the file a name that can be written in agency.json")
        })?;
        Ok(manifest::runtime::parse(&file.path.display().to_string(), &file.text)?)
    });
    Program::new(name, Source::File(path), description)
}

/// All that is known of a program of which only the settings tell.
fn plain(name: &str, runtime: &Runtime) -> Description {
    Description {
        title: name.to_owned(),
        command: runtime.command.clone(),
        version: Vec::new(),
        start: Vec::new(),
        first_prompt: Vec::new(),
        resume: None,
        conversation: Conversation::None,
        environment: BTreeMap::new(),
        files: BTreeMap::new(),
        input_line: runtime.input_line.clone(),
        report: crate::domain::runtime::report::Report::default(),
        screens: Vec::new(),
        channel: None,
        has_tools: runtime.has_tools,
        interrupts: runtime.interrupts,
        stop: Stop::default(),
        verified: Vec::new(),
    }
}
