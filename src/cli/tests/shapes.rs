//! The JSON that scripts rely on: every promised field is there, and `null` where it has no value.

use serde_json::Value;

use crate::cli::testing;
use crate::service::catalogue::{RuntimeView, TemplateView};

fn json<T: serde::Serialize>(view: T) -> Value {
    serde_json::to_value(view).expect("json")
}

fn assert_fields(what: &str, value: &Value, fields: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object"));
    for field in fields.split_whitespace() {
        assert!(object.contains_key(field), "{what} lacks `{field}`");
    }
}

#[test]
fn every_promised_field_is_there() {
    let status = json(testing::status());
    assert_fields("status", &status, "agencies waiting queue approvals incidents supervisor");
    assert_fields("queue", &status["queue"], "new cur dead");
    assert_fields("supervisor", &status["supervisor"], "pid since events");
    let agency = &status["agencies"][0];
    assert_fields(
        "list",
        agency,
        "name session state coordinator template capabilities project agents",
    );
    assert_fields(
        "agent",
        &agency["agents"][0],
        "address name role runtime state state_source state_since task branch worktree pane skills",
    );
    assert_fields(
        "messages",
        &json(testing::message()),
        "id type from to body priority task in_reply_to state sent_at delivered_at acknowledged_at reason",
    );
    assert_fields(
        "task list",
        &json(testing::task()),
        "id title feature state agency agent depends_on priority estimate_h branch base head opened_at closed_at",
    );
    assert_fields(
        "branch list",
        &json(testing::branches())[0],
        "branch agent task ahead behind dirty insertions deletions last_commit_at conflicts_with",
    );
    assert_fields(
        "lock list",
        &json(testing::locks())[0],
        "id resource type holders waiting granted_at expires_at reason",
    );
    assert_fields("log", &json(testing::log())[0], "seq at actor kind subject payload hash");
}

#[test]
fn an_approval_has_every_promised_field() {
    let approval = json(testing::approval());
    assert_fields(
        "approvals list",
        &approval,
        "id kind title agency agent task branch base head tree change state risk tests coverage diff demo waiting_s blocks",
    );
    assert_fields("tests", &approval["tests"], "passed failed skipped command");
    assert_fields("diff", &approval["diff"], "files insertions deletions");
}

#[test]
fn a_field_without_a_value_is_null() {
    let status = json(testing::status());
    assert!(status["agencies"][1]["project"].is_null());
    assert!(status["agencies"][0]["agents"][0]["task"].is_null());
    assert!(json(testing::task())["closed_at"].is_null());
}

#[test]
fn templates_and_runtimes_are_read_as_they_are_written() {
    let template = r#"{"name":"code","description":"d","source":"built-in","coordinator":"c","agents":[],"capabilities":[],"files":[],"problem":null}"#;
    let read: TemplateView = serde_json::from_str(template).expect("template");
    assert_eq!(serde_json::to_string(&read).expect("json"), template);
    let runtime = r#"{"name":"shell","command":[],"source":"built-in","takes_typing":false,"reports_state":false,"found":null,"title":"t","state":"process","messages":"fetched","verified":null,"problem":null,"facts":[]}"#;
    let read: RuntimeView = serde_json::from_str(runtime).expect("runtime");
    assert_eq!(serde_json::to_string(&read).expect("json"), runtime);
}
