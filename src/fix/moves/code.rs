//! The texts of code that a message may be made of: literals, sums of them, lists that are joined, statements that add
//! to a text; with the values that stand in them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::canvas::{Canvas, Frame, Hole, HoleKind, Item, Seg};
use super::owner::{places, value_hole};
use super::reach::{called, Names};
use super::{additions, tags};
use crate::frontend::code::ir::{
    BinaryOp, Expr, ExprKind, FormatPart, Function, Item as ListItem, Module, Pattern, Stmt,
    StmtKind,
};
use crate::frontend::code::{language_of, parse};
use crate::judge::Judged;
use crate::layout::Segment;
use crate::prompt::{visit_pieces, Piece};
use crate::source::{Place, SourceFile, Sources, Span, Text};

/// Most texts that are looked at for one value.
const MOST: usize = 24;

/// The texts of code that a member may stand in, or come into by a name: the closest first.
pub fn canvases(judged: &Judged, member: &Segment, sources: &Sources) -> Vec<Canvas> {
    let places = places_of(judged, member);
    let mut out: Vec<(bool, usize, Canvas)> = Vec::new();
    let paths: BTreeSet<&Arc<str>> = places.iter().map(|place| &place.path).collect();
    let mut modules = Vec::new();
    let mut known = Names::default();
    for path in paths {
        let (Some(language), Some(file)) = (language_of(path), sources.get(path)) else {
            continue;
        };
        let module = parse(file, language);
        known.add(path, &module);
        modules.push((file, module));
    }
    let leading = known.leading(&member.place);
    for (file, module) in &modules {
        let own = places.iter().filter(|place| place.path == file.path);
        let near: Vec<Span> = own.map(|place| place.span).collect();
        let seen = Near {
            near: &near,
            leading: &leading,
        };
        for (span, mut canvas) in of_module(judged, file, module, &seen, member) {
            for hole in &mut canvas.holes {
                hole.reach = known.reach(&hole.reads);
            }
            let direct = member.place.path == file.path && holds(span, member.place.span);
            out.push((!direct, span.len(), canvas));
        }
    }
    out.sort_by_key(|(far, len, _)| (*far, *len));
    out.truncate(MOST);
    out.into_iter().map(|(.., canvas)| canvas).collect()
}

/// Where the pieces of the member's message are written, and the message itself.
fn places_of(judged: &Judged, member: &Segment) -> Vec<Place> {
    let info = &judged.layout.messages[member.message];
    let mut out = vec![member.place.clone(), info.place.clone()];
    for message in &judged.prompt.messages {
        if message.place != info.place || message.section != info.section {
            continue;
        }
        for block in &message.blocks {
            let mut pieces = block.pieces.clone();
            visit_pieces(&mut pieces, &mut |piece| match piece {
                Piece::Text(text) => out.extend(text.stretches().map(|(_, span)| Place {
                    path: text.path.clone(),
                    span,
                })),
                Piece::Slot(slot) => {
                    out.push(slot.place.clone());
                    out.extend(slot.trace.iter().map(|hop| hop.place.clone()));
                }
                Piece::Branch(branch) => out.push(branch.place.clone()),
                Piece::Repeat(repeat) => out.push(repeat.place.clone()),
                _ => {}
            });
        }
    }
    out
}

/// Which texts may be of a message.
pub struct Near<'a> {
    /// Where its pieces are written in this file.
    pub near: &'a [Span],
    /// Names that lead to the member.
    pub leading: &'a BTreeSet<String>,
}

impl Near<'_> {
    /// Whether an expression holds a piece of the message, is one, or reads a name that leads to the member.
    fn is(&self, expr: &Expr) -> bool {
        let near = |span: &Span| holds(expr.span, *span) || holds(*span, expr.span);
        self.near.iter().any(near) || self.leads(&called(expr))
    }

    pub fn leads(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.leading.contains(name))
    }
}

fn of_module(
    judged: &Judged,
    file: &Arc<SourceFile>,
    module: &Module,
    near: &Near,
    member: &Segment,
) -> Vec<(Span, Canvas)> {
    let mut roots: Vec<Expr> = Vec::new();
    let mut inner: BTreeSet<Span> = BTreeSet::new();
    expressions(module, &mut |expr| {
        let text = matches!(
            expr.kind,
            ExprKind::Text(_) | ExprKind::Format(_) | ExprKind::Binary { .. } | ExprKind::List(_)
        );
        if !text || inner.contains(&expr.span) || !near.is(expr) {
            return;
        }
        match &expr.kind {
            ExprKind::Text(_) | ExprKind::Format(_) => roots.push(expr.clone()),
            ExprKind::Binary {
                op: BinaryOp::Add,
                left,
                right,
            } => {
                // A sum within this one is a part of it.
                let mut part = Some(left);
                while let Some(next) = part {
                    match &next.kind {
                        ExprKind::Binary {
                            op: BinaryOp::Add,
                            left,
                            ..
                        } => {
                            inner.insert(next.span);
                            part = Some(left);
                        }
                        _ => part = None,
                    }
                }
                let _ = right;
                roots.push(expr.clone());
            }
            ExprKind::List(items) if items.len() > 1 && !of_objects(items) => {
                roots.push(expr.clone())
            }
            _ => {}
        }
    });
    let mut out: Vec<(Span, Canvas)> = roots
        .iter()
        .filter_map(|root| Some((root.span, of_root(judged, file, root, member)?)))
        .collect();
    out.extend(additions::canvases(file, module, near));
    out
}

fn of_objects(items: &[ListItem]) -> bool {
    items.iter().any(|item| {
        matches!(item, ListItem::One(expr) if matches!(expr.kind, ExprKind::Object(_) | ExprKind::Number(_)))
    })
}

fn of_root(
    judged: &Judged,
    file: &Arc<SourceFile>,
    root: &Expr,
    member: &Segment,
) -> Option<Canvas> {
    let mut flow = Flow::new(file);
    let frame = match &root.kind {
        ExprKind::List(items) => {
            for item in items {
                let (expr, spread) = match item {
                    ListItem::One(expr) => (expr, false),
                    ListItem::Spread(expr) => (expr, true),
                };
                flow.item(expr, spread)?;
            }
            Frame::List
        }
        ExprKind::Binary { .. } => {
            flow.add(root, 0)?;
            Frame::Sum { joint: " + " }
        }
        _ => {
            flow.add(root, 0)?;
            match flow.segs.len() {
                1 => Frame::One,
                _ => Frame::Sum { joint: " " },
            }
        }
    };
    let mut canvas = flow.canvas(frame)?;
    fields(judged, &mut canvas, member);
    Some(canvas)
}

/// Fields of a format that stand in literals (`"{now}".format(now=..)`, `.replace("{NOW}", ..)`).
fn fields(judged: &Judged, canvas: &mut Canvas, member: &Segment) {
    let place = &member.place;
    if canvas.hole_of(place).is_some() {
        return;
    }
    let spans = places(judged, &place.path);
    let all = tags::candidates("braces");
    let tags = if canvas.covers(place) {
        tags::holes(&canvas.text, &all, place.span, &spans)
    } else {
        tags::format_holes(&canvas.text)
    };
    let Some((tags, _)) = tags else {
        return;
    };
    let within =
        |outer: &Range<usize>, at: &Range<usize>| outer.start <= at.start && at.end <= outer.end;
    let operands: Vec<Range<usize>> = canvas
        .segs
        .iter()
        .filter(|seg| seg.literal.is_none())
        .map(|seg| seg.at.clone())
        .collect();
    let tags: Vec<Hole> = tags
        .into_iter()
        .filter(|tag| !operands.iter().any(|operand| within(operand, &tag.at)))
        .collect();
    canvas
        .holes
        .retain(|hole| !tags.iter().any(|tag| within(&tag.at, &hole.at)));
    canvas.holes.extend(tags);
    canvas.holes.sort_by_key(|hole| hole.at.start);
}

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
        let span = Span::new(expr.span.start - dots, expr.span.end);
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
                self.add(left, item)?;
                self.add(right, item)
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
            _ => {
                self.operand(expr, item);
                Some(())
            }
        }
    }

    fn operand(&mut self, expr: &Expr, item: usize) {
        let span = expr.span;
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

/// Names that a pattern binds.
pub fn pattern_names(pattern: &Pattern) -> Vec<String> {
    let mut out = Vec::new();
    additions::pattern_names(pattern, &mut out);
    out
}

/// How often statements of a function, or of the module itself, bind a name.
pub fn times_bound(module: &Module, function: Option<&Function>, name: &str) -> usize {
    let body = function.map_or(&module.body, |function| &function.body);
    let names = body.iter().flat_map(additions::bound);
    names.filter(|known| known == name).count()
}

/// Whether a span holds another.
pub fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
