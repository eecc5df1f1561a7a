//! Explaining an agent: what it is, from whom that is known, how old each word is, and which one counts.
//!
//! Everything that the judgement of [`crate::engine::sessions::authority`] saw is shown, so that a wrong state can
//! be traced to the rule that told it.

use jiff::Timestamp;

use crate::domain::agency::AgentState;
use crate::domain::name::AgentAddress;
use crate::domain::runtime::Runtime;
use crate::engine::delivery::{Way, confirming, way_now};
use crate::engine::sessions::signal::Heard;
use crate::engine::sessions::{AgentRecord, Wanted, authority, runtime_of};
use crate::engine::state::State;

/// Sentences about an agent.
pub fn agent(state: &State, address: &AgentAddress, now: Timestamp) -> Option<Vec<String>> {
    let record = state.sessions.agent(address)?;
    let runtime = runtime_of(state, address);
    let mut lines = vec![format!(
        "{address} is {}, known from the {}",
        record.state.as_str(),
        record.source.as_str()
    )];
    lines.extend(record.reason.clone());
    lines.extend(limit(record, now));
    lines.extend(session(state, address, record));
    if let Some(runtime) = &runtime {
        lines.extend(sources(record, runtime, now));
    }
    if let Some(known) = &record.conversation {
        lines.push(format!("its conversation is {} ({})", known.id, known.runtime));
    }
    if let Some(task) = state.tasks.current_of(address) {
        lines.extend(super::work(state, task.id, now));
    }
    lines.extend(mail(state, address, runtime.as_ref(), now));
    Some(lines)
}

fn limit(record: &AgentRecord, now: Timestamp) -> Option<String> {
    let until = record.until.filter(|_| record.state == AgentState::Limited)?;
    Some(if record.is_past_limit(now) {
        format!("its limit ended {}; what it does since then nobody has said", ago(until, now))
    } else {
        format!("its limit ends at {until:.0}")
    })
}

/// Why it does not live, if it does not.
fn session(state: &State, address: &AgentAddress, record: &AgentRecord) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(agency) = state.sessions.agency(&address.agency) else { return lines };
    if agency.wanted != Wanted::Running {
        lines.push(format!(
            "its agency is not meant to run; start it: agency start {}",
            address.agency
        ));
    }
    if let Some(session) = &agency.session {
        lines.push(format!(
            "its session is `{session}`: there is a session `{}` that this workbench did not make, maybe restored after a restart of the machine; attach with `agency attach {}`, and rename or close the other one if you do not need it",
            address.agency, address.agency
        ));
    }
    if let Some(trouble) = &agency.trouble {
        lines.push(format!("its session cannot be made: {}", trouble.problem));
    }
    if let Some(complaint) = agency.crew.complaint() {
        lines.push(format!("{complaint}; it is tried again at least once a minute"));
    }
    if record.short_lives > 0 && record.spawn.is_none() {
        lines.push(format!(
            "{} lives in a row were short, the next start waits",
            record.short_lives
        ));
    }
    lines
}

/// What each source said last, and which one counts.
fn sources(record: &AgentRecord, runtime: &Runtime, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    if record.spawn.is_none() {
        return lines;
    }
    match &record.told {
        Some(told) => lines.push(format!("told: {}", signal(told, now))),
        None if runtime.reports_state => {
            lines.push("told: nothing yet in this life; are its hooks in place?".to_owned());
        }
        None => {}
    }
    match &record.read {
        Some(read) => {
            lines.push(format!("screen: {}", signal(read, now)));
        }
        None if runtime.reads_screen => lines.push("screen: not read yet in this life".to_owned()),
        None => {}
    }
    let verdict = authority::judge(record.told.as_ref(), record.read.as_ref());
    if let Some(verdict) = verdict {
        lines.push(format!("the {} counts: {}", verdict.source.as_str(), verdict.because));
    }
    lines
}

fn signal(heard: &Heard, now: Timestamp) -> String {
    let signal = &heard.signal;
    let mut text = match signal.state {
        Some(state) => format!("{} by the rule `{}`", state.as_str(), signal.rule),
        None => "nothing that a rule knows".to_owned(),
    };
    if let Some(evidence) = &signal.evidence {
        text.push_str(&format!(", which met `{evidence}`"));
    }
    text.push_str(&format!(", first {}", ago(heard.at, now)));
    text
}

/// Which way its messages take.
fn mail(
    state: &State,
    address: &AgentAddress,
    runtime: Option<&Runtime>,
    now: Timestamp,
) -> Vec<String> {
    let mut lines = Vec::new();
    match runtime {
        None => lines.push("its runtime is not known; see `agency runtime list`".to_owned()),
        Some(runtime) if runtime.input_line.is_none() && runtime.hand_over.is_none() => {
            lines.push("nothing is typed into its pane: its runtime describes no input line; it fetches its messages".to_owned());
        }
        Some(_) => lines.push(way(state, address, now).to_owned()),
    }
    let unread = state.mail.unread(address);
    if unread > 0 {
        let wait = if unread == 1 { "message waits" } else { "messages wait" };
        lines.push(format!("{unread} {wait} in its mailbox"));
    }
    lines
}

fn way(state: &State, address: &AgentAddress, now: Timestamp) -> &'static str {
    let is_confirmed = confirming::tells_of_turns(state, address);
    match (way_now(state, address, now), is_confirmed) {
        (Some(Way::Channel), true) => {
            "messages go through its program's own channel, and its turns confirm them"
        }
        (Some(Way::Channel), false) => "messages go through its program's own channel",
        (Some(Way::Pane), true) => "messages are typed into its pane, and its turns confirm them",
        (Some(Way::Pane), false) => "messages are typed into its pane",
        (None, _) => "it takes no messages in this state: they wait",
    }
}

/// How long ago, in the largest unit that leaves more than one.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs().max(0) {
        seconds @ 0..120 => format!("{seconds} s ago"),
        seconds @ 120..7200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}
