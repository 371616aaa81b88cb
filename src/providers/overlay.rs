//! Price files of the user, laid over the embedded table. Same keys as the embedded entries.

use serde_yaml::Value;

use super::build::{date, number, text, ENTRY_KEYS, PRICE_KEYS};
use super::room::{check_pattern, pattern};
use super::table::Table;

/// Why a price file was refused, with its place and a way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PriceError {
    pub message: String,
    /// 1-based; 0 where no place is known.
    pub line: usize,
    /// 1-based.
    pub column: usize,
    pub help: String,
}

impl std::fmt::Display for PriceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}: {} ({})",
            self.line, self.column, self.message, self.help
        )
    }
}

impl std::error::Error for PriceError {}

const SHAPE: &str = "write `models:` with entries such as `{ id: my-model, provider: openai, prices: { input: 2 } }`";

impl Table {
    /// The embedded table with the entries of a price file before its own: a list of entries, or a mapping with
    /// `models` and, for all of them, `provider` and `as_of`. An entry whose id is in the table changes what it
    /// names; a new one has the profile it names or the provider's default, or is `like` a known one.
    pub fn with_prices(yaml: &str) -> Result<Table, PriceError> {
        Table::fresh().add_prices(yaml)
    }

    /// This table with the entries of a price file before its own, as [`Table::with_prices`] reads them.
    pub fn add_prices(mut self, yaml: &str) -> Result<Table, PriceError> {
        let file: Value = serde_yaml::from_str(yaml).map_err(|error| {
            let at = error.location();
            PriceError {
                message: error.to_string(),
                line: at.as_ref().map_or(0, |at| at.line()),
                column: at.as_ref().map_or(0, |at| at.column()),
                help: "the file is no YAML".to_string(),
            }
        })?;
        let entries = match &file {
            Value::Null => Some(&[][..]),
            Value::Sequence(items) => Some(items.as_slice()),
            other => other
                .get("models")
                .and_then(Value::as_sequence)
                .map(Vec::as_slice),
        };
        let entries =
            entries.ok_or_else(|| place(yaml, 0, "", "no list of models".into(), SHAPE.into()))?;
        let table = &mut self;
        let mut added: Vec<(usize, Value)> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            added.push(checked(table, yaml, index, &file, entry)?);
        }
        for (room, entry) in added.into_iter().rev() {
            table.rooms[room].put_first(entry);
        }
        Ok(self)
    }
}

/// The entry with its room; defaults of the file filled in, and the known entry under it.
fn checked(
    table: &Table,
    yaml: &str,
    index: usize,
    file: &Value,
    entry: &Value,
) -> Result<(usize, Value), PriceError> {
    let fail =
        |key: &str, message: String, help: &str| place(yaml, index, key, message, help.to_string());
    let Value::Mapping(map) = entry else {
        return Err(fail("", "a model is a mapping".into(), SHAPE));
    };
    for key in map.keys().filter_map(Value::as_str) {
        known(key, ENTRY_KEYS).map_err(|help| fail(key, format!("unknown key `{key}`"), &help))?;
    }
    let id = text(entry, "id").ok_or_else(|| fail("", "a model needs an `id`".into(), SHAPE))?;
    let provider = text(entry, "provider").or(text(file, "provider"));
    let provider = provider.or_else(|| table.provider_from_model(id));
    let names = table.providers().collect::<Vec<_>>().join(", ");
    let help = format!("one of {names}");
    let provider = provider
        .ok_or_else(|| fail("id", format!("the provider of `{id}` is not known"), &help))?;
    let room = table
        .room(provider)
        .ok_or_else(|| fail("provider", format!("unknown provider `{provider}`"), &help))?;
    if let Some(own) = text(entry, "match") {
        let pattern = pattern(&Value::Null, entry);
        check_pattern(&pattern).map_err(|error| {
            fail(
                "match",
                format!("`{own}` is no pattern"),
                error.lines().last().unwrap_or(""),
            )
        })?;
    }
    check_prices(entry, &fail)?;
    let mut out = table.known_entry(room, text(entry, "like").unwrap_or(id), entry);
    if let Value::Mapping(map) = &mut out {
        map.insert("id".into(), id.into());
        map.remove("provider");
        if let (None, Some(as_of)) = (map.get("as_of").cloned(), text(file, "as_of")) {
            map.insert("as_of".into(), as_of.into());
        }
    }
    let position = table
        .rooms
        .iter()
        .position(|r| r.name == room.name)
        .unwrap_or(0);
    Ok((position, out))
}

fn check_prices(
    entry: &Value,
    fail: &dyn Fn(&str, String, &str) -> PriceError,
) -> Result<(), PriceError> {
    let sets: Vec<&Value> = match entry.get("prices") {
        Some(Value::Sequence(sets)) => sets.iter().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    for set in sets {
        let Value::Mapping(map) = set else {
            return Err(fail(
                "prices",
                "prices are a mapping".into(),
                "write `{ input: 2.5, read: 0.25 }`",
            ));
        };
        for (key, value) in map {
            let key = key.as_str().unwrap_or_default();
            known(key, PRICE_KEYS)
                .map_err(|help| fail(key, format!("unknown price `{key}`"), &help))?;
            let fine = match key {
                "from" => value.as_str().and_then(date).is_some(),
                _ => value.is_null() || number(set, key).is_some(),
            };
            if !fine {
                let help = if key == "from" {
                    "write a date such as 2027-01-01"
                } else {
                    "dollars per million tokens"
                };
                return Err(fail(
                    key,
                    format!("`{key}` has no value that can be used"),
                    help,
                ));
            }
        }
    }
    Ok(())
}

fn known(key: &str, keys: &[&str]) -> Result<(), String> {
    if keys.contains(&key) {
        return Ok(());
    }
    let near = keys
        .iter()
        .map(|k| (strsim::jaro_winkler(key, k), *k))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((score, near)) if score > 0.8 => Err(format!("did you mean `{near}`?")),
        _ => Err(format!("known are {}", keys.join(", "))),
    }
}

/// The line of a key within the entry of an index: the first line that holds the key behind the entry's own `id`.
/// YAML values carry no spans, and files of prices are short.
fn place(yaml: &str, index: usize, key: &str, message: String, help: String) -> PriceError {
    let lines: Vec<&str> = yaml.lines().collect();
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.trim_start().starts_with("- "))
        .map(|(at, _)| at)
        .collect();
    let indent = |at: &usize| lines[*at].len() - lines[*at].trim_start().len();
    let outer = starts.iter().map(indent).min().unwrap_or(0);
    let entry = starts
        .iter()
        .filter(|at| indent(at) == outer)
        .nth(index)
        .copied()
        .unwrap_or(0);
    let found = lines.iter().enumerate().skip(entry).find_map(|(at, line)| {
        let from = line.match_indices(key).find(|(from, _)| {
            let rest = line[from + key.len()..].trim_start();
            let before = line[..*from].chars().next_back();
            rest.starts_with(':') && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        });
        from.map(|(from, _)| (at, line[..from].chars().count()))
    });
    let (line, column) = found.filter(|_| !key.is_empty()).unwrap_or((entry, 0));
    PriceError {
        message,
        line: line + 1,
        column: column + 1,
        help,
    }
}
