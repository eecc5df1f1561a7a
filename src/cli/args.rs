//! The words of the command line: what holds everywhere, and one arm per command.
//!
//! Names and flags are a promise to scripts. What a command takes stands in its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::{
    ack, approvals, ask, attach, branch, brief, broadcast, cadence, completions, create, demo,
    dismiss, doctor, down, explain, goal, handoff, hire, hook, inbox, init, inside, ledger, list,
    lock, log, man, matching, mcp, messages, queue, remove, requests, runtime, schema, send,
    sessions, status, submit, task, template, undo, up,
};

/// A whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "agency",
    version,
    about = "A terminal workbench for organisations of AI agents",
    disable_help_subcommand = true,
    after_help = "With no command, `agency` opens the screen; in a pipe it prints the status.\n\n\
        First steps:\n  agency demo                      watch two agencies do a feature\n  \
        agency init --project ~/src/app  make a workbench for a repository of yours\n  \
        agency create CodeAgency         make an agency and start it\n  \
        agency goal CodeAgency \"Add a login page\"\n\n\
        Exit status: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, \
        6 something needed is missing (tmux, git, an agent program)."
)]
pub struct Invocation {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// The command; none opens the screen.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What holds for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// The workbench [default: AGENCY_HOME, else the nearest parent folder that is one]
    #[arg(long, global = true, value_name = "PATH")]
    pub home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub color: ColourWhen,
    /// Tell each step
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Tell nothing but the answer
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Confirm everything beforehand
    #[arg(short, long, global = true)]
    pub yes: bool,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands, daily ones first.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a workbench
    Init(init::InitArgs),
    /// Watch two agencies do one feature, from goal to merge
    Demo(demo::DemoArgs),
    /// Make the supervisor and the sessions run
    Up(up::UpArgs),
    /// Stop the sessions, or everything
    Down(down::DownArgs),
    /// What waits, what is stuck, what moves: one screen
    Status(status::StatusArgs),
    /// Make an agency and start it
    Create(create::CreateArgs),
    /// List the agencies
    List(list::ListArgs),
    /// Show one agency with its agents
    Show(list::ShowArgs),
    /// Attach to an agency's tmux session
    Attach(attach::AttachArgs),
    /// Start agencies
    Start(sessions::StartArgs),
    /// Stop agencies; their work stays
    Stop(sessions::StopArgs),
    /// Stop an agency and start it again, with role files read anew
    Restart(sessions::RestartArgs),
    /// Archive an agency; its work is kept
    Remove(remove::RemoveArgs),
    /// Take an agent into an agency
    Hire(hire::HireArgs),
    /// Let an agent go; what it made stays
    Dismiss(dismiss::DismissArgs),
    /// Take back what was done: a removal, a task given up, replaced files
    Undo(undo::UndoArgs),
    /// Print what an agent is told at its start
    Brief(brief::BriefArgs),
    /// Which agency a goal is for, and why
    Match(matching::MatchArgs),
    /// Give an agency a goal in prose
    Goal(goal::GoalArgs),
    /// Send a message
    Send(send::SendArgs),
    /// Send a message to everyone, and see who has acknowledged it
    Broadcast(broadcast::BroadcastArgs),
    /// Ask somebody and wait for the answer
    Ask(ask::AskArgs),
    /// See who owes an answer to whom
    Requests(requests::RequestsArgs),
    /// Show an agent its messages
    Inbox(inbox::InboxArgs),
    /// Acknowledge messages
    Ack(ack::AckArgs),
    /// List messages
    Messages(messages::MessagesArgs),
    /// What comes by the clock: status requests, check-ins, the week
    Cadence(cadence::CadenceArgs),
    /// What check-ins and weeks have left
    Meetings(cadence::MeetingsArgs),
    /// What waits where and why; dead letters, taken once more
    Queue(queue::QueueArgs),
    /// Hand finished work in
    Submit(submit::SubmitArgs),
    /// Decide what is merged
    Approvals(approvals::ApprovalsArgs),
    /// What happened, from the ledger
    Log(log::LogArgs),
    /// Write tasks down, assign them, follow them
    Task(task::TaskArgs),
    /// Hand finished work to another agency, and answer what was handed over
    Handoff(handoff::HandoffArgs),
    /// Look at the agents' branches, save worktrees and bring them back
    Branch(branch::BranchArgs),
    /// Claim paths of the project, and see who has which
    Lock(lock::LockArgs),
    /// Check, rebuild, export the ledger, or look back
    Ledger(ledger::LedgerArgs),
    /// What agencies can be made of
    #[command(alias = "templates")]
    Template(template::TemplateArgs),
    /// Which programs agents can be
    #[command(alias = "runtimes")]
    Runtime(runtime::RuntimeArgs),
    /// Print the JSON Schemas of messages
    Schema(schema::SchemaArgs),
    /// Look at everything that the workbench needs
    Doctor(doctor::DoctorArgs),
    /// Say why something does not move
    Explain(explain::ExplainArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Be an agent's tools, for a program that speaks the Model Context Protocol
    Mcp(mcp::McpArgs),
    /// Print the manual page, or write all of them to a folder
    Man(man::ManArgs),
    /// Be the supervisor
    #[command(hide = true)]
    Supervise(inside::SuperviseArgs),
    /// Be a rehearsal agent
    #[command(hide = true)]
    Rehearse(inside::RehearseArgs),
    /// Report this agent's own state
    #[command(hide = true)]
    Hook(hook::HookArgs),
    /// Print this agent's briefing and become its program
    #[command(hide = true)]
    Enter(inside::EnterArgs),
    /// Run one check for the sandbox
    #[command(hide = true, name = "check-run")]
    CheckRun(inside::CheckRunArgs),
}
