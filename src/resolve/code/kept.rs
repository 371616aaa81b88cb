//! Conversations that an instance keeps: a list in an attribute that its methods put messages into holds, by the time
//! it is sent, the turns of earlier calls. Knows nothing of requests.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{Function, FunctionKind};
use crate::source::{Place, Span};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::eval::Eval;
use super::heap::{CellId, Item, Round};
use super::tables::sets_up;
use super::value::{ClassRef, Unknown, Value};

/// Bytes of a text that an attribute may begin with and be no more than a word: `"plan"`.
const MAX_WORD: usize = 32;

/// How such turns are called.
pub const KEPT: &str = "the turns of earlier calls";

impl Eval<'_, '_> {
    /// Instances that were made since a point, none of which has been called yet.
    pub fn age_since(&mut self, from: usize) {
        let made: Vec<CellId> = self.instances[from.min(self.instances.len())..]
            .iter()
            .map(|(_, id)| *id)
            .collect();
        for id in made {
            self.age(id, false);
        }
    }

    /// What a method hands out that was made for a conversation that nobody has begun here: another call did.
    pub fn age_returned(&mut self, value: &Value, function: &Function) {
        if function.class.is_none() || function.kind == FunctionKind::Constructor {
            return;
        }
        match value {
            Value::Cell(id) => self.age(*id, true),
            Value::Choice(choice) => {
                for arm in &choice.arms {
                    self.age_returned(arm, function);
                }
            }
            _ => {}
        }
    }

    /// The lists of an instance as later calls find them. `untouched`: only those that hold nothing yet.
    pub fn age(&mut self, id: CellId, untouched: bool) {
        let Some(object) = self.heap.object(id) else {
            return;
        };
        let Some(class) = object.class.clone() else {
            return;
        };
        let lists: Vec<(String, CellId)> = object
            .entries
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Cell(list) => Some((name.clone(), *list)),
                _ => None,
            })
            .collect();
        for (name, list) in lists {
            let Some(cell) = self.heap.list(list) else {
                continue;
            };
            let place = cell.place.clone();
            let known = self.holds_history(&cell.items);
            let begun = untouched && !cell.items.is_empty();
            if known || begun || !self.keeps_turns(&class, &name) {
                continue;
            }
            if let Some(list) = self.heap.list_mut(list) {
                list.items.push(earlier_turns(place));
            }
        }
        if !untouched {
            self.age_state(id, &class);
        }
    }

    /// What is named like state of a session and changed by a method is, by the time of a later call, not what the
    /// constructor left there.
    fn age_state(&mut self, id: CellId, class: &ClassRef) {
        let Some(object) = self.heap.object(id) else {
            return;
        };
        let entries = object.entries.iter();
        let bare: Vec<String> = entries
            .filter(|(_, value)| self.is_bare(value))
            .map(|(name, _)| name.clone())
            .collect();
        for name in bare {
            let verdict = class.code.classifier.name(&name);
            let state = verdict.volatility.class == Class::State
                && verdict.volatility.confidence >= Confidence::Likely
                && verdict.kind.is_plain();
            let Some((path, changed)) = state.then(|| self.changed_by(class, &name)).flatten()
            else {
                continue;
            };
            let held = self.heap.object(id).and_then(|o| o.get(&name).cloned());
            let usual = held.and_then(|value| value.known_text());
            let unknown = Unknown {
                path: Some(format!("self.{name}").into()),
                ..Unknown::new(format!("self.{name}"), verdict)
            };
            let place = Place::new(&path, changed.start, changed.end);
            let value = self.born_anew(unknown, place, "changed by a method");
            if let Some(object) = self.heap.object_mut(id) {
                object.set(&name, value.or_usual(usual));
            }
        }
    }

    /// Whether a value is what an attribute holds before anything has happened: nothing, an empty collection, a word.
    fn is_bare(&self, value: &Value) -> bool {
        match value {
            Value::None | Value::Null => true,
            Value::Text(_) => value
                .known_text()
                .is_some_and(|text| text.len() <= MAX_WORD),
            Value::Cell(id) => match self.heap.object(*id) {
                Some(object) => {
                    object.class.is_none() && object.entries.is_empty() && object.spreads.is_empty()
                }
                None => self
                    .heap
                    .list(*id)
                    .is_some_and(|list| list.items.is_empty()),
            },
            _ => false,
        }
    }

    /// The method that puts something into an attribute, or sets it, as the instance is used.
    fn changed_by(&mut self, class: &ClassRef, name: &str) -> Option<(Arc<str>, Span)> {
        self.lineage(class).iter().find_map(|class| {
            let interest = &class.code.interest;
            let noted = interest.grows.iter().chain(&interest.sets);
            let functions = &class.code.module.functions;
            let mut methods = noted
                .filter(|(_, changed)| changed == name)
                .map(|(id, _)| &functions[*id]);
            let changes = methods.find(|method| {
                method.class == Some(class.id)
                    && method.kind != FunctionKind::Constructor
                    && !sets_up(&method.name)
            })?;
            Some((class.code.path().clone(), changes.name_span))
        })
    }

    /// What an object that is empty where it is made holds under an open key by the time it is asked: a conversation
    /// where the object is named like some (`histories[user]`, `sessions.get(id)`).
    pub fn kept_by_key(&mut self, id: CellId, span: Span) -> Option<Value> {
        let object = self.heap.object(id)?;
        let filled = |value: &Value| !self.is_empty_list(value);
        if object.class.is_some() || object.spreads.iter().any(filled) {
            return None;
        }
        let verdict = self.named_store(span)?;
        let place = self.place(span);
        let unknown = Unknown::new(self.written(span), verdict);
        Some(self.born(unknown, place, "kept from earlier calls"))
    }

    /// The turns of earlier calls that a list holds which is made where a key has none yet.
    pub fn turns_by_key(&self, place: &Place) -> Option<Item> {
        let verdict = self.named_store(place.span)?;
        (verdict.kind == ValueKind::History).then(|| earlier_turns(place.clone()))
    }

    /// What the name of a store says of what is under its keys: the name of many as that of one.
    fn named_store(&self, span: Span) -> Option<Verdict> {
        let written = self.written(span);
        let store = written.split(['[', '(']).next()?;
        let store = store.strip_suffix(".get").unwrap_or(store);
        let store = store.strip_suffix(".setdefault").unwrap_or(store);
        let name = store.rsplit(['.', ' ']).next()?.trim_start_matches('_');
        let one = match name.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => name.strip_suffix('s')?.to_string(),
        };
        let classifier = &self.frame().code.classifier;
        let mut verdicts = [name, &one].into_iter();
        let verdict = verdicts.find_map(|name| {
            let verdict = classifier.parameter(name, None, false);
            (verdict.kind == ValueKind::History).then_some(verdict)
        });
        let session = || {
            let verdict = classifier.parameter(&one, None, false);
            let own = verdict.volatility.class == Class::Session;
            own.then_some(verdict)
        };
        verdict.or_else(session)
    }

    /// The conversation that an instance keeps whose making is not seen: its class says what its attributes are, not
    /// the name that the instance is held by.
    pub fn kept_open(&mut self, unknown: &Unknown, name: &str) -> Option<Verdict> {
        let class = self.declared_class(unknown)?;
        let verdict = kept_by_name(&class, name)?;
        let changed = |class: &ClassRef| {
            let interest = &class.code.interest;
            class.method_does(&interest.grows, name) || class.method_does(&interest.sets, name)
        };
        self.lineage(&class).iter().any(changed).then_some(verdict)
    }

    /// Whether an attribute is named like a conversation and a method puts something into it.
    fn keeps_turns(&mut self, class: &ClassRef, name: &str) -> bool {
        if kept_by_name(class, name).is_none() {
            return false;
        }
        self.lineage(class).iter().any(|class| {
            let grows = &class.code.interest.grows;
            class.method_does(grows, name)
        })
    }

    /// The items of a message list. Where instructions are put in behind the kept turns, this is the first call and
    /// there are none.
    pub fn begun(&self, items: &[Item]) -> Vec<Item> {
        let kept = |item: &Item| matches!(item, Item::Repeat(round, _) if round.history && round.over == KEPT);
        let Some(at) = items.iter().position(kept) else {
            return items.to_vec();
        };
        let opens = items[at + 1..].iter().any(|item| self.is_system(item));
        let mut out = items.to_vec();
        if opens {
            out.remove(at);
        }
        out
    }

    fn is_system(&self, item: &Item) -> bool {
        match item {
            Item::One(Value::Cell(id), _) => self
                .heap
                .object(*id)
                .and_then(|object| object.get("role")?.known_text())
                .is_some_and(|role| crate::prompt::Section::from_role(&role).is_preamble()),
            Item::Branch(_, arms) => arms.iter().flatten().any(|item| self.is_system(item)),
            _ => false,
        }
    }
}

fn kept_by_name(class: &ClassRef, name: &str) -> Option<Verdict> {
    let verdict = class.code.classifier.parameter(name, None, false);
    (verdict.kind == ValueKind::History).then_some(verdict)
}

/// What stands for the turns of earlier calls in a list that was made there.
pub fn earlier_turns(place: Place) -> Item {
    let round = Round {
        over: KEPT.into(),
        place,
        volatility: Volatility::new(
            Class::Session,
            Origin::Outside,
            Confidence::Likely,
            "a conversation",
        ),
        rounds: 1,
        unordered: false,
        history: true,
        rewrite: None,
        id: 0,
        picks: false,
    };
    Item::Repeat(Rc::new(round), Vec::new())
}
