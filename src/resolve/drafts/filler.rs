//! Fills the draft of a document: its contents become pieces, its messages get their sections.
//! Knows nothing of which prompts a file holds.

use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::document::body::guess_dialect;
use crate::frontend::document::draft::{Content, DraftMessage};
use crate::frontend::template;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::Tree;
use crate::frontend::Problem;
use crate::prompt::{Block, History, Marker, Media, Message, Piece, Section, Setting, Size, Slot};
use crate::source::{Place, SourceFile, Span, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::literals;
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::super::context::{Frame, Here};
use super::super::evaluator::{Evaluator, Trail};
use super::super::files::{dialect_of, Files};
use super::super::roles;
use super::super::value::{
    from_history, push_all, push_piece, text_tokens, unknown_file, Unknown, Value,
};
use super::lone_section;

/// What filling one draft needs.
pub(super) struct Filler<'a, 'w> {
    pub(super) file: &'a Arc<SourceFile>,
    pub(super) files: &'a Files<'w>,
    pub(super) assume: &'a Assume,
    pub(super) bindings: &'a [(String, Text, bool)],
    pub(super) threads: &'a [String],
    pub(super) recorded: bool,
    /// Rows of a batch; 0: a document.
    pub(super) rows: usize,
    /// Named by the user: what was filled in is judged, not only noted.
    pub(super) explicit: bool,
    pub(super) trail: Trail,
    pub(super) soft: bool,
    /// Whether role headers made messages of a content.
    pub(super) headers: bool,
}

impl Filler<'_, '_> {
    pub(super) fn message(&mut self, draft: DraftMessage) -> Vec<Message> {
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
    pub(super) fn setting(&mut self, setting: Setting) -> Setting {
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
            push_all(&mut pieces, more);
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

    fn evaluate(&mut self, here: Here, tree: &Tree) -> Vec<Piece> {
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
                volatility: from_history(),
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
                expr: value.to_string().into(),
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
                .or_else(|| dialect_of(path))
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
            expr: name.to_string().into(),
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
