//! Which format a file is, by name and content, and its parser. The order decides where two formats could claim one
//! file: names first, then content.

use std::io;
use std::sync::Arc;

use super::draft::Document;
use super::{
    dotprompt, gemini_toml, github_models, jsonl, langchain, promptfoo, prompty, semantic_kernel,
    task_prompts,
};
use crate::source::lines::Lines;
use crate::source::{SourceFile, Text};

/// One document format.
struct Format {
    name: &'static str,
    /// Ends of file names (in lower case) that the format may have.
    ends: &'static [&'static str],
    /// Why a file is of this format, if it is.
    recognise: fn(&str, &Text) -> Option<String>,
    parse: fn(&SourceFile) -> Document,
}

static FORMATS: [Format; 8] = [
    Format {
        name: "prompty",
        ends: &[".prompty"],
        recognise: prompty::recognise,
        parse: prompty::parse,
    },
    Format {
        name: "dotprompt",
        ends: &[".prompt"],
        recognise: dotprompt::recognise,
        parse: dotprompt::parse,
    },
    Format {
        name: "github-models",
        ends: &[".prompt.yml", ".prompt.yaml"],
        recognise: github_models::recognise,
        parse: github_models::parse,
    },
    Format {
        name: "promptfoo",
        ends: &[".yaml", ".yml", ".json"],
        recognise: promptfoo::recognise,
        parse: promptfoo::parse,
    },
    Format {
        name: "semantic-kernel",
        ends: &[".yaml", ".yml", "config.json"],
        recognise: semantic_kernel::recognise,
        parse: semantic_kernel::parse,
    },
    Format {
        name: "langchain",
        ends: &[".yaml", ".yml", ".json"],
        recognise: langchain::recognise,
        parse: langchain::parse,
    },
    Format {
        name: "prompt-list",
        ends: &[".yaml", ".yml", ".json"],
        recognise: task_prompts::recognise,
        parse: task_prompts::parse,
    },
    Format {
        name: "gemini-command",
        ends: &[".toml"],
        recognise: gemini_toml::recognise,
        parse: gemini_toml::parse,
    },
];

/// A format, why a file was taken for it, and what it holds.
pub type Read = (&'static str, String, Document);

/// Reads a prompt document: its format, why it was taken for one, and its drafts. `None` for anything else.
/// Formats that a name or a key proves come first, then request bodies by their shape.
pub fn read(file: &SourceFile) -> Option<Read> {
    if let Some((format, why)) = find(&file.path, &file.content()) {
        return Some((format.name, why, (format.parse)(file)));
    }
    by_shape(super::parse_json_like(file)?)
}

/// Reads a file of rows as they come: as `read`, and what is kept of the file.
///
/// # Errors
/// What the source of the rows says.
pub fn read_rows(path: &Arc<str>, mut lines: Lines<'_>) -> io::Result<(Option<Read>, SourceFile)> {
    let (document, kept) = jsonl::read_lines(path, &mut lines)?;
    Ok((by_shape(document), lines.finish(path.clone(), kept)))
}

fn by_shape(document: Document) -> Option<Read> {
    let format = document.drafts.first()?.format;
    Some((format, "has the shape of a request".into(), document))
}

/// Ends of file names (in lower case, with their dot) that any format may have, sorted.
pub fn extensions() -> Vec<&'static str> {
    let mut ends: Vec<_> = FORMATS
        .iter()
        .flat_map(|format| format.ends)
        .copied()
        .collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The format whose name alone proves a prompt: no content needs to be read.
pub fn by_name(path: &str) -> Option<&'static str> {
    path.to_ascii_lowercase()
        .ends_with(".prompty")
        .then_some("prompty")
}

fn find(path: &str, text: &Text) -> Option<(&'static Format, String)> {
    let lower = path.to_ascii_lowercase();
    FORMATS
        .iter()
        .filter(|format| format.ends.iter().any(|end| lower.ends_with(end)))
        .find_map(|format| Some((format, (format.recognise)(path, text)?)))
}

#[cfg(test)]
mod tests;
