//! The one place that prints and writes files: colours, widths, broken pipes, no half-written file.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::{options, Failure};
use crate::config::ConfigError;
use crate::report::escape::without_commands;
use crate::report::style::{CYAN, RED};
use crate::report::{self, Mistake, Style};

/// Columns of text for people when the terminal does not say.
const WIDTH: usize = 100;
const NARROWEST: usize = 60;
const WIDEST: usize = 120;

/// How to draw on standard output.
pub(super) fn style(matches: &ArgMatches) -> Style {
    let terminal = io::stdout().is_terminal();
    let color = match options::text(matches, "color").as_deref() {
        Some("always") => true,
        Some("never") => false,
        _ => wants_color(terminal, &|name| std::env::var(name).ok()),
    };
    let width = if terminal { terminal_width() } else { WIDTH };
    Style { color, width }
}

/// NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM, in this order; else colours on a terminal only.
fn wants_color(terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    let off = set("CLICOLOR").is_some_and(|value| value == "0")
        || set("TERM").is_some_and(|value| value == "dumb");
    terminal && !off
}

fn terminal_width() -> usize {
    let stated = std::env::var("COLUMNS").ok();
    let stated = stated.and_then(|columns| columns.parse::<usize>().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    stated
        .or_else(measured)
        .unwrap_or(WIDTH)
        .clamp(NARROWEST, WIDEST)
}

/// Writes to standard output. A reader that went away is no error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to standard output as they are.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a file by a temporary one beside it, so that it is whole or not there. What is no regular file (a pipe,
/// a device) is written as it is.
pub(super) fn write_file(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    let written = if special {
        fs::write(path, content)
    } else {
        replace(path, content.as_ref())
    };
    written.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

/// Whether a file can be written later, so that nobody waits for a report that has no place. A pipe or a device shows
/// only when it is written.
pub(super) fn writable(path: &Path) -> Result<(), Failure> {
    let checked = match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(meta) if !meta.is_file() => Ok(()),
        _ => Place::of(path).and_then(|place| {
            fs::write(&place.temporary, "").and_then(|()| fs::remove_file(&place.temporary))
        }),
    };
    checked.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

/// Whether a path leads to where standard output goes. What nobody reads holds any number of reports.
#[cfg(unix)]
pub(super) fn is_stdout(path: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let place = |meta: fs::Metadata| (meta.dev(), meta.ino());
    let open = io::stdout().as_fd().try_clone_to_owned();
    let open = open.and_then(|open| fs::File::from(open).metadata());
    let (Ok(open), Ok(named)) = (open.map(place), fs::metadata(path).map(place)) else {
        return false;
    };
    let nowhere = fs::metadata("/dev/null").map(place);
    open == named && !nowhere.is_ok_and(|nowhere| nowhere == named)
}

#[cfg(not(unix))]
pub(super) fn is_stdout(_path: &Path) -> bool {
    false
}

/// Where a file is written, and the one beside it that takes its place when it is whole.
struct Place {
    path: PathBuf,
    temporary: PathBuf,
    /// Who may read and run what is replaced.
    mode: Option<fs::Permissions>,
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        // A link stays a link: its target is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mode = fs::metadata(&path).ok().map(|meta| meta.permissions());
        // What nobody may write to is not replaced behind its back.
        if mode.as_ref().is_some_and(fs::Permissions::readonly) {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "it is read-only",
            ));
        }
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "not a file name"))?;
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        Ok(Place {
            path,
            temporary,
            mode,
        })
    }
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let Place {
        path,
        temporary,
        mode,
    } = Place::of(path)?;
    let written = fs::write(&temporary, content)
        .and_then(|()| match mode {
            Some(mode) => fs::set_permissions(&temporary, mode),
            None => Ok(()),
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What the first error says is what matters.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Whether GitHub's runner reads what is printed.
pub(super) fn in_github_actions() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Bytes that GitHub takes as the summary of one step.
const MOST_SUMMARY: usize = 1 << 20;

/// Adds to the summary of the job, where the runner has one. The report stands without it.
pub(super) fn append_summary(text: &str) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return;
    };
    // What the step has said before counts as well.
    let held = fs::read(&path).unwrap_or_default();
    let gap = match held.last() {
        None | Some(b'\n') => "",
        Some(_) => "\n\n",
    };
    let text = format!("{gap}{text}");
    if held.len() + text.len() > MOST_SUMMARY {
        return notice("the summary of the job is too long for GitHub and is left out");
    }
    let file = fs::OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        notice(&format!("the summary of the job is not written: {error}"));
    }
}

/// A remark about the run itself on standard error.
pub(super) fn notice(text: &str) {
    complain(&format!("note: {text}\n"));
}

/// Text about a run whose standard output is taken.
pub(super) fn remark(text: &str) {
    complain(text);
}

/// Writes to standard error. GitHub's runner reads it as it reads the output, and what is quoted must not command it.
fn complain(text: &str) {
    let text = match in_github_actions() {
        true => without_commands(text),
        false => text.to_string(),
    };
    // Nobody is left to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Text for people on standard output, with the same care.
pub(super) fn quoted(text: String) -> String {
    match in_github_actions() {
        true => without_commands(&text),
        false => text,
    }
}

/// How to draw on standard error; `--color` of the command counts there as well.
fn error_style(choice: Option<&str>) -> Style {
    let terminal = io::stderr().is_terminal();
    let color = match choice {
        Some("always") => true,
        Some("never") => false,
        _ => wants_color(terminal, &|name| std::env::var(name).ok()),
    };
    let width = if terminal { terminal_width() } else { WIDTH };
    Style { color, width }
}

/// An error on standard error.
pub(super) fn failure(failure: &Failure) {
    let style = error_style(None);
    let text = match &failure.place {
        Some(place) => report::mistake(
            &Mistake {
                what: place.what,
                path: &place.file.path,
                span: place.span,
                message: &failure.message,
                help: failure.help.as_deref(),
                source: Some(&place.file),
            },
            style,
        ),
        None => {
            let mut text = format!("{} {}\n", style.paint(RED, "error:"), failure.message);
            if let Some(help) = &failure.help {
                text.push_str(&format!("  {} {help}\n", style.paint(CYAN, "help:")));
            }
            text
        }
    };
    complain(&text);
}

/// Mistakes in configs as frames on standard error, whatever the format of the report.
pub(super) fn config_errors(errors: &[ConfigError], matches: &ArgMatches) {
    if errors.is_empty() {
        return;
    }
    let style = error_style(options::text(matches, "color").as_deref());
    let mut text = String::new();
    for error in errors {
        text.push_str(&report::mistake(
            &Mistake {
                what: "config",
                path: &error.path,
                span: error.span,
                message: &error.message,
                help: error.help.as_deref(),
                source: error.source.as_deref(),
            },
            style,
        ));
        text.push('\n');
    }
    complain(&text);
    notice("a config with errors does not hold; the nearest valid one above it does, or the built-in settings");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(terminal: bool, set: &[(&str, &str)]) -> bool {
        wants_color(terminal, &|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn colours_follow_the_terminal_and_the_environment() {
        assert!(color(true, &[]));
        assert!(!color(false, &[]));
        assert!(!color(true, &[("NO_COLOR", "1")]));
        assert!(color(true, &[("NO_COLOR", "")]));
        assert!(color(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!color(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!color(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(!color(true, &[("TERM", "dumb")]));
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = std::env::temp_dir().join(format!("prefixlint-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        write_file(&path, "one").unwrap();
        write_file(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(write_file(&folder.join("no/such/folder"), "x").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
