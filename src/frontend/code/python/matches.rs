//! The `match` statement. A pattern is either known literals, or everything, or something that is not decided here.

use tree_sitter::Node;

use super::{first_part, opaque, parts, sound_parts, span, Lowering};
use crate::frontend::code::ir::{Expr, ExprKind, Item, MatchArm, StmtKind};
use crate::source::Span;

/// What a pattern asks of the subject.
enum Asked {
    Anything,
    /// One of these literals.
    Literals(Vec<Expr>),
}

impl Lowering<'_> {
    pub(super) fn match_statement(&mut self, node: Node) -> StmtKind {
        let mut cursor = node.walk();
        let subjects: Vec<Node> = node
            .children_by_field_name("subject", &mut cursor)
            .collect();
        let subject = match subjects[..] {
            [only] => self.expr(only),
            [] => Expr::opaque(span(node)),
            [first, ..] => {
                let items: Vec<Item> = subjects
                    .iter()
                    .map(|each| Item::One(self.expr(*each)))
                    .collect();
                Expr::new(span(first), ExprKind::List(items))
            }
        };
        let mut arms = Vec::new();
        if let Some(body) = node.child_by_field_name("body") {
            let clauses = parts(body)
                .into_iter()
                .filter(|part| part.kind() == "case_clause");
            arms = clauses.map(|clause| self.arm(clause)).collect();
        }
        StmtKind::Match { subject, arms }
    }

    fn arm(&mut self, clause: Node) -> MatchArm {
        let mut binds = Vec::new();
        let mut patterns = sound_parts(clause);
        patterns.retain(|part| part.kind() == "case_pattern");
        let asked = match patterns[..] {
            [only] => self.case_pattern(only, &mut binds),
            _ => {
                for pattern in &patterns {
                    self.case_pattern(*pattern, &mut binds);
                }
                Asked::Literals(vec![opaque(clause, Vec::new())])
            }
        };
        let guard = clause.child_by_field_name("guard").and_then(first_part);
        let tests = match (asked, guard) {
            (Asked::Anything, None) => Vec::new(),
            (Asked::Literals(tests), None) => tests,
            // A guard may fail, so the literals alone do not decide.
            (asked, Some(guard)) => {
                let mut inside = match asked {
                    Asked::Anything => Vec::new(),
                    Asked::Literals(tests) => tests,
                };
                inside.push(self.expr(guard));
                vec![opaque(guard, inside)]
            }
        };
        let body = clause.child_by_field_name("consequence");
        let body = body.map_or_else(Vec::new, |body| self.statements(body));
        MatchArm {
            span: span(clause),
            tests,
            binds,
            body,
        }
    }

    fn case_pattern(&mut self, node: Node, binds: &mut Vec<(String, Span)>) -> Asked {
        let asked = self.deeper(|this| this.pattern_asks(node, binds));
        asked.unwrap_or_else(|| Asked::Literals(vec![opaque(node, Vec::new())]))
    }

    fn pattern_asks(&mut self, node: Node, binds: &mut Vec<(String, Span)>) -> Asked {
        let inside = sound_parts(node);
        match (node.kind(), &inside[..]) {
            // `_` is a sign of the grammar, not a name; a minus stands in front of its number.
            ("case_pattern", []) => Asked::Anything,
            ("case_pattern", [only]) if matches!(only.kind(), "integer" | "float") => {
                let number = self.expr(*only);
                let kind = match self.source(node).starts_with('-') {
                    true => ExprKind::Negate(Box::new(number)),
                    false => number.kind,
                };
                Asked::Literals(vec![Expr::new(span(node), kind)])
            }
            ("case_pattern", [only]) => self.case_pattern(*only, binds),
            ("dotted_name", [name]) => {
                let text = self.source(*name);
                if text != "_" {
                    binds.push((text.to_owned(), span(*name)));
                }
                Asked::Anything
            }
            ("dotted_name", [first, rest @ ..]) => {
                let mut path = self.expr(*first);
                for name in rest.iter().take(super::MAX_NESTING) {
                    path = Expr::new(
                        path.span.to(span(*name)),
                        ExprKind::Attribute {
                            object: Box::new(path),
                            name: self.source(*name).to_owned(),
                            name_span: span(*name),
                        },
                    );
                }
                Asked::Literals(vec![path])
            }
            ("union_pattern", _) => self.union_pattern(node, &inside, binds),
            ("tuple_pattern", [only]) if !super::has_token(node, ",") => {
                self.case_pattern(*only, binds)
            }
            ("as_pattern", [pattern, name, ..]) => {
                let asked = self.case_pattern(*pattern, binds);
                binds.push((self.source(*name).to_owned(), span(*name)));
                asked
            }
            (
                "string" | "concatenated_string" | "true" | "false" | "none" | "integer" | "float",
                _,
            ) => Asked::Literals(vec![self.expr(node)]),
            _ => {
                self.structure_binds(node, &inside, binds);
                Asked::Literals(vec![opaque(node, Vec::new())])
            }
        }
    }

    fn union_pattern(
        &mut self,
        node: Node,
        inside: &[Node],
        binds: &mut Vec<(String, Span)>,
    ) -> Asked {
        if super::has_token(node, "_") {
            return Asked::Anything;
        }
        let mut tests = Vec::new();
        for part in inside {
            match self.case_pattern(*part, binds) {
                Asked::Anything => return Asked::Anything,
                Asked::Literals(literals) => tests.extend(literals),
            }
        }
        // The sign of a negative number is not a part of its own here, so such a union is not decided.
        if super::has_token(node, "-") {
            return Asked::Literals(vec![opaque(node, Vec::new())]);
        }
        Asked::Literals(tests)
    }

    /// The names that a class, list or mapping pattern binds.
    fn structure_binds(&mut self, node: Node, inside: &[Node], binds: &mut Vec<(String, Span)>) {
        let named = match node.kind() {
            "class_pattern" => 1,
            "keyword_pattern" => 1,
            _ => 0,
        };
        for part in inside.iter().skip(named) {
            if node.kind() == "splat_pattern" && part.kind() == "identifier" {
                binds.push((self.source(*part).to_owned(), span(*part)));
            } else {
                self.case_pattern(*part, binds);
            }
        }
    }
}
