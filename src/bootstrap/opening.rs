//! Putting the parts of a workbench together.
//!
//! Every adapter is made here, and from here on is known by its port only.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

use crate::adapters::channels::LocalChannels;
use crate::adapters::clock::SystemClock;
use crate::adapters::folder::{
    DiskFolder, SupervisorLock, find_home, lay, make_workbench, socket_path,
};
use crate::adapters::git::Git;
use crate::adapters::keyring::FileKeyring;
use crate::adapters::lives::DiskLives;
use crate::adapters::process::Invocation;
use crate::adapters::queue::FileMailboxes;
use crate::adapters::sandbox::LocalSandbox;
use crate::adapters::sqlite::SqliteLedger;
use crate::adapters::tmux::{Settings, Tmux};
use crate::adapters::versions;
use crate::bootstrap::environment::Environment;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::workbench::WorkbenchConfig;
use crate::failure::Failure;
use crate::manifest;
use crate::ports::folder::{TextFile, WorkbenchFolder as _};
use crate::ports::keyring::Keyring as _;
use crate::ports::ledger::LedgerReader;
use crate::ports::repositories::{Repositories as _, RepositoryError};
use crate::service::outside::Outside;
use crate::service::preflight::{folder_refusal, repository_refusal};
use crate::service::programs::shelf::Shelf;
use crate::service::workbench::{HasEnded, Identity, Workbench};

/// Where the ledger lies in a workbench.
pub fn ledger_path(home: &Path) -> PathBuf {
    home.join("registry").join("ledger.db")
}

/// The folder of the workbench that is meant: the one named, else the nearest parent that is one.
pub fn require_home(environment: &Environment, named: Option<&Path>) -> Result<PathBuf, Refusal> {
    let hint = "make one with `agency init`, or name it with --home or AGENCY_HOME";
    let not_found = |message: String| {
        Refusal::new(RefusalKind::NotFound, "no_workbench", message).with_hint(hint)
    };
    let home = match named {
        Some(path) => {
            let path = environment.folder.join(path);
            if find_home(&path).as_deref() != Some(path.as_path()) {
                return Err(not_found(format!("`{}` is not a workbench", path.display())));
            }
            path
        }
        None => find_home(&environment.folder).ok_or_else(|| {
            not_found(format!(
                "neither `{}` nor a folder above it is a workbench",
                environment.folder.display()
            ))
        })?,
    };
    home.canonicalize().map_err(|error| not_found(format!("`{}`: {error}", home.display())))
}

/// The ports of the workbench in a folder.
pub fn outside(environment: &Environment, home: &Path) -> Result<Outside, Refusal> {
    let folder = DiskFolder::new(home);
    let config = load_config(&folder).unwrap_or_default();
    let socket = socket_path(home, None).map_err(folder_refusal)?;
    let tmux = Tmux::new(&Settings {
        socket: config.tmux.socket.map(|socket| absolute_socket(home, &socket)),
        home: home.display().to_string(),
        deadline: Settings::DEADLINE,
    });
    let ledger = ledger_path(home);
    let launcher = [environment.program.clone().into_os_string(), "check-run".into(), "--".into()];
    Ok(Outside {
        home: home.to_owned(),
        program: environment.program.clone(),
        path: environment.path.clone(),
        programs: Shelf::default(),
        ask_version: Arc::new(versions::ask),
        socket,
        clock: Arc::new(SystemClock),
        terminals: Arc::new(tmux),
        repositories: Arc::new(Git),
        proving: Arc::new(LocalSandbox::new(launcher)),
        mailboxes: Arc::new(FileMailboxes::new(home)),
        folder: Arc::new(folder),
        lives: Arc::new(DiskLives::new(home)),
        channels: Arc::new(LocalChannels),
        keyring: Arc::new(FileKeyring::new(home, &environment.key_folder)),
        open_reader: Arc::new(move || {
            SqliteLedger::open_reader(&ledger)
                .map(|ledger| Box::new(ledger) as Box<dyn LedgerReader>)
        }),
    })
}

/// What `agency.toml` says. A bad one is refused by whoever acts on it; what is needed here has defaults.
fn load_config(folder: &DiskFolder) -> Option<WorkbenchConfig> {
    let file = folder.load_config().ok().flatten()?;
    manifest::workbench::parse("agency.toml", &file.text).ok()
}

/// A socket that is a path is meant relative to the workbench.
fn absolute_socket(home: &Path, socket: &str) -> String {
    if socket.contains('/') { home.join(socket).display().to_string() } else { socket.to_owned() }
}

/// Opens a workbench as whoever this process is.
pub fn open(environment: &Environment, named: Option<&Path>) -> Result<Workbench, Refusal> {
    let home = require_home(environment, named)?;
    let outside = outside(environment, &home)?;
    let starter = environment.clone();
    let start_home = home.clone();
    Ok(Workbench::new(
        outside,
        environment.identity.clone(),
        environment.tmux.clone(),
        Arc::new(move || start_supervisor(&starter, &start_home)),
        Arc::new(move || SupervisorLock::holder(&home)),
    ))
}

/// Gives an agent that is just entering its pane its token. It is not handed over on the way: whatever
/// starts a pane shows in the list of processes for every user of the machine.
pub fn take_credential(environment: &mut Environment) {
    let Ok(home) = require_home(environment, environment.home.as_deref()) else { return };
    let Identity::Agent { address, spawn, token } = &mut environment.identity else { return };
    let keyring = FileKeyring::new(home, &environment.key_folder);
    // Without one it is an agent that nobody believes, and the first command says so.
    if let Ok(own) = keyring.agent_token(address, *spawn) {
        *token = own;
    }
}

/// Starts the supervisor as a process of its own: no terminal, no agent's credential, its words in a file.
fn start_supervisor(environment: &Environment, home: &Path) -> Result<HasEnded, Refusal> {
    let failed = |error: std::io::Error| {
        Refusal::new(
            RefusalKind::Failed,
            "supervisor_failed",
            format!("the supervisor cannot be started: {error}"),
        )
    };
    let registry = home.join("registry");
    std::fs::create_dir_all(&registry).map_err(failed)?;
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(registry.join("supervisor.log"))
        .map_err(failed)?;
    let inherited =
        ["AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "AGENCY_HOME", "TMUX", "TMUX_PANE"];
    let mut invocation = Invocation::new(&environment.program, home)
        .args(["supervise", "--json", "--home"])
        .args([home]);
    for name in inherited {
        invocation = invocation.unset(name);
    }
    let mut command = invocation.env("AGENCY_KEY_DIR", &environment.key_folder).to_command();
    command.stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().map_err(failed)?;
    Ok(Box::new(move || last_words(&mut child)))
}

/// Why the supervisor ended, in its own words; it writes nothing to its stdout but these.
fn last_words(child: &mut Child) -> Option<Refusal> {
    let status = child.try_wait().ok().flatten()?;
    let mut said = String::new();
    if let Some(out) = &mut child.stdout {
        // What cannot be read is as good as unsaid.
        let _ = out.read_to_string(&mut said);
    }
    Some(Failure::read(&said, status.code()).unwrap_or_else(|| {
        let message = format!("the supervisor ended at once, with {status}");
        Refusal::new(RefusalKind::Failed, "supervisor_failed", message)
            .with_hint("see registry/supervisor.log in the workbench")
    }))
}

/// A project that is named must be one: a slip would be found only when the first task is given.
/// That no branch is checked out can be mended in `agency.toml`.
fn require_project(path: &Path) -> Result<PathBuf, Refusal> {
    match Git.inspect(path) {
        Ok(_) | Err(RepositoryError::DetachedHead { .. }) => {
            Ok(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
        }
        Err(error) => Err(repository_refusal(&error)),
    }
}

/// Lays the short names of commands into a workbench.
pub fn lay_scripts(home: &Path) -> Result<(), Refusal> {
    super::scripts::files().iter().try_for_each(|file| lay(home, file)).map_err(folder_refusal)
}

/// Makes a workbench; its project is the one named, else the folder's own repository.
pub fn make(
    environment: &Environment,
    folder: &Path,
    project: Option<&Path>,
) -> Result<PathBuf, Refusal> {
    let folder: PathBuf = environment.folder.join(folder).components().collect();
    let project = project
        .map(|path| require_project(&environment.folder.join(path)))
        .transpose()?
        .map(|path| path.display().to_string());
    let text = manifest::workbench::render_default(project.as_deref(), None);
    let settings = TextFile { path: PathBuf::from("agency.toml"), text };
    make_workbench(&folder, &[settings]).map_err(|error| {
        let refusal = folder_refusal(error);
        match refusal.kind {
            RefusalKind::Conflict => Refusal { code: "exists".to_owned(), ..refusal }
                .with_hint("it is a workbench already: see `agency status` there"),
            _ => refusal,
        }
    })?;
    folder.canonicalize().map_err(|error| {
        Refusal::new(RefusalKind::Failed, "io", format!("`{}`: {error}", folder.display()))
    })
}
