//! Sequences that hold a conversation by what code asks of their items: `for m in prompt: if m["role"] == "system"`.
//! Looks at the written body only.

use std::collections::{BTreeMap, BTreeSet};

use crate::frontend::code::ir::{
    BinaryOp, Expr, ExprKind, Function, Module, Pattern, Stmt, StmtKind,
};
use crate::sdk;

use super::picks::kind_of;
use super::tables::{tables, Operation};

/// Names of sequences of which one item is asked whether it has a role that only turns have. `user` alone says nothing:
/// members of a team have roles too.
pub fn conversations(module: &Module, function: &Function) -> BTreeSet<String> {
    let mut look = Look::new(module);
    look.stmts(&function.body);
    look.found
}

/// Whether a loop asks one of its items for such a role.
pub fn asks_for_role(module: &Module, pattern: &Pattern, body: &[Stmt]) -> bool {
    let Some(item) = item_of(pattern) else {
        return false;
    };
    let mut look = Look::new(module);
    look.items.insert(item.to_string(), String::new());
    look.stmts(body);
    look.found.contains("")
}

struct Look<'m> {
    module: &'m Module,
    /// Item -> the sequence that it is one of.
    items: BTreeMap<String, String>,
    /// Name -> the item whose role it holds.
    roles: BTreeMap<String, String>,
    found: BTreeSet<String>,
}

impl<'m> Look<'m> {
    fn new(module: &'m Module) -> Self {
        Look {
            module,
            items: BTreeMap::new(),
            roles: BTreeMap::new(),
            found: BTreeSet::new(),
        }
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                if let ([Pattern::Name(name, _)], Some(item)) = (targets.as_slice(), role_of(value))
                {
                    self.roles.insert(name.clone(), item.to_string());
                }
            }
            StmtKind::For { pattern, over, .. } => self.goes_over(pattern, over),
            _ => {}
        }
        stmt.expressions(&mut |expr| self.expr(expr));
        for block in stmt.blocks() {
            self.stmts(block);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Comprehension(each) => self.goes_over(&each.pattern, &each.over),
            // `prompt.filter((m) => m.role !== "system")`
            ExprKind::Call { callee, args, .. } => {
                if let ExprKind::Attribute { object, .. } = &callee.kind {
                    for arg in args {
                        if let ExprKind::Lambda(id) = &arg.value.kind {
                            let callback = &self.module.functions[*id];
                            if let Some(first) = callback.params.first() {
                                self.goes_over(&first.pattern, object);
                            }
                        }
                    }
                }
            }
            ExprKind::Lambda(id) => {
                let module = self.module;
                self.stmts(&module.functions[*id].body);
            }
            ExprKind::Binary {
                op: BinaryOp::Equal | BinaryOp::NotEqual,
                left,
                right,
            } => {
                self.compares(left, right);
                self.compares(right, left);
            }
            _ => {}
        }
        expr.parts(&mut |part| self.expr(part));
    }

    /// `m` of `for m in prompt`, `for i, m in enumerate(prompt)`.
    fn goes_over(&mut self, pattern: &Pattern, over: &Expr) {
        if let (Some(item), Some(sequence)) = (item_of(pattern), sequence_of(over)) {
            self.items.insert(item.to_string(), sequence.to_string());
        }
    }

    fn compares(&mut self, asked: &Expr, with: &Expr) {
        if !with.literal().is_some_and(sdk::is_role_of_turn) {
            return;
        }
        let of = match &asked.kind {
            ExprKind::Name(name) => self.roles.get(name).cloned(),
            _ => role_of(asked).map(str::to_string),
        };
        let Some(of) = of else { return };
        if let Some(sequence) = self.items.get(&of) {
            self.found.insert(sequence.clone());
        }
    }
}

/// The name of an item that a loop binds, behind its position.
fn item_of(pattern: &Pattern) -> Option<&str> {
    match pattern {
        Pattern::Name(name, _) => Some(name),
        Pattern::List(items, _) => match items.last()? {
            Pattern::Name(name, _) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The `m` of `m.role`.
fn role_of(expr: &Expr) -> Option<&str> {
    match &kind_of(expr)?.kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    }
}

/// The `prompt` of `enumerate(prompt)`, `prompt or []`, `prompt[1:]`.
fn sequence_of(over: &Expr) -> Option<&str> {
    match &over.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Slice { object, .. } => sequence_of(object),
        ExprKind::Binary {
            op: BinaryOp::Or | BinaryOp::Nullish,
            left,
            ..
        } => sequence_of(left),
        ExprKind::Call { callee, args, .. } => {
            let operation = tables().functions.get(&callee.dotted()?)?;
            let same = matches!(
                operation,
                Operation::Enumerate | Operation::Identity | Operation::Reverse
            );
            sequence_of(&args.first().filter(|_| same)?.value)
        }
        _ => None,
    }
}
