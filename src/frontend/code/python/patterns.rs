//! What assignments, loops, `with` and `del` bind.

use tree_sitter::Node;

use super::{first_part, sound_parts, span, Lowering};
use crate::frontend::code::ir::Pattern;

impl Lowering<'_> {
    pub(super) fn pattern_field(&mut self, node: Node, field: &str) -> Pattern {
        match node.child_by_field_name(field) {
            Some(target) => self.pattern(target),
            None => Pattern::Ignore,
        }
    }

    pub(super) fn pattern(&mut self, node: Node) -> Pattern {
        self.deeper(|this| this.pattern_of(node))
            .unwrap_or(Pattern::Ignore)
    }

    fn pattern_of(&mut self, node: Node) -> Pattern {
        match node.kind() {
            "identifier" if node.is_missing() => Pattern::Ignore,
            "identifier" => Pattern::Name(self.source(node).to_owned(), span(node)),
            "attribute" | "subscript" => Pattern::Target(Box::new(self.expr(node))),
            "pattern_list" | "tuple_pattern" | "list_pattern" | "expression_list" | "tuple"
            | "list" => {
                let inside = sound_parts(node);
                let patterns = inside.into_iter().map(|part| self.pattern(part)).collect();
                Pattern::List(patterns, span(node))
            }
            "list_splat_pattern" | "list_splat" => match first_part(node) {
                Some(rest) => Pattern::Rest(Box::new(self.pattern(rest))),
                None => Pattern::Ignore,
            },
            "parenthesized_expression" | "as_pattern_target" => match first_part(node) {
                Some(inner) => self.pattern(inner),
                None => Pattern::Ignore,
            },
            _ => Pattern::Ignore,
        }
    }
}
