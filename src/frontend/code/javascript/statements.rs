//! Statements -> IR. Modules' statements, enums and namespaces are in `modules`, `switch` in its own file.

use tree_sitter::Node;

use super::expressions::is_expression;
use super::operators::{augment, step};
use super::{field, first_part, parts, peel, span, Lowering};
use crate::frontend::code::ir::{Expr, ExprKind, Pattern, Stmt, StmtKind};
use crate::source::Span;

impl Lowering<'_> {
    /// Adds what a statement does to `out`: none, one or several statements.
    pub fn statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let start = out.len();
        if self.nested(|it| it.statement_kind(node, out)).is_none() {
            push(out, span(node), StmtKind::Expr(Expr::opaque(span(node))));
        }
        self.place_hoisted(start, out);
    }

    /// Puts the yields of a statement's expressions in front of it.
    pub fn place_hoisted(&mut self, at: usize, out: &mut Vec<Stmt>) {
        if !self.scope.hoisted.is_empty() {
            out.splice(at..at, std::mem::take(&mut self.scope.hoisted));
        }
    }

    fn statement_kind(&mut self, node: Node, out: &mut Vec<Stmt>) {
        match node.kind() {
            "expression_statement" => {
                for inner in parts(node) {
                    self.effect(inner, out);
                }
            }
            "lexical_declaration" | "variable_declaration" => self.declaration(node, out),
            "function_declaration" | "generator_function_declaration" => {
                let id = self.function_declaration(node);
                push(out, span(node), StmtKind::Function(id));
            }
            "class_declaration" | "abstract_class_declaration" => {
                let id = self.class(node, None, Vec::new());
                push(out, span(node), StmtKind::Class(id));
            }
            "return_statement" => self.return_statement(node, out),
            "if_statement" => self.if_statement(node, out),
            "for_statement" => self.for_statement(node, out),
            "for_in_statement" => self.for_in(node, out),
            "while_statement" | "do_statement" => self.while_statement(node, out),
            "switch_statement" => self.switch(node, out),
            "try_statement" => self.try_statement(node, out),
            "throw_statement" => self.throw(node, out),
            "break_statement" => push(out, span(node), StmtKind::Break),
            "continue_statement" => push(out, span(node), StmtKind::Continue),
            "statement_block" => {
                let mut body = Vec::new();
                self.block(node, &mut body);
                push(out, span(node), StmtKind::Block(body));
            }
            "labeled_statement" | "with_statement" => {
                if let Some(object) = field(node, "object") {
                    self.effect(object, out);
                }
                if let Some(body) = field(node, "body") {
                    self.statement(body, out);
                }
            }
            "import_statement" => self.import(node, out),
            "export_statement" => self.export(node, out),
            "import_alias" => self.import_alias(node, out),
            "enum_declaration" => self.enumeration(node, out),
            "internal_module" | "module" => self.namespace(node, out),
            "variable_declarator" => self.declarator(node, out),
            "ERROR" => {
                for child in parts(node) {
                    self.statement(child, out);
                }
            }
            kind if is_silent(kind) => {}
            _ => self.effect(node, out),
        }
    }

    /// An expression as a statement.
    pub fn effect(&mut self, node: Node, out: &mut Vec<Stmt>) {
        if self.nested(|it| it.effect_kind(peel(node), out)).is_none() {
            push(out, span(node), StmtKind::Expr(Expr::opaque(span(node))));
        }
    }

    fn effect_kind(&mut self, node: Node, out: &mut Vec<Stmt>) {
        match node.kind() {
            "sequence_expression" => {
                for part in parts(node) {
                    self.effect(part, out);
                }
            }
            "assignment_expression" => self.assign_statement(node, out),
            "augmented_assignment_expression" => self.augment_statement(node, out),
            "update_expression" => {
                let Some(argument) = field(node, "argument") else {
                    return;
                };
                let target = self.pattern(argument);
                let (op, value) = step(node);
                push(out, span(node), StmtKind::Augment { target, op, value });
            }
            "yield_expression" => self.yield_statement(node, out),
            "unary_expression" => self.unary_statement(node, out),
            "internal_module" => self.namespace(node, out),
            "binary_expression" => self.short_circuit(node, out),
            "ternary_expression" => {
                let test = self.field_expr(node, "condition");
                let then = self.effect_block(field(node, "consequence"));
                let otherwise = self.effect_block(field(node, "alternative"));
                if let Some(test) = test {
                    let kind = StmtKind::If {
                        test,
                        then,
                        otherwise,
                    };
                    push(out, span(node), kind);
                }
            }
            kind if is_silent(kind) => {}
            _ => {
                let expr = self.expr(node);
                push(out, span(node), StmtKind::Expr(expr));
            }
        }
    }

    fn effect_block(&mut self, node: Option<Node>) -> Vec<Stmt> {
        let mut out = Vec::new();
        if let Some(node) = node {
            self.effect(node, &mut out);
            self.place_hoisted(0, &mut out);
        }
        out
    }

    /// `a && b()`, `a || b()` as statements are conditions.
    fn short_circuit(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let sign = field(node, "operator").map_or("", |sign| sign.kind());
        let (true, Some(left), Some(right)) = (
            matches!(sign, "&&" | "||"),
            field(node, "left"),
            field(node, "right"),
        ) else {
            let expr = self.expr(node);
            return push(out, span(node), StmtKind::Expr(expr));
        };
        let test = self.expr(left);
        let test = if sign == "||" {
            Expr::new(test.span, ExprKind::Not(Box::new(test)))
        } else {
            test
        };
        let then = self.effect_block(Some(right));
        let kind = StmtKind::If {
            test,
            then,
            otherwise: Vec::new(),
        };
        push(out, span(node), kind);
    }

    fn unary_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let sign = field(node, "operator").map_or("", |sign| sign.kind());
        match (sign, field(node, "argument")) {
            ("void" | "!", Some(argument)) => self.effect(argument, out),
            ("delete", Some(argument)) => {
                let target = self.pattern(argument);
                push(out, span(node), StmtKind::Delete(vec![target]));
            }
            _ => {
                let expr = self.expr(node);
                push(out, span(node), StmtKind::Expr(expr));
            }
        }
    }

    /// `a = b = value`: one assignment with two targets.
    fn assign_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let mut targets = Vec::new();
        let mut value = node;
        while value.kind() == "assignment_expression" {
            let (Some(left), Some(right)) = (field(value, "left"), field(value, "right")) else {
                break;
            };
            targets.push(self.pattern(left));
            value = peel(right);
        }
        let value = self.effects_before(value, out);
        let value = match targets.last().and_then(target_name) {
            Some((name, place)) => self.named_value(value, &name, place),
            None => self.expr(value),
        };
        push(out, span(node), StmtKind::Assign { targets, value });
    }

    fn augment_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return;
        };
        let kind = StmtKind::Augment {
            target: self.pattern(left),
            op: augment(node),
            value: self.expr(right),
        };
        push(out, span(node), kind);
    }

    pub fn declaration(&mut self, node: Node, out: &mut Vec<Stmt>) {
        for child in parts(node) {
            self.declarator(child, out);
        }
    }

    fn declarator(&mut self, node: Node, out: &mut Vec<Stmt>) {
        if node.kind() != "variable_declarator" {
            if node.is_error() {
                self.statement(node, out);
            }
            return;
        }
        let Some(target) = field(node, "name") else {
            return;
        };
        let Some(value) = field(node, "value") else {
            return self.unset(node, target, out);
        };
        let start = out.len();
        let target = self.pattern(target);
        let value = match &target {
            Pattern::Name(name, place) => self.named_behind_effects(value, name, *place, out),
            _ => self.value_behind_effects(value, out),
        };
        let targets = vec![target];
        push(out, span(node), StmtKind::Assign { targets, value });
        self.place_hoisted(start, out);
    }

    /// `let x;` in a function is nothing until it is set. What a closure sets is left open: when that runs is not
    /// known.
    fn unset(&mut self, node: Node, target: Node, out: &mut Vec<Stmt>) {
        let declaration = node
            .parent()
            .filter(|it| it.kind() == "lexical_declaration");
        let block = declaration.and_then(|it| it.parent());
        let Some(block) = block.filter(|it| it.kind() == "statement_block") else {
            return;
        };
        let plain = target.kind() == "identifier" && self.scope.function.is_some();
        if !plain || self.set_by_closure(block, self.text(target)) {
            return;
        }
        let targets = vec![self.pattern(target)];
        let value = Expr::new(span(node), ExprKind::None);
        push(out, span(node), StmtKind::Assign { targets, value });
    }

    /// Whether a function within a block names a variable in front of an equals sign.
    fn set_by_closure(&self, block: Node, name: &str) -> bool {
        let mut open = vec![block];
        while let Some(node) = open.pop() {
            for child in parts(node) {
                let text = match child.kind() {
                    "arrow_function"
                    | "function_expression"
                    | "function_declaration"
                    | "generator_function"
                    | "method_definition" => self.text(child),
                    _ => {
                        open.push(child);
                        continue;
                    }
                };
                let mut behind = text.split(name).skip(1);
                if behind.any(|rest| rest.trim_start().starts_with('=')) {
                    return true;
                }
            }
        }
        false
    }

    /// A value, with what a sequence does before it in front of the statement.
    pub fn value_behind_effects(&mut self, node: Node, out: &mut Vec<Stmt>) -> Expr {
        let last = self.effects_before(node, out);
        self.expr(last)
    }

    fn named_behind_effects(
        &mut self,
        node: Node,
        name: &str,
        place: Span,
        out: &mut Vec<Stmt>,
    ) -> Expr {
        let last = self.effects_before(node, out);
        self.named_value(last, name, place)
    }

    fn effects_before<'t>(&mut self, node: Node<'t>, out: &mut Vec<Stmt>) -> Node<'t> {
        let mut node = peel(node);
        while node.kind() == "sequence_expression" {
            let mut values = parts(node);
            let Some(last) = values.pop() else { break };
            for value in values {
                self.effect(value, out);
            }
            node = peel(last);
        }
        node
    }

    fn return_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let value = first_part(node).map(|value| self.value_behind_effects(value, out));
        push(out, span(node), StmtKind::Return(value));
    }

    /// What is thrown is evaluated and goes nowhere.
    fn throw(&mut self, node: Node, out: &mut Vec<Stmt>) {
        if let Some(value) = first_part(node) {
            self.effect(value, out);
        }
        push(out, span(node), StmtKind::Raise);
    }

    fn if_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let Some(test) = field(node, "condition") else {
            return;
        };
        let test = self.value_behind_effects(test, out);
        let then = self.body(field(node, "consequence"));
        let otherwise = self.body(field(node, "alternative").and_then(first_part));
        let kind = StmtKind::If {
            test,
            then,
            otherwise,
        };
        push(out, span(node), kind);
    }

    /// The statements of a branch or a loop; a block's braces are left out.
    pub fn body(&mut self, node: Option<Node>) -> Vec<Stmt> {
        let mut out = Vec::new();
        let Some(node) = node else { return out };
        if node.kind() == "statement_block" {
            self.block(node, &mut out);
        } else {
            self.statement(node, &mut out);
        }
        out
    }

    fn for_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let mut whole = Vec::new();
        if let Some(initializer) = field(node, "initializer") {
            self.statement(initializer, &mut whole);
        }
        let test = field(node, "condition")
            .map(|test| match test.kind() {
                "expression_statement" => first_part(test).unwrap_or(test),
                _ => test,
            })
            .filter(|test| test.is_named() && test.kind() != "empty_statement")
            .map(|test| self.expr(test));
        let mut body = self.body(field(node, "body"));
        if let Some(increment) = field(node, "increment") {
            self.effect(increment, &mut body);
        }
        push(&mut whole, span(node), StmtKind::While { test, body });
        if whole.len() == 1 {
            out.append(&mut whole);
        } else {
            push(out, span(node), StmtKind::Block(whole));
        }
    }

    fn for_in(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return;
        };
        let keys = field(node, "operator").is_some_and(|sign| sign.kind() == "in");
        let pattern = self.pattern(left);
        let over = self.value_behind_effects(right, out);
        let kind = StmtKind::For {
            pattern,
            over,
            keys,
            body: self.body(field(node, "body")),
            otherwise: Vec::new(),
        };
        push(out, span(node), kind);
    }

    fn while_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let kind = StmtKind::While {
            test: self.field_expr(node, "condition"),
            body: self.body(field(node, "body")),
        };
        push(out, span(node), kind);
    }

    fn try_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let body = self.body(field(node, "body"));
        let mut handlers = Vec::new();
        if let Some(handler) = field(node, "handler") {
            let mut statements = Vec::new();
            if let Some(parameter) = field(handler, "parameter") {
                // What was thrown is not known.
                let kind = StmtKind::Assign {
                    targets: vec![self.pattern(parameter)],
                    value: Expr::opaque(span(parameter)),
                };
                push(&mut statements, span(parameter), kind);
            }
            statements.append(&mut self.body(field(handler, "body")));
            handlers.push(statements);
        }
        let finally = field(node, "finalizer").and_then(|last| field(last, "body"));
        let kind = StmtKind::Try {
            body,
            handlers,
            otherwise: Vec::new(),
            finally: self.body(finally),
        };
        push(out, span(node), kind);
    }
}

pub fn push(out: &mut Vec<Stmt>, span: Span, kind: StmtKind) {
    out.push(Stmt { span, kind });
}

/// The name that an assigned function takes.
fn target_name(target: &Pattern) -> Option<(String, Span)> {
    match target {
        Pattern::Name(name, place) => Some((name.clone(), *place)),
        Pattern::Target(expr) => match &expr.kind {
            ExprKind::Attribute {
                name, name_span, ..
            } => Some((name.clone(), *name_span)),
            _ => None,
        },
        _ => None,
    }
}

/// What says nothing at run time: types, overloads, ambient declarations, and loose words in broken syntax.
fn is_silent(kind: &str) -> bool {
    matches!(
        kind,
        "interface_declaration"
            | "type_alias_declaration"
            | "ambient_declaration"
            | "function_signature"
            | "method_signature"
            | "abstract_method_signature"
            | "property_signature"
            | "empty_statement"
            | "debugger_statement"
            | "hash_bang_line"
            | "html_comment"
    ) || !is_expression(kind)
}
