//! TypeScript, TSX and JavaScript -> IR, over a tree of tree-sitter. Types are dropped, broken syntax is opaque with what
//! could be read inside it, and nothing recurses without a guard. Knows no SDK and gives no meaning to names.

mod classes;
mod expressions;
mod functions;
mod jsx;
mod literals;
mod masks;
mod modules;
mod operators;
mod patterns;
mod statements;
mod switch;
mod syntax;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tree_sitter::{Node, Tree};

pub use self::syntax::parse as syntax;
use super::ir::{Expr, FunctionId, Language, Module, Stmt};
use super::MAX_NESTING;
use crate::source::{SourceFile, Span};

/// Lowers a file of TypeScript, TSX or JavaScript; its extension chooses the grammar. `before`: the tree of an earlier
/// text, with what differs marked. Returns that of this one where nothing is broken in it.
pub fn lower(file: &SourceFile, before: Option<&Tree>) -> (Module, Option<Tree>) {
    let mut lowering = Lowering {
        source: &file.text,
        path: &file.path,
        module: Module::empty(Language::JavaScript),
        scope: Scope::default(),
        depth: 0,
        nodes: 0,
        copied: 0,
    };
    let Some((tree, sound)) = syntax::parse(file, before) else {
        return (lowering.module, None);
    };
    let survey = syntax::survey(&tree, &file.text);
    lowering.module.comments = survey.comments;
    lowering.module.problems = survey.problems;
    let mut body = Vec::new();
    lowering.block(tree.root_node(), &mut body);
    lowering.module.body = body;
    (lowering.module, sound.then_some(tree))
}

struct Lowering<'s> {
    source: &'s str,
    path: &'s Arc<str>,
    module: Module,
    scope: Scope,
    /// How many expressions and statements the current node stands in.
    depth: usize,
    /// Expressions and statements so far, copies included.
    nodes: usize,
    /// Of them, copies made for arms that fall through.
    copied: usize,
}

/// What belongs to the function that is being lowered.
#[derive(Default)]
struct Scope {
    function: Option<FunctionId>,
    yields: bool,
    /// Yields found inside the current statement's expressions; they go in front of it.
    hoisted: Vec<Stmt>,
}

impl<'s> Lowering<'s> {
    fn text(&self, node: Node) -> &'s str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    /// Runs `inner` one level deeper, or gives nothing where the nesting ends.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.nodes += 1;
        if self.depth >= MAX_NESTING {
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }

    /// The statements of a block or of a file.
    fn block(&mut self, node: Node, out: &mut Vec<Stmt>) {
        for child in parts(node) {
            self.statement(child, out);
        }
    }

    /// An optional expression field.
    fn field_expr(&mut self, node: Node, name: &str) -> Option<Expr> {
        field(node, name).map(|value| self.expr(value))
    }
}

fn span(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// The named children without comments.
fn parts(node: Node) -> Vec<Node> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !is_comment(*child))
        .collect()
}

/// The first named child that is neither a comment nor broken syntax, else the first broken one.
fn first_part(node: Node) -> Option<Node> {
    let mut cursor = node.walk();
    let mut broken = None;
    for child in node.named_children(&mut cursor) {
        if is_comment(child) {
            continue;
        }
        if !child.is_error() {
            return Some(child);
        }
        broken = broken.or(Some(child));
    }
    broken
}

fn is_comment(node: Node) -> bool {
    node.is_extra() && !node.is_error()
}

/// Whether a keyword or sign stands directly in a node.
fn has_token(node: Node, token: &str) -> bool {
    let mut cursor = node.walk();
    let found = node
        .children(&mut cursor)
        .any(|child| !child.is_named() && child.kind() == token);
    found
}

/// The expression inside parentheses and type annotations, which mean nothing at run time.
fn peel(mut node: Node) -> Node {
    loop {
        let inner = match node.kind() {
            "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "instantiation_expression" => first_part(node),
            "type_assertion" => parts(node).last().copied(),
            _ => None,
        };
        let Some(inner) = inner else { return node };
        node = inner;
    }
}
