//! A whole workbench in memory that answers `agency …` for rehearsal agents in tests.
//!
//! Tasks get real worktrees and branches of a real repository, and are really merged, so that what
//! agents do by script can be tested with git and `sh`. Everything that is not `agency` is run.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::Settings;
use super::runner::{Call, Programs, Ran, Runner};
use super::wire::{News, Order};
use super::worker::Worker;
use crate::domain::id::TaskId;
use crate::domain::name::AgentAddress;

/// A task.
#[derive(Debug, Clone)]
pub(crate) struct FakeTask {
    pub(crate) id: TaskId,
    pub(crate) title: String,
    pub(crate) agency: String,
    pub(crate) feature: String,
    pub(crate) state: &'static str,
    pub(crate) agent: Option<String>,
}

/// The workbench.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) project: PathBuf,
    pub(crate) tasks: Vec<FakeTask>,
    /// Every message with its recipient and whether it was acknowledged.
    pub(crate) messages: Vec<(String, Value, bool)>,
    pub(crate) calls: Vec<String>,
    pub(crate) submitted: Vec<TaskId>,
    /// Messages that hand over, with the tasks that they opened.
    handed: Vec<(String, TaskId)>,
    sequence: u128,
    /// Calls that do not get through, from now on.
    pub(crate) outages: usize,
    /// The call at which everything stops working, counted from 1, and whether it is still done.
    pub(crate) dies: Option<(usize, bool)>,
}

/// A world that several agents share.
pub(crate) type Shared = Arc<Mutex<World>>;

/// A world around a repository.
pub(crate) fn world(project: &Path) -> Shared {
    Arc::new(Mutex::new(World { project: project.to_owned(), ..World::default() }))
}

/// One agent's programs in a shared world.
pub(crate) struct FakeRunner {
    world: Shared,
    agent: String,
}

impl Runner for FakeRunner {
    fn run(&mut self, call: &Call) -> Result<Ran, String> {
        let mut world = self.world.lock().expect("a world");
        if call.program != "agency" {
            drop(world);
            return Programs.run(call);
        }
        world.calls.push(format!("{} {}", self.agent, call.args.join(" ")));
        let number = world.calls.len();
        if world.outages > 0 {
            world.outages -= 1;
            return Err("the supervisor is not there".into());
        }
        match world.dies {
            Some((at, done)) if number > at || (number == at && !done) => Err("killed".into()),
            Some((at, _)) if number == at => {
                let _ = world.answer(&self.agent, &call.args);
                Err("killed".into())
            }
            _ => Ok(match world.answer(&self.agent, &call.args) {
                Ok(stdout) => Ran { status: Some(0), stdout, stderr: String::new() },
                Err(problem) => Ran {
                    status: Some(5),
                    stdout: String::new(),
                    stderr: format!("error: {problem}"),
                },
            }),
        }
    }
}

/// Lets one agent look into its inbox once and do all it can; returns what it said.
pub(crate) fn work_once(home: &Path, address: &str, world: &Shared) -> Vec<String> {
    let (worker, orders, news) = worker(home, address, world);
    std::thread::spawn(move || worker.run_once()).join().expect("the worker does not panic");
    // Until here: a closed channel means that the program ends.
    drop(orders);
    let lines = news.try_iter().filter_map(|news| match news {
        News::Line(_, text) => Some(text),
        News::Mode(_) | News::Ends(_) => None,
    });
    lines.collect()
}

/// An agent that lives until its orders end.
pub(super) struct Living {
    pub(super) orders: mpsc::Sender<Order>,
    news: mpsc::Receiver<News>,
    thread: std::thread::JoinHandle<()>,
}

/// Lets an agent live.
pub(super) fn live(home: &Path, address: &str, world: &Shared) -> Living {
    let (worker, orders, news) = worker(home, address, world);
    let thread = std::thread::spawn(move || worker.run());
    Living { orders, news, thread }
}

impl Living {
    /// Waits for a piece of news; all that came before it and it are gone then.
    pub(super) fn wait_for(&self, wanted: &News) {
        let mut seen = Vec::new();
        // Far longer than any step here takes, so that a busy machine fails nothing.
        while let Ok(news) = self.news.recv_timeout(Duration::from_secs(20)) {
            if news == *wanted {
                return;
            }
            seen.push(news);
        }
        panic!("{wanted:?} did not come, only {seen:#?}");
    }

    /// Waits until all orders are obeyed and it has ended.
    pub(super) fn end(self) {
        drop(self.orders);
        self.thread.join().expect("the worker does not panic");
    }

    /// Gives an order.
    pub(super) fn order(&self, order: Order) {
        self.orders.send(order).expect("it lives");
    }
}

type Parts = (Worker<FakeRunner>, mpsc::Sender<Order>, mpsc::Receiver<News>);

fn worker(home: &Path, address: &str, world: &Shared) -> Parts {
    let agent: AgentAddress = address.parse().expect("an address");
    let settings = Settings {
        home: home.to_owned(),
        agent,
        spawn: uuid::Uuid::from_u128(1),
        program: "agency".into(),
    };
    let (said, news) = mpsc::channel();
    let (orders, received) = mpsc::channel();
    let runner = FakeRunner { world: world.clone(), agent: address.to_owned() };
    let tell = move |news| {
        let _ = said.send(news);
    };
    (Worker::new(settings, runner, received, Box::new(tell)), orders, news)
}

/// Writes a script for an agent.
pub(crate) fn give_script(home: &Path, address: &str, text: &str) {
    let (agency, agent) = address.split_once('/').expect("an address");
    let folder = home.join("agencies").join(agency).join("rehearsal");
    std::fs::create_dir_all(&folder).expect("made");
    let path = folder.join(format!("{agent}.toml"));
    crate::adapters::files::replace(&path, text.as_bytes(), 0o644, false).expect("written");
}

/// Runs git in a folder; the output.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let identity =
        |role: &str| [(format!("GIT_{role}_NAME"), "t"), (format!("GIT_{role}_EMAIL"), "t@t")];
    let mut run = crate::adapters::process::Invocation::new("git", folder).args(args);
    for (key, value) in identity("AUTHOR").into_iter().chain(identity("COMMITTER")) {
        run = run.env(key, value);
    }
    let outcome = run.run(Duration::from_secs(30)).expect("git runs");
    assert!(outcome.status.success(), "git {args:?}: {}", outcome.problem());
    outcome.text()
}

impl World {
    /// Puts a message into an agent's mailbox.
    pub(crate) fn tell(
        &mut self,
        from: &str,
        to: &str,
        kind: &str,
        task: Option<TaskId>,
        body: Value,
    ) {
        self.sequence += 1;
        let id = uuid::Uuid::from_u128((0x0190 << 112) | (7 << 76) | (2 << 62) | self.sequence);
        let message = json!({
            "id": id, "type": kind, "from": from, "body": body, "task": task, "in_reply_to": null,
        });
        self.messages.push((to.to_owned(), message, false));
    }

    fn answer(&mut self, agent: &str, args: &[String]) -> Result<String, String> {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let option = |name: &str| {
            let lead = format!("--{name}=");
            words.iter().find_map(|word| word.strip_prefix(&lead)).map(str::to_owned)
        };
        match words.as_slice() {
            ["inbox", ..] => {
                let own = self.messages.iter().filter(|(to, _, acked)| to == agent && !acked);
                Ok(Value::from_iter(own.map(|(_, message, _)| message.clone())).to_string())
            }
            ["ack", id] => {
                let known = self.messages.iter_mut().find(|(_, message, _)| message["id"] == **id);
                known.ok_or("no such message")?.2 = true;
                Ok(String::new())
            }
            ["hook", ..] => Ok(String::new()),
            ["send", to, text, ..] => self.send(agent, to, text),
            ["submit", id, ..] => {
                self.submitted.push(id.parse().map_err(|_| "no id")?);
                Ok("SUB-001".into())
            }
            ["handoff", "accept", id, ..] => {
                let (_, task) = self.handed.iter().find(|(offer, _)| offer == id).ok_or("none")?;
                let task = *task;
                let known =
                    self.tasks.iter_mut().find(|known| known.id == task).ok_or("no task")?;
                known.state = "ready";
                Ok(json!({ "task": task }).to_string())
            }
            ["task", "add", title, ..] => {
                let id = TaskId(u32::try_from(self.tasks.len()).map_err(|_| "too many")? + 1);
                self.tasks.push(FakeTask {
                    id,
                    title: (*title).to_owned(),
                    agency: option("agency").ok_or("no agency")?,
                    feature: option("feature").ok_or("no feature")?,
                    state: "ready",
                    agent: None,
                });
                Ok(id.to_string())
            }
            ["task", "list", ..] => {
                Ok(Value::from_iter(self.tasks.iter().map(|task| self.shown(task))).to_string())
            }
            ["task", verb, id, more @ ..] => {
                let id: TaskId = id.parse().map_err(|_| "no id")?;
                self.on_task(verb, id, more.first().copied().unwrap_or_default(), agent)
            }
            _ => Err(format!("unknown command {words:?}")),
        }
    }

    fn send(&mut self, agent: &str, to: &str, text: &str) -> Result<String, String> {
        let mut message: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let id = message["id"].clone();
        if !self.messages.iter().any(|(_, known, _)| known["id"] == id) {
            message["from"] = json!(agent);
            self.mean(agent, to, &message);
            let to = if to.contains('/') { to.to_owned() } else { format!("{to}/coordinator") };
            self.messages.push((to, message, false));
        }
        Ok(id.to_string())
    }

    /// What a handoff and its results do besides being delivered.
    fn mean(&mut self, from: &str, to: &str, message: &Value) {
        let named = |field: &str| message["body"][field].as_str().unwrap_or_default().to_owned();
        let agency = |address: &str| address.split('/').next().unwrap_or_default().to_owned();
        let next = TaskId(u32::try_from(self.tasks.len()).expect("few") + 1);
        let (title, state) = match (message["type"].as_str(), named("status").as_str()) {
            (Some("handoff"), _) => ("handed over", "draft"),
            (Some("results"), "issues_found") => ("mend it", "ready"),
            _ => return,
        };
        let of = self.tasks.iter().find(|task| task.id.to_string() == named("task"));
        let feature = of.map(|task| task.feature.clone()).unwrap_or_default();
        let task = FakeTask {
            id: next,
            title: title.to_owned(),
            agency: agency(to),
            feature,
            state,
            agent: None,
        };
        self.tasks.push(task);
        if state == "draft" {
            let id = message["id"].as_str().unwrap_or_default().to_owned();
            return self.handed.push((id, next));
        }
        let words = json!(format!("issues found by {from}: {next} is the task that mends it"));
        let coordinator = format!("{}/coordinator", agency(to));
        self.tell("workbench", &coordinator, "verdict", Some(next), words);
    }

    fn worktree(&self, id: TaskId) -> PathBuf {
        self.project.with_file_name(format!("worktree-{id}"))
    }

    fn shown(&self, task: &FakeTask) -> Value {
        let has = task.agent.as_ref();
        json!({
            "id": task.id, "title": task.title, "state": task.state, "agency": task.agency,
            "agent": task.agent, "worktree": has.map(|_| self.worktree(task.id)),
            "branch": has.map(|_| branch(task)),
        })
    }

    fn on_task(&mut self, verb: &str, id: TaskId, more: &str, by: &str) -> Result<String, String> {
        let index = self.tasks.iter().position(|task| task.id == id).ok_or("no such task")?;
        let task = self.tasks[index].clone();
        match verb {
            "show" => return Ok(self.shown(&task).to_string()),
            "assign" if task.state != "ready" => return Err(format!("{id} is {}", task.state)),
            "assign" => {
                self.tasks[index].state = "assigned";
                self.tasks[index].agent = Some(more.to_owned());
                self.make_worktree(&self.tasks[index].clone());
                self.tell("workbench", more, "task", Some(id), json!({ "title": task.title }));
            }
            "start" => self.tasks[index].state = "in_progress",
            "complete" if task.state == "submitted" => return Err(format!("{id} is submitted")),
            "complete" => {
                self.integrate(&task)?;
                self.tasks[index].state = "submitted";
                let coordinator = format!("{}/coordinator", task.agency);
                self.tell(by, &coordinator, "complete", Some(id), json!({ "title": task.title }));
            }
            "block" => self.tasks[index].state = "blocked",
            "unblock" => self.tasks[index].state = "in_progress",
            "progress" => {}
            _ => return Err(format!("unknown verb {verb}")),
        }
        Ok(String::new())
    }

    fn make_worktree(&self, task: &FakeTask) {
        let known = git(&self.project, &["branch", "--list", &integration(task)]);
        let base = if known.is_empty() { "main".to_owned() } else { integration(task) };
        let place = self.worktree(task.id);
        let place = place.to_str().expect("a plain path");
        git(&self.project, &["worktree", "add", "-q", "-b", &branch(task), place, &base]);
    }

    fn integrate(&self, task: &FakeTask) -> Result<(), String> {
        let worktree = self.worktree(task.id);
        if !git(&worktree, &["status", "--porcelain"]).is_empty() {
            return Err("the worktree has uncommitted changes".to_owned());
        }
        let place = self.project.with_file_name(format!("integration-{}", task.feature));
        let shown = place.to_str().expect("a plain path");
        if !place.exists() {
            git(&self.project, &["worktree", "add", "-q", "-b", &integration(task), shown, "main"]);
        }
        git(&place, &["merge", "-q", "--no-edit", &branch(task)]);
        Ok(())
    }
}

fn integration(task: &FakeTask) -> String {
    format!("{}/integration", task.feature)
}

fn branch(task: &FakeTask) -> String {
    let agent = task.agent.as_deref().and_then(|address| address.split_once('/'));
    format!("{}/agent/{}/{}", task.feature, agent.map_or("nobody", |(_, agent)| agent), task.id)
}
