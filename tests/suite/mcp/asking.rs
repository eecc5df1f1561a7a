//! Questions that wait for their answer: signs of life, whose word counts, and every way in which a wait ends.

use super::*;

#[test]
fn a_question_waits_for_its_answer_and_gives_signs_of_life() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let params = json!({
        "name": "ask", "arguments": { "to": "Code", "question": "which port?", "timeout_s": 60 },
        "_meta": { "progressToken": "sign" },
    });
    let asked = dev.begin("tools/call", &params);
    // A call that waits keeps nobody else waiting.
    assert_eq!(dev.must("who", &json!({}))["me"], DEV);
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    let question = lead.must("inbox", &json!({}))["messages"][0].clone();
    assert_eq!((&question["type"], &question["body"]), (&json!("question"), &json!("which port?")));
    let began = Instant::now();
    while dev.heard.is_empty() && began.elapsed() < PATIENCE {
        let line = dev.lines.recv_timeout(PATIENCE).expect("a sign of life");
        dev.heard.push(line);
    }
    assert_eq!(dev.heard[0]["method"], "notifications/progress", "{:?}", dev.heard);
    assert_eq!(dev.heard[0]["params"]["progressToken"], "sign");
    lead.must("send", &json!({ "to": DEV, "text": "8080", "in_reply_to": question["id"] }));
    let answered = dev.answer(asked)["result"].clone();
    assert!(words(&answered).contains("| 8080"), "{answered}");
    let content = &answered["structuredContent"];
    assert_eq!((&content["answered"], &content["id"]), (&json!(true), &question["id"]));
    // It was given, and is dealt with when its agent says so; it can be had again before and after.
    let again = || json!({ "id": question["id"], "timeout_s": 0 });
    assert_eq!(dev.must("await_reply", &again())["answer"]["body"], "8080");
    dev.must("acknowledge", &json!({ "ids": [content["answer"]["id"]] }));
    assert_eq!(dev.must("inbox", &json!({}))["messages"], json!([]));
    assert_eq!(dev.must("await_reply", &again())["answer"]["body"], "8080");
    let foreign = lead.refused("await_reply", &json!({ "id": question["id"] }));
    assert_eq!(foreign["code"], "not_your_question");
}

#[test]
fn an_answer_that_its_program_did_not_wait_for_is_in_the_inbox_until_it_is_acknowledged() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let params = json!({ "name": "ask", "arguments": { "to": "Code", "question": "which port?", "timeout_s": 600 } });
    // The program gives the call up by its own time limit and tells nobody.
    let given_up = dev.begin("tools/call", &params);
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    let question = lead.must("inbox", &json!({}))["messages"][0].clone();
    let sent =
        lead.must("send", &json!({ "to": DEV, "text": "8080", "in_reply_to": question["id"] }));
    assert_eq!(dev.answer(given_up)["result"]["structuredContent"]["answer"]["id"], sent["id"]);
    let open = dev.call("inbox", &json!({}));
    assert!(words(&open).contains("| 8080\n  (given to you before"), "{open}");
    let content = &open["structuredContent"];
    assert_eq!(
        (&content["messages"][0]["id"], &content["given_before"][0]),
        (&sent["id"], &sent["id"])
    );
    dev.must("acknowledge", &json!({ "ids": [sent["id"]] }));
    assert_eq!(dev.must("inbox", &json!({}))["messages"], json!([]));
}

#[test]
fn somebody_elses_word_is_no_answer_to_a_question() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    // The operator is asked; the coordinator answers unasked.
    let asked =
        dev.must("ask", &json!({ "to": "operator", "question": "which port?", "timeout_s": 0 }));
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    lead.must("send", &json!({ "to": DEV, "text": "1", "in_reply_to": asked["id"] }));
    let look = || json!({ "id": asked["id"], "timeout_s": 0 });
    assert_eq!(dev.must("await_reply", &look())["answered"], false);
    assert_eq!(
        dev.must("inbox", &json!({}))["messages"][0]["body"],
        "1",
        "it is a message as others"
    );
    let id = asked["id"].as_str().expect("an id");
    world.must(&["send", DEV, "8080", "--in-reply-to", id]);
    assert_eq!(dev.must("await_reply", &look())["answer"]["body"], "8080");
}

#[test]
fn a_question_without_an_answer_ends_with_its_time_its_cancelling_or_its_asker() {
    let world = world();
    let mut dev = Client::new(&world, DEV);
    let late = dev.must("ask", &json!({ "to": "Code", "question": "anybody?", "timeout_s": 0 }));
    assert_eq!(late["answered"], false);
    let own = dev.refused("ask", &json!({ "to": DEV, "question": "who am I?" }));
    assert_eq!(own["code"], "own_question");
    let params =
        json!({ "name": "await_reply", "arguments": { "id": late["id"], "timeout_s": 600 } });
    let waiting = dev.begin("tools/call", &params);
    dev.notify("notifications/cancelled", &json!({ "requestId": waiting, "reason": "enough" }));
    // Whoever cancelled gets no answer any more, and everything else goes on.
    assert_eq!(dev.must("who", &json!({}))["me"], DEV);
    assert!(dev.heard.iter().all(|line| line["id"] != waiting), "{:?}", dev.heard);
    let params = json!({ "name": "ask", "arguments": { "to": "Code/lead", "question": "now?", "timeout_s": 600 } });
    let waiting = dev.begin("tools/call", &params);
    world.wait_until("both questions to lie there", PATIENCE, || world.count("message_routed") > 1);
    // Its end of the conversation is closed: the wait ends at once, and so does the process.
    let began = Instant::now();
    dev.input = None;
    world.wait_until("the process to end", PATIENCE, || !ends(&world, DEV).is_empty());
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    assert_eq!(ends(&world, DEV), ["0"], "call {waiting} held it");
}

#[test]
fn a_question_to_somebody_who_leaves_dies_and_ends_the_wait() {
    let world = world();
    world.must(&["hire", "Code", "helper", "--runtime", "shell"]);
    let mut dev = Client::new(&world, DEV);
    let arguments = json!({ "to": "Code/helper", "question": "are you there?", "timeout_s": 600 });
    let asked = dev.begin("tools/call", &json!({ "name": "ask", "arguments": arguments }));
    world.wait_until("the question to lie there", PATIENCE, || world.count("message_routed") > 0);
    let began = Instant::now();
    world.must(&["dismiss", "Code", "helper", "--yes"]);
    let ended = dev.answer(asked)["result"].clone();
    assert!(began.elapsed() < PATIENCE, "it took {:?}", began.elapsed());
    assert_eq!(ended["isError"], true, "{ended}");
    let error = &ended["structuredContent"]["error"];
    assert_eq!(error["code"], "dead", "{ended}");
    assert!(words(&ended).contains("Code/helper") && words(&ended).contains("who"), "{ended}");
    // The same question can still be asked about, and says the same at once.
    let messages = world.json(&["messages", "--type", "question"]);
    let id = messages[0]["id"].clone();
    let again = dev.refused("await_reply", &json!({ "id": id, "timeout_s": 600 }));
    assert_eq!(again["code"], "dead");
}

#[test]
fn a_question_whose_time_runs_out_ends_the_wait() {
    let world = world();
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.write("agency.toml", &format!("{settings}\n[queue]\nopen_from = [\"{DEV}\"]\n"));
    world.must(&["down"]);
    world.must(&["up"]);
    let mut dev = Client::new(&world, DEV);
    let (id, form) = ("0195f000-0000-7000-8000-000000000001", "+%Y-%m-%dT%H:%M:%SZ");
    let ends = world.run("date", &["-u", "-d", "+4 seconds", form], &[]).stdout;
    let question = json!({
        "id": id, "type": "question", "from": DEV, "to": LEAD, "body": "now?",
        "expires_at": ends.trim(),
    });
    world.write("registry/queue/tmp/q.json", &question.to_string());
    let door = world.home().join("registry/queue");
    std::fs::rename(door.join("tmp/q.json"), door.join("new/q.json")).expect("dropped");
    world.wait_until("the question to lie there", PATIENCE, || world.count("message_routed") > 0);
    let arguments = json!({ "id": id, "timeout_s": 600 });
    let params = json!({ "name": "await_reply", "arguments": arguments });
    let waiting = dev.begin("tools/call", &params);
    let ended = dev.answer(waiting)["result"].clone();
    assert_eq!(ended["isError"], true, "{ended}");
    assert_eq!(ended["structuredContent"]["error"]["code"], "expired", "{ended}");
}

#[test]
fn two_agents_that_would_wait_for_each_other_are_told_whose_turn_it_is() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let arguments = json!({ "to": "Code", "question": "which port?", "timeout_s": 60 });
    let asked = dev.begin("tools/call", &json!({ "name": "ask", "arguments": arguments }));
    world.wait_until("it to wait", PATIENCE, || world.count("wait_begun") == 1);
    let question = lead.must("inbox", &json!({}))["messages"][0]["id"].clone();
    let circle = json!({ "to": DEV, "question": "which host?", "timeout_s": 60 });
    let refused = lead.refused("ask", &circle);
    assert_eq!(refused["code"], "waiting_cycle", "{refused}");
    let hint = refused["hint"].as_str().expect("a hint");
    assert!(hint.contains(question.as_str().expect("an id")), "{hint}");
    assert_eq!(world.json(&["messages", "--type", "question"]).as_array().map(Vec::len), Some(1));
    lead.must("send", &json!({ "to": DEV, "text": "8080", "in_reply_to": question }));
    assert_eq!(dev.answer(asked)["result"]["structuredContent"]["answer"]["body"], "8080");
    // Who has its answer does not wait, and who gives up says so.
    let late = json!({ "to": DEV, "question": "which host?", "timeout_s": 1 });
    assert_eq!(lead.must("ask", &late)["answered"], false);
    world.wait_until("the wait to be over", PATIENCE, || world.count("wait_ended") == 1);
    let back = json!({ "to": LEAD, "question": "and now?", "timeout_s": 1 });
    assert_eq!(dev.must("ask", &back)["answered"], false);
}
