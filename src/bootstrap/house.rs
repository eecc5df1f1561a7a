//! The real house: what the command line asks for, done with the real parts.
//!
//! It carries out and decides nothing; what a command means stands in `cli` and `service`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, Read as _, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::adapters::clock::SystemClock;
use crate::adapters::process::Invocation;
use crate::adapters::sandbox::watchdog::watchdog;
use crate::bootstrap::environment::Environment;
use crate::bootstrap::{hooking, opening, supervising};
use crate::cli::house::{
    DemoAfterwards, DemoOperator, DemoOptions, House, Interrupt, Surroundings,
};
use crate::demo::{self, DemoOrder, Keep, Manner, Stage};
use crate::domain::message::MAX_MESSAGE_BYTES;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::mcp;
use crate::ports::clock::Clock as _;
use crate::rehearsal;
use crate::service::workbench::{AttachPlan, Identity, Workbench};
use crate::tui;

/// The house around this process.
pub struct RealHouse {
    environment: Environment,
    surroundings: Surroundings,
}

impl RealHouse {
    /// A house in an environment.
    pub fn new(environment: Environment) -> Self {
        let surroundings = environment.surroundings();
        Self { environment, surroundings }
    }
}

impl House for RealHouse {
    fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn open(&self, home: Option<&Path>) -> Result<Workbench, Refusal> {
        opening::open(&self.environment, home)
    }

    fn make_workbench(&self, folder: &Path, project: Option<&Path>) -> Result<PathBuf, Refusal> {
        opening::make(&self.environment, folder, project)
    }

    fn lay_scripts(&self, home: &Path) -> Result<(), Refusal> {
        opening::lay_scripts(home)
    }

    fn screen(&self, workbench: Workbench) -> Result<(), Refusal> {
        tui::run(workbench, &Around { environment: &self.environment }).map(|_| ())
    }

    fn demo(
        &self,
        options: &DemoOptions,
        narrate: &mut dyn FnMut(&str),
    ) -> Result<PathBuf, Refusal> {
        let order = DemoOrder {
            folder: options.folder.clone(),
            manner: match options.operator {
                DemoOperator::User => Manner::OnScreen,
                DemoOperator::Headless => Manner::Headless,
            },
            keep: match options.afterwards {
                DemoAfterwards::Clear => Keep::Nothing,
                DemoAfterwards::Keep => Keep::Everything,
            },
        };
        let stage = RealStage { environment: &self.environment, keep: order.keep };
        demo::run(&order, &stage, narrate)
    }

    fn supervise(&self, home: Option<&Path>) -> Result<(), Refusal> {
        let result = supervising::supervise(&self.environment, home);
        if let Err(refusal) = &result {
            // Its starter may be gone when somebody asks.
            tracing::error!(%refusal, "the supervisor ends");
        }
        result
    }

    fn report(&self, event: &str) {
        hooking::report(&self.environment, event);
    }

    fn wait_for_letter(&self) -> Option<String> {
        hooking::wait(&self.environment)
    }

    fn serve_tools(&self, home: Option<&Path>) -> Result<(), Refusal> {
        // First who asks: no folder makes an agent of somebody who is none.
        mcp::require_agent(&self.environment.identity)?;
        mcp::serve(self.open(home)?)
    }

    fn rehearse(&self) -> Result<u8, Refusal> {
        let Identity::Agent { address, spawn, .. } = &self.environment.identity else {
            return Err(Refusal::new(
                RefusalKind::NotAllowed,
                "not_an_agent",
                "a rehearsal agent lives in an agent's pane, and this is none",
            )
            .with_hint("agency create NAME --runtime rehearsal"));
        };
        let home = opening::require_home(&self.environment, self.environment.home.as_deref())?;
        Ok(rehearsal::run(&rehearsal::Settings {
            home,
            agent: address.clone(),
            spawn: *spawn,
            program: self.environment.program.clone(),
        }))
    }

    fn check_run(&self, arguments: &[OsString]) -> Result<u8, Refusal> {
        Ok(watchdog(arguments))
    }

    fn attach(&self, plan: &AttachPlan) -> Result<u8, Refusal> {
        let mut command = attach_command(&self.environment, plan)?;
        Err(cannot_run("attach", &command.exec()))
    }

    fn exec(&self, argv: &[OsString], env: &BTreeMap<String, String>) -> Result<u8, Refusal> {
        let (program, args) = match argv.split_first() {
            Some((program, args)) => (program, args),
            None => (&self.environment.shell, &[][..]),
        };
        let found = self.environment.find_program(program).ok_or_else(|| {
            cannot_run(&program.to_string_lossy(), &std::io::ErrorKind::NotFound.into())
        })?;
        let invocation = Invocation::new(&found, &self.environment.folder)
            .args(args)
            .env("PATH", self.environment.path_with_program());
        let invocation =
            env.iter().fold(invocation, |invocation, (key, value)| invocation.env(key, value));
        let invocation = match &self.environment.identity {
            Identity::Agent { token, .. } => invocation.env("AGENCY_TOKEN", token),
            Identity::Operator => invocation,
        };
        let mut command = invocation.to_command();
        command.stdin(Stdio::inherit());
        Err(cannot_run(&program.to_string_lossy(), &command.exec()))
    }

    fn is_heard(&self) -> bool {
        let out = std::io::stdout();
        let mut waiting = [PollFd::new(&out, PollFlags::empty())];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        // What cannot be asked is found out by writing to it.
        let is_asked = poll(&mut waiting, Some(&at_once)).is_ok();
        let is_gone = |fd: &PollFd<'_>| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP);
        !(is_asked && waiting.iter().any(is_gone))
    }

    fn watch_interrupt(&self) -> Interrupt {
        let interrupt = Interrupt::default();
        for signal in [SIGINT, SIGTERM] {
            // Where it cannot be watched the process ends as every other does.
            let _ = signal_hook::flag::register(signal, interrupt.clone());
        }
        interrupt
    }

    fn read_input(&self) -> Result<String, Refusal> {
        let mut text = String::new();
        let mut input = std::io::stdin().lock().take(MAX_MESSAGE_BYTES + 1);
        input.read_to_string(&mut text).map_err(|error| bad_input(&error.to_string()))?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_MESSAGE_BYTES {
            return Err(bad_input("it is larger than 1 MiB"));
        }
        Ok(text)
    }

    fn read_line(&self) -> Result<Option<String>, Refusal> {
        let mut line = String::new();
        let read = std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| bad_input(&error.to_string()))?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn create_file(&self, path: &Path) -> Result<Box<dyn Write>, Refusal> {
        let failed = |error: std::io::Error| {
            Refusal::new(RefusalKind::Failed, "io", format!("`{}`: {error}", path.display()))
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        Ok(Box::new(std::fs::File::create(path).map_err(failed)?))
    }
}

fn bad_input(problem: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Usage,
        "bad_input",
        format!("standard input cannot be taken: {problem}"),
    )
}

fn cannot_run(program: &str, error: &std::io::Error) -> Refusal {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => RefusalKind::Missing,
        _ => RefusalKind::Failed,
    };
    Refusal::new(kind, "cannot_run", format!("`{program}` cannot be run: {error}"))
        .with_hint("see what is installed with `agency runtime list`")
}

fn attach_command(environment: &Environment, plan: &AttachPlan) -> Result<Command, Refusal> {
    let Some((program, args)) = plan.argv.split_first() else {
        return Err(Refusal::new(RefusalKind::Failed, "attach", "there is nothing to attach to"));
    };
    let mut invocation = Invocation::new(program, &environment.folder).args(args);
    for name in &plan.unset {
        invocation = invocation.unset(name);
    }
    let mut command = invocation.to_command();
    command.stdin(Stdio::inherit());
    Ok(command)
}

/// What the screen asks for.
struct Around<'a> {
    environment: &'a Environment,
}

impl tui::Outside for Around<'_> {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn has_colours(&self) -> bool {
        !self.environment.without_colour
    }

    fn attach(&self, plan: &AttachPlan) -> Result<(), Refusal> {
        let mut command = attach_command(self.environment, plan)?;
        let status = command.status().map_err(|error| cannot_run("tmux", &error))?;
        if status.success() {
            return Ok(());
        }
        Err(Refusal::new(RefusalKind::Failed, "attach", format!("tmux ended with {status}")))
    }
}

/// What the demo asks for. One that goes away has an operator of its own, whose key goes with it; one
/// that is kept belongs to the user.
struct RealStage<'a> {
    environment: &'a Environment,
    keep: Keep,
}

impl RealStage<'_> {
    fn environment_of(&self, home: &Path) -> Environment {
        let key_folder = match self.keep {
            Keep::Nothing => home.join("registry").join("operator"),
            Keep::Everything => self.environment.key_folder.clone(),
        };
        Environment {
            key_folder,
            identity: Identity::Operator,
            home: None,
            ..self.environment.clone()
        }
    }
}

impl Stage for RealStage<'_> {
    fn init(&self, home: &Path, project: &Path) -> Result<(), Refusal> {
        opening::make(self.environment, home, Some(project)).map(|_| ())
    }

    fn open(&self, home: &Path) -> Result<Workbench, Refusal> {
        opening::open(&self.environment_of(home), Some(home))
    }

    fn show(&self, workbench: &Workbench) -> Result<(), Refusal> {
        tui::run(workbench.clone(), &Around { environment: self.environment }).map(|_| ())
    }
}
