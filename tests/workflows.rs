//! What GitHub, GitLab, pre-commit and Docker read is checked by programs that know their formats.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

mod ci_tools;
use ci_tools::{root, run, succeed, tool};

/// Files of a folder with one of the endings, relative to the repository; none where there is no folder.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name();
    let files = entries
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path);
    files
        .filter(|path| path.is_file())
        .filter(|path| {
            endings
                .iter()
                .any(|end| path.to_string_lossy().ends_with(end))
        })
        .map(|path| path.strip_prefix(root()).expect("inside").to_path_buf())
        .collect()
}

fn workflows() -> Vec<PathBuf> {
    let mut out = files(".github/workflows", &[".yml"]);
    let examples = files("examples/ci", &[".yml"]).into_iter();
    out.extend(examples.filter(|path| name(path).starts_with("github-")));
    assert!(out.len() >= 5, "{out:?}");
    out
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into()
}

fn follows_schema(schema: &[&str], files: &[PathBuf]) {
    let Some(program) = tool("check-jsonschema") else {
        return;
    };
    succeed(
        Command::new(program)
            .arg("--builtin-schema")
            .args(schema)
            .args(files)
            .current_dir(root()),
    );
}

#[test]
fn workflows_follow_their_schema() {
    follows_schema(&["vendor.github-workflows"], &workflows());
}

#[test]
fn the_action_follows_its_schema() {
    follows_schema(&["vendor.github-actions"], &["action.yml".into()]);
}

#[test]
fn the_gitlab_example_follows_its_schema() {
    let schema = ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    follows_schema(&schema, &["examples/ci/gitlab-ci.yml".into()]);
}

/// pre-commit judges its hooks itself.
#[test]
fn the_hooks_are_what_pre_commit_reads() {
    let hooks = root().join(".pre-commit-hooks.yaml");
    if !hooks.is_file() {
        println!("skipped: there are no hooks");
        return;
    }
    let Some(program) = tool("pre-commit") else {
        return;
    };
    succeed(
        Command::new(program)
            .arg("validate-manifest")
            .arg(hooks)
            .current_dir(root()),
    );
}

#[test]
fn actionlint_has_nothing_to_say() {
    let (Some(program), Some(shellcheck)) = (tool("actionlint"), tool("shellcheck")) else {
        return;
    };
    succeed(
        Command::new(program)
            .arg("-shellcheck")
            .arg(shellcheck)
            .args(workflows())
            .current_dir(root()),
    );
}

/// The examples name this project's action by the tag of its release, which zizmor rightly dislikes: they are checked below.
#[test]
fn zizmor_finds_no_hole() {
    let Some(program) = tool("zizmor") else {
        return;
    };
    succeed(
        Command::new(program)
            .args(["--offline", "--no-progress", "--min-severity", "medium"])
            .args([".github/workflows", "action.yml"])
            .current_dir(root()),
    );
}

#[test]
fn scripts_are_clean() {
    let Some(program) = tool("shellcheck") else {
        return;
    };
    let mut scripts = files(".github", &[".sh"]);
    let ours = files(".ci", &[""]).into_iter();
    scripts.extend(ours.filter(|path| {
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        text.starts_with("#!/usr/bin/env bash")
    }));
    assert!(scripts.len() >= 7, "{scripts:?}");
    succeed(
        Command::new(program)
            .args(["--external-sources", "--source-path", "SCRIPTDIR"])
            .args(scripts)
            .current_dir(root()),
    );
}

#[test]
fn the_image_is_clean() {
    let Some(program) = tool("hadolint") else {
        return;
    };
    succeed(Command::new(program).arg("Dockerfile").current_dir(root()));
    // It must not run as root, and must build what is locked.
    let text = fs::read_to_string(root().join("Dockerfile")).expect("readable");
    let last = text.split("\nFROM ").last().expect("a stage");
    assert!(last.contains("\nUSER 10001\n"), "{last}");
    assert!(text.contains("cargo build --release --locked"));
}

/// What a check must reject, so that a silent program is not taken for a good one.
#[test]
fn the_checkers_reject_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yml");
    fs::write(
        &file,
        "on: push\njobs:\n  one:\n    runs-on: no-such-runner\n    steps:\n      - run: echo ${{ nothing.here }}\n        used: x\n",
    )
    .expect("a file");
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    for (name, arguments) in [("actionlint", &[][..]), ("check-jsonschema", &schema[..])] {
        let Some(program) = tool(name) else { continue };
        let output = run(Command::new(program).args(arguments).arg(&file));
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
    }
}

/// Actions of others by their commit, with the version beside it; ours by its release.
#[test]
fn actions_are_pinned() {
    let uses = Regex::new(r"(?m)^\s*(?:- )?uses: (\S+)(.*)$").expect("a pattern");
    let commit = Regex::new(r"^[\w./-]+@[0-9a-f]{40}$").expect("a pattern");
    let version = Regex::new(r"^ # v\d+\.\d+\.\d+$").expect("a pattern");
    let own = format!("prefixlint/prefixlint@v{}", env!("CARGO_PKG_VERSION"));
    let mut commits: BTreeSet<(String, String)> = BTreeSet::new();
    for path in workflows().into_iter().chain(["action.yml".into()]) {
        let text = fs::read_to_string(root().join(&path)).expect("readable");
        for found in uses.captures_iter(&text) {
            let (what, comment) = (&found[1], &found[2]);
            if what == own || what.starts_with("./") {
                continue;
            }
            assert!(commit.is_match(what), "{}: {what}", path.display());
            assert!(version.is_match(comment), "{}: {comment}", path.display());
            let (action, at) = what.split_once('@').expect("a commit");
            commits.insert((action.to_string(), format!("{at}{comment}")));
        }
    }
    let actions: BTreeSet<&String> = commits.iter().map(|(action, _)| action).collect();
    assert!(actions.len() >= 6, "{actions:?}");
    assert_eq!(
        actions.len(),
        commits.len(),
        "two versions of one: {commits:?}"
    );
}

/// A job gets what it names; the workflow as a whole gets nothing.
#[test]
fn permissions_are_the_least() {
    for path in workflows() {
        let text = fs::read_to_string(root().join(&path)).expect("readable");
        let workflow: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        let all = workflow["permissions"].as_mapping();
        assert!(all.is_some_and(|all| all.is_empty()), "{}", path.display());
        let jobs = workflow["jobs"].as_mapping().expect("jobs");
        for (job, body) in jobs {
            let job = job.as_str().expect("a name");
            let granted = body["permissions"].as_mapping();
            let granted = granted.unwrap_or_else(|| panic!("{}: {job}", path.display()));
            let writes = granted.values().filter(|one| one.as_str() == Some("write"));
            let publishes = path.ends_with("release.yml") || path.starts_with("examples");
            assert!(
                publishes || writes.count() == 0,
                "{}: {job}",
                path.display()
            );
        }
    }
}
