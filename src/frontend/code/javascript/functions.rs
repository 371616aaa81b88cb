//! Functions of every form and their parameters.

use tree_sitter::Node;

use super::{field, has_token, parts, span, Lowering, Scope};
use crate::frontend::code::ir::{
    ClassId, Expr, ExprKind, Function, FunctionId, FunctionKind, Param, ParamKind, Pattern, Stmt,
    StmtKind,
};
use crate::source::Span;

/// What is known of a function before it is read.
pub struct Head {
    pub name: String,
    pub name_span: Span,
    pub kind: FunctionKind,
    pub class: Option<ClassId>,
    pub decorators: Vec<Expr>,
}

impl Lowering<'_> {
    /// `function f() {}` as a statement. Nothing for an overload without a body.
    pub fn function_declaration(&mut self, node: Node) -> FunctionId {
        let head = self.head(node, None, FunctionKind::Function);
        self.function(node, head)
    }

    /// An arrow or a function expression; `bound` is the name that it is bound to.
    pub fn function_expression(&mut self, node: Node, bound: Option<(&str, Span)>) -> FunctionId {
        let head = self.head(node, bound, FunctionKind::Lambda);
        self.function(node, head)
    }

    fn head(&self, node: Node, bound: Option<(&str, Span)>, kind: FunctionKind) -> Head {
        let own = field(node, "name").map(|name| (self.text(name), span(name)));
        let (name, name_span) = own.or(bound).unwrap_or_else(|| ("", head_span(node)));
        Head {
            name: name.to_owned(),
            name_span,
            kind,
            class: None,
            decorators: Vec::new(),
        }
    }

    /// A method of an object literal: a lambda with the method's name; a getter is the call of it.
    pub fn object_method(&mut self, node: Node, key: Node) -> Expr {
        let (name, name_span) = self.property_name(key);
        let id = self.function(
            node,
            Head {
                name,
                name_span,
                kind: FunctionKind::Lambda,
                class: None,
                decorators: Vec::new(),
            },
        );
        let lambda = Expr::new(span(node), ExprKind::Lambda(id));
        if !has_token(node, "get") {
            return lambda;
        }
        let call = ExprKind::Call {
            callee: Box::new(lambda),
            args: Vec::new(),
            new: false,
        };
        Expr::new(span(node), call)
    }

    pub fn function(&mut self, node: Node, head: Head) -> FunctionId {
        let id = self.module.functions.len();
        self.module.functions.push(Function {
            name: head.name,
            name_span: head.name_span,
            span: span(node),
            kind: head.kind,
            params: Vec::new(),
            body: Vec::new(),
            decorators: head.decorators,
            is_async: has_token(node, "async"),
            is_generator: false,
            returns: self.written_type(node, "return_type"),
            doc: None,
            class: head.class,
            parent: self.scope.function,
        });
        let inner = Scope {
            function: Some(id),
            ..Scope::default()
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        let mut body = Vec::new();
        let params = self.params(node, &mut body);
        self.function_body(node, &mut body);
        let inner = std::mem::replace(&mut self.scope, outer);
        let function = &mut self.module.functions[id];
        function.params = params;
        function.body = body;
        function.is_generator = inner.yields || has_token(node, "*");
        id
    }

    fn function_body(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let Some(body) = field(node, "body") else {
            return;
        };
        if matches!(body.kind(), "statement_block" | "class_static_block") {
            return self.block(body, out);
        }
        let start = out.len();
        let value = self.value_behind_effects(body, out);
        out.push(Stmt {
            span: span(body),
            kind: StmtKind::Return(Some(value)),
        });
        self.place_hoisted(start, out);
    }

    /// The parameters; those that are properties too are assigned at the head of `body`.
    fn params(&mut self, node: Node, body: &mut Vec<Stmt>) -> Vec<Param> {
        let mut params = Vec::new();
        if let Some(single) = field(node, "parameter") {
            params.push(Param {
                pattern: self.pattern(single),
                span: span(single),
                default: None,
                kind: ParamKind::Positional,
                annotation: None,
            });
        }
        let Some(list) = field(node, "parameters") else {
            return params;
        };
        for child in parts(list) {
            let Some(param) = self.param(child) else {
                continue;
            };
            if is_property(child) {
                body.extend(property_assignment(&param));
            }
            params.push(param);
        }
        params
    }

    fn param(&mut self, node: Node) -> Option<Param> {
        let target = field(node, "pattern").or_else(|| field(node, "name"))?;
        // TypeScript's `this` parameter is a type only.
        if target.kind() == "this" {
            return None;
        }
        let (pattern, kind) = match self.pattern(target) {
            Pattern::Rest(inner) => (*inner, ParamKind::Rest),
            pattern => (pattern, ParamKind::Positional),
        };
        let default = match (&pattern, field(node, "value")) {
            (Pattern::Name(name, place), Some(value)) => {
                Some(self.named_value(value, name, *place))
            }
            (_, Some(value)) => Some(self.expr(value)),
            (_, None) => None,
        };
        Some(Param {
            pattern,
            span: span(node),
            default,
            kind,
            annotation: self.annotation(node),
        })
    }

    /// The type as written, on one line.
    pub fn annotation(&self, node: Node) -> Option<String> {
        self.written_type(node, "type")
    }

    fn written_type(&self, node: Node, name: &str) -> Option<String> {
        let text = self.text(field(node, name)?);
        let text = text.strip_prefix(':').unwrap_or(text);
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// From the start of a function to its body: where a function without a name is pointed at.
fn head_span(node: Node) -> Span {
    let end = field(node, "body").map_or(node.end_byte(), |body| body.start_byte());
    Span::new(node.start_byte(), end)
}

/// `constructor(private readonly x: T)`
fn is_property(node: Node) -> bool {
    let mut cursor = node.walk();
    let found = node.children(&mut cursor).any(|child| {
        matches!(
            child.kind(),
            "accessibility_modifier" | "override_modifier" | "readonly"
        )
    });
    found
}

fn property_assignment(param: &Param) -> Option<Stmt> {
    let Pattern::Name(name, place) = &param.pattern else {
        return None;
    };
    let this = Expr::new(*place, ExprKind::Name("this".to_owned()));
    let target = ExprKind::Attribute {
        object: Box::new(this),
        name: name.clone(),
        name_span: *place,
    };
    Some(Stmt {
        span: param.span,
        kind: StmtKind::Assign {
            targets: vec![Pattern::Target(Box::new(Expr::new(*place, target)))],
            value: Expr::new(*place, ExprKind::Name(name.clone())),
        },
    })
}
