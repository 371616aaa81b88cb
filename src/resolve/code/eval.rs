//! The abstract evaluator: its state, its limits, how arms of a branch are run and how a value becomes text.
//! Statements are in `stmts`, expressions in `exprs`, calls in `calls` and their kin.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::code::ir::{Expr, FunctionId};
use crate::prompt::{History, Hop, Piece, Repeat, Rewrite, Size, Slot};
use crate::sdk;
use crate::source::{Place, Span, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::super::context::{Work, MAX_PIECES, MAX_STEPS};
use super::super::evaluator::Trail;
use super::super::value::{
    count_pieces, fold_tail, pieces_volatility, push_all, push_piece, worse,
};
use super::events::Event;
use super::heap::{Cell, CellId, Delta, Heap, Item, List, Mark, Object, Scope};
use super::marks::Marks;
use super::modules::{Code, Program};
use super::numbers;
use super::value::{flat_volatility, Callable, ClassRef, Condition, Unknown, Value};

/// Bytes of text that are one step of the evaluation.
const BYTES_A_STEP: usize = 1 << 8;
/// Calls within calls.
pub const MAX_CALLS: usize = 10;
/// Calls within calls that have nothing to do with requests.
pub const MAX_DULL_CALLS: usize = 3;
/// Work for one entry: expressions and statements evaluated, and pieces copied.
const BUDGET: usize = MAX_STEPS / 5;

/// How a run of statements ends.
#[derive(Debug)]
pub enum Flow {
    Next,
    Return(Value),
    /// `break`, `continue`.
    Stop,
    /// `raise`, `throw`: what follows does not happen.
    Raise,
}

/// A return in one arm of a branch while the other arms went on.
pub struct Pending {
    pub condition: Rc<Condition>,
    pub value: Value,
    /// The store as it was left there.
    pub left: Delta,
}

/// A function that is being evaluated.
pub struct Frame {
    pub code: Arc<Code>,
    /// `None`: the body of the module.
    pub function: Option<FunctionId>,
    pub scope: CellId,
    pub this: Option<Value>,
    /// The class whose member is being evaluated: where `super` looks from.
    pub class: Option<ClassRef>,
    pub returns: Vec<Pending>,
    pub yields: Vec<Item>,
    /// Where it was called; `None` for the entry.
    pub call: Option<Place>,
}

/// Where a value was born, beside its place: what its life in a request depends on.
#[derive(Clone, Debug, Default)]
pub struct Birth {
    /// Loops and escaping closures that were running.
    pub loops: Vec<u32>,
    /// Rounds that were running: of loops, comprehensions and callbacks.
    pub rounds: Vec<u32>,
    /// An open parameter of the entry: (path, function, index).
    pub open: Option<Open>,
}

/// A parameter whose value only callers know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Open {
    pub path: Arc<str>,
    pub function: FunctionId,
    pub index: usize,
}

pub struct Eval<'p, 'w> {
    pub program: &'p Program<'w>,
    pub assume: Assume,
    pub heap: Heap,
    pub frames: Vec<Frame>,
    pub trail: Trail,
    pub events: Vec<Event>,
    pub births: HashMap<Place, Birth>,
    /// Names of modules that were evaluated; `None`: being evaluated.
    pub globals: HashMap<(Arc<str>, String), Option<Value>>,
    /// Class attributes that were evaluated.
    pub statics: HashMap<(Arc<str>, usize, String), Option<Value>>,
    /// Running loops and escaping closures, outermost first.
    pub loops: Vec<u32>,
    pub next_loop: u32,
    /// The life that the running frame gives to what is born in it.
    pub life: Option<Class>,
    /// Above zero: in an arm that only an option takes that is off by default.
    pub doubt: usize,
    /// Above zero: a dry pass, nothing is recorded.
    pub quiet: usize,
    /// Functions whose body was evaluated.
    pub executed: HashSet<(Arc<str>, FunctionId)>,
    /// Loop rounds that ended early, by loop: what they left.
    pub stops: Vec<Vec<(Rc<Condition>, Delta)>>,
    /// Instances that were made: class -> cells.
    pub instances: Vec<(ClassRef, CellId)>,
    /// Cache markers that are written after what they mark was built.
    pub marks: Marks,
    /// How the conversation was changed of which the running loop reads turns.
    pub read: Option<Rewrite>,
    /// Whether a test has told that the first item of the conversation is its system text.
    pub system_leads: bool,
    pub work: Work,
}

impl<'p, 'w> Eval<'p, 'w> {
    pub fn new(program: &'p Program<'w>, assume: &Assume) -> Self {
        let mut heap = Heap::default();
        Eval {
            program,
            assume: assume.clone(),
            marks: Marks::new(&mut heap),
            heap,
            frames: Vec::new(),
            trail: Trail::default(),
            events: Vec::new(),
            births: HashMap::new(),
            globals: HashMap::new(),
            statics: HashMap::new(),
            loops: Vec::new(),
            next_loop: 0,
            life: None,
            doubt: 0,
            quiet: 0,
            executed: HashSet::new(),
            stops: Vec::new(),
            instances: Vec::new(),
            read: None,
            system_leads: false,
            work: Work::new(BUDGET),
        }
    }

    // ---- limits ----

    /// Counts a step and a level of nesting. `false`: a limit is hit and nothing more is evaluated.
    pub fn enter(&mut self) -> bool {
        match self.work.enter() {
            Ok(()) => true,
            Err(limit) => {
                self.limit(limit);
                false
            }
        }
    }

    pub fn leave(&mut self) {
        self.work.leave();
    }

    pub fn limit(&mut self, what: String) {
        self.trail.limits.insert(what);
    }

    // ---- where we are ----

    pub fn frame(&self) -> &Frame {
        // Every evaluation starts by pushing a frame.
        &self.frames[self.frames.len() - 1]
    }

    pub fn code(&self) -> Arc<Code> {
        self.frame().code.clone()
    }

    pub fn place(&self, span: Span) -> Place {
        Place {
            path: self.frame().code.path().clone(),
            span,
        }
    }

    /// Source text of a span on one line.
    pub fn written(&self, span: Span) -> String {
        let code = &self.frame().code;
        let text = code.file.text.get(span.start..span.end).unwrap_or_default();
        let mut out = String::new();
        for word in text.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            if out.len() > 120 {
                let mut end = 120;
                while !out.is_char_boundary(end) {
                    end -= 1;
                }
                out.truncate(end);
                out.push_str("...");
                break;
            }
        }
        out
    }

    // ---- making values ----

    pub fn literal(&self, span: Span, text: &str) -> Value {
        Value::text(Text::opaque(self.frame().code.path(), span, text))
    }

    pub fn new_list(&mut self, items: Vec<Item>, place: Place) -> Value {
        Value::Cell(self.heap.add(Cell::List(List {
            items,
            unordered: None,
            rewrite: None,
            most: None,
            place,
        })))
    }

    pub fn new_object(&mut self, entries: Vec<(String, Value)>, place: Place) -> Value {
        Value::Cell(self.heap.add(Cell::Object(Object {
            entries,
            spreads: Vec::new(),
            class: None,
            place,
        })))
    }

    pub fn new_scope(&mut self, parent: Option<CellId>) -> CellId {
        self.heap.add(Cell::Scope(Scope {
            parent,
            ..Scope::default()
        }))
    }

    /// A value that is born here: a clock that is read, a parameter, an unknown call. The running frame decides how
    /// long it lives.
    pub fn born(&mut self, mut unknown: Unknown, place: Place, note: &str) -> Value {
        let volatility = &mut unknown.verdict.volatility;
        volatility.frame = held(volatility.class, self.life).or(volatility.frame);
        if self.doubt > 0 {
            volatility.confidence = Confidence::Possible;
        }
        if unknown.trace.is_empty() {
            unknown.trace.push(Hop {
                place: place.clone(),
                note: note.to_string(),
            });
        }
        let loops = self.loops.clone();
        self.births
            .entry(place)
            .and_modify(|birth| {
                birth.loops.clone_from(&loops);
                birth.rounds.clone_from(&self.marks.rounds);
            })
            .or_insert(Birth {
                loops,
                rounds: self.marks.rounds.clone(),
                open: None,
            });
        unknown.into_value()
    }

    /// A value of no known kind that is computed from others.
    pub fn derived(&mut self, expr: &Expr, from: Volatility, tokens: u32) -> Value {
        let mut volatility = from;
        volatility.confidence = volatility.confidence.min(Confidence::Likely);
        let place = self.place(expr.span);
        let unknown = Unknown::new(
            self.written(expr.span),
            Verdict {
                kind: ValueKind::Plain,
                volatility,
                tokens,
                clock: false,
            },
        );
        self.born(unknown, place, "computed here")
    }

    // ---- what a value is made of ----

    /// The join of the volatilities of all that a value holds.
    pub fn volatility(&self, value: &Value) -> Volatility {
        self.volatility_within(value, 0)
    }

    fn volatility_within(&self, value: &Value, depth: usize) -> Volatility {
        let Value::Cell(id) = value else {
            return match value {
                Value::Choice(choice) if depth < 8 => choice
                    .arms
                    .iter()
                    .map(|arm| self.volatility_within(arm, depth + 1))
                    .fold(choice.condition.volatility.clone(), worse),
                other => flat_volatility(other),
            };
        };
        if depth >= 8 {
            return Volatility::constant();
        }
        match self.heap.get(*id) {
            Cell::List(list) => {
                let own = list.unordered.clone().unwrap_or_else(Volatility::constant);
                worse(own, self.items_volatility(&list.items, depth))
            }
            Cell::Object(object) => object
                .entries
                .iter()
                .map(|(_, value)| value)
                .chain(&object.spreads)
                .map(|value| self.volatility_within(value, depth + 1))
                .fold(Volatility::constant(), worse),
            Cell::Scope(_) => Volatility::constant(),
        }
    }

    fn items_volatility(&self, items: &[Item], depth: usize) -> Volatility {
        let mut out = Volatility::constant();
        for item in items {
            let one = match item {
                Item::One(value, _) | Item::Spread(value, _) => {
                    self.volatility_within(value, depth + 1)
                }
                Item::Branch(condition, arms) => arms
                    .iter()
                    .map(|arm| self.items_volatility(arm, depth + 1))
                    .fold(condition.volatility.clone(), worse),
                Item::Repeat(round, body) => worse(
                    round.volatility.clone(),
                    self.items_volatility(body, depth + 1),
                ),
            };
            out = worse(out, one);
        }
        out
    }

    // ---- values as text ----

    /// The pieces that a value sends when it is printed at a place.
    pub fn print(&mut self, value: &Value, place: &Place) -> Vec<Piece> {
        let mut out = self.print_within(value, place, 0);
        self.work.steps += out.len() / 16;
        let bytes = super::texts::shorten(&mut out);
        self.work.steps += bytes / BYTES_A_STEP;
        if bytes > super::texts::MAX_BYTES {
            self.limit("a text that is too long: its end is left out".to_string());
        }
        if count_pieces(&out) > MAX_PIECES && fold_tail(&mut out, MAX_PIECES, place) {
            self.limit(format!(
                "more than {MAX_PIECES} pieces: the tail is one value"
            ));
        }
        out
    }

    fn print_within(&mut self, value: &Value, place: &Place, depth: usize) -> Vec<Piece> {
        let python = self.is_python();
        let literal = |text: &str| {
            let text = Text::opaque(&place.path, place.span, text);
            vec![Piece::Text(text)]
        };
        match value {
            Value::None => literal(if python { "None" } else { "undefined" }),
            Value::Null => literal("null"),
            Value::Bool(true) => literal(if python { "True" } else { "true" }),
            Value::Bool(false) => literal(if python { "False" } else { "false" }),
            Value::Number(number) => literal(&numbers::shown(*number)),
            Value::Float(number) => literal(&numbers::shown_float(*number)),
            Value::Text(pieces) => (**pieces).clone(),
            Value::Unknown(unknown) => vec![self.slot(unknown, place)],
            Value::Choice(choice) => {
                let arms = choice
                    .arms
                    .iter()
                    .map(|arm| match arm {
                        // What is missing is mostly guarded further on.
                        Value::None | Value::Null => Vec::new(),
                        arm => self.print_within(arm, place, depth + 1),
                    })
                    .collect();
                super::value::join_texts(&choice.condition, arms)
            }
            Value::Cell(id) if depth < 8 => self.print_cell(*id, place, depth),
            Value::Cell(_) | Value::Function(_) | Value::Class(_) | Value::Module(_) => {
                literal("<object>")
            }
        }
    }

    /// A list or an object as JSON.
    fn print_cell(&mut self, id: CellId, place: &Place, depth: usize) -> Vec<Piece> {
        let mut out = Vec::new();
        let push = |out: &mut Vec<Piece>, text: &str| {
            push_piece(
                out,
                Piece::Text(Text::opaque(&place.path, place.span, text)),
            );
        };
        match self.heap.get(id).clone() {
            Cell::List(list) => {
                push(&mut out, "[");
                let items = self.print_items(&list.items, ", ", place, depth + 1, true);
                let items = self.mark_unordered(items, list.unordered.as_ref(), place);
                push_all(&mut out, items);
                push(&mut out, "]");
            }
            Cell::Object(object) => {
                push(&mut out, "{");
                // A marker is an instruction to the cache and no part of what is sent.
                let sent = object
                    .entries
                    .iter()
                    .filter(|(key, _)| !sdk::is_marker(key));
                for (index, (key, value)) in sent.enumerate() {
                    push(&mut out, if index > 0 { ", \"" } else { "\"" });
                    push(&mut out, key);
                    push(&mut out, "\": ");
                    let pieces = self.print_quoted(value, place, depth + 1);
                    push_all(&mut out, pieces);
                }
                for value in &object.spreads {
                    push(&mut out, ", ");
                    let pieces = self.print_within(value, place, depth + 1);
                    push_all(&mut out, pieces);
                }
                push(&mut out, "}");
            }
            Cell::Scope(_) => {}
        }
        out
    }

    fn print_quoted(&mut self, value: &Value, place: &Place, depth: usize) -> Vec<Piece> {
        let pieces = self.print_within(value, place, depth);
        if !matches!(value, Value::Text(_)) {
            return pieces;
        }
        let quote = || Piece::Text(Text::opaque(&place.path, place.span, "\""));
        let mut out = Vec::new();
        push_piece(&mut out, quote());
        push_all(&mut out, pieces);
        push_piece(&mut out, quote());
        out
    }

    /// Items with a separator between them.
    pub fn print_items(
        &mut self,
        items: &[Item],
        separator: &str,
        place: &Place,
        depth: usize,
        quoted: bool,
    ) -> Vec<Piece> {
        let between = Text::opaque(&place.path, place.span, separator);
        self.print_joined(items, &[Piece::Text(between)], place, (depth, quoted))
    }

    pub fn print_joined(
        &mut self,
        items: &[Item],
        between: &[Piece],
        place: &Place,
        (depth, quoted): (usize, bool),
    ) -> Vec<Piece> {
        let mut out: Vec<Piece> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let first = index == 0;
            match item {
                Item::One(value, _) => {
                    let pieces = if quoted {
                        self.print_quoted(value, place, depth)
                    } else {
                        self.print_within(value, place, depth)
                    };
                    if !first {
                        push_all(&mut out, between.iter().cloned());
                    }
                    push_all(&mut out, pieces);
                }
                Item::Spread(value, _) => {
                    if !first {
                        push_all(&mut out, between.iter().cloned());
                    }
                    let pieces = self.print_within(value, place, depth);
                    push_all(&mut out, pieces);
                }
                Item::Branch(condition, arms) => {
                    let arms = arms
                        .iter()
                        .map(|arm| {
                            if arm.is_empty() {
                                return Vec::new();
                            }
                            let mut pieces = Vec::new();
                            if !first {
                                push_all(&mut pieces, between.iter().cloned());
                            }
                            let own = self.print_joined(arm, between, place, (depth, quoted));
                            push_all(&mut pieces, own);
                            if first && items.len() > 1 {
                                push_all(&mut pieces, between.iter().cloned());
                            }
                            pieces
                        })
                        .collect();
                    push_all(&mut out, super::value::join_texts(condition, arms));
                }
                Item::Repeat(round, body) => {
                    if round.history {
                        self.trail.mentions_history = true;
                        push_piece(
                            &mut out,
                            Piece::History(History {
                                expr: round.over.clone(),
                                place: round.place.clone(),
                                rewritten: None,
                            }),
                        );
                        continue;
                    }
                    let mut pieces = Vec::new();
                    if !first {
                        push_all(&mut pieces, between.iter().cloned());
                    }
                    let own = self.print_joined(body, between, place, (depth, quoted));
                    push_all(&mut pieces, own);
                    out.push(Piece::Repeat(Repeat {
                        over: round.over.clone(),
                        place: round.place.clone(),
                        volatility: round.volatility.clone(),
                        body: pieces,
                        rounds: round.rounds,
                        unordered: round.unordered,
                    }));
                }
            }
        }
        out
    }

    /// What an order that is not fixed does to a printed sequence: the content stands, its order is a value.
    pub fn mark_unordered(
        &mut self,
        pieces: Vec<Piece>,
        unordered: Option<&Volatility>,
        place: &Place,
    ) -> Vec<Piece> {
        let Some(volatility) = unordered else {
            return pieces;
        };
        if pieces.is_empty() {
            return pieces;
        }
        let own = worse(volatility.clone(), pieces_volatility(&pieces));
        vec![Piece::Repeat(Repeat {
            over: "items".into(),
            place: place.clone(),
            volatility: own,
            body: pieces,
            rounds: 1,
            unordered: true,
        })]
    }

    /// A value that is filled in at a place.
    pub fn slot(&mut self, unknown: &Unknown, place: &Place) -> Piece {
        if unknown.is_history() {
            self.trail.mentions_history = true;
            return Piece::History(History {
                expr: unknown.expr.clone(),
                place: place.clone(),
                rewritten: unknown.rewrite.clone(),
            });
        }
        self.trail.holds_task |= unknown.verdict.kind == ValueKind::Task;
        let mut volatility = unknown.verdict.volatility.clone();
        if let Some(order) = &unknown.unordered {
            volatility = worse(volatility, order.clone());
        }
        let tools = unknown.verdict.kind == ValueKind::Tools && !unknown.item;
        let mut trace = unknown.trace.clone();
        if trace.last().is_some_and(|hop| hop.place != *place) {
            super::value::add_hop(
                &mut trace,
                &Hop {
                    place: place.clone(),
                    note: "lands in the prompt here".into(),
                },
            );
        }
        Piece::Slot(Slot {
            expr: unknown.expr.clone(),
            place: place.clone(),
            volatility,
            trace,
            size: Size {
                tokens: if tools {
                    self.assume.tools_tokens
                } else {
                    unknown.verdict.tokens
                },
                assumed: tools,
            },
        })
    }

    /// Whether a loop runs now that did not run when the value was born.
    pub fn born_before_loop(&self, birth: Option<&Place>) -> bool {
        let Some(birth) = birth.and_then(|place| self.births.get(place)) else {
            return false;
        };
        self.loops.iter().any(|id| !birth.loops.contains(id))
    }

    pub fn is_python(&self) -> bool {
        use crate::frontend::code::ir::Language;
        self.frames
            .last()
            .is_some_and(|frame| frame.code.language() == Language::Python)
    }

    // ---- branches ----

    /// Runs the arms of a branch one after the other from the same state and joins what they leave behind.
    pub fn fork(
        &mut self,
        condition: &Rc<Condition>,
        arms: usize,
        run: &mut dyn FnMut(&mut Self, usize) -> Flow,
    ) -> Flow {
        let mut done: Vec<(Flow, Delta)> = Vec::with_capacity(arms);
        for arm in 0..arms {
            let mark = self.heap.mark();
            let left = self.left_open();
            let flow = run(self, arm);
            self.rebase_left(left, mark);
            let delta = self.heap.undo(mark);
            done.push((flow, delta));
        }
        self.meet(condition, done)
    }

    /// How many states were left so far by returns and early ends of rounds.
    pub fn left_open(&self) -> (usize, usize) {
        (
            self.frames.last().map_or(0, |frame| frame.returns.len()),
            self.stops.last().map_or(0, Vec::len),
        )
    }

    /// States that were left since count from a mark that is about to be gone back to.
    pub fn rebase_left(&mut self, (returns, stops): (usize, usize), mark: Mark) {
        if let Some(frame) = self.frames.last_mut() {
            for pending in frame.returns.iter_mut().skip(returns) {
                self.heap.rebase(&mut pending.left, mark);
            }
        }
        if let Some(rounds) = self.stops.last_mut() {
            for (_, left) in rounds.iter_mut().skip(stops) {
                self.heap.rebase(left, mark);
            }
        }
    }

    fn meet(&mut self, condition: &Rc<Condition>, done: Vec<(Flow, Delta)>) -> Flow {
        let mut live = Vec::new();
        let mut returned = Vec::new();
        let mut stopped = Vec::new();
        for (flow, delta) in done {
            match flow {
                Flow::Next => live.push(delta),
                Flow::Return(value) => returned.push((value, delta)),
                Flow::Stop => stopped.push(delta),
                Flow::Raise => {}
            }
        }
        if live.is_empty() && stopped.is_empty() {
            if returned.is_empty() {
                return Flow::Raise;
            }
            let (values, deltas): (Vec<Value>, Vec<Delta>) = returned.into_iter().unzip();
            self.heap.join(condition, &deltas);
            return Flow::Return(super::value::choose(condition, values));
        }
        if let Some(frame) = self.frames.last_mut() {
            for (value, left) in returned {
                frame.returns.push(Pending {
                    condition: condition.clone(),
                    value,
                    left,
                });
            }
        }
        if live.is_empty() {
            self.heap.join(condition, &stopped);
            return Flow::Stop;
        }
        if let Some(stops) = self.stops.last_mut() {
            stops.extend(stopped.into_iter().map(|left| (condition.clone(), left)));
        }
        self.heap.join(condition, &live);
        Flow::Next
    }

    /// The value of a function whose body has run: returns of single arms are choices.
    pub fn returned(&mut self, flow: Flow, returns: Vec<Pending>) -> Value {
        let (mut value, fell_off) = match flow {
            Flow::Return(value) => (value, false),
            _ => (Value::None, true),
        };
        for (index, pending) in returns.into_iter().rev().enumerate() {
            self.heap.join_earlier(&pending.condition, &pending.left);
            // Where a function that returns a value also falls off its end, the value is what counts.
            value = if fell_off && index == 0 {
                pending.value
            } else {
                super::value::choose(&pending.condition, vec![pending.value, value])
            };
        }
        value
    }

    /// Runs something whose effects on the store are dropped: only what it records counts.
    pub fn aside<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.heap.mark();
        let (returns, stops) = self.left_open();
        let result = run(self);
        if let Some(frame) = self.frames.last_mut() {
            frame.returns.truncate(returns);
        }
        if let Some(rounds) = self.stops.last_mut() {
            rounds.truncate(stops);
        }
        self.heap.undo(mark);
        result
    }

    // ---- calls of closures that outlive their function ----

    /// Notes that functions named here were looked at.
    pub fn has_run(&self, callable: &Callable) -> bool {
        let key = (callable.code.path().clone(), callable.id);
        self.executed.contains(&key)
    }
}

/// The life that a frame gives to a value of a class, where it is longer than the class's own.
pub fn held(class: Class, life: Option<Class>) -> Option<Class> {
    match (life?, class) {
        (_, Class::Constant | Class::Deploy) => None,
        (Class::Deploy, _) => Some(Class::Deploy),
        (Class::Session, Class::Unique | Class::Request | Class::Minute | Class::State) => {
            Some(Class::Session)
        }
        _ => None,
    }
}

/// Something that is the same for all calls of a deployment, of unknown content.
pub fn deploy(why: &str) -> Volatility {
    Volatility::new(Class::Deploy, Origin::Fixed, Confidence::Possible, why)
}
