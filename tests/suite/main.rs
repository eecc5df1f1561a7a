//! The integration suite: one binary, one file per subject.
