//! `prefixlint compare BASE [HEAD]`: two revisions, or one and the working tree, through one analysis each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;

use super::destinations::{destinations, spare, Destination};
use super::{backend, check, options, output, CheckOptions, Failure, CLEAN, FAILED, FOUND};
use crate::compare::{Comparison, Gates, Increase, Version};
use crate::config::{Above, ConfigSet, FILE_NAMES};
use crate::discover::{discover, Found, Options as Walk, PathArg};
use crate::engine::{self, Analysis, Filter, Request};
use crate::report::compare::{format_of, CompareReport, FORMATS};
use crate::report::Style;
use crate::workspace::git::{Change, GitError, Repository, Revision, TreeEntry};
use crate::workspace::{holds_rows, root_of, Disk, Limits, Snapshot, Store, Vantage, Workspace};

impl From<GitError> for Failure {
    fn from(error: GitError) -> Failure {
        Failure {
            message: error.message,
            help: error.help,
            place: None,
        }
    }
}

pub(super) fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    let destinations = destinations(matches, &names, format_of)?;
    let gates = gates(matches)?;
    let mut asked = CheckOptions::new(paths(matches))?;
    asked.shared(matches);
    spare(&destinations, &asked)?;
    asked.threads = threads(matches);
    let style = output::style(matches);
    let place = Place::of(&asked)?;
    let sides = Sides::of(&place.repository, matches)?;
    let store = Store::new(&place.repository);
    let outcome = check::pooled(asked.threads, || analyse(&asked, &place, &sides, &store))??;
    let errors = backend::shown_errors(&asked, &place.vantage, &outcome.head.config_errors);
    output::config_errors(&errors, matches);
    let mut comparison = Comparison::new(&outcome.base, &outcome.head, sides.versions());
    comparison.notices = outcome.notices;
    let tripped = gates.tripped(&comparison);
    write(&destinations, &comparison, &tripped, style)?;
    Ok(if comparison.has_config_errors() {
        FAILED
    } else if tripped.is_empty() {
        CLEAN
    } else {
        FOUND
    })
}

fn write(
    destinations: &[Destination<&'static dyn CompareReport>],
    comparison: &Comparison,
    tripped: &[String],
    style: Style,
) -> Result<(), Failure> {
    // What can be written is, before what cannot is said.
    let mut failed = None;
    for destination in destinations {
        let style = match destination.file {
            Some(_) => Style::default(),
            None => style,
        };
        let mut text = destination.format.render(comparison, tripped, style);
        // A prompt that a report quotes must not command GitHub's runner.
        if destination.file.is_none() && destination.format.is_prose() {
            text = output::quoted(text);
        }
        if let Err(failure) = destination.write(&text) {
            failed.get_or_insert(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}

fn paths(matches: &ArgMatches) -> Vec<PathBuf> {
    matches
        .get_many::<PathBuf>("paths")
        .map(|paths| paths.cloned().collect())
        .unwrap_or_default()
}

fn threads(matches: &ArgMatches) -> usize {
    let threads = matches.get_one::<u16>("threads");
    threads.copied().unwrap_or(0).into()
}

fn gates(matches: &ArgMatches) -> Result<Gates, Failure> {
    let increase = options::text(matches, "fail-on-increase");
    let increase = increase
        .map(|text| {
            Increase::parse(&text).ok_or_else(|| {
                Failure::new(format!("--fail-on-increase: `{text}` is no amount"))
                    .with_help("dollars or a share: 5, $5, 10%")
            })
        })
        .transpose()?;
    Ok(Gates {
        increase,
        prefix_loss: matches
            .get_one::<u32>("fail-on-prefix-loss")
            .map(|n| f64::from(*n)),
    })
}

/// Where a comparison takes place.
struct Place {
    repository: Repository,
    /// The root of the run on disk, and what of it is compared.
    root: PathBuf,
    arguments: Vec<PathArg>,
    /// The path of the root in the repository.
    prefix: String,
    vantage: Vantage,
}

impl Place {
    fn of(options: &CheckOptions) -> Result<Place, Failure> {
        let repository = Repository::open(&options.working)?;
        let mut named = options.paths.clone();
        if named.is_empty() {
            named.push(PathBuf::from("."));
        }
        let (root, arguments) = root_of(&options.working, &named);
        let prefix = match repository.top() {
            Some(top) => root.strip_prefix(top).map_err(|_| {
                Failure::new(format!("{}: outside of the repository", root.display()))
                    .with_help("paths lie in the repository of the working folder")
            })?,
            // In a bare repository paths are those of its trees.
            None => Path::new(""),
        };
        Ok(Place {
            prefix: prefix.to_string_lossy().replace('\\', "/"),
            vantage: Vantage::new(&options.working, &root, &named),
            arguments: arguments.iter().map(|path| PathArg::new(path)).collect(),
            repository,
            root,
        })
    }
}

/// What is compared.
struct Sides {
    base: Revision,
    /// `None`: the working tree.
    head: Option<Revision>,
    base_tree: Vec<TreeEntry>,
    /// Of the newer revision; of a working tree the same as that of the base.
    head_tree: Vec<TreeEntry>,
    /// From the base to the working tree.
    changes: Vec<Change>,
}

impl Sides {
    fn of(repository: &Repository, matches: &ArgMatches) -> Result<Sides, Failure> {
        let name = options::text(matches, "base").unwrap_or_default();
        let mut base = repository.resolve(&name)?;
        let head = options::text(matches, "head")
            .map(|name| repository.resolve(&name))
            .transpose()?;
        if matches.get_flag("merge-base") {
            let newer = match &head {
                Some(head) => head.clone(),
                None => repository.resolve("HEAD")?,
            };
            base = repository.merge_base(&base, &newer)?;
        }
        let changes = match &head {
            Some(_) => Vec::new(),
            None => repository.changed(&base, None)?,
        };
        let base_tree = repository.tree(&base)?;
        let head_tree = match &head {
            Some(head) => repository.tree(head)?,
            None => base_tree.clone(),
        };
        Ok(Sides {
            base,
            head,
            base_tree,
            head_tree,
            changes,
        })
    }

    fn versions(&self) -> (Version, Version) {
        let version = |revision: &Revision| Version {
            name: revision.name.clone(),
            commit: revision.commit.clone(),
        };
        let working = || Version {
            name: "working tree".to_string(),
            commit: None,
        };
        (
            version(&self.base),
            self.head.as_ref().map_or_else(working, version),
        )
    }

    fn base<'s>(&self, store: &'s Store, prefix: &str, limits: Limits) -> Snapshot<'s> {
        Snapshot::of_tree(store, prefix, &self.base_tree, limits)
    }

    /// `disk`: the working tree below the same folder.
    fn head<'s>(
        &self,
        store: &'s Store,
        prefix: &str,
        disk: Option<&'s Disk>,
        limits: Limits,
    ) -> Snapshot<'s> {
        let tree = Snapshot::of_tree(store, prefix, &self.head_tree, limits);
        match disk {
            Some(disk) => tree.of_changes(disk, prefix, &self.changes),
            None => tree,
        }
    }
}

struct Outcome {
    base: Analysis,
    head: Analysis,
    notices: Vec<String>,
}

/// Analyses both sides under the config of the newer one: a change of prices or traffic is no change of a prompt.
fn analyse(
    asked: &CheckOptions,
    place: &Place,
    sides: &Sides,
    store: &Store,
) -> Result<Outcome, Failure> {
    let working = sides.head.is_none();
    let open = |root: &Path, limits| working.then(|| backend::open(root, limits)).transpose();
    let disk = open(&place.root, Limits::default())?;
    let base = sides.base(store, &place.prefix, Limits::default());
    let head = sides.head(store, &place.prefix, disk.as_ref(), Limits::default());
    let top = match place.repository.top() {
        Some(top) => open(top, Limits::default())?,
        None => None,
    };
    // The whole repository, for configs above the root of the run.
    let whole = (!place.prefix.is_empty()).then(|| {
        [
            sides.base(store, "", Limits::default()),
            sides.head(store, "", top.as_ref(), Limits::default()),
        ]
    });
    missing(asked, place, &base, &head)?;
    let walk = Walk {
        ignore_files: false,
        threads: asked.threads,
    };
    let arguments = |side: &Snapshot| -> Vec<PathArg> {
        let there =
            |argument: &&PathArg| side.exists(&argument.path) || side.is_folder(&argument.path);
        place.arguments.iter().filter(there).cloned().collect()
    };
    let mut found = [&base, &head].map(|side| discover(side, &arguments(side), &walk));
    let above = whole.as_ref().map(|[_, head]| Above {
        workspace: head,
        prefix: place.prefix.as_str(),
    });
    let (configs, config_errors) =
        backend::configs(asked, &head, above, &place.arguments, &found[1])?;
    let notices = notices(place, [&base, &head], whole.as_ref(), &found);
    for side in &mut found {
        side.filter(false, &|path| configs.chosen(path));
    }
    let limits = configs.limits();
    let disk = match limits == Limits::default() {
        true => disk,
        false => open(&place.root, limits)?,
    };
    let head = sides.head(store, &place.prefix, disk.as_ref(), limits);
    let base = base.with_limits(limits);
    read_ahead(store, [&base, &head], &found);
    let (base, head) = both(asked, &configs, [&base, &head], found)?;
    let mut outcome = Outcome {
        base,
        head,
        notices,
    };
    outcome.head.config_errors = config_errors;
    for side in [&mut outcome.base, &mut outcome.head] {
        side.vantage = place.vantage.clone();
    }
    Ok(outcome)
}

/// Has the files of both sides read in one pass; files of rows are read as streams.
fn read_ahead(store: &Store, sides: [&Snapshot; 2], found: &[Found; 2]) {
    let objects = sides.iter().zip(found).flat_map(|(side, found)| {
        let paths = found.candidates.iter().map(|candidate| &*candidate.path);
        let whole = paths.filter(|path| !holds_rows(path));
        whole.filter_map(|path| side.object(path))
    });
    store.read_ahead(objects);
}

/// Runs the analysis of both sides: what they share is read, resolved and judged once.
fn both(
    asked: &CheckOptions,
    configs: &ConfigSet,
    [base, head]: [&Snapshot; 2],
    found: [Found; 2],
) -> Result<(Analysis, Analysis), Failure> {
    let today = crate::setup::today();
    let table = backend::table(&asked.overrides, configs, today)?;
    let settings_for = |path: &str| configs.settings_for(path);
    let model_for =
        |provider: Option<&str>, model: Option<&str>| table.resolve(provider, model, today);
    let insists = |_: &str| false;
    let request = |workspace, found| Request {
        workspace,
        found,
        settings_for: &settings_for,
        model_for: &model_for,
        insists: &insists,
        filter: Filter::default(),
        list_files: false,
        prices_as_of: table.as_of().to_string(),
        notices: table.age_note(today).into_iter().collect(),
        accepted: None,
        fixes: true,
    };
    let changed = head.changed_since(base);
    let [found_base, found_head] = found;
    let (base, head) = (request(base, found_base), request(head, found_head));
    Ok(engine::analyse_both(&base, &head, &changed))
}

/// A path that neither side has.
fn missing(
    asked: &CheckOptions,
    place: &Place,
    base: &Snapshot,
    head: &Snapshot,
) -> Result<(), Failure> {
    let there = |side: &Snapshot, path: &str| side.exists(path) || side.is_folder(path);
    let lost = place
        .arguments
        .iter()
        .position(|argument| ![base, head].iter().any(|side| there(side, &argument.path)));
    match lost.and_then(|index| asked.paths.get(index)) {
        Some(path) => Err(
            Failure::new(format!("{}: in neither of the two", path.display()))
                .with_help("paths are relative to the working folder"),
        ),
        None => Ok(()),
    }
}

/// Remarks on what is not compared, or not as somebody may think.
fn notices(
    place: &Place,
    sides: [&Snapshot; 2],
    whole: Option<&[Snapshot; 2]>,
    found: &[Found; 2],
) -> Vec<String> {
    let mut out = Vec::new();
    let texts = |index: usize| -> Vec<(Arc<str>, Option<Arc<str>>)> {
        let own = found[index].configs.iter().map(|path| {
            let text = sides[index].read(path).ok();
            (path.clone(), text.map(|file| file.text.clone()))
        });
        let outer = ancestors(&place.prefix).filter_map(|path| {
            let file = whole?[index].read(&path).ok()?;
            Some((format!("/{path}").into(), Some(file.text.clone())))
        });
        own.chain(outer).collect()
    };
    if texts(0) != texts(1) {
        out.push(
            "the config differs: both sides are judged under the one of the newer side".to_string(),
        );
    }
    let mut modules: Vec<&String> = sides.iter().flat_map(|side| side.submodules()).collect();
    modules.sort();
    modules.dedup();
    if !modules.is_empty() {
        let names: Vec<&str> = modules.iter().map(|name| name.as_str()).collect();
        out.push(format!("submodules are not compared: {}", names.join(", ")));
    }
    out
}

/// Where a config above the root of a run may stand.
fn ancestors(prefix: &str) -> impl Iterator<Item = String> + '_ {
    let cuts = prefix.match_indices('/').map(|(at, _)| &prefix[..at]);
    let folders = cuts.chain((!prefix.is_empty()).then_some(""));
    folders.flat_map(|folder| {
        FILE_NAMES.map(|name| match folder {
            "" => name.to_string(),
            folder => format!("{folder}/{name}"),
        })
    })
}
