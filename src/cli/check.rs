//! `prefixlint check`.

use clap::ArgMatches;

use super::backend::Session;
use super::destinations::{destinations, Destination};
use super::fix::{mend, promised, Wanted};
use super::{backend, options, output, scope, CheckOptions, Failure, Scope, CLEAN, FAILED, FOUND};
use crate::config::ConfigError;
use crate::engine::Analysis;
use crate::finding::Severity;
use crate::report::{self, Report, Show, Style, Verbosity};

/// Stack of a worker thread, bytes: frontends recurse up to their nesting limit.
const STACK: usize = 16 * 1024 * 1024;

pub(super) fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    let names: Vec<&str> = report::FORMATS.iter().map(|format| format.name()).collect();
    let destinations = destinations(matches, &names, report::format_of)?;
    let options = CheckOptions::of_check(matches)?;
    let actions = output::in_github_actions()
        && !matches.contains_id("output-format")
        && !matches.contains_id("output-file");
    let style = output::style(matches);
    if matches.get_flag("show-settings") {
        let (views, errors) = backend::settings(&options)?;
        output::config_errors(&errors, matches);
        let text = match machine(&destinations) {
            true => report::settings::json(&views),
            false => report::settings::text(&views, style),
        };
        return destinations[0].write(&text).map(|()| view_code(&errors));
    }
    let for_people = destinations.iter().all(|one| one.format.for_people());
    let hook = options.scope == Scope::Affected && for_people && !options.list_files;
    if hook && scope::affected(&options)?.is_empty() {
        return Ok(CLEAN);
    }
    let wanted = Wanted::of(matches)?;
    let session = Session::open(&options)?;
    let mut analysis = pooled(options.threads, || session.analyse(&options.texts))?;
    let errors = backend::shown_errors(&options, &analysis.vantage, &analysis.config_errors);
    output::config_errors(&errors, matches);
    if options.list_files {
        let text = match machine(&destinations) {
            true => report::files_json(&analysis),
            false => report::files(&analysis, style),
        };
        return destinations[0]
            .write(&text)
            .map(|()| view_code(&analysis.config_errors));
    }
    let mut taken = false;
    if let Some(wanted) = wanted {
        let mended = pooled(options.threads, || mend(&session, analysis, wanted))??;
        if wanted.diff {
            return mended.diff(matches, style);
        }
        analysis = match &options.stdin {
            Some(stdin) => mended.print(&stdin.bytes)?,
            None => mended.write(&options)?,
        };
        taken = options.stdin.is_some();
    } else {
        analysis = pooled(options.threads, || {
            promised(&session, &options.texts, analysis)
        })?;
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
    // A hook that is not concerned says nothing.
    if hook && is_silent(&analysis) {
        return Ok(exit_code(&analysis, Severity::Note, false));
    }
    let told = destinations.iter().any(|one| one.format.tells_notices());
    if !told && verbosity(matches) != Verbosity::Quiet {
        analysis
            .notices
            .iter()
            .for_each(|text| output::notice(text));
    }
    let show = Show {
        prompts: matches.get_flag("show-prompts"),
        statistics: matches.get_flag("statistics"),
        verbosity: verbosity(matches),
    };
    // What can be written is, before what cannot is said.
    let mut failed = None;
    for destination in &destinations {
        let style = match destination.file {
            Some(_) => Style::default(),
            None => style,
        };
        let mut text = destination.format.render(&analysis, show, style);
        // A prompt that a report quotes must not command GitHub's runner.
        if destination.file.is_none() && destination.format.for_people() {
            text = output::quoted(text);
        }
        if actions {
            text += &report::commands(&analysis);
            output::append_summary(&report::comment(&analysis));
        }
        if taken && destination.file.is_none() {
            // The fixed text stands there.
            output::remark(&text);
            continue;
        }
        if let Err(failure) = destination.write(&text) {
            failed.get_or_insert(failure);
        }
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    let exit_zero = matches.get_flag("exit-zero");
    Ok(exit_code(&analysis, fail_on(matches), exit_zero))
}

fn fail_on(matches: &ArgMatches) -> Severity {
    let named = options::text(matches, "fail-on");
    named.map_or(Severity::Warning, |name| options::severity(&name))
}

fn is_silent(analysis: &Analysis) -> bool {
    let fixed = analysis.fixed.as_ref();
    fixed.is_none_or(|fixed| fixed.findings == 0)
        && analysis.prompts.is_empty()
        && analysis.findings.is_empty()
        && analysis.errors.is_empty()
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

/// Whether views beside the report are wanted as JSON.
fn machine(destinations: &[Destination<&'static dyn Report>]) -> bool {
    !destinations[0].format.for_people()
}
