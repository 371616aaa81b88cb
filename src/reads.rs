//! What a prompt was resolved from, and which prompts a change of files touches. Knows nothing of evaluation, of git or
//! of the disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::config::FILE_NAMES;

mod mentions;

use mentions::Mentions;

/// What a look-up came to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Seen {
    /// The file is there and was read.
    Found,
    /// The path was looked for and is not there.
    Missing,
    /// Not one path: files were looked for by this pattern (`cases/*.yaml`, a module anywhere in the workspace).
    Pattern,
    /// Not a path but the name of a function: whoever calls it was looked for.
    Callers,
    /// Not a path but the name of a package of JavaScript, of which no file is there.
    Package,
}

/// One look-up of the resolver.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Read {
    /// From the root of the run.
    pub path: Arc<str>,
    pub seen: Seen,
}

impl Read {
    pub fn new(path: impl Into<Arc<str>>, found: bool) -> Read {
        let seen = if found { Seen::Found } else { Seen::Missing };
        Read {
            path: path.into(),
            seen,
        }
    }

    pub fn found(path: &Arc<str>) -> Read {
        Read::new(path.clone(), true)
    }

    pub fn pattern(glob: impl Into<Arc<str>>) -> Read {
        Read {
            path: glob.into(),
            seen: Seen::Pattern,
        }
    }

    pub fn callers(name: impl Into<Arc<str>>) -> Read {
        Read {
            path: name.into(),
            seen: Seen::Callers,
        }
    }

    pub fn package(name: impl Into<Arc<str>>) -> Read {
        Read {
            path: name.into(),
            seen: Seen::Package,
        }
    }

    pub fn is_found(&self) -> bool {
        self.seen == Seen::Found
    }
}

/// Look-ups, sorted, each once; cheap to share.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Reads(Arc<[Read]>);

impl Reads {
    pub fn iter(&self) -> impl Iterator<Item = &Read> {
        self.0.iter()
    }

    /// The files that are there.
    pub fn files(&self) -> impl Iterator<Item = &Arc<str>> {
        self.iter()
            .filter(|read| read.is_found())
            .map(|read| &read.path)
    }

    /// Whether a path was looked for, found or not.
    pub(crate) fn names(&self, path: &str) -> bool {
        let at = self.0.partition_point(|read| *read.path < *path);
        let named =
            |read: &Read| *read.path == *path && matches!(read.seen, Seen::Found | Seen::Missing);
        let here = self.0[at..].iter().take_while(|read| *read.path == *path);
        here.into_iter().any(named)
    }

    /// These and others.
    pub fn joined<'a>(&'a self, others: impl IntoIterator<Item = &'a Reads>) -> Reads {
        let others = others.into_iter().flat_map(Reads::iter);
        self.iter().chain(others).cloned().collect()
    }

    /// What tells shared look-ups apart from others without comparing them.
    pub(crate) fn address(&self) -> *const Read {
        self.0.as_ptr()
    }
}

impl FromIterator<Read> for Reads {
    fn from_iter<I: IntoIterator<Item = Read>>(reads: I) -> Reads {
        let sorted: BTreeSet<Read> = reads.into_iter().collect();
        Reads(sorted.into_iter().collect())
    }
}

/// Files that changed.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// What every prompt rests on changed.
    all: bool,
    files: BTreeSet<String>,
    /// Those of the files that are not there any more.
    gone: Vec<String>,
    /// Those of the files that were not there before.
    made: Vec<String>,
    /// Folders, with a slash at their end: everything below them changed.
    folders: Vec<String>,
    /// What the files spoke of and do not any more.
    dropped: Mentions,
    /// Packages of JavaScript whose manifest changed.
    packages: BTreeSet<String>,
}

impl Changed {
    /// Everything counts as changed.
    pub fn all() -> Changed {
        Changed {
            all: true,
            ..Changed::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        !self.all && self.files.is_empty() && self.folders.is_empty()
    }

    /// A file, by its path from the root of the run (`../` in front where it stands above).
    pub fn add_file(&mut self, path: &str) {
        self.files.insert(path.to_string());
    }

    /// A file that was deleted.
    pub fn add_gone(&mut self, path: &str) {
        self.add_file(path);
        self.gone.push(path.to_string());
    }

    /// A file that was not there before.
    pub fn add_made(&mut self, path: &str) {
        self.add_file(path);
        self.made.push(path.to_string());
    }

    /// A folder and everything below it; `""` is the root.
    pub fn add_folder(&mut self, path: &str) {
        match path {
            "" => self.all = true,
            path => self.folders.push(format!("{path}/")),
        }
    }

    /// What a file was before it changed, and what it is now (nothing, where it is gone).
    pub fn add_texts(&mut self, path: &str, before: &[u8], now: &[u8]) {
        if path.rsplit('/').next() == Some("package.json") {
            self.packages.extend(mentions::package_name(before));
        }
        let dropped = Mentions::of(before).without(&Mentions::of(now));
        self.dropped.calls.extend(dropped.calls);
        self.dropped.files.extend(dropped.files);
    }

    pub fn add_all(&mut self) {
        self.all = true;
    }

    /// Whether everything counts as changed.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// The files that changed, without what stands below folders that did.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The files that are new or gone.
    pub fn moved(&self) -> impl Iterator<Item = &str> {
        self.made.iter().chain(&self.gone).map(String::as_str)
    }

    /// Whether files are gone.
    pub fn leaves_gaps(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Whether a file that changed spoke of this one and does not any more: it stands for itself now.
    pub fn releases(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.dropped.files.contains(name)
    }

    /// Whether the same files are there as before.
    pub fn keeps_files(&self) -> bool {
        !self.all && self.gone.is_empty() && self.made.is_empty() && self.folders.is_empty()
    }

    /// Whether a file is among those that changed.
    pub fn holds(&self, path: &str) -> bool {
        self.all
            || self.files.contains(path)
            || self.folders.iter().any(|folder| path.starts_with(folder))
            // The config that held for it is gone.
            || self.gone.iter().any(|gone| configures(gone, path))
    }

    /// Whether one of some look-ups would have another answer, or another file, than before.
    pub fn touches(&self, reads: &Reads) -> bool {
        self.all
            || reads.iter().any(|read| match read.seen {
                Seen::Found | Seen::Missing => self.holds(&read.path),
                // Of what is there the files themselves are among the look-ups.
                Seen::Pattern => false,
                // A caller that is there is among the files as well.
                Seen::Callers => self.dropped.calls.contains(&*read.path),
                Seen::Package => self.packages.contains(&*read.path),
            })
            || self.leaves_a_gap(reads)
    }

    /// Whether what was made of some look-ups may come out otherwise now.
    pub fn outdates(&self, reads: &Reads) -> bool {
        if self.all {
            return true;
        }
        if self.keeps_files() {
            return self.files.iter().any(|path| reads.names(path));
        }
        self.touches(reads) || self.stands_for(reads, &self.made)
    }

    /// Whether a file that is gone was one that a pattern stood for.
    fn leaves_a_gap(&self, reads: &Reads) -> bool {
        self.stands_for(reads, &self.gone)
    }

    /// Whether a pattern of some look-ups stands for one of these files.
    fn stands_for(&self, reads: &Reads, files: &[String]) -> bool {
        if files.is_empty() {
            return false;
        }
        let patterns = reads.iter().filter(|read| read.seen == Seen::Pattern);
        let globs = globs(patterns.map(|read| &*read.path));
        files.iter().any(|file| globs.is_match(file))
    }
}

/// Whether a path is a config's, and a file stands where that config holds.
fn configures(config: &str, file: &str) -> bool {
    let (folder, name) = config.rsplit_once('/').unwrap_or(("", config));
    let below = folder.is_empty()
        || folder.split('/').all(|part| part == "..")
        || file
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'));
    FILE_NAMES.contains(&name) && below
}

fn globs<'a>(patterns: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // A name that is no pattern stands for nothing.
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads() -> Reads {
        [
            Read::new("app/chat.py", true),
            Read::new("app/base.j2", false),
            Read::pattern("**/pkg/helper{.py,/__init__.py}"),
            Read::pattern("cases/*.yaml"),
        ]
        .into_iter()
        .collect()
    }

    fn gone(path: &str) -> bool {
        let mut changed = Changed::default();
        changed.add_gone(path);
        changed.touches(&reads())
    }

    fn edited(path: &str) -> bool {
        let mut changed = Changed::default();
        changed.add_file(path);
        changed.touches(&reads())
    }

    #[test]
    fn a_file_that_was_read_or_looked_for_touches() {
        assert!(edited("app/chat.py"));
        assert!(gone("app/base.j2"));
        assert!(!edited("app/other.py"));
        let mut folder = Changed::default();
        folder.add_folder("app");
        assert!(folder.touches(&reads()));
        let mut beside = Changed::default();
        beside.add_folder("ap");
        assert!(!beside.touches(&reads()));
        assert!(Changed::all().touches(&Reads::default()));
    }

    #[test]
    fn of_patterns_only_what_is_gone_counts() {
        assert!(gone("pkg/helper.py"));
        assert!(gone("src/pkg/helper/__init__.py"));
        assert!(gone("cases/a.yaml"));
        assert!(!gone("cases/deep/a.yaml"));
        assert!(!gone("pkg/helpers.py"));
        assert!(!edited("pkg/helper.py"));
    }

    #[test]
    fn a_config_that_is_gone_touches_what_it_held_for() {
        assert!(gone("prefixlint.yaml"));
        assert!(gone("app/.prefixlint.yaml"));
        assert!(gone("../prefixlint.yaml"));
        assert!(!gone("other/prefixlint.yaml"));
        // One that is there is among the reads where it holds.
        assert!(!edited("prefixlint.yaml"));
    }
}
