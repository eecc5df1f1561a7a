//! Where the supervisor's socket lies. A socket's path has to fit into 104 bytes on some systems,
//! and a workbench may lie deeper than that.
//!
//! The same workbench gives the same path however it is named. Where the socket cannot lie in the
//! workbench it lies in a folder that only its user can enter.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::adapters::folder::wrap;
use crate::domain::hex;
use crate::ports::folder::FolderError;

/// Longest path that is used: 104 bytes with the final zero, and some to spare.
const MAX_PATH: usize = 100;

/// The socket's path, absolute; at most 100 bytes, and its folder exists when that is not
/// `registry/`.
///
/// `runtime_folder` is the user's own (`XDG_RUNTIME_DIR`), if there is one.
pub fn socket_path(home: &Path, runtime_folder: Option<&Path>) -> Result<PathBuf, FolderError> {
    let home = home.canonicalize().map_err(|error| wrap(home, &error))?;
    let plain = home.join("registry/supervisor.sock");
    if fits(&plain) {
        return Ok(plain);
    }
    let digest = hex::encode(&Sha256::digest(home.as_os_str().as_bytes()));
    // 64 bits tell any two workbenches of one user apart.
    let name = format!("{}.sock", digest.get(..16).unwrap_or(&digest));
    let own = runtime_folder.map(|folder| folder.join("agency"));
    let own = own.filter(|folder| folder.is_absolute() && fits(&folder.join(&name)));
    if let Some(folder) = own
        && require_private(&folder).is_ok()
    {
        return Ok(folder.join(name));
    }
    let user = rustix::process::geteuid().as_raw();
    let folder = PathBuf::from(format!("/tmp/agency-{user}"));
    require_private(&folder).map_err(|error| wrap(&folder, &error))?;
    Ok(folder.join(name))
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= MAX_PATH
}

/// Makes the folder for this user alone, or checks that it is that.
fn require_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // Not followed: a link would lead into a folder of somebody else's choice.
    let metadata = folder.symlink_metadata()?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || !ours {
        return Err(io::Error::other("it is not a folder of this user"));
    }
    if metadata.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(folder: &Path) -> PathBuf {
        let home = folder.join("d".repeat(60)).join("e".repeat(60));
        std::fs::create_dir_all(&home).unwrap();
        home
    }

    #[test]
    fn a_short_home_has_its_socket_inside_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        let path = socket_path(&home, None).unwrap();
        assert_eq!(path, home.join("registry/supervisor.sock"));
        std::fs::create_dir(home.join("x")).unwrap();
        assert_eq!(socket_path(&home.join("x/.."), None).unwrap(), path);
    }

    #[test]
    fn a_deep_home_has_its_socket_in_a_private_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = deep(folder.path());
        let path = socket_path(&home, Some(folder.path())).unwrap();
        assert!(fits(&path) && path.starts_with(folder.path().join("agency")), "{path:?}");
        assert_eq!(socket_path(&home, Some(folder.path())).unwrap(), path);
        let mode = path.parent().unwrap().metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    }

    #[test]
    fn rights_of_others_on_the_folder_are_taken_away_and_a_link_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("agency");
        std::fs::create_dir(&private).unwrap();
        std::fs::set_permissions(&private, Permissions::from_mode(0o777)).unwrap();
        require_private(&private).unwrap();
        assert_eq!(private.metadata().unwrap().mode() & 0o777, 0o700);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&private, &link).unwrap();
        assert!(require_private(&link).is_err());
    }
}
