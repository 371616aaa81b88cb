//! The settings of the editor (`prefixlint.*`). What is not valid is said and the default holds in its place.

use serde_json::Value;

use crate::finding::Severity;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub enable: bool,
    pub boundary_hints: bool,
    pub token_hints: bool,
    pub code_lens: bool,
    pub min_severity: Severity,
    pub pedantic: bool,
    /// The model of prompts that name none; wins over the config as `--model` does.
    pub model: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enable: true,
            boundary_hints: true,
            token_hints: false,
            code_lens: true,
            min_severity: Severity::Note,
            pedantic: false,
            model: None,
        }
    }
}

impl Settings {
    /// Of an object as editors send it, alone or under the key `prefixlint`; and what is wrong in it.
    pub fn parse(value: &Value) -> (Settings, Vec<String>) {
        let value = match value.get("prefixlint") {
            Some(own) if own.is_object() => own,
            _ => value,
        };
        let mut wrong = Vec::new();
        let mut settings = Settings::default();
        let mut flag = |pointer: &str, slot: &mut bool| match value.pointer(pointer) {
            None | Some(Value::Null) => {}
            Some(Value::Bool(on)) => *slot = *on,
            Some(_) => wrong.push(format!("{} is not true or false", dotted(pointer))),
        };
        flag("/enable", &mut settings.enable);
        flag("/inlayHints/boundary", &mut settings.boundary_hints);
        flag("/inlayHints/tokens", &mut settings.token_hints);
        flag("/codeLens", &mut settings.code_lens);
        flag("/pedantic", &mut settings.pedantic);
        match value.get("minSeverity") {
            None | Some(Value::Null) => {}
            Some(name) => match name.as_str().and_then(Severity::parse) {
                Some(severity) => settings.min_severity = severity,
                None => wrong.push("minSeverity is not note, warning or error".to_string()),
            },
        }
        match value.get("model") {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) => {
                settings.model = Some(name.trim().to_string()).filter(|name| !name.is_empty());
            }
            Some(_) => wrong.push("model is not a name".to_string()),
        }
        (settings, wrong)
    }

    /// Whether two differ in what is analysed, not only in what is shown.
    pub fn analyse_alike(&self, other: &Settings) -> bool {
        (self.min_severity, self.pedantic, &self.model)
            == (other.min_severity, other.pedantic, &other.model)
    }
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_stand_alone_or_under_their_name() {
        let bare = json!({"codeLens": false, "inlayHints": {"tokens": true}, "model": " gpt-5.4 "});
        let (settings, wrong) = Settings::parse(&bare);
        assert!(wrong.is_empty() && !settings.code_lens && settings.token_hints);
        assert!(settings.boundary_hints && settings.enable);
        assert_eq!(settings.model.as_deref(), Some("gpt-5.4"));
        assert_eq!(Settings::parse(&json!({ "prefixlint": bare })).0, settings);
        assert_eq!(Settings::parse(&Value::Null).0, Settings::default());
    }

    #[test]
    fn what_is_not_valid_is_said_and_the_default_holds() {
        let value = json!({"enable": "no", "minSeverity": "loud", "model": 5, "pedantic": true});
        let (settings, wrong) = Settings::parse(&value);
        assert_eq!(wrong.len(), 3);
        assert!(settings.enable && settings.pedantic && settings.model.is_none());
    }
}
