//! `--output-format FORMAT[=FILE]` and `--output-file`: which format goes where, for every command that has formats.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::select::nearest;
use super::{output, CheckOptions, ConfigChoice, Failure};

/// One `--output-format`.
pub(super) struct Destination<F> {
    pub format: F,
    /// `None`: standard output.
    pub file: Option<PathBuf>,
}

impl<F> Destination<F> {
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        match &self.file {
            Some(path) => output::write_file(path, text),
            None => output::print(text),
        }
    }
}

/// Formats with their places; at least one (`full`), at most one of them on standard output. `names` are in the order
/// of help texts. Files are tried here: who waits for a report should not learn at its end that it has no place.
pub(super) fn destinations<F>(
    matches: &ArgMatches,
    names: &[&'static str],
    format_of: impl Fn(&str) -> Option<F>,
) -> Result<Vec<Destination<F>>, Failure> {
    let asked: Vec<&String> = matches
        .get_many::<String>("output-format")
        .map(Iterator::collect)
        .unwrap_or_default();
    let one = |text: &str| destination(text, names, &format_of);
    let mut out = Vec::new();
    for text in asked {
        out.push(one(text)?);
    }
    if out.is_empty() {
        out.push(one("full")?);
    }
    let crowded = || {
        Failure::new("two formats go to standard output")
            .with_help("give one of them a file: --output-format json=report.json")
    };
    let mut open = out.iter_mut().filter(|one| one.file.is_none());
    let first = open.next();
    if open.next().is_some() {
        return Err(crowded());
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
    let mut files: Vec<PathBuf> = out
        .iter()
        .filter_map(|one| one.file.as_deref())
        .map(real)
        .collect();
    files.sort();
    if let Some(twice) = files.windows(2).find(|pair| pair[0] == pair[1]) {
        let name = twice[0].file_name().unwrap_or_default().to_string_lossy();
        return Err(Failure::new(format!("two formats go to {name}"))
            .with_help("give each a file of its own"));
    }
    let prints = out.iter().any(|one| one.file.is_none());
    for file in out.iter().filter_map(|one| one.file.as_deref()) {
        if prints && output::is_stdout(file) {
            return Err(crowded());
        }
        output::writable(file)?;
    }
    Ok(out)
}

/// No report takes the place of a file that the run reads, or writes for another purpose.
pub(super) fn spare<F>(
    destinations: &[Destination<F>],
    options: &CheckOptions,
) -> Result<(), Failure> {
    let baseline = options.baseline.as_ref().map(|baseline| baseline.file());
    let config = match &options.config {
        ConfigChoice::File(path) => Some(path.as_path()),
        ConfigChoice::Nearest | ConfigChoice::Isolated => None,
    };
    let prices = options.overrides.prices.as_deref();
    let own = [
        ("baseline", baseline),
        ("config", config),
        ("price table", prices),
    ];
    for (what, path) in own {
        let Some(path) = path else { continue };
        let taken = real(&options.working.join(path));
        let mut files = destinations.iter().filter_map(|one| one.file.as_deref());
        if files.any(|file| real(file) == taken) {
            let path = path.display();
            return Err(Failure::new(format!("{path} is the {what} of this run"))
                .with_help("give the report a file of its own"));
        }
    }
    Ok(())
}

/// A path however it is spelt, also of a file that is not there yet.
fn real(path: &Path) -> PathBuf {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    path.canonicalize()
        .ok()
        .or_else(|| Some(parent.canonicalize().ok()?.join(path.file_name()?)))
        .unwrap_or_else(|| path.to_path_buf())
}

fn destination<F>(
    text: &str,
    names: &[&'static str],
    format_of: &impl Fn(&str) -> Option<F>,
) -> Result<Destination<F>, Failure> {
    let (name, file) = match text.split_once('=') {
        Some((name, "")) => {
            return Err(Failure::new(format!(
                "--output-format {name}= lacks the file"
            )))
        }
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = format_of(name).ok_or_else(|| {
        let failure = Failure::new(format!("unknown output format `{name}`"));
        failure.with_help(match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names.join(", ")),
        })
    })?;
    Ok(Destination { format, file })
}
