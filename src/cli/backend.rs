//! From options to the analysis: the seam between the command line and the engine. Finds the root, the configs and
//! the price table; the engine knows none of these.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::options::{ConfigChoice, Overrides};
use super::select::nearest;
use super::{scope, CheckOptions, Failure, Scope, Underlined};
use crate::baseline::Baseline;
use crate::config::{Above, CliOverrides, ConfigError, ConfigSet};
use crate::discover::{discover, Candidate, Found, Options as Walk, PathArg};
use crate::engine::{self, Accepted, Analysis, Filter, Memo, Request};
use crate::finding::Fix;
use crate::providers::{Date, Table};
use crate::reads::Changed;
use crate::report::SettingsView;
use crate::setup::{self, repository, today};
use crate::source::{SourceFile, Span};
use crate::workspace::{root_of, Disk, Limits, Overlay, Vantage, Workspace};

/// The files of a run and the configs that hold for them.
struct Run {
    disk: Disk,
    vantage: Vantage,
    /// A text on standard input, by its path below the root.
    stdin: Option<(String, String)>,
    arguments: Vec<PathArg>,
    found: Found,
    configs: ConfigSet,
    config_errors: Vec<ConfigError>,
}

/// The path of a config from the working folder; the one of `--config` is as it was written.
fn shown_config(options: &CheckOptions, vantage: &Vantage, path: &str) -> String {
    match options.config {
        ConfigChoice::File(_) => path.to_string(),
        _ => vantage.shown(path),
    }
}

/// Mistakes in configs with their paths as people read them.
pub(super) fn shown_errors(
    options: &CheckOptions,
    vantage: &Vantage,
    errors: &[ConfigError],
) -> Vec<ConfigError> {
    let shown = |error: &ConfigError| ConfigError {
        path: shown_config(options, vantage, &error.path).into(),
        ..error.clone()
    };
    errors.iter().map(shown).collect()
}

/// Analyses what the options name.
pub(super) fn analyse(options: &CheckOptions) -> Result<Analysis, Failure> {
    Ok(Session::open(options)?.analyse(&options.texts))
}

/// What the options name, found once: it can be analysed again with other texts.
pub(super) struct Session<'o> {
    options: &'o CheckOptions,
    run: Run,
    table: Table,
    today: Date,
    changed: Option<Arc<Changed>>,
    known: Option<Baseline>,
    /// What the last analysis leaves to the next one, and the texts that it saw.
    last: Mutex<(Memo, Option<BTreeMap<String, String>>)>,
}

impl<'o> Session<'o> {
    pub(super) fn open(options: &'o CheckOptions) -> Result<Session<'o>, Failure> {
        let affected = match options.scope {
            Scope::Affected => Some(scope::affected(options)?),
            Scope::All | Scope::Since(_) => None,
        };
        let mut run = prepare(options)?;
        let changed = match &options.scope {
            Scope::Since(name) => Some(scope::since(options, name, run.disk.root())?),
            Scope::All | Scope::Affected => affected,
        };
        let today = today();
        let table = table(&options.overrides, &run.configs, today)?;
        let configs = &run.configs;
        run.found
            .filter(options.force_exclude, &|path| configs.chosen(path));
        let known = options
            .baseline
            .as_ref()
            .map(|known| known.seen_from(run.disk.root()));
        Ok(Session {
            options,
            run,
            table,
            today,
            changed: changed.map(Arc::new),
            known,
            last: Mutex::default(),
        })
    }

    /// `texts`: what stands in for the texts of files, by path from the root of the run.
    pub(super) fn analyse(&self, texts: &BTreeMap<String, String>) -> Analysis {
        let (options, run) = (self.options, &self.run);
        let mut shown: BTreeMap<String, String> = run.stdin.iter().cloned().collect();
        shown.extend(texts.clone());
        let overlay;
        let workspace: &dyn Workspace = match shown.is_empty() {
            true => &run.disk,
            false => {
                overlay = Overlay::new(&run.disk, shown);
                &overlay
            }
        };
        let stdin = run.stdin.as_ref().map(|(path, _)| path.as_str());
        let arguments = &run.arguments;
        let scope = |path: &str| match stdin {
            Some(stdin) => stdin == path,
            None => arguments.iter().any(|argument| covers(argument, path)),
        };
        let request = Request {
            workspace,
            found: run.found.clone(),
            settings_for: &|path| run.configs.settings_for(path),
            model_for: &|provider, model| self.table.resolve(provider, model, self.today),
            insists: &|rule| options.selection.insists(rule),
            filter: Filter {
                rules: options.selection.active(),
                min_severity: options.min_severity,
                min_confidence: options.min_confidence,
                pedantic: options.pedantic,
                changed: self.changed.clone(),
            },
            list_files: options.list_files,
            prices_as_of: self.table.as_of().to_string(),
            notices: self.table.age_note(self.today).into_iter().collect(),
            fixes: true,
            accepted: self.known.as_ref().map(|baseline| Accepted {
                baseline,
                scope: &scope,
            }),
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (memo, seen) = &mut *last;
        let changed = seen
            .as_ref()
            .map_or_else(Changed::all, |seen| apart(seen, texts));
        *seen = Some(texts.clone());
        let mut analysis = engine::analyse_again(&request, memo, &changed);
        analysis.config_errors = run.config_errors.clone();
        analysis.vantage = run.vantage.clone();
        if let Some((path, _)) = &run.stdin {
            only(&mut analysis, path);
        }
        analysis
    }
}

/// The files that have other texts in the one than in the other.
fn apart(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Changed {
    let mut changed = Changed::default();
    for path in old.keys().chain(new.keys()) {
        if old.get(path) != new.get(path) {
            changed.add_file(path);
        }
    }
    changed
}

/// Whether an argument names a file or a folder above it.
fn covers(argument: &PathArg, path: &str) -> bool {
    let below = path.strip_prefix(argument.path.as_str());
    match below {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || argument.path.is_empty(),
        None => false,
    }
}

/// Drops findings that stand in other files than the one on standard input: what it includes is not what was asked.
fn only(analysis: &mut Analysis, path: &str) {
    analysis
        .findings
        .retain(|finding| *finding.place.path == *path);
    // Nor can another file be written.
    for finding in &mut analysis.findings {
        let within = |fix: &Fix| fix.edits.iter().all(|edit| *edit.place.path == *path);
        finding.fix = finding.fix.take().filter(within);
    }
    for (index, finding) in analysis.findings.iter_mut().enumerate() {
        finding.rank = index + 1;
    }
    analysis.errors.retain(|error| *error.path == *path);
}

/// The failure for a model that no table knows, with the nearest name.
fn unknown_model(name: &str, table: &Table, today: Date) -> Failure {
    let known = table.all(None, today);
    let ids = known.iter().map(|listed| listed.model.id.as_str());
    let failure = Failure::new(format!("unknown model `{name}`"));
    failure.with_help(match nearest(name, ids) {
        Some(near) => format!("did you mean `{near}`? `prefixlint models` lists all"),
        None => "`prefixlint models` lists the known ones; `--prices FILE` adds one".to_string(),
    })
}

/// The settings in force for each path of the options.
pub(super) fn settings(
    options: &CheckOptions,
) -> Result<(Vec<SettingsView>, Vec<ConfigError>), Failure> {
    let options = &CheckOptions {
        scope: Scope::All,
        ..options.clone()
    };
    let run = prepare(options)?;
    let views = run
        .arguments
        .iter()
        .map(|argument| {
            let path = match argument.path.as_str() {
                "" => ".",
                path => path,
            };
            let from = run.configs.source_of(&argument.path);
            let config = from
                .as_deref()
                .map(|from| shown_config(options, &run.vantage, from));
            SettingsView {
                shown: (run.vantage.shown(path), config),
                path: path.to_string(),
                from,
                settings: (*run.configs.settings_for(&argument.path)).clone(),
            }
        })
        .collect();
    let errors = shown_errors(options, &run.vantage, &run.config_errors);
    Ok((views, errors))
}

/// The files and folders that are looked at: of a hook all of the repository, whatever it names.
fn named(options: &CheckOptions) -> Vec<PathBuf> {
    let mut named = match options.scope {
        Scope::Affected => vec![scope::top(options)],
        Scope::All | Scope::Since(_) => options.paths.clone(),
    };
    if let Some(stdin) = &options.stdin {
        named.push(stdin.filename.clone());
    }
    if named.is_empty() {
        named.push(PathBuf::from("."));
    }
    named
}

/// The folder that the paths of an analysis are relative to.
pub(super) fn root(options: &CheckOptions) -> PathBuf {
    root_of(&options.working, &named(options)).0
}

/// Opens the root, walks it and reads the configs.
fn prepare(options: &CheckOptions) -> Result<Run, Failure> {
    let named = named(options);
    // What a hook names may be gone.
    let walked: &[PathBuf] = match options.scope {
        Scope::Affected => &[],
        Scope::All | Scope::Since(_) => &options.paths,
    };
    if let Some(missing) = walked.iter().find(|path| {
        !options.working.join(path).exists() && !options.working.join(path).is_symlink()
    }) {
        return Err(
            Failure::new(format!("{}: no such file or folder", missing.display()))
                .with_help("paths are relative to the working folder"),
        );
    }
    let (root, arguments) = root_of(&options.working, &named);
    let vantage = Vantage::new(&options.working, &root, &named);
    let mut arguments: Vec<PathArg> = arguments.iter().map(|path| PathArg::new(path)).collect();
    let stdin = options.stdin.as_ref().and_then(|stdin| {
        let path = arguments.pop()?;
        let file = SourceFile::from_bytes(path.path.as_str().into(), stdin.bytes.clone());
        Some((path.path, file.text.to_string()))
    });
    let disk = open(&root, Limits::default())?;
    let mut found = discover(
        &disk,
        &arguments,
        &Walk {
            ignore_files: !options.no_ignore,
            threads: options.threads,
        },
    );
    if let Some((path, _)) = &stdin {
        found
            .candidates
            .retain(|candidate| *candidate.path != **path);
        found.candidates.push(Candidate::named(path));
        arguments.push(PathArg::new(path));
    }
    let outer = match repository(disk.root()) {
        Some((top, prefix)) => Some((open(&top, Limits::default())?, prefix)),
        None => None,
    };
    let above = outer.as_ref().map(|(workspace, prefix)| Above {
        workspace,
        prefix: prefix.as_str(),
    });
    let (configs, config_errors) = configs(options, &disk, above, &arguments, &found)?;
    let limits = configs.limits();
    // The size limit is a setting: the files are read under the one that holds.
    let disk = if limits == Limits::default() {
        disk
    } else {
        open(&root, limits)?
    };
    Ok(Run {
        disk,
        vantage,
        stdin,
        arguments,
        found,
        configs,
        config_errors,
    })
}

pub(super) fn open(root: &Path, limits: Limits) -> Result<Disk, Failure> {
    Disk::new(root, limits).map_err(|error| Failure::new(format!("{}: {error}", root.display())))
}

/// The configs that hold for some arguments. `above`: the repository, where it reaches above the root of the run.
pub(super) fn configs(
    options: &CheckOptions,
    workspace: &dyn Workspace,
    above: Option<Above>,
    arguments: &[PathArg],
    found: &Found,
) -> Result<(ConfigSet, Vec<ConfigError>), Failure> {
    let explicit = match &options.config {
        ConfigChoice::File(path) => Some(explicit(&options.working, path)?),
        _ => None,
    };
    let sources = setup::Sources {
        explicit,
        isolated: options.config == ConfigChoice::Isolated,
        overrides: CliOverrides {
            model: options.overrides.model.clone(),
            calls_per_month: options.overrides.calls_per_month,
            ttl: options.overrides.ttl,
        },
    };
    Ok(setup::configs(
        sources,
        workspace,
        above,
        arguments,
        &found.configs,
    ))
}

fn explicit(working: &Path, path: &Path) -> Result<Arc<SourceFile>, Failure> {
    let bytes = std::fs::read(working.join(path))
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    let name = path.to_string_lossy().replace('\\', "/");
    Ok(Arc::new(SourceFile::from_bytes(
        name.as_str().into(),
        bytes,
    )))
}

/// The price table: built in, under the models of the config and those of `--prices`. A model that the command line
/// names must be in it.
pub(super) fn table(
    overrides: &Overrides,
    configs: &ConfigSet,
    today: Date,
) -> Result<Table, Failure> {
    let table = price_table(overrides.prices.as_ref())?;
    let table = setup::with_models(table, configs).map_err(|error| {
        let failure = Failure::new(error.to_string());
        match error.help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    })?;
    if let Some(model) = &overrides.model {
        if !setup::knows_model(&table, model, today) {
            return Err(unknown_model(model, &table, today));
        }
    }
    Ok(table)
}

/// The built-in price table, under a price file of the user.
pub(super) fn price_table(file: Option<&PathBuf>) -> Result<Table, Failure> {
    let table = Table::fresh();
    let Some(path) = file else {
        return Ok(table);
    };
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    let name = path.to_string_lossy().replace('\\', "/");
    let file = Arc::new(SourceFile::from_bytes(name.as_str().into(), bytes));
    table.add_prices(&file.text).map_err(|error| {
        let failure = Failure::new(error.message).with_help(error.help);
        failure.at(Underlined {
            what: "prices",
            span: word_at(&file, error.line, error.column),
            file: file.clone(),
        })
    })
}

/// The word at a line and a column (1-based, code points); 0 stands for the start of the file.
fn word_at(file: &SourceFile, line: usize, column: usize) -> Span {
    let line = file.line_span(line.saturating_sub(1).min(file.line_count() - 1));
    let text = &file.text[line.start..line.end];
    let start = text
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at);
    let word = text[start..]
        .find(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '}' | ']'))
        .unwrap_or(text.len() - start);
    Span::new(line.start + start, line.start + start + word)
}
