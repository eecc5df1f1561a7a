//! The only place that writes to standard output and standard error.
//!
//! stdout is the answer, narration goes to stderr; under `--json` stdout gets exactly one document.
//! A reader that went away is remembered and ends the program quietly, never with a panic.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::style::{Paint, Tone};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::failure::Failure;

/// The status a shell shows for a program whose reader went away: 128 + SIGPIPE.
pub const READER_GONE: u8 = 141;

/// In which form answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
}

/// How much is told beside the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Errors only.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// Each step too.
    Verbose,
}

/// Where answers and narration go.
pub struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// In which form answers are given.
    pub form: Form,
    /// How much is told beside them.
    pub volume: Volume,
    /// Colours on standard output.
    pub paint: Paint,
    /// Colours on standard error.
    pub err_paint: Paint,
    failed: Option<io::Error>,
}

impl Output {
    /// Puts the two streams together, plain and for people.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self {
            out,
            err,
            form: Form::Human,
            volume: Volume::Normal,
            paint: Paint::Plain,
            err_paint: Paint::Plain,
            failed: None,
        }
    }

    /// The process's own streams; each write locks them for itself.
    pub fn of_process() -> Self {
        Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Writes text to standard output as it is.
    pub fn text(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.remember(written);
    }

    /// Writes one line to standard output.
    pub fn line(&mut self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// Writes a JSON document over several lines.
    pub fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.line(&text),
            Err(error) => self.remember(Err(error.into())),
        }
    }

    /// Writes a JSON document in one line: for streams of them.
    pub fn json_line<T: Serialize + ?Sized>(&mut self, value: &T) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(&text),
            Err(error) => self.remember(Err(error.into())),
        }
    }

    /// Tells a person something beside the answer.
    pub fn note(&mut self, text: &str) {
        if self.volume != Volume::Quiet {
            self.narrate(text);
        }
    }

    /// Tells a step, with `-v` only.
    pub fn detail(&mut self, text: &str) {
        if self.volume == Volume::Verbose {
            self.narrate(&self.err_paint.tone(Tone::Muted, text));
        }
    }

    /// Asks a person something: text without a line end, whatever the volume.
    pub fn prompt(&mut self, text: &str) {
        // Narration cannot fail usefully: there is nowhere left to say so.
        let _ = write!(self.err, "{text}").and_then(|()| self.err.flush());
    }

    fn narrate(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Shows why something was not done.
    pub fn refuse(&mut self, refusal: &Refusal) {
        let failure = Failure::from(refusal);
        match self.form {
            Form::Json => self.json(&failure.into_document()),
            Form::Human => {
                let word = self.err_paint.tone(Tone::Danger, "error:");
                self.narrate(&format!("{word} {}", failure.indented_message()));
                if let Some(hint) = &failure.hint {
                    let word = self.err_paint.tone(Tone::Good, "hint:");
                    self.narrate(&format!("{word} {hint}"));
                }
            }
        }
    }

    /// A writer for long answers, which keeps its own buffer.
    pub fn stream(&mut self) -> io::BufWriter<&mut dyn Write> {
        io::BufWriter::new(&mut *self.out)
    }

    /// Whether nobody reads any more, or nothing more can be written.
    pub fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Keeps the first failure of a write; [`Output::final_status`] tells it.
    pub fn remember(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    /// The status to end with, given that of the command.
    pub fn final_status(&mut self, status: u8) -> u8 {
        match self.failed.take() {
            None => status,
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => READER_GONE,
            Some(error) => {
                let refusal = Refusal::new(
                    RefusalKind::Failed,
                    "output_failed",
                    format!("standard output cannot be written: {error}"),
                );
                self.form = Form::Human;
                self.refuse(&refusal);
                refusal.kind.exit_status()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_ends_the_program_quietly() {
        let mut output =
            Output::new(Box::new(Broken(io::ErrorKind::BrokenPipe)), Box::new(io::sink()));
        output.line("one");
        assert!(output.is_closed());
        assert_eq!(output.final_status(0), READER_GONE);
    }

    #[test]
    fn a_full_disk_is_a_failure() {
        let mut output =
            Output::new(Box::new(Broken(io::ErrorKind::StorageFull)), Box::new(io::sink()));
        output.line("one");
        assert_eq!(output.final_status(0), 1);
    }
}
