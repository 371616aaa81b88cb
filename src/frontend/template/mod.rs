//! Template languages: one tolerant lexer with a dialect table (`dialect.rs`), one tree (`tree.rs`), one parser of tag
//! contents per language. All spans of a tree are source spans, taken through the map of the text that was parsed.

mod build;
mod cursor;
pub mod dialect;
mod erb;
mod expr;
mod fields;
mod go;
mod handlebars;
mod jinja;
mod lexer;
mod liquid;
mod scan;
mod semantic_kernel;
pub mod tree;
mod trim;

use std::cell::RefCell;

use self::build::{Action, Builder};
use self::dialect::{Dialect, TagKind};
use self::expr::{Host, Parser};
use self::lexer::LexemeKind;
use self::tree::{Expr, Node, Tree};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// Parses a template. Never fails: what cannot be understood is literal text (or an opaque expression) and a problem.
pub fn parse(text: &Text, dialect: Dialect) -> Tree {
    let mut builder = Builder::new(text);
    match dialect {
        Dialect::Braces => fields::braces(text, &mut builder),
        Dialect::Dollar => fields::dollar(text, &mut builder),
        _ => tags(text, dialect, &mut builder),
    }
    builder.finish()
}

/// A part of a template as it is cut, before tags are understood.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// Literal text: escapes decoded, whitespace control applied.
    Text(Text),
    /// `{{ .. }}`
    Output(Span),
    /// `{% .. %}`, and tags of dialects that do not tell outputs from statements.
    Statement(Span),
    Comment(Span),
    /// Around verbatim text, or a change of delimiters.
    Silent(Span),
}

/// How a template is cut into literal text and tags. Unclosed tags are text. Empty texts are left out.
pub fn parts(text: &Text, dialect: Dialect) -> Vec<Part> {
    let lexemes = lexer::lex(text.as_str(), dialect.syntax());
    let part = |lexeme: lexer::Lexeme| {
        let span = text.span(lexeme.from, lexeme.to);
        match lexeme.kind {
            LexemeKind::Text | LexemeKind::Unclosed => {
                Part::Text(text.slice(lexeme.inner.0, lexeme.inner.1))
            }
            LexemeKind::Escaped(meant) => Part::Text(Text::opaque(&text.path, span, meant)),
            LexemeKind::Tag(TagKind::Comment) => Part::Comment(span),
            LexemeKind::Tag(TagKind::Output) => Part::Output(span),
            LexemeKind::Tag(_) => Part::Statement(span),
            LexemeKind::Silent => Part::Silent(span),
        }
    };
    let parts = lexemes.into_iter().map(part);
    parts
        .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()))
        .collect()
}

fn tags(text: &Text, dialect: Dialect, builder: &mut Builder) {
    let src = text.as_str();
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
                let inner = lexeme.inner;
                let indent = &src[lexeme.indent_from.unwrap_or(from)..from];
                let lines = match dialect {
                    Dialect::Liquid if kind == TagKind::Statement => liquid_lines(src, inner),
                    _ => None,
                };
                match lines {
                    Some(lines) => lines.into_iter().for_each(|line| {
                        let tag = Tag::new(text, TagKind::Statement, line, line);
                        apply_tag(tag, dialect, builder);
                    }),
                    None => {
                        let tag = Tag::new(text, kind, (from, to), inner);
                        apply_tag(Tag { indent, ..tag }, dialect, builder);
                    }
                }
            }
        }
    }
}

fn apply_tag(tag: Tag, dialect: Dialect, builder: &mut Builder) {
    let whole = tag.whole;
    let action = tag_action(&tag, dialect);
    for problem in tag.problems.into_inner() {
        builder.problem(problem);
    }
    builder.apply(action, whole.0, whole.1);
}

/// The statements of `{% liquid .. %}`, one a line.
fn liquid_lines(src: &str, inner: (usize, usize)) -> Option<Vec<(usize, usize)>> {
    let content = &src[inner.0..inner.1];
    let rest = content.trim_start().strip_prefix("liquid")?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let mut at = inner.1 - rest.len();
    let mut lines = Vec::new();
    for line in rest.split('\n') {
        let from = at + line.len() - line.trim_start().len();
        let to = at + line.trim_end().len();
        if from < to {
            lines.push((from, to));
        }
        at += line.len() + 1;
    }
    Some(lines)
}

fn tag_action(tag: &Tag, dialect: Dialect) -> Action {
    match dialect {
        Dialect::Jinja => jinja::action(tag),
        Dialect::Handlebars | Dialect::Dotprompt | Dialect::Mustache => {
            handlebars::action(tag, dialect)
        }
        Dialect::Liquid => liquid::action(tag),
        Dialect::GoTemplate => go::action(tag),
        Dialect::SemanticKernel => semantic_kernel::action(tag),
        Dialect::Erb => erb::action(tag, Host::Ruby),
        Dialect::Ejs => erb::action(tag, Host::Script),
        Dialect::Braces | Dialect::Dollar | Dialect::Plain => {
            Action::Text("a tag in a language without tags".into(), None)
        }
    }
}

/// A tag as a dialect's parser sees it.
struct Tag<'a> {
    text: &'a Text,
    kind: TagKind,
    /// Byte ranges of the decoded text: with and without delimiters.
    whole: (usize, usize),
    inner: (usize, usize),
    /// The blanks in front of a tag that stands alone on its line.
    indent: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Tag<'a> {
    fn new(text: &'a Text, kind: TagKind, whole: (usize, usize), inner: (usize, usize)) -> Self {
        Tag {
            text,
            kind,
            whole,
            inner,
            indent: "",
            problems: RefCell::default(),
        }
    }

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

#[cfg(test)]
mod tests;
