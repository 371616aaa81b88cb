//! `--fix`, `--unsafe-fixes`, `--diff`: from findings to changed files, or to what would change.

use std::collections::BTreeMap;

use clap::ArgMatches;

use super::backend::Session;
use super::save::save;
use super::{output, CheckOptions, Failure, CLEAN, FOUND};
use crate::engine::{Analysis, Fixed};
use crate::finding::Finding;
use crate::fix::apply::{apply, Applied, Told};
use crate::fix::proof::Key;
use crate::report::{self, counted, Style};
use crate::source::Sources;
use crate::workspace::Vantage;

/// What the command line asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub diff: bool,
    pub unsafe_too: bool,
}

impl Wanted {
    pub(super) fn of(matches: &ArgMatches) -> Result<Option<Wanted>, Failure> {
        let (fix, diff) = (matches.get_flag("fix"), matches.get_flag("diff"));
        let unsafe_too = matches.get_flag("unsafe-fixes");
        if unsafe_too && !fix && !diff {
            return Err(
                Failure::new("--unsafe-fixes says which fixes, not what to do with them")
                    .with_help("add --fix to write them, or --diff to see them"),
            );
        }
        Ok((fix || diff).then_some(Wanted { diff, unsafe_too }))
    }
}

/// The fixes of a run, applied in memory.
pub(super) struct Mended {
    /// The files as they were read.
    before: Sources,
    unsafe_too: bool,
    applied: Applied,
}

/// Applies what is wanted. Nothing is written yet.
pub(super) fn mend(
    session: &Session,
    analysis: Analysis,
    wanted: Wanted,
) -> Result<Mended, Failure> {
    if !analysis.config_errors.is_empty() {
        return Err(Failure::new("nothing is fixed: a config cannot be used")
            .with_help("mend the config first: what was linted is not what is meant"));
    }
    let before = analysis.sources.clone();
    let applied = apply(analysis, wanted.unsafe_too, &mut |texts| {
        Ok::<_, Failure>(session.analyse(texts))
    })?;
    let unsafe_too = wanted.unsafe_too;
    Ok(Mended {
        before,
        unsafe_too,
        applied,
    })
}

/// Takes from the findings the fixes that would be withdrawn: what a report offers is what `--fix` writes.
pub(super) fn prove(session: &Session, analysis: &mut Analysis) -> Result<(), Failure> {
    for unsafe_too in [false, true] {
        let tried = |finding: &Finding| {
            let fix = finding.fix.as_ref();
            finding.suppressed.is_none() && fix.is_some_and(|fix| fix.safe != unsafe_too)
        };
        if !analysis.findings.iter().any(tried) {
            continue;
        }
        let applied = apply(analysis.clone(), unsafe_too, &mut |texts| {
            Ok::<_, Failure>(session.analyse(texts))
        })?;
        let findings = analysis.findings.iter_mut();
        for finding in findings.filter(|finding| tried(finding)) {
            let key = Key::of(finding);
            if let Some(told) = applied.withdrawn.iter().find(|told| told.key == key) {
                finding.fix = None;
                finding.unfixed = Some(format!("tried and withdrawn: {}", told.text));
            }
        }
    }
    Ok(())
}

impl Mended {
    /// Writes the files: the findings that are left.
    pub(super) fn write(self, options: &CheckOptions) -> Result<Analysis, Failure> {
        let applied = &self.applied;
        save(
            options,
            &applied.after.vantage,
            &self.before,
            &applied.texts,
        )?;
        Ok(self.told())
    }

    /// The text of standard input with the fixes, and the findings that are left. `given`: as it was read.
    pub(super) fn print(self, given: &[u8]) -> Result<Analysis, Failure> {
        match self.applied.texts.values().next() {
            Some(text) => output::print(text)?,
            None => output::print_bytes(given)?,
        }
        Ok(self.told())
    }

    fn told(self) -> Analysis {
        let fixed = self.fixed();
        let mut after = self.applied.after;
        after.fixed = Some(fixed);
        after
    }

    fn fixed(&self) -> Fixed {
        let vantage = &self.applied.after.vantage;
        Fixed {
            findings: self.applied.done.len(),
            files: self.applied.texts.len(),
            unsafe_too: self.unsafe_too,
            withdrawn: withdrawn(vantage, &self.applied.withdrawn),
        }
    }

    /// Shows what would change on standard output, and counts it on standard error.
    pub(super) fn diff(&self, matches: &ArgMatches, style: Style) -> Result<u8, Failure> {
        let vantage = &self.applied.after.vantage;
        let mut out = String::new();
        for (path, text) in &self.applied.texts {
            let before = self.before.get(path.as_str());
            let before = before.map_or("", |file| &*file.text);
            out += &report::diff::unified(&vantage.shown(path), before, text, style);
        }
        output::print(&output::quoted(out))?;
        if !matches.get_flag("quiet") {
            output::remark(&format!("{}\n", self.would_fix()));
        }
        if matches.get_flag("verbose") {
            for line in withdrawn(vantage, &self.applied.withdrawn) {
                output::remark(&format!("withdrawn: {line}\n"));
            }
        }
        Ok(
            match self.applied.texts.is_empty() || matches.get_flag("exit-zero") {
                true => CLEAN,
                false => FOUND,
            },
        )
    }

    /// `would fix 3 findings in 2 files, 1 more with --unsafe-fixes`.
    fn would_fix(&self) -> String {
        let done = self.applied.done.len();
        let files = counted(self.applied.texts.len(), "file");
        let mut text = match done {
            0 => "nothing that can be fixed".to_string(),
            some => format!("would fix {} in {files}", counted(some, "finding")),
        };
        if !self.unsafe_too {
            text += &report::more_unsafe(&self.applied.after);
        }
        text
    }
}

/// `path:line rule: why`, one for each place.
fn withdrawn(vantage: &Vantage, told: &[Told]) -> Vec<String> {
    let mut lines: BTreeMap<(String, usize), String> = BTreeMap::new();
    for one in told {
        let path = vantage.shown(&one.place.path);
        let line = format!("{path}:{} {}: {}", one.line, one.rule, one.text);
        lines.insert((path, one.line), line);
    }
    lines.into_values().collect()
}
