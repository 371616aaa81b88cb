// The cached prefix in the text: a faint ground under what is cached, a line at its side, and a mark where it ends.

import * as vscode from "vscode";

import type { Prompts, PromptView } from "./prompts";
import { settings } from "./settings";
import { tokens } from "./words";

export class Boundary implements vscode.Disposable {
  private readonly shared = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("prefixlint.cachedBackground"),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly end = vscode.window.createTextEditorDecorationType({
    before: {
      contentText: "",
      border: "1px solid",
      borderColor: new vscode.ThemeColor("prefixlint.boundary"),
      margin: "0 1px",
    },
    overviewRulerColor: new vscode.ThemeColor("prefixlint.boundary"),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly prompts: Prompts) {
    this.subscriptions = [
      this.shared,
      this.end,
      prompts.onDidChange((uri) => this.draw(uri)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("prefixlint.decorations")) {
          vscode.window.visibleTextEditors.forEach((editor) => this.draw(editor.document.uri));
        }
      }),
    ];
  }

  private draw(uri: vscode.Uri): void {
    const prompts = settings().decorations ? this.prompts.of(uri) : [];
    const name = uri.toString();
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === name) {
        editor.setDecorations(this.shared, sharedRanges(prompts));
        editor.setDecorations(this.end, ends(prompts));
      }
    }
  }

  dispose(): void {
    this.subscriptions.forEach((one) => one.dispose());
  }
}

// Two requests may share a text: it is marked once.
function sharedRanges(prompts: readonly PromptView[]): vscode.Range[] {
  const ranges = prompts.flatMap((prompt) => prompt.shared.map(range));
  ranges.sort((a, b) => a.start.compareTo(b.start));
  const out: vscode.Range[] = [];
  for (const one of ranges) {
    const last = out.at(-1);
    if (last !== undefined && one.start.isBeforeOrEqual(last.end)) {
      out[out.length - 1] = last.union(one);
    } else {
      out.push(one);
    }
  }
  return out;
}

function ends(prompts: readonly PromptView[]): vscode.DecorationOptions[] {
  const places = new Map<string, { at: vscode.Position; lines: string[] }>();
  for (const prompt of prompts) {
    if (prompt.end === null) {
      continue;
    }
    const at = new vscode.Position(prompt.end.line, prompt.end.character);
    const key = `${at.line}:${at.character}`;
    const place = places.get(key) ?? { at, lines: [] };
    place.lines.push(`${prompt.id}: cached up to here, ${tokens(prompt.boundary, prompt.exact)} tokens`);
    places.set(key, place);
  }
  return [...places.values()].map(({ at, lines }) => {
    const hoverMessage = new vscode.MarkdownString();
    lines.forEach((line) => hoverMessage.appendText(`${line}\n`));
    return { range: new vscode.Range(at, at), hoverMessage };
  });
}

function range(one: PromptView["range"]): vscode.Range {
  return new vscode.Range(one.start.line, one.start.character, one.end.line, one.end.character);
}
