//! The names of a frame. They are copied wherever an arm binds one: the copy is a run of memory, and names are shared.
//! Knows nothing of how names are looked up.

use std::cmp::Ordering;
use std::rc::Rc;

use super::arms::choose;
use super::value::{Condition, Value};

/// Names with what they are bound to, shorter ones first: to know how long one is its text need not be looked at.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(Rc<str>, Value)>);

fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

impl Names {
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| order(known, name))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    pub fn holds(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    pub fn set(&mut self, name: &str, value: Value) {
        match self.find(name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name.into(), value)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The names behind a branch. One that only some arms bind is what they bind it to: elsewhere reading it would fail.
    pub fn joined(condition: &Rc<Condition>, arms: &[&Names]) -> Names {
        let most = arms.iter().map(|arm| arm.0.len()).max();
        let mut out = Vec::with_capacity(most.unwrap_or(0));
        let mut at = vec![0; arms.len()];
        let mut bound: Vec<&Value> = Vec::with_capacity(arms.len());
        loop {
            let heads = arms.iter().zip(&at).filter_map(|(arm, at)| arm.0.get(*at));
            let next = heads.map(|(name, _)| name).reduce(|first, name| {
                match !Rc::ptr_eq(first, name) && order(name, first).is_lt() {
                    true => name,
                    false => first,
                }
            });
            let Some(next) = next else {
                return Names(out);
            };
            bound.clear();
            for (arm, at) in arms.iter().zip(&mut at) {
                match arm.0.get(*at) {
                    Some((name, value)) if Rc::ptr_eq(name, next) || name == next => {
                        bound.push(value);
                        *at += 1;
                    }
                    _ => {}
                }
            }
            let value = match bound.as_slice() {
                [first, others @ ..] if others.iter().all(|other| other.same(first)) => {
                    (*first).clone()
                }
                all => choose(
                    condition,
                    all.iter().map(|value| (*value).clone()).collect(),
                ),
            };
            out.push((next.clone(), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;
    use crate::volatility::Volatility;

    fn names(all: &[(&str, f64)]) -> Names {
        let mut out = Names::default();
        for (name, number) in all {
            out.set(name, Value::Number(*number));
        }
        out
    }

    #[test]
    fn a_name_is_bound_to_what_it_was_set_to_last() {
        let names = names(&[("b", 1.0), ("a", 2.0), ("b", 3.0)]);
        assert!(matches!(names.get("b"), Some(Value::Number(n)) if *n == 3.0));
        assert!(names.holds("a") && !names.holds("c"));
        assert_eq!(
            names.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["a", "b"]
        );
    }

    #[test]
    fn arms_are_joined_name_by_name() {
        let place = Place::new(&"a.py".into(), 0, 1);
        let condition = Condition::new("x".into(), place, Volatility::constant());
        let arms = [
            names(&[("a", 1.0), ("c", 3.0)]),
            names(&[("a", 1.0), ("b", 2.0), ("c", 4.0)]),
        ];
        let joined = Names::joined(&condition, &[&arms[0], &arms[1]]);
        assert_eq!(joined.iter().count(), 3);
        assert!(matches!(joined.get("a"), Some(Value::Number(_))));
        assert!(matches!(joined.get("b"), Some(Value::Number(_))));
        assert!(matches!(joined.get("c"), Some(Value::Choice(choice)) if choice.arms.len() == 2));
    }
}
