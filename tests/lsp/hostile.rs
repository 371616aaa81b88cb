//! Input that no editor should send: each is refused or passed over, and what is said of other files stays.

use std::time::Duration;

use serde_json::{json, Value};

use crate::editor::{uri, Editor};
use crate::project::Project;

const CLOCK: &str = "prompts/clock.j2";
const OTHER: &str = "prompts/other.j2";

/// A server that has told of one file; the other is open and has nothing to tell.
fn session(name: &str) -> (Project, Editor) {
    let project = Project::new(name);
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    editor.open(OTHER, "You are an agent.\n");
    (project, editor)
}

/// Nothing was taken back of the first file, and the session goes on: a clock that is typed there is found.
#[track_caller]
fn goes_on(editor: &mut Editor) {
    let clock = editor.uri(CLOCK);
    let said = editor.listen(Duration::from_millis(300)).iter();
    let lost = said.filter(|message| message["params"]["uri"] == clock);
    assert_eq!(lost.count(), 0);
    let symbols = editor.ask("workspace/symbol", json!({ "query": "" }));
    assert!(symbols.is_array());
}

#[test]
fn json_that_is_nested_too_deeply_is_no_message() {
    let (_project, mut editor) = session("lsp-deep");
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let frame = format!("Content-Length: {}\r\n\r\n{deep}", deep.len());
    editor.raw(frame.as_bytes());
    let refused = editor.wait("a refusal", |message| message.get("error").is_some());
    assert_eq!(refused["error"]["code"], -32700);
    goes_on(&mut editor);
}

#[test]
fn a_message_that_ends_with_the_pipe_ends_the_server() {
    let (_project, mut editor) = session("lsp-torn");
    editor.raw(b"Content-Length: 5000000\r\n\r\n{\"jsonrpc\": \"2.0\"");
    editor.hang_up();
    assert_eq!(editor.status().code(), Some(1));
}

#[test]
fn changes_of_places_that_are_not_there_harm_nobody() {
    let (_project, mut editor) = session("lsp-places");
    let far = json!({ "line": 4_000_000, "character": 4_000_000 });
    let near = json!({ "line": 0, "character": 3 });
    for range in [
        json!({ "start": far, "end": far }),
        json!({ "start": far, "end": near }),
        json!({ "start": { "line": -1, "character": -1 }, "end": near }),
        json!({ "start": { "line": 0.5, "character": "x" }, "end": near }),
        json!({ "start": near }),
        json!([]),
    ] {
        editor.change(OTHER, json!([{ "range": range, "text": "x" }]));
        let mut params = editor.document(OTHER);
        params["range"] = range.clone();
        params["position"] = range["start"].clone();
        params["context"] = json!({ "diagnostics": "none" });
        for method in [
            "textDocument/hover",
            "textDocument/codeAction",
            "textDocument/inlayHint",
        ] {
            // An answer or a refusal, and no silence.
            let id = editor.request(method, params.clone());
            let answer = editor.response(id);
            assert!(answer.get("result").is_some() != answer.get("error").is_some());
        }
    }
    // A change of what is not open, closing it, opening what is open, an older version.
    editor.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": editor.uri("never.j2"), "version": 1 }, "contentChanges": [{ "text": "" }] }),
    );
    let never = editor.document("never.j2");
    editor.notify("textDocument/didClose", never);
    editor.open(OTHER, "You are an agent.\n");
    editor.open(OTHER, "You are an agent.\n");
    let uri = editor.uri(OTHER);
    editor.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": -7 }, "contentChanges": [{ "text": "You are.\n" }] }),
    );
    goes_on(&mut editor);
}

#[test]
fn a_huge_document_takes_nothing_from_the_others() {
    let (_project, mut editor) = session("lsp-huge-beside");
    let line = "You are an agent. ".repeat(2_000) + "\n";
    editor.open("prompts/huge.j2", &line.repeat(400));
    goes_on(&mut editor);
    editor.close("prompts/huge.j2");
    goes_on(&mut editor);
}

#[test]
fn ids_of_all_kinds_are_answered_as_they_came() {
    let (_project, mut editor) = session("lsp-ids");
    for id in [json!("a"), json!(0), json!(-5), json!(1_u64 << 53)] {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/symbol", "params": { "query": "" } });
        editor.send(&message);
        let own = |message: &Value| message.get("method").is_none() && message["id"] == id;
        let answer = editor.wait("an answer", own);
        assert!(answer["result"].is_array(), "{answer}");
    }
    for id in [json!([1]), json!({}), json!(true)] {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/symbol" });
        editor.send(&message);
        let answer = editor.wait("a refusal", |message| message.get("error").is_some());
        assert_eq!(answer["error"]["code"], -32600, "{answer}");
    }
    goes_on(&mut editor);
}

#[test]
fn files_on_disk_and_folders_that_lie_elsewhere_are_passed_over() {
    let (project, mut editor) = session("lsp-outside");
    let above = uri(&project.0.join("../../../../../../etc/passwd"));
    for odd in [
        above.as_str(),
        "file:///",
        "http://example.com/a.j2",
        "%%%",
        "",
    ] {
        let changes = json!({ "changes": [{ "uri": odd, "type": 2 }, { "uri": odd, "type": 99 }] });
        editor.notify("workspace/didChangeWatchedFiles", changes);
        let command = json!({ "command": "prefixlint.inspect", "arguments": [{ "uri": odd }] });
        let code = editor.refused("workspace/executeCommand", command);
        assert!(code < 0, "{code}");
    }
    let folders = json!({ "event": {
        "added": [{ "uri": "http://example.com/", "name": "x" }, { "uri": 5 }],
        "removed": [{ "uri": "file:///never/there", "name": "y" }],
    } });
    editor.notify("workspace/didChangeWorkspaceFolders", folders);
    let missing = Value::Null;
    let code = editor.refused("workspace/executeCommand", missing);
    assert_eq!(code, -32602);
    goes_on(&mut editor);
}
