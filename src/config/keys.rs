//! The keys of a config, by the mapping they stand in. The JSON schema names the same (a test compares them).

pub const TOP: &[&str] = &[
    "extend",
    "model",
    "traffic",
    "assume",
    "include",
    "exclude",
    "tests",
    "volatility",
    "rules",
    "warn-at",
    "budget",
    "overrides",
    "sdk",
    "models",
    "max-file-size",
];

pub const TRAFFIC: &[&str] = &[
    "calls-per-month",
    "users",
    "tenants",
    "calls-per-session",
    "minutes-between-calls",
    "batch",
    "ttl",
];

pub const ASSUME: &[&str] = &[
    "history-tokens",
    "tools-tokens",
    "unknown-text-tokens",
    "flips",
];

pub const BUDGET: &[&str] = &["paths", "tokens", "min-cached-tokens"];

pub const OVERRIDE: &[&str] = &[
    "paths",
    "model",
    "traffic",
    "assume",
    "tests",
    "volatility",
    "rules",
    "warn-at",
];

/// The words `rules` takes for a level.
pub const LEVELS: &[&str] = &["off", "note", "warning", "error", "default"];

pub const TESTS: &[&str] = &["note", "same", "off"];
