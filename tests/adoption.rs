//! Joining a project that has findings already: the baseline, comments written by the tool, and the exit codes of it all.

use std::fs;

use serde_json::Value;

mod project;
mod schema;

use project::{rules, Project, Run};

const FILE: &str = "prefixlint-baseline.json";

fn check(project: &Project, arguments: &[&str]) -> Run {
    project.run(&[&["check"], arguments].concat())
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.0.join(path)).expect("a file")
}

fn with_baseline(name: &str) -> Project {
    let project = Project::new(name);
    let run = check(&project, &["--write-baseline"]);
    assert_eq!(run.code, 0, "{}", run.err);
    project
}

#[test]
fn what_a_baseline_holds_is_left_alone_and_counted() {
    let project = with_baseline("known");
    let run = check(&project, &["--baseline", FILE]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("by the baseline"), "{}", run.out);
    let json = check(&project, &["--baseline", FILE, "--output-format", "json"]);
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    let suppressed = &report["findings"][0]["suppressed"];
    assert_eq!(suppressed["how"], "baseline", "{report}");
}

#[test]
fn a_baseline_survives_moved_lines_and_a_second_finding_of_a_kind_is_new() {
    let project = with_baseline("moved");
    let text = read(&project, "prompts/clock.j2");
    project.write(
        "prompts/clock.j2",
        &text.replace("agent.\n", "agent.\nBe kind.\n\n"),
    );
    assert_eq!(check(&project, &["--baseline", FILE]).code, 0);
    project.write("prompts/other.j2", &text);
    let run = check(&project, &["--baseline", FILE]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("prompts/other.j2"), "{}", run.out);
    assert!(!run.out.contains("prompts/clock.j2"), "{}", run.out);
}

#[test]
fn what_is_gone_is_said_and_pruned_but_only_of_files_that_were_looked_at() {
    let project = with_baseline("stale");
    project.write(
        "prompts/clock.j2",
        &format!(
            "You are a support agent.\n{}\n{{{{ question }}}}\n",
            rules()
        ),
    );
    let before = read(&project, FILE);
    // Another file says nothing of this one.
    let part = check(&project, &["--baseline", FILE, "prompts/clean.j2"]);
    assert!(!part.out.contains("gone"), "{}", part.out);
    check(
        &project,
        &["--baseline", FILE, "--prune-baseline", "prompts/clean.j2"],
    );
    assert_eq!(read(&project, FILE), before);
    let whole = check(&project, &["--baseline", FILE]);
    assert!(
        whole.out.contains("is gone (prompts/clock.j2)"),
        "{}",
        whole.out
    );
    assert_eq!(whole.code, 0);
    check(&project, &["--baseline", FILE, "--prune-baseline"]);
    let pruned = read(&project, FILE);
    assert!(!pruned.contains("clock.j2"), "{pruned}");
    let again = check(&project, &["--baseline", FILE]);
    assert!(!again.out.contains("gone"), "{}", again.out);
}

#[test]
fn writing_again_keeps_reasons_and_bytes() {
    let project = with_baseline("reasons");
    let text = read(&project, FILE);
    let schema = schema::Schema::new(include_str!("../schemas/prefixlint-baseline.schema.json"));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(schema.wrong("", &value), [""; 0]);
    let reasoned = text.replacen("\"reason\": \"\"", "\"reason\": \"ticket 7\"", 1);
    assert_ne!(text, reasoned);
    project.write(FILE, &reasoned);
    check(&project, &["--write-baseline"]);
    assert_eq!(read(&project, FILE), reasoned);
}

#[test]
fn a_broken_baseline_is_an_error_with_a_place_and_stays_as_it_is() {
    let project = Project::new("broken");
    for (text, said) in [
        ("{", "error[baseline]"),
        ("[]", "a baseline is an object"),
        (
            "{\"version\": 2, \"findings\": {}}",
            "this version of a baseline is not known",
        ),
        (
            "{\"version\": 1, \"findings\": {}, \"finding\": 1}",
            "unknown key `finding`",
        ),
        (
            "{\"version\": 1, \"findings\": {\"a\": {\"r\": [{\"fingerprint\": \"x\"}]}}}",
            "16 hexadecimal digits",
        ),
    ] {
        project.write(FILE, text);
        for arguments in [
            &["--baseline", FILE][..],
            &["--baseline", FILE, "--write-baseline"],
        ] {
            let run = check(&project, arguments);
            assert_eq!(run.code, 2, "{text}");
            assert!(run.err.contains(said), "{text}: {}", run.err);
            assert!(run.err.contains("help:"), "{text}: {}", run.err);
            assert_eq!(run.out, "", "{text}");
            assert_eq!(read(&project, FILE), text);
        }
    }
    let missing = check(&project, &["--baseline", "no.json"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("write it first"), "{}", missing.err);
    let folder = check(&project, &["--baseline", "prompts", "--write-baseline"]);
    assert_eq!(folder.code, 2, "{}", folder.err);
}

#[test]
fn a_comment_is_added_where_it_holds_and_only_once() {
    let project = Project::new("comments");
    let code = "from datetime import datetime\nfrom openai import OpenAI\r\nclient = OpenAI()\nRULES = 'Be polite. ' * 900\n\n\
                def send(question):\n    return client.chat.completions.create(\n        model='gpt-5.4',\n        messages=[\n            \
                {'role': 'system', 'content': f'Now {datetime.now()}. {RULES}'},\n            \
                {'role': 'user', 'content': question},\n        ],\n    )\n";
    project.write("app.py", code);
    project.write(
        "prompts/list.json",
        "[{\"role\": \"system\", \"content\": \"It is {{ now() }}. ",
    );
    let body = format!(
        "[{{\"role\": \"system\", \"content\": \"It is {{{{ now() }}}}. {}\"}}, {{\"role\": \"user\", \"content\": \"{{{{ question }}}}\"}}]",
        rules().replace('\n', " ")
    );
    project.write("prompts/list.json", &body);
    let run = check(&project, &["--add-ignore", "the regulator wants it"]);
    // JSON has no comments: that one is named, and left.
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(
        run.out
            .contains("2 findings left alone by comments in 2 files"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("prompts/list.json:1 volatile-prefix"),
        "{}",
        run.out
    );
    assert_eq!(read(&project, "prompts/list.json"), body);
    let clock = read(&project, "prompts/clock.j2");
    assert!(clock.contains(
        "\n{# prefixlint: ignore[volatile-prefix] the regulator wants it #}It is {{ now() }}.\n"
    ));
    let app = read(&project, "app.py");
    assert!(app.contains(
        "\n    # prefixlint: ignore[volatile-prefix] the regulator wants it\n    return client"
    ));
    assert_eq!(app.lines().count(), code.lines().count() + 1);
    let again = check(&project, &["--add-ignore", "the regulator wants it"]);
    assert!(
        again.out.starts_with("no comment is added"),
        "{}",
        again.out
    );
    assert_eq!(read(&project, "app.py"), app);
    let left = check(&project, &["--output-format", "concise"]);
    assert!(!left.out.contains("app.py"), "{}", left.out);
    assert!(!left.out.contains("unused-suppression"), "{}", left.out);
}

#[test]
fn a_reason_that_ends_the_comment_is_refused_before_anything_is_written() {
    let project = Project::new("reason");
    let before = read(&project, "prompts/clock.j2");
    for reason in ["", "a #} b", "a */ b", "one\ntwo"] {
        let run = check(&project, &["--add-ignore", reason]);
        assert_eq!(run.code, 2, "{reason}");
        assert_eq!(read(&project, "prompts/clock.j2"), before);
    }
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_read_only_one_its_text() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new("mode");
    let path = project.0.join("prompts/clock.j2");
    let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    set(0o444);
    let before = read(&project, "prompts/clock.j2");
    let run = check(&project, &["--add-ignore", "known"]);
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(run.err.contains("read-only"), "{}", run.err);
    assert_eq!(read(&project, "prompts/clock.j2"), before);
    set(0o750);
    assert_eq!(check(&project, &["--add-ignore", "known"]).code, 0);
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

/// The rows of the table of exit codes: (what stands in the project, arguments, code).
fn rows() -> Vec<(String, Vec<String>, i32)> {
    let text = include_str!("../docs/exit-codes.md");
    let rows: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 3 && cells[2].parse::<i32>().is_ok())
        .filter(|cells| cells[1].starts_with("`prefixlint check"))
        .map(|cells| {
            let arguments = cells[1].trim_matches('`').split_whitespace();
            (
                cells[0].to_string(),
                arguments.skip(2).map(str::to_string).collect(),
                cells[2].parse().expect("a number"),
            )
        })
        .collect();
    rows
}

/// A request without a breakpoint.
fn unmarked(rules: &str) -> String {
    let system = rules.replace('\n', " ");
    format!(
        "{{\n  \"model\": \"claude-sonnet-5\",\n  \"max_tokens\": 9,\n  \"system\": \"{system}\",\n  \
         \"messages\": [{{ \"role\": \"user\", \"content\": \"{{{{ question }}}}\" }}]\n}}\n"
    )
}

/// A project with what the words of a row say.
fn project_of(words: &str, number: usize) -> Project {
    let project = Project::empty(&format!("row-{number}"));
    let rules = rules();
    let clean = format!("You are a support agent.\n{rules}\n{{{{ question }}}}\n");
    project.write("prompts/clean.j2", &clean);
    for word in words.split(", ") {
        match word {
            "nothing found" => {}
            "a warning" | "a note" => {
                let now = match word {
                    "a note" => "{{ today }}",
                    _ => "{{ now() }}",
                };
                let text =
                    format!("You are an agent.\nIt is {now}.\n{rules}\n{{{{ question }}}}\n");
                project.write("prompts/clock.j2", &text);
            }
            "fresh baseline" => {
                let run = check(&project, &["--write-baseline"]);
                assert_eq!(run.code, 0, "{}", run.err);
            }
            "then a new warning" => {
                let text =
                    format!("You are new.\nIt is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n");
                project.write("prompts/new.j2", &text);
            }
            "then mended" => project.write("prompts/clock.j2", &clean),
            "a note that a fix mends" => {
                let comment = "{# prefixlint: ignore[over-budget] known #}";
                project.write("prompts/clean.j2", &format!("{comment}{clean}"));
            }
            "a warning that a fix mends" => project.write("requests/a.json", &unmarked(&rules)),
            "fixed" => {
                let run = check(&project, &["--fix"]);
                assert_eq!(run.code, 0, "{}", run.err);
            }
            "read-only" => {
                let path = project.0.join("requests/a.json");
                let mut mode = fs::metadata(&path).expect("a file").permissions();
                mode.set_readonly(true);
                fs::set_permissions(&path, mode).expect("a mode");
            }
            "an error" => project.write(
                "requests/rejected.json",
                "{ \"model\": \"gpt-5.4\", \"prompt_cache_options\": { \"mode\": \"explicit\" }, \"messages\": [\
                 { \"role\": \"system\", \"content\": \"You are an agent.\" }, \
                 { \"role\": \"user\", \"content\": \"{{ question }}\" }] }\n",
            ),
            trouble => trouble_in(&project, trouble),
        }
    }
    project
}

fn trouble_in(project: &Project, what: &str) {
    match what {
        "broken baseline" => project.write(FILE, "{"),
        "broken config" => project.write("prefixlint.yaml", "modle: gpt-5.4\n"),
        "unreadable file" => {
            fs::write(project.0.join("prompts/binary.j2"), b"\0\0").expect("a file");
        }
        other => panic!("no such project: {other}"),
    }
}

/// The code by the worst finding that is left and by `--fail-on`, as the table says.
fn documented(worst: &str, fail_on: &str) -> i32 {
    let text = include_str!("../docs/exit-codes.md");
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_string()).collect()
    };
    let mut lines = text.lines().map(cells);
    let head = lines.find(|cells| cells[0] == "worst finding");
    let head = head.expect("a table");
    let column = head.iter().position(|cell| cell.contains(fail_on));
    let row = lines.find(|cells| cells[0] == worst).expect("a row");
    row[column.expect("a column")].parse().expect("a code")
}

#[test]
fn the_exit_code_is_that_of_the_table_in_every_combination() {
    let findings = ["none", "note", "warning", "error"];
    let mut runs = 0;
    for (number, worst) in findings.iter().enumerate() {
        let words = match *worst {
            "none" => "nothing found".to_string(),
            // What is less bad stands beside it.
            "error" => "a warning, an error".to_string(),
            worst => format!("a {worst}"),
        };
        for (kind, trouble) in ["", "unreadable file", "broken config", "broken baseline"]
            .into_iter()
            .enumerate()
        {
            let project = project_of(&words, 1000 + number * 10 + kind);
            let written = check(&project, &["--write-baseline", "--baseline", "known.json"]);
            assert_eq!(written.code, 0, "{}", written.err);
            if !trouble.is_empty() {
                trouble_in(&project, trouble);
            }
            let spoilt = trouble == "broken config";
            for fail_on in ["", "note", "warning", "error"] {
                for exit_zero in [false, true] {
                    let baselines: &[&str] = match trouble {
                        "broken baseline" => &[FILE],
                        _ => &["", "known.json"],
                    };
                    for baseline in baselines {
                        let mut arguments = Vec::new();
                        if !fail_on.is_empty() {
                            arguments.extend(["--fail-on", fail_on]);
                        }
                        if exit_zero {
                            arguments.push("--exit-zero");
                        }
                        if !baseline.is_empty() {
                            arguments.extend(["--baseline", baseline]);
                        }
                        let left = if *baseline == "known.json" {
                            "none"
                        } else {
                            worst
                        };
                        let fail_on = if fail_on.is_empty() {
                            "warning"
                        } else {
                            fail_on
                        };
                        let code = match documented(left, fail_on) {
                            _ if spoilt || *baseline == FILE => 2,
                            _ if exit_zero => 0,
                            code => code,
                        };
                        let run = check(&project, &arguments);
                        let told = (&run.out, &run.err);
                        assert_eq!(
                            run.code, code,
                            "{words}, {trouble}: {arguments:?}\n{told:?}"
                        );
                        runs += 1;
                    }
                }
            }
        }
    }
    assert_eq!(runs, 4 * 8 * (2 + 2 + 2 + 1));
}

#[test]
fn the_table_of_exit_codes_holds() {
    let rows = rows();
    assert!(rows.len() >= 30, "{}", rows.len());
    for (number, (words, arguments, code)) in rows.into_iter().enumerate() {
        let project = project_of(&words, number);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = check(&project, &arguments);
        assert_eq!(
            run.code, code,
            "{words}: {arguments:?}\n{}{}",
            run.out, run.err
        );
        // An error is said; findings alone are none.
        assert_eq!(run.err.contains("error"), code == 2, "{words}: {}", run.err);
    }
}
