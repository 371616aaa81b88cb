//! Conditions: what is decided, what is the same in every request, what forks the prefix.
//! Knows nothing of loops or files.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::tree::{Arm, Expr, ExprKind};
use crate::prompt::{Branch, Piece};
use crate::source::{stable_hash, Span};
use crate::volatility::Volatility;

use super::context::{Frame, Lookup, MAX_ARMS};
use super::evaluator::Evaluator;
use super::value::{push_all, worse, Value};

/// What is known of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Known(bool),
    /// Not known, but the same in every request of the same shape: no fork.
    Steady,
    /// Differs with what it reads.
    Varies(Volatility),
}

struct LiveArm {
    condition: Option<Expr>,
    truth: Truth,
    pieces: Vec<Piece>,
    frame: Frame,
}

impl Evaluator<'_> {
    pub fn truth(&mut self, expr: &Expr) -> Truth {
        if !self.enter() {
            return Truth::Steady;
        }
        let truth = self.truth_of(expr);
        self.leave();
        truth
    }

    fn truth_of(&mut self, expr: &Expr) -> Truth {
        match &expr.kind {
            ExprKind::Not(inner) => match self.truth(inner) {
                Truth::Known(value) => Truth::Known(!value),
                other => other,
            },
            ExprKind::Binary(op, a, b) if matches!(op.as_str(), "and" | "&&" | "or" | "||") => {
                let stop = op == "or" || op == "||";
                match (self.truth(a), self.truth(b)) {
                    (Truth::Known(value), other) | (other, Truth::Known(value)) => {
                        if value == stop {
                            Truth::Known(stop)
                        } else {
                            other
                        }
                    }
                    (Truth::Steady, other) | (other, Truth::Steady) => other,
                    (Truth::Varies(a), Truth::Varies(b)) => Truth::Varies(worse(a, b)),
                }
            }
            ExprKind::Binary(_, a, b) => self.comparison(a, b, expr),
            ExprKind::Test(inner, name, _, negated) => self.test(inner, name, *negated),
            _ => {
                let value = self.eval(expr);
                self.truth_of_value(&value, expr)
            }
        }
    }

    fn truth_of_value(&mut self, value: &Value, expr: &Expr) -> Truth {
        if let Some(truth) = value.truth() {
            return Truth::Known(truth);
        }
        if matches!(value, Value::Steady) || self.reads_only_history(expr) {
            return Truth::Steady;
        }
        Truth::Varies(value.volatility())
    }

    fn comparison(&mut self, a: &Expr, b: &Expr, expr: &Expr) -> Truth {
        let value = self.eval(expr);
        if let Value::Bool(known) = value {
            return Truth::Known(known);
        }
        let steady = |side: &Value| matches!(side, Value::Steady) || side.is_literal();
        let (left, right) = (self.eval(a), self.eval(b));
        if (steady(&left) && steady(&right)) || self.reads_only_history(expr) {
            return Truth::Steady;
        }
        if matches!(left, Value::Steady) || matches!(right, Value::Steady) {
            // `loop.index < n` within a loop.
            return Truth::Steady;
        }
        Truth::Varies(worse(left.volatility(), right.volatility()))
    }

    /// Whether everything that an expression reads is the conversation.
    fn reads_only_history(&mut self, expr: &Expr) -> bool {
        let names: Vec<String> = expr.names().iter().map(|name| name.to_string()).collect();
        if names.is_empty() {
            return false;
        }
        names.iter().all(|name| match self.scopes.lookup(name) {
            Lookup::Bound(value) | Lookup::InContext(value) => value.is_history(),
            Lookup::Free => {
                self.here.name(name).kind == crate::volatility::classify::ValueKind::History
            }
        })
    }

    fn test(&mut self, inner: &Expr, name: &str, negated: bool) -> Truth {
        let value = self.eval(inner);
        let there = match (name, &value) {
            ("defined" | "undefined" | "none" | "null", Value::Unknown(_) | Value::Steady) => None,
            ("defined", _) => Some(!matches!(value, Value::None)),
            ("undefined" | "none" | "null", _) => Some(matches!(value, Value::None)),
            ("string", Value::Text(_)) => Some(true),
            ("true", Value::Bool(value)) => Some(*value),
            ("false", Value::Bool(value)) => Some(!*value),
            _ => None,
        };
        match there {
            Some(there) => Truth::Known(there != negated),
            None => match self.truth_of_value(&value, inner) {
                Truth::Known(_) => Truth::Steady,
                other => other,
            },
        }
    }

    /// The identity of a condition: of a chain of conditions, with whether the first was negated.
    pub fn fork_id(&mut self, conditions: &[&Expr]) -> (u64, bool) {
        let mut parts = Vec::new();
        let mut negated = false;
        for (index, condition) in conditions.iter().enumerate() {
            let (text, inverse) = self.normalised(condition);
            if index == 0 && conditions.len() == 1 {
                negated = inverse;
                parts.push(text);
            } else {
                parts.push(format!("{inverse}{text}"));
            }
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        (stable_hash(&parts), negated)
    }

    /// A condition without its negation and without the ways of writing it.
    fn normalised(&mut self, expr: &Expr) -> (String, bool) {
        match &expr.kind {
            ExprKind::Not(inner) => {
                let (text, negated) = self.normalised(inner);
                (text, !negated)
            }
            ExprKind::Binary(op, a, b) if op == "!=" => {
                let text = format!("{} == {}", self.canonical(a), self.canonical(b));
                (text, true)
            }
            ExprKind::Test(inner, name, args, negated) if args.is_empty() => {
                // `x is defined`, `x is not none` and `x` ask the same.
                let inverse = matches!(name.as_str(), "undefined" | "none" | "null");
                if inverse || name == "defined" {
                    return (self.canonical(inner), *negated != inverse);
                }
                (format!("{} is {name}", self.canonical(inner)), *negated)
            }
            _ => (self.canonical(expr), false),
        }
    }

    fn canonical(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Str(text) => format!("{text:?}"),
            ExprKind::Binary(op, a, b) => {
                format!("{} {op} {}", self.canonical(a), self.canonical(b))
            }
            ExprKind::Name(name) => match self.scopes.lookup(name) {
                Lookup::Bound(Value::Unknown(unknown)) => {
                    unknown.path.clone().unwrap_or_else(|| unknown.expr.clone())
                }
                _ => name.clone(),
            },
            ExprKind::Attr(inner, attr) => format!("{}.{attr}", self.canonical(inner)),
            _ => {
                let text = self.here.written(expr.span);
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// An if / elif / else chain.
    pub fn branch(&mut self, arms: &[Arm], span: Span) -> Vec<Piece> {
        let mut live: Vec<LiveArm> = Vec::new();
        let mut closed = false;
        for arm in arms {
            let truth = match &arm.condition {
                Some(condition) => {
                    self.tag = arm.span;
                    self.truth(condition)
                }
                None => Truth::Known(true),
            };
            if truth == Truth::Known(false) {
                continue;
            }
            if live.len() >= MAX_ARMS {
                self.limit(format!("more than {MAX_ARMS} arms: the rest is left out"));
                break;
            }
            self.scopes.push(Frame {
                arm: true,
                ..Frame::default()
            });
            let pieces = self.nodes(&arm.body);
            let frame = self.scopes.pop();
            closed = truth == Truth::Known(true);
            live.push(LiveArm {
                condition: arm.condition.clone().filter(|_| !closed),
                truth,
                pieces,
                frame,
            });
            if closed {
                break;
            }
        }
        if !closed {
            live.push(LiveArm {
                condition: None,
                truth: Truth::Known(true),
                pieces: Vec::new(),
                frame: Frame::default(),
            });
        }
        self.join_arms(live, span)
    }

    fn join_arms(&mut self, mut live: Vec<LiveArm>, span: Span) -> Vec<Piece> {
        if live.len() == 1 {
            let arm = live.remove(0);
            for (name, value) in arm.frame.names {
                self.scopes.assign(&name, value);
            }
            return arm.pieces;
        }
        let conditions: Vec<Expr> = live
            .iter()
            .filter_map(|arm| arm.condition.clone())
            .collect();
        let (id, negated) = self.fork_id(&conditions.iter().collect::<Vec<_>>());
        let volatility =
            live.iter()
                .fold(Volatility::constant(), |all, arm| match arm.truth.clone() {
                    Truth::Varies(volatility) => worse(all, volatility),
                    _ => all,
                });
        let steady = !live.iter().any(|arm| matches!(arm.truth, Truth::Varies(_)));
        let written = conditions
            .first()
            .map(|first| self.here.written(first.span))
            .unwrap_or_default();
        let branch = Branch {
            condition: written.into(),
            id,
            place: self.here.place(span),
            volatility,
            arms: Arc::default(),
        };
        self.bind_changed(&live, &branch, steady);
        let mut pieces: Vec<Vec<Piece>> = live.into_iter().map(|arm| arm.pieces).collect();
        if pieces.windows(2).all(|pair| same_text(&pair[0], &pair[1])) {
            return pieces.swap_remove(0);
        }
        if steady {
            let best = fullest(&pieces);
            return pieces.swap_remove(best);
        }
        if conditions.len() == 1 && self.only_presence(&conditions[0], negated, &pieces) {
            return pieces.swap_remove(usize::from(negated));
        }
        if negated && pieces.len() == 2 {
            // `if x` and `if not x` are one fork: the arms of both stand in the same order.
            pieces.swap(0, 1);
        }
        vec![Piece::Branch(Branch {
            arms: pieces.into(),
            ..branch
        })]
    }

    /// Names that an arm sets are, behind the branch, what each arm leaves them as.
    fn bind_changed(&mut self, live: &[LiveArm], branch: &Branch, steady: bool) {
        let mut names: Vec<&String> = live.iter().flat_map(|arm| arm.frame.names.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let before = match self.scopes.lookup(name) {
                Lookup::Bound(value) => value.clone(),
                _ => Value::None,
            };
            let values: Vec<Value> = live
                .iter()
                .map(|arm| arm.frame.names.get(name).unwrap_or(&before).clone())
                .collect();
            let value = self.choice(values, branch, steady);
            self.scopes.assign(name, value);
        }
    }

    fn choice(&mut self, mut values: Vec<Value>, branch: &Branch, steady: bool) -> Value {
        if let Some(at) = values.iter().position(Value::is_history) {
            return values.swap_remove(at);
        }
        if steady {
            return values.swap_remove(0);
        }
        if let Some(at) = values
            .iter()
            .position(|value| matches!(value, Value::Macro(_) | Value::Module(_)))
        {
            return values.swap_remove(at);
        }
        let span = branch.place.span;
        let expr = Expr::new(ExprKind::None, span);
        let arms: Vec<Vec<Piece>> = values
            .into_iter()
            .map(|value| self.render(value, &expr))
            .collect();
        if arms.windows(2).all(|pair| same_text(&pair[0], &pair[1])) {
            let mut pieces = Vec::new();
            push_all(&mut pieces, arms.into_iter().next().unwrap_or_default());
            return Value::Pieces(Rc::new(pieces));
        }
        Value::Pieces(Rc::new(vec![Piece::Branch(Branch {
            arms: arms.into(),
            ..branch.clone()
        })]))
    }

    /// Whether a condition only asks whether the value is there that its arm prints.
    fn only_presence(&mut self, condition: &Expr, negated: bool, arms: &[Vec<Piece>]) -> bool {
        let Some(arm) = arms.get(usize::from(negated)) else {
            return false;
        };
        let names: Vec<&str> = condition.names();
        !names.is_empty() && names.iter().any(|name| prints(arm, name))
    }
}

/// Whether pieces hold a value of a name that is not stable, or a loop over one.
fn prints(pieces: &[Piece], name: &str) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Slot(slot) => !slot.volatility.class.is_stable() && reads(&slot.expr, name),
        Piece::Repeat(repeat) => {
            (!repeat.volatility.class.is_stable() && reads(&repeat.over, name))
                || prints(&repeat.body, name)
        }
        Piece::Branch(branch) => branch.arms.iter().any(|arm| prints(arm, name)),
        Piece::History(history) => reads(&history.expr, name),
        Piece::Text(_) | Piece::Media(_) => false,
    })
}

/// Whether an expression as written holds a name as a whole word that is not an attribute.
pub fn reads(expr: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    expr.match_indices(name).any(|(at, _)| {
        let before = expr[..at].chars().next_back();
        let after = expr[at + name.len()..].chars().next();
        !before.is_some_and(|c| word(c) || c == '.') && !after.is_some_and(word)
    })
}

/// Whether two lists of pieces send the same text, wherever it stands.
fn same_text(a: &[Piece], b: &[Piece]) -> bool {
    let text = |pieces: &[Piece]| -> Option<String> {
        let mut out = String::new();
        for piece in pieces {
            let Piece::Text(text) = piece else {
                return None;
            };
            out.push_str(text.as_str());
        }
        Some(out)
    };
    match (text(a), text(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// The arm that holds the conversation, else the one with most in it; the first of equals.
fn fullest(arms: &[Vec<Piece>]) -> usize {
    let mut best = 0;
    let weight = |arm: &[Piece]| {
        let history = arm.iter().any(|piece| matches!(piece, Piece::History(_)));
        (history, super::value::rough_tokens(arm), arm.len())
    };
    for (index, arm) in arms.iter().enumerate() {
        if weight(arm) > weight(&arms[best]) {
            best = index;
        }
    }
    best
}
