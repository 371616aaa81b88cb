//! Reading and parsing the files of a run. Knows nothing of what stands in other files.

use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::memo::Edited;
use super::{FileMarks, ListedFile, Memo, Request};
use crate::config::Tests;
use crate::discover::{self, Context, Formats, How, Taken};
use crate::finding::FileError;
use crate::frontend::code;
use crate::frontend::document::draft::Document;
use crate::frontend::document::{self, Spoken};
use crate::frontend::template;
use crate::frontend::DIRECTIVE;
use crate::guard::guarded;
use crate::resolve::{Parsed, ParsedKind};
use crate::rules;
use crate::source::lines::Lines;
use crate::source::{SourceFile, Span};
use crate::suppress::{Comment, Suppressions};
use crate::workspace::{holds_rows, ReadError};

/// A file that was read and parsed.
pub(super) struct ParsedFile {
    pub(super) parsed: Parsed,
    pub(super) marks: FileMarks,
    pub(super) partial: bool,
}

pub(super) struct Outcome {
    pub(super) listed: ListedFile,
    pub(super) parsed: Option<ParsedFile>,
    pub(super) error: Option<FileError>,
    /// Code that may call what others send: it is searched for callers.
    pub(super) calls: bool,
}

impl Outcome {
    /// Of a file that could not be read.
    fn failed(path: Arc<str>, message: String) -> Outcome {
        Outcome {
            listed: ListedFile {
                path: path.clone(),
                taken_as: "error",
                why: message.clone(),
            },
            parsed: None,
            error: Some(FileError {
                partial: false,
                path,
                message,
            }),
            // What could not be read once is not asked for again.
            calls: false,
        }
    }
}

/// Reads and parses every candidate, in order. Files of rows come one after the other, each on all threads: what is
/// held of one is gone before the next. What a memory holds of a file is not looked at again.
pub(super) fn outcomes(request: &Request, memo: &mut Memo) -> Vec<Arc<Outcome>> {
    let candidates = &request.found.candidates;
    let known = &memo.outcomes;
    let kept: Vec<Option<Arc<Outcome>>> = candidates
        .iter()
        .map(|candidate| known.get(&candidate.path)?.of(candidate))
        .collect();
    let edited = &memo.edited;
    let new = |candidate: &discover::Candidate| {
        let path = &candidate.path;
        let doing = || format!("reading {path}");
        let read = guarded(doing, || outcome(request, candidate, edited));
        Arc::new(read.unwrap_or_else(|told| Outcome::failed(path.clone(), told)))
    };
    let mut out = kept;
    if out.iter().any(Option::is_none) {
        let open = candidates.par_iter().zip(&mut out).with_max_len(8);
        open.filter(|(candidate, slot)| slot.is_none() && !holds_rows(&candidate.path))
            .for_each(|(candidate, slot)| *slot = Some(new(candidate)));
    }
    for (slot, candidate) in out.iter_mut().zip(candidates) {
        slot.get_or_insert_with(|| new(candidate));
    }
    let out: Vec<Arc<Outcome>> = out.into_iter().flatten().collect();
    memo.keep(candidates, &out);
    out
}

/// Whether the config wants code that tests other code to be linted as any other.
pub(super) fn reads_suites(request: &Request, path: &str) -> bool {
    (request.settings_for)(path).tests == Tests::Same
}

/// Reads and parses one candidate.
fn outcome(request: &Request, candidate: &discover::Candidate, edited: &Edited) -> Outcome {
    let path = candidate.path.clone();
    // To know a document's format is to parse it: kept, so that it is parsed once.
    let read: Mutex<Option<Document>> = Mutex::new(None);
    let keep = |(format, why, document): document::Read| {
        if let Ok(mut slot) = read.lock() {
            *slot = Some(document);
        }
        (format, why)
    };
    let formats = Formats {
        file: &|_, file| document::read(file).map(keep),
        rows: &|path, stream| {
            let lines = document::read_rows(path, Lines::new(stream));
            let (read, file) = lines.map_err(|error| ReadError::from(&error))?;
            if file.binary {
                return Err(ReadError::Binary);
            }
            Ok((read.map(keep), Arc::new(file)))
        },
    };
    let suites = reads_suites(request, &path);
    let (taken, file) = match discover::take(request.workspace, candidate, formats, suites) {
        Ok(taken) => taken,
        Err(error) => {
            return Outcome::failed(path, error.to_string());
        }
    };
    let document = read.into_inner().ok().flatten();
    let sends_nothing = document.as_ref().is_some_and(|d| d.drafts.is_empty());
    let listed = if sends_nothing && matches!(taken, Taken::Prompt { .. }) {
        ListedFile {
            path: path.clone(),
            taken_as: "skipped",
            why: format!("{}, but no request with a cacheable prefix", taken.reason()),
        }
    } else {
        ListedFile {
            path: path.clone(),
            taken_as: taken.word(),
            why: taken.reason(),
        }
    };
    let parsed = file.and_then(|file| parse(candidate, &taken, file, document, edited));
    let error = parsed.as_ref().and_then(|parsed| {
        let invalid = parsed.parsed.file.invalid_bytes;
        (invalid > 0).then(|| FileError {
            partial: true,
            path,
            message: format!(
                "{} not valid UTF-8; read as U+001A, and the rest is linted",
                if invalid == 1 {
                    "1 byte is".to_string()
                } else {
                    format!("{invalid} bytes are")
                }
            ),
        })
    });
    // What tests pass says nothing of what the product sends.
    let calls = code::language_of(&candidate.path).is_some()
        && (candidate.named || suites || !discover::in_suite(candidate.below()));
    Outcome {
        listed,
        parsed,
        error,
        calls,
    }
}

fn parse(
    candidate: &discover::Candidate,
    taken: &Taken,
    file: Arc<SourceFile>,
    document: Option<Document>,
    edited: &Edited,
) -> Option<ParsedFile> {
    let kind = match taken {
        Taken::Prompt {
            how: How::Template(dialect),
            ..
        }
        | Taken::Partial { dialect, .. } => ParsedKind::Template {
            dialect: *dialect,
            tree: Arc::new(template::parse(&file.content(), *dialect)),
        },
        Taken::Prompt {
            how: How::Document(_),
            ..
        } => ParsedKind::Document(Arc::new(document?)),
        Taken::Code { .. } => {
            let language = code::language_of(&file.path)?;
            ParsedKind::Code(edited.parse(&file, language))
        }
        _ => return None,
    };
    // Few files speak to the linter: only those are searched for comments.
    let Spoken {
        comments,
        statements,
    } = match &kind {
        _ if !file.text.contains(DIRECTIVE) => Spoken::default(),
        ParsedKind::Template { tree, .. } => Spoken {
            comments: tree.comments(),
            ..Spoken::default()
        },
        ParsedKind::Document(_) => document::comments(&file),
        ParsedKind::Code(module) => Spoken {
            comments: module.comments.clone(),
            statements: code::simple_statements(module),
        },
    };
    Some(ParsedFile {
        partial: matches!(taken, Taken::Partial { .. }),
        marks: FileMarks {
            suppressions: suppressions(&file, comments),
            statements: statements.into(),
            in_tests: candidate.context() == Context::Test,
            source: file.clone(),
        },
        parsed: Parsed {
            file,
            kind,
            explicit: candidate.named || candidate.included,
            by_name: matches!(taken, Taken::Prompt { by_name: true, .. }),
        },
    })
}

pub(super) fn suppressions(file: &SourceFile, comments: Vec<(Span, String)>) -> Suppressions {
    let comments: Vec<Comment> = comments
        .into_iter()
        .map(|(span, text)| Comment { span, text })
        .collect();
    Suppressions::parse(file, &comments, &rules::ids())
}
