//! The parts of a draft that several formats state in the same way: messages, targets, options, tools, bindings,
//! front matter. Knows no format.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::{Content, Document, Draft, DraftBlock, DraftMessage};
use super::value::{parse_yaml, split_front_matter, Kind, Parsed, Resolved, Value};
use super::words::words;
use crate::config::Assume;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::Problem;
use crate::prompt::{Piece, Section, Setting, Size, Slot, Stored, Target, TargetSource};
use crate::source::{Place, SourceFile, Span, Text};
use crate::volatility::{Class, Confidence, Origin, Volatility};

/// An empty draft of a file.
pub fn draft(file: &SourceFile, format: &'static str) -> Draft {
    Draft {
        key: String::new(),
        format,
        span: Span::new(file.content_start(), file.text.len()),
        target: Target::unknown(),
        settings: Vec::new(),
        messages: Vec::new(),
        bindings: Vec::new(),
        threads: Vec::new(),
        rows: 0,
        recorded: false,
        fragment: false,
    }
}

/// A message of several contents in order.
pub fn message(section: Option<Section>, span: Span, contents: Vec<Content>) -> DraftMessage {
    DraftMessage {
        section,
        span,
        blocks: contents
            .into_iter()
            .map(|content| DraftBlock {
                content,
                marker: None,
            })
            .collect(),
        stored: Stored::Unknown,
    }
}

/// A message of one template.
pub fn text_message(section: Option<Section>, text: &Text, dialect: Dialect) -> DraftMessage {
    message(
        section,
        text.whole().span,
        vec![Content::Template(text.clone(), dialect)],
    )
}

/// A slot for text that is not in the repository.
pub fn unknown_slot(
    place: Place,
    expr: &str,
    class: Class,
    tokens: u32,
    why: &'static str,
) -> Content {
    let origin = if class.is_stable() {
        Origin::Fixed
    } else {
        Origin::Outside
    };
    Content::Slot(Slot {
        expr: expr.to_string().into(),
        place,
        volatility: Volatility::new(class, origin, Confidence::Possible, why),
        trace: Vec::new(),
        size: Size {
            tokens,
            assumed: true,
        },
    })
}

/// The text without white space at its ends.
pub fn trimmed(text: &Text) -> Text {
    let source = text.as_str();
    let start = source.len() - source.trim_start().len();
    text.slice(start, (start + source.trim().len()).max(start))
}

/// A value as text: a scalar as it stands, anything else as JSON.
pub fn value_text(value: &Value, path: &Arc<str>) -> Text {
    match &value.kind {
        Kind::Scalar(scalar) if scalar.resolved == Resolved::Null => Text::empty(path),
        Kind::Scalar(scalar) => scalar.text.clone(),
        _ => Text::opaque(path, value.span, &value.to_json()),
    }
}

/// The file name of `${file:name}` or `file://name`.
pub fn file_reference(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = text
        .strip_prefix("${file:")
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix("file://"))?;
    (!name.is_empty()).then_some(name)
}

/// Whether a text is a reference that is only known where the program runs: `${env:X}`, `{{env.X}}`, `$X`.
pub fn is_reference(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.contains("${") || text.contains("{{") || text.starts_with('$')
}

/// A target out of a model name, which may open with its provider (`openai/gpt-4o`), and a provider word.
pub fn target(model: Option<&Text>, provider: Option<&Text>, api: Option<&str>) -> Target {
    let mut target = Target::unknown();
    target.api = api.and_then(|api| words().api(api));
    if let Some(word) = provider.filter(|word| !is_reference(word.as_str())) {
        target.provider = words().provider(word.as_str()).map(str::to_string);
        target.place = target.provider.as_ref().map(|_| word.whole());
    }
    if let Some(model) = model.filter(|model| !is_reference(model.as_str())) {
        let (front, id) = split_model(model.as_str().trim());
        if target.provider.is_none() {
            target.provider = front.map(str::to_string);
        }
        target.model = Some(id.to_string());
        target.place = Some(model.whole());
    }
    if target.place.is_some() {
        target.source = TargetSource::Declared;
    }
    target
}

/// The provider that a model name opens with, and the model's own id.
fn split_model(name: &str) -> (Option<&str>, &str) {
    let Some((front, id)) = name.split_once('/') else {
        return (None, name);
    };
    match words().provider(front) {
        Some(provider) => (Some(provider), id),
        None if words().has("other-providers", front) => (None, id),
        None => (None, name),
    }
}

/// The options of a request as settings, by the provider's own names.
pub fn settings(options: &Value, path: &Arc<str>) -> Vec<Setting> {
    let mut out = Vec::new();
    add_settings(options, path, "", &mut out);
    out
}

fn add_settings(options: &Value, path: &Arc<str>, prefix: &str, out: &mut Vec<Setting>) {
    for entry in options.entries() {
        let word = entry.key.as_str();
        if words().has("not-options", word) || entry.value.is_null() {
            continue;
        }
        if words().has("spread-options", word) && prefix.is_empty() {
            add_settings(&entry.value, path, " ", out);
            continue;
        }
        let name = words().of("option-names", word).unwrap_or(word);
        let name = format!("{}{name}", prefix.trim_start());
        if words().has("nested-options", word) && entry.value.is_map() {
            add_settings(&entry.value, path, &format!("{name}."), out);
            continue;
        }
        out.push(setting(&name, &entry.value, path));
    }
}

/// One option as a setting.
pub fn setting(name: &str, value: &Value, path: &Arc<str>) -> Setting {
    let text = value_text(value, path);
    Setting {
        name: name.to_string(),
        pieces: if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Text(text)]
        },
        place: value.place(path),
    }
}

/// The tools of a request: definitions in place, a file of definitions, or names of tools that are defined elsewhere.
pub fn tools(value: &Value, path: &Arc<str>) -> Option<DraftMessage> {
    let contents = match &value.kind {
        Kind::Scalar(scalar) => match file_reference(scalar.text.as_str()) {
            Some(name) => vec![Content::File {
                name: name.to_string(),
                span: value.span,
                dialect: Some(Dialect::Plain),
            }],
            None => return None,
        },
        Kind::Map(_) => vec![defined(value, path)],
        Kind::Seq(items) if items.iter().any(Value::is_map) => items
            .iter()
            .filter(|item| item.is_map())
            .map(|item| defined(item, path))
            .collect(),
        Kind::Seq(items) => vec![named_tools(items, value, path)?],
    };
    Some(message(Some(Section::Tools), value.span, contents))
}

fn defined(tool: &Value, path: &Arc<str>) -> Content {
    Content::Template(
        Text::opaque(path, tool.span, &tool.to_json()),
        Dialect::Plain,
    )
}

fn named_tools(items: &[Value], list: &Value, path: &Arc<str>) -> Option<Content> {
    let names: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return None;
    }
    Some(unknown_slot(
        list.place(path),
        &names.join(", "),
        Class::Deploy,
        Assume::default().tools_tokens,
        "tools that are defined elsewhere",
    ))
}

/// What a document gives to the names of its templates, without repetition.
#[derive(Default)]
pub struct Bindings {
    out: Vec<(String, Text, bool)>,
    /// Where the samples of a name stand.
    sampled: BTreeMap<String, Vec<usize>>,
}

/// Most samples of one name that are kept.
const SAMPLES: usize = 8;

impl Bindings {
    /// The same value in every call.
    pub fn fixed(&mut self, name: &str, value: Text) {
        self.out.push((name.to_string(), value, true));
    }

    /// One of the values that the name may have.
    pub fn sample(&mut self, name: &str, value: Text) {
        let known = self.sampled.entry(name.to_string()).or_default();
        let repeated = known
            .iter()
            .any(|at| self.out[*at].1.as_str() == value.as_str());
        if known.len() < SAMPLES && !repeated {
            known.push(self.out.len());
            self.out.push((name.to_string(), value, false));
        }
    }

    /// The entries of a map as samples; conversations and references to files are no samples.
    pub fn samples(&mut self, values: &Value, path: &Arc<str>) {
        for entry in values.entries() {
            self.sample_value(entry.key.as_str(), &entry.value, path);
        }
    }

    pub fn sample_value(&mut self, name: &str, value: &Value, path: &Arc<str>) {
        let text = value_text(value, path);
        if value.is_null() || is_conversation(value) || file_reference(text.as_str()).is_some() {
            return;
        }
        self.sample(name, text);
    }

    pub fn finish(self) -> Vec<(String, Text, bool)> {
        self.out
    }
}

/// Whether a value is a list of messages, or a list that is still empty.
pub fn is_conversation(value: &Value) -> bool {
    if !value.is_seq() {
        return false;
    }
    value
        .items()
        .first()
        .is_none_or(|item| item.has("role") && (item.has("content") || item.has("parts")))
}

/// A file with front matter: what the front says, and the body.
pub struct Front {
    /// `None`: no front matter, or none that could be read.
    pub value: Option<Value>,
    pub body: Text,
    pub problems: Vec<Problem>,
}

/// Splits and parses the front matter of a file. Whatever is wrong with it, there is a body.
pub fn front_matter(content: &Text) -> Front {
    if let Some((front, body)) = split_front_matter(content) {
        let parsed = with_help(
            parse_yaml(&front),
            "mend the front matter; until then its settings do not count, the body does",
        );
        let mut problems = parsed.problems;
        let value = parsed.documents.into_iter().next();
        if let Some(value) = value.as_ref().filter(|v| !v.is_map() && !v.is_null()) {
            problems.push(
                Problem::new(value.span, "the front matter holds no keys")
                    .with_help("write `key: value` lines between the `---` lines"),
            );
        }
        return Front {
            value: value.filter(Value::is_map),
            body: trimmed(&body),
            problems,
        };
    }
    unfenced(content)
}

/// A file without front matter, or with one that is never closed.
fn unfenced(content: &Text) -> Front {
    let source = content.as_str();
    let first_end = source.find('\n').map_or(source.len(), |at| at + 1);
    if source[..first_end].trim_end() != "---" {
        return Front {
            value: None,
            body: trimmed(content),
            problems: Vec::new(),
        };
    }
    let problem = Problem::new(content.span(0, 3), "the front matter is never closed")
        .with_help("end it with a line that holds only `---`; until then all of it counts as text");
    Front {
        value: None,
        body: trimmed(&content.slice(first_end, source.len())),
        problems: vec![problem],
    }
}

/// Gives every problem that has none a help line.
pub fn with_help(mut parsed: Parsed, help: &str) -> Parsed {
    for problem in &mut parsed.problems {
        if problem.help.is_none() {
            problem.help = Some(help.to_string());
        }
    }
    parsed
}

/// A document of one draft.
pub fn single(draft: Draft, problems: Vec<Problem>) -> Document {
    Document {
        drafts: vec![draft],
        problems,
        ..Document::default()
    }
}

/// The part of a path behind its last slash, in lower case.
pub fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase()
}
