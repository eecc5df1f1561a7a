//! `agency attach`: shows an agency's tmux session, with one agent's pane in front.
//!
//! The service says what to run; this process becomes it, so nothing stays between person and tmux.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};

/// What `agency attach` takes.
#[derive(Debug, Args)]
#[command(after_help = "Inside tmux the client is switched, outside it is attached.\n\n\
    Examples:\n  agency attach CodeAgency\n  agency attach CodeAgency python-agent\n  \
    agency attach CodeAgency/python-agent")]
pub struct AttachArgs {
    /// The agency, or `Agency/agent`
    #[arg(value_name = "NAME")]
    pub target: Address,
    /// The agent whose pane is put in front
    #[arg(value_name = "AGENT")]
    pub agent: Option<Name>,
}

/// Shows the session.
pub fn run(args: &AttachArgs, desk: &mut Desk<'_>) -> Ending {
    let (agency, agent) = target(args)?;
    let workbench = desk.open()?;
    let plan = workbench.attach_plan(&agency, agent.as_ref())?;
    if desk.is_json() {
        desk.output.json(&serde_json::json!({ "argv": plan.argv, "unset": plan.unset }));
        return Ok(crate::cli::desk::DONE);
    }
    desk.house.attach(&plan)
}

fn target(args: &AttachArgs) -> Result<(Name, Option<Name>), Refusal> {
    match (&args.target, &args.agent) {
        (Address::Agency(agency), agent) => Ok((agency.clone(), agent.clone())),
        (Address::Agent(address), None) => {
            Ok((address.agency.clone(), Some(address.agent.clone())))
        }
        (other, _) => Err(Refusal::new(
            RefusalKind::Usage,
            "no_agency",
            format!("`{other}` does not name one agency"),
        )
        .with_hint("run `agency list`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(target_text: &str, agent: Option<&str>) -> Result<String, u8> {
        let args = AttachArgs {
            target: Address::parse(target_text).expect("address"),
            agent: agent.map(|agent| Name::parse(agent).expect("name")),
        };
        target(&args)
            .map(|(agency, agent)| format!("{agency} {agent:?}"))
            .map_err(|refusal| refusal.kind.exit_status())
    }

    #[test]
    fn an_agent_is_named_beside_its_agency_or_with_it() {
        assert_eq!(meant("Code", None), Ok("Code None".to_owned()));
        assert_eq!(meant("Code/dev", None), meant("Code", Some("dev")));
        for (text, agent) in [("operator", None), ("*", None), ("Code/dev", Some("dev"))] {
            assert_eq!(meant(text, agent), Err(2), "{text}");
        }
    }
}
