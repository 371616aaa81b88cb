//! Functions of other files that entry after entry goes into at great cost. An example folder calls the one `run` of
//! its library two thousand times: where it never comes to a request, the first dozen is enough; where it does, there
//! is an end, too.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::frontend::code::ir::FunctionId;

/// Entries that went in for nothing before a function is closed.
const TRIES: usize = 12;
/// Steps of all entries together before a dear function is closed whatever it gave: fifty entries that spend all they
/// have.
const MOST_STEPS: usize = 2_000_000;
/// Steps that going in took on average: cheap functions stay open, they make the values that prompts are built of.
const DEAR: usize = 2_000;
/// Entries that are evaluated with the same knowledge, so that neither their order nor the number of threads shows.
pub const BATCH: usize = 64;

/// A function of the workspace: the path of its file, its index there.
pub type Function = (Arc<str>, FunctionId);

/// What one entry found in a function that its own file called, or several entries together.
#[derive(Clone, Copy, Default, Debug)]
pub struct Visit {
    pub entries: usize,
    pub steps: usize,
    /// Prompts and rendered templates that were noted within.
    pub found: usize,
}

impl Visit {
    fn is_enough(&self) -> bool {
        let dear = self.steps / self.entries.max(1) >= DEAR;
        let barren = self.found == 0 && self.entries >= TRIES;
        dear && (barren || self.steps >= MOST_STEPS)
    }
}

/// What all entries so far found.
#[derive(Default, Debug)]
pub struct Barren {
    visits: BTreeMap<Function, Visit>,
    closed: HashSet<Function>,
}

impl Barren {
    pub fn is_closed(&self, function: &Function) -> bool {
        !self.closed.is_empty() && self.closed.contains(function)
    }

    /// Adds what one entry found.
    pub fn learn(&mut self, visits: &BTreeMap<Function, Visit>) {
        for (function, visit) in visits {
            let all = self.visits.entry(function.clone()).or_default();
            all.entries += 1;
            all.steps += visit.steps;
            all.found += visit.found;
            match all.is_enough() {
                true => self.closed.insert(function.clone()),
                false => self.closed.remove(function),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(entries: usize, steps: usize, found: usize) -> bool {
        let function: Function = ("lib/agent.py".into(), 3);
        let mut barren = Barren::default();
        for _ in 0..entries {
            let visit = Visit {
                entries: 1,
                steps,
                found,
            };
            barren.learn(&BTreeMap::from([(function.clone(), visit)]));
        }
        barren.is_closed(&function)
    }

    #[test]
    fn only_what_costs_much_and_finds_nothing_is_closed() {
        assert!(after(TRIES, DEAR, 0));
        assert!(!after(TRIES - 1, DEAR, 0));
        assert!(!after(TRIES, DEAR - 1, 0));
        assert!(!after(TRIES, DEAR, 1));
    }

    #[test]
    fn what_finds_something_ends_too() {
        assert!(after(50, MOST_STEPS / 50, 1));
        assert!(!after(49, MOST_STEPS / 50, 1));
        assert!(!after(MOST_STEPS / DEAR + 10, DEAR - 1, 1));
    }
}
