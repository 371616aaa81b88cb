//! `check` and `inspect` on small projects in temporary folders: exit codes, choices, configs, paths, formats.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

mod project;
mod schema;

use project::{rules, Project, Run};

/// (rule, path) of each finding.
fn found(report: &Value) -> Vec<(&str, &str)> {
    report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| (one["rule"].as_str().unwrap(), one["path"].as_str().unwrap()))
        .collect()
}

fn valid(part: &str, value: &Value) {
    let schema = schema::Schema::new(include_str!("../schemas/prefixlint-output.schema.json"));
    assert_eq!(schema.wrong(part, value), [""; 0]);
}

#[test]
fn the_exit_code_follows_severity_and_the_flags() {
    let project = Project::new("codes");
    let code = |arguments: &[&str]| project.run(&[&["check"], arguments].concat()).code;
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--exit-zero"]), 0);
    assert_eq!(code(&["--fail-on", "error"]), 0);
    assert_eq!(code(&["prompts/clean.j2"]), 0);
    assert_eq!(code(&["prompts/sub"]), 0);
    assert_eq!(code(&["prompts/sub", "--fail-on", "note"]), 1);
    assert_eq!(
        code(&[
            "prompts/sub",
            "--fail-on",
            "note",
            "--min-severity",
            "warning"
        ]),
        0
    );
    assert_eq!(code(&["--ignore", "order"]), 0);
    assert_eq!(code(&["--select", "volatile-prefix"]), 1);
    assert_eq!(code(&["no/such/file"]), 2);
}

#[test]
fn that_no_code_writes_a_marker_is_sure_only_of_whole_folders() {
    let project = Project::new("whole");
    project.write(
        "app/send.py",
        "import anthropic\n\nclient = anthropic.Anthropic()\n\n\ndef send(system, history, tools):\n    return client.messages.create(\n        \
         model=\"claude-sonnet-5\", max_tokens=9, system=system, messages=history, tools=tools\n    )\n",
    );
    let severity = |argument: &str| {
        let report = project.json(&[argument]);
        let findings = report["findings"].as_array().expect("findings").clone();
        let mut missing = findings
            .iter()
            .filter(|f| f["rule"] == "missing-breakpoint");
        missing
            .next()
            .map(|f| f["severity"].as_str().unwrap().to_string())
    };
    assert_eq!(severity("app").as_deref(), Some("warning"));
    assert_eq!(severity("app/send.py").as_deref(), Some("note"));
}

#[test]
fn rules_and_severities_choose_findings() {
    let project = Project::new("select");
    let all = project.json(&[]);
    assert!(found(&all).contains(&("volatile-prefix", "prompts/clock.j2")));
    assert!(found(&all).contains(&("prefix-below-minimum", "prompts/sub/short.j2")));
    let one = project.json(&["--select", "volatile-prefix"]);
    assert_eq!(found(&one), [("volatile-prefix", "prompts/clock.j2")]);
    let none = project.json(&["--select", "order", "--ignore", "volatile-prefix"]);
    assert!(found(&none).is_empty());
    let worse = project.json(&["--min-severity", "warning"]);
    assert!(found(&worse)
        .iter()
        .all(|(rule, _)| *rule != "prefix-below-minimum"));
    let likely = project.json(&["--min-confidence", "likely", "--select", "volatile-prefix"]);
    assert_eq!(likely["findings"][0]["confidence"], "likely");
    let sure = project.json(&["--min-confidence", "certain"]);
    assert!(found(&sure)
        .iter()
        .all(|(rule, _)| *rule != "volatile-prefix"));
    project.write("prefixlint.yaml", "rules: { volatile-prefix: off }\n");
    assert!(found(&project.json(&["--ignore", "prefix-below-minimum"])).is_empty());
    let extended = project.json(&["--extend-select", "volatile-prefix"]);
    assert!(found(&extended).contains(&("volatile-prefix", "prompts/clock.j2")));
}

#[test]
fn machine_formats_are_what_the_schema_says() {
    let project = Project::new("schema");
    project.write("prefixlint.yaml", "traffic: { calls-per-month: 200000 }\n");
    let report = project.json(&["--show-prompts", "--statistics"]);
    valid("", &report);
    assert_eq!(report["prompts"].as_array().unwrap().len(), 3);
    assert!(
        report["summary"]["savings"]["usd_per_month"]
            .as_f64()
            .unwrap()
            > 1.0
    );
    let lines = project.run(&["check", "--output-format", "json-lines", "--show-prompts"]);
    let last: Value = serde_json::from_str(lines.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "summary");
    for line in lines.out.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let kind = value.as_object_mut().unwrap().remove("type").unwrap();
        match kind.as_str().unwrap() {
            "finding" => valid("/$defs/finding", &value),
            "prompt" => valid("/$defs/prompt", &value),
            other => assert_eq!(other, "summary"),
        }
    }
    let inspected = project.run(&["inspect", "prompts/clock.j2", "--output-format", "json"]);
    let inspected = inspected.json();
    valid("/$defs/inspect", &inspected);
    assert_eq!(inspected["prompts"][0], report["prompts"][1]);
    assert_eq!(inspected["prompts"][0]["plan"][0]["edit"], "move");
}

#[test]
fn several_formats_go_to_their_files() {
    let project = Project::new("formats");
    let run = project.run(&[
        "check",
        "--output-format",
        "concise",
        "--output-format",
        "json=report.json",
        "--output-format",
        "full=report.txt",
        "--color",
        "always",
    ]);
    assert!(run.out.contains("\u{1b}["), "colours on standard output");
    let read = |name: &str| fs::read_to_string(project.0.join(name)).expect("written");
    valid("", &serde_json::from_str(&read("report.json")).unwrap());
    assert!(read("report.txt").starts_with("prefixlint: 1 warning"));
    assert!(
        !read("report.txt").contains('\u{1b}'),
        "no colours in files"
    );
    let run = project.run(&["check", "--output-file", "o.txt"]);
    assert_eq!((run.out.as_str(), run.code), ("", 1));
    assert!(read("o.txt").contains("volatile-prefix"));
}

#[test]
fn the_target_is_chosen_on_the_command_line() {
    let project = Project::new("target");
    let report = project.json(&["--model", "gpt-4.1", "--calls-per-month", "200k"]);
    assert_eq!(report["findings"][0]["model"], "gpt-4.1");
    assert_eq!(report["findings"][0]["model_source"], "config");
    assert_eq!(report["traffic"]["calls_per_month"], 200_000.0);
    assert_eq!(report["traffic"]["basis"], "config");
    assert_eq!(
        project.json(&["--ttl", "1h"])["traffic"]["ttl_minutes"],
        60.0
    );
    let run = project.run(&["check", "--model", "gtp-5.4"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `gpt-5.4`?"), "{}", run.err);
}

#[test]
fn a_price_file_changes_prices_and_its_mistakes_are_underlined() {
    let project = Project::new("prices");
    let money = |report: &Value| report["findings"][0]["savings"]["usd_per_1k_calls"].as_f64();
    let list = money(&project.json(&["--model", "gpt-5.4"])).unwrap();
    project.write(
        "p.yaml",
        "models:\n  - { id: gpt-5.4, prices: { input: 25, read: 2.5 } }\n",
    );
    let dear = money(&project.json(&["--model", "gpt-5.4", "--prices", "p.yaml"])).unwrap();
    assert!((dear / list - 10.0).abs() < 0.01, "{list} {dear}");
    project.write(
        "p.yaml",
        "models:\n  - id: gpt-5.4\n    prices: { inputt: 3 }\n",
    );
    let run = project.run(&["check", "--prices", "p.yaml"]);
    assert_eq!(run.code, 2);
    for part in ["[p.yaml:3:15]", "──────", "did you mean `input`?"] {
        assert!(run.err.contains(part), "lacks {part}:\n{}", run.err);
    }
}

#[test]
fn a_broken_config_is_underlined_and_the_run_goes_on_under_the_one_above() {
    let project = Project::new("config");
    project.write("prefixlint.yaml", "traffic: { calls-per-month: 200000 }\n");
    project.write(
        "prompts/prefixlint.yaml",
        "model: gpt-5.4\ntrafic: { users: 3 }\n",
    );
    let run = project.run(&["check"]);
    assert_eq!(run.code, 2);
    for part in [
        "[prompts/prefixlint.yaml:2:1]",
        "──────",
        "did you mean `traffic`?",
    ] {
        assert!(run.err.contains(part), "lacks {part}:\n{}", run.err);
    }
    assert!(
        run.out.contains("a month"),
        "the config above:\n{}",
        run.out
    );
    let report = project.json(&["--exit-zero"]);
    valid("", &report);
    let error = &report["errors"][0];
    assert_eq!(error["kind"], "config");
    assert_eq!(error["path"], "prompts/prefixlint.yaml");
    assert_eq!(
        (error["line"].as_u64(), error["column"].as_u64()),
        (Some(2), Some(1))
    );
    assert!(found(&report).contains(&("volatile-prefix", "prompts/clock.j2")));
    for view in ["--show-settings", "--show-files"] {
        let run = project.run(&["check", view]);
        assert_eq!(run.code, 2, "{view}");
        assert!(run.err.contains("trafic"), "{view}");
    }
    let run = project.run(&["check", "--config", "prompts/prefixlint.yaml"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("prompts/prefixlint.yaml:2:1"),
        "{}",
        run.err
    );
    assert_eq!(project.run(&["check", "--isolated"]).code, 1);
}

#[test]
fn a_config_above_the_working_folder_holds() {
    let project = Project::new("above");
    project.write("prefixlint.yaml", "model: gpt-4.1\n");
    let settings = project.run_in("prompts/sub", &["check", "--show-settings"], None);
    assert!(
        settings.out.contains("../../prefixlint.yaml"),
        "{}",
        settings.out
    );
    let run = project.run_in("prompts", &["check", "--output-format", "json"], None);
    assert_eq!(run.json()["findings"][0]["model"], "gpt-4.1");
    let run = project.run_in(
        "prompts",
        &["check", "--isolated", "--output-format", "json"],
        None,
    );
    assert_ne!(run.json()["findings"][0]["model"], "gpt-4.1");
    project.write("prefixlint.yaml", "modle: gpt-4.1\n");
    let run = project.run_in("prompts", &["check"], None);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("[../prefixlint.yaml:1:1]"), "{}", run.err);
}

#[test]
fn standard_input_stands_for_the_file() {
    let project = Project::new("stdin");
    let check = |name: &str, text: &str| {
        let arguments = [
            "check",
            "-",
            "--stdin-filename",
            name,
            "--output-format",
            "json",
        ];
        project.run_in("", &arguments, Some(text))
    };
    let clean = fs::read_to_string(project.0.join("prompts/clean.j2")).unwrap();
    let clock = fs::read_to_string(project.0.join("prompts/clock.j2")).unwrap();
    assert_eq!(check("prompts/clock.j2", &clean).code, 0);
    let run = check("prompts/new.j2", &clock);
    assert_eq!(run.code, 1);
    let report = run.json();
    assert_eq!(found(&report), [("volatile-prefix", "prompts/new.j2")]);
    // What it includes is read, but what is wrong there is another file's matter.
    project.write("prompts/head.j2", "It is {{ now() }}.\n");
    let with = format!(
        "You are an agent.\n{{% include 'head.j2' %}}\n{}\n{{{{ q }}}}\n",
        rules()
    );
    let report = check("prompts/new.j2", &with).json();
    assert!(
        found(&report)
            .iter()
            .all(|(_, path)| *path == "prompts/new.j2"),
        "{report}"
    );
}

#[test]
fn a_file_that_is_named_twice_is_linted_once() {
    let project = Project::new("twice");
    let arguments = [
        "prompts",
        "prompts/clock.j2",
        "./prompts/../prompts/clock.j2",
        "prompts/sub",
    ];
    let report = project.json(&arguments);
    assert_eq!(report["summary"]["prompts"], 3);
    assert_eq!(report["findings"], project.json(&["prompts"])["findings"]);
}

#[test]
fn thousands_of_named_paths_are_taken() {
    let project = Project::empty("many");
    let names: Vec<String> = (0..2000).map(|n| format!("p/{n}.txt")).collect();
    for name in &names {
        project.write(name, "");
    }
    let mut arguments = vec!["check", "--output-format", "json", "--show-files"];
    arguments.extend(names.iter().map(String::as_str));
    let run = project.run(&arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.json()["files"].as_array().unwrap().len(), 2000);
}

#[test]
fn excludes_hold_for_named_files_on_demand() {
    let project = Project::new("exclude");
    project.write("prefixlint.yaml", "exclude: [\"prompts/clock.j2\"]\n");
    let clocks = |arguments: &[&str]| {
        let report = project.json(arguments);
        found(&report)
            .iter()
            .filter(|(_, path)| path.ends_with("clock.j2"))
            .count()
    };
    assert_eq!(clocks(&[]), 0);
    assert_eq!(clocks(&["prompts/clock.j2"]), 1);
    assert_eq!(clocks(&["prompts/clock.j2", "--force-exclude"]), 0);
    project.write("prefixlint.yaml", "model: gpt-5.4\n");
    project.write(".gitignore", "prompts/\n");
    assert_eq!(clocks(&[]), 0);
    assert_eq!(clocks(&["--no-ignore"]), 1);
}

#[test]
fn threads_and_repeats_give_the_same_bytes() {
    let project = Project::new("threads");
    let report = |threads: &str| {
        project
            .run(&[
                "check",
                "-v",
                "--show-prompts",
                "--statistics",
                "--threads",
                threads,
            ])
            .out
    };
    let first = report("1");
    assert_eq!(first, report("8"));
    assert_eq!(first, report("0"));
}

#[test]
fn a_tree_without_warnings_takes_five_lines_at_most() {
    let project = Project::new("short");
    fs::remove_file(project.0.join("prompts/clock.j2")).unwrap();
    let run = project.run(&["check"]);
    assert!(
        run.out
            .starts_with("prefixlint: nothing to fix in 2 prompts"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1 of 2 prompts cannot be cached"),
        "{}",
        run.out
    );
    assert!(run.out.lines().count() <= 5, "{}", run.out);
    let quiet = project.run(&["check", "-q"]);
    assert_eq!(quiet.out, "");
    let loud = project.run(&["check", "-v"]);
    assert!(
        loud.out.contains("note[prefix-below-minimum]"),
        "{}",
        loud.out
    );
}

#[test]
fn inspect_draws_pieces_boundary_and_plan() {
    let project = Project::new("inspect");
    let run = project.run(&["inspect", "prompts/clean.j2", "--model", "gpt-5.4"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for part in [
        "prompts/clean.j2  jinja, gpt-5.4",
        "──── cached up to here: ",
        "question",
        "no edit",
    ] {
        assert!(run.out.contains(part), "lacks {part}:\n{}", run.out);
    }
    let run = project.run(&["inspect", "prompts/clock.j2:2"]);
    for part in [
        "the shared prefix ends here",
        "unique",
        "1. move `now()` behind the stable text",
    ] {
        assert!(run.out.contains(part), "lacks {part}:\n{}", run.out);
    }
    assert!(!run.out.contains("cached up to here"), "{}", run.out);
    project.write("values.yaml", "replicas: 3\n");
    let run = project.run(&["inspect", "values.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("values.yaml: no prompt:"), "{}", run.err);
}

#[test]
fn files_are_listed_with_what_they_are_taken_for() {
    let project = Project::new("files");
    project.write("README.md", "# You may write {{ now() }}\n");
    let run = project.run(&["check", "--show-files"]);
    assert_eq!(run.code, 0);
    let line = |path: &str| {
        let line = run.out.lines().find(|line| line.contains(path));
        line.unwrap_or_else(|| panic!("{path}:\n{}", run.out))
            .to_string()
    };
    assert!(line("prompts/clock.j2").starts_with("prompt"));
    assert!(line("README.md").starts_with("skipped"));
    let run = project.run(&["check", "--show-files", "--output-format", "json"]);
    assert_eq!(run.json()["files"][0]["path"], "README.md");
}

#[cfg(unix)]
#[test]
fn paths_outside_the_working_folder_are_linted() {
    let project = Project::new("outside");
    let run = project.run_in(
        "prompts/sub",
        &["check", "..", "--output-format", "json"],
        None,
    );
    assert_eq!(run.json()["summary"]["prompts"], 3);
    let whole = project.0.join("prompts/clock.j2");
    let folder = Path::new("/");
    let output = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(["check", "--output-format", "json"])
        .arg(&whole)
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    assert_eq!(Run::of(output).json()["summary"]["warning"], 1);
}
