//! The scripted model: a server on loopback that speaks what agent programs speak to their models.
//!
//! It thinks nothing: a directive in the last user message says what it answers (see `directive`). What it
//! was asked is kept in its log, which is the ground truth for "did the text reach the model, whole
//! and once". It listens on 127.0.0.1 only.

pub mod answer;
pub mod ask;
pub mod directive;
pub mod http;
pub mod log;
pub mod sample;
pub mod voice;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use answer::Limits;
use log::Log;

/// A model that runs; it ends with the process.
pub struct Model {
    port: u16,
    log: Arc<Log>,
}

impl Model {
    /// Listens on a port of loopback (0: any free one) and keeps its log in memory, and in a file if one is named.
    pub fn start(port: u16, file: Option<&Path>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let log = Arc::new(Log::new(file)?);
        let limits = Arc::new(Limits::default());
        let kept = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, limits) = (kept.clone(), limits.clone());
                std::thread::spawn(move || serve(&stream, &log, &limits));
            }
        });
        Ok(Self { port, log })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it was asked so far.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

/// One connection carries one request: every answer closes it.
fn serve(stream: &TcpStream, log: &Log, limits: &Limits) {
    match http::read(stream) {
        Ok(Some(request)) => answer::give(&request, &mut http::Reply::new(stream), log, limits),
        Ok(None) => {}
        Err(error) => log.complain(&error.to_string()),
    }
}
