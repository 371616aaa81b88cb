//! Values as they are written: the maps and lists of code, JSON and YAML in one form, so that an edit of a marker is
//! written once for all of them. Knows places and signs, not what a value means.

use tree_sitter::{Node, Tree};

use crate::frontend::code::{self, ir::Language};
use crate::frontend::document::value::{self, parse_json, parse_yaml, Value};
use crate::source::{SourceFile, Span};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    Python,
    JavaScript,
    Json,
    Yaml,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Written {
    pub span: Span,
    /// With the brackets and type annotations around it.
    pub outer: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Map(Vec<Pair>),
    /// `open`: something is spread into it, so that its items cannot be counted.
    List {
        items: Vec<Written>,
        open: bool,
    },
    Other,
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub struct Pair {
    pub key: String,
    pub key_span: Span,
    pub span: Span,
    pub value: Written,
}

impl Written {
    pub fn pairs(&self) -> &[Pair] {
        match &self.kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    pub fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|pair| pair.key == key)
    }

    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }
}

/// A file whose values can be found.
pub struct Page<'a> {
    pub file: &'a SourceFile,
    pub notation: Notation,
    root: Root,
}

enum Root {
    Code(Tree),
    Values(Vec<Value>),
}

/// A map with the number of the pair that was asked for, and the list that it is an item of.
pub struct Holder {
    pub map: Written,
    pub index: usize,
    pub list: Option<(Written, usize)>,
}

/// An argument that is given by name, among all of its call.
pub struct Argument {
    /// With the brackets.
    pub within: Span,
    pub all: Vec<Span>,
    pub index: usize,
    pub value: Written,
}

impl<'a> Page<'a> {
    /// `None` for other files, and for those that cannot be read whole.
    pub fn open(file: &'a SourceFile) -> Option<Page<'a>> {
        let extension = file.path.rsplit_once('.').map_or("", |(_, end)| end);
        let (notation, root) = match (code::language_of(&file.path), extension) {
            (Some(language), _) => {
                let tree = code::syntax(file, language)?;
                let notation = match language {
                    Language::Python => Notation::Python,
                    Language::JavaScript => Notation::JavaScript,
                };
                (notation, Root::Code(tree))
            }
            (None, "json" | "jsonc") => values(Notation::Json, parse_json(&file.content()))?,
            (None, "yaml" | "yml") => values(Notation::Yaml, parse_yaml(&file.content()))?,
            _ => return None,
        };
        Some(Page {
            file,
            notation,
            root,
        })
    }

    pub fn text(&self, span: Span) -> &'a str {
        self.file.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The value that stands at a place; of an argument or an entry what is given.
    pub fn at(&self, span: Span) -> Option<Written> {
        match &self.root {
            Root::Code(tree) => {
                let node = node_at(tree, span)?;
                let inner = match node.kind() {
                    "keyword_argument" | "pair" => node.child_by_field_name("value")?,
                    _ => node,
                };
                Some(self.lower(inner))
            }
            Root::Values(values) => values.iter().find_map(|value| find(value, span)),
        }
    }

    /// Under which name the value of a place is given: that of the argument or the entry.
    pub fn key_of(&self, span: Span) -> Option<String> {
        match &self.root {
            Root::Code(tree) => {
                let node = node_at(tree, span)?;
                let named = match node.kind() {
                    "keyword_argument" | "pair" => node,
                    _ => node.parent()?,
                };
                let key = match named.kind() {
                    "keyword_argument" => named.child_by_field_name("name")?,
                    "pair" => named.child_by_field_name("key")?,
                    _ => return None,
                };
                Some(
                    self.text(span_of(key))
                        .trim_matches(['"', '\''])
                        .to_string(),
                )
            }
            Root::Values(_) => {
                let holder = self.holding(span)?;
                Some(holder.map.pairs()[holder.index].key.clone())
            }
        }
    }

    /// Whether a value of code is a parameter that its function declares as text.
    pub fn is_text_parameter(&self, span: Span) -> bool {
        let Root::Code(tree) = &self.root else {
            return false;
        };
        let name = self.text(span);
        let mut node = node_at(tree, span);
        while let Some(inner) = node {
            let parameters = inner.child_by_field_name("parameters");
            let declared = parameters.is_some_and(|parameters| {
                let text: String = self.text(span_of(parameters)).split_whitespace().collect();
                let is = |kind: &str| {
                    text.match_indices(&format!("{name}:{kind}"))
                        .any(|(at, found)| {
                            text[..at].ends_with(['(', ',', '{'])
                                && text[at + found.len()..].starts_with([',', ')', '=', ';', '}'])
                        })
                };
                is("str") || is("string")
            });
            if declared {
                return true;
            }
            node = inner.parent();
        }
        false
    }

    /// The argument of a call that gives the value of a place by its name (`dict(text=RULES, cache_control=..)`).
    pub fn argument(&self, span: Span) -> Option<Argument> {
        let Root::Code(tree) = &self.root else {
            return None;
        };
        let mut node = node_at(tree, span)?;
        while node.kind() != "keyword_argument" {
            let named = |parent: &Node| parent.kind() == "keyword_argument";
            let around = node.parent();
            node = around.filter(|parent| named(parent) || is_wrapping(*parent, span))?;
        }
        let list = node.parent()?;
        let all: Vec<Span> = parts(list).into_iter().map(span_of).collect();
        Some(Argument {
            within: span_of(list),
            index: all.iter().position(|one| *one == span_of(node))?,
            all,
            value: self.lower(node.child_by_field_name("value")?),
        })
    }

    /// The statement that sets an entry or a member to the value of a place (`block["cache_control"] = ..`), where
    /// others stand beside it; and the value.
    pub fn setting(&self, span: Span) -> Option<(Span, Written)> {
        let Root::Code(tree) = &self.root else {
            return None;
        };
        let mut node = node_at(tree, span)?;
        while !matches!(node.kind(), "assignment" | "assignment_expression") {
            let parent = node.parent()?;
            let value = parent.child_by_field_name("right") == Some(node);
            node = (value || is_wrapping(parent, span)).then_some(parent)?;
        }
        let left = node.child_by_field_name("left")?;
        let of_thing = matches!(
            left.kind(),
            "subscript" | "attribute" | "member_expression" | "subscript_expression"
        );
        let value = self.lower(node.child_by_field_name("right")?);
        let statement = node.parent()?;
        let block = statement.parent()?;
        let stands = statement.kind() == "expression_statement"
            && matches!(
                block.kind(),
                "block" | "module" | "statement_block" | "program"
            );
        // A block of Python holds something.
        let left_over = block.kind() != "block" || parts(block).len() > 1;
        (of_thing && stands && left_over).then(|| (span_of(statement), value))
    }

    /// The map that holds a value, or an entry, of this place.
    pub fn holding(&self, span: Span) -> Option<Holder> {
        match &self.root {
            Root::Code(tree) => {
                let mut node = node_at(tree, span)?;
                while node.kind() != "pair" {
                    node = node.parent().filter(|parent| is_wrapping(*parent, span))?;
                }
                let map = node.parent()?;
                let list = map.parent().filter(|list| is_list(*list));
                let written = self.lower(map);
                let index = position(written.pairs(), span_of(node))?;
                let list = list.and_then(|list| self.item_of(self.lower(list), written.span));
                Some(Holder {
                    map: written,
                    index,
                    list,
                })
            }
            Root::Values(values) => values.iter().find_map(|value| self.holder(value, span)),
        }
    }

    fn holder(&self, value: &Value, span: Span) -> Option<Holder> {
        if value.span.start > span.start || value.span.end < span.end {
            return None;
        }
        let map = written(value);
        if let Some(index) = position(map.pairs(), span) {
            return Some(Holder {
                map,
                index,
                list: None,
            });
        }
        let children = value.entries().iter().map(|entry| &entry.value);
        let found = children
            .chain(value.items())
            .find_map(|child| self.holder(child, span))?;
        if found.list.is_none() && value.is_seq() {
            let list = self.item_of(written(value), found.map.span);
            return Some(Holder { list, ..found });
        }
        Some(found)
    }

    fn item_of(&self, list: Written, span: Span) -> Option<(Written, usize)> {
        let Kind::List { items, .. } = &list.kind else {
            return None;
        };
        let index = items.iter().position(|item| item.span == span)?;
        Some((list, index))
    }

    fn lower(&self, node: Node) -> Written {
        let outer = span_of(node);
        let node = peeled(node);
        let kind = match node.kind() {
            "dictionary" | "object" => Kind::Map(self.pairs(node)),
            kind if is_list(node) && kind != "tuple" => {
                let mut items = Vec::new();
                let mut open = false;
                for child in parts(node) {
                    open |= matches!(child.kind(), "list_splat" | "spread_element");
                    items.push(self.lower(child));
                }
                Kind::List { items, open }
            }
            _ => Kind::Other,
        };
        Written {
            span: span_of(node),
            outer,
            kind,
        }
    }

    fn pairs(&self, node: Node) -> Vec<Pair> {
        let pair = |child: Node| {
            let (key, value) = match child.kind() {
                "pair" => (
                    child.child_by_field_name("key")?,
                    child.child_by_field_name("value")?,
                ),
                "shorthand_property_identifier" => (child, child),
                _ => return None,
            };
            let name = self.text(span_of(key));
            Some(Pair {
                key: name.trim_matches(['"', '\'']).to_string(),
                key_span: span_of(key),
                span: span_of(child),
                value: self.lower(value),
            })
        };
        parts(node).into_iter().filter_map(pair).collect()
    }
}

fn values(notation: Notation, parsed: value::Parsed) -> Option<(Notation, Root)> {
    (parsed.problems.is_empty()).then_some((notation, Root::Values(parsed.documents)))
}

/// The entry whose value, or which itself, has a place.
fn position(pairs: &[Pair], span: Span) -> Option<usize> {
    pairs
        .iter()
        .position(|pair| pair.span == span || pair.value.span == span)
}

fn find(value: &Value, span: Span) -> Option<Written> {
    if value.span == span {
        return Some(written(value));
    }
    if value.span.start > span.start || value.span.end < span.end {
        return None;
    }
    let own = value
        .entries()
        .iter()
        .find(|entry| entry.key_span.to(entry.value.span) == span);
    if let Some(own) = own {
        return Some(written(&own.value));
    }
    let children = value.entries().iter().map(|entry| &entry.value);
    children
        .chain(value.items())
        .find_map(|child| find(child, span))
}

fn written(value: &Value) -> Written {
    let kind = match &value.kind {
        value::Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| Pair {
                    key: entry.key.as_str().to_string(),
                    key_span: entry.key_span,
                    span: entry.key_span.to(entry.value.span),
                    value: written(&entry.value),
                })
                .collect(),
        ),
        value::Kind::Seq(items) => Kind::List {
            items: items.iter().map(written).collect(),
            open: false,
        },
        value::Kind::Scalar(_) => Kind::Other,
    };
    Written {
        span: value.span,
        outer: value.span,
        kind,
    }
}

fn span_of(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The smallest node of a place, where one has it as a whole.
fn node_at(tree: &Tree, span: Span) -> Option<Node<'_>> {
    let node = tree
        .root_node()
        .named_descendant_for_byte_range(span.start, span.end)?;
    (span_of(node) == span).then_some(node)
}

/// Whether a node is no more than a place, an entry around it, or what types and brackets add.
fn is_wrapping(node: Node, span: Span) -> bool {
    node.kind() == "pair" || span_of(node) == span || peeled(node).start_byte() == span.start
}

fn is_list(node: Node) -> bool {
    matches!(node.kind(), "list" | "array" | "tuple")
}

/// The value inside brackets and type annotations.
fn peeled(mut node: Node) -> Node {
    while matches!(
        node.kind(),
        "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
    ) {
        let Some(inner) = parts(node).first().copied() else {
            break;
        };
        node = inner;
    }
    node
}

/// The named children without comments.
fn parts(node: Node) -> Vec<Node> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !child.is_extra())
        .collect()
}
