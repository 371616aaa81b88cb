// A stand-in for the editor's API: documents, editors, settings and messages without a window. `stub` is the hand of the
// person in front of it, and the eye.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { minimatch } from "minimatch";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI, Utils } from "vscode-uri";

import { Disposable, EventEmitter, LogLevel, type Position, Range, RelativePattern, Selection, type WorkspaceEdit } from "./values";

export * from "./values";

export const version = "1.91.0";
export const Uri = Object.assign(URI, { joinPath: Utils.joinPath });

const manifest = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as {
  contributes: { configuration: { properties: Record<string, { default: unknown }> } };
};

const LANGUAGES: Record<string, string> = { j2: "jinja", md: "markdown", py: "python", yaml: "yaml", json: "json" };

class Document {
  isDirty = false;
  isClosed = false;
  constructor(private text: TextDocument, readonly uri: URI) {}
  get fileName(): string {
    return this.uri.fsPath;
  }
  get languageId(): string {
    return this.text.languageId;
  }
  get version(): number {
    return this.text.version;
  }
  get lineCount(): number {
    return this.text.lineCount;
  }
  getText(range?: Range): string {
    return this.text.getText(range);
  }
  positionAt(offset: number): Position {
    const at = this.text.positionAt(offset);
    return new Range(at.line, at.character, at.line, at.character).start;
  }
  offsetAt(position: Position): number {
    return this.text.offsetAt(position);
  }
  validateRange(range: Range): Range {
    return new Range(this.positionAt(this.offsetAt(range.start)), this.positionAt(this.offsetAt(range.end)));
  }
  save(): Promise<boolean> {
    writeFileSync(this.uri.fsPath, this.getText());
    this.isDirty = false;
    events.saved.fire(this);
    return Promise.resolve(true);
  }
  /** Replaces a range as typing does. */
  edit(range: Range, text: string): void {
    const change = {
      range,
      rangeOffset: this.offsetAt(range.start),
      rangeLength: this.offsetAt(range.end) - this.offsetAt(range.start),
      text,
    };
    this.text = TextDocument.update(this.text, [{ range, text }], this.version + 1);
    this.isDirty = true;
    events.changed.fire({ document: this, contentChanges: [change] });
  }
}

interface Editor {
  document: Document;
  selection: Selection;
  decorations: Map<unknown, unknown[]>;
  setDecorations(type: unknown, ranges: unknown[]): void;
}

interface Contents {
  provideTextDocumentContent(uri: URI): string;
  onDidChange?: (listener: (uri: URI) => void) => Disposable;
}

type Change = { document: Document; contentChanges: unknown[] };

const events = {
  opened: new EventEmitter<Document>(),
  closed: new EventEmitter<Document>(),
  changed: new EventEmitter<Change>(),
  saved: new EventEmitter<Document>(),
  configuration: new EventEmitter<{ affectsConfiguration(section: string): boolean }>(),
  activeEditor: new EventEmitter<Editor | undefined>(),
  visibleEditors: new EventEmitter<Editor[]>(),
  selection: new EventEmitter<{ textEditor: Editor; selections: Selection[] }>(),
  diagnostics: new EventEmitter<{ uris: URI[] }>(),
  trust: new EventEmitter<void>(),
};

const state = {
  documents: [] as Document[],
  editors: [] as Editor[],
  settings: new Map<string, unknown>(),
  commands: new Map<string, (...args: unknown[]) => unknown>(),
  contents: new Map<string, Contents>(),
  collections: new Set<Collection>(),
  folders: [] as { uri: URI; name: string; index: number }[],
};

/** What the person did and saw. */
export const stub = {
  messages: [] as { kind: string; text: string; choices: string[] }[],
  /** What is answered to messages: the first choice that a test has put here. */
  answers: [] as string[],
  log: [] as string[],
  opened: [] as string[],
  executed: [] as { command: string; args: unknown[] }[],
  statusItems: [] as StatusItem[],
  decorationTypes: [] as { options: Record<string, unknown> }[],
  /** Providers by what they provide: `CodeLens`, `InlayHints`, .. */
  providers: new Map<string, unknown[]>(),
  outputShown: 0,

  folder(path: string): void {
    state.folders = [{ uri: URI.file(path), name: "workspace", index: 0 }];
  },
  trust(trusted: boolean): void {
    workspace.isTrusted = trusted;
    if (trusted) {
      events.trust.fire();
    }
  },
  set(name: string, value: unknown): void {
    state.settings.set(name, value);
    events.configuration.fire({
      affectsConfiguration: (section) => name === section || name.startsWith(`${section}.`),
    });
  },
  async open(path: string): Promise<Editor> {
    const document = await workspace.openTextDocument(URI.file(path));
    return window.showTextDocument(document);
  },
  async close(editor: Editor): Promise<void> {
    state.editors = state.editors.filter((one) => one !== editor);
    window.visibleTextEditors = state.editors;
    window.activeTextEditor = state.editors[0];
    events.visibleEditors.fire(state.editors);
    events.activeEditor.fire(window.activeTextEditor);
    state.documents = state.documents.filter((one) => one !== editor.document);
    workspace.textDocuments = state.documents;
    editor.document.isClosed = true;
    events.closed.fire(editor.document);
    await Promise.resolve();
  },
  select(editor: Editor, line: number, character: number): void {
    const at = new Range(line, character, line, character).start;
    editor.selection = new Selection(at, at);
    events.selection.fire({ textEditor: editor, selections: [editor.selection] });
  },
};

class StatusItem {
  name = "";
  text = "";
  tooltip: unknown;
  command: unknown;
  backgroundColor: unknown;
  visible = false;
  show(): void {
    this.visible = true;
  }
  hide(): void {
    this.visible = false;
  }
  dispose(): void {
    this.visible = false;
  }
}

class Collection {
  private readonly entries = new Map<string, unknown[]>();
  constructor(readonly name: string) {
    state.collections.add(this);
  }
  set(uri: URI, diagnostics: unknown[] | undefined): void {
    this.entries.set(uri.toString(), diagnostics ?? []);
    events.diagnostics.fire({ uris: [uri] });
  }
  get(uri: URI): unknown[] {
    return this.entries.get(uri.toString()) ?? [];
  }
  has(uri: URI): boolean {
    return this.entries.has(uri.toString());
  }
  delete(uri: URI): void {
    this.entries.delete(uri.toString());
    events.diagnostics.fire({ uris: [uri] });
  }
  clear(): void {
    const uris = [...this.entries.keys()].map((one) => URI.parse(one));
    this.entries.clear();
    events.diagnostics.fire({ uris });
  }
  forEach(visit: (uri: URI, diagnostics: unknown[]) => void): void {
    this.entries.forEach((value, key) => visit(URI.parse(key), value));
  }
  dispose(): void {
    this.clear();
    state.collections.delete(this);
  }
}

function values(): Map<string, unknown> {
  const out = new Map<string, unknown>();
  for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
    out.set(name, value);
  }
  state.settings.forEach((value, name) => out.set(name, value));
  return out;
}

/** The value of a setting, or the tree of all below a section. */
function lookUp(name: string): unknown {
  const all = values();
  if (all.has(name)) {
    return all.get(name);
  }
  let tree: Record<string, unknown> | undefined;
  for (const [key, value] of all) {
    if (!key.startsWith(`${name}.`)) {
      continue;
    }
    tree ??= {};
    let at = tree;
    const path = key.slice(name.length + 1).split(".");
    for (const part of path.slice(0, -1)) {
      at = (at[part] ??= {}) as Record<string, unknown>;
    }
    at[path.at(-1) ?? ""] = value;
  }
  return tree;
}

function never(): (listener: unknown) => Disposable {
  return new EventEmitter<unknown>().event as (listener: unknown) => Disposable;
}

async function say(kind: string, text: string, rest: unknown[]): Promise<unknown> {
  const items = rest.filter((one) => typeof one === "string" || (one as { title?: string }).title !== undefined);
  const titles = items.map((one) => (typeof one === "string" ? one : (one as { title: string }).title));
  stub.messages.push({ kind, text, choices: titles });
  const index = titles.findIndex((one) => stub.answers.includes(one));
  stub.answers = stub.answers.filter((one) => one !== titles[index]);
  return Promise.resolve(items[index]);
}

export const window = {
  activeTextEditor: undefined as Editor | undefined,
  visibleTextEditors: [] as Editor[],
  tabGroups: { all: [], onDidChangeTabs: never(), onDidChangeTabGroups: never() },
  onDidChangeActiveTextEditor: events.activeEditor.event,
  onDidChangeVisibleTextEditors: events.visibleEditors.event,
  onDidChangeTextEditorSelection: events.selection.event,
  showErrorMessage: (text: string, ...rest: unknown[]) => say("error", text, rest),
  showWarningMessage: (text: string, ...rest: unknown[]) => say("warning", text, rest),
  showInformationMessage: (text: string, ...rest: unknown[]) => say("information", text, rest),
  showQuickPick: (items: string[]) => Promise.resolve(items.find((one) => stub.answers.includes(one))),
  withProgress: (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
    task({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: never() }),
  createStatusBarItem(): StatusItem {
    const item = new StatusItem();
    stub.statusItems.push(item);
    return item;
  },
  createTextEditorDecorationType(options: Record<string, unknown>) {
    const type = { options, key: String(stub.decorationTypes.length), dispose: () => undefined };
    stub.decorationTypes.push(type);
    return type;
  },
  createOutputChannel(name: string) {
    const line = (level: string) => (text: string) => void stub.log.push(`${level}: ${text}`);
    return {
      name,
      logLevel: LogLevel.Info,
      onDidChangeLogLevel: never(),
      append: line("append"),
      appendLine: line("append"),
      trace: line("trace"),
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      replace: () => undefined,
      clear: () => undefined,
      hide: () => undefined,
      show: () => void (stub.outputShown += 1),
      dispose: () => undefined,
    };
  },
  showTextDocument(document: Document): Promise<Editor> {
    let editor = state.editors.find((one) => one.document === document);
    if (editor === undefined) {
      const start = new Range(0, 0, 0, 0).start;
      const decorations = new Map<unknown, unknown[]>();
      const setDecorations = (type: unknown, ranges: unknown[]): void => void decorations.set(type, ranges);
      editor = { document, selection: new Selection(start, start), decorations, setDecorations };
      state.editors = [...state.editors, editor];
    }
    window.visibleTextEditors = state.editors;
    window.activeTextEditor = editor;
    events.visibleEditors.fire(state.editors);
    events.activeEditor.fire(editor);
    return Promise.resolve(editor);
  },
};

export const workspace = {
  isTrusted: true,
  textDocuments: [] as Document[],
  notebookDocuments: [],
  get workspaceFolders() {
    return state.folders.length > 0 ? state.folders : undefined;
  },
  fs: { stat: () => Promise.reject(new Error("no file system")) },
  onDidOpenTextDocument: events.opened.event,
  onDidCloseTextDocument: events.closed.event,
  onDidChangeTextDocument: events.changed.event,
  onDidSaveTextDocument: events.saved.event,
  onWillSaveTextDocument: never(),
  onDidChangeConfiguration: events.configuration.event,
  onDidGrantWorkspaceTrust: events.trust.event,
  onDidChangeWorkspaceFolders: never(),
  onDidOpenNotebookDocument: never(),
  onDidCloseNotebookDocument: never(),
  onDidChangeNotebookDocument: never(),
  onDidSaveNotebookDocument: never(),
  onDidCreateFiles: never(),
  onDidRenameFiles: never(),
  onDidDeleteFiles: never(),
  onWillCreateFiles: never(),
  onWillRenameFiles: never(),
  onWillDeleteFiles: never(),
  getWorkspaceFolder: (uri: URI) => state.folders.find((one) => uri.path.startsWith(`${one.uri.path}/`)),
  getConfiguration(section?: string) {
    const full = (name: string): string => (section === undefined || section === "" ? name : `${section}.${name}`);
    return {
      get: (name: string, other?: unknown) => lookUp(full(name)) ?? other,
      has: (name: string) => lookUp(full(name)) !== undefined,
    };
  },
  createFileSystemWatcher: () => ({
    onDidCreate: never(),
    onDidChange: never(),
    onDidDelete: never(),
    dispose: () => undefined,
  }),
  registerTextDocumentContentProvider(scheme: string, provider: Contents) {
    state.contents.set(scheme, provider);
    // What is shown follows what the provider says anew.
    const following = provider.onDidChange?.((uri) => {
      const document = state.documents.find((one) => one.uri.toString() === uri.toString());
      document?.edit(new Range(0, 0, document.lineCount, 0), provider.provideTextDocumentContent(uri));
    });
    return new Disposable(() => {
      following?.dispose();
      state.contents.delete(scheme);
    });
  },
  openTextDocument(uri: URI): Promise<Document> {
    const name = uri.toString();
    let document = state.documents.find((one) => one.uri.toString() === name);
    if (document === undefined) {
      const provider = state.contents.get(uri.scheme);
      if (provider === undefined && !existsSync(uri.fsPath)) {
        return Promise.reject(new Error(`${uri.fsPath} does not exist`));
      }
      const text = provider?.provideTextDocumentContent(uri) ?? readFileSync(uri.fsPath, "utf8");
      const language = LANGUAGES[uri.path.split(".").at(-1) ?? ""] ?? "plaintext";
      document = new Document(TextDocument.create(name, language, 1, text), uri);
      state.documents = [...state.documents, document];
      workspace.textDocuments = state.documents;
      events.opened.fire(document);
    }
    return Promise.resolve(document);
  },
  async applyEdit(edit: WorkspaceEdit): Promise<boolean> {
    for (const [name, edits] of edit.entries()) {
      const document = await workspace.openTextDocument(URI.parse(name));
      const backwards = [...edits].sort((a, b) => b.range.start.compareTo(a.range.start));
      backwards.forEach(({ range, newText }) => document.edit(range, newText));
    }
    return true;
  },
};

type Filter = string | { language?: string; scheme?: string; pattern?: string | RelativePattern };

function matches(filter: Filter, document: Document): boolean {
  if (typeof filter === "string") {
    return filter === document.languageId;
  }
  const { language, scheme, pattern } = filter;
  const glob = pattern instanceof RelativePattern ? `${pattern.base}/${pattern.pattern}` : pattern;
  return (
    (language === undefined || language === document.languageId) &&
    (scheme === undefined || scheme === document.uri.scheme) &&
    (glob === undefined || minimatch(document.uri.fsPath, glob, { dot: true }))
  );
}

/** What is shown at a document, whoever found it. */
export function diagnostics(uri: URI): unknown[] {
  return [...state.collections].flatMap((one) => one.get(uri));
}

const api = {
  createDiagnosticCollection: (name: string) => new Collection(name),
  onDidChangeDiagnostics: events.diagnostics.event,
  getDiagnostics: diagnostics,
  match: (selector: Filter | Filter[], document: Document) =>
    (Array.isArray(selector) ? selector : [selector]).some((one) => matches(one, document)) ? 10 : 0,
};

// `registerXProvider(selector, provider)`, whichever X.
export const languages = new Proxy(api as Record<string, unknown>, {
  get(target, name: string) {
    const kind = /^register(\w+)Provider$/.exec(name)?.[1];
    if (kind === undefined) {
      return target[name];
    }
    return (_: unknown, provider: unknown) => {
      stub.providers.set(kind, [...(stub.providers.get(kind) ?? []), provider]);
      return new Disposable(() => {
        stub.providers.set(kind, (stub.providers.get(kind) ?? []).filter((one) => one !== provider));
      });
    };
  },
});

export const commands = {
  registerCommand(name: string, run: (...args: unknown[]) => unknown) {
    if (state.commands.has(name)) {
      throw new Error(`command '${name}' already exists`);
    }
    state.commands.set(name, run);
    return new Disposable(() => state.commands.delete(name));
  },
  async executeCommand(command: string, ...args: unknown[]): Promise<unknown> {
    stub.executed.push({ command, args });
    return state.commands.get(command)?.(...args);
  },
};

export const env = {
  appName: "stub",
  language: "en",
  openExternal(uri: URI): Promise<boolean> {
    stub.opened.push(uri.toString());
    return Promise.resolve(true);
  },
};

export const extensions = { getExtension: () => undefined };
