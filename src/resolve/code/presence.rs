//! Whether a function asks of its argument no more than whether it is there: `(s) => s`, `(s) => s.trim().length > 0`.
//! Looks at the written body only.

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Function, Pattern, StmtKind};

use super::picks::length_of;
use super::tables::{tables, Operation};

/// Whether a callback that keeps items keeps those that are there.
pub fn asks_presence(function: &Function) -> bool {
    let [param] = function.params.as_slice() else {
        return false;
    };
    let Pattern::Name(name, _) = &param.pattern else {
        return false;
    };
    match function.body.as_slice() {
        [stmt] => matches!(&stmt.kind, StmtKind::Return(Some(test)) if asks(test, name)),
        _ => false,
    }
}

/// Whether a test asks no more than whether there is anything: `items.length === 0`, `len(notes) > 0`, `plan is None`.
/// The bare name of a value may be a switch.
pub fn asks_whether_any(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Not(inner) => asks_whether_any(inner),
        ExprKind::Binary {
            op: BinaryOp::And | BinaryOp::Or,
            left,
            right,
        } => asks_whether_any(left) && asks_whether_any(right),
        ExprKind::Binary {
            op: BinaryOp::Compare | BinaryOp::Equal | BinaryOp::NotEqual,
            left,
            right,
        } => match length_of(left) {
            Some(_) => matches!(right.kind, ExprKind::Number(at) if at <= 1.0),
            None => is_nothing(right),
        },
        _ => length_of(test).is_some(),
    }
}

fn asks(test: &Expr, name: &str) -> bool {
    match &test.kind {
        // `!!s`
        ExprKind::Not(inner) => matches!(&inner.kind, ExprKind::Not(inner) if asks(inner, name)),
        ExprKind::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => asks(left, name) && asks(right, name),
        // `s.length > 0`
        ExprKind::Binary {
            op: BinaryOp::Compare,
            left,
            right,
        } => is_length(left, name) && matches!(right.kind, ExprKind::Number(at) if at == 0.0),
        ExprKind::Binary {
            op: BinaryOp::NotEqual,
            left,
            right,
        } => (is_it(left, name) || is_length(left, name)) && is_nothing(right),
        ExprKind::Call { callee, args, .. } if callee.dotted().as_deref() == Some("Boolean") => {
            args.first().is_some_and(|arg| asks(&arg.value, name))
        }
        _ => is_it(test, name) || is_length(test, name),
    }
}

fn is_length(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Attribute { object, name: of, .. } if of == "length" && is_it(object, name))
}

/// The argument, with or without the whitespace around it.
fn is_it(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(own) => own == name,
        ExprKind::Call { callee, args, .. } if args.is_empty() => match &callee.kind {
            ExprKind::Attribute {
                object, name: of, ..
            } => tables().methods.get(of) == Some(&Operation::Strip) && is_it(object, name),
            _ => false,
        },
        // `s?.trim()`
        ExprKind::Opaque(parts) => matches!(parts.as_slice(), [inner] if is_it(inner, name)),
        _ => false,
    }
}

fn is_nothing(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::None | ExprKind::Null => true,
        ExprKind::Number(at) => *at == 0.0,
        ExprKind::Name(name) => name == "undefined",
        ExprKind::Text(text) => text.is_empty(),
        _ => false,
    }
}
