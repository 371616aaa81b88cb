//! From a merged YAML entry to a `Model`. Knows the keys of an entry, not where entries come from.

use serde_yaml::{Mapping, Value};

use super::{Date, Framing, Listed, Match, Model, Prices, Tokenizer, Ttl};

/// Keys of a model entry, for spelling hints in price files.
pub(super) const ENTRY_KEYS: &[&str] = &[
    "id",
    "provider",
    "match",
    "like",
    "profile",
    "tokenizer",
    "minimum",
    "ttl",
    "prices",
    "explicit",
    "long_context",
    "batch",
    "peak",
    "status",
    "retires",
    "sources",
    "note",
    "framing",
    "step",
    "lookback",
    "max_breakpoints",
    "cache_key",
    "rate_per_key",
    "key_settings",
    "unsupported",
    "wire_order",
    "system_apart",
    "self_healing",
    "as_of",
];

/// Keys of a price set.
pub(super) const PRICE_KEYS: &[&str] = &[
    "from",
    "input",
    "read",
    "write",
    "write_long",
    "output",
    "storage",
];

/// Lays `over` on `base`: mappings key by key, a mapping on a list of mappings on each of them, else `over` wins.
pub(super) fn merge(base: &Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Mapping(base), Value::Mapping(over)) => {
            let mut out = base.clone();
            for (key, value) in over {
                let merged = base
                    .get(key)
                    .map_or_else(|| value.clone(), |old| merge(old, value));
                out.insert(key.clone(), merged);
            }
            Value::Mapping(out)
        }
        (Value::Sequence(items), Value::Mapping(_))
            if items.iter().all(Value::is_mapping) && !items.is_empty() =>
        {
            Value::Sequence(items.iter().map(|item| merge(item, over)).collect())
        }
        _ => over.clone(),
    }
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    value
        .get(key)
        .and_then(Value::as_f64)
        .filter(|n| n.is_finite() && *n >= 0.0)
}

fn count(value: &Value, key: &str) -> Option<u32> {
    value.get(key).and_then(as_count)
}

fn as_count(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| u32::try_from(n).ok())
}

pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Sequence(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(String::from)
            .collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// `2026-11-22` as a date; a date without a day or month counts from its start.
pub(super) fn date(iso: &str) -> Option<Date> {
    let mut parts = iso.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next().map_or(Some(1), |p| p.parse().ok())?;
    let day = parts.next().map_or(Some(1), |p| p.parse().ok())?;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day))
}

fn prices(value: &Value) -> Option<Prices> {
    Some(Prices {
        input: number(value, "input")?,
        read: number(value, "read"),
        write: number(value, "write"),
        write_long: number(value, "write_long"),
        output: number(value, "output"),
    })
}

/// The price set in force on a date, and the ones that follow.
fn in_force(value: Option<&Value>, today: Date) -> (Option<&Value>, Vec<(String, Prices)>) {
    let Some(Value::Sequence(sets)) = value else {
        return (value, Vec::new());
    };
    let mut dated: Vec<(Option<Date>, &Value)> = sets
        .iter()
        .map(|set| (text(set, "from").and_then(date), set))
        .collect();
    dated.sort_by_key(|(from, _)| *from);
    let holds = |from: &Option<Date>| from.is_none_or(|from| from <= today);
    let current = dated
        .iter()
        .rev()
        .find(|(from, _)| holds(from))
        .or(dated.first());
    let later = dated
        .iter()
        .filter(|(from, _)| !holds(from))
        .filter_map(|(_, set)| Some((text(set, "from")?.to_string(), prices(set)?)))
        .collect();
    (current.map(|(_, set)| *set), later)
}

/// Batch prices: what is published first, else the multiplier. `read: null` = no cache in a batch.
fn batch(value: Option<&Value>, standard: Option<Prices>) -> Option<Prices> {
    let (value, standard) = (value?, standard?);
    if !value.is_mapping() {
        return None;
    }
    let factor = number(value, "multiplier");
    let of = |key: &str, price: Option<f64>| match value.get(key) {
        Some(Value::Null) => None,
        Some(_) => number(value, key),
        None => Some(price? * factor?),
    };
    let read = of("read", standard.read);
    Some(Prices {
        input: of("input", Some(standard.input))?,
        read,
        write: read.and(of("write", standard.write)),
        write_long: read.and(of("write_long", standard.write_long)),
        output: of("output", standard.output),
    })
}

fn minimum(value: Option<&Value>) -> (u32, (u32, u32)) {
    match value {
        Some(Value::Mapping(_)) => {
            let value = value.unwrap_or(&Value::Null);
            let assumed = count(value, "assumed").unwrap_or(1024);
            let low = count(value, "low").unwrap_or(assumed);
            let high = count(value, "high").unwrap_or(assumed.max(low));
            (assumed, (low, high))
        }
        other => {
            let tokens = other.and_then(as_count).unwrap_or(1024);
            (tokens, (tokens, tokens))
        }
    }
}

fn ttl(value: Option<&Value>) -> Ttl {
    let value = value.unwrap_or(&Value::Null);
    let assumed = number(value, "assumed")
        .or_else(|| value.as_f64())
        .unwrap_or(5.0);
    Ttl {
        assumed,
        low: number(value, "low").unwrap_or(assumed),
        high: number(value, "high"),
        long: number(value, "long"),
    }
}

fn tokenizer(value: Option<&Value>) -> Tokenizer {
    let value = value.unwrap_or(&Value::Null);
    let exact = value.get("exact").and_then(Value::as_bool).unwrap_or(false);
    let typical = number(value, "ratio").unwrap_or(1.0);
    Tokenizer {
        encoding: text(value, "encoding").unwrap_or("o200k_base").to_string(),
        exact,
        typical,
        low: number(value, "low").unwrap_or(typical),
        high: number(value, "high").unwrap_or(typical),
    }
}

fn framing(value: Option<&Value>) -> Framing {
    let value = value.unwrap_or(&Value::Null);
    let of = |key| count(value, key).unwrap_or(0);
    Framing {
        per_message: of("per_message"),
        per_name: of("per_name"),
        reply: of("reply"),
        per_tool: of("per_tool"),
        tools_prompt: of("tools_prompt"),
    }
}

/// `{tier: [option]}` as (option, tier), in the order of the file.
fn key_settings(value: Option<&Value>) -> Vec<(String, String)> {
    let empty = Mapping::new();
    let tiers = value.and_then(Value::as_mapping).unwrap_or(&empty);
    tiers
        .iter()
        .flat_map(|(tier, options)| {
            let tier = tier.as_str().unwrap_or_default().to_string();
            strings(Some(options))
                .into_iter()
                .map(move |option| (option, tier.clone()))
        })
        .collect()
}

fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let empty = Mapping::new();
    let entries = value.and_then(Value::as_mapping).unwrap_or(&empty);
    entries
        .iter()
        .filter_map(|(key, what)| Some((key.as_str()?.to_string(), what.as_str()?.to_string())))
        .collect()
}

fn matching(value: &Value) -> Match {
    match text(value, "match") {
        Some("steps") => Match::Steps {
            step: count(value, "step").unwrap_or(1).max(1),
        },
        Some("ends") => Match::Ends,
        Some("marks") => Match::Marks,
        _ => Match::None,
    }
}

/// An entry with everything laid on: provider, id and the policy under `policy`, the model's own keys beside it.
pub(super) struct Merged<'a> {
    pub id: &'a str,
    pub provider: &'a str,
    pub profile: &'a str,
    pub as_of: &'a str,
    pub value: Value,
    pub sources: Vec<String>,
    /// Regional premium, 1 without one.
    pub factor: f64,
}

fn scaled(prices: Prices, factor: f64) -> Prices {
    let of = |price: Option<f64>| price.map(|price| price * factor);
    Prices {
        input: prices.input * factor,
        read: of(prices.read),
        write: of(prices.write),
        write_long: of(prices.write_long),
        output: of(prices.output),
    }
}

pub(super) fn listed(merged: Merged, today: Date) -> Listed {
    let value = &merged.value;
    let scale = |prices: Prices| {
        if merged.factor == 1.0 {
            prices
        } else {
            scaled(prices, merged.factor)
        }
    };
    let (set, later) = in_force(value.get("prices"), today);
    let standard = set.and_then(prices).map(scale);
    let long = value.get("long_context").filter(|v| v.is_mapping());
    let (minimum, minimum_range) = minimum(value.get("minimum"));
    let model = Model {
        id: merged.id.to_string(),
        provider: merged.provider.to_string(),
        profile: merged.profile.to_string(),
        status: text(value, "status").unwrap_or("current").to_string(),
        matching: matching(value),
        self_healing: value
            .get("self_healing")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        minimum,
        minimum_range,
        ttl: ttl(value.get("ttl")),
        prices: standard,
        long_context: long.and_then(|long| Some((count(long, "above")?, scale(prices(long)?)))),
        batch: batch(value.get("batch"), standard),
        max_breakpoints: count(value, "max_breakpoints"),
        lookback: count(value, "lookback"),
        tokenizer: tokenizer(value.get("tokenizer")),
        framing: framing(value.get("framing")),
        wire_order: strings(value.get("wire_order")),
        system_apart: value
            .get("system_apart")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        cache_key: text(value, "cache_key").map(String::from),
        rate_per_key: number(value, "rate_per_key"),
        key_settings: key_settings(value.get("key_settings")),
        unsupported: pairs(value.get("unsupported")),
        charges_writes: standard.is_some_and(|p| p.write.is_some_and(|write| write > p.input)),
        as_of: text(value, "as_of").unwrap_or(merged.as_of).to_string(),
        sources: merged.sources,
        note: text(value, "note").map(String::from),
        fallback: false,
    };
    let peak = value.get("peak");
    let explicit = value.get("explicit").filter(|v| v.is_mapping());
    Listed {
        model,
        retires: text(value, "retires").map(String::from),
        storage: set.and_then(|set| number(set, "storage")),
        peak: peak
            .and_then(|peak| Some((number(peak, "multiplier")?, text(peak, "when")?.to_string()))),
        explicit: explicit.map(|e| (number(e, "read"), number(e, "write"))),
        later: later
            .into_iter()
            .map(|(from, set)| (from, scale(set)))
            .collect(),
        tokenizer_basis: value
            .get("tokenizer")
            .and_then(|t| text(t, "basis"))
            .map(String::from),
    }
}
