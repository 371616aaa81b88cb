//! The statements of a module and what stands within them. Looks at shapes only.

use super::ir::{Expr, Module, Stmt, StmtKind};
use crate::source::Span;

impl Stmt {
    /// The blocks within a statement; none for a simple one. Bodies of functions and classes are not here.
    pub fn blocks(&self) -> Vec<&[Stmt]> {
        match &self.kind {
            StmtKind::If {
                then, otherwise, ..
            } => vec![then, otherwise],
            StmtKind::For {
                body, otherwise, ..
            } => vec![body, otherwise],
            StmtKind::While { body, .. } | StmtKind::With { body, .. } | StmtKind::Block(body) => {
                vec![body]
            }
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                let mut all: Vec<&[Stmt]> = vec![body];
                all.extend(handlers.iter().map(Vec::as_slice));
                all.push(otherwise);
                all.push(finally);
                all
            }
            StmtKind::Match { arms, .. } => arms.iter().map(|arm| arm.body.as_slice()).collect(),
            StmtKind::Export(export) => vec![&export.declaration],
            _ => Vec::new(),
        }
    }

    /// The expressions of a statement itself, not those of its blocks.
    pub fn expressions(&self, each: &mut dyn FnMut(&Expr)) {
        match &self.kind {
            StmtKind::Expr(expr)
            | StmtKind::Assign { value: expr, .. }
            | StmtKind::Augment { value: expr, .. } => each(expr),
            StmtKind::If { test, .. } => each(test),
            StmtKind::For { over, .. } => each(over),
            StmtKind::While { test, .. } => test.iter().for_each(each),
            StmtKind::Return(expr) | StmtKind::Yield(expr) => expr.iter().for_each(each),
            StmtKind::Export(export) => export.default.iter().for_each(each),
            StmtKind::With { items, .. } => items.iter().for_each(|(expr, _)| each(expr)),
            StmtKind::Match { subject, .. } => each(subject),
            _ => {}
        }
    }
}

/// The simple statements of a module and the fields of its classes: what a suppression comment above or behind a
/// text of many lines speaks of.
pub fn simple_statements(module: &Module) -> Vec<Span> {
    let mut out = Vec::new();
    collect(&module.body, &mut out);
    for function in &module.functions {
        collect(&function.body, &mut out);
    }
    let classes = module.classes.iter();
    out.extend(classes.flat_map(|class| class.fields.iter().map(|field| field.span)));
    out
}

fn collect(stmts: &[Stmt], out: &mut Vec<Span>) {
    for stmt in stmts {
        let blocks = stmt.blocks();
        if blocks.is_empty() && !matches!(stmt.kind, StmtKind::Function(_) | StmtKind::Class(_)) {
            out.push(stmt.span);
        }
        blocks.into_iter().for_each(|block| collect(block, out));
    }
}
