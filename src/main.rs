use std::process::ExitCode;

fn main() -> ExitCode {
    prefixlint::cli::main()
}
