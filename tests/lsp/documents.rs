//! Open documents: edits of every kind, positions, and whose diagnostics they change.

use std::time::Duration;

use serde_json::{json, Value};

use crate::editor::{uri, Editor};
use crate::project::{rules, Project};

fn range(from: (usize, usize), to: (usize, usize)) -> Value {
    json!({
        "start": { "line": from.0, "character": from.1 },
        "end": { "line": to.0, "character": to.1 },
    })
}

const CLEAN: &str = "prompts/clean.j2";

fn clean() -> String {
    format!("You are a sales agent.\n{}\n{{{{ question }}}}\n", rules())
}

#[test]
fn typing_a_clock_is_found_where_it_is_typed_and_its_removal_takes_it_back() {
    let project = Project::new("lsp-typing");
    let mut editor = Editor::start(&project.0);
    editor.open(CLEAN, &clean());
    assert!(editor.rules(CLEAN).is_empty());
    // Several changes in one notification, each on what the one before left.
    editor.change(
        CLEAN,
        json!([
            { "range": range((0, 22), (0, 22)), "text": " 😀\tNow: " },
            { "range": range((0, 31), (0, 31)), "text": "{{ now( }}" },
            { "range": range((0, 38), (0, 38)), "text": ")" },
        ]),
    );
    let found = editor.diagnostics(CLEAN);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["code"], "volatile-prefix");
    assert_eq!(found[0]["range"], range((0, 31), (0, 42)));
    editor.change(
        CLEAN,
        json!([{ "range": range((0, 22), (0, 42)), "text": "" }]),
    );
    assert!(editor.rules(CLEAN).is_empty());
}

#[test]
fn a_whole_text_replaces_the_old_one() {
    let project = Project::new("lsp-whole");
    let mut editor = Editor::start(&project.0);
    editor.open(CLEAN, &clean());
    editor.change(
        CLEAN,
        json!([{ "text": clean().replace("agent.", "agent at {{ now() }}.") }]),
    );
    assert_eq!(editor.rules(CLEAN), ["volatile-prefix"]);
}

#[test]
fn a_text_that_is_closed_unsaved_is_forgotten() {
    let project = Project::new("lsp-close");
    let mut editor = Editor::start(&project.0);
    editor.open(CLEAN, &clean().replace("agent.", "agent at {{ now() }}."));
    assert_eq!(editor.rules(CLEAN), ["volatile-prefix"]);
    editor.close(CLEAN);
    assert!(editor.rules(CLEAN).is_empty());
}

#[test]
fn carriage_returns_and_wide_characters_do_not_shift_a_finding() {
    let project = Project::empty("lsp-lines");
    let mut editor = Editor::start(&project.0);
    let head = "You are an agent.\r\n\t漢字 e\u{301} 😀 ";
    let text = format!(
        "{head}{{{{ now() }}}}\r\n{}\r\n{{{{ question }}}}\r\n",
        rules().replace('\n', "\r\n")
    );
    editor.open("prompts/lines.j2", &text);
    let found = editor.diagnostics("prompts/lines.j2");
    assert_eq!(found[0]["range"], range((1, 10), (1, 21)), "{found:#?}");
}

const CODE: &str = "chat.py";

fn code(argument: &str) -> String {
    format!(
        "from datetime import datetime\n\
         from jinja2 import Environment, FileSystemLoader\n\
         from openai import OpenAI\n\n\
         env = Environment(loader=FileSystemLoader(\"prompts\"))\n\
         client = OpenAI()\n\n\n\
         def answer(question):\n\
         \x20   text = env.get_template(\"system.j2\").render(when={argument})\n\
         \x20   return client.chat.completions.create(\n\
         \x20       model=\"gpt-5.4\",\n\
         \x20       messages=[\n\
         \x20           {{\"role\": \"system\", \"content\": text}},\n\
         \x20           {{\"role\": \"user\", \"content\": question}},\n\
         \x20       ],\n\
         \x20   )\n"
    )
}

fn template(line: &str) -> String {
    format!("You are a support agent.\n{line}\n{}", rules())
}

/// The rules found in the two files together, once both are as expected or time is over.
fn found(editor: &mut Editor, wanted: &[&str]) {
    let files = ["prompts/system.j2", CODE];
    let uris = files.map(|path| editor.uri(path));
    let mut last = std::collections::BTreeMap::new();
    for _ in 0..40 {
        for message in std::mem::take(&mut editor.log) {
            let params = &message["params"];
            if let Some(at) = uris.iter().position(|uri| params["uri"] == *uri) {
                let codes = params["diagnostics"].as_array().cloned();
                last.insert(at, codes.unwrap_or_default());
            }
        }
        let mut rules: Vec<String> = last
            .values()
            .flatten()
            .filter_map(|one| one["code"].as_str().map(str::to_string))
            .collect();
        rules.sort();
        if rules == wanted {
            return;
        }
        editor.listen(Duration::from_millis(250));
    }
    panic!("not {wanted:?} but {last:#?}");
}

#[test]
fn editing_a_template_changes_what_is_found_of_the_request_that_renders_it_and_the_other_way_round()
{
    let project = Project::empty("lsp-across");
    project.write("prompts/system.j2", &template("It is {{ when }}."));
    project.write(CODE, &code("\"today\""));
    let mut editor = Editor::start(&project.0);
    editor.open(CODE, &code("\"today\""));
    editor.open("prompts/system.j2", &template("It is {{ when }}."));
    found(&mut editor, &[]);
    // The code is edited: what the template is sent with is a clock now.
    editor.change(
        CODE,
        json!([{ "text": code("datetime.now().isoformat()") }]),
    );
    found(&mut editor, &["volatile-prefix"]);
    // The template is edited: it does not use the clock any more.
    editor.change(
        "prompts/system.j2",
        json!([{ "text": template("It is late.") }]),
    );
    found(&mut editor, &[]);
    editor.change(
        "prompts/system.j2",
        json!([{ "text": template("It is {{ when }}!") }]),
    );
    found(&mut editor, &["volatile-prefix"]);
}

#[test]
fn a_finding_tells_where_its_value_is_born() {
    let project = Project::empty("lsp-related");
    project.write("prompts/system.j2", &template("It is {{ when }}."));
    project.write(CODE, &code("datetime.now().isoformat()"));
    let mut editor = Editor::start(&project.0);
    let found = editor.wait("the clock", |message| {
        let list = message["params"]["diagnostics"].as_array();
        list.is_some_and(|list| list.iter().any(|one| one["code"] == "volatile-prefix"))
    });
    let finding = &found["params"]["diagnostics"][0];
    assert_eq!(finding["source"], "prefixlint");
    assert_eq!(finding["severity"], 2);
    let href = finding["codeDescription"]["href"].as_str();
    assert!(href.is_some_and(|href| href.ends_with("volatile-prefix.md")));
    assert!(finding["data"]["fingerprint"].is_string());
    let related = finding["relatedInformation"].to_string();
    assert!(related.contains("chat.py"), "{related}");
}

#[test]
fn documents_that_are_no_files_or_lie_elsewhere_harm_nobody() {
    let project = Project::new("lsp-elsewhere");
    let other = Project::empty("lsp-elsewhere-too");
    other.write(
        "chat.j2",
        &clean().replace("agent.", "agent at {{ now() }}."),
    );
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.rules("prompts/clock.j2"), ["volatile-prefix"]);
    for odd in [
        "untitled:Untitled-1",
        "git:/a/b.j2",
        "",
        "file://",
        "file:///%ff/x.j2",
    ] {
        let item = json!({ "uri": odd, "languageId": "x", "version": 1, "text": "{{ now() }}" });
        editor.notify("textDocument/didOpen", json!({ "textDocument": item }));
        let hover = editor.ask(
            "textDocument/hover",
            json!({
                "textDocument": { "uri": odd },
                "position": { "line": 0, "character": 4 },
            }),
        );
        assert_eq!(hover, Value::Null);
    }
    // A file outside of the workspace is looked at while it is open, under the name the client gave it.
    let outside = uri(&other.0.join("chat.j2"));
    let text = clean().replace("agent.", "agent at {{ now() }}.");
    let item = json!({ "uri": outside, "languageId": "x", "version": 1, "text": text });
    editor.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let is_own = |message: &Value| message["params"]["uri"] == outside;
    let found = editor.wait("diagnostics outside", is_own);
    assert_eq!(found["params"]["diagnostics"][0]["code"], "volatile-prefix");
    editor.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": outside } }),
    );
    let found = editor.wait("their end", is_own);
    assert_eq!(found["params"]["diagnostics"], json!([]));
    // The others are as they were.
    editor.open(CLEAN, &clean().replace("agent.", "agent at {{ now() }}."));
    assert_eq!(editor.rules(CLEAN), ["volatile-prefix"]);
}

#[test]
fn a_document_above_the_limit_of_files_is_left_alone_and_comes_back_when_it_shrinks() {
    let project = Project::new("lsp-huge");
    let mut editor = Editor::start(&project.0);
    let text = clean().replace("agent.", "agent at {{ now() }}.");
    let huge = text.clone() + &"Be brief. ".repeat(500_000);
    editor.open(CLEAN, &huge);
    assert_eq!(editor.rules(CLEAN), ["unreadable"]);
    editor.change(CLEAN, json!([{ "text": text }]));
    assert_eq!(editor.rules(CLEAN), ["volatile-prefix"]);
}

#[test]
fn a_file_that_is_not_saved_yet_is_linted_under_its_name() {
    let project = Project::empty("lsp-unsaved");
    let mut editor = Editor::start(&project.0);
    let text = clean().replace("agent.", "agent at {{ now() }}.");
    editor.open("prompts/new.j2", &text);
    assert_eq!(editor.rules("prompts/new.j2"), ["volatile-prefix"]);
    editor.open("node_modules/x/prompts/new.j2", &text);
    assert!(editor.rules("node_modules/x/prompts/new.j2").is_empty());
}

#[test]
fn a_comment_that_covers_nothing_is_faded_out() {
    let project = Project::empty("lsp-unused");
    let mut editor = Editor::start(&project.0);
    let text = clean().replace(
        "You are",
        "{# prefixlint: ignore[volatile-prefix] on purpose #}You are",
    );
    editor.open("prompts/a.j2", &text);
    let found = editor.diagnostics("prompts/a.j2");
    assert_eq!(found[0]["code"], "unused-suppression");
    assert_eq!(found[0]["tags"], json!([1]));
}
