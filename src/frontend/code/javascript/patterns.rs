//! What declarations, parameters and assignments bind.

use tree_sitter::Node;

use super::{field, first_part, is_comment, parts, peel, span, Lowering};
use crate::frontend::code::ir::{ExprKind, Pattern};
use crate::source::Span;

impl Lowering<'_> {
    pub fn pattern(&mut self, node: Node) -> Pattern {
        let node = peel(node);
        self.nested(|it| it.pattern_kind(node))
            .unwrap_or(Pattern::Ignore)
    }

    fn pattern_kind(&mut self, node: Node) -> Pattern {
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                Pattern::Name(self.text(node).to_owned(), span(node))
            }
            "member_expression" | "subscript_expression" => {
                let target = self.expr(node);
                match target.kind {
                    ExprKind::Attribute { .. } | ExprKind::Index { .. } => {
                        Pattern::Target(Box::new(target))
                    }
                    _ => Pattern::Ignore,
                }
            }
            "array_pattern" | "array" => self.list_pattern(node),
            "object_pattern" | "object" => self.object_pattern(node),
            "rest_pattern" | "spread_element" => {
                let inner = first_part(node).map_or(Pattern::Ignore, |inner| self.pattern(inner));
                Pattern::Rest(Box::new(inner))
            }
            "assignment_pattern" | "object_assignment_pattern" | "assignment_expression" => {
                self.default_pattern(node)
            }
            _ => Pattern::Ignore,
        }
    }

    fn default_pattern(&mut self, node: Node) -> Pattern {
        let target = field(node, "left").map_or(Pattern::Ignore, |left| self.pattern(left));
        let Some(right) = field(node, "right") else {
            return target;
        };
        let value = match &target {
            Pattern::Name(name, span) => self.named_value(right, name, *span),
            _ => self.expr(right),
        };
        Pattern::Default(Box::new(target), Box::new(value))
    }

    fn list_pattern(&mut self, node: Node) -> Pattern {
        let mut items = Vec::new();
        let mut filled = false;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            if is_comment(child) {
                continue;
            }
            if child.kind() == "," {
                if !filled {
                    items.push(Pattern::Ignore);
                }
                filled = false;
            } else if child.is_named() {
                items.push(self.pattern(child));
                filled = true;
            }
        }
        Pattern::List(items, span(node))
    }

    fn object_pattern(&mut self, node: Node) -> Pattern {
        let mut entries = Vec::new();
        let mut rest = None;
        for child in parts(node) {
            match child.kind() {
                "pair_pattern" | "pair" => {
                    let (Some(key), Some(value)) = (field(child, "key"), field(child, "value"))
                    else {
                        continue;
                    };
                    let (name, _) = self.property_name(key);
                    let value = self.pattern(value);
                    entries.push((name, value));
                }
                "rest_pattern" | "spread_element" => {
                    rest = first_part(child).map(|name| self.text(name).to_owned());
                }
                "shorthand_property_identifier" => {
                    let name = self.text(child).to_owned();
                    entries.push((name.clone(), Pattern::Name(name, span(child))));
                }
                _ => {
                    let pattern = self.pattern(child);
                    if let Some(name) = bound_name(&pattern) {
                        entries.push((name.to_owned(), pattern));
                    }
                }
            }
        }
        Pattern::Object(entries, rest, span(node))
    }

    /// The name of a property and where it stands. A computed one that is no literal is kept as written, with its
    /// brackets: no name is like it.
    pub fn property_name(&self, node: Node) -> (String, Span) {
        let inner = match node.kind() {
            "computed_property_name" => first_part(node).map_or(node, peel),
            _ => node,
        };
        match inner.kind() {
            "string" => (self.string(inner).as_str().to_owned(), self.inside(inner)),
            "number" => {
                let text = self.text(inner);
                let name = super::literals::number(text).map(|value| value.to_string());
                (name.unwrap_or_else(|| text.to_owned()), span(inner))
            }
            _ => (self.text(node).to_owned(), span(node)),
        }
    }
}

fn bound_name(pattern: &Pattern) -> Option<&str> {
    match pattern {
        Pattern::Name(name, _) => Some(name),
        Pattern::Default(inner, _) => bound_name(inner),
        _ => None,
    }
}
