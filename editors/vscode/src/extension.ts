// The extension from top to bottom: a server, what it tells of the prompts, and the three places where that is shown.

import * as vscode from "vscode";

import { Boundary } from "./boundary";
import { register } from "./commands";
import { Pages } from "./pages";
import { Prompts } from "./prompts";
import { Server } from "./server";
import { needsRestart } from "./settings";
import { Status } from "./status";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("prefixlint", { log: true });
  const running = new Server(context, log);
  server = running;
  const pages = new Pages(() => running.program());
  const prompts = new Prompts(log);
  const status = new Status(prompts);
  context.subscriptions.push(
    log,
    running,
    pages,
    prompts,
    status,
    new Boundary(prompts),
    running.onDidChange((client) => prompts.use(client)),
    running.onDidAnalyse(() => prompts.refreshSoon()),
    running.onDidFail((trouble) => status.fail(trouble)),
    ...register(running, pages, log),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) {
        void running.restart();
      }
    }),
    // What the workspace brings may be run from now on.
    vscode.workspace.onDidGrantWorkspaceTrust(() => void running.restart()),
  );
  await running.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
