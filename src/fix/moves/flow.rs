//! A text that is put together from expressions of code: flat, with what each part of it is in the source.

use std::sync::Arc;

use super::canvas::{Canvas, Frame, Hole, HoleKind, Item, Seg};
use super::code::is_no_text;
use super::owner::value_hole;
use super::reach::called;
use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, FormatPart};
use crate::source::{SourceFile, Span, Text};

/// A text that is being put together from expressions.
pub struct Flow<'a> {
    file: &'a Arc<SourceFile>,
    text: Text,
    holes: Vec<Hole>,
    pub segs: Vec<Seg>,
    items: Vec<Item>,
    bound: Vec<(usize, Vec<String>)>,
}

impl<'a> Flow<'a> {
    pub fn new(file: &'a Arc<SourceFile>) -> Flow<'a> {
        Flow {
            file,
            text: Text::empty(&file.path),
            holes: Vec::new(),
            segs: Vec::new(),
            items: Vec::new(),
            bound: Vec::new(),
        }
    }

    pub fn canvas(self, frame: Frame) -> Option<Canvas> {
        let first = self.segs.iter().find(|seg| seg.literal.is_some());
        let lines =
            first.is_some_and(|seg| self.file.text[seg.outer.start..seg.outer.end].contains('\n'));
        let raw = lines
            && first
                .and_then(|seg| seg.literal.as_ref())
                .is_some_and(|(_, open, _)| many_lines(open));
        (!self.text.is_empty()).then(|| Canvas {
            file: self.file.clone(),
            region: 0..self.text.len(),
            text: self.text,
            holes: self.holes,
            default_break: if raw { "\n" } else { "\\n" },
            frame,
            segs: self.segs,
            items: self.items,
            bound: self.bound,
        })
    }

    /// An item of a list, on lines of its own.
    pub fn item(&mut self, expr: &Expr, spread: bool) -> Option<()> {
        self.separate(expr.span.start);
        let start = self.text.len();
        let index = self.items.len();
        let written = &self.file.text[..expr.span.start];
        let dots = if spread {
            written.len() - written.trim_end_matches(['.', '*']).len()
        } else {
            0
        };
        let span = match spread {
            true => Span::new(expr.span.start - dots, expr.span.end),
            false => self.bracketed(expr.span),
        };
        if spread {
            self.operand(expr, index);
        } else {
            self.add(expr, index)?;
        }
        self.items.push(Item {
            at: start..self.text.len(),
            span,
            movable: true,
        });
        Some(())
    }

    /// A statement that adds an expression to a text.
    pub fn statement(
        &mut self,
        span: Span,
        exprs: &[&Expr],
        block: bool,
        movable: bool,
        apart: bool,
    ) -> Option<()> {
        if apart {
            self.separate(span.start);
        }
        let start = self.text.len();
        let index = self.items.len();
        if block {
            let opaque = Expr::opaque(span);
            self.operand(&opaque, index);
            let stable = exprs.iter().map(|expr| literal_bytes(expr)).sum();
            if let Some(hole) = self.holes.last_mut() {
                hole.kind = HoleKind::Block;
                hole.stable = stable;
                hole.reads = exprs.iter().flat_map(|expr| called(expr)).collect();
            }
        } else {
            for expr in exprs {
                self.add(expr, index)?;
            }
        }
        self.items.push(Item {
            at: start..self.text.len(),
            span,
            movable,
        });
        Some(())
    }

    /// What runs between statements and binds names.
    pub fn between(&mut self, names: Vec<String>) {
        if !names.is_empty() {
            self.bound.push((self.text.len(), names));
        }
    }

    fn separate(&mut self, at: usize) {
        if !self.text.is_empty() || !self.items.is_empty() {
            self.text.push_opaque("\n", Span::new(at, at));
        }
    }

    /// Flattens an expression. `None`: a literal that cannot be taken apart.
    pub fn add(&mut self, expr: &Expr, item: usize) -> Option<()> {
        match &expr.kind {
            ExprKind::Binary {
                op: BinaryOp::Add,
                left,
                right,
            } => {
                for part in [left, right] {
                    let sum = matches!(part.kind, ExprKind::Binary { .. });
                    // What stands in brackets of its own goes with them.
                    match sum && self.bracketed(part.span) != part.span {
                        true => self.operand(part, item),
                        false => self.add(part, item)?,
                    }
                }
                Some(())
            }
            ExprKind::Text(text) if text.is_empty() => Some(()),
            ExprKind::Text(text) => {
                let mut parts = Vec::new();
                signs(text, &mut parts);
                self.literals(expr, parts, item)
            }
            ExprKind::Format(format) => {
                let mut parts = Vec::new();
                for part in format {
                    match part {
                        FormatPart::Text(text) => signs(text, &mut parts),
                        FormatPart::Value { expr, span, .. } => {
                            parts.push((
                                self.file.text.get(span.start..span.end)?.to_string(),
                                *span,
                                Some(called(expr)),
                            ));
                        }
                    }
                }
                self.literals(expr, parts, item)
            }
            _ if is_no_text(expr) => None,
            _ => {
                self.operand(expr, item);
                Some(())
            }
        }
    }

    /// An expression with the brackets around it alone.
    fn bracketed(&self, span: Span) -> Span {
        let text = &self.file.text;
        let mut span = span;
        loop {
            let (front, behind) = (text[..span.start].trim_end(), &text[span.end..]);
            let gap = behind.len() - behind.trim_start().len();
            let before = front.strip_suffix('(').filter(|before| {
                // Those of a call are its own.
                !before.ends_with(|sign: char| sign.is_alphanumeric() || "_)]".contains(sign))
            });
            match before.filter(|_| behind[gap..].starts_with(')')) {
                Some(before) => span = Span::new(before.len(), span.end + gap + 1),
                None => return span,
            }
        }
    }

    fn operand(&mut self, expr: &Expr, item: usize) {
        let span = self.bracketed(expr.span);
        let start = self.text.len();
        let source = &self.file.text[span.start..span.end];
        self.text.push_verbatim(source, span.start);
        let stable = literal_bytes(expr);
        self.holes.push(Hole {
            kind: if stable > 0 {
                HoleKind::Block
            } else {
                HoleKind::Value
            },
            stable,
            ..value_hole(start..self.text.len(), called(expr))
        });
        self.segs.push(Seg {
            at: start..self.text.len(),
            outer: span,
            literal: None,
            item,
        });
    }

    /// The literals that one expression is written as: one, or several next to each other.
    fn literals(&mut self, expr: &Expr, parts: Vec<Sign>, item: usize) -> Option<()> {
        let source = &self.file.text;
        let mut from = 0;
        let mut open_at = expr.span.start;
        while from < parts.len() {
            let mut to = from + 1;
            while to < parts.len()
                && !has_quote(source.get(parts[to - 1].1.end..parts[to].1.start)?)
            {
                to += 1;
            }
            let (first, last) = (parts[from].1, parts[to - 1].1);
            let open = opening(source.get(open_at..first.start)?)?;
            // Escapes mean nothing in raw literals, and bytes are no text.
            if open.contains(['r', 'R', 'b', 'B']) {
                return None;
            }
            let quote = open
                .trim_start_matches(|sign: char| sign.is_alphabetic())
                .to_string();
            if !source.get(last.end..expr.span.end)?.starts_with(&quote) {
                return None;
            }
            let start = self.text.len();
            for (text, span, names) in &parts[from..to] {
                let at = self.text.len();
                if text.len() == span.len() {
                    self.text.push_verbatim(text, span.start);
                } else {
                    self.text.push_opaque(text, *span);
                }
                if let Some(names) = names {
                    self.holes
                        .push(value_hole(at..self.text.len(), names.clone()));
                }
            }
            let outer = Span::new(first.start - open.len(), last.end + quote.len());
            self.segs.push(Seg {
                at: start..self.text.len(),
                outer,
                literal: Some((Span::new(first.start, last.end), open.to_string(), quote)),
                item,
            });
            open_at = outer.end;
            from = to;
        }
        Some(())
    }
}

/// Decoded text, its source, and the names it reads where it is a value.
type Sign = (String, Span, Option<Vec<String>>);

fn signs(text: &Text, out: &mut Vec<Sign>) {
    for (part, span) in text.stretches() {
        out.push((part.to_string(), span, None));
    }
}

/// Whether a literal may have line breaks in it.
fn many_lines(open: &str) -> bool {
    ["\"\"\"", "'''", "`"]
        .iter()
        .any(|quote| open.ends_with(quote))
}

fn has_quote(gap: &str) -> bool {
    gap.contains(['"', '\'', '`'])
}

/// The prefix and quotes that a text ends with.
fn opening(source: &str) -> Option<&str> {
    let quote = ["\"\"\"", "'''", "\"", "'", "`"]
        .iter()
        .find(|quote| source.ends_with(**quote))?;
    let front = &source[..source.len() - quote.len()];
    let bare = front.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    // A continued line or an empty literal in front is no prefix.
    Some(&source[bare.len()..])
}

/// Bytes of literals in an expression that is sent whole or in part.
fn literal_bytes(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Text(text) => text.as_str().trim().len(),
        ExprKind::Format(parts) => parts
            .iter()
            .map(|part| match part {
                FormatPart::Text(text) => text.as_str().trim().len(),
                FormatPart::Value { .. } => 0,
            })
            .sum(),
        ExprKind::Conditional {
            then, otherwise, ..
        } => literal_bytes(then) + literal_bytes(otherwise),
        ExprKind::Binary {
            op: BinaryOp::Add | BinaryOp::And | BinaryOp::Or,
            left,
            right,
        } => literal_bytes(left) + literal_bytes(right),
        _ => 0,
    }
}
