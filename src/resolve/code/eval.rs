//! The abstract evaluator: its state, its limits, and how the arms of a branch are run. Statements are in `stmts`,
//! expressions in `exprs`, calls in `calls`; how a value becomes text is in `print`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::code::ir::{Expr, FunctionId};
use crate::phrase::Phrase;
use crate::prompt::{Hop, Rewrite};
use crate::source::{Place, Span, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::super::context::{Work, MAX_STEPS};
use super::super::evaluator::Trail;
use super::barren::{self, Barren, Visit};
use super::bound::Bound;
use super::counters::Counter;
use super::events::Event;
use super::families::Member;
use super::heap::{Cell, CellId, Delta, Heap, Item, List, Mark, Object, Scope};
use super::marks::Marks;
use super::modules::{Code, Program};
use super::value::{Callable, ClassRef, Condition, Unknown, Value};
use super::windows::Cuts;

/// Calls within calls.
pub const MAX_CALLS: usize = 10;
/// Calls within calls that have nothing to do with requests.
pub const MAX_DULL_CALLS: usize = 3;
/// Work for one entry: expressions and statements evaluated, and pieces copied.
pub const BUDGET: usize = MAX_STEPS / 5;

/// Bytes of a source text that are shown.
const WRITTEN: usize = 120;

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
    /// Within a function that a framework calls for each request.
    pub later: bool,
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
    /// Where a conversation is sent -> the open parameter of the entry that it came in by.
    pub handed_turns: HashMap<Place, Open>,
    /// Names of modules that were evaluated; `None`: being evaluated.
    pub globals: HashMap<Arc<str>, HashMap<String, Option<Value>>>,
    /// Class attributes that were evaluated.
    pub statics: HashMap<(Arc<str>, usize, String), Option<Value>>,
    /// Running loops and escaping closures, outermost first.
    pub loops: Vec<u32>,
    /// What counts the rounds of a running loop that sends.
    pub counters: Vec<Counter>,
    pub next_loop: u32,
    /// Places of turns that a loop adds -> that loop, as it ran last.
    pub carried: HashMap<Place, u32>,
    /// The life that the running frame gives to what is born in it.
    pub life: Option<Class>,
    /// In a function that a framework calls for each request.
    pub asked_later: bool,
    /// Above zero: in an arm that only an option takes that is off by default.
    pub doubt: usize,
    /// Above zero: a dry pass, nothing is recorded.
    pub quiet: usize,
    /// Calls that sent something, in dry passes too.
    pub sent: usize,
    /// Functions whose body was evaluated.
    pub executed: HashSet<(Arc<str>, FunctionId)>,
    /// The same in the order in which they were entered first: what a dry pass entered is taken back.
    pub entered: Vec<(Arc<str>, FunctionId)>,
    /// Loop rounds that ended early, by loop: what they left.
    pub stops: Vec<Vec<(Rc<Condition>, Delta)>>,
    /// Instances that were made: class -> cells.
    pub instances: Vec<(ClassRef, CellId)>,
    /// Instances of classes that stand for what is only declared, by class.
    pub unseen: HashMap<Member, Value>,
    /// Interfaces, by where they are defined, and methods of theirs for which a class stands in as it runs.
    pub stood_in: Vec<((Arc<str>, String), String)>,
    /// Whether the entry is a method of a base that runs for a class below it.
    pub of_heir: bool,
    /// Names under which classes were looked for that extend or implement them.
    pub asked_families: BTreeSet<String>,
    /// Cache markers that are written after what they mark was built.
    pub marks: Marks,
    /// The call that the running statement makes for what it does alone.
    pub discards: Option<Span>,
    /// The call that is waited for.
    pub awaited: Option<Span>,
    /// The object of lists that were written to members of open values.
    pub overlays: CellId,
    /// How the conversation was changed of which the running loop reads turns.
    pub read: Option<Rewrite>,
    /// Within an arm of a test that asks of what kind the first turn of the conversation is.
    pub first_is_asked: bool,
    /// What the tests around say of conversations that are cut.
    pub cuts: Cuts,
    /// Where turns of some age alone are looked at, and places of objects that were written there.
    pub aged: bool,
    pub aged_turns: HashSet<Place>,
    pub work: Work,
    /// Functions of other files that are not gone into, as entries before found.
    pub barren: &'p Barren,
    /// What this entry found in functions of other files.
    pub visits: BTreeMap<barren::Function, Visit>,
    /// Functions of other files that it was kept out of.
    pub closed: BTreeSet<barren::Function>,
    /// What calls give to builders.
    pub bound: Bound,
}

impl<'p, 'w> Eval<'p, 'w> {
    pub fn new(program: &'p Program<'w>, barren: &'p Barren, assume: &Assume) -> Self {
        let mut heap = Heap::default();
        let overlays = heap.add(Cell::Object(Object {
            entries: Vec::new(),
            spreads: Vec::new(),
            unordered: None,
            class: None,
            factory: None,
            place: Place::new(&"".into(), 0, 0),
        }));
        Eval {
            program,
            assume: assume.clone(),
            marks: Marks::new(&mut heap),
            overlays,
            discards: None,
            awaited: None,
            heap,
            frames: Vec::new(),
            trail: Trail::default(),
            events: Vec::new(),
            births: HashMap::new(),
            handed_turns: HashMap::new(),
            globals: HashMap::new(),
            statics: HashMap::new(),
            loops: Vec::new(),
            next_loop: 0,
            carried: HashMap::new(),
            life: None,
            asked_later: false,
            counters: Vec::new(),
            doubt: 0,
            quiet: 0,
            bound: Bound::new(),
            sent: 0,
            executed: HashSet::new(),
            entered: Vec::new(),
            stops: Vec::new(),
            instances: Vec::new(),
            unseen: HashMap::new(),
            stood_in: Vec::new(),
            of_heir: false,
            asked_families: BTreeSet::new(),
            read: None,
            first_is_asked: false,
            cuts: Cuts::default(),
            aged: false,
            aged_turns: HashSet::new(),
            work: Work::new(BUDGET),
            barren,
            visits: BTreeMap::new(),
            closed: BTreeSet::new(),
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
        let mut out = String::with_capacity(text.len().min(WRITTEN + 24));
        for word in text.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            if out.len() > WRITTEN {
                let mut end = WRITTEN;
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
            unordered: None,
            class: None,
            factory: None,
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
    pub fn born(&mut self, mut unknown: Unknown, place: Place, note: impl Into<Phrase>) -> Value {
        let volatility = &mut unknown.verdict.volatility;
        volatility.frame = held(volatility.class, self.life).or(volatility.frame);
        if self.doubt > 0 {
            volatility.confidence = Confidence::Possible;
        }
        if unknown.trace.is_empty() {
            unknown.trace.push(Hop {
                place: place.clone(),
                note: note.into(),
            });
        }
        let birth = self.births.entry(place).or_default();
        birth.loops.clone_from(&self.loops);
        birth.rounds.clone_from(&self.marks.rounds);
        birth.later = self.asked_later;
        unknown.into_value()
    }

    /// A value that each call finds as it is by then, whenever what holds it was made.
    pub fn born_anew(&mut self, unknown: Unknown, place: Place, note: impl Into<Phrase>) -> Value {
        let life = self.life.take();
        let value = self.born(unknown, place, note);
        self.life = life;
        value
    }

    /// Notes by which open parameter a conversation came that is sent at a place.
    pub fn note_turns(&mut self, turns: &Unknown, place: &Place) {
        let birth = turns.birth().and_then(|birth| self.births.get(birth));
        if let Some(open) = birth.and_then(|birth| birth.open.clone()) {
            self.handed_turns.insert(place.clone(), open);
        }
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

    // ---- values as text ----

    /// Whether a loop runs now that did not run when the value was born.
    pub fn born_before_loop(&self, birth: Option<&Place>) -> bool {
        let Some(birth) = birth.and_then(|place| self.births.get(place)) else {
            return false;
        };
        self.loops.iter().any(|id| !birth.loops.contains(id))
    }

    /// Whether one of these loops ran when the value was born.
    pub fn born_within(&self, birth: Option<&Place>, loops: &[u32]) -> bool {
        birth
            .and_then(|place| self.births.get(place))
            .is_some_and(|birth| birth.loops.iter().any(|id| loops.contains(id)))
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
            return Flow::Return(super::arms::choose(condition, values));
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
                super::arms::choose(&pending.condition, vec![pending.value, value])
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

    /// Notes that the body of a function is evaluated.
    pub fn enters(&mut self, key: (Arc<str>, FunctionId)) {
        if self.executed.insert(key.clone()) {
            self.entered.push(key);
        }
    }

    /// A dry pass: nothing that it finds is noted, so what it entered is still to be run.
    pub fn dryly<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let entered = self.entered.len();
        self.quiet += 1;
        let result = run(self);
        self.quiet -= 1;
        for key in self.entered.drain(entered..) {
            self.executed.remove(&key);
        }
        result
    }

    /// Whether the body of a function was evaluated already.
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
pub fn deploy(why: &'static str) -> Volatility {
    Volatility::new(Class::Deploy, Origin::Fixed, Confidence::Possible, why)
}
