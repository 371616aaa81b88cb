//! YAML events -> value tree. Aliases are expanded under one budget for the file, so that an alias bomb ends in a
//! problem; nesting is bounded. Knows nothing of prompts.

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::scalar::{align_flow, align_folded, align_literal, Builder, Flow};
use super::{
    drop_duplicates, resolve_plain, Entry, Kind, Parsed, Resolved, Style, Value, MAX_NESTING,
};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// What all aliases of a file together may expand to: a node weighs 64, its text its bytes.
const EXPANSION_BUDGET: usize = 8 << 20;
const NODE_WEIGHT: usize = 64;
/// Problems that are reported of one file.
const MAX_PROBLEMS: usize = 20;

/// Parses all documents of a YAML text.
pub fn parse_yaml(text: &Text) -> Parsed {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        block_scalar_eof_without_line_feed: true,
        max_buffered_comment_events: 100_000,
    };
    let mut tree = Tree::new(text);
    for next in Parser::new_from_str_with_options(text.as_str(), options) {
        match next {
            Ok((event, span)) => tree.take(event, span.byte_range().unwrap_or(0..0)),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                tree.problem(at..at, format!("not valid YAML: {}", error.info()));
                break;
            }
        }
    }
    tree.finish()
}

type Range = std::ops::Range<usize>;

/// A collection that is still open.
struct Open {
    anchor: usize,
    /// In the text that is parsed; grows with the children of a block collection.
    range: Range,
    flow: bool,
    body: Body,
}

enum Body {
    Seq(Vec<Value>),
    Map {
        entries: Vec<Entry>,
        key: Option<(Text, Span, bool)>,
        /// Values of `<<` keys, in order.
        merged: Vec<Value>,
    },
}

/// What an anchor names, with its weight and depth.
struct Anchored {
    value: Value,
    weight: usize,
    depth: usize,
}

struct Tree<'a> {
    text: &'a Text,
    stack: Vec<Open>,
    /// Collections open beyond the nesting limit, which are dropped.
    skipping: usize,
    anchors: BTreeMap<usize, Anchored>,
    spent: usize,
    bomb: bool,
    out: Parsed,
}

impl<'a> Tree<'a> {
    fn new(text: &'a Text) -> Self {
        Tree {
            text,
            stack: Vec::new(),
            skipping: 0,
            anchors: BTreeMap::new(),
            spent: 0,
            bomb: false,
            out: Parsed::default(),
        }
    }

    fn path(&self) -> &Arc<str> {
        &self.text.path
    }

    fn span(&self, range: &Range) -> Span {
        self.text.span(range.start, range.end)
    }

    /// Notes a problem; a file that repeats one thousands of times has been told often enough.
    fn problem(&mut self, range: Range, message: impl Into<String>) {
        if self.out.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let span = self.span(&range);
        self.out.problems.push(Problem::new(span, message));
    }

    fn take(&mut self, event: Event, range: Range) {
        match event {
            Event::Comment(comment, _) => {
                let span = self.span(&range);
                self.out.comments.push((span, comment.trim().to_string()));
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(style, anchor, range, Body::Seq(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                let body = Body::Map {
                    entries: Vec::new(),
                    key: None,
                    merged: Vec::new(),
                };
                self.open(style, anchor, range, body);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            _ if self.skipping > 0 => {}
            Event::Scalar(decoded, style, anchor, tag) => {
                let is_string = tag
                    .as_ref()
                    .is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let (value, range) = self.scalar(&decoded, style, range, is_string);
                self.remember(anchor, &value, 1);
                self.add(value, range, style == ScalarStyle::Plain);
            }
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::UnresolvedAlias(name) => {
                self.problem(range.clone(), format!("unknown anchor `{name}`"));
                let value = Value::null(self.path(), self.span(&range));
                self.add(value, range, false);
            }
            Event::DocumentStart(..) => self.anchors.clear(),
            _ => {}
        }
    }

    fn open(&mut self, style: StructureStyle, anchor: usize, range: Range, body: Body) {
        if self.skipping > 0 {
            self.skipping += 1;
        } else if self.stack.len() >= MAX_NESTING {
            self.skipping = 1;
            self.problem(range, format!("nested deeper than {MAX_NESTING} levels"));
        } else {
            self.stack.push(Open {
                anchor,
                range,
                flow: style == StructureStyle::Flow,
                body,
            });
        }
    }

    fn close(&mut self, end: Range) {
        if self.skipping > 0 {
            self.skipping -= 1;
            if self.skipping == 0 {
                let value = Value::null(self.path(), self.span(&end));
                self.add(value, end, false);
            }
            return;
        }
        let Some(mut open) = self.stack.pop() else {
            return;
        };
        if open.flow {
            open.range.end = open.range.end.max(end.end);
        }
        let span = self.span(&open.range);
        let kind = match open.body {
            Body::Seq(items) => Kind::Seq(items),
            Body::Map {
                mut entries,
                merged,
                ..
            } => {
                drop_duplicates(&mut entries);
                merge(&mut entries, merged);
                Kind::Map(entries)
            }
        };
        let value = Value { kind, span };
        if open.anchor > 0 {
            let depth = depth(&value);
            self.remember(open.anchor, &value, depth);
        }
        self.add(value, open.range, false);
    }

    fn remember(&mut self, anchor: usize, value: &Value, depth: usize) {
        if anchor == 0 {
            return;
        }
        let weight = weight(value);
        // A definition is copied once too; nested anchors would otherwise copy the same nodes again and again.
        if self.spend(weight) {
            let value = value.clone();
            self.anchors.insert(
                anchor,
                Anchored {
                    value,
                    weight,
                    depth,
                },
            );
        }
    }

    fn spend(&mut self, weight: usize) -> bool {
        if self.spent.saturating_add(weight) > EXPANSION_BUDGET {
            return false;
        }
        self.spent += weight;
        true
    }

    fn alias(&mut self, anchor: usize, range: Range) {
        let fits = match self.anchors.get(&anchor) {
            Some(known) => {
                let (weight, depth) = (known.weight, known.depth);
                self.stack.len() + depth <= MAX_NESTING && self.spend(weight)
            }
            None => false,
        };
        let value = match self.anchors.get(&anchor) {
            Some(known) if fits => known.value.clone(),
            _ => {
                if !self.bomb {
                    self.bomb = true;
                    self.problem(
                        range.clone(),
                        "aliases expand to too much, or to themselves; read as null",
                    );
                }
                Value::null(self.path(), self.span(&range))
            }
        };
        self.add(value, range, false);
    }

    /// Puts a finished value where it belongs; `range` is where it stands (not where an alias leads).
    fn add(&mut self, value: Value, range: Range, plain: bool) {
        let Some(open) = self.stack.last_mut() else {
            self.out.documents.push(value);
            return;
        };
        open.range.start = open.range.start.min(range.start);
        open.range.end = open.range.end.max(range.end);
        match &mut open.body {
            Body::Seq(items) => items.push(value),
            Body::Map {
                entries,
                key,
                merged,
            } => match key.take() {
                None => {
                    let text = match value.as_scalar() {
                        Some(scalar) => scalar.text.clone(),
                        None => self.text.slice(range.start, range.end),
                    };
                    let is_merge = plain && text.as_str() == "<<";
                    let span = self.text.span(range.start, range.end);
                    *key = Some((text, span, is_merge));
                }
                Some((_, _, true)) if value.is_map() || value.is_seq() => merged.push(value),
                Some((key, key_span, _)) => entries.push(Entry {
                    key,
                    key_span,
                    value,
                }),
            },
        }
    }

    fn scalar(
        &self,
        decoded: &str,
        style: ScalarStyle,
        range: Range,
        is_string: bool,
    ) -> (Value, Range) {
        let source = self.text.as_str();
        let inner = range.start + 1..range.end.saturating_sub(1).max(range.start + 1);
        let (text, style, range) = match style {
            ScalarStyle::SingleQuoted => (
                align_flow(self.text, inner, decoded, Flow::YamlSingle),
                Style::Single,
                range,
            ),
            ScalarStyle::DoubleQuoted => (
                align_flow(self.text, inner, decoded, Flow::YamlDouble),
                Style::Double,
                range,
            ),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let body = content_lines(source, &range);
                if style == ScalarStyle::Literal {
                    let text = align_literal(self.text, body.clone(), decoded);
                    (text, Style::Literal, body)
                } else {
                    let text = align_folded(self.text, body.clone(), decoded);
                    (text, Style::Folded, body)
                }
            }
            _ => (self.plain(decoded, range.clone()), Style::Plain, range),
        };
        let resolved = if style == Style::Plain && !is_string {
            resolve_plain(decoded)
        } else {
            Resolved::String
        };
        let span = self.span(&range);
        (Value::scalar(text, style, resolved, span), range)
    }

    fn plain(&self, decoded: &str, range: Range) -> Text {
        if range.is_empty() {
            // A value that is not there: the parser says `~`.
            return Text::empty(self.path());
        }
        if self.text.as_str().get(range.clone()) == Some(decoded) {
            let mut out = Builder::new(self.text);
            out.keep(range.start, range.end);
            return out.finish();
        }
        align_flow(self.text, range, decoded, Flow::YamlPlain)
    }

    fn finish(mut self) -> Parsed {
        // After a syntax error collections are still open: what they hold so far is kept.
        self.skipping = 0;
        while let Some(open) = self.stack.last() {
            let end = open.range.end;
            self.close(end..end);
        }
        self.out
    }
}

/// The content lines of a block scalar, from the line behind its header: the event starts at the first character of
/// the first line with content, behind empty lines and the indentation.
fn content_lines(source: &str, range: &Range) -> Range {
    let header = source[..range.start].trim_end_matches([' ', '\t', '\r', '\n']);
    let start = source[header.len()..range.start]
        .find('\n')
        .map_or(range.start, |found| header.len() + found + 1);
    start..range.end.max(start)
}

/// Adds what merge keys bring in: explicit keys win, then earlier maps.
fn merge(entries: &mut Vec<Entry>, merged: Vec<Value>) {
    if merged.is_empty() {
        return;
    }
    let mut known: std::collections::BTreeSet<String> = entries
        .iter()
        .map(|entry| entry.key.as_str().to_string())
        .collect();
    let mut maps = Vec::new();
    for value in merged {
        match value.kind {
            Kind::Map(entries) => maps.push(entries),
            Kind::Seq(items) => maps.extend(items.into_iter().filter_map(|item| match item.kind {
                Kind::Map(entries) => Some(entries),
                _ => None,
            })),
            Kind::Scalar(_) => {}
        }
    }
    for entry in maps.into_iter().flatten() {
        if known.insert(entry.key.as_str().to_string()) {
            entries.push(entry);
        }
    }
}

fn weight(value: &Value) -> usize {
    NODE_WEIGHT
        + match &value.kind {
            Kind::Scalar(scalar) => scalar.text.len(),
            Kind::Seq(items) => items.iter().map(weight).sum(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| entry.key.len() + weight(&entry.value))
                .sum(),
        }
}

fn depth(value: &Value) -> usize {
    1 + match &value.kind {
        Kind::Scalar(_) => 0,
        Kind::Seq(items) => items.iter().map(depth).max().unwrap_or(0),
        Kind::Map(entries) => entries.iter().map(|e| depth(&e.value)).max().unwrap_or(0),
    }
}
