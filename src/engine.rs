//! The one analysis that every face shares: workspace in, findings out. Never prints, never exits, reads no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::baseline::{Baseline, Stale};
use crate::config::{ConfigError, Settings, Traffic};
use crate::discover::{self, Context, Found};
use crate::finding::{FileError, Finding, Fix, Severity};
use crate::fix::{self, Mend, Why};
use crate::frontend::code;
use crate::frontend::{Problem, DIRECTIVE};
use crate::guard::guarded;
use crate::judge::{judge, Judged};
use crate::prompt::{Prompt, TargetSource};
use crate::providers::Model;
use crate::reads::Changed;
use crate::resolve::{self, ParsedKind};
use crate::rules;
use crate::source::{SourceFile, Span};
use crate::suppress::Suppressions;
use crate::volatility::classify::Classifier;
use crate::volatility::Confidence;
use crate::workspace::{Vantage, Workspace};

mod accepted;
mod both;
mod counting;
mod findings;
mod memo;
mod narrow;
mod outcomes;

pub use both::analyse_both;
pub use memo::Memo;

use narrow::Configs;
use outcomes::{outcomes, suppressions, Outcome, ParsedFile};

/// Everything a run found, in an order that does not depend on threads.
#[derive(Clone)]
pub struct Analysis {
    /// Files looked at (read or skipped by name), for the summary.
    pub files: usize,
    /// Every resolved prompt with its layout, by id.
    pub prompts: Vec<Arc<Judged>>,
    /// By rank, most valuable first; suppressed ones behind.
    pub findings: Vec<Finding>,
    /// Sorted by path.
    pub errors: Vec<FileError>,
    /// Configs that could not be used; the nearest valid one above holds instead.
    pub config_errors: Vec<ConfigError>,
    /// What each file was taken for, and why: for `--show-files`. Sorted by path.
    pub listed: Vec<ListedFile>,
    /// Prompts that cannot be cached at all.
    pub uncacheable: Uncacheable,
    /// The traffic of the run's root settings.
    pub traffic: Traffic,
    /// ISO date of the price table.
    pub prices_as_of: String,
    /// Notes about the run itself: a price table that is too old, models that it does not hold.
    pub notices: Vec<String>,
    /// Limits that were hit in a file.
    pub limits: Vec<FileError>,
    /// How much of each file was not understood, whether that is shown or not.
    pub problems: BTreeMap<Arc<str>, usize>,
    /// Under `--fix`: what was mended.
    pub fixed: Option<Fixed>,
    /// How paths read where the run was started.
    pub vantage: Vantage,
    /// Sources that findings speak of, for excerpts.
    pub sources: BTreeMap<Arc<str>, Arc<SourceFile>>,
    /// Under a baseline: its entries that match nothing any more.
    pub stale: Option<Vec<Stale>>,
    /// Where fixes are written on request: what would be written, by the fingerprint of the finding.
    pub unwritten: BTreeMap<String, Unwritten>,
}

/// A fix that nobody has asked for yet.
#[derive(Clone)]
pub struct Unwritten {
    judged: Option<Arc<Judged>>,
    mend: Mend,
}

impl Analysis {
    /// The fix of one of its findings, written now where it is not yet.
    ///
    /// # Errors
    /// Why there is none, where one was looked for.
    pub fn fix_of(&self, finding: &Finding) -> Result<Fix, Why> {
        if let Some(fix) = &finding.fix {
            return Ok(fix.clone());
        }
        let unwritten = self.unwritten.get(&finding.fingerprint).ok_or(None)?;
        let Unwritten { judged, mend } = unwritten;
        let write = || fix::attempt(mend, judged.as_deref(), &self.sources);
        findings::written(finding, &self.sources, write).map_err(|_| None)?
    }
}

/// What fixes did, for the summary.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fixed {
    pub findings: usize,
    pub files: usize,
    /// Whether unsafe fixes were tried as well.
    pub unsafe_too: bool,
    /// Fixes that did not hold what they promised: `path:line rule: why`.
    pub withdrawn: Vec<String>,
}

/// One line of `--show-files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    pub path: Arc<str>,
    /// `prompt`, `partial`, `config`, `code`, `skipped`, `error`.
    pub taken_as: &'static str,
    /// `jinja: opens with "You are"`, `no prompt: Dockerfile template`.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Uncacheable {
    pub count: usize,
    /// Of how many prompts.
    pub of: usize,
    /// The prompt that lacks least: (prompt id, its best prefix in tokens, the minimum, whether the count is exact).
    pub nearest: Option<(String, f64, f64, bool)>,
}

/// What to analyse and under which settings.
pub struct Request<'a> {
    pub workspace: &'a dyn Workspace,
    /// The files to look at: walked, and filtered by the config.
    pub found: Found,
    /// The settings in force for a path.
    pub settings_for: &'a (dyn Fn(&str) -> Arc<Settings> + Sync),
    /// The model of a provider and a model name; both missing: the built-in default.
    pub model_for: &'a (dyn Fn(Option<&str>, Option<&str>) -> Model + Sync),
    /// Whether a rule is asked for by name, so that no config turns it off.
    pub insists: &'a (dyn Fn(&str) -> bool + Sync),
    pub filter: Filter,
    /// Whether to list every file with what it was taken for.
    pub list_files: bool,
    pub prices_as_of: String,
    pub notices: Vec<String>,
    pub accepted: Option<Accepted<'a>>,
    /// Whether the fixes of all findings are wanted, and not only of those that somebody asks for.
    pub fixes: bool,
}

/// Findings that are known already.
pub struct Accepted<'a> {
    /// With paths relative to the root of the run.
    pub baseline: &'a Baseline,
    /// Whether the run looks at a file, so that what is not found there is gone.
    pub scope: &'a (dyn Fn(&str) -> bool + Sync),
}

/// Which findings are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Rule ids.
    pub rules: BTreeSet<&'static str>,
    pub min_severity: Severity,
    pub min_confidence: Confidence,
    /// Also what saves next to nothing.
    pub pedantic: bool,
    /// Only findings on prompts that a change of these files touches.
    pub changed: Option<Arc<Changed>>,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            rules: rules::ids().into_iter().collect(),
            min_severity: Severity::Note,
            min_confidence: Confidence::Possible,
            pedantic: false,
            changed: None,
        }
    }
}

/// Analyses the files of a request.
pub fn analyse(request: &Request) -> Analysis {
    analyse_again(request, &mut Memo::default(), &Changed::all())
}

/// Analyses the files of a request again. `changed`: the files that were written, made or removed since `memo` was last
/// used, or that open editors show otherwise; what rests on others only is taken from there. An empty memo knows nothing.
pub fn analyse_again(request: &Request, memo: &mut Memo, changed: &Changed) -> Analysis {
    memo.forget(request, changed);
    analyse_with(request, memo)
}

fn analyse_with(request: &Request, memo: &mut Memo) -> Analysis {
    let outcomes = outcomes(request, memo);
    let resolved = resolved(request, outcomes, memo);
    let analysis = judge_all(request, resolved, &memo.judged);
    memo.judged.clone_from(&analysis.prompts);
    analysis
}

/// The prompts of a run, not yet judged, and what else is known of its files.
struct Resolved {
    files: usize,
    errors: Vec<FileError>,
    listed: Vec<ListedFile>,
    marks: BTreeMap<Arc<str>, FileMarks>,
    problems: Vec<(Arc<str>, Problem)>,
    prompts: Vec<Prompt>,
    limits: Vec<FileError>,
}

/// Resolves the files of a request, which were read and parsed.
fn resolved(request: &Request, outcomes: Vec<Arc<Outcome>>, memo: &mut Memo) -> Resolved {
    let found = &request.found;
    let files = outcomes.len();
    let mut errors = found.errors.clone();
    let mut listed: Vec<ListedFile> = Vec::new();
    let candidates = found.candidates.iter().zip(&outcomes);
    let other_code: Vec<Arc<str>> = candidates
        .filter(|(_, outcome)| outcome.calls)
        .map(|(candidate, _)| candidate.path.clone())
        .collect();
    for outcome in &outcomes {
        errors.extend(outcome.error.clone());
        if request.list_files {
            listed.push(outcome.listed.clone());
        }
    }
    let read: Vec<&ParsedFile> = outcomes.iter().filter_map(|o| o.parsed.as_ref()).collect();
    if request.list_files {
        listed.extend(found.excluded.iter().map(|path| ListedFile {
            path: path.clone(),
            taken_as: "skipped",
            why: "excluded by the config".into(),
        }));
        listed.extend(found.configs.iter().map(|path| ListedFile {
            path: path.clone(),
            taken_as: "config",
            why: "configuration".into(),
        }));
    }

    let mut marks: BTreeMap<Arc<str>, FileMarks> = BTreeMap::new();
    let mut inputs = Vec::with_capacity(read.len());
    let mut problems = Vec::new();
    for file in read {
        if let ParsedKind::Template { tree, .. } = &file.parsed.kind {
            let path = &file.parsed.file.path;
            problems.extend(
                tree.problems
                    .iter()
                    .map(|problem| (path.clone(), problem.clone())),
            );
        }
        marks.insert(file.parsed.file.path.clone(), file.marks.afresh());
        // A partial is read by what includes it.
        if !file.partial {
            inputs.push(file.parsed.clone());
        }
    }
    let classifier_for = |path: &str| -> Arc<Classifier> {
        let settings = (request.settings_for)(path);
        let own = marks
            .get(path)
            .map_or(&[][..], |marks| marks.suppressions.volatilities());
        let overrides: Vec<_> = own
            .iter()
            .cloned()
            .chain(settings.volatility.iter().cloned())
            .collect();
        Arc::new(Classifier::new(&overrides))
    };
    let assume_for = |path: &str| (request.settings_for)(path).assume.clone();
    let resolution = resolve::resolve_again(
        inputs,
        &other_code,
        request.workspace,
        &classifier_for,
        &assume_for,
        &mut memo.resolution,
    );
    problems.retain(|(path, _)| !resolution.as_text.contains(path));
    problems.extend(resolution.problems);
    problems.sort_by(|a, b| (&a.0, a.1.span, &a.1.message).cmp(&(&b.0, b.1.span, &b.1.message)));
    problems.dedup();
    for (path, role) in &resolution.partial_of {
        if let Some(line) = listed.iter_mut().find(|line| line.path == *path) {
            line.taken_as = "partial";
            line.why = format!("part of {role}");
        }
    }
    listed.sort_by(|a, b| a.path.cmp(&b.path));

    errors.extend(resolution.errors);
    errors.sort();
    errors.dedup();
    for (path, source) in &resolution.sources {
        if !marks.contains_key(path) {
            marks.extend(FileMarks::of_code(source).map(|own| (path.clone(), own)));
        }
    }
    Resolved {
        files,
        errors,
        listed,
        marks,
        problems,
        prompts: resolution.prompts,
        limits: resolution.limits,
    }
}

/// Judges the prompts of a run. `known`: prompts that were judged under the same settings, by id.
fn judge_all(request: &Request, resolved: Resolved, known: &[Arc<Judged>]) -> Analysis {
    let Resolved {
        files,
        mut errors,
        listed,
        marks,
        problems,
        prompts,
        limits,
    } = resolved;
    let in_tests = |path: &str| match marks.get(path) {
        Some(marks) => marks.in_tests,
        None => discover::context_of(path) == Context::Test,
    };
    let in_tests = |prompt: &Prompt| {
        let symbol = prompt.id.rsplit_once('#').map_or("", |(_, symbol)| symbol);
        in_tests(&prompt.origin.path) || discover::is_set_aside(symbol)
    };
    let same = |prompt: &Prompt| {
        let found = known.binary_search_by(|judged| judged.prompt.id.cmp(&prompt.id));
        let judged = &known[found.ok()?];
        let same = judged.prompt == *prompt && judged.in_tests == in_tests(prompt);
        same.then(|| judged.clone())
    };
    let changed = request.filter.changed.as_deref();
    let changed = changed.map(|list| narrow::with_links(list, &prompts, request.workspace));
    let changed = changed.as_ref();
    let mut configs = Configs::new(request.settings_for);
    let mut sent: Vec<(Prompt, Arc<[Arc<str>]>)> = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        let configs = configs.of(&prompt);
        sent.push((prompt, configs));
    }
    // No figure is needed where no prompt is shown: only what is remarked of files is left.
    let touched = |(prompt, configs): &(Prompt, Arc<[Arc<str>]>)| {
        changed.is_none_or(|changed| narrow::touches(changed, prompt, configs))
    };
    if !sent.iter().any(touched) {
        sent.clear();
    }
    let new = |prompt: Prompt| {
        let (id, path) = (prompt.id.clone(), prompt.origin.path.clone());
        guarded(
            || format!("judging the prompt {id}"),
            || judged(request, prompt, &in_tests),
        )
        .map_err(|told| FileError::internal(path, told))
    };
    let judged: Vec<Result<Arc<Judged>, FileError>> = sent
        .into_par_iter()
        .map(|(prompt, configs)| match same(&prompt) {
            Some(judged) if judged.configs == configs => Ok(judged),
            Some(judged) => Ok(Arc::new(Judged {
                configs,
                ..Judged::clone(&judged)
            })),
            None => new(prompt).map(|judged| Arc::new(Judged { configs, ..judged })),
        })
        .collect();
    let mut prompts: Vec<Arc<Judged>> = Vec::with_capacity(judged.len());
    for one in judged {
        match one {
            Ok(judged) => prompts.push(judged),
            Err(error) => errors.push(error),
        }
    }
    prompts.sort_by(|a, b| a.prompt.id.cmp(&b.prompt.id));

    let mut notices = request.notices.clone();
    notices.extend(unknown_models(&prompts));
    let found = findings::collect(request, &prompts, &problems, &marks, &errors);
    notices.extend(found.notices);
    errors.extend(found.errors);
    errors.sort();
    errors.dedup();
    let mut by_file: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for (path, _) in &problems {
        *by_file.entry(path.clone()).or_default() += 1;
    }
    let mut analysis = Analysis {
        files,
        uncacheable: uncacheable(&prompts),
        prompts,
        findings: found.findings,
        errors,
        config_errors: Vec::new(),
        listed,
        traffic: (request.settings_for)("").traffic.clone(),
        prices_as_of: request.prices_as_of.clone(),
        notices,
        limits,
        problems: by_file,
        fixed: None,
        vantage: Vantage::default(),
        sources: found.sources,
        stale: found.stale,
        unwritten: found.unwritten,
    };
    if let Some(changed) = changed {
        narrow::narrow(&mut analysis, request, changed);
    }
    analysis
}

/// What the engine keeps of a file beside its prompts.
struct FileMarks {
    suppressions: Suppressions,
    /// Of code: the statements that a comment above or behind speaks of.
    statements: Arc<[Span]>,
    in_tests: bool,
    source: Arc<SourceFile>,
}

impl FileMarks {
    /// The same before anything was suppressed.
    fn afresh(&self) -> FileMarks {
        FileMarks {
            suppressions: self.suppressions.afresh(),
            statements: self.statements.clone(),
            in_tests: self.in_tests,
            source: self.source.clone(),
        }
    }

    /// Of code that was read because other code imports it.
    fn of_code(source: &Arc<SourceFile>) -> Option<FileMarks> {
        if !source.text.contains(DIRECTIVE) {
            return None;
        }
        let module = code::parse(source, code::language_of(&source.path)?);
        Some(FileMarks {
            suppressions: suppressions(source, module.comments.clone()),
            statements: code::simple_statements(&module).into(),
            in_tests: discover::context_of(&source.path) == Context::Test,
            source: source.clone(),
        })
    }
}

/// Judges a prompt on the model that it, its config or the built-in default names.
fn judged(request: &Request, prompt: Prompt, in_tests: &dyn Fn(&Prompt) -> bool) -> Judged {
    let settings = (request.settings_for)(&prompt.origin.path);
    let target = &prompt.target;
    let (model, source) = match (&target.provider, &target.model, &settings.model) {
        (provider, Some(model), _) => (
            (request.model_for)(provider.as_deref(), Some(model)),
            TargetSource::Declared,
        ),
        (Some(provider), None, configured) => {
            // The configured model counts where it is one of the declared provider's.
            let own = configured
                .as_deref()
                .map(|name| (request.model_for)(None, Some(name)))
                .filter(|model| model.provider == *provider);
            match own {
                Some(model) => (model, TargetSource::Config),
                None => (
                    (request.model_for)(Some(provider), None),
                    TargetSource::Declared,
                ),
            }
        }
        (None, None, Some(name)) => ((request.model_for)(None, Some(name)), TargetSource::Config),
        (None, None, None) => ((request.model_for)(None, None), TargetSource::Default),
    };
    // A name that the table does not know is judged as another model: that is an assumption, not what was declared.
    let source = match source {
        TargetSource::Declared if model.fallback => TargetSource::Default,
        source => source,
    };
    let test = in_tests(&prompt);
    let counter = counting::counter(&prompt, &model);
    judge(
        prompt,
        model,
        source,
        settings,
        test,
        &counter,
        counter.exact(),
    )
}

/// A line for each model that a prompt or its config names and the table does not know.
fn unknown_models(prompts: &[Arc<Judged>]) -> BTreeSet<String> {
    let name = |judged: &Judged| {
        let declared = judged.prompt.target.model.clone();
        declared.or_else(|| judged.settings.model.clone())
    };
    prompts
        .iter()
        .filter(|judged| judged.model.fallback)
        .filter_map(|judged| Some((name(judged)?, judged)))
        .map(|(name, judged)| {
            format!(
                "`{name}` is not in the price table: judged as {}",
                judged.model.id
            )
        })
        .collect()
}

fn uncacheable(prompts: &[Arc<Judged>]) -> Uncacheable {
    let short: Vec<&Judged> = prompts
        .iter()
        .map(|judged| &**judged)
        .filter(|judged| !judged.terms().caches() || judged.best < f64::from(judged.model.minimum))
        .collect();
    let lack = |judged: &Judged| f64::from(judged.model.minimum) - judged.best;
    let nearest = short
        .iter()
        .filter(|judged| judged.terms().caches())
        .min_by(|a, b| lack(a).total_cmp(&lack(b)))
        .map(|judged| {
            (
                judged.prompt.id.clone(),
                judged.best,
                f64::from(judged.model.minimum),
                !judged.estimated(),
            )
        });
    Uncacheable {
        count: short.len(),
        of: prompts.len(),
        nearest,
    }
}
