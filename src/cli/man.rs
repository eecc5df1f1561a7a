//! `agency man`: manual pages, made from the same tree that reads the commands.
//!
//! A folder gets one page per command, `agency-task-add.1`; without one the first page is printed.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use serde_json::json;

use crate::cli::args::Invocation;
use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::init::shown;
use crate::domain::refusal::{Refusal, RefusalKind};

/// What `agency man` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  agency man | man -l -\n  agency man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The folder that gets every page
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Prints or writes the pages.
pub fn run(args: &ManArgs, desk: &mut Desk<'_>) -> Ending {
    let pages = pages()?;
    let Some(folder) = &args.folder else {
        let first = pages.into_iter().next().map(|page| page.text).unwrap_or_default();
        return desk.answer(&json!({ "page": first }), |_, _| first.clone());
    };
    for page in &pages {
        write(&folder.join(&page.file), &page.text, desk)?;
    }
    if desk.is_json() {
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        desk.output.json(&json!({ "folder": folder, "files": files }));
    } else {
        desk.output.note(&format!("{} pages written to {}", pages.len(), shown(folder)));
    }
    Ok(DONE)
}

struct Page {
    file: String,
    text: String,
}

/// Every page, the program's own first.
fn pages() -> Result<Vec<Page>, Refusal> {
    let mut command = Invocation::command();
    command.build();
    let mut pages = Vec::new();
    collect(&command, "agency", &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, name: &str, pages: &mut Vec<Page>) -> Result<(), Refusal> {
    let mut bytes = Vec::new();
    let page = clap_mangen::Man::new(command.clone()).title(name);
    page.render(&mut bytes).map_err(|error| {
        Refusal::new(RefusalKind::Failed, "not_written", format!("`{name}.1`: {error}"))
    })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    pages.push(Page { file: format!("{name}.1"), text });
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| collect(command, &format!("{name}-{}", command.get_name()), pages))
}

fn write(path: &Path, text: &str, desk: &Desk<'_>) -> Result<(), Refusal> {
    let mut file = desk.house.create_file(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| {
        let message = format!("`{}`: {error}", path.display());
        Refusal::new(RefusalKind::Failed, "not_written", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let files: Vec<String> =
            pages().expect("pages").into_iter().map(|page| page.file).collect();
        assert_eq!(files.first().map(String::as_str), Some("agency.1"));
        assert!(files.contains(&"agency-task-add.1".to_owned()));
        assert!(!files.iter().any(|file| file.contains("supervise")));
    }
}
