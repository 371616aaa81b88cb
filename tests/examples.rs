//! The examples of `examples/ci`, run: those of GitHub, and with them the action, by `act`, a runner that no one here
//! wrote; the others by their scripts. What they call outside (the release, code scanning, comments, reviewdog) is stubbed.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;
use serde_json::Value;

mod ci_tools;
use ci_tools::{root, run, succeed, tool};

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Serves the release from a folder.
const CURL: &str = r#"#!/usr/bin/env bash
while [ $# -gt 0 ]; do
  case "$1" in
    --output) file=$2; shift 2 ;;
    http*) url=$1; shift ;;
    *) shift ;;
  esac
done
cp "$STUBS/dist/${url##*/}" "$file" || exit 22
"#;

/// Keeps what is asked of GitHub, and the comment.
const GH: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" | tr '\n' ' ' >>"$STUBS/asked"
echo >>"$STUBS/asked"
for argument; do
  case "$argument" in
    body=@*) cp "${argument#body=@}" "$STUBS/comment.md" ;;
  esac
done
"#;

/// Stands for the upload to code scanning.
const UPLOAD: &str = r#"name: upload
description: counts
inputs:
  sarif_file: { description: the report }
  category: { description: what it is of }
  token: { description: who uploads }
runs:
  using: composite
  steps:
    - shell: bash
      run: 'echo "uploaded $(grep -c ruleId "$FILE") of $CATEGORY"'
      env:
        FILE: ${{ inputs.sarif_file }}
        CATEGORY: ${{ inputs.category }}
"#;

/// A pull request that moves a clock in front of a prompt, as it is checked out: merged with its base, which went on.
struct PullRequest {
    folder: tempfile::TempDir,
    /// Where the change began.
    base: String,
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, text).expect("a file");
}

fn prompt(clock: &str) -> String {
    let rules = "Answer politely and cite the section of the policy.\n".repeat(300);
    format!("You are a support agent.\n{clock}{rules}{{{{ question }}}}\n")
}

impl PullRequest {
    fn new(example: &str, place: &str) -> PullRequest {
        let mut pull = PullRequest {
            folder: tempfile::tempdir().expect("a folder"),
            base: String::new(),
        };
        let work = pull.at("work");
        let example = fs::read_to_string(root().join("examples/ci").join(example));
        write(&work.join(place), &example.expect("the example"));
        write(
            &work.join("prefixlint.yaml"),
            "model: gpt-5.4\ntraffic: { calls-per-month: 200000 }\n",
        );
        write(&work.join("prompts/chat.j2"), &prompt(""));
        pull.git(&["init", "-q", "-b", "main"]);
        pull.commit();
        pull.base = pull.git(&["rev-parse", "HEAD"]);
        pull.git(&["checkout", "-q", "-b", "change"]);
        write(
            &work.join("prompts/chat.j2"),
            &prompt("It is {{ now() }}.\n"),
        );
        pull.commit();
        pull.git(&["checkout", "-q", "main"]);
        write(&work.join("other.txt"), "Of others.\n");
        pull.commit();
        pull.git(&["checkout", "-q", "-b", "merge"]);
        pull.git(&["merge", "-q", "--no-ff", "--no-edit", "change"]);
        pull
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let said = succeed(
            Command::new("git")
                .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
                .args(["-c", "commit.gpgsign=false"])
                .args(arguments)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .current_dir(self.at("work")),
        );
        said.trim().to_string()
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    fn stub(&self, name: &str, script: &str) {
        let path = self.at("bin").join(name);
        write(&path, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    /// The programs that the steps call first.
    fn path(&self) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_prefixlint")).parent();
        let program = program.expect("a folder").display();
        let path = std::env::var("PATH").expect("a path");
        format!("{}:{program}:{path}", self.at("bin").display())
    }

    /// What `act` makes of a workflow: the exit code and the log. `None` where it is not installed.
    fn act(&self) -> Option<(bool, String)> {
        let act = tool("act")?;
        self.release();
        for file in ["action.yml", "Cargo.toml"] {
            let text = fs::read_to_string(root().join(file)).expect("a file");
            write(&self.at("action").join(file), &text);
        }
        let scripts = fs::read_dir(root().join(".github/action")).expect("a folder");
        let own = self.at("action/.github/action");
        fs::create_dir_all(&own).expect("folders");
        for script in scripts.flatten() {
            fs::copy(script.path(), own.join(script.file_name())).expect("a copy");
        }
        write(&self.at("scanning/upload-sarif/action.yml"), UPLOAD);
        self.stub("curl", CURL);
        self.stub("gh", GH);
        write(
            &self.at("event.json"),
            &format!(
                r#"{{"pull_request": {{"number": 7, "base": {{"sha": "{}"}}}}}}"#,
                self.base
            ),
        );
        let action = fs::read_to_string(root().join("action.yml")).expect("the action");
        let scanning = Regex::new("(github/codeql-action)/upload-sarif(@[0-9a-f]+)").expect("one");
        let scanning = scanning.captures(&action).expect("the upload");
        let local = [
            format!(
                "prefixlint/prefixlint@v{}={}",
                env!("CARGO_PKG_VERSION"),
                self.at("action").display()
            ),
            format!(
                "{}{}={}",
                &scanning[1],
                &scanning[2],
                self.at("scanning").display()
            ),
        ];
        let output = run(Command::new(act)
            .args(["pull_request", "--platform", "ubuntu-24.04=-self-hosted"])
            .args(["--eventpath".as_ref(), self.at("event.json").as_os_str()])
            .args(["--secret", "GITHUB_TOKEN=secret"])
            .args(local.iter().flat_map(|one| ["--local-repository", one]))
            .current_dir(self.at("work"))
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", self.at("cache"))
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env("STUBS", self.folder.path())
            .env("PATH", self.path())
            .env_remove("GITHUB_SHA"));
        let done = output.status.success();
        Some((done, told(&output)))
    }

    /// The archives of the release, as it makes them.
    fn release(&self) {
        succeed(
            Command::new(root().join(".github/release/archive.sh"))
                .arg(TARGET)
                .arg(env!("CARGO_BIN_EXE_prefixlint"))
                .arg(self.at("dist")),
        );
    }

    /// A script of a step or a job, line by line as their runners do it.
    fn script(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        run(Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(self.at("work"))
            .env("PATH", self.path())
            .env("STUBS", self.folder.path())
            .env("NO_COLOR", "1")
            .envs(environment.iter().copied()))
    }

    fn json(&self, path: &str) -> Value {
        let text = fs::read_to_string(self.at("work").join(path)).expect("a report");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn told(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).into_owned()
}

fn example(name: &str) -> serde_yaml::Value {
    let text = fs::read_to_string(root().join("examples/ci").join(name)).expect("the example");
    serde_yaml::from_str(&text).expect("YAML")
}

#[test]
fn a_pull_request_is_annotated_commented_on_and_stopped() {
    let name = "github-pull-request.yml";
    let pull = PullRequest::new(name, ".github/workflows/pull.yml");
    let Some((done, log)) = pull.act() else {
        return;
    };
    assert!(!done, "dearer by more than 5 %: {log}");
    assert!(
        log.contains("::warning file=prompts/chat.j2,line=2,endLine=2,col=7"),
        "{log}"
    );
    // What is found fails the step, and the comparison is made all the same.
    assert!(log.contains("Failure - Main Lint"), "{log}");
    assert!(
        log.contains("Failure - Main Compare with the base"),
        "{log}"
    );
    assert!(!log.contains("Main Upload SARIF"), "{log}");
    // The outputs reach the steps behind the action.
    let outputs = Regex::new(r"\| 1 findings; the fixes save \$\d+\.\d+ per 1,000 calls").unwrap();
    assert!(outputs.is_match(&log), "{log}");
    let asked = fs::read_to_string(pull.at("asked")).expect("it was asked");
    assert!(asked.contains("/issues/7/comments"), "{asked}");
    let comment = fs::read_to_string(pull.at("comment.md")).expect("a comment");
    assert!(
        comment.starts_with("<!-- prefixlint compare . -->\n"),
        "{comment}"
    );
    assert!(comment.contains("`prompts/chat.j2`"), "{comment}");
    assert!(comment.contains("more than 5.0 %"), "{comment}");
    let main = pull.git(&["rev-parse", "main"]);
    assert!(
        comment.contains(&main),
        "the branch as it is now: {comment}"
    );
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn findings_reach_code_scanning() {
    let name = "github-code-scanning.yml";
    let pull = PullRequest::new(name, ".github/workflows/scan.yml");
    let Some((done, log)) = pull.act() else {
        return;
    };
    assert!(done, "{log}");
    assert!(log.contains("uploaded 1 of prefixlint"), "{log}");
    assert!(!log.contains("Compare with the base"), "{log}");
    assert!(!pull.at("asked").exists(), "nobody asked for a comment");
}

#[test]
fn the_jobs_of_gitlab_write_the_report_and_fail_on_a_dearer_prompt() {
    let name = "gitlab-ci.yml";
    let pull = PullRequest::new(name, ".gitlab-ci.yml");
    let jobs = example(name);
    let job = |name: &str| {
        let lines = jobs[name]["script"].as_sequence().expect("a script");
        let lines = lines.iter().map(|line| line.as_str().expect("a line"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let base = pull.git(&["rev-parse", "main"]);
    let environment = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str())];
    let checked = pull.script(&job("prefixlint"), &environment);
    assert_eq!(checked.status.code(), Some(1), "{}", told(&checked));
    assert!(told(&checked).contains("warning[volatile-prefix]"));
    let named = &jobs["prefixlint"]["artifacts"]["reports"]["codequality"];
    let report = pull.json(named.as_str().expect("a file"));
    assert_eq!(report[0]["location"]["path"], "prompts/chat.j2");
    let compared = pull.script(&job("prefixlint-compare"), &environment);
    assert_eq!(compared.status.code(), Some(1), "{}", told(&compared));
    assert!(told(&compared).contains("more than 5.0 %"));
}

#[test]
fn reviewdog_is_handed_what_it_reads() {
    let name = "github-reviewdog.yml";
    let pull = PullRequest::new(name, ".github/workflows/review.yml");
    pull.stub(
        "reviewdog",
        "#!/bin/sh\ncat >\"$STUBS/handed.json\"\nprintf '%s\\n' \"$@\" >\"$STUBS/asked\"\n",
    );
    let workflow = example(name);
    let steps = workflow["jobs"]["reviewdog"]["steps"].as_sequence();
    let mut step = steps.expect("steps").iter();
    let step = step.rfind(|step| step["name"] == "Review").expect("it");
    let ran = pull.script(step["run"].as_str().expect("a script"), &[]);
    assert!(ran.status.success(), "{}", told(&ran));
    let asked = fs::read_to_string(pull.at("asked")).expect("it was asked");
    assert!(asked.lines().any(|line| line == "-f=rdjson"), "{asked}");
    let handed = fs::read_to_string(pull.at("handed.json")).expect("a report");
    let handed: Value = serde_json::from_str(&handed).expect("JSON");
    let found = &handed["diagnostics"][0];
    assert_eq!(found["location"]["path"], "prompts/chat.j2");
    assert_eq!(found["suggestions"].as_array().map(Vec::len), Some(1));
}
