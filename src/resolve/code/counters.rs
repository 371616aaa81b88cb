//! Numbers that a loop counts up in which something is sent: each call has another one. They stay numbers for the tests
//! and the places that the code asks with; only what is made of them as text differs from call to call.

use crate::frontend::code::ir::{Arg, BinaryOp, Expr, ExprKind, Pattern};
use crate::source::Text;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Given, Origin, Volatility};
use crate::words::name_words;

use super::eval::Eval;
use super::heap::{Cell, CellId, Delta};
use super::rounds::pattern_names;
use super::tables::{tables, Operation};
use super::value::{Argument, Unknown, Value};

/// How deep a sum may be.
const MAX_DEPTH: usize = 4;

/// A variable or an attribute that counts: the scope or the object that holds it.
pub type Counter = (CellId, String);

impl Eval<'_, '_> {
    /// The variables that a round of a sending loop left with another number.
    pub fn note_counters(&mut self, dry: &Delta) {
        for id in dry.ids() {
            let mut changed = Vec::new();
            match (self.heap.get(id), dry.get(id)) {
                (Cell::Scope(old), Some(Cell::Scope(new))) => {
                    let names = old.names.iter();
                    let names = names.filter(|(name, value)| counts_on(value, new.names.get(name)));
                    changed.extend(names.map(|(name, _)| name.to_string()));
                }
                (Cell::Object(old), Some(Cell::Object(new))) => {
                    let entries = old.entries.iter();
                    let entries = entries.filter(|(name, value)| counts_on(value, new.get(name)));
                    changed.extend(entries.map(|(name, _)| name.clone()));
                }
                _ => {}
            }
            self.counters
                .extend(changed.into_iter().map(|name| (id, name)));
        }
    }

    /// The variable of a loop that runs over numbers: `for step in range(limit)`.
    pub fn note_range(&mut self, pattern: &Pattern, over: &Expr) {
        let ExprKind::Call { callee, args, .. } = &over.kind else {
            return;
        };
        let operation = callee
            .dotted()
            .and_then(|path| tables().functions.get(&path).copied());
        let name = match (operation, pattern) {
            (Some(Operation::Range), Pattern::Name(name, _)) => Some(name.clone()),
            (Some(Operation::Enumerate), Pattern::List(..)) if !args.is_empty() => {
                pattern_names(pattern).into_iter().next()
            }
            _ => None,
        };
        if let Some(name) = name {
            self.counters.push((self.frame().scope, name));
        }
    }

    /// A value as text shows it: where it counts the calls of a loop, it is another one in each.
    pub fn counted(&mut self, value: Value, expr: &Expr) -> Value {
        let number = matches!(
            value,
            Value::Number(_) | Value::Float(_) | Value::Unknown(_)
        );
        if self.counters.is_empty() || !number {
            return value;
        }
        let Some(mut confidence) = self.counting(expr, 0) else {
            return value;
        };
        if self.doubt > 0 {
            confidence = Confidence::Possible;
        }
        // A test of it says next to nothing: it may be the same for all calls but one.
        let volatility = Volatility {
            given: Given::Caller,
            ..Volatility::new(
                Class::Request,
                Origin::Outside,
                Confidence::Possible,
                "a counter",
            )
        };
        let verdict = Verdict {
            kind: ValueKind::Plain,
            volatility,
            tokens: 1,
            clock: false,
        };
        let unknown = Unknown {
            counts: Some(confidence),
            ..Unknown::new(self.written(expr.span), verdict)
        };
        let place = self.place(expr.span);
        self.born(unknown, place, "counts the calls of a loop")
    }

    /// The same for what a function of the program is given.
    pub fn count_arguments(&mut self, written: &[Arg], args: &mut [Argument]) {
        if self.counters.is_empty() {
            return;
        }
        for (arg, given) in written.iter().zip(args) {
            if !given.spread && !given.keywords {
                let value = std::mem::replace(&mut given.value, Value::None);
                given.value = self.counted(value, &arg.value);
            }
        }
    }

    /// A variable that is given a number made of a counter counts as well.
    pub fn note_counted(&mut self, target: &Pattern, expr: &Expr) {
        if self.counters.is_empty() {
            return;
        }
        if let (Pattern::Name(name, _), Some(_)) = (target, self.counting(expr, 0)) {
            self.counters.push((self.frame().scope, name.clone()));
        }
    }

    /// Whether an expression is a counter or a sum with one, and how sure that it counts turns.
    fn counting(&self, expr: &Expr, depth: usize) -> Option<Confidence> {
        if depth > MAX_DEPTH {
            return None;
        }
        match &expr.kind {
            ExprKind::Name(name) => {
                let counts = self.counters.iter().any(|(id, known)| {
                    known == name && self.heap.scope(*id).is_some() && self.sees(*id)
                });
                counts.then(|| confidence_of(name))
            }
            ExprKind::Attribute { object, name, .. } => {
                let ExprKind::Name(object) = &object.kind else {
                    return None;
                };
                let Some(Value::Cell(id)) = self.lookup(object) else {
                    return None;
                };
                let own = |(known, of): &Counter| *known == id && of == name;
                let counts = self.counters.iter().any(own);
                counts.then(|| confidence_of(name))
            }
            ExprKind::Binary {
                op: BinaryOp::Add | BinaryOp::Subtract,
                left,
                right,
            } => {
                let sides = [left, right].map(|side| self.counting(side, depth + 1));
                sides.into_iter().flatten().max()
            }
            ExprKind::Call { callee, args, .. } if args.len() == 1 => {
                let operation = tables().functions.get(&callee.dotted()?)?;
                let same = *operation == Operation::Identity;
                self.counting(&args.first().filter(|_| same)?.value, depth + 1)
            }
            _ => None,
        }
    }

    /// Whether names of a scope are seen from the running frame.
    fn sees(&self, scope: CellId) -> bool {
        let mut at = Some(self.frame().scope);
        while let Some(id) = at {
            if id == scope {
                return true;
            }
            at = self.heap.scope(id).and_then(|scope| scope.parent);
        }
        false
    }
}

impl Unknown {
    /// How often it changes where it is sent.
    pub fn sent_volatility(&self) -> Volatility {
        match self.counts {
            Some(confidence) => {
                let why = "a counter of the calls of a loop";
                Volatility::new(Class::Unique, Origin::MadeUp, confidence, why)
            }
            None => self.verdict.volatility.clone(),
        }
    }
}

/// A counter behind words that say what it counts: `Step `, `## Iteration `.
pub fn told_by_text(value: Value, before: &Text) -> Value {
    let Value::Unknown(unknown) = value else {
        return value;
    };
    let text = before
        .as_str()
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    let last = text.rsplit(|c: char| !c.is_alphanumeric()).next();
    let tells = || last.is_some_and(|word| confidence_of(word) == Confidence::Likely);
    match unknown.counts {
        Some(Confidence::Possible) if tells() => sure(&unknown),
        _ => Value::Unknown(unknown),
    }
}

/// A counter under a name that says what it counts.
pub fn told_by_name(value: Value, name: &str) -> Value {
    match &value {
        Value::Unknown(unknown)
            if unknown.counts == Some(Confidence::Possible)
                && confidence_of(name) == Confidence::Likely =>
        {
            sure(unknown)
        }
        _ => value,
    }
}

fn sure(unknown: &Unknown) -> Value {
    let counts = Some(Confidence::Likely);
    Unknown {
        counts,
        ..unknown.clone()
    }
    .into_value()
}

/// Whether a number was one before the round and is another behind it.
fn counts_on(before: &Value, after: Option<&Value>) -> bool {
    match (before, after) {
        (Value::Number(before), Some(Value::Number(after))) => before != after,
        _ => false,
    }
}

/// Whether a name says that turns are counted, and not rows of a table or players of a game.
fn confidence_of(name: &str) -> Confidence {
    let words = name_words(name);
    let told = words
        .iter()
        .any(|word| tables().counter_words.contains(word));
    match told {
        true => Confidence::Likely,
        false => Confidence::Possible,
    }
}
