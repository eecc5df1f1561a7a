//! By the program's own server on loopback: a status of 2xx means that it has the text.
//!
//! Only 127.0.0.1 is ever asked, without a proxy, and no redirection is followed.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ureq::Agent;

use super::{not_taken, unknown};
use crate::ports::channels::Handed;

/// Posts a document.
pub(super) fn post(
    port: u16,
    path: &str,
    body: &Value,
    login: Option<&(String, String)>,
    deadline: Duration,
) -> Handed {
    let config = Agent::config_builder()
        .timeout_global(Some(deadline))
        .http_status_as_error(false)
        // The server is on this machine: a proxy of the user's is for elsewhere.
        .proxy(None)
        .max_redirects(0)
        .build();
    let request = Agent::new_with_config(config)
        .post(format!("http://127.0.0.1:{port}{path}"))
        .header("content-type", "application/json");
    let request = match login {
        Some((user, password)) => {
            let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
            request.header("authorization", format!("Basic {login}"))
        }
        None => request,
    };
    match request.send(body.to_string()) {
        Ok(answer) if answer.status().is_success() => Handed::Taken,
        // It failed over it: how far it had come is not told.
        Ok(answer) if answer.status().is_server_error() => {
            unknown(format!("its server answered {}", answer.status()))
        }
        Ok(answer) => not_taken(format!("its server answered {}", answer.status())),
        Err(ureq::Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            not_taken("its server does not listen")
        }
        Err(ureq::Error::ConnectionFailed) => not_taken("its server does not listen"),
        Err(error) => unknown(format!("its server: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Answers one request, and gives its head and body.
    fn answer_once(listener: TcpListener, answer: &'static str) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a caller");
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                if let Some(count) = line.to_lowercase().strip_prefix("content-length:") {
                    length = count.trim().parse().expect("a length");
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            reader.get_mut().write_all(answer.as_bytes()).expect("answered");
            head + &String::from_utf8(body).expect("text")
        })
    }

    fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        (listener, port)
    }

    #[test]
    fn a_document_reaches_the_server_whole_with_its_login() {
        let (listener, port) = listener();
        let served = answer_once(listener, "HTTP/1.1 204 No Content\r\n\r\n");
        let login = ("opencode".to_owned(), "secret".to_owned());
        let body = json!({ "text": "line\n\"two\" \u{4e16}" });
        assert_eq!(post(port, "/session/a/prompt", &body, Some(&login), LIMIT), Handed::Taken);
        let seen = served.join().expect("it answered");
        assert!(seen.starts_with("POST /session/a/prompt HTTP/1.1"), "{seen}");
        assert!(seen.contains("Basic b3BlbmNvZGU6c2VjcmV0"), "{seen}");
        assert!(seen.ends_with(&body.to_string()), "{seen}");
    }

    #[test]
    fn a_refusal_and_a_closed_port_are_certainly_not_taken() {
        let (open, port) = listener();
        let served = answer_once(open, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        let refused = post(port, "/x", &json!({}), None, LIMIT);
        assert!(
            matches!(&refused, Handed::NotTaken { reason } if reason.contains("404")),
            "{refused:?}"
        );
        served.join().expect("it answered");
        let closed = post(port, "/x", &json!({}), None, LIMIT);
        assert!(matches!(closed, Handed::NotTaken { .. }), "{closed:?}");
    }

    #[test]
    fn a_server_that_never_answers_may_have_it() {
        let (open, port) = listener();
        let silent = post(port, "/x", &json!({}), None, Duration::from_millis(100));
        assert!(matches!(silent, Handed::Unknown { .. }), "{silent:?}");
        drop(open);
    }
}
