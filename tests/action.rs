//! The scripts of the GitHub Action, run by bash as a runner would, with stubs for what they call: hostile inputs stay
//! text, outputs and summary are written, and nothing unverified is installed.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

mod ci_tools;
use ci_tools::{root, run, succeed, tool};

/// What somebody who may choose inputs, or name files, would try.
const HOSTILE: &[&str] = &[
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "\" && touch pwned && \"",
    "' && touch pwned && '",
    "*",
    "a b",
    "--config=$HOME",
    "${{ github.token }}",
    "%0A::error::x",
];

/// Stands for the program: keeps its arguments, one a line, and writes the files of its formats.
const PREFIXLINT: &str = r#"#!/usr/bin/env bash
for argument; do
  printf '%s\n' "$argument" >>"$STUB/arguments"
  case "$argument" in
    json=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/report.json" "${argument#json=}" ;;
    github=*) printf '::warning file=a::b\n' >"${argument#github=}" ;;
    markdown=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/summary.md" "${argument#markdown=}" ;;
    sarif=*) printf '{}' >"${argument#sarif=}" ;;
  esac
done
printf -- '----\n' >>"$STUB/arguments"
printf '::set-output name=x::of the report\n'
exit "${STUB_CODE:-0}"
"#;

/// A workspace with the files of a runner, and programs that stand for others.
struct Runner {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

struct Ran {
    code: Option<i32>,
    log: String,
}

impl Runner {
    fn new() -> Runner {
        let folder = tempfile::tempdir().expect("a folder");
        let mut runner = Runner {
            folder,
            environment: BTreeMap::new(),
        };
        for name in ["work", "stub", "bin", "temp"] {
            fs::create_dir(runner.at(name)).expect("a folder");
        }
        for name in ["output", "summary", "path", "stub/arguments"] {
            fs::write(runner.at(name), "").expect("a file");
        }
        runner.write("stub/report.json", REPORT);
        runner.write("stub/summary.md", "# Saved\n");
        runner.stub("prefixlint", PREFIXLINT);
        let set = [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("GITHUB_PATH", "path"),
            ("RUNNER_TEMP", "temp"),
            ("STUB", "stub"),
        ];
        for (name, place) in set {
            let place = runner.at(place).to_string_lossy().into_owned();
            runner.set(name, &place);
        }
        for (name, value) in [
            ("INPUT_PATHS", "."),
            ("INPUT_FAIL_ON", "warning"),
            ("INPUT_WORKING_DIRECTORY", "."),
            ("INPUT_VERSION", env!("CARGO_PKG_VERSION")),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ] {
            runner.set(name, value);
        }
        runner
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).expect("a file")
    }

    fn stub(&self, name: &str, script: &str) {
        let path = self.at("bin").join(name);
        fs::write(&path, script).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.into(), value.into());
    }

    fn run(&self, script: &Path) -> Ran {
        let path = std::env::var("PATH").expect("a path");
        let output = run(Command::new("bash")
            .arg(script)
            .current_dir(self.at("work"))
            .env("PATH", format!("{}:{path}", self.at("bin").display()))
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GH_TOKEN")
            .envs(&self.environment));
        let log = [output.stdout, output.stderr].concat();
        Ran {
            code: output.status.code(),
            log: String::from_utf8_lossy(&log).into_owned(),
        }
    }

    fn step(&self, name: &str) -> Ran {
        self.run(&root().join(".github/action").join(name))
    }

    /// The arguments of the only run of the program.
    fn arguments(&self) -> Vec<String> {
        let all = self.read("stub/arguments");
        let (one, rest) = all.split_once("----\n").expect("a run");
        assert_eq!(rest, "", "more than one run");
        one.lines().map(String::from).collect()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        let text = self.read("output");
        text.lines()
            .map(|line| {
                let (name, value) = line.split_once('=').expect("name=value");
                (name.to_string(), value.to_string())
            })
            .collect()
    }

    fn is_unharmed(&self) -> bool {
        let mut names = walkdir::WalkDir::new(self.folder.path()).into_iter();
        !names.any(|entry| entry.expect("readable").file_name() == "pwned")
    }
}

const REPORT: &str = r#"{
  "summary": {
    "error": 2, "warning": 3, "note": 4,
    "savings": { "usd_per_1k_calls": 1.25, "usd_per_month": null }
  }
}"#;

#[test]
fn no_expression_stands_in_a_script() {
    let mut seen = 0;
    let mut paths = vec![root().join("action.yml")];
    for folder in [".github/workflows", "examples/ci"] {
        let entries = fs::read_dir(root().join(folder)).expect("a folder");
        paths.extend(entries.map(|entry| entry.expect("readable").path()));
    }
    for path in paths {
        let text = fs::read_to_string(&path).expect("readable");
        let document: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        for script in scripts(&document) {
            assert!(!script.contains("${{"), "{}: {script}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} scripts were seen");
}

/// All values of `run` and `script`.
fn scripts(value: &serde_yaml::Value) -> Vec<String> {
    let inner = |value: &serde_yaml::Value| match value {
        serde_yaml::Value::String(text) => vec![text.clone()],
        serde_yaml::Value::Sequence(items) => {
            let texts = items.iter().filter_map(|item| item.as_str());
            texts.map(String::from).collect()
        }
        _ => Vec::new(),
    };
    match value {
        serde_yaml::Value::Mapping(entries) => entries
            .iter()
            .flat_map(|(key, value)| {
                let mut found = scripts(value);
                if matches!(key.as_str(), Some("run" | "script")) {
                    found.extend(inner(value));
                }
                found
            })
            .collect(),
        serde_yaml::Value::Sequence(items) => items.iter().flat_map(scripts).collect(),
        _ => Vec::new(),
    }
}

/// Each step gets the inputs that its script reads.
#[test]
fn the_action_hands_every_script_the_inputs_it_reads() {
    let text = fs::read_to_string(root().join("action.yml")).expect("readable");
    let action: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let steps = action["runs"]["steps"].as_sequence().expect("steps");
    let name =
        Regex::new(r"\b(INPUT_[A-Z_]+|PULL_REQUEST|BASE_SHA|GH_TOKEN)\b").expect("a pattern");
    let mut checked = 0;
    for step in steps {
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        let file = script
            .trim_matches('"')
            .strip_prefix("$GITHUB_ACTION_PATH/");
        let file = file.expect("a script of the action");
        let body = fs::read_to_string(root().join(file)).expect("the script is there");
        let read: std::collections::BTreeSet<&str> =
            name.find_iter(&body).map(|one| one.as_str()).collect();
        let given = step["env"].as_mapping().expect("an environment");
        let given = given.iter().map(|(key, _)| key.as_str().expect("a name"));
        assert_eq!(
            given.collect::<std::collections::BTreeSet<_>>(),
            read,
            "{file}"
        );
        checked += 1;
    }
    assert_eq!(checked, 3);
}

#[test]
fn a_check_writes_its_outputs_and_the_summary() {
    let mut runner = Runner::new();
    runner.set("STUB_CODE", "1");
    let ran = runner.step("check.sh");
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    let outputs = runner.outputs();
    assert_eq!(outputs["findings"], "5");
    assert_eq!(outputs["savings"], "");
    assert_eq!(outputs["savings-per-1k-calls"], "1.25");
    assert_eq!(outputs["sarif-file"], "");
    assert_eq!(runner.read("summary"), "# Saved\n");
    let arguments = runner.arguments();
    assert_eq!(arguments[0], "check");
    assert!(
        arguments.ends_with(&["--".into(), ".".into()]),
        "{arguments:?}"
    );
    let fail_on = arguments.iter().position(|one| one == "--fail-on");
    assert_eq!(arguments[fail_on.expect("--fail-on") + 1], "warning");
}

/// jq is not everywhere.
#[test]
fn outputs_need_no_jq() {
    let runner = Runner::new();
    let link = |name: &str, to: &str| {
        std::os::unix::fs::symlink(to, runner.at("bin").join(name)).expect("a link");
    };
    for name in [
        "bash", "mktemp", "od", "tr", "cat", "cp", "dirname", "env", "sh",
    ] {
        let found = succeed(Command::new("sh").args(["-c", &format!("command -v {name}")]));
        link(name, found.trim());
    }
    let check = || {
        run(Command::new("bash")
            .arg(root().join(".github/action/check.sh"))
            .current_dir(runner.at("work"))
            .env("PATH", runner.at("bin"))
            .envs(&runner.environment))
    };
    let output = check();
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(log.contains("::notice"), "{log}");
    assert_eq!(runner.read("output"), "");

    let Some(python) = tool("python3") else {
        return;
    };
    // Not a link that asks a program elsewhere on the path which Python to run.
    let ask = "import sys; print(sys.executable)";
    link(
        "python3",
        succeed(Command::new(python).args(["-c", ask])).trim(),
    );
    let output = check();
    assert!(output.status.success(), "{output:?}");
    let outputs = runner.outputs();
    assert_eq!(outputs["findings"], "5");
    assert_eq!(outputs["savings"], "");
    assert_eq!(outputs["savings-per-1k-calls"], "1.25");
}

/// What the report quotes is no workflow command; the annotations are.
#[test]
fn commands_in_the_report_are_stopped() {
    let ran = Runner::new().step("check.sh");
    let lines: Vec<&str> = ran.log.lines().collect();
    let stop = lines[0].strip_prefix("::stop-commands::").expect("a stop");
    assert!(stop.len() >= 32, "{stop}");
    let at = |wanted: &str| {
        let found = lines.iter().position(|line| *line == wanted);
        found.unwrap_or_else(|| panic!("{wanted} in {lines:?}"))
    };
    let resumed = at(&format!("::{stop}::"));
    assert!(at("::set-output name=x::of the report") < resumed);
    assert!(at("::warning file=a::b") > resumed);
}

#[test]
fn hostile_inputs_arrive_as_they_are() {
    for input in ["INPUT_PATHS", "INPUT_ARGS"] {
        let mut runner = Runner::new();
        let text = HOSTILE.join("\n");
        runner.set(input, &format!("{text}\r\n\n"));
        let ran = runner.step("check.sh");
        assert_eq!(ran.code, Some(0), "{}", ran.log);
        let arguments = runner.arguments();
        let first = arguments.iter().position(|one| one == HOSTILE[0]);
        let first = first.unwrap_or_else(|| panic!("{arguments:?}"));
        assert_eq!(arguments[first..first + HOSTILE.len()], *HOSTILE);
        assert!(runner.is_unharmed());
    }
}

#[test]
fn inputs_that_are_no_choice_are_refused_without_a_second_command() {
    for hostile in HOSTILE.iter().chain(&["x\n::error::y", "warning\n"]) {
        for (script, input) in [
            ("check.sh", "INPUT_FAIL_ON"),
            ("check.sh", "INPUT_WORKING_DIRECTORY"),
            ("install.sh", "INPUT_VERSION"),
        ] {
            let mut runner = Runner::new();
            runner.set(input, hostile);
            let ran = runner.step(script);
            assert_eq!(ran.code, Some(2), "{input}={hostile}: {}", ran.log);
            let commands = ran.log.lines().filter(|line| line.starts_with("::"));
            assert_eq!(commands.count(), 1, "{}", ran.log);
            assert!(runner.is_unharmed(), "{input}={hostile}");
            assert_eq!(runner.read("output"), "");
            assert_eq!(runner.read("path"), "");
            assert_eq!(runner.read("stub/arguments"), "");
        }
    }
}

#[test]
fn the_sarif_file_lies_in_the_working_directory() {
    let mut runner = Runner::new();
    fs::create_dir(runner.at("work/a $(touch pwned)")).expect("a folder");
    runner.set("INPUT_WORKING_DIRECTORY", "a $(touch pwned)");
    runner.set("INPUT_SARIF", "out.sarif");
    let ran = runner.step("check.sh");
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let file = PathBuf::from(&runner.outputs()["sarif-file"]);
    assert!(file.is_absolute());
    assert!(file.ends_with("work/a $(touch pwned)/out.sarif"));
    assert!(file.is_file());
    assert!(runner.is_unharmed());

    let mut runner = Runner::new();
    runner.set("INPUT_SARIF", "x\nfindings=0");
    assert_eq!(runner.step("check.sh").code, Some(2));
    assert_eq!(runner.read("output"), "");
}

#[test]
fn a_run_without_a_report_fails_and_says_nothing_more() {
    let mut runner = Runner::new();
    runner.set("STUB_BROKEN", "1");
    runner.set("STUB_CODE", "2");
    assert_eq!(runner.step("check.sh").code, Some(2));
    assert_eq!(runner.read("output"), "");
    assert_eq!(runner.read("summary"), "");
}

#[test]
fn fail_on_never_exits_with_zero() {
    let mut runner = Runner::new();
    runner.set("INPUT_FAIL_ON", "never");
    assert_eq!(runner.step("check.sh").code, Some(0));
    assert!(runner.arguments().contains(&"--exit-zero".to_string()));
}

/// The scripts with a source beside them, a cargo that installs a stub, and a curl that serves a folder.
struct Release {
    runner: Runner,
    script: PathBuf,
}

const CURL: &str = r#"#!/usr/bin/env bash
while [ $# -gt 1 ]; do
  [ "$1" != --output ] || out=$2
  shift
done
printf '%s\n' "$1" >>"$STUB/urls"
cp "$STUB/served/${1##*/}" "$out" 2>/dev/null || exit 22
"#;

const CARGO: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB/cargo"
while [ $# -gt 0 ]; do
  [ "$1" != --root ] || root=$2
  shift
done
mkdir -p "$root/bin"
cp "$STUB/../bin/prefixlint" "$root/bin/"
"#;

impl Release {
    fn new() -> Release {
        let runner = Runner::new();
        runner.stub("curl", CURL);
        runner.stub("cargo", CARGO);
        let folder = runner.at("action/.github/action");
        fs::create_dir_all(&folder).expect("folders");
        fs::create_dir(runner.at("stub/served")).expect("a folder");
        for name in ["install.sh", "say.sh"] {
            fs::copy(root().join(".github/action").join(name), folder.join(name)).expect("a copy");
        }
        fs::copy(root().join("Cargo.toml"), runner.at("action/Cargo.toml")).expect("a copy");
        let script = folder.join("install.sh");
        Release { runner, script }
    }

    /// Serves the archive that the release workflow makes of this build.
    fn publish(&self, target: &str) {
        succeed(
            Command::new(root().join(".github/release/archive.sh"))
                .args([target, env!("CARGO_BIN_EXE_prefixlint")])
                .arg(self.runner.at("stub/served")),
        );
    }

    fn install(&self) -> Ran {
        self.runner.run(&self.script)
    }

    /// The only program on the path that the steps after this one get.
    fn installed(&self) -> PathBuf {
        let path = self.runner.read("path");
        assert_eq!(path.lines().count(), 1, "{path}");
        Path::new(path.trim_end()).join("prefixlint")
    }

    fn built(&self) -> bool {
        self.runner.at("stub/cargo").exists()
    }
}

#[test]
fn the_binary_of_the_release_is_installed() {
    let release = Release::new();
    release.publish("x86_64-unknown-linux-musl");
    let ran = release.install();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let said = succeed(Command::new(release.installed()).arg("--version"));
    assert!(said.contains(env!("CARGO_PKG_VERSION")));
    assert!(!release.built());
    let urls = release.runner.read("stub/urls");
    let expected = format!(
        "{}/releases/download/v{}/prefixlint-x86_64-unknown-linux-musl.tar.gz",
        env!("CARGO_PKG_REPOSITORY"),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(urls, format!("{expected}\n{expected}.sha256\n"));
}

#[test]
fn what_does_not_match_its_checksum_is_not_installed() {
    let name = "prefixlint-x86_64-unknown-linux-musl.tar.gz";
    for checksum in [Some("0000  "), Some(""), None] {
        let release = Release::new();
        release.publish("x86_64-unknown-linux-musl");
        let file = release
            .runner
            .at("stub/served")
            .join(format!("{name}.sha256"));
        match checksum {
            Some(sum) => fs::write(file, format!("{sum}{name}\n")).expect("a file"),
            None => fs::remove_file(file).expect("it was there"),
        }
        let ran = release.install();
        assert_eq!(ran.code, Some(2), "{}", ran.log);
        assert!(ran.log.contains("checksum"), "{}", ran.log);
        assert_eq!(release.runner.read("path"), "");
        assert!(!release.built());
    }
}

#[test]
fn every_platform_of_the_release_is_asked_for() {
    let known = fs::read_to_string(root().join("npm/platforms.json")).expect("readable");
    let known: serde_json::Value = serde_json::from_str(&known).expect("JSON");
    for platform in known.as_array().expect("a list") {
        let mut release = Release::new();
        let name = |key: &str, names: &[(&str, &str)]| {
            let value = platform[key].as_str().expect("a name");
            let found = names.iter().find(|(known, _)| *known == value);
            found.expect("a name of runners").1.to_string()
        };
        let systems = [
            ("linux", "Linux"),
            ("darwin", "macOS"),
            ("win32", "Windows"),
        ];
        let processors = [("x64", "X64"), ("arm64", "ARM64")];
        release.runner.set("RUNNER_OS", &name("os", &systems));
        release.runner.set("RUNNER_ARCH", &name("cpu", &processors));
        assert_eq!(release.install().code, Some(0));
        let urls = release.runner.read("stub/urls");
        let target = platform["target"].as_str().expect("a target");
        let end = if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        };
        assert!(
            urls.ends_with(&format!("/prefixlint-{target}.{end}\n")),
            "{urls}"
        );
    }
}

#[test]
fn without_a_binary_the_source_of_the_action_is_built() {
    let release = Release::new();
    let ran = release.install();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let cargo = release.runner.read("stub/cargo");
    let source = release.runner.at("action");
    assert!(
        cargo.starts_with(&format!("install --locked --path {} ", source.display())),
        "{cargo}"
    );
    assert!(release.installed().is_file());

    let mut release = Release::new();
    release.runner.set("RUNNER_OS", "Windows");
    release.runner.set("RUNNER_ARCH", "ARM64");
    assert_eq!(release.install().code, Some(0));
    assert!(release.built());

    let mut release = Release::new();
    release.publish("x86_64-unknown-linux-musl");
    release.runner.set("INPUT_VERSION", "source");
    assert_eq!(release.install().code, Some(0));
    assert!(release.built());
}

/// The source of one version is no other version.
#[test]
fn another_version_is_never_built_from_this_source() {
    let mut release = Release::new();
    release.runner.set("INPUT_VERSION", "v9.9.9");
    let ran = release.install();
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(!release.built());
    assert_eq!(release.runner.read("path"), "");
}
