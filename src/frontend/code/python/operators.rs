//! Operators. Long chains of one associative operator become balanced trees, so that a text of a thousand terms is
//! not nested a thousand deep.

use tree_sitter::Node;

use super::{opaque, parts, Lowering};
use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind};

/// Terms up to which a chain is nested as written, to the left.
const LONG_CHAIN: usize = 64;

impl Lowering<'_> {
    pub(super) fn binary(&mut self, node: Node) -> ExprKind {
        let Some(op) = operator(node) else {
            return self.opaque_parts(node).kind;
        };
        let associative = matches!(
            op,
            BinaryOp::Add | BinaryOp::And | BinaryOp::Or | BinaryOp::Union
        );
        let mut terms = Vec::new();
        let mut at = node;
        // Chains lean to the left: from the last term to the first.
        let first = loop {
            let left = at.child_by_field_name("left");
            let (Some(left), Some(right)) = (left, at.child_by_field_name("right")) else {
                return self.opaque_parts(node).kind;
            };
            terms.push(right);
            if !associative || left.kind() != node.kind() || operator(left) != Some(op) {
                break left;
            }
            at = left;
        };
        terms.push(first);
        terms.reverse();
        // The depth that the chain itself will have in the result.
        let levels = if terms.len() > LONG_CHAIN {
            terms.len().ilog2() as usize + 1
        } else {
            terms.len() - 1
        };
        let outer = self.depth;
        self.depth += levels;
        let terms = terms.into_iter().map(|term| self.expr(term)).collect();
        self.depth = outer;
        chain(op, terms).map_or_else(|| ExprKind::Opaque(Vec::new()), |chain| chain.kind)
    }

    pub(super) fn unary(&mut self, node: Node) -> ExprKind {
        let argument = self.field(node, "argument");
        let operator = node.child_by_field_name("operator");
        match operator.map_or("", |operator| operator.kind()) {
            "-" => ExprKind::Negate(Box::new(argument)),
            "+" => argument.kind,
            _ => ExprKind::Opaque(vec![argument]),
        }
    }

    /// `a < b < c` is `a < b and b < c` where `b` can be read twice, else opaque.
    pub(super) fn comparison(&mut self, node: Node) -> ExprKind {
        // Some operators are nodes of two words, so operands are told by their field.
        let (mut signs, mut operands) = (Vec::new(), Vec::new());
        let mut cursor = node.walk();
        let mut more = cursor.goto_first_child();
        while more {
            let part = cursor.node();
            if cursor.field_name() == Some("operators") {
                signs.push(part);
            } else if part.is_named() && !part.is_extra() {
                operands.push(part);
            }
            more = cursor.goto_next_sibling();
        }
        if signs.is_empty() || operands.len() != signs.len() + 1 || signs.len() > LONG_CHAIN {
            return opaque_of(parts(node).into_iter().map(|part| self.expr(part)));
        }
        let mut operands = operands
            .into_iter()
            .map(|part| self.expr(part))
            .collect::<Vec<_>>();
        if let [sign] = signs[..] {
            let right = operands.pop().unwrap_or_else(|| opaque(node, Vec::new()));
            let left = operands.pop().unwrap_or_else(|| opaque(node, Vec::new()));
            return pair(compared(sign), left, right).kind;
        }
        let middle = &operands[1..signs.len()];
        if !middle
            .iter()
            .all(|operand| operand.dotted().is_some() || is_literal(operand))
        {
            return ExprKind::Opaque(operands);
        }
        let links = operands.windows(2).zip(&signs);
        let links = links.map(|(two, sign)| pair(compared(*sign), two[0].clone(), two[1].clone()));
        let links = links.collect();
        chain(BinaryOp::And, links).map_or_else(|| ExprKind::Opaque(operands), |chain| chain.kind)
    }
}

fn opaque_of(inside: impl Iterator<Item = Expr>) -> ExprKind {
    ExprKind::Opaque(inside.collect())
}

fn is_literal(expr: &Expr) -> bool {
    use ExprKind::{Bool, None, Number, Text};
    matches!(expr.kind, Text(_) | Number(_) | Bool(_) | None)
}

fn pair(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let at = left.span.to(right.span);
    let (left, right) = (Box::new(left), Box::new(right));
    Expr::new(at, ExprKind::Binary { op, left, right })
}

/// The terms joined by an operator; none where there are no terms.
pub(super) fn chain(op: BinaryOp, terms: Vec<Expr>) -> Option<Expr> {
    if terms.len() <= LONG_CHAIN {
        return terms
            .into_iter()
            .reduce(|left, right| pair(op, left, right));
    }
    let mut level = terms;
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        let mut terms = level.into_iter();
        while let Some(left) = terms.next() {
            next.push(match terms.next() {
                Some(right) => pair(op, left, right),
                None => left,
            });
        }
        level = next;
    }
    level.pop()
}

fn operator(node: Node) -> Option<BinaryOp> {
    Some(match node.child_by_field_name("operator")?.kind() {
        "+" => BinaryOp::Add,
        "%" => BinaryOp::Remainder,
        "*" => BinaryOp::Multiply,
        "-" => BinaryOp::Subtract,
        "|" => BinaryOp::Union,
        "and" => BinaryOp::And,
        "or" => BinaryOp::Or,
        _ => BinaryOp::Arithmetic,
    })
}

fn compared(sign: Node) -> BinaryOp {
    match sign.kind() {
        "==" | "is" => BinaryOp::Equal,
        "!=" | "<>" | "is not" => BinaryOp::NotEqual,
        _ => BinaryOp::Compare,
    }
}
