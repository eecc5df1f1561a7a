//! Arguments in, exit status out.

fn main() -> std::process::ExitCode {
    agency::bootstrap::main()
}
