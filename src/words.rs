//! Names of programs and files as words, and lists of words in the tables under `rules/`. Knows nothing of what the
//! words mean.

use serde_yaml::Value;

/// The words of a name in lower case: `buildSystemPrompt`, `SYSTEM_PROMPT` -> build system prompt.
pub fn name_words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = '_';
    for c in name.chars() {
        let ends = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if ends && !word.is_empty() {
            out.push(std::mem::take(&mut word));
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

/// What stands in front of a name of a program, at each place of a text where it is a word of its own.
pub fn in_front_of<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.match_indices(name).filter_map(move |(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        (!before.ends_with(is_word) && !behind.starts_with(is_word)).then_some(before)
    })
}

/// The texts of a sequence; what is no text is passed over.
pub fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_sequence);
    let text = |item: &Value| item.as_str().map(str::to_string);
    items.into_iter().flatten().filter_map(text).collect()
}

/// The entries of a mapping from text to text; others are passed over.
pub fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let entries = value.and_then(Value::as_mapping).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.as_str()?.to_string(), value.as_str()?.to_string())))
        .collect()
}
