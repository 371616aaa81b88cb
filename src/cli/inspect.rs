//! `prefixlint inspect FILE[:LINE]`.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::explain::wants_json;
use super::{backend, check, options, output, CheckOptions, Failure};
use crate::engine::Analysis;
use crate::judge::Judged;
use crate::report;

pub(super) fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    let argument = options::text(matches, "file").unwrap_or_default();
    let (path, line) = split(&argument);
    let mut asked = CheckOptions::new(vec![path.clone()])?;
    asked.shared(matches);
    asked.list_files = true;
    let analysis = check::pooled(0, || backend::analyse(&asked))??;
    let errors = backend::shown_errors(&asked, &analysis.vantage, &analysis.config_errors);
    output::config_errors(&errors, matches);
    let code = check::view_code(&analysis.config_errors);
    let prompts = chosen(&analysis, line);
    if prompts.is_empty() {
        return Err(no_prompt(&analysis, &path));
    }
    if wants_json(matches) {
        let document = report::inspect::document(&analysis, &prompts);
        output::print(&report::pretty(&document))?;
        return Ok(code);
    }
    let style = output::style(matches);
    let views: Vec<String> = prompts
        .iter()
        .map(|judged| report::inspect::view(&analysis, judged, style))
        .collect();
    output::print(&output::quoted(views.join("\n")))?;
    Ok(code)
}

/// Says what the file was taken for instead.
fn no_prompt(analysis: &Analysis, path: &Path) -> Failure {
    let failure = |why: &str| Failure::new(format!("{}: no prompt: {why}", path.display()));
    match (&analysis.errors[..], &analysis.listed[..]) {
        ([error, ..], _) => failure(&error.message),
        ([], [only]) if only.taken_as == "config" => failure("it configures prefixlint"),
        ([], [only]) => failure(&only.why)
            .with_help("a file that `include` of prefixlint.yaml names is always a prompt"),
        _ => Failure::new(format!("{}: no prompt found", path.display()))
            .with_help("`prefixlint check --show-files` says what each file is taken for"),
    }
}

/// `a.j2:12` -> (`a.j2`, 12), unless a file of the whole name is there.
fn split(argument: &str) -> (PathBuf, Option<usize>) {
    let whole = || (PathBuf::from(argument), None);
    if Path::new(argument).exists() {
        return whole();
    }
    let Some((path, line)) = argument.rsplit_once(':') else {
        return whole();
    };
    match line.parse() {
        Ok(line) if !path.is_empty() => (PathBuf::from(path), Some(line)),
        _ => whole(),
    }
}

/// All prompts, or the one that a line belongs to: the last that starts on or before it.
fn chosen(analysis: &Analysis, line: Option<usize>) -> Vec<&Judged> {
    let Some(line) = line else {
        return analysis.prompts.iter().map(|judged| &**judged).collect();
    };
    let start = |judged: &Judged| {
        let origin = &judged.prompt.origin;
        analysis
            .sources
            .get(&origin.path)
            .map_or(1, |file| file.position(origin.span.start).line)
    };
    let before = analysis
        .prompts
        .iter()
        .filter(|judged| start(judged) <= line)
        .max_by_key(|judged| start(judged));
    before
        .or(analysis.prompts.first())
        .map(|judged| &**judged)
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_follows_the_last_colon() {
        assert_eq!(split("a/b.j2:12"), ("a/b.j2".into(), Some(12)));
        assert_eq!(split("a/b.j2"), ("a/b.j2".into(), None));
        assert_eq!(split("c:b.j2"), ("c:b.j2".into(), None));
        assert_eq!(split(":3"), (":3".into(), None));
    }
}
