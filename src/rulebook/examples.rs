//! The examples of a rule page: fenced blocks that make up small projects.
//!
//! The info string of a block of an example is `LANG path=PATH [bad|good] [case=NAME] [expect=RULE@LINE:SEVERITY]...`.
//! Blocks with the same `case` form one project, as do a block without `case` and nothing else; `bad` or `good` stands
//! on at least one block of a project, `expect` on the file that it speaks of. A good example expects no finding of
//! the page's own rule. Blocks without `path` are prose. Filler directives are expanded, see `filler.rs`; they stay on
//! their line, so lines are those of the page.

use super::{closes, filler, opening, PageError};
use crate::finding::Severity;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Bad,
    Good,
}

/// A finding that an example asserts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expect {
    pub rule: String,
    pub path: String,
    /// 1-based, in the file.
    pub line: usize,
    pub severity: Severity,
}

/// A small project: write its files, run a check over them, compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// The name in the page, or `example-N` (1-based) where it has none.
    pub case: String,
    pub verdict: Verdict,
    /// (path, text) in the order of the page.
    pub files: Vec<(String, String)>,
    pub expects: Vec<Expect>,
}

#[derive(Default)]
struct Draft {
    case: String,
    line: usize,
    verdict: Option<Verdict>,
    files: Vec<(String, String)>,
    expects: Vec<Expect>,
}

/// Examples of the body of a page that starts on the given 1-based line of its file.
pub(super) fn parse(body: &str, first_line: usize) -> Result<Vec<Example>, PageError> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut lines = body.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(open) = opening(line) else { continue };
        let mut text = String::new();
        for (_, inner) in lines.by_ref() {
            if closes(inner, open) {
                break;
            }
            text.push_str(inner);
            text.push('\n');
        }
        block(&line[open.len()..], &text, first_line + index, &mut drafts)?;
    }
    drafts.into_iter().map(finish).collect()
}

fn block(info: &str, text: &str, line: usize, drafts: &mut Vec<Draft>) -> Result<(), PageError> {
    let (mut path, mut case, mut verdict) = (None, None, None);
    let mut expects = Vec::new();
    for word in info.split_whitespace().skip(1) {
        match word.split_once('=') {
            Some(("path", value)) => path = Some(value.to_string()),
            Some(("case", value)) => case = Some(value.to_string()),
            Some(("expect", value)) => expects.push(
                expectation(value)
                    .ok_or_else(|| PageError::at(line, "write expect=RULE@LINE:SEVERITY"))?,
            ),
            None if word == "bad" => verdict = Some(Verdict::Bad),
            None if word == "good" => verdict = Some(Verdict::Good),
            _ => return Err(PageError::at(line, format!("unknown attribute `{word}`"))),
        }
    }
    let Some(path) = path else {
        return if verdict.is_some() || !expects.is_empty() {
            Err(PageError::at(line, "an example needs path=PATH"))
        } else {
            Ok(())
        };
    };
    let name = case.unwrap_or_else(|| format!("example-{}", drafts.len() + 1));
    let at = match drafts.iter().position(|draft| draft.case == name) {
        Some(at) => at,
        None => {
            drafts.push(Draft {
                case: name,
                line,
                ..Draft::default()
            });
            drafts.len() - 1
        }
    };
    let draft = &mut drafts[at];
    if draft.verdict.is_some() && verdict.is_some() && draft.verdict != verdict {
        return Err(PageError::at(line, "one case is both good and bad"));
    }
    draft.verdict = draft.verdict.or(verdict);
    draft
        .expects
        .extend(expects.into_iter().map(|(rule, line, severity)| Expect {
            rule,
            path: path.clone(),
            line,
            severity,
        }));
    draft.files.push((path, filler::expand(text)));
    Ok(())
}

/// `volatile-prefix@3:warning`.
fn expectation(text: &str) -> Option<(String, usize, Severity)> {
    let (rule, rest) = text.split_once('@')?;
    let (line, severity) = rest.split_once(':')?;
    Some((
        rule.to_string(),
        line.parse().ok()?,
        Severity::parse(severity)?,
    ))
}

fn finish(draft: Draft) -> Result<Example, PageError> {
    let verdict = draft
        .verdict
        .ok_or_else(|| PageError::at(draft.line, "an example is good or bad"))?;
    if verdict == Verdict::Bad && draft.expects.is_empty() {
        return Err(PageError::at(
            draft.line,
            "a bad example expects a finding: expect=RULE@LINE:SEVERITY",
        ));
    }
    Ok(Example {
        case: draft.case,
        verdict,
        files: draft.files,
        expects: draft.expects,
    })
}
