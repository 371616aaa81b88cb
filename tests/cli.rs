//! The command line as a user meets it: usage errors, exit codes, what the informing commands print.

use std::process::{Command, Output};

fn prefixlint(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Exit code 2, nothing on standard output, and every given text on standard error.
fn fails_with(arguments: &[&str], texts: &[&str]) {
    let output = prefixlint(arguments);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert_eq!(stdout(&output), "", "{arguments:?}");
    for text in texts {
        assert!(
            stderr.contains(text),
            "{arguments:?} lacks {text:?}:\n{stderr}"
        );
    }
}

#[test]
fn usage_errors_exit_with_2_and_a_way_out() {
    fails_with(&["chek"], &["check"]);
    fails_with(&["check", "--no-such-flag"], &["--no-such-flag"]);
    fails_with(
        &["check", "--fail-on", "fatal"],
        &["note", "warning", "error"],
    );
    fails_with(&["check", "--calls-per-month", "many"], &["200k"]);
    fails_with(&["check", "--ttl", "0"], &["5m"]);
    fails_with(
        &["check", "--config", "a.yaml", "--isolated"],
        &["--isolated"],
    );
    fails_with(&["check", "-q", "-v"], &["--quiet"]);
}

#[test]
fn an_unknown_rule_is_refused_with_a_spelling_hint() {
    let hint = "did you mean `volatile-prefix`?";
    for flag in ["--select", "--ignore", "--extend-select"] {
        fails_with(
            &["check", flag, "order,volatile-prefx"],
            &["`volatile-prefx`", hint],
        );
    }
    fails_with(&["explain", "volatile_prefix"], &[hint]);
    fails_with(&["explain", "qqq"], &["prefixlint rules"]);
}

#[test]
fn output_formats_are_checked_before_anything_is_read() {
    fails_with(
        &["check", "--output-format", "jsn"],
        &["did you mean `json`?"],
    );
    fails_with(&["check", "--output-format", "json="], &["lacks the file"]);
    fails_with(
        &[
            "check",
            "--output-format",
            "json",
            "--output-format",
            "full",
        ],
        &["two formats", "json=report.json"],
    );
    fails_with(
        &["check", "--output-format", "json=a", "--output-file", "b"],
        &["no format left"],
    );
}

#[test]
fn standard_input_needs_a_name_and_stands_alone() {
    fails_with(&["check", "-"], &["--stdin-filename"]);
    fails_with(
        &["check", "-", "a", "--stdin-filename", "x.j2"],
        &["stands alone"],
    );
    fails_with(&["check", "a", "--stdin-filename", "x.j2"], &["goes with"]);
}

#[test]
fn help_lists_commands_and_groups_flags() {
    let output = prefixlint(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    for command in [
        "check",
        "explain",
        "rules",
        "models",
        "inspect",
        "lsp",
        "init",
        "completions",
        "man",
    ] {
        assert!(text.contains(command), "{command}");
    }
    let text = stdout(&prefixlint(&["check", "--help"]));
    for part in [
        "Rules:",
        "Cost:",
        "Output:",
        "--fail-on",
        "json-lines",
        "Examples:",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn explain_prints_every_section_of_a_page() {
    let output = prefixlint(&["explain", "volatile-prefix"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    for part in [
        "volatile-prefix",
        "What",
        "Why",
        "Example",
        "Use instead",
        "References",
    ] {
        assert!(text.lines().any(|line| line.starts_with(part)), "{part}");
    }
    assert!(!text.contains("```"), "fences are rendered");
    assert!(!text.contains('\u{1b}'), "NO_COLOR");
}

#[test]
fn rules_are_listed_for_people_and_machines() {
    let text = stdout(&prefixlint(&["rules"]));
    let line = text
        .lines()
        .find(|line| line.starts_with("variable-before-stable"));
    assert!(line.unwrap().contains("order"), "{text}");
    let text = stdout(&prefixlint(&["rules", "--output-format", "json"]));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ids: Vec<&str> = value["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"volatile-prefix"), "{ids:?}");
}

#[test]
fn completions_and_manual_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = stdout(&prefixlint(&["completions", shell]));
        assert!(
            text.contains("check") && text.contains("output-format"),
            "{shell}"
        );
    }
    fails_with(&["completions", "cmd"], &["zsh"]);
    let text = stdout(&prefixlint(&["man"]));
    assert!(text.contains(".TH"), "{text}");
    assert!(
        text.contains("check") && text.contains("fail\\-on"),
        "{text}"
    );
}

#[test]
fn colours_can_be_forced() {
    let text = stdout(&prefixlint(&["rules", "--color", "always"]));
    assert!(text.contains("\u{1b}[1m"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
