//! Data files that code loads: a document of JSON, YAML or TOML becomes objects, lists and texts, each text at its place
//! in the file. Only documents that hold prose: what else a file configures stays a value that the program may be given
//! otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::frontend::code::language_of;
use crate::frontend::document::value::{self as document, Kind, Resolved};
use crate::prompt::Piece;
use crate::source::{Place, Text};
use crate::volatility::classify::{ValueKind, Verdict};

use super::arms::choose;
use super::eval::{deploy, Eval};
use super::heap::Item;
use super::noted::MIN_TEXT;
use super::tables::Operation;
use super::things::{thing_of, Thing};
use super::value::{Argument, Unknown, Value};

/// Bytes of a document, and values in it: beyond that it is data.
const MAX_BYTES: usize = 1 << 18;
const MAX_VALUES: usize = 4_000;
/// Keys whose words are no prose and still say what a message is, or who answers.
const WORD_KEYS: [&str; 3] = ["role", "type", "model"];

type Key = (Place, Format);

/// Documents that were parsed, by their texts. `None`: none that is of interest.
#[derive(Default)]
pub struct Documents {
    known: Mutex<HashMap<Key, Option<Arc<document::Value>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    Json,
    Yaml,
    Toml,
}

impl Format {
    fn of_path(path: &str) -> Option<Format> {
        let (_, end) = path.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "json" | "jsonc" | "json5" => Some(Format::Json),
            "yaml" | "yml" => Some(Format::Yaml),
            "toml" => Some(Format::Toml),
            _ => None,
        }
    }

    /// By the file, else by the function that parses it.
    fn of(path: &str, function: &str) -> Format {
        let named = || match function.to_ascii_lowercase() {
            name if name.contains("yaml") => Format::Yaml,
            name if name.contains("toml") => Format::Toml,
            _ => Format::Json,
        };
        Format::of_path(path).unwrap_or_else(named)
    }
}

impl Documents {
    fn parsed(&self, text: &Text, format: Format) -> Option<Arc<document::Value>> {
        let key = (text.whole(), format);
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        let mut parsed = match format {
            Format::Json => document::parse_json(text),
            Format::Yaml => document::parse_yaml(text),
            Format::Toml => document::parse_toml(text),
        };
        let whole = parsed.problems.is_empty() && !parsed.documents.is_empty();
        let value = whole.then(|| parsed.documents.swap_remove(0));
        let value = value.filter(|value| {
            let mut left = MAX_VALUES;
            let prose = holds_prose(value, &mut left);
            prose && left > 0 && value.as_scalar().is_none()
        });
        lock().entry(key).or_insert(value.map(Arc::new)).clone()
    }
}

/// Whether some text in a value is long enough for a prompt; counts the values down.
fn holds_prose(value: &document::Value, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    if *left == 0 {
        return false;
    }
    match &value.kind {
        Kind::Scalar(scalar) => scalar.text.len() >= MIN_TEXT && is_prose(scalar.text.as_str()),
        // All are looked at: they are counted.
        Kind::Seq(items) => {
            let found = items.iter().map(|item| holds_prose(item, left));
            found.fold(false, |any, one| any | one)
        }
        Kind::Map(entries) => {
            let found = entries.iter().map(|entry| holds_prose(&entry.value, left));
            found.fold(false, |any, one| any | one)
        }
    }
}

fn is_prose(text: &str) -> bool {
    text.trim().contains(char::is_whitespace)
}

impl Eval<'_, '_> {
    /// `json.load(file)`, `yaml.safe_load(text)`, `toml.load(path)`. `None`: not a document that is in sight.
    pub fn document_function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
    ) -> Option<Value> {
        let value = &args.first()?.value;
        self.document_of(value, operation == Operation::LoadDocument, path)
    }

    fn document_of(&mut self, value: &Value, by_path: bool, function: &str) -> Option<Value> {
        if let Value::Choice(choice) = value {
            let mut arms = Vec::new();
            for arm in choice.arms.iter().filter(|arm| !arm.is_nothing()) {
                arms.push(self.document_of(arm, by_path, function)?);
            }
            return Some(choose(&choice.condition, arms));
        }
        let text = match (thing_of(value), value) {
            (Some(Thing::File(location)), _) => {
                let location = location.clone();
                let path = self.existing(&location)?;
                self.data_text(&path)?
            }
            (Some(Thing::Path(_)), _) | (None, Value::Text(_)) if by_path => {
                let (location, _) = self.location(value);
                let path = self.existing(&location)?;
                self.data_text(&path)?
            }
            (None, Value::Text(pieces)) => match &pieces[..] {
                [Piece::Text(text)] if language_of(&text.path).is_none() => text.clone(),
                _ => return None,
            },
            _ => return None,
        };
        self.document(&text, Format::of(&text.path, function))
    }

    /// A file that is imported as data.
    pub fn imported_document(&mut self, path: &Arc<str>) -> Option<Value> {
        let format = Format::of_path(path)?;
        let text = self.data_text(path)?;
        self.document(&text, format)
    }

    fn data_text(&mut self, path: &Arc<str>) -> Option<Text> {
        let file = self.program.files.read(path)?;
        if file.binary || file.text.len() > MAX_BYTES {
            return None;
        }
        self.program.files.remember(&file);
        Some(file.content())
    }

    fn document(&mut self, text: &Text, format: Format) -> Option<Value> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let parsed = self.program.documents.parsed(text, format)?;
        Some(self.built(&parsed, "", &text.path))
    }

    fn built(&mut self, value: &document::Value, key: &str, path: &Arc<str>) -> Value {
        let place = value.place(path);
        match &value.kind {
            Kind::Map(entries) => {
                let each = entries.iter().map(|entry| {
                    let key = entry.key.as_str();
                    (key.to_string(), self.built(&entry.value, key, path))
                });
                let entries = each.collect();
                self.new_object(entries, place)
            }
            Kind::Seq(items) => {
                let each = items
                    .iter()
                    .map(|item| Item::One(self.built(item, key, path), item.place(path)));
                let items = each.collect();
                self.new_list(items, place)
            }
            Kind::Scalar(scalar) => {
                let text = scalar.text.as_str();
                let known = is_prose(text) || WORD_KEYS.contains(&key);
                match scalar.resolved {
                    Resolved::String if known => Value::text(scalar.text.clone()),
                    Resolved::Null if self.is_python() => Value::None,
                    Resolved::Null => Value::Null,
                    _ => configured(key, text.len()),
                }
            }
        }
    }
}

/// A value that a file sets and no prompt is made of: as fixed as the program, and not to be decided by.
fn configured(key: &str, bytes: usize) -> Value {
    let verdict = Verdict {
        kind: ValueKind::Plain,
        volatility: deploy("a value of a file"),
        tokens: (bytes / 4).clamp(1, 200) as u32,
        clock: false,
    };
    Unknown::new(key.to_string(), verdict).into_value()
}
