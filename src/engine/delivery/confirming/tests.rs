//! What is confirmed, and what is not.
