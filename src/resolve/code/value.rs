//! Abstract values of code: what an expression can stand for, and the joins of values that branches give.
//! Knows nothing of statements, scopes or requests.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{Class, ClassId, Function, FunctionId, FunctionKind};
use crate::phrase::Phrase;
use crate::prompt::{visit_pieces, Branch, Hop, Piece, Rewrite};
use crate::source::{stable_hash, Place, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Confidence, Volatility};

use super::super::value::{pieces_volatility, push_piece, worse};
use super::declared::Declared;
use super::heap::CellId;
use super::modules::Code;
use super::things::Thing;

/// What an expression stands for.
#[derive(Clone, Debug)]
pub enum Value {
    /// `None`, `undefined`, what is not there.
    None,
    /// `null` of JavaScript: nothing as well, but written otherwise.
    Null,
    Bool(bool),
    Number(f64),
    /// A number of Python that is written with a fraction even where it has none.
    Float(f64),
    /// Text, in parts unknown.
    Text(Rc<Vec<Piece>>),
    /// A list, set, tuple, dict, object or instance: its content is in the heap.
    Cell(CellId),
    Function(Rc<Callable>),
    Class(ClassRef),
    Module(Arc<Code>),
    Unknown(Rc<Unknown>),
    /// One of several, by a condition that is not known.
    Choice(Rc<Choice>),
}

/// A value that only the running program knows.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// As written where it is born.
    pub expr: Phrase,
    /// Its path of names, attributes and calls (`openai.OpenAI().chat`), while it can still be asked for by name.
    pub path: Option<Rc<str>>,
    pub verdict: Verdict,
    pub trace: Vec<Hop>,
    pub rewrite: Option<Rewrite>,
    /// An item of a sequence: its attributes are data of the item.
    pub item: bool,
    /// Items come in an order that is not fixed: why, and for how long it holds.
    pub unordered: Option<Volatility>,
    /// A path, a file, a template: what it stands for.
    pub thing: Option<Rc<Thing>>,
    /// An option that is off unless someone asks for it: what only it brings is possible at most.
    pub off: bool,
    /// The class of the workspace that it is declared to be an instance of.
    pub declared: Option<Rc<Declared>>,
    /// Path of the sequence that it is an item of, or data of an item of.
    pub of: Option<Rc<str>>,
    /// The loop whose rounds it differs in.
    pub round: Option<u32>,
    /// A slice of something longer: how many items it has at most.
    pub most: Option<u32>,
    /// A number that a sending loop counts up, and how sure it is that it counts the turns.
    pub counts: Option<Confidence>,
    /// The text it has where nothing else is set: a default of the environment, of a parameter, of a field.
    pub usual: Option<Rc<str>>,
}

/// A function with what it closes over.
#[derive(Clone)]
pub struct Callable {
    pub code: Arc<Code>,
    pub id: FunctionId,
    /// The scope it was defined in; `None`: the module's.
    pub scope: Option<CellId>,
    pub this: Option<Value>,
    /// Arguments that are bound already (`functools.partial`, `.bind`).
    pub bound: Vec<Argument>,
}

/// A class with what its body closes over.
#[derive(Clone)]
pub struct ClassRef {
    pub code: Arc<Code>,
    pub id: ClassId,
    pub scope: Option<CellId>,
}

/// An evaluated argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `None`: by position.
    pub name: Option<String>,
    pub value: Value,
    /// `*args`, `...args` (then without a name), `**kwargs` (then `keywords`).
    pub spread: bool,
    pub keywords: bool,
    pub place: Place,
}

impl Argument {
    /// An argument by position.
    pub fn positional(value: Value, place: Place) -> Argument {
        Argument {
            name: None,
            value,
            spread: false,
            keywords: false,
            place,
        }
    }
}

/// What a branch depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub expr: Phrase,
    /// The same condition twice is one fork.
    pub id: u64,
    pub place: Place,
    pub volatility: Volatility,
    /// Loops whose rounds it differs in, beyond the kind of their items.
    pub rounds: Vec<u32>,
    /// Asks only whether something is there, and of what type it is.
    pub shape: bool,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub condition: Rc<Condition>,
    pub arms: Vec<Value>,
}

impl Condition {
    pub fn new(expr: String, place: Place, volatility: Volatility) -> Rc<Condition> {
        Condition::within(expr, place, volatility, Vec::new())
    }

    /// A condition that differs between the rounds of some loops.
    pub fn within(
        expr: String,
        place: Place,
        volatility: Volatility,
        rounds: Vec<u32>,
    ) -> Rc<Condition> {
        let id = stable_hash(&[&place.path, &expr]);
        Rc::new(Condition {
            expr: expr.into(),
            id,
            place,
            volatility,
            rounds,
            shape: false,
        })
    }

    /// The same test of another item is another condition: twelve filtered tools are twelve forks.
    pub fn of_item(&self, index: usize) -> Rc<Condition> {
        Rc::new(Condition {
            id: stable_hash(&[&self.id.to_string(), &index.to_string()]),
            ..self.clone()
        })
    }

    /// That of a branch of a text.
    pub fn of_branch(branch: &Branch) -> Condition {
        Condition {
            expr: branch.condition.clone(),
            id: branch.id,
            place: branch.place.clone(),
            volatility: branch.volatility.clone(),
            rounds: Vec::new(),
            shape: false,
        }
    }

    pub fn branch(&self, arms: Vec<Vec<Piece>>) -> Piece {
        Piece::Branch(Branch {
            condition: self.expr.clone(),
            id: self.id,
            place: self.place.clone(),
            volatility: self.volatility.clone(),
            arms: arms.into(),
        })
    }
}

impl fmt::Debug for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.code.file.path, self.function().name)
    }
}

impl fmt::Debug for ClassRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.code.file.path, self.class().name)
    }
}

impl Callable {
    pub fn function(&self) -> &Function {
        &self.code.module.functions[self.id]
    }

    pub fn same(&self, other: &Callable) -> bool {
        Arc::ptr_eq(&self.code, &other.code) && self.id == other.id
    }
}

impl ClassRef {
    pub fn class(&self) -> &Class {
        &self.code.module.classes[self.id]
    }

    /// Whether something is noted of an attribute (function, attribute) in a method other than the constructor.
    pub fn method_does(&self, noted: &[(FunctionId, String)], attribute: &str) -> bool {
        noted.iter().any(|(id, name)| {
            let function = &self.code.module.functions[*id];
            name == attribute
                && function.class == Some(self.id)
                && function.kind != FunctionKind::Constructor
        })
    }

    pub fn same(&self, other: &ClassRef) -> bool {
        Arc::ptr_eq(&self.code, &other.code) && self.id == other.id
    }
}

impl Unknown {
    pub fn new(expr: impl Into<Phrase>, verdict: Verdict) -> Unknown {
        Unknown {
            expr: expr.into(),
            path: None,
            verdict,
            trace: Vec::new(),
            rewrite: None,
            item: false,
            unordered: None,
            thing: None,
            declared: None,
            off: false,
            of: None,
            round: None,
            most: None,
            counts: None,
            usual: None,
        }
    }

    pub fn is_history(&self) -> bool {
        self.verdict.kind == ValueKind::History
    }

    /// Where the value is born, if that was noted.
    pub fn birth(&self) -> Option<&Place> {
        self.trace.first().map(|hop| &hop.place)
    }

    pub fn into_value(self) -> Value {
        Value::Unknown(Rc::new(self))
    }
}

/// Hops that a trace keeps.
const MAX_HOPS: usize = 8;

pub fn add_hop(trace: &mut Vec<Hop>, hop: &Hop) {
    if trace.last().is_some_and(|last| last.place == hop.place) {
        return;
    }
    // Where a value is born and where it enters a prompt count most; that it gets a name on the way counts least.
    if trace.len() >= MAX_HOPS {
        let mut inner = trace.iter().skip(1);
        let named = inner.position(|hop| hop.note.starts_with(BECOMES));
        trace.remove(named.map_or(MAX_HOPS / 2, |at| at + 1));
    }
    trace.push(hop.clone());
}

/// How a hop begins that gives a value a name.
pub const BECOMES: &str = "becomes ";

impl Value {
    pub fn text(text: Text) -> Value {
        let mut pieces = Vec::new();
        push_piece(&mut pieces, Piece::Text(text));
        Value::Text(Rc::new(pieces))
    }

    pub fn pieces(pieces: Vec<Piece>) -> Value {
        Value::Text(Rc::new(pieces))
    }

    pub fn empty_text() -> Value {
        Value::Text(Rc::new(Vec::new()))
    }

    /// The text where it is fully known.
    pub fn known_text(&self) -> Option<String> {
        match self {
            Value::Text(pieces) => {
                let mut out = String::new();
                for piece in pieces.iter() {
                    let Piece::Text(text) = piece else {
                        return None;
                    };
                    out.push_str(text.as_str());
                }
                Some(out)
            }
            _ => None,
        }
    }

    /// The text where it is known, or the one that stands there unless something else is set.
    pub fn usual_text(&self) -> Option<String> {
        match self {
            Value::Unknown(unknown) => unknown.usual.as_deref().map(str::to_string),
            other => other.known_text(),
        }
    }

    /// A value that is not known, with the text it has where nothing else is set.
    pub fn or_usual(self, usual: Option<String>) -> Value {
        match (self, usual) {
            (Value::Unknown(unknown), Some(usual)) if unknown.usual.is_none() => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                unknown.usual = Some(usual.into());
                unknown.into_value()
            }
            (value, _) => value,
        }
    }

    /// Whether it is one of the values that stand for nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Value::None | Value::Null)
    }

    pub fn unknown(&self) -> Option<&Rc<Unknown>> {
        match self {
            Value::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// The path of an unknown value: what tables are asked with.
    pub fn path(&self) -> Option<&str> {
        self.unknown()?.path.as_deref()
    }

    pub fn is_history(&self) -> bool {
        match self {
            Value::Unknown(unknown) => unknown.is_history(),
            Value::Choice(choice) => choice.arms.iter().any(Value::is_history),
            _ => false,
        }
    }

    /// Adds a hop to everything unknown in a scalar or a text; cells keep theirs.
    pub fn with_hop(self, hop: &Hop) -> Value {
        match self {
            Value::Unknown(mut unknown) => {
                add_hop(&mut Rc::make_mut(&mut unknown).trace, hop);
                Value::Unknown(unknown)
            }
            Value::Text(mut pieces)
                if pieces.len() <= 64 && pieces.iter().any(|p| !matches!(p, Piece::Text(_))) =>
            {
                hop_pieces(Rc::<Vec<Piece>>::make_mut(&mut pieces), hop);
                Value::Text(pieces)
            }
            Value::Choice(choice) => Value::Choice(Rc::new(Choice {
                condition: choice.condition.clone(),
                arms: choice
                    .arms
                    .iter()
                    .map(|arm| arm.clone().with_hop(hop))
                    .collect(),
            })),
            other => other,
        }
    }

    /// An item that differs between the rounds of a loop.
    pub fn in_round_of(self, round: u32) -> Value {
        match self {
            Value::Unknown(mut unknown) => {
                Rc::make_mut(&mut unknown).round = Some(round);
                Value::Unknown(unknown)
            }
            other => other,
        }
    }

    /// Whether two values are the same value for all that is known.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) | (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) | (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => Rc::ptr_eq(a, b) || a == b,
            (Value::Cell(a), Value::Cell(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => {
                Rc::ptr_eq(a, b) || (a.same(b) && a.bound.len() == b.bound.len())
            }
            (Value::Class(a), Value::Class(b)) => a.same(b),
            (Value::Module(a), Value::Module(b)) => Arc::ptr_eq(a, b),
            (Value::Unknown(a), Value::Unknown(b)) => {
                Rc::ptr_eq(a, b)
                    || (a.expr == b.expr
                        && a.path == b.path
                        && a.birth() == b.birth()
                        && a.verdict == b.verdict
                        && a.thing == b.thing)
            }
            (Value::Choice(a), Value::Choice(b)) => {
                Rc::ptr_eq(a, b)
                    || (a.condition.id == b.condition.id
                        && a.arms.len() == b.arms.len()
                        && a.arms.iter().zip(&b.arms).all(|(a, b)| a.same(b)))
            }
            _ => false,
        }
    }
}

fn hop_pieces(pieces: &mut [Piece], hop: &Hop) {
    visit_pieces(pieces, &mut |piece| {
        if let Piece::Slot(slot) = piece {
            add_hop(&mut slot.trace, hop);
        }
    });
}

/// The join of the volatilities of a scalar, a text or a choice (cells are the heap's matter).
pub fn flat_volatility(value: &Value) -> Volatility {
    match value {
        Value::Unknown(unknown) => unknown.verdict.volatility.clone(),
        Value::Text(pieces) => pieces_volatility(pieces),
        Value::Choice(choice) => choice
            .arms
            .iter()
            .map(flat_volatility)
            .fold(choice.condition.volatility.clone(), worse),
        _ => Volatility::constant(),
    }
}
