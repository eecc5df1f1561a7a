//! What SQLite says, in the words of the port.
//!
//! A full disk, a file that may not be written and a damaged one are told apart here and nowhere else.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::ports::ledger::LedgerError;

/// Sorts an error of the database into the port's kinds.
pub(super) fn to_ledger_error(path: &Path, error: &Error) -> LedgerError {
    let path = path.to_owned();
    let problem = to_text(error);
    match error {
        Error::SqliteFailure(failure, _) => match (failure.code, failure.extended_code) {
            // A shared-memory file that cannot grow has no code of its own for a full disk.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => LedgerError::Full { path },
            (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => {
                LedgerError::ReadOnly { path }
            }
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)
            | (_, ffi::SQLITE_IOERR_SHORT_READ) => LedgerError::Damaged { path, problem },
            _ => LedgerError::Failed { path, problem },
        },
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => LedgerError::Damaged { path, problem },
        _ => LedgerError::Failed { path, problem },
    }
}

fn to_text(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        _ => error.to_string(),
    }
}
