//! What our sessions are called: like their agency, unless somebody else's session has that name.
//!
//! After a reboot a program that restores sessions may have made one of the same name, with plain shells and no
//! mark of ours. It is a person's: it is neither used nor renamed. Ours stands beside it under another name, and
//! takes its own when that is free.

use super::command::Cmd;
use super::server::Server;
use super::snapshot::{SessionRow, Snapshot};
use crate::domain::name::Name;

/// What follows the agency's name; no agency can be called so.
const BESIDE: &str = "~agency";

/// The name for a new session.
pub(super) fn free(snapshot: &Snapshot, agency: &Name) -> String {
    let beside = (2_u32..).map(|number| format!("{agency}{BESIDE}-{number}"));
    let mut names = [agency.to_string(), format!("{agency}{BESIDE}")].into_iter().chain(beside);
    names.find(|name| !snapshot.is_taken(name)).unwrap_or_else(|| agency.to_string())
}

/// Gives our sessions their own names back where those are free. One that a person has renamed stays so.
pub(super) fn take_back(server: &Server, snapshot: &mut Snapshot) {
    let is_beside = |row: &SessionRow| {
        row.is_ours
            && row.name.strip_prefix(&row.agency).is_some_and(|rest| rest.starts_with(BESIDE))
    };
    let names: Vec<String> = snapshot.sessions.iter().map(|row| row.name.clone()).collect();
    for row in snapshot.sessions.iter_mut().filter(|row| is_beside(row)) {
        let rename = Cmd::new("rename-session").option("-t", row.id.as_str());
        // Somebody may take the name in this moment: then the session keeps the one that it has.
        if !names.contains(&row.agency) && server.ask(&[rename.param(row.agency.as_str())]).is_ok()
        {
            row.name.clone_from(&row.agency);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_is_the_agencys_and_the_next_one_that_nobody_has() {
        let agency = Name::parse("Code").expect("a name");
        let mut snapshot = Snapshot::default();
        for name in ["Code", "Code~agency", "Code~agency-2", "Code~agency-3"] {
            assert_eq!(free(&snapshot, &agency), name);
            let (id, name) = ("$1".to_owned(), name.to_owned());
            let row = SessionRow { id, name, is_ours: false, agency: String::new() };
            snapshot.sessions.push(row);
        }
    }
}
