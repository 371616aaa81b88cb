//! Formats that other programs read: checked by those programs where there are some, else against the fields that are
//! documented. File names and prompt texts are as hostile as they come.

use std::path::Path;
use std::process::Command;

use gha_command_proof::{parse_command_line, ParsedCommand};
use serde::Deserialize;
use serde_json::{json, Value};

use prefixlint::engine::Analysis;
use prefixlint::finding::{Edit, Finding, Fix, Suppressed};
use prefixlint::report::{self, Show, Style};
use prefixlint::source::Place;
use prefixlint::workspace::Memory;

mod ci_tools;
mod linting;
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
        let text = format!("You are an agent.\nIt is {{{{ now() | default('::warning::%0A ##[group]x @everyone #12 <script> | ![x](http://e.x)') }}}}.\n{rules}\n{{{{ question }}}}\n");
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

fn json_of(project: &Project, format: &str) -> Value {
    serde_json::from_str(&check(project, format)).expect("JSON")
}

fn all(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

#[test]
fn sarif_has_no_fault_for_its_own_validator() {
    let project = hostile("sarif");
    let report = json_of(&project, "sarif");
    let run = &report["runs"][0];
    let results = all(&run["results"]);
    assert_eq!(results.len(), 5);
    let find = |key: &str| results.iter().filter(|one| one.get(key).is_some()).count();
    assert_eq!((find("suppressions"), find("codeFlows")), (5, 1));
    let hidden = results
        .iter()
        .filter(|one| !all(&one["suppressions"]).is_empty());
    assert_eq!(hidden.count(), 1);
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
    let read = validated(&project.0, &report);
    assert_eq!(read.runs[0].results.as_ref().map(Vec::len), Some(5));
}

/// Reads a SARIF log with a crate for it, and has Microsoft's validator look at it where it is installed.
fn validated(folder: &Path, report: &Value) -> serde_sarif::sarif::Sarif {
    let read = serde_sarif::sarif::Sarif::deserialize(report).expect("SARIF");
    let Some(tools) = std::env::var_os("PREFIXLINT_CI_TOOLS") else {
        println!("skipped: the validator is not installed");
        return read;
    };
    let validator = std::path::Path::new(&tools)
        .join("node/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let file = folder.join("report.sarif");
    std::fs::write(&file, report.to_string()).expect("a file");
    let log = folder.join("validation.sarif");
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
    read
}

#[test]
fn a_sarif_fingerprint_survives_moved_lines() {
    let project = hostile("moved-sarif");
    let prints = |project: &Project| -> Vec<String> {
        let report = json_of(project, "sarif");
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

/// What a reader of commands, written by others after GitHub's runner, takes from a log.
fn commands(log: &str) -> Vec<ParsedCommand> {
    log.split(['\n', '\r'])
        .filter_map(|line| parse_command_line(line, 1))
        .collect()
}

#[test]
fn workflow_commands_say_what_was_found_whatever_stands_in_names_and_texts() {
    let project = hostile("github");
    let text = check(&project, "github");
    let commands = commands(&text);
    assert_eq!(commands.len(), text.lines().count());
    let report = project.json(&[]);
    let found = all(&report["findings"])
        .iter()
        .filter(|one| one["suppressed"].is_null());
    let found: Vec<&Value> = found.collect();
    assert_eq!((commands.len(), found.len()), (5, 4), "{text}");
    for (command, finding) in commands.iter().zip(&found) {
        assert_eq!(command.name, "warning");
        let said = |key: &str| command.properties[key].as_str();
        assert_eq!(said("file"), finding["path"]);
        assert_eq!(said("line"), finding["start"]["line"].to_string());
        assert_eq!(said("col"), finding["start"]["column"].to_string());
        assert!(said("title").contains("volatile-prefix"));
        let (message, help) = (&finding["message"], &finding["help"]);
        let (message, help) = (message.as_str().unwrap(), help.as_str().unwrap());
        assert_eq!(command.data, format!("{message}\n{help}"));
    }
    for name in NAMES {
        let named = |one: &&ParsedCommand| one.properties["file"] == name;
        assert!(commands.iter().any(|one| named(&one)), "{name}: {text}");
    }
    assert_eq!(commands[4].properties["file"], "prompts/binary.j2");
}

/// `check` as a step of GitHub Actions.
fn in_actions(project: &Project, arguments: &[&str], summary: &Path) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(arguments)
        .current_dir(&project.0)
        .env("NO_COLOR", "1")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", summary)
        .output()
        .expect("it runs");
    Run::of(output)
}

#[test]
fn in_github_actions_the_report_commands_nothing_and_the_annotations_and_the_summary_follow() {
    let project = hostile("actions");
    let summary = project.0.join("summary.md");
    std::fs::write(&summary, "before\n").expect("a file");
    let run = in_actions(&project, &["check"], &summary);
    assert_eq!(run.code, 1, "{}", run.err);
    let plain = check(&project, "github");
    assert!(run.out.ends_with(&plain), "{}", run.out);
    assert_eq!(commands(&run.out), commands(&plain));
    assert!(run.out.starts_with("prefixlint:"), "{}", run.out);
    let said = std::fs::read_to_string(&summary).expect("a file");
    assert!(said.starts_with("before\n### prefixlint: "), "{said}");
}

#[test]
fn what_is_quoted_for_people_commands_no_runner() {
    let project = hostile("quoted");
    project.write("prefixlint.yaml", "modle: '##[error]x'\n");
    let summary = project.0.join("summary.md");
    let path = NAMES[0];
    for arguments in [
        &["check", "--output-format", "full"][..],
        &["check", "--output-format", "concise"],
        &["inspect", path],
    ] {
        let run = in_actions(&project, arguments, &summary);
        assert!(run.out.contains("::warning::"), "{}", run.out);
        assert!(run.err.contains("modle"), "{}", run.err);
        assert_eq!(commands(&run.out), [], "{arguments:?}");
        assert_eq!(commands(&run.err), [], "{arguments:?}");
        assert!(!summary.exists());
    }
    // What a program reads is not touched.
    let run = in_actions(&project, &["check", "--output-format", "json"], &summary);
    assert!(run.out.contains("##[group]x"), "{}", run.out);
}

#[test]
fn a_summary_that_github_would_not_take_is_left_out() {
    let project = hostile("summary");
    let summary = project.0.join("summary.md");
    let before = "x".repeat((1 << 20) - 500);
    std::fs::write(&summary, &before).expect("a file");
    let run = in_actions(&project, &["check"], &summary);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("note: the summary"), "{}", run.err);
    assert_eq!(std::fs::read_to_string(&summary).unwrap(), before);
    let nowhere = in_actions(&project, &["check"], &project.0.join("no/such/folder"));
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.err.contains("is not written"), "{}", nowhere.err);
}

#[test]
fn gitlab_issues_have_the_documented_fields_and_fingerprints_of_their_own() {
    let project = hostile("gitlab");
    let report = json_of(&project, "gitlab");
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
    assert_eq!(prints.len(), 5);
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 5);
    let unread = all(&report)
        .iter()
        .find(|issue| issue["check_name"] == "not-linted");
    let unread = unread.expect("the file that cannot be read");
    assert_eq!(unread["location"]["path"], "prompts/binary.j2");
    assert_eq!(unread["location"]["lines"]["begin"], 1);
}

/// What a format has no place for goes to standard error.
#[test]
fn a_run_tells_what_it_could_not_do_in_every_format() {
    let project = hostile("told");
    project.write("prefixlint.yaml", "model: gpt-99-unheard-of\n");
    for format in ["gitlab", "rdjson", "github", "junit"] {
        let run = project.run(&["check", "--output-format", format]);
        assert!(run.out.contains("prompts/binary.j2"), "{format}");
        assert!(!run.out.contains("gpt-99-unheard-of"), "{format}");
        assert!(
            run.err.contains("note: `gpt-99-unheard-of` is not in"),
            "{format}: {}",
            run.err
        );
        let quiet = project.run(&["check", "-q", "--output-format", format]);
        assert_eq!(quiet.err, "", "{format}");
        // Told once: the full report has a place for it.
        let file = format!("{format}=report.out");
        let arguments = ["check", "--output-format", "full", "--output-format", &file];
        let run = project.run(&arguments);
        assert!(run.out.contains("gpt-99-unheard-of"), "{}", run.out);
        assert_eq!(run.err, "", "{format}");
    }
    let report = json_of(&project, "rdjson");
    let unread = all(&report["diagnostics"])
        .iter()
        .find(|one| one["code"]["value"] == "not-linted");
    let unread = unread.expect("the file that cannot be read");
    assert_eq!(unread["severity"], "WARNING");
    assert_eq!(unread["location"], json!({ "path": "prompts/binary.j2" }));
}

/// Tabs are one byte, carriage returns are of no line, and of a row that is held in part the front counts as well.
#[test]
fn rdjson_counts_the_bytes_of_the_line_in_the_file() {
    let project = Project::empty("rdjson-bytes");
    let prompt = format!(
        "You are an agent.\r\n\t🎉 É{{{{ now() }}}}.\r\n{}\r\n{{{{ question }}}}\r\n",
        rules().replace('\n', "\r\n")
    );
    project.write("prompts/a.j2", &prompt);
    let row = format!(
        "{{\"custom_id\": \"1\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {{\"model\": \"gpt-5.4\", \"messages\": [{{\"role\": \"system\", \"content\": \"{}\"}}]}}}}\n",
        "Be polite. ".repeat(20)
    );
    let broken = format!("{{\"x\": \"{}\" oops}}\n", "É🎉".repeat(2000));
    project.write("batch.jsonl", &format!("{row}{row}{broken}{row}"));
    let report = json_of(&project, "rdjson");
    let json = project.json(&[]);
    let mut seen = 0;
    for finding in all(&json["findings"]) {
        let path = finding["path"].as_str().expect("a path");
        let bytes = std::fs::read(project.0.join(path)).expect("readable");
        let wanted = |side: &str| {
            let offset = finding[side]["offset"].as_u64().expect("an offset") as usize;
            let front = &bytes[..offset];
            let start = front.iter().rposition(|byte| *byte == b'\n');
            let line = front.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = offset - start.map_or(0, |at| at + 1) + 1;
            json!({ "line": line, "column": column })
        };
        let range = json!({ "start": wanted("start"), "end": wanted("end") });
        let found = all(&report["diagnostics"])
            .iter()
            .any(|one| one["location"]["path"] == path && one["location"]["range"] == range);
        assert!(found, "{path}: {range} in {report:#}");
        seen += 1;
    }
    assert!(seen >= 2, "{json:#}");
    let rows = all(&json["findings"]).iter();
    let rows = rows.filter(|finding| finding["path"] == "batch.jsonl");
    assert_eq!(rows.count(), 1, "the row that cannot be read");
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
    let report = json_of(&project, "rdjson");
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
fn rdjson_has_no_fault_for_a_validator_of_the_format() {
    let project = hostile("rdjson-valid");
    let Some(validator) =
        ci_tools::tool("rdformat-validator").filter(|_| ci_tools::tool("node").is_some())
    else {
        return;
    };
    let file = project.0.join("report.json");
    let valid = |report: &Value| {
        std::fs::write(&file, report.to_string()).expect("a file");
        let strict = ["--strict", "--no-extra-fields"];
        let output = ci_tools::run(Command::new(&validator).args(strict).arg(&file));
        output.status.success()
    };
    assert!(valid(&json_of(&project, "rdjson")));
    let mut report = rendered(&with_a_fix(), "rdjson");
    assert!(valid(&report));
    // It looks.
    report["diagnostics"][0]["suggestions"][0]["range"]["start"]["line"] = json!("two");
    assert!(!valid(&report));
}

/// A finding with a fix of two edits, as rules will make them: the clock goes, and comes back at the end.
fn with_a_fix() -> Analysis {
    let text = format!(
        "You are an agent.\nÉ {{{{ now() }}}}.\n{}\n{{{{ question }}}}\n",
        rules()
    );
    let mut analysis = linting::lint(&Memory::new(&[("a b.j2", &text)]), "fix");
    let finding = &mut analysis.findings[0];
    let path = &finding.place.path;
    let edit = |start: usize, end: usize, text: &str| Edit {
        place: Place::new(path, start, end),
        text: text.to_string(),
    };
    let clock = text.find("{{ now").expect("a clock");
    let end = text.find("Rule 1:").expect("a rule");
    finding.fix = Some(Fix {
        title: "move the clock".to_string(),
        safe: false,
        edits: vec![
            edit(clock, clock + "{{ now() }}".len(), ""),
            edit(end, end, "{{ now() }}\n"),
        ],
    });
    analysis
}

fn rendered(analysis: &Analysis, format: &str) -> Value {
    let format = report::format_of(format).expect("a format");
    let text = format.render(analysis, Show::default(), Style::default());
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_fix_is_one_suggestion_of_rdjson_from_its_first_edit_to_its_last() {
    let mut analysis = with_a_fix();
    let report = rendered(&analysis, "rdjson");
    let suggestions = all(&report["diagnostics"][0]["suggestions"]);
    assert_eq!(suggestions.len(), 1);
    let message = report["diagnostics"][0]["message"].as_str();
    let kind = "\nunsafe fix: move the clock";
    assert!(message.is_some_and(|message| message.ends_with(kind)));
    let range = &suggestions[0]["range"];
    assert_eq!(range["start"], json!({ "line": 2, "column": 4 }));
    assert_eq!(range["end"], json!({ "line": 4, "column": 1 }));
    let first = rules().lines().next().expect("a rule").to_string();
    assert_eq!(
        suggestions[0]["text"],
        format!(".\n{first}\n{{{{ now() }}}}\n")
    );
    // A part of a fix is none.
    let fix = analysis.findings[0].fix.as_mut().expect("a fix");
    fix.edits[1].place.path = "b.j2".into();
    let report = rendered(&analysis, "rdjson");
    assert!(report["diagnostics"][0]["suggestions"].is_null());
    let message = report["diagnostics"][0]["message"].as_str();
    assert!(message.is_some_and(|message| !message.contains("move the clock")));
    let report = rendered(&analysis, "sarif");
    assert!(report["runs"][0]["results"][0]["fixes"].is_null());
}

#[test]
fn a_fix_is_an_artifact_change_of_sarif() {
    let project = Project::empty("fix");
    let report = rendered(&with_a_fix(), "sarif");
    let read = validated(&project.0, &report);
    let results = read.runs[0].results.as_ref().expect("results");
    let fix = &results[0].fixes.as_ref().expect("fixes")[0];
    let said = fix.description.as_ref().and_then(|one| one.text.as_deref());
    assert_eq!(said, Some("unsafe fix: move the clock."));
    let change = &fix.artifact_changes[0];
    assert_eq!(change.artifact_location.uri.as_deref(), Some("a%20b.j2"));
    let regions: Vec<(Option<i64>, Option<i64>, Option<i64>)> = change
        .replacements
        .iter()
        .map(|one| &one.deleted_region)
        .map(|one| (one.start_line, one.start_column, one.end_column))
        .collect();
    assert_eq!(
        regions,
        [(Some(2), Some(3), Some(14)), (Some(4), Some(1), Some(1))]
    );
    let inserted = change.replacements[1].inserted_content.as_ref();
    let text = inserted.and_then(|one| one.text.as_deref());
    assert_eq!(text, Some("{{ now() }}\n"));
}

/// GitHub refuses a run of more results as a whole.
#[test]
fn sarif_holds_as_many_results_as_github_takes_and_says_so() {
    let mut analysis = with_a_fix();
    let known = |rank: usize| Suppressed {
        how: "comment",
        reason: rank.to_string(),
    };
    let one = analysis.findings[0].clone();
    analysis.findings = (1..=25_010)
        .map(|rank| Finding {
            rank,
            message: format!("the finding {rank}"),
            suppressed: (rank <= 5).then(|| known(rank)),
            fix: None,
            labels: Vec::new(),
            trace: Vec::new(),
            ..one.clone()
        })
        .collect();
    let report = rendered(&analysis, "sarif");
    let run = &report["runs"][0];
    let results = all(&run["results"]);
    assert_eq!(results.len(), 25_000);
    let text = |result: &Value| result["message"]["text"].as_str().unwrap().to_string();
    assert!(text(&results[0]).starts_with("the finding 6"));
    assert!(text(&results[24_999]).starts_with("the finding 25005"));
    let said = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(said["level"], "warning");
    assert!(text(said).contains("25,000 of 25,010 findings"), "{said}");
}

#[test]
fn sarif_says_which_config_could_not_be_used() {
    let project = hostile("sarif-config");
    project.write("prefixlint.yaml", "modle: x\n");
    let run = project.run(&["check", "--output-format", "sarif"]);
    assert_eq!(run.code, 2);
    let report = run.json();
    validated(&project.0, &report);
    let invocation = &report["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = &all(&invocation["toolConfigurationNotifications"])[0];
    let text = said["message"]["text"].as_str().expect("a text");
    assert!(text.contains("modle"), "{text}");
    assert_eq!(
        said["locations"][0]["physicalLocation"]["region"]["startLine"],
        1
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

/// Compares a text with a file below `tests/output`; `BLESS=1` writes it.
#[track_caller]
fn matches(name: &str, text: &str) {
    let path = ci_tools::root().join("tests/output").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}; BLESS=1 writes it anew");
}

/// A report without its notices: a price table grows old, and what is looked at here does not.
fn without_notices(report: &str) -> String {
    let mut within = false;
    let kept = report.split_inclusive('\n').filter(|line| {
        within = line.starts_with("notice ") || within && line.starts_with("           ");
        !within
    });
    kept.collect()
}

#[test]
fn a_log_of_actions_and_a_comment_look_so() {
    let project = Project::new("looks");
    project.write("prefixlint.yaml", "traffic: { calls-per-month: 200000 }\n");
    std::fs::write(project.0.join("prompts/binary.j2"), b"\0").expect("a file");
    let text = format!(
        "You are a judge of | answers.\nQuestion: {{{{ question or \"@everyone `x` #12 <b>\" }}}}\n{}",
        rules()
    );
    project.write("prompts/judge.j2", &text);
    let summary = project.0.join("summary.md");
    let run = in_actions(&project, &["check"], &summary);
    matches("actions.txt", &without_notices(&run.out));
    let said = std::fs::read_to_string(&summary).expect("a summary");
    assert_eq!(said, check(&project, "markdown"));
    matches("comment.md", &said);
}
