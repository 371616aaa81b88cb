//! What the names of code stand for: which places a value that is read by a name may come from. Goes by names alone, in
//! the files that a message is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::code::{holds, names};
use crate::frontend::code::ir::{ArgKind, Export, Expr, ExprKind, Module, Pattern, Stmt, StmtKind};
use crate::source::{Place, Span};

/// Most names that are followed from one.
const MOST: usize = 48;

/// How many names a value may pass through.
const ROUNDS: usize = 4;

struct Definition {
    path: Arc<str>,
    span: Span,
    /// Names that are read in it.
    reads: Vec<String>,
}

/// What each name of some modules stands for.
#[derive(Default)]
pub struct Names {
    by_name: BTreeMap<String, Vec<Definition>>,
}

impl Names {
    pub fn add(&mut self, path: &Arc<str>, module: &Module) {
        self.block(path, &module.body);
        for function in &module.functions {
            self.block(path, &function.body);
            let mut reads = Vec::new();
            reads_of(&function.body, &mut reads);
            self.define(&function.name, path, function.span, reads);
        }
        for field in module.classes.iter().flat_map(|class| &class.fields) {
            if let Some(value) = &field.value {
                self.define(&field.name, path, value.span, called(value));
            }
        }
    }

    fn block(&mut self, path: &Arc<str>, body: &[Stmt]) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    for target in targets {
                        self.bind(path, target, value);
                    }
                }
                StmtKind::Augment { target, value, .. } => self.bind(path, target, value),
                StmtKind::Expr(expr) => self.added(path, expr),
                StmtKind::Export(Export { declaration, .. }) => self.block(path, declaration),
                _ => {}
            }
            stmt.expressions(&mut |expr| self.filled(path, expr));
            if !matches!(stmt.kind, StmtKind::Export(_)) {
                for inner in stmt.blocks() {
                    self.block(path, inner);
                }
            }
        }
    }

    /// `.format(now=value)`: what the field `now` stands for.
    fn filled(&mut self, path: &Arc<str>, expr: &Expr) {
        if let ExprKind::Call { callee, args, .. } = &expr.kind {
            let fills =
                matches!(&callee.kind, ExprKind::Attribute { name, .. } if name == "format");
            for arg in args.iter().filter(|_| fills) {
                if let ArgKind::Keyword(name) = &arg.kind {
                    self.define(name, path, arg.value.span, called(&arg.value));
                }
            }
        }
        expr.parts(&mut |part| self.filled(path, part));
    }

    fn bind(&mut self, path: &Arc<str>, target: &Pattern, value: &Expr) {
        let name = match target {
            Pattern::Name(name, _) => name,
            Pattern::Target(expr) => match &expr.kind {
                ExprKind::Attribute { name, .. } => name,
                _ => return,
            },
            _ => return,
        };
        self.define(name, path, value.span, called(value));
    }

    /// `parts.append(value)` is a part of what `parts` stands for.
    fn added(&mut self, path: &Arc<str>, expr: &Expr) {
        let ExprKind::Call { callee, args, .. } = &expr.kind else {
            return;
        };
        let ExprKind::Attribute { object, .. } = &callee.kind else {
            return;
        };
        let ExprKind::Name(name) = &object.kind else {
            return;
        };
        for arg in args {
            self.define(name, path, arg.value.span, called(&arg.value));
        }
    }

    fn define(&mut self, name: &str, path: &Arc<str>, span: Span, reads: Vec<String>) {
        if name.is_empty() {
            return;
        }
        let definition = Definition {
            path: path.clone(),
            span,
            reads,
        };
        self.by_name
            .entry(name.to_string())
            .or_default()
            .push(definition);
    }

    /// The names that lead to a place.
    pub fn leading(&self, place: &Place) -> BTreeSet<String> {
        let mut hot: BTreeSet<String> = BTreeSet::new();
        for _ in 0..ROUNDS {
            let before = hot.len();
            for (name, definitions) in &self.by_name {
                let leads = |definition: &Definition| {
                    let here = definition.path == place.path && holds(definition.span, place.span);
                    here || definition.reads.iter().any(|read| hot.contains(read))
                };
                if !hot.contains(name) && definitions.iter().any(leads) {
                    hot.insert(name.clone());
                }
            }
            if hot.len() == before {
                break;
            }
        }
        hot
    }

    /// The parts of sources that names may stand for, through other names as well.
    pub fn reach(&self, start: &[String]) -> Vec<Place> {
        let mut seen: BTreeSet<&str> = start.iter().map(String::as_str).collect();
        let mut next: Vec<&str> = seen.iter().copied().collect();
        let mut out = Vec::new();
        while let Some(name) = next.pop() {
            for definition in self.by_name.get(name).into_iter().flatten() {
                out.push(Place {
                    path: definition.path.clone(),
                    span: definition.span,
                });
                for read in &definition.reads {
                    if seen.len() < MOST && seen.insert(read) {
                        next.push(read);
                    }
                }
            }
        }
        out
    }
}

/// Whether one of some parts holds a place.
pub fn reaches(parts: &[Place], place: &Place) -> bool {
    parts
        .iter()
        .any(|part| part.path == place.path && holds(part.span, place.span))
}

/// Names that an expression reads, with those of attributes and methods: `self.rules`, `stamp()`.
pub fn called(expr: &Expr) -> Vec<String> {
    let mut out = names(expr);
    attributes(expr, &mut out);
    out
}

fn attributes(expr: &Expr, out: &mut Vec<String>) {
    if let ExprKind::Attribute { name, .. } = &expr.kind {
        out.push(name.clone());
    }
    expr.parts(&mut |part| attributes(part, out));
}

fn reads_of(body: &[Stmt], out: &mut Vec<String>) {
    for stmt in body {
        stmt.expressions(&mut |expr| out.extend(called(expr)));
        for inner in stmt.blocks() {
            reads_of(inner, out);
        }
    }
}
