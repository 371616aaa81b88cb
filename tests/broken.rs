//! What breaks inside of the linter costs what it was doing: the rest of the run is as it would be. The breaks are made
//! from outside, by a workspace and a table of models that panic where they are asked for one file or one model.

mod linting;

use std::io;
use std::panic;
use std::sync::Arc;

use linting::{lint, lint_with};
use prefixlint::engine::Analysis;
use prefixlint::source::SourceFile;
use prefixlint::workspace::{Entry, Memory, ReadError, Walk, Walked, Workspace};

/// Files in memory, of which one cannot even be asked for.
struct Trap {
    files: Memory,
    path: &'static str,
}

impl Workspace for Trap {
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        assert!(path != self.path, "a trap at {path}");
        self.files.read(path)
    }
    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn io::Read + 'a>, ReadError> {
        self.files.open(path)
    }
    fn exists(&self, path: &str) -> bool {
        self.files.exists(path)
    }
    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        self.files.peek(path, most)
    }
    fn list(&self, folder: &str) -> Vec<Entry> {
        self.files.list(folder)
    }
    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        self.files.walk(folder, walk)
    }
    fn is_folder(&self, path: &str) -> bool {
        self.files.is_folder(path)
    }
}

fn rules() -> String {
    let rule =
        |n: usize| format!("Rule {n}: answer politely and cite section {n} of the policy.\n");
    (0..200).map(rule).collect()
}

/// A program that sends a clock in front of a text, and one beside it that loads the text from a file.
fn files() -> Memory {
    let program = |text: &str, model: &str| {
        format!(
            "from datetime import datetime\nfrom pathlib import Path\nfrom openai import OpenAI\n\nclient = OpenAI()\n\n\n\
             def answer(question):\n    text = {text}\n    return client.chat.completions.create(\n        model=\"{model}\",\n        \
             messages=[\n            {{\"role\": \"system\", \"content\": f\"It is {{datetime.now()}}.\\n{{text}}\"}},\n            \
             {{\"role\": \"user\", \"content\": question}},\n        ],\n    )\n"
        )
    };
    let good = program(&format!("\"\"\"{}\"\"\"", rules()), "gpt-5.4");
    let loads = program(
        "(Path(__file__).parent / \"rules.txt\").read_text()",
        "gpt-5.4-mini",
    );
    let template = format!(
        "You are a support agent. Today is {{{{ now }}}}.\n{{% include 'rules.txt' %}}\n{}",
        rules()
    );
    Memory::new(&[
        ("good.py", good.as_str()),
        ("loads.py", loads.as_str()),
        ("rules.txt", rules().as_str()),
        ("support.prompt.j2", template.as_str()),
    ])
}

fn found_in(analysis: &Analysis) -> Vec<(String, usize, String)> {
    let found = analysis.findings.iter();
    let found = found.map(|one| {
        let at = (one.place.path.to_string(), one.place.span.start);
        (at.0, at.1, one.rule.to_string())
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

/// What one broken file leaves: an error for each place that broke, and what is found in the others.
#[track_caller]
fn costs_only(analysis: &Analysis, broken: &[&str], said: &str) {
    let whole = found_in(&lint(&files(), "whole"));
    let left: Vec<_> = whole
        .iter()
        .filter(|(path, ..)| !broken.contains(&path.as_str()))
        .cloned()
        .collect();
    assert!(left.len() < whole.len() && !left.is_empty(), "{whole:?}");
    assert_eq!(found_in(analysis), left);
    let paths: Vec<&str> = analysis.errors.iter().map(|error| &*error.path).collect();
    assert_eq!(paths, broken);
    for error in &analysis.errors {
        let message = &error.message;
        assert!(
            message.contains("internal error while") && message.contains(said),
            "{message}"
        );
        assert!(message.contains("please report it"), "{message}");
    }
}

/// Of the panics that are expected nothing is printed.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    panic::set_hook(Box::new(|info| {
        let text = prefixlint::guard::note(info);
        if !text.starts_with("a trap") {
            eprintln!("{text}");
        }
    }));
    work()
}

#[test]
fn a_break_while_a_file_is_read_costs_the_file() {
    let trap = Trap {
        files: files(),
        path: "loads.py",
    };
    let analysis = quietly(|| lint(&trap, "trap"));
    costs_only(
        &analysis,
        &["loads.py"],
        "reading loads.py: a trap at loads.py",
    );
    // The line of the source is told.
    assert!(
        analysis.errors[0].message.contains("broken.rs:"),
        "{}",
        analysis.errors[0].message
    );
}

#[test]
fn a_break_while_prompts_are_put_together_costs_those_that_need_it() {
    let trap = Trap {
        files: files(),
        path: "rules.txt",
    };
    let analysis = quietly(|| lint(&trap, "trap"));
    costs_only(
        &analysis,
        &["loads.py", "support.prompt.j2"],
        "a trap at rules.txt",
    );
    let told: Vec<&str> = analysis
        .errors
        .iter()
        .map(|error| error.message.as_str())
        .collect();
    assert!(
        told.iter()
            .any(|told| told.contains("evaluating answer of loads.py")),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|told| told.contains("resolving support.prompt.j2")),
        "{told:?}"
    );
}

#[test]
fn a_break_while_a_prompt_is_judged_costs_the_prompt() {
    let analysis = quietly(|| {
        lint_with(&files(), "trap", &|name| {
            assert!(name != Some("gpt-5.4-mini"), "a trap of a model")
        })
    });
    costs_only(
        &analysis,
        &["loads.py"],
        "judging the prompt loads.py#answer",
    );
}
