//! Cache policies and prices per model, over `rules/providers/*.yaml`.
//! Knows nothing of prompts.

mod build;
mod lookup;
mod overlay;
mod room;
mod table;
#[cfg(test)]
mod tests;

pub use overlay::PriceError;
pub use table::Table;

/// Year, month, day. Prices are those in force on a date that the caller names; nothing here reads a clock.
pub type Date = (i32, u32, u32);

/// How a provider finds the end of a reusable prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    /// Every `step` tokens from the minimum on (OpenAI before 5.6).
    Steps { step: u32 },
    /// Ends of eligible messages and explicit marks (GPT-5.6 and later, DeepSeek).
    Ends,
    /// Only markers in force (Anthropic, Bedrock).
    Marks,
    /// No prompt cache.
    None,
}

/// A price set, USD per million tokens.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Prices {
    pub input: f64,
    /// Read from the cache; `None`: no cache at this price set.
    pub read: Option<f64>,
    /// Written to the cache at the default TTL; `None`: written tokens cost input.
    pub write: Option<f64>,
    /// Written at the long TTL (1 h, 12 h).
    pub write_long: Option<f64>,
    pub output: Option<f64>,
}

/// Minutes an unused entry lives: what a report assumes, and the documented range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ttl {
    pub assumed: f64,
    pub low: f64,
    pub high: Option<f64>,
    /// The long TTL on offer, if any.
    pub long: Option<f64>,
}

/// Tokens of the model per token of the counting encoding.
#[derive(Clone, PartialEq, Debug)]
pub struct Tokenizer {
    /// `o200k_base`, `cl100k_base`, `p50k_base`, `r50k_base`, `o200k_harmony`.
    pub encoding: String,
    /// Whether that encoding is the model's own.
    pub exact: bool,
    pub typical: f64,
    pub low: f64,
    pub high: f64,
}

/// Everything the cost model and the rules need of one model.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub id: String,
    pub provider: String,
    pub profile: String,
    pub status: String,
    pub matching: Match,
    /// A common prefix is detected and persisted by itself after some requests (DeepSeek).
    pub self_healing: bool,
    /// Minimum cacheable prefix in the model's tokens.
    pub minimum: u32,
    /// The documented range of the minimum where it is not one number.
    pub minimum_range: (u32, u32),
    pub ttl: Ttl,
    /// Standard prices; `None` for self-hosted models.
    pub prices: Option<Prices>,
    /// Above this many prompt tokens the whole request costs `long_prices`.
    pub long_context: Option<(u32, Prices)>,
    /// Batch prices; `read: None` = no cache in a batch.
    pub batch: Option<Prices>,
    pub max_breakpoints: Option<u32>,
    /// Blocks between markers that the provider looks back.
    pub lookback: Option<u32>,
    pub tokenizer: Tokenizer,
    /// Tokens a chat message adds, a name adds, the reply adds.
    pub framing: Framing,
    /// Wire order of sections: `tools`, `system`, `messages` with `schema` at its place.
    pub wire_order: Vec<String>,
    /// Whether the system prompt is a field of its own in front of the turns, not a message among them.
    pub system_apart: bool,
    /// The request option that routes to a cache (`prompt_cache_key`), if the model uses one.
    pub cache_key: Option<String>,
    /// Calls a minute per prefix and key above which one machine overflows.
    pub rate_per_key: Option<f64>,
    /// Options that are part of the cache key, with the tier they break: `tools`, `system` or `messages`.
    pub key_settings: Vec<(String, String)>,
    /// Cache options this model rejects or ignores, with what happens.
    pub unsupported: Vec<(String, String)>,
    /// Writes are charged above input.
    pub charges_writes: bool,
    /// Date of the price table (ISO), and sources.
    pub as_of: String,
    pub sources: Vec<String>,
    pub note: Option<String>,
    /// The name asked for is not in the table: this is the provider's default profile.
    pub fallback: bool,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Framing {
    pub per_message: u32,
    pub per_name: u32,
    pub reply: u32,
    /// Per tool definition (function wrapper).
    pub per_tool: u32,
    /// A hidden prompt when any tool is sent.
    pub tools_prompt: u32,
}

impl Model {
    /// The tier that an option breaks, if it is part of the cache key: `thinking.budget_tokens` counts as `thinking`.
    pub fn key_tier(&self, option: &str) -> Option<&str> {
        lookup_option(&self.key_settings, option)
    }

    /// What happens to a cache option that this model rejects or ignores. Entries of the form `option=value` hold for
    /// that value only.
    pub fn unsupported_option(&self, option: &str, value: Option<&str>) -> Option<&str> {
        let exact = value.map(|value| format!("{option}={value}"));
        exact
            .and_then(|exact| self.unsupported.iter().find(|(name, _)| *name == exact))
            .map(|(_, what)| what.as_str())
            .or_else(|| lookup_option(&self.unsupported, option))
    }
}

fn lookup_option<'a>(entries: &'a [(String, String)], option: &str) -> Option<&'a str> {
    entries
        .iter()
        .find(|(name, _)| names_option(name, option))
        .map(|(_, what)| what.as_str())
}

/// Whether an option is `name` or a part of it.
fn names_option(name: &str, option: &str) -> bool {
    option
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// One row of the table with what the cost model has no use for.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    pub model: Model,
    /// ISO date on which the model retires or retired.
    pub retires: Option<String>,
    /// Dollars per million tokens and hour of an explicit cache.
    pub storage: Option<f64>,
    /// Peak hours: the factor on all prices, and when.
    pub peak: Option<(f64, String)>,
    /// Read and write price where the request marks what to cache and the provider also caches by itself.
    pub explicit: Option<(Option<f64>, Option<f64>)>,
    /// Later price sets: ISO date from which each holds.
    pub later: Vec<(String, Prices)>,
    /// How the tokenizer's ratio was found.
    pub tokenizer_basis: Option<String>,
}
