//! The walk, and what each file is: prompt (by format, name or content), partial, code, config, or skipped, each with
//! a short reason. Knowledge is in `rules/discovery.yaml`. Knows nothing of what stands in a prompt; resolving may
//! promote a partial that something loads.

use std::io::Read;
use std::sync::Arc;

use crate::finding::FileError;
use crate::frontend::code;
use crate::frontend::template::dialect::Dialect;
use crate::source::SourceFile;
use crate::workspace::{holds_rows, ReadError, Walk, Workspace};

mod content;
mod knowledge;
mod name;
pub mod signs;
#[cfg(test)]
mod tests;

use knowledge::{knowledge, Pattern};
pub use name::{by_name, Name};

/// A file or folder to lint, relative to the root of the workspace (`""` = the root).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathArg {
    pub path: String,
}

impl PathArg {
    pub fn new(path: &str) -> PathArg {
        PathArg {
            path: path.trim_end_matches('/').to_string(),
        }
    }
}

/// How files are collected.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Honour `.gitignore` and `.ignore`.
    pub ignore_files: bool,
    /// Threads for the walk; 0 = as many as the machine has.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ignore_files: true,
            threads: 0,
        }
    }
}

/// A file that the run looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    pub path: Arc<str>,
    /// How many bytes of the path belong to the argument it was found by.
    argument: usize,
    /// Named on the command line, not found by a walk.
    pub named: bool,
    /// Named in the config's `include`.
    pub included: bool,
}

impl Candidate {
    /// A file named by itself (stdin, an editor's file).
    pub fn named(path: &str) -> Candidate {
        let argument = path.rfind('/').map_or(0, |slash| slash + 1);
        Candidate {
            path: path.into(),
            argument,
            named: true,
            included: false,
        }
    }

    /// A file that a walk of the whole root finds, if it does: one that is not on disk yet. Ignore files are not asked.
    pub fn walked(path: &str) -> Option<Candidate> {
        (is_walked(path) && !name::is_config(path)).then(|| Candidate {
            path: path.into(),
            argument: 0,
            named: false,
            included: false,
        })
    }

    /// The path below the argument: what test and example folders are judged on.
    pub fn below(&self) -> &str {
        &self.path[self.argument..]
    }

    pub fn context(&self) -> Context {
        context_of(self.below())
    }
}

/// Where a file stands: findings in tests, examples, docs, benchmarks and recordings weigh less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    Production,
    Test,
}

/// Whether a walk of the whole root comes by a file. Ignore files are not asked.
pub fn is_walked(path: &str) -> bool {
    let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    folders.all(|folder| name::enters(folder, 0)) && name::is_visible(path, 0)
}

/// What a walk collected, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub candidates: Vec<Candidate>,
    /// Files the config excluded, for `--show-files`.
    pub excluded: Vec<Arc<str>>,
    /// Config files below the arguments.
    pub configs: Vec<Arc<str>>,
    pub errors: Vec<FileError>,
}

/// Collects the files below the arguments. A file argument is always taken, even if an ignore file names it.
pub fn discover(workspace: &dyn Workspace, paths: &[PathArg], options: &Options) -> Found {
    let mut found = Found::default();
    for argument in paths {
        if workspace.is_folder(&argument.path) {
            collect_folder(workspace, argument, options, &mut found);
        } else {
            collect_file(workspace, argument, &mut found);
        }
    }
    // A file that is named and also found by a walk counts as named.
    found
        .candidates
        .sort_by(|a, b| (&a.path, !a.named, a.argument).cmp(&(&b.path, !b.named, b.argument)));
    found.candidates.dedup_by(|a, b| a.path == b.path);
    found.configs.sort();
    found.configs.dedup();
    found.errors.sort();
    found.errors.dedup();
    found
}

fn collect_folder(ws: &dyn Workspace, argument: &PathArg, options: &Options, found: &mut Found) {
    let below = if argument.path.is_empty() {
        0
    } else {
        argument.path.len() + 1
    };
    let enter = |path: &str| name::enters(path, below);
    let walked = ws.walk(
        &argument.path,
        &Walk {
            ignore_files: options.ignore_files,
            enter: &enter,
            threads: options.threads,
        },
    );
    for path in walked.files {
        let path: Arc<str> = path.into();
        if name::is_config(&path) {
            found.configs.push(path);
        } else if name::is_visible(&path, below) {
            found.candidates.push(Candidate {
                path,
                argument: below,
                named: false,
                included: false,
            });
        }
    }
    found
        .errors
        .extend(walked.errors.into_iter().map(|(path, message)| FileError {
            partial: false,
            path: path.into(),
            message,
        }));
}

fn collect_file(ws: &dyn Workspace, argument: &PathArg, found: &mut Found) {
    if !ws.exists(&argument.path) {
        let error = ws.peek(&argument.path, 1).err();
        found.errors.push(FileError {
            partial: false,
            path: argument.path.as_str().into(),
            message: error.unwrap_or(ReadError::NotFound).to_string(),
        });
        return;
    }
    if name::is_config(&argument.path) {
        found.configs.push(argument.path.as_str().into());
        return;
    }
    found.candidates.push(Candidate::named(&argument.path));
}

impl Found {
    /// Applies the config: `judge` says of a path whether it is included and whether it is excluded. Files named on
    /// the command line stay unless `force_exclude`.
    pub fn filter(&mut self, force_exclude: bool, judge: &dyn Fn(&str) -> (bool, bool)) {
        let candidates = std::mem::take(&mut self.candidates);
        for mut candidate in candidates {
            let (included, excluded) = judge(&candidate.path);
            if excluded && (force_exclude || !candidate.named) {
                self.excluded.push(candidate.path);
                continue;
            }
            candidate.included = included;
            self.candidates.push(candidate);
        }
    }
}

/// How a prompt file is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    Template(Dialect),
    /// A document format, by its name.
    Document(&'static str),
}

/// What a file was taken for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    Prompt {
        how: How,
        why: String,
        /// Of a page whose text does not address a model beyond doubt: only its name, or that of its folder, says prompt.
        by_name: bool,
    },
    /// A template or text that counts only where something includes or loads it.
    Partial {
        dialect: Dialect,
        why: String,
    },
    Code {
        language: &'static str,
    },
    Config,
    Skip {
        why: String,
    },
}

impl Taken {
    fn skip(why: impl Into<String>) -> Taken {
        Taken::Skip { why: why.into() }
    }

    /// The word of `--show-files`.
    pub fn word(&self) -> &'static str {
        match self {
            Taken::Prompt { .. } => "prompt",
            Taken::Partial { .. } => "partial",
            Taken::Code { .. } => "code",
            Taken::Config => "config",
            Taken::Skip { .. } => "skipped",
        }
    }

    /// The reason of `--show-files`: `jinja: opens with "You are"`.
    pub fn reason(&self) -> String {
        match self {
            Taken::Prompt { how, why, .. } => {
                let format = match how {
                    How::Template(dialect) => knowledge::dialect_name(*dialect),
                    How::Document(format) => format,
                };
                format!("{format}: {why}")
            }
            Taken::Partial { dialect, why } => {
                format!("{}: {why}", knowledge::dialect_name(*dialect))
            }
            Taken::Code { language } => (*language).to_string(),
            Taken::Config => "configuration".to_string(),
            Taken::Skip { why } => why.clone(),
        }
    }
}

/// Says of a document's path and text which format it is, and why.
pub type FormatOf<'a> = dyn Fn(&str, &SourceFile) -> Option<(&'static str, String)> + Sync + 'a;

/// What a file of rows holds, and what is kept of it.
pub type RowsRead = (Option<(&'static str, String)>, Arc<SourceFile>);

/// Reads a file of rows, which is not held, and says which format its rows are, and why.
pub type RowsOf<'a> =
    dyn Fn(&Arc<str>, Box<dyn Read + '_>) -> Result<RowsRead, ReadError> + Sync + 'a;

/// Who knows the formats of documents.
#[derive(Clone, Copy)]
pub struct Formats<'a> {
    pub file: &'a FormatOf<'a>,
    pub rows: &'a RowsOf<'a>,
}

/// Decides what a file is, reading it only where its name leaves that open. The file is handed back where it was
/// read and is of use. `suites`: whether code that tests other code is read too.
///
/// # Errors
/// Why a file that could be a prompt cannot be read.
pub fn take(
    workspace: &dyn Workspace,
    candidate: &Candidate,
    formats: Formats,
    suites: bool,
) -> Result<(Taken, Option<Arc<SourceFile>>), ReadError> {
    let wanted = candidate.named || candidate.included;
    let name = by_name(&candidate.path);
    match &name {
        Name::Config => return Ok((Taken::Config, None)),
        Name::Code(_) if !wanted && !suites && in_suite(candidate.below()) => {
            return Ok((Taken::skip("code of tests"), None));
        }
        Name::Code(language) => {
            let most = knowledge().peek(&candidate.path);
            let wanted = wanted || {
                let bytes = workspace.peek(&candidate.path, most).unwrap_or_default();
                signs::may_prompt(&bytes) && !signs::is_bundle(&bytes)
            };
            let file = match code::language_of(&candidate.path) {
                Some(_) if wanted => Some(workspace.read(&candidate.path)?),
                _ => None,
            };
            return Ok((Taken::Code { language }, file));
        }
        Name::Nothing(why) if !wanted => return Ok((Taken::skip(*why), None)),
        Name::Document { needles, .. } if !wanted => {
            let most = knowledge().peek(&candidate.path);
            let bytes = workspace.peek(&candidate.path, most)?;
            if !needles.is_match(&bytes) {
                return Ok((Taken::skip("document without a request"), None));
            }
        }
        _ => {}
    }
    if matches!(name, Name::Document { .. }) && holds_rows(&candidate.path) {
        let stream = workspace.open(&candidate.path)?;
        let (format, file) = (formats.rows)(&candidate.path, stream)?;
        let taken = match format {
            Some((format, why)) => Taken::Prompt {
                how: How::Document(format),
                why,
                by_name: false,
            },
            None => Taken::skip("document without a request"),
        };
        return Ok((taken, Some(file)));
    }
    let file = workspace.read(&candidate.path)?;
    let taken = classify(&file, &name, candidate, formats.file);
    Ok((taken, Some(file)))
}

/// Decides by name and text what a file is.
pub fn classify(
    file: &SourceFile,
    name: &Name,
    candidate: &Candidate,
    format_of: &FormatOf,
) -> Taken {
    let text = &file.text[file.content_start()..];
    let wanted = match (candidate.named, candidate.included) {
        (true, _) => Some("named on the command line"),
        (_, true) => Some("named in the config"),
        _ => None,
    };
    match name {
        Name::Config => Taken::Config,
        Name::Code(language) => Taken::Code { language },
        Name::Document {
            fallback: Some(traits),
            ..
        } if traits.part => content::judge(text, traits, wanted),
        Name::Document { fallback, .. } => match (format_of(&file.path, file), fallback) {
            (Some((format, why)), _) => Taken::Prompt {
                how: How::Document(format),
                why,
                by_name: false,
            },
            (None, Some(traits)) => content::judge(text, traits, wanted),
            (None, None) => Taken::skip("document without a request"),
        },
        Name::Text(traits) => {
            // A format may claim a text file too (a prompt file with front matter).
            if let Some((format, why)) = format_of(&file.path, file) {
                return Taken::Prompt {
                    how: How::Document(format),
                    why,
                    by_name: false,
                };
            }
            content::judge(text, traits, wanted)
        }
        Name::Nothing(why) => match wanted {
            Some(wanted) if !text.trim().is_empty() => Taken::Prompt {
                how: How::Template(content::guess_dialect(text)),
                why: wanted.to_string(),
                by_name: false,
            },
            _ => Taken::skip(*why),
        },
    }
}

/// Production or test, by the path below the argument.
pub fn context_of(below: &str) -> Context {
    let known = knowledge();
    if is_set_aside(below) || stands_in(below, &known.test_folders, &known.test_folder_names) {
        Context::Test
    } else {
        Context::Production
    }
}

/// Whether what has this name, or this path, is kept, but no longer in use: `chat-legacy.ts`, `reply_DEPRECATED`.
pub fn is_set_aside(name: &str) -> bool {
    let known = &knowledge().aside_words;
    let lower = name.to_ascii_lowercase();
    // Next to no name holds one: only then it is taken apart.
    known.iter().any(|word| lower.contains(word))
        && crate::words::name_words(name)
            .iter()
            .any(|word| known.contains(word))
}

/// Whether a file stands among the tests of other code, by the path below the argument; examples and docs do not.
pub fn in_suite(below: &str) -> bool {
    let known = knowledge();
    stands_in(below, &known.suite_folders, &known.suite_folder_names)
}

/// Whether a folder of a path has one of these names, or the file is named like a test.
fn stands_in(below: &str, folders: &[String], names: &Pattern) -> bool {
    let lower = below.to_ascii_lowercase();
    let (above, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let mut above = above.split('/');
    above.any(|folder| folders.iter().any(|word| word == folder) || names.is_match(folder))
        || knowledge().test_names.is_match(name)
}
