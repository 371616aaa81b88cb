//! Classes that fill in what another one only declares: what an abstract class calls of itself stands in the classes that
//! extend it. Looks at the classes of one module: those of other files may be any number.

use crate::frontend::code::ir::{Function, FunctionId, FunctionKind};

use super::declared::is_abstract;
use super::extended::base_name;
use super::modules::Code;
use super::value::ClassRef;

/// Classes that are looked at of those that extend one.
const MAX_HEIRS: usize = 3;
/// How deep classes may extend each other.
const MAX_DEPTH: usize = 4;

/// The classes that fill in the methods which a method of an abstract class calls of it; empty: it calls none.
pub fn heirs_for(class: &ClassRef, method: FunctionId) -> Vec<ClassRef> {
    let code = &class.code;
    let calls = |name: &str| {
        let calls = &code.interest.calls;
        calls
            .iter()
            .any(|(called, by)| called == name && by.is_some_and(|by| is_within(code, by, method)))
    };
    let functions = &code.module.functions;
    let methods = class.class().methods.iter().map(|id| &functions[*id]);
    let open: Vec<&str> = methods
        .filter(|function| only_declares(function) && calls(&function.name))
        .map(|function| function.name.as_str())
        .collect();
    if open.is_empty() {
        return Vec::new();
    }
    let own = &functions[method].name;
    let fills = |heir: &ClassRef| {
        open.iter().any(|name| filled_in(heir, name).is_some()) && filled_in(heir, own).is_none()
    };
    let mut out: Vec<ClassRef> = heirs(class).into_iter().filter(fills).collect();
    out.truncate(MAX_HEIRS);
    out
}

/// The method that stands for one that a class only declares, where a single class of its module fills it in.
pub fn only_filled_in(class: &ClassRef, name: &str) -> Option<(ClassRef, FunctionId)> {
    let mut found = heirs(class).into_iter().filter_map(|heir| {
        let method = filled_in(&heir, name)?;
        Some((heir, method))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether a method only says that there is one.
pub fn only_declares(function: &Function) -> bool {
    let marked = || {
        let mut decorators = function.decorators.iter();
        decorators.any(|by| {
            by.dotted()
                .is_some_and(|path| path.ends_with("abstractmethod"))
        })
    };
    let method = function.kind == FunctionKind::Method;
    method && is_abstract(&function.body) && (!function.body.is_empty() || marked())
}

/// The classes of a module that extend one of it, by way of others as well.
fn heirs(class: &ClassRef) -> Vec<ClassRef> {
    let classes = &class.code.module.classes;
    let mut names = vec![class.class().name.clone()];
    let mut out: Vec<ClassRef> = Vec::new();
    for _ in 0..MAX_DEPTH {
        let known = names.len();
        for (id, heir) in classes.iter().enumerate() {
            let mut bases = heir.bases.iter().filter_map(base_name);
            let extends = bases.any(|base| names.contains(&base));
            if extends && heir.parent.is_none() && !names.contains(&heir.name) {
                names.push(heir.name.clone());
                out.push(ClassRef {
                    code: class.code.clone(),
                    id,
                    scope: None,
                });
            }
        }
        if names.len() == known {
            break;
        }
    }
    out
}

/// The method of a class that does what another one only declares.
fn filled_in(class: &ClassRef, name: &str) -> Option<FunctionId> {
    let functions = &class.code.module.functions;
    let mut methods = class.class().methods.iter().copied();
    methods.rfind(|id| functions[*id].name == name && !only_declares(&functions[*id]))
}

/// Whether a function is another one or stands in it.
fn is_within(code: &Code, inner: FunctionId, outer: FunctionId) -> bool {
    let mut at = Some(inner);
    while let Some(id) = at {
        if id == outer {
            return true;
        }
        at = code.module.functions[id].parent;
    }
    false
}
