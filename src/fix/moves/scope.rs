//! Whether the names that a text of code reads mean the same at another place of its file: what a move between texts
//! must not break.

use std::collections::BTreeSet;

use super::additions::worked_on;
use super::code::{expressions, holds, pattern_names};
use super::Refusal;
use crate::frontend::code::ir::{Expr, ExprKind, Function, Module, Pattern, Stmt, StmtKind};
use crate::source::Span;

const REFUSAL: Refusal = Refusal("a name that is not in sight there");

/// Where a name is bound, or what it stands for may change.
struct Binding {
    /// What binds it: it holds behind this.
    at: Span,
    /// The block within which it holds for sure.
    block: Span,
    /// Only a part of what it stands for is set: a member, an item, by a method.
    part: bool,
}

/// Refuses where a name that is read at `from` is another one, or none, at `to`.
pub fn in_sight<'a>(
    module: &Module,
    reads: impl Iterator<Item = &'a String>,
    from: Span,
    to: Span,
) -> Result<(), Refusal> {
    let (here, there) = (around(module, from), around(module, to));
    let reads: BTreeSet<&str> = reads.map(String::as_str).collect();
    if inner_names(module, from, to)
        .iter()
        .any(|name| reads.contains(name.as_str()))
    {
        return Err(REFUSAL);
    }
    for name in reads {
        if matches!(name, "self" | "this" | "cls") {
            let class = |all: &[&Function]| all.iter().find_map(|function| function.class);
            let same = here.first().map(|f| f.span) == there.first().map(|f| f.span);
            if !same && class(&here) != class(&there) {
                return Err(REFUSAL);
            }
            // What is set of it on the way to another text of the same function.
            let own = here.first().filter(|_| same);
            if own.is_some_and(|own| changes_between(&of_function(own, name), from, to)) {
                return Err(REFUSAL);
            }
            continue;
        }
        let owner = here.iter().find(|function| binds(function, name));
        let (bindings, parameter) = match owner {
            Some(owner) => (of_function(owner, name), is_parameter(owner, name)),
            None => (of_block(&module.body, module_span(module), name), false),
        };
        let hidden = there
            .iter()
            .take_while(|function| owner.is_none_or(|owner| function.span != owner.span));
        if hidden.into_iter().any(|function| binds(function, name)) {
            return Err(REFUSAL);
        }
        if owner.is_some_and(|owner| !holds(owner.span, to)) {
            return Err(REFUSAL);
        }
        // Names of the module are there when its functions run.
        if owner.is_none() && !there.is_empty() {
            continue;
        }
        let whole: Vec<&Binding> = bindings.iter().filter(|one| !one.part).collect();
        let known = match whole.as_slice() {
            [] => true,
            [one] => !parameter && one.at.end <= to.start && holds(one.block, to),
            _ => false,
        };
        if !known || changes_between(&bindings, from, to) {
            return Err(REFUSAL);
        }
    }
    Ok(())
}

/// Whether something is set between two places, in either order.
fn changes_between(bindings: &[Binding], a: Span, b: Span) -> bool {
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    bindings
        .iter()
        .any(|one| first.end <= one.at.start && one.at.end <= second.start)
}

/// The functions that a place stands in, innermost first.
fn around(module: &Module, place: Span) -> Vec<&Function> {
    let all = module.functions.iter();
    let mut out: Vec<&Function> = all.filter(|function| holds(function.span, place)).collect();
    out.sort_by_key(|function| function.span.len());
    out
}

/// Names that something around the one place and not the other one binds: an item of a comprehension, a class body.
fn inner_names(module: &Module, from: Span, to: Span) -> Vec<String> {
    let mut out = Vec::new();
    expressions(module, &mut |expr| {
        if let ExprKind::Comprehension(all) = &expr.kind {
            if holds(expr.span, from) && !holds(expr.span, to) {
                out.extend(pattern_names(&all.pattern));
            }
        }
    });
    for class in &module.classes {
        let method = |function: &&Function| holds(class.span, function.span);
        let inside = holds(class.span, from) && !around(module, from).iter().any(method);
        if inside {
            out.extend(class.fields.iter().map(|field| field.name.clone()));
        }
    }
    out
}

fn is_parameter(function: &Function, name: &str) -> bool {
    let names = function.params.iter();
    let mut names = names.flat_map(|param| pattern_names(&param.pattern));
    names.any(|known| known == name)
}

fn binds(function: &Function, name: &str) -> bool {
    is_parameter(function, name) || of_function(function, name).iter().any(|one| !one.part)
}

fn of_function(function: &Function, name: &str) -> Vec<Binding> {
    of_block(&function.body, function.span, name)
}

fn of_block(body: &[Stmt], block: Span, name: &str) -> Vec<Binding> {
    let mut out = Vec::new();
    collect(body, block, name, &mut out);
    out
}

fn module_span(module: &Module) -> Span {
    let ends = module.body.iter().map(|stmt| stmt.span);
    ends.reduce(|a, b| a.to(b)).unwrap_or(Span::new(0, 0))
}

fn collect(body: &[Stmt], block: Span, name: &str, out: &mut Vec<Binding>) {
    for stmt in body {
        let whole = |at: Span, block: Span| Binding {
            at,
            block,
            part: false,
        };
        let mut named = |pattern: &Pattern, at: Span, block: Span| {
            if part_of(pattern, name) {
                out.push(Binding {
                    part: true,
                    ..whole(at, block)
                });
            } else if pattern_names(pattern).iter().any(|known| known == name) {
                out.push(whole(at, block));
            }
        };
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets
                .iter()
                .for_each(|target| named(target, stmt.span, block)),
            StmtKind::Augment { target, .. } => named(target, stmt.span, block),
            StmtKind::For { pattern, over, .. } => named(pattern, over.span, stmt.span),
            StmtKind::With { items, .. } => items.iter().for_each(|(value, pattern)| {
                pattern
                    .iter()
                    .for_each(|pattern| named(pattern, value.span, stmt.span));
            }),
            StmtKind::Delete(patterns) => patterns
                .iter()
                .for_each(|pattern| named(pattern, stmt.span, block)),
            StmtKind::Import(import) => {
                let own = import.namespace.iter().map(|(name, _)| name);
                let mut all = own.chain(import.names.iter().map(|one| &one.alias));
                if all.any(|known| known == name) {
                    out.push(whole(stmt.span, block));
                }
            }
            StmtKind::Match { arms, .. } => {
                let own = arms.iter().flat_map(|arm| &arm.binds);
                let own = own.filter(|(known, _)| known == name);
                out.extend(own.map(|(_, at)| whole(*at, *at)));
            }
            _ => {}
        }
        if worked_on(stmt) == Some(name) {
            out.push(Binding {
                part: true,
                ..whole(stmt.span, block)
            });
        }
        stmt.expressions(&mut |expr| within(expr, block, name, out));
        let through = matches!(stmt.kind, StmtKind::With { .. } | StmtKind::Export(_));
        for inner in stmt.blocks() {
            let own = inner.iter().map(|stmt| stmt.span).reduce(|a, b| a.to(b));
            let own = own.unwrap_or(stmt.span);
            collect(inner, if through { block } else { own }, name, out);
        }
    }
}

/// Assignments within an expression.
fn within(expr: &Expr, block: Span, name: &str, out: &mut Vec<Binding>) {
    if let ExprKind::Assign { target, .. } = &expr.kind {
        if pattern_names(target).iter().any(|known| known == name) {
            out.push(Binding {
                at: expr.span,
                block,
                part: part_of(target, name),
            });
        }
    }
    expr.parts(&mut |part| within(part, block, name, out));
}

/// Whether a pattern sets a member or an item of a name.
fn part_of(pattern: &Pattern, name: &str) -> bool {
    match pattern {
        Pattern::Target(_) => pattern_names(pattern).iter().any(|known| known == name),
        _ => false,
    }
}
