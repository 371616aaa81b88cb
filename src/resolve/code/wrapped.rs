//! Functions that something is put around: decorators of the workspace that add to what a function gives, those that
//! keep it, and values that a function itself keeps in a name of its module (`if _head is None: _head = ..`).

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{
    ArgKind, BinaryOp, Expr, ExprKind, Function, FunctionId, Pattern, Stmt, StmtKind,
};
use crate::prompt::{visit_pieces, Piece};
use crate::volatility::Class;

use super::eval::{held, Eval};
use super::modules::{Binding, Code};
use super::tables::tables;
use super::value::{Argument, Callable, Choice, Value};

impl Eval<'_, '_> {
    /// A function as its decorators leave it. One that only passes on what the function gives makes nothing else of it.
    pub fn wrapped(&mut self, callable: Callable) -> Value {
        let code = callable.code.clone();
        let decorators = &code.module.functions[callable.id].decorators;
        if !self.is_python() || decorators.is_empty() || !self.enter() {
            return Value::Function(Rc::new(callable));
        }
        let mut value = Value::Function(Rc::new(Callable {
            this: None,
            ..callable.clone()
        }));
        let mut changed = false;
        for decorator in decorators.iter().rev() {
            if let Some(outer) = self.put_around(&code, decorator, &value) {
                value = outer;
                changed = true;
            }
        }
        self.leave();
        if !changed {
            return Value::Function(Rc::new(callable));
        }
        if let (Value::Function(outer), Some(this)) = (&value, callable.this) {
            // The instance is the first argument of what stands around a method.
            let mut outer = (**outer).clone();
            let place = self.place(callable.code.module.functions[callable.id].name_span);
            outer.bound.insert(0, Argument::positional(this, place));
            return Value::Function(Rc::new(outer));
        }
        value
    }

    fn put_around(&mut self, code: &Arc<Code>, decorator: &Expr, inner: &Value) -> Option<Value> {
        let name = match &decorator.kind {
            ExprKind::Call { callee, .. } => callee,
            _ => decorator,
        };
        // Only what is known by a plain name is looked at: most decorators are of libraries.
        let ExprKind::Name(name) = &name.kind else {
            return None;
        };
        let Value::Function(outer) = self.global(code, name)? else {
            return None;
        };
        if !adds_text(&outer.code, outer.id) {
            return None;
        }
        self.push_frame(code, None, None, None, None);
        let place = self.place(decorator.span);
        let function = self.eval(decorator);
        let args = vec![Argument::positional(inner.clone(), place)];
        let value = self.apply(&function, args, decorator, (false, None));
        self.frames.pop();
        matches!(value, Value::Function(_)).then_some(value)
    }

    /// The life of what a function computes that is kept once it is there: as long as the program where it is given
    /// nothing that changes.
    pub fn kept_life(&self, code: &Code, function: &Function, args: &[Argument]) -> Option<Class> {
        if !function.decorators.iter().any(|of| keeps(code, of)) {
            return None;
        }
        let changes = args.iter().map(|arg| self.volatility(&arg.value).class);
        match changes.max() {
            None | Some(Class::Constant | Class::Deploy) => Some(Class::Deploy),
            Some(Class::Tenant | Class::User | Class::Session) => Some(Class::Session),
            Some(_) => None,
        }
    }

    /// The life of a value that is kept where it is put, since the function asks first whether it is there: in a name
    /// of the module that of the program, in an attribute that of the instance.
    pub fn memo_life(&self, target: &Pattern) -> Option<Class> {
        let frame = self.frame();
        let code = frame.code.clone();
        let function = &code.module.functions[frame.function?];
        let memo = memo_of(target)?;
        let (name, life) = match &memo {
            Memo::Name(name) | Memo::Entry(name, _) => (*name, Class::Deploy),
            Memo::Own(_) => ("", Class::Session),
        };
        if life == Class::Deploy {
            let bound = matches!(code.names.get(name), Some(Binding::Statements(_)));
            // A name of the function itself is gone when it returns.
            let scope = self.heap.scope(frame.scope)?;
            let outer = scope.outer.iter().any(|known| known == name);
            let own = match &memo {
                Memo::Name(_) if self.is_python() => !outer,
                _ => scope.names.holds(name) && !outer,
            };
            if !bound || own {
                return None;
            }
        }
        asks_for(&function.body, &memo).then_some(life)
    }

    /// `head ??= make()`: what is there already stays. A name that no function has is
    /// one of the module.
    pub fn filled_life(&self, target: &Pattern, op: BinaryOp) -> Option<Class> {
        if !matches!(op, BinaryOp::Nullish | BinaryOp::Or) || self.frame().function.is_none() {
            return None;
        }
        match memo_of(target)? {
            Memo::Name(name) | Memo::Entry(name, _) => {
                self.lookup(name).is_none().then_some(Class::Deploy)
            }
            Memo::Own(_) => Some(Class::Session),
        }
    }

    /// A value that is kept: what it is made of lives that long.
    pub fn kept_as(&self, value: Value, life: Class) -> Value {
        // How long an instance lives is not known: only what is computed for it is taken to be as old as it is.
        if life != Class::Deploy {
            return value;
        }
        match value {
            Value::Text(pieces) => {
                let mut pieces = Rc::unwrap_or_clone(pieces);
                visit_pieces(&mut pieces, &mut |piece| {
                    let volatility = match piece {
                        Piece::Slot(slot) => &mut slot.volatility,
                        Piece::Repeat(repeat) => &mut repeat.volatility,
                        _ => return,
                    };
                    volatility.frame = held(volatility.class, Some(life)).or(volatility.frame);
                });
                Value::pieces(pieces)
            }
            Value::Unknown(unknown) => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                let volatility = &mut unknown.verdict.volatility;
                volatility.frame = held(volatility.class, Some(life)).or(volatility.frame);
                unknown.into_value()
            }
            Value::Choice(choice) => {
                let arms = choice.arms.iter().cloned();
                Value::Choice(Rc::new(Choice {
                    condition: choice.condition.clone(),
                    arms: arms.map(|arm| self.kept_as(arm, life)).collect(),
                }))
            }
            other => other,
        }
    }
}

/// Where a value is kept.
enum Memo<'e> {
    Name(&'e str),
    /// `TABLE["key"]`
    Entry(&'e str, &'e str),
    /// `self.name`
    Own(&'e str),
}

fn memo_of(target: &Pattern) -> Option<Memo<'_>> {
    match target {
        Pattern::Name(name, _) => Some(Memo::Name(name)),
        Pattern::Target(expr) => memo_at(expr),
        _ => None,
    }
}

fn memo_at(expr: &Expr) -> Option<Memo<'_>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Memo::Name(name)),
        ExprKind::Index { object, index } => match &object.kind {
            ExprKind::Name(name) => Some(Memo::Entry(name, index.literal()?)),
            _ => None,
        },
        ExprKind::Attribute { object, name, .. } => match &object.kind {
            ExprKind::Name(this) if this == "self" || this == "this" => Some(Memo::Own(name)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a test of these statements asks for nothing but whether a value is there that is kept.
fn asks_for(stmts: &[Stmt], memo: &Memo<'_>) -> bool {
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::If {
            test,
            then,
            otherwise,
        } => tests(test, memo) || asks_for(then, memo) || asks_for(otherwise, memo),
        StmtKind::With { body, .. } | StmtKind::Block(body) => asks_for(body, memo),
        StmtKind::Try { body, .. } => asks_for(body, memo),
        _ => false,
    })
}

fn tests(test: &Expr, memo: &Memo<'_>) -> bool {
    match &test.kind {
        ExprKind::Not(inner) => tests(inner, memo),
        ExprKind::Binary {
            op: BinaryOp::Equal | BinaryOp::NotEqual,
            left,
            right,
        } => matches!(right.kind, ExprKind::None | ExprKind::Null) && tests(left, memo),
        // `"key" not in TABLE`
        ExprKind::Binary {
            op: BinaryOp::Compare,
            left,
            right,
        } => match memo {
            Memo::Entry(name, key) => {
                left.literal() == Some(key)
                    && matches!(&right.kind, ExprKind::Name(table) if table == name)
            }
            _ => false,
        },
        _ => match (memo_at(test), memo) {
            (Some(Memo::Name(asked)), Memo::Name(name))
            | (Some(Memo::Own(asked)), Memo::Own(name)) => asked == *name,
            (Some(Memo::Entry(asked, of)), Memo::Entry(name, key)) => asked == *name && of == *key,
            _ => false,
        },
    }
}

/// Whether a decorator keeps what its function gave; one that is told how long keeps it that long.
fn keeps(code: &Code, decorator: &Expr) -> bool {
    let (callee, args) = match &decorator.kind {
        ExprKind::Call { callee, args, .. } => (&**callee, args.as_slice()),
        _ => (decorator, &[][..]),
    };
    let ends = args.iter().any(
        |arg| matches!(&arg.kind, ArgKind::Keyword(name) if name != "maxsize" && name != "typed"),
    );
    let Some(written) = callee.dotted().filter(|_| !ends) else {
        return false;
    };
    let (head, rest) = written.split_once('.').unwrap_or((&written, ""));
    let Some(Binding::Import { module, name }) = code.names.get(head) else {
        return false;
    };
    let parts = [Some(module.as_str()), name.as_deref(), Some(rest)];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    let path = parts.collect::<Vec<_>>().join(".");
    tables().caches.contains(&path)
}

/// Whether a decorator's wrapper puts a text together: its inner functions return one.
fn adds_text(code: &Code, decorator: FunctionId) -> bool {
    let functions = &code.module.functions;
    let within = |mut id: FunctionId| {
        while let Some(parent) = functions[id].parent {
            if parent == decorator {
                return true;
            }
            id = parent;
        }
        false
    };
    functions
        .iter()
        .enumerate()
        .any(|(id, function)| within(id) && returns_text(&function.body))
}

fn returns_text(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => composes(value),
        StmtKind::If {
            then, otherwise, ..
        } => returns_text(then) || returns_text(otherwise),
        StmtKind::With { body, .. } | StmtKind::Try { body, .. } => returns_text(body),
        _ => false,
    })
}

fn composes(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Format(_) => true,
        ExprKind::Binary { op, .. } => matches!(op, BinaryOp::Add | BinaryOp::Remainder),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Attribute { name, .. } => matches!(name.as_str(), "join" | "format"),
            _ => false,
        },
        ExprKind::Await(inner) => composes(inner),
        _ => false,
    }
}
