//! The thin loop around the screen: raw mode, threads that read and work, one channel.
//!
//! The terminal is given back on every way out, a panic too. Nothing is drawn while nothing changes.

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver, Sender};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};

use super::Settings;
use super::keys::KeyDecoder;
use super::painter::Painter;
use super::runner::Programs;
use super::screen::{Effect, Screen};
use super::wire::{News, Order};
use super::worker::Worker;

/// What can happen.
enum Event {
    Bytes(Vec<u8>),
    Closed,
    Signal(i32),
    News(News),
}

/// Lives in this terminal until it is told to end; returns the exit status.
pub fn run(settings: &Settings) -> u8 {
    let raw = match RawMode::enter() {
        Ok(raw) => raw,
        Err(error) => {
            let _ =
                writeln!(std::io::stderr(), "error: `agency rehearse` needs a terminal: {error}");
            return crate::domain::refusal::RefusalKind::Missing.exit_status();
        }
    };
    let (sender, events) = mpsc::channel();
    let (orders, received) = mpsc::channel();
    spawn_reader(sender.clone());
    if let Err(error) = spawn_signals(sender.clone()) {
        drop(raw);
        let _ = writeln!(std::io::stderr(), "error: signals cannot be watched: {error}");
        return crate::domain::refusal::RefusalKind::Failed.exit_status();
    }
    spawn_worker(settings.clone(), sender, received);
    live(settings, &events, &orders)
}

/// Draws, waits, takes what came; until something ends it.
fn live(settings: &Settings, events: &Receiver<Event>, orders: &Sender<Order>) -> u8 {
    let mut screen = Screen::new(&banner(settings));
    let (mut painter, mut decoder) = (Painter::default(), KeyDecoder::default());
    loop {
        show(&painter.paint(&mut screen, size()));
        let Ok(first) = events.recv() else { return 1 };
        let ready = std::iter::once(first).chain(events.try_iter());
        for event in ready {
            for effect in take(&mut screen, &mut decoder, event) {
                match effect {
                    Effect::Order(order) => {
                        let _ = orders.send(order);
                    }
                    Effect::End(status) => {
                        show(&painter.paint(&mut screen, size()));
                        show(&painter.leave());
                        return status;
                    }
                }
            }
        }
    }
}

fn take(screen: &mut Screen, decoder: &mut KeyDecoder, event: Event) -> Vec<Effect> {
    match event {
        Event::Bytes(bytes) => {
            decoder.decode(&bytes).iter().filter_map(|key| screen.press(key)).collect()
        }
        Event::News(news) => screen.hear(news).into_iter().collect(),
        Event::Signal(SIGWINCH) => Vec::new(),
        // The shell's convention for a program that a signal ended.
        Event::Signal(signal) => vec![Effect::End(u8::try_from(128 + signal).unwrap_or(1))],
        Event::Closed => vec![Effect::End(0)],
    }
}

fn banner(settings: &Settings) -> Vec<String> {
    vec![
        format!("agency rehearsal {} \u{2014} {}", env!("CARGO_PKG_VERSION"), settings.agent),
        "  acts by its script, needs no model; Ctrl-C twice ends it".to_owned(),
        String::new(),
    ]
}

fn size() -> (usize, usize) {
    // 80x24 is what a terminal is when it does not tell.
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    (usize::from(width), usize::from(height))
}

fn show(bytes: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes.as_bytes());
    let _ = out.flush();
}

fn spawn_reader(sender: Sender<Event>) {
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 4096];
        let mut input = std::io::stdin().lock();
        loop {
            let event = match input.read(&mut buffer) {
                Ok(0) => Event::Closed,
                Ok(length) => Event::Bytes(buffer.get(..length).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => Event::Closed,
            };
            let closed = matches!(event, Event::Closed);
            if sender.send(event).is_err() || closed {
                return;
            }
        }
    });
}

fn spawn_signals(sender: Sender<Event>) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn spawn_worker(settings: Settings, sender: Sender<Event>, orders: Receiver<Order>) {
    std::thread::spawn(move || {
        let _ends = EndsWithWorker(sender.clone());
        let news = move |news| {
            let _ = sender.send(Event::News(news));
        };
        Worker::new(settings, Programs, orders, Box::new(news)).run();
    });
}

/// Ends the program when the worker is gone, even by a panic: a screen without it would lie.
struct EndsWithWorker(Sender<Event>);

impl Drop for EndsWithWorker {
    fn drop(&mut self) {
        let _ = self.0.send(Event::News(News::Ends(1)));
    }
}

/// Raw mode and bracketed paste, as long as it lives.
struct RawMode;

impl RawMode {
    fn enter() -> std::io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        let raw = Self;
        crossterm::execute!(std::io::stdout(), crossterm::event::EnableBracketedPaste)?;
        Ok(raw)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = crossterm::execute!(
            std::io::stdout(),
            crossterm::event::DisableBracketedPaste,
            crossterm::cursor::Show
        );
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
