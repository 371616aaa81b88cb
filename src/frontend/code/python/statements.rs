//! Statements and blocks.

use tree_sitter::Node;

use super::{opaque, parts, sound_parts, span, Lowering};
use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Pattern, Stmt, StmtKind};
use crate::frontend::code::MAX_NESTING;
use crate::source::Span;

impl Lowering<'_> {
    /// The statements of a block, of the module, or of what the parser skipped.
    pub(super) fn statements(&mut self, block: Node) -> Vec<Stmt> {
        let mut out = Vec::new();
        self.block_into(block, &mut out);
        out
    }

    fn block_into(&mut self, block: Node, out: &mut Vec<Stmt>) {
        self.deeper(|this| {
            for child in parts(block) {
                this.statement(child, out);
            }
        });
    }

    /// The statements of the block in a field; none where there is no such block.
    fn field_block(&mut self, node: Node, field: &str) -> Vec<Stmt> {
        match node.child_by_field_name(field) {
            Some(block) => self.statements(block),
            None => Vec::new(),
        }
    }

    /// The statements of the first child block of a clause whose grammar names no field.
    fn clause_block(&mut self, clause: Node) -> Vec<Stmt> {
        let block = parts(clause)
            .into_iter()
            .find(|part| part.kind() == "block");
        block.map_or_else(Vec::new, |block| self.statements(block))
    }

    fn statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let at = span(node);
        let kind = match node.kind() {
            "expression_statement" => return self.expression_statement(node, out),
            "import_statement" => return self.import(node, out),
            "import_from_statement" | "future_import_statement" => self.import_from(node),
            "assert_statement" => return self.evaluated(node, out),
            "print_statement" => StmtKind::Expr(self.print(node)),
            "return_statement" => {
                let value = sound_parts(node).first().copied();
                StmtKind::Return(value.map(|value| self.expr(value)))
            }
            "delete_statement" => StmtKind::Delete(self.deleted(node)),
            "raise_statement" => StmtKind::Raise,
            "pass_statement" => return,
            "break_statement" => StmtKind::Break,
            "continue_statement" => StmtKind::Continue,
            "global_statement" | "nonlocal_statement" => {
                let names = sound_parts(node);
                StmtKind::Global(
                    names
                        .iter()
                        .map(|name| self.source(*name).to_owned())
                        .collect(),
                )
            }
            "exec_statement" => return self.evaluated(node, out),
            "type_alias_statement" => return self.type_alias(node, out),
            "if_statement" => match self.if_statement(node) {
                Some(kind) => kind,
                None => return,
            },
            "for_statement" => self.for_statement(node),
            "while_statement" => return self.while_statement(node, out),
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "function_definition" | "class_definition" => match self.definition(node, Vec::new()) {
                Some(kind) => kind,
                None => return,
            },
            "decorated_definition" => match self.decorated(node) {
                Some(kind) => kind,
                None => return,
            },
            "block" | "ERROR" => return self.block_into(node, out),
            _ => StmtKind::Expr(self.expr(node)),
        };
        out.push(Stmt { span: at, kind });
    }

    fn evaluated(&mut self, node: Node, out: &mut Vec<Stmt>) {
        for part in parts(node) {
            let kind = StmtKind::Expr(self.expr(part));
            out.push(Stmt {
                span: span(part),
                kind,
            });
        }
    }

    /// `print a, b` of Python 2: a call.
    fn print(&mut self, node: Node) -> Expr {
        let start = node.start_byte();
        let name = Span::new(start, start + "print".len());
        let callee = Box::new(Expr::new(name, ExprKind::Name("print".into())));
        let values = parts(node)
            .into_iter()
            .filter(|part| part.kind() != "chevron")
            .collect();
        let args = self.positional(values);
        let new = false;
        Expr::new(span(node), ExprKind::Call { callee, args, new })
    }

    fn expression_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let inside = parts(node);
        let [only] = inside[..] else {
            let kind = StmtKind::Expr(self.sequence(node));
            out.push(Stmt {
                span: span(node),
                kind,
            });
            return;
        };
        // `a,` is a tuple of one, but nobody takes the value of a statement.
        match only.kind() {
            "assignment" => self.assignment(only, out),
            "augmented_assignment" => self.augment(only, out),
            "yield" => self.yield_statement(only, out),
            _ => {
                let kind = StmtKind::Expr(self.expr(only));
                out.push(Stmt {
                    span: span(node),
                    kind,
                });
            }
        }
    }

    pub(super) fn assignment(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let mut targets = Vec::new();
        let mut at = node;
        let value = loop {
            if let Some(left) = at.child_by_field_name("left") {
                targets.push(self.pattern(left));
            }
            match at.child_by_field_name("right") {
                Some(right) if right.kind() == "assignment" => at = right,
                Some(right) => break right,
                None => return,
            }
        };
        let value = self.assigned(value, out);
        if let (ExprKind::Lambda(id), [Pattern::Name(name, at)]) = (&value.kind, &targets[..]) {
            let function = &mut self.module.functions[*id];
            function.name.clone_from(name);
            function.name_span = *at;
        }
        let kind = StmtKind::Assign { targets, value };
        out.push(Stmt {
            span: span(node),
            kind,
        });
    }

    /// The value of an assignment: `x = yield y` first yields.
    fn assigned(&mut self, value: Node, out: &mut Vec<Stmt>) -> Expr {
        if value.kind() != "yield" {
            return self.expr(value);
        }
        self.yield_statement(value, out);
        opaque(value, Vec::new())
    }

    fn augment(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let (Some(left), Some(right)) = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
        ) else {
            return self.evaluated(node, out);
        };
        let operator = node.child_by_field_name("operator");
        let op = match operator.map_or("", |operator| operator.kind()) {
            "+=" => BinaryOp::Add,
            "%=" => BinaryOp::Remainder,
            "*=" => BinaryOp::Multiply,
            "-=" => BinaryOp::Subtract,
            "|=" => BinaryOp::Union,
            _ => BinaryOp::Arithmetic,
        };
        let target = self.pattern(left);
        let value = self.assigned(right, out);
        let kind = StmtKind::Augment { target, op, value };
        out.push(Stmt {
            span: span(node),
            kind,
        });
    }

    /// `yield x`; `yield from xs` is a loop that yields each item.
    fn yield_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        self.mark_generator();
        let at = span(node);
        let value = sound_parts(node).first().map(|value| self.expr(*value));
        let kind = match value {
            Some(over) if has_from(node) => {
                // No identifier holds a space, so the name is nobody's.
                let item = "yield from";
                let name = Expr::new(over.span, ExprKind::Name(item.into()));
                let kind = StmtKind::Yield(Some(name));
                StmtKind::For {
                    pattern: Pattern::Name(item.into(), over.span),
                    over,
                    keys: false,
                    body: vec![Stmt { span: at, kind }],
                    otherwise: Vec::new(),
                }
            }
            value => StmtKind::Yield(value),
        };
        out.push(Stmt { span: at, kind });
    }

    pub(super) fn mark_generator(&mut self) {
        if let Some(function) = self.scope.function {
            self.module.functions[function].is_generator = true;
        }
    }

    fn deleted(&mut self, node: Node) -> Vec<Pattern> {
        let mut values = sound_parts(node);
        if let [only] = values[..] {
            if matches!(only.kind(), "expression_list" | "tuple") {
                values = sound_parts(only);
            }
        }
        values
            .into_iter()
            .map(|value| self.pattern(value))
            .collect()
    }

    fn type_alias(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let name = node.child_by_field_name("left");
        let value = node.child_by_field_name("right");
        let (Some(name), Some(value)) = (name, value) else {
            return;
        };
        let value = opaque(value, Vec::new());
        let targets = vec![Pattern::Name(self.source(name).to_owned(), span(name))];
        let kind = StmtKind::Assign { targets, value };
        out.push(Stmt {
            span: span(node),
            kind,
        });
    }

    /// `elif` is an `If` inside the `otherwise` of the one before it.
    fn if_statement(&mut self, node: Node) -> Option<StmtKind> {
        let mut cursor = node.walk();
        let clauses: Vec<Node> = node
            .children_by_field_name("alternative", &mut cursor)
            .collect();
        let room = MAX_NESTING.saturating_sub(self.depth);
        let outer = self.depth;
        let (test, then) = self.branch(node);
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        for (index, clause) in clauses.into_iter().enumerate() {
            self.depth = outer + index.min(room);
            if clause.kind() == "else_clause" {
                otherwise = self.field_block(clause, "body");
            } else if index < room {
                branches.push((span(clause), self.branch(clause)));
            }
        }
        self.depth = outer;
        for (at, (test, then)) in branches.into_iter().rev() {
            let kind = StmtKind::If {
                test,
                then,
                otherwise,
            };
            otherwise = vec![Stmt { span: at, kind }];
        }
        Some(StmtKind::If {
            test,
            then,
            otherwise,
        })
    }

    fn branch(&mut self, clause: Node) -> (Expr, Vec<Stmt>) {
        let test = self.field(clause, "condition");
        (test, self.field_block(clause, "consequence"))
    }

    fn for_statement(&mut self, node: Node) -> StmtKind {
        let pattern = self.pattern_field(node, "left");
        let over = self.field(node, "right");
        let body = self.field_block(node, "body");
        let alternative = node.child_by_field_name("alternative");
        let otherwise =
            alternative.map_or_else(Vec::new, |clause| self.field_block(clause, "body"));
        StmtKind::For {
            pattern,
            over,
            keys: false,
            body,
            otherwise,
        }
    }

    /// The `else` of a `while` runs unless the loop breaks, which is not known here.
    fn while_statement(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let test = Some(self.field(node, "condition"));
        let body = self.field_block(node, "body");
        let kind = StmtKind::While { test, body };
        out.push(Stmt {
            span: span(node),
            kind,
        });
        if let Some(clause) = node.child_by_field_name("alternative") {
            let at = span(clause);
            let kind = StmtKind::If {
                test: Expr::opaque(Span::new(at.start, at.start)),
                then: self.field_block(clause, "body"),
                otherwise: Vec::new(),
            };
            out.push(Stmt { span: at, kind });
        }
    }

    fn try_statement(&mut self, node: Node) -> StmtKind {
        let body = self.field_block(node, "body");
        let mut handlers = Vec::new();
        let mut otherwise = Vec::new();
        let mut finally = Vec::new();
        for clause in parts(node) {
            match clause.kind() {
                "except_clause" => handlers.push(self.handler(clause)),
                "else_clause" => otherwise = self.field_block(clause, "body"),
                "finally_clause" => finally = self.clause_block(clause),
                _ => {}
            }
        }
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        }
    }

    /// A handler's body; the caught error is bound to something unknown in front of it.
    fn handler(&mut self, clause: Node) -> Vec<Stmt> {
        let mut values = sound_parts(clause);
        values.retain(|part| part.kind() != "block");
        let named = match values[..] {
            [only] if only.kind() == "as_pattern" => only.child_by_field_name("alias"),
            // `except E, e` of Python 2, or `except E as e` where the grammar splits it.
            [_, alias] => Some(alias),
            _ => None,
        };
        let mut body = Vec::new();
        if let Some(name) = named {
            let targets = vec![self.pattern(name)];
            let value = opaque(name, Vec::new());
            let kind = StmtKind::Assign { targets, value };
            body.push(Stmt {
                span: span(name),
                kind,
            });
        }
        body.extend(self.clause_block(clause));
        body
    }

    fn with_statement(&mut self, node: Node) -> StmtKind {
        let mut items = Vec::new();
        for clause in parts(node) {
            if clause.kind() != "with_clause" {
                continue;
            }
            for item in parts(clause) {
                let value = item.child_by_field_name("value").unwrap_or(item);
                self.with_item(value, &mut items);
            }
        }
        let body = self.field_block(node, "body");
        StmtKind::With { items, body }
    }

    fn with_item(&mut self, value: Node, items: &mut Vec<(Expr, Option<Pattern>)>) {
        // `with (a as b, c as d):` may parse as a tuple.
        if matches!(value.kind(), "tuple" | "parenthesized_expression") {
            let inside = sound_parts(value);
            if inside.iter().any(|part| part.kind() == "as_pattern") {
                for part in inside {
                    self.deeper(|this| this.with_item(part, items));
                }
                return;
            }
        }
        if value.kind() != "as_pattern" {
            items.push((self.expr(value), None));
            return;
        }
        let manager = match sound_parts(value).first() {
            Some(manager) => self.expr(*manager),
            None => opaque(value, Vec::new()),
        };
        let target = value
            .child_by_field_name("alias")
            .map(|alias| self.pattern(alias));
        items.push((manager, target));
    }
}

/// Whether a `yield` is a `yield from`.
pub(super) fn has_from(node: Node) -> bool {
    super::has_token(node, "from")
}
