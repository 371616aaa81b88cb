//! The texts of code: literals with the values that stand in them.

use std::sync::Arc;

use super::canvas::{Canvas, Hole};
use super::owner::{places, value_hole};
use super::{tags, Refusal};
use crate::frontend::code::ir::{Expr, ExprKind, FormatPart, Module, Stmt, StmtKind};
use crate::frontend::code::{language_of, parse};
use crate::judge::Judged;
use crate::source::{Place, SourceFile, Text};

/// The literal that a value stands in.
pub fn canvas(judged: &Judged, file: &Arc<SourceFile>, place: &Place) -> Result<Canvas, Refusal> {
    let language = language_of(&file.path).ok_or(Refusal("a file that is no code"))?;
    let module = parse(file, language);
    let mut found: Option<Expr> = None;
    expressions(&module, &mut |expr| {
        let text = matches!(expr.kind, ExprKind::Text(_) | ExprKind::Format(_));
        let holds = expr.span.start <= place.span.start && place.span.end <= expr.span.end;
        let less = found
            .as_ref()
            .is_none_or(|known| expr.span.len() < known.span.len());
        if text && holds && less && expr.span != place.span {
            found = Some(expr.clone());
        }
    });
    let expr = found.ok_or(Refusal("a value that stands in no literal"))?;
    of_literal(judged, file, &expr, place)
}

/// How a literal is written: its opening and closing signs, and how it breaks lines.
struct Quotes {
    open: usize,
    default_break: &'static str,
}

fn quotes(source: &str) -> Option<Quotes> {
    let prefix = source.len()
        - source
            .trim_start_matches(|sign: char| sign.is_ascii_alphabetic())
            .len();
    let rest = &source[prefix..];
    let (len, default_break) = if rest.starts_with("\"\"\"") || rest.starts_with("'''") {
        (3, "\n")
    } else if rest.starts_with('`') {
        (1, "\n")
    } else if rest.starts_with(['"', '\'']) {
        (1, "\\n")
    } else {
        return None;
    };
    Some(Quotes {
        open: prefix + len,
        default_break,
    })
}

fn of_literal(
    judged: &Judged,
    file: &Arc<SourceFile>,
    expr: &Expr,
    place: &Place,
) -> Result<Canvas, Refusal> {
    let source = &file.text[expr.span.start..expr.span.end];
    let quotes = quotes(source).ok_or(Refusal("a literal of another kind"))?;
    let (text, mut holes) = flat(file, expr);
    let seam = seams(file, &text);
    if seam {
        return Err(Refusal("a text of several literals"));
    }
    let known = holes.iter().any(|hole| {
        let span = text.span(hole.at.start, hole.at.end);
        span.start <= place.span.start && place.span.end <= span.end
    });
    if !known {
        let spans = places(judged, &place.path);
        let all = tags::candidates("braces");
        let (tags, _) = tags::holes(&text, &all, place.span, &spans)
            .ok_or(Refusal("a value that no tag is found for"))?;
        holes.retain(|hole| {
            !tags
                .iter()
                .any(|tag| tag.at.start <= hole.at.start && hole.at.end <= tag.at.end)
        });
        holes.extend(tags);
        holes.sort_by_key(|hole| hole.at.start);
    }
    let _ = quotes.open;
    Ok(Canvas {
        file: file.clone(),
        region: 0..text.len(),
        text,
        holes,
        default_break: quotes.default_break,
    })
}

/// The text of a literal with its values as they are written, and where those stand.
fn flat(file: &SourceFile, expr: &Expr) -> (Text, Vec<Hole>) {
    let mut text = Text::empty(&file.path);
    let mut holes = Vec::new();
    match &expr.kind {
        ExprKind::Text(own) => text.push(own),
        ExprKind::Format(parts) => {
            for part in parts {
                match part {
                    FormatPart::Text(own) => text.push(own),
                    FormatPart::Value { expr, span, .. } => {
                        let start = text.len();
                        text.push_verbatim(&file.text[span.start..span.end], span.start);
                        holes.push(value_hole(start..text.len(), names(expr)));
                    }
                }
            }
        }
        _ => {}
    }
    (text, holes)
}

/// Whether a text goes on in another literal.
fn seams(file: &SourceFile, text: &Text) -> bool {
    let mut end = None;
    for (at, sign) in text.as_str().char_indices() {
        let span = text.span(at, at + sign.len_utf8());
        if let Some(end) = end.filter(|end| *end < span.start) {
            let gap: &str = &file.text[end..span.start];
            if gap.contains(['"', '\'', '`']) {
                return true;
            }
        }
        end = Some(span.end);
    }
    false
}

/// Root names that an expression reads.
pub fn names(expr: &Expr) -> Vec<String> {
    let mut out = Vec::new();
    collect_names(expr, &mut out);
    out
}

fn collect_names(expr: &Expr, out: &mut Vec<String>) {
    if let ExprKind::Name(name) = &expr.kind {
        out.push(name.clone());
    }
    expr.parts(&mut |part| collect_names(part, out));
}

/// Goes through every expression of a module.
pub fn expressions(module: &Module, each: &mut dyn FnMut(&Expr)) {
    statements(&module.body, each);
    for function in &module.functions {
        statements(&function.body, each);
        let defaults = function
            .params
            .iter()
            .filter_map(|param| param.default.as_ref());
        defaults.for_each(|expr| within(expr, each));
    }
    let fields = module.classes.iter().flat_map(|class| &class.fields);
    fields
        .filter_map(|field| field.value.as_ref())
        .for_each(|expr| within(expr, each));
}

fn within(expr: &Expr, each: &mut dyn FnMut(&Expr)) {
    each(expr);
    expr.parts(&mut |part| within(part, each));
}

fn statements(body: &[Stmt], each: &mut dyn FnMut(&Expr)) {
    for stmt in body {
        own_expressions(stmt, &mut |expr| within(expr, each));
        for block in stmt.blocks() {
            statements(block, each);
        }
    }
}

/// The expressions of a statement itself.
pub fn own_expressions(stmt: &Stmt, each: &mut dyn FnMut(&Expr)) {
    match &stmt.kind {
        StmtKind::Expr(expr)
        | StmtKind::Assign { value: expr, .. }
        | StmtKind::Augment { value: expr, .. } => each(expr),
        StmtKind::If { test, .. } => each(test),
        StmtKind::For { over, .. } => each(over),
        StmtKind::While { test, .. } => test.iter().for_each(each),
        StmtKind::Return(expr) | StmtKind::Yield(expr) => expr.iter().for_each(each),
        StmtKind::Export(export) => export.default.iter().for_each(each),
        StmtKind::With { items, .. } => items.iter().for_each(|(expr, _)| each(expr)),
        StmtKind::Match { subject, .. } => each(subject),
        _ => {}
    }
}
