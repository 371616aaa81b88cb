//! The model table, for a terminal and as JSON. Knows nothing of findings.

use serde_json::{json, Map, Value};

use crate::providers::{Listed, Match, Model, Prices};

const HEADINGS: [&str; 9] = [
    "MODEL", "PROVIDER", "MINIMUM", "TTL", "INPUT", "READ", "WRITE", "BATCH", "AS OF",
];

/// An aligned table: tokens, minutes, dollars per million tokens.
pub fn table(models: &[Listed]) -> String {
    let mut rows: Vec<Vec<String>> = vec![HEADINGS.iter().map(|h| h.to_string()).collect()];
    rows.extend(models.iter().map(|listed| row(&listed.model)));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn row(model: &Model) -> Vec<String> {
    let dash = || "-".to_string();
    let price = |price: Option<f64>| price.map_or_else(dash, dollars);
    let of = |pick: fn(&Prices) -> Option<f64>| price(model.prices.as_ref().and_then(pick));
    let (low, high) = model.minimum_range;
    let minimum = match (model.matching, low == high) {
        (Match::None, _) => dash(),
        (_, true) => model.minimum.to_string(),
        _ => format!("{low}-{high}"),
    };
    let batch = model.batch.map_or_else(dash, |batch| {
        format!("{} / {}", dollars(batch.input), price(batch.read))
    });
    vec![
        model.id.clone(),
        model.provider.clone(),
        minimum,
        if model.matching == Match::None {
            dash()
        } else {
            ttl(model)
        },
        of(|p| Some(p.input)),
        of(|p| p.read),
        of(|p| p.write),
        batch,
        model.as_of.clone(),
    ]
}

fn ttl(model: &Model) -> String {
    let long = model
        .ttl
        .long
        .map(|long| format!(", {long}m"))
        .unwrap_or_default();
    format!("{}m{long}", model.ttl.assumed)
}

/// At least two decimals, no more than needed.
fn dollars(price: f64) -> String {
    let text = format!("{price:.6}");
    let text = text.trim_end_matches('0');
    let decimals = text.split_once('.').map_or(0, |(_, d)| d.len());
    format!("{text}{}", "0".repeat(2usize.saturating_sub(decimals)))
}

/// `{"models": [...]}`, pretty-printed, with every number of the table, its sources and its date.
pub fn json(models: &[Listed]) -> String {
    let models: Vec<Value> = models.iter().map(entry).collect();
    let mut out = serde_json::to_string_pretty(&json!({ "models": models })).unwrap_or_default();
    out.push('\n');
    out
}

fn entry(listed: &Listed) -> Value {
    let model = &listed.model;
    let (matching, step) = match model.matching {
        Match::Steps { step } => ("steps", Some(step)),
        Match::Ends => ("ends", None),
        Match::Marks => ("marks", None),
        Match::None => ("none", None),
    };
    let long = model.long_context.map(|(above, set)| {
        let mut out = Map::from_iter([("above".to_string(), json!(above))]);
        if let Value::Object(set) = prices(&set) {
            out.extend(set);
        }
        out
    });
    let later: Vec<Value> = listed
        .later
        .iter()
        .map(|(from, set)| json!({ "from": from, "prices": prices(set) }))
        .collect();
    let tiers: Vec<Value> = model
        .key_settings
        .iter()
        .map(|(option, tier)| json!({ "option": option, "tier": tier }))
        .collect();
    let unsupported: Vec<Value> = model
        .unsupported
        .iter()
        .map(|(option, what)| json!({ "option": option, "effect": what }))
        .collect();
    json!({
        "id": model.id,
        "provider": model.provider,
        "profile": model.profile,
        "status": model.status,
        "retires": listed.retires,
        "matching": matching,
        "step": step,
        "self-healing": model.self_healing,
        "minimum": { "assumed": model.minimum, "low": model.minimum_range.0, "high": model.minimum_range.1 },
        "ttl-minutes": {
            "assumed": model.ttl.assumed, "low": model.ttl.low, "high": model.ttl.high, "long": model.ttl.long,
        },
        "prices": model.prices.as_ref().map(prices),
        "long-context": long,
        "batch": model.batch.as_ref().map(prices),
        "later": later,
        "storage": listed.storage,
        "peak": listed.peak.as_ref().map(|(factor, when)| json!({ "multiplier": factor, "when": when })),
        "explicit": listed.explicit.map(|(read, write)| json!({ "read": read, "write": write })),
        "charges-writes": model.charges_writes,
        "max-breakpoints": model.max_breakpoints,
        "lookback": model.lookback,
        "tokenizer": {
            "encoding": model.tokenizer.encoding, "exact": model.tokenizer.exact, "ratio": model.tokenizer.typical,
            "low": model.tokenizer.low, "high": model.tokenizer.high, "basis": listed.tokenizer_basis,
        },
        "framing": {
            "per-message": model.framing.per_message, "per-name": model.framing.per_name,
            "reply": model.framing.reply, "per-tool": model.framing.per_tool,
            "tools-prompt": model.framing.tools_prompt,
        },
        "wire-order": model.wire_order,
        "system-apart": model.system_apart,
        "cache-key": model.cache_key,
        "rate-per-key": model.rate_per_key,
        "key-settings": tiers,
        "unsupported": unsupported,
        "as-of": model.as_of,
        "sources": model.sources,
        "note": model.note,
    })
}

fn prices(set: &Prices) -> Value {
    json!({
        "input": set.input, "read": set.read, "write": set.write, "write-long": set.write_long, "output": set.output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Table;

    fn models(pattern: &str) -> Vec<Listed> {
        Table::embedded().all(Some(pattern), (2026, 11, 22))
    }

    #[test]
    fn columns_stand_under_each_other() {
        let text = table(&models("openai/gpt-5.4"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[1].contains("1024-2048") && lines[1].contains("1.25 / 0.13"));
        let at = lines[0].find("PROVIDER").expect("heading");
        assert!(lines[1..]
            .iter()
            .all(|line| line[at..].starts_with("openai")));
    }

    #[test]
    fn json_has_every_number_with_source_and_date() {
        let text = json(&models("gemini-3.8-flash"));
        let value: Value = serde_json::from_str(&text).expect("json");
        let model = &value["models"][0];
        assert_eq!(model["prices"]["input"], 0.75);
        assert_eq!(model["later"][0]["from"], "2027-01-01");
        assert_eq!(model["later"][0]["prices"]["input"], 1.5);
        assert_eq!(model["storage"], 0.5);
        assert_eq!(model["as-of"], "2026-11-22");
        assert!(model["sources"].as_array().is_some_and(|s| s.len() > 1));
    }
}
