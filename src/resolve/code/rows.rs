//! Whether a request stands in a loop over rows of data: one request per row, and no answer feeds the next one.
//! Looks at the loop as written; where in doubt it is none. Knows nothing of values.

use std::collections::BTreeSet;

use crate::frontend::code::ir::{
    Entry, Expr, ExprKind, FormatPart, FunctionId, Item, Module, Pattern, Stmt, StmtKind,
};
use crate::source::{Place, Span};

use super::eval::Eval;
use super::tables::{changes_items, is_retry, tables};

impl Eval<'_, '_> {
    /// What the loop iterates that sends this request once per row, in this function or in one that calls it.
    pub fn row_loop(&self, request: Span) -> Option<Place> {
        let mut site = Place {
            path: self.frame().code.path().clone(),
            span: request,
        };
        for frame in self.frames.iter().rev() {
            if *frame.code.path() != site.path {
                return None;
            }
            if let Some(span) = row_loop(&frame.code.module, frame.function, site.span) {
                return Some(Place { span, ..site });
            }
            site = frame.call.clone()?;
        }
        None
    }
}

fn row_loop(module: &Module, function: Option<FunctionId>, site: Span) -> Option<Span> {
    let body = match function {
        Some(id) => &module.functions[id].body,
        None => &module.body,
    };
    let (pattern, over, body) = innermost(body, site)?;
    let mut names = BTreeSet::new();
    bound(pattern, &mut names);
    let counts = names.iter().any(|name| is_retry(name)) || counts_only(over);
    if counts || leaves(body) {
        return None;
    }
    let round = Round::of(body, site);
    let fed = round.slice();
    let by_row = fed
        .iter()
        .any(|read| names.iter().any(|name| part_of(read, name)));
    let by_answer = fed
        .iter()
        .any(|read| round.kept.iter().any(|kept| part_of(read, kept)));
    (by_row && !by_answer).then_some(over.span)
}

/// The innermost loop around a place, where it is one over items.
fn innermost(stmts: &[Stmt], site: Span) -> Option<(&Pattern, &Expr, &[Stmt])> {
    let stmt = stmts.iter().find(|stmt| holds(stmt.span, site))?;
    match &stmt.kind {
        StmtKind::For {
            pattern,
            over,
            body,
            ..
        } if body.iter().any(|inner| holds(inner.span, site)) => {
            let deeper = body.iter().find(|inner| holds(inner.span, site))?;
            match loops_around(deeper, site) {
                true => innermost(body, site),
                false => Some((pattern, over, body)),
            }
        }
        _ => stmt.blocks().iter().find_map(|body| innermost(body, site)),
    }
}

/// Whether another loop stands between a statement and the place within it.
fn loops_around(stmt: &Stmt, site: Span) -> bool {
    if matches!(stmt.kind, StmtKind::For { .. } | StmtKind::While { .. }) {
        return true;
    }
    stmt.blocks()
        .iter()
        .flat_map(|body| body.iter())
        .filter(|inner| holds(inner.span, site))
        .any(|inner| loops_around(inner, site))
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Whether a round may end the loop: it looks for one answer, or tries again.
pub fn leaves(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Break | StmtKind::Yield(_) => true,
        _ => stmt.blocks().into_iter().any(leaves),
    })
}

/// `range(3)`: rounds that are counted are no rows; `range(len(rows))` are.
fn counts_only(over: &Expr) -> bool {
    let ExprKind::Call { callee, args, .. } = &over.kind else {
        return matches!(over.kind, ExprKind::Number(_) | ExprKind::Opaque(_));
    };
    let mut reads = BTreeSet::new();
    args.iter().for_each(|arg| read(&arg.value, &mut reads));
    callee.dotted().as_deref() == Some("range") && !reads.contains("len")
}

/// What one round of a loop does with names.
#[derive(Default)]
struct Round {
    /// What the request's statement reads.
    request: BTreeSet<String>,
    /// Bound before the request: (name, what its value reads).
    before: Vec<(String, BTreeSet<String>)>,
    /// What outlives the round and changes in it: bound behind the request, grown, written into.
    kept: BTreeSet<String>,
}

impl Round {
    fn of(body: &[Stmt], site: Span) -> Round {
        let mut round = Round::default();
        round.stmts(body, site);
        // What a round makes anew does not outlive it.
        let fresh: BTreeSet<String> = round.before.iter().map(|(name, _)| name.clone()).collect();
        round.kept.retain(|name| !fresh.contains(name));
        round
    }

    fn stmts(&mut self, stmts: &[Stmt], site: Span) {
        for stmt in stmts {
            let inner = stmt.blocks();
            if inner.is_empty() {
                self.stmt(stmt, site);
            } else {
                if let StmtKind::With { items, .. } = &stmt.kind {
                    for (expr, pattern) in items {
                        self.assigned(pattern.as_slice(), expr);
                    }
                }
                inner.into_iter().for_each(|body| self.stmts(body, site));
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt, site: Span) {
        let sends = holds(stmt.span, site);
        match &stmt.kind {
            StmtKind::Assign { value, .. } | StmtKind::Augment { value, .. } if sends => {
                read(value, &mut self.request);
            }
            StmtKind::Assign { targets, value } if stmt.span.start < site.start => {
                self.assigned(targets, value);
            }
            StmtKind::Assign { targets, .. } => {
                targets
                    .iter()
                    .for_each(|target| bound(target, &mut self.kept));
            }
            StmtKind::Augment { target, .. } => bound(target, &mut self.kept),
            StmtKind::Expr(expr) if sends => read(expr, &mut self.request),
            StmtKind::Expr(expr) => self.grown(expr),
            _ => {}
        }
    }

    fn assigned(&mut self, targets: &[Pattern], value: &Expr) {
        let mut names = BTreeSet::new();
        targets.iter().for_each(|target| bound(target, &mut names));
        let mut reads = BTreeSet::new();
        read(value, &mut reads);
        for target in targets {
            if let Pattern::Target(_) = target {
                bound(target, &mut self.kept);
            }
        }
        self.before
            .extend(names.into_iter().map(|name| (name, reads.clone())));
    }

    /// `list.append(x)`
    fn grown(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Await(inner) => self.grown(inner),
            ExprKind::Call { callee, .. } => {
                let ExprKind::Attribute { object, name, .. } = &callee.kind else {
                    return;
                };
                let grows = tables()
                    .methods
                    .get(name)
                    .copied()
                    .is_some_and(changes_items);
                if let (true, Some(path)) = (grows, object.dotted()) {
                    self.kept.insert(path);
                }
            }
            _ => {}
        }
    }

    /// All that the request is made of, through what the round binds.
    fn slice(&self) -> BTreeSet<String> {
        let mut out = self.request.clone();
        loop {
            let known = out.len();
            for (name, reads) in &self.before {
                if out.iter().any(|read| part_of(read, name)) {
                    out.extend(reads.iter().cloned());
                }
            }
            if out.len() == known {
                return out;
            }
        }
    }
}

/// Whether a dotted path is a name, or stands below or above it.
fn part_of(path: &str, name: &str) -> bool {
    let below = |a: &str, b: &str| {
        a.strip_prefix(b)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    below(path, name) || below(name, path)
}

fn bound(pattern: &Pattern, out: &mut BTreeSet<String>) {
    match pattern {
        Pattern::Name(name, _) => {
            out.insert(name.clone());
        }
        Pattern::Target(expr) => {
            let object = match &expr.kind {
                ExprKind::Index { object, .. } => object.dotted(),
                _ => expr.dotted(),
            };
            out.extend(object);
        }
        Pattern::List(items, _) => items.iter().for_each(|item| bound(item, out)),
        Pattern::Object(items, rest, _) => {
            items.iter().for_each(|(_, item)| bound(item, out));
            out.extend(rest.clone());
        }
        Pattern::Rest(inner) | Pattern::Default(inner, _) => bound(inner, out),
        Pattern::Ignore => {}
    }
}

/// The names and dotted paths that an expression reads; not those within functions that it defines.
fn read(expr: &Expr, out: &mut BTreeSet<String>) {
    if let Some(path) = expr.dotted() {
        out.insert(path);
        return;
    }
    match &expr.kind {
        ExprKind::Attribute { object, .. } => read(object, out),
        ExprKind::Index { object, index } => {
            read(object, out);
            read(index, out);
        }
        ExprKind::Slice {
            object, start, end, ..
        } => {
            read(object, out);
            start.iter().chain(end).for_each(|bound| read(bound, out));
        }
        ExprKind::Call { callee, args, .. } => {
            // Of a method the receiver is read.
            match &callee.kind {
                ExprKind::Attribute { object, .. } => read(object, out),
                _ => read(callee, out),
            }
            args.iter().for_each(|arg| read(&arg.value, out));
        }
        ExprKind::Tagged { tag, template } => {
            read(tag, out);
            read(template, out);
        }
        ExprKind::Format(parts) => parts.iter().for_each(|part| {
            if let FormatPart::Value { expr, .. } = part {
                read(expr, out);
            }
        }),
        ExprKind::Binary { left, right, .. } => {
            read(left, out);
            read(right, out);
        }
        ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Await(inner) => read(inner, out),
        ExprKind::Conditional {
            test,
            then,
            otherwise,
        } => [test, then, otherwise]
            .into_iter()
            .for_each(|part| read(part, out)),
        ExprKind::List(items) | ExprKind::Set(items) => items.iter().for_each(|item| match item {
            Item::One(expr) | Item::Spread(expr) => read(expr, out),
        }),
        ExprKind::Object(entries) => entries.iter().for_each(|entry| match entry {
            Entry::Pair { value, .. } => read(value, out),
            Entry::Spread(expr) => read(expr, out),
        }),
        ExprKind::Comprehension(comprehension) => {
            read(&comprehension.over, out);
            read(&comprehension.element, out);
        }
        ExprKind::Assign { value, .. } => read(value, out),
        ExprKind::Opaque(parts) => parts.iter().for_each(|part| read(part, out)),
        _ => {}
    }
}
