//! The tables of `rules/volatility/` in memory. Parses them once; decides nothing.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_yaml::Value;

use super::classify::ValueKind;
use super::formats::Formats;
use super::names::Name;
use super::{Class, Confidence, Origin};

const COMMON: &str = include_str!("../../rules/volatility/common.yaml");
const TEMPLATE: &str = include_str!("../../rules/volatility/template.yaml");

/// What all names or calls of one entry stand for.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub id: String,
    pub class: Class,
    pub origin: Origin,
    pub confidence: Confidence,
    pub kind: ValueKind,
    pub clock: bool,
    pub carrier: bool,
    /// A literal date format among the arguments cuts the clock (calls only).
    pub formatted: bool,
    /// Known only without arguments or with a date format among them (calls only).
    pub bare: bool,
    pub tokens: u32,
    pub why: String,
}

/// What a filter does, before its arguments are looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Format { default: Option<Class> },
    Cut,
    Orders,
    OrdersIf { argument: String },
    Randomises,
    Shuffles,
    Window { needs_argument: bool },
}

#[derive(Debug)]
pub(super) struct Table {
    pub groups: Vec<Group>,
    /// Squashed name -> group. A name written with `@` in the table keeps it here.
    pub names: BTreeMap<String, usize>,
    /// Pattern over words -> group, in file order.
    pub patterns: Vec<(String, usize)>,
    /// Squashed callee segments, joined by `.` -> group.
    pub calls: BTreeMap<String, usize>,
    pub filters: BTreeMap<String, Action>,
    pub clock_literals: Vec<String>,
    pub clock_filters: Vec<String>,
    pub unknown: Group,
    pub formats: Formats,
    /// What is wrong with the tables; empty, as a test asserts.
    pub errors: Vec<String>,
}

/// The tables that ship with the program.
pub(super) fn embedded() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::load(&[COMMON, TEMPLATE]))
}

impl Table {
    /// Later texts add to earlier ones (a language's table to the common one).
    pub fn load(texts: &[&str]) -> Table {
        let mut table = Table {
            groups: Vec::new(),
            names: BTreeMap::new(),
            patterns: Vec::new(),
            calls: BTreeMap::new(),
            filters: BTreeMap::new(),
            clock_literals: Vec::new(),
            clock_filters: Vec::new(),
            unknown: Group::unknown(),
            formats: Formats::default(),
            errors: Vec::new(),
        };
        for text in texts {
            match serde_yaml::from_str::<Value>(text) {
                Ok(value) => table.add(&value),
                Err(error) => table.errors.push(error.to_string()),
            }
        }
        table
    }

    fn add(&mut self, value: &Value) {
        for entry in entries(value, "names") {
            let group = self.add_group(entry);
            for name in strings(entry, "names") {
                let at = if name.starts_with('@') { "@" } else { "" };
                let key = format!("{at}{}", Name::new(&name).squashed);
                if self.names.insert(key, group).is_some() {
                    self.errors.push(format!("the name {name} stands twice"));
                }
            }
            for pattern in strings(entry, "patterns") {
                if self.patterns.iter().any(|(known, _)| *known == pattern) {
                    self.errors
                        .push(format!("the pattern {pattern} stands twice"));
                }
                self.patterns.push((pattern, group));
            }
        }
        for entry in entries(value, "calls") {
            let group = self.add_group(entry);
            for name in strings(entry, "names") {
                if self.calls.insert(callee_key(&name), group).is_some() {
                    self.errors.push(format!("the call {name} stands twice"));
                }
            }
        }
        for entry in entries(value, "filters") {
            self.add_filters(entry);
        }
        self.clock_literals.extend(strings(value, "clock-literals"));
        self.clock_filters.extend(
            strings(value, "clock-filters")
                .iter()
                .map(|name| Name::new(name).squashed),
        );
        if let Some(unknown) = value.get("unknown") {
            self.unknown = Group::from_yaml(unknown, &mut self.errors);
        }
        if let Some(formats) = value.get("formats") {
            self.formats = Formats::from_yaml(formats);
        }
    }

    fn add_group(&mut self, entry: &Value) -> usize {
        let group = Group::from_yaml(entry, &mut self.errors);
        if self.groups.iter().any(|known| known.id == group.id) {
            self.errors
                .push(format!("the entry {} stands twice", group.id));
        }
        self.groups.push(group);
        self.groups.len() - 1
    }

    fn add_filters(&mut self, entry: &Value) {
        let action = match text_of(entry, "effect").unwrap_or_default() {
            "format" => Action::Format {
                default: text_of(entry, "default").and_then(Class::parse),
            },
            "cut" => Action::Cut,
            "orders" => Action::Orders,
            "orders-if" => Action::OrdersIf {
                argument: text_of(entry, "argument").unwrap_or_default().to_owned(),
            },
            "randomises" => Action::Randomises,
            "shuffles" => Action::Shuffles,
            "window" => Action::Window {
                needs_argument: flag(entry, "needs-argument"),
            },
            other => {
                self.errors.push(format!("unknown effect {other}"));
                return;
            }
        };
        for name in strings(entry, "names") {
            let key = Name::new(&name).squashed;
            if self.filters.insert(key, action.clone()).is_some() {
                self.errors.push(format!("the filter {name} stands twice"));
            }
        }
    }
}

impl Group {
    fn unknown() -> Group {
        Group {
            id: "unknown".into(),
            class: Class::Request,
            origin: Origin::Outside,
            confidence: Confidence::Likely,
            kind: ValueKind::Plain,
            clock: false,
            carrier: false,
            formatted: false,
            bare: false,
            tokens: 30,
            why: "a value that is passed in on every call".into(),
        }
    }

    fn from_yaml(entry: &Value, errors: &mut Vec<String>) -> Group {
        let mut group = Group::unknown();
        group.id = text_of(entry, "id").unwrap_or("unknown").to_owned();
        let id = group.id.clone();
        let mut wrong = |key: &str| errors.push(format!("{id}: `{key}` is missing or not valid"));
        match text_of(entry, "class").and_then(Class::parse) {
            Some(class) => group.class = class,
            None => wrong("class"),
        }
        match text_of(entry, "origin").and_then(origin) {
            Some(origin) => group.origin = origin,
            None => wrong("origin"),
        }
        match text_of(entry, "confidence") {
            // A known call is certain.
            None => group.confidence = Confidence::Certain,
            Some(name) => match Confidence::parse(name) {
                Some(confidence) => group.confidence = confidence,
                None => wrong("confidence"),
            },
        }
        match text_of(entry, "kind") {
            None | Some("plain") => group.kind = ValueKind::Plain,
            Some("history") => group.kind = ValueKind::History,
            Some("tools") => group.kind = ValueKind::Tools,
            Some("task") => group.kind = ValueKind::Task,
            Some(_) => wrong("kind"),
        }
        match entry.get("tokens").and_then(Value::as_u64) {
            Some(tokens) => group.tokens = u32::try_from(tokens).unwrap_or(u32::MAX),
            None => wrong("tokens"),
        }
        match text_of(entry, "why") {
            Some(why) => group.why = why.to_owned(),
            None => wrong("why"),
        }
        group.clock = flag(entry, "clock");
        group.carrier = flag(entry, "carrier");
        group.formatted = flag(entry, "formatted");
        group.bare = flag(entry, "bare");
        group
    }
}

fn origin(name: &str) -> Option<Origin> {
    Some(match name {
        "made-up" => Origin::MadeUp,
        "outside" => Origin::Outside,
        "order" => Origin::Order,
        "fixed" => Origin::Fixed,
        _ => return None,
    })
}

/// The form in which callees are compared: squashed segments joined by dots.
pub(super) fn callee_key(callee: &str) -> String {
    let (segments, _) = super::names::segments(callee);
    let parts: Vec<String> = segments
        .iter()
        .map(|part| Name::new(part).squashed)
        .collect();
    parts.join(".")
}

fn entries<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_sequence)
        .map_or(&[], Vec::as_slice)
}

pub(super) fn strings(value: &Value, key: &str) -> Vec<String> {
    entries(value, key)
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

pub(super) fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}
