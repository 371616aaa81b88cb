//! Which files a run is about where it is not about all: those that a hook names, or those that changed since a revision.
//! Knows nothing of prompts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{backend, CheckOptions, ConfigChoice, Failure};
use crate::discover::{Found, PathArg};
use crate::reads::Changed;
use crate::workspace::git::{Change, Content, Kind, Repository, Revision};
use crate::workspace::{holds_rows, root_of, slashed, Disk, Limits, Workspace};

/// What findings are wanted of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Of everything below the paths.
    All,
    /// Of prompts of the whole repository that read one of the paths.
    Affected,
    /// Of prompts that a change since this revision touches.
    Since(String),
}

/// Bytes that tell whether a file is text.
const HEAD: u64 = 8 << 10;

/// The root of the repository that holds the working folder, or that folder.
pub(super) fn top(options: &CheckOptions) -> PathBuf {
    let working = &options.working;
    let working = working.canonicalize().unwrap_or_else(|_| working.clone());
    working
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(&working)
        .to_path_buf()
}

/// Those of the named files that a prompt of the repository can have been resolved from.
pub(super) fn affected(options: &CheckOptions) -> Result<Changed, Failure> {
    let working = &options.working;
    let top = top(options);
    let mut paths = Vec::new();
    for path in &options.paths {
        let (root, below) = root_of(&top, &[working.join(path)]);
        match below.into_iter().next() {
            Some(below) if root == top => paths.push(below),
            _ => {
                let message = format!("{}: outside of {}", path.display(), top.display());
                return Err(Failure::new(message)
                    .with_help("--affected takes files of the repository that it is run in"));
            }
        }
    }
    let disk = backend::open(&top, Limits::default())?;
    if options.force_exclude {
        let arguments: Vec<PathArg> = paths.iter().map(|path| PathArg::new(path)).collect();
        let (configs, _) = backend::configs(options, &disk, None, &arguments, &Found::default())?;
        paths.retain(|path| !configs.chosen(path).1);
    }
    let mut changed = Changed::default();
    for path in &paths {
        if disk.is_folder(path) {
            changed.add_folder(path);
        } else if !disk.exists(path) {
            changed.add_gone(path);
        } else if disk.peek(path, HEAD).is_ok_and(|head| !head.contains(&0)) {
            changed.add_file(path);
        }
    }
    before_a_hook(&top, &disk, &mut changed);
    rests_on(options, &top, &mut changed);
    Ok(changed)
}

/// What git knows of the change that a hook is asked about: a hook is not told of files that were deleted, nor of what
/// those that it names were. Without a repository, or in one that holds no commit, there is nothing to know.
fn before_a_hook(top: &Path, disk: &Disk, changed: &mut Changed) {
    let Ok(repository) = Repository::open(top) else {
        return;
    };
    // Where pre-commit compares two revisions, as in CI, it says from which one on, and names what is new since they parted.
    let from = std::env::var("PRE_COMMIT_FROM_REF").ok();
    let from = from.and_then(|name| base(&repository, &name).ok());
    let Some(from) = from.or_else(|| repository.resolve("HEAD").ok()) else {
        return;
    };
    let changes = repository.replaced(&from).unwrap_or_default();
    let seen = |path: &str| seen_from(top, repository.top().unwrap_or(top), path);
    for change in &changes {
        if change.content == Content::Gone {
            changed.add_gone(&seen(&change.path));
        }
    }
    let named: Vec<&Change> = changes
        .iter()
        .filter(|change| changed.holds(&seen(&change.path)))
        .collect();
    add_texts(&repository, &named, disk, &seen, changed);
}

/// Adds what changed files were before they changed.
fn add_texts(
    repository: &Repository,
    changes: &[&Change],
    disk: &Disk,
    seen: &dyn Fn(&str) -> String,
    changed: &mut Changed,
) {
    let older: BTreeMap<&str, &Change> = changes
        .iter()
        .filter(|change| change.kind == Kind::File && !holds_rows(&change.path))
        .filter_map(|change| Some((change.before.as_deref()?, *change)))
        .collect();
    let objects: Vec<&str> = older.keys().copied().collect();
    repository
        .blobs()
        .each(&objects, Limits::default().text, |object, before| {
            let now = match older[object].content {
                Content::Gone => None,
                _ => disk
                    .peek(&seen(&older[object].path), Limits::default().text)
                    .ok(),
            };
            changed.add_texts(&older[object].path, &before, &now.unwrap_or_default());
        });
}

/// What differs between the working tree and the commit where it and a revision parted, by paths from the root of the
/// run.
pub(super) fn since(options: &CheckOptions, name: &str, root: &Path) -> Result<Changed, Failure> {
    let repository = Repository::open(root)?;
    let base = base(&repository, name)?;
    let changes = repository.changed(&base, None)?;
    let Some(top) = repository.top() else {
        return Err(Failure::new("a bare repository has no files to lint"));
    };
    let mut changed = Changed::default();
    let seen = |path: &str| seen_from(root, top, path);
    for change in &changes {
        let path = seen(&change.path);
        match change.content {
            Content::Gone => changed.add_gone(&path),
            Content::Disk | Content::Object(_) => changed.add_file(&path),
        }
    }
    let disk = backend::open(root, Limits::default())?;
    let changes: Vec<&Change> = changes.iter().collect();
    add_texts(&repository, &changes, &disk, &seen, &mut changed);
    rests_on(options, root, &mut changed);
    Ok(changed)
}

/// What is new on the other side since the two parted is no change of this side.
fn base(repository: &Repository, name: &str) -> Result<Revision, Failure> {
    let revision = repository.resolve(name)?;
    if revision.commit.is_none() {
        return Ok(revision);
    }
    let head = repository.resolve("HEAD")?;
    Ok(repository.merge_base(&revision, &head)?)
}

/// A path of a repository from the root of the run, which may lie below or above.
fn seen_from(root: &Path, top: &Path, path: &str) -> String {
    if let Ok(down) = top.strip_prefix(root) {
        let down = slashed(down);
        return match down.as_str() {
            "" => path.to_string(),
            down => format!("{down}/{path}"),
        };
    }
    let prefix = root.strip_prefix(top).map(slashed).unwrap_or_default();
    match path.strip_prefix(&format!("{prefix}/")) {
        Some(below) => below.to_string(),
        None => format!("{}{path}", "../".repeat(prefix.split('/').count())),
    }
}

/// A config or a price file that the command line names holds for every prompt.
fn rests_on(options: &CheckOptions, root: &Path, changed: &mut Changed) {
    let config = match &options.config {
        ConfigChoice::File(path) => Some(path),
        ConfigChoice::Nearest | ConfigChoice::Isolated => None,
    };
    let named = config.into_iter().chain(&options.overrides.prices);
    for path in named {
        let Ok(path) = options.working.join(path).canonicalize() else {
            continue;
        };
        let below = path.strip_prefix(root).map(slashed);
        if below.is_ok_and(|below| changed.holds(&below)) {
            changed.add_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_repository_are_seen_from_the_root_of_the_run() {
        let seen = |root: &str, top: &str| seen_from(Path::new(root), Path::new(top), "a/b/c.py");
        assert_eq!(seen("/r", "/r"), "a/b/c.py");
        assert_eq!(seen("/r/a", "/r"), "b/c.py");
        assert_eq!(seen("/r/x/y", "/r"), "../../a/b/c.py");
        assert_eq!(seen("/", "/r"), "r/a/b/c.py");
    }
}
