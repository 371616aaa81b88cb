//! Classes that extend one of an SDK that is not in sight: what their constructors hand up is sent like what the SDK's
//! own constructor is given.

use crate::frontend::code::ir::{Arg, Expr, ExprKind, FunctionKind};

use super::eval::Eval;
use super::value::{Argument, ClassRef, Value};

/// How deep classes of the workspace may extend each other.
const MAX_DEPTH: usize = 8;

/// `super().__init__` of Python, `super` of JavaScript.
pub fn is_super_constructor(callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Name(name) => name == "super",
        _ => is_python_constructor(callee),
    }
}

fn is_python_constructor(callee: &Expr) -> bool {
    let ExprKind::Attribute { object, name, .. } = &callee.kind else {
        return false;
    };
    let ExprKind::Call { callee, .. } = &object.kind else {
        return false;
    };
    name == "__init__" && matches!(&callee.kind, ExprKind::Name(name) if name == "super")
}

/// The dotted name of a base, without its type arguments: `Agent` of `Agent[State]`.
pub fn base_name(base: &Expr) -> Option<String> {
    match &base.kind {
        ExprKind::Index { object, .. } => object.dotted(),
        _ => base.dotted(),
    }
}

fn has_constructor(class: &ClassRef) -> bool {
    let functions = &class.code.module.functions;
    let mut methods = class.class().methods.iter();
    methods.any(|method| functions[*method].kind == FunctionKind::Constructor)
}

impl Eval<'_, '_> {
    /// `super().__init__(..)` where it reaches a class that is not in sight. `None`: it reaches none.
    pub fn outer_constructor(&mut self, callee: &Expr, args: &[Arg], expr: &Expr) -> Option<Value> {
        if !is_python_constructor(callee) {
            return None;
        }
        let class = self.frame().class.clone()?;
        let outer = self.outer_bases(&class, 0);
        if outer.is_empty() {
            return None;
        }
        let args = self.arguments(args);
        self.sent_as(&outer, &args, expr);
        self.escape(&args);
        Some(Value::None)
    }

    /// What a constructor hands up to a class that is not in sight.
    pub fn sent_by_base(&mut self, class: &ClassRef, args: &[Argument], expr: &Expr) {
        let outer = self.outer_bases(class, 0);
        self.sent_as(&outer, args, expr);
    }

    /// What an instance is made of whose class has no constructor in sight.
    pub fn made_by_base(&mut self, class: &ClassRef, args: &[Argument], expr: &Expr) {
        if !has_constructor(class) {
            self.sent_by_base(class, args, expr);
        }
    }

    fn sent_as(&mut self, outer: &[String], args: &[Argument], expr: &Expr) {
        for path in outer {
            if self.request(path, args, expr).is_some() {
                return;
            }
        }
    }

    /// The paths of the classes not in sight whose constructor is the next above a class.
    fn outer_bases(&mut self, class: &ClassRef, depth: usize) -> Vec<String> {
        let mut out = Vec::new();
        for index in 0..class.class().bases.len() {
            match self.base(class, index) {
                Value::Class(base) if depth < MAX_DEPTH && !has_constructor(&base) => {
                    out.extend(self.outer_bases(&base, depth + 1));
                }
                Value::Class(_) => return out,
                other => out.extend(other.path().map(str::to_string)),
            }
        }
        out
    }
}
