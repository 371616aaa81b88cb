//! What functions change of the scopes around them: a list of a module or of an outer function that they put messages
//! into, a number that they count up. By the time of a later call it is not what was written there.
//! Knows nothing of requests.

use std::collections::{BTreeMap, BTreeSet};

use crate::frontend::code::ir::{Expr, ExprKind, Function, Pattern, Stmt, StmtKind};
use crate::source::{Place, Span};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::bindings::outer_names;
use super::eval::Eval;
use super::kept::earlier_turns;
use super::members::is_told;
use super::modules::Code;
use super::tables::{sets_up, tables};
use super::value::{Callable, Unknown, Value};

/// Names that the functions of a module change and do not bind themselves.
#[derive(Debug, Default)]
pub struct Outer {
    /// Lists that something is put into.
    pub grown: BTreeSet<String>,
    /// Numbers that are counted, with where.
    pub counted: BTreeMap<String, Span>,
}

impl Outer {
    /// A list that a function puts something into: `turns.append(turn)`.
    pub fn grows(&mut self, list: &Expr, function: &Function) {
        if let ExprKind::Name(name) = &list.kind {
            if !binds(function, name) {
                self.grown.insert(name.clone());
            }
        }
    }

    /// `turn += 1` in a function. What a function sets up is counted once.
    pub fn counts(&mut self, target: &Pattern, function: &Function) {
        if let Pattern::Name(name, span) = target {
            if !binds(function, name) && !sets_up(&function.name) {
                self.counted.entry(name.clone()).or_insert(*span);
            }
        }
    }
}

/// Whether a name is a function's own: a parameter, or set in it and not said to be of a scope around it.
fn binds(function: &Function, name: &str) -> bool {
    let own = |pattern: &Pattern| named(pattern, name);
    function.params.iter().any(|param| own(&param.pattern))
        || (sets(&function.body, name) && !outer_names(&function.body).contains(&name))
}

fn named(pattern: &Pattern, name: &str) -> bool {
    match pattern {
        Pattern::Name(own, _) => own == name,
        Pattern::Default(inner, _) | Pattern::Rest(inner) => named(inner, name),
        _ => false,
    }
}

fn sets(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|stmt| {
        let own = match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().any(|target| named(target, name)),
            StmtKind::For { pattern, .. } => named(pattern, name),
            StmtKind::With { items, .. } => {
                let mut given = items.iter().filter_map(|(_, pattern)| pattern.as_ref());
                given.any(|pattern| named(pattern, name))
            }
            _ => false,
        };
        own || stmt.blocks().into_iter().any(|block| sets(block, name))
    })
}

impl Eval<'_, '_> {
    /// What a name of a module stands for where its functions read it, later than it was written.
    pub fn later_global(&mut self, code: &Code, name: &str, value: Value) -> Value {
        match self.later(code, name, &value) {
            Some(later) => later,
            None => value,
        }
    }

    /// What a closure that is called later and more than once finds in the scopes that it was made in.
    pub fn age_scopes(&mut self, callable: &Callable) {
        let code = callable.code.clone();
        let outer = &code.interest.outer;
        let names = outer.grown.iter().chain(outer.counted.keys());
        for name in names {
            let Some(id) = self.scope_of(callable.scope, name) else {
                continue;
            };
            let scope = self.heap.scope(id);
            let value = scope.and_then(|scope| scope.names.get(name)).cloned();
            let later = value.and_then(|value| self.later(&code, name, &value));
            if let (Some(later), Some(scope)) = (later, self.heap.scope_mut(id)) {
                scope.names.set(name, later);
            }
        }
    }

    /// What was set for the call in hand: `current_tenant.get()`, `currentUser.getStore()`, where the
    /// holder's name says whose it is.
    pub fn of_context(&mut self, path: &str, expr: &Expr) -> Option<Value> {
        let reads = &tables().context_reads;
        if !reads.iter().any(|read| path.ends_with(read.as_str())) {
            return None;
        }
        let written = self.written(expr.span);
        let holder = written.rsplit_once('.').map_or("", |(holder, _)| holder);
        let named = self.frame().code.classifier.parameter(holder, None, false);
        // What a holder holds whose name says nothing may be the same for all calls: a configuration, a registry.
        let telling = named.kind == ValueKind::Plain && is_told(&named.volatility);
        if !telling {
            return None;
        }
        let place = self.place(expr.span);
        Some(self.born_anew(Unknown::new(written, named), place, "set for this call"))
    }

    /// A list with the turns of earlier calls, where its name says conversation; a count for its number.
    fn later(&mut self, code: &Code, name: &str, value: &Value) -> Option<Value> {
        let outer = &code.interest.outer;
        match value {
            Value::Cell(id) if outer.grown.contains(name) => {
                let verdict = code.classifier.parameter(name, None, false);
                let list = self.heap.list(*id)?;
                if verdict.kind != ValueKind::History || self.holds_history(&list.items) {
                    return None;
                }
                let turns = earlier_turns(list.place.clone());
                self.heap.list_mut(*id)?.items.push(turns);
                Some(value.clone())
            }
            Value::Number(_) => {
                let span = outer.counted.get(name)?;
                let verdict = Verdict {
                    kind: ValueKind::Plain,
                    volatility: Volatility::new(
                        Class::State,
                        Origin::Outside,
                        Confidence::Likely,
                        "counted from call to call",
                    ),
                    tokens: 1,
                    clock: false,
                };
                let unknown = Unknown {
                    path: Some(name.into()),
                    ..Unknown::new(name.to_string(), verdict)
                };
                let place = Place::new(code.path(), span.start, span.end);
                Some(self.born_anew(unknown, place, "counted by a function"))
            }
            _ => None,
        }
    }
}
