//! The compare step of the GitHub Action, over real repositories: which commit a pull request is compared with, and how
//! the one comment is found and kept.

#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

mod ci_tools;
mod runner;
use ci_tools::succeed;
use runner::{Ran, Runner};

/// Stands for GitHub's program: keeps what it is asked and what it is to post.
const GH: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB/gh"
[ -z "${STUB_READ_ONLY:-}" ] || exit 1
for argument; do
  case "$argument" in
    body=@*) cp "${argument#body=@}" "$STUB/body" ;;
  esac
done
if [ "$2" = graphql ]; then printf '%s' "${STUB_COMMENTS:-}"; fi
"#;

/// Stands for the program: notes whether the base can be read, and writes what it is told to.
const PREFIXLINT: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$@" >"$STUB/arguments"
for argument; do
  case "$argument" in
    markdown=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/compare.md" "${argument#markdown=}" ;;
    json=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/compare.json" "${argument#json=}" ;;
  esac
done
git cat-file -e "$2^{tree}" || exit 2
exit "${STUB_CODE:-0}"
"#;

fn summary(changed: usize) -> String {
    serde_json::json!({ "summary": {
        "unchanged": 3, "renamed": 0, "changed": changed, "added": 0, "deleted": 0,
        "new_findings": 0, "fixed_findings": 0,
    } })
    .to_string()
}

/// `base` is where the pull request began, `main` where the branch is now, `merge` what GitHub checks out.
struct PullRequest {
    runner: Runner,
    base: String,
    main: String,
    merge: String,
}

fn git(folder: PathBuf, arguments: &[&str]) -> String {
    let settings = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
    ];
    let said = succeed(
        Command::new("git")
            .args(settings)
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(folder),
    );
    said.trim().to_string()
}

impl PullRequest {
    /// A shallow checkout of the merge, as `actions/checkout` makes it.
    fn new() -> PullRequest {
        let mut runner = Runner::new();
        runner.stub("gh", GH);
        runner.stub("prefixlint", PREFIXLINT);
        runner.write("stub/compare.md", "## Dearer by $12\n");
        runner.write("stub/compare.json", &summary(1));
        let origin = runner.at("origin");
        fs::create_dir(&origin).expect("a folder");
        let git = |arguments: &[&str]| git(origin.clone(), arguments);
        let commit = |name: &str| {
            fs::write(origin.join(name), name).expect("a file");
            git(&["add", name]);
            git(&["commit", "-q", "-m", name]);
            git(&["rev-parse", "HEAD"])
        };
        git(&["init", "-q", "-b", "main"]);
        git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let base = commit("base");
        git(&["checkout", "-q", "-b", "change"]);
        commit("change");
        git(&["checkout", "-q", "main"]);
        let main = commit("main");
        git(&["checkout", "-q", "-b", "merge"]);
        git(&["merge", "-q", "--no-ff", "--no-edit", "change"]);
        let merge = git(&["rev-parse", "HEAD"]);
        for (name, value) in [
            ("GITHUB_SHA", merge.as_str()),
            ("BASE_SHA", &base),
            ("PULL_REQUEST", "7"),
            ("GITHUB_REPOSITORY", "owner/name"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GH_TOKEN", "secret"),
        ] {
            runner.set(name, value);
        }
        let pull = PullRequest {
            runner,
            base,
            main,
            merge,
        };
        pull.check_out("merge", &["--depth=1"]);
        pull
    }

    fn check_out(&self, branch: &str, options: &[&str]) {
        let work = self.runner.at("work");
        fs::remove_dir_all(&work).expect("it was there");
        let origin = format!("file://{}", self.runner.at("origin").display());
        let clone = ["clone", "-q", "--single-branch", "--branch", branch];
        let place = [origin.as_str(), "work"];
        let arguments: Vec<&str> = clone.iter().chain(options).chain(&place).copied().collect();
        git(self.runner.folder.path().into(), &arguments);
    }

    fn compare(&self) -> Ran {
        self.runner.step("compare.sh")
    }

    fn compared_with(&self) -> String {
        let arguments = self.runner.read("stub/arguments");
        arguments.lines().nth(1).expect("a base").to_string()
    }
}

#[test]
fn a_merge_is_compared_with_the_branch_it_was_merged_with() {
    let pull = PullRequest::new();
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    // Not with `base`: what others did on the branch since then is not of this change.
    assert_ne!(pull.main, pull.base);
    assert_eq!(pull.compared_with(), pull.main);
    let head = git(pull.runner.at("work"), &["rev-parse", "HEAD"]);
    assert_eq!(head, pull.merge, "the checkout is not touched");
}

#[test]
fn the_head_of_the_change_is_compared_with_the_base_of_the_event() {
    let pull = PullRequest::new();
    pull.check_out("change", &[]);
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    assert_eq!(pull.compared_with(), pull.base);
}

#[test]
fn a_whole_clone_stays_whole() {
    let pull = PullRequest::new();
    pull.check_out("merge", &[]);
    assert_eq!(pull.compare().code, Some(0));
    let shallow = ["rev-parse", "--is-shallow-repository"];
    assert_eq!(git(pull.runner.at("work"), &shallow), "false");
}

#[test]
fn a_base_that_cannot_be_had_is_said() {
    let mut pull = PullRequest::new();
    pull.check_out("change", &["--depth=1"]);
    pull.runner.set("BASE_SHA", &"1".repeat(40));
    let ran = pull.compare();
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(ran.log.contains("fetch-depth: 0"), "{}", ran.log);
    assert!(!ran.log.contains("secret"), "{}", ran.log);
}

#[test]
fn the_comment_is_written_once_and_then_kept() {
    let mut pull = PullRequest::new();
    assert_eq!(pull.compare().code, Some(0));
    let asked = pull.runner.read("stub/gh");
    assert!(
        asked.contains("--method POST repos/owner/name/issues/7/comments"),
        "{asked}"
    );
    let body = pull.runner.read("stub/body");
    assert_eq!(body, "<!-- prefixlint compare . -->\n## Dearer by $12\n");
    assert_eq!(pull.runner.read("summary"), "## Dearer by $12\n");

    pull.runner.set("STUB_COMMENTS", "42\n43\n");
    pull.runner.write("stub/gh", "");
    assert_eq!(pull.compare().code, Some(0));
    let asked = pull.runner.read("stub/gh");
    assert!(
        asked.contains("--method PATCH repos/owner/name/issues/comments/42 "),
        "{asked}"
    );
    assert!(!asked.contains("POST"), "{asked}");
}

#[test]
fn a_change_that_touches_no_prompt_writes_no_comment_but_keeps_one_true() {
    let mut pull = PullRequest::new();
    pull.runner.write("stub/compare.json", &summary(0));
    assert_eq!(pull.compare().code, Some(0));
    assert!(!pull.runner.at("stub/body").exists());

    pull.runner.set("STUB_COMMENTS", "42\n");
    assert_eq!(pull.compare().code, Some(0));
    let asked = pull.runner.read("stub/gh");
    assert!(asked.contains("PATCH"), "{asked}");
}

/// With the program itself: a clock moves in front of the instructions.
#[test]
fn a_dearer_prompt_is_commented_on() {
    let rules = "Answer politely and cite the section of the policy.\n".repeat(300);
    let clean = format!("You are a sales agent.\n{rules}\n{{{{ question }}}}\n");
    let clock = format!("It is {{{{ now() }}}}.\n{clean}");
    let mut pull = PullRequest::new();
    fs::remove_file(pull.runner.at("bin/prefixlint")).expect("it was there");
    let program = env!("CARGO_BIN_EXE_prefixlint");
    std::os::unix::fs::symlink(program, pull.runner.at("bin/prefixlint")).expect("a link");
    let origin = pull.runner.at("origin");
    let commit = |branch: &str, prompt: &str| {
        git(origin.clone(), &["checkout", "-q", branch]);
        fs::create_dir_all(origin.join("prompts")).expect("a folder");
        fs::write(origin.join("prompts/sales.j2"), prompt).expect("a file");
        git(origin.clone(), &["add", "."]);
        git(origin.clone(), &["commit", "-q", "-m", "prompt"]);
        git(origin.clone(), &["rev-parse", "HEAD"])
    };
    let base = commit("main", &clean);
    git(origin.clone(), &["checkout", "-q", "-b", "dearer"]);
    commit("dearer", &clock);
    pull.check_out("dearer", &["--depth=1"]);
    pull.runner.set("BASE_SHA", &base);
    pull.runner
        .set("INPUT_COMPARE_ARGS", "--fail-on-increase=5%");
    let ran = pull.compare();
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    let body = pull.runner.read("stub/body");
    assert!(
        body.starts_with("<!-- prefixlint compare . -->\n### prefixlint"),
        "{body}"
    );
    assert!(body.contains("prompts/sales.j2"), "{body}");
    assert!(body.contains("fails:"), "{body}");

    fs::remove_file(pull.runner.at("stub/body")).expect("it was there");
    git(pull.runner.at("work"), &["checkout", "-q", &base]);
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    assert!(!pull.runner.at("stub/body").exists(), "nothing changed");
}

/// On a pull request from a fork the token may only read.
#[test]
fn a_comment_that_may_not_be_written_is_no_failure() {
    let mut pull = PullRequest::new();
    pull.runner.set("STUB_READ_ONLY", "1");
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    assert!(ran.log.contains("::notice"), "{}", ran.log);
    assert!(ran.log.contains("fork"), "{}", ran.log);
    assert_eq!(pull.runner.read("summary"), "## Dearer by $12\n");
}

#[test]
fn an_increase_fails_the_step_after_the_comment() {
    let mut pull = PullRequest::new();
    pull.runner.set("STUB_CODE", "1");
    pull.runner.set(
        "INPUT_COMPARE_ARGS",
        "--fail-on-increase=5%\n$(touch pwned)",
    );
    assert_eq!(pull.compare().code, Some(1));
    let asked = pull.runner.read("stub/gh");
    assert!(asked.contains("POST"), "{asked}");
    let arguments = pull.runner.read("stub/arguments");
    let expected = "\n--fail-on-increase=5%\n$(touch pwned)\n";
    assert!(arguments.ends_with(expected), "{arguments}");
    assert!(pull.runner.is_unharmed());
}

#[test]
fn a_failed_comparison_posts_nothing() {
    let mut pull = PullRequest::new();
    pull.runner.set("STUB_CODE", "2");
    pull.runner.set("STUB_BROKEN", "1");
    assert_eq!(pull.compare().code, Some(2));
    assert!(!pull.runner.at("stub/gh").exists());
    assert_eq!(pull.runner.read("summary"), "");
}

#[test]
fn a_long_comparison_is_cut_at_a_line() {
    let pull = PullRequest::new();
    let line = "| prompts/a.j2 | dearer, 12 € |\n";
    pull.runner.write("stub/compare.md", &line.repeat(5000));
    assert_eq!(pull.compare().code, Some(0));
    let body = pull.runner.read("stub/body");
    assert!(body.chars().count() < 65_000);
    assert!(body.contains("job summary holds the rest"));
    let whole = body.lines().filter(|one| *one == line.trim_end()).count();
    assert!(whole > 1000);
    assert_eq!(pull.runner.read("summary").lines().count(), 5000);
}

/// The name of a folder cannot end the HTML comment that marks the comment.
#[test]
fn the_mark_is_one_comment_in_every_folder() {
    let mut pull = PullRequest::new();
    let folder = "a --> @everyone";
    fs::create_dir(pull.runner.at("work").join(folder)).expect("a folder");
    pull.runner.set("INPUT_WORKING_DIRECTORY", folder);
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let body = pull.runner.read("stub/body");
    let mark = body.lines().next().expect("a mark");
    assert_eq!(mark, "<!-- prefixlint compare a______everyone -->");
}

#[test]
fn what_is_no_pull_request_is_left_alone() {
    let mut pull = PullRequest::new();
    pull.runner.set("PULL_REQUEST", "");
    let ran = pull.compare();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    assert_eq!(pull.runner.read("stub/arguments"), "");
    for (name, value) in [
        ("PULL_REQUEST", "7/../8"),
        ("BASE_SHA", "--upload-pack=touch pwned"),
        ("BASE_SHA", "main"),
    ] {
        let mut pull = PullRequest::new();
        pull.runner.set(name, value);
        assert_eq!(pull.compare().code, Some(2), "{value}");
        assert_eq!(pull.runner.read("stub/arguments"), "");
        assert!(!pull.runner.at("stub/gh").exists());
    }
}
