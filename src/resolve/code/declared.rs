//! Values whose making is not seen but whose class is declared: the type of a parameter, a field or a result names a
//! class of the workspace, and its methods are what is called. What such an instance holds stays open.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{Expr, ExprKind, FunctionKind, Language, Pattern, Stmt, StmtKind};
use crate::prompt::Hop;
use crate::source::Span;
use crate::volatility::{Class, Confidence};

use super::super::value::worse;
use super::eval::{deploy, Eval};
use super::modules::Code;
use super::value::{choose, Argument, Callable, ClassRef, Unknown, Value};

/// Names in a type that stand for nothing being there, or for something that is waited for.
const WRAPPERS: [&str; 8] = [
    "undefined",
    "null",
    "None",
    "Optional",
    "Union",
    "Promise",
    "Awaitable",
    "Readonly",
];

impl Eval<'_, '_> {
    /// The class of the workspace that a type names, alone or beside nothing.
    pub fn declared(&mut self, code: &Arc<Code>, annotation: &str) -> Option<ClassRef> {
        // `import("./x").Y`, literals, arrays and function types name no single class.
        if annotation.contains(['(', '\'', '"', '{', '.']) || annotation.contains("[]") {
            return None;
        }
        let words = annotation.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        let mut names = words.filter(|word| !word.is_empty() && !WRAPPERS.contains(word));
        let name = names.next()?;
        if names.next().is_some() || !name.starts_with(char::is_uppercase) {
            return None;
        }
        match self.global(code, name)? {
            Value::Class(class) => Some(class),
            _ => None,
        }
    }

    /// A result as the declared type tells: an instance of a class of the workspace.
    pub fn declared_as(&mut self, value: Value, code: &Arc<Code>, annotation: &str) -> Value {
        let open = |value: &Value| match value {
            Value::Unknown(unknown) => unknown.class.is_none() && unknown.thing.is_none(),
            _ => false,
        };
        let any = match &value {
            Value::Choice(choice) => choice.arms.iter().any(open),
            other => open(other),
        };
        if !any {
            return value;
        }
        let Some(class) = self.declared(code, annotation) else {
            return value;
        };
        let with = |value: Value| match value {
            Value::Unknown(unknown) if unknown.class.is_none() && unknown.thing.is_none() => {
                let mut unknown = (*unknown).clone();
                unknown.class = Some(class.clone());
                unknown.into_value()
            }
            other => other,
        };
        match value {
            Value::Choice(choice) => {
                let arms = choice.arms.iter().cloned().map(with).collect();
                choose(&choice.condition, arms)
            }
            other => with(other),
        }
    }

    /// A member of an instance whose class is declared: its method, or what it holds under a name.
    pub fn declared_member(&mut self, unknown: &Unknown, name: &str, span: Span) -> Option<Value> {
        let class = unknown.class.clone()?;
        for class in self.lineage(&class) {
            let code = class.code.clone();
            let mut methods = class.class().methods.iter().copied();
            let method = methods.rfind(|id| {
                let function = &code.module.functions[*id];
                function.name == name && function.kind != FunctionKind::Setter
            });
            if let Some(id) = method {
                // Only declared here: what is called stands in a class that is not known.
                if is_abstract(&code.module.functions[id].body) {
                    return None;
                }
                return Some(self.method_of(unknown, &class, id, span));
            }
            let field = class
                .class()
                .fields
                .iter()
                .rfind(|field| field.name == name);
            if let Some(annotation) = field.and_then(|field| field.annotation.clone()) {
                return self.field_of(unknown, &class, (name, &annotation), span);
            }
        }
        None
    }

    fn method_of(&mut self, unknown: &Unknown, class: &ClassRef, id: usize, span: Span) -> Value {
        let kind = class.code.module.functions[id].kind;
        let this = match kind {
            FunctionKind::Static => None,
            FunctionKind::ClassMethod => Some(Value::Class(class.clone())),
            _ => Some(unknown.clone().into_value()),
        };
        let callable = Callable {
            code: class.code.clone(),
            id,
            scope: class.scope,
            this,
            bound: Vec::new(),
        };
        if matches!(kind, FunctionKind::Getter | FunctionKind::CachedGetter) {
            let place = self.place(span);
            return self.invoke(&callable, Vec::new(), &place);
        }
        Value::Function(Rc::new(callable))
    }

    /// A declared field: known by its name and its type, fixed as long as the instance is, unless a method sets it.
    fn field_of(
        &mut self,
        unknown: &Unknown,
        class: &ClassRef,
        (name, annotation): (&str, &str),
        span: Span,
    ) -> Option<Value> {
        let declared = self.declared(&class.code.clone(), annotation);
        let classifier = self.frame().code.classifier.clone();
        let verdict = classifier.parameter(name, Some(annotation), false);
        let changes = verdict.volatility.class == Class::State && set_by_method(class, name);
        if declared.is_none() && !changes {
            return None;
        }
        let path = unknown.path.as_ref().map(|path| format!("{path}.{name}"));
        let life = self.life;
        if !changes {
            self.life = Some(Class::Session);
        }
        let part = Unknown {
            path,
            class: declared,
            ..Unknown::new(format!("{}.{name}", unknown.expr), verdict)
        };
        let place = self.place(span);
        let value = self.born(part, place, "an attribute of the instance");
        self.life = life;
        Some(value)
    }

    /// A sequence that is not known, less what a test takes out of it: as volatile as what the test looks at beside
    /// the item.
    pub fn filtered_open(
        &mut self,
        unknown: &Rc<Unknown>,
        test: Option<&Argument>,
        expr: &Expr,
    ) -> Value {
        let whole = Value::Unknown(unknown.clone());
        let Some(Value::Function(test)) = test.map(|test| &test.value) else {
            return whole;
        };
        let mut item = (**unknown).clone();
        item.item = true;
        item.path = None;
        item.class = None;
        item.verdict.volatility = deploy("an item");
        let place = self.place(expr.span);
        let test = test.clone();
        let args = vec![Argument::positional(item.into_value(), place.clone())];
        let truth = self.invoke(&test, args, &place);
        let looked_at = self.volatility(&truth);
        if looked_at.class.is_stable() || looked_at.confidence < Confidence::Likely {
            return whole;
        }
        let mut left = (**unknown).clone();
        left.verdict.volatility = worse(left.verdict.volatility, looked_at);
        left.into_value().with_hop(&Hop {
            place,
            note: "filtered here".into(),
        })
    }
}

/// Whether a body only says that there is a method: nothing, `...`, a text, `raise NotImplementedError`.
fn is_abstract(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Raise => true,
        StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Text(_) | ExprKind::Opaque(_)),
        _ => false,
    })
}

/// Whether a method of a class, other than its constructor, sets an attribute.
pub fn set_by_method(class: &ClassRef, name: &str) -> bool {
    let functions = &class.code.module.functions;
    let methods = class.class().methods.iter().map(|id| &functions[*id]);
    let mut later = methods.filter(|method| method.kind != FunctionKind::Constructor);
    later.any(|method| sets(&method.body, name, class.code.language()))
}

fn sets(body: &[Stmt], name: &str, language: Language) -> bool {
    let own = |pattern: &Pattern| {
        let Pattern::Target(expr) = pattern else {
            return false;
        };
        let ExprKind::Attribute {
            object, name: set, ..
        } = &expr.kind
        else {
            return false;
        };
        let this = match &object.kind {
            ExprKind::Name(this) => {
                this == if language == Language::Python {
                    "self"
                } else {
                    "this"
                }
            }
            _ => false,
        };
        this && set == name
    };
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(own),
        StmtKind::Augment { target, .. } => own(target),
        StmtKind::If {
            then, otherwise, ..
        } => sets(then, name, language) || sets(otherwise, name, language),
        StmtKind::For {
            body, otherwise, ..
        } => sets(body, name, language) || sets(otherwise, name, language),
        StmtKind::While { body, .. } | StmtKind::With { body, .. } | StmtKind::Block(body) => {
            sets(body, name, language)
        }
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            sets(body, name, language)
                || handlers.iter().any(|handler| sets(handler, name, language))
                || sets(otherwise, name, language)
                || sets(finally, name, language)
        }
        StmtKind::Match { arms, .. } => arms.iter().any(|arm| sets(&arm.body, name, language)),
        _ => false,
    })
}
