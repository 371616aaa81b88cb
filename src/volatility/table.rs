//! The tables of `rules/volatility/` in memory. Parses them once; decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_yaml::Value;

use crate::phrase::Phrase;
use crate::words;

use super::classify::ValueKind;
use super::formats::Formats;
use super::names::Name;
use super::{Class, Confidence, Origin};

/// The group of names and calls that no entry knows.
pub const UNKNOWN: &str = "unknown";

const COMMON: &str = include_str!("../../rules/volatility/common.yaml");
const CALLED: &str = include_str!("../../rules/volatility/called.yaml");
const COMMANDS: &str = include_str!("../../rules/volatility/commands.yaml");
const TEMPLATE: &str = include_str!("../../rules/volatility/template.yaml");
const PYTHON: &str = include_str!("../../rules/volatility/python.yaml");
const JAVASCRIPT: &str = include_str!("../../rules/volatility/javascript.yaml");

/// The language whose table stands on top of the common one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Template,
    Python,
    JavaScript,
}

impl Host {
    #[cfg(test)]
    pub const ALL: [Host; 3] = [Host::Template, Host::Python, Host::JavaScript];

    /// By the name of its table; what has none of its own reads as a template.
    pub fn of(language: &str) -> Host {
        match language {
            "python" => Host::Python,
            "javascript" | "typescript" => Host::JavaScript,
            _ => Host::Template,
        }
    }

    /// The tables that ship with the program, each read once and only when it is asked for.
    pub fn table(self) -> &'static Table {
        static TEMPLATES: OnceLock<Table> = OnceLock::new();
        static PYTHONS: OnceLock<Table> = OnceLock::new();
        static JAVASCRIPTS: OnceLock<Table> = OnceLock::new();
        match self {
            Host::Template => TEMPLATES.get_or_init(|| Table::load(&[COMMON, TEMPLATE])),
            Host::Python => {
                PYTHONS.get_or_init(|| Table::load(&[COMMON, CALLED, COMMANDS, PYTHON]))
            }
            Host::JavaScript => {
                JAVASCRIPTS.get_or_init(|| Table::load(&[COMMON, CALLED, COMMANDS, JAVASCRIPT]))
            }
        }
    }
}

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
    /// Runs a command: what its command line says of the output wins (calls only).
    pub runs: bool,
    /// Known only with at most so many arguments (calls only).
    pub most: Option<usize>,
    pub tokens: u32,
    pub why: Phrase,
}

/// What a filter does, before its arguments are looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Format {
        default: Option<Class>,
    },
    Cut,
    Orders,
    OrdersIf {
        argument: String,
    },
    Randomises,
    Shuffles,
    Window {
        needs_argument: bool,
    },
    /// Split at a separator: the granularity that the first part of a timestamp shows.
    Split,
    /// The argument names a unit (`startOf("day")`).
    Unit,
    /// Named arguments that are zero cut the clock (`replace(minute=0)`).
    Zeroed,
    /// Arguments that are all zero cut the clock to what is coarser than the first of them (`setHours(0, 0, 0, 0)`).
    ZeroedFrom(Class),
    /// Options that say what is shown (`toLocaleString("en", {hour: ..})`); without any, the default.
    Options {
        default: Class,
    },
}

/// What yields items in no fixed order, or fixes it.
#[derive(Clone, Debug)]
pub(super) enum Sequence {
    Unordered(usize),
    Fixed,
}

/// What the type of a parameter tells.
#[derive(Clone, Debug)]
pub(super) struct Annotation {
    pub group: usize,
    /// Words of the type, each compared as a whole; with `*`, as a pattern over the type's name.
    pub types: Vec<String>,
    /// Only as the item type of a list.
    pub collection: bool,
    /// Tells even where the name tells something else.
    pub strong: bool,
}

#[derive(Debug)]
pub(super) struct Table {
    pub groups: Vec<Group>,
    /// Squashed name -> group. A name written with `@` in the table keeps it here.
    pub names: BTreeMap<String, usize>,
    /// Pattern over words -> group, in file order.
    pub patterns: Vec<(String, usize)>,
    /// Squashed callee segments, joined by `.` -> group. A key that starts with `.` is a method of anything; one that
    /// ends in `(word)` is known only where that literal is its first argument.
    pub calls: BTreeMap<String, usize>,
    /// First words of a command line -> group.
    pub commands: Vec<(Vec<String>, usize)>,
    pub filters: BTreeMap<String, Action>,
    /// Squashed path segments of a value that needs no call, joined by `.` -> group.
    pub attributes: BTreeMap<String, usize>,
    /// Callee or type -> what it does to order. A key that starts with `.` is a method of anything.
    pub sequences: BTreeMap<String, Sequence>,
    /// Callees whose result is made of their arguments alone.
    pub pure: BTreeSet<String>,
    /// What a function's own words say, where they say more than its noun: squashed name -> group.
    pub functions: BTreeMap<String, usize>,
    pub function_patterns: Vec<(String, usize)>,
    pub verbs: BTreeSet<String>,
    /// Verbs of functions that make something of their argument.
    pub transforms: BTreeSet<String>,
    /// Words behind which a function's name says no more of its value (`for`, `from`).
    pub tails: BTreeSet<String>,
    pub suffixes: BTreeSet<String>,
    /// Things that live on beyond one call, and the words for the id of one.
    pub lasting: BTreeSet<String>,
    pub identifiers: BTreeSet<String>,
    /// Squashed names that mean too many things to tell much far from the request.
    pub generic: BTreeSet<String>,
    /// Squashed names that mean the present whatever function they stand in.
    pub present: BTreeSet<String>,
    pub annotations: Vec<Annotation>,
    pub clock_literals: Vec<String>,
    pub clock_filters: Vec<String>,
    pub unknown: Group,
    pub formats: Formats,
    /// What is wrong with the tables; empty, as a test asserts.
    pub errors: Vec<String>,
}

impl Table {
    /// Later texts add to earlier ones (a language's table to the common one).
    pub fn load(texts: &[&str]) -> Table {
        let mut table = Table {
            groups: Vec::new(),
            names: BTreeMap::new(),
            patterns: Vec::new(),
            calls: BTreeMap::new(),
            commands: Vec::new(),
            filters: BTreeMap::new(),
            attributes: BTreeMap::new(),
            sequences: BTreeMap::new(),
            pure: BTreeSet::new(),
            functions: BTreeMap::new(),
            function_patterns: Vec::new(),
            verbs: BTreeSet::new(),
            transforms: BTreeSet::new(),
            tails: BTreeSet::new(),
            suffixes: BTreeSet::new(),
            lasting: BTreeSet::new(),
            identifiers: BTreeSet::new(),
            generic: BTreeSet::new(),
            present: BTreeSet::new(),
            annotations: Vec::new(),
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
                self.add_call(call_key(&name), group);
            }
            for name in strings(entry, "methods") {
                self.add_call(format!(".{}", callee_key(&name)), group);
            }
        }
        for entry in entries(value, "commands") {
            let group = self.add_group(entry);
            let lines = strings(entry, "lines");
            let lines = lines
                .iter()
                .map(|line| line.split(' ').map(str::to_owned).collect());
            self.commands.extend(lines.map(|line| (line, group)));
        }
        for entry in entries(value, "filters") {
            self.add_filters(entry);
        }
        self.add_code(value);
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

    fn add_call(&mut self, key: String, group: usize) {
        if self.calls.contains_key(&key) {
            self.errors.push(format!("the call {key} stands twice"));
        }
        self.calls.insert(key, group);
    }

    /// What only host languages ask for.
    fn add_code(&mut self, value: &Value) {
        for entry in entries(value, "attributes") {
            let group = self.add_group(entry);
            for name in strings(entry, "names") {
                if self.attributes.insert(callee_key(&name), group).is_some() {
                    self.errors
                        .push(format!("the attribute {name} stands twice"));
                }
            }
        }
        for entry in entries(value, "unordered") {
            let group = self.add_group(entry);
            self.add_sequences(entry, &Sequence::Unordered(group));
        }
        if let Some(entry) = value.get("ordered") {
            self.add_sequences(entry, &Sequence::Fixed);
        }
        for entry in entries(value, "functions") {
            let group = self.add_group(entry);
            for name in strings(entry, "names") {
                let key = Name::new(&name).squashed;
                if self.functions.insert(key, group).is_some() {
                    self.errors
                        .push(format!("the function {name} stands twice"));
                }
            }
            for pattern in strings(entry, "patterns") {
                self.function_patterns.push((pattern, group));
            }
        }
        for entry in entries(value, "annotations") {
            let group = self.add_group(entry);
            self.annotations.push(Annotation {
                group,
                types: strings(entry, "types"),
                collection: flag(entry, "collection"),
                strong: flag(entry, "strong"),
            });
        }
        self.pure
            .extend(strings(value, "pure").iter().map(|name| callee_key(name)));
        for (key, set) in [
            ("verbs", &mut self.verbs),
            ("transforms", &mut self.transforms),
            ("tails", &mut self.tails),
            ("suffixes", &mut self.suffixes),
            ("lasting", &mut self.lasting),
            ("identifiers", &mut self.identifiers),
            ("generic", &mut self.generic),
            ("present", &mut self.present),
        ] {
            set.extend(
                strings(value, key)
                    .iter()
                    .map(|name| Name::new(name).squashed),
            );
        }
    }

    fn add_sequences(&mut self, entry: &Value, sequence: &Sequence) {
        let names = strings(entry, "names")
            .into_iter()
            .map(|name| (callee_key(&name), name));
        let methods = strings(entry, "methods")
            .into_iter()
            .map(|name| (format!(".{}", callee_key(&name)), name));
        let keys: Vec<(String, String)> = names.chain(methods).collect();
        for (key, name) in keys {
            if self.sequences.insert(key, sequence.clone()).is_some() {
                self.errors
                    .push(format!("the order of {name} stands twice"));
            }
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
            "split" => Action::Split,
            "unit" => Action::Unit,
            "zeroed" => Action::Zeroed,
            "zeroed-from" => Action::ZeroedFrom(
                text_of(entry, "default")
                    .and_then(Class::parse)
                    .unwrap_or(Class::Unique),
            ),
            "options" => Action::Options {
                default: text_of(entry, "default")
                    .and_then(Class::parse)
                    .unwrap_or(Class::Unique),
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
            id: UNKNOWN.into(),
            class: Class::Request,
            origin: Origin::Outside,
            confidence: Confidence::Likely,
            kind: ValueKind::Plain,
            clock: false,
            carrier: false,
            formatted: false,
            bare: false,
            runs: false,
            most: None,
            tokens: 30,
            why: "a value that is passed in on every call".into(),
        }
    }

    fn from_yaml(entry: &Value, errors: &mut Vec<String>) -> Group {
        let mut group = Group::unknown();
        group.id = text_of(entry, "id").unwrap_or(UNKNOWN).to_owned();
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
            Some(why) => group.why = why.to_owned().into(),
            None => wrong("why"),
        }
        group.clock = flag(entry, "clock");
        group.carrier = flag(entry, "carrier");
        group.formatted = flag(entry, "formatted");
        group.bare = flag(entry, "bare");
        group.runs = flag(entry, "runs");
        let most = entry.get("most").and_then(Value::as_u64);
        group.most = most.and_then(|most| usize::try_from(most).ok());
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

/// As [`callee_key`], and the literal argument that the entry asks for.
fn call_key(name: &str) -> String {
    match name.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        Some((callee, literal)) if !literal.is_empty() && !literal.contains('(') => {
            format!("{}({literal})", callee_key(callee))
        }
        _ => callee_key(name),
    }
}

/// The form in which callees are compared: squashed segments joined by dots, without the scheme of Node's own modules.
pub(super) fn callee_key(callee: &str) -> String {
    let callee = callee.trim();
    let callee = callee.strip_prefix("node:").unwrap_or(callee);
    let (segments, _) = super::names::segments(callee);
    let parts: Vec<String> = segments
        .iter()
        .map(|part| match Name::new(part).squashed {
            // `_` is a name of its own, and `__name__` is not `name`.
            squashed if squashed.is_empty() || part.starts_with("__") => part.clone(),
            squashed => squashed,
        })
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
    words::strings(value.get(key))
}

pub(super) fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}
