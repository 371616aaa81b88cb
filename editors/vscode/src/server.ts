// The life of the server: found, started, stopped, started again after a crash, and given up after too many.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";

import { find, type Found } from "./binary";
import { COMMANDS } from "./commands";
import { SELECTOR } from "./files";
import { CRASHES } from "./limits";
import { forServer, settings } from "./settings";

const INSTALL = "https://github.com/prefixlint/prefixlint/blob/main/docs/editors.md#install";

const RESTART = "Restart Server";
const OUTPUT = "Show Output";
const HELP = "How to Install";
const SETTINGS = "Open Settings";

export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<LanguageClient | undefined>();
  /** Fires with the client once its server answers, and with `undefined` when there is none any more. */
  readonly onDidChange = this.changed.event;

  private readonly failed = new vscode.EventEmitter<string | undefined>();
  /** Fires with the reason why there is no server although there should be one, and with `undefined` when that is over. */
  readonly onDidFail = this.failed.event;

  private readonly analysed = new vscode.EventEmitter<void>();
  /** Fires when the server has given diagnostics: its analysis has got somewhere. */
  readonly onDidAnalyse = this.analysed.event;

  private client: LanguageClient | undefined;
  private crashes: number[] = [];
  // One after the other: a start in the middle of a stop leaves two servers or none.
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The client of a server that answers. */
  running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** The program, or why there is none. */
  program(): Found {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return find({
      configured: settings().path,
      folders: folders.filter((one) => one.uri.scheme === "file").map((one) => one.uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      extension: this.context.extensionPath,
      env: process.env,
      platform: process.platform,
      arch: process.arch,
    });
  }

  start(): Promise<void> {
    return this.inTurn(() => this.launch());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.shutDown());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      this.crashes = [];
      await this.shutDown();
      await this.launch();
    });
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(task).catch((error: unknown) => this.log.error(String(error)));
    return this.queue;
  }

  private async launch(): Promise<void> {
    if (!settings().enable || this.client !== undefined) {
      return;
    }
    const found = this.program();
    if ("missing" in found) {
      this.missing(found.missing);
      return;
    }
    const version = (await this.ask(found.path, ["--version"]))?.trim();
    if (version === undefined) {
      this.missing(`${found.path} does not run.`);
      return;
    }
    if ((await this.ask(found.path, ["lsp", "--help"])) === undefined) {
      this.missing(`${found.path} is ${version}, which has no language server.`);
      return;
    }
    this.log.info(`${version} (${found.source}): ${found.path}`);
    const client = this.make(found.path);
    this.client = client;
    try {
      await client.start();
      this.failed.fire(undefined);
    } catch (error) {
      this.client = undefined;
      this.giveUp(`The language server of ${version} did not start: ${message(error)}`);
    }
  }

  private make(command: string): LanguageClient {
    const args = ["lsp", ...settings().args];
    const options: LanguageClientOptions = {
      documentSelector: SELECTOR,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The editor would refuse a command that two register.
      initializationOptions: () => ({ ...forServer(), clientCommands: COMMANDS.map((name) => `prefixlint.${name}`) }),
      // What `launch` says is enough.
      initializationFailedHandler: () => false,
      errorHandler: this.errorHandler(),
      middleware: this.middleware(),
    };
    const client = new LanguageClient("prefixlint", "prefixlint", { command, args }, options);
    client.onDidChangeState(({ newState }) => {
      if (client === this.client) {
        this.changed.fire(newState === State.Running ? client : undefined);
      }
    });
    return client;
  }

  private middleware(): Middleware {
    return {
      handleDiagnostics: (uri, diagnostics, next) => {
        next(uri, diagnostics);
        this.analysed.fire();
      },
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        this.analysed.fire();
        return report;
      },
    };
  }

  private errorHandler(): ErrorHandler {
    return {
      // A message that cannot be written or read: the end of the connection says the rest.
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => this.closed(),
    };
  }

  private closed(): CloseHandlerResult {
    if (this.client?.state !== State.Running) {
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    const now = Date.now();
    this.crashes = [...this.crashes.filter((at) => now - at < CRASHES.within), now];
    if (this.crashes.length < CRASHES.limit) {
      this.log.warn(`the server has ended; it is started again (${this.crashes.length} of ${CRASHES.limit})`);
      return { action: CloseAction.Restart, handled: true };
    }
    this.client = undefined;
    this.changed.fire(undefined);
    this.giveUp(`The language server ended ${CRASHES.limit} times within three minutes and is not started again.`);
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private async shutDown(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.changed.fire(undefined);
    this.failed.fire(undefined);
    if (client?.needsStop()) {
      // A server that does not answer is ended by the client.
      await client.stop().catch((error: unknown) => this.log.warn(`stop: ${message(error)}`));
    }
    await client?.dispose().catch(() => undefined);
  }

  /** What the program prints; `undefined` where it fails. */
  private async ask(file: string, args: string[]): Promise<string | undefined> {
    try {
      return (await promisify(execFile)(file, args, { timeout: 10_000 })).stdout;
    } catch (error) {
      this.log.error(message(error));
      return undefined;
    }
  }

  private missing(why: string): void {
    const help = "Install it with `pip install prefixlint`, `npm install --save-dev prefixlint` or `cargo install --locked prefixlint`, or say in `prefixlint.path` where it is.";
    this.report(`prefixlint cannot be run. ${why} ${help}`, [HELP, SETTINGS, RESTART]);
  }

  private giveUp(why: string): void {
    this.report(why, [RESTART, OUTPUT]);
  }

  private report(text: string, choices: string[]): void {
    this.log.error(text);
    this.failed.fire(text);
    void vscode.window.showErrorMessage(text, ...choices).then((choice) => this.follow(choice));
  }

  private follow(choice: string | undefined): void {
    if (choice === RESTART) {
      void this.restart();
    } else if (choice === OUTPUT) {
      this.log.show(true);
    } else if (choice === HELP) {
      void vscode.env.openExternal(vscode.Uri.parse(INSTALL));
    } else if (choice === SETTINGS) {
      void vscode.commands.executeCommand("workbench.action.openSettings", "prefixlint.path");
    }
  }

  dispose(): void {
    this.changed.dispose();
    this.failed.dispose();
    this.analysed.dispose();
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
