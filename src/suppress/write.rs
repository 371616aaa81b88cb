//! Where a suppression comment can stand and how it is written in the syntax of a file. Whether a reader takes it for
//! one is for the caller to find out by reading the file again.

use super::comments::closings;
use super::Syntax;
use crate::frontend::code::{self, language_of};
use crate::frontend::document;
use crate::frontend::DIRECTIVE;
use crate::source::{SourceFile, Span};

/// A way to write a comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// On a line of its own above the statement or key.
    Above(&'static str),
    /// The same between an opening and a closing word.
    Alone(&'static str, &'static str),
    /// On the line of the finding, between an opening and a closing word: the text around it stays as it is sent.
    Within(&'static str, &'static str),
}

/// A comment for some findings of one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Insertion {
    /// Byte in the file as it is.
    pub at: usize,
    pub text: String,
}

/// The forms that are worth trying in a file, the usual one first.
pub fn forms(file: &SourceFile, finding: Span) -> Vec<Form> {
    let extension = file.path.rsplit_once('.').map_or("", |(_, end)| end);
    let extension = extension.to_ascii_lowercase();
    // Front matter is YAML, the body a template.
    let body = match extension.as_str() {
        "prompty" => Some("jinja"),
        "prompt" => Some("handlebars"),
        _ => None,
    };
    let syntax = match body.filter(|_| !in_front_matter(file, finding)) {
        Some(body) => Syntax::named(body),
        None => Syntax::for_path(&file.path),
    };
    let mut out: Vec<Form> = syntax.into_iter().flat_map(Syntax::forms).collect();
    if matches!(extension.as_str(), "txt" | "md" | "xml" | "html") {
        // Templates by their content.
        out = ["jinja", "handlebars", "liquid", "erb"]
            .into_iter()
            .filter_map(Syntax::named)
            .flat_map(|syntax| syntax.forms().into_iter().take(1))
            .collect();
    }
    out
}

fn in_front_matter(file: &SourceFile, finding: Span) -> bool {
    let fence = file.text.match_indices("\n---").map(|(at, _)| at).next();
    file.text.starts_with("---") && fence.is_some_and(|end| finding.start < end)
}

/// Statements and keys that a comment above may speak of.
pub fn statements(file: &SourceFile) -> Vec<Span> {
    match language_of(&file.path) {
        Some(language) => code::simple_statements(&code::parse(file, language)),
        None => document::comments(file).statements,
    }
}

/// The comment that leaves these rules alone at a finding; `None` where one stands there already that says so, or none
/// can stand there. A directive that is there is added to.
pub fn insertion(
    file: &SourceFile,
    statements: &[Span],
    finding: Span,
    rules: &[&str],
    reason: &str,
    form: Form,
) -> Option<Insertion> {
    let around = statements.iter().copied();
    let statement = around
        .filter(|statement| statement.start <= finding.start && finding.end <= statement.end)
        .min_by_key(|statement| (statement.len(), statement.start));
    let line = match form {
        Form::Above(_) => file.line_index(statement.unwrap_or(finding).start),
        Form::Alone(..) | Form::Within(..) => file.line_index(finding.start),
    };
    let span = file.line_span(line);
    let text = file.slice(span.start, span.end);
    let own = existing(file, line);
    let known = own.or_else(|| line.checked_sub(1).and_then(|above| existing(file, above)));
    if let Some((at, named)) = known {
        let more: Vec<&str> = rules
            .iter()
            .filter(|rule| !named.contains(&rule.to_string()))
            .copied()
            .collect();
        return (!more.is_empty()).then(|| Insertion {
            at,
            text: format!(", {}", more.join(", ")),
        });
    }
    let said = format!("{DIRECTIVE} ignore[{}] {reason}", rules.join(", "));
    let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
    let start = skip_mark(&file.text, span.start);
    let above = |comment: String| Insertion {
        at: start,
        text: format!("{}{comment}{}", &text[..indent], line_break(file, span)),
    };
    Some(match form {
        Form::Above(open) => above(format!("{open} {said}")),
        Form::Alone(open, close) => above(format!("{open} {said} {close}")),
        // Behind the indentation, which some template engines take away in front of a tag.
        Form::Within(open, close) => Insertion {
            at: start.max(span.start + indent),
            text: format!("{open} {said} {close}"),
        },
    })
}

/// A byte order mark stays in front.
fn skip_mark(text: &str, at: usize) -> usize {
    match at == 0 && text.starts_with('\u{feff}') {
        true => '\u{feff}'.len_utf8(),
        false => at,
    }
}

/// As the lines of the file end.
fn line_break(file: &SourceFile, line: Span) -> &'static str {
    let rest = &file.text[line.start..];
    let end = rest.find('\n').map(|at| &rest[..at]);
    let end = end.or_else(|| file.text.split_once('\n').map(|(first, _)| first));
    match end.is_some_and(|line| line.ends_with('\r')) {
        true => "\r\n",
        false => "\n",
    }
}

/// A directive of a line that names rules: where its list ends, and the rules.
fn existing(file: &SourceFile, line: usize) -> Option<(usize, Vec<String>)> {
    let span = file.line_span(line);
    let text = file.slice(span.start, span.end);
    let at = text.find(DIRECTIVE)?;
    let rest = text[at + DIRECTIVE.len()..].trim_start();
    let list = rest.strip_prefix("ignore[")?;
    let end = list.find(']')?;
    let start = text.len() - list.len();
    let rules = list[..end].split(',').map(|rule| rule.trim().to_string());
    Some((span.start + start + end, rules.collect()))
}

/// Why a text cannot be the reason in a comment of any syntax, if it cannot.
pub fn unfit(reason: &str) -> Option<String> {
    if reason.trim().is_empty() {
        return Some("a reason is needed: later readers ask why".into());
    }
    if reason.chars().any(char::is_control) {
        return Some("a reason is one line of text".into());
    }
    let closing = closings()
        .chain(["-->", "*/"])
        .find(|close| reason.contains(close));
    closing.map(|close| format!("`{close}` would end the comment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &str, text: &str, at: &str, form: Form) -> Option<String> {
        let file = SourceFile::new(path, text);
        let start = text.find(at).expect("the place is in the text");
        let span = Span::new(start, start + at.len());
        let statements = statements(&file);
        let found = insertion(
            &file,
            &statements,
            span,
            &["volatile-prefix"],
            "on purpose",
            form,
        )?;
        let mut out = text.to_string();
        out.insert_str(found.at, &found.text);
        Some(out)
    }

    #[test]
    fn code_gets_a_line_above_the_statement_with_its_indentation_and_line_ending() {
        let text = "def f():\r\n    x = g(\r\n        now(),\r\n    )\r\n";
        assert_eq!(
            put("a.py", text, "now()", Form::Above("#")).as_deref(),
            Some("def f():\r\n    # prefixlint: ignore[volatile-prefix] on purpose\r\n    x = g(\r\n        now(),\r\n    )\r\n")
        );
    }

    #[test]
    fn a_template_gets_it_on_the_line_so_that_its_text_stays() {
        assert_eq!(
            put(
                "a.j2",
                "One\n  {{ now() }}\n",
                "now()",
                Form::Within("{#", "#}")
            )
            .as_deref(),
            Some("One\n  {# prefixlint: ignore[volatile-prefix] on purpose #}{{ now() }}\n")
        );
        let alone = Form::Alone("{{!--", "--}}");
        assert_eq!(
            put("a.hbs", "One\n {{#if now}}\n", "now", alone).as_deref(),
            Some("One\n {{!-- prefixlint: ignore[volatile-prefix] on purpose --}}\n {{#if now}}\n")
        );
    }

    #[test]
    fn a_directive_that_is_there_is_added_to_once() {
        let text = "# prefixlint: ignore[unstable-order] known\nx = now()\n";
        let once = put("a.py", text, "now()", Form::Above("#"));
        let once = once.expect("room for another rule");
        assert!(once.starts_with("# prefixlint: ignore[unstable-order, volatile-prefix] known\n"));
        assert_eq!(put("a.py", &once, "now()", Form::Above("#")), None);
    }

    #[test]
    fn the_body_of_a_prompty_is_a_template_and_its_head_is_not() {
        let file = SourceFile::new("a.prompty", "---\nname: a\n---\nsystem:\n{{ now }}\n");
        let at = |needle: &str| {
            let start = file.text.find(needle).expect("in the text");
            forms(&file, Span::new(start, start + 1))
        };
        assert_eq!(at("{{ now")[0], Form::Within("{#", "#}"));
        assert_eq!(at("name")[0], Form::Above("#"));
        assert!(forms(&SourceFile::new("a.json", "{}"), Span::new(0, 1)).is_empty());
    }

    #[test]
    fn what_would_end_a_comment_is_no_reason() {
        assert_eq!(unfit("on purpose"), None);
        for reason in [
            "",
            "  ",
            "a\nb",
            "so #} {{ x }}",
            "x */ y",
            "--> y",
            "%> y",
            "}} y",
        ] {
            assert!(unfit(reason).is_some(), "{reason}");
        }
    }
}
