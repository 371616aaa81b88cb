//! `switch`: arms with what they fall through to.

use tree_sitter::Node;

use super::{field, is_comment, span, Lowering};
use crate::frontend::code::ir::{Expr, MatchArm, Stmt, StmtKind};
use crate::source::Span;

/// Nodes that a file's arms may copy from the arms that they fall through to.
const COPIES: usize = 50_000;

/// One `case` as written.
struct Case {
    span: Span,
    /// Nothing for `default`.
    test: Option<Expr>,
    body: Vec<Stmt>,
    /// Nodes of the body.
    size: usize,
}

impl Lowering<'_> {
    pub fn switch(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let Some(value) = field(node, "value") else {
            return;
        };
        let subject = self.value_behind_effects(value, out);
        let mut cases = Vec::new();
        if let Some(body) = field(node, "body") {
            for child in super::parts(body) {
                cases.extend(self.case(child));
            }
        }
        let arms = self.arms(cases);
        out.push(Stmt {
            span: span(node),
            kind: StmtKind::Match { subject, arms },
        });
    }

    fn case(&mut self, node: Node) -> Option<Case> {
        if !matches!(node.kind(), "switch_case" | "switch_default") {
            return None;
        }
        let test = self.field_expr(node, "value");
        let before = self.nodes;
        let mut body = Vec::new();
        let mut cursor = node.walk();
        for child in node.children_by_field_name("body", &mut cursor) {
            if child.is_named() && !is_comment(child) {
                self.statement(child, &mut body);
            }
        }
        Some(Case {
            span: span(node),
            test,
            body,
            size: self.nodes - before,
        })
    }

    fn arms(&mut self, cases: Vec<Case>) -> Vec<MatchArm> {
        let mut arms: Vec<MatchArm> = Vec::new();
        let mut next_size = 0;
        // From the last to the first, so that what is fallen through to is complete.
        for mut case in cases.into_iter().rev() {
            if case.body.is_empty() {
                // `case 1: case 2:` is one arm with two tests, but `default` stands alone.
                if let (Some(arm), Some(_)) = (arms.last_mut(), &case.test) {
                    if !arm.tests.is_empty() {
                        arm.tests.splice(0..0, case.test);
                        arm.span = arm.span.to(case.span);
                        continue;
                    }
                }
            }
            if !ends(&case.body) && self.copied + next_size <= COPIES {
                if let Some(next) = arms.last() {
                    case.body.extend(next.body.iter().cloned());
                    case.size += next_size;
                    self.copied += next_size;
                    self.nodes += next_size;
                }
            }
            next_size = case.size;
            arms.push(MatchArm {
                span: case.span,
                tests: case.test.into_iter().collect(),
                binds: Vec::new(),
                body: case.body,
            });
        }
        for arm in &mut arms {
            leave_out_break(&mut arm.body);
        }
        arms.reverse();
        arms
    }
}

/// Whether statements never run on into the next arm.
fn ends(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break | StmtKind::Continue | StmtKind::Return(_) | StmtKind::Raise => true,
        StmtKind::Block(inner) => ends(inner),
        StmtKind::If {
            then, otherwise, ..
        } => ends(then) && ends(otherwise),
        StmtKind::Try { body, handlers, .. } => {
            ends(body) && handlers.iter().all(|handler| ends(handler))
        }
        _ => false,
    })
}

/// The `break` at the end of an arm is of the switch and says nothing more.
fn leave_out_break(body: &mut Vec<Stmt>) {
    let at = body
        .iter()
        .position(|stmt| matches!(stmt.kind, StmtKind::Break));
    if let Some(at) = at {
        body.truncate(at);
    }
    if let Some(Stmt {
        kind: StmtKind::Block(inner),
        ..
    }) = body.last_mut()
    {
        leave_out_break(inner);
    }
}
