//! Performing changes of a crew: role files, `agency.json`, and the panes of those who left.
//!
//! `agency.json` is the user's: it is read in this moment, edited in place and put back only if it is still
//! what was read. What stands is not written again, so all of it can be repeated.

use crate::domain::agency::AgencyDefinition;
use crate::domain::name::{AgentAddress, Name};
use crate::engine::crew::{CrewChange, CrewChangeKind};
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::failpoint;
use crate::manifest::agency::editing;
use crate::manifest::template::role_file;
use crate::ports::folder::FolderError;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::perform::session_lane;
use crate::service::supervisor::Handle;
use crate::service::templates;

/// How often a file is read anew that was saved by somebody else in between.
const ATTEMPTS: usize = 8;

/// Does what is pending, oldest first; a change that cannot be done holds those after it.
pub fn write(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, agency: Name) {
    let Some(record) = state.sessions.agency(&agency) else { return };
    let (changes, definition) = (record.crew.pending.clone(), record.definition.clone());
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &session_lane(&agency),
        Box::new(move || {
            for change in changes {
                let number = change.number;
                if let Err(problem) = carry_out(&outside, &definition, change) {
                    tracing::warn!(%agency, %problem, "a change of the crew waits");
                    handle.input(Input::CrewUnwritten { agency, problem });
                    return;
                }
                let agency = agency.clone();
                handle.input(Input::CrewWritten { agency, change: number });
            }
        }),
    );
}

fn carry_out(
    outside: &Outside,
    definition: &AgencyDefinition,
    change: CrewChange,
) -> Result<(), String> {
    let agency = &definition.name;
    match change.kind {
        CrewChangeKind::Hired => {
            let (path, text) = role(outside, definition, &change);
            outside
                .folder
                .add_agency_file(agency, &path, &text)
                .map_err(|error| error.to_string())?;
            failpoint::hit("hire.role_written");
            define(outside, agency, &change)?;
            failpoint::hit("hire.defined");
        }
        CrewChangeKind::Dismissed => {
            let address = AgentAddress::new(agency.clone(), change.definition.name.clone());
            outside.terminals.close_agent(&address, None).map_err(|error| error.to_string())?;
            failpoint::hit("dismiss.pane_closed");
            define(outside, agency, &change)?;
            failpoint::hit("dismiss.defined");
        }
    }
    Ok(())
}

/// The role file: from the template that the agency is made of, if that has one for this agent.
fn role(
    outside: &Outside,
    definition: &AgencyDefinition,
    change: &CrewChange,
) -> (std::path::PathBuf, String) {
    let shelf = templates::load_all(outside.folder.as_ref()).unwrap_or_default();
    let bare = || crate::manifest::template::Template::bare(&definition.name);
    let whose = (&definition.name, &definition.coordinator);
    let template = templates::of_agency(&shelf.templates, definition.template.as_deref(), whose);
    let template = template.cloned().or_else(bare);
    let path = change.definition.role_file.clone();
    template.map_or((path, String::new()), |template| {
        role_file(&template, definition, &change.definition)
    })
}

fn define(outside: &Outside, agency: &Name, change: &CrewChange) -> Result<(), String> {
    for _ in 0..ATTEMPTS {
        let file = outside.folder.load_definition(agency).map_err(|error| error.to_string())?;
        let file = file.ok_or_else(|| format!("agencies/{agency}/agency.json is gone"))?;
        let path = file.path.display().to_string();
        let edited = match change.kind {
            CrewChangeKind::Hired => editing::with_agent(&path, &file.text, &change.definition),
            CrewChangeKind::Dismissed => {
                editing::without_agent(&path, &file.text, &change.definition.name)
            }
        };
        let Some(text) = edited.map_err(|problems| problems.to_string())? else { return Ok(()) };
        match outside.folder.replace_definition(agency, &file.text, &text) {
            Err(FolderError::Changed { .. }) => {}
            other => return other.map_err(|error| error.to_string()),
        }
    }
    Err(format!("agencies/{agency}/agency.json is being written by somebody else"))
}
