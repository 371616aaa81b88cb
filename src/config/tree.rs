//! A YAML text as a tree in which every key and value has its place. Knows no key of the config.

use granit_parser::{Event, Parser, ScalarStyle};

use crate::source::{SourceFile, Span};

/// Nesting beyond which a config is refused: the deepest real key is at six.
const DEPTH: usize = 32;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    /// `plain`: without quotes, so that it may be a number or a truth value.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// Something wrong at a place of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

impl Wrong {
    pub fn new(span: Span, message: impl Into<String>) -> Wrong {
        Wrong {
            span,
            message: message.into(),
            help: None,
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Wrong {
        self.help = Some(help.into());
        self
    }
}

impl Node {
    /// The kind in words: `a list`, `a number`.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Scalar { .. } if self.number().is_some() => "a number",
            Kind::Scalar { .. } if self.truth().is_some() => "true or false",
            Kind::Scalar { .. } => "a text",
        }
    }

    pub fn number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => text
                .replace('_', "")
                .parse()
                .ok()
                .filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    pub fn truth(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar { text, plain: true } if text == "true" => Some(true),
            Kind::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => None,
        }
    }

    /// The text of any scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The same as a plain YAML value, for tables that have their own reader.
    pub fn to_value(&self) -> serde_yaml::Value {
        use serde_yaml::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::List(items) => Value::Sequence(items.iter().map(Node::to_value).collect()),
            Kind::Map(pairs) => Value::Mapping(
                pairs
                    .iter()
                    .map(|(key, value)| (Value::String(key.text.clone()), value.to_value()))
                    .collect(),
            ),
            Kind::Scalar { text, .. } => {
                if let Some(truth) = self.truth() {
                    return Value::Bool(truth);
                }
                match self.number() {
                    Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => {
                        Value::Number((n as i64).into())
                    }
                    Some(n) => Value::Number(n.into()),
                    None => Value::String(text.clone()),
                }
            }
        }
    }
}

/// A list or mapping whose end has not come yet.
enum Open {
    List(Span, Vec<Node>),
    Map(Span, Vec<(Key, Node)>, Option<Key>),
}

/// Parses one document. An empty file is `Null`.
pub fn parse(file: &SourceFile) -> Result<Node, Wrong> {
    if file.invalid_bytes > 0 {
        let at = file.text.find('\u{1a}').unwrap_or(0);
        return Err(Wrong::new(Span::new(at, at + 1), "not valid UTF-8"));
    }
    let shift = file.content_start();
    let text = &file.text[shift..];
    let mut builder = Builder {
        open: Vec::new(),
        root: None,
        documents: 0,
    };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0) + shift;
            Wrong::new(
                line_at(file, at),
                format!("not valid YAML: {}", error.info()),
            )
        })?;
        let range = span.byte_range().unwrap_or(0..0);
        let span = trimmed(text, range.start, range.end, shift);
        builder.event(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node {
        span: Span::new(shift, shift),
        kind: Kind::Null,
    }))
}

/// A span without the blanks and line breaks at its end.
fn trimmed(text: &str, start: usize, end: usize, shift: usize) -> Span {
    let end = end.min(text.len());
    let start = start.min(end);
    let slice = text.get(start..end).unwrap_or_default();
    Span::new(start + shift, start + shift + slice.trim_end().len())
}

/// From an offset to the end of its line, at least one byte where there is one.
fn line_at(file: &SourceFile, at: usize) -> Span {
    let at = at.min(file.text.len());
    let line = file.line_span(file.line_index(at));
    if at < line.end {
        Span::new(at, line.end)
    } else {
        line
    }
}

struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder {
    fn event(&mut self, event: Event, span: Span) -> Result<(), Wrong> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Wrong::new(span, "a config is one YAML document"));
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return Err(Wrong::new(span, "aliases are not supported in a config")
                    .with_help("write the value out, or share it with `extend`"));
            }
            Event::SequenceStart(..) => self.push(Open::List(span, Vec::new()), span)?,
            Event::MappingStart(..) => self.push(Open::Map(span, Vec::new(), None), span)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null");
                let kind = if null {
                    Kind::Null
                } else {
                    Kind::Scalar {
                        text: text.into_owned(),
                        plain,
                    }
                };
                self.place(Node { span, kind })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, open: Open, span: Span) -> Result<(), Wrong> {
        if self.open.len() >= DEPTH {
            return Err(Wrong::new(span, format!("nested deeper than {DEPTH}")));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Wrong> {
        // A block collection ends where the next line begins: its last item ends it, a flow one its bracket.
        let close = |start: Span, last: Option<Span>| match last {
            Some(last) if end.is_empty() => start.to(last),
            _ => start.to(end),
        };
        let node = match self.open.pop() {
            Some(Open::List(start, items)) => Node {
                span: close(start, items.last().map(|item| item.span)),
                kind: Kind::List(items),
            },
            Some(Open::Map(start, pairs, _)) => Node {
                span: close(start, pairs.last().map(|(_, value)| value.span)),
                kind: Kind::Map(pairs),
            },
            None => return Ok(()),
        };
        self.place(node)
    }

    fn place(&mut self, node: Node) -> Result<(), Wrong> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, pairs, key @ None)) => {
                let text = match node.kind {
                    Kind::Scalar { text, .. } => text,
                    Kind::Null => "null".to_string(),
                    _ => return Err(Wrong::new(node.span, "a key must be a text")),
                };
                if pairs.iter().any(|(other, _)| other.text == text) {
                    return Err(Wrong::new(node.span, format!("`{text}` stands twice")));
                }
                *key = Some(Key {
                    text,
                    span: node.span,
                });
            }
            Some(Open::Map(_, pairs, key)) => {
                if let Some(key) = key.take() {
                    pairs.push((key, node));
                }
            }
        }
        Ok(())
    }
}
