//! `prefixlint check`.

use std::path::PathBuf;

use clap::ArgMatches;

use super::select::nearest;
use super::{backend, options, output, CheckOptions, Failure, CLEAN, FAILED, FOUND};
use crate::config::ConfigError;
use crate::engine::Analysis;
use crate::finding::Severity;
use crate::report::{self, Report, Show, Style, Verbosity};

/// Stack of a worker thread, bytes: frontends recurse up to their nesting limit.
const STACK: usize = 16 * 1024 * 1024;

/// One `--output-format`.
struct Destination {
    format: &'static dyn Report,
    /// `None`: standard output.
    file: Option<PathBuf>,
}

pub(super) fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    let destinations = destinations(matches)?;
    let options = CheckOptions::of_check(matches)?;
    let style = output::style(matches);
    if matches.get_flag("show-settings") {
        let (views, errors) = backend::settings(&options)?;
        output::config_errors(&errors, matches);
        let text = match machine(&destinations) {
            true => report::settings::json(&views),
            false => report::settings::text(&views, style),
        };
        return write(&destinations[0], &text).map(|()| view_code(&errors));
    }
    let mut analysis = pooled(options.threads, || backend::analyse(&options))??;
    let errors = backend::shown_errors(&options, &analysis.vantage, &analysis.config_errors);
    output::config_errors(&errors, matches);
    if options.list_files {
        let text = match machine(&destinations) {
            true => report::files_json(&analysis),
            false => report::files(&analysis, style),
        };
        return write(&destinations[0], &text).map(|()| view_code(&analysis.config_errors));
    }
    if let Some(baseline) = &options.baseline {
        baseline.settle(&options, &mut analysis)?;
    }
    if let Some(reason) = options::text(matches, "add-ignore") {
        let added = pooled(options.threads, || {
            super::add_ignore::add(&options, analysis, &reason, fail_on(matches))
        })??;
        output::print(&added.said)?;
        return Ok(match added.left {
            0 => CLEAN,
            _ if matches.get_flag("exit-zero") => CLEAN,
            _ => FOUND,
        });
    }
    let show = Show {
        prompts: matches.get_flag("show-prompts"),
        statistics: matches.get_flag("statistics"),
        verbosity: verbosity(matches),
    };
    for destination in &destinations {
        let style = match destination.file {
            Some(_) => Style::default(),
            None => style,
        };
        write(
            destination,
            &destination.format.render(&analysis, show, style),
        )?;
    }
    let exit_zero = matches.get_flag("exit-zero");
    Ok(exit_code(&analysis, fail_on(matches), exit_zero))
}

fn fail_on(matches: &ArgMatches) -> Severity {
    let named = options::text(matches, "fail-on");
    named.map_or(Severity::Warning, |name| options::severity(&name))
}

/// Runs work on threads of a stated stack.
pub(super) fn pooled<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build()
        .map(|pool| pool.install(work))
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}

fn verbosity(matches: &ArgMatches) -> Verbosity {
    if matches.get_flag("quiet") {
        Verbosity::Quiet
    } else if matches.get_flag("verbose") {
        Verbosity::Verbose
    } else {
        Verbosity::Normal
    }
}

/// A config that cannot be used counts even under `--exit-zero`: what was linted is not what was meant.
fn exit_code(analysis: &Analysis, fail_on: Severity, exit_zero: bool) -> u8 {
    let found = analysis
        .findings
        .iter()
        .any(|finding| finding.suppressed.is_none() && finding.severity >= fail_on);
    if !analysis.config_errors.is_empty() {
        FAILED
    } else if found && !exit_zero {
        FOUND
    } else {
        CLEAN
    }
}

/// The exit code of what is no report of findings.
pub(super) fn view_code(errors: &[ConfigError]) -> u8 {
    if errors.is_empty() {
        CLEAN
    } else {
        FAILED
    }
}

fn write(destination: &Destination, text: &str) -> Result<(), Failure> {
    match &destination.file {
        Some(path) => output::write_file(path, text),
        None => output::print(text),
    }
}

/// Whether views beside the report are wanted as JSON.
fn machine(destinations: &[Destination]) -> bool {
    !destinations[0].format.for_people()
}

/// Formats with their places; at least one, at most one of them on standard output.
fn destinations(matches: &ArgMatches) -> Result<Vec<Destination>, Failure> {
    let asked: Vec<&String> = matches
        .get_many::<String>("output-format")
        .map(Iterator::collect)
        .unwrap_or_default();
    let mut out = Vec::new();
    for text in asked {
        out.push(destination(text)?);
    }
    if out.is_empty() {
        out.push(destination("full")?);
    }
    let mut open = out.iter_mut().filter(|one| one.file.is_none());
    let first = open.next();
    if open.next().is_some() {
        return Err(Failure::new("two formats go to standard output")
            .with_help("give one of them a file: --output-format json=report.json"));
    }
    match (first, matches.get_one::<PathBuf>("output-file")) {
        (Some(first), Some(path)) => first.file = Some(path.clone()),
        (None, Some(_)) => {
            return Err(Failure::new(
                "--output-file has no format left: each has its file",
            ))
        }
        (_, None) => {}
    }
    Ok(out)
}

fn destination(text: &str) -> Result<Destination, Failure> {
    let (name, file) = match text.split_once('=') {
        Some((name, "")) => {
            return Err(Failure::new(format!(
                "--output-format {name}= lacks the file"
            )))
        }
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = report::format_of(name).ok_or_else(|| {
        let names: Vec<&str> = report::FORMATS.iter().map(|format| format.name()).collect();
        let failure = Failure::new(format!("unknown output format `{name}`"));
        failure.with_help(match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names.join(", ")),
        })
    })?;
    Ok(Destination { format, file })
}
