//! Gemini CLI commands: TOML with a `prompt` that holds `{{args}}`, `!{shell}` and `@{file}`. Runs nothing.

use super::draft::{Content, Document};
use super::parts;
use super::value::parse_toml;
use crate::config::Assume;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Section, TargetSource};
use crate::source::{Place, SourceFile, Text};
use crate::volatility::Class;

/// By folder and content: a TOML file below `commands/` with a `prompt` key at the top.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let placed = lower.ends_with(".toml")
        && (lower.starts_with("commands/") || lower.contains("/commands/"));
    if !placed {
        return None;
    }
    let keyed = text
        .as_str()
        .lines()
        .take_while(|line| !line.starts_with('['))
        .any(|line| {
            line.strip_prefix("prompt")
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        });
    keyed.then(|| "Gemini CLI command".to_string())
}

pub fn parse(file: &SourceFile) -> Document {
    let parsed = parts::with_help(
        parse_toml(&file.content()),
        "mend the TOML; the command cannot be loaded as it is",
    );
    let prompt = parsed.value().and_then(|root| root.get_text("prompt"));
    let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) else {
        return Document {
            drafts: Vec::new(),
            problems: parsed.problems,
            ..Document::default()
        };
    };
    let mut draft = parts::draft(file, "gemini-command");
    // The agent's own system prompt and tools stand in front of it.
    draft.fragment = true;
    draft.target.provider = Some("google".into());
    draft.target.source = TargetSource::Declared;
    draft.messages.push(parts::message(
        Some(Section::Role("user".into())),
        prompt.whole().span,
        contents(prompt),
    ));
    parts::single(draft, parsed.problems)
}

/// Cuts a prompt at its injections.
fn contents(prompt: &Text) -> Vec<Content> {
    let source = prompt.as_str();
    let mut out = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = source[at..].find(['!', '@']) {
        let open = at + found;
        let Some(close) = injection_end(&source[open..]).map(|len| open + len) else {
            at = open + 1;
            continue;
        };
        push_text(&mut out, prompt, start, open);
        let inner = source[open + 2..close - 1].trim();
        let place = prompt.place(open, close);
        out.push(if source[open..].starts_with('@') {
            file(&prompt.path, inner, place)
        } else {
            shell(inner, place)
        });
        start = close;
        at = close;
    }
    push_text(&mut out, prompt, start, source.len());
    out
}

fn push_text(out: &mut Vec<Content>, prompt: &Text, start: usize, end: usize) {
    if start < end {
        out.push(Content::Template(
            prompt.slice(start, end),
            Dialect::Mustache,
        ));
    }
}

/// The length of `!{...}` or `@{...}` at the start of a text; braces inside are balanced.
fn injection_end(rest: &str) -> Option<usize> {
    if rest.as_bytes().get(1) != Some(&b'{') {
        return None;
    }
    let mut depth = 0usize;
    // A stray opener far from any end must not make the search quadratic.
    for (at, byte) in rest.bytes().enumerate().skip(1).take(4096) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn shell(command: &str, place: Place) -> Content {
    parts::unknown_slot(
        place,
        &format!("!{{{command}}}"),
        Class::Request,
        Assume::default().unknown_text_tokens,
        "the output of a command",
    )
}

/// A file of the project; its path counts from the folder that holds `.gemini` (or `commands`).
fn file(document: &str, name: &str, place: Place) -> Content {
    let span = place.span;
    let folders: Vec<&str> = document.split('/').collect();
    let root = folders
        .iter()
        .position(|folder| *folder == ".gemini")
        .or_else(|| folders.iter().position(|folder| *folder == "commands"));
    match root {
        Some(root) if !name.is_empty() && !name.contains("{{") && !name.starts_with('/') => {
            let up = "../".repeat(folders.len() - 1 - root);
            Content::File {
                name: format!("{up}{}", name.trim_start_matches("./")),
                span,
                dialect: Some(Dialect::Plain),
            }
        }
        _ => parts::unknown_slot(
            place,
            &format!("@{{{name}}}"),
            Class::Request,
            Assume::default().unknown_text_tokens,
            "a file that is named when the command runs",
        ),
    }
}
