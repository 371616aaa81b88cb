// The editor's side of a test: a workspace on disk, the bundled extension activated under the stub, and ways to wait.

import { chmodSync, cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type * as Stub from "./stub/vscode";

// Tests are bundled into out/test.
const root = join(__dirname, "..", "..");
export const repository = join(root, "..", "..");
/** The program that all tests run: what `.ci/editors` names, else the release build. */
export const program = process.env["PREFIXLINT_BIN"] ?? join(repository, "target", "release", "prefixlint");

type Resolve = (request: string, ...rest: unknown[]) => string;
const loader = Module as unknown as { _resolveFilename: Resolve };
const resolve = loader._resolveFilename;
loader._resolveFilename = (request, ...rest) =>
  request === "vscode" ? join(root, "out", "vscode.js") : resolve.call(Module, request, ...rest);
const load = createRequire(__filename);

export const vscode = load("vscode") as typeof Stub;
export const { stub } = vscode;

interface Extension {
  activate(context: unknown): Promise<void>;
  deactivate(): Promise<void>;
}

/** A copy of the demo, in a folder of its own. */
export class Workspace {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "prefixlint-vscode-")));
  readonly starts = join(this.folder, "starts");
  private readonly extension = load(join(root, "dist", "extension.js")) as Extension;
  private readonly context = { subscriptions: [] as { dispose(): void }[], extensionPath: join(this.folder, "extension") };

  constructor() {
    cpSync(join(repository, "fixtures", "demo"), this.at("demo"), { recursive: true });
    stub.folder(this.at("demo"));
  }

  at(...path: string[]): string {
    return join(this.folder, ...path);
  }

  write(path: string, text: string): string {
    writeFileSync(this.at(path), text);
    return this.at(path);
  }

  /** A program that writes its process id and arguments down before it becomes prefixlint. */
  watched(): string {
    return this.script("prefixlint-watched", `echo "$$ $*" >> '${this.starts}'\nexec '${program}' "$@"`);
  }

  script(path: string, body: string): string {
    const file = this.write(path, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** Process ids and arguments of the servers that were started, oldest first. */
  servers(): { pid: number; args: string }[] {
    const lines = readFileSync(this.starts, "utf8").trim().split("\n");
    const parsed = lines.map((line) => ({ pid: Number(line.split(" ")[0]), args: line.split(" ").slice(1).join(" ") }));
    return parsed.filter(({ args }) => args.startsWith("lsp"));
  }

  activate(): Promise<void> {
    return this.extension.activate(this.context);
  }

  async close(): Promise<void> {
    await this.extension.deactivate();
    this.context.subscriptions.toReversed().forEach((one) => one.dispose());
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a probe says once it says something; fails when it stays silent. */
export async function until<T>(what: string, probe: () => T | undefined | false | null): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false && value !== null) {
      return value;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: did not come; the log says\n${stub.log.slice(-20).join("\n")}`);
    }
    await sleep(20);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
  });
}
