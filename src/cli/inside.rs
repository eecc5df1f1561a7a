//! Commands that the workbench runs itself: being the supervisor, a rehearsal agent, a check, and
//! what happens inside an agent's pane. Hidden from people; their forms are not a promise.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Args;

use crate::cli::brief::with_end;
use crate::cli::desk::{DONE, Desk, Ending, agent_meant};
use crate::domain::refusal::Refusal;
use crate::service::query::Query;

/// What `agency supervise` takes.
#[derive(Debug, Args)]
pub struct SuperviseArgs {}

/// What `agency rehearse` takes.
#[derive(Debug, Args)]
pub struct RehearseArgs {}

/// What `agency enter` takes.
#[derive(Debug, Args)]
pub struct EnterArgs {
    /// The agent is the user's own shell: a mark for whoever looks at the pane
    #[arg(long)]
    pub shell: bool,
    /// The program to become; none: the one that the agent's runtime is
    #[arg(last = true, value_name = "PROGRAM")]
    pub argv: Vec<OsString>,
}

/// What `agency check-run` takes.
#[derive(Debug, Args)]
pub struct CheckRunArgs {
    /// For the sandbox to say
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    pub arguments: Vec<OsString>,
}

/// Is the supervisor.
pub fn supervise(_: &SuperviseArgs, desk: &mut Desk<'_>) -> Ending {
    let home = desk.globals.home.as_deref().or(desk.house.surroundings().home.as_deref());
    desk.house.supervise(home)?;
    Ok(DONE)
}

/// Is a rehearsal agent.
pub fn rehearse(_: &RehearseArgs, desk: &mut Desk<'_>) -> Ending {
    desk.house.rehearse()
}

/// Runs one check.
pub fn check_run(args: &CheckRunArgs, desk: &mut Desk<'_>) -> Ending {
    desk.house.check_run(&args.arguments)
}

/// Becomes the agent's program, with everything that its runtime says. A program that is named is only
/// briefed, and started even where the briefing cannot be had.
pub fn enter(args: &EnterArgs, desk: &mut Desk<'_>) -> Ending {
    if args.argv.is_empty() {
        let launch = desk.open()?.launch()?;
        if launch.prints_briefing {
            desk.output.text(&with_end(&launch.briefing));
        }
        let argv: Vec<OsString> = launch.argv.iter().map(OsString::from).collect();
        return desk.house.exec(&argv, &launch.env);
    }
    match briefing(desk) {
        Ok(briefing) => desk.output.text(&with_end(&briefing)),
        Err(refusal) => desk.output.refuse(&refusal),
    }
    desk.house.exec(&args.argv, &BTreeMap::new())
}

fn briefing(desk: &mut Desk<'_>) -> Result<String, Refusal> {
    let workbench = desk.open()?;
    let agent = agent_meant(&workbench, None, "agency brief Agency/agent")?;
    workbench.fetch(&Query::Briefing { agent })
}
