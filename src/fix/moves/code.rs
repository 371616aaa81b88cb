//! The texts of code that a message may be made of: literals, sums of them, lists that are joined, statements that add
//! to a text; with the values that stand in them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::canvas::{Canvas, Frame, Hole};
use super::flow::Flow;
use super::owner::places;
use super::reach::{called, Names};
use super::{additions, tags};
use crate::frontend::code::ir::{
    BinaryOp, Expr, ExprKind, Item as ListItem, Module, Pattern, Stmt, StmtKind,
};
use crate::frontend::code::{language_of, parse};
use crate::judge::Judged;
use crate::layout::Segment;
use crate::prompt::{visit_pieces, Piece};
use crate::source::{Place, SourceFile, Sources, Span};

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
    let by_position = by_position(module);
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
            ExprKind::List(items)
                if items.len() > 1 && !of_objects(items) && !by_position.contains(&expr.span) =>
            {
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

/// Whether a list holds anything but texts: messages, blocks, numbers.
fn of_objects(items: &[ListItem]) -> bool {
    items
        .iter()
        .any(|item| matches!(item, ListItem::One(expr) if is_no_text(expr)))
}

/// Whether an expression is surely no text: a list, a map, a number, an instance of a class.
pub fn is_no_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { callee, new, .. } => {
            let name = match &callee.kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name.as_str(),
                _ => "",
            };
            let class = name.starts_with(char::is_uppercase) && !matches!(name, "String");
            *new || class
        }
        ExprKind::Binary {
            op: BinaryOp::Add,
            left,
            right,
        } => is_no_text(left) || is_no_text(right),
        ExprKind::List(_) | ExprKind::Set(_) | ExprKind::Object(_) | ExprKind::Comprehension(_) => {
            true
        }
        ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Null => true,
        ExprKind::Lambda(_) | ExprKind::Class(_) => true,
        _ => false,
    }
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
            // Numbers and lists are added as well.
            flow.segs.iter().find(|seg| seg.literal.is_some())?;
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
    // The braces of `${name}` are no field of their own.
    let interpolated = |tag: &Hole| {
        let meets = |hole: &&Hole| hole.at.start < tag.at.end && tag.at.start < hole.at.end;
        let mut met = canvas.holes.iter().filter(meets);
        met.any(|hole| !within(&tag.at, &hole.at))
    };
    let tags: Vec<Hole> = tags
        .into_iter()
        .filter(|tag| !operands.iter().any(|operand| within(operand, &tag.at)))
        .filter(|tag| !interpolated(tag))
        .collect();
    // A value that is written in the literal itself is no field: `${name}` is no `{name}`.
    let apart = |tag: &Hole| {
        let meets = |hole: &Hole| tag.at.start < hole.at.end && hole.at.start < tag.at.end;
        let met = canvas.holes.iter().filter(|hole| meets(hole));
        met.clone()
            .all(|hole| within(&tag.at, &hole.at) && tag.at != hole.at)
    };
    let tags: Vec<Hole> = tags.into_iter().filter(apart).collect();
    canvas
        .holes
        .retain(|hole| !tags.iter().any(|tag| within(&tag.at, &hole.at)));
    let field = |tag: Hole| Hole { field: true, ..tag };
    canvas.holes.extend(tags.into_iter().map(field));
    canvas.holes.sort_by_key(|hole| hole.at.start);
}

/// Names of lists that are taken apart by position somewhere: `parts[1]`, `a, b = parts`.
pub fn indexed(module: &Module) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    expressions(module, &mut |expr| {
        if let ExprKind::Index { object, .. } | ExprKind::Slice { object, .. } = &expr.kind {
            if let ExprKind::Name(name) = &object.kind {
                out.insert(name.clone());
            }
        }
    });
    each_assignment(module, &mut |targets, value| {
        if let (ExprKind::Name(name), true) = (&value.kind, targets.iter().any(is_list)) {
            out.insert(name.clone());
        }
    });
    out
}

fn is_list(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::List(..))
}

/// The lists of a module whose items others take by their position.
fn by_position(module: &Module) -> BTreeSet<Span> {
    let indexed = indexed(module);
    let mut out = BTreeSet::new();
    each_assignment(module, &mut |targets, value| {
        let taken = |target: &Pattern| match target {
            Pattern::Name(name, _) => indexed.contains(name),
            other => is_list(other),
        };
        if targets.iter().any(taken) {
            out.insert(value.span);
        }
    });
    out
}

fn each_assignment(module: &Module, each: &mut dyn FnMut(&[Pattern], &Expr)) {
    let bodies = module.functions.iter().map(|function| &function.body);
    for body in bodies.chain([&module.body]) {
        assignments(body, each);
    }
}

fn assignments(body: &[Stmt], each: &mut dyn FnMut(&[Pattern], &Expr)) {
    for stmt in body {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            each(targets, value);
        }
        stmt.blocks()
            .into_iter()
            .for_each(|inner| assignments(inner, each));
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
        stmt.expressions(&mut |expr| within(expr, each));
        for block in stmt.blocks() {
            statements(block, each);
        }
    }
}

/// Names that a pattern binds.
pub fn pattern_names(pattern: &Pattern) -> Vec<String> {
    let mut out = Vec::new();
    additions::pattern_names(pattern, &mut out);
    out
}

/// Whether a span holds another.
pub fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
