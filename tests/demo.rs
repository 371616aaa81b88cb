//! The bundled demo: what is found before, that nothing is found after, what it adds up to, and that the documents
//! around it tell the truth. The README's blocks are compared with what the program prints.

use std::process::{Command, Output};

use serde_json::Value;

#[path = "schema/mod.rs"]
mod schema;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn prefixlint(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(arguments)
        .current_dir(ROOT)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(prefixlint(arguments).stdout).expect("UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).expect("JSON")
}

fn report() -> Value {
    json(&["check", "fixtures/demo", "--output-format", "json"])
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().expect("a list")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).expect(path)
}

/// Rule, file below `before/`, line, severity.
const EXPECTED: &[(&str, &str, u64, &str)] = &[
    (
        "breakpoint-ttl-order",
        "requests/estimate.json",
        133,
        "error",
    ),
    (
        "cache-option-unsupported",
        "requests/orders.json",
        6,
        "error",
    ),
    ("conditional-prefix", "prompts/handover.j2", 3, "warning"),
    ("history-rewrite", "prompts/handover.j2", 16, "warning"),
    (
        "missing-breakpoint",
        "requests/technician-notes.json",
        4,
        "warning",
    ),
    (
        "too-many-breakpoints",
        "requests/workshop-agent.json",
        159,
        "error",
    ),
    ("unread-cache-write", "requests/digest.json", 14, "warning"),
    ("unsplit-message", "requests/sizing.json", 10, "warning"),
    ("unstable-order", "prompts/reply.prompty", 93, "warning"),
    (
        "variable-before-stable",
        "batch/return-reasons.jsonl",
        1,
        "warning",
    ),
    ("variable-before-stable", "grading/judge.txt", 1, "warning"),
    (
        "variable-before-stable",
        "prompts/summary.prompt",
        11,
        "warning",
    ),
    ("variable-before-stable", "prompts/triage.hbs", 3, "warning"),
    (
        "volatile-breakpoint",
        "requests/workshop-agent.json",
        159,
        "warning",
    ),
    (
        "volatile-breakpoint",
        "requests/workshop.json",
        134,
        "error",
    ),
    ("volatile-cache-key", "requests/orders.json", 4, "warning"),
    ("volatile-prefix", "prompts/base.j2", 3, "warning"),
    ("volatile-prefix", "prompts/reply.prompty", 21, "warning"),
];

#[test]
fn the_findings_are_those_that_were_put_there() {
    let report = report();
    let mut found: Vec<(String, String, u64, String)> = findings(&report)
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().expect(key).to_string();
            let path = text("path");
            let below = path.strip_prefix("fixtures/demo/before/");
            let line = finding["start"]["line"].as_u64().expect("a line");
            (
                text("rule"),
                below.unwrap_or(&path).to_string(),
                line,
                text("severity"),
            )
        })
        .collect();
    found.sort();
    let expected: Vec<_> = EXPECTED
        .iter()
        .map(|(rule, path, line, severity)| {
            (
                rule.to_string(),
                path.to_string(),
                *line,
                severity.to_string(),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_clean_twins_are_silent() {
    let output = prefixlint(&["check", "fixtures/demo/after", "--output-format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["errors"], serde_json::json!([]));
    let before = json(&["check", "fixtures/demo/before", "--output-format", "json"]);
    assert_eq!(
        report["summary"]["prompts"], before["summary"]["prompts"],
        "each prompt has its twin"
    );
}

#[test]
fn every_prompt_of_the_demo_is_large_enough_to_be_cached() {
    let report = report();
    assert_eq!(report["summary"]["uncacheable"], 0);
    assert_eq!(report["summary"]["prompts"], 30);
}

#[test]
fn the_savings_add_up_and_the_run_fails() {
    let output = prefixlint(&["check", "fixtures/demo"]);
    assert_eq!(output.status.code(), Some(1));
    let report = report();
    let sum: f64 = findings(&report)
        .iter()
        .filter_map(|finding| finding["savings"]["usd_per_month"].as_f64())
        .sum();
    let total = report["summary"]["savings"]["usd_per_month"]
        .as_f64()
        .expect("a total");
    assert!(total > 1000.0, "{total}");
    // Each figure is printed to a millionth.
    assert!((sum - total).abs() < 1e-4, "{sum} {total}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rounded = format!("{:.0}", total);
    let (thousands, rest) = rounded.split_at(rounded.len() - 3);
    let said = format!("save ${thousands},{rest} a month");
    assert!(
        text.lines().next().expect("a headline").contains(&said),
        "{text}"
    );
}

#[test]
fn what_a_base_costs_is_counted_for_each_template_that_inherits_it() {
    let report = report();
    let base = findings(&report)
        .iter()
        .find(|finding| finding["path"] == "fixtures/demo/before/prompts/base.j2")
        .expect("the clock");
    assert_eq!(base["prompts"].as_array().expect("a list").len(), 2);
    let saved = |key: &str| base["savings"][key].as_f64().expect(key);
    let each = saved("usd_per_1k_calls") * 180.0;
    assert!((saved("usd_per_month") - 2.0 * each).abs() < 0.01, "{base}");
}

#[test]
fn the_reports_are_what_their_schema_says() {
    let schema = schema::Schema::new(&read("schemas/prefixlint-output.schema.json"));
    let full = json(&[
        "check",
        "fixtures/demo",
        "--output-format",
        "json",
        "--show-prompts",
        "--statistics",
    ]);
    assert!(!full["prompts"].as_array().expect("prompts").is_empty());
    assert_eq!(schema.wrong("", &full), [""; 0]);
    let inspected = json(&[
        "inspect",
        "fixtures/demo/before/prompts/handover.j2",
        "--output-format",
        "json",
    ]);
    assert_eq!(
        schema.wrong("/properties/schema_version", &inspected["schema_version"]),
        [""; 0]
    );
    assert_eq!(inspected["prompts"].as_array().expect("prompts").len(), 1);
    assert_eq!(
        schema.wrong("/properties/prompts", &inspected["prompts"]),
        [""; 0]
    );
    let rows = stdout(&["check", "fixtures/demo", "--output-format", "json-lines"]);
    let mut rows: Vec<Value> = rows
        .lines()
        .map(|row| serde_json::from_str(row).expect("JSON"))
        .collect();
    let summary = rows.pop().expect("a summary");
    assert_eq!(summary["type"], "summary");
    assert_eq!(
        schema.wrong("/properties/summary", &summary["summary"]),
        [""; 0]
    );
    assert_eq!(rows.len(), EXPECTED.len());
    for mut row in rows {
        let kind = row.as_object_mut().expect("an object").shift_remove("type");
        assert_eq!(kind, Some("finding".into()));
        assert_eq!(schema.wrong("/properties/findings/items", &row), [""; 0]);
    }
    let config = schema::Schema::new(&read("schemas/prefixlint-config.schema.json"));
    let settings = serde_yaml::from_str(&read("fixtures/demo/prefixlint.yaml")).expect("YAML");
    assert_eq!(config.wrong("", &settings), [""; 0]);
}

/// The fenced blocks of the README, each behind a comment `<!-- name -->`.
fn block(name: &str) -> String {
    let readme = read("README.md");
    let mark = format!("<!-- {name} -->\n");
    let (_, behind) = readme.split_once(&mark).expect(name);
    let (_, inner) = behind.split_once("```").expect("a fence");
    let (_, inner) = inner.split_once('\n').expect("an opening line");
    let (inner, _) = inner.split_once("```").expect("a closing fence");
    inner.to_string()
}

fn without_trailing_blanks(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_string()
}

/// With `BLESS=1` the README takes what the program prints; without it the two must agree.
fn quoted(name: &str, printed: &str) {
    if std::env::var_os("BLESS").is_some() {
        let readme = read("README.md");
        let mark = format!("<!-- {name} -->\n```\n");
        let (head, behind) = readme.split_once(&mark).expect(name);
        let (_, tail) = behind.split_once("```").expect("a closing fence");
        let text = format!("{head}{mark}{printed}\n```{tail}");
        std::fs::write(format!("{ROOT}/README.md"), text).expect("written");
    }
    assert_eq!(without_trailing_blanks(&block(name)), printed, "{name}");
}

#[test]
fn the_readme_quotes_what_the_program_prints() {
    // The opening of the report: the headline and the first finding.
    let report = without_trailing_blanks(&stdout(&["check", "fixtures/demo/before/prompts"]));
    let second = report.match_indices("\n\nwarning[").nth(1).expect("two").0;
    quoted("run", &report[..second]);
    let rows = stdout(&["check", "fixtures/demo", "--output-format", "concise"]);
    let rows: Vec<&str> = rows
        .lines()
        .map(|line| line.split_once("; ").map_or(line, |(head, _)| head))
        .collect();
    quoted("concise", &rows.join("\n"));
    let inspected = stdout(&["inspect", "fixtures/demo/before/prompts/handover.j2"]);
    quoted("inspect", &without_trailing_blanks(&inspected));
    let readme = read("README.md");
    assert!(readme.contains(&format!("{} findings, exit code 1", EXPECTED.len())));
}

#[test]
fn the_readme_lists_the_rules() {
    let rules = json(&["rules", "--output-format", "json"]);
    let table: Vec<String> = rules["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| {
            let text = |key: &str| rule[key].as_str().expect(key);
            format!(
                "| `{}` | {} | {} |",
                text("id"),
                text("category"),
                text("summary")
            )
        })
        .collect();
    let readme = read("README.md");
    let mark = "<!-- rules -->\n| rule | category | says |\n|---|---|---|\n";
    let (head, behind) = readme.split_once(mark).expect("the table");
    let end = behind.find("\n\n").expect("an end");
    let listed = behind[..end].trim_matches('\n');
    if std::env::var_os("BLESS").is_some() {
        let rest = behind[end..].trim_start_matches('\n');
        let text = format!("{head}{mark}{}\n\n{rest}", table.join("\n"));
        std::fs::write(format!("{ROOT}/README.md"), text).expect("written");
    } else {
        assert_eq!(listed, table.join("\n"), "BLESS=1 rewrites the table");
    }
}

#[test]
fn the_readme_s_config_is_valid_and_names_every_key() {
    let text = block("config");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("prefixlint.yaml"), &text).expect("written");
    let output = prefixlint(&["check", folder.path().to_str().expect("UTF-8")]);
    let stderr = String::from_utf8_lossy(&output.stderr).to_string();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let value: Value = serde_yaml::from_str(&text).expect("YAML");
    let schema = read("schemas/prefixlint-config.schema.json");
    assert_eq!(schema::Schema::new(&schema).wrong("", &value), [""; 0]);
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    for key in schema["properties"].as_object().expect("keys").keys() {
        let named = value.get(key).is_some() || text.contains(&format!("# {key}:"));
        assert!(named, "{key}");
    }
}

#[test]
fn init_writes_a_config_that_reads_back_with_every_line_uncommented() {
    let folder = tempfile::tempdir().expect("a folder");
    let prompts = folder.path().join("bot/prompts");
    std::fs::create_dir_all(&prompts).expect("a folder");
    std::fs::write(
        prompts.join("a.j2"),
        "You are a support assistant.\n{{ question }}\n",
    )
    .expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    assert_eq!(prefixlint(&["init", path]).status.code(), Some(0));
    let config = folder.path().join("prefixlint.yaml");
    let text = std::fs::read_to_string(&config).expect("written");
    assert!(text.contains("\"bot/prompts/**\""), "{text}");
    let check = |text: &str| {
        std::fs::write(&config, text).expect("written");
        let output = prefixlint(&["check", path, "--exit-zero"]);
        let stderr = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(0), "{stderr}\n{text}");
    };
    check(&text);
    // Comment lines that are settings: a key, or what is indented below one.
    let setting = |line: &str| {
        let key = line.split(':').next().unwrap_or_default();
        line.starts_with("  ")
            || line.contains(':')
                && !key.is_empty()
                && !key.contains([' ', '`'])
                && !line.ends_with('.')
    };
    let live: Vec<&str> = text
        .lines()
        .filter_map(|line| match line.strip_prefix("# ") {
            Some(inner) => setting(inner).then_some(inner),
            None => Some(line),
        })
        .filter(|line| !line.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let live = live.join("\n");
    for key in [
        "traffic",
        "assume",
        "include",
        "exclude",
        "tests",
        "volatility",
        "rules",
        "warn-at",
        "budget",
        "overrides",
    ] {
        assert!(
            live.lines()
                .any(|line| line.starts_with(&format!("{key}:"))),
            "{key}\n{live}"
        );
    }
    check(&live);
}
