//! What a tag of ERB (Ruby) or EJS (JavaScript) does. The host language is read roughly: control flow by its first
//! and last words, values as far as they look like expressions.

use super::build::{Action, Block};
use super::dialect::TagKind;
use super::expr::{Host, Parser};
use super::tree::{Expr, ExprKind, Include, Node};
use super::Tag;

pub(super) fn action(tag: &Tag, host: Host) -> Action {
    let content = tag.content().trim();
    if content.is_empty() {
        return Action::Nodes(Vec::new());
    }
    let code = Code {
        tag,
        host,
        from: tag.inner.0 + tag.content().len() - tag.content().trim_start().len(),
        content,
    };
    match tag.kind {
        TagKind::Output => code.output(),
        _ => match code.control() {
            Some(action) => action,
            None => code.other(),
        },
    }
}

struct Code<'a> {
    tag: &'a Tag<'a>,
    host: Host,
    /// Where the content starts in the decoded text.
    from: usize,
    content: &'a str,
}

impl<'a> Code<'a> {
    /// A part of the content as an expression; opaque where it is not one.
    fn value(&self, part: &str) -> Expr {
        let start = part.as_ptr() as usize - self.content.as_ptr() as usize;
        let from = self.from + start;
        let mut parser = Parser::new(self.tag.text, from, from + part.len(), self.host);
        let expr = parser.expression();
        if parser.error.is_none() && parser.done() {
            return expr;
        }
        let span = self.tag.text.span(from, from + part.len());
        Expr::new(ExprKind::Opaque(part.trim().into()), span)
    }

    fn output(&self) -> Action {
        let span = self.tag.span();
        // `<%= form_for x do |f| %>` opens a block.
        if let Some(call) = ruby_block(self.content) {
            let value = self.value(call.0);
            let name = value.root_name().unwrap_or_default().to_string();
            return Action::Open(Block::Wrapped(name, vec![value]), "end".into());
        }
        let expr = self.value(self.content.trim_end_matches(';'));
        if let Some(include) = self.include(&expr) {
            return include;
        }
        Action::Nodes(vec![Node::Output { expr, span }])
    }

    /// `include("x", {a: b})` of EJS, `render "x", a: b` of Rails.
    fn include(&self, expr: &Expr) -> Option<Action> {
        let (target, bindings) = match &expr.kind {
            ExprKind::Call(callee, args, named) => {
                if !matches!(&callee.kind, ExprKind::Name(n) if n == "include" || n == "render") {
                    return None;
                }
                let mut bindings = named.clone();
                if let Some(ExprKind::Map(items)) = args.get(1).map(|arg| &arg.kind) {
                    bindings.extend(items.iter().filter_map(|(key, value)| match &key.kind {
                        ExprKind::Name(key) | ExprKind::Str(key) => {
                            Some((key.clone(), value.clone()))
                        }
                        _ => None,
                    }));
                }
                (args.first()?.clone(), bindings)
            }
            ExprKind::Opaque(_) => {
                let rest = self.content.strip_prefix("render ")?.trim_start();
                let mut parts = rest.split(',');
                let name = parts.next()?.trim();
                let name = name.strip_prefix("partial:").unwrap_or(name).trim_start();
                let bindings = parts.filter_map(|part| {
                    let (key, value) = part.split_once(':')?;
                    Some((key.trim().to_string(), self.value(value.trim())))
                });
                (self.value(name), bindings.collect())
            }
            _ => return None,
        };
        if !matches!(target.kind, ExprKind::Str(_)) {
            return None;
        }
        Some(Action::Nodes(vec![Node::Include(Include {
            target,
            bindings,
            fallback: Vec::new(),
            ignore_missing: false,
            isolated: false,
            indent: String::new(),
            span: self.tag.span(),
        })]))
    }

    fn control(&self) -> Option<Action> {
        let content = self.content;
        if let Some(rest) = content.strip_prefix('}') {
            return Some(self.behind_brace(rest));
        }
        let (word, rest) = split_word(content);
        let ruby = || "end".to_string();
        let braced = content.ends_with('{');
        let end = if braced { "}".to_string() } else { ruby() };
        match word {
            "if" => Some(Action::Open(Block::If(Some(self.condition(rest))), end)),
            "unless" => {
                let inner = self.condition(rest);
                let span = inner.span;
                let negated = Expr::new(ExprKind::Not(Box::new(inner)), span);
                Some(Action::Open(Block::If(Some(negated)), end))
            }
            "elsif" => Some(Action::Else(Some(self.condition(rest)))),
            "else" if rest.trim().is_empty() => Some(Action::Else(None)),
            "case" => Some(Action::Open(Block::Case(self.value(rest)), end)),
            "when" => Some(Action::When(
                rest.split(',').map(|v| self.value(v)).collect(),
            )),
            "end" => Some(Action::Close(ruby())),
            "for" => Some(Action::Open(self.for_loop(rest), end)),
            "while" | "until" => {
                let iter = self.condition(rest);
                Some(Action::Open(repeat(Vec::new(), iter), end))
            }
            _ => self.opened_call(),
        }
    }

    /// `}`, `})`, `} else {`, `} else if (c) {`
    fn behind_brace(&self, rest: &'a str) -> Action {
        let (word, tail) = split_word(rest.trim_start());
        if word != "else" {
            return Action::Close("}".into());
        }
        match split_word(tail.trim_start()) {
            ("if", condition) => Action::Else(Some(self.condition(condition))),
            _ => Action::Else(None),
        }
    }

    /// `xs.each do |x|`, `xs.forEach(x => {`, `xs.forEach(function (x, i) {`, anything else that opens a block.
    fn opened_call(&self) -> Option<Action> {
        if let Some((call, params)) = ruby_block(self.content) {
            let value = self.value(call);
            let block = match value.kind {
                ExprKind::Attr(iter, method) if method.starts_with("each") => {
                    repeat(names(params), *iter)
                }
                _ => Block::With(Vec::new()),
            };
            return Some(Action::Open(block, "end".into()));
        }
        if !self.content.ends_with('{') {
            return None;
        }
        let each = [".forEach(", ".map("]
            .into_iter()
            .find_map(|method| self.content.split_once(method));
        let block = match each {
            Some((iter, callback)) => {
                let params = callback.trim_end_matches(['{', ' ', '=', '>']);
                let params = params.trim_start_matches("async ");
                let params = params.trim_start_matches("function");
                repeat(names(params), self.value(iter))
            }
            None => Block::With(Vec::new()),
        };
        Some(Action::Open(block, "}".into()))
    }

    fn condition(&self, rest: &str) -> Expr {
        let rest = rest.trim().trim_end_matches('{').trim_end();
        self.value(rest.strip_suffix(" then").unwrap_or(rest))
    }

    /// `x in xs`, `(const x of xs) {`, `(let i = 0; ..) {`
    fn for_loop(&self, rest: &str) -> Block {
        let head = rest.trim().trim_end_matches('{').trim_end();
        let head = head.strip_suffix(" do").unwrap_or(head);
        let head = head.strip_prefix('(').unwrap_or(head);
        let head = head.strip_suffix(')').unwrap_or(head);
        let parts = head.split_once(" of ").or_else(|| head.split_once(" in "));
        match parts {
            Some((targets, iter)) => repeat(names(targets), self.value(iter)),
            None => repeat(Vec::new(), self.value(head)),
        }
    }

    /// Code without output: an assignment, a comment, or nothing that is sent.
    fn other(&self) -> Action {
        let span = self.tag.span();
        if let Some(text) = self.content.strip_prefix("//") {
            let text = text.to_string();
            return Action::Nodes(vec![Node::Comment { text, span }]);
        }
        let mut head = self.content;
        for keyword in ["const ", "let ", "var "] {
            head = head.strip_prefix(keyword).unwrap_or(head);
        }
        let Some((name, value)) = head.split_once('=') else {
            return Action::Nodes(Vec::new());
        };
        let name = name.trim().trim_start_matches('@');
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !plain || value.starts_with(['=', '>', '~']) {
            return Action::Nodes(Vec::new());
        }
        let value = self.value(value.trim().trim_end_matches(';'));
        Action::Nodes(vec![Node::Set {
            name: name.to_string(),
            value,
            span,
        }])
    }
}

fn repeat(targets: Vec<String>, iter: Expr) -> Block {
    Block::For {
        targets,
        iter,
        maybe_condition: false,
    }
}

/// The call and the parameters of `call do |params|`.
fn ruby_block(content: &str) -> Option<(&str, &str)> {
    if let Some(call) = content.strip_suffix(" do") {
        return Some((call, ""));
    }
    let (call, params) = content.strip_suffix('|')?.rsplit_once('|')?;
    let call = call.trim_end().strip_suffix(" do")?;
    Some((call, params))
}

fn names(list: &str) -> Vec<String> {
    list.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|name| !name.is_empty() && !matches!(*name, "const" | "let" | "var"))
        .map(str::to_string)
        .collect()
}

fn split_word(content: &str) -> (&str, &str) {
    let end = content
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(content.len());
    content.split_at(end)
}
