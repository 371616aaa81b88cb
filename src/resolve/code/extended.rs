//! Classes that extend one of an SDK, mostly not in sight: what their constructors hand up is sent like what the SDK's
//! own constructor is given.

use crate::frontend::code::ir::{Arg, Expr, ExprKind, FunctionKind};
use crate::sdk;

use super::eval::Eval;
use super::modules::Binding;
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
        if outer.paths.is_empty() {
            return None;
        }
        let args = self.arguments(args);
        self.sent_as(&outer.paths, &args, expr);
        // A constructor that is in sight runs as well: it keeps what it is given.
        if outer.in_sight {
            return None;
        }
        self.escape(&args);
        Some(Value::None)
    }

    /// What a constructor hands up to a class that is not in sight.
    pub fn sent_by_base(&mut self, class: &ClassRef, args: &[Argument], expr: &Expr) {
        let outer = self.outer_bases(class, 0);
        self.sent_as(&outer.paths, args, expr);
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

    /// The classes of an SDK, or not in sight, whose constructor is the next above a class.
    fn outer_bases(&mut self, class: &ClassRef, depth: usize) -> Outer {
        let mut out = Outer::default();
        for index in 0..class.class().bases.len() {
            match self.base(class, index) {
                Value::Class(_) if library_base(class, index).is_some() => {
                    out.in_sight = true;
                    out.paths.extend(library_base(class, index));
                }
                Value::Class(base) if depth < MAX_DEPTH && !has_constructor(&base) => {
                    let above = self.outer_bases(&base, depth + 1);
                    out.in_sight |= above.in_sight;
                    out.paths.extend(above.paths);
                }
                Value::Class(_) => return out,
                other => out.paths.extend(other.path().map(str::to_string)),
            }
        }
        out
    }
}

/// Classes above one of the workspace.
#[derive(Default)]
struct Outer {
    /// As they are imported.
    paths: Vec<String>,
    /// Whether one of them is defined in the workspace, which is then the library's own.
    in_sight: bool,
}

/// The path of a base that is imported from a library, though the workspace defines it.
fn library_base(class: &ClassRef, index: usize) -> Option<String> {
    let name = base_name(&class.class().bases[index])?;
    let (head, tail) = name.split_once('.').unwrap_or((&name, ""));
    let Some(Binding::Import { module, name }) = class.code.names.get(head) else {
        return None;
    };
    let parts = [module.as_str(), name.as_deref().unwrap_or_default(), tail];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let path = parts.collect::<Vec<_>>().join(".");
    sdk::is_own_library(&path).then_some(path)
}
