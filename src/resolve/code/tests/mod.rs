//! Behaviour of the evaluator over small workspaces in memory: source text -> what the prompt is made of.

use std::sync::Arc;

use super::super::{resolve, Parsed, ParsedKind, Resolution};
use crate::config::Assume;
use crate::frontend::code::{language_of, parse};
use crate::prompt::{Piece, Prompt, Slot};
use crate::volatility::classify::Classifier;
use crate::volatility::Confidence;
use crate::workspace::{Memory, Workspace};

mod changing;
mod clocks;
mod counted;
mod counters;
mod documents;
mod extended;
mod handed;
mod histories;
mod instances;
mod interfaces;
mod javascript;
mod library;
mod lives;
mod marks;
mod modules;
mod outer;
mod python;
mod reached;
mod shown;
mod state;
mod taken;
mod windows;
mod wires;
mod written;

/// Resolves a workspace whose files are all read as code.
fn run(files: &[(&str, &str)]) -> Resolution {
    resolved(&Memory::new(files), files, &[])
}

/// Resolves the code of `files`; the `others` are read where something calls for them.
fn resolved(memory: &Memory, files: &[(&str, &str)], others: &[Arc<str>]) -> Resolution {
    let code = files.iter().filter_map(|(path, _)| {
        let language = language_of(path)?;
        let file = memory.read(path).unwrap();
        let module = parse(&file, language);
        Some(Parsed {
            file,
            kind: ParsedKind::Code(module),
            explicit: false,
            by_name: false,
        })
    });
    let classifier = Arc::new(Classifier::new(&[]));
    resolve(
        code.collect(),
        others,
        memory,
        &|_| classifier.clone(),
        &|_| Assume::default(),
    )
}

/// `<expr:class/frame>`, with `!` where it is certain and `?` where it is only possible.
fn slot(slot: &Slot) -> String {
    let volatility = &slot.volatility;
    let frame = volatility.frame.map_or(String::new(), |f| format!("/{f}"));
    let sure = match volatility.confidence {
        Confidence::Certain => "!",
        Confidence::Likely => "",
        Confidence::Possible => "?",
    };
    format!("<{}:{}{frame}{sure}>", slot.expr, volatility.class)
}

fn show(pieces: &[Piece]) -> String {
    let each = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str().to_string(),
        Piece::Slot(value) => slot(value),
        Piece::Branch(branch) => {
            let arms: Vec<String> = branch.arms.iter().map(|arm| show(arm)).collect();
            format!("[{}? {}]", branch.condition, arms.join(" | "))
        }
        Piece::Repeat(repeat) => {
            let unordered = if repeat.unordered { "~" } else { "" };
            format!("({unordered}{}* {})", repeat.over, show(&repeat.body))
        }
        Piece::History(history) => {
            let rewritten = if history.rewritten.is_some() { "~" } else { "" };
            format!("<<{rewritten}{}>>", history.expr)
        }
        Piece::Media(media) => format!("<media {}>", media.key),
    });
    each.collect()
}

/// One line per message.
fn messages(prompt: &Prompt) -> String {
    let each = prompt.messages.iter().map(|message| {
        let blocks: Vec<String> = message.blocks.iter().map(|b| show(&b.pieces)).collect();
        format!("{}: {}", message.section.name(), blocks.join(" / "))
    });
    each.collect::<Vec<_>>().join("\n")
}

/// The messages of every prompt, in the order of their ids.
fn prompts(files: &[(&str, &str)]) -> Vec<String> {
    run(files).prompts.iter().map(messages).collect()
}

/// The only prompt of a workspace.
fn prompt(files: &[(&str, &str)]) -> String {
    let mut all = prompts(files);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// What an expression sends as instructions, behind some statements of the function that sends.
fn python(before: &str, expr: &str) -> String {
    let mut source = String::from(
        "import openai\nimport textwrap\nimport functools\nimport string\n\
         client = openai.OpenAI()\n\ndef send(a, b, flag, rows):\n",
    );
    for line in before.lines() {
        source.push_str(&format!("    {line}\n"));
    }
    source.push_str(&format!(
        "    return client.responses.create(model='m', instructions={expr})\n"
    ));
    sent(&[("app.py", &source)])
}

fn javascript(before: &str, expr: &str) -> String {
    let source = format!(
        "import OpenAI from 'openai';\nimport dedent from 'dedent';\nconst client = new OpenAI();\n\
         export async function send(a, b, flag, rows) {{\n{before}\n  \
         return await client.responses.create({{ model: 'm', instructions: {expr} }});\n}}\n"
    );
    sent(&[("app.ts", &source)])
}

/// The instructions of the only request, or what came instead.
fn sent(files: &[(&str, &str)]) -> String {
    let all = prompts(files);
    match &all[..] {
        [one] => one.strip_prefix("system: ").unwrap_or(one).to_string(),
        _ => format!("{all:?}"),
    }
}

/// Runs every row and names all that differ.
fn table(rows: &[(&str, &str, &str)], run: fn(&str, &str) -> String) {
    let mut wrong = String::new();
    for (before, expr, expected) in rows {
        let found = run(before, expr);
        if found != *expected {
            wrong.push_str(&format!(
                "\n{before}\n  {expr}\n    expected {expected:?}\n    found    {found:?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
