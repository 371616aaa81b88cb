//! The command line: arguments in, exit code out. With `lsp`, the only part that reads the environment or prints.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::ArgMatches;

use crate::guard;
use crate::source::{SourceFile, Span};

mod add_ignore;
mod args;
mod backend;
mod baseline;
mod check;
mod compare;
mod destinations;
mod explain;
mod fix;
mod init;
mod inspect;
mod lsp;
mod options;
mod output;
mod save;
mod scope;
mod select;
mod shell;

pub use args::command;
pub use baseline::BaselineFile;
pub use options::{CheckOptions, ConfigChoice, Overrides, Stdin};
pub use scope::Scope;
pub use select::Selection;

/// Nothing at or above `--fail-on`.
pub const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
pub const FOUND: u8 = 1;
/// Usage, configuration or internal error.
pub const FAILED: u8 = 2;

/// Why a command could not do its work: what is wrong and the way out.
#[derive(Clone, Debug)]
pub struct Failure {
    pub message: String,
    pub help: Option<String>,
    /// The text to underline, where a file of the user is at fault.
    pub place: Option<Underlined>,
}

/// A place in a file that the tool itself reads.
#[derive(Clone, Debug)]
pub struct Underlined {
    /// `config`, `prices`.
    pub what: &'static str,
    pub file: Arc<SourceFile>,
    pub span: Span,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            help: None,
            place: None,
        }
    }
    pub fn at(mut self, place: Underlined) -> Self {
        self.place = Some(place);
        self
    }
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let panicked = watch_panics();
    let outcome = catch_unwind(AssertUnwindSafe(|| run(&matches)));
    ExitCode::from(match outcome {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            output::failure(&failure);
            FAILED
        }
        Err(_) => {
            let place = panicked.lock().map(|text| text.clone());
            let place = place.unwrap_or_default();
            output::failure(
                &Failure::new(format!("internal error: {place}"))
                    .with_help("this is a bug in prefixlint: please report it with the input"),
            );
            FAILED
        }
    })
}

fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    match matches.subcommand() {
        Some(("check", matches)) => check::run(matches),
        Some(("compare", matches)) => compare::run(matches),
        Some(("explain", matches)) => explain::explain(matches),
        Some(("rules", matches)) => explain::rules(matches),
        Some(("models", matches)) => explain::models(matches),
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("lsp", _)) => lsp::run(),
        Some(("init", matches)) => init::run(matches),
        Some(("completions", matches)) => shell::completions(matches),
        Some(("man", _)) => shell::man(),
        // Clap takes no other name.
        _ => Err(Failure::new("no command")),
    }
}

/// Keeps what a panic says, in any thread, instead of printing a backtrace.
fn watch_panics() -> &'static Mutex<String> {
    static FIRST: Mutex<String> = Mutex::new(String::new());
    std::panic::set_hook(Box::new(|info| {
        let text = guard::note(info);
        let Ok(mut first) = FIRST.lock() else { return };
        if first.is_empty() {
            *first = text;
        }
    }));
    &FIRST
}
