//! Role headers and telling words of templates, from `rules/roles.yaml`. Data only.

use std::sync::OnceLock;

use regex::Regex;

use crate::words::strings;

/// One way to write role headers.
pub struct HeaderForm {
    pub name: String,
    /// Each with the role in group `role`, or a fixed role.
    pub headers: Vec<(Regex, Option<String>)>,
    /// What ends a message and is not sent as text.
    pub ends: Vec<Regex>,
    /// How many different roles must be found.
    pub roles: usize,
    /// Roles one of which is enough.
    pub or_role: Vec<String>,
    /// Whether a header must stand alone on its line, so that no value may follow it there.
    pub whole_line: bool,
    /// Whether some header must stand directly before a value or at the end.
    pub before_value: bool,
    /// Whether the text must end with the header of an assistant.
    pub to_continue: bool,
}

/// All words of `rules/roles.yaml`.
#[derive(Default)]
pub struct Words {
    pub forms: Vec<HeaderForm>,
    pub roles: Vec<String>,
    pub system_openings: Vec<String>,
    pub conversation_words: Vec<String>,
    /// Letters and digits only.
    pub turn_names: Vec<String>,
    /// Letters and digits only.
    pub scratchpads: Vec<String>,
    pub role_attributes: Vec<String>,
    pub loop_objects: Vec<String>,
    pub loop_data: Vec<String>,
    pub reversing: Vec<String>,
    pub message_helpers: Vec<String>,
    pub condition_helpers: Vec<String>,
}

static WORDS: OnceLock<Words> = OnceLock::new();

pub fn words() -> &'static Words {
    WORDS.get_or_init(|| parse(include_str!("../../rules/roles.yaml")))
}

fn parse(text: &str) -> Words {
    let Ok(root) = serde_yaml::from_str::<serde_yaml::Value>(text) else {
        return Words::default();
    };
    let list = |key: &str| strings(root.get(key));
    let letters = |key: &str| list(key).iter().map(|name| name.replace('_', "")).collect();
    Words {
        forms: root
            .get("forms")
            .and_then(|forms| forms.as_sequence())
            .map(|forms| forms.iter().filter_map(form).collect())
            .unwrap_or_default(),
        roles: list("roles"),
        system_openings: list("system-openings"),
        conversation_words: list("conversation-words"),
        turn_names: letters("turn-names"),
        scratchpads: letters("scratchpads"),
        role_attributes: list("role-attributes"),
        loop_objects: list("loop-objects"),
        loop_data: list("loop-data"),
        reversing: list("reversing"),
        message_helpers: list("message-helpers"),
        condition_helpers: list("condition-helpers"),
    }
}

fn form(value: &serde_yaml::Value) -> Option<HeaderForm> {
    let mut headers = Vec::new();
    for header in value.get("headers")?.as_sequence()? {
        let regex = Regex::new(header.get("regex")?.as_str()?).ok()?;
        let role = header.get("role").and_then(|role| role.as_str());
        headers.push((regex, role.map(str::to_string)));
    }
    let flag = |key: &str| value.get(key).and_then(|b| b.as_bool()).unwrap_or(false);
    Some(HeaderForm {
        name: value.get("name")?.as_str()?.to_string(),
        headers,
        ends: strings(value.get("ends"))
            .iter()
            .filter_map(|end| Regex::new(end).ok())
            .collect(),
        roles: value
            .get("roles")
            .and_then(|n| n.as_u64())
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(1),
        or_role: strings(value.get("or-role")),
        whole_line: flag("whole-line"),
        before_value: flag("before-value"),
        to_continue: flag("to-continue"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_table_compiles() {
        let words = words();
        let text = include_str!("../../rules/roles.yaml");
        assert_eq!(words.forms.len(), text.matches("\n  - name:").count());
        assert!(words.forms.iter().all(|form| !form.headers.is_empty()));
        let ends: usize = words.forms.iter().map(|form| form.ends.len()).sum();
        assert!(ends >= 5);
    }
}
