//! Where markers that were written into open messages land.

use std::rc::Rc;

use crate::frontend::code::ir::Stmt;
use crate::prompt::{Block, Marker, MarkerHow};
use crate::sdk;
use crate::source::Place;

use super::eval::Eval;
use super::heap::{Cell, CellId, Item, Round};
use super::marked::marks_nothing;
use super::marks::{root_of, CLEARED, ON_SYSTEM, ROOT};
use super::rounds::first_item;
use super::value::{Condition, Unknown, Value};

impl Eval<'_, '_> {
    /// Whether a value that is written somewhere brings markers.
    pub fn holds_marker(&self, value: &Value, depth: usize) -> bool {
        if depth > 4 {
            return false;
        }
        match value {
            // A choice has an end, cells may hold each other.
            Value::Choice(choice) => {
                let mut arms = choice.arms.iter();
                arms.any(|arm| self.holds_marker(arm, depth))
            }
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::Object(object) => object.entries.iter().any(|(key, value)| {
                    sdk::is_marker(key) && !marks_nothing(value)
                        || self.holds_marker(value, depth + 1)
                }),
                Cell::List(list) => self.items_hold_marker(&list.items, depth + 1),
                Cell::Scope(_) => false,
            },
            _ => false,
        }
    }

    /// The turn of a conversation that a loop has marked: what is made of it may carry the marker on.
    pub fn marked_turn(&self, value: &Value) -> Option<Value> {
        let Value::Cell(id) = value else {
            return None;
        };
        self.heap
            .list(*id)?
            .items
            .iter()
            .find_map(|item| match item {
                Item::Repeat(round, body) if round.history => {
                    let mut body = body.iter().map(std::slice::from_ref);
                    let marked = body.find(|item| self.items_hold_marker(item, 0))?;
                    first_item(marked)
                }
                _ => None,
            })
    }

    pub fn items_hold_marker(&self, items: &[Item], depth: usize) -> bool {
        items.iter().take(256).any(|item| match item {
            Item::One(value, _) | Item::Spread(value, _) => self.holds_marker(value, depth),
            Item::Branch(_, arms) => arms.iter().any(|arm| self.items_hold_marker(arm, depth)),
            Item::Repeat(_, body) => self.items_hold_marker(body, depth),
        })
    }

    /// All that was noted: what was written to, in the order of writing.
    pub fn noted_roots(&self) -> Vec<(CellId, Rc<Unknown>, Place)> {
        let mut out = Vec::new();
        if let Some(list) = self.heap.list(self.marks.notes) {
            self.add_roots(&list.items, &mut out);
        }
        out
    }

    fn add_roots(&self, items: &[Item], out: &mut Vec<(CellId, Rc<Unknown>, Place)>) {
        for item in items {
            match item {
                Item::One(Value::Cell(id), place) => {
                    let object = self.heap.object(*id);
                    let object = object.filter(|object| object.get(CLEARED).is_none());
                    let root = object.and_then(|object| object.get(ROOT));
                    if let Some(Value::Unknown(root)) = root {
                        out.push((*id, root.clone(), place.clone()));
                    }
                }
                Item::Branch(_, arms) => arms.iter().for_each(|arm| self.add_roots(arm, out)),
                Item::Repeat(_, body) => self.add_roots(body, out),
                _ => {}
            }
        }
    }

    /// A function has sent what it marked: what it made itself is gone when it returns, the next call makes it anew.
    pub fn close_sent(&mut self, body: &[Stmt]) {
        let (Some(first), Some(last)) = (body.first(), body.last()) else {
            return;
        };
        let path = self.frame().code.path().clone();
        let within = first.span.start..last.span.end;
        for (note, root, _) in self.noted_roots() {
            let birth = root.birth();
            let own = birth.is_some_and(|b| b.path == path && within.contains(&b.span.start));
            if own && self.marks.sent.contains(&note) {
                self.marks.over.insert(note);
            }
        }
    }

    /// The markers that were written into an open value, where it is sent. They land once in a prompt.
    pub fn landing(&mut self, unknown: &Unknown) -> Vec<Marker> {
        self.landing_at(&root_of(unknown))
    }

    pub fn landing_at(&mut self, root: &str) -> Vec<Marker> {
        self.landing_where(root, false)
    }

    /// Those that only the system text among an open conversation gets.
    pub fn landing_on_system(&mut self, root: &str) -> Vec<Marker> {
        self.landing_where(root, true)
    }

    fn landing_where(&mut self, root: &str, on_system: bool) -> Vec<Marker> {
        let notes = self.heap.list(self.marks.notes);
        let items = match notes {
            Some(list) if !list.items.is_empty() => list.items.clone(),
            _ => return Vec::new(),
        };
        let mut out = Vec::new();
        self.landing_items(&items, (root, on_system), &mut out);
        out.iter_mut().for_each(|marker| marker.count.noted = true);
        out
    }

    /// Adds the markers of notes, behind those that stand there already. `Some`: on the way all that stood there was
    /// taken out, in the rounds of this loop or at once (0).
    fn landing_items(
        &mut self,
        items: &[Item],
        (root, on_system): (&str, bool),
        out: &mut Vec<Marker>,
    ) -> Option<u32> {
        let mut cleared = None;
        for item in items {
            match item {
                Item::One(Value::Cell(id), place) => {
                    let Some(object) = self.heap.object(*id).cloned() else {
                        continue;
                    };
                    let Some(Value::Unknown(own)) = object.get(ROOT) else {
                        continue;
                    };
                    if root_of(own) != root || self.marks.over.contains(id) {
                        continue;
                    }
                    // Whether there is one to take out is asked in front of it: it goes in every case.
                    if object.get(CLEARED).is_some() {
                        out.clear();
                        cleared = Some(own.round.unwrap_or(0));
                        continue;
                    }
                    if object.get(ON_SYSTEM).is_some() != on_system
                        || !self.marks.landed.insert(*id)
                    {
                        continue;
                    }
                    self.marks.sent.insert(*id);
                    out.extend(self.note_markers(&object.entries[1..], place));
                }
                Item::Branch(condition, arms) => {
                    for (arm, items) in arms.iter().enumerate() {
                        let known = out.len();
                        let anew = self.landing_items(items, (root, on_system), out);
                        let from = if anew.is_some() { 0 } else { known };
                        let own = out[from..].iter_mut();
                        own.for_each(|m| in_arm(m, condition, arm));
                        cleared = anew.or(cleared);
                    }
                }
                Item::Repeat(round, body) => {
                    let known = out.len();
                    let anew = self.landing_items(body, (root, on_system), out);
                    let from = if anew.is_some() { 0 } else { known };
                    // A round that begins by taking out what the last one set leaves the markers of one.
                    if anew.is_none_or(|of| of == round.id) {
                        let own = out[from..].iter_mut();
                        own.for_each(|m| in_loop(m, round));
                    }
                    cleared = anew.map(|_| 0).or(cleared);
                }
                _ => {}
            }
        }
        cleared
    }
}

/// A marker in an arm of a branch.
pub fn in_arm(marker: &mut Marker, condition: &Condition, arm: usize) {
    marker.count.arms.insert(0, (condition.id, arm));
    marker.count.conditions += usize::from(!condition.shape && condition.rounds.is_empty());
    marker.count.rounds.extend(condition.rounds.iter().copied());
}

/// A marker that is set in the rounds of a loop: in each, unless the loop or a condition picks one.
pub fn in_loop(marker: &mut Marker, round: &Round) {
    marker.how = MarkerHow::Loop;
    let count = &marker.count;
    let once = round.picks || count.noted || count.doubtful || count.rounds.contains(&round.id);
    if !once && marker.count.slice.is_none() {
        marker.count.times = None;
    }
}

/// Puts markers behind blocks: the first on the last block, what more there is behind it.
pub fn attach(blocks: &mut Vec<Block>, markers: Vec<Marker>) {
    for marker in markers {
        match blocks.last_mut() {
            Some(block) if block.marker.is_none() => block.marker = Some(marker),
            _ => blocks.push(Block {
                pieces: Vec::new(),
                marker: Some(marker),
            }),
        }
    }
}
