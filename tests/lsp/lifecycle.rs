//! How a session starts and ends, and what the server says to messages that are not as they should be.

use std::time::Duration;

use serde_json::{json, Value};

use crate::editor::{capabilities, uri, Editor};
use crate::project::Project;

#[test]
fn a_session_ends_in_order_and_writes_nothing_but_protocol() {
    let project = Project::new("lsp-order");
    let (mut editor, can) = Editor::start_with(&project.0, |_| {});
    assert_eq!(can["textDocumentSync"]["change"], 2);
    assert_eq!(can["hoverProvider"], true);
    assert_eq!(can["diagnosticProvider"], Value::Null);
    assert_eq!(editor.rules("prompts/clock.j2"), ["volatile-prefix"]);
    assert_eq!(editor.finish(), "");
}

#[test]
fn each_encoding_is_agreed_on_and_counts_in_its_own_units() {
    let project = Project::empty("lsp-encodings");
    let rules = crate::project::rules();
    project.write(
        "prompts/a.j2",
        &format!("You are an agent. 漢字 😀 {{{{ now() }}}}\r\n{rules}\n{{{{ question }}}}\n"),
    );
    for (offered, agreed, column) in [
        (json!(["utf-8"]), "utf-8", 30),
        (json!(["utf-16"]), "utf-16", 24),
        (json!(["utf-32", "utf-16"]), "utf-32", 23),
        (json!(["utf-16", "utf-8"]), "utf-8", 30),
        (json!([]), "utf-16", 24),
    ] {
        let (mut editor, can) = Editor::start_with(&project.0, |params| {
            params["capabilities"]["general"]["positionEncodings"] = offered.clone();
        });
        assert_eq!(can["positionEncoding"], agreed);
        let found = editor.diagnostics("prompts/a.j2");
        let clock = found.iter().find(|one| one["code"] == "volatile-prefix");
        let range = &clock.expect("the clock is found")["range"];
        assert_eq!(
            range["start"],
            json!({ "line": 0, "character": column }),
            "{agreed}"
        );
        assert_eq!(
            range["end"],
            json!({ "line": 0, "character": column + 11 }),
            "{agreed}"
        );
    }
}

#[test]
fn requests_out_of_order_are_refused() {
    let project = Project::empty("lsp-phases");
    let mut editor = Editor::spawn(&project.0);
    assert_eq!(editor.refused("textDocument/hover", json!({})), -32002);
    assert_eq!(editor.refused("shutdown", Value::Null), -32002);
    editor.notify("textDocument/didOpen", json!({}));
    let params = json!({ "rootUri": uri(&project.0), "capabilities": capabilities() });
    editor.ask("initialize", params.clone());
    assert_eq!(editor.refused("initialize", params), -32600);
    assert_eq!(editor.refused("no/such/method", Value::Null), -32601);
    assert_eq!(editor.refused("$/private", Value::Null), -32601);
    editor.notify("$/private", Value::Null);
    editor.notify("no/such/notification", Value::Null);
    assert_eq!(editor.refused("textDocument/hover", json!({})), -32602);
    editor.ask("shutdown", Value::Null);
    assert_eq!(editor.refused("textDocument/hover", json!({})), -32600);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.status().code(), Some(0));
}

#[test]
fn an_exit_without_shutdown_and_a_closed_pipe_end_the_server() {
    let project = Project::new("lsp-ends");
    let mut editor = Editor::start(&project.0);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.status().code(), Some(1));
    let mut editor = Editor::start(&project.0);
    editor.hang_up();
    assert_eq!(editor.status().code(), Some(1));
    let mut editor = Editor::start(&project.0);
    editor.ask("shutdown", Value::Null);
    editor.hang_up();
    assert_eq!(editor.status().code(), Some(0));
    let mut editor = Editor::spawn(&project.0);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.status().code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_is_gone_ends_the_server_even_if_the_pipe_stays_open() {
    let project = Project::empty("lsp-orphan");
    let mut client = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("a process");
    let id = client.id();
    let (mut editor, _) = Editor::start_with(&project.0, |params| params["processId"] = id.into());
    client.kill().expect("it ends");
    client.wait().expect("it ended");
    assert_eq!(editor.status().code(), Some(1));
}

#[test]
fn what_is_no_message_is_said_and_the_session_goes_on() {
    let project = Project::new("lsp-malformed");
    let mut editor = Editor::start(&project.0);
    let code = |editor: &mut Editor| {
        let refused = editor.wait("a refusal", |message| message.get("error").is_some());
        (refused["id"].clone(), refused["error"]["code"].clone())
    };
    editor.raw(b"Content-Length: 9\r\n\r\n{\"id\": 1,");
    assert_eq!(code(&mut editor), (Value::Null, json!(-32700)));
    editor.raw(b"Content-Length: 4\r\n\r\n\xff\xfe\xff\xff");
    assert_eq!(code(&mut editor), (Value::Null, json!(-32700)));
    editor.raw(b"no header at all\r\n");
    assert_eq!(code(&mut editor), (Value::Null, json!(-32700)));
    editor.raw(b"Content-Length: many\r\n\r\n");
    assert_eq!(code(&mut editor), (Value::Null, json!(-32700)));
    editor.send(&json!([]));
    assert_eq!(code(&mut editor), (Value::Null, json!(-32600)));
    editor.send(&json!({ "jsonrpc": "1.0", "id": 77, "method": "x" }));
    assert_eq!(code(&mut editor), (json!(77), json!(-32600)));
    editor.send(&json!({ "jsonrpc": "2.0", "id": 78 }));
    assert_eq!(code(&mut editor), (json!(78), json!(-32600)));
    editor.send(&json!({ "jsonrpc": "2.0", "id": "a response nobody asked for", "result": 1 }));
    for params in [json!({}), json!([1]), json!("x"), Value::Null] {
        for method in ["didOpen", "didChange", "didClose", "didSave"] {
            editor.notify(&format!("textDocument/{method}"), params.clone());
        }
        editor.notify("workspace/didChangeWatchedFiles", params.clone());
        editor.notify("workspace/didChangeWorkspaceFolders", params.clone());
        editor.notify("workspace/didChangeConfiguration", params.clone());
        editor.notify("$/cancelRequest", params);
    }
    assert_eq!(editor.rules("prompts/clock.j2"), ["volatile-prefix"]);
    assert_eq!(editor.finish(), "");
}

#[test]
fn a_message_in_pieces_is_one_message() {
    let project = Project::new("lsp-pieces");
    let mut editor = Editor::start(&project.0);
    let body = json!({
        "jsonrpc": "2.0", "id": 500, "method": "workspace/symbol", "params": { "query": "" },
    });
    let frame = format!(
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.to_string().len()
    );
    for byte in frame.as_bytes().chunks(7) {
        editor.raw(byte);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(editor.response(500)["result"].is_array());
}

#[test]
fn the_first_scan_is_shown_and_keeps_nobody_waiting() {
    let project = Project::new("lsp-progress");
    let (mut editor, _) = Editor::start_with(&project.0, |_| {});
    let kinds = |editor: &mut Editor| {
        let found = editor.wait("an end", |message| {
            message["method"] == "$/progress" && message["params"]["value"]["kind"] == "end"
        });
        found["params"]["value"]["message"].clone()
    };
    // The scan may be over before the client is ready to show it.
    editor.diagnostics("prompts/clock.j2");
    if editor.log.iter().any(|m| m["method"] == "$/progress") {
        assert_eq!(kinds(&mut editor), "3 prompts");
    }
    let asked = editor.wait_for("workspace/inlayHint/refresh");
    assert_eq!(asked, Value::Null);
}

/// It would show no hints until something changes: Helix.
#[test]
fn hints_wait_for_the_first_scan_where_the_client_cannot_be_told_to_ask_again() {
    let project = Project::new("lsp-deaf");
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        let workspace = &mut params["capabilities"]["workspace"];
        workspace["inlayHint"] = json!({});
        workspace["codeLens"] = json!({});
    });
    let path = "prompts/clock.j2";
    let text = std::fs::read_to_string(project.0.join(path)).expect("it is there");
    editor.open(path, &text);
    let mut params = editor.document(path);
    params["range"] = json!({
        "start": { "line": 0, "character": 0 },
        "end": { "line": 200, "character": 0 },
    });
    let hints = editor.request("textDocument/inlayHint", params);
    let lenses = editor.request("textDocument/codeLens", editor.document(path));
    for id in [hints, lenses] {
        let response = editor.response(id);
        assert_eq!(
            response["result"].as_array().map(Vec::len),
            Some(1),
            "{response}"
        );
    }
}

#[test]
fn what_a_client_cannot_do_is_not_asked_of_it() {
    let project = Project::new("lsp-plain");
    let (mut editor, can) = Editor::start_with(&project.0, |params| {
        params["capabilities"] = json!({});
        params["processId"] = Value::Null;
    });
    assert_eq!(can["codeActionProvider"], true);
    let found = editor.diagnostics("prompts/clock.j2");
    let keys: Vec<&String> = found[0].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["range", "severity", "code", "source", "message"]);
    let asked = editor.listen(Duration::from_millis(300));
    let requests = asked.iter().filter(|message| message.get("id").is_some());
    assert_eq!(requests.count(), 0, "{asked:#?}");
    assert!(!asked.iter().any(|m| m["method"] == "$/progress"));
}

#[test]
fn old_clients_name_their_folder_in_old_ways() {
    let project = Project::new("lsp-old");
    for key in ["rootUri", "rootPath"] {
        let folder = project.0.to_string_lossy().into_owned();
        let (mut editor, _) = Editor::start_with(&project.0, |params| {
            let own = params.as_object_mut().expect("an object");
            own.remove("workspaceFolders");
            own.remove("rootUri");
            params[key] = match key {
                "rootUri" => uri(&project.0).into(),
                _ => folder.clone().into(),
            };
        });
        assert_eq!(editor.rules("prompts/clock.j2"), ["volatile-prefix"]);
    }
}

#[test]
fn a_folder_that_is_not_there_is_said_and_what_is_asked_about_it_is_refused() {
    let project = Project::empty("lsp-missing");
    let missing = project.0.join("no/such");
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        params["workspaceFolders"] = json!([{ "uri": uri(&missing), "name": "missing" }]);
    });
    let said = editor.wait_for("window/showMessage");
    assert!(said["message"].to_string().contains("no/such"), "{said}");
    editor.open("no/such/a.j2", "{{ now() }}");
    let hover = editor.at("no/such/a.j2", 0, 4);
    let id = editor.request("textDocument/hover", hover);
    assert_eq!(editor.response(id)["error"]["code"], -32603);
    assert_eq!(editor.finish(), "");
}
