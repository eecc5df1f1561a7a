//! Bodies that have the shape of their type, bodies that have not, and schemas that say the same.

use serde_json::{Value, json};

use super::*;

fn faults(kind: &str, body: Value) -> Vec<String> {
    Protocol::read(kind, &body).err().map_or(Vec::new(), |error| {
        error.faults.iter().map(|fault| fault.message.clone()).collect()
    })
}

#[test]
fn both_names_of_a_field_may_stand_in_one_body() {
    let body = json!({ "task": "Login", "task_id": "TASK-007", "status": "approved", "count": 2 });
    let Ok(Protocol::Results(results)) = Protocol::read("results", &body) else {
        panic!("no results")
    };
    assert_eq!((results.task.as_str(), results.bugs), ("Login", Some(2)));
    assert_eq!(results.extra, Extra::from([("task_id".to_owned(), json!("TASK-007"))]));
    let both = json!({ "task": "Login", "task_id": "TASK-007", "progress": 65.0 });
    let Ok(Protocol::StatusUpdate(update)) = Protocol::read("status_update", &both) else {
        panic!("no status")
    };
    assert_eq!(update.task_id.as_deref(), Some("TASK-007"));
    assert_eq!(update.progress.map(Percent::value), Some(65));
    assert_eq!(update.extra["task"], "Login");
    let other = json!({ "task": "TASK-007", "task_id": null, "blocker_description": "x" });
    let Ok(Protocol::Blocker(blocker)) = Protocol::read("blocker", &other) else {
        panic!("no blocker")
    };
    assert_eq!(blocker.task_id.as_deref(), Some("TASK-007"));
}

#[test]
fn null_counts_as_absent_and_unknown_fields_are_kept() {
    let body = json!({ "message": "Stop", "severity": null, "deadline": null, "mood": [1] });
    let Ok(Protocol::Alert(alert)) = Protocol::read("alert", &body) else { panic!("no alert") };
    assert_eq!((alert.severity, alert.deadline), (Severity::Medium, None));
    assert_eq!(alert.extra, Extra::from([("mood".to_owned(), json!([1]))]));
}

#[test]
fn a_fault_names_its_field_what_stands_there_and_what_may() {
    let complete = json!({ "test_results": { "passed": "24", "failed": -1, "coverage": 101 } });
    assert_eq!(
        faults("task_complete", complete),
        [
            "`test_results.coverage` must be a number from 0 to 100, not the number 101",
            "`test_results.failed` must be a whole number from 0 to 4294967295, not the number -1",
            "`test_results.passed` must be a whole number from 0 to 4294967295, not the text `24`",
        ]
    );
    assert_eq!(
        faults("status_update", json!({ "progress": 101, "blockers": "none", "next_items": [1] })),
        [
            "`blockers` must be a list of texts, not the text `none`",
            "`next_items[0]` must be a text, not the number 1",
            "`progress` must be a whole number from 0 to 100, not the number 101",
        ]
    );
    assert_eq!(
        faults("blocker", json!({ "blocker_desciption": "x", "severity": "hihg" })),
        [
            "`blocker_description` is missing; write a text; is it meant by `blocker_desciption`?",
            "`severity` cannot be `hihg`; did you mean `high`?",
        ]
    );
    assert_eq!(
        faults("handoff", json!({ "answer_by": "tomorrow", "artifacts": null })),
        [
            "`task` or `task_id` is missing; write a text",
            "`answer_by` must be a time like `2025-11-20T14:30:00Z`, not `tomorrow`",
        ]
    );
    assert_eq!(faults("handoff", json!({ "task": " " })), ["`task` is empty"]);
    assert_eq!(
        faults("lock_release", json!({})),
        ["`lock_id` or `resource` is missing; write a text"]
    );
    assert_eq!(
        faults("results", json!({ "task": "x", "status": true })),
        [
            "`status` must be one of `approved`, `issues_found`, `blocked`, `rejected`, `passed`, `ok`, \
          `failed`, not `true`"
        ]
    );
    assert_eq!(faults("alert", json!(4)), ["the body must be an object, not the number 4"]);
}

#[test]
fn what_fits_a_schema_is_read() {
    for kind in Protocol::TYPES {
        let schema = schema::body(kind).expect("every type has one");
        let mut body = Map::new();
        for (name, property) in schema["properties"].as_object().expect("properties") {
            body.insert(name.clone(), shape::tests::value_for(property));
        }
        let body = Value::Object(body);
        assert_eq!(faults(kind, body.clone()), Vec::<String>::new(), "{kind}: {body:#}");
    }
}
