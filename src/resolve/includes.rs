//! Other templates in place: include, extends, import. Knows where files are looked for only through `files.rs`.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::{Expr, ExprKind, Include, Node};
use crate::frontend::Problem;
use crate::prompt::{Branch, Hop, Piece};
use crate::source::Span;

use super::context::{Frame, Lookup, Scopes, MAX_DEPTH};
use super::evaluator::Evaluator;
use super::expr::hop;
use super::files::Loaded;
use super::indent::indent;
use super::value::{Body, Macro, Value};

/// The name under which a partial places the block that it was given.
const PARTIAL_BLOCK: &str = "@partial-block";

/// What became of a name of a file.
enum Found {
    File(Arc<Loaded>),
    /// Not a literal name.
    Unknown(Value),
    /// Names that were looked for in vain.
    Missing(String),
    /// The file is being evaluated already, or too many are.
    Cycle(String),
}

/// A value that is one of several literal names, by a condition.
fn choice_of_names(value: &Value) -> Option<(Branch, Vec<String>)> {
    let Value::Pieces(pieces) = value else {
        return None;
    };
    let [Piece::Branch(branch)] = pieces.as_slice() else {
        return None;
    };
    let names = branch.arms.iter().map(|arm| match arm.as_slice() {
        [Piece::Text(text)] => Some(text.as_str().to_string()),
        _ => None,
    });
    Some((branch.clone(), names.collect::<Option<_>>()?))
}

impl Evaluator<'_> {
    fn find(&mut self, target: &Expr) -> Found {
        let value = match self.bare_name(target) {
            Some(name) => Value::literal(self.here.path(), target.span, &name),
            None => self.eval(target),
        };
        let names: Vec<String> = match &value {
            Value::List(items) => items.iter().filter_map(Value::known_text).collect(),
            other => other.known_text().into_iter().collect(),
        };
        if names.is_empty() {
            return Found::Unknown(value);
        }
        let from = self.here.path().clone();
        for name in &names {
            let path = self
                .files
                .find(&from, name, self.here.dialect, &mut self.trail.reads);
            let Some(path) = path else { continue };
            if self.stack.contains(&path) || self.depth >= MAX_DEPTH {
                return Found::Cycle(name.clone());
            }
            let dialect = match super::files::dialect_of(&path) {
                Some(dialect) if !self.here.has_contexts() => dialect,
                _ => self.here.dialect,
            };
            if let Some(loaded) = self.files.load(&path, dialect) {
                self.trail.used.insert(path);
                return Found::File(loaded);
            }
        }
        Found::Missing(names.join("`, `"))
    }

    /// `{{> header}}`: the parser may leave a partial's name as a name; nothing binds it as a value.
    fn bare_name(&self, target: &Expr) -> Option<String> {
        if !self.here.has_contexts() {
            return None;
        }
        target.dotted()
    }

    pub fn include(&mut self, include: &Include) -> Vec<Piece> {
        let place = self.here.place(include.span);
        indent(self.included(include), &include.indent, &place)
    }

    fn included(&mut self, include: &Include) -> Vec<Piece> {
        self.tag = include.span;
        if let Some(pieces) = self.inline_partial(include) {
            return pieces;
        }
        let written = self.here.written(include.span);
        match self.find(&include.target) {
            Found::File(loaded) => {
                let mut frame = self.include_frame(include);
                if !include.fallback.is_empty() {
                    frame
                        .names
                        .insert(PARTIAL_BLOCK.into(), self.block_of(include));
                }
                self.enter_file(
                    &loaded,
                    include.span,
                    "is included here",
                    frame,
                    include.isolated,
                )
            }
            Found::Unknown(value) if choice_of_names(&value).is_some() => {
                let Some((branch, names)) = choice_of_names(&value) else {
                    return Vec::new();
                };
                let arms = names.into_iter().map(|name| {
                    let target = Expr::new(ExprKind::Str(name), include.target.span);
                    let arm = Include {
                        target,
                        ..include.clone()
                    };
                    self.include(&arm)
                });
                let arms = Arc::new(arms.collect());
                vec![Piece::Branch(Branch { arms, ..branch })]
            }
            Found::Unknown(value) => {
                let mut volatility = value.volatility();
                volatility.confidence = crate::volatility::Confidence::Possible;
                let expr = self.here.written(include.target.span);
                let mut piece =
                    self.missing(expr, include.span, "a file whose name is not literal");
                if let Piece::Slot(slot) = &mut piece {
                    if !volatility.class.is_stable() {
                        slot.volatility = volatility;
                    }
                }
                vec![piece]
            }
            Found::Missing(_) if !include.fallback.is_empty() => self.nodes(&include.fallback),
            Found::Missing(_) if include.ignore_missing => Vec::new(),
            Found::Missing(name) => {
                // Handlebars partials go by names that code registers: only a path says that a file is meant.
                let registered = self.here.dialect == Dialect::Handlebars && !name.contains('/');
                if !registered {
                    self.problem(
                        Problem::new(include.span, format!("`{name}` is not found"))
                            .with_help("its text is taken to be stable, of unknown size"),
                    );
                }
                vec![self.missing(written, include.span, "a file that is not here")]
            }
            Found::Cycle(name) => {
                let message = format!("`{name}` includes itself or is nested too deep");
                self.limit(message.clone());
                self.problem(Problem::new(include.span, message));
                vec![self.missing(written, include.span, "a file that includes itself")]
            }
        }
    }

    /// A partial that the same file defines.
    fn inline_partial(&mut self, include: &Include) -> Option<Vec<Piece>> {
        let name = match &include.target.kind {
            ExprKind::Str(name) => name.clone(),
            _ => include.target.dotted()?,
        };
        let Lookup::Bound(Value::Macro(found)) = self.scopes.lookup(&name) else {
            return None;
        };
        let found = found.clone();
        let key = format!("{}#{}", found.body.here.path(), found.name);
        if self.macros.contains(&key) || self.depth >= MAX_DEPTH {
            let written = self.here.written(include.span);
            return Some(vec![self.missing(
                written,
                include.span,
                "a partial that includes itself",
            )]);
        }
        let frame = self.include_frame(include);
        self.macros.push(key);
        self.depth += 1;
        let pieces = self.body(&found.body, frame);
        self.depth -= 1;
        self.macros.pop();
        Some(pieces)
    }

    /// The body of a partial block, for the partial to place.
    fn block_of(&self, include: &Include) -> Value {
        Value::Macro(Rc::new(Macro {
            name: PARTIAL_BLOCK.into(),
            params: Vec::new(),
            body: Body {
                nodes: include.fallback.clone(),
                here: self.here.clone(),
            },
            globals: BTreeMap::new(),
        }))
    }

    fn include_frame(&mut self, include: &Include) -> Frame {
        let mut frame = Frame {
            barrier: include.isolated,
            ..Frame::default()
        };
        for (name, expr) in &include.bindings {
            let value = self.eval(expr);
            if name.is_empty() || self.is_item_name(name) {
                frame.context = Some(value.clone());
                frame.names.insert("this".into(), value.clone());
                frame.names.insert(".".into(), value);
                continue;
            }
            let note = format!("`{name}` is `{}`", self.here.written(expr.span));
            let value = value.with_hop(&hop(&self.here, expr.span, note));
            frame.names.insert(name.clone(), value);
        }
        frame
    }

    /// Evaluates another file in place.
    fn enter_file(
        &mut self,
        loaded: &Arc<Loaded>,
        span: Span,
        note: &str,
        frame: Frame,
        isolated: bool,
    ) -> Vec<Piece> {
        let path = loaded.here.path().clone();
        self.calls.push(Hop {
            place: self.here.place(span),
            note: format!("`{path}` {note}").into(),
        });
        self.stack.push(path);
        self.depth += 1;
        let here = std::mem::replace(&mut self.here, loaded.here.clone());
        let callers = std::mem::take(&mut self.callers);
        let frame = Frame {
            barrier: isolated,
            ..frame
        };
        // An include has blocks of its own; a base takes over those of its child.
        let blocks = std::mem::take(&mut self.blocks);
        self.scopes.push(frame);
        let pieces = self.nodes(&loaded.tree.nodes);
        self.scopes.pop();
        self.blocks = blocks;
        self.callers = callers;
        self.here = here;
        self.depth -= 1;
        self.stack.pop();
        self.calls.pop();
        pieces
    }

    /// The base decides the order; blocks of the child fill it.
    pub fn extend(&mut self, nodes: &[Node], target: &Expr, span: Span) -> Vec<Piece> {
        // Outside of blocks a child only defines.
        let mut shown = Vec::new();
        for node in nodes {
            match node {
                Node::Block { name, body, .. } => {
                    let body = Body {
                        nodes: body.clone(),
                        here: self.here.clone(),
                    };
                    self.blocks
                        .entry(name.clone())
                        .or_default()
                        .push(Rc::new(body));
                }
                Node::Set { .. }
                | Node::Capture { .. }
                | Node::Macro { .. }
                | Node::Import { .. } => {
                    shown.extend(self.nodes(std::slice::from_ref(node)));
                }
                _ => {}
            }
        }
        self.tag = span;
        let written = self.here.written(span);
        match self.find(target) {
            Found::File(loaded) => self.enter_base(&loaded),
            Found::Unknown(_) => {
                let piece = self.missing(written, span, "a base whose name is not literal");
                self.without_base(piece, nodes)
            }
            Found::Missing(name) => {
                self.problem(
                    Problem::new(span, format!("base template `{name}` is not found"))
                        .with_help("its text is taken to be stable, of unknown size"),
                );
                let piece = self.missing(written, span, "a base that is not here");
                self.without_base(piece, nodes)
            }
            Found::Cycle(name) => {
                let message = format!("`{name}` extends itself or is nested too deep");
                self.limit(message.clone());
                self.problem(Problem::new(span, message));
                vec![self.missing(written, span, "a template that extends itself")]
            }
        }
    }

    /// The base's text is unknown: the blocks in the order of the child.
    fn without_base(&mut self, base: Piece, nodes: &[Node]) -> Vec<Piece> {
        let mut out = vec![base];
        for node in nodes {
            if let Node::Block { body, .. } = node {
                super::value::push_all(&mut out, self.nodes(body));
            }
        }
        out
    }

    fn enter_base(&mut self, loaded: &Arc<Loaded>) -> Vec<Piece> {
        let path = loaded.here.path().clone();
        // Of a chain the outermost base is the one that decides the order.
        self.trail.base = Some(path.clone());
        self.stack.push(path);
        self.depth += 1;
        let here = std::mem::replace(&mut self.here, loaded.here.clone());
        let pieces = self.nodes(&loaded.tree.nodes);
        self.here = here;
        self.depth -= 1;
        self.stack.pop();
        pieces
    }

    /// `import` and `from .. import`: the exports of a file, evaluated on its own.
    pub fn import(
        &mut self,
        target: &Expr,
        alias: Option<&str>,
        names: &[(String, String)],
        span: Span,
    ) {
        self.tag = span;
        let exports = match self.find(target) {
            Found::File(loaded) => self.exports(&loaded),
            Found::Missing(name) => {
                self.problem(Problem::new(span, format!("`{name}` is not found")));
                return;
            }
            Found::Cycle(name) => {
                self.problem(Problem::new(span, format!("`{name}` imports itself")));
                return;
            }
            Found::Unknown(_) => return,
        };
        if let Some(alias) = alias {
            self.scopes
                .bind(alias, Value::Module(Rc::new(exports.clone())));
        }
        for (exported, local) in names {
            if let Some(value) = exports.get(exported) {
                self.scopes.bind(local.clone(), value.clone());
            }
        }
    }

    fn exports(&mut self, loaded: &Arc<Loaded>) -> BTreeMap<String, Value> {
        let scopes = std::mem::take(&mut self.scopes);
        self.scopes = Scopes::default();
        self.scopes.push(Frame::default());
        let path = loaded.here.path().clone();
        self.stack.push(path.clone());
        self.depth += 1;
        let here = std::mem::replace(&mut self.here, loaded.here.clone());
        let blocks = std::mem::take(&mut self.blocks);
        self.nodes(&loaded.tree.nodes);
        self.blocks = blocks;
        self.here = here;
        self.depth -= 1;
        self.stack.pop();
        let names = std::mem::replace(&mut self.scopes, scopes).flatten();
        // Macros of a module see each other and what the module sets.
        let globals: BTreeMap<String, Value> = names
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        names
            .into_iter()
            .map(|(name, value)| match value {
                Value::Macro(found) if found.body.here.path() == &path => {
                    let bound = Macro {
                        name: found.name.clone(),
                        params: found.params.clone(),
                        body: found.body.clone(),
                        globals: globals.clone(),
                    };
                    (name, Value::Macro(Rc::new(bound)))
                }
                other => (name, other),
            })
            .collect()
    }
}
