//! Lists of named prompts: `prompts: [{task, content}]` or `{task, messages}`, as NeMo Guardrails and others keep
//! them. Told by its shape alone; each entry is one draft.

use super::body::guess_dialect;
use super::draft::{Document, Draft, DraftMessage};
use super::parts;
use super::value::{parse_json, parse_yaml, Parsed, Value};
use super::words::words;
use crate::prompt::Section;
use crate::source::{SourceFile, Text};

/// By content: a list under `prompts` whose entries have a name and a text or messages.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let holds_key = text.as_str().lines().any(|line| {
        let key = line.trim_start_matches(['"', '{', ' ']);
        let key = key.strip_prefix("prompts").unwrap_or_default();
        key.trim_start_matches('"').starts_with(':')
    });
    if !holds_key {
        return None;
    }
    let parsed = parse_any(path, text);
    let found = entries(parsed.value()?).any(|item| named(item).is_some() && holds_text(item));
    found.then(|| "a list of named prompts".to_string())
}

pub fn parse(file: &SourceFile) -> Document {
    let parsed = parts::with_help(
        parse_any(&file.path, &file.content()),
        "mend the file; what stands in front of the error is still checked",
    );
    let drafts = parsed.value().map_or_else(Vec::new, |root| {
        entries(root).filter_map(|item| draft(file, item)).collect()
    });
    Document {
        drafts,
        problems: parsed.problems,
        ..Document::default()
    }
}

fn parse_any(path: &str, text: &Text) -> Parsed {
    if parts::file_name(path).ends_with(".json") {
        parse_json(text)
    } else {
        parse_yaml(text)
    }
}

fn entries(root: &Value) -> impl Iterator<Item = &Value> {
    let list = root.get("prompts").map(Value::items).unwrap_or_default();
    list.iter().filter(|item| item.is_map())
}

/// What an entry is called.
fn named(item: &Value) -> Option<&Text> {
    let mut keys = item.entries().iter();
    keys.find(|entry| words().has("listed-prompt-names", entry.key.as_str()))
        .and_then(|entry| entry.value.as_text())
}

fn text_of(item: &Value) -> Option<&Text> {
    let mut keys = item.entries().iter();
    keys.find(|entry| words().has("listed-prompt-texts", entry.key.as_str()))
        .and_then(|entry| entry.value.as_text())
}

fn holds_text(item: &Value) -> bool {
    let messages = item.get("messages").map(Value::items).unwrap_or_default();
    text_of(item).is_some() || messages.iter().any(|item| message(item).is_some())
}

fn draft(file: &SourceFile, item: &Value) -> Option<Draft> {
    let name = named(item)?;
    let mut draft = parts::draft(file, "prompt-list");
    draft.key = name.as_str().to_string();
    draft.span = item.span;
    let models = item.get("models").map(Value::items).unwrap_or_default();
    let model = models.first().and_then(Value::as_text);
    draft.target = parts::target(model.or_else(|| item.get_text("model")), None, None);
    if let Some(messages) = item.get("messages") {
        draft.messages = messages.items().iter().filter_map(message).collect();
    } else if let Some(text) = text_of(item) {
        draft.messages.push(lone(text));
        // Whether more is sent with it, nothing here says.
        draft.fragment = true;
    }
    (!draft.messages.is_empty()).then_some(draft)
}

/// `{role, content}`, `{type, content}`, or a text that a render turns into messages (`{{ history | to_messages }}`).
fn message(item: &Value) -> Option<DraftMessage> {
    if let Some(text) = item.as_text() {
        return Some(lone(text));
    }
    let section = Section::from_role(item.get_any(&["role", "type"])?.as_str()?);
    let text = item.get_text("content")?;
    let dialect = guess_dialect(text.as_str());
    Some(parts::text_message(Some(section), text, dialect))
}

fn lone(text: &Text) -> DraftMessage {
    parts::text_message(None, text, guess_dialect(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::document::draft::Content;
    use crate::frontend::template::dialect::Dialect;

    const LIST: &str = "prompts:\n- task: general\n  models: [openai/gpt-5.4]\n  content: |-\n    Rules.\n    {{ history | plain }}\n- task: check\n  messages:\n  - type: system\n    content: Be strict.\n  - '{{ history | to_messages }}'\n- note: no prompt\n";

    fn claims(path: &str, source: &str) -> bool {
        recognise(path, &SourceFile::new(path, source).content()).is_some()
    }

    #[test]
    fn a_list_of_named_prompts_is_told_by_its_shape() {
        assert!(claims("config/any.yml", LIST));
        assert!(claims(
            "a.json",
            "{\"prompts\": [{\"name\": \"a\", \"content\": \"b\"}]}"
        ));
        assert!(!claims("a.yml", "prompts:\n- task: a\n  message: b\n"));
        assert!(!claims("a.yml", "prompts: {task: a, content: b}\n"));
        assert!(!claims("a.yml", "other:\n- task: a\n  content: b\n"));
    }

    #[test]
    fn each_entry_is_a_prompt() {
        let file = SourceFile::new("prompts.yml", LIST);
        let document = parse(&file);
        let keys: Vec<_> = document
            .drafts
            .iter()
            .map(|draft| draft.key.as_str())
            .collect();
        assert_eq!(keys, ["general", "check"]);
        assert_eq!(document.drafts[0].target.model.as_deref(), Some("gpt-5.4"));
        assert!(document.drafts[0].fragment && !document.drafts[1].fragment);
        let messages = &document.drafts[1].messages;
        assert_eq!(messages[0].section, Some(Section::System));
        assert_eq!(messages[1].section, None);
        let Content::Template(text, Dialect::Jinja) =
            &document.drafts[0].messages[0].blocks[0].content
        else {
            panic!("no template");
        };
        let at = text.as_str().find("{{").unwrap();
        let span = text.span(at, at + 2);
        assert_eq!(&file.text[span.start..span.end], "{{");
    }
}
