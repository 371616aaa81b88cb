//! Directives taken out of comments: the rules that are named in vain, or the whole comment. What is sent stays as it
//! is, so that a line goes with its comment only where it is not sent.

use super::entries::{behind_line, cut, replace};
use crate::finding::{Edit, Fix};
use crate::source::{SourceFile, Span};
use crate::suppress::write::{forms, Form};

/// The fix for a directive that names some of its rules in vain.
pub fn unname(
    file: &SourceFile,
    directive: Span,
    comment: Span,
    rules: &[String],
    unused: &[String],
) -> Option<Fix> {
    let left: Vec<&str> = rules
        .iter()
        .filter(|rule| !unused.contains(rule))
        .map(String::as_str)
        .collect();
    let (title, edit) = match left.is_empty() {
        true => (
            "Remove the comment that suppresses nothing",
            without(file, directive, comment)?,
        ),
        false => (
            "Take the rule that suppresses nothing out of the comment",
            shorter(file, directive, &left)?,
        ),
    };
    Some(Fix {
        title: title.into(),
        safe: true,
        edits: vec![edit],
    })
}

/// The list of rules without those in vain.
fn shorter(file: &SourceFile, directive: Span, left: &[&str]) -> Option<Edit> {
    let text = file.text.get(directive.start..directive.end)?;
    let open = text.find('[')? + 1;
    let close = open + text[open..].find(']')?;
    let list = Span::new(directive.start + open, directive.start + close);
    Some(replace(file, list, left.join(", ")))
}

fn without(file: &SourceFile, directive: Span, comment: Span) -> Option<Edit> {
    let text = &file.text;
    let before = text.get(comment.start..directive.start)?;
    let behind = text.get(directive.end..comment.end)?;
    let words = |text: &str| text.chars().any(char::is_alphanumeric);
    if words(before) || words(&behind.replace("endcomment", "")) {
        // Something else is said there.
        let gap = before.len() - before.trim_end_matches([' ', '\t']).len();
        let gap = gap.saturating_sub(usize::from(before.trim_end().len() <= 2));
        return Some(cut(file, Span::new(directive.start - gap, directive.end)));
    }
    let first = file.line_span(file.line_index(comment.start));
    let last = file.line_span(file.line_index(comment.end.saturating_sub(1).max(comment.start)));
    let lead = text.get(first.start..comment.start)?;
    let tail = text.get(comment.end..last.end)?;
    let alone = lead.trim_start_matches('\u{feff}').trim().is_empty() && tail.trim().is_empty();
    let form = forms(file, directive);
    // The line of a comment is sent by most template languages.
    let sent = form
        .first()
        .is_none_or(|form| matches!(form, Form::Within(..)))
        && crate::frontend::code::language_of(&file.path).is_none();
    if sent {
        return Some(cut(file, comment));
    }
    if alone {
        let mark = lead.starts_with('\u{feff}');
        let start = first.start + if mark { '\u{feff}'.len_utf8() } else { 0 };
        return Some(cut(file, Span::new(start, behind_line(file, last))));
    }
    let gap = match tail.trim().is_empty() {
        true => lead.len() - lead.trim_end().len(),
        false => 0,
    };
    Some(cut(file, Span::new(comment.start - gap, comment.end)))
}
