//! Request bodies: recognises the JSON (or YAML) that is sent to a provider and turns it into a draft.
//! One file per API; this one holds what they share. Reads no files and resolves no templates.

mod anthropic;
mod bedrock;
mod gemini;
mod messages_array;
mod openai_chat;
mod openai_responses;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::draft::{Content, Draft, DraftBlock, DraftMessage};
use super::value::{Entry, Kind, Value};
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Marker, MarkerHow, Piece, Section, Setting, Stored, Target, TargetSource};
use crate::source::{Place, Span, Text};

/// Where a value was found: decides how much evidence a body needs, and whether it may hold templates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The document itself, or an item of a list in it.
    Document,
    /// A row of a batch or log file: what is sent, never a template. Without a model it is training data.
    Row,
    /// Behind a batch wrapper that says it is a request.
    Wrapped,
}

/// Reads a value as one request: a body, or a batch row around one.
pub fn read_request(value: &Value, path: &Arc<str>, found: Found) -> Option<Draft> {
    if let Some((body, url)) = wrapper(value) {
        let mut draft = read_body(body, path, Found::Wrapped, url)?;
        draft.span = value.span;
        return Some(draft);
    }
    read_body(value, path, found, None)
}

/// The requests in one document: `{"requests": [..]}`, a list of bodies, or the document itself.
/// A list of one kind of body counts as rows.
pub fn rows_of(value: &Value) -> Option<&[Value]> {
    let items = match value.get("requests") {
        Some(requests) if value.entries().len() <= 2 => requests.items(),
        _ => value.items(),
    };
    let is_request = |item: &Value| {
        wrapper(item).is_some()
            || ["messages", "contents", "input"]
                .iter()
                .any(|key| item.has(key))
    };
    (!items.is_empty() && items.iter().all(is_request)).then_some(items)
}

/// The body behind a batch wrapper and the API path it names: OpenAI `{custom_id, method, url, body}`,
/// Anthropic `{custom_id, params}`, Gemini `{key, request}`.
fn wrapper(value: &Value) -> Option<(&Value, Option<&str>)> {
    let url = value.get_str("url");
    if value.has("custom_id") || (url.is_some() && value.has("method")) {
        if let Some(body) = value.get("body") {
            return body.is_map().then_some((body, url));
        }
    }
    if value.has("custom_id") {
        let params = value.get("params")?;
        return params.is_map().then_some((params, Some("/v1/messages")));
    }
    let request = value.get("request")?;
    let gemini = value.entries().len() <= 3 && request.has("contents");
    gemini.then_some((request, None))
}

fn read_body(value: &Value, path: &Arc<str>, found: Found, url: Option<&str>) -> Option<Draft> {
    let mut sheet = Sheet::new(path, found);
    let url = url.unwrap_or_default();
    let format = if messages_array::matches(value, found) {
        messages_array::read(value, &mut sheet)
    } else if gemini::matches(value) {
        gemini::read(value, &mut sheet)
    } else if openai_responses::matches(value, url) {
        openai_responses::read(value, &mut sheet)
    } else if bedrock::matches(value) {
        bedrock::read(value, &mut sheet)
    } else if anthropic::matches(value, url, found) {
        anthropic::read(value, &mut sheet)
    } else if openai_chat::matches(value, found) {
        openai_chat::read(value, &mut sheet)
    } else {
        return None;
    };
    Some(sheet.finish(format, value.span))
}

/// A draft in the making.
struct Sheet<'a> {
    path: &'a Arc<str>,
    found: Found,
    target: Target,
    settings: Vec<Setting>,
    messages: Vec<DraftMessage>,
    templated: bool,
}

impl<'a> Sheet<'a> {
    fn new(path: &'a Arc<str>, found: Found) -> Self {
        Sheet {
            path,
            found,
            target: Target::unknown(),
            settings: Vec::new(),
            messages: Vec::new(),
            templated: false,
        }
    }

    fn place(&self, span: Span) -> Place {
        Place {
            path: self.path.clone(),
            span,
        }
    }

    /// Names what the request is sent to; the provider by the body's shape, the model by its value.
    fn target(&mut self, provider: Option<&str>, api: &'static str, model: Option<&Value>) {
        let name = model
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty());
        // A model that is itself filled in (`{{model}}`) names nothing.
        let name = name.filter(|name| guess_dialect(name) == Dialect::Plain);
        self.target = Target {
            provider: provider.map(str::to_string),
            model: name.map(str::to_string),
            api: Some(api),
            source: if name.is_some() || provider.is_some() {
                TargetSource::Declared
            } else {
                TargetSource::Default
            },
            place: model.map(|value| self.place(value.span)),
        };
    }

    fn text(&mut self, text: &Text) -> Content {
        let dialect = match self.found {
            Found::Document => guess_dialect(text.as_str()),
            Found::Row | Found::Wrapped => Dialect::Plain,
        };
        self.templated |= dialect != Dialect::Plain;
        Content::Template(text.clone(), dialect)
    }

    fn text_block(&mut self, text: &Text, marker: Option<Marker>) -> DraftBlock {
        DraftBlock {
            content: self.text(text),
            marker,
        }
    }

    /// A part that is sent as JSON: a tool definition, a tool call, a schema.
    fn json_block(&mut self, value: &Value, marker: Option<Marker>) -> DraftBlock {
        let value = without_markers(value);
        let (text, dialect) = match self.dialect_within(&value) {
            Dialect::Plain => (
                Text::opaque(self.path, value.span, &value.to_json()),
                Dialect::Plain,
            ),
            dialect => (value.to_template(self.path), dialect),
        };
        self.templated |= dialect != Dialect::Plain;
        DraftBlock {
            content: Content::Template(text, dialect),
            marker,
        }
    }

    /// The template language of the strings in a value.
    fn dialect_within(&self, value: &Value) -> Dialect {
        let inner = |values: &mut dyn Iterator<Item = &Value>| {
            values
                .map(|value| self.dialect_within(value))
                .find(|dialect| *dialect != Dialect::Plain)
                .unwrap_or(Dialect::Plain)
        };
        match &value.kind {
            _ if self.found != Found::Document => Dialect::Plain,
            Kind::Scalar(scalar) => guess_dialect(scalar.text.as_str()),
            Kind::Seq(items) => inner(&mut items.iter()),
            Kind::Map(entries) => inner(&mut entries.iter().map(|entry| &entry.value)),
        }
    }

    fn media_block(&self, part: &Value, key: String, marker: Option<Marker>) -> DraftBlock {
        DraftBlock {
            content: Content::Media {
                place: self.place(part.span),
                key,
            },
            marker,
        }
    }

    fn message(&mut self, section: Section, span: Span, blocks: Vec<DraftBlock>) {
        if blocks.is_empty() {
            return;
        }
        self.messages.push(DraftMessage {
            section: Some(section),
            span,
            blocks,
            stored: Stored::Unknown,
        });
    }

    /// `{system, messages: [{role, content}]}` with the provider's own reading of contents.
    fn system_and_turns(
        &mut self,
        body: &Value,
        read_blocks: fn(&Value, &mut Self) -> Vec<DraftBlock>,
    ) {
        if let Some(system) = body.get("system") {
            let blocks = read_blocks(system, self);
            self.message(Section::System, system.span, blocks);
        }
        let messages = body.get("messages").map(Value::items).unwrap_or_default();
        for message in messages {
            let role = message.get_str("role").unwrap_or("user");
            let blocks = message
                .get("content")
                .map(|content| read_blocks(content, self))
                .unwrap_or_default();
            self.message(Section::from_role(role), message.span, blocks);
        }
    }

    /// One block per tool definition.
    fn tools(&mut self, tools: &Value) {
        let blocks = tools
            .items()
            .iter()
            .map(|tool| {
                let marker = self.marker(tool);
                self.json_block(tool, marker)
            })
            .collect();
        self.message(Section::Tools, tools.span, blocks);
    }

    fn schema(&mut self, schema: &Value) {
        let block = self.json_block(schema, None);
        self.message(Section::Schema, schema.span, vec![block]);
    }

    /// The marker that a block carries itself: `cache_control` or `prompt_cache_breakpoint`.
    fn marker(&self, block: &Value) -> Option<Marker> {
        let entry = MARKER_KEYS.iter().find_map(|key| block.entry(key))?;
        if entry.value.is_null() || entry.value.as_bool() == Some(false) {
            return None;
        }
        Some(self.marker_at(entry, MarkerHow::Literal))
    }

    fn marker_at(&self, entry: &Entry, how: MarkerHow) -> Marker {
        Marker::once(
            self.place(entry.key_span.to(entry.value.span)),
            entry.value.get_str("ttl").and_then(minutes),
            how,
        )
    }

    /// Adds an option, maps by dotted names, lists as JSON.
    fn setting(&mut self, name: &str, value: &Value) {
        let text = match &value.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    self.setting(&format!("{name}.{}", entry.key.as_str()), &entry.value);
                }
                return;
            }
            Kind::Scalar(scalar) => scalar.text.clone(),
            Kind::Seq(_) => Text::opaque(self.path, value.span, &value.to_json()),
        };
        self.templated |= self.dialect_within(value) != Dialect::Plain;
        self.settings.push(Setting {
            name: name.to_string(),
            pieces: vec![Piece::Text(text)],
            place: self.place(value.span),
        });
    }

    /// Adds every option of a body that was not read as content.
    fn settings_but(&mut self, body: &Value, consumed: &[&str]) {
        for entry in body.entries() {
            if !consumed.contains(&entry.key.as_str()) {
                self.setting(entry.key.as_str(), &entry.value);
            }
        }
    }

    fn has_setting(&self, prefix: &str) -> bool {
        self.settings
            .iter()
            .any(|setting| setting.name.starts_with(prefix))
    }

    fn finish(self, format: &'static str, span: Span) -> Draft {
        let fragment = !self
            .messages
            .iter()
            .any(|message| message.section.as_ref().is_some_and(|s| !s.is_preamble()));
        Draft {
            key: String::new(),
            format,
            span,
            target: self.target,
            settings: self.settings,
            messages: self.messages,
            bindings: Vec::new(),
            threads: Vec::new(),
            rows: 0,
            recorded: !self.templated,
            fragment,
        }
    }
}

/// Keys by which a block marks the end of a cacheable prefix.
const MARKER_KEYS: [&str; 2] = ["cache_control", "prompt_cache_breakpoint"];

/// Keys of answers and logs: a document with one of them is not a request.
const ANSWER_KEYS: [&str; 6] = [
    "choices",
    "usage",
    "candidates",
    "output",
    "evaluators",
    "stopReason",
];

/// A marker is an instruction to the cache and no part of the prefix.
fn without_markers(value: &Value) -> Value {
    let mut value = value.clone();
    if let Kind::Map(entries) = &mut value.kind {
        entries.retain(|entry| !MARKER_KEYS.contains(&entry.key.as_str()));
    }
    value
}

/// Minutes of a TTL as providers write it: `5m`, `1h`.
fn minutes(ttl: &str) -> Option<u32> {
    let (number, unit) = ttl
        .trim()
        .split_at_checked(ttl.trim().len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    match unit {
        "m" => Some(number),
        "h" => number.checked_mul(60),
        "s" => Some(number.div_ceil(60)),
        "d" => number.checked_mul(1440),
        _ => None,
    }
}

/// Whether every item is a message: a map with a role of the chat APIs and a content (or the calls that stand for it).
fn are_messages(messages: &Value) -> bool {
    const ROLES: [&str; 6] = [
        "system",
        "developer",
        "user",
        "assistant",
        "tool",
        "function",
    ];
    let is_message = |item: &Value| {
        item.get_str("role")
            .is_some_and(|role| ROLES.contains(&role))
            && match item.get("content").map(|content| &content.kind) {
                Some(Kind::Scalar(_)) => true,
                Some(Kind::Seq(parts)) => parts.iter().all(|p| p.is_map() || p.as_str().is_some()),
                Some(Kind::Map(_)) => false,
                None => item.has("tool_calls") || item.has("function_call"),
            }
    };
    !messages.items().is_empty() && messages.items().iter().all(is_message)
}

fn ends_in_assistant(messages: &Value) -> bool {
    messages
        .items()
        .last()
        .is_some_and(|last| last.get_str("role") == Some("assistant"))
}

/// A key for an image or a file: equal sources are equal keys. Inline data is named by its hash.
fn media_key(source: &str) -> String {
    if source.len() <= 200 {
        source.to_string()
    } else {
        format!("data:{:016x}", crate::source::stable_hash(&[source]))
    }
}

/// The template language that a text's markers speak for; `Plain` if it has none.
/// Single braces are no marker: prompts are full of JSON.
pub fn guess_dialect(text: &str) -> Dialect {
    let has_tag = |open: &str, close: &str| {
        text.find(open)
            .is_some_and(|at| text[at + open.len()..].contains(close))
    };
    if has_tag("{%", "%}") || has_tag("{#", "#}") {
        return Dialect::Jinja;
    }
    if has_tag("<%", "%>") {
        return Dialect::Erb;
    }
    let mut guess = Dialect::Plain;
    for (at, _) in text.match_indices("{{") {
        let rest = &text[at + 2..];
        let Some(end) = near(rest).find("}}") else {
            continue;
        };
        match dialect_of_tag(rest[..end].trim()) {
            Some(Dialect::Jinja) => guess = Dialect::Jinja,
            Some(certain) => return certain,
            None => {}
        }
    }
    if guess == Dialect::Plain && has_dollar_braces(text) {
        return Dialect::Dollar;
    }
    if guess == Dialect::Jinja && is_format_text(text) {
        return Dialect::Braces;
    }
    guess
}

/// Whether double braces are braces, as in a text for a `format`: they stand close around names, and there are names in
/// single braces, or JSON in double ones.
pub fn is_format_text(text: &str) -> bool {
    let name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let inside = |close: &str, at: usize| {
        let inner = near(&text[at..]);
        inner.find(close).map(|end| &inner[..end])
    };
    let doubled = || text.match_indices("{{").map(|(at, _)| at + 2);
    let spaced = doubled()
        .filter_map(|at| inside("}}", at))
        .any(|tag| tag.starts_with(' ') && name(tag.trim()));
    let single = |(at, _): (usize, &str)| {
        let alone = !text[..at].ends_with(['{', '$']) && !text[at + 1..].starts_with('{');
        alone
            && inside("}", at + 1)
                .is_some_and(|tag| name(tag) && !text[at + tag.len() + 2..].starts_with('}'))
    };
    let json = |at: usize| {
        let inner = near(&text[at..]).trim_start();
        inner.starts_with('"')
            && inner[1..]
                .split_once('"')
                .is_some_and(|(_, behind)| behind.starts_with(':'))
    };
    !spaced && (text.match_indices('{').any(single) || doubled().any(json))
}

/// The start of a text, as far as a tag may reach: keeps the search for closing braces linear.
fn near(text: &str) -> &str {
    let mut end = text.len().min(300);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What the inside of `{{..}}` says: Jinja stands for "some language with double braces".
fn dialect_of_tag(tag: &str) -> Option<Dialect> {
    let word = |text: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()
            .unwrap_or_default()
            .to_string()
    };
    let first = tag.chars().next()?;
    let name = word(tag);
    match first {
        '#' if ["if", "each", "unless", "with"].contains(&word(&tag[1..]).as_str()) => {
            Some(Dialect::Handlebars)
        }
        '#' | '^' | '/' if !word(&tag[1..]).is_empty() => Some(Dialect::Mustache),
        '>' | '!' | '&' | '{' => Some(Dialect::Handlebars),
        '$' if !word(&tag[1..]).is_empty() => Some(Dialect::SemanticKernel),
        '.' if !word(&tag[1..]).is_empty() => Some(Dialect::GoTemplate),
        '@' if !word(&tag[1..]).is_empty() => Some(Dialect::Handlebars),
        _ if ["role", "history", "media"].contains(&name.as_str())
            && (tag == "history" || tag.contains(['"', '='])) =>
        {
            Some(Dialect::Dotprompt)
        }
        _ if !name.is_empty() && !first.is_ascii_digit() => Some(Dialect::Jinja),
        _ => None,
    }
}

fn has_dollar_braces(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let rest = near(&text[at + 2..]);
        rest.find('}').is_some_and(|end| {
            let name = &rest[..end];
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        })
    })
}
