//! The one template tree that every dialect is parsed into. It keeps the structure of the source and decides
//! nothing: names are not looked up, includes are not read, roles are not split here.

use crate::source::{Span, Text};

/// A piece of a template.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// Literal text as it is sent: escapes decoded, whitespace control applied.
    Text(Text),
    /// `{{ expr }}`
    Output { expr: Expr, span: Span },
    /// if / elif / else, unless (its condition negated), case / when. An arm without condition is `else`.
    If { arms: Vec<Arm>, span: Span },
    /// for / each / range / a Mustache section that may repeat.
    For(Box<For>),
    /// `{% set x = expr %}`, `{% assign %}`, `{{ $x := expr }}`.
    Set {
        name: String,
        value: Expr,
        span: Span,
    },
    /// `{% set x %}..{% endset %}`, `{% capture x %}`.
    Capture {
        name: String,
        body: Vec<Node>,
        span: Span,
    },
    /// A macro or an inline partial: a named body with parameters. Renders nothing where it stands.
    Macro {
        name: String,
        params: Vec<(String, Option<Expr>)>,
        body: Vec<Node>,
        span: Span,
    },
    /// `{% call(args) m(...) %}body{% endcall %}`: `callee` is the call, `body` its `caller(args)`.
    CallBlock {
        params: Vec<(String, Option<Expr>)>,
        callee: Expr,
        body: Vec<Node>,
        span: Span,
    },
    /// include, render, partial, template: another template in place.
    Include(Include),
    /// `{% extends "base" %}`
    Extends { target: Expr, span: Span },
    /// `{% import "x" as m %}` (names empty) or `{% from "x" import a as b %}`: (exported, local).
    Import {
        target: Expr,
        alias: Option<String>,
        names: Vec<(String, String)>,
        span: Span,
    },
    /// `{% block name %}..{% endblock %}`, Handlebars inline block, Go `{{block}}`.
    Block {
        name: String,
        body: Vec<Node>,
        span: Span,
    },
    /// A scope that binds names: `{% with a = b %}`, `{{#with x}}`, `{{#each}}` context without loop.
    With {
        bindings: Vec<(String, Expr)>,
        body: Vec<Node>,
        span: Span,
    },
    /// A block whose body passes through a filter or an unknown block helper; the body is still sent in some form.
    Wrapped {
        name: String,
        args: Vec<Expr>,
        body: Vec<Node>,
        span: Span,
    },
    /// Dotprompt `{{role "system"}}`: switches the message section from here on.
    Role { role: String, span: Span },
    /// Dotprompt `{{history}}`.
    History { span: Span },
    /// `{{media url=x}}`.
    Media { source: Option<Expr>, span: Span },
    /// A comment of the dialect, for suppressions; nothing is sent.
    Comment { text: String, span: Span },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    pub condition: Option<Expr>,
    pub body: Vec<Node>,
    /// The span of the tag that opens the arm.
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub struct For {
    /// Names bound by the loop: `for k, v in ..`; empty where the dialect binds the context itself (`each`, Mustache).
    pub targets: Vec<String>,
    pub iter: Expr,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
    /// The whole loop.
    pub span: Span,
    /// The opening tag.
    pub head: Span,
    /// Mustache `{{#x}}`: may be a condition or a loop; only the value tells.
    pub maybe_condition: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Include {
    /// What is included; a literal string where the name is static. For a list of candidates an `Expr::List`.
    pub target: Expr,
    /// Explicit arguments: `{% include "x" with a=b %}`, `{{> p a=b}}`, `{% render "x", a: b %}`.
    pub bindings: Vec<(String, Expr)>,
    /// The body of a Handlebars partial block (its fallback content).
    pub fallback: Vec<Node>,
    pub ignore_missing: bool,
    /// Whether the included template sees the outer names (Liquid `render` does not).
    pub isolated: bool,
    /// Blanks that every line of the included text gets in front (a Handlebars partial alone on its line).
    pub indent: String,
    pub span: Span,
}

/// An expression of a template language. What a dialect has beyond this is `Opaque`.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A string literal.
    Str(String),
    Number(f64),
    Bool(bool),
    None,
    /// A root name: `user_name`; `@root.x` and `this.x` arrive as names with attributes, `.X` of Go as name `X`.
    Name(String),
    Attr(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    /// `x[a:b:c]`
    Slice(
        Box<Expr>,
        Option<Box<Expr>>,
        Option<Box<Expr>>,
        Option<Box<Expr>>,
    ),
    Call(Box<Expr>, Vec<Expr>, Vec<(String, Expr)>),
    /// `x | name(args)`
    Filter(Box<Expr>, String, Vec<Expr>, Vec<(String, Expr)>),
    /// `x is name(args)`; `negated` for `is not`.
    Test(Box<Expr>, String, Vec<Expr>, bool),
    /// Arithmetic, comparison, `and`, `or`, `in`, `~`: the operator as written in the dialect's words.
    Binary(String, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    /// `a if c else b`: (condition, then, else).
    Ternary(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// Source text that was not understood.
    Opaque(String),
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// The root name of a path: `user` of `user.profile["x"]`, also through filters.
    pub fn root_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            ExprKind::Attr(inner, _)
            | ExprKind::Index(inner, _)
            | ExprKind::Slice(inner, ..)
            | ExprKind::Filter(inner, ..)
            | ExprKind::Not(inner) => inner.root_name(),
            ExprKind::Call(callee, ..) => callee.root_name(),
            _ => None,
        }
    }

    /// The dotted path as written, if it is one: `ctx.ticket.id`.
    pub fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Attr(inner, attr) => Some(format!("{}.{attr}", inner.dotted()?)),
            _ => None,
        }
    }

    /// Every root name that the expression reads, in order, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.visit_names(&mut out);
        out
    }

    fn visit_names<'a>(&'a self, out: &mut Vec<&'a str>) {
        match &self.kind {
            ExprKind::Name(name) => {
                if !out.contains(&name.as_str()) {
                    out.push(name);
                }
            }
            ExprKind::Attr(inner, _) | ExprKind::Not(inner) => inner.visit_names(out),
            ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
                a.visit_names(out);
                b.visit_names(out);
            }
            ExprKind::Slice(inner, a, b, c) => {
                inner.visit_names(out);
                for part in [a, b, c].into_iter().flatten() {
                    part.visit_names(out);
                }
            }
            ExprKind::Call(callee, args, named) | ExprKind::Filter(callee, _, args, named) => {
                callee.visit_names(out);
                args.iter()
                    .chain(named.iter().map(|(_, v)| v))
                    .for_each(|e| e.visit_names(out));
            }
            ExprKind::Test(inner, _, args, _) => {
                inner.visit_names(out);
                args.iter().for_each(|e| e.visit_names(out));
            }
            ExprKind::Ternary(c, a, b) => {
                c.visit_names(out);
                a.visit_names(out);
                if let Some(b) = b {
                    b.visit_names(out);
                }
            }
            ExprKind::List(items) => items.iter().for_each(|e| e.visit_names(out)),
            ExprKind::Map(items) => items.iter().for_each(|(k, v)| {
                k.visit_names(out);
                v.visit_names(out);
            }),
            ExprKind::Str(_)
            | ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Opaque(_) => {}
        }
    }
}

/// A parsed template.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    pub problems: Vec<super::super::Problem>,
}

impl Node {
    /// The source span of the whole node.
    pub fn span(&self) -> Span {
        match self {
            Node::Text(text) => text.whole().span,
            Node::For(each) => each.span,
            Node::Include(include) => include.span,
            Node::Output { span, .. }
            | Node::If { span, .. }
            | Node::Set { span, .. }
            | Node::Capture { span, .. }
            | Node::Macro { span, .. }
            | Node::CallBlock { span, .. }
            | Node::Extends { span, .. }
            | Node::Import { span, .. }
            | Node::Block { span, .. }
            | Node::With { span, .. }
            | Node::Wrapped { span, .. }
            | Node::Role { span, .. }
            | Node::History { span }
            | Node::Media { span, .. }
            | Node::Comment { span, .. } => *span,
        }
    }
}

impl Tree {
    /// Every comment of the template, in order, with its text as the dialect delimits it.
    pub fn comments(&self) -> Vec<(Span, String)> {
        let mut out = Vec::new();
        collect_comments(&self.nodes, &mut out);
        out
    }
}

fn collect_comments(nodes: &[Node], out: &mut Vec<(Span, String)>) {
    for node in nodes {
        match node {
            Node::Comment { text, span } => out.push((*span, text.clone())),
            Node::If { arms, .. } => arms.iter().for_each(|arm| collect_comments(&arm.body, out)),
            Node::For(node) => {
                collect_comments(&node.body, out);
                collect_comments(&node.otherwise, out);
            }
            Node::Include(include) => collect_comments(&include.fallback, out),
            Node::Capture { body, .. }
            | Node::Macro { body, .. }
            | Node::CallBlock { body, .. }
            | Node::Block { body, .. }
            | Node::With { body, .. }
            | Node::Wrapped { body, .. } => collect_comments(body, out),
            _ => {}
        }
    }
}
