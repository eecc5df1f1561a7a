//! `agency undo`: takes back what was done, or lists what can be.
//!
//! What is lost by an act is never lost for good: it is kept first, and this brings it back. The words say
//! what will happen before anything does; a merge is never rewritten.

use std::time::Duration;

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene, Unattended};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
use crate::domain::checkpoint::Care;
use crate::domain::command::Command;
use crate::domain::id::ActId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::ActView;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::Workbench;

/// Checking many large worktrees out takes git a while.
const LIMIT: Duration = Duration::from_secs(60);

/// What `agency undo` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A removed agency comes back stopped, with its open tasks, their worktrees and what was not \
    committed in them. A dismissed agent is hired again as it was. Files that a restore replaced come back, too. A merge is never rewritten: \
    `agency undo` says how to take it back with a commit of its own.\n\n\
    Examples:\n  agency undo --list\n  agency undo\n  agency undo UNDO-003 --yes\n  agency undo UNDO-004 --even-if-working"
)]
pub struct UndoArgs {
    /// Which act [default: the newest that is neither a merge nor an undo itself]
    #[arg(value_name = "ID", conflicts_with = "list")]
    pub act: Option<ActId>,
    /// List what was done, newest first
    #[arg(long)]
    pub list: bool,
    /// Change the files of a worktree even while its agent works there
    #[arg(long, conflicts_with = "list")]
    pub even_if_working: bool,
}

/// Takes an act back.
pub fn run(args: &UndoArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let views: Vec<ActView> = workbench.fetch(&Query::Acts)?;
    if args.list {
        return desk.answer(views.as_slice(), render);
    }
    let view = chosen(&views, args.act)?;
    if !matches!(view.state.as_str(), "undone" | "kept") {
        let question = format!("{} {}: undoing it {}. Do that?", view.id, view.subject, view.undo);
        let hint = format!("run `agency undo {} --yes`", view.id);
        desk.confirm(&question, Unattended::Refuse { hint })?;
    }
    let care = if args.even_if_working { Care::Confirmed } else { Care::Careful };
    workbench.ask(Command::Undo { act: Some(view.id), care })?;
    let view = wait_for_end(&workbench, view.id)?;
    desk.answer(&view, |view, _| format!("{} is taken back: {}\n", view.id, view.subject))
}

fn chosen(views: &[ActView], id: Option<ActId>) -> Result<&ActView, Refusal> {
    let found = match id {
        Some(id) => views.iter().find(|view| view.id == id),
        None => views.iter().find(|view| view.state != "undone" && !view.only_by_name),
    };
    found.ok_or_else(|| match id {
        Some(id) => {
            let message = format!("there is no act `{id}`");
            Refusal::new(RefusalKind::NotFound, "act_not_found", message)
                .with_hint("list them with `agency undo --list`")
        }
        None => {
            Refusal::new(RefusalKind::NotFound, "nothing_to_undo", "there is nothing to take back")
                .with_hint("what can be taken back is listed with `agency undo --list`")
        }
    })
}

fn wait_for_end(workbench: &Workbench, id: ActId) -> Result<ActView, Refusal> {
    let waited = wait_until(workbench, Some(LIMIT), || {
        // Only a supervisor goes on with it: one that died meanwhile is started again.
        workbench.require_supervisor()?;
        let views: Vec<ActView> = workbench.fetch(&Query::Acts)?;
        let Some(view) = views.into_iter().find(|view| view.id == id) else { return Ok(None) };
        match (view.state.as_str(), &view.problem) {
            ("undone", _) => Ok(Some(view)),
            ("undoing", _) | (_, None) => Ok(None),
            (_, Some(problem)) => {
                let message = format!("`{id}` could not be taken back: {problem}");
                Err(Refusal::new(RefusalKind::Failed, "not_undone", message)
                    .with_hint(format!("see to that, then run `agency undo {id}` again")))
            }
        }
    })?;
    match waited {
        Waited::Seen(view) => Ok(view),
        Waited::TimedOut => {
            let message = format!("`{id}` is being taken back and not done yet");
            Err(Refusal::new(RefusalKind::Failed, "not_undone", message)
                .with_hint("run `agency undo --list`"))
        }
    }
}

/// Acts as a table.
pub fn render(views: &[ActView], scene: &Scene) -> String {
    if views.is_empty() {
        return "nothing was done that could be taken back\n".to_owned();
    }
    let mut table = Table::new(&["ID", "AGE", "WHAT", "SUBJECT", "BY", "STATE", "UNDOING IT"]);
    for view in views {
        let tone = if view.problem.is_some() { Tone::Danger } else { Tone::Plain };
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::number(optional_age(Some(view.at), scene.now)),
            Cell::text(view.kind.replace('_', " ")),
            Cell::text(&view.subject),
            Cell::text(view.by.as_deref().unwrap_or("-")),
            Cell::toned(tone, view.problem.as_deref().unwrap_or(&view.state)),
            Cell::text(&view.undo),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn acts_are_listed_with_what_undoing_them_does() {
        insta::assert_snapshot!(render(&testing::acts(), &testing::scene()));
        assert!(render(&[], &testing::scene()).starts_with("nothing was done"));
    }

    #[test]
    fn the_newest_that_is_not_taken_back_is_meant() {
        let views = testing::acts();
        assert_eq!(chosen(&views, None).map(|view| view.id), Ok(ActId(1)), "2 is a merge");
        assert_eq!(chosen(&views, Some(ActId(1))).map(|view| view.id), Ok(ActId(1)));
        let refused = chosen(&views, Some(ActId(9))).map_err(|refusal| refusal.kind);
        assert_eq!(refused.map(|view| view.id), Err(RefusalKind::NotFound));
        assert_eq!(
            chosen(&[], None).map_err(|r| r.code).map(|v| v.id),
            Err("nothing_to_undo".into())
        );
    }
}
