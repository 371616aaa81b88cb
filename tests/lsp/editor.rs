//! A scripted editor: speaks to the server over its standard input and output, and takes nothing but frames.

// Not every test uses everything.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

/// Long enough for a machine that builds something else as well.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Editor {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    root: String,
    next: u64,
    versions: BTreeMap<String, i64>,
    /// What came and nobody has looked at, in order.
    pub log: Vec<Value>,
    /// What `workspace/configuration` is answered with.
    pub settings: Value,
    /// The settings of folders, by URI.
    pub folders: BTreeMap<String, Value>,
    /// Whether requests of the server are answered.
    pub answers: bool,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that a modern client can do, but for pulling diagnostics.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": {
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "inlayHint": { "refreshSupport": true },
            "codeLens": { "refreshSupport": true },
            "diagnostics": { "refreshSupport": true },
            "workspaceFolders": true,
        },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true,
                "codeDescriptionSupport": true,
                "dataSupport": true,
                "tagSupport": { "valueSet": [1] },
            },
            "codeAction": {
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } },
                "isPreferredSupport": true,
            },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "hover": { "contentFormat": ["markdown"] },
        },
    })
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Editor {
    /// The server as it starts.
    pub fn spawn(root: &Path) -> Editor {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(["lsp", "--stdio"])
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let (send, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut input = BufReader::new(stdout);
            while let Some(message) = frame(&mut input) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Editor {
            stdin: child.stdin.take(),
            child,
            messages,
            root: uri(root),
            next: 1,
            versions: BTreeMap::new(),
            log: Vec::new(),
            settings: Value::Null,
            folders: BTreeMap::new(),
            answers: true,
        }
    }

    /// A server at work on a folder, and what it said it can do.
    pub fn start_with(root: &Path, change: impl Fn(&mut Value)) -> (Editor, Value) {
        let mut editor = Editor::spawn(root);
        let mut params = json!({
            "processId": std::process::id(),
            "rootUri": editor.root,
            "workspaceFolders": [{ "uri": editor.root, "name": "root" }],
            "capabilities": capabilities(),
        });
        change(&mut params);
        let result = editor.ask("initialize", params);
        editor.notify("initialized", json!({}));
        (editor, result["capabilities"].clone())
    }

    pub fn start(root: &Path) -> Editor {
        Editor::start_with(root, |_| {}).0
    }

    pub fn uri(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the pipe is open");
        stdin.write_all(bytes).expect("the server reads");
        stdin.flush().expect("the server reads");
    }

    pub fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.raw(frame.as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its id.
    pub fn request(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The whole response to a request.
    pub fn response(&mut self, id: u64) -> Value {
        self.wait("a response", |message| {
            message.get("method").is_none() && message["id"] == id
        })
    }

    /// The result of a request that is answered.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        let response = self.response(id);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].clone()
    }

    /// The error code of a request that is refused.
    pub fn refused(&mut self, method: &str, params: Value) -> i64 {
        let id = self.request(method, params);
        let response = self.response(id);
        response["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{method} was answered: {response}"))
    }

    /// The first message of a kind, from those that came or the next ones.
    pub fn wait(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.log.iter().position(&is) {
            return self.log.remove(at);
        }
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(message) = self.messages.recv_timeout(left) else {
                panic!("no {what}; what came: {:#?}", self.log);
            };
            self.react(&message);
            if is(&message) {
                return message;
            }
            self.log.push(message);
        }
    }

    /// What comes within a time.
    pub fn listen(&mut self, time: Duration) -> &[Value] {
        let until = Instant::now() + time;
        while let Ok(message) = self
            .messages
            .recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.react(&message);
            self.log.push(message);
        }
        &self.log
    }

    fn react(&mut self, message: &Value) {
        let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) else {
            return;
        };
        if !self.answers {
            return;
        }
        let result = match method {
            "workspace/configuration" => {
                let items = message["params"]["items"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let own = |item: &Value| match item["scopeUri"].as_str() {
                    Some(folder) => self.folders.get(folder).cloned(),
                    None => Some(self.settings.clone()),
                };
                items
                    .iter()
                    .map(|item| own(item).unwrap_or_default())
                    .collect()
            }
            "workspace/applyEdit" => json!({ "applied": true }),
            "window/showDocument" => json!({ "success": true }),
            _ => Value::Null,
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    pub fn wait_for(&mut self, method: &str) -> Value {
        let found = self.wait(method, |message| message["method"] == method);
        found["params"].clone()
    }

    /// The next diagnostics of a file; those of an older version are passed over.
    pub fn diagnostics(&mut self, path: &str) -> Vec<Value> {
        let uri = self.uri(path);
        let version = self.versions.get(path).copied();
        let found = self.wait(&format!("diagnostics of {path}"), |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && (version.is_none() || message["params"]["version"].as_i64() == version)
        });
        self.log.retain(|message| message["params"]["uri"] != uri);
        found["params"]["diagnostics"]
            .as_array()
            .cloned()
            .expect("a list")
    }

    /// The rules of the next diagnostics of a file, sorted.
    pub fn rules(&mut self, path: &str) -> Vec<String> {
        let diagnostics = self.diagnostics(path);
        let codes = diagnostics.iter().filter_map(|one| one["code"].as_str());
        let mut rules: Vec<String> = codes.map(str::to_string).collect();
        rules.sort();
        rules
    }

    pub fn open(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_string(), 1);
        let uri = self.uri(path);
        let item = json!({ "uri": uri, "languageId": "x", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    pub fn change(&mut self, path: &str, changes: Value) {
        let version = self.versions.entry(path.to_string()).or_insert(1);
        *version += 1;
        let version = *version;
        let uri = self.uri(path);
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": changes,
            }),
        );
    }

    pub fn close(&mut self, path: &str) {
        self.versions.remove(path);
        let document = self.document(path);
        self.notify("textDocument/didClose", document);
    }

    /// Parameters that name a document.
    pub fn document(&self, path: &str) -> Value {
        json!({ "textDocument": { "uri": self.uri(path) } })
    }

    pub fn at(&self, path: &str, line: usize, character: usize) -> Value {
        json!({
            "textDocument": { "uri": self.uri(path) },
            "position": { "line": line, "character": character },
        })
    }

    /// The titles and bodies of the actions for a diagnostic, or for a place.
    pub fn actions(&mut self, path: &str, range: &Value, only: Option<&str>) -> Vec<Value> {
        let mut params = self.document(path);
        params["range"] = range.clone();
        params["context"] = json!({ "diagnostics": [] });
        if let Some(only) = only {
            params["context"]["only"] = json!([only]);
        }
        let actions = self.ask("textDocument/codeAction", params);
        actions.as_array().cloned().expect("a list")
    }

    /// Files on disk changed: (path, 1 made, 2 written, 3 gone).
    pub fn watched(&mut self, changes: &[(&str, u8)]) {
        let changes: Vec<Value> = changes
            .iter()
            .map(|(path, kind)| json!({ "uri": self.uri(path), "type": kind }))
            .collect();
        let params = json!({ "changes": changes });
        self.notify("workspace/didChangeWatchedFiles", params);
    }

    /// Closes the server's input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    pub fn status(&mut self) -> ExitStatus {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                return status;
            }
            assert!(Instant::now() < until, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the session in order; what stood on standard error.
    pub fn finish(&mut self) -> String {
        self.ask("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        assert_eq!(self.status().code(), Some(0));
        let mut errors = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut errors).expect("text");
        }
        errors
    }
}

/// One message; anything that is no frame fails the test.
fn frame(input: &mut impl BufRead) -> Option<Value> {
    let mut line = String::new();
    if input.read_line(&mut line).expect("text") == 0 {
        return None;
    }
    let length = line
        .strip_prefix("Content-Length: ")
        .and_then(|rest| rest.trim_end().parse::<usize>().ok())
        .unwrap_or_else(|| panic!("not protocol: {line:?}"));
    let mut blank = String::new();
    input.read_line(&mut blank).expect("text");
    assert_eq!(blank, "\r\n", "not protocol");
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(message["jsonrpc"], "2.0");
    Some(message)
}

/// Applies text edits to a text; columns count UTF-16.
pub fn applied(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().expect("a line") as usize;
        let character = position["character"].as_u64().expect("a column") as usize;
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let start = std::iter::once(0).chain(starts).nth(line);
        let start = start.unwrap_or(text.len());
        let mut units = 0;
        for (at, c) in text[start..].char_indices() {
            if units >= character {
                return start + at;
            }
            units += c.len_utf16();
        }
        text.len()
    };
    let mut list: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("edits")
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            let new = edit["newText"].as_str().expect("a text");
            (offset(&range["start"]), offset(&range["end"]), new)
        })
        .collect();
    list.sort_by_key(|(start, ..)| std::cmp::Reverse(*start));
    let mut out = text.to_string();
    for (start, end, new) in list {
        out.replace_range(start..end, new);
    }
    out
}
