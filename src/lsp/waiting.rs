//! Requests about documents: each is answered from an analysis of the present state, and waits for it where that is
//! still to come. During the first scan nobody waits but who cannot be told to ask again.

use std::ops::Range;
use std::panic::{catch_unwind, AssertUnwindSafe};

use serde_json::{json, Value};

use super::documents::{uri_of, Document};
use super::message::{self, Answer, Refusal};
use super::position::Position;
use super::project::View;
use super::server::Server;
use super::state::{Root, State};
use super::worker::ProjectId;
use super::{code_actions, code_lens, hover, inlay_hints, prompts, pull, symbols};
use crate::guard::said;
use crate::source::Span;

/// What a request about a document is answered from.
pub struct Asked<'a> {
    pub state: &'a State,
    pub root: &'a Root,
    pub view: &'a View,
    pub document: &'a Document,
    /// The document's path below the root.
    pub path: &'a str,
    pub params: &'a Value,
}

impl Asked<'_> {
    pub fn position(&self, offset: usize) -> Value {
        let encoding = self.state.client.encoding;
        self.document.text.position(offset, encoding).to_value()
    }

    pub fn range(&self, span: Span) -> Value {
        json!({ "start": self.position(span.start), "end": self.position(span.end) })
    }

    /// The byte of a position of the parameters.
    fn offset(&self, position: &Value) -> Option<usize> {
        let position = Position::parse(position)?;
        let encoding = self.state.client.encoding;
        Some(self.document.text.offset(position, encoding))
    }

    pub fn params_offset(&self) -> Option<usize> {
        self.offset(&self.params["position"])
    }

    pub fn params_range(&self) -> Option<Range<usize>> {
        let range = &self.params["range"];
        let (a, b) = (self.offset(&range["start"])?, self.offset(&range["end"])?);
        Some(a.min(b)..a.max(b))
    }
}

/// One method about a document.
pub struct Query {
    method: &'static str,
    answer: fn(&Asked) -> Answer,
    /// Where nothing is known.
    nothing: fn() -> Value,
    /// Whether it speaks of places of the text that the client had when it asked.
    placed: bool,
}

const QUERIES: &[Query] = &[
    Query {
        method: "textDocument/hover",
        answer: hover::answer,
        nothing: || Value::Null,
        placed: true,
    },
    Query {
        method: "textDocument/inlayHint",
        answer: inlay_hints::answer,
        nothing: || json!([]),
        placed: false,
    },
    Query {
        method: "textDocument/codeAction",
        answer: code_actions::answer,
        nothing: || json!([]),
        placed: true,
    },
    Query {
        method: "textDocument/codeLens",
        answer: code_lens::answer,
        nothing: || json!([]),
        placed: false,
    },
    Query {
        method: "textDocument/documentSymbol",
        answer: symbols::of_document,
        nothing: || json!([]),
        placed: false,
    },
    Query {
        method: "textDocument/diagnostic",
        answer: pull::of_document,
        nothing: || json!({ "kind": "full", "items": [] }),
        placed: false,
    },
    Query {
        method: "prefixlint/prompts",
        answer: prompts::answer,
        nothing: || json!({ "prompts": [] }),
        placed: false,
    },
];

/// A request that waits for the analysis of a root (`None`: of all).
pub struct Waiting {
    id: Value,
    on: Option<ProjectId>,
    method: String,
    params: Value,
}

pub fn query(method: &str) -> Option<&'static Query> {
    QUERIES.iter().find(|query| query.method == method)
}

impl Server {
    /// Answers a request about a document, or has it wait.
    pub(super) fn query(&mut self, id: Value, query: &Query, params: Value) {
        let uri = match uri_of(&params) {
            Ok(uri) => uri,
            Err(refusal) => return self.answer(id, Err(refusal)),
        };
        let placed = self.state.placed(uri).cloned();
        let root = placed.and_then(|(root, _)| self.state.root(root));
        let Some(root) = root.filter(|_| self.state.settings.enable) else {
            return self.answer(id, Ok((query.nothing)()));
        };
        if self.is_awaited(root, query.method) {
            let waiting = Waiting {
                id,
                on: Some(root.id),
                method: query.method.to_string(),
                params,
            };
            return self.waiting.push(waiting);
        }
        let answer = self.answer_of(query, &params);
        self.answer(id, answer);
    }

    /// Whether an answer is worth waiting for. During the first scan only where the client cannot be told to ask again:
    /// it would show nothing until the next change.
    fn is_awaited(&self, root: &Root, method: &str) -> bool {
        let client = &self.state.client;
        let deaf = match method {
            "textDocument/inlayHint" => !client.refreshes_hints,
            "textDocument/codeLens" => !client.refreshes_lenses,
            _ => false,
        };
        root.is_late() || (deaf && !root.scanned && root.failure().is_none())
    }

    /// From the latest analysis, which is that of the present state or the only one there is.
    fn answer_of(&self, query: &Query, params: &Value) -> Answer {
        let nothing = || Ok((query.nothing)());
        let state = &self.state;
        let uri = uri_of(params)?;
        let (Some((id, path)), Some(document)) = (state.placed(uri), state.documents.get(uri))
        else {
            return nothing();
        };
        let Some(root) = state.root(*id) else {
            return nothing();
        };
        if let Some(why) = root.failure() {
            return Err(Refusal::new(message::INTERNAL_ERROR, why));
        }
        let Some(latest) = root.current() else {
            return nothing();
        };
        (query.answer)(&Asked {
            state,
            root,
            view: &latest.view,
            document,
            path,
            params,
        })
    }

    /// A request about the workspace; see [`Server::query`].
    pub(super) fn query_all(&mut self, id: Value, method: &str, params: Value) {
        if self.state.settings.enable && self.state.roots.iter().any(Root::is_late) {
            let method = method.to_string();
            return self.waiting.push(Waiting {
                id,
                on: None,
                method,
                params,
            });
        }
        let answer = self.answer_of_all(method, &params);
        self.answer(id, answer);
    }

    fn answer_of_all(&self, method: &str, params: &Value) -> Answer {
        match method {
            "workspace/diagnostic" => Ok(pull::of_workspace(&self.state, params)),
            _ => Ok(symbols::of_workspace(&self.state, params)),
        }
    }

    /// Answers those who waited for a root, if its present state is analysed by now.
    pub(super) fn answer_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut roots = self.state.roots.iter();
        let any_late = roots.any(Root::is_late);
        let is_late = |one: &Waiting| match one.on {
            Some(id) => {
                let root = self.state.root(id);
                root.is_some_and(|root| self.is_awaited(root, &one.method))
            }
            None => any_late,
        };
        let (still, ready): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_late);
        self.waiting = still;
        for one in ready {
            let answer = catch_unwind(AssertUnwindSafe(|| match query(&one.method) {
                Some(query) => self.answer_of(query, &one.params),
                None => self.answer_of_all(&one.method, &one.params),
            }));
            let answer = answer.unwrap_or_else(|panic| {
                let why = format!("internal error: {}", said(&*panic));
                Err(Refusal::new(message::INTERNAL_ERROR, why))
            });
            self.answer(one.id, answer);
        }
    }

    /// A document changed: what was asked about places in it means nothing any more.
    pub(super) fn outdate(&mut self, uri: &str) {
        self.refuse(
            |one| {
                let placed = query(&one.method).is_some_and(|query| query.placed);
                placed && uri_of(&one.params) == Ok(uri)
            },
            &Refusal::new(message::CONTENT_MODIFIED, "the document changed meanwhile"),
        );
    }

    /// `$/cancelRequest`.
    pub(super) fn cancel(&mut self, id: &Value) {
        if let Some(at) = self.resolving.iter().position(|(known, _)| known == id) {
            let (id, _) = self.resolving.remove(at);
            let refusal = Refusal::new(message::CANCELLED, "cancelled by the client");
            self.answer(id, Err(refusal));
        }
        self.refuse(
            |one| one.id == *id,
            &Refusal::new(message::CANCELLED, "cancelled by the client"),
        );
    }

    /// Nothing will be analysed any more.
    pub(super) fn refuse_all(&mut self) {
        for (id, _) in std::mem::take(&mut self.resolving) {
            let refusal = Refusal::new(message::CANCELLED, "nothing is tried any more");
            self.answer(id, Err(refusal));
        }
        self.refuse(
            |_| true,
            &Refusal::new(message::CANCELLED, "nothing is analysed any more"),
        );
    }

    fn refuse(&mut self, which: impl Fn(&Waiting) -> bool, refusal: &Refusal) {
        let waiting = std::mem::take(&mut self.waiting);
        let (refused, kept): (Vec<_>, Vec<_>) = waiting.into_iter().partition(which);
        self.waiting = kept;
        for one in refused {
            self.answer(one.id, Err(refusal.clone()));
        }
    }
}
