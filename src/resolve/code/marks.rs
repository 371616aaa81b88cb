//! Cache markers that a program writes after what they mark was built: into something open, by a position, in a loop.
//! Those written into something open are noted in the store, so that branches and loops hold for them as for any list,
//! and land where that thing is sent. Knows nothing of requests.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::prompt::Hop;
use crate::sdk;
use crate::source::{stable_hash, Place};
use crate::volatility::Volatility;

use super::arms::choose;
use super::eval::Eval;
use super::heap::{Cell, CellId, Heap, Item, List, Round};
use super::value::{Argument, Choice, Condition, Unknown, Value, BECOMES};

/// Entry of a note: what was written to.
pub const ROOT: &str = "<root>";
/// Entry of a note that only system text among what was written to gets.
pub const ON_SYSTEM: &str = "<system>";
/// Entry of a note that markers were taken out of what it names.
pub const CLEARED: &str = "<cleared>";
/// Entry of a note of a turn whose content was taken out.
pub const EDIT: &str = "<edit>";
/// Entries of a marker that is written while the items of a slice are gone through.
const SET: &str = "<set>";
const SLICE: &str = "<slice>";
const MOST: &str = "<most>";
/// Begins the path of a turn that is read out of a conversation; behind it stands what that one is.
const TURNS: &str = "<turns>";
/// Ranges of cells made in rounds that are kept.
const MAX_RANGES: usize = 4096;

/// A slice and how many items it has at most.
pub type Slice = (u64, u32);

/// What an evaluation knows of markers.
pub struct Marks {
    /// Rounds that are running, outermost first.
    pub rounds: Vec<u32>,
    /// Slices whose items are being gone through, with the number of rounds around them.
    slices: Vec<(Slice, usize)>,
    /// Key of the last marker that was read.
    pub key: Option<String>,
    next: u32,
    /// The list of notes.
    pub notes: CellId,
    /// Cells made in the rounds of loops: first, behind the last, loop.
    made: Vec<(CellId, CellId, u32)>,
    /// Notes that landed in the prompt that is being put together, and in any.
    pub landed: BTreeSet<CellId>,
    pub sent: BTreeSet<CellId>,
    /// Those that were sent by a call which made what they mark, and is over.
    pub over: BTreeSet<CellId>,
}

impl Marks {
    pub fn new(heap: &mut Heap) -> Marks {
        let notes = heap.add(Cell::List(List {
            items: Vec::new(),
            unordered: None,
            rewrite: None,
            most: None,
            place: Place::new(&"".into(), 0, 0),
        }));
        Marks {
            rounds: Vec::new(),
            slices: Vec::new(),
            key: None,
            next: 0,
            notes,
            made: Vec::new(),
            landed: BTreeSet::new(),
            sent: BTreeSet::new(),
            over: BTreeSet::new(),
        }
    }

    pub fn next_round(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Cells from here on were made in rounds of this loop.
    pub fn made_in(&mut self, from: CellId, to: CellId, round: u32) {
        if from < to && round > 0 && self.made.len() < MAX_RANGES {
            self.made.push((from, to, round));
        }
    }

    /// Another prompt is put together.
    pub fn anew(&mut self) {
        self.landed.clear();
        self.key = None;
    }
}

/// What an open value is part of: where it was born and by which path it was reached from there.
pub fn root_of(unknown: &Unknown) -> String {
    let path = unknown.of.as_deref().or(unknown.path.as_deref());
    if let Some(root) = path.and_then(|path| path.strip_prefix(TURNS)) {
        return root.to_string();
    }
    match unknown.birth() {
        Some(birth) => format!(
            "{}:{}|{}",
            birth.path,
            birth.span.start,
            path.unwrap_or_default()
        ),
        None => format!("|{}", path.unwrap_or(&unknown.expr)),
    }
}

/// What stands for the turns that a loop over the conversation makes.
pub fn turns_of(round: &Round) -> String {
    format!("{}:{}|{}", round.place.path, round.place.span.start, TURNS)
}

/// The path of a turn of what has this root.
pub fn turn_path(root: &str) -> Rc<str> {
    format!("{TURNS}{root}").into()
}

pub fn is_turn(unknown: &Unknown) -> bool {
    let of = unknown.of.as_deref();
    of.is_some_and(|of| of.starts_with(TURNS))
}

/// What one of the things has that these loops go over; the others have what they had.
fn one_of(value: Value, before: Value, rounds: Vec<u32>, place: &Place) -> Value {
    if value.is_nothing() {
        return value;
    }
    let one = "one of many".into();
    let one = Condition::within(one, place.clone(), Volatility::constant(), rounds);
    choose(&one, vec![value, before])
}

impl Eval<'_, '_> {
    // ---- rounds ----

    /// The number of the loop over a value: a list that a loop made is gone through round by round of that loop.
    pub fn round_id(&mut self, value: &Value) -> u32 {
        if let Value::Cell(id) = value {
            let list = self.heap.list(*id);
            if let Some([Item::Repeat(round, _)]) = list.map(|list| list.items.as_slice()) {
                if round.id > 0 {
                    return round.id;
                }
            }
        }
        self.marks.next_round()
    }

    /// Runs something as one round of a loop.
    pub fn in_round<T>(&mut self, round: u32, run: impl FnOnce(&mut Self) -> T) -> T {
        let from = self.heap.len();
        self.marks.rounds.push(round);
        let result = run(self);
        self.marks.rounds.pop();
        let to = self.heap.len();
        self.marks.made_in(from, to, round);
        result
    }

    /// The rounds that a value differs in.
    pub fn rounds_of(&self, value: &Value) -> Vec<u32> {
        let mut out = BTreeSet::new();
        self.add_rounds(value, 0, &mut out);
        out.into_iter().collect()
    }

    fn add_rounds(&self, value: &Value, depth: usize, out: &mut BTreeSet<u32>) {
        match value {
            Value::Unknown(unknown) => {
                out.extend(unknown.round);
                let birth = unknown.birth().and_then(|place| self.births.get(place));
                out.extend(birth.into_iter().flat_map(|birth| birth.rounds.clone()));
            }
            Value::Choice(choice) if depth < 8 => {
                out.extend(choice.condition.rounds.iter().copied());
                let arms = choice.arms.iter();
                arms.for_each(|arm| self.add_rounds(arm, depth + 1, out));
            }
            _ => {}
        }
    }

    /// Runs something for the items of a value, which may be a slice.
    pub fn in_slice<T>(
        &mut self,
        value: &Value,
        place: &Place,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let slice = self.slice_of(value, place);
        let around = self.marks.rounds.len();
        self.marks.slices.extend(slice.map(|slice| (slice, around)));
        let result = run(self);
        if slice.is_some() {
            self.marks.slices.pop();
        }
        result
    }

    /// How many items a value has at most, where it is a slice: which slice, and the number.
    fn slice_of(&self, value: &Value, place: &Place) -> Option<Slice> {
        let most = match value {
            Value::Unknown(unknown) => unknown.most,
            Value::Cell(id) => self.heap.list(*id)?.most,
            _ => None,
        }?;
        let at = place.span.start.to_string();
        Some((stable_hash(&[&place.path, &at]), most))
    }

    pub fn is_slice(&self, value: &Value) -> bool {
        match value {
            Value::Unknown(unknown) => unknown.most.is_some(),
            Value::Cell(id) => self.heap.list(*id).is_some_and(|list| list.most.is_some()),
            _ => false,
        }
    }

    /// A slice with the number of items that it has at most.
    pub fn at_most(&mut self, value: Value, most: Option<u32>) -> Value {
        match (value, most) {
            (Value::Unknown(unknown), Some(_)) => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                unknown.most = most;
                unknown.into_value()
            }
            (Value::Cell(id), Some(_)) => {
                let open = self.heap.list(id).is_some_and(|list| {
                    let one = |item: &Item| matches!(item, Item::One(..));
                    !list.items.iter().all(one)
                });
                if let (true, Some(list)) = (open, self.heap.list_mut(id)) {
                    list.most = most;
                }
                Value::Cell(id)
            }
            (value, _) => value,
        }
    }

    // ---- writing ----

    /// A marker as it is kept in an object that is known: what is set behind the loop that made the object is set in one
    /// of its rounds, what is set in a loop over a slice is set as often as that is long.
    pub fn set_marker(&mut self, of: CellId, key: &str, value: Value, place: &Place) -> Value {
        let marker = sdk::is_marker(key) || sdk::nests_markers(key);
        if !marker && !self.holds_marker(&value, 0) {
            return value;
        }
        let value = self.within_slices(marker, value, place);
        let within = self.marks.made.iter();
        let rounds: Vec<u32> = within
            .filter(|(from, to, round)| {
                (*from..*to).contains(&of) && !self.marks.rounds.contains(round)
            })
            .map(|(_, _, round)| *round)
            .collect();
        let before = self.heap.object(of).and_then(|object| object.get(key));
        let before = before.cloned().unwrap_or(Value::None);
        match rounds.is_empty() {
            true => value,
            false => one_of(value, before, rounds, place),
        }
    }

    /// A marker, or what brings some, is written into one of several things: into that arm, the others stay.
    pub fn mark_arms(&mut self, choice: &Choice, name: &str, value: Value, place: &Place) {
        let marker = sdk::is_marker(name) || sdk::nests_markers(name);
        let value = self.within_slices(marker, value, place);
        self.mark_arms_within(choice, &mut Vec::new(), (name, &value), place);
    }

    fn mark_arms_within(
        &mut self,
        choice: &Choice,
        around: &mut Vec<(Rc<Condition>, usize, usize)>,
        (name, value): (&str, &Value),
        place: &Place,
    ) {
        for (at, arm) in choice.arms.iter().enumerate() {
            around.push((choice.condition.clone(), at, choice.arms.len()));
            match arm {
                Value::Choice(inner) if around.len() < 8 => {
                    self.mark_arms_within(inner, around, (name, value), place);
                }
                Value::Cell(_) | Value::Unknown(_) => {
                    let before = match arm {
                        Value::Cell(id) => self.heap.object(*id).and_then(|o| o.get(name)),
                        _ => None,
                    };
                    let before = before.cloned().unwrap_or(Value::None);
                    let within = around.iter().rev();
                    let own = within.fold(value.clone(), |own, (condition, at, count)| {
                        let mut arms = vec![before.clone(); *count];
                        arms[*at] = own;
                        choose(condition, arms)
                    });
                    // Too many arms for one value: what is written counts.
                    let own = match self.brings_marker(name, &own) {
                        true => own,
                        false => value.clone(),
                    };
                    self.set_member(arm, name, own, place);
                }
                _ => {}
            }
            around.pop();
        }
    }

    /// Whether what is written under a key is a marker or brings some.
    pub fn brings_marker(&self, name: &str, value: &Value) -> bool {
        let marker = sdk::is_marker(name) || sdk::nests_markers(name);
        marker && !value.is_nothing() || self.holds_marker(value, 0)
    }

    /// A marker, or what brings some, as it is written while the items of a slice are gone through.
    fn within_slices(&mut self, marker: bool, value: Value, place: &Place) -> Value {
        if marker {
            return self.in_slices(value, place);
        }
        if !self.marks.slices.is_empty() {
            self.slice_markers(&value, place, 0);
        }
        value
    }

    /// The markers that something new brings along.
    fn slice_markers(&mut self, value: &Value, place: &Place, depth: usize) {
        if depth > 4 {
            return;
        }
        match value {
            Value::Choice(choice) => {
                let arms = choice.arms.iter();
                arms.for_each(|arm| self.slice_markers(arm, place, depth + 1));
            }
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::Object(object) => {
                    for (key, value) in &object.entries {
                        if !sdk::is_marker(key) {
                            self.slice_markers(value, place, depth + 1);
                        } else if self.out_of_slices(value).1.is_none() {
                            let value = self.in_slices(value.clone(), place);
                            if let Some(object) = self.heap.object_mut(*id) {
                                object.set(key, value);
                            }
                        }
                    }
                }
                Cell::List(list) => self.slice_items(&list.items, place, depth),
                Cell::Scope(_) => {}
            },
            _ => {}
        }
    }

    fn slice_items(&mut self, items: &[Item], place: &Place, depth: usize) {
        for item in items {
            match item {
                Item::One(value, _) | Item::Spread(value, _) => {
                    self.slice_markers(value, place, depth + 1);
                }
                Item::Branch(_, arms) => {
                    arms.iter()
                        .for_each(|arm| self.slice_items(arm, place, depth));
                }
                Item::Repeat(_, body) => self.slice_items(body, place, depth),
            }
        }
    }

    fn in_slices(&mut self, value: Value, place: &Place) -> Value {
        let (Some((slice, around)), Value::Cell(_)) = (self.marks.slices.last(), &value) else {
            return value;
        };
        // Loops within have their own ends.
        if self.marks.rounds.len() > around + 1 {
            return value;
        }
        let (slice, most) = *slice;
        let entries = vec![
            (SET.to_string(), value),
            (
                SLICE.to_string(),
                self.literal(place.span, &slice.to_string()),
            ),
            (MOST.to_string(), Value::Number(f64::from(most))),
        ];
        self.new_object(entries, place.clone())
    }

    /// Behind a callback that was run once for all items of a sequence: its notes are those of every round.
    pub fn fold_notes(&mut self, before: &BTreeMap<CellId, Rc<Cell>>, round: &Round) {
        let notes = self.marks.notes;
        let Some(Cell::List(old)) = before.get(&notes).map(|cell| &**cell) else {
            return;
        };
        let kept = old.items.len();
        if let Some(list) = self.heap.list_mut(notes) {
            if list.items.len() > kept {
                let added = list.items.split_off(kept);
                if let Some(own) = self.system_items(&added) {
                    self.note_on_system(&own);
                    if let Some(list) = self.heap.list_mut(notes) {
                        list.items.extend(own);
                    }
                } else if let Some(list) = self.heap.list_mut(notes) {
                    list.items.push(Item::Repeat(Rc::new(round.clone()), added));
                }
            }
        }
    }

    /// The markers of an object that stands in for one of several.
    pub fn set_markers(&mut self, of: CellId, value: &Value, place: &Place) {
        let Value::Cell(id) = value else { return };
        let Some(object) = self.heap.object(*id).cloned() else {
            return;
        };
        for (key, value) in object.entries {
            if !sdk::is_marker(&key) && !sdk::nests_markers(&key) {
                continue;
            }
            let value = self.set_marker(of, &key, value, place);
            if let Some(object) = self.heap.object_mut(of) {
                object.set(&key, value);
            }
        }
    }

    /// `block.update(cache_control=..)`, `Object.assign(block, {..})`
    pub fn update_open(&mut self, unknown: &Rc<Unknown>, arg: &Argument) {
        if let Some(name) = &arg.name {
            return self.write_open(unknown, name, &arg.value, arg.place.clone());
        }
        let entries = match &arg.value {
            Value::Cell(id) => self.heap.object(*id).map(|object| object.entries.clone()),
            _ => None,
        };
        for (key, value) in entries.into_iter().flatten() {
            self.write_open(unknown, &key, &value, arg.place.clone());
        }
    }

    /// What a marker that was written in a slice wraps.
    pub fn out_of_slices(&self, value: &Value) -> (Value, Option<Slice>) {
        let object = match value {
            Value::Cell(id) => self.heap.object(*id),
            _ => None,
        };
        let found = object.and_then(|object| {
            let slice = object.get(SLICE)?.known_text()?.parse().ok()?;
            let Some(Value::Number(most)) = object.get(MOST) else {
                return None;
            };
            Some((object.get(SET)?.clone(), (slice, *most as u32)))
        });
        match found {
            Some((value, slice)) => (value, Some(slice)),
            None => (value.clone(), None),
        }
    }

    /// Something is written into an open value: noted where it is a marker or brings some.
    pub fn write_open(&mut self, unknown: &Rc<Unknown>, key: &str, value: &Value, place: Place) {
        let marker = sdk::is_marker(key) || sdk::nests_markers(key);
        if value.is_nothing() || matches!(value, Value::Bool(false)) {
            return self.clear_open(unknown, key, place);
        }
        if self.clears_turn(unknown, key, value, &place) {
            let edit = self.literal(place.span, EDIT);
            let root = unknown.as_ref().clone().into_value();
            let entries = vec![(ROOT.to_string(), root), (EDIT.to_string(), edit)];
            return self.note(entries, place);
        }
        if !marker && !self.holds_marker(value, 0) {
            return;
        }
        // What was taken out of the turns as the system text is no turn.
        let system = |hop: &Hop| {
            let name = hop.note.strip_prefix(BECOMES);
            let name = name.map(|name| name.trim_matches('`'));
            name.is_some_and(|name| sdk::names_system(name) && sdk::builds_prompt(name))
        };
        if unknown.item && unknown.trace.iter().any(system) {
            return;
        }
        let mut into = (**unknown).clone();
        if !marker && into.of.is_none() && !key.is_empty() {
            into.path = into.path.map(|path| format!("{path}.{key}").into());
        }
        let value = self.within_slices(marker, value.clone(), &place);
        // `content = [b for b in m.content]; content[-1]["cache_control"] = ..`: the loop that went over all is over.
        let over = |round: &u32| !self.marks.rounds.contains(round);
        let value = match unknown.round.filter(over) {
            Some(round) => one_of(value, Value::None, vec![round], &place),
            None => value,
        };
        let entries = vec![
            (ROOT.to_string(), into.into_value()),
            (key.to_string(), value),
        ];
        self.note(entries, place);
    }

    /// `del block["cache_control"]`, `block.pop("cache_control", None)`: what was marked before is no longer.
    pub fn clear_open(&mut self, unknown: &Rc<Unknown>, key: &str, place: Place) {
        if !sdk::is_marker(key) {
            return;
        }
        let cleared = self.literal(place.span, CLEARED);
        let root = unknown.as_ref().clone().into_value();
        let entries = vec![(ROOT.to_string(), root), (CLEARED.to_string(), cleared)];
        self.note(entries, place);
    }

    fn note(&mut self, entries: Vec<(String, Value)>, place: Place) {
        let note = self.new_object(entries, place.clone());
        if let Some(list) = self.heap.list_mut(self.marks.notes) {
            list.items.push(Item::One(note, place));
        }
    }

    // ---- landing ----
}
