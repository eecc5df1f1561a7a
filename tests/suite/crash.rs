//! The supervisor is killed at every fail point, and at moments that nobody chose, while two agencies do
//! the main job; then it is started again and the job goes on to its end.
//!
//! Each test sees that nothing is lost, nothing is done twice and nothing is left behind. A fail point that is
//! never reached fails its test, and one without a test fails the last one here.

mod aftermath;
mod ending;
mod finishing;
mod job;
mod meeting;
mod saving;

use job::Job;

/// Fail points that only a hire and a dismissal meet.
const CREW: [&str; 3] = ["hire.", "crew.", "dismiss."];

/// Dies at a fail point; everything else is the same for all of them.
fn dies_at(point: &str) {
    if ["keep.", "restore.", "undo."].iter().any(|story| point.starts_with(story)) {
        return saving::dies_at(point);
    }
    if point.starts_with("finish.") {
        return finishing::dies_at(point);
    }
    if point.starts_with("meeting.") {
        return meeting::dies_at(point);
    }
    if point.starts_with("stop.") {
        return ending::dies_at(point);
    }
    let job = Job::begin(Some(point));
    job.merge();
    if CREW.iter().any(|word| point.starts_with(word)) {
        job.change_crew();
    }
    job.remove();
    job.assert_died();
    job.assert_nothing_lost_doubled_or_orphaned();
}

macro_rules! killed_at {
    ($($name:ident: $point:literal,)+) => {
        $(
            #[test]
            fn $name() {
                dies_at($point);
            }
        )+

        #[test]
        fn every_fail_point_has_its_test() {
            assert_eq!([$($point),+].as_slice(), agency::failpoint::ALL);
        }
    };
}

killed_at! {
    killed_when_a_start_is_recorded: "start.recorded",
    killed_when_a_session_is_made: "start.session_made",
    killed_when_a_pane_is_made: "start.pane_made",
    killed_when_all_panes_are_made: "start.panes_made",
    killed_when_a_start_is_seen: "start.seen",
    killed_when_a_restart_is_recorded: "stop.recorded",
    killed_when_an_answer_is_recorded: "ask.recorded",
    killed_when_a_message_is_accepted: "message.accepted",
    killed_when_a_message_is_in_its_mailbox: "message.in_mailbox",
    killed_when_a_message_is_routed: "message.routed",
    killed_when_a_delivery_is_recorded: "delivery.recorded",
    killed_when_a_delivery_is_pasted: "delivery.pasted",
    killed_when_a_delivery_is_entered: "delivery.entered",
    killed_when_a_delivery_is_seen: "delivery.seen",
    killed_when_an_assignment_is_recorded: "assign.recorded",
    killed_when_a_worktree_is_made: "assign.worktree_made",
    killed_when_a_worktree_is_seen: "assign.seen",
    killed_when_a_checkpoint_is_made: "keep.checkpoint_made",
    killed_when_a_checkpoint_is_seen: "keep.seen",
    killed_when_a_restoration_is_recorded: "restore.recorded",
    killed_when_what_lay_there_is_saved: "restore.saved",
    killed_when_files_are_restored: "restore.files_written",
    killed_when_a_restoration_is_seen: "restore.seen",
    killed_when_a_message_has_said_that_a_task_is_finished: "finish.recorded",
    killed_when_a_completion_is_recorded: "complete.recorded",
    killed_when_a_completion_is_integrated: "complete.integrated",
    killed_when_a_submission_is_recorded: "submit.recorded",
    killed_when_a_tree_is_made: "submit.tree_made",
    killed_when_a_tree_is_checked: "submit.checked",
    killed_when_a_proof_is_seen: "submit.seen",
    killed_when_an_approval_is_recorded: "approve.recorded",
    killed_when_a_merge_is_made: "merge.commit_made",
    killed_when_the_branch_is_moved: "merge.branch_moved",
    killed_when_a_merge_is_seen: "merge.seen",
    killed_when_a_merge_is_documented: "merge.documented",
    killed_when_merged_work_is_kept: "merge.worktree_kept",
    killed_when_a_merged_worktree_is_retired: "merge.worktree_retired",
    killed_when_a_meeting_is_held: "meeting.recorded",
    killed_when_a_meeting_is_written: "meeting.written",
    killed_when_a_meeting_is_seen: "meeting.seen",
    killed_when_a_hire_is_recorded: "hire.recorded",
    killed_when_a_role_file_is_written: "hire.role_written",
    killed_when_a_hire_is_in_the_users_file: "hire.defined",
    killed_when_a_hire_is_seen: "crew.seen",
    killed_when_a_dismissal_is_recorded: "dismiss.recorded",
    killed_when_a_dismissed_pane_is_closed: "dismiss.pane_closed",
    killed_when_a_dismissal_is_in_the_users_file: "dismiss.defined",
    killed_when_a_removal_is_recorded: "remove.recorded",
    killed_when_a_removed_session_is_closed: "remove.session_closed",
    killed_when_removed_work_is_kept: "remove.work_kept",
    killed_when_a_removed_worktree_is_retired: "remove.worktree_retired",
    killed_when_a_folder_is_moved: "remove.folder_moved",
    killed_when_a_removal_is_seen: "remove.seen",
    killed_when_an_undo_is_recorded: "undo.recorded",
    killed_when_a_folder_is_returned: "undo.folder_returned",
    killed_when_a_returned_folder_is_seen: "undo.folder_seen",
    killed_when_a_worktree_is_made_again: "undo.worktree_made",
    killed_when_a_task_is_seen_back: "undo.task_seen",
    killed_when_an_undo_is_seen: "undo.seen",
}

#[test]
fn killed_when_a_stop_is_recorded() {
    ending::stop_dies_at("stop.recorded");
}

/// Kills per story: with its some 180 events, one every 18.
const KILLS: usize = 10;

/// Kills the supervisor each time that the ledger has grown by a number that the seed chooses.
fn dies_again_and_again(seed: u64) {
    let job = Job::begin(None);
    job.kill_at_random(seed, KILLS);
    job.merge();
    job.change_crew();
    job.remove();
    job.assert_nothing_lost_doubled_or_orphaned();
}

#[test]
fn killed_ten_times_at_moments_that_nobody_chose() {
    dies_again_and_again(0x5eed_0001);
}

#[test]
fn killed_ten_times_at_other_moments() {
    dies_again_and_again(0xdead_beef);
}
