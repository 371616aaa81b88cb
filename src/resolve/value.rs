//! Abstract values of a template and how they render to pieces. Knows nothing of nodes, scopes or files.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::tree::{Expr, Node};
use crate::prompt::{visit_pieces, Hop, Piece, Rewrite, Size, Slot};
use crate::source::{Place, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Given, Origin, Volatility};

use super::context::Here;

/// What an expression stands for.
#[derive(Clone, Debug)]
pub enum Value {
    Text(Text),
    Number(f64),
    Bool(bool),
    None,
    List(Rc<Vec<Value>>),
    Map(Rc<Vec<(String, Value)>>),
    /// Text with unknown parts in it.
    Pieces(Rc<Vec<Piece>>),
    /// A loop variable (`loop.index`, `@first`): the same in every request of the same shape.
    Steady,
    Macro(Rc<Macro>),
    /// The exports of an imported template.
    Module(Rc<BTreeMap<String, Value>>),
    Unknown(Box<Unknown>),
}

/// A value that only the running program knows.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// As written where it was read.
    pub expr: String,
    /// The dotted path from a root name, while attributes of it can still be asked for by name.
    pub path: Option<String>,
    pub verdict: Verdict,
    pub trace: Vec<Hop>,
    pub rewrite: Option<Rewrite>,
    /// An item of a loop or of an index: its attributes are data of the item.
    pub item: bool,
    /// Sorted by a filter.
    pub ordered: bool,
}

impl Unknown {
    pub fn new(expr: String, path: Option<String>, verdict: Verdict) -> Self {
        Unknown {
            expr,
            path,
            verdict,
            trace: Vec::new(),
            rewrite: None,
            item: false,
            ordered: false,
        }
    }

    pub fn is_history(&self) -> bool {
        self.verdict.kind == ValueKind::History
    }

    pub fn into_value(self) -> Value {
        Value::Unknown(Box::new(self))
    }
}

/// A body that is evaluated later, with the file it stands in.
#[derive(Clone, Debug)]
pub struct Body {
    pub nodes: Vec<Node>,
    pub here: Here,
}

/// A macro or an inline partial.
#[derive(Debug)]
pub struct Macro {
    pub name: String,
    pub params: Vec<(String, Option<Expr>)>,
    pub body: Body,
    /// Names of the file that defines it (imported macros see their own module).
    pub globals: BTreeMap<String, Value>,
}

impl Value {
    pub fn literal(path: &Arc<str>, span: crate::source::Span, text: &str) -> Value {
        Value::Text(Text::opaque(path, span, text))
    }

    pub fn unknown(expr: String, volatility: Volatility, tokens: u32) -> Value {
        Unknown::new(
            expr,
            None,
            Verdict {
                kind: ValueKind::Plain,
                volatility,
                tokens,
                clock: false,
            },
        )
        .into_value()
    }

    /// The text where it is fully known.
    pub fn known_text(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.as_str().to_string()),
            Value::Number(number) => Some(format_number(*number)),
            Value::Bool(value) => Some(if *value { "True" } else { "False" }.to_string()),
            Value::None => Some(String::new()),
            Value::Pieces(pieces) => {
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

    /// Whether the value is the same in every request, as far as is known.
    pub fn is_literal(&self) -> bool {
        match self {
            Value::List(items) => items.iter().all(Value::is_literal),
            Value::Map(items) => items.iter().all(|(_, value)| value.is_literal()),
            other => other.known_text().is_some(),
        }
    }

    /// Truth where it is known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Text(text) => Some(!text.is_empty()),
            Value::Number(number) => Some(*number != 0.0),
            Value::Bool(value) => Some(*value),
            Value::None => Some(false),
            Value::List(items) => Some(!items.is_empty()),
            Value::Map(items) => Some(!items.is_empty()),
            Value::Pieces(pieces) => {
                let sure = |piece: &Piece| matches!(piece, Piece::Text(text) if !text.is_empty());
                pieces.iter().any(sure).then_some(true)
            }
            Value::Macro(_) | Value::Module(_) => Some(true),
            Value::Steady | Value::Unknown(_) => None,
        }
    }

    /// The join of what the value is made of.
    pub fn volatility(&self) -> Volatility {
        match self {
            Value::Unknown(unknown) => unknown.verdict.volatility.clone(),
            Value::Pieces(pieces) => pieces_volatility(pieces),
            Value::List(items) => items
                .iter()
                .map(Value::volatility)
                .fold(Volatility::constant(), worse),
            Value::Map(items) => items
                .iter()
                .map(|(_, value)| value.volatility())
                .fold(Volatility::constant(), worse),
            _ => Volatility::constant(),
        }
    }

    pub fn is_history(&self) -> bool {
        match self {
            Value::Unknown(unknown) => unknown.is_history(),
            Value::Pieces(pieces) => pieces.iter().any(|p| matches!(p, Piece::History(_))),
            _ => false,
        }
    }

    /// Adds a hop to everything unknown in the value.
    pub fn with_hop(self, hop: &Hop) -> Value {
        match self {
            Value::Unknown(mut unknown) => {
                unknown.trace.push(hop.clone());
                Value::Unknown(unknown)
            }
            Value::Pieces(pieces) => {
                let mut pieces = (*pieces).clone();
                add_hop(&mut pieces, hop);
                Value::Pieces(Rc::new(pieces))
            }
            other => other,
        }
    }
}

pub fn format_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{}", number as i64)
    } else {
        format!("{number}")
    }
}

/// The more volatile of two; of two that cannot be compared, the one further down the table of DESIGN 3.
pub fn worse(a: Volatility, b: Volatility) -> Volatility {
    match b.class.cmp(&a.class) {
        std::cmp::Ordering::Greater => b,
        std::cmp::Ordering::Less => a,
        // That an order is not fixed is worth more to know than what fixed things it is an order of.
        std::cmp::Ordering::Equal if a.origin == Origin::Fixed && b.origin == Origin::Order => b,
        std::cmp::Ordering::Equal if a.origin == Origin::Order && b.origin == Origin::Fixed => a,
        std::cmp::Ordering::Equal if b.confidence > a.confidence => b,
        // What is handed over by one of two is not handed over as a whole.
        std::cmp::Ordering::Equal if a.confidence == b.confidence && b.given < a.given => b,
        std::cmp::Ordering::Equal => a,
    }
}

/// The join of the volatilities of pieces.
pub fn pieces_volatility(pieces: &[Piece]) -> Volatility {
    let mut out = Volatility::constant();
    for piece in pieces {
        out = match piece {
            Piece::Text(_) => out,
            Piece::Slot(slot) => worse(out, slot.volatility.clone()),
            Piece::Branch(branch) => branch
                .arms
                .iter()
                .map(|arm| pieces_volatility(arm))
                .fold(worse(out, branch.volatility.clone()), worse),
            Piece::Repeat(repeat) => worse(
                worse(out, repeat.volatility.clone()),
                pieces_volatility(&repeat.body),
            ),
            Piece::History(_) => worse(out, from_history()),
            Piece::Media(media) => worse(out, media.volatility.clone()),
        };
    }
    out
}

/// Something computed from the conversation so far.
pub fn from_history() -> Volatility {
    let mut volatility = Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Likely,
        "computed from the conversation",
    );
    volatility.given = Given::Conversation;
    volatility
}

/// Content of a file that is not here.
pub fn unknown_file(why: &'static str) -> Volatility {
    Volatility::new(Class::Deploy, Origin::Fixed, Confidence::Possible, why)
}

pub fn add_hop(pieces: &mut [Piece], hop: &Hop) {
    visit_pieces(pieces, &mut |piece| match piece {
        Piece::Slot(slot) if slot.trace.last() != Some(hop) => slot.trace.push(hop.clone()),
        _ => {}
    });
}

/// Appends a piece; text that continues text of the same file joins it.
pub fn push_piece(out: &mut Vec<Piece>, piece: Piece) {
    if let Piece::Text(text) = &piece {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Text(last)) = out.last_mut() {
            if last.path == text.path {
                last.push(text);
                return;
            }
        }
    }
    out.push(piece);
}

pub fn push_all(out: &mut Vec<Piece>, pieces: impl IntoIterator<Item = Piece>) {
    for piece in pieces {
        push_piece(out, piece);
    }
}

/// How many pieces there are, inner ones included.
pub fn count_pieces(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Branch(branch) => {
                1 + branch
                    .arms
                    .iter()
                    .map(|arm| count_pieces(arm))
                    .sum::<usize>()
            }
            Piece::Repeat(repeat) => 1 + count_pieces(&repeat.body),
            _ => 1,
        })
        .sum()
}

/// Tokens of pieces, roughly: four bytes a token.
pub fn rough_tokens(pieces: &[Piece]) -> u32 {
    let mut total: u32 = 0;
    for piece in pieces {
        total = total.saturating_add(match piece {
            Piece::Text(text) => text_tokens(text.as_str()),
            Piece::Slot(slot) => slot.size.tokens,
            Piece::Branch(branch) => branch
                .arms
                .iter()
                .map(|arm| rough_tokens(arm))
                .max()
                .unwrap_or(0),
            Piece::Repeat(repeat) => rough_tokens(&repeat.body).saturating_mul(repeat.rounds),
            Piece::History(_) | Piece::Media(_) => 0,
        });
    }
    total
}

pub fn text_tokens(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX)
}

/// Cuts a list of pieces at a limit; what is behind it becomes one slot. Returns whether it was cut.
pub fn fold_tail(pieces: &mut Vec<Piece>, limit: usize, place: &Place) -> bool {
    if count_pieces(pieces) <= limit {
        return false;
    }
    let (mut kept, mut total) = (0, 0);
    for piece in pieces.iter() {
        total += count_pieces(std::slice::from_ref(piece));
        if total >= limit {
            break;
        }
        kept += 1;
    }
    let tail = pieces.split_off(kept);
    let mut volatility = pieces_volatility(&tail);
    // The worst of it may stand anywhere in it.
    volatility.confidence = Confidence::Possible;
    pieces.push(Piece::Slot(Slot {
        expr: "...".into(),
        place: place.clone(),
        volatility,
        trace: Vec::new(),
        size: Size {
            tokens: rough_tokens(&tail),
            assumed: true,
        },
    }));
    true
}
