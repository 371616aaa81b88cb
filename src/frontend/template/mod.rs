//! Template languages: one tolerant lexer with a dialect table (`dialect.rs`), one tree (`tree.rs`), one parser of tag
//! contents per language. All spans of a tree are source spans, taken through the map of the text that was parsed.

mod build;
pub mod dialect;
mod expr;
mod handlebars;
mod jinja;
mod lexer;
mod scan;
pub mod tree;

use std::cell::RefCell;

use self::build::{Action, Builder};
use self::dialect::{Dialect, TagKind};
use self::expr::Parser;
use self::lexer::LexemeKind;
use self::tree::{Expr, Node, Tree};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// Parses a template. Never fails: what cannot be understood is literal text (or an opaque expression) and a problem.
pub fn parse(text: &Text, dialect: Dialect) -> Tree {
    let src = text.as_str();
    let mut builder = Builder::new(text);
    for lexeme in lexer::lex(src, dialect.syntax()) {
        let (from, to) = (lexeme.from, lexeme.to);
        match lexeme.kind {
            LexemeKind::Text => builder.text(text.slice(lexeme.inner.0, lexeme.inner.1)),
            LexemeKind::Escaped(meant) => {
                builder.text(Text::opaque(&text.path, text.span(from, to), meant));
            }
            LexemeKind::Silent => {}
            LexemeKind::Unclosed => {
                let message = format!("`{}` is not closed", &src[from..to]);
                builder.degrade(message, Some("it is read as text".into()), from, to);
            }
            LexemeKind::Tag(TagKind::Comment) => builder.node(Node::Comment {
                text: src[lexeme.inner.0..lexeme.inner.1].to_string(),
                span: text.span(from, to),
            }),
            LexemeKind::Tag(kind) => {
                let tag = Tag {
                    text,
                    kind,
                    whole: (from, to),
                    inner: lexeme.inner,
                    problems: RefCell::default(),
                };
                let action = tag_action(&tag, dialect);
                for problem in tag.problems.into_inner() {
                    builder.problem(problem);
                }
                builder.apply(action, from, to);
            }
        }
    }
    builder.finish()
}

fn tag_action(tag: &Tag, dialect: Dialect) -> Action {
    match dialect {
        Dialect::Jinja => jinja::action(tag),
        Dialect::Handlebars | Dialect::Dotprompt | Dialect::Mustache => {
            handlebars::action(tag, dialect)
        }
        _ => Action::Text("no such tag".into(), None),
    }
}

/// A tag as a dialect's parser sees it.
struct Tag<'a> {
    text: &'a Text,
    kind: TagKind,
    /// Byte ranges of the decoded text: with and without delimiters.
    whole: (usize, usize),
    inner: (usize, usize),
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Tag<'a> {
    fn span(&self) -> Span {
        self.text.span(self.whole.0, self.whole.1)
    }

    fn content(&self) -> &'a str {
        &self.text.as_str()[self.inner.0..self.inner.1]
    }

    fn problem(&self, message: String) {
        let problem = Problem::new(self.span(), message);
        self.problems.borrow_mut().push(problem);
    }

    /// The expression, or the whole content as an opaque one where words are left over or wrong.
    fn checked(&self, parser: &Parser, expr: Expr) -> Expr {
        match &parser.error {
            Some(error) => self.problem(format!("{error} in an output")),
            None if !parser.done() => {
                self.problem("unexpected words behind the value of an output".into());
            }
            None => return expr,
        }
        self.opaque()
    }

    fn opaque(&self) -> Expr {
        let kind = tree::ExprKind::Opaque(self.content().trim().to_string());
        Expr::new(kind, self.text.span(self.inner.0, self.inner.1))
    }
}
