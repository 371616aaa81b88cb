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
  type LSPAny,
  LSPErrorCodes,
  ResponseError,
} from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { Server } from "./server";

/** Those that the editor does, whoever asks: a code lens of the server names `inspect`, its actions `openRule`. */
export const COMMANDS = ["restart", "showOutput", "fixAll", "openRule", "explain", "inspect"] as const;

const FIX_ALL = "source.fixAll.prefixlint";
const SOURCE = "prefixlint";
/** How often a busy server is asked, and the milliseconds in between. */
const TRIES = 20;
const PAUSE = 250;

export function register(server: Server, pages: Pages, log: vscode.LogOutputChannel): vscode.Disposable[] {
  const run: Record<(typeof COMMANDS)[number], (argument: unknown) => unknown> = {
    restart: () => server.restart(),
    showOutput: () => log.show(true),
    fixAll: () => fixAll(answering(server)),
    openRule: (rule) => openRule(rule),
    explain: (rule) => explain(pages, rule),
    inspect: (which) => inspect(answering(server), pages, which),
  };
  return COMMANDS.map((name) =>
    vscode.commands.registerCommand(`prefixlint.${name}`, async (argument: unknown) => {
      try {
        await run[name](argument);
      } catch (error) {
        log.error(`${name}: ${String(error)}`);
        void vscode.window.showErrorMessage(`prefixlint: ${error instanceof Error ? error.message : String(error)}`);
      }
    }),
  );
}

function answering(server: Server): LanguageClient {
  const client = server.running();
  if (client === undefined) {
    throw new Error("the language server does not run");
  }
  return client;
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    throw new Error("open a file first");
  }
  return editor;
}

async function fixAll(client: LanguageClient): Promise<void> {
  const { document } = activeEditor();
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
    await pages.run(rule.id, ["explain", rule.id]);
  }
}

/** `{uri, prompt}` of a code lens, or the prompt at the cursor. */
async function inspect(client: LanguageClient, pages: Pages, which: unknown): Promise<void> {
  const wanted = isPrompt(which) ? which : atCursor(client);
  const text = await execute(client, "prefixlint.inspect", wanted);
  if (typeof text === "string") {
    await pages.show(`${path.posix.basename(wanted.uri)}, the request`, text);
  }
}

interface PromptName {
  uri: string;
  prompt?: string;
  position?: unknown;
}

function isPrompt(which: unknown): which is PromptName {
  return typeof which === "object" && which !== null && typeof (which as PromptName).uri === "string";
}

function atCursor(client: LanguageClient): PromptName {
  const { document, selection } = activeEditor();
  const convert = client.code2ProtocolConverter;
  return { uri: convert.asUri(document.uri), position: convert.asPosition(selection.active) };
}

/** The server refuses what it is just analysing anew: then it is asked again. */
async function execute(client: LanguageClient, command: string, argument: unknown): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument as LSPAny] });
    } catch (error) {
      const passing = error instanceof ResponseError && error.code === LSPErrorCodes.ContentModified;
      if (!passing || tries === TRIES) {
        throw error;
      }
      await new Promise((done) => {
        setTimeout(done, PAUSE);
      });
    }
  }
}
