//! Functions that nothing can call: only their own file could, and it names them once, where it defines them.

use crate::frontend::code::ir::{ExprKind, FunctionId, FunctionKind, Language, Stmt, StmtKind};
use crate::words::in_front_of;

use super::modules::Code;
use super::rounds::pattern_names;

/// Whether nothing calls a function of a module. What the language lets others reach is never dead.
pub fn is_dead(code: &Code, id: FunctionId) -> bool {
    let function = &code.module.functions[id];
    let free = matches!(function.kind, FunctionKind::Function | FunctionKind::Lambda);
    let within = free && function.parent.is_none() && function.class.is_none();
    if !within || function.name.is_empty() || !function.decorators.is_empty() {
        return false;
    }
    let own = match code.language() {
        Language::Python => function.name.starts_with('_') && !function.name.ends_with("__"),
        _ => is_module(&code.module.body) && !exports(&code.module.body, id, &function.name),
    };
    own && defines(&code.module.body, id)
        && in_front_of(&code.file.text, &function.name).count() < 2
}

/// Whether a statement of the module defines a function under its name: one within a table is reached by that.
fn defines(body: &[Stmt], id: FunctionId) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Function(known) => *known == id,
        StmtKind::Assign { value, .. } => {
            matches!(&value.kind, ExprKind::Lambda(known) if *known == id)
        }
        _ => false,
    })
}

/// Whether a script is a module: the names of one that is not are everybody's.
fn is_module(body: &[Stmt]) -> bool {
    let parts = |stmt: &Stmt| matches!(stmt.kind, StmtKind::Import(_) | StmtKind::Export(_));
    body.iter().any(parts)
}

/// Whether its declaration is exported where it stands; any other export names it once more.
fn exports(body: &[Stmt], id: FunctionId, name: &str) -> bool {
    body.iter().any(|stmt| {
        let StmtKind::Export(export) = &stmt.kind else {
            return false;
        };
        let declared = |stmt: &Stmt| match &stmt.kind {
            StmtKind::Function(known) => *known == id,
            StmtKind::Assign { targets, .. } => targets
                .iter()
                .flat_map(pattern_names)
                .any(|bound| bound == name),
            _ => false,
        };
        export.declaration.iter().any(declared)
            || export
                .default
                .as_ref()
                .is_some_and(|value| match &value.kind {
                    // `export default function name() {}`
                    ExprKind::Name(known) => known == name,
                    ExprKind::Lambda(known) => *known == id,
                    _ => false,
                })
    })
}
