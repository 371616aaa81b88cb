//! Generated texts: what is sent keeps its words and its values, whatever moves. Prompts of all notations are rendered
//! before and behind the fixes, by the libraries and programs that would render them.

mod fixing;
mod linting;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use fixing::{brief, fixed, text_of};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

const RULES: [&str; 4] = [
    "volatile-prefix",
    "variable-before-stable",
    "conditional-prefix",
    "unsplit-message",
];

const VALUES: [&str; 4] = ["current_time", "user_name", "session_id", "request_id"];

#[derive(Clone, Debug)]
enum Part {
    /// Sentences of stable text, on one line or on a line each.
    Stable(u8, bool),
    /// `Name: value`
    Pair(usize),
    /// A sentence with a value, with others around it: (value, in front, behind, wrapped).
    Sentence(usize, bool, bool, bool),
    /// A value alone on its line, with a label above it or without.
    Alone(usize, bool),
    /// Items, one of them with a value.
    List(usize, u8),
    /// An XML-like section.
    Tagged(usize, Vec<Part>),
    /// A Markdown section: its level.
    Section(u8, Vec<Part>),
    /// A block that is sent on a condition, with a value in it or without.
    When(Option<usize>, bool),
    /// A block for each of some texts.
    Each,
}

fn part() -> impl Strategy<Value = Part> {
    let value = 0..VALUES.len();
    let leaf = prop_oneof![
        3 => (1..4u8, any::<bool>()).prop_map(|(n, lines)| Part::Stable(n, lines)),
        3 => value.clone().prop_map(Part::Pair),
        2 => (value.clone(), any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(v, a, b, wrapped)| Part::Sentence(v, a, b, wrapped)),
        1 => (value.clone(), any::<bool>()).prop_map(|(v, label)| Part::Alone(v, label)),
        1 => (value.clone(), 0..4u8).prop_map(|(v, n)| Part::List(v, n)),
        2 => (prop::option::of(value), any::<bool>()).prop_map(|(v, trims)| Part::When(v, trims)),
        1 => Just(Part::Each),
    ];
    let inner = leaf.clone();
    prop_oneof![
        5 => leaf,
        1 => (0..3usize, prop::collection::vec(inner.clone(), 1..3))
            .prop_map(|(tag, parts)| Part::Tagged(tag, parts)),
        2 => (1..4u8, prop::collection::vec(inner, 1..3))
            .prop_map(|(level, parts)| Part::Section(level, parts)),
    ]
}

#[derive(Clone, Debug)]
struct Prompt {
    parts: Vec<Part>,
    /// Where the text stands that is long enough to be cached.
    long: usize,
    /// The question ends it.
    question: bool,
    airy: bool,
    crlf: bool,
}

fn prompt() -> impl Strategy<Value = Prompt> {
    let parts = prop::collection::vec(part(), 1..6);
    (
        parts,
        0..7usize,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(parts, long, question, airy, crlf)| Prompt {
            long: long.min(parts.len()),
            parts,
            question,
            airy,
            crlf,
        })
}

/// How a language writes what varies.
struct Syntax {
    value: fn(&str) -> String,
    when: fn(&str, bool) -> String,
    each: &'static str,
}

/// Parts of a text that are written in code stand between two of these.
const CODE: char = '\u{1}';

/// Text that is filled by `.format`.
const FORMATTED: Syntax = Syntax {
    value: |name| format!("{{{name}}}"),
    when: |_, _| "{regular}".to_string(),
    each: "{listed}",
};

const PYTHON_SUM: Syntax = Syntax {
    value: |name| format!("{CODE}{name}{CODE}"),
    when: |text, _| format!("{CODE}({} if vip else \"\"){CODE}", literal(text)),
    each: "\u{1}\" \".join(documents)\u{1}",
};

const SCRIPT_SUM: Syntax = Syntax {
    value: |name| format!("{CODE}{name}{CODE}"),
    when: |text, _| format!("{CODE}(vip ? {} : \"\"){CODE}", literal(text)),
    each: "\u{1}documents.join(\" \")\u{1}",
};

/// Messages of a document hold values and nothing else.
const MESSAGE: Syntax = Syntax {
    value: |name| format!("{{{{{name}}}}}"),
    when: |text, _| text.to_string(),
    each: "{{documents}}",
};

fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text and the code in it as a sum, on one line or on a line for each part.
fn sum(text: &str, airy: bool) -> String {
    let parts = text.split(CODE).enumerate();
    let parts = parts.filter(|(at, part)| at % 2 == 1 || !part.is_empty());
    let parts: Vec<String> = parts
        .flat_map(|(at, part)| match at % 2 {
            1 => vec![part.to_string()],
            // No line of code is as long as the rules.
            _ => part.split_inclusive("\n\n").map(literal).collect(),
        })
        .collect();
    match airy {
        true => format!("(\n        {}\n    )", parts.join("\n        + ")),
        false => parts.join(" + "),
    }
}

const JINJA: Syntax = Syntax {
    value: |name| format!("{{{{ {name} }}}}"),
    when: |text, trims| match trims {
        true => format!("{{%- if vip %}}\n{text}\n{{%- endif %}}"),
        false => format!("{{% if vip %}}\n{text}\n{{% endif %}}"),
    },
    each: "{% for doc in documents %}\n- {{ doc }}\n{% endfor %}",
};

const HANDLEBARS: Syntax = Syntax {
    value: |name| format!("{{{{{name}}}}}"),
    when: |text, trims| match trims {
        true => format!("{{{{~#if vip}}}}\n{text}\n{{{{~/if}}}}"),
        false => format!("{{{{#if vip}}}}\n{text}\n{{{{/if}}}}"),
    },
    each: "{{#each documents}}\n- {{this}}\n{{/each}}",
};

const PYTHON_TEXT: Syntax = Syntax {
    value: |name| format!("{{{name}}}"),
    when: |text, _| format!("{{\"{}\" if vip else \"\"}}", text.replace(['{', '}'], "")),
    each: "{\" \".join(documents)}",
};

const SCRIPT_TEXT: Syntax = Syntax {
    value: |name| format!("${{{name}}}"),
    when: |text, _| {
        format!(
            "${{vip ? \"{}\" : \"\"}}",
            text.replace(['{', '}', '$'], "")
        )
    },
    each: "${documents.join(\" \")}",
};

struct Writer<'a> {
    syntax: &'a Syntax,
    count: usize,
}

impl Writer<'_> {
    fn sentence(&mut self) -> String {
        self.count += 1;
        format!(
            "Guideline {} holds for every reply that leaves the shop.",
            self.count
        )
    }

    fn value(&self, index: usize) -> String {
        (self.syntax.value)(VALUES[index])
    }

    fn part(&mut self, part: &Part) -> String {
        match part {
            Part::Stable(n, lines) => {
                let all: Vec<String> = (0..*n).map(|_| self.sentence()).collect();
                all.join(if *lines { "\n" } else { " " })
            }
            Part::Pair(value) => format!("Value {}: {}", value + 1, self.value(*value)),
            Part::Sentence(value, before, behind, wrapped) => {
                let gap = if *wrapped { "\n" } else { " " };
                let own = format!(
                    "The reader should know that{gap}{} is meant here.",
                    self.value(*value)
                );
                let mut all = Vec::new();
                all.extend(before.then(|| self.sentence()));
                all.push(own);
                all.extend(behind.then(|| self.sentence()));
                all.join(" ")
            }
            Part::Alone(value, label) => {
                let label = if *label { "What is known of it:\n" } else { "" };
                format!("{label}{}", self.value(*value))
            }
            Part::List(value, n) => {
                let mut items: Vec<String> =
                    (0..*n).map(|_| format!("- {}", self.sentence())).collect();
                let at = items.len() / 2;
                items.insert(
                    at,
                    format!("- The one to speak of is {}.", self.value(*value)),
                );
                items.join("\n")
            }
            Part::Tagged(tag, parts) => {
                let tag = ["context", "facts", "state"][*tag];
                let inner: Vec<String> = parts.iter().map(|part| self.part(part)).collect();
                format!("<{tag}>\n{}\n</{tag}>", inner.join("\n"))
            }
            Part::Section(level, parts) => {
                self.count += 1;
                let title = format!("{} Part {}", "#".repeat(usize::from(*level)), self.count);
                let inner: Vec<String> = parts.iter().map(|part| self.part(part)).collect();
                format!("{title}\n{}", inner.join("\n"))
            }
            Part::When(value, trims) => {
                let text = match value {
                    Some(value)
                        if self.syntax.each.contains("each") || self.syntax.each.contains('%') =>
                    {
                        format!("For regulars {} counts.", self.value(*value))
                    }
                    _ => self.sentence(),
                };
                (self.syntax.when)(&text, *trims)
            }
            Part::Each => self.syntax.each.to_string(),
        }
    }

    fn prompt(&mut self, prompt: &Prompt, question: bool) -> String {
        let mut all = vec!["You are the support desk of a shop.".to_string()];
        for (index, part) in prompt.parts.iter().enumerate() {
            if index == prompt.long {
                all.push(self.long());
            }
            all.push(self.part(part));
        }
        if prompt.long >= prompt.parts.len() {
            all.push(self.long());
        }
        if question {
            all.push((self.syntax.value)("question"));
        }
        let gap = if prompt.airy { "\n\n" } else { "\n" };
        all.join(gap) + "\n"
    }

    fn long(&mut self) -> String {
        let all: Vec<String> = (0..170).map(|_| self.sentence()).collect();
        all.join("\n")
    }
}

fn values() -> BTreeMap<&'static str, serde_json::Value> {
    let names = VALUES.iter().chain(["question"].iter());
    let mut out: BTreeMap<&str, serde_json::Value> = names
        .map(|name| (*name, format!("<<{name}>>").into()))
        .collect();
    out.insert("vip", true.into());
    out.insert("documents", vec!["<<first>>", "<<second>>"].into());
    out
}

fn jinja_values() -> minijinja::Value {
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::Bool(flag) => minijinja::Value::from(*flag),
        serde_json::Value::Array(items) => {
            let texts = items.iter().filter_map(|item| item.as_str());
            minijinja::Value::from(texts.map(str::to_string).collect::<Vec<_>>())
        }
        other => minijinja::Value::from(other.as_str().unwrap_or_default()),
    };
    minijinja::Value::from_pairs(values().iter().map(|(name, own)| (*name, value(own))))
}

/// What a text says that is sent: its words but for those of headings that fixes add, in no order.
fn words(text: &str) -> BTreeMap<String, i64> {
    let mut out = BTreeMap::new();
    for word in text.split_whitespace() {
        *out.entry(word.to_string()).or_default() += 1;
    }
    out
}

/// Words that a fix may add.
const ADDED: [&str; 10] = [
    "#", "##", "###", "Context", "Current", "context", "Values", "time:", "date:", "####",
];

/// Headings and labels over nothing, and sections of nothing.
fn dangling(text: &str) -> usize {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let level = |line: &str| line.len() - line.trim_start_matches('#').len();
    let over_nothing = |index: usize| {
        let (line, next) = (lines[index], lines.get(index + 1).copied().unwrap_or(""));
        let own = level(line);
        let ends = next.is_empty()
            || next.starts_with("</")
            || (level(next) > 0 && level(next) <= own.max(1));
        (own > 0 && ends)
            || (line.ends_with("known of it:") && (next.is_empty() || next.starts_with('#')))
            || (line.starts_with('<') && next.starts_with("</"))
    };
    (0..lines.len())
        .filter(|index| over_nothing(*index))
        .count()
}

#[derive(Default, Debug)]
struct Tally {
    found: usize,
    fixed: usize,
    left: usize,
    withdrawn: usize,
}

/// Fixes a file and holds what is sent before and behind it side by side.
fn check(
    path: &str,
    text: &str,
    render: &mut dyn FnMut(&str) -> String,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let applied = fixed(path, text);
    let after = text_of(&applied, path, text).to_string();
    let left = applied
        .after
        .findings
        .iter()
        .filter(|f| RULES.contains(&f.rule))
        .count();
    tally.found += usize::from(left + applied.done.len() > 0);
    tally.fixed += usize::from(!applied.done.is_empty());
    tally.left += usize::from(left > 0);
    tally.withdrawn += applied.withdrawn.len();
    if after == text {
        return Ok(());
    }
    let again = fixed(path, &after);
    prop_assert!(
        again.done.is_empty(),
        "a second run changes more: {:?}\n{}",
        again.done,
        after
    );
    let (was, is) = (render(text), render(&after));
    let mut left = words(&is);
    for (word, count) in words(&was) {
        *left.entry(word).or_default() -= count;
    }
    left.retain(|word, count| *count != 0 && !(*count > 0 && ADDED.contains(&word.as_str())));
    let shown = || {
        format!(
            "--- before\n{}\n--- after\n{}\n",
            brief(text),
            brief(&after)
        )
    };
    prop_assert!(
        left.is_empty(),
        "other words are sent: {left:?}\n{}",
        shown()
    );
    prop_assert!(
        dangling(&is) <= dangling(&was),
        "a heading over nothing\n{}",
        shown()
    );
    let crlf = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    if text.contains("\r\n") && crlf(text).0 == crlf(text).1 {
        prop_assert_eq!(crlf(&after).0, crlf(&after).1, "a line ends otherwise");
    }
    Ok(())
}

/// Runs generated prompts. At least this share of those with findings must be mended.
fn generated(
    cases: u32,
    least: f64,
    mut test: impl FnMut(&Prompt, &mut Tally) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tally = std::cell::RefCell::new(Tally::default());
    let test = std::cell::RefCell::new(&mut test);
    let run = runner.run(&prompt(), |prompt| {
        let mut test = test.borrow_mut();
        (*test)(&prompt, &mut tally.borrow_mut())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
    let tally = tally.into_inner();
    eprintln!("{tally:?}");
    assert!(
        tally.fixed as f64 >= least * tally.found as f64,
        "{tally:?}"
    );
}

fn broken_lines(prompt: &Prompt, text: String) -> String {
    match prompt.crlf {
        true => text.replace('\n', "\r\n"),
        false => text,
    }
}

#[test]
fn generated_jinja_templates_say_the_same() {
    generated(64, 0.6, |prompt, tally| {
        let mut writer = Writer {
            syntax: &JINJA,
            count: 0,
        };
        let text = broken_lines(prompt, writer.prompt(prompt, prompt.question));
        let mut render = |text: &str| {
            let environment = minijinja::Environment::new();
            environment
                .render_str(text, jinja_values())
                .expect("a template")
        };
        check("prompts/desk.j2", &text, &mut render, tally)
    });
}

#[test]
fn generated_handlebars_templates_say_the_same() {
    generated(64, 0.6, |prompt, tally| {
        let mut writer = Writer {
            syntax: &HANDLEBARS,
            count: 0,
        };
        let text = broken_lines(prompt, writer.prompt(prompt, prompt.question));
        let mut render = |text: &str| {
            let mut registry = handlebars::Handlebars::new();
            registry.register_escape_fn(handlebars::no_escape);
            registry
                .render_template(text, &values())
                .expect("a template")
        };
        check("prompts/desk.hbs", &text, &mut render, tally)
    });
}

/// What a program prints to which the text of another one is handed.
fn run(program: &[&str], input: &str) -> Option<String> {
    use std::io::Write;
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    assert!(output.status.success(), "{input}");
    String::from_utf8(output.stdout).ok()
}

const RUN_PYTHON: &str = r#"
import sys, types, json
sent = []
class Client:
    def __init__(self): self.chat = self; self.completions = self
    def create(self, **given): sent.extend(given["messages"])
stub = types.ModuleType("openai"); stub.OpenAI = Client; sys.modules["openai"] = stub
scope = {}
exec(compile(sys.stdin.read(), "app.py", "exec"), scope)
names = ["current_time", "user_name", "session_id", "request_id", "question"]
scope["answer"](*[f"<<{name}>>" for name in names], True, ["<<first>>", "<<second>>"])
print("\n".join(m["content"] if isinstance(m["content"], str) else "".join(b["text"] for b in m["content"]) for m in sent))
"#;

#[test]
fn generated_python_strings_say_the_same() {
    generated(48, 0.6, |prompt, tally| {
        let mut writer = Writer {
            syntax: &PYTHON_TEXT,
            count: 0,
        };
        let text = writer.prompt(prompt, false);
        let source = format!("from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef answer(current_time, user_name, session_id, request_id, question, vip, documents):\n    system = f\"\"\"{text}\"\"\"\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[{{\"role\": \"system\", \"content\": system}}, {{\"role\": \"user\", \"content\": question}}],\n    )\n");
        let mut render =
            |text: &str| run(&["python3", "-c", RUN_PYTHON], text).expect("Python runs");
        check("app.py", &source, &mut render, tally)
    });
}

const RUN_SCRIPT: &str = r#"
const source = require("fs").readFileSync(0, "utf8").replace(/^import.*$/m, "").replace("export ", "");
const sent = [];
class OpenAI { constructor() { this.chat = { completions: { create: (given) => sent.push(...given.messages) } }; } }
const answer = new Function("OpenAI", source + "\nreturn answer;")(OpenAI);
const names = ["current_time", "user_name", "session_id", "request_id", "question"];
answer(...names.map((name) => `<<${name}>>`), true, ["<<first>>", "<<second>>"]);
console.log(sent.map((m) => typeof m.content === "string" ? m.content : m.content.map((b) => b.text).join("")).join("\n"));
"#;

#[test]
fn generated_template_literals_say_the_same() {
    if run(&["node", "-e", ""], "").is_none() {
        eprintln!("node is not here: template literals are not run");
        return;
    }
    generated(48, 0.6, |prompt, tally| {
        let mut writer = Writer {
            syntax: &SCRIPT_TEXT,
            count: 0,
        };
        let text = writer.prompt(prompt, false);
        let source = format!("import OpenAI from \"openai\";\n\nconst client = new OpenAI();\n\nexport function answer(current_time, user_name, session_id, request_id, question, vip, documents) {{\n  const system = `{text}`;\n  return client.chat.completions.create({{\n    model: \"gpt-5.4\",\n    messages: [\n      {{ role: \"system\", content: system }},\n      {{ role: \"user\", content: question }},\n    ],\n  }});\n}}\n");
        let mut render = |text: &str| run(&["node", "-e", RUN_SCRIPT], text).expect("Node runs");
        check("app.js", &source, &mut render, tally)
    });
}

/// A prompt in a notation.
fn written(prompt: &Prompt, syntax: &Syntax) -> String {
    Writer { syntax, count: 0 }.prompt(prompt, false)
}

fn python(system: &str) -> String {
    format!("from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef answer(current_time, user_name, session_id, request_id, question, vip, documents):\n    system = {system}\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[{{\"role\": \"system\", \"content\": system}}, {{\"role\": \"user\", \"content\": question}}],\n    )\n")
}

fn run_python(text: &str) -> String {
    run(&["python3", "-c", RUN_PYTHON], text).expect("Python runs")
}

#[test]
fn generated_formats_say_the_same() {
    generated(40, 0.6, |prompt, tally| {
        let text = written(prompt, &FORMATTED);
        let given = "current_time=current_time, user_name=user_name, session_id=session_id, request_id=request_id, regular=\"For regulars we care.\" if vip else \"\", listed=\" \".join(documents)";
        let source = python(&format!("\"\"\"{text}\"\"\".format({given})"));
        check("app.py", &source, &mut run_python, tally)
    });
}

#[test]
fn generated_sums_of_python_say_the_same() {
    generated(40, 0.6, |prompt, tally| {
        let text = sum(&written(prompt, &PYTHON_SUM), prompt.airy);
        check("app.py", &python(&text), &mut run_python, tally)
    });
}

#[test]
fn generated_sums_of_scripts_say_the_same() {
    if run(&["node", "-e", ""], "").is_none() {
        eprintln!("node is not here: sums of scripts are not run");
        return;
    }
    generated(40, 0.6, |prompt, tally| {
        let text = sum(&written(prompt, &SCRIPT_SUM), prompt.airy);
        let source = format!("import OpenAI from \"openai\";\n\nconst client = new OpenAI();\n\nexport function answer(current_time, user_name, session_id, request_id, question, vip, documents) {{\n  const system = {text};\n  return client.chat.completions.create({{\n    model: \"gpt-5.4\",\n    messages: [\n      {{ role: \"system\", content: system }},\n      {{ role: \"user\", content: question }},\n    ],\n  }});\n}}\n");
        let mut render = |text: &str| run(&["node", "-e", RUN_SCRIPT], text).expect("Node runs");
        check("app.js", &source, &mut render, tally)
    });
}

/// What the messages of a document say with their values.
fn sent(body: &serde_json::Value) -> String {
    let text = |content: &serde_json::Value| match content.as_array() {
        Some(blocks) => blocks.iter().filter_map(|b| b["text"].as_str()).collect(),
        None => content.as_str().unwrap_or_default().to_string(),
    };
    let messages = body["messages"].as_array().expect("messages");
    let texts: Vec<String> = messages.iter().map(|m| text(&m["content"])).collect();
    let mut out = texts.join("\n");
    for name in VALUES.iter().chain(&["question", "documents"]) {
        out = out.replace(&format!("{{{{{name}}}}}"), &format!("<<{name}>>"));
    }
    assert!(!out.contains("{{"), "{out}");
    out
}

#[test]
fn generated_messages_of_json_say_the_same() {
    generated(40, 0.5, |prompt, tally| {
        let text = written(prompt, &MESSAGE);
        let body = serde_json::json!({
            "model": "gpt-5.4",
            "messages": [
                { "role": "system", "content": text },
                { "role": "user", "content": "{{question}}" },
            ],
        });
        let source = serde_json::to_string_pretty(&body).expect("JSON") + "\n";
        let mut render = |text: &str| sent(&serde_json::from_str(text).expect("JSON"));
        check("requests/desk.json", &source, &mut render, tally)
    });
}

#[test]
fn generated_messages_of_yaml_say_the_same() {
    generated(40, 0.5, |prompt, tally| {
        let text = written(prompt, &MESSAGE);
        let lines = text.lines().map(|line| match line {
            "" => "\n".to_string(),
            line => format!("      {line}\n"),
        });
        let lines: String = lines.collect();
        let source = format!("model: gpt-5.4\nmessages:\n  - role: system\n    content: |\n{lines}  - role: user\n    content: \"{{{{question}}}}\"\n");
        let mut render = |text: &str| {
            let value: serde_yaml::Value = serde_yaml::from_str(text).expect("YAML");
            sent(&serde_json::to_value(&value).expect("plain values"))
        };
        check("requests/desk.yaml", &source, &mut render, tally)
    });
}
