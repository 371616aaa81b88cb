//! The store: scopes, lists and objects by number, so that assignment copies the reference. The arms of a
//! branch run one after the other, each undone by a log of what it wrote, and are joined cell by cell behind it. Knows nothing of expressions.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::sdk;
use crate::source::Place;
use crate::volatility::Volatility;

use super::arms::choose;
use super::scopes::Names;
use super::value::{ClassRef, Condition, Value};
use super::within::Reading;

/// Number of a cell. Arms of a branch never give one number to two cells.
pub type CellId = usize;

#[derive(Clone, Debug)]
pub enum Cell {
    Scope(Scope),
    List(List),
    Object(Object),
}

/// Names of a function's frame.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub names: Names,
    /// `None`: the module's names are next.
    pub parent: Option<CellId>,
    /// `global` and `nonlocal` names.
    pub outer: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct List {
    pub items: Vec<Item>,
    /// The order of the items is not fixed: why, and for how long it holds.
    pub unordered: Option<Volatility>,
    /// Earlier items were cut off or changed: how.
    pub rewrite: Option<crate::prompt::Rewrite>,
    /// A slice of something longer: how many items it has at most.
    pub most: Option<u32>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Item {
    One(Value, Place),
    /// All items of a sequence that is not known item by item.
    Spread(Value, Place),
    Branch(Rc<Condition>, Vec<Vec<Item>>),
    Repeat(Rc<Round>, Vec<Item>),
}

/// A loop that added items.
#[derive(Clone, Debug)]
pub struct Round {
    /// What is iterated, as written.
    pub over: String,
    pub place: Place,
    pub volatility: Volatility,
    pub rounds: u32,
    pub unordered: bool,
    /// Earlier turns of a conversation.
    pub history: bool,
    /// Number of the loop among the loops of an evaluation; 0: none.
    pub id: u32,
    /// What it sets is set in a round that the body picks: no more than one is known to set it.
    pub picks: bool,
    /// How those turns were cut or changed.
    pub rewrite: Option<crate::prompt::Rewrite>,
}

/// A dict, an object literal or an instance.
#[derive(Clone, Debug)]
pub struct Object {
    /// In order of insertion.
    pub entries: Vec<(String, Value)>,
    /// `**x`, `...x` of something unknown, and values under keys that are not known.
    pub spreads: Vec<Value>,
    /// Why the order of insertion is not fixed, if it is not: entries made from a set.
    pub unordered: Option<Volatility>,
    pub class: Option<ClassRef>,
    /// What makes an entry that is asked for and not there: `defaultdict(list)`.
    pub factory: Option<Value>,
    pub place: Place,
}

impl Object {
    pub fn get(&self, key: &str) -> Option<&Value> {
        let mut entries = self.entries.iter();
        entries
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    pub fn set(&mut self, key: &str, value: Value) {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((key.to_string(), value)),
        }
    }

    /// Deletes an entry. Of a marker it stays known that it was taken out: where that is done under a condition, the
    /// program counts its markers.
    pub fn take_out(&mut self, key: &str) {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, value)) if sdk::is_marker(key) => *value = Value::Bool(false),
            _ => self.entries.retain(|(name, _)| name != key),
        }
    }
}

impl Item {
    fn same(&self, other: &Item) -> bool {
        match (self, other) {
            (Item::One(a, x), Item::One(b, y)) | (Item::Spread(a, x), Item::Spread(b, y)) => {
                x == y && a.same(b)
            }
            (Item::Branch(a, x), Item::Branch(b, y)) => {
                a.id == b.id && x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_items(x, y))
            }
            (Item::Repeat(a, x), Item::Repeat(b, y)) => a.place == b.place && same_items(x, y),
            _ => false,
        }
    }
}

pub fn same_items(a: &[Item], b: &[Item]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

/// The store. Writing to a cell while a branch is open notes what it was, so that an arm is undone at the cost of what
/// it wrote, not of all there is.
#[derive(Debug, Default)]
pub struct Heap {
    cells: Vec<Rc<Cell>>,
    /// Cells as they were before each write, oldest first; kept while a mark is open.
    log: Vec<(CellId, Rc<Cell>)>,
    open: usize,
    /// Position of the log behind the last note of each cell; 0: none.
    noted: Vec<usize>,
    /// Cells that were noted behind this position need no second note: no state that counts lies in between.
    since: usize,
    /// The cells that are being read.
    pub reading: Reading,
}

/// A state of the store that can be gone back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    log: usize,
    cells: usize,
}

/// What was written since a mark: cells with their new content. Cells that were made since stay in the store.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    cells: BTreeMap<CellId, Rc<Cell>>,
    /// The state it counts from, as a position of the log.
    at: usize,
    /// Cells that there were then: what was made later is not in the delta.
    made: usize,
}

impl Heap {
    pub fn add(&mut self, cell: Cell) -> CellId {
        self.cells.push(Rc::new(cell));
        self.noted.push(0);
        self.cells.len() - 1
    }

    /// Cells that were made so far.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn get(&self, id: CellId) -> &Cell {
        &self.cells[id]
    }

    pub fn edit(&mut self, id: CellId) -> &mut Cell {
        self.note(id);
        Rc::make_mut(&mut self.cells[id])
    }

    fn note(&mut self, id: CellId) {
        if self.open > 0 && self.noted[id] <= self.since {
            self.log.push((id, self.cells[id].clone()));
            self.noted[id] = self.log.len();
        }
    }

    fn put(&mut self, id: CellId, cell: Rc<Cell>) {
        self.note(id);
        self.cells[id] = cell;
    }

    pub fn list(&self, id: CellId) -> Option<&List> {
        match self.get(id) {
            Cell::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn object(&self, id: CellId) -> Option<&Object> {
        match self.get(id) {
            Cell::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn list_mut(&mut self, id: CellId) -> Option<&mut List> {
        match self.edit(id) {
            Cell::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn object_mut(&mut self, id: CellId) -> Option<&mut Object> {
        match self.edit(id) {
            Cell::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn scope(&self, id: CellId) -> Option<&Scope> {
        match self.get(id) {
            Cell::Scope(scope) => Some(scope),
            _ => None,
        }
    }

    pub fn scope_mut(&mut self, id: CellId) -> Option<&mut Scope> {
        match self.edit(id) {
            Cell::Scope(scope) => Some(scope),
            _ => None,
        }
    }

    /// Opens a mark: every mark is closed by [`Heap::undo`] or [`Heap::keep`].
    pub fn mark(&mut self) -> Mark {
        self.open += 1;
        self.since = self.log.len();
        Mark {
            log: self.log.len(),
            cells: self.cells.len(),
        }
    }

    /// Closes a mark and goes on from here.
    pub fn keep(&mut self, _mark: Mark) {
        self.open -= 1;
        if self.open == 0 {
            for (id, _) in self.log.drain(..) {
                self.noted[id] = 0;
            }
            self.since = 0;
        }
    }

    /// Goes back to a mark, closes it, and says what had been written. Cells that were made since stay.
    pub fn undo(&mut self, mark: Mark) -> Delta {
        let mut delta = Delta {
            cells: BTreeMap::new(),
            at: mark.log,
            made: mark.cells,
        };
        while self.log.len() > mark.log {
            let Some((id, old)) = self.log.pop() else {
                break;
            };
            self.noted[id] = 0;
            if id >= mark.cells {
                continue;
            }
            let new = std::mem::replace(&mut self.cells[id], old);
            delta.cells.entry(id).or_insert(new);
        }
        self.open -= 1;
        self.since = self.log.len();
        delta
    }

    /// What has been written since a mark that stays open, with the cells as they were at the mark.
    pub fn written(&self, mark: Mark) -> BTreeMap<CellId, Rc<Cell>> {
        let mut out = BTreeMap::new();
        for (id, old) in &self.log[mark.log.min(self.log.len())..] {
            if *id < mark.cells {
                out.entry(*id).or_insert_with(|| old.clone());
            }
        }
        out
    }

    /// A delta of no writes, at the present state.
    pub fn present(&mut self) -> Delta {
        self.since = self.log.len();
        Delta {
            cells: BTreeMap::new(),
            at: self.log.len(),
            made: self.cells.len(),
        }
    }

    /// Makes a delta, taken at some point since a mark, count from the mark: to be called before going back to it.
    pub fn rebase(&self, delta: &mut Delta, mark: Mark) {
        let at = delta.at.clamp(mark.log, self.log.len());
        // Values at the point where the delta was taken: what is written later was then as the log says.
        let mut later: BTreeMap<CellId, &Rc<Cell>> = BTreeMap::new();
        for (id, old) in &self.log[at..] {
            if *id < mark.cells {
                later.entry(*id).or_insert(old);
            }
        }
        for (id, _) in &self.log[mark.log..at] {
            if *id >= mark.cells || delta.cells.contains_key(id) {
                continue;
            }
            let then = later.get(id).map_or(&self.cells[*id], |cell| cell);
            delta.cells.insert(*id, then.clone());
        }
        delta.at = mark.log;
        delta.made = mark.cells;
        delta.cells.retain(|id, _| *id < mark.cells);
    }

    /// Applies what an arm wrote.
    pub fn apply(&mut self, delta: &Delta) {
        for (id, cell) in &delta.cells {
            self.put(*id, cell.clone());
        }
    }

    /// The state behind a branch whose arms all started from the present state.
    pub fn join(&mut self, condition: &Rc<Condition>, arms: &[Delta]) {
        let mut ids: Vec<CellId> = arms
            .iter()
            .flat_map(|arm| arm.cells.keys().copied())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let versions: Vec<Rc<Cell>> = arms
                .iter()
                .map(|arm| arm.cells.get(&id).unwrap_or(&self.cells[id]).clone())
                .collect();
            let joined = join_versions(condition, &versions);
            self.put(id, joined);
        }
    }

    /// Joins a state that was left at an earlier point with the present one: what was written since is of the present.
    pub fn join_earlier(&mut self, condition: &Rc<Condition>, earlier: &Delta) {
        let mut then: BTreeMap<CellId, Rc<Cell>> = BTreeMap::new();
        for (id, old) in &self.log[earlier.at.min(self.log.len())..] {
            if *id < earlier.made {
                then.entry(*id).or_insert_with(|| old.clone());
            }
        }
        then.extend(earlier.cells.iter().map(|(id, cell)| (*id, cell.clone())));
        for (id, cell) in then {
            let versions = [cell, self.cells[id].clone()];
            let joined = join_versions(condition, &versions);
            self.put(id, joined);
        }
    }
}

impl Delta {
    /// What a cell became, where it was written to.
    pub fn get(&self, id: CellId) -> Option<&Cell> {
        self.cells.get(&id).map(|cell| &**cell)
    }

    pub fn ids(&self) -> Vec<CellId> {
        self.cells.keys().copied().collect()
    }
}

fn join_versions(condition: &Rc<Condition>, versions: &[Rc<Cell>]) -> Rc<Cell> {
    let Some(first) = versions.first() else {
        return Rc::new(Cell::Scope(Scope::default()));
    };
    if versions.iter().all(|version| Rc::ptr_eq(version, first)) {
        return first.clone();
    }
    let versions: Vec<&Rc<Cell>> = versions.iter().collect();
    Rc::new(join_cells(condition, &versions))
}

fn join_cells(condition: &Rc<Condition>, versions: &[&Rc<Cell>]) -> Cell {
    match &**versions[0] {
        Cell::Scope(scope) => {
            let all: Vec<&Scope> = versions
                .iter()
                .filter_map(|cell| match &***cell {
                    Cell::Scope(scope) => Some(scope),
                    _ => None,
                })
                .collect();
            let names: Vec<&Names> = all.iter().map(|scope| &scope.names).collect();
            Cell::Scope(Scope {
                names: Names::joined(condition, &names),
                parent: scope.parent,
                outer: scope.outer.clone(),
            })
        }
        Cell::List(list) => {
            let all: Vec<&List> = versions
                .iter()
                .filter_map(|cell| match &***cell {
                    Cell::List(list) => Some(list),
                    _ => None,
                })
                .collect();
            Cell::List(List {
                items: join_items(condition, all.iter().map(|l| l.items.clone()).collect()),
                unordered: all.iter().find_map(|l| l.unordered.clone()),
                rewrite: all.iter().find_map(|l| l.rewrite.clone()),
                most: list.most,
                place: list.place.clone(),
            })
        }
        Cell::Object(object) => {
            let all: Vec<&Object> = versions
                .iter()
                .filter_map(|cell| match &***cell {
                    Cell::Object(object) => Some(object),
                    _ => None,
                })
                .collect();
            let mut out = Object {
                entries: Vec::new(),
                spreads: all
                    .iter()
                    .map(|o| &o.spreads)
                    .max_by_key(|s| s.len())
                    .cloned()
                    .unwrap_or_default(),
                unordered: all.iter().find_map(|o| o.unordered.clone()),
                class: object.class.clone(),
                factory: object.factory.clone(),
                place: object.place.clone(),
            };
            let mut arms: Vec<&Value> = Vec::with_capacity(all.len());
            for (key, _) in all.iter().flat_map(|object| &object.entries) {
                if out.get(key).is_some() {
                    continue;
                }
                arms.clear();
                let found = all.iter().map(|object| object.get(key));
                arms.extend(found.map(|value| value.unwrap_or(&Value::None)));
                let value = match arms.as_slice() {
                    [first, others @ ..] if others.iter().all(|arm| arm.same(first)) => {
                        (*first).clone()
                    }
                    all => choose(condition, all.iter().map(|arm| (*arm).clone()).collect()),
                };
                out.entries.push((key.clone(), value));
            }
            Cell::Object(out)
        }
    }
}

/// So many items in the arms of one fork are told arm by arm.
const MAX_FORKED: usize = 512;

/// Items of several arms as one: what all begin and end with stands once, the rest is a branch.
pub fn join_items(condition: &Rc<Condition>, mut arms: Vec<Vec<Item>>) -> Vec<Item> {
    let mut out = Vec::new();
    loop {
        let Some(first) = arms.first().and_then(|arm| arm.first()).cloned() else {
            break;
        };
        if !arms
            .iter()
            .all(|arm| arm.first().is_some_and(|item| item.same(&first)))
        {
            break;
        }
        arms.iter_mut().for_each(|arm| {
            arm.remove(0);
        });
        out.push(first);
    }
    let mut behind = Vec::new();
    loop {
        let Some(last) = arms.first().and_then(|arm| arm.last()).cloned() else {
            break;
        };
        if !arms
            .iter()
            .all(|arm| arm.last().is_some_and(|item| item.same(&last)))
        {
            break;
        }
        arms.iter_mut().for_each(|arm| {
            arm.pop();
        });
        behind.push(last);
    }
    if arms.iter().map(|arm| weight(arm)).sum::<usize>() > MAX_FORKED {
        // One fork behind the other that changes an early item would double the list each time.
        out.extend(
            arms.into_iter()
                .max_by_key(|arm| weight(arm))
                .unwrap_or_default(),
        );
    } else if arms.iter().any(|arm| !arm.is_empty()) {
        out.push(Item::Branch(condition.clone(), arms));
    }
    out.extend(behind.into_iter().rev());
    out
}

/// Items with those within them.
fn weight(items: &[Item]) -> usize {
    let of = |item: &Item| match item {
        Item::Branch(_, arms) => 1 + arms.iter().map(|arm| weight(arm)).sum::<usize>(),
        Item::Repeat(_, body) => 1 + weight(body),
        Item::One(..) | Item::Spread(..) => 1,
    };
    items.iter().map(of).sum()
}
