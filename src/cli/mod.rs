//! The command line: one file per command, one way in.
//!
//! [`run`] reads the arguments, hands the command a [`desk::Desk`] and gives back the exit status.
//! Every command asks the service and renders a view; no command decides anything, opens a file,
//! starts a program or writes to a stream by itself.

pub mod ack;
pub mod approvals;
pub mod args;
pub mod ask;
pub mod attach;
pub mod branch;
pub mod brief;
pub mod broadcast;
pub mod cadence;
pub mod completions;
pub mod create;
pub mod demo;
pub mod desk;
pub mod dismiss;
pub mod doctor;
pub mod down;
pub mod explain;
pub mod goal;
pub mod handoff;
pub mod hire;
pub mod hook;
pub mod house;
pub mod inbox;
pub mod init;
pub mod inside;
pub mod ledger;
pub mod list;
pub mod lock;
pub mod log;
pub mod man;
pub mod matching;
pub mod mcp;
pub mod messages;
pub mod output;
pub mod queue;
pub mod remove;
pub mod requests;
pub mod runtime;
pub mod schema;
pub mod send;
pub mod sessions;
pub mod status;
pub mod style;
pub mod submit;
pub mod table;
pub mod task;
pub mod template;
pub mod tree;
pub mod undo;
pub mod up;
pub mod usage;
pub mod when;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::cli::args::{ColourWhen, Globals, Invocation, Verb};
use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::house::{House, Stream};
use crate::cli::output::{Form, Output, Volume};
use crate::cli::style::Paint;

/// Runs one command line, the program's name first; returns the exit status.
pub fn run(argv: &[OsString], house: &dyn House) -> u8 {
    run_on(argv, house, &mut Output::of_process())
}

/// The same with streams of the caller's choice.
pub fn run_on(argv: &[OsString], house: &dyn House, output: &mut Output) -> u8 {
    // Asked for by scripts at each start: answered before anything is built.
    if let [_, word] = argv
        && (word == "--version" || word == "-V")
    {
        output.line(concat!("agency ", env!("CARGO_PKG_VERSION")));
        return output.final_status(DONE);
    }
    // So are the hooks of agents, and nothing that is wrong with one may disturb its agent.
    if let Some(event) = hook::event(argv) {
        return hook::run(event, house, output);
    }
    let status = match read(argv, house) {
        Ok(invocation) => conduct(invocation, house, output),
        Err(error) => explain_usage(&error, argv, house, output),
    };
    output.final_status(status)
}

/// Widest help, in columns: longer lines are hard to read.
const HELP_WIDTH: u16 = 100;

fn read(argv: &[OsString], house: &dyn House) -> Result<Invocation, clap::Error> {
    let width = house.surroundings().width.unwrap_or(HELP_WIDTH).min(HELP_WIDTH);
    tree::read(argv, width)
}

fn conduct(invocation: Invocation, house: &dyn House, output: &mut Output) -> u8 {
    let Invocation { globals, verb } = invocation;
    dress(output, &globals, house);
    let mut desk = Desk { house, globals: &globals, output };
    match dispatch(verb, &mut desk) {
        Ok(status) => status,
        Err(refusal) => {
            output.refuse(&refusal);
            refusal.kind.exit_status()
        }
    }
}

/// Sets form, volume and colours as asked.
fn dress(output: &mut Output, globals: &Globals, house: &dyn House) {
    output.form = if globals.json { Form::Json } else { Form::Human };
    output.volume = match (globals.quiet, globals.verbose) {
        (true, _) => Volume::Quiet,
        (false, true) => Volume::Verbose,
        (false, false) => Volume::Normal,
    };
    let surroundings = house.surroundings();
    let paint = |stream: Stream| match globals.color {
        ColourWhen::Always => Paint::Colours,
        ColourWhen::Auto if stream.is_terminal() && !surroundings.without_colour => Paint::Colours,
        ColourWhen::Auto | ColourWhen::Never => Paint::Plain,
    };
    output.paint = paint(surroundings.stdout);
    output.err_paint = paint(surroundings.stderr);
}

fn explain_usage(
    error: &clap::Error,
    argv: &[OsString],
    house: &dyn House,
    output: &mut Output,
) -> u8 {
    let given = argv.iter().take_while(|word| *word != "--");
    let json = given.into_iter().any(|word| word == "--json");
    dress(output, &Globals { json, ..Globals::default() }, house);
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion
            if !error.use_stderr() =>
        {
            show_help(error, output);
            DONE
        }
        _ => {
            let refusal = usage::refusal(error, argv);
            output.refuse(&refusal);
            refusal.kind.exit_status()
        }
    }
}

fn show_help(error: &clap::Error, output: &mut Output) {
    let help = error.render();
    match (output.form, output.paint) {
        (Form::Json, _) => output.json(&serde_json::json!({ "help": help.to_string() })),
        (Form::Human, Paint::Colours) => output.text(&help.ansi().to_string()),
        (Form::Human, Paint::Plain) => output.text(&help.to_string()),
    }
}

fn dispatch(verb: Option<Verb>, desk: &mut Desk<'_>) -> Ending {
    let Some(verb) = verb else { return open_screen(desk) };
    match verb {
        Verb::Init(args) => init::run(&args, desk),
        Verb::Demo(args) => demo::run(&args, desk),
        Verb::Up(args) => up::run(&args, desk),
        Verb::Down(args) => down::run(&args, desk),
        Verb::Status(args) => status::run(&args, desk),
        Verb::Create(args) => create::run(&args, desk),
        Verb::List(args) => list::run(&args, desk),
        Verb::Show(args) => list::show(&args, desk),
        Verb::Attach(args) => attach::run(&args, desk),
        Verb::Start(args) => sessions::start(&args, desk),
        Verb::Stop(args) => sessions::stop(&args, desk),
        Verb::Restart(args) => sessions::restart(&args, desk),
        Verb::Remove(args) => remove::run(&args, desk),
        Verb::Hire(args) => hire::run(&args, desk),
        Verb::Dismiss(args) => dismiss::run(&args, desk),
        Verb::Queue(args) => queue::run(&args, desk),
        Verb::Undo(args) => undo::run(&args, desk),
        Verb::Brief(args) => brief::run(&args, desk),
        Verb::Match(args) => matching::run(&args, desk),
        Verb::Goal(args) => goal::run(&args, desk),
        Verb::Handoff(args) => handoff::run(&args, desk),
        Verb::Send(args) => send::run(&args, desk),
        Verb::Broadcast(args) => broadcast::run(&args, desk),
        Verb::Ask(args) => ask::run(&args, desk),
        Verb::Requests(args) => requests::run(&args, desk),
        Verb::Inbox(args) => inbox::run(&args, desk),
        Verb::Ack(args) => ack::run(&args, desk),
        Verb::Messages(args) => messages::run(&args, desk),
        Verb::Cadence(args) => cadence::run(&args, desk),
        Verb::Meetings(args) => cadence::meetings(&args, desk),
        Verb::Submit(args) => submit::run(&args, desk),
        Verb::Approvals(args) => approvals::run(&args, desk),
        Verb::Log(args) => log::run(&args, desk),
        Verb::Task(args) => task::run(&args, desk),
        Verb::Branch(args) => branch::run(&args, desk),
        Verb::Lock(args) => lock::run(&args, desk),
        Verb::Ledger(args) => ledger::run(&args, desk),
        Verb::Template(args) => template::run(&args, desk),
        Verb::Runtime(args) => runtime::run(&args, desk),
        Verb::Schema(args) => schema::run(&args, desk),
        Verb::Doctor(args) => doctor::run(&args, desk),
        Verb::Explain(args) => explain::run(&args, desk),
        Verb::Completions(args) => completions::run(&args, desk),
        Verb::Man(args) => man::run(&args, desk),
        Verb::Mcp(args) => mcp::run(&args, desk),
        Verb::Supervise(args) => inside::supervise(&args, desk),
        Verb::Rehearse(args) => inside::rehearse(&args, desk),
        Verb::Hook(args) => hook::report_state(&args, desk),
        Verb::Enter(args) => inside::enter(&args, desk),
        Verb::CheckRun(args) => inside::check_run(&args, desk),
    }
}

/// No command at all: the screen, or the status where nobody looks at a screen.
fn open_screen(desk: &mut Desk<'_>) -> Ending {
    if !desk.is_interactive() {
        return status::run(&status::StatusArgs {}, desk);
    }
    let workbench = desk.open()?;
    desk.house.screen(workbench)?;
    Ok(DONE)
}
