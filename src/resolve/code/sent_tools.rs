//! A list of tools becomes the section that comes first on the wire.

use crate::prompt::{Block, Message, Piece, Section, Stored};
use crate::source::Place;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::Confidence;

use super::blocks::{one_block, repeat_piece};
use super::eval::Eval;
use super::heap::Item;
use super::landing::{attach, in_arm, in_loop};
use super::value::{Condition, Unknown, Value};

/// The tools of the arms of a branch, each with its marker.
fn forked(condition: &Condition, arms: Vec<Vec<Block>>) -> Block {
    let mut marker = None;
    let mut pieces = Vec::with_capacity(arms.len());
    for (index, arm) in arms.into_iter().enumerate() {
        let (own, mark) = one_block(arm);
        pieces.push(own);
        if let Some(mut mark) = mark {
            in_arm(&mut mark, condition, index);
            marker = Some(mark);
        }
    }
    Block {
        pieces: vec![condition.branch(pieces)],
        marker,
    }
}

impl Eval<'_, '_> {
    /// Tool definitions: one block each, or one value of assumed size.
    pub fn tools(&mut self, value: &Value, place: &Place) -> Option<Message> {
        let blocks = match value {
            Value::None | Value::Null => return None,
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let blocks = self.tool_items(&list.items);
                    match &list.unordered {
                        Some(order) => blocks
                            .into_iter()
                            .map(|block| Block {
                                pieces: self.mark_unordered(block.pieces, Some(order), place),
                                marker: block.marker,
                            })
                            .collect(),
                        None => blocks,
                    }
                }
                None => vec![self.block_of(value, place)],
            },
            Value::Choice(choice) => {
                let arms = choice.arms.iter().map(|arm| {
                    let own = self.tools(arm, place);
                    own.map_or_else(Vec::new, |own| own.blocks)
                });
                let arms = arms.collect();
                vec![forked(&choice.condition, arms)]
            }
            other => self.open_tools(other, place),
        };
        (!blocks.is_empty()).then(|| Message {
            section: Section::Tools,
            blocks,
            place: place.clone(),
            stored: Stored::AsSent,
        })
    }

    fn open_tools(&mut self, value: &Value, place: &Place) -> Vec<Block> {
        let mut blocks = vec![Block {
            pieces: self.tool_pieces(value, place),
            marker: None,
        }];
        if let Value::Unknown(unknown) = value {
            attach(&mut blocks, self.landing(unknown));
        }
        blocks
    }

    fn tool_items(&mut self, items: &[Item]) -> Vec<Block> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value @ (Value::Cell(_) | Value::Choice(_)), place) => {
                    let marker = self.marker_of(value, place);
                    let pieces = self.tool_pieces(&value.clone(), place);
                    out.push(Block { pieces, marker });
                }
                Item::One(value, place) | Item::Spread(value, place) => {
                    out.extend(self.open_tools(&value.clone(), place));
                }
                Item::Branch(condition, arms) => {
                    let arms = arms.iter().map(|arm| self.tool_items(arm)).collect();
                    out.push(forked(condition, arms));
                }
                // A definition has a type, as turns of some APIs have: a list of tools that a loop fills holds no turns.
                Item::Repeat(round, body) if round.history => out.extend(self.tool_items(body)),
                Item::Repeat(round, body) => {
                    let (pieces, mut marker) = one_block(self.tool_items(body));
                    if let Some(marker) = &mut marker {
                        in_loop(marker, round);
                    }
                    out.push(Block {
                        pieces: vec![repeat_piece(round, pieces)],
                        marker,
                    });
                }
            }
        }
        out
    }

    /// A tool that is not spelled out is taken to be fixed, of assumed size; whether the list varies is what counts.
    pub fn tool_pieces(&mut self, value: &Value, place: &Place) -> Vec<Piece> {
        match value {
            Value::Unknown(unknown) => {
                let mut unknown = (**unknown).clone();
                unknown.verdict.kind = ValueKind::Tools;
                let order = unknown.unordered.take();
                let volatility = &mut unknown.verdict.volatility;
                let telling =
                    volatility.confidence >= Confidence::Likely && !volatility.class.is_stable();
                if !telling {
                    *volatility = super::eval::deploy("tools defined elsewhere");
                }
                if unknown.item {
                    unknown.verdict.tokens =
                        unknown.verdict.tokens.max(self.assume.tools_tokens / 3);
                }
                let slot = self.slot(&unknown, place);
                self.mark_unordered(vec![slot], order.as_ref(), place)
            }
            Value::Function(_) | Value::Class(_) => {
                let mut unknown = Unknown::new(
                    self.written(place.span),
                    Verdict {
                        kind: ValueKind::Plain,
                        volatility: super::eval::deploy("a tool of this program"),
                        tokens: 100,
                        clock: false,
                    },
                );
                unknown.item = true;
                vec![self.slot(&unknown, place)]
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms = choice
                    .arms
                    .iter()
                    .map(|arm| match arm {
                        Value::None | Value::Null => Vec::new(),
                        Value::Cell(id) if self.heap.list(*id).is_some() => {
                            let Some(_within) = self.heap.reading.begin(*id) else {
                                return Vec::new();
                            };
                            let items = self
                                .heap
                                .list(*id)
                                .map(|l| l.items.clone())
                                .unwrap_or_default();
                            self.tool_items(&items)
                                .into_iter()
                                .flat_map(|b| b.pieces)
                                .collect()
                        }
                        arm => self.tool_pieces(arm, place),
                    })
                    .collect();
                vec![choice.condition.branch(arms)]
            }
            other => self.print(other, place),
        }
    }
}
