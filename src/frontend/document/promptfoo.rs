//! promptfoo configurations: prompts (in place, in files, as chat JSON or YAML), providers as targets, variables of
//! tests as bindings. One draft for each prompt and model. Reads no file; prompts that are computed by a function
//! or fetched from a service are left out, and said to be.

mod csv;
mod provider;
mod vars;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::draft::{Content, Document, Draft, DraftMessage};
use super::parts;
use super::value::{parse_json, parse_yaml, Parsed, Value};
use super::words::words;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::Problem;
use crate::prompt::Section;
use crate::source::{SourceFile, Span, Text};

use provider::Provider;
pub use vars::{Bound, Find, Vars};

/// Most drafts of one configuration, and most bytes of text in all of them: each prompt is repeated for each model.
const MAX_DRAFTS: usize = 256;
const MAX_BYTES: usize = 32 << 20;

/// By name (`promptfooconfig.yaml`, `promptfooconfig.x.yaml`), or by the keys that a configuration needs.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let name = parts::file_name(path);
    let data = [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| name.ends_with(end));
    if !data {
        return None;
    }
    if name.starts_with("promptfooconfig.") {
        return Some("by its name: promptfooconfig".to_string());
    }
    let has = |keys: &str| {
        keys.split(' ').any(|key| {
            text.as_str().lines().any(|line| {
                let key = line
                    .strip_prefix(key)
                    .and_then(|rest| rest.strip_prefix(':'));
                key.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
            })
        })
    };
    (has("prompts") && has("providers targets") && has("tests defaultTest scenarios"))
        .then(|| "promptfoo: prompts, providers and tests".to_string())
}

pub fn parse(file: &SourceFile) -> Document {
    let parsed = parse_any(&file.path, &file.content());
    let Some(root) = parsed.value() else {
        return Document {
            problems: parsed.problems,
            ..Document::default()
        };
    };
    let vars = Vars::of(root, &file.path);
    let mut elsewhere = false;
    let bound = vars.bindings(&mut |_, _| {
        elsewhere = true;
        Vec::new()
    });
    let mut matrix = Matrix {
        file,
        bindings: bound.bindings,
        limits: bound.limits,
        drafts: Vec::new(),
        bytes: 0,
    };
    let providers = provider::all(root, &file.path);
    let complete = prompts(root)
        .iter()
        .all(|prompt| matrix.add(prompt, &providers));
    let mut problems = parsed.problems.clone();
    if let Some(prompts) = root.get("prompts").filter(|_| !complete) {
        problems.push(
            Problem::new(
                prompts.span,
                format!(
                    "only the first {} pairs of prompt and model are checked",
                    matrix.drafts.len()
                ),
            )
            .with_help("split the configuration, or name fewer models"),
        );
    }
    distinguish(&mut matrix.drafts);
    Document {
        drafts: matrix.drafts,
        problems,
        limits: matrix.limits,
        vars: elsewhere.then(|| Arc::new(vars)),
    }
}

/// The drafts of a configuration: prompts times models.
struct Matrix<'a> {
    file: &'a SourceFile,
    bindings: Vec<(String, Text, bool)>,
    limits: BTreeSet<String>,
    drafts: Vec<Draft>,
    /// Text in all drafts.
    bytes: usize,
}

impl Matrix<'_> {
    /// Adds the drafts of one prompt; `false` where a limit is reached.
    fn add(&mut self, prompt: &Prompt, providers: &[Provider]) -> bool {
        let messages = match prompt.messages() {
            Ok(messages) => messages,
            Err(limit) => {
                self.limits.insert(format!("{} {limit}", prompt.key));
                return true;
            }
        };
        let takers: Vec<&Provider> = providers
            .iter()
            .filter(|provider| provider.takes(prompt.label, prompt.text.as_str()))
            .collect();
        if providers.is_empty() {
            return self.push(prompt, &messages, &Provider::default(), false);
        }
        takers
            .iter()
            .all(|provider| self.push(prompt, &messages, provider, takers.len() > 1))
    }

    fn push(
        &mut self,
        prompt: &Prompt,
        messages: &[DraftMessage],
        provider: &Provider,
        many: bool,
    ) -> bool {
        let bound = self.bindings.iter().map(|(_, text, _)| text.len());
        let bytes = prompt.text.len() + bound.sum::<usize>();
        if self.drafts.len() == MAX_DRAFTS || self.bytes + bytes > MAX_BYTES {
            return false;
        }
        self.bytes += bytes;
        let mut draft = parts::draft(self.file, "promptfoo");
        draft.key = prompt.key.clone();
        if many {
            draft.key = format!("{}@{}", prompt.key, provider.id);
        }
        draft.span = prompt.span;
        draft.bindings = self.bindings.clone();
        provider.apply(&mut draft);
        draft.messages.extend(messages.iter().cloned());
        self.drafts.push(draft);
        true
    }
}

/// Numbers the drafts that would have the same key.
fn distinguish(drafts: &mut [Draft]) {
    let mut seen = std::collections::BTreeMap::new();
    for draft in drafts {
        let count = seen.entry(draft.key.clone()).or_insert(0usize);
        *count += 1;
        if *count > 1 {
            draft.key = format!("{}:{count}", draft.key);
        }
    }
}

fn parse_any(path: &str, text: &Text) -> Parsed {
    let help = "mend the configuration; what stands in front of the error is still checked";
    if parts::file_name(path).ends_with(".json") {
        parts::with_help(parse_json(text), help)
    } else {
        parts::with_help(parse_yaml(text), help)
    }
}

/// One entry of `prompts`.
struct Prompt<'a> {
    key: String,
    label: Option<&'a str>,
    span: Span,
    text: &'a Text,
}

/// The prompts of a configuration: a string, a list of strings or objects, or a map of file to label.
fn prompts(root: &Value) -> Vec<Prompt<'_>> {
    let Some(value) = root.get("prompts") else {
        return Vec::new();
    };
    if let Some(text) = value.as_text() {
        return vec![Prompt {
            key: "prompts".into(),
            label: None,
            span: value.span,
            text,
        }];
    }
    let legacy = value.entries().iter().map(|entry| {
        (
            entry.value.as_str(),
            entry.key_span.to(entry.value.span),
            Some(&entry.key),
        )
    });
    let listed = value.items().iter().map(|item| {
        let text = item
            .as_text()
            .or_else(|| item.get_any(&["raw", "id"])?.as_text());
        let label = item.get_any(&["label", "id"]).and_then(Value::as_str);
        (label, item.span, text)
    });
    legacy
        .chain(listed)
        .enumerate()
        .filter_map(|(index, (label, span, text))| {
            Some(Prompt {
                key: format!("prompts[{index}]"),
                label,
                span,
                text: text?,
            })
        })
        .collect()
}

impl Prompt<'_> {
    /// The messages of the prompt.
    ///
    /// # Errors
    /// Where they cannot be known here: why.
    fn messages(&self) -> Result<Vec<DraftMessage>, String> {
        match source(self.text.as_str()) {
            Source::Inline => Ok(inline(self.text)),
            Source::File(name) => Ok(vec![parts::message(
                None,
                self.span,
                vec![Content::File {
                    name: name.to_string(),
                    span: self.span,
                    dialect: Some(Dialect::Jinja),
                }],
            )]),
            Source::Program(name) => Err(format!("is not checked: `{name}` computes it")),
            Source::Elsewhere(name) => {
                Err(format!("is not checked: `{name}` is not in the repository"))
            }
        }
    }
}

enum Source<'a> {
    Inline,
    /// Files by name or pattern.
    File(&'a str),
    /// A program, or a function in a file.
    Program(&'a str),
    /// A prompt service.
    Elsewhere(&'a str),
}

/// What the text of a prompt entry names.
fn source(text: &str) -> Source<'_> {
    static SERVICE: OnceLock<Option<Regex>> = OnceLock::new();
    let service = SERVICE.get_or_init(|| Regex::new(r"^[a-z][a-z0-9+-]*://\S+$").ok());
    let text = text.trim();
    let named = text.strip_prefix("file://");
    if text.contains(['\n', ' ']) && named.is_none() {
        if text.starts_with("exec:") && !text.contains('\n') {
            return Source::Program(text);
        }
        return Source::Inline;
    }
    let name = named.unwrap_or(text);
    let bare = function_file(name);
    let Some(extension) = extension(bare) else {
        let chosen = name.contains('{') && !name.contains("{{");
        if named.is_some() && chosen {
            return Source::File(name);
        }
        let service = service.as_ref();
        return match named.is_some() || service.is_some_and(|service| service.is_match(text)) {
            _ if text.starts_with("exec:") => Source::Program(text),
            true => Source::Elsewhere(text),
            false => Source::Inline,
        };
    };
    let computed = words().has("prompt-functions", extension);
    let known = words().has("prompt-files", extension);
    match (computed, known, named.is_some()) {
        _ if bare.contains("{{") && named.is_none() => Source::Inline,
        _ if bare.contains("{{") => Source::Elsewhere(text),
        (true, ..) => Source::Program(name),
        (_, true, _) | (.., true) => Source::File(bare.strip_prefix("./").unwrap_or(bare)),
        _ => Source::Inline,
    }
}

/// The file of `file.py:function`.
fn function_file(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((front, _)) if extension(front).is_some() => front,
        _ => name,
    }
}

/// The extension of the last part of a path, where it looks like one.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let plausible = !extension.is_empty()
        && extension.len() <= 6
        && extension.chars().all(|c| c.is_ascii_alphanumeric());
    (plausible && !stem.is_empty()).then_some(extension)
}

/// A prompt in place: messages in JSON or YAML, or one text for the user.
fn inline(text: &Text) -> Vec<DraftMessage> {
    chat(text).unwrap_or_else(|| {
        vec![parts::text_message(
            Some(Section::Role("user".into())),
            text,
            Dialect::Jinja,
        )]
    })
}

/// The messages of a chat prompt: `[{role, content}]` in JSON or YAML. The templates are in the strings.
pub fn chat(text: &Text) -> Option<Vec<DraftMessage>> {
    let source = text.as_str().trim_start();
    let parsed = if source.starts_with(['[', '{']) && !source.starts_with("{{") {
        parse_json(text)
    } else if source.starts_with("- role:") || source.starts_with("- content:") {
        parse_yaml(text)
    } else {
        return None;
    };
    if !parsed.problems.is_empty() {
        // JSON that only a render makes valid: its roles cannot be told apart.
        return None;
    }
    let root = parsed.value()?;
    let items = root.get("messages").unwrap_or(root).items();
    let messages: Vec<DraftMessage> = items.iter().filter_map(chat_message).collect();
    (!messages.is_empty()).then_some(messages)
}

fn chat_message(item: &Value) -> Option<DraftMessage> {
    let section = Section::from_role(item.get_str("role")?);
    let content = item.get("content")?;
    let contents = match content.as_text() {
        Some(text) => vec![Content::Template(text.clone(), Dialect::Jinja)],
        None => content
            .items()
            .iter()
            .filter_map(|block| block.get_text("text"))
            .map(|text| Content::Template(text.clone(), Dialect::Jinja))
            .collect(),
    };
    Some(parts::message(Some(section), item.span, contents))
}

/// The prompts of a text file: promptfoo splits it at lines that hold only `---`.
pub fn split_prompts(text: &Text) -> Vec<Text> {
    let source = text.as_str();
    let (mut out, mut start, mut at) = (Vec::new(), 0, 0);
    for line in source.split_inclusive('\n') {
        if line.trim() == "---" {
            out.push(parts::trimmed(&text.slice(start, at)));
            start = at + line.len();
        }
        at += line.len();
    }
    out.push(parts::trimmed(&text.slice(start, source.len())));
    out.retain(|prompt| !prompt.is_empty());
    out
}

/// The name of an object that is written as `name: {..}`: a map of one entry that holds a map.
fn single_entry(value: &Value) -> Option<(&Text, &Value)> {
    match value.entries() {
        [entry] if entry.value.is_map() => Some((&entry.key, &entry.value)),
        _ => None,
    }
}

/// The entries under the first of some keys, as one list.
fn listed<'a>(root: &'a Value, keys: &[&str]) -> Vec<&'a Value> {
    match root.get_any(keys) {
        Some(value) if value.is_seq() => value.items().iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// Shared by the parts of this format: an owned path.
type Path = Arc<str>;
