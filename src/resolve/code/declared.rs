//! Values whose making is not seen but whose class is declared: the type of a parameter, a field or a result names a
//! class of the workspace, and its methods are what is called. What such an instance holds stays open.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{Expr, ExprKind, FunctionKind, Language, Stmt, StmtKind};
use crate::prompt::Hop;
use crate::source::Span;
use crate::volatility::classify::ValueKind;
use crate::volatility::Confidence;

use super::super::value::worse;
use super::arms::choose;
use super::asks_model::is_of_model;
use super::eval::{deploy, Eval};
use super::modules::Code;
use super::value::{Argument, Callable, ClassRef, Unknown, Value};

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

/// A type that names one class, looked up where a method of it is called.
#[derive(Debug)]
pub struct Declared {
    code: Arc<Code>,
    name: String,
}

impl Declared {
    /// Of a type as written in a file: one name, alone or beside nothing.
    pub fn of(code: &Arc<Code>, annotation: &str) -> Option<Rc<Declared>> {
        let annotation = match code.language() {
            Language::Python => forward(annotation),
            _ => annotation,
        };
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
        Some(Rc::new(Declared {
            code: code.clone(),
            name: name.to_string(),
        }))
    }

    /// The file whose names it is written in.
    pub fn code(&self) -> &Arc<Code> {
        &self.code
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The name of a class that is defined later or imported for types alone stands in quotes: `team: "Team"`.
fn forward(annotation: &str) -> &str {
    let quoted = |quote: char| annotation.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(annotation)
}

/// A result as the declared type tells.
pub fn declared_as(value: Value, code: &Arc<Code>, annotation: &str) -> Value {
    let open = |value: &Value| match value {
        Value::Unknown(unknown) => unknown.declared.is_none() && unknown.thing.is_none(),
        _ => false,
    };
    let with = |value: Value, declared: &Rc<Declared>| match value {
        Value::Unknown(unknown) if unknown.declared.is_none() && unknown.thing.is_none() => {
            let mut unknown = Rc::unwrap_or_clone(unknown);
            unknown.declared = Some(declared.clone());
            unknown.into_value()
        }
        other => other,
    };
    match value {
        Value::Unknown(_) if open(&value) => match Declared::of(code, annotation) {
            Some(declared) => with(value, &declared),
            None => value,
        },
        Value::Choice(choice) if choice.arms.iter().any(open) => {
            let Some(declared) = Declared::of(code, annotation) else {
                return Value::Choice(choice);
            };
            let arms = choice.arms.iter().cloned();
            let arms = arms.map(|arm| with(arm, &declared)).collect();
            choose(&choice.condition, arms)
        }
        other => other,
    }
}

impl Eval<'_, '_> {
    /// The method that is called on an instance of a class that is declared; in some arms the instance may be one whose
    /// making is seen (`given or Manager()`).
    pub fn declared_method(&mut self, receiver: &Value, name: &str, span: Span) -> Option<Value> {
        if let Value::Choice(choice) = receiver {
            let open = |arm: &Value| arm.unknown().is_some_and(|arm| arm.declared.is_some());
            if !choice.arms.iter().any(open) {
                return None;
            }
            // One whose making is seen stands for those that are only declared.
            let made = choice.arms.iter().any(|arm| matches!(arm, Value::Cell(_)));
            let arms = choice.arms.iter();
            let arms = arms.filter(|arm| !(arm.is_nothing() || (made && open(arm))));
            let methods = arms.map(|arm| {
                let declared = self.declared_method(arm, name, span);
                declared.unwrap_or_else(|| self.member(arm, name, span))
            });
            let methods = methods.collect();
            return Some(choose(&choice.condition, methods));
        }
        let unknown = receiver.unknown()?;
        let class = self.declared_class(unknown)?;
        for class in self.lineage(&class) {
            let functions = &class.code.module.functions;
            let mut methods = class.class().methods.iter().copied();
            let method = methods.rfind(|id| {
                functions[*id].name == name && functions[*id].kind == FunctionKind::Method
            });
            let Some(id) = method else {
                continue;
            };
            // Only declared here: what is called stands in a class that is not known.
            if is_abstract(&functions[id].body) {
                return None;
            }
            return Some(Value::Function(Rc::new(Callable {
                code: class.code.clone(),
                id,
                scope: class.scope,
                this: Some(receiver.clone()),
                bound: Vec::new(),
            })));
        }
        None
    }

    pub fn declared_class(&mut self, unknown: &Unknown) -> Option<ClassRef> {
        let declared = unknown.declared.clone()?;
        match self.global(&declared.code, &declared.name)? {
            Value::Class(class) => Some(class),
            _ => None,
        }
    }

    /// The class that is declared of an attribute of such an instance, where it holds a conversation: all else that
    /// hangs on an instance would be half the program.
    pub fn declared_part(&mut self, unknown: &Unknown, name: &str) -> Option<Rc<Declared>> {
        let class = self.declared_class(unknown)?;
        let part = self.lineage(&class).iter().find_map(|class| {
            let fields = &class.class().fields;
            let field = fields.iter().find(|field| field.name == name)?;
            Declared::of(&class.code, field.annotation.as_deref()?)
        })?;
        match self.global(&part.code, &part.name)? {
            Value::Class(class) => (holds_turns(&class) || names_model(&class)).then_some(part),
            _ => None,
        }
    }

    /// The model that an attribute of such an instance names unless something else is set.
    pub fn declared_default(&mut self, unknown: &Unknown, name: &str) -> Option<Rc<str>> {
        if unknown.declared.is_none() || !is_of_model(name) {
            return None;
        }
        let class = self.declared_class(unknown)?;
        let default = self.lineage(&class).iter().find_map(|class| {
            let mut fields = class.class().fields.iter();
            fields.rfind(|field| field.name == name)?;
            self.class_member(class, name, None, Span::default())
        });
        default?.usual_text().map(Rc::from)
    }

    /// Whether an attribute of such an instance is an option that is off unless someone asks for it.
    pub fn is_declared_off(&mut self, test: &Expr) -> bool {
        let ExprKind::Attribute { object, name, .. } = &test.kind else {
            return false;
        };
        let object = self.eval(object);
        let class = object.unknown().cloned();
        let Some(class) = class.and_then(|unknown| self.declared_class(&unknown)) else {
            return false;
        };
        let declares = |class: &ClassRef| {
            let mut fields = class.class().fields.iter();
            let field = fields.rfind(|field| field.name == *name)?;
            field
                .value
                .as_ref()
                .map(|value| matches!(value.kind, ExprKind::Bool(false)))
        };
        let line = self.lineage(&class);
        line.iter().find_map(declares).unwrap_or(false)
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
        item.declared = None;
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

/// Whether an attribute of a class is named like a conversation.
fn holds_turns(class: &ClassRef) -> bool {
    let code = &class.code;
    let turns = |name: &str| code.classifier.name(name).kind == ValueKind::History;
    class.class().fields.iter().any(|field| turns(&field.name))
        || code
            .interest
            .sets
            .iter()
            .any(|(id, name)| code.module.functions[*id].class == Some(class.id) && turns(name))
}

/// Whether a class is a configuration of requests: a field of it names a model unless something else is set.
fn names_model(class: &ClassRef) -> bool {
    let named = |value: &Expr| matches!(value.kind, ExprKind::Text(_) | ExprKind::Call { .. });
    let mut fields = class.class().fields.iter();
    fields.any(|field| is_of_model(&field.name) && field.value.as_ref().is_some_and(named))
}

/// Whether a body only says that there is a method: nothing, `...`, a text, `raise NotImplementedError`.
pub fn is_abstract(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Raise => true,
        StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Text(_) | ExprKind::Opaque(_)),
        _ => false,
    })
}
