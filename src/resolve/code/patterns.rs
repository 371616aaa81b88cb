//! Texts in which what a regular expression matches is replaced: `re.sub`, `text.replace(/../g, f)`. A pattern that
//! cannot be read, and one that only tidies constant text, leaves the text as it is.

use std::collections::HashMap;
use std::rc::Rc;

use regex::{Captures, Regex};

use crate::frontend::code::ir::Expr;
use crate::prompt::Piece;
use crate::source::Text;

use super::super::value::{push_all, push_piece};
use super::eval::Eval;
use super::texts;
use super::value::{Argument, Value};

/// Matches that a function is asked about; what matches beyond them stays as it is.
const MAX_MATCHES: usize = 256;

impl Eval<'_, '_> {
    /// `re.sub(pattern, with, text)`
    pub fn substituted(&mut self, args: &[Argument], expr: &Expr) -> Option<Value> {
        let given = |at: usize, name: &str| {
            let named = args.iter().find(|arg| arg.name.as_deref() == Some(name));
            named.or_else(|| args.get(at).filter(|arg| arg.name.is_none()))
        };
        let pattern = given(0, "pattern")?.value.clone();
        let with = given(1, "repl")?.value.clone();
        let text = given(2, "string")?.value.clone();
        if let Value::Choice(choice) = &text {
            let choice = choice.clone();
            let arms = choice
                .arms
                .iter()
                .map(|arm| self.in_text(&pattern, &with, arm, expr))
                .collect::<Option<Vec<Value>>>()?;
            return Some(super::arms::choose(&choice.condition, arms));
        }
        self.in_text(&pattern, &with, &text, expr)
    }

    /// `PATTERN.sub(with, text)` of a compiled one.
    pub fn pattern_method(
        &mut self,
        pattern: &str,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        if name != "sub" {
            return None;
        }
        let place = self.place(expr.span);
        let pattern = Argument::positional(self.literal(expr.span, pattern), place);
        let mut all = vec![pattern];
        all.extend(args.iter().cloned());
        self.substituted(&all, expr)
    }

    fn in_text(
        &mut self,
        pattern: &Value,
        with: &Value,
        text: &Value,
        expr: &Expr,
    ) -> Option<Value> {
        let Value::Text(pieces) = text else {
            return matches!(text, Value::Unknown(_)).then(|| text.clone());
        };
        let Some(pattern) = pattern.known_text().or_else(|| pattern_of(pattern)) else {
            return Some(text.clone());
        };
        Some(Value::pieces(
            self.replaced_by(pieces, &pattern, with, expr),
        ))
    }

    /// Every match of a pattern, in the syntax of the host language, replaced.
    pub fn replaced_by(
        &mut self,
        pieces: &Rc<Vec<Piece>>,
        pattern: &str,
        with: &Value,
        expr: &Expr,
    ) -> Vec<Piece> {
        let literal = texts::literal_of_pattern(pattern);
        let asked = matches!(with, Value::Function(_));
        let constant = match with {
            Value::Text(with) => with.iter().all(|piece| matches!(piece, Piece::Text(_))),
            _ => !matches!(
                with,
                Value::Function(_) | Value::Unknown(_) | Value::Choice(_)
            ),
        };
        if constant && literal.is_none() {
            return pieces.to_vec();
        }
        let read = literal.map_or_else(|| pattern.to_string(), |literal| regex::escape(&literal));
        let Ok(regex) = Regex::new(&read).or_else(|_| Regex::new(&with_braces(&read))) else {
            return pieces.to_vec();
        };
        let mut known: HashMap<String, Vec<Piece>> = HashMap::new();
        let mut out = Vec::with_capacity(pieces.len());
        for piece in pieces.iter() {
            let Piece::Text(text) = piece else {
                push_piece(&mut out, piece.clone());
                continue;
            };
            let mut at = 0;
            for found in regex.captures_iter(text.as_str()).take(MAX_MATCHES) {
                let Some(whole) = found.get(0).filter(|whole| !whole.is_empty()) else {
                    continue;
                };
                let there = text.slice(whole.start(), whole.end());
                let put = match known.get(whole.as_str()) {
                    Some(put) => put.clone(),
                    None => {
                        let put = match asked {
                            true => self.answer_to(with, &regex, &found, &there, expr),
                            false => self.print(with, &there.whole()),
                        };
                        known.insert(whole.as_str().to_string(), put.clone());
                        put
                    }
                };
                push_piece(&mut out, Piece::Text(text.slice(at, whole.start())));
                push_all(&mut out, put);
                at = whole.end();
            }
            push_piece(&mut out, Piece::Text(text.slice(at, text.len())));
        }
        out.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        out
    }

    /// What a function gives for a match: in Python it is asked with the match, in JavaScript with the matched texts.
    fn answer_to(
        &mut self,
        function: &Value,
        regex: &Regex,
        found: &Captures<'_>,
        there: &Text,
        expr: &Expr,
    ) -> Vec<Piece> {
        let place = there.whole();
        let group = |found: Option<regex::Match<'_>>| {
            let text = found.map_or("", |found| found.as_str());
            Value::text(Text::opaque(&place.path, place.span, text))
        };
        let groups: Vec<Value> = found.iter().map(group).collect();
        let args = if self.is_python() {
            let numbered = groups.into_iter().enumerate();
            let mut entries: Vec<(String, Value)> = numbered
                .map(|(at, value)| (at.to_string(), value))
                .collect();
            for name in regex.capture_names().flatten() {
                entries.push((name.to_string(), group(found.name(name))));
            }
            vec![self.new_object(entries, place.clone())]
        } else {
            groups
        };
        let args = args.into_iter();
        let args = args.map(|value| Argument::positional(value, place.clone()));
        let value = self.apply(function, args.collect(), expr, (false, None));
        self.print(&value, &place)
    }
}

fn pattern_of(value: &Value) -> Option<String> {
    match super::things::thing_of(value)? {
        super::things::Thing::Pattern(pattern) => Some(pattern.clone()),
        _ => None,
    }
}

/// A pattern in which each brace that begins or ends no repetition stands for itself, as JavaScript and Python read it:
/// `{{(\w+)}}`.
fn with_braces(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' => {
                let escaped = rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..1 + escaped]);
                1 + escaped
            }
            '{' => match repetition(rest) {
                Some(length) => {
                    out.push_str(&rest[..length]);
                    length
                }
                None => {
                    out.push_str("\\{");
                    1
                }
            },
            '}' => {
                out.push_str("\\}");
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// Bytes of the `{2}`, `{2,}` or `{2,3}` that a text begins with.
fn repetition(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let bounds = &text[1..end];
    let digits = bounds.chars().all(|c| c.is_ascii_digit() || c == ',');
    (digits && bounds.starts_with(|c: char| c.is_ascii_digit())).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::with_braces;

    #[test]
    fn braces_that_repeat_nothing_stand_for_themselves() {
        for (pattern, read) in [
            (r"{{\s*(\w+)\s*}}", r"\{\{\s*(\w+)\s*\}\}"),
            (r"a{2,3}b{c}", r"a{2,3}b\{c\}"),
            (r"\{x\}{1}", r"\{x\}{1}"),
            ("é{", "é\\{"),
        ] {
            assert_eq!(with_braces(pattern), read, "{pattern}");
            assert!(
                regex::Regex::new(&with_braces(pattern)).is_ok(),
                "{pattern}"
            );
        }
    }
}
