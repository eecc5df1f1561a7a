//! The folder on a real disk: contract, links, half states, modes, the lock, making a workbench.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::ports::folder::contract::{self, file, name};

fn workbench() -> (TempDir, DiskFolder) {
    let home = tempfile::tempdir().expect("a folder");
    make_workbench(home.path(), &[]).expect("a workbench");
    let folder = DiskFolder::new(home.path());
    (home, folder)
}

fn write(path: &Path, text: &str) {
    files::replace(path, text.as_bytes(), 0o644, false).unwrap();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_folder_on_disk_keeps_the_contract() {
    let homes = Mutex::new(Vec::new());
    contract::holds(&|| {
        let (home, folder) = workbench();
        homes.lock().unwrap().push(home);
        Box::new(folder)
    });
}

#[test]
fn scripts_of_a_new_agency_may_be_run_and_nothing_stays_beside_it() {
    let (home, folder) = workbench();
    let files = [file("agency.json", "{}"), file("tools/lint.sh", "#!/bin/sh\n")];
    folder.make_agency(&name("Code"), &files).unwrap();
    let agency = home.path().join("agencies/Code");
    let mode = |path: &str| agency.join(path).metadata().unwrap().mode() & 0o777;
    assert_eq!(mode("tools/lint.sh"), 0o755);
    assert_eq!(mode("agency.json"), 0o644);
    assert_eq!(mode("."), 0o755);
    let refused = folder.make_agency(&name("Bad"), &[file("a.md", "a"), file("../b.md", "b")]);
    assert!(refused.is_err());
    assert_eq!(std::fs::read_dir(home.path().join("agencies")).unwrap().count(), 1);
}

#[test]
fn an_agency_that_a_kill_left_half_built_is_not_seen() {
    let (home, folder) = workbench();
    let half = home.path().join("agencies/.new-abc");
    std::fs::create_dir(&half).unwrap();
    write(&half.join("agency.json"), "{}");
    assert_eq!(folder.load_definitions().unwrap(), []);
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    assert_eq!(folder.load_definitions().unwrap().len(), 1);
}

#[test]
fn a_link_out_of_the_agency_is_refused_and_one_inside_is_read() {
    let (home, folder) = workbench();
    write(&home.path().join("secret.md"), "secret");
    folder.make_agency(&name("Code"), &[file("roles/dev.md", "Dev.")]).unwrap();
    let agency = home.path().join("agencies/Code");
    symlink(home.path().join("secret.md"), agency.join("out.md")).unwrap();
    symlink(home.path(), agency.join("up")).unwrap();
    symlink("roles/dev.md", agency.join("in.md")).unwrap();
    let load = |path: &str| folder.load_agency_file(&name("Code"), Path::new(path));
    assert!(matches!(load("out.md"), Err(FolderError::Outside { .. })));
    assert!(matches!(load("up/secret.md"), Err(FolderError::Outside { .. })));
    assert_eq!(load("in.md").unwrap().unwrap().text, "Dev.");
    let long = "x".repeat(300);
    assert!(matches!(load(&long), Err(FolderError::Io { .. })));
}

#[test]
fn text_that_is_not_utf_8_a_folder_and_a_pipe_are_told_apart() {
    let (home, folder) = workbench();
    let path = home.path().join("agency.toml");
    files::replace(&path, b"\xff", 0o644, false).unwrap();
    assert_eq!(folder.load_config(), Err(FolderError::NotText { path: path.clone() }));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(folder.load_config(), Ok(None));
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(folder.load_config(), Err(FolderError::Io { .. })));
    std::fs::remove_dir(&path).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
    assert!(matches!(folder.load_config(), Err(FolderError::Io { .. })));
}

#[test]
fn an_activity_line_is_one_plain_line() {
    let (home, folder) = workbench();
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    folder.append_activity(&name("Code"), &["one\u{1b}[2J\ntwo".to_owned()]).unwrap();
    folder.append_activity(&name("Code"), &["x".repeat(9000)]).unwrap();
    let log = read(&home.path().join("agencies/Code/logs/activity.log"));
    let lines: Vec<_> = log.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "one[2J two"));
    assert_eq!(lines[1].chars().count(), MAX_ACTIVITY);
}

#[test]
fn a_hand_edited_change_log_keeps_its_lines_its_mode_and_its_link() {
    let (home, folder) = workbench();
    let real = home.path().join("docs.md");
    files::replace(&real, b"# Ours\n\n## Unreleased\n\n- by hand\n", 0o600, false).unwrap();
    symlink("docs.md", home.path().join("CHANGELOG.md")).unwrap();
    folder.add_change(None, "AP-001", "- by agency (AP-001)").unwrap();
    assert_eq!(read(&real), "# Ours\n\n## Unreleased\n\n- by agency (AP-001)\n- by hand\n");
    assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o600);
    assert!(home.path().join("CHANGELOG.md").is_symlink());
}

#[test]
fn a_tail_begins_with_a_whole_character_and_stays_in_the_workbench() {
    let (home, folder) = workbench();
    let path = home.path().join("sandbox/log.txt");
    write(&path, "abüü");
    assert_eq!(folder.read_tail(Path::new("sandbox/log.txt"), 3).unwrap(), "ü");
    assert_eq!(folder.read_tail(&path, 4).unwrap(), "üü");
    assert_eq!(folder.read_tail(&path, 99).unwrap(), "abüü");
    assert!(matches!(
        folder.read_tail(Path::new("/etc/passwd"), 9),
        Err(FolderError::Outside { .. })
    ));
    assert!(folder.read_tail(Path::new("sandbox/none.txt"), 9).is_err());
}

#[test]
fn an_archived_agency_is_never_put_over_another_and_a_stamp_cannot_leave() {
    let (home, folder) = workbench();
    folder.make_agency(&name("Code"), &[file("agency.json", "{}")]).unwrap();
    assert!(matches!(
        folder.archive_agency(&name("Code"), "/../../x"),
        Err(FolderError::Outside { .. })
    ));
    let target = folder.archive_agency(&name("Code"), "1").unwrap();
    assert_eq!(target, home.path().join("agencies/.archive/Code-1"));
    folder.make_agency(&name("Code"), &[file("agency.json", "[]")]).unwrap();
    folder.archive_agency(&name("Code"), "1").unwrap();
    assert_eq!(read(&target.join("agency.json")), "{}");
    assert!(home.path().join("agencies/Code").is_dir());
}

#[test]
fn an_agency_whose_folder_somebody_took_away_is_archived_all_the_same() {
    let (home, folder) = workbench();
    let target = folder.archive_agency(&name("Code"), "1").unwrap();
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
    assert_eq!(folder.archive_agency(&name("Code"), "1").unwrap(), target, "once more");
    assert!(
        folder.return_agency(&name("Code"), &target).is_err(),
        "there is nothing to bring back"
    );
    assert!(!home.path().join("agencies/Code").exists());
}

#[test]
fn a_workbench_is_made_once_beside_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    write(&home.join(".gitignore"), "/target");
    write(&home.join("README.md"), "mine");
    let files = [file("agency.toml", "[tmux]\n"), file("README.md", "theirs")];
    make_workbench(home, &files).unwrap();
    assert_eq!(read(&home.join("agency.toml")), "[tmux]\n");
    assert_eq!(read(&home.join("README.md")), "mine");
    let ignored = read(&home.join(".gitignore"));
    assert!(ignored.starts_with("/target\n") && ignored.contains("/registry/\n"), "{ignored}");
    for made in ["agencies", "registry/queue/new", "sandbox/staging", "templates"] {
        assert!(home.join(made).is_dir(), "{made} is missing");
    }
    let again = make_workbench(home, &files);
    assert_eq!(again, Err(FolderError::Exists { path: home.join("agency.toml") }));
}

#[test]
fn a_workbench_half_made_is_none_and_is_made_whole_by_a_second_try() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("registry/queue/tmp")).unwrap();
    assert_eq!(find_home(folder.path()), None);
    make_workbench(folder.path(), &[]).unwrap();
    make_workbench(folder.path(), &[]).unwrap_err();
    let ignored = read(&folder.path().join(".gitignore"));
    assert_eq!(ignored.matches("/registry/").count(), 1);
    let deep = folder.path().join("agencies/a/b");
    std::fs::create_dir_all(&deep).unwrap();
    assert_eq!(find_home(&deep).as_deref(), Some(folder.path()));
}

#[test]
fn below_a_file_every_write_is_an_error_that_names_the_place() {
    let (home, _) = workbench();
    let below = home.path().join("agency.toml/below");
    let folder = DiskFolder::new(&below);
    let problems = [
        make_workbench(&below, &[]).unwrap_err(),
        folder.write_view("x.json", "").unwrap_err(),
        folder.make_agency(&name("Code"), &[]).unwrap_err(),
        folder.add_change(None, "m", "e").unwrap_err(),
        folder.write_document(None, Path::new("d.md"), "").unwrap_err(),
        folder.append_activity(&name("Code"), &["x".to_owned()]).unwrap_err(),
    ];
    for problem in problems {
        assert!(problem.to_string().contains("agency.toml/below"), "{problem}");
    }
    assert!(matches!(SupervisorLock::acquire(&below), Err(LockError::Folder(_))));
}

#[test]
fn two_supervisors_cannot_have_one_lock_and_a_stale_file_is_taken_over() {
    let (home, _) = workbench();
    let home = home.path();
    assert_eq!(SupervisorLock::holder(home), None);
    write(&home.join("registry/supervisor.lock"), "999999999\n");
    assert_eq!(SupervisorLock::holder(home), None);
    let lock = SupervisorLock::acquire(home).unwrap();
    let pid = Some(std::process::id());
    assert_eq!(SupervisorLock::holder(home), pid);
    let second = SupervisorLock::acquire(home);
    assert_eq!(second.unwrap_err(), LockError::Held { pid });
    drop(lock);
    assert_eq!(SupervisorLock::holder(home), None);
    SupervisorLock::acquire(home).expect("the lock is free");
}
