//! Repositories made here, on disk: what is read, what is refused, and that nothing which they configure runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// A repository that goes away with its folder. The machine's own git config does not count.
pub(crate) struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let scratch = Scratch {
            folder: tempfile::tempdir().unwrap(),
        };
        scratch.git(&["init", "--quiet", "--initial-branch=main", "."]);
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        run(self.path(), arguments)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "step"]);
        self.git(&["rev-parse", "HEAD"]).trim().to_string()
    }

    fn open(&self) -> Repository {
        Repository::open(self.path()).unwrap()
    }

    /// (path, content) of what differs, with the kind of content as a letter.
    fn changed(&self, from: &str, to: Option<&str>) -> Vec<(String, char)> {
        let repository = self.open();
        let from = repository.resolve(from).unwrap();
        let to = to.map(|name| repository.resolve(name).unwrap());
        let letter = |content: &Content| match content {
            Content::Object(_) => 'O',
            Content::Disk => 'D',
            Content::Gone => 'X',
        };
        let changes = repository.changed(&from, to.as_ref()).unwrap();
        changes
            .into_iter()
            .map(|change| (change.path, letter(&change.content)))
            .collect()
    }
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> String {
    let settings = [
        "user.name=A",
        "user.email=a@example.org",
        "core.autocrlf=false",
        "commit.gpgSign=false",
        "protocol.file.allow=always",
        "core.hooksPath=/dev/null",
    ];
    let mut command = Command::new("git");
    for name in UNSET {
        command.env_remove(name);
    }
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    let output = command
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn pairs(expected: &[(&str, char)]) -> Vec<(String, char)> {
    let own = |(path, letter): &(&str, char)| ((*path).to_string(), *letter);
    expected.iter().map(own).collect()
}

#[test]
fn trees_and_blobs_are_read_whatever_their_paths_hold() {
    let scratch = Scratch::new();
    let names = [
        "a.j2",
        "plain \"quoted\" é.j2",
        "tab\there.j2",
        "日本/語.j2",
    ];
    let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
    scratch.commit(&files);
    let repository = scratch.open();
    let tree = repository.tree(&repository.resolve("HEAD").unwrap());
    let tree = tree.unwrap();
    let blobs = repository.blobs();
    let mut seen: Vec<&str> = tree.iter().map(|entry| entry.path.as_str()).collect();
    seen.sort_unstable();
    let mut expected = names.to_vec();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    for entry in &tree {
        let (bytes, size) = blobs.read(&entry.object, 1000).unwrap();
        assert_eq!(bytes, entry.path.as_bytes());
        assert_eq!(size, entry.path.len() as u64);
    }
    let (start, size) = blobs.read(&tree[0].object, 2).unwrap();
    assert_eq!((start.as_slice(), size), (&b"a."[..], 4));
    assert!(blobs.read(&"0".repeat(40), 10).is_err());
}

#[test]
fn many_threads_share_a_reader() {
    use rayon::prelude::*;
    let scratch = Scratch::new();
    let names: Vec<String> = (0..200).map(|n| format!("f{n}")).collect();
    let texts: Vec<String> = (0..200).map(|n| format!("{n} ").repeat(n * 7)).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .zip(&texts)
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    scratch.commit(&files);
    let repository = scratch.open();
    let tree = repository
        .tree(&repository.resolve("main").unwrap())
        .unwrap();
    let blobs = repository.blobs();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(8)
        .build()
        .unwrap();
    pool.install(|| {
        tree.par_iter().for_each(|entry| {
            let index: usize = entry.path[1..].parse().unwrap();
            let (bytes, _) = blobs.read(&entry.object, u64::MAX).unwrap();
            assert_eq!(bytes, texts[index].as_bytes(), "{}", entry.path);
        });
    });
}

#[test]
fn changes_between_trees_and_against_the_working_tree() {
    let scratch = Scratch::new();
    scratch.commit(&[
        (".gitignore", "*.log\n"),
        ("same", "1"),
        ("edited", "1"),
        ("gone", "1"),
        ("sub/moved", "a text that moves"),
    ]);
    let base = scratch.git(&["rev-parse", "HEAD"]);
    fs::remove_file(scratch.path().join("gone")).unwrap();
    scratch.commit(&[("edited", "2"), ("added", "1")]);
    let base = base.trim();
    let expected = [("added", 'O'), ("edited", 'O'), ("gone", 'X')];
    assert_eq!(scratch.changed(base, Some("HEAD")), pairs(&expected));
    assert_eq!(scratch.changed("HEAD", None), []);

    scratch.write("noise.log", "x");
    scratch.write("new é", "x");
    scratch.git(&["mv", "sub/moved", "sub/there"]);
    fs::remove_file(scratch.path().join("edited")).unwrap();
    let expected = [
        ("edited", 'X'),
        ("new é", 'D'),
        ("sub/moved", 'X'),
        ("sub/there", 'O'),
    ];
    assert_eq!(scratch.changed("HEAD", None), pairs(&expected));
}

#[test]
fn a_touched_file_is_not_changed() {
    let scratch = Scratch::new();
    scratch.commit(&[("a", "text"), ("b", "text"), ("c", "text")]);
    let day = std::time::Duration::from_secs(86_400);
    let touch = |name: &str| {
        let file = fs::File::options()
            .write(true)
            .open(scratch.path().join(name));
        let at = std::time::SystemTime::now() - day;
        file.unwrap().set_modified(at).unwrap();
    };
    touch("a");
    scratch.write("b", "TEXT");
    touch("b");
    assert_eq!(scratch.changed("HEAD", None), pairs(&[("b", 'D')]));
}

#[test]
fn line_ends_that_a_checkout_converts_are_not_a_change() {
    let scratch = Scratch::new();
    scratch.commit(&[
        (".gitattributes", "*.j2 text eol=crlf\n"),
        ("a.j2", "one\ntwo\n"),
    ]);
    fs::write(scratch.path().join("a.j2"), "one\r\ntwo\r\n").unwrap();
    assert_eq!(scratch.changed("HEAD", None), []);
}

#[test]
fn what_is_no_revision_is_refused_with_a_way_out() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1")]);
    scratch.git(&["tag", "--annotate", "--message=x", "v1"]);
    let repository = scratch.open();
    for name in ["v1", "main", &first[..8], "HEAD", "@"] {
        let found = repository.resolve(name).unwrap();
        assert_eq!(found.commit.as_deref(), Some(first.as_str()), "{name}");
    }
    let tree = repository.resolve("main^{tree}").unwrap();
    assert_eq!(tree.commit, None);
    for name in [
        "",
        "-h",
        "--output=x",
        "a\nb",
        "nope",
        "main..v1",
        "main:a",
        "^main",
    ] {
        let error = repository.resolve(name).unwrap_err();
        assert!(error.help.is_some(), "{name}: {error:?}");
    }
    scratch.git(&["update-ref", "refs/remotes/origin/release", "HEAD"]);
    let error = repository.resolve("release").unwrap_err();
    assert_eq!(error.help.unwrap(), "did you mean `origin/release`?");
}

#[test]
fn the_merge_base_is_where_branches_part() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1")]);
    scratch.git(&["checkout", "--quiet", "-b", "topic"]);
    scratch.commit(&[("a", "2")]);
    scratch.git(&["checkout", "--quiet", "main"]);
    scratch.commit(&[("a", "3")]);
    scratch.git(&["checkout", "--quiet", "--orphan", "other"]);
    scratch.commit(&[("a", "4")]);
    let repository = scratch.open();
    let [main, topic, other] = ["main", "topic", "other"].map(|n| repository.resolve(n).unwrap());
    let base = repository.merge_base(&main, &topic).unwrap();
    assert_eq!(base.commit.as_deref(), Some(first.as_str()));
    let error = repository.merge_base(&main, &other).unwrap_err();
    assert!(error.message.contains("no commit in common"), "{error}");
}

#[test]
fn a_shallow_clone_says_how_to_get_more() {
    let scratch = Scratch::new();
    scratch.commit(&[("a", "1")]);
    scratch.git(&["tag", "old"]);
    let first = scratch.git(&["rev-parse", "HEAD"]);
    scratch.commit(&[("a", "2")]);
    let parent = tempfile::tempdir().unwrap();
    let url = format!("file://{}", scratch.path().display());
    run(
        parent.path(),
        &["clone", "--quiet", "--depth=1", "--no-tags", &url, "clone"],
    );
    let repository = Repository::open(&parent.path().join("clone")).unwrap();
    assert!(repository.is_shallow());
    for name in [first.trim(), "old", "HEAD~1"] {
        let help = repository.resolve(name).unwrap_err().help.unwrap();
        assert!(
            help.contains("shallow") && help.contains("fetch-depth: 0"),
            "{help}"
        );
    }
}

#[test]
fn folders_outside_of_a_repository_and_bare_ones() {
    let plain = tempfile::tempdir().unwrap();
    let error = Repository::open(plain.path()).unwrap_err();
    assert!(error.message.contains("not in a git repository"), "{error}");
    let scratch = Scratch::new();
    scratch.commit(&[("sub/a", "1")]);
    let top = scratch.path().canonicalize().unwrap();
    let inside = Repository::open(&scratch.path().join("sub")).unwrap();
    assert_eq!(inside.top(), Some(top.as_path()));
    // A tree is listed from the root, wherever git is started.
    let tree = inside.tree(&inside.resolve("HEAD").unwrap()).unwrap();
    assert_eq!(tree[0].path, "sub/a");

    let url = scratch.path().to_string_lossy();
    run(
        plain.path(),
        &["clone", "--quiet", "--bare", &url, "bare.git"],
    );
    let bare = Repository::open(&plain.path().join("bare.git")).unwrap();
    assert_eq!(bare.top(), None);
    let head = bare.resolve("HEAD").unwrap();
    assert_eq!(bare.tree(&head).unwrap().len(), 1);
    assert!(bare.changed(&head, None).unwrap_err().help.is_some());
}

#[test]
fn submodules_and_links_are_told_apart() {
    let library = Scratch::new();
    library.commit(&[("x.j2", "1")]);
    let scratch = Scratch::new();
    scratch.commit(&[("a", "1")]);
    let url = library.path().to_string_lossy().into_owned();
    scratch.git(&["submodule", "--quiet", "add", &url, "lib"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", scratch.path().join("link")).unwrap();
    scratch.commit(&[]);
    let repository = scratch.open();
    let tree = repository
        .tree(&repository.resolve("HEAD").unwrap())
        .unwrap();
    let kind = |path: &str| tree.iter().find(|e| e.path == path).map(|e| e.kind);
    assert_eq!(kind("lib"), Some(Kind::Submodule));
    assert_eq!(kind("a"), Some(Kind::File));
    #[cfg(unix)]
    assert_eq!(kind("link"), Some(Kind::Link));
    // A changed submodule is not looked into.
    fs::write(scratch.path().join("lib/x.j2"), "2").unwrap();
    assert_eq!(scratch.changed("HEAD", None), []);
}

/// A program that leaves a trace when somebody runs it.
#[cfg(unix)]
fn trap(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, trace) = (folder.join(name), folder.join(format!("{name}.ran")));
    fs::write(
        &program,
        format!("#!/bin/sh\ntouch '{}'\nexit 1\n", trace.display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (program, trace)
}

#[cfg(unix)]
#[test]
fn nothing_that_a_repository_configures_is_run() {
    let outside = tempfile::tempdir().unwrap();
    let (program, trace) = trap(outside.path(), "evil");
    let program = program.to_string_lossy().into_owned();
    let scratch = Scratch::new();
    scratch.commit(&[("a.j2", "one"), ("b.j2", "two"), ("c", "three")]);
    scratch.write(
        ".gitattributes",
        "*.j2 filter=evil diff=evil\nc filter=long merge=evil\n",
    );
    scratch.commit(&[]);
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.long.process",
        "merge.evil.driver",
        "gpg.program",
        "pager.config",
        "pager.diff-index",
        "pager.rev-parse",
        "sequence.editor",
        "uploadpack.packObjectsHook",
    ] {
        scratch.git(&["config", key, &program]);
    }
    for name in [
        "rev-parse",
        "ls-tree",
        "diff-index",
        "cat-file",
        "hash-object",
    ] {
        scratch.git(&["config", &format!("alias.{name}"), &format!("!{program}")]);
    }
    scratch.git(&["config", "filter.evil.required", "true"]);
    let hooks = scratch.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ] {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    // Git finds by itself that the text of this file must be compared: it is as young as the index.
    scratch.git(&["config", "core.trustctime", "false"]);
    scratch.git(&["config", "core.checkStat", "minimal"]);
    let open = |path: &str| {
        let path = scratch.path().join(path);
        fs::File::options().write(true).open(path).unwrap()
    };
    let written = fs::metadata(scratch.path().join("a.j2")).unwrap();
    scratch.write("a.j2", "ONE");
    open("a.j2")
        .set_modified(written.modified().unwrap())
        .unwrap();
    let index = open(".git/index");
    index.set_modified(written.modified().unwrap()).unwrap();
    scratch.write("b.j2", "two");

    let repository = scratch.open();
    let head = repository.resolve("HEAD").unwrap();
    assert!(repository.resolve("missing").is_err());
    let older = repository.resolve("HEAD~1").unwrap();
    repository.merge_base(&head, &older).unwrap();
    repository.changed(&older, Some(&head)).unwrap();
    assert_eq!(scratch.changed("HEAD", None), pairs(&[("a.j2", 'D')]));
    let blobs = repository.blobs();
    for entry in repository.tree(&head).unwrap() {
        blobs.read(&entry.object, 100).unwrap();
    }
    assert!(!trace.exists(), "something was run");

    // The trap works: git itself, left alone, falls into it, and into the filter as well.
    index.set_modified(written.modified().unwrap()).unwrap();
    let _ = Command::new("git")
        .args(["-c", "core.fsmonitor=", "diff-index", "--raw", "HEAD"])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .output();
    assert!(trace.exists(), "the filter is no trap");
    fs::remove_file(&trace).unwrap();
    let _ = Command::new("git")
        .args(["diff", "HEAD"])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .output();
    assert!(trace.exists(), "the trap does not work");
}

#[cfg(unix)]
#[test]
fn a_partial_clone_does_not_fetch() {
    let outside = tempfile::tempdir().unwrap();
    let (program, trace) = trap(outside.path(), "evil");
    let scratch = Scratch::new();
    scratch.commit(&[("a.j2", "a text")]);
    let blob = scratch.git(&["rev-parse", "HEAD:a.j2"]);
    // The blob is gone, and a remote promises it.
    let (folder, name) = blob.trim().split_at(2);
    fs::remove_file(scratch.path().join(format!(".git/objects/{folder}/{name}"))).unwrap();
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", "."),
        ("remote.origin.uploadpack", &program.to_string_lossy()),
    ] {
        scratch.git(&["config", key, value]);
    }
    let repository = scratch.open();
    let tree = repository
        .tree(&repository.resolve("HEAD").unwrap())
        .unwrap();
    let error = repository.blobs().read(&tree[0].object, 10).unwrap_err();
    assert!(error.to_string().contains("partial clone"), "{error}");
    assert!(!trace.exists(), "git fetched");
    let _ = Command::new("git")
        .args(["cat-file", "-p", "HEAD:a.j2"])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .output();
    assert!(trace.exists(), "the trap does not work");
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_is_refused_with_a_way_out() {
    let scratch = Scratch::new();
    scratch.commit(&[("a", "1")]);
    let stranger = Some(12_345);
    let given = std::os::unix::fs::chown(scratch.path(), stranger, stranger)
        .and_then(|()| std::os::unix::fs::chown(scratch.path().join(".git"), stranger, stranger));
    if given.is_err() {
        println!("skipped: only root can give files away");
        return;
    }
    // As for everybody, unless this machine trusts every repository.
    let trusted = Command::new("git")
        .args(["config", "--get-all", "safe.directory"])
        .output()
        .unwrap();
    if String::from_utf8_lossy(&trusted.stdout)
        .lines()
        .any(|line| line == "*")
    {
        println!("skipped: this machine trusts every repository");
        return;
    }
    let error = Repository::open(scratch.path()).unwrap_err();
    assert!(error.message.contains("belongs to another user"), "{error}");
    assert!(error.help.unwrap().contains("safe.directory"));
}

#[test]
fn variables_of_the_caller_do_not_lead_astray() {
    let command = git(Path::new("."));
    let unset: Vec<&OsStr> = command
        .get_envs()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| name)
        .collect();
    for name in [
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_WORK_TREE",
        "GIT_EXTERNAL_DIFF",
    ] {
        assert!(unset.contains(&OsStr::new(name)), "{name}");
    }
    // Whatever this git says belongs to one repository only is among them, but for what configures it.
    let known = run(Path::new("."), &["rev-parse", "--local-env-vars"]);
    for name in known.lines() {
        let kept = [
            "GIT_CONFIG_PARAMETERS",
            "GIT_CONFIG_COUNT",
            "GIT_NO_REPLACE_OBJECTS",
        ];
        let known = kept.contains(&name) || unset.contains(&OsStr::new(name));
        assert!(known, "{name}");
    }
}
