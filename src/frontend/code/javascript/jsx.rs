//! JSX: an element is opaque with the expressions that stand in it.

use tree_sitter::Node;

use super::{parts, Lowering};
use crate::frontend::code::ir::{Expr, ExprKind};

impl Lowering<'_> {
    pub fn jsx(&mut self, node: Node) -> ExprKind {
        let mut found = Vec::new();
        self.jsx_parts(node, &mut found);
        ExprKind::Opaque(found)
    }

    fn jsx_parts(&mut self, node: Node, out: &mut Vec<Expr>) {
        for child in parts(node) {
            match child.kind() {
                "jsx_opening_element" | "jsx_attribute" => {
                    self.nested(|it| it.jsx_parts(child, out));
                }
                "jsx_expression" => {
                    for inner in parts(child) {
                        let inner = if inner.kind() == "spread_element" {
                            super::first_part(inner).unwrap_or(inner)
                        } else {
                            inner
                        };
                        out.push(self.expr(inner));
                    }
                }
                "jsx_element" | "jsx_self_closing_element" | "jsx_fragment" => {
                    out.push(self.expr(child));
                }
                _ => {}
            }
        }
    }
}
