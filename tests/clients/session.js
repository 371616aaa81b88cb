// A session by the protocol library of VS Code's language client: everything goes through its typed requests.
// node session.js PROGRAM FOLDER FILE; prints what was seen as JSON.
"use strict";

const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const lsp = require("vscode-languageserver-protocol/node");

const [program, folder, file] = process.argv.slice(2);
const uri = pathToFileURL(file).toString();

async function main() {
  const server = spawn(program, ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const connection = lsp.createProtocolConnection(
    new lsp.StreamMessageReader(server.stdout),
    new lsp.StreamMessageWriter(server.stdin),
  );
  const errors = [];
  connection.onError(([error]) => errors.push(String(error)));
  connection.onUnhandledNotification((message) => errors.push(`not handled: ${message.method}`));

  const published = new Map();
  let told = () => {};
  connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => {
    published.set(params.uri, params);
    told();
  });
  const diagnostics = async (version) => {
    while (published.get(uri)?.version !== version) {
      await new Promise((resolve) => (told = resolve));
    }
    return published.get(uri).diagnostics.map((one) => one.code);
  };
  connection.onNotification(lsp.LogMessageNotification.type, (params) => errors.push(params.message));
  connection.onRequest(lsp.RegistrationRequest.type, () => undefined);
  connection.onRequest(lsp.InlayHintRefreshRequest.type, () => undefined);
  connection.onRequest(lsp.CodeLensRefreshRequest.type, () => undefined);
  connection.onRequest(lsp.WorkDoneProgressCreateRequest.type, () => undefined);
  const progress = [];
  connection.onProgress(lsp.WorkDoneProgress.type, "prefixlint/scan", (value) => progress.push(value.kind));
  connection.listen();

  const started = await connection.sendRequest(lsp.InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(folder).toString(),
    workspaceFolders: null,
    capabilities: {
      general: { positionEncodings: [lsp.PositionEncodingKind.UTF16] },
      window: { workDoneProgress: true },
      workspace: {
        workspaceEdit: { documentChanges: true },
        didChangeWatchedFiles: { dynamicRegistration: true },
        inlayHint: { refreshSupport: true },
        codeLens: { refreshSupport: true },
      },
      textDocument: {
        publishDiagnostics: { versionSupport: true, relatedInformation: true },
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: [] } } },
        documentSymbol: { hierarchicalDocumentSymbolSupport: true },
      },
    },
  });
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  const text = readFileSync(file, "utf8");
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "jinja", version: 1, text },
  });
  const first = await diagnostics(1);
  const range = published.get(uri).diagnostics[0].range;
  const document = { textDocument: { uri } };
  const hover = await connection.sendRequest(lsp.HoverRequest.type, { ...document, position: range.start });
  const whole = { start: { line: 0, character: 0 }, end: { line: 100000, character: 0 } };
  const hints = await connection.sendRequest(lsp.InlayHintRequest.type, { ...document, range: whole });
  const lenses = await connection.sendRequest(lsp.CodeLensRequest.type, document);
  const symbols = await connection.sendRequest(lsp.DocumentSymbolRequest.type, document);
  const actions = await connection.sendRequest(lsp.CodeActionRequest.type, {
    ...document,
    range,
    context: { diagnostics: published.get(uri).diagnostics },
  });
  const refused = await connection.sendRequest("no/such/method").catch((error) => error.code);
  await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range, text: " " }],
  });
  const second = await diagnostics(2);
  await connection.sendNotification(lsp.DidCloseTextDocumentNotification.type, document);
  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  const code = await ended;
  console.log(
    JSON.stringify({
      encoding: started.capabilities.positionEncoding,
      first,
      second,
      hover: lsp.MarkupContent.is(hover.contents),
      hints: hints.length,
      lenses: lenses.map((lens) => lens.command.title),
      symbols: symbols.map((symbol) => symbol.name),
      actions: actions.map((action) => action.title),
      refused,
      errors,
      code,
    }),
  );
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
