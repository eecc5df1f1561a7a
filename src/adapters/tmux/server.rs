//! How a tmux server is reached: through the persistent client, or by a process when there is none.
//!
//! The client needs a session to attach to, so the very first command of a server runs as a process.
//! A server that hangs or dies gives a typed error; the next call connects anew. The server is never
//! killed, and the user's own one is never configured.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use super::client::Start;
use super::command::{self, Cmd, Scope, set, unaliased};
use super::customs::{self, Customs};
use super::glance;
use super::handshake::Handshake;
use super::link::{HintSlot, Link, hung, lock};
use super::listener::Listener;
use super::protocol::Block;
use super::version;
use super::vigil::Watch;
use crate::adapters::process::{Invocation, RunError};
use crate::ports::terminals::TerminalError;

/// How to reach the server, and how to tell what is ours on it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// None: the user's own server. A name: a private one (`-L`); with `/` in it: its path (`-S`).
    pub socket: Option<String>,
    /// The workbench's folder as a text; sessions and panes carry it.
    pub home: String,
    /// How long the server may take to answer one request.
    pub deadline: Duration,
}

impl Settings {
    /// An answer takes under a millisecond; after two seconds none will come.
    pub const DEADLINE: Duration = Duration::from_secs(2);
}

/// How long a server that is being started may take: the user's configuration may run programs first.
const STARTING: Duration = Duration::from_secs(30);

/// First version that a client can come to in pieces without harm.
const WHOLE: (u32, u32) = (3, 7);

/// What a control client needs of our environment; the rest only makes its handshake long.
const FOR_CLIENTS: &[&str] = &["PATH", "HOME", "TERM", "TMUX_TMPDIR", "LANG"];

pub(super) struct Server {
    socket: Option<String>,
    home: String,
    /// Where a workbench keeps what is made while it runs.
    registry: PathBuf,
    deadline: Duration,
    link: Mutex<Option<Arc<Link>>>,
    /// Held for writing by whoever starts a server: until its configuration is read it answers nobody.
    starting: RwLock<()>,
    pub(super) hint: HintSlot,
    /// As the program tells it; asked once.
    pub(super) version: OnceLock<String>,
    hooks_due: AtomicBool,
    /// Whether the user's hooks keep clients out.
    is_shut_out: AtomicBool,
    /// Whether the kernel tells when a pane's program ends.
    is_watched: AtomicBool,
    /// Whether the server has taken what it was told last about comparing panes.
    is_compared: AtomicBool,
}

/// Where a client can come in.
struct Place {
    /// The id of a session of ours.
    session: String,
    /// The server's own version: a program that was replaced since may be newer.
    version: String,
    socket: PathBuf,
    /// The hook of the user's that keeps clients out.
    forbidden_by: Option<String>,
}

impl Server {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            socket: settings.socket.clone(),
            home: to_mark(&settings.home),
            registry: Path::new(&settings.home).join("registry"),
            deadline: settings.deadline,
            link: Mutex::default(),
            starting: RwLock::default(),
            hint: HintSlot::default(),
            version: OnceLock::new(),
            hooks_due: AtomicBool::new(false),
            is_shut_out: AtomicBool::new(false),
            is_watched: AtomicBool::new(false),
            is_compared: AtomicBool::new(false),
        }
    }

    /// The mark of what is ours, without white space.
    pub(super) fn home(&self) -> &str {
        &self.home
    }

    /// There is a new client or a new window, so hooks must be set.
    pub(super) fn want_hooks(&self) {
        self.hooks_due.store(true, Ordering::SeqCst);
    }

    /// Whether hooks must be set; asked once, true once.
    pub(super) fn take_hooks_due(&self) -> bool {
        self.hooks_due.swap(false, Ordering::SeqCst)
    }

    /// Whether it is the user's own server, with their configuration.
    pub(super) fn is_users(&self) -> bool {
        self.socket.is_none()
    }

    /// The program and the flags that choose the server.
    pub(super) fn program(&self) -> Vec<String> {
        let mut argv = vec!["tmux".to_owned()];
        if let Some(socket) = &self.socket {
            let flag = if socket.contains('/') { "-S" } else { "-L" };
            argv.extend([flag.to_owned(), socket.clone()]);
        }
        argv
    }

    /// Runs a chain that only reads. A lost connection is tried once more: the session that the
    /// client sat in may have been closed while the server is well.
    pub(super) fn read(&self, chain: &[Cmd]) -> Result<String, TerminalError> {
        match self.ask(chain) {
            Err(TerminalError::Died { .. }) => self.ask(chain),
            other => other,
        }
    }

    /// Runs a chain once.
    pub(super) fn ask(&self, chain: &[Cmd]) -> Result<String, TerminalError> {
        let Some(link) = self.link()? else { return self.ask_by_process(chain) };
        let answer = link.ask(chain, self.deadline);
        if matches!(answer, Err(TerminalError::Hung { .. } | TerminalError::Died { .. })) {
            self.drop_link(&link);
        }
        answer
    }

    /// Runs chains that only read in one go and gives the blocks of each; none if there is no session of
    /// ours to connect to.
    pub(super) fn read_each(&self, chains: &[Vec<Cmd>]) -> Result<Vec<Vec<Block>>, TerminalError> {
        match self.ask_each(chains) {
            Err(TerminalError::Died { .. }) => self.ask_each(chains),
            other => other,
        }
    }

    fn ask_each(&self, chains: &[Vec<Cmd>]) -> Result<Vec<Vec<Block>>, TerminalError> {
        let Some(link) = self.link()? else {
            let is_shut_out = self.is_shut_out.load(Ordering::SeqCst);
            let chains = if is_shut_out { chains } else { &[] };
            return Ok(chains.iter().map(|chain| self.blocks_by_processes(chain)).collect());
        };
        let chains: Vec<&[Cmd]> = chains.iter().map(Vec::as_slice).collect();
        let answers = link.ask_each(&chains, self.deadline);
        if matches!(answers, Err(TerminalError::Hung { .. } | TerminalError::Died { .. })) {
            self.drop_link(&link);
        }
        answers
    }

    fn blocks_by_processes(&self, chain: &[Cmd]) -> Vec<Block> {
        let block = |cmd: &Cmd| match self.ask_by_process(std::slice::from_ref(cmd)) {
            Ok(text) => Block { is_ok: true, body: text.into_bytes() },
            Err(_) => Block { is_ok: false, body: Vec::new() },
        };
        chain.iter().map(block).collect()
    }

    /// Runs a chain in a process of its own, for what must outlive the client's session.
    pub(super) fn ask_by_process(&self, chain: &[Cmd]) -> Result<String, TerminalError> {
        let _turn = self.starting.read().unwrap_or_else(PoisonError::into_inner);
        self.run_within(self.deadline, chain)
    }

    /// Runs a chain that may be the one that starts the server; whoever else asks it waits.
    pub(super) fn begin(&self, chain: &[Cmd]) -> Result<String, TerminalError> {
        let _turn = self.starting.write().unwrap_or_else(PoisonError::into_inner);
        self.run_within(STARTING, chain)
    }

    fn run_within(&self, limit: Duration, chain: &[Cmd]) -> Result<String, TerminalError> {
        let name = command::name_of(chain);
        let run = self.invocation().args(command::to_argv(chain)).run(limit);
        let outcome = run.map_err(|error| match error {
            RunError::NotFound { .. } => TerminalError::NotInstalled,
            RunError::TimedOut { after, .. } => hung(name.clone(), after),
            RunError::Io { .. } => TerminalError::Io { problem: error.to_string() },
        })?;
        if outcome.status.success() {
            return Ok(String::from_utf8_lossy(&outcome.stdout).into_owned());
        }
        Err(to_error(name, outcome.problem()))
    }

    /// What must run first if our command is the one that starts a private server.
    pub(super) fn first_words(&self) -> Vec<Cmd> {
        if self.socket.is_none() {
            return Vec::new();
        }
        // Ten thousand lines of true colour are 40 MB in a pane; more is in the programs' own files.
        let words = [
            ("history-limit", "10000"),
            ("default-terminal", "tmux-256color"),
            ("terminal-features[99]", "*:RGB"),
            // A program that is told that nobody looks hides its cursor, and then its input line cannot be seen.
            ("focus-events", "off"),
            ("set-clipboard", "on"),
            // Programs read a lone Esc at once; the default of 500 ms is made for slow lines.
            ("escape-time", "10"),
            ("window-size", "latest"),
            ("mouse", "on"),
        ];
        let set_global =
            |(key, value): (&str, &str)| Cmd::new("set-option").flag("-g").param(key).param(value);
        std::iter::once(Cmd::new("start-server")).chain(words.into_iter().map(set_global)).collect()
    }

    /// The marks of one of our sessions, by target: by them it is found again when somebody has renamed it.
    pub(super) fn session_marks(&self, target: &str, agency: &str) -> Vec<Cmd> {
        vec![
            set(Scope::Session, Some(target), "@agency_home", &self.home),
            set(Scope::Session, Some(target), "@agency_name", agency),
            // The user may have this on: a session without a client would be gone at once.
            set(Scope::Session, Some(target), "destroy-unattached", "off"),
        ]
    }

    fn invocation(&self) -> Invocation {
        self.invocation_of(self.program())
    }

    fn invocation_of(&self, mut argv: Vec<String>) -> Invocation {
        let program = argv.remove(0);
        // Without `-f` a private server would load the user's configuration, hooks and all.
        if self.socket.is_some() {
            argv.extend(["-f".to_owned(), "/dev/null".to_owned()]);
        }
        // `-u`: without a UTF-8 locale tmux would replace what it prints by `_`. The fail point of a
        // test must not go on into a server, and from there into every pane.
        Invocation::new(program, "/")
            .args(argv)
            .args(["-u"])
            .unset("TMUX")
            .unset("TMUX_PANE")
            .unset("AGENCY_FAIL_POINT")
    }

    fn link(&self) -> Result<Option<Arc<Link>>, TerminalError> {
        let mut slot = lock(&self.link);
        if let Some(link) = slot.as_ref().filter(|link| link.is_alive()) {
            return Ok(Some(Arc::clone(link)));
        }
        *slot = None;
        let Some(place) = self.welcoming()? else { return Ok(None) };
        let start = match self.start(&place, &place.session, "no-output,ignore-size") {
            Ok(start) => start,
            // Processes are slower and do no harm.
            Err(error) => {
                tracing::warn!(%error, "no persistent client");
                return Ok(None);
            }
        };
        match Link::open(start, Arc::clone(&self.hint)) {
            Ok(link) => {
                let link = Arc::new(link);
                // Who wants no hints needs nothing compared: an idle face costs the server nothing.
                if lock(&self.hint).is_some() && !self.is_watched.load(Ordering::SeqCst) {
                    self.have_compared(&link, &glance::subscribe());
                }
                *slot = Some(Arc::clone(&link));
                self.want_hooks();
                Ok(Some(link))
            }
            // The session went away in between: a process still gets an answer.
            Err(TerminalError::Died { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts a listener on a session of that id. As with any client that attaches, 3.3a tells the program in
    /// front that it has the focus (once, if it asked for such reports), and not that it is gone when the
    /// listener ends: a program that believes that somebody looks shows its cursor, which is what
    /// we need, and no client flag would keep it from being told.
    pub(super) fn listen(&self, session: &str) -> Result<Listener, TerminalError> {
        self.listen_for(session, Arc::clone(&self.hint))
    }

    /// The same for somebody else's ears.
    pub(super) fn listen_for(
        &self,
        session: &str,
        hint: HintSlot,
    ) -> Result<Listener, TerminalError> {
        let gone = || TerminalError::Died { command: "attach-session".to_owned() };
        let place = self.welcoming()?.ok_or_else(gone)?;
        // Should we not read for two seconds, the server drops what it has for us, and says so.
        let start = self.start(&place, session, "ignore-size,pause-after=2")?;
        Listener::open(start, session.to_owned(), hint)
    }

    /// How a control client comes to a session, with these flags.
    fn start(&self, place: &Place, session: &str, flags: &str) -> Result<Start, TerminalError> {
        let handshake = match version::is_at_least(&place.version, WHOLE) {
            true => None,
            false => {
                Some(Handshake::with(place.socket.clone(), &self.registry).map_err(|error| {
                    TerminalError::Io { problem: format!("the way to the server: {error}") }
                })?)
            }
        };
        let argv = match &handshake {
            Some(handshake) => {
                let socket = handshake.socket().to_string_lossy().into_owned();
                vec!["tmux".to_owned(), "-S".to_owned(), socket]
            }
            None => self.program(),
        };
        // `-E`: our environment is not the session's.
        let attach = ["-C", unaliased("attach-session"), "-E", "-t", session, "-f", flags];
        let names = std::env::vars_os().map(|(name, _)| name);
        let foreign = names.filter(|name| !name.to_str().is_some_and(is_for_clients));
        let invocation = self.invocation_of(argv).args(attach);
        let command = foreign.fold(invocation, Invocation::unset).to_command();
        Ok(Start { command, handshake, deadline: self.deadline })
    }

    /// Has the server compare the panes itself, unless the kernel tells of all of them.
    pub(super) fn compare_unless(&self, watch: Watch) {
        let is_watched = watch == Watch::All;
        if self.is_watched.swap(is_watched, Ordering::SeqCst) == is_watched {
            return;
        }
        let link = lock(&self.link).clone();
        // A later connection begins with what is right then.
        if let Some(link) = link.filter(|link| link.is_alive()) {
            let word = if is_watched { glance::unsubscribe() } else { glance::subscribe() };
            self.have_compared(&link, &word);
        }
    }

    /// Somebody wants hints from now on: a connection that was made before begins to compare.
    pub(super) fn begin_to_compare(&self) {
        let link = lock(&self.link).clone().filter(|link| link.is_alive());
        if let Some(link) = link.filter(|_| !self.is_watched.load(Ordering::SeqCst)) {
            self.have_compared(&link, &glance::subscribe());
        }
    }

    fn have_compared(&self, link: &Link, word: &Cmd) {
        let is_done = link.ask(std::slice::from_ref(word), self.deadline).is_ok();
        self.is_compared.store(is_done, Ordering::SeqCst);
    }

    /// Whether it is told without a look when a pane comes, dies, or goes.
    pub(super) fn is_told(&self) -> bool {
        let is_told =
            || self.is_watched.load(Ordering::SeqCst) || self.is_compared.load(Ordering::SeqCst);
        lock(&self.link).as_ref().is_some_and(|link| link.is_alive()) && is_told()
    }

    /// How many chains the present connection was asked.
    #[cfg(test)]
    pub(super) fn asked(&self) -> u64 {
        lock(&self.link).as_ref().map_or(0, |link| link.asked())
    }

    /// Where a client can come in; none if there is no session of ours, or a hook of the user's would send
    /// clients away, maybe all of them: then every request is a process.
    fn welcoming(&self) -> Result<Option<Place>, TerminalError> {
        let place = self.place()?;
        let hook = place.as_ref().and_then(|place| place.forbidden_by.as_ref());
        let was_shut_out = self.is_shut_out.swap(hook.is_some(), Ordering::SeqCst);
        if let Some(hook) = hook.filter(|_| !was_shut_out) {
            tracing::warn!(%hook, "keeps clients out: tmux is asked by processes, and panes are read once a second");
        }
        Ok(place.filter(|place| place.forbidden_by.is_none()))
    }

    /// The place, whatever is to be said about it.
    fn place(&self) -> Result<Option<Place>, TerminalError> {
        let fields = "#{session_id} #{@agency_home} #{version} #{socket_path}";
        let mut chain = customs::questions();
        // Last, as it fails where there is no session.
        chain.push(Cmd::new("list-sessions").option("-F", fields));
        let text = match self.ask_by_process(&chain) {
            Err(TerminalError::NoServer | TerminalError::Died { .. }) => return Ok(None),
            other => other?,
        };
        let place = |line: &str| {
            let mut fields = line.splitn(4, ' ');
            let (session, home) = (fields.next()?.to_owned(), fields.next()?);
            let (version, asked) = (fields.next()?.to_owned(), fields.next()?);
            let given = self.socket.as_deref().filter(|socket| socket.contains('/'));
            let socket = PathBuf::from(given.unwrap_or(asked));
            let forbidden_by = Customs::parse(&version, &text).forbids_clients();
            (home == self.home).then_some(Place { session, version, socket, forbidden_by })
        };
        Ok(text.lines().filter(|line| line.starts_with('$')).find_map(place))
    }

    fn drop_link(&self, broken: &Arc<Link>) {
        let mut slot = lock(&self.link);
        if slot.as_ref().is_some_and(|link| Arc::ptr_eq(link, broken)) {
            *slot = None;
        }
    }
}

fn is_for_clients(name: &str) -> bool {
    FOR_CLIENTS.contains(&name) || name.starts_with("LC_")
}

fn to_error(command: String, problem: String) -> TerminalError {
    let says = |words: &[&str]| words.iter().any(|word| problem.contains(word));
    if says(&["File name too long"]) {
        let problem = format!("{problem}; a shorter TMUX_TMPDIR or [tmux] socket helps");
        TerminalError::Io { problem }
    } else if says(&["no server running", "error connecting to"]) {
        TerminalError::NoServer
    } else if says(&["server exited", "lost server"]) {
        TerminalError::Died { command }
    } else {
        TerminalError::Refused { command, problem }
    }
}

/// Spells a text with letters, digits, `/`, `.` and `-`; anything else by its number, so that two
/// texts never get the same mark.
fn to_mark(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-');
    let spell = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("_{byte:02x}"),
    };
    text.bytes().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_homes_never_share_a_mark() {
        assert_eq!(to_mark("/srv/a b"), "/srv/a_20b");
        assert_ne!(to_mark("/a_20b"), to_mark("/a b"));
    }

    #[test]
    fn what_tmux_says_on_failure_becomes_a_typed_error() {
        let error = |text: &str| to_error("x".to_owned(), text.to_owned());
        assert_eq!(error("no server running on /tmp/tmux-0/x"), TerminalError::NoServer);
        assert_eq!(error("error connecting to /tmp/x (No such file)"), TerminalError::NoServer);
        assert!(matches!(error("server exited unexpectedly"), TerminalError::Died { .. }));
        assert!(matches!(error("can't find pane: %9"), TerminalError::Refused { .. }));
    }
}
