//! `--show-settings`: the settings in force for a path, written as a config file that would set them.

use std::fmt::Write;

use serde_json::{json, Map, Value};

use super::json::{number, pretty};
use super::style::{Style, BOLD, CYAN, DIM};
use super::wording::plain;
use super::SettingsView;
use crate::config::{Level, Settings, Tests, BUILT_IN_MODEL};

pub fn text(views: &[SettingsView], style: Style) -> String {
    let mut out = String::new();
    for (index, view) in views.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let (path, from) = &view.shown;
        let from = from.as_deref().unwrap_or("built in, no config file");
        let title = style.paint(BOLD, path);
        let _ = writeln!(out, "# {title} {}", style.paint(DIM, &format!("({from})")));
        for (key, value) in lines(&view.settings) {
            let _ = writeln!(out, "{} {value}", style.paint(CYAN, &format!("{key}:")));
        }
    }
    out
}

/// `{"settings": [...]}`.
pub fn json(views: &[SettingsView]) -> String {
    let views: Vec<Value> = views.iter().map(value).collect();
    pretty(&json!({ "settings": views }))
}

fn lines(settings: &Settings) -> Vec<(&'static str, String)> {
    let traffic = &settings.traffic;
    let assume = &settings.assume;
    let mut fields = Vec::new();
    if let Some(calls) = traffic.calls_per_month {
        fields.push(format!("calls-per-month: {calls}"));
    }
    fields.push(format!("users: {}", traffic.users));
    fields.push(format!("tenants: {}", traffic.tenants));
    fields.push(format!("calls-per-session: {}", traffic.calls_per_session));
    fields.push(format!("batch: {}", traffic.batch));
    if let Some(ttl) = traffic.ttl {
        fields.push(format!("ttl: {}", plain(ttl)));
    }
    let map = |pairs: Vec<String>| format!("{{ {} }}", pairs.join(", "));
    let mut out =
        vec![
            (
                "model",
                settings
                    .model
                    .clone()
                    .unwrap_or_else(|| format!("{BUILT_IN_MODEL} # built in")),
            ),
            ("traffic", map(fields)),
            (
                "assume",
                format!(
                "{{ history-tokens: {}, tools-tokens: {}, unknown-text-tokens: {}, flips: {} }}",
                assume.history_tokens, assume.tools_tokens, assume.unknown_text_tokens, assume.flips
            ),
            ),
            ("tests", tests_name(settings.tests).to_string()),
            ("warn-at", settings.warn_at.to_string()),
        ];
    if !settings.volatility.is_empty() {
        let pairs = settings
            .volatility
            .iter()
            .map(|(name, class)| format!("{}: {class}", quoted(name)));
        out.push(("volatility", map(pairs.collect())));
    }
    if !settings.rules.is_empty() {
        let pairs = settings
            .rules
            .iter()
            .map(|(rule, level)| format!("{rule}: {}", level_name(*level)));
        out.push(("rules", map(pairs.collect())));
    }
    if let Some(tokens) = settings.budget {
        out.push(("# budget", format!("{tokens} tokens")));
    }
    if let Some(tokens) = settings.min_cached_tokens {
        out.push(("# min-cached-tokens", tokens.to_string()));
    }
    if settings.included {
        out.push(("# include", "yes: always a prompt".to_string()));
    }
    if settings.excluded {
        out.push(("# exclude", "yes: not linted".to_string()));
    }
    out
}

/// A YAML key, quoted where a plain one would be read otherwise.
fn quoted(name: &str) -> String {
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain {
        name.to_string()
    } else {
        Value::from(name).to_string()
    }
}

fn value(view: &SettingsView) -> Value {
    let settings = &view.settings;
    let (traffic, assume) = (&settings.traffic, &settings.assume);
    let volatility: Map<String, Value> = settings
        .volatility
        .iter()
        .map(|(name, class)| (name.clone(), class.name().into()))
        .collect();
    let rules: Map<String, Value> = settings
        .rules
        .iter()
        .map(|(rule, level)| (rule.clone(), level_name(*level).into()))
        .collect();
    json!({
        "path": view.path,
        "from": view.from,
        "model": settings.model,
        "traffic": {
            "calls-per-month": traffic.calls_per_month.map(number),
            "users": number(traffic.users),
            "tenants": number(traffic.tenants),
            "calls-per-session": number(traffic.calls_per_session),
            "batch": traffic.batch,
            "ttl": traffic.ttl.map(number),
            "basis": traffic.basis.name(),
        },
        "assume": {
            "history-tokens": assume.history_tokens,
            "tools-tokens": assume.tools_tokens,
            "unknown-text-tokens": assume.unknown_text_tokens,
            "flips": number(assume.flips),
        },
        "tests": tests_name(settings.tests),
        "warn-at": number(settings.warn_at),
        "volatility": volatility,
        "rules": rules,
        "budget": settings.budget,
        "min-cached-tokens": settings.min_cached_tokens,
        "included": settings.included,
        "excluded": settings.excluded,
    })
}

fn tests_name(tests: Tests) -> &'static str {
    match tests {
        Tests::Note => "note",
        Tests::Same => "same",
        Tests::Off => "off",
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::At(severity) => severity.name(),
        Level::Default => "default",
    }
}
