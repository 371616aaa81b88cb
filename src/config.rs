//! Settings: `prefixlint.yaml`, found next to the file and above it. This file holds the typed settings that the
//! rest of the program sees; `set.rs` finds config files, `joined.rs` joins them, `read.rs` checks one. Prints nothing.

use std::sync::Arc;

use crate::finding::Severity;
use crate::volatility::Class;

pub mod edit;
mod glob;
mod joined;
mod keys;
mod read;
#[cfg(test)]
mod schema_tests;
mod set;
#[cfg(test)]
mod tests;
mod tree;
mod values;

pub use read::Known;
pub use set::{Above, CliOverrides, ConfigError, ConfigSet, LoadOptions};

/// Names of config files; where both stand in a folder the first one holds.
pub const FILE_NAMES: [&str; 2] = ["prefixlint.yaml", ".prefixlint.yaml"];

/// How the traffic figures were obtained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    Reference,
    Config,
    Measured,
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Basis::Reference => "reference",
            Basis::Config => "config",
            Basis::Measured => "measured",
        }
    }
}

/// Traffic of one prompt.
#[derive(Clone, PartialEq, Debug)]
pub struct Traffic {
    /// `None`: the reference rate of one call a minute.
    pub calls_per_month: Option<f64>,
    pub users: f64,
    pub tenants: f64,
    /// Calls per session where the request carries a conversation.
    pub calls_per_session: f64,
    /// Minutes between the calls of a session.
    pub gap: f64,
    pub batch: bool,
    /// Overrides the model's TTL, minutes.
    pub ttl: Option<f64>,
    /// `Config` where `calls_per_month` is configured: only then are there monthly figures.
    pub basis: Basis,
}

/// Minutes in the month of the cost model (30 days).
pub const MINUTES_PER_MONTH: f64 = 43_200.0;

impl Default for Traffic {
    fn default() -> Self {
        Traffic {
            calls_per_month: None,
            users: 100.0,
            tenants: 10.0,
            calls_per_session: 6.0,
            gap: 1.0,
            batch: false,
            ttl: None,
            basis: Basis::Reference,
        }
    }
}

impl Traffic {
    /// Calls a minute of one prompt.
    pub fn rate(&self) -> f64 {
        self.calls_per_month
            .map_or(1.0, |calls| calls / MINUTES_PER_MONTH)
    }
}

/// Sizes of stable content that is not in the repository, in tokens, and flips of session state.
#[derive(Clone, PartialEq, Debug)]
pub struct Assume {
    pub history_tokens: u32,
    pub tools_tokens: u32,
    pub unknown_text_tokens: u32,
    /// How often a session's state flips.
    pub flips: f64,
}

impl Default for Assume {
    fn default() -> Self {
        Assume {
            history_tokens: 2000,
            tools_tokens: 500,
            unknown_text_tokens: 200,
            flips: 1.0,
        }
    }
}

/// What the config says of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    Off,
    At(Severity),
    /// As the rule decides.
    Default,
}

/// How findings in tests, examples and docs are treated. Code of tests is read only where it is `Same`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tests {
    Note,
    Same,
    Off,
}

/// The target where nothing names one; the price tables say the same.
pub const BUILT_IN_MODEL: &str = "gpt-5.4";

/// The settings in force for one file: nearest config, its overrides, then the command line.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The default model, from the command line or the config; `None`: built in.
    pub model: Option<String>,
    pub traffic: Traffic,
    pub assume: Assume,
    pub tests: Tests,
    /// Pattern (`company_name`, `ctx.ticket*`) -> class, first match wins.
    pub volatility: Vec<(String, Class)>,
    /// Rule id or category -> level, first match wins.
    pub rules: Vec<(String, Level)>,
    /// Largest prompt allowed, in tokens.
    pub budget: Option<u32>,
    /// Fewest cached tokens promised.
    pub min_cached_tokens: Option<u32>,
    /// A warning saves at least this share of the prompt's input cost.
    pub warn_at: f64,
    /// Named in `include`: always a prompt.
    pub included: bool,
    pub excluded: bool,
    /// Entries for the tables of request calls and of models, nearest config first.
    pub sdk: Vec<serde_yaml::Value>,
    pub models: Vec<serde_yaml::Value>,
    /// The config files that these come from, what is extended first. From the root of the run.
    pub files: Arc<[Arc<str>]>,
}

impl Settings {
    /// What the config says of a rule, by its id or its category.
    pub fn level(&self, rule: &str, category: &str) -> Level {
        self.rules
            .iter()
            .find(|(name, _)| name == rule || name == category)
            .map_or(Level::Default, |(_, level)| *level)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            model: None,
            traffic: Traffic::default(),
            assume: Assume::default(),
            tests: Tests::Note,
            volatility: Vec::new(),
            rules: Vec::new(),
            budget: None,
            min_cached_tokens: None,
            warn_at: 0.05,
            included: false,
            excluded: false,
            sdk: Vec::new(),
            models: Vec::new(),
            files: Arc::default(),
        }
    }
}
