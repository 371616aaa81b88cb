//! A value becomes the pieces it prints.

use std::collections::BTreeSet;

use crate::prompt::{History, Hop, Piece, Repeat, Size, Slot};
use crate::sdk;
use crate::source::{Place, Text};
use crate::volatility::classify::ValueKind;
use crate::volatility::Volatility;

use super::super::context::MAX_PIECES;
use super::super::value::{
    count_pieces, fold_tail, pieces_volatility, push_all, push_piece, worse,
};
use super::eval::Eval;
use super::heap::{Cell, CellId, Item};
use super::numbers;
use super::value::{flat_volatility, Unknown, Value};

/// Bytes of text that are one step of the evaluation.
const BYTES_A_STEP: usize = 1 << 8;
/// Cells that a value is looked into for what varies in it.
const MAX_CELLS: usize = 1 << 11;

impl Eval<'_, '_> {
    /// The join of the volatilities of all that a value holds.
    pub fn volatility(&self, value: &Value) -> Volatility {
        self.volatility_within(value, 0, &mut BTreeSet::new())
    }

    /// `seen`: cells that were looked into already. Instances hold each other: what one adds, it adds once.
    fn volatility_within(
        &self,
        value: &Value,
        depth: usize,
        seen: &mut BTreeSet<CellId>,
    ) -> Volatility {
        let Value::Cell(id) = value else {
            return match value {
                Value::Choice(choice) if depth < 8 => {
                    let own = choice.condition.volatility.clone();
                    choice.arms.iter().fold(own, |joined, arm| {
                        worse(joined, self.volatility_within(arm, depth + 1, seen))
                    })
                }
                other => flat_volatility(other),
            };
        };
        if depth >= 8 || seen.len() >= MAX_CELLS || seen.contains(id) {
            return Volatility::constant();
        }
        seen.insert(*id);
        match self.heap.get(*id) {
            Cell::List(list) => {
                let own = list.unordered.clone().unwrap_or_else(Volatility::constant);
                worse(own, self.items_volatility(&list.items, depth, seen))
            }
            Cell::Object(object) => {
                let values = object.entries.iter().map(|(_, value)| value);
                values
                    .chain(&object.spreads)
                    .fold(Volatility::constant(), |joined, value| {
                        worse(joined, self.volatility_within(value, depth + 1, seen))
                    })
            }
            Cell::Scope(_) => Volatility::constant(),
        }
    }

    /// That of how many items a value has: what is written out one by one counts the same whatever it holds.
    pub fn count_volatility(&self, value: &Value) -> Volatility {
        match value {
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::List(list) => self.items_count(&list.items, 0),
                _ => self.volatility(value),
            },
            _ => self.volatility(value),
        }
    }

    fn items_count(&self, items: &[Item], depth: usize) -> Volatility {
        let of_item = |item: &Item| match item {
            Item::One(..) => Volatility::constant(),
            Item::Spread(value, _) => self.volatility(value),
            Item::Branch(condition, arms) if depth < 8 => arms
                .iter()
                .map(|arm| self.items_count(arm, depth + 1))
                .fold(condition.volatility.clone(), worse),
            Item::Branch(condition, _) => condition.volatility.clone(),
            Item::Repeat(round, _) => round.volatility.clone(),
        };
        items
            .iter()
            .map(of_item)
            .fold(Volatility::constant(), worse)
    }

    fn items_volatility(
        &self,
        items: &[Item],
        depth: usize,
        seen: &mut BTreeSet<CellId>,
    ) -> Volatility {
        let mut out = Volatility::constant();
        for item in items {
            let one = match item {
                Item::One(value, _) | Item::Spread(value, _) => {
                    self.volatility_within(value, depth + 1, seen)
                }
                Item::Branch(condition, arms) => arms
                    .iter()
                    .fold(condition.volatility.clone(), |joined, arm| {
                        worse(joined, self.items_volatility(arm, depth + 1, seen))
                    }),
                Item::Repeat(round, body) => worse(
                    round.volatility.clone(),
                    self.items_volatility(body, depth + 1, seen),
                ),
            };
            out = worse(out, one);
        }
        out
    }

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
                super::arms::join_texts(&choice.condition, arms)
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
                let mut entries = Vec::new();
                // A marker is an instruction to the cache and no part of what is sent.
                let sent = object
                    .entries
                    .iter()
                    .filter(|(key, _)| !sdk::is_marker(key));
                for (index, (key, value)) in sent.enumerate() {
                    push(&mut entries, if index > 0 { ", \"" } else { "\"" });
                    push(&mut entries, key);
                    push(&mut entries, "\": ");
                    let pieces = self.print_quoted(value, place, depth + 1);
                    push_all(&mut entries, pieces);
                }
                for value in &object.spreads {
                    push(&mut entries, ", ");
                    let pieces = self.print_within(value, place, depth + 1);
                    push_all(&mut entries, pieces);
                }
                push(&mut out, "{");
                let entries = self.mark_unordered(entries, object.unordered.as_ref(), place);
                push_all(&mut out, entries);
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
                    push_all(&mut out, super::arms::join_texts(condition, arms));
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
            self.note_turns(unknown, place);
            return Piece::History(History {
                expr: unknown.expr.to_string(),
                place: place.clone(),
                rewritten: unknown.rewrite.clone(),
            });
        }
        self.trail.holds_task |= unknown.verdict.kind == ValueKind::Task;
        let mut volatility = unknown.sent_volatility();
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
}
