//! `rules/discovery.yaml` as typed lists and patterns. Patterns are compiled when first used.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_yaml::Value;

use crate::frontend::template::dialect::Dialect;
use crate::workspace::holds_rows;

const SOURCE: &str = include_str!("../../rules/discovery.yaml");

/// Rows are decided by the head of the file.
const PEEK_ROWS: u64 = 256 << 10;

/// A pattern that is compiled when first asked.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(source: String) -> Pattern {
        Pattern {
            source,
            regex: OnceLock::new(),
        }
    }

    pub fn regex(&self) -> Option<&Regex> {
        // A pattern that does not compile never matches; a test compiles them all.
        self.regex
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

/// Strings one of which a file must hold.
#[derive(Debug)]
pub struct Needles {
    any: bool,
    regex: Option<regex::bytes::Regex>,
}

impl Needles {
    fn new(words: &[String]) -> Needles {
        let escaped: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
        Needles {
            any: words.iter().any(String::is_empty),
            regex: regex::bytes::Regex::new(&escaped.join("|")).ok(),
        }
    }

    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.any
            || self
                .regex
                .as_ref()
                .is_some_and(|regex| regex.is_match(bytes))
    }
}

#[derive(Debug)]
pub struct Knowledge {
    pub skip_folders: Vec<String>,
    pub dot_folders: Vec<Vec<String>>,
    pub templates: BTreeMap<String, Dialect>,
    pub outer: Vec<String>,
    pub structured: Vec<String>,
    pub generated: Vec<String>,
    pub generated_names: Pattern,
    pub never: Pattern,
    pub documents: BTreeMap<String, Needles>,
    pub document_folders: BTreeMap<String, Pattern>,
    pub never_documents: Pattern,
    pub code: BTreeMap<String, String>,
    pub text: Vec<String>,
    pub formats: BTreeMap<String, Dialect>,
    pub prompt_names: Pattern,
    pub prompt_file_names: Pattern,
    pub prompt_folders: Pattern,
    pub docs_folders: Pattern,
    pub not_prompts: Vec<(String, Pattern)>,
    pub chat_markers: Vec<Pattern>,
    pub role_headers: Vec<Pattern>,
    pub openers: Pattern,
    pub not_openers: Pattern,
    pub opening_lines: usize,
    pub phrases: usize,
    pub signs: Vec<Pattern>,
    pub inherits: Pattern,
    pub docs_links: usize,
    pub docs_front_matter: Pattern,
    pub dialects: Vec<(Dialect, Pattern)>,
    pub test_folders: Vec<String>,
    pub test_folder_names: Pattern,
    pub aside_words: Vec<String>,
    pub suite_folders: Vec<String>,
    pub suite_folder_names: Pattern,
    pub test_names: Pattern,
}

impl Knowledge {
    /// How many bytes of a document are looked at before it is read.
    pub fn peek(&self, path: &str) -> u64 {
        if holds_rows(path) {
            PEEK_ROWS
        } else {
            u64::MAX
        }
    }
}

pub fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    KNOWLEDGE.get_or_init(|| {
        let root: Value = serde_yaml::from_str(SOURCE)
            .expect("rules/discovery.yaml is valid YAML: a test reads it");
        load(&root)
    })
}

const DIALECTS: [(&str, Dialect); 12] = [
    ("jinja", Dialect::Jinja),
    ("handlebars", Dialect::Handlebars),
    ("dotprompt", Dialect::Dotprompt),
    ("mustache", Dialect::Mustache),
    ("liquid", Dialect::Liquid),
    ("go-template", Dialect::GoTemplate),
    ("semantic-kernel", Dialect::SemanticKernel),
    ("braces", Dialect::Braces),
    ("dollar", Dialect::Dollar),
    ("erb", Dialect::Erb),
    ("ejs", Dialect::Ejs),
    ("plain", Dialect::Plain),
];

pub fn dialect_name(dialect: Dialect) -> &'static str {
    DIALECTS
        .iter()
        .find(|(_, other)| *other == dialect)
        .map_or("plain", |(name, _)| name)
}

fn dialect(name: &str) -> Dialect {
    DIALECTS
        .iter()
        .find(|(other, _)| *other == name)
        .map_or(Dialect::Plain, |(_, dialect)| *dialect)
}

fn load(root: &Value) -> Knowledge {
    let number = |key: &str| root[key].as_u64().and_then(|n| usize::try_from(n).ok());
    Knowledge {
        skip_folders: strings(&root["skip-folders"]),
        dot_folders: strings(&root["dot-folders"])
            .iter()
            .map(|path| path.split('/').map(str::to_string).collect())
            .collect(),
        templates: dialects(&root["templates"]),
        outer: strings(&root["outer"]),
        structured: strings(&root["structured"]),
        generated: strings(&root["generated"]),
        generated_names: pattern(&root["generated-names"]),
        never: pattern(&root["never"]),
        documents: pairs(&root["documents"])
            .map(|(key, value)| (key, Needles::new(&strings(value))))
            .collect(),
        document_folders: pairs(&root["document-folders"])
            .map(|(key, value)| (key, pattern(value)))
            .collect(),
        never_documents: pattern(&root["never-documents"]),
        code: pairs(&root["code"])
            .filter_map(|(key, value)| Some((key, value.as_str()?.to_string())))
            .collect(),
        text: strings(&root["text"]),
        formats: dialects(&root["formats"]),
        prompt_names: pattern(&root["prompt-names"]),
        prompt_file_names: pattern(&root["prompt-file-names"]),
        prompt_folders: pattern(&root["prompt-folders"]),
        docs_folders: pattern(&root["docs-folders"]),
        not_prompts: list(&root["not-prompts"])
            .map(|item| (string(&item["why"]), pattern(&item["pattern"])))
            .collect(),
        chat_markers: patterns(&root["chat-markers"]),
        role_headers: patterns(&root["role-headers"]),
        openers: pattern(&root["openers"]),
        not_openers: pattern(&root["not-openers"]),
        opening_lines: number("opening-lines").unwrap_or_default(),
        phrases: number("phrases").unwrap_or_default(),
        signs: patterns(&root["signs"]),
        inherits: pattern(&root["inherits"]),
        docs_links: number("docs-links").unwrap_or_default(),
        docs_front_matter: pattern(&root["docs-front-matter"]),
        dialects: list(&root["dialects"])
            .map(|item| {
                (
                    dialect(&string(&item["dialect"])),
                    pattern(&item["pattern"]),
                )
            })
            .collect(),
        test_folders: strings(&root["test-folders"]),
        test_folder_names: pattern(&root["test-folder-names"]),
        aside_words: strings(&root["aside-words"]),
        suite_folders: strings(&root["suite-folders"]),
        suite_folder_names: pattern(&root["suite-folder-names"]),
        test_names: pattern(&root["test-names"]),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

fn pairs(value: &Value) -> impl Iterator<Item = (String, &Value)> {
    value
        .as_mapping()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str()?.to_string(), value)))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn strings(value: &Value) -> Vec<String> {
    list(value).map(string).collect()
}

fn pattern(value: &Value) -> Pattern {
    Pattern::new(string(value))
}

fn patterns(value: &Value) -> Vec<Pattern> {
    list(value).map(pattern).collect()
}

fn dialects(value: &Value) -> BTreeMap<String, Dialect> {
    pairs(value)
        .map(|(key, value)| (key, dialect(&string(value))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings_below(value: &Value, key: &str, out: &mut Vec<String>) {
        match value {
            Value::String(text) if !matches!(key, "why" | "dialect") => out.push(text.clone()),
            Value::Sequence(items) => items.iter().for_each(|item| strings_below(item, key, out)),
            Value::Mapping(map) => map.iter().for_each(|(key, value)| {
                strings_below(value, key.as_str().unwrap_or_default(), out);
            }),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_compiles_and_every_key_is_there() {
        let root: Value = serde_yaml::from_str(SOURCE).unwrap();
        let keys = [
            "generated-names",
            "never",
            "never-documents",
            "prompt-names",
            "prompt-file-names",
            "prompt-folders",
            "docs-folders",
            "not-prompts",
            "chat-markers",
            "role-headers",
            "openers",
            "not-openers",
            "signs",
            "inherits",
            "docs-front-matter",
            "dialects",
            "test-names",
            "document-folders",
        ];
        for key in keys {
            let mut found = Vec::new();
            strings_below(&root[key], key, &mut found);
            assert!(!found.is_empty(), "{key}");
            for pattern in found {
                assert!(Regex::new(&pattern).is_ok(), "{key}: {pattern}");
            }
        }
        let known = knowledge();
        assert!(known.opening_lines > 0 && known.phrases > 0 && known.docs_links > 0);
        assert!(!known.skip_folders.is_empty() && !known.test_folders.is_empty());
    }

    #[test]
    fn every_dialect_named_is_known() {
        let root: Value = serde_yaml::from_str(SOURCE).unwrap();
        let named = pairs(&root["templates"]).chain(pairs(&root["formats"]));
        for (_, value) in named {
            assert!(DIALECTS
                .iter()
                .any(|(name, _)| Some(*name) == value.as_str()));
        }
    }
}
