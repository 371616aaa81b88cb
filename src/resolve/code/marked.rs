//! Markers as they are sent: what an entry of a block says, and requests of which only the markers are known.

use std::collections::BTreeMap;

use crate::prompt::{Block, Conversation, Marker, MarkerHow, Message, Section, Stored, Target};
use crate::sdk::{self, Part};
use crate::source::Place;

use super::eval::Eval;
use super::events::Sort;
use super::landing::in_arm;
use super::marks::is_turn;
use super::value::{Choice, Unknown, Value};

impl Eval<'_, '_> {
    /// `cache_control: {"type": "ephemeral", "ttl": "1h"}`
    pub fn marker(&mut self, entries: &[(String, Value)], place: &Place) -> Option<Marker> {
        self.marker_within(entries, place, 0)
    }

    /// The marker that an object carries, or one of several objects.
    pub fn marker_of(&mut self, value: &Value, place: &Place) -> Option<Marker> {
        match value {
            Value::Cell(id) => {
                let entries = self.heap.object(*id)?.entries.clone();
                self.marker(&entries, place)
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let mut arms = choice.arms.iter().enumerate();
                arms.find_map(|(arm, value)| {
                    let mut marker = self.marker_of(value, place)?;
                    in_arm(&mut marker, &choice.condition, arm);
                    Some(marker)
                })
            }
            _ => None,
        }
    }

    fn marker_within(
        &mut self,
        entries: &[(String, Value)],
        place: &Place,
        depth: usize,
    ) -> Option<Marker> {
        let own = entries
            .iter()
            .find(|(key, value)| sdk::is_marker(key) && !marks_nothing(value));
        let Some((key, value)) = own else {
            // `providerOptions: { anthropic: { cacheControl: .. } }`
            let nests = entries.iter().filter(|(key, _)| sdk::nests_markers(key));
            let nests: Vec<Value> = nests.map(|(_, value)| value.clone()).collect();
            return nests
                .into_iter()
                .find_map(|value| self.nested_marker(&value, place, depth));
        };
        let marker = self.marker_value(value, place, 0)?;
        self.marks.key = Some(key.clone());
        Some(marker)
    }

    fn nested_marker(&mut self, value: &Value, place: &Place, depth: usize) -> Option<Marker> {
        if depth >= 4 {
            return None;
        }
        match value {
            Value::Cell(_) => {
                let (value, slice) = self.out_of_slices(value);
                let Value::Cell(id) = value else { return None };
                let inner = self.heap.object(id)?.entries.clone();
                let mut marker = self.marker_within(&inner, place, depth + 1)?;
                marker.count.slice = marker.count.slice.or(slice);
                Some(marker)
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let mut arms = choice.arms.iter().enumerate();
                arms.find_map(|(arm, value)| {
                    let mut marker = self.nested_marker(value, place, depth + 1)?;
                    in_arm(&mut marker, &choice.condition, arm);
                    Some(marker)
                })
            }
            _ => None,
        }
    }

    /// What stands under the key of a marker: an object, or one in some arms.
    fn marker_value(&mut self, value: &Value, place: &Place, depth: usize) -> Option<Marker> {
        match value {
            Value::None | Value::Null | Value::Bool(false) => None,
            Value::Choice(choice) if depth < 8 => {
                let choice = choice.clone();
                let taken_out = choice
                    .arms
                    .iter()
                    .any(|arm| matches!(arm, Value::Bool(false)));
                let mut arms = choice.arms.iter().enumerate();
                arms.find_map(|(arm, value)| {
                    let mut marker = self.marker_value(value, place, depth + 1)?;
                    in_arm(&mut marker, &choice.condition, arm);
                    marker.count.doubtful |= taken_out;
                    Some(marker)
                })
            }
            Value::Cell(_) => {
                let (value, slice) = self.out_of_slices(value);
                let object = match &value {
                    Value::Cell(id) => self.heap.object(*id),
                    _ => None,
                };
                let ttl = object
                    .and_then(|object| object.get("ttl"))
                    .and_then(Value::known_text)
                    .and_then(|ttl| minutes(&ttl));
                let place = object.map_or(place.clone(), |object| object.place.clone());
                let mut marker = Marker::once(place, ttl, MarkerHow::Literal);
                marker.count.slice = slice;
                Some(marker)
            }
            other => {
                let mut marker = Marker::once(place.clone(), None, MarkerHow::Literal);
                marker.count.doubtful = matches!(other, Value::Unknown(_));
                Some(marker)
            }
        }
    }

    /// The arm that shows the blocks and markers of a content that is text or blocks, or one of several lists of blocks.
    pub fn shown_arm(&mut self, choice: &Choice, place: &Place) -> Vec<Block> {
        let mut shown = Vec::new();
        let mut arms: Vec<(usize, &Value)> = choice.arms.iter().enumerate().collect();
        arms.retain(|(_, arm)| holds_cell(arm));
        // Plain blocks before those that stand under conditions of their own.
        arms.sort_by_key(|(_, arm)| !matches!(arm, Value::Cell(_)));
        for (index, arm) in arms {
            let mut blocks = self.blocks(arm, place);
            let mut marked = false;
            for mark in blocks.iter_mut().filter_map(|b| b.marker.as_mut()) {
                in_arm(mark, &choice.condition, index);
                marked = true;
            }
            if marked || shown.is_empty() {
                shown = blocks;
            }
            if marked {
                break;
            }
        }
        shown
    }

    /// The markers of one note: of an entry that is one, or of what was put under another key.
    pub fn note_markers(&mut self, entries: &[(String, Value)], place: &Place) -> Vec<Marker> {
        let Some((key, value)) = entries.first() else {
            return Vec::new();
        };
        if sdk::is_marker(key) || sdk::nests_markers(key) {
            return self.marker(entries, place).into_iter().collect();
        }
        let value = value.clone();
        let blocks = match sdk::body_part(key) {
            Some(Part::Messages) => {
                let messages = self.messages(&value, place);
                messages.into_iter().flat_map(|m| m.blocks).collect()
            }
            Some(Part::Tools) => {
                let message = self.tools(&value, place);
                message.map_or_else(Vec::new, |message| message.blocks)
            }
            _ => self.blocks(&value, place),
        };
        blocks.into_iter().filter_map(|b| b.marker).collect()
    }

    // ---- requests that are known by their markers ----

    /// The bodies of requests that this entry marked and did not send: `payload["messages"][-1]["cache_control"] = ..`.
    pub fn note_marked_bodies(&mut self) {
        let mut bodies: BTreeMap<String, Vec<(Part, Unknown, Place)>> = BTreeMap::new();
        for (note, root, place) in self.noted_roots() {
            if self.marks.sent.contains(&note) {
                continue;
            }
            if is_turn(&root) {
                continue;
            }
            let path = root.of.as_deref().or(root.path.as_deref());
            let (front, last) = path.map_or(("", ""), |p| p.rsplit_once('.').unwrap_or(("", p)));
            let Some(part) = sdk::body_part(last.trim_end_matches("()")) else {
                continue;
            };
            if !matches!(part, Part::Messages | Part::System | Part::Tools) {
                continue;
            }
            let birth = root
                .birth()
                .map(|place| (place.path.clone(), place.span.start));
            let body = format!("{birth:?}|{front}");
            bodies
                .entry(body)
                .or_default()
                .push((part, (*root).clone(), place));
        }
        for (_, parts) in bodies {
            self.note_marked_body(&parts);
        }
    }

    fn note_marked_body(&mut self, parts: &[(Part, Unknown, Place)]) {
        let Some((_, _, site)) = parts.first() else {
            return;
        };
        if !parts.iter().any(|(part, _, _)| *part == Part::Messages) {
            return;
        }
        self.marks.anew();
        let mut messages: Vec<Message> = Vec::new();
        for wanted in [Part::Tools, Part::System, Part::Messages] {
            let of_part = parts.iter().filter(|(part, _, _)| *part == wanted);
            for (_, root, place) in of_part {
                let markers = self.landing(root);
                if markers.is_empty() {
                    continue;
                }
                let mut message = match wanted {
                    Part::Messages => self.history_message(root, place),
                    _ => Message {
                        section: match wanted {
                            Part::Tools => Section::Tools,
                            _ => Section::System,
                        },
                        blocks: vec![Block {
                            pieces: self.tool_pieces(&root.clone().into_value(), place),
                            marker: None,
                        }],
                        place: place.clone(),
                        stored: Stored::AsSent,
                    },
                };
                super::landing::attach(&mut message.blocks, markers);
                messages.push(message);
            }
        }
        if messages.is_empty() {
            return;
        }
        let mut prompt = self.prompt(Target::unknown(), messages, Vec::new(), site);
        prompt.fragment = true;
        prompt.conversation = Conversation::InRequest;
        prompt.id = format!("{}#{}", site.path, self.symbol());
        self.record(Sort::Messages, site.clone(), prompt);
    }
}

/// Whether what stands under the key of a marker is none.
pub fn marks_nothing(value: &Value) -> bool {
    value.is_nothing() || matches!(value, Value::Bool(false))
}

/// Whether a value is an object or a list in some arm.
pub fn holds_cell(value: &Value) -> bool {
    match value {
        Value::Cell(_) => true,
        Value::Choice(choice) => choice.arms.iter().any(holds_cell),
        _ => false,
    }
}

/// `1h`, `5m`, `3600s` in minutes.
fn minutes(ttl: &str) -> Option<u32> {
    let split = ttl.len().checked_sub(1)?;
    let number: u32 = ttl.get(..split)?.parse().ok()?;
    match ttl.get(split..)? {
        "h" => number.checked_mul(60),
        "m" => Some(number),
        "s" => Some(number / 60),
        _ => None,
    }
}
