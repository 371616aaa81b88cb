//! The content of a message becomes blocks, with the markers set on them.

use crate::prompt::{Block, Marker, Media, Piece, Repeat};
use crate::sdk::{self};
use crate::source::Place;

use super::eval::Eval;
use super::heap::{Item, Round};
use super::landing::{attach, in_arm, in_loop};
use super::value::{Choice, Value};

impl Eval<'_, '_> {
    pub fn blocks(&mut self, content: &Value, place: &Place) -> Vec<Block> {
        match content {
            Value::None | Value::Null => Vec::new(),
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => match self.heap.reading.begin(*id) {
                    Some(_within) => self.block_items(&list.items),
                    None => Vec::new(),
                },
                None => vec![self.block_of(content, place)],
            },
            Value::Choice(choice) if super::marked::holds_cell(content) => {
                let choice = choice.clone();
                self.shown_arm(&choice, place)
            }
            other => self.open_blocks(other, place),
        }
    }

    /// A text, or something open with what was written into it.
    fn open_blocks(&mut self, value: &Value, place: &Place) -> Vec<Block> {
        let mut blocks = vec![Block {
            pieces: self.print(value, place),
            marker: None,
        }];
        if let Value::Unknown(unknown) = value {
            attach(&mut blocks, self.landing(unknown));
        }
        blocks
    }

    fn block_items(&mut self, items: &[Item]) -> Vec<Block> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value @ Value::Unknown(_), place) => {
                    out.extend(self.open_blocks(&value.clone(), place));
                }
                Item::One(value, place) => out.push(self.block_of(&value.clone(), place)),
                Item::Spread(value, place) => out.extend(self.blocks(&value.clone(), place)),
                Item::Branch(condition, arms) => {
                    let total = arms.len();
                    for (index, arm) in arms.iter().enumerate() {
                        for mut block in self.block_items(arm) {
                            if let Some(marker) = &mut block.marker {
                                in_arm(marker, condition, index);
                            }
                            if !block.pieces.is_empty() {
                                let mut all = vec![Vec::new(); total];
                                all[index] = std::mem::take(&mut block.pieces);
                                block.pieces = vec![condition.branch(all)];
                            }
                            out.push(block);
                        }
                    }
                }
                Item::Repeat(round, body) => {
                    for mut block in self.block_items(body) {
                        if let Some(marker) = &mut block.marker {
                            in_loop(marker, round);
                        }
                        if !block.pieces.is_empty() {
                            block.pieces = vec![repeat_piece(round, block.pieces)];
                        }
                        out.push(block);
                    }
                }
            }
        }
        out
    }

    pub fn block_of(&mut self, value: &Value, place: &Place) -> Block {
        if let Value::Choice(choice) = value {
            return self.forked_block(&choice.clone(), place);
        }
        let Value::Cell(id) = value else {
            return Block {
                pieces: self.print(value, place),
                marker: None,
            };
        };
        let Some(object) = self.heap.object(*id).cloned() else {
            return Block {
                pieces: self.print(value, place),
                marker: None,
            };
        };
        let marker = self.marker(&object.entries, place);
        let bare = object.entries.iter().all(|(key, _)| sdk::is_marker(key));
        if marker.is_some() && bare {
            return Block {
                pieces: Vec::new(),
                marker,
            };
        }
        let kind = object.get("type").and_then(Value::known_text);
        let media = kind.filter(|kind| sdk::is_media(kind)).or_else(|| {
            let mut keys = object.entries.iter().map(|(key, _)| key.as_str());
            let text = ["text", "content", "role"]
                .iter()
                .any(|key| object.get(key).is_some());
            keys.find(|key| !text && sdk::is_media(key))
                .map(str::to_string)
        });
        if let Some(key) = media {
            let volatility = self.volatility(value);
            return Block {
                pieces: vec![Piece::Media(Media {
                    place: object.place.clone(),
                    key,
                    volatility,
                })],
                marker,
            };
        }
        let text = ["text", "content", "input_text"]
            .iter()
            .find_map(|key| object.get(key).cloned());
        let pieces = match text {
            Some(text) => self.print(&text, place),
            None => self.print(value, place),
        };
        Block { pieces, marker }
    }

    /// One of several blocks.
    fn forked_block(&mut self, choice: &Choice, place: &Place) -> Block {
        let mut marker = None;
        let mut arms = Vec::with_capacity(choice.arms.len());
        for (index, arm) in choice.arms.iter().enumerate() {
            let block = match arm {
                Value::None => Block {
                    pieces: Vec::new(),
                    marker: None,
                },
                arm => self.block_of(arm, place),
            };
            arms.push(block.pieces);
            if let Some(mut own) = block.marker {
                in_arm(&mut own, &choice.condition, index);
                marker.get_or_insert(own);
            }
        }
        Block {
            pieces: super::arms::join_texts(&choice.condition, arms),
            marker,
        }
    }
}

/// Blocks without those that send nothing; a block that is only a marker marks the one before it.
pub fn folded(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        if !block.pieces.is_empty() {
            out.push(block);
            continue;
        }
        match (block.marker, out.last_mut()) {
            (Some(marker), Some(last)) => last.marker = Some(marker),
            (Some(marker), None) => out.push(Block {
                pieces: Vec::new(),
                marker: Some(marker),
            }),
            (None, _) => {}
        }
    }
    out
}

/// Blocks as one, with the last marker.
pub fn one_block(blocks: Vec<Block>) -> (Vec<Piece>, Option<Marker>) {
    let mut pieces = Vec::new();
    let mut marker = None;
    for block in blocks {
        pieces.extend(block.pieces);
        marker = block.marker.or(marker);
    }
    (pieces, marker)
}

pub fn is_marked(block: &Block) -> bool {
    block.marker.is_some()
}

pub fn repeat_piece(round: &Round, body: Vec<Piece>) -> Piece {
    Piece::Repeat(Repeat {
        over: round.over.clone(),
        place: round.place.clone(),
        volatility: round.volatility.clone(),
        body,
        rounds: round.rounds,
        unordered: round.unordered,
    })
}
