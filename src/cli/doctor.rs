//! `agency doctor`: looks at everything that the workbench needs and says what to do.
//!
//! It also answers where there is no workbench: that is then the finding.

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::service::views::FindingView;

/// What `agency doctor` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit status 6 if something is missing that is needed.")]
pub struct DoctorArgs {}

/// The level of a finding that keeps the workbench from working.
pub const PROBLEM: &str = "problem";
/// Longest finding, in characters.
const MAX_LINE: usize = 400;

/// Looks at everything.
pub fn run(_: &DoctorArgs, desk: &mut Desk<'_>) -> Ending {
    let findings = match desk.open() {
        Ok(workbench) => workbench.examine(),
        Err(refusal) => vec![finding(refusal)],
    };
    desk.answer(findings.as_slice(), render)?;
    let has_problem = findings.iter().any(|finding| finding.level == PROBLEM);
    Ok(if has_problem { RefusalKind::Missing.exit_status() } else { DONE })
}

fn finding(refusal: Refusal) -> FindingView {
    FindingView {
        check: "workbench".to_owned(),
        level: PROBLEM.to_owned(),
        text: refusal.message,
        hint: refusal.hint,
    }
}

fn render(findings: &[FindingView], scene: &Scene) -> String {
    findings.iter().fold(String::new(), |mut out, finding| {
        let tone = match finding.level.as_str() {
            "ok" => Tone::Good,
            "warning" => Tone::Warn,
            _ => Tone::Danger,
        };
        // As wide as the longest level, `problem`.
        let level = scene.paint.tone(tone, &format!("{:7}", to_line(&finding.level, 7)));
        let text = to_line(&finding.text, MAX_LINE);
        out.push_str(&format!("{level}  {}: {text}\n", to_line(&finding.check, MAX_LINE)));
        if let Some(hint) = &finding.hint {
            out.push_str(&format!("         hint: {}\n", to_line(hint, MAX_LINE)));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_finding_has_a_level_and_a_hint() {
        let ok = FindingView {
            check: "git".to_owned(),
            level: "ok".to_owned(),
            text: "2.39.5".to_owned(),
            hint: None,
        };
        let refusal = Refusal::new(RefusalKind::NotFound, "no_workbench", "no workbench here")
            .with_hint("run `agency init`");
        assert_eq!(
            render(&[ok, finding(refusal)], &testing::scene()),
            "ok       git: 2.39.5\nproblem  workbench: no workbench here\n         hint: run `agency init`\n"
        );
    }
}
