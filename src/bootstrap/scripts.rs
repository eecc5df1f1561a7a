//! The short names of common commands, as the source documents call them, laid into a workbench that wants them.
//!
//! They stand in `scripts/`; the same names beside `agency.toml` lead there, because they are called from both places.
//! A file of the user's own stays.

use std::path::PathBuf;

use crate::ports::folder::TextFile;

/// Name and text of each.
const SCRIPTS: [(&str, &str); 6] = [
    ("create_agency.sh", include_str!("../../scripts/create_agency.sh")),
    ("send-agency-message.sh", include_str!("../../scripts/send-agency-message.sh")),
    ("send-inter-agency.sh", include_str!("../../scripts/send-inter-agency.sh")),
    ("broadcast-agency.sh", include_str!("../../scripts/broadcast-agency.sh")),
    ("approval-cli.sh", include_str!("../../scripts/approval-cli.sh")),
    ("deploy-to-sandbox.sh", include_str!("../../scripts/deploy-to-sandbox.sh")),
];

/// Every file that is laid, relative to the workbench.
pub fn files() -> Vec<TextFile> {
    let inner = SCRIPTS.iter().map(|(name, text)| TextFile {
        path: PathBuf::from("scripts").join(name),
        text: (*text).to_owned(),
    });
    let outer = SCRIPTS.iter().map(|(name, _)| TextFile {
        path: PathBuf::from(name),
        text: format!("#!/bin/sh\n# The same as scripts/{name}.\nexec \"$(dirname \"$0\")/scripts/{name}\" \"$@\"\n"),
    });
    inner.chain(outer).collect()
}
