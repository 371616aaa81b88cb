//! A repository as an object database: revisions, trees, blobs and what changed between them, by git's plumbing.
//! Touches neither index nor checkout, runs nothing that the repository configures, never asks anybody anything.
//! Knows nothing of prompts.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

mod blobs;
mod changes;
#[cfg(test)]
mod tests;

pub use blobs::Blobs;
pub use changes::{Change, Content};

/// Why git could not answer, and the way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GitError {
    pub message: String,
    pub help: Option<String>,
}

impl GitError {
    fn new(message: impl Into<String>) -> GitError {
        GitError {
            message: message.into(),
            help: None,
        }
    }

    fn with_help(mut self, help: impl Into<String>) -> GitError {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A revision that the repository holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// As it was asked for.
    pub name: String,
    /// Object name of its tree.
    pub tree: String,
    /// Object name of its commit; `None` where a tree was named.
    pub commit: Option<String>,
}

/// What a tree holds at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    File,
    Link,
    Submodule,
}

impl Kind {
    /// By the mode as git prints it; `None`: a folder, or nothing.
    fn of_mode(mode: &str) -> Option<Kind> {
        match mode.get(..2)? {
            "10" => Some(Kind::File),
            "12" => Some(Kind::Link),
            "16" => Some(Kind::Submodule),
            _ => None,
        }
    }
}

/// One entry of a tree, by its path from the root of the repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TreeEntry {
    pub path: String,
    pub kind: Kind,
    pub object: String,
}

/// A repository that git found around a folder.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Where git is started.
    folder: PathBuf,
    /// The root of the working tree; `None` in a bare repository and inside a `.git` folder.
    top: Option<PathBuf>,
}

/// Settings that win over those of the repository: nothing of it is run, and no output depends on it.
const SETTINGS: [&str; 8] = [
    // Empty, not `false`: git before 2.36 takes the word for a program.
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.excludesFile=/dev/null",
    "core.safecrlf=false",
    "core.sshCommand=false",
    "credential.helper=",
    "protocol.allow=never",
    "submodule.recurse=false",
];

/// Variables that point git at another repository, change what it prints, or name programs for it to run.
const UNSET: [&str; 37] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_ATTR_SOURCE",
    "GIT_CONFIG",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_PAGER",
    "PAGER",
    "GIT_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_PROXY_COMMAND",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_TRACE",
    "GIT_TRACE_SETUP",
    "GIT_TRACE2",
    "GIT_FLUSH",
    "GIT_TEST_FSMONITOR",
    "GIT_REDIRECT_STDERR",
];

/// Variables that hold for every call.
const SET: [(&str, &str); 7] = [
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // Git before 2.45 fetches what a partial clone lacks all the same: no transport is left to it.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    // Refusals are told apart by their words.
    ("LC_ALL", "C"),
    ("LANGUAGE", ""),
];

/// Git on a folder, with nothing but its plumbing to run.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "--no-pager",
        "--no-optional-locks",
        "--literal-pathspecs",
    ]);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    for name in UNSET {
        command.env_remove(name);
    }
    command.envs(SET).stdin(Stdio::null());
    command
}

/// Why a program could not be started.
fn not_started(error: &io::Error) -> GitError {
    if error.kind() == io::ErrorKind::NotFound {
        return GitError::new("git is not installed, or not in PATH")
            .with_help("install git: revisions are read by it");
    }
    GitError::new(format!("cannot start git: {error}"))
}

/// A line of text that git printed.
fn line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    text.strip_suffix('\n').unwrap_or(&text).to_string()
}

/// What git complained of, in one line and without its own lead.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text
        .lines()
        .find_map(|line| line.strip_prefix("fatal: "))
        .or_else(|| text.lines().next());
    match said {
        Some(said) => said.to_string(),
        None => format!("git ended with {}", output.status),
    }
}

impl Repository {
    /// The repository that holds a folder.
    ///
    /// # Errors
    /// Where there is none, git is missing, or git does not trust its owner.
    pub fn open(folder: &Path) -> Result<Repository, GitError> {
        let repository = Repository {
            folder: folder.to_path_buf(),
            top: None,
        };
        let inside = repository.ask(["rev-parse", "--is-inside-work-tree"])?;
        if !inside.status.success() {
            return Err(repository.refused(&inside));
        }
        if line(&inside) != "true" {
            return Ok(repository);
        }
        let top = PathBuf::from(line(&repository.say(["rev-parse", "--show-toplevel"])?));
        let top = top.canonicalize().unwrap_or(top);
        Ok(Repository {
            top: Some(top),
            ..repository
        })
    }

    /// The root of the working tree, links resolved; `None` where there is none.
    pub fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// The revision that a name stands for: a commit, a tag, a branch, a tree.
    ///
    /// # Errors
    /// Where the repository has no such revision; the help says how to get one that a shallow clone lacks.
    pub fn resolve(&self, name: &str) -> Result<Revision, GitError> {
        if name.is_empty() || name.starts_with('-') || name.contains(['\0', '\n', '\r']) {
            return Err(GitError::new(format!("`{name}` is no revision"))
                .with_help("name a branch, a tag or a commit"));
        }
        let Some(tree) = self.verified(&format!("{name}^{{tree}}"))? else {
            return Err(self.unknown(name));
        };
        Ok(Revision {
            name: name.to_string(),
            tree,
            commit: self.verified(&format!("{name}^{{commit}}"))?,
        })
    }

    /// The newest commit that both revisions build on.
    ///
    /// # Errors
    /// Where they have none, or the clone is too shallow to hold it.
    pub fn merge_base(&self, one: &Revision, other: &Revision) -> Result<Revision, GitError> {
        let (Some(first), Some(second)) = (&one.commit, &other.commit) else {
            let tree = if one.commit.is_none() { one } else { other };
            return Err(GitError::new(format!(
                "`{}` is a tree: only commits have a merge base",
                tree.name
            )));
        };
        let output = self.ask(["merge-base", first, second])?;
        let commit = line(&output);
        if !output.status.success() || commit.is_empty() {
            let error = GitError::new(format!(
                "`{}` and `{}` have no commit in common",
                one.name, other.name
            ));
            return Err(if self.is_shallow() {
                error.with_help(
                    "this clone is shallow: git fetch --unshallow (GitHub Actions: `fetch-depth: 0`)",
                )
            } else {
                error
            });
        }
        let found = self.resolve(&commit)?;
        Ok(Revision {
            name: format!("merge base of {} and {}", one.name, other.name),
            ..found
        })
    }

    /// Everything a tree holds, in git's order (by the bytes of the path).
    ///
    /// # Errors
    /// What git says, where the tree is not whole in this clone.
    pub fn tree(&self, revision: &Revision) -> Result<Vec<TreeEntry>, GitError> {
        let output = self.say(["ls-tree", "-r", "-z", "--full-tree", &revision.tree])?;
        Ok(records(&output.stdout).filter_map(tree_entry).collect())
    }

    /// A reader of this repository's blobs.
    pub fn blobs(&self) -> Blobs {
        Blobs::new(&self.folder)
    }

    /// Whether history was cut off when this clone was made.
    pub fn is_shallow(&self) -> bool {
        let output = self.ask(["rev-parse", "--is-shallow-repository"]);
        output.is_ok_and(|output| line(&output) == "true")
    }

    /// The object that an expression names, if it is there.
    fn verified(&self, expression: &str) -> Result<Option<String>, GitError> {
        let output = self.ask(["rev-parse", "--verify", "--quiet", expression])?;
        let object = line(&output);
        let found = output.status.success() && object.bytes().all(|b| b.is_ascii_hexdigit());
        Ok((found && !object.is_empty()).then_some(object))
    }

    fn unknown(&self, name: &str) -> GitError {
        let error = GitError::new(format!("unknown revision `{name}`"));
        let remote = format!("origin/{name}");
        if let Ok(Some(_)) = self.verified(&format!("{remote}^{{tree}}")) {
            return error.with_help(format!("did you mean `{remote}`?"));
        }
        if !self.is_shallow() {
            return error.with_help("`git branch --all` and `git tag` list the known ones");
        }
        let branch = name.strip_prefix("origin/").unwrap_or(name);
        let plain = branch
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
        error.with_help(if plain {
            format!(
                "this clone is shallow: git fetch --depth=1 origin {branch}, then `FETCH_HEAD` \
                 (GitHub Actions: `fetch-depth: 0`)"
            )
        } else {
            "this clone is shallow: git fetch --unshallow (GitHub Actions: `fetch-depth: 0`)".into()
        })
    }

    /// Why git does not take a folder for a repository.
    fn refused(&self, output: &Output) -> GitError {
        let said = complaint(output);
        let folder = self.folder.display();
        if said.contains("dubious ownership") || said.contains("unsafe repository") {
            return GitError::new(format!(
                "{folder}: git refuses it: it belongs to another user"
            ))
            .with_help(format!(
                "if you trust it: git config --global --add safe.directory {folder}"
            ));
        }
        if said.starts_with("not a git repository") {
            return GitError::new(format!("{folder}: not in a git repository"))
                .with_help("run it inside of a clone");
        }
        GitError::new(format!("{folder}: git: {said}"))
    }

    /// The output of a git command, whether it did well or not.
    fn ask<I, S>(&self, arguments: I) -> Result<Output, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        git(&self.folder)
            .args(arguments)
            .output()
            .map_err(|error| not_started(&error))
    }

    /// The output of a git command that must do well.
    fn say<I, S>(&self, arguments: I) -> Result<Output, GitError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let output = self.ask(arguments)?;
        if output.status.success() {
            return Ok(output);
        }
        Err(GitError::new(format!("git: {}", complaint(&output))))
    }
}

/// What stands between the NUL bytes that end each record.
fn records(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0).filter(|one| !one.is_empty())
}

/// `100644 blob 4b825d…<TAB>path`
fn tree_entry(record: &[u8]) -> Option<TreeEntry> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let meta = std::str::from_utf8(&record[..tab]).ok()?;
    let mut words = meta.split_ascii_whitespace();
    let (mode, object) = (words.next()?, words.nth(1)?);
    Some(TreeEntry {
        path: String::from_utf8_lossy(&record[tab + 1..]).into_owned(),
        kind: Kind::of_mode(mode)?,
        object: object.to_string(),
    })
}
