//! One directive: its grammar and its problems. Knows nothing of lines.
//!
//! ```text
//! prefixlint: ignore[rule, rule] reason
//! prefixlint: ignore-file[rule] reason
//! prefixlint: volatility(name, other.name)=class
//! ```

use super::Comment;
use crate::frontend::{Problem, DIRECTIVE};
use crate::source::Span;
use crate::volatility::Class;

const VERBS: [&str; 3] = ["ignore", "ignore-file", "volatility"];

/// What a suppression covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirectiveKind {
    Ignore,
    IgnoreFile,
}

/// A suppression as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Directive {
    pub kind: DirectiveKind,
    /// From `prefixlint:` to the end of the reason.
    pub span: Span,
    /// The comment that holds it, with its signs.
    pub comment: Span,
    /// Known rule ids, in order.
    pub rules: Vec<String>,
    /// May be empty.
    pub reason: String,
}

#[derive(Default)]
pub(super) struct Parsed {
    /// Each with the span of its comment.
    pub directives: Vec<(Directive, Span)>,
    pub overrides: Vec<(String, Class)>,
    pub problems: Vec<Problem>,
}

/// The directives of one comment, one a line.
pub(super) fn parse(comment: &Comment, source: &str, rules: &[&str]) -> Parsed {
    let mut out = Parsed::default();
    // Where the comment's text stands in the file as it is, spans are exact; else they are the comment's.
    let whole = source
        .get(comment.span.start..comment.span.end)
        .and_then(|slice| slice.find(comment.text.as_str()))
        .map(|at| comment.span.start + at);
    let mut at = 0;
    for line in comment.text.split_inclusive('\n') {
        if let Some(found) = line.find(DIRECTIVE) {
            let body = without_closing(&line[found..]);
            let span = whole.map_or(comment.span, |start| {
                Span::new(start + at + found, start + at + found + body.len())
            });
            // In the middle of prose the word is a directive only where it is written like one.
            let prose = line[..found].chars().any(char::is_alphanumeric);
            Line { body, span, prose }.read(comment.span, rules, &mut out);
        }
        at += line.len();
    }
    out
}

/// A line of a comment without what closes the comment.
fn without_closing(line: &str) -> &str {
    let line = line.trim_end();
    let closing = super::comments::closings()
        .filter(|closing| line.ends_with(closing))
        .map(str::len)
        .max()
        .unwrap_or(0);
    line[..line.len() - closing].trim_end_matches(['-', '~', ' ', '\t'])
}

struct Line<'a> {
    body: &'a str,
    span: Span,
    prose: bool,
}

impl Line<'_> {
    fn read(&self, comment: Span, rules: &[&str], out: &mut Parsed) {
        let rest = self.body[DIRECTIVE.len()..].trim_start();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(rest.len());
        let (verb, behind) = rest.split_at(length);
        let kind = match verb {
            "ignore" => DirectiveKind::Ignore,
            "ignore-file" => DirectiveKind::IgnoreFile,
            "volatility" => return self.volatility(behind, out),
            _ => {
                if !self.prose {
                    let help = hint(verb, &VERBS).unwrap_or_else(|| {
                        "write `ignore[rule]`, `ignore-file[rule]` or `volatility(name)=class`"
                            .to_owned()
                    });
                    out.problems
                        .push(self.problem(format!("`{verb}` is no prefixlint directive"), help));
                }
                return;
            }
        };
        let list = behind
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'));
        let Some((list, reason)) = list else {
            if !self.prose || behind.starts_with('[') {
                let help = format!("write `prefixlint: {verb}[rule] reason`");
                let message = format!("`{verb}` names no rules");
                out.problems.push(self.problem(message, help));
            }
            return;
        };
        let known = self.known_rules(list, rules, &mut out.problems);
        if known.is_empty() {
            return;
        }
        let directive = Directive {
            kind,
            span: self.span,
            comment,
            rules: known,
            reason: reason
                .trim_start_matches([':', '-', '\u{2014}', '\u{2013}', ' ', '\t'])
                .trim()
                .to_owned(),
        };
        out.directives.push((directive, comment));
    }

    fn known_rules(&self, list: &str, rules: &[&str], problems: &mut Vec<Problem>) -> Vec<String> {
        let mut known: Vec<String> = Vec::new();
        let mut named = false;
        for id in list.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            named = true;
            if !rules.contains(&id) {
                let help = hint(id, rules)
                    .unwrap_or_else(|| "`prefixlint rules` lists all rules".to_owned());
                problems.push(self.problem(format!("there is no rule `{id}`"), help));
            } else if !known.iter().any(|rule| rule == id) {
                known.push(id.to_owned());
            }
        }
        if !named {
            let help = "name the rules between the brackets".to_owned();
            problems.push(self.problem("the list of rules is empty".to_owned(), help));
        }
        known
    }

    /// `(name, name)=class`, again behind a comma.
    fn volatility(&self, behind: &str, out: &mut Parsed) {
        let form = "write `prefixlint: volatility(name)=class`".to_owned();
        let parsed = behind
            .trim_start()
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
            .and_then(|(names, rest)| Some((names, rest.trim_start().strip_prefix('=')?)));
        let Some((names, rest)) = parsed else {
            if !self.prose || behind.starts_with('(') {
                let message = "this volatility cannot be read".to_owned();
                out.problems.push(self.problem(message, form));
            }
            return;
        };
        let rest = rest.trim_start();
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(rest.len());
        let (word, more) = rest.split_at(length);
        let names: Vec<&str> = names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        match Class::parse(word) {
            Some(_) if names.is_empty() => {
                let message = "this volatility names no value".to_owned();
                out.problems.push(self.problem(message, form));
            }
            Some(class) => {
                let named = names.iter().map(|name| ((*name).to_owned(), class));
                out.overrides.extend(named);
            }
            None => {
                let classes = Class::ALL.map(Class::name);
                let help = hint(word, &classes)
                    .unwrap_or_else(|| format!("one of {}", classes.join(", ")));
                let message = format!("there is no volatility `{word}`");
                out.problems.push(self.problem(message, help));
            }
        }
        let next = more.trim_start().strip_prefix(',').map(str::trim_start);
        if let Some(next) = next.and_then(|next| next.strip_prefix("volatility")) {
            self.volatility(next, out);
        }
    }

    fn problem(&self, message: String, help: String) -> Problem {
        Problem::new(self.span, message).with_help(help)
    }
}

/// "did you mean": the nearest of the known words, where one is near.
fn hint(word: &str, known: &[&str]) -> Option<String> {
    let near = |candidate: &&str| strsim::damerau_levenshtein(word, candidate);
    let best = known.iter().min_by_key(|candidate| near(candidate))?;
    let limit = (best.len() / 3).max(1);
    (word.len() < 80 && near(best) <= limit).then(|| format!("did you mean `{best}`?"))
}
