//! Comments of languages that have no parser here, over `rules/comments.yaml`. Finds them line by line and knows
//! quotes, nothing else of the language.

use std::sync::OnceLock;

use serde_yaml::Value;

use super::Comment;
use crate::source::Span;

const TABLE: &str = include_str!("../../rules/comments.yaml");

/// How a language writes comments.
#[derive(Debug, Default)]
pub struct Syntax {
    pub id: String,
    extensions: Vec<String>,
    line: Vec<String>,
    block: Vec<(String, String)>,
    strings: Vec<String>,
    multiline: Vec<String>,
    blank_before: bool,
    own_line: bool,
}

impl Syntax {
    /// The syntax of a file, by its extension (without case).
    pub fn for_path(path: &str) -> Option<&'static Syntax> {
        let name = path.rsplit('/').next()?;
        let (_, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        all()
            .iter()
            .find(|syntax| syntax.extensions.contains(&extension))
    }

    /// A syntax by its name in the table (`hash`, `jinja`).
    pub fn named(id: &str) -> Option<&'static Syntax> {
        all().iter().find(|syntax| syntax.id == id)
    }

    /// How a comment is written in it.
    pub fn forms(&self) -> Vec<super::write::Form> {
        use super::write::Form;
        let mut out: Vec<Form> = Vec::new();
        // The table is read once and stays.
        let Some(own) = Syntax::named(&self.id) else {
            return out;
        };
        out.extend(own.line.iter().map(|open| Form::Above(open)));
        let blocks = own.block.iter();
        out.extend(blocks.map(|(open, close)| match own.own_line {
            true => Form::Alone(open, close),
            false => Form::Within(open, close),
        }));
        out
    }

    fn from_yaml(entry: &Value) -> Syntax {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let list = |key: &str| entry.get(key).and_then(Value::as_sequence);
        let strings = |key: &str| -> Vec<String> {
            list(key).map_or_else(Vec::new, |items| items.iter().filter_map(text).collect())
        };
        let flag = |key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or(false);
        let pair = |item: &Value| match item.as_sequence().map(Vec::as_slice) {
            Some([open, close]) => Some((text(open)?, text(close)?)),
            _ => None,
        };
        Syntax {
            id: entry.get("id").and_then(text).unwrap_or_default(),
            extensions: strings("extensions"),
            line: strings("line"),
            block: list("block")
                .map_or_else(Vec::new, |items| items.iter().filter_map(pair).collect()),
            strings: strings("strings"),
            multiline: strings("multiline"),
            blank_before: flag("blank-before"),
            own_line: flag("own-line"),
        }
    }
}

fn all() -> &'static [Syntax] {
    static ALL: OnceLock<Vec<Syntax>> = OnceLock::new();
    ALL.get_or_init(|| {
        let value: Value =
            serde_yaml::from_str(TABLE).expect("rules/comments.yaml is valid YAML, as tested");
        value
            .get("syntaxes")
            .and_then(Value::as_sequence)
            .map(|entries| entries.iter().map(Syntax::from_yaml).collect())
            .unwrap_or_default()
    })
}

/// What closes a comment in any language.
pub(super) fn closings() -> impl Iterator<Item = &'static str> {
    all()
        .iter()
        .flat_map(|syntax| syntax.block.iter().map(|(_, close)| close.as_str()))
}

/// The comments of a text, in order, with their delimiters. One pass; an unclosed block ends with the text, an
/// unclosed quote is an apostrophe.
pub fn comments_by_syntax(text: &str, syntax: &Syntax) -> Vec<Comment> {
    let mut out = Vec::new();
    let mut at = 0;
    // Where a search for a closing word found nothing, later searches would not either.
    let mut unclosed: Vec<&str> = Vec::new();
    while at < text.len() {
        let rest = &text[at..];
        if let Some(end) = comment_end(text, at, syntax) {
            out.push(Comment {
                span: Span::new(at, end),
                text: text[at..end].to_owned(),
            });
            at = end;
            continue;
        }
        let multiline = find_prefix(&syntax.multiline, rest);
        let single = find_prefix(&syntax.strings, rest);
        let skip = match (multiline, single) {
            (Some(quote), _) if !unclosed.contains(&quote) => {
                let length = quoted(rest, quote, true);
                if length.is_none() {
                    unclosed.push(quote);
                }
                length
            }
            (None, Some(quote)) => quoted(rest, quote, false),
            _ => None,
        };
        at += skip.unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
    }
    out
}

fn find_prefix<'s>(words: &'s [String], text: &str) -> Option<&'s str> {
    words
        .iter()
        .map(String::as_str)
        .find(|word| text.starts_with(word))
}

fn comment_end(text: &str, at: usize, syntax: &Syntax) -> Option<usize> {
    let rest = &text[at..];
    let block = syntax.block.iter().find(|(open, _)| rest.starts_with(open));
    if let Some((open, close)) = block {
        let inner = &rest[open.len()..];
        let length = inner
            .find(close.as_str())
            .map_or(rest.len(), |found| open.len() + found + close.len());
        return Some(at + length);
    }
    find_prefix(&syntax.line, rest)?;
    let blank = text[..at]
        .chars()
        .next_back()
        .is_none_or(char::is_whitespace);
    if syntax.blank_before && !blank {
        return None;
    }
    let line = rest.find('\n').unwrap_or(rest.len());
    Some(at + rest[..line].trim_end_matches('\r').len())
}

/// The length of a quoted string with its quotes; `None` where it does not close (on its line).
fn quoted(rest: &str, quote: &str, multiline: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = quote.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' if !multiline => return None,
            _ if bytes[at..].starts_with(quote.as_bytes()) => return Some(at + quote.len()),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let syntax = Syntax::for_path(path).expect("a known extension");
        comments_by_syntax(text, syntax)
            .into_iter()
            .map(|comment| {
                assert_eq!(text[comment.span.start..comment.span.end], comment.text);
                comment.text
            })
            .collect()
    }

    #[test]
    fn the_table_is_sound() {
        let mut seen: Vec<&str> = Vec::new();
        assert!(!all().is_empty());
        for syntax in all() {
            assert!(!syntax.line.is_empty() || !syntax.block.is_empty());
            assert!(Syntax::named(&syntax.id).is_some());
            for extension in &syntax.extensions {
                assert!(!seen.contains(&extension.as_str()), "{extension} twice");
                seen.push(extension);
            }
        }
    }

    #[test]
    fn quotes_hide_comment_signs() {
        assert_eq!(
            found(
                "a.py",
                "x = '# no' # yes\ns = \"\"\"\n# sent\n\"\"\"\n# it's\n# end"
            ),
            ["# yes", "# it's", "# end"]
        );
        assert_eq!(
            found("a.ts", "a(`// sent\n`) // one\n/* two\n */ \"// no\""),
            ["// one", "/* two\n */"]
        );
        assert_eq!(found("a.yml", "a: don't # one\r\nb: x#y\n"), ["# one"]);
    }

    #[test]
    fn template_comments_are_found() {
        assert_eq!(found("a.txt.J2", "a {# b #} c"), ["{# b #}"]);
        assert_eq!(
            found("a.hbs", "{{!-- a }} --}}{{! b }}"),
            ["{{!-- a }} --}}", "{{! b }}"]
        );
        assert_eq!(
            found("a.md", "x <!-- a\nb --> y <!-- open"),
            ["<!-- a\nb -->", "<!-- open"]
        );
        assert!(Syntax::for_path("a/b.bin").is_none());
        assert!(Syntax::for_path("Makefile").is_none());
    }

    #[test]
    fn odd_text_ends() {
        for text in ["'\\", "\"\"\"", "é'ü#", "`\\", "/*", "'''\\"] {
            for path in ["a.py", "a.ts", "a.yml", "a.j2"] {
                found(path, text);
            }
        }
        // Many unclosed quotes must not make it quadratic.
        found("a.ts", &"` a ".repeat(50_001));
    }
}
