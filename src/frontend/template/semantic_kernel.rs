//! What a Semantic Kernel block is: a variable, a quoted value, or a function call.

use super::build::Action;
use super::scan::{is_word_char, scan, Token, Word, Words};
use super::tree::{Expr, ExprKind, Node};
use super::Tag;

const WORDS: Words = Words {
    starts_name: |c| c.is_alphabetic() || c == '_' || c == '$',
    in_name: |c| is_word_char(c) || c == '-',
    quotes: &[('"', true), ('\'', true)],
    bracket_names: false,
    operators: &[".", "="],
};

pub(super) fn action(tag: &Tag) -> Action {
    let tokens = scan(tag.text.as_str(), tag.inner.0, tag.inner.1, &WORDS);
    if tokens.is_empty() {
        return Action::Text("an empty block".into(), None);
    }
    let mut at = 0;
    let Some(head) = value(tag, &tokens, &mut at) else {
        return unreadable();
    };
    let (mut args, mut named) = (Vec::new(), Vec::new());
    while at < tokens.len() {
        let key = match (&tokens[at].word, tokens.get(at + 1)) {
            (Word::Name(key), Some(next)) if next.is("=") => Some(key.to_string()),
            _ => None,
        };
        at += if key.is_some() { 2 } else { 0 };
        match (value(tag, &tokens, &mut at), key) {
            (Some(value), Some(key)) => named.push((key, value)),
            (Some(value), None) => args.push(value),
            (None, _) => return unreadable(),
        }
    }
    let span = tag.span();
    let variable = tokens[0].from + 1 < tokens[0].to
        && matches!(tokens[0].word, Word::Name(name) if name.starts_with('$'));
    let literal = matches!(head.kind, ExprKind::Str(_));
    let expr = if args.is_empty() && named.is_empty() && (variable || literal) {
        head
    } else if variable || literal {
        return unreadable();
    } else {
        let at = tag.text.span(tokens[0].from, tokens[tokens.len() - 1].to);
        Expr::new(ExprKind::Call(Box::new(head), args, named), at)
    };
    Action::Nodes(vec![Node::Output { expr, span }])
}

fn unreadable() -> Action {
    Action::Text(
        "neither a variable, nor a value, nor a function call".into(),
        Some("write `{{$name}}` or `{{plugin.function $name}}`".into()),
    )
}

fn value(tag: &Tag, tokens: &[Token], at: &mut usize) -> Option<Expr> {
    let token = tokens.get(*at)?;
    *at += 1;
    let span = tag.text.span(token.from, token.to);
    match &token.word {
        Word::Str(text) => Some(Expr::new(ExprKind::Str(text.clone()), span)),
        Word::Name(name) => {
            let name = name.strip_prefix('$').unwrap_or(name);
            let mut expr = Expr::new(ExprKind::Name(name.into()), span);
            // A plugin and its function.
            if tokens.get(*at).is_some_and(|t| t.is(".")) {
                let attr = tokens.get(*at + 1)?;
                let Word::Name(attr_name) = attr.word else {
                    return None;
                };
                *at += 2;
                let span = tag.text.span(token.from, attr.to);
                expr = Expr::new(ExprKind::Attr(Box::new(expr), attr_name.into()), span);
            }
            Some(expr)
        }
        _ => None,
    }
}
