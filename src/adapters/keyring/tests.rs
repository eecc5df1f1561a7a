//! Keys on real files: contract, two at once, rights, rubbish.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::adapters::files;
use crate::ports::keyring::contract;

fn keyring(folder: &TempDir) -> FileKeyring {
    FileKeyring::new(folder.path().join("home"), folder.path().join("config/agency"))
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

#[test]
fn keys_in_files_keep_the_contract_and_outlive_their_process() {
    let folder = tempfile::tempdir().unwrap();
    contract::holds(&|| Box::new(keyring(&folder)));
}

#[test]
fn keys_and_their_folder_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = keyring(&folder);
    keyring.operator_key().unwrap();
    keyring.operator_token().unwrap();
    assert_eq!(mode(&keyring.operator), 0o600);
    assert_eq!(mode(&keyring.secret), 0o600);
    assert_eq!(mode(&folder.path().join("config/agency")), 0o700);
}

#[test]
fn rights_of_others_are_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = keyring(&folder);
    let key = keyring.operator_key().unwrap();
    std::fs::set_permissions(&keyring.operator, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(keyring.operator_key().unwrap(), key);
    assert_eq!(mode(&keyring.operator), 0o600);
}

#[test]
fn many_at_once_make_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..8).map(|_| scope.spawn(|| keyring(&folder).operator_key().unwrap())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let left = std::fs::read_dir(folder.path().join("config/agency")).unwrap().count();
    assert_eq!(left, 1, "a temporary file stayed");
}

#[test]
fn rubbish_is_no_key_and_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = keyring(&folder);
    std::fs::create_dir_all(keyring.operator.parent().unwrap()).unwrap();
    for text in ["", "00", "zz", &"0".repeat(66)] {
        files::replace(&keyring.operator, text.as_bytes(), 0o600, false).unwrap();
        let path = keyring.operator.clone();
        assert_eq!(keyring.operator_key(), Err(KeyringError::Malformed { path }));
        assert_eq!(std::fs::read_to_string(&keyring.operator).unwrap(), text);
    }
}

#[test]
fn a_link_or_a_folder_in_place_of_a_key_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = keyring(&folder);
    std::fs::create_dir_all(&keyring.operator).unwrap();
    assert!(matches!(keyring.sign(b"x"), Err(KeyringError::Io { .. })));
    std::fs::remove_dir(&keyring.operator).unwrap();
    std::os::unix::fs::symlink("elsewhere", &keyring.operator).unwrap();
    let problem = keyring.sign(b"x").unwrap_err().to_string();
    assert!(problem.contains("operator.key"), "{problem}");
}

#[test]
fn a_key_folder_below_a_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    files::replace(&file, b"", 0o644, false).unwrap();
    let keyring = FileKeyring::new(file.join("home"), file.join("keys"));
    assert!(matches!(keyring.operator_key(), Err(KeyringError::Io { .. })));
    assert!(matches!(keyring.operator_token(), Err(KeyringError::Io { .. })));
}
