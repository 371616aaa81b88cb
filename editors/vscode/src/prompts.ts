// What the server knows of the prompts of a document (`prefixlint/prompts`), asked again when something changed.
// Decorations and the status bar look at this, not at the server.

import * as vscode from "vscode";
import { type LanguageClient, type Position, type Range, RequestType, ResponseError } from "vscode-languageclient/node";

export interface PromptsParams {
  textDocument: { uri: string };
}

/** One request that a document takes part in. Figures are tokens of one call. */
export interface PromptView {
  id: string;
  /** Where it stands in this document; of a document that it only reads, the part that it takes. */
  range: Range;
  /** Whether the prompt is written here, not just read from here. */
  own: boolean;
  model: string;
  tokens: number;
  /** Tokens of the longest prefix that calls share, whatever the traffic. */
  boundary: number;
  /** Tokens that a call reads from the cache, on average. */
  cached: number;
  /** The same once the findings are fixed. */
  cachedAfter: number;
  /** Whether the counts are exact. */
  exact: boolean;
  /** USD per 1,000 calls; null where the model has no price. */
  cost: { now: number; after: number } | null;
  /** Where the cached prefix ends, if it does so in this document. */
  end: Position | null;
  /** The text of this document that stands in front of it. */
  shared: Range[];
}

export interface PromptsResult {
  prompts: PromptView[];
}

export const PromptsRequest = new RequestType<PromptsParams, PromptsResult, void>("prefixlint/prompts");

const METHOD_NOT_FOUND = -32601;
/** Shorter than it takes to look up from the keyboard, longer than the pause between two keys. */
const DELAY = 200;

export class Prompts implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  /** Fires when the prompts of a document are known anew. */
  readonly onDidChange = this.changed.event;

  private readonly known = new Map<string, PromptView[]>();
  private readonly subscriptions: vscode.Disposable[];
  private client: LanguageClient | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly log: vscode.LogOutputChannel) {
    const soon = (): void => this.refreshSoon();
    this.subscriptions = [
      this.changed,
      vscode.window.onDidChangeVisibleTextEditors(soon),
      vscode.window.onDidChangeActiveTextEditor(soon),
      vscode.workspace.onDidChangeTextDocument(soon),
      vscode.workspace.onDidCloseTextDocument((document) => this.known.delete(document.uri.toString())),
    ];
  }

  of(uri: vscode.Uri): readonly PromptView[] {
    return this.known.get(uri.toString()) ?? [];
  }

  /** The prompt at a place: the one whose text it is in, else the last one that starts above it, else the first. */
  at(uri: vscode.Uri, position: vscode.Position): PromptView | undefined {
    const prompts = this.of(uri);
    const within = prompts.filter((one) => contains(one.range, position));
    const own = within.filter((one) => one.own);
    const inner = (own.length > 0 ? own : within).reduce<PromptView | undefined>(
      (best, one) => (best === undefined || before(best.range.start, one.range.start) ? one : best),
      undefined,
    );
    if (inner !== undefined) {
      return inner;
    }
    const above = prompts.filter((one) => one.range.start.line <= position.line);
    return above.length > 0
      ? above.reduce((best, one) => (before(best.range.start, one.range.start) ? one : best))
      : prompts[0];
  }

  /** The server that answers from now on; `undefined`: none, and nothing is known. */
  use(client: LanguageClient | undefined): void {
    this.client = client;
    if (client === undefined) {
      clearTimeout(this.timer);
      const uris = [...this.known.keys()];
      this.known.clear();
      uris.forEach((uri) => this.changed.fire(vscode.Uri.parse(uri)));
      return;
    }
    this.refreshSoon();
  }

  /** Asks again in a moment: typing, or an analysis of another file, may have changed the prompts in sight. */
  refreshSoon(): void {
    clearTimeout(this.timer);
    if (this.client !== undefined) {
      this.timer = setTimeout(() => void this.refresh(), DELAY);
    }
  }

  private async refresh(): Promise<void> {
    const shown = vscode.window.visibleTextEditors.map((editor) => editor.document);
    await Promise.all([...new Set(shown)].map((document) => this.ask(document)));
  }

  private async ask(document: vscode.TextDocument): Promise<void> {
    const { client } = this;
    if (client === undefined || document.uri.scheme !== "file") {
      return;
    }
    const version = document.version;
    try {
      const uri = client.code2ProtocolConverter.asUri(document.uri);
      const result = await client.sendRequest(PromptsRequest, { textDocument: { uri } });
      // What was typed meanwhile has asked for an answer of its own.
      if (client === this.client && document.version === version) {
        this.known.set(document.uri.toString(), result.prompts);
        this.changed.fire(document.uri);
      }
    } catch (error) {
      if (error instanceof ResponseError && error.code === METHOD_NOT_FOUND) {
        this.log.warn("this prefixlint does not tell where the cached prefix ends: no marks, no status bar");
        this.client = undefined;
        return;
      }
      this.log.debug(`prompts of ${document.uri.toString()}: ${String(error)}`);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.forEach((one) => one.dispose());
  }
}

function before(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character <= b.character);
}

function contains(range: Range, position: Position): boolean {
  return before(range.start, position) && before(position, range.end);
}
