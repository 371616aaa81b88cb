//! LangChain prompts in YAML or JSON: `_type: prompt | few_shot | chat` documents, and the serialised form
//! (`lc`, `id`, `kwargs`). Reads no file that they name.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::draft::{Content, Document, Draft, DraftMessage};
use super::parts::{self, Bindings};
use super::value::{parse_json, parse_yaml, Parsed, Value};
use super::words::words;
use crate::config::Assume;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::Section;
use crate::source::{SourceFile, Text};
use crate::volatility::Class;

/// Most examples of a few-shot prompt that are put in place.
const MAX_EXAMPLES: usize = 1000;

/// By content: `_type` at the top says a prompt, or the serialised form names a prompt template.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let name = parts::file_name(path);
    let data = [".json", ".yaml", ".yml"]
        .iter()
        .any(|end| name.ends_with(end));
    if !data || !may_be(text.as_str()) {
        return None;
    }
    let parsed = parse_any(path, text);
    let root = parsed.value()?;
    let node = Node::of(root);
    match node.kind {
        Shape::Prompt | Shape::FewShot | Shape::Chat if root.has("_type") => Some(format!(
            "LangChain: `_type: {}`",
            root.get_str("_type").unwrap_or_default()
        )),
        Shape::Prompt | Shape::FewShot | Shape::Chat => Some("LangChain prompt template".into()),
        Shape::Sequence => prompt_of_sequence(&node).map(|_| "LangChain sequence".to_string()),
        Shape::Other => None,
    }
}

/// A cheap test of the bytes, so that other documents are not parsed for it.
fn may_be(source: &str) -> bool {
    static SIGN: OnceLock<Option<Regex>> = OnceLock::new();
    SIGN.get_or_init(|| {
        Regex::new(
            r#"(?m)^["']?_type["']?\s*:|[\{,]\s*"_type"\s*:\s*"(prompt|few_shot|chat)|"lc"\s*:\s*\d|^input_variables\s*:|"input_variables"\s*:"#,
        )
        .ok()
    })
    .as_ref()
    .is_some_and(|sign| sign.is_match(source))
}

fn parse_any(path: &str, text: &Text) -> Parsed {
    let help = "mend the document; what stands in front of the error is still checked";
    if parts::file_name(path).ends_with(".json") {
        parts::with_help(parse_json(text), help)
    } else {
        parts::with_help(parse_yaml(text), help)
    }
}

pub fn parse(file: &SourceFile) -> Document {
    let parsed = parse_any(&file.path, &file.content());
    let mut draft = parts::draft(file, "langchain");
    if let Some(root) = parsed.value() {
        let node = Node::of(root);
        build(&node, &file.path, &mut draft);
    }
    if draft.messages.is_empty() {
        return Document {
            drafts: Vec::new(),
            problems: parsed.problems,
            ..Document::default()
        };
    }
    parts::single(draft, parsed.problems)
}

fn build(node: &Node, path: &Arc<str>, draft: &mut Draft) {
    let mut bindings = Bindings::default();
    for entry in node
        .field("partial_variables")
        .map(Value::entries)
        .unwrap_or_default()
    {
        if !entry.value.is_map() {
            let text = parts::value_text(&entry.value, path);
            bindings.fixed(entry.key.as_str(), text);
        }
    }
    draft.bindings.extend(bindings.finish());
    match node.kind {
        Shape::Prompt | Shape::FewShot => {
            let contents = contents(node, path);
            if !contents.is_empty() {
                // The string may be a system prompt or all of a request: only its user knows.
                draft.fragment = true;
                draft
                    .messages
                    .push(parts::message(None, node.value.span, contents));
            }
        }
        Shape::Chat => {
            let items = node.field("messages").map(Value::items).unwrap_or_default();
            draft
                .messages
                .extend(items.iter().filter_map(|item| chat_message(item, path)));
        }
        Shape::Sequence => {
            let Some(prompt) = prompt_of_sequence(node) else {
                return;
            };
            build(&prompt, path, draft);
            if let Some(last) = node.field("last") {
                target_of(last, path, draft);
            }
        }
        Shape::Other => {}
    }
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Prompt,
    FewShot,
    Chat,
    /// A prompt piped into a model.
    Sequence,
    Other,
}

/// A prompt object in either form: its class word and its fields.
struct Node<'a> {
    kind: Shape,
    /// The class or `_type`.
    class: &'a str,
    value: &'a Value,
    fields: &'a Value,
}

impl<'a> Node<'a> {
    fn of(value: &'a Value) -> Node<'a> {
        let serialised = value.has("lc");
        let class = if serialised {
            let id = value.get("id").map(Value::items).unwrap_or_default();
            id.last().and_then(Value::as_str).unwrap_or_default()
        } else {
            value.get_str("_type").unwrap_or_default()
        };
        let fields = value.get("kwargs").filter(|_| serialised).unwrap_or(value);
        let kind = match class {
            "PromptTemplate" => Shape::Prompt,
            "FewShotPromptTemplate" => Shape::FewShot,
            "ChatPromptTemplate" => Shape::Chat,
            "RunnableSequence" => Shape::Sequence,
            "prompt" => Shape::Prompt,
            "few_shot" | "few_shot_with_templates" => Shape::FewShot,
            "chat" if value.has("messages") => Shape::Chat,
            "" if !serialised && is_untyped_prompt(value) => Shape::Prompt,
            _ => Shape::Other,
        };
        Node {
            kind,
            class,
            value,
            fields,
        }
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name)
    }
}

/// The loader takes a document without `_type` for a prompt; its variables are a list of names.
fn is_untyped_prompt(value: &Value) -> bool {
    let variables = value.get("input_variables");
    value
        .get_any(&["template", "template_path"])
        .is_some_and(|t| t.as_str().is_some())
        && variables.is_some_and(|v| v.is_seq() && v.items().iter().all(|v| v.as_str().is_some()))
}

fn prompt_of_sequence<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let first = Node::of(node.field("first")?);
    matches!(first.kind, Shape::Prompt | Shape::FewShot | Shape::Chat).then_some(first)
}

/// The model at the end of a sequence, also below what binds options to it.
fn target_of(last: &Value, path: &Arc<str>, draft: &mut Draft) {
    let mut node = Node::of(last);
    if let Some(options) = node.field("kwargs") {
        draft.settings.extend(parts::settings(options, path));
    }
    if let Some(bound) = node.field("bound") {
        node = Node::of(bound);
    }
    let class = Text::opaque(path, node.value.span, node.class);
    let model = node
        .fields
        .get_any(&["model", "model_name", "model_id"])
        .and_then(Value::as_text);
    draft.target = parts::target(model, Some(&class), Some("chat"));
}

fn dialect_of(fields: &Value) -> Dialect {
    fields
        .get_str("template_format")
        .and_then(|word| words().dialect(word))
        .unwrap_or(Dialect::Braces)
}

/// The contents of a prompt or few-shot node.
fn contents(node: &Node, path: &Arc<str>) -> Vec<Content> {
    let dialect = dialect_of(node.fields);
    if node.kind == Shape::Prompt {
        return named(node.fields, "template", dialect)
            .into_iter()
            .collect();
    }
    let mut chunks: Vec<Vec<Content>> = Vec::new();
    chunks.extend(named(node.fields, "prefix", dialect).map(|prefix| vec![prefix]));
    chunks.extend(examples(node, path));
    chunks.extend(named(node.fields, "suffix", dialect).map(|suffix| vec![suffix]));
    let separator = match node.field("example_separator").and_then(Value::as_text) {
        Some(text) => text.clone(),
        None => Text::opaque(path, node.value.span, "\n\n"),
    };
    let mut out = Vec::new();
    for chunk in chunks {
        if !out.is_empty() && !separator.is_empty() {
            out.push(Content::Template(separator.clone(), Dialect::Plain));
        }
        out.extend(chunk);
    }
    out
}

/// A text that stands in place (`template`) or in a file (`template_path`).
fn named(fields: &Value, key: &str, dialect: Dialect) -> Option<Content> {
    if let Some(text) = fields.get_text(key) {
        // A prompt template within a few-shot prompt has the text one level down.
        return (!text.is_empty()).then(|| Content::Template(text.clone(), dialect));
    }
    if let Some(inner) = fields.get(key).filter(|inner| inner.is_map()) {
        let inner = Node::of(inner);
        return named(inner.fields, "template", dialect_of(inner.fields));
    }
    let name = fields.get(&format!("{key}_path"))?;
    Some(Content::File {
        name: name.as_str()?.to_string(),
        span: name.span,
        dialect: Some(dialect),
    })
}

/// One chunk for each example, with its values in place.
fn examples(node: &Node, path: &Arc<str>) -> Vec<Vec<Content>> {
    let Some(examples) = node
        .field("examples")
        .filter(|examples| !examples.is_null())
    else {
        let selector = node
            .field("example_selector")
            .filter(|value| !value.is_null());
        return selector
            .map(|selector| {
                vec![parts::unknown_slot(
                    selector.place(path),
                    "example_selector",
                    Class::Request,
                    Assume::default().unknown_text_tokens,
                    "examples chosen for the question",
                )]
            })
            .into_iter()
            .collect();
    };
    if let Some(name) = examples.as_str() {
        return vec![vec![Content::File {
            name: name.to_string(),
            span: examples.span,
            dialect: Some(Dialect::Plain),
        }]];
    }
    let template = node
        .field("example_prompt")
        .and_then(|inner| Node::of(inner).fields.get_text("template"));
    let Some(template) = template else {
        // The form of an example stands in another file: its values are sent in some frame.
        return examples
            .items()
            .iter()
            .take(MAX_EXAMPLES)
            .map(|item| {
                vec![Content::Template(
                    parts::value_text(item, path),
                    Dialect::Plain,
                )]
            })
            .collect();
    };
    examples
        .items()
        .iter()
        .take(MAX_EXAMPLES)
        .map(|item| {
            vec![Content::Template(
                filled(template, item, path),
                Dialect::Plain,
            )]
        })
        .collect()
}

/// A format text with the values of one example: `{name}` is replaced, `{{` is a brace.
fn filled(template: &Text, example: &Value, path: &Arc<str>) -> Text {
    let values: BTreeMap<&str, &Value> = example
        .entries()
        .iter()
        .map(|entry| (entry.key.as_str(), &entry.value))
        .collect();
    let source = template.as_str();
    let mut out = Text::empty(path);
    let mut at = 0;
    while let Some(found) = source[at..].find(['{', '}']) {
        let brace = at + found;
        out.push(&template.slice(at, brace));
        let rest = &source[brace..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push(&template.slice(brace, brace + 1));
            at = brace + 2;
            continue;
        }
        let close = rest.find('}').filter(|_| rest.starts_with('{'));
        let value = close.and_then(|close| values.get(rest[1..close].trim()).copied());
        match (close, value) {
            (Some(close), Some(value)) => {
                out.push(&parts::value_text(value, path));
                at = brace + close + 1;
            }
            _ => {
                out.push(&template.slice(brace, brace + 1));
                at = brace + 1;
            }
        }
    }
    out.push(&template.slice(at, source.len()));
    out
}

/// One entry of a chat prompt: an object of either form, or a pair `[role, template]`.
fn chat_message(item: &Value, path: &Arc<str>) -> Option<DraftMessage> {
    if let [role, template] = item.items() {
        let text = template.as_text()?;
        return role_message(
            role.as_str()?,
            item,
            vec![Content::Template(text.clone(), Dialect::Braces)],
            path,
        );
    }
    let node = Node::of(item);
    let class = if node.class.is_empty() {
        let word = item.get_any(&["role", "type"]).and_then(Value::as_str);
        word.unwrap_or(if item.has("variable_name") {
            "placeholder"
        } else {
            "human"
        })
    } else {
        node.class
    };
    let class = match class {
        "ChatMessagePromptTemplate" | "ChatMessage" => node.field("role")?.as_str()?,
        class => class,
    };
    role_message(class, item, message_contents(&node), path)
}

fn message_contents(node: &Node) -> Vec<Content> {
    if let Some(prompt) = node.field("prompt") {
        // A list of prompts is one message of several parts.
        let prompts = if prompt.is_seq() {
            prompt.items()
        } else {
            std::slice::from_ref(prompt)
        };
        return prompts
            .iter()
            .flat_map(|prompt| {
                let inner = Node::of(prompt);
                named(inner.fields, "template", dialect_of(inner.fields))
            })
            .collect();
    }
    let dialect = match node.field("content") {
        // A message that is no template is sent as it stands.
        Some(_) if node.value.has("lc") => Dialect::Plain,
        _ => dialect_of(node.fields),
    };
    ["template", "content"]
        .into_iter()
        .find_map(|key| named(node.fields, key, dialect))
        .into_iter()
        .collect()
}

fn role_message(
    class: &str,
    item: &Value,
    contents: Vec<Content>,
    path: &Arc<str>,
) -> Option<DraftMessage> {
    let role = words().of("langchain-messages", class)?;
    if role == "placeholder" {
        let fields = item.get("kwargs").unwrap_or(item);
        let history = Content::History {
            place: item.place(path),
            name: fields
                .get_str("variable_name")
                .unwrap_or("history")
                .to_string(),
        };
        let section = Some(Section::Role("user".into()));
        return Some(parts::message(section, item.span, vec![history]));
    }
    (!contents.is_empty()).then(|| {
        let section = Some(Section::from_role(role));
        parts::message(section, item.span, contents)
    })
}
