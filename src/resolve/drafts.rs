//! One parsed file -> its prompts: templates are evaluated, drafts of documents filled.
//! Knows nothing of which file is part of which.

use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::document::draft::{Document, Draft};
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::Tree;
use crate::prompt::{Conversation, Message, Piece, Prompt, Section, Target};
use crate::source::{Place, SourceFile, Span};

use super::evaluator::{Evaluator, Trail};
use super::files::Files;
use super::words::words;
use super::{expand, history, roles, Parsed, ParsedKind, Resolved};

mod filler;
use filler::Filler;

/// The prompts of one file.
pub fn resolve_file(
    input: Parsed,
    files: &Files<'_>,
    assume_for: &(dyn Fn(&str) -> Assume + Sync),
) -> Resolved {
    let assume = assume_for(&input.file.path);
    let mut trail = Trail::default();
    let prompts = match input.kind {
        ParsedKind::Template { dialect, tree } => {
            let prompt = template_prompt(&input.file, dialect, &tree, files, &assume, &mut trail);
            // A file of definitions sends nothing by itself.
            let sends = !prompt.messages.is_empty();
            sends.then_some(prompt).into_iter().collect()
        }
        // Code is resolved as a whole, by `code::resolve_code`.
        ParsedKind::Code(_) => Vec::new(),
        ParsedKind::Document(document) => {
            let sure = input.explicit;
            let problems = document.problems.iter().cloned();
            let path = &input.file.path;
            trail
                .problems
                .extend(problems.map(|problem| (path.clone(), problem)));
            document_prompts(&input.file, document, files, &assume, (sure, &mut trail))
        }
    };
    Resolved {
        path: input.file.path.clone(),
        explicit: input.explicit,
        prompts,
        trail,
    }
}

fn template_prompt(
    file: &Arc<SourceFile>,
    dialect: Dialect,
    tree: &Tree,
    files: &Files<'_>,
    assume: &Assume,
    trail: &mut Trail,
) -> Prompt {
    let mut evaluator = Evaluator::new(files, files.here(file, dialect), assume);
    let pieces = evaluator.template(&tree.nodes);
    let mut own = evaluator.trail;
    let place = Place {
        path: file.path.clone(),
        span: Span::new(file.content_start(), file.text.len()),
    };
    let split = roles::split(
        pieces,
        &|pieces| lone_section(&file.path, pieces, own.holds_task),
        &place,
    );
    let soft = split.form == Some("speaker");
    let target = beside(file, dialect, files, &mut own);
    let conversation = history::conversation(
        &split.messages,
        true,
        own.mentions_history,
        soft,
        &[&file.path],
    );
    let prompt = Prompt {
        id: file.path.to_string(),
        origin: place,
        format: format_name(dialect),
        target,
        settings: Vec::new(),
        // A template without headers may be any part of a request; one with headers is all of its messages.
        fragment: split.form.is_none() || soft || only_preamble(&split.messages),
        messages: split.messages,
        conversation,
        rows: 0,
        looped: None,
        recorded: false,
        inherited_by: Vec::new(),
        reads: own.reads.iter().cloned().collect(),
    };
    trail.absorb(own);
    prompt
}

/// Whether the turns are not here: they come from elsewhere.
fn only_preamble(messages: &[Message]) -> bool {
    let mut sections = messages.iter().map(|message| &message.section);
    sections.all(Section::is_preamble)
}

/// Semantic Kernel keeps the settings of `skprompt.txt` in a file beside it.
fn beside(file: &SourceFile, dialect: Dialect, files: &Files<'_>, trail: &mut Trail) -> Target {
    let is_prompt = file.path.ends_with("skprompt.txt");
    if dialect != Dialect::SemanticKernel || !is_prompt {
        return Target::unknown();
    }
    files
        .find_named(&file.path, "config.json", &mut trail.reads)
        .and_then(|path| files.read(&path))
        .map_or_else(Target::unknown, |config| {
            super::semantic_kernel::target(&config)
        })
}

pub fn format_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Jinja => "jinja",
        Dialect::Handlebars => "handlebars",
        Dialect::Dotprompt => "dotprompt",
        Dialect::Mustache => "mustache",
        Dialect::Liquid => "liquid",
        Dialect::GoTemplate => "go-template",
        Dialect::SemanticKernel => "semantic-kernel",
        Dialect::Braces => "braces",
        Dialect::Dollar => "dollar",
        Dialect::Erb => "erb",
        Dialect::Plain => "text",
    }
}

/// The section of a template without headers: a system prompt by its name or its opening, else the user's message.
/// A text that holds what the call is about is what the user says, however it opens: it is sent once and kept.
fn lone_section(path: &str, pieces: &[Piece], holds_task: bool) -> Section {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if name.contains("system") {
        return Section::System;
    }
    if holds_task && !history::holds_history(pieces) {
        return Section::Role("user".into());
    }
    let opening = pieces.iter().find_map(|piece| match piece {
        Piece::Text(text) => {
            let text = text.as_str().trim_start().to_lowercase();
            (!text.is_empty()).then_some(text)
        }
        _ => None,
    });
    let opens = opening.is_some_and(|text| {
        let openings = &words().system_openings;
        openings.iter().any(|opening| text.starts_with(opening))
    });
    if opens {
        Section::System
    } else {
        Section::Role("user".into())
    }
}

fn document_prompts(
    file: &Arc<SourceFile>,
    document: Document,
    files: &Files<'_>,
    assume: &Assume,
    (explicit, trail): (bool, &mut Trail),
) -> Vec<Prompt> {
    let mut out = Vec::new();
    for draft in document.drafts {
        for draft in expand::expand(draft, file, files, trail) {
            out.push(draft_prompt(file, draft, files, assume, (explicit, trail)));
        }
    }
    out
}

fn draft_prompt(
    file: &Arc<SourceFile>,
    draft: Draft,
    files: &Files<'_>,
    assume: &Assume,
    (explicit, trail): (bool, &mut Trail),
) -> Prompt {
    let mut filler = Filler {
        file,
        files,
        assume,
        bindings: &draft.bindings,
        threads: &draft.threads,
        recorded: draft.recorded,
        rows: draft.rows,
        explicit,
        trail: Trail::default(),
        soft: false,
        headers: false,
    };
    let mut messages = Vec::new();
    for message in draft.messages {
        messages.extend(filler.message(message));
    }
    let settings = draft.settings.into_iter();
    let settings = settings.map(|setting| filler.setting(setting)).collect();
    let Filler {
        trail: own,
        soft,
        headers,
        ..
    } = filler;
    let id = if draft.key.is_empty() {
        file.path.to_string()
    } else {
        format!("{}#{}", file.path, draft.key)
    };
    let fragment = draft.fragment && !headers;
    let conversation = conversation(
        &messages,
        &draft.key,
        file,
        &own,
        (fragment, soft, draft.rows),
    );
    let prompt = Prompt {
        id,
        origin: Place {
            path: file.path.clone(),
            span: draft.span,
        },
        format: draft.format,
        target: draft.target,
        settings,
        messages,
        fragment,
        conversation,
        rows: draft.rows,
        looped: None,
        recorded: draft.recorded,
        inherited_by: Vec::new(),
        reads: own.reads.iter().cloned().collect(),
    };
    trail.absorb(own);
    prompt
}

fn conversation(
    messages: &[Message],
    key: &str,
    file: &SourceFile,
    trail: &Trail,
    (fragment, soft, rows): (bool, bool, usize),
) -> Conversation {
    if rows > 1 {
        // Rows of a batch are requests of their own.
        return Conversation::None;
    }
    let names = [&*file.path, key];
    history::conversation(messages, fragment, trail.mentions_history, soft, &names)
}
