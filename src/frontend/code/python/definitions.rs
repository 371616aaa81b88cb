//! Functions, lambdas, parameters and classes.

use tree_sitter::Node;

use super::{first_part, parts, span, Lowering, Scope};
use crate::frontend::code::ir::{
    Arg, Class, ClassId, Expr, ExprKind, Field, Function, FunctionId, FunctionKind, Param,
    ParamKind, Pattern, Stmt, StmtKind,
};
use crate::source::{Span, Text};

/// Names of a chained assignment that get the value itself; each copy costs its size.
const MAX_CHAIN: usize = 8;

impl Lowering<'_> {
    pub(super) fn decorated(&mut self, node: Node) -> Option<StmtKind> {
        let definition = node.child_by_field_name("definition")?;
        let mut decorators = Vec::new();
        for part in parts(node) {
            if part.kind() == "decorator" {
                decorators.extend(first_part(part).map(|inner| self.expr(inner)));
            }
        }
        self.definition(definition, decorators)
    }

    /// A function or class; none beyond the bound of nesting.
    pub(super) fn definition(&mut self, node: Node, decorators: Vec<Expr>) -> Option<StmtKind> {
        self.deeper(|this| match node.kind() {
            "class_definition" => Some(StmtKind::Class(this.class(node, decorators))),
            "function_definition" => Some(StmtKind::Function(this.function(node, decorators))),
            _ => None,
        })?
    }

    fn name(&self, node: Node) -> (String, Span) {
        match node.child_by_field_name("name") {
            Some(name) => (self.source(name).to_owned(), span(name)),
            None => (
                String::new(),
                Span::new(node.start_byte(), node.start_byte()),
            ),
        }
    }

    fn function(&mut self, node: Node, decorators: Vec<Expr>) -> FunctionId {
        let (name, name_span) = self.name(node);
        let kind = match self.scope.class {
            Some(_) => member_kind(&name, &decorators),
            None => FunctionKind::Function,
        };
        let id = self.reserve(Function {
            name,
            name_span,
            span: span(node),
            kind,
            params: Vec::new(),
            body: Vec::new(),
            decorators,
            is_async: super::has_token(node, "async"),
            is_generator: false,
            returns: self.written_type(node, "return_type"),
            doc: None,
            class: self.scope.class,
            parent: self.scope.function,
        });
        let params = node.child_by_field_name("parameters");
        let params = params.map_or_else(Vec::new, |params| self.params(params));
        let outer = self.enter(Scope {
            function: Some(id),
            class: None,
        });
        let (doc, body) = match node.child_by_field_name("body") {
            Some(body) => (self.doc(body), self.statements(body)),
            None => (None, Vec::new()),
        };
        self.scope = outer;
        let function = &mut self.module.functions[id];
        function.params = params;
        function.doc = doc;
        function.body = body;
        id
    }

    /// Takes the number of a function before what stands inside it takes its own.
    fn reserve(&mut self, function: Function) -> FunctionId {
        self.module.functions.push(function);
        self.module.functions.len() - 1
    }

    fn enter(&mut self, scope: Scope) -> Scope {
        std::mem::replace(&mut self.scope, scope)
    }

    pub(super) fn lambda(&mut self, node: Node) -> ExprKind {
        let start = node.start_byte();
        let id = self.reserve(Function {
            name: String::new(),
            name_span: Span::new(start, start + "lambda".len()),
            span: span(node),
            kind: FunctionKind::Lambda,
            params: Vec::new(),
            body: Vec::new(),
            decorators: Vec::new(),
            is_async: false,
            is_generator: false,
            returns: None,
            doc: None,
            class: None,
            parent: self.scope.function,
        });
        let params = node.child_by_field_name("parameters");
        let params = params.map_or_else(Vec::new, |params| self.params(params));
        let outer = self.enter(Scope {
            function: Some(id),
            class: None,
        });
        let value = self.field(node, "body");
        self.scope = outer;
        let function = &mut self.module.functions[id];
        function.params = params;
        function.body = vec![Stmt {
            span: value.span,
            kind: StmtKind::Return(Some(value)),
        }];
        ExprKind::Lambda(id)
    }

    fn params(&mut self, node: Node) -> Vec<Param> {
        let mut out = Vec::new();
        let mut after_star = false;
        for part in parts(node) {
            match part.kind() {
                "keyword_separator" => after_star = true,
                "positional_separator" => {}
                _ => out.extend(self.param(part, &mut after_star)),
            }
        }
        out
    }

    fn param(&mut self, node: Node, after_star: &mut bool) -> Option<Param> {
        let target = match node.kind() {
            "default_parameter" | "typed_default_parameter" => node.child_by_field_name("name")?,
            "typed_parameter" => first_part(node)?,
            "ERROR" => return None,
            _ => node,
        };
        let (kind, bound) = match target.kind() {
            "list_splat_pattern" => (ParamKind::Rest, first_part(target)?),
            "dictionary_splat_pattern" => (ParamKind::KeywordRest, first_part(target)?),
            _ if *after_star => (ParamKind::KeywordOnly, target),
            _ => (ParamKind::Positional, target),
        };
        *after_star |= kind == ParamKind::Rest;
        let default = node.child_by_field_name("value");
        Some(Param {
            pattern: self.pattern(bound),
            span: span(node),
            default: default.map(|value| self.expr(value)),
            kind,
            annotation: self.annotation(node),
        })
    }

    /// The type as written, on one line.
    fn annotation(&self, node: Node) -> Option<String> {
        self.written_type(node, "type")
    }

    fn written_type(&self, node: Node, name: &str) -> Option<String> {
        let written = self.source(node.child_by_field_name(name)?);
        let mut out = String::with_capacity(written.len());
        for word in written.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        Some(out)
    }

    /// The literal that a body opens with.
    fn doc(&mut self, body: Node) -> Option<Text> {
        let first = first_part(body)?;
        if first.kind() != "expression_statement" {
            return None;
        }
        let literal = first_part(first)?;
        self.docstring(literal)
    }

    fn class(&mut self, node: Node, decorators: Vec<Expr>) -> ClassId {
        let (name, name_span) = self.name(node);
        self.module.classes.push(Class {
            implements: Vec::new(),
            name,
            name_span,
            span: span(node),
            bases: Vec::new(),
            decorators,
            fields: Vec::new(),
            methods: Vec::new(),
            doc: None,
            parent: self.scope.function,
        });
        let id = self.module.classes.len() - 1;
        let bases = node.child_by_field_name("superclasses");
        let bases: Vec<Arg> = bases.map_or_else(Vec::new, |list| {
            parts(list)
                .into_iter()
                .map(|part| self.argument(part))
                .collect()
        });
        // `metaclass=M` and other keywords are no bases.
        let bases = bases
            .into_iter()
            .filter(is_positional)
            .map(|base| base.value);
        let bases = bases.collect();
        let function = self.scope.function;
        let outer = self.enter(Scope {
            function,
            class: Some(id),
        });
        let mut members = Members::default();
        let mut doc = None;
        if let Some(body) = node.child_by_field_name("body") {
            doc = self.doc(body);
            self.members(body, &mut members);
        }
        self.scope = outer;
        let class = &mut self.module.classes[id];
        class.bases = bases;
        class.doc = doc;
        class.fields = members.fields;
        class.methods = members.methods;
        id
    }

    /// The members in a class body, and in the branches inside it.
    fn members(&mut self, body: Node, out: &mut Members) {
        self.deeper(|this| {
            for part in parts(body) {
                match part.kind() {
                    "expression_statement" => this.fields(part, out),
                    "decorated_definition" => {
                        let member = this.decorated(part);
                        this.member(member, out);
                    }
                    "function_definition" | "class_definition" => {
                        let member = this.definition(part, Vec::new());
                        this.member(member, out);
                    }
                    "if_statement" | "elif_clause" | "else_clause" | "try_statement"
                    | "except_clause" | "finally_clause" | "with_statement" | "block" | "ERROR" => {
                        this.members(part, out);
                    }
                    _ => {}
                }
            }
        });
    }

    fn member(&mut self, member: Option<StmtKind>, out: &mut Members) {
        match member {
            Some(StmtKind::Function(id)) => out.methods.push(id),
            Some(StmtKind::Class(id)) => {
                let class = &self.module.classes[id];
                out.fields.push(Field {
                    name: class.name.clone(),
                    span: class.span,
                    value: Some(Expr::new(class.span, ExprKind::Class(id))),
                    annotation: None,
                    is_static: true,
                });
            }
            _ => {}
        }
    }

    /// `a: T`, `a = value`, `a: T = value`; each name of a chain or of a pair is a field.
    fn fields(&mut self, node: Node, out: &mut Members) {
        let Some(node) = first_part(node).filter(|part| part.kind() == "assignment") else {
            return;
        };
        let annotation = self.annotation(node);
        let mut assigned = Vec::new();
        self.assignment(node, &mut assigned);
        if assigned.is_empty() {
            let name = node.child_by_field_name("left");
            if let Some(name) = name.filter(|name| name.kind() == "identifier") {
                out.fields.push(Field {
                    name: self.source(name).to_owned(),
                    span: span(node),
                    value: None,
                    annotation,
                    is_static: true,
                });
            }
            return;
        }
        for statement in assigned {
            let StmtKind::Assign { targets, value } = statement.kind else {
                continue;
            };
            for (index, target) in targets.iter().enumerate() {
                let value = match index < MAX_CHAIN {
                    true => value.clone(),
                    false => Expr::opaque(value.span),
                };
                bind_fields(target, value, &annotation, span(node), out);
            }
        }
    }
}

#[derive(Default)]
struct Members {
    fields: Vec<Field>,
    methods: Vec<FunctionId>,
}

/// The fields that one target binds. The parts of a list are not taken apart: their values are opaque.
fn bind_fields(
    target: &Pattern,
    value: Expr,
    annotation: &Option<String>,
    at: Span,
    out: &mut Members,
) {
    match target {
        Pattern::Name(name, _) => out.fields.push(Field {
            name: name.clone(),
            span: at,
            value: Some(value),
            annotation: annotation.clone(),
            is_static: true,
        }),
        Pattern::List(targets, _) => {
            for target in targets {
                bind_fields(target, Expr::opaque(value.span), annotation, at, out);
            }
        }
        _ => {}
    }
}

fn is_positional(arg: &Arg) -> bool {
    arg.kind == crate::frontend::code::ir::ArgKind::Positional
}

/// What a function in a class body is, from its name and its decorators.
fn member_kind(name: &str, decorators: &[Expr]) -> FunctionKind {
    for decorator in decorators {
        let callee = match &decorator.kind {
            ExprKind::Call { callee, .. } => callee,
            _ => decorator,
        };
        let Some(path) = callee.dotted() else {
            continue;
        };
        match path.rsplit('.').next().unwrap_or_default() {
            "property" | "abstractproperty" => return FunctionKind::Getter,
            "cached_property" => return FunctionKind::CachedGetter,
            "setter" | "deleter" => return FunctionKind::Setter,
            "staticmethod" | "abstractstaticmethod" => return FunctionKind::Static,
            "classmethod" | "abstractclassmethod" => return FunctionKind::ClassMethod,
            _ => {}
        }
    }
    match name {
        "__init__" => FunctionKind::Constructor,
        // Python makes these class methods without being told.
        "__new__" | "__init_subclass__" | "__class_getitem__" => FunctionKind::ClassMethod,
        _ => FunctionKind::Method,
    }
}
