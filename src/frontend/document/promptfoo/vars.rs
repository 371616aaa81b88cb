//! Variables of promptfoo tests -> bindings. A value that all tests share is fixed; the others are samples. Tests and
//! values may stand in other files: who calls finds these.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::super::parts::{self, Bindings};
use super::super::value::{parse_json, Value};
use super::super::words::words;
use super::{csv, extension, function_file, listed, parse_any, Path};
use crate::source::{Place, SourceFile, Text};

/// Tests that are looked at; more of them show nothing new.
const MAX_TESTS: usize = 1000;
/// Different values of one variable that are kept.
const MAX_VALUES: usize = 8;

/// The files that a name stands for; none where there is no such file.
pub type Find<'f> = dyn FnMut(&str, &Place) -> Vec<Arc<SourceFile>> + 'f;

/// What a configuration says of its variables.
#[derive(Clone, Debug)]
pub struct Vars {
    path: Path,
    default: Option<Value>,
    tests: Vec<Value>,
}

/// Values of names, and what could not be read.
#[derive(Debug, Default)]
pub struct Bound {
    /// As in a draft.
    pub bindings: Vec<(String, Text, bool)>,
    pub limits: BTreeSet<String>,
}

impl Vars {
    pub(super) fn of(root: &Value, path: &Path) -> Vars {
        let scenarios = listed(root, &["scenarios"]);
        let nested = scenarios.iter().flat_map(|scenario| {
            let config = listed(scenario, &["config"]);
            config.into_iter().chain(listed(scenario, &["tests"]))
        });
        let tests = listed(root, &["tests"]).into_iter().chain(nested);
        Vars {
            path: path.clone(),
            default: root.get("defaultTest").cloned(),
            tests: tests.take(MAX_TESTS).cloned().collect(),
        }
    }

    /// The bindings, with what stands in the files that `find` finds.
    pub fn bindings(&self, find: &mut Find<'_>) -> Bound {
        let mut reading = Reading {
            find,
            variables: BTreeMap::new(),
            tests: 0,
            complete: true,
            limits: BTreeSet::new(),
            values: HashMap::new(),
        };
        if let Some(default) = &self.default {
            reading.default(default, &self.path);
        }
        for test in &self.tests {
            reading.test(test, &self.path, true);
        }
        let (tests, complete) = (reading.tests, reading.complete);
        let mut out = Bindings::default();
        for (name, variable) in reading.variables {
            variable.bind(&name, tests, complete, &mut out);
        }
        Bound {
            bindings: out.finish(),
            limits: reading.limits,
        }
    }
}

#[derive(Default)]
struct Variable {
    values: Vec<Text>,
    /// In how many tests it is set.
    tests: usize,
    default: Option<Text>,
    /// Some value of it is not known here.
    elsewhere: bool,
}

impl Variable {
    fn add(&mut self, value: &Text) {
        let known = self.values.iter().any(|v| v.as_str() == value.as_str());
        if !known && self.values.len() < MAX_VALUES {
            self.values.push(value.clone());
        }
    }

    fn bind(mut self, name: &str, tests: usize, complete: bool, out: &mut Bindings) {
        let only_default = self.tests == 0 && self.values.is_empty();
        if let Some(default) = self.default.take() {
            self.add(&default);
        }
        let shared = only_default || (complete && tests > 1 && self.tests == tests);
        if self.values.len() == 1 && shared && !self.elsewhere {
            for value in self.values {
                out.fixed(name, value);
            }
            return;
        }
        for value in self.values {
            out.sample(name, value);
        }
    }
}

/// The tests as they are read.
struct Reading<'r, 'f> {
    find: &'r mut Find<'f>,
    variables: BTreeMap<String, Variable>,
    /// Tests that set variables.
    tests: usize,
    /// Whether all tests are known.
    complete: bool,
    limits: BTreeSet<String>,
    /// The texts of files that stand for values.
    values: HashMap<String, Vec<Text>>,
}

impl Reading<'_, '_> {
    /// The default test: in place or in a file.
    fn default(&mut self, test: &Value, path: &Path) {
        if let Some(name) = test.as_str() {
            for file in self.files(name, &test.place(path)) {
                let parsed = parse_any(&file.path, &file.content());
                let inside = parsed.value().filter(|value| value.is_map());
                if let Some(inside) = inside {
                    self.default(inside, &file.path);
                }
            }
            return;
        }
        for (name, values) in self.vars(test, path) {
            let variable = self.variables.entry(name).or_default();
            match values.as_deref() {
                None => variable.elsewhere = true,
                Some([value]) => variable.default = Some(value.clone()),
                Some(values) => values.iter().for_each(|value| variable.add(value)),
            }
        }
    }

    /// One entry of `tests`: a test, or (unless it stands in such a file itself) a file of tests.
    fn test(&mut self, test: &Value, path: &Path, may_name: bool) {
        let named = test.as_text().or_else(|| test.get_text("path"));
        if let Some(name) = named.filter(|_| may_name) {
            self.named(name.as_str(), &test.place(path));
        } else if self.tests < MAX_TESTS {
            let values = self.vars(test, path);
            self.count(values);
        }
    }

    /// Tests in files.
    fn named(&mut self, name: &str, place: &Place) {
        let files = self.files(name, place);
        self.complete &= !files.is_empty();
        for file in files {
            match extension(&file.path) {
                Some("csv" | "tsv") => self.table(&file),
                Some("jsonl") => {
                    for line in lines(&file.content()) {
                        self.document(&parse_json(&line), &file.path);
                    }
                }
                _ => self.document(&parse_any(&file.path, &file.content()), &file.path),
            }
        }
    }

    fn document(&mut self, parsed: &super::Parsed, path: &Path) {
        self.complete &= parsed.problems.is_empty();
        for value in &parsed.documents {
            let inside = value.get("tests").unwrap_or(value);
            match inside.is_seq() {
                true => inside
                    .items()
                    .iter()
                    .for_each(|test| self.test(test, path, false)),
                false => self.test(inside, path, false),
            }
        }
    }

    /// Each row is a test, each column a variable; columns with names like `__expected` say how answers are judged.
    fn table(&mut self, file: &Arc<SourceFile>) {
        let most = MAX_TESTS.saturating_sub(self.tests) + 1;
        let mut rows = csv::rows(&file.content(), most).into_iter();
        let Some(names) = rows.next() else { return };
        for row in rows {
            let cells = names.iter().zip(row);
            let cells = cells.filter(|(name, _)| !name.as_str().starts_with("__"));
            let mut values = Vec::new();
            for (name, cell) in cells {
                let value = match reference(cell.as_str()) {
                    Some(named) => self.value_files(named, &cell.whole()),
                    None => Some(vec![cell]),
                };
                values.push((name.as_str().trim().to_string(), value));
            }
            self.count(values);
        }
    }

    fn count(&mut self, values: Vec<(String, Option<Vec<Text>>)>) {
        if values.is_empty() {
            return;
        }
        self.tests += 1;
        for (name, values) in values {
            let variable = self.variables.entry(name).or_default();
            variable.tests += 1;
            variable.elsewhere |= values.is_none();
            for value in values.iter().flatten() {
                variable.add(value);
            }
        }
    }

    /// The variables of a test, in place or in files. A list is one test for each item. `None`: not known here.
    fn vars(&mut self, test: &Value, path: &Path) -> Vec<(String, Option<Vec<Text>>)> {
        let Some(vars) = test.get("vars") else {
            return Vec::new();
        };
        let mut out = Vec::new();
        if vars.is_map() {
            self.entries(vars, path, &mut out);
        } else {
            for name in listed(test, &["vars"]) {
                let place = name.place(path);
                let files = name.as_str().map(|name| self.files(name, &place));
                for file in files.into_iter().flatten() {
                    let parsed = parse_any(&file.path, &file.content());
                    if let Some(vars) = parsed.value() {
                        self.entries(vars, &file.path, &mut out);
                    }
                }
            }
        }
        out
    }

    fn entries(&mut self, vars: &Value, path: &Path, out: &mut Vec<(String, Option<Vec<Text>>)>) {
        for entry in vars.entries() {
            let values = self.of_value(&entry.value, path);
            out.push((entry.key.as_str().to_string(), values));
        }
    }

    fn of_value(&mut self, value: &Value, path: &Path) -> Option<Vec<Text>> {
        if value.is_null() || parts::is_conversation(value) {
            return Some(Vec::new());
        }
        let single = [value.clone()];
        let items = match value.is_seq() {
            true => value.items(),
            false => &single,
        };
        let mut out = Vec::new();
        for item in items {
            let text = parts::value_text(item, path);
            match reference(text.as_str()) {
                Some(name) => out.extend(self.value_files(name, &item.place(path))?),
                None => out.push(text),
            }
        }
        Some(out)
    }

    /// The texts of files that stand for a value.
    fn value_files(&mut self, name: &str, place: &Place) -> Option<Vec<Text>> {
        if !self.values.contains_key(name) {
            let files = self.files(name, place);
            let texts = files.iter().map(|file| parts::trimmed(&file.content()));
            self.values.insert(name.to_string(), texts.collect());
        }
        self.values.get(name).filter(|v| !v.is_empty()).cloned()
    }

    /// The files of a name. What is computed or fetched is a limit.
    fn files(&mut self, name: &str, place: &Place) -> Vec<Arc<SourceFile>> {
        let name = name.trim();
        let bare = reference(name).unwrap_or(name);
        if bare.contains("{{") || bare.is_empty() {
            return Vec::new();
        }
        let computes = |extension| words().has("prompt-functions", extension);
        if extension(function_file(bare)).is_some_and(computes) {
            let limit = format!("`{bare}` is a program: the values that it yields are not known");
            self.limits.insert(limit);
            return Vec::new();
        }
        if bare.contains("://") {
            let limit = format!("`{bare}` is not in the repository: its values are not known");
            self.limits.insert(limit);
            return Vec::new();
        }
        (self.find)(bare.strip_prefix("./").unwrap_or(bare), place)
    }
}

/// The name behind `file://`.
fn reference(text: &str) -> Option<&str> {
    parts::file_reference(text)
}

/// The lines of a text that are not blank.
fn lines(text: &Text) -> Vec<Text> {
    let mut at = 0;
    let lines = text.as_str().split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), at, line)
    });
    lines
        .filter(|(.., line)| !line.trim().is_empty())
        .take(MAX_TESTS)
        .map(|(start, end, _)| text.slice(start, end))
        .collect()
}
