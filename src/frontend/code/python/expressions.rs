//! Expressions.

use tree_sitter::Node;

use super::{first_part, opaque, parts, sound_parts, span, Lowering};
use crate::frontend::code::ir::{Arg, ArgKind, Entry, Expr, ExprKind, Item};

impl Lowering<'_> {
    pub(super) fn expr(&mut self, node: Node) -> Expr {
        let node = unwrapped(node);
        let kind = self.deeper(|this| this.kind(node));
        Expr::new(span(node), kind.unwrap_or(ExprKind::Opaque(Vec::new())))
    }

    /// The expression in a field; opaque where a syntax error took it.
    pub(super) fn field(&mut self, node: Node, field: &str) -> Expr {
        match node.child_by_field_name(field) {
            Some(value) => self.expr(value),
            None => opaque(node, Vec::new()),
        }
    }

    /// A node that means nothing here, with the expressions that stand in it.
    pub(super) fn opaque_parts(&mut self, node: Node) -> Expr {
        let inside = parts(node)
            .into_iter()
            .map(|part| self.expr(part))
            .collect();
        opaque(node, inside)
    }

    fn kind(&mut self, node: Node) -> ExprKind {
        match node.kind() {
            "identifier" if !node.is_missing() => ExprKind::Name(self.source(node).to_owned()),
            "string" | "concatenated_string" => self.string(node).kind,
            "attribute" => self.attribute(node),
            "call" => self.call(node),
            "subscript" => self.subscript(node),
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "none" => ExprKind::None,
            "integer" | "float" => self.number(node),
            "list" | "tuple" | "expression_list" | "pattern_list" => self.sequence(node).kind,
            "set" => ExprKind::Set(self.items(node)),
            "dictionary" => self.dictionary(node),
            "binary_operator" | "boolean_operator" => self.binary(node),
            "comparison_operator" => self.comparison(node),
            "unary_operator" => self.unary(node),
            "not_operator" => ExprKind::Not(Box::new(self.field(node, "argument"))),
            "conditional_expression" => self.conditional(node),
            "named_expression" => ExprKind::Assign {
                target: Box::new(self.pattern_field(node, "name")),
                value: Box::new(self.field(node, "value")),
            },
            "await" => ExprKind::Await(Box::new(self.only(node))),
            "lambda" | "lambda_within_for_in_clause" => self.lambda(node),
            "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression" => self.comprehension(node),
            "yield" => {
                self.mark_generator();
                self.opaque_parts(node).kind
            }
            _ => self.opaque_parts(node).kind,
        }
    }

    /// The one expression that a node holds.
    fn only(&mut self, node: Node) -> Expr {
        match first_part(node) {
            Some(inner) => self.expr(inner),
            None => opaque(node, Vec::new()),
        }
    }

    fn attribute(&mut self, node: Node) -> ExprKind {
        let object = self.field(node, "object");
        match node.child_by_field_name("attribute") {
            Some(name) if !name.is_missing() => ExprKind::Attribute {
                object: Box::new(object),
                name: self.source(name).to_owned(),
                name_span: span(name),
            },
            _ => ExprKind::Opaque(vec![object]),
        }
    }

    fn call(&mut self, node: Node) -> ExprKind {
        let callee = Box::new(self.field(node, "function"));
        let args = match node.child_by_field_name("arguments") {
            Some(single) if single.kind() == "generator_expression" => {
                self.positional(vec![single])
            }
            Some(list) => parts(list)
                .into_iter()
                .map(|part| self.argument(part))
                .collect(),
            None => Vec::new(),
        };
        ExprKind::Call {
            callee,
            args,
            new: false,
        }
    }

    pub(super) fn positional(&mut self, values: Vec<Node>) -> Vec<Arg> {
        let arg = |value| Arg {
            span: span(value),
            value: self.expr(value),
            kind: ArgKind::Positional,
        };
        values.into_iter().map(arg).collect()
    }

    pub(super) fn argument(&mut self, node: Node) -> Arg {
        let inner = unwrapped(node);
        let (kind, value) = match inner.kind() {
            "keyword_argument" => {
                let name = inner.child_by_field_name("name");
                let name = name.map_or("", |name| self.source(name)).to_owned();
                (ArgKind::Keyword(name), self.field(inner, "value"))
            }
            "list_splat" => (ArgKind::Spread, self.only(inner)),
            "dictionary_splat" => (ArgKind::KeywordSpread, self.only(inner)),
            _ => (ArgKind::Positional, self.expr(inner)),
        };
        Arg {
            span: span(node),
            value,
            kind,
        }
    }

    fn subscript(&mut self, node: Node) -> ExprKind {
        let object = Box::new(self.field(node, "value"));
        let mut cursor = node.walk();
        let keys: Vec<Node> = node
            .children_by_field_name("subscript", &mut cursor)
            .collect();
        match keys[..] {
            [only] if only.kind() == "slice" => self.slice(object, only),
            [only] => ExprKind::Index {
                object,
                index: Box::new(self.expr(only)),
            },
            [] => ExprKind::Opaque(vec![*object]),
            [first, ..] => {
                let items = keys.iter().map(|key| Item::One(self.expr(*key))).collect();
                let index = Box::new(Expr::new(span(first), ExprKind::List(items)));
                ExprKind::Index { object, index }
            }
        }
    }

    /// `start:end:step`: which part it is depends on the colons in front of it.
    fn slice(&mut self, object: Box<Expr>, node: Node) -> ExprKind {
        let mut bounds = [None, None, None];
        let mut colons = 0;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            if child.kind() == ":" {
                colons += 1;
            } else if child.is_named() && !child.is_extra() && colons < bounds.len() {
                bounds[colons] = Some(Box::new(self.expr(child)));
            }
        }
        let [start, end, step] = bounds;
        ExprKind::Slice {
            object,
            start,
            end,
            step,
        }
    }

    /// Integers in every base, with underscores and the `L` of Python 2. Complex numbers are opaque.
    fn number(&self, node: Node) -> ExprKind {
        let written = self.source(node).replace('_', "").to_ascii_lowercase();
        let digits = written.trim_end_matches('l');
        let prefixed = |prefix, radix| {
            let digits: &str = digits.strip_prefix(prefix)?;
            u128::from_str_radix(digits, radix)
                .ok()
                .map(|value| value as f64)
        };
        let value = prefixed("0x", 16)
            .or_else(|| prefixed("0o", 8))
            .or_else(|| prefixed("0b", 2))
            .or_else(|| digits.parse().ok());
        value.map_or(ExprKind::Opaque(Vec::new()), ExprKind::Number)
    }

    /// A list or tuple, with or without its brackets.
    pub(super) fn sequence(&mut self, node: Node) -> Expr {
        Expr::new(span(node), ExprKind::List(self.items(node)))
    }

    fn items(&mut self, node: Node) -> Vec<Item> {
        let item = |part| match unwrapped(part).kind() {
            "list_splat" | "list_splat_pattern" => Item::Spread(self.only(unwrapped(part))),
            _ => Item::One(self.expr(part)),
        };
        parts(node).into_iter().map(item).collect()
    }

    fn dictionary(&mut self, node: Node) -> ExprKind {
        let mut entries = Vec::new();
        for part in parts(node) {
            match part.kind() {
                "pair" => entries.push(Entry::Pair {
                    key: self.field(part, "key"),
                    value: self.field(part, "value"),
                    span: span(part),
                }),
                "dictionary_splat" => entries.push(Entry::Spread(self.only(part))),
                _ => entries.push(Entry::Spread(self.opaque_parts(part))),
            }
        }
        ExprKind::Object(entries)
    }

    /// `then if test else otherwise`
    fn conditional(&mut self, node: Node) -> ExprKind {
        let [then, test, otherwise] = sound_parts(node)[..] else {
            return self.opaque_parts(node).kind;
        };
        ExprKind::Conditional {
            test: Box::new(self.expr(test)),
            then: Box::new(self.expr(then)),
            otherwise: Box::new(self.expr(otherwise)),
        }
    }
}

/// What parentheses hold, however many.
fn unwrapped(mut node: Node) -> Node {
    while matches!(
        node.kind(),
        "parenthesized_expression" | "as_pattern_target"
    ) {
        match first_part(node) {
            Some(inner) => node = inner,
            None => return node,
        }
    }
    node
}
