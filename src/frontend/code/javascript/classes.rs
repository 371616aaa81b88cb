//! Classes: their bases, fields and methods.

use tree_sitter::Node;

use super::functions::Head;
use super::{field, first_part, has_token, parts, peel, span, Lowering};
use crate::frontend::code::ir::{Class, ClassId, Expr, ExprKind, Field, FunctionId, FunctionKind};
use crate::source::Span;

impl Lowering<'_> {
    /// A class declaration or expression; `bound` is the name that an expression is bound to.
    pub fn class(
        &mut self,
        node: Node,
        bound: Option<(&str, Span)>,
        mut decorators: Vec<Expr>,
    ) -> ClassId {
        let own = field(node, "name").map(|name| (self.text(name), span(name)));
        let keyword = Span::new(
            node.start_byte(),
            (node.start_byte() + 5).min(node.end_byte()),
        );
        let (name, name_span) = own.or(bound).unwrap_or(("", keyword));
        let id = self.module.classes.len();
        self.module.classes.push(Class {
            name: name.to_owned(),
            name_span,
            span: span(node),
            bases: Vec::new(),
            implements: Vec::new(),
            decorators: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            doc: None,
            parent: self.scope.function,
        });
        let mut bases = Vec::new();
        let mut implements = Vec::new();
        for child in parts(node) {
            match child.kind() {
                "decorator" => decorators.extend(self.decorator(child)),
                "class_heritage" => self.heritage(child, &mut bases, &mut implements),
                _ => {}
            }
        }
        self.module.classes[id].implements = implements;
        self.module.classes[id].bases = bases;
        self.module.classes[id].decorators = decorators;
        if let Some(body) = field(node, "body") {
            self.nested(|it| it.members(body, id));
        }
        id
    }

    pub fn decorator(&mut self, node: Node) -> Option<Expr> {
        first_part(node).map(|inner| self.expr(inner))
    }

    fn heritage(&mut self, node: Node, bases: &mut Vec<Expr>, implements: &mut Vec<String>) {
        for child in parts(node) {
            match child.kind() {
                "implements_clause" => {
                    let names = parts(child).into_iter().map(|of| self.text(of));
                    implements.extend(names.filter_map(type_name).map(str::to_owned));
                }
                "extends_clause" => {
                    if let Some(value) = field(child, "value") {
                        bases.push(self.expr(value));
                    }
                }
                _ => bases.push(self.expr(child)),
            }
        }
    }

    fn members(&mut self, body: Node, class: ClassId) {
        let mut decorators = Vec::new();
        for child in parts(body) {
            match child.kind() {
                "decorator" => {
                    decorators.extend(self.decorator(child));
                    continue;
                }
                "method_definition" => {
                    let decorators = std::mem::take(&mut decorators);
                    let method = self.method(child, class, decorators);
                    self.module.classes[class].methods.extend(method);
                }
                "public_field_definition" => {
                    let field = self.class_field(child, class);
                    self.module.classes[class].fields.extend(field);
                }
                "class_static_block" => {
                    let method = self.static_block(child, class);
                    self.module.classes[class].methods.push(method);
                }
                // Members around broken syntax still count.
                "ERROR" => {
                    self.nested(|it| it.members(child, class));
                }
                _ => {}
            }
            decorators.clear();
        }
    }

    fn method(&mut self, node: Node, class: ClassId, decorators: Vec<Expr>) -> Option<FunctionId> {
        let (name, name_span) = self.property_name(field(node, "name")?);
        let kind = if has_token(node, "get") {
            FunctionKind::Getter
        } else if has_token(node, "set") {
            FunctionKind::Setter
        } else if has_token(node, "static") {
            FunctionKind::Static
        } else if name == "constructor" {
            FunctionKind::Constructor
        } else {
            FunctionKind::Method
        };
        let head = Head {
            name,
            name_span,
            kind,
            class: Some(class),
            decorators,
        };
        Some(self.function(node, head))
    }

    /// A static block runs once when the class is made; it is kept as a static method that no name is like.
    fn static_block(&mut self, node: Node, class: ClassId) -> FunctionId {
        let start = node.start_byte();
        let head = Head {
            name: "static {}".to_owned(),
            name_span: Span::new(start, (start + 6).min(node.end_byte())),
            kind: FunctionKind::Static,
            class: Some(class),
            decorators: Vec::new(),
        };
        self.function(node, head)
    }

    fn class_field(&mut self, node: Node, class: ClassId) -> Option<Field> {
        let (name, name_span) = self.property_name(field(node, "name")?);
        let value = field(node, "value").map(|value| {
            let lowered = self.named_value(value, &name, name_span);
            // An arrow function in a field is a method in all but its form.
            if let (ExprKind::Lambda(id), "arrow_function") = (&lowered.kind, peel(value).kind()) {
                self.module.functions[*id].class = Some(class);
            }
            lowered
        });
        Some(Field {
            name,
            span: span(node),
            value,
            annotation: self.annotation(node),
            is_static: has_token(node, "static"),
        })
    }
}

/// The last name of a type as written, without its arguments: `Port` of `ports.Port<T>`.
fn type_name(written: &str) -> Option<&str> {
    let bare = written.split('<').next()?.trim();
    bare.rsplit('.').next().filter(|name| !name.is_empty())
}
