//! One config file: its tree -> typed values, every mistake with the place and a way out. Reads no file.

use crate::finding::Severity;
use crate::source::Span;
use crate::volatility::Class;

use super::glob::Globs;
use super::keys;
use super::tree::{Key, Kind, Node, Wrong};
use super::values::{nearest, one_of};
use super::{Level, Tests};

/// Names that a config may use for rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pub rules: &'a [&'a str],
    pub categories: &'a [&'a str],
}

/// What may stand at the top and in an override.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    pub model: Option<String>,
    pub traffic: TrafficKeys,
    pub assume: AssumeKeys,
    pub tests: Option<Tests>,
    pub volatility: Vec<(String, Class)>,
    pub rules: Vec<(String, Level)>,
    pub warn_at: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficKeys {
    pub calls_per_month: Option<f64>,
    pub users: Option<f64>,
    pub tenants: Option<f64>,
    pub calls_per_session: Option<f64>,
    pub gap: Option<f64>,
    pub batch: Option<bool>,
    pub ttl: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssumeKeys {
    pub history_tokens: Option<u32>,
    pub tools_tokens: Option<u32>,
    pub unknown_text_tokens: Option<u32>,
    pub flips: Option<f64>,
}

#[derive(Clone, Debug)]
pub struct Budget {
    pub paths: Globs,
    pub tokens: Option<u32>,
    pub min_cached_tokens: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Override {
    pub paths: Globs,
    pub body: Body,
}

/// One file as written.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Files to extend, with the place that names them.
    pub extend: Vec<(String, Span)>,
    pub body: Body,
    pub include: Globs,
    pub exclude: Globs,
    pub budget: Vec<Budget>,
    pub overrides: Vec<Override>,
    pub sdk: Vec<serde_yaml::Value>,
    pub models: Vec<serde_yaml::Value>,
    /// Bytes.
    pub max_file_size: Option<u64>,
}

pub fn read(root: &Node, known: Known) -> (Parsed, Vec<Wrong>) {
    let mut reader = Reader {
        known,
        wrong: Vec::new(),
    };
    let mut parsed = Parsed::default();
    for (key, node) in reader.map(root, "a config", keys::TOP) {
        reader.top(key, node, &mut parsed);
    }
    (parsed, reader.wrong)
}

pub(super) struct Reader<'a> {
    known: Known<'a>,
    pub(super) wrong: Vec<Wrong>,
}

impl Reader<'_> {
    fn top(&mut self, key: &Key, node: &Node, parsed: &mut Parsed) {
        match key.text.as_str() {
            "extend" => parsed.extend = self.extend(node),
            "include" => parsed.include = self.globs(node, "`include`"),
            "exclude" => parsed.exclude = self.globs(node, "`exclude`"),
            "budget" => {
                for item in self.items(node, "`budget`") {
                    let budget = self.budget(item);
                    parsed.budget.extend(budget);
                }
            }
            "overrides" => {
                for item in self.items(node, "`overrides`") {
                    let entry = self.override_entry(item);
                    parsed.overrides.extend(entry);
                }
            }
            "sdk" => parsed.sdk = self.table(node, "`sdk`"),
            "models" => parsed.models = self.table(node, "`models`"),
            "max-file-size" => parsed.max_file_size = self.size(node),
            _ => self.body(key, node, &mut parsed.body),
        }
    }

    fn body(&mut self, key: &Key, node: &Node, body: &mut Body) {
        match key.text.as_str() {
            "model" => body.model = self.text(node, "`model`"),
            "traffic" => body.traffic = self.traffic(node),
            "assume" => body.assume = self.assume(node),
            "tests" => body.tests = self.tests(node),
            "volatility" => body.volatility = self.volatility(node),
            "rules" => body.rules = self.rules(node),
            "warn-at" => body.warn_at = self.share(node),
            _ => {}
        }
    }

    fn extend(&mut self, node: &Node) -> Vec<(String, Span)> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items
            .iter()
            .filter_map(|item| Some((self.text(item, "`extend`")?, item.span)))
            .collect()
    }

    fn traffic(&mut self, node: &Node) -> TrafficKeys {
        let mut out = TrafficKeys::default();
        for (key, value) in self.map(node, "`traffic`", keys::TRAFFIC) {
            let what = format!("`{}`", key.text);
            match key.text.as_str() {
                "calls-per-month" => out.calls_per_month = self.positive(value, &what),
                "users" => out.users = self.at_least_one(value, &what),
                "tenants" => out.tenants = self.at_least_one(value, &what),
                "calls-per-session" => out.calls_per_session = self.at_least_one(value, &what),
                "minutes-between-calls" => out.gap = self.positive(value, &what),
                "batch" => out.batch = self.truth(value, &what),
                "ttl" => out.ttl = self.positive(value, "`ttl` (minutes)"),
                _ => {}
            }
        }
        out
    }

    fn assume(&mut self, node: &Node) -> AssumeKeys {
        let mut out = AssumeKeys::default();
        for (key, value) in self.map(node, "`assume`", keys::ASSUME) {
            let what = format!("`{}`", key.text);
            match key.text.as_str() {
                "history-tokens" => out.history_tokens = self.count(value, &what),
                "tools-tokens" => out.tools_tokens = self.count(value, &what),
                "unknown-text-tokens" => out.unknown_text_tokens = self.count(value, &what),
                "flips" => out.flips = self.number(value, &what, 0.0, "0 or more"),
                _ => {}
            }
        }
        out
    }

    fn tests(&mut self, node: &Node) -> Option<Tests> {
        match node.text() {
            Some("note") => Some(Tests::Note),
            Some("same") => Some(Tests::Same),
            Some("off") => Some(Tests::Off),
            _ => {
                self.word(node, "`tests`", keys::TESTS);
                None
            }
        }
    }

    /// Reports a value that is none of a few words.
    fn word(&mut self, node: &Node, what: &str, words: &[&str]) {
        let Some(text) = node.text() else {
            return self.expected(node, what, &one_of(words));
        };
        let help =
            nearest(text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let message = format!("{what} must be {}, not `{text}`", one_of(words));
        self.fail(node.span, message, help);
    }

    fn volatility(&mut self, node: &Node) -> Vec<(String, Class)> {
        let names: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
        let mut out = Vec::new();
        for (key, value) in self.pairs(node, "`volatility`") {
            if key.text.trim().is_empty() {
                self.fail(key.span, "a name pattern is empty".to_string(), None);
                continue;
            }
            match value.text().and_then(Class::parse) {
                Some(class) => out.push((key.text.clone(), class)),
                None => self.word(value, &format!("`{}`", key.text), &names),
            }
        }
        out
    }

    fn rules(&mut self, node: &Node) -> Vec<(String, Level)> {
        let (mut ids, mut categories) = (Vec::new(), Vec::new());
        for (key, value) in self.pairs(node, "`rules`") {
            let id = key.text.as_str();
            let is_category = self.known.categories.contains(&id);
            if !is_category && !self.known.rules.contains(&id) {
                let words = self.known.rules.iter().chain(self.known.categories);
                let help = match nearest(id, words.copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`prefixlint rules` lists them".to_string(),
                };
                self.fail(key.span, format!("unknown rule `{id}`"), Some(help));
                continue;
            }
            let level = match value.text() {
                Some("off") => Level::Off,
                Some("default") => Level::Default,
                Some(text) => match Severity::parse(text) {
                    Some(severity) => Level::At(severity),
                    None => {
                        self.word(value, &format!("`{id}`"), keys::LEVELS);
                        continue;
                    }
                },
                None => {
                    self.word(value, &format!("`{id}`"), keys::LEVELS);
                    continue;
                }
            };
            let list = if is_category {
                &mut categories
            } else {
                &mut ids
            };
            list.push((id.to_string(), level));
        }
        // A rule by its name wins over its category.
        ids.extend(categories);
        ids
    }

    fn paths(&mut self, node: &Node, found: Option<&Node>, what: &str) -> Option<Globs> {
        let Some(found) = found else {
            let message = format!("{what} needs `paths`");
            let help = "for example `paths: [\"support/**\"]`".to_string();
            self.fail(node.span, message, Some(help));
            return None;
        };
        Some(self.globs(found, "`paths`"))
    }

    fn budget(&mut self, node: &Node) -> Option<Budget> {
        let before = self.wrong.len();
        let pairs = self.map(node, "an entry of `budget`", keys::BUDGET);
        let get = |name: &str| pairs.iter().find(|(key, _)| key.text == name).map(|p| p.1);
        if self.wrong.len() > before && pairs.is_empty() {
            return None;
        }
        let paths = self.paths(node, get("paths"), "an entry of `budget`")?;
        Some(Budget {
            paths,
            tokens: get("tokens").and_then(|node| self.count(node, "`tokens`")),
            min_cached_tokens: get("min-cached-tokens")
                .and_then(|node| self.count(node, "`min-cached-tokens`")),
        })
    }

    fn override_entry(&mut self, node: &Node) -> Option<Override> {
        let before = self.wrong.len();
        let pairs = self.map(node, "an entry of `overrides`", keys::OVERRIDE);
        if self.wrong.len() > before && pairs.is_empty() {
            return None;
        }
        let mut body = Body::default();
        let mut paths = None;
        for (key, value) in &pairs {
            if key.text == "paths" {
                paths = Some(*value);
            } else {
                self.body(key, value, &mut body);
            }
        }
        let paths = self.paths(node, paths, "an entry of `overrides`")?;
        Some(Override { paths, body })
    }

    /// Entries of a table that has its own reader.
    fn table(&mut self, node: &Node, what: &str) -> Vec<serde_yaml::Value> {
        let mut out = Vec::new();
        for item in self.items(node, what) {
            if matches!(item.kind, Kind::Map(_)) {
                out.push(item.to_value());
            } else {
                self.expected(item, &format!("an entry of {what}"), "a mapping");
            }
        }
        out
    }
}
