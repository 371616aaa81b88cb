//! The encodings of `rules/tokenizers.yaml` and their merge tables, each opened only when first needed.
//! Knows nothing of models or requests.

use std::sync::OnceLock;

use serde_yaml::Value;

use super::merges::Merges;
use super::pieces::Cut;

const TABLES: &str = include_str!("../../rules/tokenizers.yaml");

/// One encoding (or several that differ in special tokens only).
pub(super) struct Encoding {
    pub names: Vec<String>,
    /// The tiktoken-rs table.
    pub table: String,
    pub cut: Cut,
    /// What `cut` does, as a regular expression.
    #[cfg(test)]
    pub pattern: String,
    /// Longest run of digits in one pretokenizer piece; 0: no limit.
    pub digits: usize,
    /// Bytes of the longest token.
    pub longest: usize,
    merges: OnceLock<Merges>,
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
            cut: Cut::parse(&text("cut"))
                .expect("rules/tokenizers.yaml names a known cut for every encoding, as tested"),
            #[cfg(test)]
            pattern: text("pattern"),
            digits: number("digits"),
            longest: number("longest").max(1),
            merges: OnceLock::new(),
        }
    }

    /// The merge table.
    pub fn merges(&self) -> &Merges {
        self.merges.get_or_init(|| Merges::of(&self.table))
    }

    pub fn is_open(&self) -> bool {
        self.merges.get().is_some()
    }
}

#[cfg(test)]
impl Encoding {
    /// The same encoding with nothing opened.
    pub fn for_test(other: &Encoding) -> Encoding {
        Encoding {
            names: other.names.clone(),
            table: other.table.clone(),
            cut: other.cut,
            pattern: other.pattern.clone(),
            digits: other.digits,
            longest: other.longest,
            merges: OnceLock::new(),
        }
    }
}
