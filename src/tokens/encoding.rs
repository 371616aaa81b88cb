//! The encodings of `rules/tokenizers.yaml` and their merge tables, each built once and only when first needed.
//! Knows nothing of models or requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use fancy_regex::Regex;
use serde_yaml::Value;
use tiktoken_rs::CoreBPE;

const TABLES: &str = include_str!("../../rules/tokenizers.yaml");

/// One encoding (or several that differ in special tokens only).
pub(super) struct Encoding {
    pub names: Vec<String>,
    /// The tiktoken-rs table.
    pub table: String,
    pattern: String,
    /// Longest run of digits in one pretokenizer piece; 0: no limit.
    pub digits: usize,
    /// Bytes of the longest token.
    pub longest: usize,
    regex: OnceLock<Regex>,
    merges: OnceLock<CoreBPE>,
    prefetched: AtomicBool,
}

/// All encodings, in file order.
pub(super) fn all() -> &'static [Encoding] {
    static ALL: OnceLock<Vec<Encoding>> = OnceLock::new();
    ALL.get_or_init(|| {
        let value: Value =
            serde_yaml::from_str(TABLES).expect("rules/tokenizers.yaml is valid YAML, as tested");
        value
            .get("encodings")
            .and_then(Value::as_sequence)
            .map(|entries| entries.iter().map(Encoding::from_yaml).collect())
            .unwrap_or_default()
    })
}

/// An encoding by name.
pub(super) fn find(name: &str) -> Option<&'static Encoding> {
    all()
        .iter()
        .find(|encoding| encoding.names.iter().any(|known| known == name))
}

impl Encoding {
    fn from_yaml(entry: &Value) -> Encoding {
        let text = |key: &str| {
            entry
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let number = |key: &str| {
            let number = entry.get(key).and_then(Value::as_u64).unwrap_or(0);
            usize::try_from(number).unwrap_or(0)
        };
        let names = entry
            .get("names")
            .and_then(Value::as_sequence)
            .map(|names| names.iter().filter_map(Value::as_str));
        Encoding {
            names: names.into_iter().flatten().map(str::to_owned).collect(),
            table: text("table"),
            pattern: text("pattern"),
            digits: number("digits"),
            longest: number("longest").max(1),
            regex: OnceLock::new(),
            merges: OnceLock::new(),
            prefetched: AtomicBool::new(false),
        }
    }

    /// The pretokenizer.
    pub fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            Regex::new(&self.pattern)
                .expect("the patterns of rules/tokenizers.yaml compile, as tested")
        })
    }

    /// The merge table; the first call builds it (o200k: about 0.2 s and 50 MB) and later ones wait for it.
    pub fn merges(&self) -> &CoreBPE {
        self.merges.get_or_init(|| {
            let built = match self.table.as_str() {
                "o200k_base" => tiktoken_rs::o200k_base(),
                "cl100k_base" => tiktoken_rs::cl100k_base(),
                "p50k_base" => tiktoken_rs::p50k_base(),
                _ => tiktoken_rs::r50k_base(),
            };
            built.expect("the merge tables that tiktoken-rs embeds are valid, as tested")
        })
    }

    pub fn is_built(&self) -> bool {
        self.merges.get().is_some()
    }

    /// Builds the table on a thread of its own; at most one is ever started.
    pub fn prefetch(&'static self) {
        if self.is_built() || self.prefetched.swap(true, Ordering::Relaxed) {
            return;
        }
        let builder = std::thread::Builder::new().name("tokenizer".into());
        // Without a thread the first count builds the table.
        let _ = builder.spawn(move || {
            self.regex();
            self.merges();
        });
    }
}

#[cfg(test)]
impl Encoding {
    /// The same encoding with nothing built.
    pub fn for_test(other: &Encoding) -> Encoding {
        Encoding {
            names: other.names.clone(),
            table: other.table.clone(),
            pattern: other.pattern.clone(),
            digits: other.digits,
            longest: other.longest,
            regex: OnceLock::new(),
            merges: OnceLock::new(),
            prefetched: AtomicBool::new(false),
        }
    }
}
