//! Operators, assignments inside expressions, and long chains of one operator, which must not nest as deep as they
//! are long.

use tree_sitter::Node;

use super::{field, first_part, parts, peel, span, Lowering};
use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Item, Pattern, Stmt, StmtKind};
use crate::source::Span;

/// Operands of one chain beyond which it is built as a balanced tree.
const LONG_CHAIN: usize = 24;
/// Expressions in a target beyond which it is not copied to be read as well.
const COPIED_TARGET: usize = 64;

impl Lowering<'_> {
    pub fn binary(&mut self, node: Node) -> ExprKind {
        let Some(op) = operator(node) else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        let mut operands = Vec::new();
        let mut left = Some(node);
        while let Some(inner) = left.map(peel) {
            if inner.kind() == "binary_expression" && operator(inner) == Some(op) {
                operands.extend(field(inner, "right"));
                left = field(inner, "left");
            } else {
                operands.push(inner);
                left = None;
            }
        }
        operands.reverse();
        let operands = operands.into_iter().map(|operand| self.expr(operand));
        chain(op, operands.collect())
    }

    pub fn unary(&mut self, node: Node) -> ExprKind {
        let Some(argument) = field(node, "argument") else {
            return ExprKind::Opaque(Vec::new());
        };
        let sign = field(node, "operator").map_or("", |sign| sign.kind());
        let argument = self.expr(argument);
        match sign {
            "!" => ExprKind::Not(Box::new(argument)),
            "-" => ExprKind::Negate(Box::new(argument)),
            "+" if matches!(argument.kind, ExprKind::Number(_)) => argument.kind,
            "void" => pick(vec![argument, Expr::new(span(node), ExprKind::None)], 1),
            _ => ExprKind::Opaque(vec![argument]),
        }
    }

    /// `++a` is an assignment; `a++` too, but its value is the one before.
    pub fn update(&mut self, node: Node) -> ExprKind {
        let Some(argument) = field(node, "argument") else {
            return ExprKind::Opaque(Vec::new());
        };
        let (op, one) = step(node);
        let (old, target) = match self.read_and_written(argument) {
            Ok(both) => both,
            Err(old) => return ExprKind::Opaque(vec![old]),
        };
        let assigned = assign(span(node), target, op, old.clone(), one);
        if argument.start_byte() > node.start_byte() {
            return assigned;
        }
        pick(vec![old, Expr::new(span(node), assigned)], 0)
    }

    /// An expression as a value and as a target; only the value if it is long, as copies of copies grow without end.
    fn read_and_written(&mut self, node: Node) -> Result<(Expr, Pattern), Expr> {
        let before = self.nodes;
        let value = self.expr(node);
        let size = self.nodes - before;
        if size > COPIED_TARGET {
            return Err(value);
        }
        self.nodes += size * 2;
        let target = match &value.kind {
            ExprKind::Name(name) => Pattern::Name(name.clone(), value.span),
            ExprKind::Attribute { .. } | ExprKind::Index { .. } => {
                Pattern::Target(Box::new(value.clone()))
            }
            _ => Pattern::Ignore,
        };
        Ok((value, target))
    }

    pub fn ternary(&mut self, node: Node) -> ExprKind {
        let (Some(test), Some(then), Some(otherwise)) = (
            field(node, "condition"),
            field(node, "consequence"),
            field(node, "alternative"),
        ) else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        ExprKind::Conditional {
            test: Box::new(self.expr(test)),
            then: Box::new(self.expr(then)),
            otherwise: Box::new(self.expr(otherwise)),
        }
    }

    pub fn assignment(&mut self, node: Node) -> ExprKind {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        ExprKind::Assign {
            target: Box::new(self.pattern(left)),
            value: Box::new(self.expr(right)),
        }
    }

    pub fn augmented(&mut self, node: Node) -> ExprKind {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        let left = self.read_and_written(left);
        let right = self.expr(right);
        match left {
            Ok((old, target)) => assign(span(node), target, augment(node), old, right),
            Err(old) => ExprKind::Opaque(vec![old, right]),
        }
    }

    /// `a, b, c`: all are evaluated, the last is the value.
    pub fn sequence(&mut self, node: Node) -> ExprKind {
        let mut values = Vec::new();
        for part in parts(node) {
            values.push(self.expr(part));
        }
        let last = values.len().saturating_sub(1);
        pick(values, last)
    }

    /// A yield inside an expression: it goes in front of the statement, and what comes back is not known.
    pub fn yielded(&mut self, node: Node) -> ExprKind {
        let mut out = Vec::new();
        self.yield_statement(node, &mut out);
        self.scope.hoisted.append(&mut out);
        ExprKind::Opaque(Vec::new())
    }

    /// `yield x`; `yield* xs` yields each of them.
    pub fn yield_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        self.scope.yields = true;
        let value = first_part(node).map(|value| self.expr(value));
        let place = span(node);
        let kind = match value {
            Some(over) if super::has_token(node, "*") => {
                // No name of the program can be like this one.
                let name = "yield*".to_owned();
                let each = Expr::new(place, ExprKind::Name(name.clone()));
                StmtKind::For {
                    pattern: Pattern::Name(name, place),
                    over,
                    keys: false,
                    body: vec![Stmt {
                        span: place,
                        kind: StmtKind::Yield(Some(each)),
                    }],
                    otherwise: Vec::new(),
                }
            }
            value => StmtKind::Yield(value),
        };
        out.push(Stmt { span: place, kind });
    }
}

/// One of several values that are all evaluated in order.
fn pick(values: Vec<Expr>, index: usize) -> ExprKind {
    let place = values
        .iter()
        .map(|value| value.span)
        .reduce(Span::to)
        .unwrap_or_default();
    let items = values.into_iter().map(Item::One).collect();
    ExprKind::Index {
        object: Box::new(Expr::new(place, ExprKind::List(items))),
        index: Box::new(Expr::new(place, ExprKind::Number(index as f64))),
    }
}

/// `target = old <op> operand` as an expression.
fn assign(place: Span, target: Pattern, op: BinaryOp, old: Expr, operand: Expr) -> ExprKind {
    let value = ExprKind::Binary {
        op,
        left: Box::new(old),
        right: Box::new(operand),
    };
    ExprKind::Assign {
        target: Box::new(target),
        value: Box::new(Expr::new(place, value)),
    }
}

/// The operator and the operand of `a++` and `a--`.
pub fn step(node: Node) -> (BinaryOp, Expr) {
    let sign = field(node, "operator").map_or("", |sign| sign.kind());
    let op = if sign == "--" {
        BinaryOp::Subtract
    } else {
        BinaryOp::Add
    };
    (op, Expr::new(span(node), ExprKind::Number(1.0)))
}

fn operator(node: Node) -> Option<BinaryOp> {
    Some(match field(node, "operator")?.kind() {
        "+" => BinaryOp::Add,
        "%" => BinaryOp::Remainder,
        "*" => BinaryOp::Multiply,
        "-" => BinaryOp::Subtract,
        "||" => BinaryOp::Or,
        "&&" => BinaryOp::And,
        "??" => BinaryOp::Nullish,
        "==" | "===" => BinaryOp::Equal,
        "!=" | "!==" => BinaryOp::NotEqual,
        "<" | "<=" | ">" | ">=" | "in" | "instanceof" => BinaryOp::Compare,
        _ => BinaryOp::Arithmetic,
    })
}

/// The operator of `a += b` and its like.
pub fn augment(node: Node) -> BinaryOp {
    match field(node, "operator").map_or("", |sign| sign.kind()) {
        "+=" => BinaryOp::Add,
        "%=" => BinaryOp::Remainder,
        "*=" => BinaryOp::Multiply,
        "-=" => BinaryOp::Subtract,
        "||=" => BinaryOp::Or,
        "&&=" => BinaryOp::And,
        "??=" => BinaryOp::Nullish,
        _ => BinaryOp::Arithmetic,
    }
}

/// Operands of one left-associative chain -> one expression. A long chain is balanced where grouping does not change
/// the value (logic; a sum from its first text on), else it is opaque with its operands.
fn chain(op: BinaryOp, operands: Vec<Expr>) -> ExprKind {
    let place = operands
        .iter()
        .map(|operand| operand.span)
        .reduce(Span::to)
        .unwrap_or_default();
    if operands.len() <= LONG_CHAIN {
        return fold(op, operands).map_or(ExprKind::Opaque(Vec::new()), |whole| whole.kind);
    }
    let ordered = match op {
        BinaryOp::Or | BinaryOp::And | BinaryOp::Nullish => Some(0),
        BinaryOp::Add => operands.iter().position(is_text),
        _ => None,
    };
    let Some(ordered) = ordered.filter(|first| *first < LONG_CHAIN) else {
        return ExprKind::Opaque(operands);
    };
    let mut operands = operands;
    let rest = operands.split_off(ordered + 1);
    let head = fold(op, operands);
    let balanced = balance(op, head.into_iter().chain(rest).collect());
    balanced.map_or(ExprKind::Opaque(Vec::new()), |whole| {
        Expr::new(place, whole.kind).kind
    })
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Text(_) | ExprKind::Format(_))
}

fn fold(op: BinaryOp, operands: Vec<Expr>) -> Option<Expr> {
    operands
        .into_iter()
        .reduce(|left, right| join(op, left, right))
}

fn join(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let place = left.span.to(right.span);
    let kind = ExprKind::Binary {
        op,
        left: Box::new(left),
        right: Box::new(right),
    };
    Expr::new(place, kind)
}

/// Pairs neighbours until one is left.
fn balance(op: BinaryOp, mut operands: Vec<Expr>) -> Option<Expr> {
    while operands.len() > 1 {
        let mut paired = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            paired.push(match rest.next() {
                Some(right) => join(op, left, right),
                None => left,
            });
        }
        operands = paired;
    }
    operands.pop()
}
