//! `agency goal`: what an agency is asked for, in prose; its coordinator gets it as a message.
//!
//! Without a name the goal goes to the agency that it is for, if there is no doubt; in doubt a person is asked and
//! a script is refused. It makes no tasks: the coordinator does, and the operator can.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::cli::matching::reasons;
use crate::cli::send;
use crate::domain::command::Command;
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::AgencyView;
use crate::service::workbench::{AgencyMatchView, MatchView, Workbench};

/// What `agency goal` takes.
#[derive(Debug, Args)]
#[command(
    override_usage = "agency goal [OPTIONS] [NAME] <TEXT>",
    after_help = "Without a NAME the goal goes to the agency that it is for: see `agency match`.\n\n\
    Examples:\n  agency goal CodeAgency \"Add a login page with OAuth2\"\n  \
    agency goal \"Write regression tests for the checkout\"\n  \
    agency goal CodeAgency - < goal.md"
)]
pub struct GoalArgs {
    /// The agency, or the goal alone: then the agency that fits gets it
    #[arg(value_name = "NAME|TEXT")]
    pub first: String,
    /// The goal; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
}

/// Agencies that are named when none is clear.
const CANDIDATES: usize = 3;

/// Gives an agency a goal; prints the message's id.
pub fn run(args: &GoalArgs, desk: &mut Desk<'_>) -> Ending {
    if let Some(text) = &args.text {
        let agency = Name::parse(&args.first)
            .map_err(|error| Refusal::new(RefusalKind::Usage, "bad_name", error.to_string()))?;
        let text = desk.text_argument(text)?;
        let workbench = desk.open()?;
        let answer = workbench.ask(Command::SetGoal { agency: agency.clone(), text })?;
        send::tell_if_stopped(&workbench, &Address::Agency(agency), desk);
        return send::answer_with_message(&workbench, &answer, desk);
    }
    let workbench = desk.open()?;
    require_text(&workbench, &args.first)?;
    let text = desk.text_argument(&args.first)?;
    let view = workbench.match_goal(text.trim(), CANDIDATES)?;
    let chosen = match view.winner() {
        Some(winner) => winner.clone(),
        None => choose(&view, desk)?,
    };
    give(&workbench, &chosen, text, desk)
}

fn give(
    workbench: &Workbench,
    chosen: &AgencyMatchView,
    text: String,
    desk: &mut Desk<'_>,
) -> Ending {
    let agency = chosen.agency.clone();
    let answer = workbench.ask(Command::SetGoal { agency: agency.clone(), text })?;
    desk.output.note(&format!("{agency} gets it: {}", reasons(&chosen.reasons)));
    send::tell_if_stopped(workbench, &Address::Agency(agency), desk);
    if !desk.is_json() {
        return send::answer_with_message(workbench, &answer, desk);
    }
    let mut document = send::message_of(workbench, &answer)?;
    if let (Some(fields), Ok(chosen)) = (document.as_object_mut(), serde_json::to_value(chosen)) {
        fields.insert("match".to_owned(), chosen);
    }
    desk.answer(&document, |_, _| String::new())
}

/// An agency's name alone is half a command, never a goal.
fn require_text(workbench: &Workbench, word: &str) -> Result<(), Refusal> {
    if Name::parse(word).is_err() {
        return Ok(());
    }
    let agencies: Vec<AgencyView> = workbench.fetch(&Query::Agencies)?;
    let named = agencies.iter().find(|agency| agency.name.as_str().eq_ignore_ascii_case(word));
    let Some(named) = named else { return Ok(()) };
    let message = format!("`{}` is an agency, and no goal is given", named.name);
    Err(Refusal::new(RefusalKind::Usage, "no_goal", message)
        .with_hint(format!("agency goal {} \"what it is to do\"", named.name)))
}

/// Asks a person which agency is meant; refuses where nobody can be asked.
fn choose(view: &MatchView, desk: &mut Desk<'_>) -> Result<AgencyMatchView, Refusal> {
    if view.matches.is_empty() || !desk.is_interactive() {
        return Err(unclear(view));
    }
    desk.output.note(if view.ambiguous {
        "several agencies fit:"
    } else {
        "a template would fit much better than any agency that is there:"
    });
    for template in &view.templates {
        desk.output.note(&format!("  {} ({})", template.template, template.command));
    }
    for (number, found) in view.matches.iter().enumerate() {
        let why = reasons(&found.reasons);
        desk.output.note(&format!("  {} {}: {why}", number + 1, found.agency));
    }
    let answer = desk.ask(&format!("which one [1-{}], or nothing? ", view.matches.len()))?;
    let answer = answer.unwrap_or_default();
    let chosen = chosen(&view.matches, answer.trim()).cloned();
    chosen.ok_or_else(|| Refusal::new(RefusalKind::Failed, "not_chosen", "nothing was sent"))
}

/// A candidate by its number or its name.
fn chosen<'m>(matches: &'m [AgencyMatchView], answer: &str) -> Option<&'m AgencyMatchView> {
    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_number = number.and_then(|number| matches.get(number));
    by_number.or_else(|| matches.iter().find(|found| found.agency.as_str() == answer))
}

/// No agency is clearly meant: the candidates are the hint.
fn unclear(view: &MatchView) -> Refusal {
    let templates: Vec<&str> =
        view.templates.iter().map(|template| template.command.as_str()).collect();
    let Some(first) = view.matches.first() else {
        let hint = match templates.as_slice() {
            [] => "name one: agency goal NAME \"…\"; see `agency list`".to_owned(),
            commands => format!("make one that does: {}", commands.join(", or ")),
        };
        let message = "no agency fits this goal";
        return Refusal::new(RefusalKind::NotFound, "no_agency_fits", message).with_hint(hint);
    };
    let names: Vec<&str> = view.matches.iter().map(|found| found.agency.as_str()).collect();
    let (message, hint) = if view.ambiguous {
        let message = format!("several agencies fit this goal: {}", names.join(", "));
        (message, format!("name one: agency goal {} \"…\"", first.agency))
    } else {
        let message = format!("`{}` fits this goal a little, a template much better", first.agency);
        let hint = format!(
            "make one that does: {}; or name one: agency goal {} \"…\"",
            templates.join(", or "),
            first.agency
        );
        (message, hint)
    };
    Refusal::new(RefusalKind::Usage, "ambiguous_goal", message).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::matching::tests::view;

    #[test]
    fn a_goal_that_is_not_clear_names_the_candidates() {
        let refusal = unclear(&view());
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Usage, "ambiguous_goal"));
        assert!(refusal.message.contains("QAAgency, OtherQA"), "{refusal:?}");
        let one = MatchView { ambiguous: false, ..view() };
        assert!(one.winner().is_none(), "a template fits much better");
        assert!(
            unclear(&one).hint.is_some_and(|hint| hint.contains("agency create SecurityAgency"))
        );
        let none = MatchView { matches: Vec::new(), templates: Vec::new(), ..view() };
        assert_eq!(unclear(&none).kind, RefusalKind::NotFound);
        let clear = MatchView { ambiguous: false, templates: Vec::new(), ..view() };
        assert_eq!(
            clear.winner().map(|found| found.agency.to_string()).as_deref(),
            Some("QAAgency")
        );
    }

    #[test]
    fn a_candidate_is_chosen_by_its_number_or_its_name() {
        let view = view();
        let name =
            |answer: &str| chosen(&view.matches, answer).map(|found| found.agency.to_string());
        assert_eq!(name("2").as_deref(), Some("OtherQA"));
        assert_eq!(name("QAAgency").as_deref(), Some("QAAgency"));
        assert_eq!((name(""), name("0"), name("3"), name("x")), (None, None, None, None));
    }
}
