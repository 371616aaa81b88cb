// The value classes of the editor's API, as far as the extension and vscode-languageclient use them.

/* eslint-disable max-classes-per-file */

export class Position {
  constructor(readonly line: number, readonly character: number) {}
  compareTo(other: Position): number {
    return this.line - other.line || this.character - other.character;
  }
  isBefore(other: Position): boolean {
    return this.compareTo(other) < 0;
  }
  isBeforeOrEqual(other: Position): boolean {
    return this.compareTo(other) <= 0;
  }
  isAfter(other: Position): boolean {
    return this.compareTo(other) > 0;
  }
  isAfterOrEqual(other: Position): boolean {
    return this.compareTo(other) >= 0;
  }
  isEqual(other: Position): boolean {
    return this.compareTo(other) === 0;
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, end: Position | number, endLine?: number, endCharacter?: number) {
    const [a, b] =
      typeof start === "number"
        ? [new Position(start, end as number), new Position(endLine ?? 0, endCharacter ?? 0)]
        : [start, end as Position];
    [this.start, this.end] = a.isBeforeOrEqual(b) ? [a, b] : [b, a];
  }
  get isEmpty(): boolean {
    return this.start.isEqual(this.end);
  }
  contains(other: Position | Range): boolean {
    const [start, end] = other instanceof Range ? [other.start, other.end] : [other, other];
    return this.start.isBeforeOrEqual(start) && end.isBeforeOrEqual(this.end);
  }
  intersection(other: Range): Range | undefined {
    const start = this.start.isAfter(other.start) ? this.start : other.start;
    const end = this.end.isBefore(other.end) ? this.end : other.end;
    return start.isBeforeOrEqual(end) ? new Range(start, end) : undefined;
  }
  union(other: Range): Range {
    return new Range(
      this.start.isBefore(other.start) ? this.start : other.start,
      this.end.isAfter(other.end) ? this.end : other.end,
    );
  }
  isEqual(other: Range): boolean {
    return this.start.isEqual(other.start) && this.end.isEqual(other.end);
  }
}

export class Selection extends Range {
  get active(): Position {
    return this.end;
  }
  get anchor(): Position {
    return this.start;
  }
}

type Listener<T> = (event: T) => unknown;

export class Disposable {
  constructor(private readonly callOnDispose: () => unknown) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
  dispose(): void {
    this.callOnDispose();
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>, self?: unknown, all?: Disposable[]): Disposable => {
    const bound: Listener<T> = (event) => listener.call(self, event);
    this.listeners.add(bound);
    const disposable = new Disposable(() => this.listeners.delete(bound));
    all?.push(disposable);
    return disposable;
  };
  fire(event: T): void {
    // Who listens from within a listener hears the next event.
    Array.from(this.listeners).forEach((listener) => listener(event));
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.emitter.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {
    this.emitter.dispose();
  }
}

export class CancellationError extends Error {}

/** A class of fields only: what the constructor is given, by name. */
function record(...names: string[]): new (...values: unknown[]) => Record<string, unknown> {
  return class {
    [name: string]: unknown;
    constructor(...values: unknown[]) {
      names.forEach((name, index) => {
        this[name] = values[index];
      });
    }
  } as unknown as new (...values: unknown[]) => Record<string, unknown>;
}

export class CodeActionKind {
  static readonly Empty = new CodeActionKind("");
  static readonly QuickFix = new CodeActionKind("quickfix");
  static readonly Refactor = new CodeActionKind("refactor");
  static readonly RefactorExtract = new CodeActionKind("refactor.extract");
  static readonly RefactorInline = new CodeActionKind("refactor.inline");
  static readonly RefactorMove = new CodeActionKind("refactor.move");
  static readonly RefactorRewrite = new CodeActionKind("refactor.rewrite");
  static readonly Source = new CodeActionKind("source");
  static readonly SourceOrganizeImports = new CodeActionKind("source.organizeImports");
  static readonly SourceFixAll = new CodeActionKind("source.fixAll");
  static readonly Notebook = new CodeActionKind("notebook");
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value === "" ? part : `${this.value}.${part}`);
  }
}

export class MarkdownString {
  isTrusted?: unknown;
  supportHtml?: boolean;
  constructor(public value = "") {}
  appendText(text: string): this {
    this.value += text;
    return this;
  }
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(code: string, language = ""): this {
    this.value += `\n\`\`\`${language}\n${code}\n\`\`\`\n`;
    return this;
  }
}

export class TextEdit {
  static replace(range: Range, newText: string): TextEdit {
    return new TextEdit(range, newText);
  }
  static insert(position: Position, newText: string): TextEdit {
    return new TextEdit(new Range(position, position), newText);
  }
  static delete(range: Range): TextEdit {
    return new TextEdit(range, "");
  }
  constructor(readonly range: Range, readonly newText: string) {}
}

export class WorkspaceEdit {
  private readonly texts = new Map<string, TextEdit[]>();
  set(uri: { toString(): string }, edits: (TextEdit | [TextEdit, unknown])[]): void {
    this.texts.set(uri.toString(), edits.map((one) => (Array.isArray(one) ? one[0] : one)));
  }
  replace(uri: { toString(): string }, range: Range, text: string): void {
    this.texts.set(uri.toString(), [...(this.texts.get(uri.toString()) ?? []), new TextEdit(range, text)]);
  }
  entries(): [string, TextEdit[]][] {
    return [...this.texts];
  }
}

export class Diagnostic {
  source?: string;
  code?: unknown;
  constructor(public range: Range, public message: string, public severity = 0) {}
}

export class RelativePattern {
  readonly baseUri: { fsPath: string };
  readonly base: string;
  constructor(base: { uri: { fsPath: string } } | { fsPath: string }, readonly pattern: string) {
    this.baseUri = "uri" in base ? base.uri : base;
    this.base = this.baseUri.fsPath;
  }
}

export class CompletionItem extends record("label", "kind") {}
export class CodeAction extends record("title", "kind") {}
export class CodeLens extends record("range", "command") {}
export class CallHierarchyItem extends record("kind", "name", "detail", "uri", "range", "selectionRange") {}
export class TypeHierarchyItem extends record("kind", "name", "detail", "uri", "range", "selectionRange") {}
export class SymbolInformation extends record("name", "kind", "containerName", "location") {}
export class DocumentSymbol extends record("name", "detail", "kind", "range", "selectionRange") {}
export class DocumentLink extends record("range", "target") {}
export class InlayHint extends record("position", "label", "kind") {}
export class InlayHintLabelPart extends record("value") {}
export class Hover extends record("contents", "range") {}
export class Location extends record("uri", "range") {}
export class DiagnosticRelatedInformation extends record("location", "message") {}
export class SnippetString extends record("value") {}
export class ThemeColor extends record("id") {}
export class TabInputText extends record("uri") {}
export class TabInputTextDiff extends record("original", "modified") {}
export class TabInputCustom extends record("uri", "viewType") {}
export class TabInputNotebook extends record("uri", "notebookType") {}

export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3 };
export const DiagnosticTag = { Unnecessary: 1, Deprecated: 2 };
export const CompletionItemKind = { Text: 0 };
export const CompletionItemTag = { Deprecated: 1 };
export const CompletionTriggerKind = { Invoke: 0, TriggerCharacter: 1, TriggerForIncompleteCompletions: 2 };
export const CodeActionTriggerKind = { Invoke: 1, Automatic: 2 };
export const DocumentHighlightKind = { Text: 0, Read: 1, Write: 2 };
export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };
export const FoldingRangeKind = { Comment: 1, Imports: 2, Region: 3 };
export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };
export const LogLevel = { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 };
export const NotebookCellKind = { Markup: 1, Code: 2 };
export const ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 };
export const SignatureHelpTriggerKind = { Invoke: 1, TriggerCharacter: 2, ContentChange: 3 };
export const SymbolKind = { File: 0, Function: 11, String: 14, Constant: 13 };
export const SymbolTag = { Deprecated: 1 };
export const TextDocumentSaveReason = { Manual: 1, AfterDelay: 2, FocusOut: 3 };
export const StatusBarAlignment = { Left: 1, Right: 2 };
export const OverviewRulerLane = { Left: 1, Center: 2, Right: 4, Full: 7 };
export const DecorationRangeBehavior = { OpenOpen: 0, ClosedClosed: 1, OpenClosed: 2, ClosedOpen: 3 };
export const ViewColumn = { Active: -1, Beside: -2, One: 1 };
