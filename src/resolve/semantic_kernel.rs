//! Semantic Kernel's `config.json` beside `skprompt.txt`: the target of the prompt. Knows nothing else of it.

use crate::prompt::{Target, TargetSource};
use crate::source::{Place, SourceFile};

/// The target that the execution settings name; unknown where they name none.
pub fn target(config: &SourceFile) -> Target {
    let mut target = Target::unknown();
    let Ok(root) = serde_json::from_str::<serde_json::Value>(&config.text) else {
        return target;
    };
    let mut services = vec![&root["completion"], &root["execution_settings"]];
    if let Some(named) = root["execution_settings"].as_object() {
        services.extend(named.values());
    }
    let model = services.iter().find_map(|settings| {
        settings["model_id"]
            .as_str()
            .or(settings["ai_model_id"].as_str())
    });
    let Some(model) = model else { return target };
    target.model = Some(model.to_string());
    target.source = TargetSource::Declared;
    // The name stands in the file as written unless it is escaped.
    target.place = config.text.find(model).map(|start| {
        let end = start + model.len();
        Place::new(&config.path, start, end)
    });
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_the_execution_settings() {
        let text =
            r#"{"execution_settings": {"default": {"model_id": "gpt-4o", "max_tokens": 9}}}"#;
        let target = target(&SourceFile::new("a/config.json", text));
        assert_eq!(target.model.as_deref(), Some("gpt-4o"));
        assert_eq!(target.source, TargetSource::Declared);
    }

    #[test]
    fn a_config_without_a_model_or_broken_declares_nothing() {
        for text in ["{}", "{", r#"{"completion": {"max_tokens": 1}}"#] {
            assert_eq!(target(&SourceFile::new("c", text)), Target::unknown());
        }
    }
}
