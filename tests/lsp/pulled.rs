//! Diagnostics that the client pulls.

use serde_json::{json, Value};

use crate::editor::Editor;
use crate::project::{rules, Project};

fn start(project: &Project) -> Editor {
    let (editor, can) = Editor::start_with(&project.0, |params| {
        params["capabilities"]["textDocument"]["diagnostic"] =
            json!({ "relatedDocumentSupport": true });
    });
    assert_eq!(can["diagnosticProvider"]["interFileDependencies"], true);
    assert_eq!(can["diagnosticProvider"]["workspaceDiagnostics"], true);
    editor
}

fn text(line: &str) -> String {
    format!(
        "You are an agent. {line}\n{}\n{{{{ question }}}}\n",
        rules()
    )
}

fn pull(editor: &mut Editor, path: &str, previous: &Value) -> Value {
    let mut params = editor.document(path);
    if !previous.is_null() {
        params["previousResultId"] = previous.clone();
    }
    editor.ask("textDocument/diagnostic", params)
}

#[test]
fn a_document_is_pulled_whole_once_and_as_unchanged_until_it_changes() {
    let project = Project::new("lsp-pull");
    let mut editor = start(&project);
    let path = "prompts/clock.j2";
    editor.open(path, &text("{{ now() }}"));
    editor.wait_for("workspace/diagnostic/refresh");
    let first = pull(&mut editor, path, &Value::Null);
    assert_eq!(first["kind"], "full");
    assert_eq!(first["items"][0]["code"], "volatile-prefix");
    let again = pull(&mut editor, path, &first["resultId"]);
    assert_eq!(again["kind"], "unchanged");
    assert_eq!(again["resultId"], first["resultId"]);
    editor.change(path, json!([{ "text": text("  {{ now() }}") }]));
    let moved = pull(&mut editor, path, &first["resultId"]);
    assert_eq!(moved["kind"], "full");
    assert_ne!(moved["items"][0]["range"], first["items"][0]["range"]);
    editor.change(path, json!([{ "text": text("now") }]));
    let gone = pull(&mut editor, path, &moved["resultId"]);
    assert_eq!(
        (&gone["kind"], &gone["items"]),
        (&json!("full"), &json!([]))
    );
    // Nothing is pushed as well.
    let pushed = |message: &Value| message["method"] == "textDocument/publishDiagnostics";
    assert!(!editor.log.iter().any(pushed));
}

#[test]
fn the_workspace_is_pulled_by_what_is_known_of_it() {
    let project = Project::new("lsp-pull-all");
    let mut editor = start(&project);
    editor.wait_for("workspace/diagnostic/refresh");
    let first = editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let items = first["items"].as_array().expect("a list");
    let of = |items: &[Value], path: &str, editor: &Editor| {
        let uri = editor.uri(path);
        let found = items.iter().find(|item| item["uri"] == uri);
        found.cloned().unwrap_or_default()
    };
    let clock = of(items, "prompts/clock.j2", &editor);
    assert_eq!(clock["kind"], "full");
    assert_eq!(clock["version"], Value::Null);
    let known: Vec<Value> = items
        .iter()
        .map(|item| json!({ "uri": item["uri"], "value": item["resultId"] }))
        .chain([json!({ "uri": "file:///gone.j2", "value": "x" })])
        .collect();
    let second = editor.ask(
        "workspace/diagnostic",
        json!({ "previousResultIds": known }),
    );
    let items = second["items"].as_array().expect("a list");
    assert_eq!(of(items, "prompts/clock.j2", &editor)["kind"], "unchanged");
    let gone = items.iter().find(|item| item["uri"] == "file:///gone.j2");
    assert_eq!(gone.expect("it is told")["items"], json!([]));
}

#[test]
fn a_change_that_reaches_other_documents_is_followed_by_a_refresh() {
    let project = Project::empty("lsp-pull-others");
    project.write("prompts/base.j2", &text("{% block when %}{% endblock %}"));
    project.write(
        "prompts/child.j2",
        "{% extends 'base.j2' %}{% block when %}{{ now() }}{% endblock %}\n",
    );
    let mut editor = start(&project);
    editor.wait_for("workspace/diagnostic/refresh");
    editor.open(
        "prompts/child.j2",
        "{% extends 'base.j2' %}{% block when %}{{ now() }}{% endblock %}\n",
    );
    editor.open("prompts/base.j2", &text("{% block when %}{% endblock %}"));
    let before = pull(&mut editor, "prompts/child.j2", &Value::Null);
    editor.log.clear();
    editor.change(
        "prompts/base.j2",
        json!([{ "text": format!("Hello.\n\n{}", text("{% block when %}{% endblock %}")) }]),
    );
    let base = pull(&mut editor, "prompts/base.j2", &Value::Null);
    let child = pull(&mut editor, "prompts/child.j2", &Value::Null);
    // Whichever of the two files the finding stands in, it is told.
    let all = format!("{before}{base}{child}");
    assert!(all.contains("volatile-prefix"), "{all}");
}
