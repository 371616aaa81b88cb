//! Providers of a promptfoo configuration: `openai:chat:gpt-4o`, `{id, config}`, `name: {config}` -> target, options.

use super::super::draft::Draft;
use super::super::parts;
use super::super::value::Value;
use super::super::words::words;
use super::{listed, single_entry, Path};
use crate::prompt::{Section, Setting, Target};
use crate::source::Text;

/// One model that the prompts are sent to.
#[derive(Clone)]
pub(super) struct Provider {
    pub id: String,
    label: Option<String>,
    target: Target,
    settings: Vec<Setting>,
    tools: Option<super::DraftMessage>,
    system: Option<super::DraftMessage>,
    /// Labels of the prompts it takes; empty: all.
    prompts: Vec<String>,
}

impl Default for Provider {
    fn default() -> Self {
        Provider {
            id: String::new(),
            label: None,
            target: Target::unknown(),
            settings: Vec::new(),
            tools: None,
            system: None,
            prompts: Vec::new(),
        }
    }
}

impl Provider {
    /// Whether the prompt of that label (or text) is sent to it.
    pub fn takes(&self, label: Option<&str>, text: &str) -> bool {
        let named = |name: &String| {
            let group = name.strip_suffix('*').or_else(|| name.strip_suffix(":*"));
            Some(name.as_str()) == label
                || name == text
                || group.is_some_and(|group| label.is_some_and(|label| label.starts_with(group)))
        };
        self.prompts.is_empty() || self.prompts.iter().any(named)
    }

    pub fn apply(&self, draft: &mut Draft) {
        draft.target = self.target.clone();
        draft.settings = self.settings.clone();
        draft.messages.extend(self.tools.clone());
        draft.messages.extend(self.system.clone());
    }
}

/// The providers that are sent text, each once.
pub(super) fn all(root: &Value, path: &Path) -> Vec<Provider> {
    let mut out: Vec<Provider> = Vec::new();
    for value in listed(root, &["providers", "targets"]) {
        let Some(mut provider) = one(value, path) else {
            continue;
        };
        // The same model with other options is another request.
        if let Some(label) = &provider.label {
            if out.iter().any(|known| known.id == provider.id) {
                provider.id = label.clone();
            }
        }
        out.push(provider);
    }
    out
}

fn one(value: &Value, path: &Path) -> Option<Provider> {
    let (id, body) = if let Some(id) = value.as_text() {
        (id, None)
    } else if let Some(id) = value.get_text("id") {
        (id, Some(value))
    } else {
        let (id, body) = single_entry(value)?;
        (body.get_text("id").unwrap_or(id), Some(body))
    };
    let mut provider = Provider {
        id: id.as_str().to_string(),
        target: target(id)?,
        ..Provider::default()
    };
    let Some(body) = body else {
        return Some(provider);
    };
    provider.label = body.get_str("label").map(str::to_string);
    provider.prompts = listed(body, &["prompts"])
        .into_iter()
        .filter_map(|label| label.as_str().map(str::to_string))
        .collect();
    let Some(config) = body.get("config") else {
        return Some(provider);
    };
    provider.settings = parts::settings(config, path);
    provider.tools = config
        .get_any(&["tools", "functions"])
        .and_then(|tools| parts::tools(tools, path));
    if let Some(system) = config
        .get_any(&["systemInstruction", "system_instruction", "instructions"])
        .and_then(Value::as_text)
    {
        provider
            .settings
            .retain(|setting| setting.place.span != system.whole().span);
        provider.system = Some(system_message(system));
    }
    Some(provider)
}

fn system_message(system: &Text) -> super::DraftMessage {
    let span = system.whole().span;
    let content = match parts::file_reference(system.as_str()) {
        Some(name) => super::Content::File {
            name: name.to_string(),
            span,
            dialect: Some(super::Dialect::Jinja),
        },
        None => super::Content::Template(system.clone(), super::Dialect::Jinja),
    };
    parts::message(Some(Section::System), span, vec![content])
}

/// `provider:api:model`, with the API often left out; `None` for what is sent no prompt (embeddings, images).
fn target(id: &Text) -> Option<Target> {
    let source = id.as_str();
    let mut segments = source.split(':');
    let provider = segments.next().unwrap_or_default();
    let known = words().provider(provider).is_some() || words().has("other-providers", provider);
    let mut at = provider.len() + 1;
    let mut api = None;
    if known {
        for segment in segments {
            if words().has("other-apis", segment) {
                return None;
            }
            if words().api(segment).is_none() {
                break;
            }
            api = Some(segment);
            at += segment.len() + 1;
        }
    }
    if !known {
        return Some(Target::unknown());
    }
    let word = id.slice(0, provider.len());
    let model = (at < source.len()).then(|| id.slice(at, source.len()));
    let mut target = parts::target(model.as_ref(), Some(&word), api);
    if model.is_some() && target.place.is_some() {
        target.place = Some(id.whole());
    }
    Some(target)
}
