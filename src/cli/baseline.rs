//! `--baseline`, `--write-baseline`, `--prune-baseline`: the file, and what a run does with it. What a baseline holds is
//! the business of `crate::baseline`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;

use super::{backend, output, CheckOptions, Failure, Underlined};
use crate::baseline::{Baseline, Change};
use crate::engine::Analysis;
use crate::finding::{Finding, Suppressed};
use crate::report::counted;
use crate::source::SourceFile;

/// Where a baseline is written when nothing names it.
const DEFAULT: &str = "prefixlint-baseline.json";
/// Files of stale entries that a notice names.
const NAMED: usize = 3;

/// What a run does with its baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Use,
    Write,
    Prune,
}

/// A baseline with its file. Its paths are relative to the folder of the file, so that it holds wherever a run is
/// started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaselineFile {
    /// As it was written on the command line.
    path: PathBuf,
    folder: PathBuf,
    baseline: Baseline,
    /// What the file holds; `None` where it is not there.
    text: Option<String>,
    mode: Mode,
}

impl BaselineFile {
    /// The baseline that the arguments of `check` ask for.
    pub(super) fn of(matches: &ArgMatches, working: &Path) -> Result<Option<Self>, Failure> {
        let mode = match (
            matches.get_flag("write-baseline"),
            matches.get_flag("prune-baseline"),
        ) {
            (true, _) => Mode::Write,
            (_, true) => Mode::Prune,
            _ => Mode::Use,
        };
        let path = match (matches.get_one::<PathBuf>("baseline"), mode) {
            (Some(path), _) => path.clone(),
            (None, Mode::Use) => return Ok(None),
            (None, _) => PathBuf::from(DEFAULT),
        };
        let stdin = matches
            .get_many::<PathBuf>("paths")
            .is_some_and(|mut paths| paths.any(|path| path.as_os_str() == "-"));
        if stdin && mode != Mode::Use {
            return Err(
                Failure::new("a baseline is written of files, not of standard input")
                    .with_help("name the file instead of `-`"),
            );
        }
        let full = working.join(&path);
        let text = read(&path, &full, mode)?;
        let baseline = match &text {
            Some(text) => parse(&path, text)?,
            None => Baseline::default(),
        };
        // A link stands for the file it leads to only when it is written: paths are relative to where it stands.
        let folder = full.parent().unwrap_or(working);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.into());
        Ok(Some(BaselineFile {
            path,
            folder,
            baseline,
            text,
            mode,
        }))
    }

    /// The file, from the working folder.
    pub(super) fn file(&self) -> &Path {
        &self.path
    }

    /// The baseline with its paths relative to another folder.
    pub(super) fn seen_from(&self, root: &Path) -> Baseline {
        self.baseline
            .rebased(&|path| moved(path, &self.folder, root))
    }

    /// Does what the mode asks for once the findings are known: writes, prunes, says what is stale.
    pub(super) fn settle(
        &self,
        options: &CheckOptions,
        analysis: &mut Analysis,
    ) -> Result<(), Failure> {
        if self.mode == Mode::Use {
            analysis.notices.extend(self.notice(analysis));
            return Ok(());
        }
        if !analysis.config_errors.is_empty() {
            return Err(Failure::new(format!(
                "{} is left as it is: a config cannot be used",
                self.path.display()
            ))
            .with_help("mend the config first: what was linted is not what is meant"));
        }
        let root = backend::root(options);
        let before = self.seen_from(&root);
        let stale = analysis.stale.take().unwrap_or_default();
        let (next, change) = if self.mode == Mode::Write {
            let origins: BTreeMap<&str, &str> = analysis
                .prompts
                .iter()
                .map(|judged| (judged.prompt.id.as_str(), &*judged.prompt.origin.path))
                .collect();
            let known = analysis.findings.iter().filter(|finding| accepts(finding));
            before.updated(
                known.map(|finding| (finding, through(finding, &origins))),
                &stale,
            )
        } else {
            let mut next = before;
            let change = next.prune(&stale);
            (next, change)
        };
        analysis.stale = Some(Vec::new());
        self.write(
            &next.rebased(&|path| moved(path, &root, &self.folder)),
            change,
        )?;
        if self.mode == Mode::Write {
            for finding in &mut analysis.findings {
                if finding.suppressed.is_none() {
                    finding.suppressed = Some(Suppressed {
                        how: "baseline",
                        reason: String::new(),
                    });
                }
            }
        }
        Ok(())
    }

    fn write(&self, next: &Baseline, change: Change) -> Result<(), Failure> {
        let path = self.path.display();
        let text = next.render();
        let same = match self.mode {
            // What is only written in another way stays as it is.
            Mode::Prune => change == Change::default(),
            _ => self.text.as_deref() == Some(&text),
        };
        if !same {
            output::write_file(&self.path, &text)?;
        }
        let held = counted(next.count(), "finding");
        let what = match (change.added, change.removed) {
            (0, 0) => "nothing has changed".to_string(),
            (added, 0) => format!("{added} new"),
            (0, removed) => format!("{removed} gone"),
            (added, removed) => format!("{added} new, {removed} gone"),
        };
        output::notice(&format!("{path} holds {held}; {what}"));
        Ok(())
    }

    /// What is stale, in one sentence.
    fn notice(&self, analysis: &Analysis) -> Option<String> {
        let stale = analysis.stale.as_deref().unwrap_or_default();
        let count: usize = stale.iter().map(|one| one.count).sum();
        if count == 0 {
            return None;
        }
        let mut files: Vec<&str> = stale.iter().map(|one| one.key.file.as_str()).collect();
        files.dedup();
        let shown = files.iter().take(NAMED);
        let mut names = shown
            .map(|file| analysis.vantage.shown(file))
            .collect::<Vec<_>>()
            .join(", ");
        if files.len() > NAMED {
            names += &format!(" and {} more", files.len() - NAMED);
        }
        let verb = if count == 1 { "is" } else { "are" };
        Some(format!(
            "{} of {} {verb} gone ({names}); --prune-baseline takes them out",
            counted(count, "finding"),
            self.path.display(),
        ))
    }
}

/// Whether a finding belongs into a baseline: what a comment suppresses does not.
fn accepts(finding: &Finding) -> bool {
    let how = finding.suppressed.as_ref().map(|suppressed| suppressed.how);
    matches!(how, None | Some("baseline"))
}

/// The files beside that of its cause which a finding speaks of.
fn through(finding: &Finding, origins: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let prompts = finding.prompts.iter().map(String::as_str);
    let prompts = prompts.filter_map(|id| origins.get(id).copied());
    let hops = finding.trace.iter().map(|hop| &*hop.place.path);
    prompts
        .chain(hops)
        .chain([&*finding.place.path])
        .filter(|path| *path != &*finding.cause.path)
        .map(str::to_string)
        .collect()
}

fn read(path: &Path, full: &Path, mode: Mode) -> Result<Option<String>, Failure> {
    match fs::read(full) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Failure::new(format!(
                "{} is no baseline: it is not UTF-8",
                path.display()
            ))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound && mode == Mode::Write => Ok(None),
        Err(error) => {
            let failure = Failure::new(format!("cannot read {}: {error}", path.display()));
            Err(match error.kind() {
                ErrorKind::NotFound => failure.with_help(format!(
                    "write it first: prefixlint check --baseline {} --write-baseline",
                    path.display()
                )),
                _ => failure,
            })
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<Baseline, Failure> {
    Baseline::parse(text).map_err(|mistake| {
        let name = path.to_string_lossy().replace('\\', "/");
        Failure::new(mistake.message)
            .with_help(mistake.help)
            .at(Underlined {
                what: "baseline",
                file: Arc::new(SourceFile::new(&name, text)),
                span: mistake.span,
            })
    })
}

/// A path below one folder as it reads from another; both are absolute.
fn moved(path: &str, from: &Path, to: &Path) -> String {
    let names = |folder: &Path| -> Vec<String> {
        let normal = folder.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        normal.collect()
    };
    let mut whole = names(from);
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                whole.pop();
            }
            part => whole.push(part.to_string()),
        }
    }
    let to = names(to);
    let same = whole.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n("..", to.len() - same);
    let downs = whole[same..].iter().map(String::as_str);
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_from_the_folder_of_the_baseline_and_back() {
        let (root, folder) = (Path::new("/a/b/c"), Path::new("/a/x"));
        for path in ["p/q.j2", "q.j2", "../q.j2", "../../x/q.j2", "../../../q.j2"] {
            let there = moved(path, root, folder);
            assert_eq!(moved(&there, folder, root), path, "{there}");
        }
        assert_eq!(moved("p/q.j2", root, folder), "../b/c/p/q.j2");
        assert_eq!(moved("../../x/q.j2", root, folder), "q.j2");
        assert_eq!(moved("p.j2", root, root), "p.j2");
    }
}
