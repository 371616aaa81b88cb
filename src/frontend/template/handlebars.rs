//! What a tag of Handlebars, Dotprompt or Mustache does.

use super::build::{Action, Block, NESTING_LIMIT};
use super::dialect::{Dialect, TagKind};
use super::scan::{scan, Token, Word, Words};
use super::tree::{Expr, ExprKind, Include, Node};
use super::Tag;

const WORDS: Words = Words {
    starts_name: is_id,
    in_name: is_id,
    quotes: &[('"', true), ('\'', true)],
    bracket_names: true,
    operators: &[
        "..", ".", "/", "(", ")", "=", "|", "@", "#", "^", ">", "&", "*", "-",
    ],
};

/// Handlebars takes nearly everything for a part of a name.
fn is_id(c: char) -> bool {
    !c.is_whitespace() && !"!\"#%&'()*+,./;<=>@[\\]^`{|}~".contains(c)
}

/// Custom block helpers that choose by a condition are named so in practice (`ifEquals`, `unless_eq`).
const CONDITION_PREFIXES: &[&str] = &["if", "unless"];

struct Parser<'a> {
    tag: &'a Tag<'a>,
    tokens: Vec<Token<'a>>,
    at: usize,
    failed: bool,
}

/// Head, positional and named arguments of a helper call.
struct Invocation {
    head: Expr,
    args: Vec<Expr>,
    named: Vec<(String, Expr)>,
    /// `as |a b|`
    params: Vec<String>,
}

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

impl<'a> Parser<'a> {
    fn new(tag: &'a Tag<'a>, from: usize) -> Self {
        let from = from.min(tag.inner.1);
        Parser {
            tag,
            tokens: scan(tag.text.as_str(), from, tag.inner.1, &WORDS),
            at: 0,
            failed: false,
        }
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, op: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.is(op));
        self.at += usize::from(found);
        found
    }

    fn expr(&self, kind: ExprKind, first: usize) -> Expr {
        let from = self.tokens[first].from;
        let to = self.tokens[self.at.max(1) - 1].to;
        Expr::new(kind, self.tag.text.span(from, to.max(from)))
    }

    /// Where the name of a block ends: its first run of words without a gap.
    fn head_end(&self) -> usize {
        let mut end = self.tokens.first().map_or(self.tag.inner.1, |t| t.to);
        for token in self.tokens.iter().skip(1) {
            if token.from != end {
                break;
            }
            end = token.to;
        }
        end
    }

    /// The whole tag as one call; nothing if words are left over.
    fn invocation(&mut self) -> Option<Invocation> {
        let head = self.value(0)?;
        let (args, named) = self.arguments(0);
        let params = self.block_params();
        (!self.failed && self.at >= self.tokens.len()).then_some(Invocation {
            head,
            args,
            named,
            params,
        })
    }

    fn whole_path(&mut self) -> Option<Expr> {
        let value = self.path()?;
        (self.at >= self.tokens.len()).then_some(value)
    }

    fn block_params(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        let starts = self.peek().is_some_and(|t| t.is_name("as"))
            && self.tokens.get(self.at + 1).is_some_and(|t| t.is("|"));
        if !starts {
            return out;
        }
        self.at += 2;
        while let Some(Word::Name(name)) = self.peek().map(|t| &t.word) {
            out.push((*name).to_string());
            self.at += 1;
        }
        self.failed |= !self.take("|");
        out
    }

    fn arguments(&mut self, depth: usize) -> (Vec<Expr>, Vec<(String, Expr)>) {
        let (mut args, mut named) = (Vec::new(), Vec::new());
        while let Some(token) = self.peek() {
            let next_is = |op: &str| self.tokens.get(self.at + 1).is_some_and(|t| t.is(op));
            if token.is(")") || (token.is_name("as") && next_is("|")) {
                break;
            }
            let key = match &token.word {
                Word::Name(key) if next_is("=") => Some((*key).to_string()),
                _ => None,
            };
            self.at += if key.is_some() { 2 } else { 0 };
            let Some(value) = self.value(depth) else {
                self.failed = true;
                break;
            };
            match key {
                Some(key) => named.push((key, value)),
                None => args.push(value),
            }
        }
        (args, named)
    }

    fn value(&mut self, depth: usize) -> Option<Expr> {
        let first = self.at;
        let token = self.peek()?.clone();
        if depth >= NESTING_LIMIT {
            return None;
        }
        let kind = match token.word {
            Word::Str(text) => ExprKind::Str(text),
            Word::Number(value) => ExprKind::Number(value),
            Word::Name("true") => ExprKind::Bool(true),
            Word::Name("false") => ExprKind::Bool(false),
            Word::Name("null" | "undefined") => ExprKind::None,
            Word::Name(name) if name.starts_with('-') && name.parse::<f64>().is_ok() => {
                ExprKind::Number(name.parse().unwrap_or_default())
            }
            Word::Op("(") => return self.subexpression(depth),
            _ => return self.path(),
        };
        self.at += 1;
        Some(self.expr(kind, first))
    }

    fn subexpression(&mut self, depth: usize) -> Option<Expr> {
        let first = self.at;
        self.at += 1;
        let head = self.value(depth + 1)?;
        let (args, named) = self.arguments(depth + 1);
        if self.failed || !self.take(")") {
            return None;
        }
        Some(self.expr(ExprKind::Call(Box::new(head), args, named), first))
    }

    /// `a.b`, `a/b`, `this.x`, `../x`, `@root.x`, `.`, `[literal].x`
    fn path(&mut self) -> Option<Expr> {
        let first = self.at;
        let mut name = String::new();
        let at = self.take("@");
        while self.take("..") {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str("..");
            if !self.take("/") {
                self.at = self.at.max(first + 1);
                return Some(self.expr(ExprKind::Name(name), first));
            }
        }
        if name.is_empty() && self.take(".") {
            name.push_str("this");
            let mut value = self.expr(ExprKind::Name(name), first);
            if self.take("/") {
                value = self.attribute(value, first)?;
            }
            return self.attributes(value, first);
        }
        if !name.is_empty() {
            let up = self.expr(ExprKind::Name(name), first);
            let value = self.attribute(up, first)?;
            return self.attributes(value, first);
        }
        let root = self.segment()?;
        let root = if at { format!("@{root}") } else { root };
        let value = self.expr(ExprKind::Name(root), first);
        self.attributes(value, first)
    }

    fn segment(&mut self) -> Option<String> {
        let name = match &self.peek()?.word {
            Word::Name(name) => (*name).to_string(),
            Word::Number(value) => value.to_string(),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    fn attribute(&mut self, value: Expr, first: usize) -> Option<Expr> {
        let name = self.segment()?;
        Some(self.expr(ExprKind::Attr(Box::new(value), name), first))
    }

    /// Whether the next word follows without a gap.
    fn continues(&self) -> bool {
        let end = self.at.checked_sub(1).map_or(0, |at| self.tokens[at].to);
        self.peek().is_some_and(|token| token.from == end)
    }

    fn attributes(&mut self, mut value: Expr, first: usize) -> Option<Expr> {
        let mut height = 0;
        while self.continues() && (self.take(".") || self.take("/")) {
            height += 1;
            if height > NESTING_LIMIT {
                return None;
            }
            value = self.attribute(value, first)?;
        }
        Some(value)
    }

    /// A partial's name: a path, a literal, or anything up to the next blank.
    fn partial_name(&mut self) -> Option<Expr> {
        let first = self.at;
        if let Some(Word::Str(name)) = self.peek().map(|t| t.word.clone()) {
            self.at += 1;
            return Some(self.expr(ExprKind::Str(name), first));
        }
        let from = self.peek()?.from;
        let mut to = self.peek()?.to;
        self.at += 1;
        while let Some(token) = self.peek() {
            if token.from != to {
                break;
            }
            to = token.to;
            self.at += 1;
        }
        let name = self.tag.text.as_str()[from..to].trim_matches(['[', ']']);
        Some(self.expr(ExprKind::Str(name.into()), first))
    }
}
