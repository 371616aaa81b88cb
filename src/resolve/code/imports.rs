//! Imports: names of other modules of the workspace, paths of packages that are not.

use std::sync::Arc;

use crate::frontend::code::ir::{Import, Language};
use crate::prompt::Size;
use crate::source::Span;
use crate::volatility::classify::{ValueKind, Verdict};

use super::eval::{deploy, Eval};
use super::modules::{Code, Found};
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// An import statement inside a function.
    pub fn import(&mut self, import: &Import) {
        let code = self.code();
        if let Some((name, _)) = &import.namespace {
            let head = import.module.split('.').next().unwrap_or_default();
            let module = if head == name { head } else { &import.module };
            let value = self.imported(&code, module, None);
            self.bind(name, value);
        }
        for name in &import.names {
            let value = self.imported(&code, &import.module, Some(&name.name));
            self.bind(&name.alias, value);
        }
    }

    /// A name of another module, or the module.
    pub fn imported(&mut self, code: &Arc<Code>, specifier: &str, name: Option<&str>) -> Value {
        let found = self.program.find(code, specifier, &mut self.trail.reads);
        match found {
            Found::Code(other) => self.module_name(&other, specifier, name),
            Found::File(path) => self.imported_file(&path, specifier, name),
            Found::External => {
                // `from . import x` where the package has no file of its own.
                if let (Language::Python, Some(name)) = (code.language(), name) {
                    let sub = if specifier.ends_with('.') {
                        format!("{specifier}{name}")
                    } else {
                        format!("{specifier}.{name}")
                    };
                    let found = self.program.find(code, &sub, &mut self.trail.reads);
                    if let Found::Code(other) = found {
                        return Value::Module(other);
                    }
                }
                external(specifier, name)
            }
        }
    }

    /// A file that is no code: a document whose names are its keys, else a text.
    fn imported_file(&mut self, path: &Arc<str>, specifier: &str, name: Option<&str>) -> Value {
        // `./x.json?raw` asks for the text.
        let raw = specifier.contains('?');
        match self.imported_document(path).filter(|_| !raw) {
            Some(document) => match name {
                Some("default") | None => document,
                Some(name) => self.member(&document, name, Span::default()),
            },
            None => self.text_file(path, Span::default()),
        }
    }

    fn module_name(&mut self, other: &Arc<Code>, specifier: &str, name: Option<&str>) -> Value {
        self.trail.used.insert(other.path().clone());
        let Some(name) = name else {
            return Value::Module(other.clone());
        };
        if self.frames.len() > 40 {
            return external(specifier, Some(name));
        }
        if let Some(value) = self.global(other, name) {
            return value;
        }
        let sub = self.program.submodule(other, name, &mut self.trail.reads);
        if let Some(sub) = sub {
            return Value::Module(sub);
        }
        if other.language() == Language::JavaScript {
            // `module.exports = { name }`, and default imports of modules that export names.
            if let Some(exports) = self.common_exports(other) {
                return if name == "default" {
                    exports
                } else {
                    self.member(&exports, name, Span::default())
                };
            }
            if name == "default" {
                return Value::Module(other.clone());
            }
        }
        external(specifier, Some(name))
    }

    /// What `module.exports` is at the end of a module.
    fn common_exports(&mut self, code: &Arc<Code>) -> Option<Value> {
        if !code.names.contains_key("module") {
            return None;
        }
        let module = self.global(code, "module")?;
        Some(self.member(&module, "exports", Span::default()))
    }

    /// `module.exports` and `exports`: one object, until a module sets another.
    pub fn bind_common_exports(&mut self) {
        let place = self.place(Span::default());
        let exports = self.new_object(Vec::new(), place.clone());
        let module = self.new_object(vec![("exports".into(), exports.clone())], place);
        self.bind("exports", exports);
        self.bind("module", module);
    }

    /// `require("x")`, `import("x")`.
    pub fn import_module(&mut self, specifier: &str) -> Value {
        let code = self.code();
        let value = self.imported(&code, specifier, None);
        if let Value::Module(other) = &value {
            let other = other.clone();
            if let Some(exports) = self.common_exports(&other) {
                return exports;
            }
        }
        value
    }

    /// The content of a file of the workspace, as text.
    pub fn text_file(&mut self, path: &Arc<str>, span: Span) -> Value {
        self.trail.used.insert(path.clone());
        let Some(file) = self.program.files.read(path) else {
            let place = self.place(span);
            let verdict = Verdict {
                kind: ValueKind::Plain,
                volatility: deploy("a file that is not here"),
                tokens: Size {
                    tokens: self.assume.unknown_text_tokens,
                    assumed: true,
                }
                .tokens,
                clock: false,
            };
            return self.born(Unknown::new(path.to_string(), verdict), place, "read here");
        };
        self.program.files.remember(&file);
        Value::text(file.content())
    }
}

/// Something of a package that is not in the workspace: known by its path.
pub fn external(specifier: &str, name: Option<&str>) -> Value {
    let package = specifier.strip_prefix("node:").unwrap_or(specifier);
    let package = package.trim_start_matches('.');
    let path = match name {
        Some("default") | None => package.to_string(),
        Some(name) => format!("{package}.{name}"),
    };
    let unknown = Unknown {
        path: Some(path.as_str().into()),
        ..Unknown::new(
            path,
            Verdict {
                kind: ValueKind::Plain,
                volatility: deploy("code of another package"),
                tokens: 30,
                clock: false,
            },
        )
    };
    unknown.into_value()
}
