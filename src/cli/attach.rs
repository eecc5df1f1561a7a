//! `agency attach`: shows an agency's tmux session, with one agent's pane in front.
//!
//! The service says what to run; this process becomes it, so nothing stays between person and tmux. Which
//! agency is meant is asked only where a person can answer.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::AgencyView;
use crate::service::workbench::AttachPlan;
use crate::service::workbench::viewing::{Access, Extent, Show};

/// What `agency attach` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Inside tmux the client is switched, outside it is attached. Inside another tmux server its \
    prefix key must be pressed twice for this one. With no NAME: the only agency, or the one that you \
    choose.\n\n--zoom fills the window with one pane until it is unzoomed (prefix z), the agency is attached \
    without --zoom, or the last terminal has left. Panes that a small terminal has shrunk grow back when it \
    leaves.\n\n\
    Examples:\n  agency attach CodeAgency\n  agency attach CodeAgency python-agent\n  \
    agency attach CodeAgency/python-agent --zoom\n  agency attach CodeAgency --read-only"
)]
pub struct AttachArgs {
    /// The agency, or `Agency/agent`
    #[arg(value_name = "NAME")]
    pub target: Option<Address>,
    /// The agent whose pane is put in front
    #[arg(value_name = "AGENT")]
    pub agent: Option<Name>,
    /// Show just this one pane
    #[arg(long)]
    pub zoom: bool,
    /// Look and do not touch: only keys that leave have an effect
    #[arg(long)]
    pub read_only: bool,
}

/// Shows the session.
pub fn run(args: &AttachArgs, desk: &mut Desk<'_>) -> Ending {
    let named =
        args.target.as_ref().map(|target| meant(target, args.agent.as_ref())).transpose()?;
    let workbench = desk.open()?;
    let (agency, agent) = match named {
        Some(named) => named,
        None => (choose(&workbench.fetch::<Vec<AgencyView>>(&Query::Agencies)?, desk)?, None),
    };
    let show = Show {
        extent: if args.zoom { Extent::Alone } else { Extent::All },
        access: if args.read_only { Access::ReadOnly } else { Access::Full },
    };
    let plan = workbench.attach_plan(&agency, agent.as_ref(), show)?;
    if desk.is_json() {
        desk.output.json(&serde_json::json!({ "argv": plan.argv, "unset": plan.unset }));
        return Ok(crate::cli::desk::DONE);
    }
    require_terminal(&plan, &agency, desk)?;
    if let Some(prefix) = &plan.doubled_prefix {
        desk.output.note(&format!(
            "this is a tmux within your tmux: press {prefix} twice for the inner one ({prefix} {prefix} d comes back)"
        ));
    }
    desk.house.attach(&plan)
}

/// A client that is there can be switched from anywhere; a new one needs a terminal of its own.
fn require_terminal(plan: &AttachPlan, agency: &Name, desk: &Desk<'_>) -> Result<(), Refusal> {
    if !plan.needs_terminal() || desk.is_interactive() {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Usage, "no_terminal", "this is not a terminal to attach to")
        .with_hint(format!("what to run on one is told by `agency attach {agency} --json`")))
}

fn meant(target: &Address, agent: Option<&Name>) -> Result<(Name, Option<Name>), Refusal> {
    match (target, agent) {
        (Address::Agency(agency), agent) => Ok((agency.clone(), agent.cloned())),
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

/// The only agency, else the one that the person picks.
fn choose(agencies: &[AgencyView], desk: &mut Desk<'_>) -> Result<Name, Refusal> {
    match agencies {
        [] => Err(Refusal::new(RefusalKind::NotFound, "no_agency", "there is no agency yet")
            .with_hint("make one: agency create CodeAgency")),
        [only] => Ok(only.name.clone()),
        _ if !desk.is_interactive() => {
            let names: Vec<&str> = agencies.iter().map(|agency| agency.name.as_str()).collect();
            let message = format!("which agency is meant is not said: {}", names.join(", "));
            let first = names.first().copied().unwrap_or("NAME");
            Err(Refusal::new(RefusalKind::Usage, "no_agency", message)
                .with_hint(format!("agency attach {first}")))
        }
        _ => pick(agencies, desk),
    }
}

fn pick(agencies: &[AgencyView], desk: &mut Desk<'_>) -> Result<Name, Refusal> {
    let width = agencies.iter().map(|agency| agency.name.as_str().len()).max().unwrap_or(0);
    for (number, agency) in (1..).zip(agencies) {
        let (name, state) = (agency.name.as_str(), agency.state.as_str());
        let row = format!("{number:>3}  {name:<width$}  {state}\n");
        desk.output.prompt(&row);
    }
    let nothing = || Refusal::new(RefusalKind::Failed, "not_chosen", "nothing was chosen");
    let Some(answer) = desk.ask("Attach to which? Number or name: ")? else {
        return Err(nothing());
    };
    let answer = answer.trim();
    let by_number = answer.parse::<usize>().ok().and_then(|at| agencies.get(at.checked_sub(1)?));
    let by_name = || agencies.iter().find(|agency| agency.name.as_str() == answer);
    match by_number.or_else(by_name) {
        Some(agency) => Ok(agency.name.clone()),
        None if answer.is_empty() => Err(nothing()),
        None => Err(Refusal::new(
            RefusalKind::NotFound,
            "agency_not_found",
            format!("there is no agency `{}`", crate::domain::text::to_line(answer, 60)),
        )
        .with_hint("run `agency list`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Globals;
    use crate::cli::output::Output;
    use crate::cli::testing::{FakeHouse, status};

    fn chosen(house: &FakeHouse, agencies: &[AgencyView]) -> Result<String, Refusal> {
        let globals = Globals::default();
        let mut output = Output::new(Box::new(std::io::sink()), Box::new(std::io::sink()));
        let mut desk = Desk { house, globals: &globals, output: &mut output };
        choose(agencies, &mut desk).map(|name| name.to_string())
    }

    #[test]
    fn the_only_agency_is_meant_and_of_several_a_person_picks_one() {
        let all = status().agencies;
        let only = chosen(&FakeHouse::in_a_pipe(), &all[..1]);
        assert_eq!(only.as_deref(), Ok("CodeAgency"));
        for (answer, agency) in [("2", "QAAgency"), (" CodeAgency ", "CodeAgency")] {
            let picked = chosen(&FakeHouse::on_a_terminal(&[answer]), &all);
            assert_eq!(picked.as_deref(), Ok(agency));
        }
    }

    #[test]
    fn where_nobody_can_pick_the_names_are_told() {
        let all = status().agencies;
        let status = |house: &FakeHouse, agencies: &[AgencyView]| {
            let refusal = chosen(house, agencies).expect_err("it is not said");
            (refusal.kind.exit_status(), refusal.message)
        };
        let (code, words) = status(&FakeHouse::in_a_pipe(), &all);
        assert_eq!(code, 2);
        assert!(words.contains("CodeAgency, QAAgency"), "{words}");
        assert_eq!(status(&FakeHouse::in_a_pipe(), &[]).0, 3);
        assert_eq!(status(&FakeHouse::on_a_terminal(&["9"]), &all).0, 3);
        assert_eq!(status(&FakeHouse::on_a_terminal(&[""]), &all).0, 1);
        assert_eq!(status(&FakeHouse::on_a_terminal(&[]), &all).0, 1);
    }

    fn target(target_text: &str, agent: Option<&str>) -> Result<String, u8> {
        let address = Address::parse(target_text).expect("address");
        let agent = agent.map(|agent| Name::parse(agent).expect("name"));
        meant(&address, agent.as_ref())
            .map(|(agency, agent)| format!("{agency} {agent:?}"))
            .map_err(|refusal| refusal.kind.exit_status())
    }

    #[test]
    fn an_agent_is_named_beside_its_agency_or_with_it() {
        assert_eq!(target("Code", None), Ok("Code None".to_owned()));
        assert_eq!(target("Code/dev", None), target("Code", Some("dev")));
        for (text, agent) in [("operator", None), ("*", None), ("Code/dev", Some("dev"))] {
            assert_eq!(target(text, agent), Err(2), "{text}");
        }
    }
}
