//! One parsed file -> its prompts: templates are evaluated, drafts of documents filled.
//! Knows nothing of which file is part of which.

use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::document::draft::Document;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Conversation, Message, Piece, Prompt, Section, Target};
use crate::source::{Place, SourceFile, Span};

use super::evaluator::{Evaluator, Rendered, Trail};
use super::files::Files;
use super::words::words;
use super::{expand, history, roles, Parsed, ParsedKind, Resolved};
use expand::Expanded;

mod filler;
use filler::Filler;

/// Ways in which code fills one template that are judged.
const MAX_RENDERS: usize = 3;

/// The prompts of one file.
pub fn resolve_file(
    input: Parsed,
    rendered: &[Rendered],
    files: &Files<'_>,
    assume_for: &(dyn Fn(&str) -> Assume + Sync),
) -> Resolved {
    let assume = assume_for(&input.file.path);
    let mut trail = Trail::default();
    let prompts = match input.kind {
        ParsedKind::Template { dialect, tree } => {
            let path = &input.file.path;
            let renders = rendered.iter().filter(|render| render.path == *path);
            let renders: Vec<&Rendered> = renders.take(MAX_RENDERS).collect();
            let file = &input.file;
            let mut evaluator = Evaluator::new(files, files.here(file, dialect), &assume);
            let pieces = evaluator.template(&tree.nodes);
            let own = evaluator.trail;
            let mut prompts = Vec::new();
            if renders.is_empty() {
                prompts.push(template_prompt(
                    file,
                    dialect,
                    (pieces, own),
                    files,
                    &mut trail,
                ));
            } else {
                // How code fills it says more than the names in it.
                for render in renders {
                    let own = Trail {
                        reads: own
                            .reads
                            .union(&render.reads)
                            .chain(render.code.iter())
                            .cloned()
                            .collect(),
                        used: own.used.clone(),
                        problems: own.problems.clone(),
                        limits: own.limits.clone(),
                        mentions_history: render.mentions_history,
                        holds_task: render.holds_task,
                        base: own.base.clone(),
                        rendered: Vec::new(),
                    };
                    let filled = (render.pieces.clone(), own);
                    prompts.push(template_prompt(file, dialect, filled, files, &mut trail));
                }
            }
            // A file of definitions sends nothing by itself.
            prompts.retain(|prompt| !prompt.messages.is_empty());
            prompts
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
            let document = Arc::unwrap_or_clone(document);
            document_prompts(&input.file, document, files, &assume, (sure, &mut trail))
        }
    };
    Resolved {
        path: input.file.path.clone(),
        explicit: input.explicit,
        by_name: input.by_name && rendered.is_empty(),
        prompts,
        trail,
    }
}

fn template_prompt(
    file: &Arc<SourceFile>,
    dialect: Dialect,
    (pieces, mut own): (Vec<Piece>, Trail),
    files: &Files<'_>,
    trail: &mut Trail,
) -> Prompt {
    let place = Place {
        path: file.path.clone(),
        span: Span::new(file.content_start(), file.text.len()),
    };
    let mut split = roles::split(
        pieces,
        &|pieces| lone_section(&file.path, pieces, own.holds_task),
        &place,
    );
    history::settle_scratchpads(&mut split.messages);
    history::settle_transcripts(&mut split.messages);
    let soft = split.form == Some("speaker");
    let target = beside(file, dialect, files, &mut own);
    let conversation = history::conversation(
        &split.messages,
        true,
        own.mentions_history,
        soft,
        telling_names(format_name(dialect), &[&file.path]),
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
        open_options: false,
        marks_elsewhere: false,
        agent: false,
        never_marked: false,
        surely_unmarked: false,
        marked_whole: false,
        speaks_of_turns: false,
        one_off: false,
        unloaded: false,
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
        Dialect::Ejs => "ejs",
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
    let mut shared = Trail::default();
    shared.limits.extend(document.limits);
    let bindings = document.vars.and_then(|vars| {
        let drafts = document.drafts.len();
        expand::bindings(&vars, drafts, file, files, &mut shared)
    });
    for mut draft in document.drafts {
        if let Some(bindings) = &bindings {
            draft.bindings.clone_from(bindings);
        }
        for mut expanded in expand::expand(draft, file, files, trail) {
            expanded.reads.extend(shared.reads.iter().cloned());
            let prompt = draft_prompt(file, expanded, files, assume, (explicit, trail));
            out.push(prompt);
        }
    }
    trail.absorb(shared);
    out
}

fn draft_prompt(
    file: &Arc<SourceFile>,
    Expanded { draft, reads }: Expanded,
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
        trail: Trail {
            reads,
            ..Trail::default()
        },
        soft: false,
        headers: false,
    };
    let mut messages = Vec::new();
    for message in draft.messages {
        messages.extend(filler.message(message));
    }
    history::settle_scratchpads(&mut messages);
    history::settle_transcripts(&mut messages);
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
        telling_names(draft.format, &[&*file.path, &draft.key]),
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
        open_options: false,
        marks_elsewhere: false,
        agent: false,
        never_marked: false,
        surely_unmarked: false,
        marked_whole: false,
        speaks_of_turns: false,
        one_off: false,
        unloaded: false,
        inherited_by: Vec::new(),
        reads: own.reads.iter().cloned().collect(),
    };
    trail.absorb(own);
    prompt
}

fn conversation(
    messages: &[Message],
    names: &[&str],
    trail: &Trail,
    (fragment, soft, rows): (bool, bool, usize),
) -> Conversation {
    if rows > 1 {
        // Rows of a batch are requests of their own.
        return Conversation::None;
    }
    history::conversation(messages, fragment, trail.mentions_history, soft, names)
}

/// The names that may tell of a conversation. A function of Semantic Kernel is sent whole, turns and all, whatever
/// its plugin is called.
fn telling_names<'a, 'b>(format: &str, names: &'a [&'b str]) -> &'a [&'b str] {
    if format == "semantic-kernel" {
        &[]
    } else {
        names
    }
}
