//! The loop: wait, drain everything that is ready, draw once.
//!
//! One channel is fed by the keys, the board's follower, signals and the workers. The first change is drawn
//! at once, further ones at most 30 times a second. When nothing changes nothing is drawn, except
//! that an age is redrawn at the moment it reads differently. An idle screen sleeps.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;

use crate::domain::name::Name;
use crate::domain::refusal::Refusal;
use crate::service::workbench::viewing::Show;
use crate::service::workbench::{AttachPlan, Feed, Workbench};
use crate::tui::keys::Keys;
use crate::tui::model::{Model, Overlay};
use crate::tui::msg::{Cmd, Msg};
use crate::tui::pace::Pace;
use crate::tui::screens::is_typing;
use crate::tui::terminal::{self, Held, OurTerminal, broken};
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::tui::viewer::Viewer;
use crate::tui::views::{Viewport, draw};
use crate::tui::workers::Workers;

/// Most messages taken in before a drawing, so that a flood cannot hold the screen still.
const DRAIN: usize = 1024;

/// A question takes no key before a person can have read it: a text that was meant for an entry, and is
/// still being typed when a question opens instead, must not answer it.
const QUESTION_REST: Duration = Duration::from_millis(400);

/// When typing into a pane ends by itself, what is still being typed is for nobody: keys are commands again after so
/// long a pause.
const TYPING_REST: Duration = Duration::from_millis(700);

/// What the screen needs from outside of the workbench; faces start no programs and read no clock.
pub trait Outside {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
    /// Whether colours are wanted: no `NO_COLOR`, a terminal that has them.
    fn has_colours(&self) -> bool;
    /// Shows an agency's session until the person leaves it. The terminal has been given back before.
    fn attach(&self, plan: &AttachPlan) -> Result<(), Refusal>;
}

/// Shows the workbench until the person leaves; returns the exit status.
pub fn run(workbench: Workbench, outside: &dyn Outside) -> Result<u8, Refusal> {
    terminal::require_terminal()?;
    let workbench = Arc::new(workbench);
    let (sender, arrivals) = channel();
    forward_boards(&workbench, &sender).map_err(|error| broken(&error))?;
    let signals = forward_signals(&sender).map_err(|error| broken(&error))?;
    let workers = Workers::start(&workbench, &sender).map_err(|error| broken(&error))?;
    let viewer = Viewer::start(&workbench, &sender).map_err(|error| broken(&error))?;
    let theme = if outside.has_colours() { Theme::Colours } else { Theme::Plain };
    let mut session = Session {
        model: first_model(&workbench, outside.now()),
        viewport: Viewport::new(theme),
        screen: Some(OpenScreen::open(&sender).map_err(|error| broken(&error))?),
        workbench,
        outside,
        workers,
        viewer,
        sender,
        pace: Pace::new(),
        asked: None,
        unheard: None,
    };
    let status = session.run(&arrivals);
    signals.close();
    status
}

fn first_model(workbench: &Workbench, now: Timestamp) -> Model {
    let home = workbench.home();
    let name = home.file_name().unwrap_or(home.as_os_str()).to_string_lossy().into_owned();
    let mut model = Model::new(name, home.display().to_string(), now);
    model.pane.forbidden = workbench.why_not_type();
    model
}

fn forward_boards(workbench: &Arc<Workbench>, sender: &Sender<Msg>) -> std::io::Result<()> {
    let (feeds, sender) = (workbench.follow_talk(), sender.clone());
    let work = move || {
        for feed in feeds {
            let msg = match feed {
                Feed::Board(board) => Msg::Board(board),
                Feed::Talk(talk) => Msg::Talk(talk),
                Feed::Lost { reason } => Msg::Lost { reason },
            };
            if sender.send(msg).is_err() {
                return;
            }
        }
        let reason = "nobody tells of changes any more".to_owned();
        let _ = sender.send(Msg::Lost { reason });
    };
    std::thread::Builder::new().name("tui-boards".to_owned()).spawn(work).map(drop)
}

fn forward_signals(sender: &Sender<Msg>) -> std::io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
    let (handle, sender) = (signals.handle(), sender.clone());
    let work = move || {
        for signal in signals.forever() {
            let msg = if signal == SIGWINCH { Msg::Resized } else { Msg::End };
            if sender.send(msg).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("tui-signals".to_owned()).spawn(work)?;
    Ok(handle)
}

/// The terminal while it is ours. Fields are dropped in this order: first nobody takes keys any
/// more, then the terminal is given back.
struct OpenScreen {
    _keys: Keys,
    terminal: OurTerminal,
    _held: Held,
}

impl OpenScreen {
    fn open(sender: &Sender<Msg>) -> std::io::Result<Self> {
        let held = Held::take()?;
        let terminal = terminal::open()?;
        Ok(Self { _keys: Keys::listen(sender.clone())?, terminal, _held: held })
    }
}

/// Whether the loop goes on.
enum Next {
    Go,
    End,
}

struct Session<'a> {
    model: Model,
    viewport: Viewport,
    /// None while the terminal is lent out.
    screen: Option<OpenScreen>,
    workbench: Arc<Workbench>,
    outside: &'a dyn Outside,
    workers: Workers,
    viewer: Viewer,
    sender: Sender<Msg>,
    pace: Pace,
    /// Since when a question is in front.
    asked: Option<Instant>,
    /// Since when keys are for nobody, because typing ended by itself; each one begins it anew.
    unheard: Option<Instant>,
}

impl Session<'_> {
    fn run(&mut self, arrivals: &Receiver<Msg>) -> Result<u8, Refusal> {
        loop {
            self.draw_if_due()?;
            let Some(first) = self.wait(arrivals) else { continue };
            update(&mut self.model, Msg::Tick(self.outside.now()));
            for msg in std::iter::once(first).chain(arrivals.try_iter().take(DRAIN)) {
                if let Next::End = self.take_in(msg)? {
                    return Ok(0);
                }
            }
        }
    }

    fn take_in(&mut self, msg: Msg) -> Result<Next, Refusal> {
        if let Msg::Board(board) = &msg
            && self.model.lost.is_none()
            && self.model.board.as_ref() == Some(board)
        {
            return Ok(Next::Go);
        }
        if matches!(msg, Msg::Key(_)) && self.asked.is_some_and(|at| at.elapsed() < QUESTION_REST) {
            return Ok(Next::Go);
        }
        let is_input = matches!(msg, Msg::Key(_) | Msg::Paste(_));
        if is_input && self.unheard.is_some_and(|at| at.elapsed() < TYPING_REST) {
            self.unheard = Some(Instant::now());
            return Ok(Next::Go);
        }
        let was_typing = is_typing(&self.model);
        let is_for_program = is_input && was_typing;
        let cmds = update(&mut self.model, msg);
        if was_typing && !is_input && !is_typing(&self.model) {
            self.unheard = Some(Instant::now());
        }
        // A key that goes to a program shows nothing here but its echo, which is not to wait for a drawing.
        match is_for_program && is_typing(&self.model) {
            true => self.pace.awaits(),
            false => self.pace.changed(),
        }
        let is_asking =
            matches!(self.model.overlays.last(), Some(Overlay::Confirm { .. } | Overlay::Discard));
        self.asked = is_asking.then(|| self.asked.unwrap_or_else(Instant::now));
        for cmd in cmds {
            if let Next::End = self.perform(cmd)? {
                return Ok(Next::End);
            }
        }
        Ok(Next::Go)
    }

    /// Waits for something to arrive, or until a drawing is due.
    fn wait(&mut self, arrivals: &Receiver<Msg>) -> Option<Msg> {
        let Some(patience) = self.patience() else {
            // The sender of this very session keeps the channel open.
            return arrivals.recv().ok();
        };
        match arrivals.recv_timeout(patience) {
            Ok(msg) => Some(msg),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.pace.changed();
                None
            }
        }
    }

    /// How long nothing has to be drawn; none: as long as nothing arrives.
    fn patience(&self) -> Option<Duration> {
        let until = self.viewport.next_change.map(|next| next.duration_since(self.outside.now()));
        let until = until.map(|until| Duration::try_from(until).unwrap_or(Duration::ZERO));
        self.pace.patience(Instant::now(), until)
    }

    fn draw_if_due(&mut self) -> Result<(), Refusal> {
        if !self.pace.is_due(Instant::now()) {
            return Ok(());
        }
        let Some(screen) = &mut self.screen else { return Ok(()) };
        update(&mut self.model, Msg::Tick(self.outside.now()));
        let (model, viewport) = (&self.model, &mut self.viewport);
        let drawn = screen.terminal.draw(|frame| draw(model, viewport, frame));
        drawn.map_err(|error| broken(&error))?;
        self.pace.drawn(Instant::now());
        update(&mut self.model, Msg::Drawn(self.viewport.room));
        Ok(())
    }

    fn perform(&mut self, cmd: Cmd) -> Result<Next, Refusal> {
        match cmd {
            Cmd::Quit => return Ok(Next::End),
            Cmd::Redraw => {
                if let Some(screen) = &mut self.screen {
                    screen.terminal = terminal::open().map_err(|error| broken(&error))?;
                }
            }
            Cmd::Suspend => {
                self.lend_out(|_| suspend())?;
                // What is on it may be another size now, and old.
                return self.take_in(Msg::Resized);
            }
            Cmd::Attach { agency, agent } => {
                let mut result = Ok(());
                self.lend_out(|session| result = session.attach(&agency, agent.as_ref()))?;
                return self.take_in(Msg::Returned(result));
            }
            Cmd::Look(target) => self.viewer.look(target),
            Cmd::Press(keys) => self.viewer.press(keys),
            Cmd::LoadPaper { .. }
            | Cmd::LoadLog
            | Cmd::Approve { .. }
            | Cmd::Reject { .. }
            | Cmd::Send { .. }
            | Cmd::Post(_)
            | Cmd::Retry(_)
            | Cmd::Retake(_)
            | Cmd::Acknowledge(_)
            | Cmd::Explain(_)
            | Cmd::LoadPast { .. } => self.workers.carry_out(cmd),
        }
        Ok(Next::Go)
    }

    fn attach(&self, agency: &Name, agent: Option<&Name>) -> Result<(), Refusal> {
        let plan = self.workbench.attach_plan(agency, agent, Show::default())?;
        self.outside.attach(&plan)
    }

    /// Gives the terminal back while something else has it.
    fn lend_out(&mut self, meanwhile: impl FnOnce(&Self)) -> Result<(), Refusal> {
        drop(self.screen.take());
        // Nobody sees the pane meanwhile; it is asked for again with the next message.
        self.model.pane.asked = None;
        self.viewer.look(None);
        meanwhile(self);
        self.screen = Some(OpenScreen::open(&self.sender).map_err(|error| broken(&error))?);
        self.pace.lost();
        Ok(())
    }
}

/// Stops this process, as Ctrl-Z does; the shell that started it takes over.
fn suspend() {
    use rustix::process::{Signal, getpid, kill_process};
    // Not the whole group: a program that another thread is just starting would be stopped before it begins, that
    // thread waits for it and never stops, and so the shell would never hear that this process has.
    let _ = kill_process(getpid(), Signal::TSTP);
}
