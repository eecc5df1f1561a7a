//! How handoffs look: the list, one with all that was said of it, and what a change came to.
//!
//! Pure: views in, text out.

use crate::cli::desk::Scene;
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::age;
use crate::domain::handoff::HandoffState;
use crate::service::views::HandoffView;

fn tone(state: HandoffState) -> Tone {
    match state {
        HandoffState::Offered => Tone::Warn,
        HandoffState::Accepted | HandoffState::Withdrawn => Tone::Plain,
        HandoffState::Approved => Tone::Good,
        HandoffState::Declined
        | HandoffState::IssuesFound
        | HandoffState::Blocked
        | HandoffState::Rejected => Tone::Danger,
    }
}

fn words(state: HandoffState) -> String {
    state.as_str().replace('_', " ")
}

/// Handoffs as a table.
pub fn list(views: &[HandoffView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no handoffs; one is made with: agency handoff offer AGENCY --task TASK\n"
            .to_owned();
    }
    let mut table =
        Table::new(&["ID", "STATE", "ROUND", "FROM", "TO", "TASK", "AGE", "ANSWER", "WHAT"]);
    for view in views {
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::toned(tone(view.state), words(view.state)),
            Cell::number(view.round),
            Cell::text(&view.from),
            Cell::text(view.to.as_str()),
            Cell::text(view.task.to_string()),
            Cell::number(age(view.offered_at, scene.now)),
            Cell::text(due(view, scene)),
            Cell::text(&view.title),
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// How long there still is to answer.
fn due(view: &HandoffView, scene: &Scene) -> String {
    if view.state != HandoffState::Offered {
        return "-".to_owned();
    }
    if view.answer_by <= scene.now {
        return format!("{} late", age(view.answer_by, scene.now));
    }
    format!("in {}", age(scene.now, view.answer_by))
}

/// One handoff with all that was said of it.
pub fn one(view: &HandoffView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("handoff", Cell::toned(Tone::Heading, format!("{}  {}", view.id, view.title)));
    fact("state", Cell::toned(tone(view.state), words(view.state)));
    fact("way", Cell::text(format!("{} to {}, round {}", view.from, view.to, view.round)));
    for (word, text) in parts(view, scene) {
        fact(word, Cell::text(text));
    }
    facts.render(scene.paint, None)
}

fn parts(view: &HandoffView, scene: &Scene) -> Vec<(&'static str, String)> {
    let mut parts = vec![("offered", format!("{} ago", age(view.offered_at, scene.now)))];
    if view.state == HandoffState::Offered {
        parts.push(("answer", due(view, scene)));
    }
    parts.push(("task", format!("{} of {}", view.task, view.to)));
    parts.extend(view.origin.map(|task| ("origin", format!("{task} of {}", view.from))));
    parts.extend(view.fix.map(|task| ("fix", task.to_string())));
    let said = [("deliverable", &view.deliverable), ("place", &view.place)];
    parts.extend(said.into_iter().filter_map(|(word, text)| Some((word, text.clone()?))));
    parts.extend(view.branch.clone().map(|branch| {
        let missing = if view.is_branch_missing { " (not in this project)" } else { "" };
        ("branch", format!("{branch}{missing}"))
    }));
    let lists = [
        ("artifact", &view.artifacts),
        ("criterion", &view.acceptance_criteria),
        ("next", &view.next_steps),
    ];
    parts.extend(
        lists.into_iter().flat_map(|(word, texts)| texts.iter().map(move |t| (word, t.clone()))),
    );
    parts.extend(view.notes.clone().map(|text| ("notes", text)));
    if !view.not_said.is_empty() {
        parts.push(("not said", view.not_said.join(", ").replace('_', " ")));
    }
    parts.extend(view.reason.clone().map(|text| ("answer", text)));
    parts.extend(results(view).map(|text| ("results", text)));
    parts
}

fn results(view: &HandoffView) -> Option<String> {
    let verdict = view.verdict?.as_str().replace('_', " ");
    let more =
        [view.bugs.map(|bugs| format!("{bugs} bugs")), view.report.clone(), view.remarks.clone()];
    let more: Vec<String> = more.into_iter().flatten().collect();
    Some(if more.is_empty() { verdict } else { format!("{verdict}: {}", more.join(", ")) })
}

/// What a change came to, in one line.
pub fn outcome(view: &HandoffView, scene: &Scene) -> String {
    let state = scene.paint.tone(tone(view.state), &words(view.state));
    let more = match (view.state, view.fix) {
        (HandoffState::Accepted, _) => {
            format!(
                ", its task {} is ready: agency task assign {} {}/AGENT",
                view.task, view.task, view.to
            )
        }
        (HandoffState::IssuesFound, Some(fix)) => format!(", {fix} is to mend it"),
        _ => String::new(),
    };
    format!("{} is {state}{more}\n", view.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn handoffs_are_listed_with_how_long_there_is_to_answer() {
        let mut late = testing::handoff();
        late.answer_by = "2026-03-02T11:30:00Z".parse().expect("a time");
        let mut good = testing::handoff();
        good.state = HandoffState::Approved;
        good.round = 2;
        insta::assert_snapshot!(list(&[testing::handoff(), late, good], &testing::scene()));
        assert!(list(&[], &testing::scene()).starts_with("no handoffs"));
    }

    #[test]
    fn one_handoff_is_shown_with_what_was_said_and_what_was_not() {
        let mut view = testing::handoff();
        let text = one(&view, &testing::scene());
        view.state = HandoffState::IssuesFound;
        view.fix = Some(crate::domain::id::TaskId(7));
        view.verdict = Some(crate::domain::protocol::Verdict::IssuesFound);
        view.bugs = Some(2);
        view.is_branch_missing = true;
        let after = one(&view, &testing::scene()) + &outcome(&view, &testing::scene());
        insta::assert_snapshot!(format!("{text}\n{after}"));
    }
}
