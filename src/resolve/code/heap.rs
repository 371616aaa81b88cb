//! The store: scopes, lists and objects by number, so that assignment copies the reference. A branch copies the store
//! (cells are shared until written to) and joins cell by cell behind it. Knows nothing of expressions.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::source::Place;
use crate::volatility::Volatility;

use super::value::{choose, ClassRef, Condition, Value};

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
    pub names: BTreeMap<String, Value>,
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
}

/// A dict, an object literal or an instance.
#[derive(Clone, Debug)]
pub struct Object {
    /// In order of insertion.
    pub entries: Vec<(String, Value)>,
    /// `**x`, `...x` of something unknown, and values under keys that are not known.
    pub spreads: Vec<Value>,
    pub class: Option<ClassRef>,
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

fn same_items(a: &[Item], b: &[Item]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

#[derive(Clone, Debug, Default)]
pub struct Heap {
    cells: Vec<Rc<Cell>>,
}

impl Heap {
    pub fn add(&mut self, cell: Cell) -> CellId {
        self.cells.push(Rc::new(cell));
        self.cells.len() - 1
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub fn get(&self, id: CellId) -> &Cell {
        &self.cells[id]
    }

    pub fn edit(&mut self, id: CellId) -> &mut Cell {
        Rc::make_mut(&mut self.cells[id])
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

    /// This store as the next arm of a branch starts from it: cells that another arm made keep their numbers.
    pub fn for_next_arm(&self, done: &Heap) -> Heap {
        let mut cells = self.cells.clone();
        cells.extend(done.cells.iter().skip(cells.len()).cloned());
        Heap { cells }
    }

    /// The store behind a branch. The arms ran one after the other, each by [`Heap::for_next_arm`] of the one before.
    pub fn join(condition: &Rc<Condition>, arms: Vec<Heap>) -> Heap {
        let mut arms = arms.into_iter();
        let Some(first) = arms.next() else {
            return Heap::default();
        };
        let rest: Vec<Heap> = arms.collect();
        let Some(longest) = rest.last() else {
            return first;
        };
        let mut cells = Vec::with_capacity(longest.cells.len());
        for (id, cell) in longest.cells.iter().enumerate() {
            let mut versions: Vec<&Rc<Cell>> = Vec::with_capacity(rest.len() + 1);
            versions.extend(first.cells.get(id));
            versions.extend(rest.iter().filter_map(|heap| heap.cells.get(id)));
            let all_same = versions.iter().all(|version| Rc::ptr_eq(version, cell));
            // A cell that only later arms know of is theirs.
            if all_same || versions.len() <= rest.len() {
                cells.push(cell.clone());
            } else {
                cells.push(Rc::new(join_cells(condition, &versions)));
            }
        }
        Heap { cells }
    }
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
            let mut names = BTreeMap::new();
            for name in all.iter().flat_map(|scope| scope.names.keys()) {
                if names.contains_key(name) {
                    continue;
                }
                // A name that only some arms bind is what they bind it to: elsewhere reading it would fail.
                let bound: Vec<Value> = all
                    .iter()
                    .filter_map(|scope| scope.names.get(name).cloned())
                    .collect();
                names.insert(name.clone(), choose(condition, bound));
            }
            Cell::Scope(Scope {
                names,
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
                class: object.class.clone(),
                place: object.place.clone(),
            };
            for (key, _) in all.iter().flat_map(|object| &object.entries) {
                if out.get(key).is_some() {
                    continue;
                }
                let arms = all
                    .iter()
                    .map(|object| object.get(key).cloned().unwrap_or(Value::None));
                out.set(key, choose(condition, arms.collect()));
            }
            Cell::Object(out)
        }
    }
}

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
    if arms.iter().any(|arm| !arm.is_empty()) {
        out.push(Item::Branch(condition.clone(), arms));
    }
    out.extend(behind.into_iter().rev());
    out
}
