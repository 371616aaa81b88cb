// The commands. Each says in a message why it could not do what it was asked.

import * as path from "node:path";
import * as vscode from "vscode";
import {
  type CodeAction,
  CodeActionRequest,
  CodeActionResolveRequest,
  type CodeActionParams,
  type Command,
  ExecuteCommandRequest,
  type LanguageClient,
} from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { Server } from "./server";

const FIX_ALL = "source.fixAll.prefixlint";
const SOURCE = "prefixlint";

export function register(server: Server, pages: Pages, log: vscode.LogOutputChannel): vscode.Disposable[] {
  const command = (name: string, run: (...args: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`prefixlint.${name}`, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        log.error(`${name}: ${String(error)}`);
        void vscode.window.showErrorMessage(`prefixlint: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  return [
    command("restart", () => server.restart()),
    command("showOutput", () => log.show(true)),
    command("fixAll", () => fixAll(server)),
    command("openRule", (rule) => openRule(rule)),
    command("explain", (rule) => explain(pages, rule)),
    command("inspect", () => inspect(pages)),
  ];
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    throw new Error("open a file first");
  }
  return editor;
}

async function fixAll(server: Server): Promise<void> {
  const { document } = activeEditor();
  const client = server.running();
  if (client === undefined) {
    throw new Error("the language server does not run");
  }
  const convert = client.code2ProtocolConverter;
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const params: CodeActionParams = {
    textDocument: { uri: convert.asUri(document.uri) },
    range: convert.asRange(document.validateRange(whole)),
    context: { diagnostics: [], only: [FIX_ALL] },
  };
  const offered = (await client.sendRequest(CodeActionRequest.type, params)) ?? [];
  const actions = offered.filter((one): one is CodeAction => isAction(one) && one.kind?.startsWith(FIX_ALL) === true);
  if (actions.length === 0) {
    void vscode.window.showInformationMessage("prefixlint: there is nothing in this file that can be fixed safely.");
    return;
  }
  for (const action of actions) {
    await carryOut(client, action);
  }
}

async function carryOut(client: LanguageClient, action: CodeAction): Promise<void> {
  const whole =
    action.edit === undefined && action.command === undefined
      ? await client.sendRequest(CodeActionResolveRequest.type, action)
      : action;
  if (whole.edit !== undefined) {
    const edit = await client.protocol2CodeConverter.asWorkspaceEdit(whole.edit);
    if (!(await vscode.workspace.applyEdit(edit))) {
      throw new Error("the file has changed meanwhile; try again");
    }
  }
  if (whole.command !== undefined) {
    const { command, arguments: given } = whole.command;
    await client.sendRequest(ExecuteCommandRequest.type, { command, ...(given === undefined ? {} : { arguments: given }) });
  }
}

function isAction(one: CodeAction | Command): one is CodeAction {
  return typeof (one as Command).command !== "string";
}

/** The findings at the cursor, else those of the file. */
function findings(): vscode.Diagnostic[] {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return [];
  }
  const own = vscode.languages.getDiagnostics(editor.document.uri).filter((one) => one.source === SOURCE);
  const here = own.filter((one) => one.range.intersection(editor.selection) !== undefined);
  return here.length > 0 ? here : own;
}

interface Rule {
  id: string;
  page: vscode.Uri | undefined;
}

function ruleOf(diagnostic: vscode.Diagnostic): Rule | undefined {
  const { code } = diagnostic;
  if (code === undefined) {
    return undefined;
  }
  return typeof code === "object"
    ? { id: String(code.value), page: code.target }
    : { id: String(code), page: undefined };
}

/** The rule that is meant: the given one, the only one in sight, or the one that is picked. */
async function choose(given: unknown): Promise<Rule | undefined> {
  const rules = new Map<string, Rule>();
  for (const diagnostic of findings()) {
    const rule = ruleOf(diagnostic);
    if (rule !== undefined) {
      rules.set(rule.id, rules.get(rule.id) ?? rule);
    }
  }
  if (typeof given === "string") {
    return rules.get(given) ?? { id: given, page: undefined };
  }
  const ids = [...rules.keys()];
  if (ids.length === 0) {
    throw new Error("there is no finding in this file");
  }
  const id = ids.length === 1 ? ids[0] : await vscode.window.showQuickPick(ids, { placeHolder: "Rule" });
  return id === undefined ? undefined : rules.get(id);
}

async function openRule(given: unknown): Promise<void> {
  const rule = await choose(given);
  if (rule !== undefined) {
    const page = rule.page ?? vscode.Uri.parse(`https://github.com/prefixlint/prefixlint/blob/main/rules/checks/${rule.id}.md`);
    await vscode.env.openExternal(page);
  }
}

async function explain(pages: Pages, given: unknown): Promise<void> {
  const rule = await choose(given);
  if (rule !== undefined) {
    await pages.show(rule.id, ["explain", rule.id]);
  }
}

// The program reads the disk: what is not saved is not in the page.
async function inspect(pages: Pages): Promise<void> {
  const { document, selection } = activeEditor();
  if (document.isDirty) {
    await document.save();
  }
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
  const file = folder === undefined ? document.uri.fsPath : path.relative(folder, document.uri.fsPath);
  const name = path.basename(document.uri.fsPath);
  await pages.show(`${name}, the request`, ["inspect", `${file}:${selection.active.line + 1}`], folder);
}
