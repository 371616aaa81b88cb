//! Comprehensions. `[e for a in A for b in B]` is a flat comprehension over `A` whose element is the list over `B`.

use tree_sitter::Node;

use super::operators::chain;
use super::{first_part, sound_parts, span, Lowering};
use crate::frontend::code::ir::{
    BinaryOp, Comprehension, ComprehensionKind, Expr, ExprKind, Item, Pattern,
};
use crate::source::Span;

/// More `for` clauses than anybody writes are opaque: each one is a level of nesting.
const MAX_CLAUSES: usize = 16;

struct Clause {
    span: Span,
    pattern: Pattern,
    over: Expr,
    tests: Vec<Expr>,
}

impl Lowering<'_> {
    pub(super) fn comprehension(&mut self, node: Node) -> ExprKind {
        let kind = match node.kind() {
            "set_comprehension" => ComprehensionKind::Set,
            "dictionary_comprehension" => ComprehensionKind::Dict,
            "generator_expression" => ComprehensionKind::Generator,
            _ => ComprehensionKind::List,
        };
        let Some(body) = node.child_by_field_name("body") else {
            return self.opaque_parts(node).kind;
        };
        let outer = self.depth;
        let mut clauses: Vec<Clause> = Vec::new();
        for part in sound_parts(node) {
            if part.kind() == "for_in_clause" {
                if clauses.len() == MAX_CLAUSES {
                    self.depth = outer;
                    return ExprKind::Opaque(Vec::new());
                }
                clauses.push(self.for_clause(part));
                self.depth += 1;
            } else if let ("if_clause", Some(clause)) = (part.kind(), clauses.last_mut()) {
                if let Some(test) = first_part(part) {
                    clause.tests.push(self.expr(test));
                }
            }
        }
        let (key, element) = match body.kind() {
            "pair" => (Some(self.field(body, "key")), self.field(body, "value")),
            _ => (None, self.expr(body)),
        };
        self.depth = outer;
        nested(kind, key, element, clauses)
    }

    fn for_clause(&mut self, node: Node) -> Clause {
        let pattern = self.pattern_field(node, "left");
        let mut cursor = node.walk();
        let over: Vec<Node> = node.children_by_field_name("right", &mut cursor).collect();
        let over: Vec<Node> = over.into_iter().filter(|part| part.is_named()).collect();
        let over = match over[..] {
            [only] => self.expr(only),
            // `for x in 1, 2` of Python 2.
            _ => {
                let items = over
                    .iter()
                    .map(|part| Item::One(self.expr(*part)))
                    .collect();
                Expr::new(span(node), ExprKind::List(items))
            }
        };
        Clause {
            span: span(node),
            pattern,
            over,
            tests: Vec::new(),
        }
    }
}

/// From the innermost clause outwards.
fn nested(
    innermost: ComprehensionKind,
    mut key: Option<Expr>,
    mut element: Expr,
    clauses: Vec<Clause>,
) -> ExprKind {
    let mut kind = innermost;
    for clause in clauses.into_iter().rev() {
        let at = element.span.to(clause.span);
        let comprehension = Comprehension {
            kind,
            element,
            key: key.take(),
            pattern: clause.pattern,
            over: clause.over,
            test: chain(BinaryOp::And, clause.tests),
        };
        element = Expr::new(at, ExprKind::Comprehension(Box::new(comprehension)));
        kind = ComprehensionKind::Flat;
    }
    element.kind
}
