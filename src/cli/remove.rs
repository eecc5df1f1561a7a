//! `agency remove`: archives an agency. Its work is kept: worktrees under refs, the folder in the
//! archive.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::desk::{Desk, Ending, Unattended};
use crate::domain::agency::AgencyState;
use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::AgencyView;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::Workbench;

/// Keeping the work of many large worktrees takes git a while.
const LIMIT: Duration = Duration::from_secs(60);

/// What `agency remove` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The session is closed, the agents' work is kept in the project under `refs/agency/kept/`, \
    and the folder goes to `agencies/.archive/`; `agency undo` brings all of it back. In a script, add `--yes`."
)]
pub struct RemoveArgs {
    /// Which agency
    #[arg(value_name = "NAME")]
    pub name: Name,
}

/// Archives an agency.
pub fn run(args: &RemoveArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let name = &args.name;
    // A slip is told before anything is asked.
    workbench.fetch::<AgencyView>(&Query::Agency { name: name.clone() })?;
    desk.confirm(
        &format!("archive `{name}`, close its session and end its agents?"),
        Unattended::Refuse { hint: format!("run `agency remove {name} --yes`") },
    )?;
    workbench.ask(Command::RemoveAgency { name: name.clone() })?;
    wait_for_archive(&workbench, name)?;
    desk.answer(&json!({ "name": name, "state": "archived" }), |_, _| {
        format!("{name} is archived\n")
    })
}

/// Returns when the name is free again, so that a script can go on.
fn wait_for_archive(workbench: &Workbench, name: &Name) -> Result<(), Refusal> {
    let query = Query::Agency { name: name.clone() };
    let waited = wait_until(workbench, Some(LIMIT), || {
        // Only a supervisor goes on with it: one that died meanwhile is started again.
        workbench.require_supervisor()?;
        is_archived(workbench.fetch(&query))
    })?;
    match waited {
        Waited::Seen(()) => Ok(()),
        Waited::TimedOut => {
            let message = format!("`{name}` is being archived and not done yet");
            Err(Refusal::new(RefusalKind::Failed, "not_archived", message)
                .with_hint(format!("run `agency explain {name}`")))
        }
    }
}

fn is_archived(agency: Result<AgencyView, Refusal>) -> Result<Option<()>, Refusal> {
    match agency {
        Ok(view) => Ok((view.state == AgencyState::Archived).then_some(())),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(Some(())),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn an_agency_is_archived_when_it_says_so_or_is_gone() {
        let mut view = testing::status().agencies.remove(0);
        assert_eq!(is_archived(Ok(view.clone())), Ok(None));
        view.state = AgencyState::Archived;
        assert_eq!(is_archived(Ok(view)), Ok(Some(())));
        let gone = Refusal::new(RefusalKind::NotFound, "agency_not_found", "no agency");
        assert_eq!(is_archived(Err(gone)), Ok(Some(())));
        let failed = Refusal::new(RefusalKind::Failed, "hung", "no answer");
        assert!(is_archived(Err(failed)).is_err());
    }
}
