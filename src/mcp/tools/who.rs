//! Who is who: oneself, the own agency, the others; and one's own briefing.
//!
//! What agents say of themselves is shown as words, and changes nothing.

use serde_json::json;

use crate::domain::text::to_plain;
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Nothing, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::AgencyView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "who",
                title: "Who is who",
                description: "Says who you are, who is in your agency with role, skills and state, and which other agencies there are with \
what they can do. Use it before you ask, send or assign: addresses are written as they stand here.",
                hint: Hint::Reads,
            },
            who,
        ),
        tool(
            Sign {
                name: "brief",
                title: "Read your briefing again",
                description: "Gives your briefing as you were told it at your start: your role, your folder, your peers, how to work, your open \
task. Use it when you have lost track of who you are, say after your context was shortened.",
                hint: Hint::Reads,
            },
            brief,
        ),
    ]
}

fn who(call: &Call, _: Nothing) -> Outcome {
    let agencies: Vec<AgencyView> = call.fetch(&Query::Agencies)?;
    let is_mine = |agency: &&AgencyView| agency.name == call.me.agency;
    let mine = agencies.iter().find(is_mine);
    let others: Vec<&AgencyView> = agencies.iter().filter(|agency| !is_mine(agency)).collect();
    let mut text = format!("You are {}.\n", call.me);
    if let Some(agency) = mine {
        let leads = agency.coordinator == call.me.agent;
        let coordinator = if leads { "you".to_owned() } else { agency.coordinator.to_string() };
        let what = words::line(&agency.description);
        text.push_str(&format!(
            "Your agency {}: {what}; coordinator: {coordinator}\n",
            agency.name
        ));
        text.extend(agency.agents.iter().map(|agent| format!("  {}", words::agent(agent))));
    }
    for other in &others {
        let can = words::line(&other.capabilities.join(", "));
        let what = words::line(&other.description);
        text.push_str(&format!(
            "Agency {} ({}): {what} [{can}]\n",
            other.name,
            other.state.as_str()
        ));
    }
    Ok(Said::new(text, json!({ "me": call.me, "agency": mine, "others": others })))
}

fn brief(call: &Call, _: Nothing) -> Outcome {
    let briefing: String = call.fetch(&Query::Briefing { agent: call.me.clone() })?;
    Ok(Said::new(to_plain(&briefing), json!({ "agent": call.me, "briefing": briefing })))
}
