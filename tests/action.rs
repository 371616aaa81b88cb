//! The scripts of the GitHub Action, run by bash as a runner would, with stubs for what they call: hostile inputs stay
//! text, outputs and summary are written, and nothing unverified is installed.

#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use regex::Regex;

mod ci_tools;
mod runner;
use ci_tools::{root, run, succeed, tool};
use runner::Runner;

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

/// The log holds one report: the full one, or the one that the arguments name without a file.
#[test]
fn a_format_without_a_file_takes_the_log() {
    let formats = |input: &str| {
        let mut runner = Runner::new();
        runner.set("INPUT_ARGS", input);
        let ran = runner.step("check.sh");
        assert_eq!(ran.code, Some(0), "{}", ran.log);
        let arguments = runner.arguments();
        let plain = |one: &&String| !one.contains("=/") && !one.contains("temp");
        let after = arguments.windows(2).filter_map(|pair| {
            let named = pair[0] == "--output-format";
            named.then(|| pair[1].clone())
        });
        let joined = arguments
            .iter()
            .filter_map(|one| one.strip_prefix("--output-format="));
        let all: Vec<String> = after.chain(joined.map(String::from)).collect();
        all.iter().filter(plain).cloned().collect::<Vec<_>>()
    };
    assert_eq!(formats(""), ["full"]);
    assert_eq!(formats("--model=gpt-5.4"), ["full"]);
    assert_eq!(formats("--output-format=concise"), ["concise"]);
    assert_eq!(formats("--output-format\nconcise\n"), ["concise"]);
    assert_eq!(
        formats("--output-format=json=out.json"),
        ["full", "json=out.json"]
    );
    assert_eq!(
        formats("--output-format\njson=out.json"),
        ["full", "json=out.json"]
    );
    // Two are more than the log takes: the program says so.
    let mut runner = Runner::new();
    fs::remove_file(runner.at("bin/prefixlint")).expect("it was there");
    let program = env!("CARGO_BIN_EXE_prefixlint");
    std::os::unix::fs::symlink(program, runner.at("bin/prefixlint")).expect("a link");
    let input = "--output-format=concise\n--output-format=json";
    runner.set("INPUT_ARGS", input);
    let ran = runner.step("check.sh");
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(ran.log.contains("two formats go to standard output"));
    runner.set("INPUT_ARGS", "--output-format=concise");
    let ran = runner.step("check.sh");
    assert_eq!(ran.code, Some(0), "{}", ran.log);
}

/// With the program itself: it takes what the script asks of it.
#[test]
fn the_program_lints_for_the_action() {
    let mut runner = Runner::new();
    fs::remove_file(runner.at("bin/prefixlint")).expect("it was there");
    let program = env!("CARGO_BIN_EXE_prefixlint");
    std::os::unix::fs::symlink(program, runner.at("bin/prefixlint")).expect("a link");
    let rules = "Answer politely and cite the section of the policy.\n".repeat(300);
    fs::create_dir_all(runner.at("work/a b")).expect("a folder");
    runner.write(
        "work/a b/chat.j2",
        &format!("You are an agent. It is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n"),
    );
    runner.set("INPUT_PATHS", "a b");
    runner.set("INPUT_ARGS", "--calls-per-month=200k\n--model=gpt-5.4");
    runner.set("INPUT_SARIF", "out.sarif");
    let ran = runner.step("check.sh");
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    let outputs = runner.outputs();
    assert_eq!(outputs["findings"], "1");
    let saved: f64 = outputs["savings"].parse().expect("a figure");
    assert!(saved > 1.0, "{saved}");
    assert!(
        ran.log.contains("\n::warning file=a b/chat.j2,"),
        "{}",
        ran.log
    );
    assert_eq!(ran.log.matches("\n::warning ").count(), 1);
    let summary = runner.read("summary");
    assert_eq!(summary.matches("# prefixlint").count(), 1, "{summary}");
    let sarif = fs::read_to_string(&outputs["sarif-file"]).expect("SARIF");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");

    runner.set("INPUT_FAIL_ON", "never");
    assert_eq!(runner.step("check.sh").code, Some(0));
}
