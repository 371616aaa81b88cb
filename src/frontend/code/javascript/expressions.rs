//! Expressions -> IR. Operators are in `operators`, literals in `literals`, functions and classes in their own files.

use tree_sitter::Node;

use super::{field, first_part, is_comment, parts, peel, span, syntax, Lowering};
use crate::frontend::code::ir::{Arg, ArgKind, Entry, Expr, ExprKind, Item};
use crate::source::{Span, Text};

/// Names that are kept of an expression that is nested too deeply.
const NAMES_KEPT: usize = 32;

impl Lowering<'_> {
    pub fn expr(&mut self, node: Node) -> Expr {
        let node = peel(node);
        let kind = self.nested(|it| it.expr_kind(node));
        Expr::new(span(node), kind.unwrap_or_else(|| self.out_of_reach(node)))
    }

    fn expr_kind(&mut self, node: Node) -> ExprKind {
        match node.kind() {
            "identifier" | "this" | "super" | "import" | "shorthand_property_identifier" => {
                ExprKind::Name(self.text(node).to_owned())
            }
            "string" => ExprKind::Text(self.string(node)),
            "template_string" => self.template(node),
            "number" => self.number(node),
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "undefined" => ExprKind::None,
            "null" => ExprKind::Null,
            "regex" => self.regex(node),
            "member_expression" => self.member(node),
            "subscript_expression" => self.subscript(node),
            "call_expression" => self.call(node),
            "new_expression" => self.construct(node),
            "await_expression" => match first_part(node) {
                Some(inner) => ExprKind::Await(Box::new(self.expr(inner))),
                None => ExprKind::Opaque(Vec::new()),
            },
            "object" => self.object(node),
            "array" => self.array(node),
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "update_expression" => self.update(node),
            "ternary_expression" => self.ternary(node),
            "assignment_expression" => self.assignment(node),
            "augmented_assignment_expression" => self.augmented(node),
            "sequence_expression" => self.sequence(node),
            "yield_expression" => self.yielded(node),
            "meta_property" => self.meta_property(node),
            "arrow_function" | "function_expression" | "generator_function" => {
                ExprKind::Lambda(self.function_expression(node, None))
            }
            "class" => ExprKind::Class(self.class(node, None, Vec::new())),
            "jsx_element" | "jsx_self_closing_element" | "jsx_fragment" => self.jsx(node),
            _ => ExprKind::Opaque(self.inner_expressions(node)),
        }
    }

    /// A value that a name is bound to: a function or class without a name of its own takes it.
    pub fn named_value(&mut self, node: Node, name: &str, name_span: Span) -> Expr {
        let inner = peel(node);
        let named = |it: &mut Self| match inner.kind() {
            "arrow_function" | "function_expression" | "generator_function" => Some(
                ExprKind::Lambda(it.function_expression(inner, Some((name, name_span)))),
            ),
            "class" => Some(ExprKind::Class(it.class(
                inner,
                Some((name, name_span)),
                Vec::new(),
            ))),
            _ => None,
        };
        match self.nested(named).flatten() {
            Some(kind) => Expr::new(span(inner), kind),
            None => self.expr(inner),
        }
    }

    /// What is nested too deeply: opaque, with the first names that stand in it.
    fn out_of_reach(&mut self, node: Node) -> ExprKind {
        let mut names = Vec::new();
        syntax::walk_from(node, |inner| {
            if names.len() >= NAMES_KEPT {
                return false;
            }
            if inner.kind() == "identifier" {
                let name = ExprKind::Name(self.text(inner).to_owned());
                names.push(Expr::new(span(inner), name));
            }
            true
        });
        ExprKind::Opaque(names)
    }

    /// The expressions that stand directly in a node that is not understood.
    pub fn inner_expressions(&mut self, node: Node) -> Vec<Expr> {
        let mut found = Vec::new();
        for child in parts(node) {
            if is_expression(child.kind()) {
                found.push(self.expr(child));
            }
        }
        found
    }

    fn member(&mut self, node: Node) -> ExprKind {
        let (Some(object), Some(property)) = (field(node, "object"), field(node, "property"))
        else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        ExprKind::Attribute {
            object: Box::new(self.expr(object)),
            name: self.text(property).to_owned(),
            name_span: span(property),
        }
    }

    fn subscript(&mut self, node: Node) -> ExprKind {
        let (Some(object), Some(index)) = (field(node, "object"), field(node, "index")) else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        ExprKind::Index {
            object: Box::new(self.expr(object)),
            index: Box::new(self.expr(index)),
        }
    }

    fn call(&mut self, node: Node) -> ExprKind {
        let (Some(callee), Some(arguments)) = (field(node, "function"), field(node, "arguments"))
        else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        if arguments.kind() == "template_string" {
            return ExprKind::Tagged {
                tag: Box::new(self.expr(callee)),
                template: Box::new(match self.text(callee) {
                    "String.raw" => Expr::new(span(arguments), self.raw_template(arguments)),
                    _ => self.expr(arguments),
                }),
            };
        }
        if callee.kind() == "import" {
            return match first_part(arguments) {
                Some(path) => ExprKind::Import(Box::new(self.expr(path))),
                None => ExprKind::Opaque(Vec::new()),
            };
        }
        ExprKind::Call {
            callee: Box::new(self.expr(callee)),
            args: self.arguments(arguments),
            new: false,
        }
    }

    fn construct(&mut self, node: Node) -> ExprKind {
        let Some(callee) = field(node, "constructor") else {
            return ExprKind::Opaque(self.inner_expressions(node));
        };
        let callee = Box::new(self.expr(callee));
        let args = match field(node, "arguments") {
            Some(arguments) => self.arguments(arguments),
            None => Vec::new(),
        };
        ExprKind::Call {
            callee,
            args,
            new: true,
        }
    }

    fn arguments(&mut self, node: Node) -> Vec<Arg> {
        let mut args = Vec::new();
        for child in parts(node) {
            let (value, kind) = match (child.kind(), first_part(child)) {
                ("spread_element", Some(inner)) => (self.expr(inner), ArgKind::Spread),
                _ => (self.expr(child), ArgKind::Positional),
            };
            args.push(Arg {
                span: span(child),
                value,
                kind,
            });
        }
        args
    }

    fn array(&mut self, node: Node) -> ExprKind {
        let mut items = Vec::new();
        let mut filled = false;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            if is_comment(child) {
                continue;
            }
            if child.kind() == "," {
                if !filled {
                    items.push(Item::One(Expr::new(span(child), ExprKind::None)));
                }
                filled = false;
            } else if child.is_named() {
                items.push(match (child.kind(), first_part(child)) {
                    ("spread_element", Some(inner)) => Item::Spread(self.expr(inner)),
                    _ => Item::One(self.expr(child)),
                });
                filled = true;
            }
        }
        ExprKind::List(items)
    }

    fn object(&mut self, node: Node) -> ExprKind {
        let mut entries = Vec::new();
        for child in parts(node) {
            self.entry(child, &mut entries);
        }
        ExprKind::Object(entries)
    }

    fn entry(&mut self, node: Node, out: &mut Vec<Entry>) {
        let (key, value) = match node.kind() {
            "pair" => {
                let (Some(key), Some(value)) = (field(node, "key"), field(node, "value")) else {
                    return;
                };
                let (name, name_span) = self.property_name(key);
                let value = self.named_value(value, &name, name_span);
                (self.key(key), value)
            }
            "shorthand_property_identifier" => (self.key(node), self.expr(node)),
            "method_definition" => {
                let Some(key) = field(node, "name") else {
                    return;
                };
                (self.key(key), self.object_method(node, key))
            }
            "spread_element" => {
                if let Some(inner) = first_part(node) {
                    out.push(Entry::Spread(self.expr(inner)));
                }
                return;
            }
            _ => return self.broken_entry(node, out),
        };
        out.push(Entry::Pair {
            key,
            value,
            span: span(node),
        });
    }

    /// Broken syntax inside an object: its properties still count.
    fn broken_entry(&mut self, node: Node, out: &mut Vec<Entry>) {
        let mut unread = Vec::new();
        for child in parts(node) {
            match child.kind() {
                "pair" | "method_definition" | "spread_element" => self.entry(child, out),
                _ if is_expression(child.kind()) => unread.push(self.expr(child)),
                _ => {}
            }
        }
        if !unread.is_empty() {
            out.push(Entry::Spread(Expr::new(
                span(node),
                ExprKind::Opaque(unread),
            )));
        }
    }

    /// The key of a property: its text where it is written as a name or a string.
    fn key(&mut self, node: Node) -> Expr {
        match node.kind() {
            "computed_property_name" => match first_part(node) {
                Some(inner) => self.expr(inner),
                None => Expr::opaque(span(node)),
            },
            "string" | "number" => self.expr(node),
            _ => {
                let text = Text::verbatim(self.path, node.start_byte(), self.text(node));
                Expr::new(span(node), ExprKind::Text(text))
            }
        }
    }
}

/// Whether a node stands for a value, and is not a type, a name of a property or a sign.
pub(super) fn is_expression(kind: &str) -> bool {
    !matches!(
        kind,
        "property_identifier"
            | "private_property_identifier"
            | "statement_identifier"
            | "type_identifier"
            | "nested_type_identifier"
            | "type_annotation"
            | "type_arguments"
            | "type_parameters"
            | "predefined_type"
            | "generic_type"
            | "object_type"
            | "union_type"
            | "literal_type"
            | "accessibility_modifier"
            | "override_modifier"
            | "jsx_text"
            | "jsx_closing_element"
            | "html_character_reference"
            | "string_fragment"
            | "escape_sequence"
            | "regex_pattern"
            | "regex_flags"
            | "optional_chain"
    )
}
