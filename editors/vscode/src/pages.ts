// What the program prints, as read-only pages: the page of a rule, the request at the cursor.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";

import type { Found } from "./binary";

const SCHEME = "prefixlint";

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  constructor(private readonly program: () => Found) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  /** Runs the program and shows what it prints; what it prints on failure is the error. */
  async run(title: string, args: string[]): Promise<void> {
    const found = this.program();
    if ("missing" in found) {
      throw new Error(found.missing);
    }
    await this.show(title, await output(found.path, args));
  }

  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.txt` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

async function output(file: string, args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: "1" };
  try {
    return (await promisify(execFile)(file, args, { env, timeout: 60_000, maxBuffer: 16 << 20 })).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(said === undefined || said === "" ? String(error) : said, { cause: error });
  }
}
