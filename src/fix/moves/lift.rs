//! A system message that stands behind the history goes in front of it: as an item of the list of messages that it is
//! written in, or as what is added to that list.

use super::additions::worked_on;
use super::code::holds;
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::fix::entries::{indent_at, is_flow, line_break, remove, replace};
use crate::fix::written::{Kind, Notation, Page, Written};
use crate::frontend::code::ir::{ArgKind, Expr, ExprKind, Module, Stmt, StmtKind};
use crate::frontend::code::{language_of, parse};
use crate::judge::Judged;
use crate::plan::Step;
use crate::source::{Sources, Span};

/// How a list is added to behind its last item, and in front of the first one.
const ADDING: [(&str, &str); 2] = [("append", "insert"), ("push", "unshift")];

/// The fix that lifts the message of a step.
pub fn write(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    let elsewhere = Refusal("its message is written elsewhere");
    let member = step.members.first().ok_or(Refusal("nothing moves"))?;
    let message = judged.layout.segments[*member].message;
    let place = &judged.layout.messages[message].place;
    let file = sources.get(&place.path).ok_or(elsewhere)?;
    let page = Page::open(file).ok_or(elsewhere)?;
    let map = page
        .at(place.span)
        .filter(Written::is_map)
        .ok_or(elsewhere)?;
    let first = map.pairs().first().ok_or(elsewhere)?;
    let list = page.holding(first.span).and_then(|holder| holder.list);
    let edits = match list {
        Some((list, index)) => in_list(&page, &list, index)?,
        None => {
            let language = language_of(&place.path).ok_or(elsewhere)?;
            vec![added_in_front(&page, &parse(file, language), map.span)?]
        }
    };
    Ok(Fix {
        title: "Put the system message in front of the history".into(),
        safe: false,
        edits,
    })
}

/// The item goes in front of the first one that is no message: what is spread there are the turns.
fn in_list(page: &Page, list: &Written, index: usize) -> Result<Vec<Edit>, Refusal> {
    let Kind::List { items, .. } = &list.kind else {
        return Err(Refusal("its message is written elsewhere"));
    };
    if page.notation == Notation::Yaml && !is_flow(page, list.span) {
        return Err(Refusal("an item of a block of YAML"));
    }
    let before = items[..index].iter().position(|item| !item.is_map());
    let before = before.ok_or(Refusal("the history is put in elsewhere"))?;
    let spans: Vec<Span> = items.iter().map(|item| item.outer).collect();
    let between = page.text(Span::new(spans[before].start, spans[index].end));
    let inside = page.text(spans[index]);
    let around = between.strip_suffix(inside).unwrap_or(between);
    if around.contains('#') || around.contains("//") || around.contains("/*") {
        return Err(Refusal("a comment between the messages"));
    }
    let gone = remove(page, list.span, &spans, index).ok_or(Refusal("an item that cannot move"))?;
    let at = spans[before].start;
    let line = page.file.line_span(page.file.line_index(at));
    let alone = page.file.text[line.start..at].trim().is_empty();
    let gap = match alone {
        true => format!(",{}{}", line_break(page.file), indent_at(page.file, at)),
        false => ", ".to_string(),
    };
    let new = replace(page.file, Span::new(at, at), format!("{inside}{gap}"));
    Ok(vec![new, gone])
}

/// `messages.append(..)` becomes `messages.insert(0, ..)`: once, where nothing else was to stand in front.
fn added_in_front(page: &Page, module: &Module, map: Span) -> Result<Edit, Refusal> {
    let elsewhere = Refusal("its message is put in elsewhere");
    let bodies = module.functions.iter().map(|function| &function.body);
    let found = bodies
        .chain([&module.body])
        .find_map(|body| adding(body, map, false));
    let (stmt, turns) = found.ok_or(elsewhere)?;
    if turns {
        return Err(Refusal("it is added anew in every round of a loop"));
    }
    worked_on(stmt).ok_or(elsewhere)?;
    let (name, arg) = added(stmt, map).ok_or(elsewhere)?;
    let (old, new) = ADDING
        .iter()
        .find(|(old, _)| page.text(name) == *old)
        .ok_or(elsewhere)?;
    let first = if *old == "append" { "0, " } else { "" };
    let between = page.text(Span::new(name.end, arg.start));
    Ok(replace(
        page.file,
        Span::new(name.start, arg.start),
        format!("{new}{between}{first}"),
    ))
}

/// The statement that adds a message, and whether it stands in a loop.
fn adding(body: &[Stmt], map: Span, turns: bool) -> Option<(&Stmt, bool)> {
    for stmt in body.iter().filter(|stmt| holds(stmt.span, map)) {
        if added(stmt, map).is_some() {
            return Some((stmt, turns));
        }
        let turns = turns || matches!(stmt.kind, StmtKind::For { .. } | StmtKind::While { .. });
        let mut blocks = stmt.blocks().into_iter();
        if let Some(found) = blocks.find_map(|inner| adding(inner, map, turns)) {
            return Some(found);
        }
    }
    None
}

/// The name of the method that a statement gives a message to, and the argument.
fn added(stmt: &Stmt, map: Span) -> Option<(Span, Span)> {
    let StmtKind::Expr(Expr {
        kind: ExprKind::Call { callee, args, .. },
        ..
    }) = &stmt.kind
    else {
        return None;
    };
    let ExprKind::Attribute { name_span, .. } = &callee.kind else {
        return None;
    };
    match args.as_slice() {
        [arg] if arg.kind == ArgKind::Positional && arg.value.span == map => {
            Some((*name_span, arg.span))
        }
        _ => None,
    }
}
