//! `agency task add`: writes a task down with its whole contract and prints its id.
//!
//! Every mandatory part that is missing is named at once.

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::send::{answer_text, parse_priority};
use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::{Dependency, DependencyKind, TaskContract};
use crate::service::query::Query;
use crate::service::workbench::Identity;

/// What `agency task add` takes.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Title, agency, feature, scope, done and rollback are mandatory.\n\n\
    Example:\n  agency task add \"Login form\" --agency CodeAgency --feature login \\\n    \
    --scope \"a form that posts to /login\" --done \"tests/login.tap passes\" \\\n    \
    --rollback \"revert the merge\" --after TASK-001:hard --paths 'src/login/**'")]
pub struct AddArgs {
    /// One line
    #[arg(value_name = "TITLE")]
    pub title: Option<String>,
    /// The agency whose task it is [default: that of the agent that asks]
    #[arg(long, value_name = "A")]
    pub agency: Option<Name>,
    /// The feature it is integrated with
    #[arg(long, value_name = "F")]
    pub feature: Option<Name>,
    /// What is to be done
    #[arg(long, value_name = "TEXT")]
    pub scope: Option<String>,
    /// What is not to be done
    #[arg(long, value_name = "TEXT")]
    pub non_goals: Option<String>,
    /// What it starts from; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub input: Vec<String>,
    /// What must come before it: `TASK-001`, `TASK-001:soft`, `TASK-001:info`; may be repeated
    #[arg(long, value_name = "TASK[:hard|soft|info]", value_parser = parse_dependency)]
    pub after: Vec<Dependency>,
    /// When it counts as done; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub done: Vec<String>,
    /// Tests and evidence to hand in
    #[arg(long, value_name = "TEXT")]
    pub tests: Option<String>,
    /// How it is taken back
    #[arg(long, value_name = "TEXT")]
    pub rollback: Option<String>,
    /// Paths it owns; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub paths: Vec<String>,
    /// The skill it needs
    #[arg(long, value_name = "S")]
    pub skill: Option<String>,
    /// The role it needs
    #[arg(long, value_name = "R")]
    pub role: Option<String>,
    /// low, normal, high or critical
    #[arg(long, value_name = "P", value_parser = parse_priority)]
    pub priority: Option<Priority>,
    /// Estimated hours
    #[arg(long, value_name = "HOURS", value_parser = parse_hours)]
    pub estimate: Option<f64>,
}

fn parse_dependency(text: &str) -> Result<Dependency, String> {
    let (task, kind) = text.split_once(':').unwrap_or((text, "hard"));
    let task: TaskId = task.parse().map_err(|error| format!("{error}"))?;
    let kind = match kind {
        "hard" => DependencyKind::Hard,
        "soft" => DependencyKind::Soft,
        "info" => DependencyKind::Info,
        _ => return Err(format!("`{kind}` is none of hard, soft, info")),
    };
    Ok(Dependency { task, kind })
}

fn parse_hours(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|hours: &f64| hours.is_finite() && *hours > 0.0)
        .ok_or_else(|| "use a number of hours above 0, say 1.5".to_owned())
}

/// Writes a task down.
pub fn run(args: &AddArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let contract = contract(args, workbench.identity())?;
    let answer = workbench.ask(Command::AddTask { contract })?;
    if !desk.is_json() {
        desk.output.line(answer_text(&answer));
        return Ok(DONE);
    }
    match answer_text(&answer).parse::<TaskId>() {
        Ok(id) => desk.output.json(&workbench.query(&Query::Task { id })?),
        Err(_) => desk.output.json(&answer),
    }
    Ok(DONE)
}

/// The contract that was written, or every mandatory part that is missing.
fn contract(args: &AddArgs, identity: &Identity) -> Result<TaskContract, Refusal> {
    let own = match identity {
        Identity::Agent { address, .. } => Some(address.agency.clone()),
        Identity::Operator => None,
    };
    let agency = args.agency.clone().or(own);
    let (Some(agency), Some(feature)) = (agency.clone(), args.feature.clone()) else {
        let mut missing = Vec::new();
        missing.extend(agency.is_none().then_some("--agency"));
        missing.extend(args.feature.is_none().then_some("--feature"));
        missing.extend(missing_words(args));
        return Err(lacks(&missing));
    };
    let missing = missing_words(args);
    if !missing.is_empty() {
        return Err(lacks(&missing));
    }
    Ok(fill(args, agency, feature))
}

fn missing_words(args: &AddArgs) -> Vec<&'static str> {
    // Agency and feature are looked at before; any name serves to ask for the rest.
    Name::parse("any").map(|any| fill(args, any.clone(), any).missing_parts()).unwrap_or_default()
}

fn fill(args: &AddArgs, agency: Name, feature: Name) -> TaskContract {
    TaskContract {
        title: args.title.clone().unwrap_or_default(),
        agency,
        feature,
        scope: args.scope.clone().unwrap_or_default(),
        non_goals: args.non_goals.clone(),
        inputs: args.input.clone(),
        depends_on: args.after.clone(),
        done: args.done.clone(),
        tests: args.tests.clone(),
        rollback: args.rollback.clone().unwrap_or_default(),
        paths: args.paths.clone(),
        skill: args.skill.clone(),
        role: args.role.clone(),
        priority: args.priority.unwrap_or_default(),
        estimate_h: args.estimate,
    }
}

fn lacks(missing: &[&str]) -> Refusal {
    let named: Vec<String> = missing
        .iter()
        .map(|part| if part.starts_with('-') { format!("`{part}`") } else { format!("a {part}") })
        .collect();
    let message = format!("the contract lacks {}", named.join(", "));
    Refusal::new(RefusalKind::Usage, "missing_parts", message)
        .with_hint("see `agency task add --help` for an example")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn every_missing_part_is_named_at_once() {
        let refusal = contract(&AddArgs::default(), &Identity::Operator).expect_err("empty");
        assert_eq!(
            refusal.message,
            "the contract lacks `--agency`, `--feature`, a title, `--scope`, `--done`, `--rollback`"
        );
        assert_eq!(refusal.kind, RefusalKind::Usage);
    }

    #[test]
    fn an_agents_task_is_its_own_agencys() {
        let args = AddArgs {
            title: Some("Login".to_owned()),
            feature: Name::parse("login").ok(),
            scope: Some("a form".to_owned()),
            done: vec!["tests pass".to_owned()],
            rollback: Some("revert".to_owned()),
            ..AddArgs::default()
        };
        let made = contract(&args, &testing::agent_identity("Code/dev")).expect("whole");
        assert_eq!(made.agency.as_str(), "Code");
        assert!(contract(&args, &Identity::Operator).is_err());
    }

    #[test]
    fn a_dependency_is_hard_unless_it_says_otherwise() {
        let kind = |text: &str| parse_dependency(text).map(|dependency| dependency.kind);
        assert_eq!(kind("TASK-001"), Ok(DependencyKind::Hard));
        assert_eq!(kind("2:soft"), Ok(DependencyKind::Soft));
        assert_eq!(kind("TASK-003:info"), Ok(DependencyKind::Info));
        assert!(kind("TASK-003:firm").is_err() && kind("login").is_err());
    }

    #[test]
    fn an_estimate_is_a_number_of_hours_above_zero() {
        assert_eq!(parse_hours("1.5"), Ok(1.5));
        for text in ["0", "-1", "NaN", "inf", "soon"] {
            assert!(parse_hours(text).is_err(), "{text:?} was taken");
        }
    }
}
