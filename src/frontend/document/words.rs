//! What prompt documents call their models, APIs, options and template languages, over `rules/documents/formats.yaml`.
//! Knows words only, no documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_yaml::Value;

use crate::frontend::template::dialect::Dialect;

const SOURCE: &str = include_str!("../../../rules/documents/formats.yaml");

/// API names that a target may carry.
const APIS: [&str; 6] = [
    "chat",
    "completions",
    "responses",
    "messages",
    "converse",
    "generate-content",
];

/// The word lists. All keys are in lower case.
pub struct Words {
    maps: BTreeMap<String, BTreeMap<String, String>>,
    lists: BTreeMap<String, BTreeSet<String>>,
}

/// The embedded word lists, parsed once.
pub fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| Words::parse(SOURCE))
}

impl Words {
    fn parse(source: &str) -> Words {
        let mut words = Words {
            maps: BTreeMap::new(),
            lists: BTreeMap::new(),
        };
        let Ok(Value::Mapping(root)) = serde_yaml::from_str::<Value>(source) else {
            return words;
        };
        for (name, value) in &root {
            let Some(name) = name.as_str() else { continue };
            if let Some(list) = value.as_sequence() {
                let list = list.iter().filter_map(Value::as_str).map(str::to_string);
                words.lists.insert(name.to_string(), list.collect());
            } else if let Some(map) = value.as_mapping() {
                let map = map.iter().filter_map(|(key, value)| {
                    Some((key.as_str()?.into(), value.as_str()?.into()))
                });
                words.maps.insert(name.to_string(), map.collect());
            }
        }
        words
    }

    /// What a map gives for a word.
    pub fn of(&self, map: &str, word: &str) -> Option<&str> {
        let found = self.maps.get(map)?.get(&word.trim().to_ascii_lowercase())?;
        Some(found)
    }

    /// Whether a list holds a word.
    pub fn has(&self, list: &str, word: &str) -> bool {
        self.lists
            .get(list)
            .is_some_and(|list| list.contains(&word.trim().to_ascii_lowercase()))
    }

    pub fn provider(&self, word: &str) -> Option<&str> {
        self.of("providers", word)
    }

    pub fn api(&self, word: &str) -> Option<&'static str> {
        let name = self.of("apis", word)?;
        APIS.into_iter().find(|api| *api == name)
    }

    pub fn dialect(&self, word: &str) -> Option<Dialect> {
        match self.of("dialects", word)? {
            "jinja" => Some(Dialect::Jinja),
            "mustache" => Some(Dialect::Mustache),
            "handlebars" => Some(Dialect::Handlebars),
            "liquid" => Some(Dialect::Liquid),
            "braces" => Some(Dialect::Braces),
            "semantic-kernel" => Some(Dialect::SemanticKernel),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_table_is_understood() {
        let words = words();
        for word in words.maps["apis"].keys() {
            assert!(words.api(word).is_some(), "{word}");
        }
        for word in words.maps["dialects"].keys() {
            assert!(words.dialect(word).is_some(), "{word}");
        }
        for (name, map) in &words.maps {
            for word in map.keys() {
                assert_eq!(*word, word.to_lowercase(), "{name}");
            }
        }
        for list in words.lists.values() {
            for word in list {
                assert_eq!(*word, word.to_lowercase());
            }
        }
        assert_eq!(words.provider("AzureOpenAI"), Some("azure"));
    }
}
