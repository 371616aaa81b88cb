use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Evaluating code makes and drops many small values on all threads: this takes a fifth off the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    prefixlint::cli::main()
}
