//! Where the evaluator stands: the file, its dialect and its classifier; the scopes of names; limits.
//! Knows nothing of expressions or nodes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::frontend::template::dialect::Dialect;
use crate::source::{Place, SourceFile, Span};
use crate::volatility::classify::{Classifier, Verdict};

use crate::volatility::Confidence;

use super::value::Value;

/// Includes, inheritance and macro calls within each other.
pub const MAX_DEPTH: usize = 8;
/// Pieces of one value.
pub const MAX_PIECES: usize = 4096;
/// Arms of one branch.
pub const MAX_ARMS: usize = 64;
/// Items of a literal list that are unrolled.
pub const MAX_UNROLLED: usize = 64;
/// Nodes and expressions evaluated for one prompt.
pub const MAX_STEPS: usize = 200_000;
/// Nodes and expressions within each other, so that the stack holds.
pub const MAX_NESTING: usize = 192;
/// Rounds of a loop over something unknown.
pub const LOOP_ROUNDS: u32 = 3;

/// How much an evaluation may do, and how much it has done.
#[derive(Clone, Debug)]
pub struct Work {
    pub steps: usize,
    /// Steps that are allowed.
    pub budget: usize,
    /// Steps after which the part that is running ends.
    ceiling: usize,
    nesting: usize,
}

impl Work {
    pub fn new(budget: usize) -> Work {
        Work {
            steps: 0,
            budget,
            ceiling: usize::MAX,
            nesting: 0,
        }
    }

    /// Gives what runs next no more than one part in `parts` of the steps that are left, so that what comes behind it
    /// has its turn, too. The answer goes to `end_part`.
    pub fn begin_part(&mut self, parts: usize) -> usize {
        let end = self.budget.min(self.ceiling);
        let share = end.saturating_sub(self.steps) / parts.max(1);
        std::mem::replace(&mut self.ceiling, self.steps + share)
    }

    pub fn end_part(&mut self, before: usize) {
        self.ceiling = before;
    }

    /// Counts a step and a level of nesting. An error says which limit is hit: nothing more is evaluated.
    pub fn enter(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > self.budget.min(self.ceiling) {
            let most = self.budget;
            return Err(format!("more than {most} steps: the rest is one value"));
        }
        if self.nesting >= MAX_NESTING {
            return Err(format!(
                "nested deeper than {MAX_NESTING}: what is deeper is one value"
            ));
        }
        self.nesting += 1;
        Ok(())
    }

    /// Whether no step is left.
    pub fn is_spent(&self) -> bool {
        self.steps > self.budget.min(self.ceiling)
    }

    pub fn leave(&mut self) {
        self.nesting = self.nesting.saturating_sub(1);
    }
}

/// The file that is being evaluated.
#[derive(Clone)]
pub struct Here {
    pub file: Arc<SourceFile>,
    pub dialect: Dialect,
    pub classifier: Arc<Classifier>,
    /// What comments of the file say about names.
    pub declared: Option<Arc<Classifier>>,
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Here({}, {:?})", self.file.path, self.dialect)
    }
}

impl Here {
    pub fn path(&self) -> &Arc<str> {
        &self.file.path
    }

    pub fn place(&self, span: Span) -> Place {
        Place {
            path: self.file.path.clone(),
            span,
        }
    }

    /// Source text of a span on one line, trimmed.
    pub fn written(&self, span: Span) -> String {
        let text = self.file.slice(span.start, span.end);
        let mut out = String::with_capacity(text.len());
        for word in text.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            if out.len() > 200 {
                break;
            }
        }
        out
    }

    pub fn name(&self, dotted: &str) -> Verdict {
        if let Some(declared) = &self.declared {
            let verdict = declared.name(dotted);
            if verdict.volatility.confidence == Confidence::Certain {
                return verdict;
            }
        }
        self.classifier.name(dotted)
    }

    pub fn call(&self, callee: &str, args: &[Option<&str>]) -> Option<Verdict> {
        if let Some(declared) = &self.declared {
            let verdict = declared.name(callee);
            if verdict.volatility.confidence == Confidence::Certain {
                return Some(verdict);
            }
        }
        self.classifier.call(callee, args)
    }

    /// Whether a bare name may be an attribute of the current context (Handlebars and its kin).
    pub fn has_contexts(&self) -> bool {
        matches!(
            self.dialect,
            Dialect::Handlebars | Dialect::Dotprompt | Dialect::Mustache | Dialect::GoTemplate
        )
    }
}

/// Names bound at one level.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub names: BTreeMap<String, Value>,
    /// What bare names are attributes of (`{{#each}}`, `{{#with}}`).
    pub context: Option<Value>,
    /// Names further down are not seen.
    pub barrier: bool,
    /// An arm of a branch: what it assigns further down is joined with the other arms behind the branch.
    pub arm: bool,
}

/// The scopes, innermost last.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    frames: Vec<Frame>,
}

/// What a name stands for in the scopes.
pub enum Lookup<'a> {
    Bound(&'a Value),
    /// The name is an attribute of this context.
    InContext(&'a Value),
    Free,
}

impl Scopes {
    pub fn push(&mut self, frame: Frame) {
        self.frames.push(frame);
    }

    pub fn pop(&mut self) -> Frame {
        self.frames.pop().unwrap_or_default()
    }

    pub fn bind(&mut self, name: impl Into<String>, value: Value) {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.names.insert(name.into(), value);
        }
    }

    /// Binds a name here; an attribute (`ns.x`) where its object is bound, as a namespace outlives a loop.
    pub fn assign(&mut self, name: &str, value: Value) {
        let Some((root, _)) = name.split_once('.') else {
            return self.bind(name, value);
        };
        let at = self
            .frames
            .iter()
            .rposition(|frame| frame.arm || frame.barrier || frame.names.contains_key(root));
        match at.and_then(|at| self.frames.get_mut(at)) {
            Some(frame) => {
                frame.names.insert(name.to_string(), value);
            }
            None => self.bind(name, value),
        }
    }

    /// Attributes that were assigned by name, with their values.
    pub fn assigned(&self) -> BTreeMap<String, Value> {
        let mut out = self.flatten();
        out.retain(|name, _| name.contains('.') && name != ".");
        out
    }

    /// Binds in the outermost frame that can be seen.
    pub fn bind_global(&mut self, name: impl Into<String>, value: Value) {
        let at = self.frames.iter().rposition(|f| f.barrier).unwrap_or(0);
        match self.frames.get_mut(at) {
            Some(frame) => {
                frame.names.insert(name.into(), value);
            }
            None => self.bind(name, value),
        }
    }

    pub fn lookup(&self, name: &str) -> Lookup<'_> {
        for frame in self.frames.iter().rev() {
            if let Some(value) = frame.names.get(name) {
                return Lookup::Bound(value);
            }
            if let Some(context) = &frame.context {
                return Lookup::InContext(context);
            }
            if frame.barrier {
                break;
            }
        }
        Lookup::Free
    }

    /// Everything bound, inner names over outer ones.
    pub fn flatten(&self) -> BTreeMap<String, Value> {
        let start = self.frames.iter().rposition(|f| f.barrier).unwrap_or(0);
        let mut out = BTreeMap::new();
        for frame in &self.frames[start..] {
            out.extend(frame.names.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        out
    }
}
