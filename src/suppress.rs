//! Suppression comments and inline volatility: `prefixlint: ignore[rule] reason`, `ignore-file[rule] reason`,
//! `volatility(name)=class`. Knows comments and lines; not what a finding is about.

mod comments;
mod directive;
pub mod write;

use std::sync::atomic::{AtomicBool, Ordering};

pub use comments::{comments_by_syntax, Syntax};
pub use directive::{Directive, DirectiveKind};

use crate::frontend::Problem;
use crate::source::{SourceFile, Span};
use crate::volatility::Class;

/// A comment of a file. `text` may hold the delimiters or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    pub span: Span,
    pub text: String,
}

/// The directives of one file.
#[derive(Debug, Default)]
pub struct Suppressions {
    directives: Vec<Tracked>,
    overrides: Vec<(String, Class)>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Tracked {
    directive: Directive,
    /// Lines (0-based, inclusive) the comment stands on.
    own: (usize, usize),
    /// Where the comment stands alone: the line it speaks of, below it.
    below: Option<usize>,
    /// Per rule of the directive.
    used: Vec<AtomicBool>,
}

/// Reads the directives out of a file's comments: [`Suppressions::parse`].
pub fn parse(file: &SourceFile, comments: &[Comment], rules: &[&str]) -> Suppressions {
    Suppressions::parse(file, comments, rules)
}

impl Suppressions {
    /// Reads the directives out of a file's comments. `rules` are all rule ids. What is not valid is a problem
    /// with a hint; the valid part of it still counts.
    pub fn parse(file: &SourceFile, comments: &[Comment], rules: &[&str]) -> Suppressions {
        let mut out = Suppressions::default();
        let mut parsed = Vec::new();
        for comment in comments {
            let found = directive::parse(comment, &file.text, rules);
            parsed.extend(found.directives);
            out.overrides.extend(found.overrides);
            out.problems.extend(found.problems);
        }
        if parsed.is_empty() {
            return out;
        }
        let alone = LinesOfComments::new(file, comments);
        for (directive, comment) in parsed {
            let own = lines(file, comment);
            let below = alone.contains(own.0).then(|| alone.next_code_line(own.1));
            let used = directive
                .rules
                .iter()
                .map(|_| AtomicBool::new(false))
                .collect();
            out.directives.push(Tracked {
                directive,
                own,
                below,
                used,
            });
        }
        out
    }

    /// The same before anything was suppressed.
    pub fn afresh(&self) -> Suppressions {
        let unused = |tracked: &Tracked| Tracked {
            directive: tracked.directive.clone(),
            own: tracked.own,
            below: tracked.below,
            used: tracked
                .used
                .iter()
                .map(|_| AtomicBool::new(false))
                .collect(),
        };
        Suppressions {
            directives: self.directives.iter().map(unused).collect(),
            overrides: self.overrides.clone(),
            problems: self.problems.clone(),
        }
    }

    /// The directive that covers a finding of a rule, if any, and marks it as used. A comment covers what starts or
    /// ends on its line; alone on its line, what starts on the next line that is not a comment. Where the finding lies inside text that is
    /// sent, `statement` is the whole statement or key: a comment above it or behind its first or last line
    /// covers all findings inside.
    pub fn covers(
        &self,
        file: &SourceFile,
        rule: &str,
        finding: Span,
        statement: Option<Span>,
    ) -> Option<&Directive> {
        let found = lines(file, finding);
        let statement = statement.map(|span| lines(file, span));
        let mut first = None;
        for tracked in &self.directives {
            let Some(index) = tracked.directive.rules.iter().position(|r| r == rule) else {
                continue;
            };
            if !tracked.reaches(found, statement) {
                continue;
            }
            // One that another makes superfluous stays unused; line comments stand before `ignore-file`.
            let line = tracked.directive.kind == DirectiveKind::Ignore;
            match first {
                None => first = Some((tracked, index)),
                Some((known, _)) if line && !is_line(known) => first = Some((tracked, index)),
                Some(_) => {}
            }
        }
        let (tracked, index) = first?;
        tracked.used[index].store(true, Ordering::Relaxed);
        Some(&tracked.directive)
    }

    /// Directives that covered nothing so far, each with the rules it names in vain, in file order. A rule that did
    /// not run (`ran` says no) is not named in vain.
    pub fn unused(&self, ran: &dyn Fn(&str) -> bool) -> Vec<(&Directive, Vec<&str>)> {
        self.directives
            .iter()
            .filter_map(|tracked| {
                let rules: Vec<&str> = tracked
                    .directive
                    .rules
                    .iter()
                    .zip(&tracked.used)
                    .filter(|(rule, used)| !used.load(Ordering::Relaxed) && ran(rule))
                    .map(|(rule, _)| rule.as_str())
                    .collect();
                (!rules.is_empty()).then_some((&tracked.directive, rules))
            })
            .collect()
    }

    /// Inline volatility, for [`Classifier::new`](crate::volatility::classify::Classifier::new): put before the
    /// config's own.
    pub fn volatilities(&self) -> &[(String, Class)] {
        &self.overrides
    }

    /// Directives that could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub fn directives(&self) -> impl Iterator<Item = &Directive> {
        self.directives.iter().map(|tracked| &tracked.directive)
    }
}

fn is_line(tracked: &Tracked) -> bool {
    tracked.directive.kind == DirectiveKind::Ignore
}

impl Tracked {
    fn reaches(&self, found: (usize, usize), statement: Option<(usize, usize)>) -> bool {
        if self.directive.kind == DirectiveKind::IgnoreFile {
            return true;
        }
        // A comment in the middle of a long finding (a branch, a loop) speaks of what stands there, not of the whole.
        let beside = |(first, last): (usize, usize)| {
            self.below == Some(first) || [first, last].contains(&self.own.0) || self.own.1 == first
        };
        beside(found) || statement.is_some_and(beside)
    }
}

/// The lines of a span, 0-based, inclusive. A line break at the end of a span does not take the next line in.
fn lines(file: &SourceFile, span: Span) -> (usize, usize) {
    let first = file.line_index(span.start);
    let last = file.line_index(span.end.saturating_sub(1).max(span.start));
    (first, last)
}

/// The lines that hold nothing but comments, sorted.
struct LinesOfComments(Vec<usize>);

impl LinesOfComments {
    fn new(file: &SourceFile, comments: &[Comment]) -> LinesOfComments {
        let mut ordered: Vec<Span> = comments.iter().map(|comment| comment.span).collect();
        ordered.sort_unstable();
        let mut out: Vec<usize> = Vec::new();
        for span in ordered {
            let (first, last) = lines(file, span);
            let before = &file.text[file.line_span(first).start..span.start];
            let end = file.line_span(last).end.max(span.end);
            let behind = &file.text[span.end..end];
            let head = before.trim_start_matches('\u{feff}').trim().is_empty();
            let tail = behind.trim().is_empty();
            let inner =
                (first..=last).filter(|line| (head || *line > first) && (tail || *line < last));
            out.extend(inner);
        }
        out.sort_unstable();
        out.dedup();
        LinesOfComments(out)
    }

    fn contains(&self, line: usize) -> bool {
        self.0.binary_search(&line).is_ok()
    }

    fn next_code_line(&self, line: usize) -> usize {
        let mut next = line + 1;
        while self.contains(next) {
            next += 1;
        }
        next
    }
}

#[cfg(test)]
mod tests;
