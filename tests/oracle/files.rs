//! The templates of a project, rendered with values that the test makes up: every name that a template asks for is
//! there, under a text that starts differently in the two renderings.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Value};
use minijinja::{AutoEscape, Environment, Error, State};
use prefixlint::prompt::{Piece, Prompt};
use regex::Regex;
use serde_json::json;

use super::generate::VALUES;
use super::{is_stable, judge, predict, prompts};

/// (path, text).
pub type Project = Vec<(String, String)>;

/// What came of one template.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    /// The engine cannot render it, or there is no prompt in it: why.
    NotHeld(String),
    Wrong(String),
}

/// The extensions of templates that some engine here renders, or that are to be named where none does.
pub const TEMPLATES: [&str; 7] = ["j2", "jinja", "hbs", "prompt", "prompty", "liquid", "txt"];

pub fn is_template(path: &str) -> bool {
    TEMPLATES.contains(&extension(path))
}

fn extension(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Holds what is predicted for a template of a project against two renderings of it.
pub fn hold(project: &Project, path: &str) -> Outcome {
    let listed: Vec<(&str, &str)> = project
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let mut found = prompts(&listed, path);
    if found.len() != 1 {
        return Outcome::NotHeld(format!("{} prompts", found.len()));
    }
    let prompt = found.remove(0);
    let renderings =
        [true, false].map(|first| render(project, path, &Names::of(project, &prompt, first)));
    let [Ok(a), Ok(b)] = &renderings else {
        let refusal = renderings.into_iter().find_map(Result::err);
        return Outcome::NotHeld(refusal.unwrap_or_default());
    };
    for (index, message) in prompt.messages.iter().enumerate() {
        let (Some(a), Some(b)) = (a.get(index), b.get(index)) else {
            return Outcome::Wrong(format!("message {index} is rendered as none"));
        };
        let mut alone = prompt.clone();
        alone.messages = vec![message.clone()];
        let predicted = predict(alone);
        if let Err(wrong) = judge(&predicted, a, b) {
            return Outcome::Wrong(format!("message {index}: {wrong}"));
        }
        if !predicted.constant {
            return Outcome::Holds;
        }
    }
    if a.len() != prompt.messages.len() {
        return Outcome::Wrong(format!("{} messages are rendered", a.len()));
    }
    Outcome::Holds
}

/// The messages of a template, as its engine renders them.
fn render(project: &Project, path: &str, names: &Names) -> Result<Vec<String>, String> {
    match extension(path) {
        "j2" | "jinja" | "txt" | "prompty" => Ok(turns(&jinja(project, path, names)?)),
        "hbs" => Ok(vec![handlebars(project, path, names)?]),
        "prompt" => {
            let body = handlebars(project, path, names)?;
            let messages = body.split(ROLE).map(str::trim);
            Ok(messages.filter(|m| !m.is_empty()).map(Into::into).collect())
        }
        other => Err(format!("no engine for .{other}")),
    }
}

/// Text with a line such as `system:` in front of each message; without one, the text as it is.
fn turns(text: &str) -> Vec<String> {
    let header = Regex::new(r"(?m)^(?:# ?)?(?:system|user|assistant):[ \t]*$").expect("a pattern");
    if !header.is_match(text) {
        return vec![text.into()];
    }
    let messages = header.split(text).map(str::trim);
    messages.filter(|m| !m.is_empty()).map(Into::into).collect()
}

/// Stands where dotprompt's `{{role}}` changes the message.
const ROLE: char = '\u{1}';

/// The text behind the front matter.
fn body(path: &str, text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !matches!(extension(path), "prompty" | "prompt") {
        return text.into();
    }
    let rest = text.strip_prefix("---\n");
    let body = rest.and_then(|rest| rest.split_once("\n---\n"));
    body.map_or(text, |(_, body)| body).into()
}

fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// Jinja: templates are named from the folder of the one that is rendered.
fn jinja(project: &Project, path: &str, names: &Names) -> Result<String, String> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::None);
    // Not the engine's own, but one that many projects add. The values here have no order that it could change.
    env.add_filter("shuffle", |list: Value| list);
    for (name, text) in project {
        let name = name.strip_prefix(folder(path)).unwrap_or(name).to_string();
        // What does not parse is missed only by those who include it.
        let added = env.add_template_owned(name.clone(), body(&name, text));
        if let (Err(refusal), true) = (added, path.ends_with(&name)) {
            return Err(refusal.to_string());
        }
    }
    let template = env.get_template(&path[folder(path).len()..]);
    let template = template.map_err(|e| e.to_string())?;
    let context = Value::from_object(names.clone());
    template.render(context).map_err(|e| e.to_string())
}

fn handlebars(project: &Project, path: &str, names: &Names) -> Result<String, String> {
    let mut registry = handlebars::Handlebars::new();
    registry.register_escape_fn(handlebars::no_escape);
    let role = |_: &handlebars::Helper,
                _: &handlebars::Handlebars,
                _: &handlebars::Context,
                _: &mut handlebars::RenderContext,
                out: &mut dyn handlebars::Output|
     -> handlebars::HelperResult {
        out.write(&ROLE.to_string())?;
        Ok(())
    };
    registry.register_helper("role", Box::new(role));
    for (name, text) in project
        .iter()
        .filter(|(name, _)| extension(name) == extension(path))
    {
        let added = registry.register_template_string(name, body(name, text));
        added.map_err(|e| e.to_string())?;
    }
    registry
        .render(path, &names.json())
        .map_err(|e| e.to_string())
}

/// The values of one rendering.
#[derive(Clone, Debug)]
struct Names {
    first: bool,
    /// All templates of the project.
    source: Arc<str>,
    /// Names whose value is the same in every request: empty, as `predict` takes them to be.
    stable: Arc<BTreeSet<String>>,
}

impl Names {
    fn of(project: &Project, prompt: &Prompt, first: bool) -> Names {
        let mut stable = BTreeSet::new();
        let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
        blocks.for_each(|block| stable_names(&block.pieces, &mut stable));
        let templates = project.iter().filter(|(path, _)| is_template(path));
        let source: Vec<&str> = templates.map(|(_, text)| text.as_str()).collect();
        Names {
            first,
            source: source.join("\n").into(),
            stable: Arc::new(stable),
        }
    }

    /// Whether the templates have this, with a name in place of NAME.
    fn written(&self, pattern: &str, name: &str) -> Option<regex::Captures<'_>> {
        let pattern = pattern.replace("NAME", &regex::escape(name));
        Regex::new(&pattern)
            .expect("a pattern")
            .captures(&self.source)
    }

    /// A name that is printed somewhere is taken to be there; another one is there in one rendering only.
    fn present(&self, name: &str) -> bool {
        self.first || self.written(r"\{\{[{~+-]?\s*NAME\b", name).is_some()
    }

    /// The literal that the templates compare a name with.
    fn compared(&self, name: &str) -> Option<String> {
        let found = self.written(r#"\bNAME\s*==\s*["'](\w+)["']"#, name)?;
        Some(found[1].into())
    }

    fn text(&self, name: &str) -> String {
        if self.stable.contains(name) {
            return String::new();
        }
        let sum: usize = name.bytes().map(usize::from).sum();
        let (a, b) = VALUES[sum % VALUES.len()];
        (if self.first { a } else { b }).into()
    }

    /// The same for Handlebars, which takes no object that answers to every name.
    fn json(&self) -> serde_json::Value {
        let root = Regex::new(r"\{\{[{~]*(#?)(\w+)\s*(\w*)").expect("a pattern");
        let mut out = serde_json::Map::new();
        for tag in root.captures_iter(&self.source) {
            let value = match (&tag[1], &tag[2], &tag[3]) {
                ("#", "each", list) => {
                    let items = if self.first {
                        json!(["§1", "§2"])
                    } else {
                        json!([])
                    };
                    (list.to_string(), items)
                }
                ("#", _, flag) if !self.first && !self.present(flag) => (flag.into(), json!(false)),
                ("#", _, name) | (_, name, _) => (name.into(), json!(self.text(name))),
            };
            out.entry(value.0).or_insert(value.1);
        }
        serde_json::Value::Object(out)
    }
}

fn stable_names(pieces: &[Piece], out: &mut BTreeSet<String>) {
    for piece in pieces {
        match piece {
            Piece::Slot(slot) if slot.volatility.priced().is_stable() => {
                out.extend(root(&slot.expr));
            }
            Piece::Branch(branch) => branch.arms.iter().for_each(|arm| stable_names(arm, out)),
            Piece::Repeat(repeat) => {
                if is_stable(piece) {
                    out.extend(root(&repeat.over));
                }
                stable_names(&repeat.body, out);
            }
            _ => {}
        }
    }
}

fn root(expr: &str) -> Option<String> {
    let mut names = expr.split(|c: char| !c.is_alphanumeric() && c != '_');
    names.next().map(String::from)
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let own = [
            "range",
            "dict",
            "namespace",
            "debug",
            "loop",
            "self",
            "super",
            "caller",
        ];
        (!own.contains(&name)).then(|| match self.compared(name) {
            Some(literal) if self.first => Value::from(literal),
            _ => Value::from_object(Any {
                names: (**self).clone(),
                name: name.into(),
            }),
        })
    }
}

/// A value that can be printed, called, asked for its parts and looped over.
#[derive(Clone, Debug)]
struct Any {
    names: Names,
    name: String,
}

impl Object for Any {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        // Of a turn.
        let role = key.as_str() == Some("role");
        Some(if role {
            Value::from("user")
        } else {
            Value::from_dyn_object(self.clone())
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let some = self.names.first && !self.names.stable.contains(&self.name);
        let items = if some { 2 } else { 0 };
        Enumerator::Values(vec![Value::from_dyn_object(self.clone()); items])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.names.present(&self.name)
    }

    fn call(self: &Arc<Self>, _: &mut State, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(self.clone()))
    }

    fn call_method(self: &Arc<Self>, _: &mut State, _: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(self.clone()))
    }

    fn custom_cmp(self: &Arc<Self>, _: &DynObject) -> Option<std::cmp::Ordering> {
        Some(std::cmp::Ordering::Equal)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.text(&self.name))
    }
}
