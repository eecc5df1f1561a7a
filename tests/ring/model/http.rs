//! As much HTTP/1.1 as agent programs need: one request per connection, answered whole or in chunks.
//!
//! Bodies come with a length or in chunks. Compressed bodies are refused loudly: a text that nobody
//! can read would look like a text that never came.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;

/// More than any program sends; a length beyond it is nonsense.
const MOST_BYTES: usize = 64 << 20;

/// A request that was read whole.
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without what follows `?`.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads a request; none when the other side says nothing at all.
pub fn read(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::Error::other(format!("no request: {line:?}")));
    };
    let headers = headers(&mut reader)?;
    let path = target.split('?').next().unwrap_or_default();
    let (method, path) = (method.to_owned(), path.to_owned());
    let body = body(&mut reader, stream, &headers)?;
    Ok(Some(Request { method, path, body }))
}

type Headers = Vec<(String, String)>;

fn headers(reader: &mut BufReader<&TcpStream>) -> io::Result<Headers> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(headers) };
        headers.push((name.to_lowercase(), value.trim().to_lowercase()));
    }
}

fn body(
    reader: &mut BufReader<&TcpStream>,
    stream: &TcpStream,
    headers: &Headers,
) -> io::Result<Vec<u8>> {
    let value = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    if let Some(encoding) = value("content-encoding").filter(|encoding| *encoding != "identity") {
        return Err(io::Error::other(format!("a body in `{encoding}`, which is not spoken here")));
    }
    if value("expect") == Some("100-continue") {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if value("transfer-encoding") == Some("chunked") {
        return chunks(reader);
    }
    let length = value("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    exactly(reader, length)
}

fn chunks(reader: &mut BufReader<&TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        body.extend(exactly(reader, size)?);
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn exactly(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    if length > MOST_BYTES {
        return Err(io::Error::other(format!("a body of {length} bytes")));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// The way back.
pub struct Reply<'a> {
    stream: &'a TcpStream,
}

impl<'a> Reply<'a> {
    /// To whoever asked on this connection.
    pub fn new(stream: &'a TcpStream) -> Self {
        Self { stream }
    }

    /// A whole JSON answer; `headers` are lines of their own, each with its end.
    pub fn json(&mut self, status: u16, headers: &str, body: &serde_json::Value) -> io::Result<()> {
        let body = body.to_string();
        let length = body.len();
        let head = head(status, &format!("content-type: application/json\r\n{headers}"));
        self.stream
            .write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())?;
        self.stream.flush()
    }

    /// Begins a stream of events.
    pub fn begin(&mut self) -> io::Result<()> {
        let head = head(200, "content-type: text/event-stream\r\ncache-control: no-cache\r\n");
        self.stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())
    }

    /// Sends a part of the stream at once. An error says that nobody listens any more.
    pub fn send(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())?;
        self.stream.flush()
    }

    /// Ends the stream in order.
    pub fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")?;
        self.stream.flush()
    }
}

fn head(status: u16, headers: &str) -> String {
    let reason = match status {
        200 => "OK",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Error",
    };
    format!("HTTP/1.1 {status} {reason}\r\nconnection: close\r\n{headers}")
}
