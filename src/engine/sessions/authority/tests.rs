//! Each row of the table.
