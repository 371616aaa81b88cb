//! Which name, call or filter yields which volatility, over `rules/volatility/<lang>.yaml`.
//! Knows nothing of trees: it is asked about words.

use super::{Class, Volatility};

/// What a name or a call stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub kind: ValueKind,
    pub volatility: Volatility,
    /// Assumed size in tokens of the model-independent baseline.
    pub tokens: u32,
}

/// Kinds of values that layout treats in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Plain,
    /// The conversation so far.
    History,
    /// Tool definitions.
    Tools,
}

/// What a filter (or a method) does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The value keeps its class (`upper`, `trim`, `default`, an unknown filter).
    Keeps,
    /// A clock is cut to this granularity (`date("%Y-%m-%d")` = day).
    Granularity(Class),
    /// The order becomes fixed (`sort`, `sorted`, `dictsort`, `tojson(sort_keys=true)`).
    Orders,
    /// New on every call (`random`, `shuffle`).
    Randomises,
    /// A window over the newest items (`last(n)`, a slice from the end).
    Window,
}
