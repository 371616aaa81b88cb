//! Formats that other programs read: checked by those programs where there are some, else against the fields that are
//! documented. File names and prompt texts are as hostile as they come.

use std::process::Command;

use serde_json::Value;

mod ci_tools;
mod project;

use project::{rules, Project, Run};

const NAMES: [&str; 3] = [
    "prompts/a b#1 100%25 é,x.j2",
    "prompts/::error::x.j2",
    "prompts/<b>@everyone|`x`.j2",
];

/// Clocks in files of hostile names, one of them suppressed, one with text that is markup, and a way through code.
fn hostile(name: &str) -> Project {
    let project = Project::empty(name);
    let rules = rules();
    for path in NAMES {
        let text = format!("You are an agent.\nIt is {{{{ now() | default('::warning::%0A @everyone #12 <script> | ![x](http://e.x)') }}}}.\n{rules}\n{{{{ question }}}}\n");
        project.write(path, &text);
    }
    let text = format!("You are an agent.\n{{# prefixlint: ignore[volatile-prefix] on purpose #}}It is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n");
    project.write("prompts/known.j2", &text);
    project.write(
        "prompts/clean.j2",
        &format!("You are a sales agent.\n{rules}\n{{{{ question }}}}\n"),
    );
    let code = "from datetime import datetime\nfrom openai import OpenAI\nclient = OpenAI()\nRULES = 'Be polite. ' * 900\n\n\
                def head():\n    return f'Now {datetime.now()}. '\n\n\
                def send(question):\n    return client.chat.completions.create(model='gpt-5.4', messages=[\n        \
                {'role': 'system', 'content': head() + RULES},\n        {'role': 'user', 'content': question},\n    ])\n";
    project.write("app.py", code);
    std::fs::write(project.0.join("prompts/binary.j2"), b"\0").expect("a file");
    project
}

fn check(project: &Project, format: &str) -> String {
    let run = project.run(&["check", "--output-format", format]);
    assert_eq!(run.code, 1, "{}", run.err);
    run.out
}

fn json(project: &Project, format: &str) -> Value {
    serde_json::from_str(&check(project, format)).expect("JSON")
}

fn all(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

#[test]
fn sarif_has_no_fault_for_its_own_validator() {
    let project = hostile("sarif");
    let report = json(&project, "sarif");
    let run = &report["runs"][0];
    let results = all(&run["results"]);
    assert_eq!(results.len(), 5);
    let find = |key: &str| results.iter().filter(|one| one.get(key).is_some()).count();
    assert_eq!((find("suppressions"), find("codeFlows")), (1, 1));
    assert_eq!(find("relatedLocations"), 5);
    for one in results {
        let rule =
            &run["tool"]["driver"]["rules"][one["ruleIndex"].as_u64().expect("an index") as usize];
        assert_eq!(rule["id"], one["ruleId"]);
        assert!(!rule["help"]["text"].as_str().expect("help").is_empty());
    }
    let uris: Vec<&str> = results
        .iter()
        .filter_map(|one| {
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str()
        })
        .collect();
    assert!(
        uris.contains(&"prompts/a%20b%231%20100%2525%20%C3%A9%2Cx.j2"),
        "{uris:?}"
    );
    let Some(tools) = std::env::var_os("PREFIXLINT_CI_TOOLS") else {
        println!("skipped: the validator is not installed");
        return;
    };
    let validator = std::path::Path::new(&tools)
        .join("node/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let file = project.0.join("report.sarif");
    std::fs::write(&file, report.to_string()).expect("a file");
    let log = project.0.join("validation.sarif");
    ci_tools::run(
        Command::new(validator)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .args(["validate", "--log", "ForceOverwrite", "--output"])
            .args([&log, &file]),
    );
    let said: Value = serde_json::from_str(
        std::fs::read_to_string(&log)
            .expect("the validator wrote its log")
            .trim_start_matches('\u{feff}'),
    )
    .expect("JSON");
    let faults: Vec<&Value> = said["runs"][0]["results"]
        .as_array()
        .map(|results| {
            results
                .iter()
                .filter(|one| one["level"] != "note")
                .collect()
        })
        .unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_sarif_fingerprint_survives_moved_lines() {
    let project = hostile("moved-sarif");
    let prints = |project: &Project| -> Vec<String> {
        let report = json(project, "sarif");
        let results = all(&report["runs"][0]["results"]);
        let mut out: Vec<String> = results
            .iter()
            .map(|one| one["partialFingerprints"].to_string())
            .collect();
        out.sort();
        out
    };
    let before = prints(&project);
    let code = std::fs::read_to_string(project.0.join("app.py")).expect("a file");
    project.write("app.py", &format!("# one\n# two\n{code}"));
    assert_eq!(prints(&project), before);
}

/// What GitHub's runner makes of a line: (command, properties, message).
fn parsed(line: &str) -> (String, Vec<(String, String)>, String) {
    let unescape = |text: &str, property: bool| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n");
        let text = match property {
            true => text.replace("%3A", ":").replace("%2C", ","),
            false => text,
        };
        text.replace("%25", "%")
    };
    let rest = line.strip_prefix("::").expect("a command");
    let (head, message) = rest.split_once("::").expect("an end");
    let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties
        .split(',')
        .map(|pair| pair.split_once('=').expect("a property"))
        .map(|(key, value)| (key.to_string(), unescape(value, true)))
        .collect();
    (command.to_string(), properties, unescape(message, false))
}

#[test]
fn workflow_commands_say_what_was_found_whatever_stands_in_names_and_texts() {
    let project = hostile("github");
    let text = check(&project, "github");
    let commands: Vec<_> = text.lines().map(parsed).collect();
    assert_eq!(commands.len(), 5, "{text}");
    let files: Vec<&str> = commands
        .iter()
        .map(|(_, properties, _)| {
            properties
                .iter()
                .find(|(key, _)| key == "file")
                .expect("a file")
                .1
                .as_str()
        })
        .collect();
    for name in NAMES {
        assert!(files.contains(&name), "{name}: {files:?}");
    }
    for (command, properties, message) in &commands {
        assert!(["error", "warning", "notice"].contains(&command.as_str()));
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        assert!(properties
            .iter()
            .all(|(key, _)| known.contains(&key.as_str())));
        assert!(!message.is_empty());
    }
}

#[test]
fn in_github_actions_the_report_commands_nothing_and_the_annotations_and_the_summary_follow() {
    let project = hostile("actions");
    let summary = project.0.join("summary.md");
    std::fs::write(&summary, "before\n").expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .arg("check")
        .current_dir(&project.0)
        .env("NO_COLOR", "1")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("it runs");
    let run = Run::of(output);
    assert_eq!(run.code, 1, "{}", run.err);
    let commands: Vec<&str> = run
        .out
        .lines()
        .filter(|line| line.trim_start().starts_with("::"))
        .collect();
    assert_eq!(commands.len(), 5, "{}", run.out);
    assert!(run.out.starts_with("prefixlint:"), "{}", run.out);
    let said = std::fs::read_to_string(&summary).expect("a file");
    assert!(said.starts_with("before\n### prefixlint: "), "{said}");
}

#[test]
fn gitlab_issues_have_the_documented_fields_and_fingerprints_of_their_own() {
    let project = hostile("gitlab");
    let report = json(&project, "gitlab");
    let mut prints: Vec<&str> = Vec::new();
    for issue in all(&report) {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[key].is_string(), "{issue}");
        }
        assert!(["info", "minor", "major", "critical", "blocker"]
            .contains(&issue["severity"].as_str().unwrap()));
        assert!(issue["location"]["path"].is_string());
        assert!(issue["location"]["lines"]["begin"].as_u64() >= Some(1));
        prints.push(issue["fingerprint"].as_str().unwrap());
    }
    assert_eq!(prints.len(), 4);
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 4);
}

#[test]
fn rdjson_counts_columns_in_bytes() {
    let project = Project::empty("rdjson");
    project.write(
        "prompts/a.j2",
        &format!(
            "You are an agent.\nÉ É {{{{ now() }}}}.\n{}\n{{{{ question }}}}\n",
            rules()
        ),
    );
    let report = json(&project, "rdjson");
    assert_eq!(report["source"]["name"], "prefixlint");
    let one = &all(&report["diagnostics"])[0];
    assert_eq!(one["severity"], "WARNING");
    assert_eq!(one["code"]["value"], "volatile-prefix");
    assert_eq!(one["location"]["path"], "prompts/a.j2");
    let start = &one["location"]["range"]["start"];
    let json = project.json(&[]);
    let column = json["findings"][0]["start"]["column"]
        .as_u64()
        .expect("a column");
    assert_eq!(
        (start["line"].as_u64(), start["column"].as_u64()),
        (Some(2), Some(column + 2))
    );
}

#[test]
fn junit_is_read_by_a_reader_of_junit() {
    let project = hostile("junit");
    let text = check(&project, "junit");
    assert!(!text.contains("<script>"), "{text}");
    let Some(python) =
        ci_tools::tool("python").filter(|_| std::env::var_os("PREFIXLINT_CI_TOOLS").is_some())
    else {
        println!("skipped: junitparser is not installed");
        return;
    };
    let file = project.0.join("report.xml");
    std::fs::write(&file, &text).expect("a file");
    let script = "import sys, junitparser\nx = junitparser.JUnitXml.fromfile(sys.argv[1])\n\
                  print(x.tests, x.failures, x.errors)\nprint(*sorted(s.name for s in x), sep='\\n')\n";
    let said = ci_tools::succeed(Command::new(python).args(["-c", script]).arg(&file));
    assert!(said.starts_with("7 4 1\n"), "{said}");
    for name in NAMES {
        assert!(said.lines().any(|line| line == name), "{name}: {said}");
    }
}

#[test]
fn a_comment_shows_hostile_text_as_text() {
    let project = hostile("comment");
    let text = check(&project, "markdown");
    assert!(text.starts_with("### prefixlint: "), "{text}");
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    assert_eq!(rows.len(), 4, "{text}");
    for row in rows {
        assert_eq!(
            row.matches('|').count() - row.matches("\\|").count(),
            4,
            "{row}"
        );
        // Outside of code nothing is a mention, a tag or an image.
        let parts: Vec<&str> = row.split('`').step_by(2).collect();
        for part in parts {
            for bad in ["@everyone", "<script", "<b>", "![x]", " #12"] {
                assert!(!part.contains(bad), "{bad}: {row}");
            }
        }
    }
}

#[test]
fn each_format_needs_a_file_of_its_own_and_what_can_be_written_is() {
    let project = hostile("files");
    let twice = project.run(&[
        "check",
        "--output-format",
        "sarif=a",
        "--output-format",
        "json=a",
    ]);
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("two formats go to a"), "{}", twice.err);
    assert!(!project.0.join("a").exists());
    let spelt = [
        "check",
        "--output-format",
        "json=a",
        "--output-format",
        "sarif=./a",
    ];
    let moved = [
        "check",
        "--output-format",
        "json=a",
        "--output-format",
        "full",
        "--output-file",
        "a",
    ];
    for arguments in [&spelt[..], &moved[..]] {
        let run = project.run(arguments);
        assert!(run.err.contains("two formats go to a"), "{}", run.err);
        assert_eq!(run.code, 2);
    }
    let run = project.run(&[
        "check",
        "--output-format",
        "sarif=no/such/folder/a",
        "--output-format",
        "gitlab=b.json",
    ]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cannot write"), "{}", run.err);
    assert!(project.0.join("b.json").exists());
}
