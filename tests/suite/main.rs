//! The integration suite: one binary, one file per subject.

#[cfg(test)]
mod templates;
#[cfg(test)]
mod templates_scripts;
