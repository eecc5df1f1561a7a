//! Performing a hand-over: a text given to an agent's program without a keystroke.
//!
//! The way is the program's description filled in; what only this life has (port, password, the pipe of
//! a waiting hook) is in its private folder. That nothing was given is told apart from doubt: only then
//! another way may be tried.

use std::collections::BTreeMap;

use crate::domain::id::MessageId;
use crate::domain::runtime::description::{ChannelKind, Description};
use crate::domain::runtime::fill::{Values, fill, fill_json};
use crate::engine::effect::Target;
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::ports::channels::{Handed, Handing, Way};
use crate::ports::terminals::Typed;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::supervisor::Handle;

/// How long a hand-over may take, in milliseconds: programs in Node need a second to start on a busy machine.
const DEADLINE_MS: u32 = 10_000;

/// The file of a life at which a waiting hook reads.
pub const LETTER: &str = "letter";

/// Hands a text over, on the lane of the agent's pane.
pub fn hand_over(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    (id, target, text): (MessageId, Target, String),
) {
    let plan = plan(state, outside, &target, text);
    let (agent, spawn) = (target.agent.clone(), target.spawn);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &format!("pane:{}", target.agent),
        Box::new(move || {
            let outcome = match plan {
                Ok(handing) => to_typed(outside.channels.hand_over(&handing)),
                Err(reason) => Typed::NotReady { reason },
            };
            handle.input(Input::MessageTyped { agent, spawn, id, outcome });
        }),
    );
}

fn to_typed(handed: Handed) -> Typed {
    match handed {
        Handed::Taken => Typed::Queued,
        Handed::NotTaken { reason } => Typed::NotReady { reason },
        Handed::Unknown { reason } => Typed::Uncertain { reason },
    }
}

/// What is to be done, or why it cannot be.
fn plan(
    state: &State,
    outside: &Outside,
    target: &Target,
    text: String,
) -> Result<Handing, String> {
    let definition = state.sessions.definition(&target.agent).ok_or("there is no such agent")?;
    let programs = outside.programs.current();
    let described = programs.require_described(definition.runtime.as_str());
    let (_, description) = described.map_err(|refusal| refusal.message)?;
    let channel = description.channel.as_ref().ok_or("its runtime has no channel")?;
    let values = values(state, outside, target, text.clone());
    let way = match &channel.kind {
        ChannelKind::Command(words) => command(outside, description, words, &values)?,
        ChannelKind::Http { path, body, user } => Way::Http {
            port: values
                .get("port")
                .and_then(|port| port.parse().ok())
                .ok_or("its port is not known")?,
            path: fill(path, &values),
            body: fill_json(body, &values),
            login: user.clone().zip(values.get("password").cloned()),
        },
        ChannelKind::File { name, line } => Way::File {
            path: outside.lives.folder(target.spawn).join(name),
            // Without spaces between its parts a document has no line ends of its own.
            line: fill_json(line, &values).to_string(),
        },
        ChannelKind::Hook => {
            Way::Letter { path: outside.lives.folder(target.spawn).join(LETTER), text }
        }
    };
    Ok(Handing { way, deadline_ms: DEADLINE_MS })
}

fn values(state: &State, outside: &Outside, target: &Target, text: String) -> Values {
    let life = |file| outside.lives.read(target.spawn, file);
    let folder = outside.home.join("agencies").join(target.agent.agency.as_str());
    let conversation = state.sessions.agent(&target.agent).and_then(|a| a.conversation.as_ref());
    let known = [
        ("text", Some(text)),
        ("agent", Some(target.agent.to_string())),
        ("spawn", Some(target.spawn.to_string())),
        ("home", Some(outside.home.display().to_string())),
        ("folder", Some(folder.display().to_string())),
        ("files", Some(outside.lives.folder(target.spawn).display().to_string())),
        ("agency", Some(outside.program.display().to_string())),
        ("conversation", conversation.map(|conversation| conversation.id.clone())),
        ("port", life("port")),
        ("password", life("password")),
    ];
    known.into_iter().filter_map(|(word, value)| Some((word, value?))).collect()
}

fn command(
    outside: &Outside,
    description: &Description,
    words: &[String],
    values: &Values,
) -> Result<Way, String> {
    let mut argv: Vec<String> = words.iter().map(|word| fill(word, values)).collect();
    let program = argv.first_mut().ok_or("its channel has no program")?;
    let found = outside.find_program(program).map(|path| path.display().to_string());
    *program = found.ok_or_else(|| format!("`{program}` is not installed, or not in PATH"))?;
    let filled = |(key, value): (&String, &String)| (key.clone(), fill(value, values));
    let env: BTreeMap<String, String> = description.environment.iter().map(filled).collect();
    // Not the agent's own folder: what an agent writes there may configure the program.
    let folder = values.get("files").cloned().unwrap_or_default().into();
    Ok(Way::Command { argv, env, folder })
}
