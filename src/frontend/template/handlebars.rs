//! What a tag of Handlebars, Dotprompt or Mustache does.

use super::build::{Action, Block};
use super::dialect::{Dialect, TagKind};
use super::tree::{Expr, ExprKind, Include, Node};
use super::Tag;

mod call;
use call::{Invocation, Parser};

/// Custom block helpers that choose by a condition are named so in practice (`ifEquals`, `unless_eq`).
const CONDITION_PREFIXES: &[&str] = &["if", "unless"];

pub(super) fn action(tag: &Tag, dialect: Dialect) -> Action {
    let content = tag.content();
    let trimmed = content.trim_start();
    let from = tag.inner.0 + (content.len() - trimmed.len());
    let sigil = trimmed.chars().next();
    if tag.kind == TagKind::Output {
        return output(tag, from, dialect);
    }
    match sigil {
        None => Action::Text("an empty tag".into(), None),
        Some('#') if dialect == Dialect::Mustache => section(tag, from + 1, false),
        Some('^') if dialect == Dialect::Mustache => section(tag, from + 1, true),
        Some('#') => open(tag, from + 1),
        Some('^') if trimmed[1..].trim().is_empty() => Action::Else(None),
        Some('^') => section(tag, from + 1, true),
        Some('/') => Action::Close(trimmed[1..].trim().to_string()),
        Some('>') => partial(tag, from + 1, dialect),
        Some('&') => output(tag, from + 1, dialect),
        Some('*') => Action::Nodes(Vec::new()),
        _ if dialect != Dialect::Mustache && is_else(trimmed) => otherwise(tag, from),
        _ => output(tag, from, dialect),
    }
}

fn is_else(content: &str) -> bool {
    let mut words = content.split_whitespace();
    words.next() == Some("else")
}

fn otherwise(tag: &Tag, from: usize) -> Action {
    let mut parser = Parser::new(tag, from + "else".len());
    if parser.tokens.is_empty() {
        return Action::Else(None);
    }
    let Some(call) = parser.invocation() else {
        return Action::Else(None);
    };
    match block_of(call) {
        Block::If(Some(condition)) => Action::Else(Some(condition)),
        block => Action::ElseOpen(block),
    }
}

fn section(tag: &Tag, from: usize, inverted: bool) -> Action {
    let name = tag.text.as_str()[from..tag.inner.1].trim().to_string();
    let mut parser = Parser::new(tag, from);
    let Some(value) = parser.whole_path() else {
        return Action::Text("a section without a name".into(), None);
    };
    let block = if inverted {
        let span = value.span;
        Block::If(Some(Expr::new(ExprKind::Not(Box::new(value)), span)))
    } else {
        Block::For {
            targets: Vec::new(),
            iter: value,
            maybe_condition: true,
        }
    };
    Action::Open(block, name)
}

fn open(tag: &Tag, from: usize) -> Action {
    let rest = &tag.text.as_str()[from..tag.inner.1];
    let skipped = from + rest.len() - rest.trim_start().len();
    match rest.trim_start().chars().next() {
        Some('>') => return partial_block(tag, skipped + 1),
        Some('*') => return inline(tag, skipped + 1),
        _ => {}
    }
    let mut parser = Parser::new(tag, from);
    let name_to = parser.head_end();
    let Some(call) = parser.invocation() else {
        return Action::Text("a block that cannot be read".into(), None);
    };
    let name = tag.text.as_str()[from..name_to].trim().to_string();
    Action::Open(block_of(call), name)
}

fn block_of(call: Invocation) -> Block {
    let name = call.head.dotted().unwrap_or_default();
    let span = call.head.span;
    let mut args = call.args;
    match name.as_str() {
        "if" if !args.is_empty() => Block::If(Some(args.swap_remove(0))),
        "unless" if !args.is_empty() => {
            let inner = args.swap_remove(0);
            Block::If(Some(Expr::new(ExprKind::Not(Box::new(inner)), span)))
        }
        "each" if !args.is_empty() => Block::For {
            targets: call.params,
            iter: args.swap_remove(0),
            maybe_condition: false,
        },
        "with" if !args.is_empty() => {
            let name = call.params.into_iter().next();
            Block::With(vec![(
                name.unwrap_or_else(|| "this".into()),
                args.swap_remove(0),
            )])
        }
        _ if args.is_empty() && call.named.is_empty() => Block::For {
            targets: call.params,
            iter: call.head,
            maybe_condition: true,
        },
        _ if is_condition(&name) => {
            let callee = Box::new(call.head);
            Block::If(Some(Expr::new(
                ExprKind::Call(callee, args, call.named),
                span,
            )))
        }
        _ => {
            args.extend(call.named.into_iter().map(|(_, value)| value));
            Block::Wrapped(name, args)
        }
    }
}

fn is_condition(name: &str) -> bool {
    CONDITION_PREFIXES.iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_uppercase() || c == '_' || c == '-')
        })
    })
}

/// The target and the arguments of a partial; a context argument binds `this`.
fn partial_call(tag: &Tag, from: usize) -> Option<(Expr, Vec<(String, Expr)>)> {
    let mut parser = Parser::new(tag, from);
    let target = if parser.peek().is_some_and(|t| t.is("(")) {
        parser.value(0)?
    } else {
        parser.partial_name()?
    };
    let (args, named) = parser.arguments(0);
    if parser.failed || parser.at < parser.tokens.len() {
        tag.problem("unexpected words in a partial".into());
    }
    let context = args
        .into_iter()
        .take(1)
        .map(|value| ("this".to_string(), value));
    Some((target, context.chain(named).collect()))
}

fn partial(tag: &Tag, from: usize, dialect: Dialect) -> Action {
    let call = match dialect {
        Dialect::Mustache => {
            let name = tag.text.as_str()[from..tag.inner.1].trim();
            let span = tag.text.span(from, tag.inner.1);
            (!name.is_empty()).then(|| (Expr::new(ExprKind::Str(name.into()), span), Vec::new()))
        }
        _ => partial_call(tag, from),
    };
    let Some((target, bindings)) = call else {
        return Action::Text("a partial without a name".into(), None);
    };
    Action::Nodes(vec![Node::Include(Include {
        target,
        bindings,
        fallback: Vec::new(),
        ignore_missing: dialect == Dialect::Mustache,
        isolated: false,
        indent: tag.indent.to_string(),
        span: tag.span(),
    })])
}

fn partial_block(tag: &Tag, from: usize) -> Action {
    match partial_call(tag, from) {
        Some((target, bindings)) => {
            let end = match &target.kind {
                ExprKind::Str(name) => name.clone(),
                _ => String::new(),
            };
            Action::Open(Block::Partial(target, bindings), end)
        }
        None => Action::Text("a partial without a name".into(), None),
    }
}

/// `{{#*inline "name"}}`; other decorators keep their body.
fn inline(tag: &Tag, from: usize) -> Action {
    let mut parser = Parser::new(tag, from);
    let Some(call) = parser.invocation() else {
        return Action::Text("a decorator that cannot be read".into(), None);
    };
    let name = call.head.dotted().unwrap_or_default();
    let block = match call.args.first().map(|arg| &arg.kind) {
        Some(ExprKind::Str(inline)) if name == "inline" => Block::Macro(inline.clone(), Vec::new()),
        _ => Block::Wrapped(name.clone(), call.args),
    };
    Action::Open(block, name)
}

fn output(tag: &Tag, from: usize, dialect: Dialect) -> Action {
    let span = tag.span();
    let mut parser = Parser::new(tag, from);
    if parser.tokens.is_empty() {
        return Action::Text("an empty tag".into(), None);
    }
    if dialect == Dialect::Mustache {
        let expr = parser.whole_path().unwrap_or_else(|| {
            tag.problem("a tag that is not a name".into());
            tag.opaque()
        });
        return Action::Nodes(vec![Node::Output { expr, span }]);
    }
    let Some(call) = parser.invocation() else {
        tag.problem("an expression that cannot be read".into());
        let expr = tag.opaque();
        return Action::Nodes(vec![Node::Output { expr, span }]);
    };
    if dialect == Dialect::Dotprompt {
        if let Some(node) = dotprompt(tag, &call) {
            return Action::Nodes(vec![node]);
        }
    }
    let expr = match call.args.is_empty() && call.named.is_empty() {
        true => call.head,
        false => {
            let at = tag.text.span(from, tag.inner.1);
            Expr::new(
                ExprKind::Call(Box::new(call.head), call.args, call.named),
                at,
            )
        }
    };
    Action::Nodes(vec![Node::Output { expr, span }])
}

fn dotprompt(tag: &Tag, call: &Invocation) -> Option<Node> {
    let span = tag.span();
    let name = call.head.dotted()?;
    let first = call.args.first();
    let literal = || match first.map(|arg| &arg.kind) {
        Some(ExprKind::Str(text)) => Some(text.clone()),
        _ => None,
    };
    match name.as_str() {
        "role" => Some(Node::Role {
            role: literal()?,
            span,
        }),
        "history" if first.is_none() => Some(Node::History { span }),
        "media" => {
            let source = call.named.iter().find(|(key, _)| key == "url");
            let source = source.map(|(_, value)| value).or(first).cloned();
            Some(Node::Media { source, span })
        }
        // Marks where a section lands; sends nothing itself.
        "section" => Some(Node::Block {
            name: literal()?,
            body: Vec::new(),
            span,
        }),
        "json" => {
            let value = Box::new(first?.clone());
            let kind = ExprKind::Filter(value, name, Vec::new(), call.named.clone());
            let expr = Expr::new(kind, span);
            Some(Node::Output { expr, span })
        }
        _ => None,
    }
}
