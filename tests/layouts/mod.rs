//! Layouts and models that are written down by their figures, for the tests of the cost model.

// Not every test uses everything.
#![allow(dead_code)]

use std::sync::Arc;

use prefixlint::config::{Assume, Traffic};
use prefixlint::cost::Rates;
use prefixlint::layout::{Kind, Layout, Mark, MessageInfo, Segment, Terms, BLOCK_GAP};
use prefixlint::prompt::{MarkerHow, Section};
use prefixlint::providers::{Framing, Match, Model, Prices, Tokenizer, Ttl};
use prefixlint::source::Place;
use prefixlint::volatility::{Class, Confidence, Key, Origin, Volatility};

pub fn model(matching: Match, prices: Prices, ttl: f64, max_breakpoints: u32) -> Model {
    Model {
        id: "test".into(),
        provider: "test".into(),
        profile: "test".into(),
        status: "current".into(),
        matching,
        self_healing: false,
        minimum: 1024,
        minimum_range: (1024, 1024),
        ttl: Ttl {
            assumed: ttl,
            low: ttl,
            high: None,
            long: None,
        },
        prices: Some(prices),
        long_context: None,
        batch: None,
        max_breakpoints: Some(max_breakpoints),
        lookback: None,
        tokenizer: Tokenizer {
            encoding: "o200k_base".into(),
            exact: true,
            typical: 1.0,
            low: 1.0,
            high: 1.0,
        },
        framing: Framing::default(),
        wire_order: vec![],
        system_apart: false,
        cache_key: None,
        rate_per_key: None,
        key_settings: vec![],
        unsupported: vec![],
        charges_writes: prices.write.is_some(),
        as_of: "2026-11-22".into(),
        sources: vec![],
        note: None,
        fallback: false,
    }
}

pub fn prices(input: f64, read: f64, write: Option<f64>) -> Prices {
    Prices {
        input,
        read: Some(read),
        write,
        write_long: None,
        output: None,
    }
}

pub fn gpt54() -> Model {
    model(Match::Steps { step: 128 }, prices(2.5, 0.25, None), 30.0, 0)
}
pub fn gpt56() -> Model {
    model(Match::Ends, prices(4.0, 0.4, Some(5.0)), 30.0, 4)
}
pub fn sonnet5() -> Model {
    model(Match::Marks, prices(2.0, 0.2, Some(2.5)), 5.0, 4)
}

/// What a piece of a layout is.
#[derive(Clone, Copy)]
pub enum Of {
    Class(Class),
    History,
    /// A two-armed branch: number of its condition, whether it flips.
    Branch(u64, bool),
}

/// A layout of pieces: (tokens, what, message, whether a marker stands behind it). Each is a block of its own.
pub fn layout(pieces: &[(f64, Of, usize, bool)]) -> Layout {
    let path: Arc<str> = "example".into();
    let mut segments = Vec::new();
    let mut marks = Vec::new();
    for (index, (tokens, of, message, marked)) in pieces.iter().enumerate() {
        let place = Place::new(&path, index, index + 1);
        let block = (index + 1) * BLOCK_GAP;
        let value = |class| Kind::Value {
            expr: format!("v{index}"),
            volatility: Volatility::new(class, Origin::Outside, Confidence::Certain, ""),
            trace: vec![],
        };
        let (key, kind) = match of {
            Of::Class(Class::Constant) => (
                Key::constant(),
                Kind::Text {
                    hash: index as u64,
                    opening: "".into(),
                },
            ),
            Of::Class(class) => (Key::of(*class, index as u64), value(*class)),
            Of::History => (
                Key::of(Class::Session, 0),
                Kind::History {
                    expr: "history".into(),
                    rewritten: None,
                },
            ),
            Of::Branch(id, flips) => (
                Key::branch(*id, 2, *flips),
                Kind::Fork {
                    condition: "c".into(),
                    volatility: Volatility::new(
                        Class::State,
                        Origin::Outside,
                        Confidence::Certain,
                        "",
                    ),
                    covers: 0,
                },
            ),
        };
        segments.push(Segment {
            id: index,
            tokens: *tokens,
            key,
            kind,
            place: place.clone(),
            message: *message,
            block,
        });
        if *marked {
            marks.push(Mark {
                block,
                ttl: None,
                place: Some(place),
                how: MarkerHow::Literal,
            });
        }
    }
    let last = pieces.iter().map(|piece| piece.2).max().unwrap_or(0);
    Layout {
        segments,
        messages: (0..=last)
            .map(|n| MessageInfo {
                section: if n == 0 && last > 0 {
                    Section::System
                } else {
                    Section::Role("user".into())
                },
                place: Place::new(&path, 0, 1),
            })
            .collect(),
        marks,
        explicit_only: false,
        assumed_marks: false,
        unkeyed: false,
        parts: vec![],
    }
}

pub fn one_message(pieces: &[(f64, Class)]) -> Layout {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|(n, class)| (*n, Of::Class(*class), 0, false))
        .collect();
    layout(&pieces)
}

pub fn rates(calls: f64, turns: f64) -> Rates {
    let traffic = Traffic {
        calls_per_month: Some(calls * 43_200.0),
        calls_per_session: turns,
        ..Traffic::default()
    };
    Rates::new(&traffic, &Assume::default(), turns > 1.0, 0)
}

pub fn terms(model: &Model, calls: f64, turns: f64) -> Terms<'_> {
    Terms {
        model,
        prices: model.prices.unwrap(),
        rates: rates(calls, turns),
        ttl: model.ttl.assumed,
    }
}

#[track_caller]
pub fn close(got: f64, want: f64) {
    assert!(
        (got - want).abs() < 0.000_06 * want.max(1.0),
        "got {got}, want {want}"
    );
}

pub fn cost(layout: &Layout, terms: &Terms) -> f64 {
    layout.bill(terms).usd_per_1k_calls
}
