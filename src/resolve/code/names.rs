//! Names: local, of an outer function, of the module, imported.

use crate::source::Span;
use crate::volatility::classify::Verdict;
use crate::volatility::{Class, Confidence};

use super::eval::Eval;
use super::modules::{Binding, Code, Found};
use super::value::{Callable, ClassRef, Unknown, Value};

impl Eval<'_, '_> {
    /// What a name is bound to in the scopes that can be seen; `None` where only the module knows it.
    pub fn lookup(&self, name: &str) -> Option<Value> {
        let mut at = Some(self.frame().scope);
        while let Some(id) = at {
            let scope = self.heap.scope(id)?;
            if let Some(value) = scope.names.get(name) {
                return Some(value.clone());
            }
            at = scope.parent;
        }
        None
    }

    pub fn name(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.lookup(name) {
            return value;
        }
        if name == "this" || name == "self" || name == "cls" {
            if let Some(this) = self.frame().this.clone() {
                return this;
            }
        }
        let code = self.code();
        if let Some(value) = self.global(&code, name) {
            return value;
        }
        // A name of the language or of nowhere: tables are asked by it.
        let unknown = Unknown {
            path: Some(name.into()),
            ..Unknown::new(name.to_string(), self.free_name(name))
        };
        let place = self.place(span);
        self.born(unknown, place, "read here")
    }

    fn free_name(&self, name: &str) -> Verdict {
        let code = &self.frame().code;
        code.classifier.attribute(name).unwrap_or_else(|| {
            let mut verdict = code.classifier.name(name);
            verdict.volatility.confidence = verdict.volatility.confidence.min(Confidence::Possible);
            verdict
        })
    }

    /// A name of a module, evaluated once, in the life of the module.
    pub fn global(&mut self, code: &std::sync::Arc<Code>, name: &str) -> Option<Value> {
        let of_module = self.globals.get(code.path());
        if let Some(known) = of_module.and_then(|names| names.get(name)) {
            // `None`: being evaluated.
            return known.clone();
        }
        let local = code.exports.get(name).map_or(name, String::as_str);
        let value = match code.names.get(local) {
            Some(Binding::Function(id)) => Some(self.decorated(code, *id)),
            Some(Binding::Class(id)) => Some(Value::Class(ClassRef {
                code: code.clone(),
                id: *id,
                scope: None,
            })),
            Some(Binding::Import {
                module,
                name: there,
            }) => {
                self.note_global(code, name, None);
                Some(self.imported(code, module, there.as_deref()))
            }
            Some(Binding::Statements(indices)) => {
                self.note_global(code, name, None);
                let value = self.module_statements(code, local, indices);
                match value {
                    Some(value) if !value.is_nothing() => {
                        Some(self.later_global(code, local, value))
                    }
                    value => self.set_later(code, local).or(value),
                }
            }
            None if code.stars.is_empty() => None,
            None => {
                // Modules may take all there is of each other.
                self.note_global(code, name, None);
                self.star(code, name)
            }
        };
        if value.is_some() {
            self.note_global(code, name, value.clone());
        } else if let Some(names) = self.globals.get_mut(code.path()) {
            names.remove(name);
        }
        value
    }

    fn note_global(&mut self, code: &Code, name: &str, value: Option<Value>) {
        let names = self.globals.entry(code.path().clone()).or_default();
        names.insert(name.to_string(), value);
    }

    pub fn decorated(&mut self, code: &std::sync::Arc<Code>, id: usize) -> Value {
        self.wrapped(Callable {
            code: code.clone(),
            id,
            scope: None,
            this: None,
            bound: Vec::new(),
        })
    }

    /// What of a library a function of a module makes and sets a name to that the module itself leaves empty, a client:
    /// whoever reads it finds it set.
    fn set_later(&mut self, code: &std::sync::Arc<Code>, name: &str) -> Option<Value> {
        let made = code.set_later.get(name)?;
        let life = self.life.replace(Class::Deploy);
        let loops = std::mem::take(&mut self.loops);
        self.push_frame(code, None, None, None, None);
        self.quiet += 1;
        let value = self.eval(made);
        self.quiet -= 1;
        self.frames.pop();
        self.life = life;
        self.loops = loops;
        matches!(value, Value::Unknown(_)).then_some(value)
    }

    /// Runs the statements of a module that bind a name.
    fn module_statements(
        &mut self,
        code: &std::sync::Arc<Code>,
        name: &str,
        indices: &[usize],
    ) -> Option<Value> {
        let life = self.life.replace(Class::Deploy);
        let loops = std::mem::take(&mut self.loops);
        self.push_frame(code, None, None, None, None);
        // What the statements send is sent by the module's own entry.
        self.quiet += 1;
        if name == "module" && !self.is_python() {
            self.bind_common_exports();
        }
        for index in indices {
            if let Some(stmt) = code.module.body.get(*index) {
                self.stmt(stmt);
            }
        }
        self.quiet -= 1;
        let value = self.lookup(name);
        self.frames.pop();
        self.life = life;
        self.loops = loops;
        value
    }

    pub fn star(&mut self, code: &std::sync::Arc<Code>, name: &str) -> Option<Value> {
        for specifier in &code.stars {
            let found = self.program.find(code, specifier, &mut self.trail.reads);
            let Found::Code(other) = found else { continue };
            if self.frames.len() > 24 {
                return None;
            }
            if let Some(value) = self.global(&other, name) {
                return Some(value);
            }
        }
        None
    }
}
