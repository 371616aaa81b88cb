//! Writes a tree in a template language and renders it by that language's own engine.

use serde_json::{json, Map, Value};

use super::generate::{Bound, Can, Node, Trim, BOUND, FLAGS, LISTS, SLOTS, VALUES};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Jinja,
    Handlebars,
    Braces,
}

impl Language {
    pub fn can(self) -> Can {
        Can {
            blocks: self != Language::Braces,
            jinja: self == Language::Jinja,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Language::Jinja => "j2",
            Language::Handlebars => "hbs",
            Language::Braces => "txt",
        }
    }
}

/// A template and the files it includes: (name, text), the template first.
pub type Files = Vec<(String, String)>;

/// The values of one of the two renderings.
pub fn values(first: bool) -> Value {
    let mut out = Map::new();
    let names = SLOTS.iter().chain(BOUND);
    for (index, name) in names.enumerate() {
        let (a, b) = VALUES[index % VALUES.len()];
        out.insert((*name).into(), json!(if first { a } else { b }));
    }
    for flag in FLAGS {
        out.insert((*flag).into(), json!(first));
    }
    for list in LISTS {
        let items = if first {
            json!(["§1", "§2"])
        } else {
            json!([])
        };
        out.insert((*list).into(), items);
    }
    Value::Object(out)
}

/// Writes a tree. Arms and what stands behind a block start with a letter of their own, so that the renderings share
/// nothing by chance.
pub struct Writer {
    language: Language,
    files: Files,
    letters: usize,
    macros: usize,
    /// How many includes and captures are around: what they bind is theirs.
    closed: usize,
}

impl Writer {
    pub fn write(language: Language, nodes: &[Node]) -> Files {
        let mut writer = Writer {
            language,
            files: vec![(format!("main.{}", language.extension()), String::new())],
            letters: 0,
            macros: 0,
            closed: 0,
        };
        let mut text = writer.nodes(nodes);
        if language == Language::Braces {
            // Without a field nothing says that braces are doubled.
            text.push_str("{topic}");
        }
        writer.files[0].1 = text;
        writer.files
    }

    fn letter(&mut self) -> char {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        self.letters += 1;
        letters[(self.letters - 1) % letters.len()].into()
    }

    fn nodes(&mut self, nodes: &[Node]) -> String {
        nodes.iter().map(|node| self.node(node)).collect()
    }

    fn node(&mut self, node: &Node) -> String {
        match self.language {
            Language::Jinja => self.jinja(node),
            Language::Handlebars => self.handlebars(node),
            Language::Braces => braces(node),
        }
    }

    fn part(&mut self, body: &[Node]) -> String {
        self.closed += 1;
        let text = self.nodes(body);
        self.closed -= 1;
        let name = format!("part{}.{}", self.files.len(), self.language.extension());
        self.files.push((name.clone(), text));
        name
    }

    fn arm(&mut self, body: &[Node]) -> String {
        format!("{}{}", self.letter(), self.nodes(body))
    }

    fn jinja(&mut self, node: &Node) -> String {
        match node {
            Node::Text(text) => (*text).into(),
            Node::Slot(name, filter, trim) => output(&piped(name, *filter), *trim),
            Node::Literal(text, filter, trim) => output(&piped(&quoted(text), *filter), *trim),
            Node::If(flag, negated, then, other, [a, b, c]) => {
                let not = if *negated { "not " } else { "" };
                let mut out = tag(&format!("if {not}{flag}"), *a) + &self.arm(then);
                if let Some(other) = other {
                    out += &(tag("else", *b) + &self.arm(other));
                }
                out + &tag("endif", *c) + &self.letter().to_string()
            }
            Node::Present(name, [a, b]) => format!(
                "{} name: {{{{ {name} }}}}{}",
                tag(&format!("if {name}"), *a),
                tag("endif", *b)
            ),
            Node::For(list, body, [a, b]) => {
                let head = tag(&format!("for item in {list}"), *a);
                let body = self.arm(body);
                let end = tag("endfor", *b);
                format!("{head}{body}{{{{ item }}}}{end}{}", self.letter())
            }
            Node::Unrolled(body, [a, b]) => {
                let head = tag("for word in ['one', 'two']", *a);
                let body = self.nodes(body);
                format!("{head}{body}{{{{ word }}}}{}", tag("endfor", *b))
            }
            // What Jinja2 keeps inside of an include or a capture, minijinja lets out.
            Node::Set(..) if self.closed > 0 => String::new(),
            Node::Capture(_, body, _) if self.closed > 0 => self.nodes(body),
            Node::Set(name, value, trim) => tag(&format!("set {name} = {}", bound(value)), *trim),
            Node::Capture(name, body, [a, b]) => {
                self.closed += 1;
                let body = self.nodes(body);
                self.closed -= 1;
                tag(&format!("set {name}"), *a) + &body + &tag("endset", *b)
            }
            Node::Comment(trim) => marked("{#", " a note {{ x }} ", "#}", *trim),
            Node::Raw(text, [a, b]) => tag("raw", *a) + text + &tag("endraw", *b),
            Node::Include(body, trim) => {
                let name = self.part(body);
                tag(&format!("include '{name}'"), *trim)
            }
            Node::Macro(body, value, [a, b, c]) => {
                self.macros += 1;
                let name = format!("shown{}", self.macros);
                let head = tag(&format!("macro {name}(given, more='more')"), *a);
                let body = self.nodes(body);
                let shown = "{{ given }}{{ more }}";
                let end = tag("endmacro", *b);
                let call = output(&format!("{name}({})", bound(value)), *c);
                format!("{head}{body}{shown}{end}{call}")
            }
            Node::With(value, body, [a, b]) => {
                let head = tag(&format!("with given = {}", bound(value)), *a);
                let body = self.nodes(body);
                format!("{head}{body}{{{{ given }}}}{}", tag("endwith", *b))
            }
        }
    }

    fn handlebars(&mut self, node: &Node) -> String {
        match node {
            Node::Text(text) => (*text).into(),
            Node::Slot(name, _, trim) => tilde(&format!("{{{name}}}"), *trim),
            Node::If(flag, negated, then, other, [a, b, c]) => {
                let word = if *negated { "unless" } else { "if" };
                let mut out = tilde(&format!("#{word} {flag}"), *a) + &self.arm(then);
                if let Some(other) = other {
                    out += &(tilde("else", *b) + &self.arm(other));
                }
                out + &tilde(&format!("/{word}"), *c) + &self.letter().to_string()
            }
            Node::Present(name, [a, b]) => {
                let head = tilde(&format!("#if {name}"), *a);
                format!("{head} name: {{{{{{{name}}}}}}}{}", tilde("/if", *b))
            }
            Node::For(list, body, [a, b]) => {
                let head = tilde(&format!("#each {list}"), *a);
                let body = self.arm(body);
                let end = tilde("/each", *b);
                format!("{head}{body}{{{{this}}}}{end}{}", self.letter())
            }
            // The engine keeps blanks behind a comment where handlebars.js drops them, so a letter follows.
            Node::Comment(_) => format!("{{{{!-- a note --}}}}{}", self.letter()),
            Node::Include(body, trim) => {
                // Blank lines of an indented partial stay bare in the engine, and not in handlebars.js.
                let lines = [Node::Text("one\n  two"), Node::Slot("topic", None, (0, 0))];
                let name = self.part(if trim.0 == 2 { &lines } else { body });
                let name = name.trim_end_matches(".hbs").to_string();
                // Alone on its line or with letters around: in between the engine indents where handlebars.js
                // does not.
                if trim.0 == 2 {
                    return format!("\n  {{{{> {name}}}}}\n{}", self.letter());
                }
                let tag = tilde(&format!("> {name}"), *trim);
                format!("{}{tag}{}", self.letter(), self.letter())
            }
            other => unreachable!("not made for Handlebars: {other:?}"),
        }
    }
}

fn braces(node: &Node) -> String {
    match node {
        Node::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Node::Slot(name, _, (0, _)) => format!("{{{name}}}"),
        Node::Slot(name, _, (1, _)) => format!("{{{name}!s}}"),
        Node::Slot(name, _, _) => format!("{{{name}:>3}}"),
        other => unreachable!("not made for format text: {other:?}"),
    }
}

fn bound(value: &Bound) -> String {
    match value {
        Bound::Text(text) => quoted(text),
        Bound::Slot(name) => (*name).into(),
    }
}

fn quoted(text: &str) -> String {
    let text = text.replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

fn piped(value: &str, filter: Option<&str>) -> String {
    filter.map_or(value.to_string(), |filter| format!("{value} | {filter}"))
}

fn output(value: &str, trim: Trim) -> String {
    marked("{{", &format!(" {value} "), "}}", trim)
}

fn tag(content: &str, trim: Trim) -> String {
    marked("{%", &format!(" {content} "), "%}", trim)
}

fn marked(open: &str, content: &str, close: &str, (a, b): Trim) -> String {
    let mark = |n: u8| ["", "-", "+"][usize::from(n)];
    format!("{open}{}{content}{}{close}", mark(a), mark(b))
}

fn tilde(content: &str, (a, b): Trim) -> String {
    let mark = |n: u8| if n == 1 { "~" } else { "" };
    format!("{{{{{}{content}{}}}}}", mark(a), mark(b))
}

/// Renders a template; what the engine says if it refuses it.
pub fn render(
    language: Language,
    files: &[(String, String)],
    values: &Value,
) -> Result<String, String> {
    match language {
        Language::Jinja => {
            let mut env = minijinja::Environment::new();
            env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
            for (name, text) in files {
                env.add_template(name, text).map_err(|e| e.to_string())?;
            }
            let template = env.get_template(&files[0].0).map_err(|e| e.to_string())?;
            template
                .render(jinja_value(values))
                .map_err(|e| e.to_string())
        }
        Language::Handlebars => {
            let mut registry = handlebars::Handlebars::new();
            registry.register_escape_fn(handlebars::no_escape);
            for (name, text) in files {
                let name = name.trim_end_matches(".hbs");
                let added = registry.register_template_string(name, text);
                added.map_err(|e| e.to_string())?;
            }
            let main = files[0].0.trim_end_matches(".hbs");
            registry.render(main, values).map_err(|e| e.to_string())
        }
        Language::Braces => Ok(format_text(&files[0].1, values)),
    }
}

fn jinja_value(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => (*value).into(),
        Value::Number(value) => value.as_i64().unwrap_or_default().into(),
        Value::String(value) => value.as_str().into(),
        Value::Array(items) => items.iter().map(jinja_value).collect(),
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(name, value)| (name.as_str(), jinja_value(value)));
            minijinja::Value::from_pairs(pairs)
        }
    }
}

/// Python's `str.format` for `{name}`, `{name!s}`, `{name:>3}`, `{{` and `}}`.
fn format_text(text: &str, values: &Value) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            out.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        let end = rest.find('}').expect("a field is closed");
        let name = rest[..end].split(['!', ':']).next().unwrap_or_default();
        let value = values[name].as_str().unwrap_or_default();
        out.push_str(value);
        rest = &rest[end + 1..];
    }
    out + rest
}
