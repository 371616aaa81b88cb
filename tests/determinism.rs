//! The same bytes on every run and for every number of threads.

use std::fs;
use std::path::Path;
use std::process::Command;

fn write(root: &Path, path: &str, text: &str) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().expect("a folder")).expect("made");
    fs::write(full, text).expect("written");
}

/// A few dozen prompts: partials, inheritance, twins, documents, broken files.
fn grow(root: &Path) {
    let rules = "Answer politely and name the page of the manual you rely on.\n".repeat(90);
    write(root, "prompts/shared/_rules.j2", &rules);
    write(
        root,
        "prompts/base.j2",
        "You are the base.\n{% block now %}{% endblock %}\n{% include 'shared/_rules.j2' %}{% block end %}{% endblock %}",
    );
    for n in 0..12 {
        let child = format!("{{% extends 'base.j2' %}}{{% block now %}}{{{{ now_{n} }}}} {{{{ current_time }}}}{{% endblock %}}");
        write(root, &format!("prompts/child{n}.j2"), &child);
        let twin = format!(
            "You are a helpful assistant. It is {{{{ today }}}}.\n{rules}{{{{ question }}}}"
        );
        write(root, &format!("prompts/team{n}/twin.j2"), &twin);
        let own = format!("You are number {n}.\n{{% if tier %}}{{{{ user_name }}}}{{% else %}}guest{{% endif %}}\n{{% include '../shared/_rules.j2' %}}");
        write(root, &format!("prompts/own/own{n}.j2"), &own);
        let mustache = format!(
            "You are {{{{name}}}} of team {n}.\n{rules}{{{{#items}}}}{{{{.}}}}{{{{/items}}}}"
        );
        write(root, &format!("prompts/m/m{n}.mustache"), &mustache);
    }
    let text = serde_json::json!(rules);
    let body = format!("{{\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"system\": [{{\"type\": \"text\", \"text\": {text}, \"cache_control\": {{\"type\": \"ephemeral\"}}}}], \"messages\": [{{\"role\": \"user\", \"content\": \"hi\"}}]}}");
    write(root, "bodies/request.json", &body);
    let rows: String = (0..50)
        .map(|n| format!("{{\"custom_id\": \"{n}\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {{\"model\": \"gpt-5.4\", \"messages\": [{{\"role\": \"user\", \"content\": \"ticket {n}\"}}, {{\"role\": \"system\", \"content\": {text}}}]}}}}\n"))
        .collect();
    write(root, "bodies/batch.jsonl", &rows);
    write(
        root,
        "prompts/broken.j2",
        "You are broken {{ x\n{% unknown %}",
    );
    write(
        root,
        "prompts/lost.j2",
        "You are lost. {% include 'gone.j2' %}",
    );
}

const FORMATS: [&str; 4] = ["json", "full", "concise", "json-lines"];

/// Every format's output of one run.
fn run(root: &Path, threads: &str) -> Vec<Vec<u8>> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let file = |format: &str| out.path().join(format);
    let mut command = Command::new(env!("CARGO_BIN_EXE_prefixlint"));
    command.args(["check", ".", "--threads", threads, "--pedantic", "-v"]);
    for format in FORMATS {
        let asked = format!("{format}={}", file(format).display());
        command.args(["--output-format", &asked]);
    }
    let output = command.current_dir(root).env("NO_COLOR", "1").output();
    let output = output.expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    FORMATS
        .iter()
        .map(|format| fs::read(file(format)).expect("written"))
        .collect()
}

#[test]
fn output_is_the_same_over_20_runs_and_for_1_and_8_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    grow(folder.path());
    let first = run(folder.path(), "1");
    for (format, text) in FORMATS.iter().zip(&first) {
        assert!(text.len() > 500, "{format} says next to nothing");
    }
    for round in 1..20 {
        let threads = if round % 2 == 0 { "1" } else { "8" };
        let again = run(folder.path(), threads);
        for (index, format) in FORMATS.iter().enumerate() {
            let same = first[index] == again[index];
            assert!(same, "{format}, run {round}, {threads} threads");
        }
    }
}
