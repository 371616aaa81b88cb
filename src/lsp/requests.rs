//! Requests of the client: which method is answered by whom, and the first and the last of them.

use serde_json::{json, Value};

use super::client::Client;
use super::message::{self, Refusal};
use super::server::{Phase, Server};
use super::{commands, waiting};

impl Server {
    pub(super) fn handle_request(&mut self, id: Value, method: &str, params: Value) {
        if let Some(query) = waiting::query(method) {
            return self.query(id, query, params);
        }
        match method {
            "initialize" => {
                let answer = self.initialize(&params);
                self.answer(id, answer);
            }
            "shutdown" => {
                self.phase = Phase::Shutdown;
                self.worker = None;
                self.refuse_all();
                self.answer(id, Ok(Value::Null));
            }
            "workspace/diagnostic" | "workspace/symbol" => self.query_all(id, method, params),
            "codeAction/resolve" => self.resolve(id, params),
            "workspace/executeCommand" if params["command"] == commands::FIX => {
                // Its answer waits for the trial, as that of an action does.
                let action = json!({ "command": commands::FIX, "data": params["arguments"][0] });
                self.resolve(id, action);
            }
            "workspace/executeCommand" => {
                let answer = self.execute(&params);
                self.answer(id, answer);
            }
            _ => {
                let why = format!("no method {method}");
                self.answer(id, Err(Refusal::new(message::METHOD_NOT_FOUND, why)));
            }
        }
    }

    fn initialize(&mut self, params: &Value) -> Result<Value, Refusal> {
        let client = Client::of(params);
        let process = params["processId"].as_u64();
        let process = process.and_then(|id| u32::try_from(id).ok());
        let capabilities = capabilities(&client, &params["initializationOptions"]);
        self.start(client, process)?;
        self.set_trace(&params["trace"]);
        self.state.set_folders(params);
        self.take_settings(&params["initializationOptions"]);
        Ok(json!({
            "capabilities": capabilities,
            "serverInfo": { "name": "prefixlint", "version": env!("CARGO_PKG_VERSION") },
        }))
    }
}

/// What the server can do, of what the client can use.
fn capabilities(client: &Client, options: &Value) -> Value {
    // What the editor does itself, or registers under the same name.
    let theirs = options["clientCommands"].as_array();
    let theirs = |name: &str| theirs.is_some_and(|names| names.iter().any(|known| known == name));
    let commands = commands::NAMES.into_iter().filter(|name| !theirs(name));
    let commands: Vec<&str> = commands.collect();
    let mut out = json!({
        "positionEncoding": client.encoding.name(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": true },
        "hoverProvider": true,
        "inlayHintProvider": true,
        "codeLensProvider": { "resolveProvider": false },
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "executeCommandProvider": { "commands": commands },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
        },
    });
    out["codeActionProvider"] = match client.action_literals {
        true => json!({
            "codeActionKinds": ["quickfix", "refactor.rewrite", "source.fixAll.prefixlint"],
            "resolveProvider": client.resolves_actions,
        }),
        false => Value::Bool(true),
    };
    if client.pulls_diagnostics {
        out["diagnosticProvider"] = json!({
            "identifier": "prefixlint",
            "interFileDependencies": true,
            "workspaceDiagnostics": true,
        });
    }
    out
}
