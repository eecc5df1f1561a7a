//! Arguments in, exit status out.
//!
//! Everything else is in the library, where tests can reach it.

fn main() -> std::process::ExitCode {
    agency::bootstrap::main()
}
