//! What every workbench folder must do; run on the fake and on the real one.

use std::path::{Path, PathBuf};

use crate::domain::name::Name;
use crate::ports::folder::{FolderError, TextFile, WorkbenchFolder};

/// A file relative to where it goes.
pub fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: PathBuf::from(path), text: text.to_owned() }
}

/// A name.
pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// Runs every assertion on fresh folders without agencies.
pub fn holds(make: &dyn Fn() -> Box<dyn WorkbenchFolder>) {
    an_agency_is_made_once_read_and_archived(make().as_ref());
    a_path_that_leaves_the_agency_is_refused(make().as_ref());
    what_a_person_edited_is_kept_and_the_next_lies_beside_it(make().as_ref());
    records_are_written_once(make().as_ref());
    a_definition_is_replaced_only_as_it_was_read(make().as_ref());
    a_file_is_added_once_and_inside(make().as_ref());
    a_template_is_made_once(make().as_ref());
}

fn an_agency_is_made_once_read_and_archived(folder: &dyn WorkbenchFolder) {
    assert_eq!(folder.load_definitions().unwrap(), []);
    assert_eq!(folder.load_definition(&name("Code")).unwrap(), None);
    let files = [file("agency.json", "{}"), file("roles/dev.md", "Dev.")];
    folder.make_agency(&name("Code"), &files).unwrap();
    folder.make_agency(&name("Alpha"), &files).unwrap();
    let again = folder.make_agency(&name("Code"), &[]);
    assert!(matches!(again, Err(FolderError::Exists { .. })), "{again:?}");
    let found = folder.load_definitions().unwrap();
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Alpha", "Code"]);
    assert_eq!(found[1].1.text, "{}");
    assert_eq!(folder.load_definition(&name("Code")).unwrap(), Some(found[1].1.clone()));
    let role = folder.load_agency_file(&name("Code"), Path::new("roles/dev.md")).unwrap();
    assert_eq!(role.unwrap().text, "Dev.");
    let none = folder.load_agency_file(&name("Code"), Path::new("roles/qa.md")).unwrap();
    assert_eq!(none, None);

    folder.append_activity(&name("Code"), &["started".to_owned()]).unwrap();
    let archived = folder.archive_agency(&name("Code"), "20260102T030405Z").unwrap();
    assert_eq!(folder.archive_agency(&name("Code"), "20260102T030405Z").unwrap(), archived);
    assert!(
        folder.archive_agency(&name("Code"), "20260102T030406Z").is_ok(),
        "of a folder that is gone there is nothing to move"
    );
    assert_eq!(folder.load_definition(&name("Code")).unwrap(), None);
    assert_eq!(folder.load_definitions().unwrap().len(), 1);
    assert!(folder.append_activity(&name("Code"), &["late".to_owned()]).is_err());
    folder.make_agency(&name("Code"), &files).unwrap();
}

fn a_path_that_leaves_the_agency_is_refused(folder: &dyn WorkbenchFolder) {
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    for path in ["../x", "/etc/passwd", "a/../../x", "", "."] {
        let read = folder.load_agency_file(&name("Code"), Path::new(path));
        assert!(matches!(read, Err(FolderError::Outside { .. })), "{path:?}: {read:?}");
        let made = folder.make_agency(&name("Other"), &[file(path, "x")]);
        assert!(matches!(made, Err(FolderError::Outside { .. })), "{path:?}: {made:?}");
        let written = folder.write_document(None, Path::new(path), "x");
        assert!(matches!(written, Err(FolderError::Outside { .. })), "{path:?}: {written:?}");
    }
    for view in ["../x.json", "a/b.json", "..", ""] {
        let written = folder.write_view(view, "{}");
        assert!(matches!(written, Err(FolderError::Outside { .. })), "{view:?}: {written:?}");
    }
    assert_eq!(folder.load_definitions().unwrap().len(), 1);
}

fn a_definition_is_replaced_only_as_it_was_read(folder: &dyn WorkbenchFolder) {
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    folder.replace_definition(&name("Code"), "{}", "{1}").unwrap();
    let late = folder.replace_definition(&name("Code"), "{}", "{2}");
    assert!(matches!(late, Err(FolderError::Changed { .. })), "{late:?}");
    let file = folder.load_definition(&name("Code")).unwrap().unwrap();
    assert_eq!(file.text, "{1}");
    assert!(folder.replace_definition(&name("Other"), "", "x").is_err());
}

fn a_file_is_added_once_and_inside(folder: &dyn WorkbenchFolder) {
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    let path = Path::new("agents/new.md");
    folder.add_agency_file(&name("Code"), path, "one").unwrap();
    folder.add_agency_file(&name("Code"), path, "two").unwrap();
    assert_eq!(folder.load_agency_file(&name("Code"), path).unwrap().unwrap().text, "one");
    for path in ["../x", "/etc/x", "a/../../x"] {
        let added = folder.add_agency_file(&name("Code"), Path::new(path), "x");
        assert!(matches!(added, Err(FolderError::Outside { .. })), "{path:?}: {added:?}");
    }
}

fn a_template_is_made_once(folder: &dyn WorkbenchFolder) {
    let files = [file("agency.json", "{}"), file("scripts/x.sh", "true")];
    let made = folder.make_template(&name("web"), &files).unwrap();
    assert!(made.ends_with("templates/web"), "{made:?}");
    let again = folder.make_template(&name("web"), &files);
    assert!(matches!(again, Err(FolderError::Exists { .. })), "{again:?}");
}

fn what_a_person_edited_is_kept_and_the_next_lies_beside_it(folder: &dyn WorkbenchFolder) {
    let path = Path::new("registry/meetings/daily/2026-11-21-Code.md");
    let read = |file: &Path| folder.read_tail(&folder.home().join(file), 100).unwrap();
    let first = folder.add_beside(path, "one").unwrap();
    assert_eq!((first.as_path(), read(&first).as_str()), (path, "one"));
    assert_eq!(folder.add_beside(path, "one").unwrap(), first, "the same again is the same file");
    let second = folder.add_beside(path, "two").unwrap();
    assert_eq!(second, Path::new("registry/meetings/daily/2026-11-21-Code-2.md"));
    assert_eq!((read(&first), read(&second)), ("one".to_owned(), "two".to_owned()));
    let out = folder.add_beside(Path::new("../x.md"), "x");
    assert!(matches!(out, Err(FolderError::Outside { .. })), "{out:?}");
}

fn records_are_written_once(folder: &dyn WorkbenchFolder) {
    let path = Path::new("docs/decisions/AP-001.md");
    let written = folder.write_document(None, path, "one").unwrap();
    assert_eq!(folder.write_document(None, path, "two").unwrap(), written);
    assert_eq!(folder.read_tail(&written, 100).unwrap(), "one");
    assert_eq!(folder.read_tail(&written, 2).unwrap(), "ne");
    for _ in 0..2 {
        folder.add_change(None, "AP-001", "- Adds a thing (AP-001)").unwrap();
        folder.add_change(None, "AP-002", "- Adds another").unwrap();
    }
    let log = folder.read_tail(&folder.home().join("CHANGELOG.md"), 10_000).unwrap();
    assert_eq!(log.matches("AP-001").count(), 1, "{log}");
    assert_eq!(log.matches("Adds another").count(), 1, "{log}");
    folder.write_view("active_agencies.json", "[1]").unwrap();
    folder.write_view("active_agencies.json", "[2]").unwrap();
    let view = folder.home().join("registry/active_agencies.json");
    assert_eq!(folder.read_tail(&view, 10).unwrap(), "[2]");
}
