//! The holes that tags of a template language make in a text, from its tree.

use std::ops::Range;

use super::canvas::{Canvas, Frame, Hole, HoleKind};
use super::owner::value_hole;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::parse;
use crate::frontend::template::tree::{Expr, Node};
use crate::source::{SourceFile, Span, Text};

/// The languages that a text may be written in, likeliest first.
pub fn candidates(format: &str) -> Vec<Dialect> {
    let all = [
        ("jinja", Dialect::Jinja),
        ("handlebars", Dialect::Handlebars),
        ("dotprompt", Dialect::Dotprompt),
        ("mustache", Dialect::Mustache),
        ("liquid", Dialect::Liquid),
        ("go-template", Dialect::GoTemplate),
        ("semantic-kernel", Dialect::SemanticKernel),
        ("erb", Dialect::Erb),
        ("ejs", Dialect::Ejs),
        ("braces", Dialect::Braces),
        ("dollar", Dialect::Dollar),
    ];
    let named = all.iter().filter(|(name, _)| *name == format);
    let others = all.iter().filter(|(name, _)| *name != format);
    named.chain(others).map(|(_, dialect)| *dialect).collect()
}

/// Holes, and the part of the text around the member where that stands within a block.
pub type Holes = (Vec<Hole>, Option<Range<usize>>);

/// The holes of a text in the first language in which a tag stands for a value at `member`, and one for as many of
/// the other values as in any.
pub fn holes(text: &Text, dialects: &[Dialect], member: Span, places: &[Span]) -> Option<Holes> {
    let mut best: Option<(usize, Holes)> = None;
    let source = text.whole().span;
    let inside = |span: &&Span| source.start <= span.start && span.end <= source.end;
    let wanted = places.iter().filter(inside).count();
    for dialect in dialects {
        let tree = parse(text, *dialect);
        let mut spans = Vec::new();
        all_spans(&tree.nodes, &mut spans);
        if !spans.contains(&member) {
            continue;
        }
        let met = places.iter().filter(|place| spans.contains(place)).count();
        if best.as_ref().is_none_or(|(known, _)| *known < met) {
            let (nodes, body) = descend(&tree.nodes, member);
            let map = Map::new(text);
            let region = body.map(|span| map.range(span));
            let holes = nodes
                .iter()
                .filter_map(|node| hole(node, text, &map))
                .collect();
            best = Some((met, (holes, region)));
        }
        if met >= wanted {
            break;
        }
    }
    best.map(|(_, holes)| holes)
}

/// The fields of a format text (`{name}`), where it has any.
pub fn format_holes(text: &Text) -> Option<Holes> {
    if !text.as_str().contains('{') {
        return None;
    }
    let holes = all_holes(text, Dialect::Braces);
    (!holes.0.is_empty()).then_some(holes)
}

/// The holes of a text in a language.
pub fn all_holes(text: &Text, dialect: Dialect) -> Holes {
    let tree = parse(text, dialect);
    let map = Map::new(text);
    let nodes = tree.nodes.iter();
    (
        nodes.filter_map(|node| hole(node, text, &map)).collect(),
        None,
    )
}

/// The language of a template that code renders, by its name and else by its tags.
pub fn by_content(path: &str, text: &str) -> Option<Dialect> {
    let ends = [
        (".j2", Dialect::Jinja),
        (".jinja", Dialect::Jinja),
        (".jinja2", Dialect::Jinja),
        (".hbs", Dialect::Handlebars),
        (".handlebars", Dialect::Handlebars),
        (".mustache", Dialect::Mustache),
        (".liquid", Dialect::Liquid),
        (".tmpl", Dialect::GoTemplate),
    ];
    let named = ends.iter().find(|(end, _)| path.ends_with(end));
    if let Some((_, dialect)) = named {
        return Some(*dialect);
    }
    let signs = [
        ("{%", Dialect::Jinja),
        ("{{", Dialect::Mustache),
        ("{", Dialect::Braces),
        ("$", Dialect::Dollar),
    ];
    let found = signs.iter().find(|(sign, _)| text.contains(sign));
    found.map(|(_, dialect)| *dialect)
}

/// From source to decoded bytes of one text.
struct Map {
    canvas: Option<Canvas>,
    start: usize,
}

impl Map {
    fn new(text: &Text) -> Map {
        let whole = text.whole().span;
        let verbatim = whole.len() == text.len();
        let canvas = (!verbatim).then(|| Canvas {
            file: SourceFile::new("", "").into(),
            text: text.clone(),
            holes: Vec::new(),
            region: 0..text.len(),
            default_break: "\n",
            frame: Frame::One,
            segs: Vec::new(),
            items: Vec::new(),
            bound: Vec::new(),
        });
        Map {
            canvas,
            start: whole.start,
        }
    }

    fn at(&self, source: usize) -> usize {
        match &self.canvas {
            None => source.saturating_sub(self.start),
            Some(canvas) => canvas.decoded_at(source).unwrap_or(canvas.text.len()),
        }
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.at(span.start)..self.at(span.end)
    }
}

/// The nodes among which a value stands: those of the body where only its block is on the way; and the body's span.
fn descend(nodes: &[Node], member: Span) -> (&[Node], Option<Span>) {
    let (mut nodes, mut body_span) = (nodes, None);
    loop {
        let holds = |node: &&Node| {
            let span = node.span();
            span.start <= member.start && member.end <= span.end && span != member
        };
        let inner = match nodes.iter().find(holds) {
            Some(Node::Block { body, .. } | Node::With { body, .. }) => body,
            _ => return (nodes, body_span),
        };
        let (Some(first), Some(last)) = (inner.first(), inner.last()) else {
            return (nodes, body_span);
        };
        body_span = Some(first.span().to(last.span()));
        nodes = inner;
    }
}

fn all_spans(nodes: &[Node], out: &mut Vec<Span>) {
    for node in nodes {
        if let Node::Text(_) = node {
            continue;
        }
        out.push(node.span());
        match node {
            Node::If { arms, .. } => out.extend(arms.iter().map(|arm| arm.span)),
            Node::For(each) => out.push(each.head),
            Node::Output { expr, .. } => out.push(expr.span),
            _ => {}
        }
        bodies(node)
            .into_iter()
            .for_each(|body| all_spans(body, out));
    }
}

fn bodies(node: &Node) -> Vec<&[Node]> {
    match node {
        Node::If { arms, .. } => arms.iter().map(|arm| arm.body.as_slice()).collect(),
        Node::For(each) => vec![&each.body, &each.otherwise],
        Node::Include(include) => vec![&include.fallback],
        Node::Capture { body, .. }
        | Node::Macro { body, .. }
        | Node::CallBlock { body, .. }
        | Node::Block { body, .. }
        | Node::With { body, .. }
        | Node::Wrapped { body, .. } => vec![body],
        _ => Vec::new(),
    }
}

fn hole(node: &Node, text: &Text, map: &Map) -> Option<Hole> {
    let kind = match node {
        Node::Text(_) => return None,
        Node::Output { .. } => HoleKind::Value,
        Node::If { .. } | Node::For(_) => HoleKind::Block,
        Node::CallBlock { .. } | Node::Wrapped { .. } | Node::With { .. } => HoleKind::Block,
        Node::Include(_) => HoleKind::Value,
        Node::Comment { .. } => HoleKind::Silent,
        _ => HoleKind::Fixed,
    };
    let at = map.range(node.span());
    let source = &text.as_str()[at.clone()];
    let (mut reads, mut binds, mut stable) = (Vec::new(), Vec::new(), 0);
    gather(node, &mut reads, &mut binds, &mut stable);
    let fixed = kind == HoleKind::Block && holds_fixed(node);
    Some(Hole {
        kind: if fixed { HoleKind::Fixed } else { kind },
        trims: trims(source, kind == HoleKind::Block),
        binds,
        stable: if kind == HoleKind::Block { stable } else { 0 },
        ..value_hole(at, reads)
    })
}

/// Whether something within a block has a say elsewhere: an inherited block, a macro, a role.
fn holds_fixed(node: &Node) -> bool {
    bodies(node).into_iter().flatten().any(|inner| {
        matches!(
            inner,
            Node::Macro { .. }
                | Node::Import { .. }
                | Node::Block { .. }
                | Node::Extends { .. }
                | Node::Role { .. }
                | Node::History { .. }
        ) || holds_fixed(inner)
    })
}

fn gather(node: &Node, reads: &mut Vec<String>, binds: &mut Vec<String>, stable: &mut usize) {
    let mut read = |expr: &Expr| reads.extend(expr.names().into_iter().map(str::to_string));
    match node {
        Node::Text(text) => {
            let signs = text.as_str().chars().filter(|sign| !sign.is_whitespace());
            *stable += signs.map(char::len_utf8).sum::<usize>();
        }
        Node::Output { expr, .. } => read(expr),
        Node::If { arms, .. } => arms
            .iter()
            .filter_map(|arm| arm.condition.as_ref())
            .for_each(read),
        Node::For(each) => read(&each.iter),
        Node::Set { name, value, .. } => {
            read(value);
            binds.push(name.clone());
        }
        Node::Capture { name, .. } | Node::Macro { name, .. } => binds.push(name.clone()),
        Node::CallBlock { callee, .. } => read(callee),
        Node::Include(include) => {
            read(&include.target);
            include.bindings.iter().for_each(|(_, value)| read(value));
        }
        Node::Import { alias, names, .. } => {
            binds.extend(alias.clone());
            binds.extend(names.iter().map(|(_, local)| local.clone()));
        }
        Node::With { bindings, .. } => bindings.iter().for_each(|(_, value)| read(value)),
        Node::Wrapped { args, .. } => args.iter().for_each(read),
        _ => {}
    }
    for body in bodies(node) {
        for inner in body {
            gather(inner, reads, binds, stable);
        }
    }
}

const OPENINGS: [&str; 4] = ["{%", "{{", "<%", "{#"];
const CLOSINGS: [&str; 4] = ["%}", "}}", "%>", "#}"];
const TRIMS: [char; 3] = ['-', '~', '_'];

/// Whether a tag, or a block of tags, takes away white space that matters in front of it and behind it. A block that
/// keeps a line break within does not join its text to what stands around it.
fn trims(source: &str, block: bool) -> (bool, bool) {
    let opening = OPENINGS.iter().find_map(|sign| source.strip_prefix(sign));
    let closing = CLOSINGS.iter().find_map(|sign| source.strip_suffix(sign));
    let front = opening.is_some_and(|rest| rest.trim_start_matches('{').starts_with(TRIMS));
    let back = closing.is_some_and(|rest| rest.trim_end_matches('}').ends_with(TRIMS));
    // Handlebars takes the line of a block's tag away as well: its text starts behind it.
    if !block || source.contains('~') {
        return (front, back);
    }
    (
        front && !breaks_inside(source, true),
        back && !breaks_inside(source, false),
    )
}

/// Whether the text of every arm of a block keeps a line break at its start (or at its end).
fn breaks_inside(source: &str, start: bool) -> bool {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = OPENINGS
        .iter()
        .filter_map(|sign| source[at..].find(sign))
        .min()
    {
        let open = at + open;
        let close = CLOSINGS
            .iter()
            .filter_map(|sign| source[open..].find(sign))
            .min();
        let Some(close) = close.map(|close| open + close + 2) else {
            break;
        };
        tags.push(open..close);
        at = close;
    }
    let arm = |tag: &Range<usize>| {
        let inner =
            source[tag.clone()].trim_matches(['{', '}', '%', '<', '>', '-', '~', '_', '#', ' ']);
        ["else", "elif", "elsif", "elseif"]
            .iter()
            .any(|word| inner.starts_with(word))
    };
    let count = tags.len();
    let counts = |index: usize, tag: &Range<usize>| match start {
        true => index == 0 || (arm(tag) && index + 1 < count),
        false => index + 1 == count || (arm(tag) && index > 0),
    };
    tags.iter()
        .enumerate()
        .filter(|(index, tag)| counts(*index, tag))
        .all(|(_, tag)| {
            let text = &source[tag.clone()];
            if start {
                let trims = text.trim_end_matches(['}', '%', '>']).ends_with(TRIMS);
                let rest = source[tag.end..].trim_start_matches([' ', '\t', '\r']);
                !trims && rest.starts_with('\n')
            } else {
                let trims = text.trim_start_matches(['{', '%', '<']).starts_with(TRIMS);
                let rest = source[..tag.start].trim_end_matches([' ', '\t']);
                !trims && rest.ends_with('\n')
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_keeps_its_line_break_joins_nothing() {
        assert_eq!(trims("{%- if a %}\nx\n{%- endif %}", true), (false, false));
        assert_eq!(trims("{%- if a %} x{% endif %}", true), (true, false));
        assert_eq!(trims("{% if a -%}\nx\n{% endif -%}", true), (false, false));
        assert_eq!(
            trims("{%- if a %}\nx{% else %}y{% endif %}", true),
            (true, false)
        );
        assert_eq!(trims("{{~#if a}}\nx\n{{~/if}}", true), (true, false));
        assert_eq!(trims("{{- a }}", false), (true, false));
        assert_eq!(trims("{{~ a ~}}", false), (true, true));
    }
}
