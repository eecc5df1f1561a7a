//! Tests of the git adapter on real repositories in temporary folders.

mod landing;
mod mending;
mod retiring;
mod saving;
mod working;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::run::git;
use super::{Git, make_project};
use crate::adapters::files;
use crate::ports::repositories::*;

/// A project in a folder with a space in its name, and room beside it.
struct World {
    _folder: tempfile::TempDir,
    project: PathBuf,
    beside: PathBuf,
}

impl World {
    fn new(project_files: &[(&str, &str, bool)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        let project = root.join("my project");
        make_project(&project, project_files, "first").expect("a project");
        Self { _folder: folder, project, beside: root.join("beside it") }
    }

    fn order(&self, branch: &str) -> WorktreeOrder {
        WorktreeOrder {
            project: self.project.clone(),
            path: self.beside.join("work tree"),
            branch: branch.to_owned(),
            start_from: vec!["none/such".to_owned(), "main".to_owned()],
        }
    }

    fn worktree(&self, branch: &str) -> WorktreeMade {
        Git.prepare_worktree(&self.order(branch)).expect("a worktree")
    }

    fn retire_order(&self, branch: &str) -> RetireOrder {
        RetireOrder {
            project: self.project.clone(),
            path: self.beside.join("work tree"),
            branch: branch.to_owned(),
            keep_as: "TASK-001".to_owned(),
        }
    }

    /// Makes a branch with one commit that gives files these contents, without a worktree.
    fn branch_with(&self, branch: &str, from: &str, changes: &[(&str, &str)]) -> String {
        let made = self.beside.join(branch);
        run(
            &self.project,
            &["worktree", "add", "-q", "-b", branch, made.to_str().expect("text"), from],
        );
        changes.iter().for_each(|(path, text)| put(&made.join(path), text));
        let commit = commit_all(&made, branch);
        run(&self.project, &["worktree", "remove", "--force", made.to_str().expect("text")]);
        commit
    }

    fn merge_order(&self, head: &str) -> MergeOrder {
        let Previewed::Clean(preview) =
            Git.preview_merge(&self.project, "main", head).expect("previewed")
        else {
            panic!("they do not merge");
        };
        MergeOrder {
            project: self.project.clone(),
            target: "main".to_owned(),
            base: preview.base,
            head: preview.head,
            tree: preview.tree,
            message: "Merge feature\n\nTask: TASK-001\n".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn head(&self, branch: &str) -> String {
        Git.branch_head(&self.project, branch).expect("asked").expect("it is there")
    }
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    files::replace(path, text.as_bytes(), 0o644, false).expect("written");
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("readable")
}

fn run(folder: &Path, args: &[&str]) -> String {
    git(folder).args(args).text().expect("git runs")
}

fn commit_all(folder: &Path, message: &str) -> String {
    run(folder, &["add", "--all"]);
    run(folder, &["commit", "-q", "-m", message]);
    run(folder, &["rev-parse", "HEAD"])
}
