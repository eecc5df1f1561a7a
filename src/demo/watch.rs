//! Follows the boards until the feature is merged, and approves when it is proven.
//!
//! It ends in time whatever comes: merged, stuck, interrupted, or with what the board showed when
//! the time was over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::story::{Story, Verdict, excerpt, verdict};
use crate::domain::id::ApprovalId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::Board;
use crate::service::workbench::Feed;

/// How long Ctrl-C may go unnoticed.
const LOOK: Duration = Duration::from_millis(100);

/// What is followed, and for how long.
pub(super) struct Watch<'a> {
    pub(super) feed: &'a Receiver<Feed>,
    pub(super) limit: Duration,
    pub(super) stopped: &'a AtomicBool,
    pub(super) tell: &'a dyn Fn(&str),
}

impl Watch<'_> {
    /// Follows until the feature is merged; approves each approval once, when it waits.
    pub(super) fn until_merged(
        &self,
        approve: &mut dyn FnMut(ApprovalId) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let began = Instant::now();
        let (mut story, mut last, mut approved) = (Story::default(), None, None);
        while began.elapsed() < self.limit {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            let board = match self.feed.recv_timeout(LOOK) {
                Ok(Feed::Board(board)) => board,
                Ok(Feed::Lost { reason }) => {
                    (self.tell)(&format!("the supervisor is not there: {reason}"));
                    continue;
                }
                Ok(Feed::Talk(_)) | Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(failed(
                        "no_feed",
                        "the workbench tells nothing any more".to_owned(),
                    ));
                }
            };
            story.see(&board).iter().for_each(|line| (self.tell)(line));
            match verdict(&board) {
                Verdict::Merged(_) => return Ok(()),
                Verdict::Waiting(id) if approved != Some(id) => {
                    approve(id)?;
                    approved = Some(id);
                }
                Verdict::Stuck { approval, reason } => {
                    return Err(failed("not_merged", format!("{approval} is {reason}")));
                }
                Verdict::Waiting(_) | Verdict::NotYet => {}
            }
            last = Some(board);
        }
        Err(self.too_late(last.as_deref()))
    }

    fn too_late(&self, last: Option<&Board>) -> Refusal {
        let seconds = self.limit.as_secs();
        let shown = last.map_or(vec!["nothing was seen".to_owned()], excerpt).join("\n  ");
        failed(
            "too_late",
            format!("nothing was merged within {seconds} s; the board shows\n  {shown}"),
        )
    }
}

/// What is said when the user wants no more.
pub(super) fn interrupted() -> Refusal {
    failed("interrupted", "interrupted".to_owned())
}

fn failed(code: &str, message: String) -> Refusal {
    Refusal::new(RefusalKind::Failed, code, message)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::mpsc;

    use super::super::story::tests::board;
    use super::*;

    /// Feeds boards and follows them; what was told, what was approved, how it ended.
    fn follow(boards: Vec<Board>) -> (Vec<String>, Vec<ApprovalId>, Result<(), Refusal>) {
        let (sender, feed) = mpsc::channel();
        for board in boards {
            sender.send(Feed::Board(Box::new(board))).expect("sent");
        }
        let told = RefCell::new(Vec::new());
        let mut approved = Vec::new();
        let stopped = AtomicBool::new(false);
        let watch = Watch {
            feed: &feed,
            limit: Duration::from_millis(300),
            stopped: &stopped,
            tell: &|line| told.borrow_mut().push(line.to_owned()),
        };
        let ended = watch.until_merged(&mut |id| {
            approved.push(id);
            Ok(())
        });
        (told.into_inner(), approved, ended)
    }

    #[test]
    fn it_approves_once_and_ends_when_the_feature_is_merged() {
        let boards = vec![
            board("in_progress", None),
            board("awaiting_approval", Some("waiting")),
            board("awaiting_approval", Some("waiting")),
            board("approved", Some("approved")),
            board("merged", Some("merged")),
        ];
        let (told, approved, ended) = follow(boards);
        assert_eq!((approved.as_slice(), ended), ([ApprovalId(1)].as_slice(), Ok(())));
        assert_eq!(told.last().map(String::as_str), Some("AP-001 greeting: merged into main"));
    }

    #[test]
    fn it_says_what_the_board_showed_when_the_time_is_over() {
        let (_, approved, ended) = follow(vec![board("blocked", None)]);
        let refusal = ended.expect_err("too late");
        assert_eq!((refusal.code.as_str(), approved.len()), ("too_late", 0));
        assert!(refusal.message.contains("TASK-001 blocked CodeAgency/dev-1"), "{refusal}");
    }

    #[test]
    fn what_is_not_proven_ends_it_at_once_with_the_reason() {
        let (_, approved, ended) = follow(vec![board("awaiting_approval", Some("not_proven"))]);
        assert_eq!((ended.expect_err("stuck").code.as_str(), approved.len()), ("not_merged", 0));
    }
}
