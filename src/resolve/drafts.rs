//! One parsed file -> its prompts: templates are evaluated, drafts of documents filled.
//! Knows nothing of which file is part of which.

use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::document::body::guess_dialect;
use crate::frontend::document::draft::{Content, Document, Draft, DraftMessage};
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::Tree;
use crate::frontend::template::{self};
use crate::frontend::Problem;
use crate::prompt::{
    Block, Conversation, History, Marker, Media, Message, Piece, Prompt, Section, Setting, Size,
    Slot, Target,
};
use crate::source::{Place, SourceFile, Span, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::literals;
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::context::Frame;
use super::evaluator::{Evaluator, Trail};
use super::files::Files;
use super::value::{push_piece, text_tokens, unknown_file, Unknown, Value};
use super::words::words;
use super::{expand, history, roles, Parsed, ParsedKind, Resolved};

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
    let mut split = roles::split(
        pieces,
        &|pieces| lone_section(&file.path, pieces, own.holds_task),
        &place,
    );
    history::settle_scratchpads(&mut split.messages);
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
    for draft in document.drafts {
        for draft in expand::expand(draft, file, files, trail) {
            out.push(draft_prompt(file, draft, files, assume, (explicit, trail)));
        }
    }
    out
}

/// What filling one draft needs.
struct Filler<'a, 'w> {
    file: &'a Arc<SourceFile>,
    files: &'a Files<'w>,
    assume: &'a Assume,
    bindings: &'a [(String, Text, bool)],
    threads: &'a [String],
    recorded: bool,
    /// Rows of a batch; 0: a document.
    rows: usize,
    /// Named by the user: what was filled in is judged, not only noted.
    explicit: bool,
    trail: Trail,
    soft: bool,
    /// Whether role headers made messages of a content.
    headers: bool,
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
    history::settle_scratchpads(&mut messages);
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

impl Filler<'_, '_> {
    fn message(&mut self, draft: DraftMessage) -> Vec<Message> {
        let elsewhere = draft.blocks.iter().find_map(|block| match &block.content {
            Content::Template(text, _) if text.path != self.file.path => Some(text.path.clone()),
            _ => None,
        });
        let place = Place {
            path: elsewhere.unwrap_or_else(|| self.file.path.clone()),
            span: draft.span,
        };
        let mut blocks: Vec<(Vec<Piece>, Option<Marker>)> = Vec::new();
        for block in draft.blocks {
            let mut pieces = self.content(block.content);
            if let ([Piece::Slot(slot)], Some(Section::Tools)) =
                (pieces.as_mut_slice(), &draft.section)
            {
                if slot.size.assumed {
                    slot.size.tokens = self.assume.tools_tokens;
                }
            }
            blocks.push((pieces, block.marker));
        }
        let Some(section) = draft.section else {
            return self.split(blocks, &place);
        };
        let blocks: Vec<Block> = blocks
            .into_iter()
            .map(|(pieces, marker)| Block {
                pieces: roles::drop_blank_behind_history(pieces),
                marker,
            })
            .filter(|block| !block.pieces.is_empty() || block.marker.is_some())
            .collect();
        if blocks.is_empty() {
            return Vec::new();
        }
        vec![Message {
            section,
            blocks,
            place,
            stored: draft.stored,
        }]
    }

    /// An option that holds template tags is filled as text is.
    fn setting(&mut self, setting: Setting) -> Setting {
        let [Piece::Text(text)] = setting.pieces.as_slice() else {
            return setting;
        };
        let dialect = guess_dialect(text.as_str());
        if self.rows > 0 || dialect == Dialect::Plain {
            return setting;
        }
        let pieces = self.content(Content::Template(text.clone(), dialect));
        Setting { pieces, ..setting }
    }

    /// A message whose role is not known: its headers tell; a breakpoint stays behind the last message.
    fn split(&mut self, blocks: Vec<(Vec<Piece>, Option<Marker>)>, place: &Place) -> Vec<Message> {
        let mut pieces = Vec::new();
        let mut marker = None;
        for (more, mark) in blocks {
            super::value::push_all(&mut pieces, more);
            marker = mark.or(marker);
        }
        let path = self.file.path.clone();
        let holds_task = self.trail.holds_task;
        let alone = |pieces: &[Piece]| lone_section(&path, pieces, holds_task);
        let split = roles::split(pieces, &alone, place);
        self.soft |= split.form == Some("speaker");
        self.headers |= split.form.is_some() && split.form != Some("speaker");
        let mut messages = split.messages;
        if let Some(block) = messages.last_mut().and_then(|m| m.blocks.last_mut()) {
            block.marker = marker;
        }
        messages
    }

    fn content(&mut self, content: Content) -> Vec<Piece> {
        match content {
            Content::Template(text, Dialect::Plain) => self.plain(text),
            Content::Template(text, dialect) => {
                let tree = template::parse(&text, dialect);
                let path = text.path.clone();
                for problem in tree.problems.iter().cloned() {
                    self.trail.problems.push((path.clone(), problem));
                }
                let other = (path != self.file.path).then(|| self.files.read(&path));
                let file = other.flatten().unwrap_or_else(|| self.file.clone());
                let here = self.files.here(&file, dialect);
                self.evaluate(here, &tree)
            }
            Content::File {
                name,
                span,
                dialect,
            } => self.other_file(&name, span, dialect),
            Content::Slot(slot) => vec![Piece::Slot(slot)],
            Content::Pieces(pieces) => pieces,
            Content::History { place, name } => {
                self.trail.mentions_history = true;
                vec![Piece::History(History {
                    expr: name,
                    place,
                    rewritten: None,
                })]
            }
            Content::Media { place, key } => vec![Piece::Media(Media {
                place,
                key,
                volatility: if self.recorded {
                    Volatility::constant()
                } else {
                    media_of_call()
                },
            })],
        }
    }

    fn evaluate(&mut self, here: super::context::Here, tree: &Tree) -> Vec<Piece> {
        let mut evaluator = Evaluator::new(self.files, here, self.assume);
        let mut frame = Frame::default();
        for (name, text, fixed) in self.bindings {
            if *fixed {
                frame.names.insert(name.clone(), Value::Text(text.clone()));
            } else {
                let tokens = text_tokens(text.as_str()).max(1);
                let known = evaluator.samples.entry(name.clone()).or_insert(0);
                *known = tokens.max(*known);
            }
        }
        for name in self.threads {
            let verdict = Verdict {
                kind: ValueKind::History,
                volatility: super::value::from_history(),
                tokens: self.assume.history_tokens,
                clock: false,
            };
            let thread = Unknown::new(name.clone(), Some(name.clone()), verdict);
            frame.names.insert(name.clone(), thread.into_value());
        }
        evaluator.scopes.push(frame);
        let pieces = evaluator.template(&tree.nodes);
        self.trail.absorb(evaluator.trail);
        pieces
    }

    /// Literal text; in a request as sent, what was filled in (timestamps, UUIDs) is a value.
    fn plain(&mut self, text: Text) -> Vec<Piece> {
        let found = if self.recorded {
            literals::find(text.as_str())
        } else {
            Vec::new()
        };
        let mut out = Vec::new();
        let mut at = 0;
        for literal in found {
            // Rows that agree on a value to the second hold no clock; the day changes with the next batch.
            if self.rows > 1 && !matches!(literal.class, Class::Day) {
                continue;
            }
            let range = literal.range;
            push_piece(&mut out, Piece::Text(text.slice(at, range.start)));
            let value = &text.as_str()[range.clone()];
            let why = literal.why;
            // A recorded body among sources may be a fixture: there it is a note.
            let confidence = match self.explicit || self.rows > 0 {
                true => Confidence::Likely,
                false => Confidence::Possible,
            };
            let volatility = Volatility::new(literal.class, Origin::MadeUp, confidence, why);
            out.push(Piece::Slot(Slot {
                expr: value.to_string(),
                place: text.place(range.start, range.end),
                volatility,
                trace: Vec::new(),
                size: Size {
                    tokens: text_tokens(value),
                    assumed: false,
                },
            }));
            at = range.end;
        }
        push_piece(&mut out, Piece::Text(text.slice(at, text.len())));
        out
    }

    /// A file that the document names.
    fn other_file(&mut self, name: &str, span: Span, dialect: Option<Dialect>) -> Vec<Piece> {
        let path = self
            .files
            .find_named(&self.file.path, name, &mut self.trail.reads);
        let loaded = path.as_ref().and_then(|path| {
            let dialect = dialect
                .or_else(|| super::files::dialect_of(path))
                .unwrap_or(Dialect::Plain);
            self.files.load(path, dialect)
        });
        let (Some(path), Some(loaded)) = (path, loaded) else {
            let problem = Problem::new(span, format!("`{name}` is not found"))
                .with_help("its text is taken to be stable, of unknown size");
            self.trail.problems.push((self.file.path.clone(), problem));
            return vec![self.unknown_file(name, span)];
        };
        self.trail.used.insert(path);
        self.evaluate(loaded.here.clone(), &loaded.tree)
    }

    fn unknown_file(&self, name: &str, span: Span) -> Piece {
        Piece::Slot(Slot {
            expr: name.to_string(),
            place: Place {
                path: self.file.path.clone(),
                span,
            },
            volatility: unknown_file("a file that is not here"),
            trace: Vec::new(),
            size: Size {
                tokens: self.assume.unknown_text_tokens,
                assumed: true,
            },
        })
    }
}

fn media_of_call() -> Volatility {
    Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Likely,
        "media of this call",
    )
}
