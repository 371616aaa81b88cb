//! What varies moves behind what does not: the text that is sent keeps its words and its values, in templates, in
//! strings of code and in documents.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use prefixlint::fix::apply::{apply, Applied, Texts};
use prefixlint::workspace::Memory;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

mod linting;

const RULES: [&str; 4] = [
    "volatile-prefix",
    "variable-before-stable",
    "conditional-prefix",
    "unsplit-message",
];

/// Applies all that can be fixed in one file.
fn fixed(path: &str, text: &str) -> Applied {
    let lint = |text: &str| {
        let mut workspace = Memory::default();
        workspace.insert(path, text);
        linting::lint(&workspace, path)
    };
    let mut again =
        |texts: &Texts| -> Result<_, ()> { Ok(lint(texts.get(path).map_or(text, String::as_str))) };
    apply(lint(text), true, &mut again).expect("linting in memory does not fail")
}

fn text_of<'a>(applied: &'a Applied, path: &str, before: &'a str) -> &'a str {
    applied.texts.get(path).map_or(before, String::as_str)
}

#[track_caller]
fn becomes(path: &str, before: &str, after: &str) {
    let applied = fixed(path, before);
    let withdrawn: Vec<&String> = applied.withdrawn.iter().map(|told| &told.text).collect();
    let got = text_of(&applied, path, before);
    assert!(
        got == after,
        "--- wanted\n{}\n--- came\n{}\nwithdrawn: {withdrawn:?}",
        brief(after),
        brief(got)
    );
    assert!(applied.done.iter().all(|told| RULES.contains(&told.rule)));
}

#[track_caller]
fn stays(path: &str, text: &str) {
    becomes(path, text, text);
}

const RULE: &str = "Answer only from the staff handbook and name the page that you have read.\n";

fn rules() -> String {
    RULE.repeat(120)
}

#[test]
fn a_line_goes_behind_the_stable_text_of_its_message() {
    let rules = rules();
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\nCurrent time: {{{{ now() }}}}\n{rules}\n{{{{ question }}}}\n"),
        &format!(
            "You are the desk.\n{rules}\nCurrent time: {{{{ now() }}}}\n\n{{{{ question }}}}\n"
        ),
    );
}

#[test]
fn a_section_goes_with_its_heading() {
    let rules = rules();
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n\n## Time\n\nIt is {{{{ now() }}}}.\n\n## Rules\n\n{rules}\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n\n## Rules\n\n{rules}\n## Time\n\nIt is {{{{ now() }}}}.\n\n{{{{ question }}}}\n"),
    );
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n<context>\n  <time>{{{{ now() }}}}</time>\n</context>\n<rules>\n{rules}</rules>\n\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n<rules>\n{rules}</rules>\n\n<context>\n  <time>{{{{ now() }}}}</time>\n</context>\n\n{{{{ question }}}}\n"),
    );
}

#[test]
fn a_sentence_goes_whole_and_under_a_heading_where_the_text_has_sections() {
    let rules = rules();
    becomes(
        "prompts/desk.hbs",
        &format!("# Desk\n\nYou are the desk. The customer is {{{{user_name}}}}. Be kind.\n\n## Rules\n\n{rules}"),
        &format!("# Desk\n\nYou are the desk. Be kind.\n\n## Rules\n\n{rules}\n## Context\n\nThe customer is {{{{user_name}}}}.\n"),
    );
}

#[test]
fn a_condition_goes_with_all_it_holds() {
    let rules = rules();
    let block = "{%- if user_name %}\nThe customer is {{ user_name }}.\n{%- else %}\nNobody asks.\n{%- endif %}\n";
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n{block}{rules}\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n{rules}\n{block}\n{{{{ question }}}}\n"),
    );
}

#[test]
fn line_endings_stay() {
    let rules = rules().replace('\n', "\r\n");
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\r\nNow: {{{{ now() }}}}\r\n{rules}\r\n{{{{ question }}}}\r\n"),
        &format!(
            "You are the desk.\r\n{rules}\r\nNow: {{{{ now() }}}}\r\n\r\n{{{{ question }}}}\r\n"
        ),
    );
}

#[test]
fn what_others_speak_of_stays() {
    let rules = rules();
    for text in [
        "The ticket:\n{{ ticket }}\n\nSort the ticket above into a queue.\n",
        "You are the desk of {{ company_name }}. You answer mail.\n",
        "The customer is {{ user_name }}. ",
        "1. The customer is {{ user_name }}.\n2. The shop sells tents.\n",
        "| name | {{ user_name }} |\n",
        "Be kind to\n{{ user_name }}\nwho is new here.\n",
    ] {
        let text = format!("{text}\n{rules}\n{{{{ question }}}}\n");
        let moved = fixed("prompts/desk.j2", &text);
        if text.starts_with("The customer") {
            assert!(!moved.done.is_empty());
        } else {
            assert!(moved.done.is_empty(), "{:?}", moved.done);
        }
    }
}

#[test]
fn a_name_that_is_bound_anew_keeps_a_line_in_its_place() {
    let rules = rules();
    stays(
        "prompts/desk.j2",
        &format!("You are the desk.\nUser: {{{{ user_name }}}}\n{{% set user_name = \"x\" %}}\n{rules}\n{{{{ question }}}}\n"),
    );
}

const PYTHON: &str = "from datetime import datetime\n\nfrom openai import OpenAI\n\nclient = OpenAI()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\n";

fn python(body: &str) -> String {
    format!("{PYTHON}def answer(question: str, user_name: str, vip: bool) -> str:\n{body}    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[{{\"role\": \"system\", \"content\": system}}, {{\"role\": \"user\", \"content\": question}}],\n    )\n")
}

#[test]
fn parts_of_code_move_as_they_are_written() {
    for (before, after) in [
        (
            "    system = f\"You are kind.\\nNow: {datetime.now()}\\n{RULES}\"\n",
            "    system = f\"You are kind.\\n{RULES}\\nNow: {datetime.now()}\"\n",
        ),
        (
            "    system = \"User: \" + user_name + \"\\n\" + RULES\n",
            "    system = RULES + \"\\nUser: \" + user_name\n",
        ),
        (
            "    system = (\n        \"You are kind.\\n\"\n        f\"Now: {datetime.now()}\\n\"\n        f\"{RULES}\"\n    )\n",
            "    system = (\n        \"You are kind.\\n\"\n        f\"{RULES}\\nNow: {datetime.now()}\"\n    )\n",
        ),
        (
            "    system = \"\\n\".join([\n        \"You are kind.\",\n        f\"Now: {datetime.now()}\",\n        RULES,\n    ])\n",
            "    system = \"\\n\".join([\n        \"You are kind.\",\n        RULES,\n        f\"Now: {datetime.now()}\",\n    ])\n",
        ),
        (
            "    system = \"You are kind.\\n\"\n    system += f\"Now: {datetime.now()}\\n\"\n    system += RULES + \"\\n\"\n",
            "    system = \"You are kind.\\n\"\n    system += RULES + \"\\n\"\n    system += f\"Now: {datetime.now()}\\n\"\n",
        ),
        (
            "    parts = [\"You are kind.\"]\n    # who asks\n    parts.append(f\"User: {user_name}\")\n    parts.append(RULES)\n    system = \"\\n\".join(parts)\n",
            "    parts = [\"You are kind.\"]\n    parts.append(RULES)\n    # who asks\n    parts.append(f\"User: {user_name}\")\n    system = \"\\n\".join(parts)\n",
        ),
        (
            "    system = \"User: {name}\\n{rules}\".format(name=user_name, rules=RULES)\n",
            "    system = \"{rules}\\nUser: {name}\".format(name=user_name, rules=RULES)\n",
        ),
    ] {
        becomes("app.py", &python(before), &python(after));
    }
}

#[test]
fn parts_of_scripts_move_as_they_are_written() {
    let script = |body: &str| {
        format!("import OpenAI from \"openai\";\n\nconst RULES = \"Quote the warranty terms word for word. \".repeat(300);\nconst client = new OpenAI();\n\nexport async function answer(question: string, userName: string) {{\n{body}  return client.chat.completions.create({{\n    model: \"gpt-5.4\",\n    messages: [\n      {{ role: \"system\", content: system }},\n      {{ role: \"user\", content: question }},\n    ],\n  }});\n}}\n")
    };
    for (before, after) in [
        (
            "  const system = `Now: ${new Date().toISOString()}\\n${RULES}`;\n",
            "  const system = `${RULES}\\nNow: ${new Date().toISOString()}`;\n",
        ),
        (
            "  const system = `\nYou are kind.\nUser: ${userName}\n${RULES}\n`;\n",
            "  const system = `\nYou are kind.\n${RULES}\nUser: ${userName}\n`;\n",
        ),
        (
            "  const system = [\"You are kind.\", `User: ${userName}`, RULES].join(\"\\n\");\n",
            "  const system = [\"You are kind.\", RULES, `User: ${userName}`].join(\"\\n\");\n",
        ),
    ] {
        becomes("app.ts", &script(before), &script(after));
    }
}

#[test]
fn in_a_conversation_the_value_follows_the_newest_message() {
    let source = |system: &str, last: &str| {
        format!("{PYTHON}def answer(history: list[dict], question: str) -> str:\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[\n            {{\"role\": \"system\", \"content\": {system}}},\n            *history,\n            {{\"role\": \"user\", \"content\": question}},\n{last}        ],\n    )\n")
    };
    becomes(
        "app.py",
        &source("f\"Now: {datetime.now()}\\n{RULES}\"", ""),
        &source(
            "f\"{RULES}\"",
            "            {\"role\": \"user\", \"content\": f\"Now: {datetime.now()}\"},\n",
        ),
    );
}

// Generated texts: what is sent keeps its words and its values, whatever moves.

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

/// A text without most of its long part.
fn brief(text: &str) -> String {
    let mut seen = 0;
    let lines = text.lines().filter(|line| {
        let filler = line.starts_with("Guideline") || line.starts_with("Answer only");
        seen = if filler { seen + 1 } else { 0 };
        seen < 4
    });
    lines.collect::<Vec<_>>().join("\n")
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

#[test]
fn texts_of_documents_keep_their_notation() {
    let rule = RULE.trim_end();
    let json = |content: &str| {
        format!("{{\n  \"model\": \"gpt-5.4\",\n  \"messages\": [\n    {{ \"role\": \"system\", \"content\": \"{content}\" }},\n    {{ \"role\": \"user\", \"content\": \"{{{{question}}}}\" }}\n  ]\n}}\n")
    };
    let rules = format!("{rule}\\n").repeat(120);
    becomes(
        "requests/desk.json",
        &json(&format!(
            "You are \\\"kind\\\".\\nUser: {{{{user_name}}}}\\n{rules}"
        )),
        &json(&format!(
            "You are \\\"kind\\\".\\n{rules}User: {{{{user_name}}}}\\n"
        )),
    );
    let yaml = |content: &str| {
        let lines: String = content
            .lines()
            .map(|line| format!("      {line}\n"))
            .collect();
        let lines = lines.replace("      \n", "\n");
        format!("model: gpt-5.4\nmessages:\n  - role: system\n    content: |\n{lines}  - role: user\n    content: \"{{{{question}}}}\"\n")
    };
    let rules = format!("{rule}\n").repeat(120);
    becomes(
        "requests/desk.yaml",
        &yaml(&format!(
            "You are kind.\n\n## User\n\n{{{{user_name}}}}\n\n## Rules\n\n{rules}"
        )),
        &yaml(&format!(
            "You are kind.\n\n## Rules\n\n{rules}\n## User\n\n{{{{user_name}}}}\n"
        )),
    );
    let prompty = |content: &str| {
        format!("---\nname: Desk\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    name: gpt-5.4\n---\nsystem:\n{content}\nuser:\n{{{{question}}}}\n")
    };
    becomes(
        "desk.prompty",
        &prompty(&format!("You are kind.\nUser: {{{{user_name}}}}\n{rules}")),
        &prompty(&format!("You are kind.\n{rules}User: {{{{user_name}}}}\n")),
    );
}

#[test]
fn every_dialect_moves_its_tags_whole() {
    let rules = rules();
    for (path, value, question) in [
        ("prompts/desk.mustache", "{{user_name}}", "{{question}}"),
        ("prompts/desk.liquid", "{{ user_name }}", "{{ question }}"),
        ("prompts/desk.tmpl", "{{.UserName}}", "{{.Question}}"),
        ("prompts/desk.md", "{user_name}", "{question}"),
        ("prompts/desk.txt", "${user_name}", "${question}"),
    ] {
        let before = format!(
            "You are the support desk.\nThe customer is called {value}.\n{rules}\n{question}\n"
        );
        let after = format!(
            "You are the support desk.\n{rules}\nThe customer is called {value}.\n\n{question}\n"
        );
        becomes(path, &before, &after);
    }
}

#[test]
fn a_message_is_split_where_a_breakpoint_can_stand() {
    let source = |system: &str| {
        format!("import anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(user_name: str, question: str):\n    return client.messages.create(\n        model=\"claude-sonnet-4-5\",\n        max_tokens=500,\n        system={system},\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n")
    };
    let applied = fixed(
        "app.py",
        &source("f\"{RULES}\\nThe customer is {user_name}.\""),
    );
    let text = text_of(&applied, "app.py", "");
    let split = "[{\"type\": \"text\", \"text\": f\"{RULES}\\n\", \"cache_control\": {\"type\": \"ephemeral\"}}, {\"type\": \"text\", \"text\": f\"The customer is {user_name}.\"}]";
    assert!(text.contains(split), "{text}\n{:?}", applied.withdrawn);
}

#[test]
fn in_front_of_a_breakpoint_the_value_gets_a_block_behind_it() {
    let source = |system: &str| {
        format!("from datetime import datetime\n\nimport anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(question: str):\n    return client.messages.create(\n        model=\"claude-sonnet-4-5\",\n        max_tokens=500,\n        system=[{system}],\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n")
    };
    let mark = "\"cache_control\": {\"type\": \"ephemeral\"}";
    becomes(
        "app.py",
        &source(&format!("{{\"type\": \"text\", \"text\": f\"Now: {{datetime.now()}}\\n{{RULES}}\", {mark}}}")),
        &source(&format!("{{\"type\": \"text\", \"text\": f\"{{RULES}}\", {mark}}}, {{\"type\": \"text\", \"text\": f\"Now: {{datetime.now()}}\"}}")),
    );
}

#[test]
fn a_clock_that_cannot_move_is_cut_to_the_day_where_only_the_day_matters() {
    let source = |date: &str, line: &str| {
        format!("{PYTHON}def build_chat_system_prompt() -> str:\n    return f\"You are the desk and today is {{{date}}} here.{line}\\n{{RULES}}\"\n")
    };
    becomes(
        "app.py",
        &source("datetime.now().isoformat()", ""),
        &source("datetime.now().date().isoformat()", ""),
    );
    stays(
        "app.py",
        &source("datetime.now().isoformat()", " Mind the time."),
    );
}
