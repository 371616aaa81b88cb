//! Loops: over the conversation, over a literal list, over something unknown.
//! Knows nothing of files or messages.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::tree::{Arm, Expr, ExprKind, For, Node};
use crate::prompt::{Branch, History, Piece, Repeat, Rewrite};
use crate::volatility::classify::ValueKind;
use crate::volatility::{Class, Origin};

use super::branches::Truth;
use super::context::{Frame, LOOP_ROUNDS, MAX_UNROLLED};
use super::evaluator::Evaluator;
use super::value::{push_all, Unknown, Value};

impl Evaluator<'_> {
    pub fn repeat(&mut self, node: &For) -> Vec<Piece> {
        self.tag = node.head;
        let (iter, condition) = parts(&node.iter);
        let value = self.eval(iter);
        if let (Some(condition), Value::List(items)) = (condition, &value) {
            if items.len() <= MAX_UNROLLED {
                return self.sifted(node, condition, items);
            }
        }
        match value {
            Value::None => self.nodes(&node.otherwise),
            Value::Bool(false) if node.maybe_condition => self.nodes(&node.otherwise),
            Value::Bool(true) | Value::Text(_) if node.maybe_condition => self.nodes(&node.body),
            Value::List(items) if items.is_empty() => self.nodes(&node.otherwise),
            Value::List(items) if items.len() <= MAX_UNROLLED && unrolls(&items) => {
                self.unroll(node, &items)
            }
            Value::Map(items) if items.len() <= MAX_UNROLLED => {
                let keys = items.iter().map(|(key, value)| {
                    let key = Value::literal(self.here.path(), node.iter.span, key);
                    if node.targets.len() == 2 {
                        Value::List(Rc::new(vec![key, value.clone()]))
                    } else if node.targets.is_empty() {
                        value.clone()
                    } else {
                        key
                    }
                });
                let keys: Vec<Value> = keys.collect();
                self.unroll(node, &keys)
            }
            Value::Unknown(unknown) if unknown.is_history() && !unknown.item => {
                self.over_history(node, *unknown)
            }
            Value::Unknown(unknown) => self.over_unknown(node, *unknown),
            other => {
                let expr = self.here.written(node.iter.span);
                let unknown = Unknown::new(
                    expr,
                    None,
                    crate::volatility::classify::Verdict {
                        volatility: other.volatility(),
                        ..self.here.name("item")
                    },
                );
                self.over_unknown(node, unknown)
            }
        }
    }

    /// A loop over a literal list with a condition of its own: the items that may pass it.
    fn sifted(&mut self, node: &For, condition: &Expr, items: &[Value]) -> Vec<Piece> {
        let mut kept = Vec::new();
        for item in items {
            let frame = self.item_frame(node, item.clone());
            self.scopes.push(frame);
            let truth = self.truth(condition);
            self.scopes.pop();
            if truth != Truth::Known(false) {
                kept.push(item.clone());
            }
        }
        if kept.is_empty() {
            return self.nodes(&node.otherwise);
        }
        self.unroll(node, &kept)
    }

    fn unroll(&mut self, node: &For, items: &[Value]) -> Vec<Piece> {
        let mut out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if !self.enter() {
                break;
            }
            let mut frame = self.item_frame(node, item.clone());
            let at = |value: bool| Value::Bool(value);
            let number = |n: usize| Value::Number(n as f64);
            let position = vec![
                ("index".to_string(), number(index + 1)),
                ("index0".to_string(), number(index)),
                ("first".to_string(), at(index == 0)),
                ("last".to_string(), at(index + 1 == items.len())),
                ("length".to_string(), number(items.len())),
            ];
            for (name, value) in &position {
                for object in &self.words.loop_objects {
                    frame
                        .names
                        .insert(format!("{object}.{name}"), value.clone());
                }
            }
            self.scopes.push(frame);
            let pieces = self.nodes(&node.body);
            self.scopes.pop();
            self.leave();
            push_all(&mut out, pieces);
        }
        out
    }

    /// What the loop binds for one item.
    fn item_frame(&self, node: &For, item: Value) -> Frame {
        let mut frame = Frame::default();
        match node.targets.as_slice() {
            [] => {
                frame.names.insert("this".into(), item.clone());
                frame.names.insert(".".into(), item.clone());
                frame.context = Some(item);
            }
            [name] => {
                frame.names.insert(name.clone(), item);
            }
            names => {
                for (index, name) in names.iter().enumerate() {
                    let value = match &item {
                        Value::List(parts) => parts.get(index).cloned().unwrap_or(Value::None),
                        other => other.clone(),
                    };
                    frame.names.insert(name.clone(), value);
                }
            }
        }
        frame
    }

    /// An item of something unknown: as volatile as what it comes from, never by its own name.
    fn item_of(&self, over: &Unknown) -> Value {
        let mut item = over.clone();
        item.item = true;
        item.path = None;
        item.rewrite = None;
        if item.is_history() {
            item.verdict.kind = ValueKind::Plain;
            item.verdict.volatility = super::value::from_history();
            item.verdict.volatility.why = "an item of the conversation".into();
        }
        if item.verdict.kind == ValueKind::Tools {
            item.verdict.tokens = (self.assume.tools_tokens / LOOP_ROUNDS).max(1);
        }
        item.into_value()
    }

    /// The whole loop is the conversation so far. What its body adds that is not of an item rewrites it.
    fn over_history(&mut self, node: &For, over: Unknown) -> Vec<Piece> {
        self.trail.mentions_history = true;
        let body = self.loop_body(node, self.item_of(&over));
        let rewritten = over.rewrite.clone().or_else(|| added(&body));
        vec![Piece::History(History {
            expr: self.here.written(node.iter.span),
            place: self.here.place(node.span),
            rewritten,
        })]
    }

    fn loop_body(&mut self, node: &For, item: Value) -> Vec<Piece> {
        let frame = self.item_frame(node, item);
        self.scopes.push(frame);
        let body = self.nodes(&node.body);
        let inner = self.scopes.pop();
        // Dialects without block scope keep what a loop sets; what it is after the last round is not known.
        if self.here.dialect != crate::frontend::template::dialect::Dialect::Jinja {
            for (name, value) in inner.names {
                if !node.targets.contains(&name) && name != "this" && name != "." {
                    let value = Value::unknown(name.clone(), value.volatility(), 20);
                    self.scopes.bind(name, value);
                }
            }
        }
        body
    }

    fn over_unknown(&mut self, node: &For, over: Unknown) -> Vec<Piece> {
        let stable = over.verdict.volatility.class.is_stable();
        if !stable && over.verdict.kind.is_plain() && self.prints_role(node) {
            return self.over_history(node, over);
        }
        if node.maybe_condition && !uses_item(&node.body) {
            return self.section(node);
        }
        let item = self.item_of(&over);
        let before = self.scopes.assigned();
        let body = self.loop_body(node, item);
        // How often the rounds wrote to a namespace is not known.
        for (name, value) in self.scopes.assigned() {
            let same = before.get(&name).is_some_and(|known| {
                match (known.known_text(), value.known_text()) {
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                }
            });
            if !same {
                let volatility =
                    super::value::worse(value.volatility(), over.verdict.volatility.clone());
                let value = Value::unknown(name.clone(), volatility, 20);
                self.scopes.assign(&name, value);
            }
        }
        let unordered = over.verdict.volatility.origin == Origin::Order && !over.ordered;
        let repeat = Piece::Repeat(Repeat {
            over: self.here.written(node.iter.span),
            place: self.here.place(node.head),
            volatility: over.verdict.volatility,
            body,
            rounds: LOOP_ROUNDS,
            unordered,
        });
        self.or_else(node, repeat)
    }

    /// The else arm is sent where there is nothing to iterate.
    fn or_else(&mut self, node: &For, repeat: Piece) -> Vec<Piece> {
        self.scopes.push(Frame::default());
        let otherwise = self.nodes(&node.otherwise);
        self.scopes.pop();
        let Piece::Repeat(Repeat {
            over, volatility, ..
        }) = &repeat
        else {
            return vec![repeat];
        };
        if otherwise.is_empty() {
            return vec![repeat];
        }
        vec![Piece::Branch(Branch {
            condition: over.clone().into(),
            id: self.fork_id(&[&node.iter]).0,
            place: self.here.place(node.head),
            volatility: volatility.clone(),
            arms: Arc::new(vec![vec![repeat], otherwise]),
        })]
    }

    /// A Mustache section whose body does not use an item: a condition.
    fn section(&mut self, node: &For) -> Vec<Piece> {
        let arms = [
            Arm {
                condition: Some(node.iter.clone()),
                body: node.body.clone(),
                span: node.head,
            },
            Arm {
                condition: None,
                body: node.otherwise.clone(),
                span: node.head,
            },
        ];
        self.branch(&arms, node.span)
    }

    /// Whether the body prints a role of the item: then it loops over messages.
    fn prints_role(&self, node: &For) -> bool {
        let [target] = node.targets.as_slice() else {
            return false;
        };
        let mut found = false;
        visit_outputs(&node.body, &mut |expr| {
            if let ExprKind::Attr(inner, attr) = &strip(expr).kind {
                let of_item = matches!(&inner.kind, ExprKind::Name(name) if name == target);
                found |= of_item && self.words.role_attributes.contains(attr);
            }
            if let ExprKind::Index(inner, key) = &strip(expr).kind {
                let of_item = matches!(&inner.kind, ExprKind::Name(name) if name == target);
                let attr = matches!(&key.kind, ExprKind::Str(key) if self.words.role_attributes.contains(key));
                found |= of_item && attr;
            }
        });
        found
    }
}

/// What a loop iterates, and the condition of its own (`for x in xs if x.ok`).
fn parts(iter: &Expr) -> (&Expr, Option<&Expr>) {
    match &iter.kind {
        ExprKind::Filter(inner, name, conditions, _) if name == "if" => (inner, conditions.first()),
        _ => (iter, None),
    }
}

/// An expression without the filters behind it.
fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Filter(inner, ..) => strip(inner),
        _ => expr,
    }
}

/// A list is unrolled where every item is literal, or built of parts that are.
fn unrolls(items: &[Value]) -> bool {
    items.iter().all(Value::is_literal)
}

/// Something in the body of a loop over the conversation that is made up anew: every turn is written again.
fn added(body: &[Piece]) -> Option<Rewrite> {
    body.iter().find_map(|piece| match piece {
        Piece::Slot(slot) => {
            let made_up = slot.volatility.origin == Origin::MadeUp
                && matches!(slot.volatility.class, Class::Unique | Class::Minute);
            made_up.then(|| Rewrite {
                place: slot.place.clone(),
                how: slot.expr.to_string(),
                only_at_limit: false,
                keeps: None,
            })
        }
        Piece::Branch(branch) => branch.arms.iter().find_map(|arm| added(arm)),
        Piece::Repeat(repeat) => added(&repeat.body),
        _ => None,
    })
}

/// Whether nodes print the current item (`{{.}}`, `{{this}}`).
fn uses_item(nodes: &[Node]) -> bool {
    let mut found = false;
    visit_outputs(nodes, &mut |expr| {
        found |= expr
            .names()
            .iter()
            .any(|name| *name == "." || *name == "this")
    });
    found
}

fn visit_outputs(nodes: &[Node], visit: &mut dyn FnMut(&Expr)) {
    for node in nodes {
        match node {
            Node::Output { expr, .. } => visit(expr),
            Node::If { arms, .. } => arms.iter().for_each(|arm| visit_outputs(&arm.body, visit)),
            Node::For(inner) => {
                visit_outputs(&inner.body, visit);
                visit_outputs(&inner.otherwise, visit);
            }
            Node::With { body, .. }
            | Node::Wrapped { body, .. }
            | Node::Block { body, .. }
            | Node::Capture { body, .. } => visit_outputs(body, visit),
            _ => {}
        }
    }
}
