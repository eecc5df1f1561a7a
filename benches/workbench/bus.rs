//! The bus under load: how fast messages go from the door into their mailboxes, and how evenly.
//!
//! Messages are signed and written elsewhere; a message has arrived when its file is in its recipient's mailbox. The
//! recipients' agencies are stopped, so that what is measured is the way there and not what a pane takes. Each part has
//! a workbench of its own, whose mailboxes have room for all of it.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use agency::domain::authentication::mac;
use agency::domain::command::Command;
use agency::service::workbench::Workbench;
use serde_json::json;

use crate::figures::{Goal, Row, Samples};
use crate::place::{AGENCIES, Place, new_id, rest};

const MANY: usize = 10_000;
const FLOOD: usize = 100_000;
/// Messages a second that arrive one by one.
const RATE: u32 = 500;
const STEADY: usize = 2_500;
/// While a flood is worked off: a message, and a question to the supervisor, so often.
const FRESH_EVERY: Duration = Duration::from_millis(20);
/// So many, six seconds of a flood.
const FRESH: usize = 300;
/// What takes longer never comes.
const LIMIT: Duration = Duration::from_secs(120);

/// What the supervisor may take at most with a hundred thousand messages waiting in mailboxes, in MB.
const MEMORY_MB: f64 = 400.0;

/// Room for everything that is sent here, and no limit for its one sender.
const SETTINGS: &str = "\n[queue]\nmailbox_limit = 200000\nrate = 0\n";

/// A workbench with fifty mailboxes and nobody who reads them.
struct Bus {
    place: Place,
    token: String,
    mailboxes: Vec<(String, PathBuf)>,
}

/// A message that lies ready beside the door.
struct Letter {
    half: PathBuf,
    door: PathBuf,
    arrives: PathBuf,
}

impl Letter {
    fn post(&self) {
        std::fs::rename(&self.half, &self.door).expect("renamed");
    }

    fn has_arrived(&self) -> bool {
        self.arrives.exists()
    }
}

impl Bus {
    fn set_up() -> Self {
        let place = Place::make();
        let file = place.home().join("agency.toml");
        let settings = std::fs::read_to_string(&file).expect("the settings");
        std::fs::write(&file, settings + SETTINGS).expect("written");
        AGENCIES.iter().for_each(|name| place.create(name, "shell"));
        let token = place.outside.keyring.operator_token().expect("a token");
        let agents = ["coordinator", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"];
        let address = |agency: &&str| agents.map(|agent| format!("{agency}/{agent}"));
        let mailbox = |address: String| {
            let (agency, agent) = address.split_once('/').expect("an address");
            let folder = place.home().join("agencies").join(agency).join("mail").join(agent);
            (address, folder.join("new"))
        };
        let mailboxes = AGENCIES.iter().flat_map(address).map(mailbox).collect();
        Self { place, token, mailboxes }
    }

    fn start(&self) -> u32 {
        self.place.workbench.require_supervisor().expect("a supervisor")
    }

    /// Writes messages beside the door, for one mailbox after the other.
    fn write(&self, count: usize) -> Vec<Letter> {
        let queue = self.place.home().join("registry").join("queue");
        for folder in ["tmp", "new"] {
            std::fs::create_dir_all(queue.join(folder)).expect("a folder");
        }
        let letter = |(to, mailbox): &(String, PathBuf)| {
            let id = new_id();
            let mut message = json!({
                "id": id.to_string(),
                "type": "note",
                "from": "operator",
                "to": to,
                "sent_at": jiff::Timestamp::now().to_string(),
                "body": "the build is green again, and here is what changed since yesterday evening",
            });
            message["auth"] = json!({ "key": "operator", "mac": mac(&self.token, &message) });
            let name = format!("{id}.json");
            let (half, door) = (queue.join("tmp").join(&name), queue.join("new").join(&name));
            std::fs::write(&half, message.to_string()).expect("written");
            Letter { half, door, arrives: mailbox.join(&name) }
        };
        self.mailboxes.iter().cycle().take(count).map(letter).collect()
    }

    /// How many lie in all mailboxes.
    fn arrived(&self) -> usize {
        let count = |folder: &PathBuf| std::fs::read_dir(folder).map_or(0, Iterator::count);
        self.mailboxes.iter().map(|(_, folder)| count(folder)).sum()
    }

    fn until_arrived(&self, count: usize) {
        let began = Instant::now();
        while self.arrived() < count {
            assert!(began.elapsed() < LIMIT, "{} of {count} arrived", self.arrived());
            rest(Duration::from_millis(20));
        }
    }
}

/// Ten thousand at once, beside as many files that are only written, renamed twice and removed.
pub fn many() -> Vec<Row> {
    let bus = Bus::set_up();
    bus.start();
    let floor = bare_files(&bus, MANY);
    let letters = bus.write(MANY);
    let began = Instant::now();
    letters.iter().for_each(Letter::post);
    bus.until_arrived(MANY);
    let took = began.elapsed().as_secs_f64();
    vec![Row::figure(
        "10,000 messages: door → ledger → mailboxes",
        format!("{took:.2} s"),
        format!("files alone {floor:.2} s"),
        "< 2 s",
        took < 2.0,
    )]
}

fn bare_files(bus: &Bus, count: usize) -> f64 {
    let folder = bus.place.root().join("bare");
    for name in ["a", "b"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let text = "x".repeat(400);
    let began = Instant::now();
    for number in 0..count {
        let name = format!("{number}.json");
        let (a, b) = (folder.join("a").join(&name), folder.join("b").join(&name));
        std::fs::write(&a, &text).expect("written");
        std::fs::read(&a).expect("read");
        std::fs::rename(&a, &b).expect("renamed");
        std::fs::remove_file(&b).expect("removed");
    }
    began.elapsed().as_secs_f64()
}

/// Five hundred a second for some seconds.
pub fn steady() -> Vec<Row> {
    let bus = Bus::set_up();
    bus.start();
    let letters = bus.write(STEADY);
    let floor = Samples::take(500, || rest(Duration::from_micros(200)));
    let samples = post_evenly(letters, Duration::from_secs(1) / RATE);
    let what = "door → mailbox at 500 messages a second";
    let floor = Some(("a rest of 0.2 ms", &floor));
    vec![Row::times(what, &samples, floor, Goal::Both(10.0, 20.0))]
}

/// Posts one after the other and tells how long each took to arrive.
fn post_evenly(letters: Vec<Letter>, pause: Duration) -> Samples {
    let (sender, posted) = channel();
    let poster = std::thread::spawn(move || {
        let began = Instant::now();
        for (number, letter) in (0_u32..).zip(letters) {
            rest((pause * number).saturating_sub(began.elapsed()));
            let at = Instant::now();
            letter.post();
            sender.send((at, letter)).expect("heard");
        }
    });
    let samples = watch(&posted);
    poster.join().expect("all posted");
    samples
}

fn watch(posted: &Receiver<(Instant, Letter)>) -> Samples {
    let mut samples = Samples::default();
    let mut open: Vec<(Instant, Letter)> = Vec::new();
    let mut is_over = false;
    while !is_over || !open.is_empty() {
        match posted.recv_timeout(Duration::from_micros(200)) {
            Ok(next) => open.push(next),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                is_over = true;
                rest(Duration::from_micros(200));
            }
        }
        open.extend(posted.try_iter());
        open.retain(|(at, letter)| {
            assert!(at.elapsed() < LIMIT, "it never arrived");
            let has_arrived = letter.has_arrived();
            if has_arrived {
                samples.add(at.elapsed());
            }
            !has_arrived
        });
    }
    samples
}

/// A hundred thousand that lie at the door when the supervisor comes up, and what becomes of everybody else meanwhile.
pub fn flood() -> Vec<Row> {
    let bus = Bus::set_up();
    let floor = bare_files(&bus, MANY) * (FLOOD / MANY) as f64;
    let fresh = bus.write(FRESH);
    let letters = bus.write(FLOOD);
    letters.iter().for_each(Letter::post);
    let began = Instant::now();
    let supervisor = bus.start();
    let workbench = bus.place.workbench.clone();
    let (stop, stopped) = channel();
    let asker = std::thread::spawn(move || ask_evenly(&workbench, &stopped));
    let poster = std::thread::spawn(move || post_evenly(fresh, FRESH_EVERY));
    bus.until_arrived_of(&letters);
    let took = began.elapsed().as_secs_f64();
    drop(stop);
    let answers = asker.join().expect("asked");
    let fresh = poster.join().expect("posted");
    let peak = peak_mb(supervisor);
    vec![
        Row::figure(
            "100,000 files at the door at the start: all in mailboxes",
            format!("{took:.1} s"),
            format!("files alone {floor:.1} s"),
            "< 20 s",
            took < 20.0,
        ),
        Row::times(
            "a message that arrives meanwhile → mailbox",
            &fresh,
            None,
            Goal::Both(100.0, 250.0),
        ),
        Row::times(
            "a command that is asked meanwhile → answer",
            &answers,
            None,
            Goal::Both(30.0, 100.0),
        ),
        Row::figure(
            "memory of the supervisor at most",
            format!("{peak:.0} MB"),
            String::new(),
            "< 400 MB",
            peak < MEMORY_MB,
        ),
    ]
}

impl Bus {
    fn until_arrived_of(&self, letters: &[Letter]) {
        // By name order the last ones come last; all are looked for in the end.
        self.until_arrived(letters.len());
        let began = Instant::now();
        for letter in letters {
            while !letter.has_arrived() {
                assert!(began.elapsed() < LIMIT, "one never arrived");
                rest(Duration::from_millis(5));
            }
        }
    }
}

fn ask_evenly(workbench: &Workbench, stopped: &Receiver<()>) -> Samples {
    let mut samples = Samples::default();
    while stopped.recv_timeout(FRESH_EVERY) == Err(RecvTimeoutError::Timeout) {
        let began = Instant::now();
        workbench.ask(Command::AcknowledgeMessages { ids: Vec::new() }).expect("answered");
        samples.add(began.elapsed());
    }
    samples
}

/// The most that a process ever had in memory.
fn peak_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a figure");
    let kb: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("KB");
    kb / 1024.0
}
