//! Variables of promptfoo tests -> bindings. A value that all tests share is fixed; the others are samples.

use std::collections::BTreeMap;

use super::super::parts::{self, Bindings};
use super::super::value::Value;
use super::{listed, Path};
use crate::source::Text;

/// Tests that are looked at; more of them show nothing new.
const MAX_TESTS: usize = 1000;

#[derive(Default)]
struct Variable {
    values: Vec<Text>,
    /// In how many tests it is set.
    tests: usize,
    default: Option<Text>,
    /// Some value of it stands in another file.
    elsewhere: bool,
}

pub(super) fn bindings(root: &Value, path: &Path) -> Vec<(String, Text, bool)> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    if let Some(vars) = vars_of(root.get("defaultTest")) {
        for entry in vars.entries() {
            let variable = variables.entry(entry.key.as_str().to_string()).or_default();
            let values = values(&entry.value, path);
            variable.elsewhere |= values.is_none();
            let mut values = values.unwrap_or_default();
            if values.len() == 1 {
                variable.default = values.pop();
            } else {
                variable.values.extend(values);
            }
        }
    }
    let tests = tests(root);
    for vars in &tests {
        for entry in vars.entries() {
            let variable = variables.entry(entry.key.as_str().to_string()).or_default();
            variable.tests += 1;
            match values(&entry.value, path) {
                Some(values) => variable.values.extend(values),
                None => variable.elsewhere = true,
            }
        }
    }
    let mut out = Bindings::default();
    for (name, variable) in variables {
        variable.bind(&name, tests.len(), &mut out);
    }
    out.finish()
}

impl Variable {
    fn bind(mut self, name: &str, tests: usize, out: &mut Bindings) {
        let only_default = self.tests == 0 && self.values.is_empty();
        self.values.extend(self.default.take());
        let Some(first) = self.values.first().cloned() else {
            return;
        };
        let same = self
            .values
            .iter()
            .all(|value| value.as_str() == first.as_str());
        let shared = only_default || (tests > 1 && self.tests == tests);
        if same && shared && !self.elsewhere {
            return out.fixed(name, first);
        }
        for value in self.values {
            out.sample(name, value);
        }
    }
}

/// The `vars` of a test, if it has any in place.
fn vars_of(test: Option<&Value>) -> Option<&Value> {
    test?.get("vars").filter(|vars| vars.is_map())
}

/// The variables of all tests: those of `tests`, and of the rows of each scenario joined with its own tests.
fn tests(root: &Value) -> Vec<&Value> {
    let scenarios = listed(root, &["scenarios"]);
    let nested = scenarios.iter().flat_map(|scenario| {
        listed(scenario, &["config"])
            .into_iter()
            .chain(listed(scenario, &["tests"]))
    });
    listed(root, &["tests"])
        .into_iter()
        .chain(nested)
        .filter_map(|test| vars_of(Some(test)))
        .take(MAX_TESTS)
        .collect()
}

/// The values of one variable: a list is one test for each item. `None`: they stand in another file.
fn values(value: &Value, path: &Path) -> Option<Vec<Text>> {
    if value.is_null() || parts::is_conversation(value) {
        return Some(Vec::new());
    }
    if value.is_seq() {
        return value.items().iter().map(|item| one(item, path)).collect();
    }
    one(value, path).map(|text| vec![text])
}

fn one(value: &Value, path: &Path) -> Option<Text> {
    let text = parts::value_text(value, path);
    parts::file_reference(text.as_str())
        .is_none()
        .then_some(text)
}
