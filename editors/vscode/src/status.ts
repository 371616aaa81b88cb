// The status bar: what the prompt at the cursor costs, or why nothing is said.

import * as vscode from "vscode";

import type { Prompts, PromptView } from "./prompts";
import { settings } from "./settings";
import { dollars, tokens } from "./words";

export class Status implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly subscriptions: vscode.Disposable[];
  private trouble: string | undefined;

  constructor(private readonly prompts: Prompts) {
    this.item = vscode.window.createStatusBarItem("prefixlint.prompt", vscode.StatusBarAlignment.Right, 90);
    this.item.name = "prefixlint";
    const show = (): void => this.show();
    this.subscriptions = [
      this.item,
      prompts.onDidChange(show),
      vscode.window.onDidChangeActiveTextEditor(show),
      vscode.window.onDidChangeTextEditorSelection(show),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("prefixlint.statusBar")) {
          show();
        }
      }),
    ];
  }

  /** Why there is no server; `undefined`: there is one. */
  fail(trouble: string | undefined): void {
    this.trouble = trouble;
    this.show();
  }

  private show(): void {
    const editor = vscode.window.activeTextEditor;
    const shown = settings().statusBar;
    if (shown && this.trouble !== undefined) {
      this.item.text = "$(warning) prefixlint";
      this.item.tooltip = this.trouble;
      this.item.command = "prefixlint.showOutput";
      this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
      this.item.show();
      return;
    }
    const prompt = editor && this.prompts.at(editor.document.uri, editor.selection.active);
    if (!shown || prompt === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = `$(zap) ${line(prompt)}`;
    this.item.tooltip = details(prompt);
    this.item.command = "prefixlint.inspect";
    this.item.backgroundColor = undefined;
    this.item.show();
  }

  dispose(): void {
    this.subscriptions.forEach((one) => one.dispose());
  }
}

function line(prompt: PromptView): string {
  const sizes = `${tokens(prompt.cached, prompt.exact)} of ${tokens(prompt.tokens, prompt.exact)} tokens cached`;
  return prompt.cost === null ? sizes : `${sizes}, ${dollars(prompt.cost.now)} per 1k calls`;
}

function details(prompt: PromptView): vscode.MarkdownString {
  const { exact, cost } = prompt;
  const price = (usd: number | undefined): string => (usd === undefined ? "" : `, ${dollars(usd)} per 1,000 calls`);
  const rows = [
    `model: ${prompt.model}`,
    `cached prefix: ${tokens(prompt.boundary, exact)} of ${tokens(prompt.tokens, exact)} tokens`,
    `now: ${tokens(prompt.cached, exact)} tokens read from the cache${price(cost?.now)}`,
  ];
  if (prompt.cachedAfter > prompt.cached || (cost !== null && cost.after < cost.now)) {
    rows.push(`after fixes: ${tokens(prompt.cachedAfter, exact)} tokens read${price(cost?.after)}`);
  }
  const out = new vscode.MarkdownString();
  out.appendText(`${prompt.id}\n\n`);
  rows.forEach((row) => out.appendMarkdown("- ").appendText(`${row}\n`));
  out.appendText("\nInput only, under the traffic of prefixlint.yaml or the reference traffic.");
  return out;
}
