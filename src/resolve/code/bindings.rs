//! How the names of a module are bound: by definitions, imports, statements of its body. Knows no other file.

use std::collections::BTreeMap;

use crate::frontend::code::ir::{
    ClassId, Expr, ExprKind, FunctionId, Import, Language, Module, Pattern, Stmt, StmtKind,
};

/// How a name of a module is bound.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    Function(FunctionId),
    Class(ClassId),
    /// From another module: its specifier and the name there; `None`: the module itself.
    Import {
        module: String,
        name: Option<String>,
    },
    /// By these statements of the module's body, in order.
    Statements(Vec<usize>),
}

/// The names of a module.
pub struct Names {
    pub names: BTreeMap<String, Binding>,
    /// Modules whose names are all taken over.
    pub stars: Vec<String>,
    /// Exported names that are bound under another name: exported -> local.
    pub exports: BTreeMap<String, String>,
    /// What functions make and set names of the module to: `global client; client = Client()`.
    pub set_later: BTreeMap<String, Expr>,
}

/// Reads the body of a module.
pub fn of(module: &Module) -> Names {
    let mut bindings = Bindings {
        module,
        names: BTreeMap::new(),
        stars: Vec::new(),
        exports: BTreeMap::new(),
    };
    for (index, stmt) in module.body.iter().enumerate() {
        bindings.stmt(stmt, index);
    }
    let mut set_later = BTreeMap::new();
    for function in &module.functions {
        let outer = (module.language == Language::Python).then(|| outer_names(&function.body));
        note_made(&function.body, outer.as_deref(), &mut set_later);
    }
    Names {
        set_later,
        names: bindings.names,
        stars: bindings.stars,
        exports: bindings.exports,
    }
}

/// Names that a function of Python says are not its own.
pub fn outer_names(body: &[Stmt]) -> Vec<&str> {
    let mut out = Vec::new();
    for stmt in body {
        if let StmtKind::Global(names) = &stmt.kind {
            out.extend(names.iter().map(String::as_str));
        }
        let blocks = stmt.blocks().into_iter();
        out.extend(blocks.flat_map(outer_names));
    }
    out
}

/// Notes names that are set to what a call makes; `outer`: the only ones that count.
fn note_made(body: &[Stmt], outer: Option<&[&str]>, out: &mut BTreeMap<String, Expr>) {
    for stmt in body {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            for target in targets {
                match target {
                    Pattern::Name(name, _)
                        if makes_instance(value)
                            && outer.is_none_or(|outer| outer.contains(&name.as_str())) =>
                    {
                        out.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                    _ => {}
                }
            }
        }
        let blocks = stmt.blocks().into_iter();
        blocks.for_each(|block| note_made(block, outer, out));
    }
}

/// `Client(..)`, `new sdk.Client(..)`: classes are written with a capital.
fn makes_instance(value: &Expr) -> bool {
    let ExprKind::Call { callee, .. } = &value.kind else {
        return false;
    };
    let path = callee.dotted().unwrap_or_default();
    let name = path.rsplit('.').next().unwrap_or_default();
    name.starts_with(|first: char| first.is_uppercase())
}

/// Collects how the names of a module are bound.
struct Bindings<'m> {
    module: &'m Module,
    names: BTreeMap<String, Binding>,
    stars: Vec<String>,
    exports: BTreeMap<String, String>,
}

impl Bindings<'_> {
    fn stmt(&mut self, stmt: &Stmt, index: usize) {
        match &stmt.kind {
            StmtKind::Function(id) => {
                self.define(&self.module.functions[*id].name, Binding::Function(*id))
            }
            StmtKind::Class(id) => self.define(&self.module.classes[*id].name, Binding::Class(*id)),
            StmtKind::Import(import) => self.bind_import(import),
            StmtKind::Assign { targets, .. } => {
                for target in targets {
                    self.bind_pattern(target, index);
                }
            }
            StmtKind::Augment { target, .. } => self.bind_pattern(target, index),
            StmtKind::Expr(expr) => self.touched(expr, index),
            StmtKind::Export(export) => {
                for stmt in &export.declaration {
                    self.stmt(stmt, index);
                }
                if export.default.is_some() {
                    self.bind_name("default", index);
                }
                match (&export.from, &export.star) {
                    (Some(from), Some(None)) => self.stars.push(from.clone()),
                    (Some(from), Some(Some(name))) => {
                        let binding = Binding::Import {
                            module: from.clone(),
                            name: None,
                        };
                        self.names.insert(name.clone(), binding);
                    }
                    (Some(from), None) => {
                        for (there, here) in &export.names {
                            let binding = Binding::Import {
                                module: from.clone(),
                                name: Some(there.clone()),
                            };
                            self.names.insert(here.clone(), binding);
                        }
                    }
                    _ => {
                        for (local, exported) in &export.names {
                            if local != exported {
                                self.exports.insert(exported.clone(), local.clone());
                            }
                        }
                    }
                }
            }
            StmtKind::If {
                then, otherwise, ..
            } => {
                for stmt in then.iter().chain(otherwise) {
                    self.stmt(stmt, index);
                }
            }
            StmtKind::For { pattern, body, .. } => {
                self.bind_pattern(pattern, index);
                self.all(body, index);
            }
            StmtKind::While { body, .. } | StmtKind::Block(body) => self.all(body, index),
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.all(body, index);
                // What the handlers bind is the fallback of what could not be imported.
                let known = self.names.clone();
                for handler in handlers {
                    self.all(handler, index);
                }
                self.names.extend(known);
                self.all(otherwise, index);
                self.all(finally, index);
            }
            StmtKind::With { items, body } => {
                for pattern in items.iter().filter_map(|(_, pattern)| pattern.as_ref()) {
                    self.bind_pattern(pattern, index);
                }
                self.all(body, index);
            }
            StmtKind::Match { arms, .. } => {
                for arm in arms {
                    self.all(&arm.body, index);
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, stmts: &[Stmt], index: usize) {
        for stmt in stmts {
            self.stmt(stmt, index);
        }
    }

    fn define(&mut self, name: &str, binding: Binding) {
        if !name.is_empty() {
            self.names.insert(name.to_string(), binding);
        }
    }

    fn bind_import(&mut self, import: &Import) {
        if let Some((name, _)) = &import.namespace {
            // `import a.b` binds `a`.
            let head = import.module.split('.').next().unwrap_or_default();
            let module = if head == name { head } else { &import.module };
            let binding = Binding::Import {
                module: module.to_string(),
                name: None,
            };
            self.names.insert(name.clone(), binding);
        }
        for name in &import.names {
            let binding = Binding::Import {
                module: import.module.clone(),
                name: Some(name.name.clone()),
            };
            self.names.insert(name.alias.clone(), binding);
        }
        if import.star {
            self.stars.push(import.module.clone());
        }
    }

    fn bind_pattern(&mut self, pattern: &Pattern, index: usize) {
        match pattern {
            Pattern::Name(name, _) => self.bind_name(name, index),
            Pattern::Target(expr) => self.touched(expr, index),
            Pattern::List(items, _) => items.iter().for_each(|item| self.bind_pattern(item, index)),
            Pattern::Object(items, rest, _) => {
                items
                    .iter()
                    .for_each(|(_, item)| self.bind_pattern(item, index));
                if let Some(rest) = rest {
                    self.bind_name(rest, index);
                }
            }
            Pattern::Rest(inner) | Pattern::Default(inner, _) => self.bind_pattern(inner, index),
            Pattern::Ignore => {}
        }
    }

    fn bind_name(&mut self, name: &str, index: usize) {
        match self.names.get_mut(name) {
            Some(Binding::Statements(indices)) => {
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
            // A definition that is wrapped (`f = cache(f)`) and an import with a fallback stay what they are.
            Some(_) => {}
            None => {
                let binding = Binding::Statements(vec![index]);
                self.names.insert(name.to_string(), binding);
            }
        }
    }

    /// `X.append(..)`, `X["a"] = ..`, `module.exports = ..` change what `X` is.
    fn touched(&mut self, expr: &Expr, index: usize) {
        match &expr.kind {
            ExprKind::Name(name) => {
                if name == "module" || name == "exports" {
                    self.bind_name("module", index);
                } else if matches!(self.names.get(name), Some(Binding::Statements(_))) {
                    self.bind_name(name, index);
                }
            }
            ExprKind::Attribute { object, .. }
            | ExprKind::Index { object, .. }
            | ExprKind::Slice { object, .. } => self.touched(object, index),
            ExprKind::Call { callee, .. } => {
                if let ExprKind::Attribute { object, .. } = &callee.kind {
                    self.touched(object, index);
                }
            }
            ExprKind::Assign { target, .. } => self.bind_pattern(target, index),
            ExprKind::Await(inner) => self.touched(inner, index),
            _ => {}
        }
    }
}
