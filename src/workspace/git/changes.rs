//! Which paths differ between a revision and another one or the working tree.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use super::{git, line, not_started, records, GitError, Kind, Repository, Revision};

/// Where the newer text of a changed path is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// In the object database, by its object name.
    Object(String),
    /// In the working tree.
    Disk,
    /// Nowhere: the path was deleted.
    Gone,
}

/// A path that differs, from the root of the repository. A renamed file is a deleted and an added one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    pub path: String,
    /// Of the newer side; of the older one where the path is gone.
    pub kind: Kind,
    pub content: Content,
    /// Object name of the older side; `None` where the path is new.
    pub before: Option<String>,
}

/// How differences are asked for: by mode and blob, without anything that a repository configures.
const RAW: &[&str] = &[
    "-z",
    "--raw",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-abbrev",
    "--ignore-submodules=all",
];

impl Repository {
    /// Paths that differ between two revisions, or between a revision and the working tree with what is neither
    /// tracked nor ignored. Sorted by path. Files that were touched but read the same are not among them, and
    /// submodules never are.
    ///
    /// # Errors
    /// What git says; that there is no working tree.
    pub fn changed(&self, from: &Revision, to: Option<&Revision>) -> Result<Vec<Change>, GitError> {
        let mut changes = match to {
            Some(to) => self.between(from, to)?,
            None => self.against_files(from)?,
        };
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    fn between(&self, from: &Revision, to: &Revision) -> Result<Vec<Change>, GitError> {
        let trees = [from.tree.as_str(), &to.tree];
        let output = self.say([&["diff-tree", "-r"], RAW, &trees].concat())?;
        Ok(raw(&output.stdout))
    }

    /// Tracked paths whose files differ from a revision, or may: nothing is read to tell. Submodules are left out.
    ///
    /// # Errors
    /// What git says; that there is no working tree.
    pub fn replaced(&self, from: &Revision) -> Result<Vec<Change>, GitError> {
        let top = self.at_top()?;
        top.raw_changes(from, &top.filters()?)
    }

    fn at_top(&self) -> Result<Repository, GitError> {
        let Some(top) = self.top() else {
            return Err(GitError::new("a bare repository has no working tree")
                .with_help("name the second revision as well"));
        };
        Ok(Repository {
            folder: top.to_path_buf(),
            top: Some(top.to_path_buf()),
        })
    }

    fn raw_changes(&self, from: &Revision, tame: &[String]) -> Result<Vec<Change>, GitError> {
        let mut command = git(&self.folder);
        let output = command
            .args(tame)
            .arg("diff-index")
            .args(RAW)
            .arg(&from.tree)
            .output()
            .map_err(|error| not_started(&error))?;
        if !output.status.success() {
            return Err(GitError::new(format!("git: {}", super::complaint(&output))));
        }
        Ok(raw(&output.stdout))
    }

    fn against_files(&self, from: &Revision) -> Result<Vec<Change>, GitError> {
        let top = self.at_top()?;
        let tame = top.filters()?;
        let changes = top.really_changed(top.raw_changes(from, &tame)?, &tame)?;
        let untracked = top.say(["ls-files", "-z", "--others", "--exclude-standard"])?;
        let mut by_path: BTreeMap<String, Change> = changes
            .into_iter()
            .map(|change| (change.path.clone(), change))
            .collect();
        for record in records(&untracked.stdout) {
            let path = String::from_utf8_lossy(record).into_owned();
            // A repository inside of this one is listed as a folder.
            if path.ends_with('/') {
                continue;
            }
            let full = top.folder.join(&path);
            let kind = if full.is_symlink() {
                Kind::Link
            } else {
                Kind::File
            };
            // Taken out of the index, yet still there: it differs from what was committed, if at all, by its text.
            let before = by_path.get(&path).and_then(|known| known.before.clone());
            by_path.insert(
                path.clone(),
                Change {
                    path,
                    kind,
                    content: Content::Disk,
                    before,
                },
            );
        }
        Ok(by_path.into_values().collect())
    }

    /// Settings that take their programs from the filters that the repository configures: git runs them to compare
    /// a file whose time stamp says little.
    fn filters(&self) -> Result<Vec<String>, GitError> {
        let output = self.ask(["config", "-z", "--name-only", "--get-regexp", r"^filter\."])?;
        let mut tame = Vec::new();
        for record in records(&output.stdout) {
            let key = String::from_utf8_lossy(record);
            let Some((filter, _)) = key.rsplit_once('.') else {
                continue;
            };
            if filter.contains('=') {
                // The command line has no way to say such a name.
                return Err(GitError::new(format!(
                    "the git config of the repository names a filter with `=` in it: {filter}"
                )));
            }
            for (name, value) in [
                ("clean", ""),
                ("smudge", ""),
                ("process", ""),
                ("required", "false"),
            ] {
                tame.push("-c".to_string());
                tame.push(format!("{filter}.{name}={value}"));
            }
        }
        Ok(tame)
    }

    /// Drops files whose time stamps changed but not their content as git would store it.
    fn really_changed(
        &self,
        changes: Vec<Change>,
        tame: &[String],
    ) -> Result<Vec<Change>, GitError> {
        let (doubtful, mut sure): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| {
                change.content == Content::Disk
                    && change.kind == Kind::File
                    && change.before.is_some()
                    && !change.path.contains(['\n', '"'])
                    && self.folder.join(&change.path).is_file()
            });
        let names = self.hashes(&doubtful, tame)?;
        let both = doubtful
            .into_iter()
            .zip(names.into_iter().chain(std::iter::repeat(None)));
        sure.extend(both.filter_map(|(change, name)| {
            let same = name.is_some() && name == change.before;
            (!same).then_some(change)
        }));
        Ok(sure)
    }

    /// The object name of each file as it is in the working tree. Fewer than asked for where one cannot be read.
    fn hashes(&self, files: &[Change], tame: &[String]) -> Result<Vec<Option<String>>, GitError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = git(&self.folder)
            .args(tame)
            .args(["hash-object", "--stdin-paths"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| not_started(&error))?;
        let paths: String = files.iter().map(|file| file.path.clone() + "\n").collect();
        let Some(mut stdin) = child.stdin.take() else {
            return Err(GitError::new("cannot talk to git"));
        };
        // Git answers while it reads: one thread writes, the other one listens.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // Git ends early at a file that it cannot read: what it has answered counts.
                let _ = stdin.write_all(paths.as_bytes());
            });
            child.wait_with_output()
        })
        .map_err(|error| GitError::new(format!("git hash-object: {error}")))?;
        Ok(line(&output)
            .lines()
            .map(|name| Some(name.to_string()))
            .collect())
    }
}

/// `:100644 100644 <old> <new> M` NUL path NUL …
fn raw(bytes: &[u8]) -> Vec<Change> {
    let mut fields = records(bytes);
    let mut out = Vec::new();
    while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
        out.extend(change(meta, path));
    }
    out
}

fn change(meta: &[u8], path: &[u8]) -> Option<Change> {
    let meta = std::str::from_utf8(meta).ok()?.strip_prefix(':')?;
    let words: Vec<&str> = meta.split_ascii_whitespace().collect();
    let [old_mode, new_mode, old, new, status, ..] = words[..] else {
        return None;
    };
    let object = |name: &str| (name.bytes().any(|byte| byte != b'0')).then(|| name.to_string());
    let (before, after) = (Kind::of_mode(old_mode), Kind::of_mode(new_mode));
    let content = match (after, object(new)) {
        // A merge that is not done: what counts is the text that people see.
        _ if status == "U" => Content::Disk,
        (None, _) => Content::Gone,
        (Some(_), Some(name)) => Content::Object(name),
        (Some(_), None) => Content::Disk,
    };
    Some(Change {
        path: String::from_utf8_lossy(path).into_owned(),
        kind: after.or(before)?,
        content,
        before: before.and_then(|_| object(old)),
    })
}
