//! Recipes: what an agency's own `sandbox.toml` adds to the proof of its work.
//!
//! A recipe only ever adds: the operator's checks are run before it and cannot be named in it. It is kept
//! with the digests of the scripts that it runs, for an agency's folder can be written by its agents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::checks::CheckCommand;
use crate::domain::hex;
use crate::domain::name::Name;

/// What an agency's `sandbox.toml` says, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Programs with their arguments; a word may begin with [`Recipe::FOLDER`].
    pub commands: Vec<Vec<String>>,
    /// Whether what the project's own files call for is run too where `agency.toml` names commands.
    pub found: bool,
    /// Seconds that it adds to the limit of the whole proof.
    pub time_limit_s: u64,
    /// JUnit files to read afterwards, relative to the tree.
    pub junit: Vec<PathBuf>,
    /// SHA-256 of every file of the agency's folder that a command names, by its path in that folder.
    pub scripts: BTreeMap<PathBuf, String>,
}

impl Recipe {
    /// The file's name, in the agency's folder.
    pub const FILE: &str = "sandbox.toml";
    /// What stands for the agency's folder at the beginning of a word.
    pub const FOLDER: &str = "{agency}/";
    /// Seconds that a recipe adds when it does not say: its checks read files and run no test suite.
    pub const TIME_LIMIT_S: u64 = 300;
    /// Digits of a digest that people read.
    const SHORT: usize = 12;

    /// Files of the agency's folder that its commands name, relative to it.
    pub fn named(&self) -> impl Iterator<Item = &Path> {
        let words = self.commands.iter().flatten();
        words.filter_map(|word| word.strip_prefix(Self::FOLDER)).map(Path::new)
    }

    /// SHA-256 of the recipe with its scripts, hexadecimal.
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(&Sha256::digest(&json))
    }

    /// The digest of a file's text, as [`Recipe::scripts`] keeps it.
    pub fn digest_of(text: &str) -> String {
        hex::encode(&Sha256::digest(text.as_bytes()))
    }

    /// Its commands, ready to run: the agency's folder, absolute, stands in its place in each word.
    pub fn filled(&self, agency: &Name, folder: &Path) -> Vec<CheckCommand> {
        let digest: String = self.digest().chars().take(Self::SHORT).collect();
        let found_by = format!("{} of {agency}, recipe {digest}", Self::FILE);
        let fill = |word: &String| match word.strip_prefix(Self::FOLDER) {
            Some(path) => folder.join(path).display().to_string(),
            None => word.clone(),
        };
        let command = |argv: &Vec<String>| CheckCommand {
            argv: argv.iter().map(fill).collect(),
            found_by: found_by.clone(),
        };
        self.commands.iter().map(command).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipes_words_are_filled_and_its_digest_names_its_scripts() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let mut recipe = Recipe {
            commands: vec![words(&["{agency}/scripts/x.py", "a {agency}/b", "."])],
            ..Recipe::default()
        };
        let agency = Name::parse("Docs").expect("a name");
        let filled = recipe.filled(&agency, Path::new("/w/agencies/Docs"));
        let expected = ["/w/agencies/Docs/scripts/x.py", "a {agency}/b", "."];
        assert_eq!(filled[0].argv, expected);
        assert!(filled[0].found_by.starts_with("sandbox.toml of Docs, recipe "), "{filled:?}");
        let before = recipe.digest();
        assert_eq!(recipe.named().collect::<Vec<_>>(), [Path::new("scripts/x.py")]);
        recipe.scripts.insert(PathBuf::from("scripts/x.py"), Recipe::digest_of("text"));
        assert_ne!(recipe.digest(), before);
    }
}
