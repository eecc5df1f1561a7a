//! Performing what a meeting leaves: one file below `registry/meetings`.
//!
//! Written again after a crash it is the same file; one that a person has edited or made there keeps what it says,
//! and the new one lies beside it.

use std::path::PathBuf;

use crate::engine::input::Input;
use crate::failpoint;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::supervisor::Handle;

/// Where meetings are written, relative to the workbench.
pub const MEETINGS: &str = "registry/meetings";

/// Writes a meeting down.
pub fn write(outside: &Outside, handle: &Handle, lanes: &Lanes, meeting: String, text: String) {
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        "documents",
        Box::new(move || {
            let path = PathBuf::from(MEETINGS).join(format!("{meeting}.md"));
            let file = match outside.folder.add_beside(&path, &text) {
                Ok(file) => Some(file),
                Err(error) => {
                    tracing::error!(%meeting, %error, "the meeting could not be written down");
                    None
                }
            };
            failpoint::hit("meeting.written");
            handle.input(Input::MeetingWritten { meeting, file });
        }),
    );
}
