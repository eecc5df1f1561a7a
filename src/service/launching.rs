//! Launching: what an agent's program is started with, from its description.
//!
//! [`order`] says it from the state, [`Order::fill`] puts in what only the agent's own pane knows: its port and
//! its password. Neither is written to the ledger, and no argument stands on tmux's own line, which
//! every user can see and which has an end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::runtime::description::{Conversation, Description, FileBody};
use crate::domain::runtime::fill::{self, Values, fill, fill_json};
use crate::engine::state::State;
use crate::service::outside::Outside;
use crate::service::programs::{Program, Programs};

/// Longest argument or variable that Linux takes, in bytes with its final zero (`MAX_ARG_STRLEN`).
const MAX_ARGUMENT: usize = 128 * 1024;

/// Lives in a row that ended soon after which a conversation is not taken up again: it may be the reason.
const SHORT_LIVES: u32 = 2;

/// The file that `{briefing_file}` names.
const BRIEFING_FILE: &str = "briefing.md";

/// What a pane's program is started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchView {
    /// Program and arguments; empty: the user's own shell.
    pub argv: Vec<String>,
    /// Variables to set.
    pub env: BTreeMap<String, String>,
    /// Files of this life: name and text.
    pub files: Vec<(String, String)>,
    /// Where they go.
    pub files_folder: PathBuf,
    /// Whether the briefing is printed into the pane, because the program is not told it otherwise.
    pub prints_briefing: bool,
    /// The briefing.
    pub briefing: String,
}

/// The same before it is filled in: the answer to `Query::Launch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which life it is for.
    pub spawn: SpawnId,
    command: Vec<String>,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    files: BTreeMap<String, OrderedFile>,
    files_folder: PathBuf,
    prints_briefing: bool,
    values: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrderedFile {
    Text(String),
    Json(Value),
}

/// What a pane adds to an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// A free port on loopback.
    pub port: Option<u16>,
    /// A password of this life.
    pub password: Option<String>,
}

/// The conversation that an agent's program can go on with.
pub fn known_conversation(state: &State, agent: &AgentAddress) -> Option<String> {
    let record = state.sessions.agent(agent)?;
    let known = record.conversation.as_ref()?;
    let is_same = state.sessions.definition(agent)?.runtime == known.runtime;
    (is_same && known.begun).then(|| known.id.clone())
}

/// Whether an agent's next life goes on with its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continuation {
    /// With this one.
    Known(String),
    /// With none, and why.
    Anew(&'static str),
}

/// Whether an agent that is started now goes on with its conversation, as far as the state tells.
pub fn continuation(
    state: &State,
    programs: &Programs,
    home: &Path,
    agent: &AgentAddress,
) -> Continuation {
    let (Some(definition), Some(record)) =
        (state.sessions.definition(agent), state.sessions.agent(agent))
    else {
        return Continuation::Anew("it is new");
    };
    let Ok((_, description)) = programs.require_described(definition.runtime.as_str()) else {
        return Continuation::Anew("its runtime is not described");
    };
    if description.resume.is_none() {
        return Continuation::Anew("its runtime cannot go on with a conversation");
    }
    if record.short_runs >= SHORT_LIVES {
        return Continuation::Anew("its last lives ended soon, and the conversation may be why");
    }
    let Some(known) = &record.conversation else {
        let own = unreported(state, home, description, agent);
        let none = Continuation::Anew("no conversation of its own is known");
        return own.map_or(none, Continuation::Known);
    };
    match known_conversation(state, agent) {
        Some(id) => Continuation::Known(id),
        None if known.runtime != definition.runtime => {
            Continuation::Anew("its conversation is another runtime's")
        }
        None => Continuation::Anew("nothing was said in its conversation"),
    }
}

/// The order of an agent's present life, without its briefing.
pub fn order(state: &State, outside: &Outside, agent: &AgentAddress) -> Result<Order, Refusal> {
    let unknown = || {
        let message = format!("there is no agent `{agent}`");
        Refusal::new(RefusalKind::NotFound, "agent_not_found", message)
            .with_hint("see what there is with `agency list`")
    };
    let definition = state.sessions.definition(agent).ok_or_else(unknown)?;
    let record = state.sessions.agent(agent).ok_or_else(unknown)?;
    let spawn = record.spawn.ok_or_else(|| {
        let message = format!("`{agent}` is not meant to run");
        Refusal::new(RefusalKind::Conflict, "not_running", message)
            .with_hint(format!("start it with `agency start {}`", agent.agency))
    })?;
    let programs = outside.programs.current();
    let (program, description) = programs.require_described(definition.runtime.as_str())?;
    let known = match continuation(state, &programs, &outside.home, agent) {
        Continuation::Known(id) => Some(id),
        Continuation::Anew(_) => None,
    };
    let is_prompted = !description.takes_briefing() && !description.first_prompt.is_empty();
    let (arguments, conversation) = match (&description.resume, known) {
        (Some(resume), Some(conversation)) => (resume.clone(), Some(conversation)),
        _ => {
            let prompt = description.first_prompt.iter().filter(|_| is_prompted);
            let start = description.start.iter().chain(prompt).cloned().collect();
            (start, chosen(description, spawn))
        }
    };
    let mut values = places(outside, agent, spawn);
    values.extend(conversation.map(|id| ("conversation".to_owned(), id)));
    let file = |(name, body): (&String, &FileBody)| match body {
        FileBody::Text(text) => (name.clone(), OrderedFile::Text(text.clone())),
        FileBody::Json(document) => (name.clone(), OrderedFile::Json(document.clone())),
    };
    Ok(Order {
        spawn,
        command: command(outside, program, description),
        arguments,
        environment: description.environment.clone(),
        files: description.files.iter().map(file).collect(),
        files_folder: outside.lives.folder(spawn),
        prints_briefing: !description.takes_briefing() && !is_prompted,
        values,
    })
}

/// The conversation of a program that tells of none: always the same one, so that the first life begins it and
/// every later one goes on with it. Who has the name of somebody who has left begins one of its own.
fn unreported(
    state: &State,
    home: &Path,
    description: &Description,
    agent: &AgentAddress,
) -> Option<String> {
    let is_chosen = description.conversation == Conversation::Chosen;
    let is_unreported = is_chosen && description.report.conversation.is_none();
    let agency = state.sessions.agency(&agent.agency);
    let bearer = agency.and_then(|agency| agency.bearers.get(&agent.agent)).copied();
    let mut seed = format!("{}\n{agent}", home.display());
    if let Some(later) = bearer.filter(|bearer| *bearer > 1) {
        seed.push_str(&format!("\n{later}"));
    }
    is_unreported.then(|| conversation_of(&seed))
}

/// The first half of the SHA-256 of a text.
fn digest(text: &str) -> [u8; 16] {
    use sha2::{Digest as _, Sha256};
    let mut half = [0_u8; 16];
    half.copy_from_slice(Sha256::digest(text.as_bytes()).get(..16).unwrap_or(&[0; 16]));
    half
}

fn chosen(description: &Description, spawn: SpawnId) -> Option<String> {
    (description.conversation == Conversation::Chosen).then(|| conversation_of(&spawn.to_string()))
}

/// A conversation's id that follows from a text. It has the form of a random UUID (version 4), not the one of
/// a life's own id (version 7): some programs refuse versions that came after 5.
fn conversation_of(seed: &str) -> String {
    uuid::Builder::from_random_bytes(digest(seed)).into_uuid().to_string()
}

fn places(outside: &Outside, agent: &AgentAddress, spawn: SpawnId) -> BTreeMap<String, String> {
    let files = outside.lives.folder(spawn);
    let folder = outside.home.join("agencies").join(agent.agency.as_str());
    let values = [
        ("agency", outside.program.display().to_string()),
        ("home", outside.home.display().to_string()),
        ("folder", folder.display().to_string()),
        ("briefing_file", files.join(BRIEFING_FILE).display().to_string()),
        ("files", files.display().to_string()),
        ("agent", agent.to_string()),
        ("spawn", spawn.to_string()),
    ];
    values.into_iter().map(|(word, value)| (word.to_owned(), value)).collect()
}

/// The command; `agency` is this program. What is taken word by word has its braces hidden from filling in.
fn command(outside: &Outside, program: &Program, description: &Description) -> Vec<String> {
    let mut words = description.command.clone();
    if let Some(first) = words.first_mut().filter(|first| *first == "agency") {
        *first = outside.program.display().to_string();
    }
    if program.is_literal() {
        // A value is not read again, so a word that is one value stays as it is.
        words.iter_mut().for_each(|word| word.insert(0, LITERAL));
    }
    words
}

/// Marks a word that is not filled in; no file can hold this character.
const LITERAL: char = '\0';

impl Order {
    /// Adds the briefing.
    pub fn brief(&mut self, briefing: String) {
        self.values.insert("briefing".to_owned(), briefing);
    }

    /// Whether the program is told a port of its own.
    pub fn wants(&self, word: &str) -> bool {
        let in_file = |file: &OrderedFile| match file {
            OrderedFile::Text(text) => fill::mentions(text, word),
            OrderedFile::Json(document) => fill::mentions(&document.to_string(), word),
        };
        let mut texts = self.command.iter().chain(&self.arguments).chain(self.environment.values());
        texts.any(|text| fill::mentions(text, word)) || self.files.values().any(in_file)
    }

    /// Fills everything in. A briefing that is too long for an argument is cut and says so.
    pub fn fill(&self, secrets: &Secrets) -> LaunchView {
        let briefing = self.values.get("briefing").cloned().unwrap_or_default();
        let mut view = self.filled(secrets, &briefing);
        let mut room = MAX_ARGUMENT;
        while is_too_long(&view) && room > 0 {
            room /= 2;
            view = self.filled(secrets, &cut(&briefing, room));
        }
        LaunchView { briefing, ..view }
    }

    fn filled(&self, secrets: &Secrets, briefing: &str) -> LaunchView {
        let mut values = Values::new();
        for word in fill::WORDS {
            values.extend(self.values.get(word).map(|value| (word, value.clone())));
        }
        // Where nothing else takes the briefing, it is the first prompt.
        values.insert("briefing", briefing.to_owned());
        values.insert("prompt", briefing.to_owned());
        values.extend(secrets.port.map(|port| ("port", port.to_string())));
        values.extend(secrets.password.clone().map(|password| ("password", password)));
        let word = |word: &String| match word.strip_prefix(LITERAL) {
            Some(literal) => literal.to_owned(),
            None => fill(word, &values),
        };
        let variable = |(key, value): (&String, &String)| (key.clone(), fill(value, &values));
        LaunchView {
            argv: self.command.iter().chain(&self.arguments).map(word).collect(),
            env: self.environment.iter().map(variable).collect(),
            files: self.filled_files(&values, secrets),
            files_folder: self.files_folder.clone(),
            prints_briefing: self.prints_briefing,
            briefing: briefing.to_owned(),
        }
    }

    fn filled_files(&self, values: &Values, secrets: &Secrets) -> Vec<(String, String)> {
        let text = |file: &OrderedFile| match file {
            OrderedFile::Text(text) => fill(text, values),
            OrderedFile::Json(document) => format!("{:#}\n", fill_json(document, values)),
        };
        let mut files: Vec<(String, String)> =
            self.files.iter().map(|(name, file)| (name.clone(), text(file))).collect();
        if self.wants("briefing_file") {
            // A file takes it whole.
            let briefing = self.values.get("briefing").cloned().unwrap_or_default();
            files.push((BRIEFING_FILE.to_owned(), briefing));
        }
        // The supervisor finds them there; so does whoever helps the agent's own server.
        files.extend(secrets.port.map(|port| ("port".to_owned(), format!("{port}\n"))));
        files.extend(
            secrets.password.iter().map(|word| ("password".to_owned(), format!("{word}\n"))),
        );
        files
    }
}

fn is_too_long(view: &LaunchView) -> bool {
    let variables = view.env.iter().map(|(key, value)| key.len() + 1 + value.len());
    let mut lengths = view.argv.iter().map(String::len).chain(variables);
    lengths.any(|length| length >= MAX_ARGUMENT)
}

fn cut(briefing: &str, room: usize) -> String {
    let end = (0..=room.min(briefing.len())).rev().find(|end| briefing.is_char_boundary(*end));
    let kept = briefing.get(..end.unwrap_or(0)).unwrap_or_default();
    format!("{kept}\n(It is too long to be told here: `agency brief` shows all of it.)\n")
}

#[cfg(test)]
mod tests;
