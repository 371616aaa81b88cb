//! One provider's file: its header, and its models and policies once one of them is asked for.
//! Knows nothing of other providers.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde_yaml::{Mapping, Value};

use super::build::{merge, strings, text};

/// One provider.
pub(super) struct Room {
    pub(super) head: Value,
    pub(super) name: String,
    body_text: &'static str,
    /// Entries of price files, before the embedded ones.
    extra: Vec<Value>,
    body: OnceLock<Body>,
}

pub(super) struct Body {
    pub(super) value: Value,
    pub(super) entries: Vec<Value>,
    pub(super) matches: RegexSet,
}

/// Ids are ASCII: bytes keep the automata small.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

/// Anchors are added here, so that no pattern of a file can match a part of an id.
pub(super) fn compile_set(patterns: &[String]) -> Result<RegexSet, regex::Error> {
    let anchored: Vec<String> = patterns.iter().map(|p| format!("^(?:{p})$")).collect();
    RegexSetBuilder::new(anchored).unicode(false).build()
}

/// The pattern of an entry: its own, else its id and the provider's suffix.
pub(super) fn pattern(body: &Value, entry: &Value) -> String {
    let suffix = text(body, "suffix").unwrap_or_default();
    match text(entry, "match") {
        Some(own) => own.replace("{suffix}", suffix),
        None => {
            let id = text(entry, "id").unwrap_or_default().to_ascii_lowercase();
            format!("{}{suffix}", regex::escape(&id))
        }
    }
}

/// Checks a pattern of a price file.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    compile_set(&[pattern.to_string()])
        .map(|_| ())
        .map_err(|e| e.to_string())
}

impl Room {
    pub(super) fn new(file: &'static str) -> Room {
        let (head, body_text) = file.split_once("\n---\n").unwrap_or((file, ""));
        let head: Value =
            serde_yaml::from_str(head).expect("an embedded provider header is valid YAML: tested");
        let name = text(&head, "provider").unwrap_or_default().to_string();
        Room {
            head,
            name,
            body_text,
            extra: Vec::new(),
            body: OnceLock::new(),
        }
    }

    /// Puts an entry before all others; what was built without it is built anew.
    pub(super) fn put_first(&mut self, entry: Value) {
        self.extra.insert(0, entry);
        self.body = OnceLock::new();
    }

    pub(super) fn body(&self) -> &Body {
        self.body.get_or_init(|| {
            let value: Value = serde_yaml::from_str(self.body_text)
                .expect("an embedded provider table is valid YAML: tested");
            let own = value.get("models").and_then(Value::as_sequence);
            let entries: Vec<Value> = self
                .extra
                .iter()
                .chain(own.into_iter().flatten())
                .cloned()
                .collect();
            let patterns: Vec<String> = entries
                .iter()
                .map(|entry| match text(entry, "like") {
                    // Matched through the parent, by the parent's id.
                    Some(like) if entry.get("id").is_none() => regex::escape(like),
                    _ => pattern(&value, entry),
                })
                .collect();
            let matches = compile_set(&patterns)
                .expect("model patterns are checked before they enter a table");
            Body {
                value,
                entries,
                matches,
            }
        })
    }

    pub(super) fn says(&self, name: &str) -> bool {
        self.name == name
            || strings(self.head.get("aliases"))
                .iter()
                .any(|alias| alias == name)
    }

    /// The id without what the provider puts in front of it.
    pub(super) fn stripped<'a>(&self, name: &'a str) -> &'a str {
        let strip = text(&self.head, "strip").and_then(|p| compile(&format!("^(?:{p})")));
        let end = strip
            .and_then(|re| re.find(name.as_bytes()).map(|m| m.end()))
            .unwrap_or(0);
        name.get(end..).unwrap_or(name)
    }

    /// Policy of a name, with its `extends` laid under it and its sources spelt out.
    pub(super) fn profile(&self, name: &str) -> Value {
        let profiles = self.body().value.get("profiles");
        let mut chain = Vec::new();
        let mut next = Some(name.to_string());
        while let Some(profile) = next.and_then(|name| profiles.and_then(|p| p.get(name.as_str())))
        {
            chain.push(profile);
            next = text(profile, "extends")
                .filter(|_| chain.len() < 8)
                .map(String::from);
        }
        let empty = Value::Mapping(Mapping::new());
        chain
            .iter()
            .rev()
            .fold(empty, |under, over| merge(&under, over))
    }

    pub(super) fn default(&self) -> &Value {
        self.body().value.get("default").unwrap_or(&Value::Null)
    }

    pub(super) fn default_profile(&self) -> String {
        let value = &self.body().value;
        let of_defaults = value.get("defaults").and_then(|d| text(d, "profile"));
        let name = text(self.default(), "profile").or(of_defaults);
        name.unwrap_or("none").to_string()
    }

    /// Defaults under an entry, with the tokenizer and the sources spelt out.
    pub(super) fn flat(&self, entry: &Value) -> Value {
        let body = &self.body().value;
        let empty = Value::Mapping(Mapping::new());
        let mut flat = merge(body.get("defaults").unwrap_or(&empty), entry);
        let named = text(&flat, "tokenizer")
            .and_then(|name| body.get("tokenizers").and_then(|t| t.get(name)));
        let tokenizer = named.cloned();
        let sources = self.spelt(flat.get("sources"));
        if let Value::Mapping(map) = &mut flat {
            if let Some(tokenizer) = tokenizer {
                map.insert("tokenizer".into(), tokenizer);
            }
            map.insert(
                "sources".into(),
                sources.into_iter().map(Value::from).collect(),
            );
        }
        flat
    }

    /// Source names of this file as `where (date)`.
    pub(super) fn spelt(&self, names: Option<&Value>) -> Vec<String> {
        let table = self.body().value.get("sources");
        let spell = |name: String| {
            let source = table.and_then(|t| t.get(name.as_str()));
            let place = source.and_then(|s| text(s, "url").or(text(s, "package")));
            match (place, source.and_then(|s| s.get("date"))) {
                (Some(place), Some(Value::String(date))) => format!("{place} ({date})"),
                (Some(place), Some(Value::Number(year))) => format!("{place} ({year})"),
                (Some(place), _) => place.to_string(),
                _ => name,
            }
        };
        strings(names).into_iter().map(spell).collect()
    }
}
