//! What a Liquid tag does.

use super::build::{Action, Block, NESTING_LIMIT};
use super::cursor::{Cursor, Grammar};
use super::dialect::TagKind;
use super::scan::{is_letter, Word, Words};
use super::tree::{Expr, ExprKind, For, Include, Node};
use super::Tag;

struct Liquid;

impl Grammar for Liquid {
    const WORDS: Words = Words {
        starts_name: is_letter,
        in_name: |c| c.is_alphanumeric() || c == '_' || c == '-' || c == '?',
        quotes: &[('"', false), ('\'', false)],
        bracket_names: false,
        operators: &[
            "==", "!=", "<>", "<=", ">=", "..", "<", ">", "=", "|", ":", ",", ".", "[", "]", "(",
            ")", "-",
        ],
    };
}

type Parser<'a> = Cursor<'a, Liquid>;

pub(super) fn action(tag: &Tag) -> Action {
    let content = tag.content().trim_start();
    if tag.kind != TagKind::Output && content.starts_with('#') {
        return Action::Nodes(vec![Node::Comment {
            text: content[1..].to_string(),
            span: tag.span(),
        }]);
    }
    let mut parser = Parser::new(tag, tag.inner.0);
    if tag.kind == TagKind::Output {
        return parser.output();
    }
    let Some(keyword) = parser.name() else {
        return Action::Text("an empty tag".into(), None);
    };
    let action = statement(&mut parser, &keyword);
    if parser.failed && !matches!(action, Action::Text(..)) {
        tag.problem(format!("`{keyword}` cannot be read in full"));
    }
    action
}

fn statement(parser: &mut Parser, keyword: &str) -> Action {
    let span = parser.tag.span();
    let open = |block, end: &str| Action::Open(block, end.to_string());
    match keyword {
        "if" => open(Block::If(Some(parser.condition())), "endif"),
        "unless" => {
            let inner = parser.condition();
            let at = inner.span;
            let negated = Expr::new(ExprKind::Not(Box::new(inner)), at);
            open(Block::If(Some(negated)), "endunless")
        }
        "elsif" => Action::Else(Some(parser.condition())),
        "else" => Action::Else(None),
        "case" => open(Block::Case(parser.value()), "endcase"),
        "when" => Action::When(parser.alternatives()),
        "for" => open(parser.for_loop(), "endfor"),
        "tablerow" => open(parser.for_loop(), "endtablerow"),
        "ifchanged" => open(Block::Wrapped(keyword.into(), Vec::new()), "endifchanged"),
        "assign" => {
            let name = parser.dotted();
            parser.failed |= !parser.take("=");
            let value = parser.filtered();
            Action::Nodes(vec![Node::Set { name, value, span }])
        }
        "capture" => {
            let name = match parser.value().kind {
                ExprKind::Name(name) | ExprKind::Str(name) => name,
                _ => String::new(),
            };
            open(Block::Capture(name), "endcapture")
        }
        "include" | "include_relative" => parser.include(false),
        "render" => parser.include(true),
        "layout" => {
            let target = parser.value();
            Action::Nodes(vec![Node::Extends { target, span }])
        }
        "block" => open(Block::Named(parser.dotted()), "endblock"),
        "echo" => parser.output(),
        "cycle" | "increment" | "decrement" => {
            let callee = Expr::new(ExprKind::Name(keyword.into()), span);
            let args = parser.alternatives();
            let kind = ExprKind::Call(Box::new(callee), args, Vec::new());
            let expr = Expr::new(kind, span);
            Action::Nodes(vec![Node::Output { expr, span }])
        }
        "raw" | "comment" | "doc" => Action::Text(
            format!("`{keyword}` is not closed"),
            Some("it is read as text, and what follows as a template".into()),
        ),
        "break" | "continue" => Action::Nodes(Vec::new()),
        end if is_end(end) => Action::Close(end.to_string()),
        other => Action::Text(
            format!("unknown tag `{other}`"),
            Some("it is read as text".into()),
        ),
    }
}

fn is_end(word: &str) -> bool {
    word.strip_prefix("end").is_some_and(|start| {
        let known = "if unless case for tablerow ifchanged capture raw comment doc block";
        known.split(' ').any(|name| name == start)
    })
}

impl Parser<'_> {
    fn dotted(&mut self) -> String {
        let mut name = self.name().unwrap_or_default();
        while self.take(".") {
            name = format!("{name}.{}", self.name().unwrap_or_default());
        }
        name
    }

    fn output(&mut self) -> Action {
        if self.at >= self.tokens.len() {
            return Action::Text("an empty output".into(), None);
        }
        let mut expr = self.filtered();
        if self.failed || self.at < self.tokens.len() {
            self.tag.problem("an output that cannot be read".into());
            expr = self.tag.opaque();
        }
        let span = self.tag.span();
        Action::Nodes(vec![Node::Output { expr, span }])
    }

    /// `a.b[0] | filter: x, key: y | ..`
    fn filtered(&mut self) -> Expr {
        let first = self.at;
        let mut value = self.condition();
        let mut height = 0;
        while self.take("|") {
            height += 1;
            let Some(name) = self.name().filter(|_| height <= NESTING_LIMIT) else {
                self.failed = true;
                break;
            };
            let (mut args, mut named) = (Vec::new(), Vec::new());
            if self.take(":") {
                (args, named) = self.arguments();
            }
            let kind = ExprKind::Filter(
                Box::new(value),
                name,
                std::mem::take(&mut args),
                std::mem::take(&mut named),
            );
            value = self.expr(kind, first);
        }
        value
    }

    fn arguments(&mut self) -> (Vec<Expr>, Vec<(String, Expr)>) {
        let (mut args, mut named) = (Vec::new(), Vec::new());
        loop {
            match self.key() {
                Some(key) => named.push((key, self.value())),
                None => args.push(self.value()),
            }
            if self.failed || !self.take(",") {
                return (args, named);
            }
        }
    }

    /// `key:` of a named argument.
    fn key(&mut self) -> Option<String> {
        if !self.tokens.get(self.at + 1).is_some_and(|t| t.is(":")) {
            return None;
        }
        let key = self.name()?;
        self.at += 1;
        Some(key)
    }

    /// Values between commas or `or`, as in `when` and `cycle`.
    fn alternatives(&mut self) -> Vec<Expr> {
        let mut out = Vec::new();
        while self.peek().is_some() && !self.failed {
            self.key();
            out.push(self.value());
            let _ = self.take(",") || self.take_name("or") || self.take(":");
        }
        out
    }

    /// Comparisons joined by `and` and `or`; Liquid reads them from the right, names and values are the same.
    fn condition(&mut self) -> Expr {
        let first = self.at;
        let mut left = self.comparison();
        let mut height = 0;
        while !self.failed && height < NESTING_LIMIT {
            let Some(op) = ["and", "or"].into_iter().find(|op| self.take_name(op)) else {
                break;
            };
            height += 1;
            let right = self.comparison();
            let kind = ExprKind::Binary(op.into(), Box::new(left), Box::new(right));
            left = self.expr(kind, first);
        }
        left
    }

    fn comparison(&mut self) -> Expr {
        let first = self.at;
        let left = self.value();
        let ops = ["==", "!=", "<>", "<=", ">=", "<", ">"];
        let op = match ops.into_iter().find(|op| self.take(op)) {
            Some(op) => op,
            None if self.take_name("contains") => "contains",
            None => return left,
        };
        let right = self.value();
        let kind = ExprKind::Binary(op.into(), Box::new(left), Box::new(right));
        self.expr(kind, first)
    }

    fn value(&mut self) -> Expr {
        self.value_at(0)
    }

    fn value_at(&mut self, depth: usize) -> Expr {
        let first = self.at;
        let Some(token) = self.peek().cloned().filter(|_| depth < NESTING_LIMIT) else {
            self.failed = true;
            return self.tag.opaque();
        };
        self.at += 1;
        let kind = match token.word {
            Word::Str(text) => ExprKind::Str(text),
            Word::Number(value) => ExprKind::Number(value),
            Word::Name("true") => ExprKind::Bool(true),
            Word::Name("false") => ExprKind::Bool(false),
            Word::Name("nil" | "null" | "blank" | "empty") => ExprKind::None,
            Word::Name(name) => ExprKind::Name(name.into()),
            Word::Op("-") => match self.value_at(depth + 1).kind {
                ExprKind::Number(value) => ExprKind::Number(-value),
                other => other,
            },
            Word::Op("(") => {
                let from = self.value_at(depth + 1);
                self.failed |= !self.take("..");
                let to = self.value_at(depth + 1);
                self.failed |= !self.take(")");
                ExprKind::Binary("..".into(), Box::new(from), Box::new(to))
            }
            _ => {
                self.failed = true;
                return self.tag.opaque();
            }
        };
        let mut value = self.expr(kind, first);
        let mut height = 0;
        while !self.failed && height < NESTING_LIMIT {
            height += 1;
            let kind = if self.take(".") {
                let Some(name) = self.name() else {
                    self.failed = true;
                    break;
                };
                ExprKind::Attr(Box::new(value), name)
            } else if self.take("[") {
                let index = self.value_at(depth + 1);
                self.failed |= !self.take("]");
                ExprKind::Index(Box::new(value), Box::new(index))
            } else {
                break;
            };
            value = self.expr(kind, first);
        }
        value
    }

    /// `x in xs limit: 2 offset: 1 reversed`
    fn for_loop(&mut self) -> Block {
        let targets: Vec<String> = self.name().into_iter().collect();
        self.failed |= !self.take_name("in");
        let first = self.at;
        let mut iter = self.value();
        while self.peek().is_some() && !self.failed {
            let _ = self.take(",");
            let (name, args) = match self.key() {
                Some(key) => (key, vec![self.value()]),
                None => match self.name() {
                    Some(name) => (name, Vec::new()),
                    None => {
                        self.failed = true;
                        break;
                    }
                },
            };
            if self.at - first > NESTING_LIMIT {
                self.failed = true;
            }
            let kind = ExprKind::Filter(Box::new(iter), name, args, Vec::new());
            iter = self.expr(kind, first);
        }
        Block::For {
            targets,
            iter,
            maybe_condition: false,
        }
    }

    /// `"name" with x as y, a: b`, or `for xs as x`: once for each item.
    fn include(&mut self, isolated: bool) -> Action {
        let target = self.value();
        let mut bindings = Vec::new();
        let base = match &target.kind {
            ExprKind::Str(name) => name.rsplit('/').next().unwrap_or(name).to_string(),
            _ => String::new(),
        };
        let mut each = None;
        let repeats = self.take_name("for");
        if repeats || self.take_name("with") {
            let value = self.value();
            let name = match self.take_name("as") {
                true => self.name().unwrap_or_default(),
                false => base,
            };
            if repeats && !name.is_empty() {
                let item = Expr::new(ExprKind::Name(name.clone()), value.span);
                bindings.push((name.clone(), item));
                each = Some((name, value));
            } else {
                bindings.push((name, value));
            }
        }
        while self.peek().is_some() && !self.failed {
            let _ = self.take(",");
            match self.key() {
                Some(key) => bindings.push((key, self.value())),
                None => self.failed = true,
            }
        }
        let span = self.tag.span();
        let include = Node::Include(Include {
            target,
            bindings,
            fallback: Vec::new(),
            ignore_missing: false,
            isolated,
            indent: String::new(),
            span,
        });
        Action::Nodes(vec![match each {
            Some((name, iter)) => Node::For(Box::new(For {
                targets: vec![name],
                iter,
                body: vec![include],
                otherwise: Vec::new(),
                span,
                head: span,
                maybe_condition: false,
            })),
            None => include,
        }])
    }
}
