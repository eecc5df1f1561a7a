//! Preflight: what has to be looked at before a command is decided, so that a bad `agency.toml`, a bad
//! `agency.json` or an unsuitable project is refused in the words of whoever wrote it.

use std::path::{Path, PathBuf};

use crate::domain::agency::AgentDefinition;
use crate::domain::cadence::Zone;
use crate::domain::command::{Actor, Command};
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::manifest;
use crate::ports::folder::{FolderError, TextFile};
use crate::ports::repositories::RepositoryError;
use crate::service::outside::Outside;
use crate::service::programs::Programs;
use crate::service::recipes::{self, Occasion};
use crate::service::supervisor::Handle;

/// Looks at what a command needs and tells the engine what it saw.
pub fn prepare(
    outside: &Outside,
    handle: &Handle,
    actor: &Actor,
    command: &Command,
) -> Result<(), Refusal> {
    match command {
        Command::StartAgencies { names } if names.is_empty() => {
            load_config(outside, handle)?;
            // A bad definition, say one that a power cut has halved, keeps nobody down: its agency goes on as
            // it is known from before, and whoever asked is shown what is wrong (`Workbench::bring_up`).
            match read_definitions(outside, handle, Vec::new()) {
                Ok(read) => {
                    look_at_projects(outside, handle, &read);
                    record_recipes(outside, handle, actor, &read, Occasion::First)
                }
                Err(refusal) => {
                    tracing::warn!(%refusal, "an agency's definition is not valid");
                    Ok(())
                }
            }
        }
        Command::DefineAgency { name } => {
            load_config(outside, handle)?;
            let read = read_definitions(outside, handle, vec![name.clone()])?;
            record_recipes(outside, handle, actor, &read, Occasion::First)
        }
        Command::StopAgencies { .. } | Command::StopSupervisor => {
            see_arrangements(outside, handle);
            Ok(())
        }
        Command::StartAgencies { .. } | Command::RestartAgency { .. } => {
            if matches!(command, Command::RestartAgency { .. }) {
                see_arrangements(outside, handle);
            }
            load_config(outside, handle)?;
            let read = read_definitions(outside, handle, named(command))?;
            look_at_projects(outside, handle, &read);
            record_recipes(outside, handle, actor, &read, Occasion::Named)
        }
        Command::RequestLock { claim, .. } => claim
            .agency
            .as_ref()
            .or(agency_of(actor))
            .map_or(Ok(()), |agency| look_at_project(outside, handle, agency)),
        Command::HireAgent { agency, definition } => {
            load_config(outside, handle)?;
            load_definitions(outside, handle, vec![agency.clone()])?;
            require_writable(outside, agency, definition)
        }
        Command::DismissAgent { agency, .. } => {
            load_config(outside, handle)?;
            load_definitions(outside, handle, vec![agency.clone()])
        }
        Command::SetGoal { agency, .. } => look_at_project(outside, handle, agency),
        Command::AddTask { contract } => look_at_project(outside, handle, &contract.agency),
        Command::AssignTask { agent, .. } => look_at_project(outside, handle, &agent.agency),
        Command::SubmitTask { task, .. } | Command::CompleteTask { task, .. } => {
            let task = *task;
            let agency = handle.read(move |state, _| {
                state.tasks.tasks.get(&task).map(|t| t.contract.agency.clone())
            });
            agency.flatten().map_or(Ok(()), |agency| look_at_project(outside, handle, &agency))
        }
        Command::ProveAgain { .. } => load_config(outside, handle),
        _ => Ok(()),
    }
}

/// What a person has arranged a moment ago goes with the session unless it is seen before; in sessions of shells nobody
/// tells of it.
fn see_arrangements(outside: &Outside, handle: &Handle) {
    // Where nothing can be seen there is nothing to keep.
    if let Ok(sighting) = outside.terminals.look() {
        handle.seen_last(sighting);
    }
}

/// An agent may write in its agency's folder, but what it writes there proves nothing.
fn record_recipes(
    outside: &Outside,
    handle: &Handle,
    actor: &Actor,
    read: &[Name],
    occasion: Occasion,
) -> Result<(), Refusal> {
    match actor {
        Actor::Operator => recipes::record(outside, handle, read, occasion),
        _ => Ok(()),
    }
}

fn agency_of(actor: &Actor) -> Option<&Name> {
    match actor {
        Actor::Agent(agent) => Some(&agent.agency),
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => None,
    }
}

fn named(command: &Command) -> Vec<Name> {
    match command {
        Command::StartAgencies { names } => names.clone(),
        Command::RestartAgency { name } => vec![name.clone()],
        _ => Vec::new(),
    }
}

/// Reads `agency.toml` and every runtime that is known.
pub fn load_config(outside: &Outside, handle: &Handle) -> Result<(), Refusal> {
    let Some(file) = outside.folder.load_config().map_err(folder_refusal)? else { return Ok(()) };
    let text = file.text.clone();
    handle.read(move |state, _| require_not_emptied(state, &text)).unwrap_or(Ok(()))?;
    let mut config = manifest::workbench::parse(&file.path.display().to_string(), &file.text)?;
    let programs = Programs::load_anew(&outside.programs.current(), outside.folder.as_ref())?;
    config.runtimes = programs.runtimes();
    if config.cadence.time_zone.is_none() {
        config.cadence.zone = Zone::of(&jiff::tz::TimeZone::system());
    }
    outside.programs.put(programs);
    handle.input(Input::ConfigSeen { config: Box::new(config) });
    Ok(())
}

/// An empty `agency.toml` is a whole one, and what a power cut leaves of another: where there were settings
/// before, they are not given up for that. Without them sessions would be made on another tmux server.
pub fn require_not_emptied(state: &State, text: &str) -> Result<(), Refusal> {
    let mut empty =
        WorkbenchConfig { runtimes: state.config.runtimes.clone(), ..Default::default() };
    // It is the machine's where none is written.
    empty.cadence.zone = state.config.cadence.zone.clone();
    if !text.trim().is_empty() || state.config == empty {
        return Ok(());
    }
    let message = "`agency.toml` is empty, and was not before";
    Err(Refusal::new(RefusalKind::Usage, "emptied", message)
        .with_hint("put it back, say from git; if it is meant to be empty, write a line `# empty`"))
}

/// Reads the definitions of these agencies, or of all; every bad one is refused. Of those that nobody knew
/// before the recipe is recorded too.
pub fn load_definitions(
    outside: &Outside,
    handle: &Handle,
    names: Vec<Name>,
) -> Result<(), Refusal> {
    let known = handle
        .read(|state, _| state.sessions.live().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    let known = known.unwrap_or_default();
    let mut read = read_definitions(outside, handle, names)?;
    read.retain(|name| !known.contains(name));
    recipes::record(outside, handle, &read, Occasion::First)
}

/// The same without recipes; tells whose definitions were read.
fn read_definitions(
    outside: &Outside,
    handle: &Handle,
    names: Vec<Name>,
) -> Result<Vec<Name>, Refusal> {
    let files: Vec<TextFile> = if names.is_empty() {
        let all = outside.folder.load_definitions().map_err(folder_refusal)?;
        all.into_iter().map(|(_, file)| file).collect()
    } else {
        let mut files = Vec::new();
        for name in &names {
            files.extend(outside.folder.load_definition(name).map_err(folder_refusal)?);
        }
        files
    };
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match manifest::agency::parse(&file.path.display().to_string(), &file.text) {
            Ok(definition) => {
                read.push(definition.name.clone());
                handle.input(Input::DefinitionSeen { definition: Box::new(definition) });
            }
            Err(found) => problems.push(found.to_string()),
        }
    }
    if problems.is_empty() {
        return Ok(read);
    }
    Err(Refusal::new(RefusalKind::Usage, "invalid_definition", problems.join("\n"))
        .with_hint("correct the file and try again"))
}

/// Refuses an agent that could not be written into its agency's file, before anything is decided.
fn require_writable(
    outside: &Outside,
    agency: &Name,
    agent: &AgentDefinition,
) -> Result<(), Refusal> {
    outside.programs.current().require_described(agent.runtime.as_str())?;
    let file = outside.folder.load_definition(agency).map_err(folder_refusal)?;
    // An agency without a file is the engine's to refuse.
    let Some(file) = file else { return Ok(()) };
    let path = file.path.display().to_string();
    let edited = manifest::agency::editing::with_agent(&path, &file.text, agent);
    let Err(problems) = edited else { return Ok(()) };
    // The file itself was read before: what is wrong is what was asked for. A name is the engine's to refuse.
    let is_name = |field: &str| field.ends_with(".name");
    let wrong: Vec<String> = problems
        .problems
        .into_iter()
        .filter(|problem| !is_name(&problem.field))
        .map(|problem| {
            let field = problem.field.rsplit('.').next().unwrap_or_default();
            format!("`{field}`: {}", problem.message)
        })
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Usage, "invalid_definition", wrong.join("\n"))
        .with_hint("see `agency hire --help`"))
}

/// Where an agency's project is: its own, else the workbench's, else the workbench itself.
pub fn project_of(state: &State, home: &Path, agency: &Name) -> PathBuf {
    let own = state.sessions.agency(agency).and_then(|record| record.definition.project.clone());
    let path = own.or_else(|| state.config.project.path.clone());
    path.map_or_else(|| home.to_owned(), |path| home.join(path))
}

/// Agents may claim paths from their first message on. Where a project cannot be worked on, its agency starts
/// nevertheless: whoever needs the project is refused with the reason.
fn look_at_projects(outside: &Outside, handle: &Handle, agencies: &[Name]) {
    for agency in agencies {
        if let Err(refusal) = look_at_project(outside, handle, agency) {
            tracing::info!(%agency, %refusal, "its project cannot be worked on yet");
        }
    }
}

fn look_at_project(outside: &Outside, handle: &Handle, agency: &Name) -> Result<(), Refusal> {
    load_config(outside, handle)?;
    let (home, name) = (outside.home.clone(), agency.clone());
    let known = handle.read(move |state, _| {
        let is_known = state.sessions.agency(&name).is_some();
        (is_known, project_of(state, &home, &name), state.config.project.branch.clone())
    });
    // An unknown agency is the engine's to refuse.
    let Some((true, path, branch)) = known else { return Ok(()) };
    let (project, target) = suitable_project(outside, &path, branch)?;
    handle.input(Input::ProjectSeen { agency: agency.clone(), project, target });
    Ok(())
}

/// The root of a project that can be worked on, and its target branch: the one named, else the one
/// that is checked out. Only without a name it matters that none is.
pub fn suitable_project(
    outside: &Outside,
    path: &Path,
    branch: Option<String>,
) -> Result<(PathBuf, String), Refusal> {
    match (outside.repositories.inspect(path), branch) {
        (Ok(facts), branch) => Ok((facts.root, branch.unwrap_or(facts.branch))),
        (Err(RepositoryError::DetachedHead { path }), Some(branch)) => Ok((path, branch)),
        (Err(error), _) => Err(repository_refusal(&error)),
    }
}

/// A repository's error in the words of a refusal.
pub fn repository_refusal(error: &RepositoryError) -> Refusal {
    let (kind, code, hint) = match error {
        RepositoryError::NotInstalled => (RefusalKind::Missing, "git_missing", "install git"),
        RepositoryError::NotARepository { .. } => (
            RefusalKind::Conflict,
            "not_a_repository",
            "make it one with `git init`, or name another folder under `[project] path` in agency.toml",
        ),
        RepositoryError::Bare { .. } => (
            RefusalKind::Conflict,
            "bare_repository",
            "clone it and name the clone under `[project] path` in agency.toml",
        ),
        RepositoryError::Empty { .. } => (
            RefusalKind::Conflict,
            "empty_repository",
            "make a first commit: git commit --allow-empty -m start",
        ),
        RepositoryError::DetachedHead { .. } => (
            RefusalKind::Conflict,
            "detached_head",
            "check a branch out with `git switch BRANCH`, or name one under `[project] branch` in agency.toml",
        ),
        RepositoryError::Submodules { .. } => {
            (RefusalKind::Conflict, "submodules", "work on a project without submodules")
        }
        RepositoryError::NoSuchRevision { .. } => {
            (RefusalKind::NotFound, "no_such_revision", "see the branches with `git branch --all`")
        }
        RepositoryError::NoSuchFile { .. } => (
            RefusalKind::NotFound,
            "no_such_file",
            "see what it holds with `agency branch show CHECKPOINT`",
        ),
        RepositoryError::InTheWay { .. } => {
            (RefusalKind::Conflict, "in_the_way", "move it away and try again")
        }
        RepositoryError::Refused { .. } | RepositoryError::Io { .. } => {
            return Refusal::new(RefusalKind::Failed, "git_failed", error.to_string());
        }
    };
    Refusal::new(kind, code, error.to_string()).with_hint(hint)
}

/// A folder's error in the words of a refusal.
pub fn folder_refusal(error: FolderError) -> Refusal {
    let (kind, code, hint) = match &error {
        FolderError::Exists { .. } | FolderError::Changed { .. } => {
            (RefusalKind::Conflict, "folder", None)
        }
        FolderError::Outside { .. } | FolderError::NotText { .. } => {
            (RefusalKind::Usage, "folder", None)
        }
        FolderError::Full { .. } => {
            (RefusalKind::Failed, "disk_full", Some("make room on the disk and try again"))
        }
        FolderError::ReadOnly { .. } => {
            (RefusalKind::Failed, "read_only", Some("make the folder writable, or use another"))
        }
        FolderError::Io { .. } => (RefusalKind::Failed, "folder", None),
    };
    let refusal = Refusal::new(kind, code, error.to_string());
    match hint {
        Some(hint) => refusal.with_hint(hint),
        None => refusal,
    }
}
