//! Python -> IR: every construct of Python 3.12, and enough of Python 2 not to lose a file. Syntax errors give one
//! problem per file; what is not understood is opaque with the expressions it holds. Knows nothing of prompts.

use tree_sitter::{Node, Parser, Tree};

use super::ir::{ClassId, Expr, ExprKind, FunctionId, Language, Module};
use super::MAX_NESTING;
use crate::frontend::{Problem, DIRECTIVE};
use crate::source::{SourceFile, Span};

mod comprehensions;
mod definitions;
mod expressions;
mod imports;
mod matches;
mod operators;
mod patterns;
mod statements;
mod strings;
#[cfg(test)]
mod tests;

/// Lowers a file of Python. `before`: the tree of an earlier text, with what differs marked. Returns this one's too.
pub fn lower(file: &SourceFile, before: Option<&Tree>) -> (Module, Option<Tree>) {
    let mut module = Module::empty(Language::Python);
    let Some(tree) = syntax(file, before) else {
        let problem = Problem::new(Span::default(), "the Python parser could not run");
        module.problems.push(problem);
        return (module, None);
    };
    let root = tree.root_node();
    let mut lowering = Lowering {
        file,
        text: &file.text,
        module,
        depth: 0,
        scope: Scope::default(),
    };
    if file.text.contains(DIRECTIVE) {
        lowering.comments(root);
    }
    lowering.problem(root);
    lowering.module.body = lowering.statements(root);
    (lowering.module, Some(tree))
}

/// The tree of a file. `before`: that of an earlier text, with what differs marked.
pub fn syntax(file: &SourceFile, before: Option<&Tree>) -> Option<Tree> {
    let mut parser = Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    parser.set_language(&language).ok()?;
    // What was broken is most likely still: then an earlier tree is of no use.
    let before = before.filter(|before| !before.root_node().has_error());
    let tree = parser.parse(file.text.as_bytes(), before)?;
    match before {
        // What is broken is mended from where the parser comes: of that no earlier text may show.
        Some(_) if tree.root_node().has_error() => parser.parse(file.text.as_bytes(), None),
        _ => Some(tree),
    }
}

/// What surrounds the node being lowered.
#[derive(Clone, Copy, Default)]
struct Scope {
    function: Option<FunctionId>,
    /// The class whose body it is; none inside a method.
    class: Option<ClassId>,
}

struct Lowering<'a> {
    file: &'a SourceFile,
    text: &'a str,
    module: Module,
    /// Expressions and blocks open around the node being lowered.
    depth: usize,
    scope: Scope,
}

impl<'a> Lowering<'a> {
    fn source(&self, node: Node) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Runs a step one level deeper; none where the nesting is beyond the bound.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_NESTING {
            return None;
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        Some(result)
    }

    /// Comments stand anywhere in the tree, so the tree is walked for them once.
    fn comments(&mut self, root: Node) {
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            if node.kind() == "comment" {
                let text = self.source(node).trim_end_matches('\r');
                let span = Span::new(node.start_byte(), node.start_byte() + text.len());
                let text = text.strip_prefix('#').unwrap_or(text).to_owned();
                self.module.comments.push((span, text));
            } else if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// The first place that is not Python.
    fn problem(&mut self, root: Node) {
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            if node.is_missing() {
                let at = Span::new(node.start_byte(), node.end_byte());
                let message = match node.kind() {
                    "identifier" => "not valid Python: a name is missing".to_owned(),
                    sign if !node.is_named() => format!("not valid Python: `{sign}` is missing"),
                    _ => "not valid Python: something is missing".to_owned(),
                };
                return self.report(at, message);
            }
            if node.is_error() {
                let line = self.file.line_span(self.file.line_index(node.start_byte()));
                let end = node.end_byte().min(line.end).max(node.start_byte());
                let at = Span::new(node.start_byte(), end);
                return self.report(at, "not valid Python: this is not understood".to_owned());
            }
            if node.has_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    fn report(&mut self, span: Span, message: String) {
        let problem =
            Problem::new(span, message).with_help("the rest of the file is still checked");
        self.module.problems.push(problem);
    }
}

fn span(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The named children, without comments and line continuations.
fn parts<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    let children = node.named_children(&mut cursor);
    children.filter(|child| !is_filler(*child)).collect()
}

/// As `parts`, without what the parser skipped: for nodes whose children have fixed places.
fn sound_parts<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut children = parts(node);
    children.retain(|child| !child.is_error());
    children
}

fn first_part<'t>(node: Node<'t>) -> Option<Node<'t>> {
    let mut cursor = node.walk();
    let mut children = node.named_children(&mut cursor);
    children.find(|child| !is_filler(*child) && !child.is_error())
}

fn is_filler(node: Node) -> bool {
    node.is_extra() && matches!(node.kind(), "comment" | "line_continuation")
}

fn has_token(node: Node, token: &str) -> bool {
    let mut cursor = node.walk();
    let mut children = node.children(&mut cursor);
    children.any(|child| child.kind() == token)
}

fn opaque(node: Node, inside: Vec<Expr>) -> Expr {
    Expr::new(span(node), ExprKind::Opaque(inside))
}
