//! A class becomes an instance: constructors, declared fields, `super()`, and instances whose making is not in sight.

use std::rc::Rc;

use crate::frontend::code::ir::{Arg, ArgKind, Expr, ExprKind, FunctionKind, Language};
use crate::source::{Place, Span};
use crate::volatility::Class;

use super::eval::Eval;
use super::heap::{Cell, Object};
use super::value::{Argument, Callable, ClassRef, Value};

/// A constructor of an instance whose making is not in sight takes one part in so many of the steps that are left.
const CONSTRUCTOR_PART: usize = 4;

impl Eval<'_, '_> {
    pub fn class_of(&self, this: &Value) -> Option<ClassRef> {
        match this {
            Value::Cell(id) => self.heap.object(*id)?.class.clone(),
            Value::Class(class) => Some(class.clone()),
            _ => None,
        }
    }

    pub fn instantiate(&mut self, class: &ClassRef, args: Vec<Argument>, place: &Place) -> Value {
        let id = self.heap.add(Cell::Object(Object {
            entries: Vec::new(),
            spreads: Vec::new(),
            unordered: None,
            class: Some(class.clone()),
            factory: None,
            place: place.clone(),
        }));
        let made = self.instances.len();
        self.instances.push((class.clone(), id));
        let sending = self
            .frame()
            .function
            .is_some_and(|function| self.frame().code.sends(function));
        let life = self.life;
        if !sending && life.is_none() {
            self.life = Some(Class::Session);
        }
        self.construct(class, id, args, place, 0);
        self.life = life;
        if self.frame().function.is_none() {
            self.age_since(made);
        }
        self.trail.used.insert(class.code.path().clone());
        Value::Cell(id)
    }

    pub fn construct(
        &mut self,
        class: &ClassRef,
        id: usize,
        args: Vec<Argument>,
        place: &Place,
        depth: usize,
    ) {
        if depth > 8 || !self.enter() {
            return;
        }
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let this = Value::Cell(id);
        let own = definition
            .methods
            .iter()
            .copied()
            .find(|method| code.module.functions[*method].kind == FunctionKind::Constructor);
        if own.is_none() {
            for index in 0..definition.bases.len() {
                if let Value::Class(base) = self.base(class, index) {
                    self.construct(&base, id, args.clone(), place, depth + 1);
                }
            }
        }
        self.instance_fields(class, id, &args, own.is_none());
        if let Some(method) = own {
            let callable = Callable {
                code: code.clone(),
                id: method,
                scope: class.scope,
                this: Some(this),
                bound: Vec::new(),
            };
            self.invoke(&callable, args, place);
        }
        self.leave();
    }

    /// Fields that an instance gets without a constructor: JavaScript initialisers, dataclass and model fields.
    fn instance_fields(
        &mut self,
        class: &ClassRef,
        id: usize,
        args: &[Argument],
        without_constructor: bool,
    ) {
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let python = code.language() == Language::Python;
        if python && !without_constructor {
            return;
        }
        self.push_frame(
            &code,
            None,
            class.scope,
            Some(Value::Cell(id)),
            Some(class.clone()),
        );
        let (positional, keywords, open) = self.sort_arguments(args.to_vec());
        let mut positional = positional.into_iter();
        // What one of these says of a field is an attribute of the class, and read as such.
        let annotated = self.of_heir && definition.fields.iter().any(|f| f.annotation.is_some());
        let nearer = match annotated {
            true => self.nearer_than(id, class),
            false => Vec::new(),
        };
        for field in &definition.fields {
            if python {
                if field.annotation.is_none() {
                    continue;
                }
                let given = keywords.iter().find(|(name, _)| *name == field.name);
                let value = given
                    .map(|(_, value)| value.clone())
                    .or_else(|| positional.next().map(|(value, _, _)| value));
                let value = match value {
                    Some(value) => Some(value),
                    None if nearer.iter().any(|class| says(class, &field.name)) => None,
                    None => self.field_default(field.value.as_ref()),
                };
                let value = match (value, open.first()) {
                    (Some(value), _) => Some(value),
                    (None, Some(spread)) => {
                        let spread = spread.clone();
                        Some(self.member(&spread, &field.name, field.span))
                    }
                    (None, None) => None,
                };
                if let (Some(value), Some(object)) = (value, self.heap.object_mut(id)) {
                    object.set(&field.name, value);
                }
            } else if !field.is_static {
                if let Some(value) = &field.value {
                    let value = self.eval(value);
                    if let Some(object) = self.heap.object_mut(id) {
                        object.set(&field.name, value);
                    }
                }
            }
        }
        self.frames.pop();
    }

    /// The classes of an instance that are nearer to it than one that it extends.
    fn nearer_than(&mut self, id: usize, base: &ClassRef) -> Vec<ClassRef> {
        let class = self.class_of(&Value::Cell(id));
        let Some(class) = class.filter(|class| !class.same(base)) else {
            return Vec::new();
        };
        let line = self.lineage(&class).into_iter();
        line.take_while(|class| !class.same(base)).collect()
    }

    /// The default of a dataclass or model field: `field(default_factory=f)` runs with each instance.
    fn field_default(&mut self, value: Option<&Expr>) -> Option<Value> {
        let value = value?;
        let ExprKind::Call { callee, args, .. } = &value.kind else {
            let life = self.life.replace(Class::Deploy);
            let result = self.eval(value);
            self.life = life;
            return Some(result);
        };
        let name = callee.dotted().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().to_string();
        if name != "field" && name != "Field" && name != "ib" && name != "attrib" {
            let life = self.life.replace(Class::Deploy);
            let result = self.eval(value);
            self.life = life;
            return Some(result);
        }
        for arg in args {
            match &arg.kind {
                ArgKind::Keyword(key) if key == "default_factory" || key == "factory" => {
                    let factory = self.eval(&arg.value);
                    return Some(self.apply(&factory, Vec::new(), value, (false, None)));
                }
                ArgKind::Keyword(key) if key == "default" => return Some(self.eval(&arg.value)),
                ArgKind::Positional if name == "Field" => {
                    let opaque = matches!(arg.value.kind, ExprKind::Opaque(_));
                    let ellipsis = self.written(arg.value.span) == "...";
                    return (!opaque && !ellipsis).then(|| self.eval(&arg.value));
                }
                _ => {}
            }
        }
        None
    }

    /// An instance of a class whose makers are not known: its constructor runs with open parameters.
    pub fn open_instance(&mut self, class: &ClassRef) -> Value {
        let code = class.code.clone();
        let place = Place {
            path: code.path().clone(),
            span: code.module.classes[class.id].name_span,
        };
        let id = self.heap.add(Cell::Object(Object {
            entries: Vec::new(),
            spreads: Vec::new(),
            unordered: None,
            class: Some(class.clone()),
            factory: None,
            place: place.clone(),
        }));
        let life = self.life.replace(Class::Session);
        let made = self.instances.len();
        // A constructor may start all that its class does; the method that is asked for has its turn behind it.
        let whole = self.work.begin_part(CONSTRUCTOR_PART);
        self.open_construct(class, id, 0);
        self.work.end_part(whole);
        self.age_since(made);
        self.age(id, false);
        self.life = life;
        Value::Cell(id)
    }

    fn open_construct(&mut self, class: &ClassRef, id: usize, depth: usize) {
        if depth > 8 || !self.enter() {
            return;
        }
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let own = definition
            .methods
            .iter()
            .copied()
            .find(|method| code.module.functions[*method].kind == FunctionKind::Constructor);
        self.push_frame(
            &code,
            None,
            class.scope,
            Some(Value::Cell(id)),
            Some(class.clone()),
        );
        for index in 0..definition.bases.len() {
            if own.is_none() {
                if let Value::Class(base) = self.base(class, index) {
                    self.open_construct(&base, id, depth + 1);
                }
            }
        }
        let python = code.language() == Language::Python;
        if !python || own.is_none() {
            self.instance_fields(class, id, &[], own.is_none());
        }
        if let Some(method) = own {
            let callable = Callable {
                code: code.clone(),
                id: method,
                scope: class.scope,
                this: Some(Value::Cell(id)),
                bound: Vec::new(),
            };
            self.run_open(&callable, false);
        }
        self.frames.pop();
        self.leave();
    }

    /// `super`: the instance as its base class sees it.
    pub fn super_object(&mut self) -> Value {
        let this = self.frame().this.clone();
        let class = self.frame().class.clone();
        let Some(class) = class else {
            return this.unwrap_or(Value::None);
        };
        for index in 0..class.class().bases.len() {
            if let Value::Class(base) = self.base(&class, index) {
                return self.as_base(&base, this);
            }
        }
        Value::None
    }

    /// An object whose methods are those of a base class, bound to the instance.
    fn as_base(&mut self, base: &ClassRef, this: Option<Value>) -> Value {
        let place = self.place(Span::default());
        let mut entries = Vec::new();
        for id in &base.class().methods {
            let function = &base.code.module.functions[*id];
            entries.push((
                function.name.clone(),
                Value::Function(Rc::new(Callable {
                    code: base.code.clone(),
                    id: *id,
                    scope: base.scope,
                    this: this.clone(),
                    bound: Vec::new(),
                })),
            ));
        }
        self.new_object(entries, place)
    }

    /// `super(..)` in JavaScript runs the base's constructor; `super()` in Python is the base view of the instance.
    pub fn super_call(&mut self, args: &[Arg], expr: &Expr) -> Value {
        if self.is_python() {
            return self.super_object();
        }
        let args = self.arguments(args);
        let this = self.frame().this.clone();
        let class = self.frame().class.clone();
        if let (Some(Value::Cell(id)), Some(class)) = (this, class) {
            self.sent_by_base(&class, &args, expr);
            for index in 0..class.class().bases.len() {
                if let Value::Class(base) = self.base(&class, index) {
                    let place = self.place(expr.span);
                    self.construct(&base, id, args.clone(), &place, 0);
                }
            }
        }
        Value::None
    }
}

/// Whether a class has a value of its own for an attribute.
fn says(class: &ClassRef, name: &str) -> bool {
    let mut fields = class.class().fields.iter();
    fields.any(|field| field.name == name && field.value.is_some())
}
