//! The supervisor is killed when a message has said that a task is finished, and nobody waits for an answer.
//!
//! A story of its own: the next supervisor looks into the work and hands it in, once.

use serde_json::json;

use crate::meaning::{WORKER, drop_signed, finish_work, give_task, start_agencies, wait_for_task};
use crate::world::{PATIENCE, World};

/// What `SIGKILL` is on every system.
const SIGKILL: i32 = 9;

/// Runs the story with a supervisor that dies at a fail point.
pub fn dies_at(point: &str) {
    let world = World::new();
    world.start_supervisor(Some(point));
    start_agencies(&world);
    give_task(&world);
    finish_work(&world);
    let complete =
        json!({ "type": "task_complete", "task_id": "TASK-001", "ready_for_merge": true });
    drop_signed(&world, WORKER, "complete.json", complete);
    world.wait_until("the supervisor to die", PATIENCE, || world.ended_by() == Some(SIGKILL));
    world.must(&["up"]);
    wait_for_task(&world, "awaiting_approval");
    for kind in ["finish_asked", "finish_ended", "task_completed", "work_submitted"] {
        assert_eq!(world.count(kind), 1, "{kind}");
    }
    world.must(&["down"]);
    world.must(&["ledger", "verify"]);
    assert_eq!(world.processes(), [], "processes are left");
}
