//! Members that a class declares: attributes, methods, properties, and those of its bases.

use crate::frontend::code::ir::{Expr, ExprKind, FunctionKind};
use crate::source::Span;
use crate::volatility::Class;

use super::declared::Declared;
use super::eval::Eval;
use super::value::{Callable, ClassRef, Unknown, Value};

impl Eval<'_, '_> {
    /// An attribute that no constructor was seen to set: known by its name, fixed as long as the instance is.
    pub fn instance_member(
        &mut self,
        class: &ClassRef,
        id: usize,
        name: &str,
        span: Span,
    ) -> Value {
        // A declared field (`x: str`, `private x: T`) may say more by its type.
        let annotation = class
            .class()
            .fields
            .iter()
            .find(|field| field.name == name)
            .and_then(|field| field.annotation.clone());
        let verdict = self
            .frame()
            .code
            .classifier
            .parameter(name, annotation.as_deref(), false);
        let place = self.place(span);
        let changes = verdict.volatility.class == Class::State
            && class.method_does(&class.code.interest.sets, name);
        let life = self.life;
        if !changes {
            self.life = Some(Class::Session);
        }
        let unknown = Unknown {
            path: Some(format!("self.{name}").into()),
            declared: annotation.and_then(|text| Declared::of(&class.code, &text)),
            ..Unknown::new(format!("self.{name}"), verdict)
        };
        let value = self.born(unknown, place, "an attribute of the instance");
        self.life = life;
        // The same attribute is the same value every time.
        if let Some(object) = self.heap.object_mut(id) {
            object.set(name, value.clone());
        }
        value
    }

    /// A method, a property or a class attribute, of the class or what it extends.
    pub fn class_member(
        &mut self,
        class: &ClassRef,
        name: &str,
        this: Option<Value>,
        span: Span,
    ) -> Option<Value> {
        let mut known: Vec<ClassRef> = Vec::new();
        self.class_member_within(class, name, this, (span, &mut known))
    }

    fn class_member_within(
        &mut self,
        class: &ClassRef,
        name: &str,
        this: Option<Value>,
        (span, known): (Span, &mut Vec<ClassRef>),
    ) -> Option<Value> {
        if known.len() > 16 || known.iter().any(|other| other.same(class)) {
            return None;
        }
        known.push(class.clone());
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let method = definition.methods.iter().copied().rfind(|id| {
            let function = &code.module.functions[*id];
            function.name == name && function.kind != FunctionKind::Setter
        });
        if let Some(id) = method {
            let function = &code.module.functions[id];
            let bound = match function.kind {
                // `this` of a static method is the class that it is called on.
                FunctionKind::Static if !self.is_python() => Some(match this {
                    Some(of @ Value::Class(_)) => of,
                    _ => Value::Class(class.clone()),
                }),
                FunctionKind::Static => None,
                FunctionKind::ClassMethod => Some(Value::Class(class.clone())),
                // A getter of the class itself (`static get x()`) is read of it.
                FunctionKind::Getter if !self.is_python() => this,
                _ => this.filter(|this| !matches!(this, Value::Class(_))),
            };
            let callable = Callable {
                code: code.clone(),
                id,
                scope: class.scope,
                this: bound.clone(),
                bound: Vec::new(),
            };
            let getter = matches!(
                function.kind,
                FunctionKind::Getter | FunctionKind::CachedGetter
            );
            if getter && bound.is_some() {
                let kept = function.kind == FunctionKind::CachedGetter;
                let life = self.life;
                if kept && life.is_none() {
                    self.life = Some(Class::Session);
                }
                let place = self.place(span);
                let value = self.invoke(&callable, Vec::new(), &place);
                self.life = life;
                return Some(value);
            }
            return Some(self.wrapped(callable));
        }
        if let Some(field) = definition
            .fields
            .iter()
            .rfind(|f| f.name == name && f.value.is_some())
        {
            return self.class_attribute(class, &field.name);
        }
        for index in 0..definition.bases.len() {
            let base = self.base(class, index);
            if let Value::Class(base) = base {
                if let Some(value) =
                    self.class_member_within(&base, name, this.clone(), (span, known))
                {
                    return Some(value);
                }
            }
        }
        None
    }

    /// What a class extends.
    pub fn base(&mut self, class: &ClassRef, index: usize) -> Value {
        let code = class.code.clone();
        let expr = &code.module.classes[class.id].bases[index];
        self.push_frame(&code, None, class.scope, None, None);
        // What it takes for its type parameters makes no other class of it.
        let expr = match &expr.kind {
            ExprKind::Index { object, .. } => object,
            _ => expr,
        };
        let value = self.eval(expr);
        self.frames.pop();
        value
    }

    /// A class and the classes of the workspace that it extends.
    pub fn lineage(&mut self, class: &ClassRef) -> Vec<ClassRef> {
        let mut out = vec![class.clone()];
        let mut at = 0;
        while at < out.len() && out.len() < 16 {
            let current = out[at].clone();
            for index in 0..current.class().bases.len() {
                if let Value::Class(base) = self.base(&current, index) {
                    if !out.iter().any(|known| known.same(&base)) {
                        out.push(base);
                    }
                }
            }
            at += 1;
        }
        out
    }

    /// A class attribute, evaluated once, in the life of the module.
    fn class_attribute(&mut self, class: &ClassRef, name: &str) -> Option<Value> {
        let key = (class.code.path().clone(), class.id, name.to_string());
        if let Some(known) = self.statics.get(&key) {
            return known.clone();
        }
        self.statics.insert(key.clone(), None);
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let life = self.life.replace(Class::Deploy);
        let loops = std::mem::take(&mut self.loops);
        self.push_frame(&code, None, class.scope, None, Some(class.clone()));
        // Earlier attributes of the class body are names in it.
        let expr = definition
            .fields
            .iter()
            .rfind(|f| f.name == name)
            .and_then(|f| f.value.as_ref());
        let mut value = Value::None;
        if let Some(expr) = expr {
            for earlier in &definition.fields {
                if earlier.name != name && mentions(expr, &earlier.name) {
                    if let Some(value) = self.class_attribute(class, &earlier.name) {
                        self.bind(&earlier.name, value);
                    }
                }
            }
            value = self.eval(expr);
        }
        self.frames.pop();
        self.life = life;
        self.loops = loops;
        self.statics.insert(key, Some(value.clone()));
        Some(value)
    }
}

fn mentions(expr: &Expr, name: &str) -> bool {
    use crate::frontend::code::ir::{ExprKind, FormatPart};
    match &expr.kind {
        ExprKind::Name(own) => own == name,
        ExprKind::Attribute { object, .. } => mentions(object, name),
        ExprKind::Index { object, index } => mentions(object, name) || mentions(index, name),
        ExprKind::Call { callee, args, .. } => {
            mentions(callee, name) || args.iter().any(|arg| mentions(&arg.value, name))
        }
        ExprKind::Format(parts) => parts.iter().any(|part| match part {
            FormatPart::Value { expr, .. } => mentions(expr, name),
            FormatPart::Text(_) => false,
        }),
        ExprKind::Binary { left, right, .. } => mentions(left, name) || mentions(right, name),
        _ => false,
    }
}
