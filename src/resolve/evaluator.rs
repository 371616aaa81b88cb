//! The state of one evaluation: where it stands, what is bound, what it has read and how much it has done;
//! rendering of values to pieces. Control structure is in `templates.rs`, expressions in `expr.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Assume;
use crate::finding::FileError;
use crate::frontend::template::tree::{Expr, Node};
use crate::frontend::Problem;
use crate::prompt::{History, Hop, Piece, Size, Slot};
use crate::reads::{Read, Reads};
use crate::source::{Place, Span, Text};
use crate::volatility::classify::ValueKind;

use super::context::{Here, Scopes, Work, MAX_PIECES, MAX_STEPS};
use super::files::Files;
use super::value::{fold_tail, format_number, unknown_file, Body, Macro, Unknown, Value};
use super::words::Words;

/// What an evaluation leaves behind beside its pieces.
#[derive(Default, Debug)]
pub struct Trail {
    pub reads: BTreeSet<Read>,
    /// Files that took part, the entry not included.
    pub used: BTreeSet<Arc<str>>,
    pub problems: Vec<(Arc<str>, Problem)>,
    pub limits: BTreeSet<String>,
    /// A conversation is read somewhere, printed or not.
    pub mentions_history: bool,
    /// What the call is about is filled in: its question, its text.
    pub holds_task: bool,
    /// The outermost base template.
    pub base: Option<Arc<str>>,
    /// Templates that code rendered, as they came out.
    pub rendered: Vec<Rendered>,
}

/// A file of a template that code rendered: what stands for the template's own evaluation.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub path: Arc<str>,
    pub pieces: Vec<Piece>,
    pub reads: BTreeSet<Read>,
    /// What the code read that renders it.
    pub code: Reads,
    pub mentions_history: bool,
    pub holds_task: bool,
    /// Filled as a text that marks its gaps in a way of its own, not read as a template of any dialect.
    pub as_text: bool,
}

impl Rendered {
    /// Whether the same comes out, whoever renders it.
    pub fn is_same(&self, other: &Rendered) -> bool {
        let flags = |it: &Rendered| (it.mentions_history, it.holds_task, it.as_text);
        self.path == other.path
            && flags(self) == flags(other)
            && self.pieces == other.pieces
            && self.reads == other.reads
    }
}

impl Trail {
    pub fn absorb(&mut self, other: Trail) {
        self.reads.extend(other.reads);
        self.used.extend(other.used);
        self.problems.extend(other.problems);
        self.limits.extend(other.limits);
        self.mentions_history |= other.mentions_history;
        self.holds_task |= other.holds_task;
        self.base = self.base.take().or(other.base);
        self.rendered.extend(other.rendered);
    }

    /// The limits as notices of a file.
    pub fn notices(&self, path: &Arc<str>) -> Vec<FileError> {
        let notice = |limit: &String| FileError {
            partial: false,
            path: path.clone(),
            message: limit.clone(),
        };
        self.limits.iter().map(notice).collect()
    }
}

pub struct Evaluator<'w> {
    pub files: &'w Files<'w>,
    pub words: &'static Words,
    pub assume: Assume,
    pub here: Here,
    pub scopes: Scopes,
    /// Overriding bodies of blocks, the most derived first.
    pub blocks: BTreeMap<String, Vec<std::rc::Rc<Body>>>,
    /// Blocks that are being evaluated: name and position in the chain.
    pub active_blocks: Vec<(String, usize)>,
    /// Bodies of the `call` blocks around, innermost last.
    pub callers: Vec<std::rc::Rc<Macro>>,
    /// Include and call lines on the way here.
    pub calls: Vec<Hop>,
    /// Files that are being evaluated, outermost first.
    pub stack: Vec<Arc<str>>,
    /// Macros that are being evaluated.
    pub macros: Vec<String>,
    /// Tokens of sample values by name.
    pub samples: BTreeMap<String, u32>,
    /// The tag that is being evaluated: where what it yields enters the prompt.
    pub tag: Span,
    pub trail: Trail,
    pub depth: usize,
    work: Work,
}

impl<'w> Evaluator<'w> {
    pub fn new(files: &'w Files<'w>, here: Here, assume: &Assume) -> Self {
        let stack = vec![here.path().clone()];
        Evaluator {
            files,
            words: super::words::words(),
            assume: assume.clone(),
            here,
            scopes: Scopes::default(),
            blocks: BTreeMap::new(),
            active_blocks: Vec::new(),
            callers: Vec::new(),
            calls: Vec::new(),
            stack,
            macros: Vec::new(),
            samples: BTreeMap::new(),
            tag: Span::default(),
            trail: Trail::default(),
            depth: 0,
            work: Work::new(MAX_STEPS),
        }
    }

    /// Evaluates a whole template.
    pub fn template(&mut self, nodes: &[Node]) -> Vec<Piece> {
        self.scopes.push(super::context::Frame::default());
        let mut pieces = self.nodes(nodes);
        self.scopes.pop();
        let place = self.here.place(Span::new(0, self.here.file.len()));
        if fold_tail(&mut pieces, MAX_PIECES, &place) {
            self.limit(format!(
                "more than {MAX_PIECES} pieces: the tail is one value"
            ));
        }
        pieces
    }

    /// Counts a step and a level of nesting. `false`: a limit is hit and nothing more is evaluated.
    pub fn enter(&mut self) -> bool {
        match self.work.enter() {
            Ok(()) => true,
            Err(limit) => {
                self.limit(limit);
                false
            }
        }
    }

    pub fn leave(&mut self) {
        self.work.leave();
    }

    pub fn limit(&mut self, what: String) {
        self.trail.limits.insert(what);
    }

    pub fn problem(&mut self, problem: Problem) {
        let entry = (self.here.path().clone(), problem);
        if !self.trail.problems.contains(&entry) {
            self.trail.problems.push(entry);
        }
    }

    /// What stands for a file that is not here.
    pub fn missing(&mut self, expr: String, span: Span, why: &'static str) -> Piece {
        let mut trace = self.calls.clone();
        trace.truncate(8);
        Piece::Slot(Slot {
            expr: expr.into(),
            place: self.here.place(span),
            volatility: unknown_file(why),
            trace,
            size: Size {
                tokens: self.assume.unknown_text_tokens,
                assumed: true,
            },
        })
    }

    /// The pieces that a value sends when it is printed by the current tag.
    pub fn render(&mut self, value: Value, expr: &Expr) -> Vec<Piece> {
        match value {
            Value::Text(text) if text.is_empty() => Vec::new(),
            Value::Text(text) => vec![Piece::Text(text)],
            Value::Number(number) => self.literal(expr.span, &format_number(number)),
            Value::Bool(value) => self.literal(expr.span, if value { "True" } else { "False" }),
            Value::None | Value::Macro(_) | Value::Module(_) => Vec::new(),
            Value::Steady => self.literal(expr.span, "1"),
            Value::Pieces(pieces) => (*pieces).clone(),
            Value::List(items) => self.render_all(items.iter(), expr),
            Value::Map(items) => self.render_all(items.iter().map(|(_, value)| value), expr),
            Value::Unknown(unknown) => vec![self.slot(*unknown)],
        }
    }

    fn literal(&self, span: Span, text: &str) -> Vec<Piece> {
        vec![Piece::Text(Text::opaque(self.here.path(), span, text))]
    }

    fn render_all<'v>(
        &mut self,
        items: impl Iterator<Item = &'v Value>,
        expr: &Expr,
    ) -> Vec<Piece> {
        let mut out = Vec::new();
        for (index, item) in items.enumerate() {
            if index > 0 {
                super::value::push_all(&mut out, self.literal(expr.span, ", "));
            }
            let pieces = self.render(item.clone(), expr);
            super::value::push_all(&mut out, pieces);
        }
        out
    }

    /// A value that is filled in where the current tag stands.
    fn slot(&mut self, unknown: Unknown) -> Piece {
        let place = self.here.place(self.tag);
        if unknown.is_history() {
            self.trail.mentions_history = true;
            return Piece::History(History {
                expr: unknown.expr,
                place,
                rewritten: unknown.rewrite,
            });
        }
        self.trail.holds_task |= unknown.verdict.kind == ValueKind::Task;
        let tools = unknown.verdict.kind == ValueKind::Tools && !unknown.item;
        Piece::Slot(Slot {
            trace: self.trace(&unknown.trace, &place),
            expr: unknown.expr.into(),
            place,
            volatility: unknown.verdict.volatility,
            size: Size {
                tokens: if tools {
                    self.assume.tools_tokens
                } else {
                    unknown.verdict.tokens
                },
                assumed: tools,
            },
        })
    }

    /// Include lines, then where the value was set, then where it lands; nothing where it lands as it is.
    fn trace(&self, own: &[Hop], place: &Place) -> Vec<Hop> {
        if own.is_empty() && self.calls.is_empty() {
            return Vec::new();
        }
        let mut out = self.calls.clone();
        out.extend_from_slice(own);
        out.push(Hop {
            place: place.clone(),
            note: "lands in the prompt here".into(),
        });
        out
    }
}
