//! Statements that add to a text or a list one after the other: `parts.append(..)`, `parts.push(..)`, `text += ..`.

use std::sync::Arc;

use super::canvas::{Canvas, Frame};
use super::code::{expressions, holds, indexed, is_no_text, names, Near};
use super::flow::Flow;
use crate::frontend::code::ir::{
    BinaryOp, Expr, ExprKind, FormatPart, Module, Pattern, Stmt, StmtKind,
};
use crate::source::{SourceFile, Span};

/// How methods that add to a list are called.
const ADDING: [&str; 2] = ["append", "push"];

/// The runs of statements of a module that add to one name, near some places.
pub fn canvases(file: &Arc<SourceFile>, module: &Module, near: &Near) -> Vec<(Span, Canvas)> {
    let mut out = Vec::new();
    let bodies = module.functions.iter().map(|function| &function.body);
    for body in bodies.chain([&module.body]) {
        block(file, body, near, &mut out);
    }
    let mut joined = Vec::new();
    expressions(module, &mut |expr| joined.extend(joined_name(expr)));
    // Messages are added to lists as well.
    let is_text = |canvas: &Canvas, name: &String| {
        canvas.segs.iter().any(|seg| seg.literal.is_some()) || joined.contains(name)
    };
    let indexed = indexed(module);
    out.into_iter()
        .filter(|(name, _, canvas)| is_text(canvas, name) && !indexed.contains(name))
        .map(|(_, span, canvas)| (span, canvas))
        .collect()
}

fn block(
    file: &Arc<SourceFile>,
    body: &[Stmt],
    near: &Near,
    out: &mut Vec<(String, Span, Canvas)>,
) {
    let mut seen: Vec<&str> = Vec::new();
    for stmt in body {
        if let Some((name, ..)) = addition(stmt) {
            if !seen.contains(&name) {
                seen.push(name);
                let found = run(file, body, name, near);
                out.extend(found.map(|(span, canvas)| (name.to_string(), span, canvas)));
            }
        }
        for inner in stmt.blocks() {
            block(file, inner, near, out);
        }
    }
}

/// The name of a list that an expression joins.
fn joined_name(expr: &Expr) -> Option<String> {
    let ExprKind::Call { callee, args, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Attribute { object, name, .. } = &callee.kind else {
        return None;
    };
    let of = match (&object.kind, args.first().map(|arg| &arg.value.kind)) {
        (ExprKind::Name(list), _) => list,
        (_, Some(ExprKind::Name(list))) => list,
        _ => return None,
    };
    (name == "join").then(|| of.clone())
}

/// The name that a statement adds to, what it adds, and whether to a list.
fn addition(stmt: &Stmt) -> Option<(&str, &Expr, bool)> {
    match &stmt.kind {
        StmtKind::Augment {
            target: Pattern::Name(name, _),
            op: BinaryOp::Add,
            value,
        } => Some((name, value, false)),
        StmtKind::Expr(expr) => {
            let ExprKind::Call { callee, args, .. } = &expr.kind else {
                return None;
            };
            let ExprKind::Attribute { object, name, .. } = &callee.kind else {
                return None;
            };
            let ExprKind::Name(list) = &object.kind else {
                return None;
            };
            match args.as_slice() {
                [arg] if ADDING.contains(&name.as_str()) => Some((list, &arg.value, true)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a statement, or one within it, adds to a name; what all of them add.
fn adds<'a>(stmt: &'a Stmt, name: &str, out: &mut Vec<&'a Expr>) {
    if let Some((_, value, _)) = addition(stmt).filter(|(known, ..)| *known == name) {
        out.push(value);
    }
    for inner in stmt.blocks().into_iter().flatten() {
        adds(inner, name, out);
    }
}

/// The statements of a block from the one that makes a name to the last that adds to it.
fn run(file: &Arc<SourceFile>, body: &[Stmt], name: &str, near: &Near) -> Option<(Span, Canvas)> {
    let starts = |stmt: &Stmt| matches!(&stmt.kind, StmtKind::Assign { targets, .. } if binds(targets, name));
    let adding = |stmt: &Stmt| {
        let mut values = Vec::new();
        adds(stmt, name, &mut values);
        !values.is_empty()
    };
    let last = body.iter().rposition(adding)?;
    let first = body[..=last].iter().rposition(starts).unwrap_or_else(|| {
        let first = body.iter().position(adding);
        first.unwrap_or(last)
    });
    let span = body[first].span.to(body[last].span);
    let inside = near.near.iter().any(|place| holds(span, *place));
    if !inside && !near.leads(&[name.to_string()]) {
        return None;
    }
    let mut flow = Flow::new(file);
    let list = body[first..=last]
        .iter()
        .any(|stmt| addition(stmt).is_some_and(|(known, _, list)| known == name && list));
    let apart = list || separate(&body[first..=last], name);
    for stmt in &body[first..=last] {
        let mut values = Vec::new();
        adds(stmt, name, &mut values);
        if values.iter().any(|value| is_no_text(value)) {
            return None;
        }
        if let Some((_, value, _)) = addition(stmt).filter(|(known, ..)| *known == name) {
            flow.statement(stmt.span, &[value], false, true, apart)?;
        } else if !values.is_empty() {
            let mut read = values;
            own_expressions_of(stmt, &mut read);
            // At its start: what it binds itself moves with it.
            flow.between(bound(stmt).into_iter().filter(|one| one != name).collect());
            flow.statement(stmt.span, &read, true, true, apart)?;
        } else if starts(stmt) {
            let StmtKind::Assign { value, .. } = &stmt.kind else {
                continue;
            };
            // An empty list is no text yet.
            let texts: &[&Expr] = if is_no_text(value) { &[] } else { &[value] };
            flow.statement(stmt.span, texts, false, false, apart)?;
        } else {
            flow.between(bound(stmt));
            if reads(stmt, name) {
                // Something looks at the text on the way.
                return None;
            }
        }
    }
    Some((span, flow.canvas(Frame::Statements { apart })?))
}

/// Whether every text that is added to a name brings its own line break: all in front, or all behind.
fn separate(body: &[Stmt], name: &str) -> bool {
    let mut values = Vec::new();
    body.iter().for_each(|stmt| adds(stmt, name, &mut values));
    let edge = |expr: &Expr, front: bool| -> bool {
        let mut expr = expr;
        loop {
            let text = match &expr.kind {
                ExprKind::Binary {
                    op: BinaryOp::Add,
                    left,
                    right,
                } => {
                    expr = if front { left } else { right };
                    continue;
                }
                ExprKind::Text(text) => Some(text),
                ExprKind::Format(parts) => {
                    let part = if front { parts.first() } else { parts.last() };
                    match part {
                        Some(FormatPart::Text(text)) => Some(text),
                        _ => None,
                    }
                }
                _ => None,
            };
            let text = text.map_or("", |text| text.as_str());
            return if front {
                text.starts_with('\n')
            } else {
                text.ends_with('\n')
            };
        }
    };
    let started = body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value } if binds(targets, name) => Some(value),
        _ => None,
    });
    let behind = values.iter().all(|value| edge(value, false))
        && started.clone().all(|value| edge(value, false));
    !values.is_empty() && (behind || values.iter().all(|value| edge(value, true)))
}

fn own_expressions_of<'a>(stmt: &'a Stmt, out: &mut Vec<&'a Expr>) {
    match &stmt.kind {
        StmtKind::If { test, .. } => out.push(test),
        StmtKind::For { over, .. } => out.push(over),
        _ => {}
    }
    for inner in stmt.blocks().into_iter().flatten() {
        own_expressions_of(inner, out);
    }
}

fn binds(targets: &[Pattern], name: &str) -> bool {
    targets
        .iter()
        .any(|target| matches!(target, Pattern::Name(known, _) if known == name))
}

/// Names that a statement binds, with those within it.
pub fn bound(stmt: &Stmt) -> Vec<String> {
    let mut out = Vec::new();
    match &stmt.kind {
        StmtKind::Assign { targets, .. } => targets
            .iter()
            .for_each(|target| pattern_names(target, &mut out)),
        StmtKind::Augment { target, .. } => pattern_names(target, &mut out),
        StmtKind::For { pattern, .. } => pattern_names(pattern, &mut out),
        StmtKind::With { items, .. } => items
            .iter()
            .filter_map(|(_, pattern)| pattern.as_ref())
            .for_each(|pattern| pattern_names(pattern, &mut out)),
        StmtKind::Delete(patterns) => patterns
            .iter()
            .for_each(|pattern| pattern_names(pattern, &mut out)),
        StmtKind::Import(import) => {
            out.extend(import.namespace.iter().map(|(name, _)| name.clone()));
            out.extend(import.names.iter().map(|one| one.alias.clone()));
        }
        _ => {}
    }
    out.extend(worked_on(stmt).map(String::from));
    stmt.expressions(&mut |expr| set(expr, &mut out));
    for inner in stmt.blocks().into_iter().flatten() {
        out.extend(bound(inner));
    }
    out
}

/// Names that an expression sets.
fn set(expr: &Expr, out: &mut Vec<String>) {
    if let ExprKind::Assign { target, .. } = &expr.kind {
        pattern_names(target, out);
    }
    expr.parts(&mut |part| set(part, out));
}

/// The name whose method a statement calls for what that does to it: `state.update(..)`.
pub fn worked_on(stmt: &Stmt) -> Option<&str> {
    let StmtKind::Expr(expr) = &stmt.kind else {
        return None;
    };
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Attribute { object, .. } = &callee.kind else {
        return None;
    };
    match &object.kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    }
}

pub fn pattern_names(pattern: &Pattern, out: &mut Vec<String>) {
    match pattern {
        Pattern::Name(name, _) => out.push(name.clone()),
        Pattern::Target(expr) => out.extend(names(expr)),
        Pattern::List(items, _) => items.iter().for_each(|item| pattern_names(item, out)),
        Pattern::Object(entries, rest, _) => {
            entries
                .iter()
                .for_each(|(_, item)| pattern_names(item, out));
            out.extend(rest.clone());
        }
        Pattern::Rest(inner) | Pattern::Default(inner, _) => pattern_names(inner, out),
        Pattern::Ignore => {}
    }
}

fn reads(stmt: &Stmt, name: &str) -> bool {
    let mut found = false;
    stmt.expressions(&mut |expr| found |= names(expr).iter().any(|known| known == name));
    found
        || stmt
            .blocks()
            .into_iter()
            .flatten()
            .any(|inner| reads(inner, name))
}
