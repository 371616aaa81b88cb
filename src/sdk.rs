//! Which calls send a request and which argument is which part of it, from `rules/sdk/*.yaml`. Data only: knows
//! nothing of values.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_yaml::Value as Yaml;

use crate::frontend::code::ir::Language;

/// What an argument of a request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Model,
    /// A list of messages.
    Messages,
    /// The system prompt, as text or blocks.
    System,
    /// The user's text, or a list of messages where it is one.
    User,
    Tools,
    /// The response schema.
    Schema,
    /// Not sent.
    Ignore,
}

/// A call that sends a request, or makes a message of one.
#[derive(Clone, Debug)]
pub struct Call {
    pub provider: Option<String>,
    pub api: Option<&'static str>,
    /// Ends of paths, in segments: `chat.completions.create`.
    tails: Vec<String>,
    languages: Vec<Language>,
    /// Packages that a path must start with, for tails that others use too; empty: any.
    packages: Vec<String>,
    /// Arguments one of which must be there, where the package is not known.
    needs: Vec<String>,
    pub parts: BTreeMap<String, Part>,
    /// Names of arguments by position.
    pub positional: Vec<String>,
    /// The role of the message it makes; `history`: a placeholder for the conversation.
    pub constructs: Option<String>,
}

struct Tables {
    calls: Vec<Call>,
    roles: Vec<String>,
    markers: Vec<String>,
    words: Vec<String>,
    nouns: Vec<String>,
    not_first: Vec<String>,
    not_last: Vec<String>,
    system_words: Vec<String>,
}

const FILES: &[&str] = &[
    include_str!("../rules/sdk/common.yaml"),
    include_str!("../rules/sdk/openai.yaml"),
    include_str!("../rules/sdk/anthropic.yaml"),
];

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| load(FILES))
}

fn load(files: &[&str]) -> Tables {
    let mut out = Tables {
        calls: Vec::new(),
        roles: Vec::new(),
        markers: Vec::new(),
        words: Vec::new(),
        nouns: Vec::new(),
        not_first: Vec::new(),
        not_last: Vec::new(),
        system_words: Vec::new(),
    };
    for file in files {
        let root: Yaml = serde_yaml::from_str(file).unwrap_or(Yaml::Null);
        let provider = root
            .get("provider")
            .and_then(Yaml::as_str)
            .map(str::to_string);
        let entries = root.get("calls").and_then(Yaml::as_sequence);
        for entry in entries.into_iter().flatten() {
            out.calls.push(call_of(entry, provider.as_deref()));
        }
        out.roles.extend(strings(root.get("roles")));
        out.markers.extend(strings(root.get("markers")));
        out.words.extend(strings(root.get("words")));
        out.nouns.extend(strings(root.get("prompt-nouns")));
        out.not_first.extend(strings(root.get("not-first")));
        out.not_last.extend(strings(root.get("not-last")));
        out.system_words.extend(strings(root.get("system-words")));
    }
    out
}

fn strings(value: Option<&Yaml>) -> Vec<String> {
    let items = value.and_then(Yaml::as_sequence);
    let text = |item: &Yaml| item.as_str().map(str::to_string);
    items.into_iter().flatten().filter_map(text).collect()
}

fn call_of(entry: &Yaml, provider: Option<&str>) -> Call {
    let languages = strings(entry.get("languages"));
    let languages = match languages.as_slice() {
        [] => vec![Language::Python, Language::JavaScript],
        names => [Language::Python, Language::JavaScript]
            .into_iter()
            .filter(|language| names.iter().any(|name| name == language.name()))
            .collect(),
    };
    let mut parts = BTreeMap::new();
    for (name, part) in entry
        .get("parts")
        .and_then(Yaml::as_mapping)
        .into_iter()
        .flatten()
    {
        if let (Some(name), Some(part)) = (name.as_str(), part.as_str().and_then(part_of)) {
            parts.insert(name.to_string(), part);
        }
    }
    let own = entry.get("provider").and_then(Yaml::as_str);
    Call {
        provider: own
            .or(provider)
            .filter(|name| *name != "none")
            .map(str::to_string),
        api: entry.get("api").and_then(Yaml::as_str).and_then(api_of),
        tails: strings(entry.get("tails")),
        languages,
        packages: strings(entry.get("packages")),
        needs: strings(entry.get("needs")),
        parts,
        positional: strings(entry.get("positional")),
        constructs: entry
            .get("constructs")
            .and_then(Yaml::as_str)
            .map(str::to_string),
    }
}

fn part_of(name: &str) -> Option<Part> {
    Some(match name {
        "model" => Part::Model,
        "messages" => Part::Messages,
        "system" => Part::System,
        "user" => Part::User,
        "tools" => Part::Tools,
        "schema" => Part::Schema,
        "ignore" => Part::Ignore,
        _ => return None,
    })
}

fn api_of(name: &str) -> Option<&'static str> {
    [
        "chat",
        "responses",
        "messages",
        "converse",
        "generate-content",
        "completion",
        "framework",
    ]
    .into_iter()
    .find(|known| *known == name)
}

fn ends_with(path: &str, tail: &str) -> bool {
    path == tail
        || path
            .strip_suffix(tail)
            .is_some_and(|front| front.ends_with(['.', ')', '/']))
}

/// The call that a path and its arguments are, if it is one.
pub fn call(
    language: Language,
    path: &str,
    names: &[&str],
    positional: usize,
) -> Option<&'static Call> {
    tables().calls.iter().find(|call| {
        if !call.languages.contains(&language) {
            return false;
        }
        if !call.tails.iter().any(|tail| ends_with(path, tail)) {
            return false;
        }
        let known = call.packages.iter().any(|package| {
            path.strip_prefix(package.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', '(', '_']))
        });
        if known {
            return true;
        }
        if call.needs.is_empty() {
            return call.packages.is_empty();
        }
        call.needs.iter().any(|need| {
            names.contains(&need.as_str())
                || call
                    .positional
                    .iter()
                    .position(|name| name == need)
                    .is_some_and(|at| at < positional)
        })
    })
}

/// Whether a dotted name may be a call that sends, by its end alone.
pub fn sends(path: &str) -> bool {
    tables()
        .calls
        .iter()
        .any(|call| call.tails.iter().any(|tail| ends_with(path, tail)))
}

/// Words one of which stands in every file of code that can hold a prompt.
pub fn words() -> &'static [String] {
    &tables().words
}

pub fn is_role(role: &str) -> bool {
    tables().roles.iter().any(|known| known == role)
}

/// Whether a key of a block or message is a cache marker.
pub fn is_marker(key: &str) -> bool {
    tables().markers.iter().any(|known| known == key)
}

/// The words of a name: `buildSystemPrompt`, `SYSTEM_PROMPT` -> build system prompt.
pub fn name_words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = '_';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Whether a function or constant is named like something that builds or holds a prompt.
pub fn builds_prompt(name: &str) -> bool {
    let words = name_words(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    let tables = tables();
    let joined = format!(" {} ", words.join(" "));
    tables
        .nouns
        .iter()
        .any(|noun| joined.contains(&format!(" {noun} ")))
        && !tables.not_first.contains(first)
        && !tables.not_last.contains(last)
}

/// Whether a name says system prompt.
pub fn names_system(name: &str) -> bool {
    let words = name_words(name);
    words
        .iter()
        .any(|word| tables().system_words.contains(word))
}
