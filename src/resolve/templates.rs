//! The abstract evaluator of template trees: nodes -> pieces. Loops are in `loops.rs`, conditions in `branches.rs`,
//! other files in `includes.rs`. Knows nothing of messages.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::{Expr, ExprKind, Node};
use crate::prompt::{Branch, History, Hop, Media, Piece};
use crate::source::{Span, Text};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::context::{Frame, Lookup, MAX_DEPTH, MAX_PIECES};
use super::evaluator::Evaluator;
use super::expr::hop;
use super::value::{add_hop, fold_tail, push_all, push_piece, Body, Macro, Value};

impl Evaluator<'_> {
    pub fn nodes(&mut self, nodes: &[Node]) -> Vec<Piece> {
        let mut out = Vec::new();
        if let Some((target, span)) = extends(nodes) {
            return self.extend(nodes, target, span);
        }
        for node in nodes {
            if !self.enter() {
                let span = node.span();
                let piece = self.missing("...".into(), span, "beyond the limits");
                push_piece(&mut out, piece);
                break;
            }
            let pieces = self.node(node);
            push_all(&mut out, pieces);
            self.leave();
            if out.len() > MAX_PIECES {
                let place = self.here.place(node.span());
                fold_tail(&mut out, MAX_PIECES, &place);
                self.limit(format!(
                    "more than {MAX_PIECES} pieces: the tail is one value"
                ));
                break;
            }
        }
        out
    }

    fn node(&mut self, node: &Node) -> Vec<Piece> {
        match node {
            Node::Text(text) => vec![Piece::Text(text.clone())],
            Node::Output { expr, span } => self.output(expr, *span),
            Node::If { arms, span } => self.branch(arms, *span),
            Node::For(node) => self.repeat(node),
            Node::Set { name, value, span } => {
                self.set(name, value, *span);
                Vec::new()
            }
            Node::Capture { name, body, span } => {
                self.scopes.push(Frame::default());
                let mut pieces = self.nodes(body);
                self.scopes.pop();
                let note = hop(&self.here, *span, format!("`{name}` is filled here"));
                add_hop(&mut pieces, &note);
                self.scopes
                    .bind(name.clone(), Value::Pieces(Rc::new(pieces)));
                Vec::new()
            }
            Node::Macro {
                name, params, body, ..
            } => {
                self.define(name, params, body);
                Vec::new()
            }
            Node::CallBlock {
                params,
                callee,
                body,
                span,
            } => {
                self.tag = *span;
                let body = Macro {
                    name: "caller".into(),
                    params: params.clone(),
                    body: Body {
                        nodes: body.clone(),
                        here: self.here.clone(),
                    },
                    globals: Default::default(),
                };
                self.callers.push(Rc::new(body));
                let value = self.eval(callee);
                self.callers.pop();
                self.render(value, callee)
            }
            Node::Include(include) => self.include(include),
            Node::Extends { .. } => Vec::new(),
            Node::Import {
                target,
                alias,
                names,
                span,
            } => {
                self.import(target, alias.as_deref(), names, *span);
                Vec::new()
            }
            Node::Block { name, body, span } => self.block(name, body, *span),
            Node::With { bindings, body, .. } => self.with(bindings, body),
            Node::Wrapped {
                name,
                args,
                body,
                span,
            } => self.wrapped(name, args, body, *span),
            Node::Role { role, span } => vec![self.role(role, *span)],
            Node::History { span } => {
                self.trail.mentions_history = true;
                vec![Piece::History(History {
                    expr: self.here.written(*span),
                    place: self.here.place(*span),
                    rewritten: None,
                })]
            }
            Node::Media { source, span } => vec![self.media(source.as_ref(), *span)],
            Node::Comment { .. } => Vec::new(),
        }
    }

    /// A role switch travels as the marker that Dotprompt itself renders; `roles.rs` splits at it.
    fn role(&self, role: &str, span: Span) -> Piece {
        let marker = format!("<<<dotprompt:role:{}>>>", role.to_ascii_lowercase());
        Piece::Text(Text::opaque(self.here.path(), span, &marker))
    }

    fn output(&mut self, expr: &Expr, span: Span) -> Vec<Piece> {
        self.tag = span;
        // `{{ partial }}` of an inline partial, Handlebars helpers without arguments.
        let value = self.eval(expr);
        self.tag = span;
        let written = self.here.written(expr.span);
        let mut pieces = self.render(value, expr);
        if let ExprKind::Name(_) | ExprKind::Attr(..) = expr.kind {
            if let [Piece::Slot(slot)] = pieces.as_mut_slice() {
                // A value that code put into the text has no tag that is written anywhere.
                if !written.is_empty() {
                    slot.expr = written.into();
                }
            }
        }
        pieces
    }

    fn set(&mut self, name: &str, value: &Expr, span: Span) {
        self.tag = span;
        let bound = self.eval(value);
        let note = format!("`{name}` is set to `{}`", self.here.written(value.span));
        let bound = bound.with_hop(&hop(&self.here, span, note));
        // `{% set a, b = .. %}`
        if name.contains(',') {
            for part in name.split(',') {
                let part = part.trim().trim_matches(['(', ')']);
                let value = Value::unknown(part.to_string(), bound.volatility(), 20);
                self.scopes.bind(part, value);
            }
            return;
        }
        self.scopes.assign(name, bound);
    }

    fn define(&mut self, name: &str, params: &[(String, Option<Expr>)], body: &[Node]) {
        let value = Macro {
            name: name.to_string(),
            params: params.to_vec(),
            body: Body {
                nodes: body.to_vec(),
                here: self.here.clone(),
            },
            globals: Default::default(),
        };
        self.scopes.bind_global(name, Value::Macro(Rc::new(value)));
    }

    fn with(&mut self, bindings: &[(String, Expr)], body: &[Node]) -> Vec<Piece> {
        let mut frame = Frame::default();
        for (name, expr) in bindings {
            let value = self.eval(expr);
            if self.is_item_name(name) || name.is_empty() {
                frame.context = Some(value.clone());
                frame.names.insert("this".into(), value.clone());
                frame.names.insert(".".into(), value);
            } else {
                let note = format!("`{name}` is bound to `{}`", self.here.written(expr.span));
                let value = value.with_hop(&hop(&self.here, expr.span, note));
                frame.names.insert(name.clone(), value);
            }
        }
        self.scopes.push(frame);
        let pieces = self.nodes(body);
        self.scopes.pop();
        pieces
    }

    /// An unknown block: its body is sent in some form; a helper named like a condition may leave it out.
    fn wrapped(&mut self, name: &str, args: &[Expr], body: &[Node], span: Span) -> Vec<Piece> {
        self.tag = span;
        let is = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(name));
        if is(&self.words.message_helpers) {
            let role = args
                .iter()
                .find_map(|arg| self.eval(arg).known_text())
                .filter(|role| self.words.roles.contains(&role.to_ascii_lowercase()));
            let mut out = Vec::new();
            if let Some(role) = role {
                push_piece(&mut out, self.role(&role, span));
            }
            push_all(&mut out, self.nodes(body));
            return out;
        }
        let pieces = self.nodes(body);
        if !is(&self.words.condition_helpers) || args.is_empty() {
            return pieces;
        }
        let volatility = args
            .iter()
            .map(|arg| self.eval(arg).volatility())
            .fold(Volatility::constant(), super::value::worse);
        let (id, _) = self.fork_id(&args.iter().collect::<Vec<_>>());
        vec![Piece::Branch(Branch {
            condition: args
                .iter()
                .map(|arg| self.here.written(arg.span))
                .collect::<Vec<_>>()
                .join(" ")
                .into(),
            id,
            place: self.here.place(span),
            volatility,
            arms: Arc::new(vec![pieces, Vec::new()]),
        })]
    }

    fn media(&mut self, source: Option<&Expr>, span: Span) -> Piece {
        self.tag = span;
        let value = source.map(|source| self.eval(source));
        let volatility = match &value {
            Some(value) => value.volatility(),
            None => Volatility::new(
                Class::Request,
                Origin::Outside,
                Confidence::Possible,
                "media of this call",
            ),
        };
        Piece::Media(Media {
            place: self.here.place(span),
            key: source
                .map(|source| self.here.written(source.span))
                .unwrap_or_default(),
            volatility,
        })
    }

    /// A block: the most derived body, the one that stands here as its `super()`.
    fn block(&mut self, name: &str, body: &[Node], _span: Span) -> Vec<Piece> {
        let own = Rc::new(Body {
            nodes: body.to_vec(),
            here: self.here.clone(),
        });
        let chain = self.blocks.entry(name.to_string()).or_default();
        chain.push(own);
        let pieces = self.block_at(name, 0);
        // Kept for `self.name()` further down.
        pieces
    }

    /// The body of a block at a position of its chain.
    fn block_at(&mut self, name: &str, at: usize) -> Vec<Piece> {
        let Some(body) = self
            .blocks
            .get(name)
            .and_then(|chain| chain.get(at))
            .cloned()
        else {
            return Vec::new();
        };
        let again = self
            .active_blocks
            .iter()
            .any(|(n, a)| n == name && *a == at);
        if again || self.active_blocks.len() >= MAX_DEPTH * 2 {
            return Vec::new();
        }
        self.active_blocks.push((name.to_string(), at));
        let pieces = self.body(&body, Frame::default());
        self.active_blocks.pop();
        pieces
    }

    /// Evaluates a body in its own file.
    pub fn body(&mut self, body: &Body, frame: Frame) -> Vec<Piece> {
        let here = std::mem::replace(&mut self.here, body.here.clone());
        let tag = self.tag;
        self.scopes.push(frame);
        let pieces = self.nodes(&body.nodes);
        self.scopes.pop();
        self.tag = tag;
        self.here = here;
        pieces
    }

    /// Calls that the template language itself answers: macros, `caller()`, `super()`, `self.block()`, `range`.
    pub fn template_call(
        &mut self,
        callee: &Expr,
        args: &[Expr],
        named: &[(String, Expr)],
        expr: &Expr,
    ) -> Option<Value> {
        let pieces = |pieces: Vec<Piece>| Some(Value::Pieces(Rc::new(pieces)));
        match &callee.kind {
            ExprKind::Name(name) => {
                if let Lookup::Bound(value) = self.scopes.lookup(name) {
                    if let Value::Macro(found) = value.clone() {
                        return pieces(self.call_macro(&found, args, named, expr));
                    }
                    return None;
                }
                match name.as_str() {
                    "caller" => {
                        let body = self.callers.pop()?;
                        let frame = self.arguments(&body, args, named);
                        let out = self.body(&body.body, frame);
                        self.callers.push(body);
                        pieces(out)
                    }
                    "super" => {
                        let (name, at) = self.active_blocks.last().cloned()?;
                        pieces(self.block_at(&name, at + 1))
                    }
                    "range" => self.range(args),
                    "lookup" if args.len() == 2 && self.here.has_contexts() => {
                        Some(self.eval_index(&args[0], &args[1], expr))
                    }
                    "printf" if self.here.dialect == Dialect::GoTemplate => {
                        let (form, rest) = args.split_first()?;
                        let form = self.eval(form).known_text()?;
                        let given = rest.iter().map(|arg| self.eval(arg)).collect();
                        Some(self.filled(&form, given, expr))
                    }
                    // `loop(node.children)`: the rounds below this one are part of the loop.
                    _ if self.words.loop_objects.contains(name) => Some(Value::Steady),
                    "dict" | "namespace" => {
                        let mut items = Vec::new();
                        for (key, value) in named {
                            items.push((key.clone(), self.eval(value)));
                        }
                        Some(Value::Map(Rc::new(items)))
                    }
                    _ => None,
                }
            }
            ExprKind::Attr(inner, attr) => {
                if matches!(&inner.kind, ExprKind::Name(name) if name == "self") {
                    return pieces(self.block_at(attr, 0));
                }
                if matches!(&inner.kind, ExprKind::Name(name) if self.words.loop_objects.contains(name))
                {
                    return Some(Value::Steady);
                }
                let root = callee.root_name()?;
                let Lookup::Bound(Value::Module(names)) = self.scopes.lookup(root) else {
                    return None;
                };
                let Some(Value::Macro(found)) = names.get(attr).cloned() else {
                    return None;
                };
                pieces(self.call_macro(&found, args, named, expr))
            }
            _ => None,
        }
    }

    fn range(&mut self, args: &[Expr]) -> Option<Value> {
        let mut numbers = Vec::new();
        for arg in args {
            let Value::Number(number) = self.eval(arg) else {
                return None;
            };
            numbers.push(number as i64);
        }
        let (start, end, step) = match numbers.as_slice() {
            [end] => (0, *end, 1),
            [start, end] => (*start, *end, 1),
            [start, end, step] if *step > 0 => (*start, *end, *step),
            _ => return None,
        };
        let step = usize::try_from(step).ok()?;
        let items = (start..end)
            .step_by(step)
            .take(1000)
            .map(|number| Value::Number(number as f64));
        Some(Value::List(Rc::new(items.collect())))
    }

    /// A macro with its parameters bound to the arguments.
    fn call_macro(
        &mut self,
        found: &Rc<Macro>,
        args: &[Expr],
        named: &[(String, Expr)],
        expr: &Expr,
    ) -> Vec<Piece> {
        let key = format!("{}#{}", found.body.here.path(), found.name);
        if self.macros.contains(&key) || self.depth >= MAX_DEPTH {
            self.limit(format!(
                "macro `{}` calls itself or is called too deep",
                found.name
            ));
            let expr_text = self.here.written(expr.span);
            return vec![self.missing(expr_text, self.tag, "a macro that calls itself")];
        }
        let frame = self.arguments(found, args, named);
        let call = Hop {
            place: self.here.place(self.tag),
            note: format!("`{}` is called here", found.name).into(),
        };
        self.calls.push(call);
        self.macros.push(key);
        self.depth += 1;
        let pieces = self.body(&found.body, frame);
        self.depth -= 1;
        self.macros.pop();
        self.calls.pop();
        pieces
    }

    /// The parameters of a macro bound to the arguments of a call.
    fn arguments(&mut self, found: &Macro, args: &[Expr], named: &[(String, Expr)]) -> Frame {
        let mut frame = Frame::default();
        frame.names.extend(found.globals.clone());
        for (index, (name, default)) in found.params.iter().enumerate() {
            let given = named
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, value)| value)
                .or_else(|| args.get(index));
            let value = match (given, default) {
                (Some(given), _) => {
                    let note = format!("`{name}` is `{}`", self.here.written(given.span));
                    let note = hop(&self.here, given.span, note);
                    self.eval(given).with_hop(&note)
                }
                (None, Some(default)) => self.eval(default),
                (None, None) => Value::None,
            };
            frame.names.insert(name.clone(), value);
        }
        frame
    }
}

fn extends(nodes: &[Node]) -> Option<(&Expr, Span)> {
    nodes.iter().find_map(|node| match node {
        Node::Extends { target, span } => Some((target, *span)),
        _ => None,
    })
}
