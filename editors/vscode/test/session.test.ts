// A session with the real server: what it finds is shown, follows the text and the settings, and can be acted on.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { program, sleep, stub, until, vscode, Workspace } from "./host";

type Editor = Awaited<ReturnType<typeof stub.open>>;
interface Shown {
  range: { start: { line: number; character: number } };
  message: string;
  severity: number;
  code: { value: string; target: { toString(): string } };
}
interface Inspected {
  id: string;
  boundary: number;
  tokens: { total: number };
  cost: { cached_now: number; usd_per_1k_calls: { now: number } };
}

let workspace: Workspace;
before(async () => {
  workspace = new Workspace();
  stub.set("prefixlint.path", workspace.watched());
  stub.set("prefixlint.args", ["--stdio"]);
  await workspace.activate();
});
after(() => workspace.close());

const open = (path: string): Promise<Editor> => stub.open(workspace.at("demo", path));
const shown = (editor: Editor): Shown[] => vscode.diagnostics(editor.document.uri) as Shown[];
const rules = (editor: Editor): string[] => shown(editor).map((one) => one.code.value).toSorted();

/** The same prompt by the command line. */
function inspected(path: string): Inspected {
  const cwd = workspace.at("demo");
  const out = execFileSync(program, ["inspect", path, "--output-format", "json"], { cwd, encoding: "utf8" });
  const [first] = (JSON.parse(out) as { prompts: Inspected[] }).prompts;
  assert.ok(first);
  return first;
}

test("nothing is said of a server that runs", () => {
  assert.deepEqual(stub.messages, []);
  assert.ok(stub.log.some((line) => /^info: prefixlint \d.*\(setting\)/.test(line)));
  assert.deepEqual(workspace.servers().map(({ args }) => args), ["lsp --help", "lsp --stdio"]);
});

test("findings are shown where they are, with their page", async () => {
  const editor = await open("before/prompts/handover.j2");
  await until("diagnostics", () => shown(editor).length === 2);
  assert.deepEqual(rules(editor), ["conditional-prefix", "history-rewrite"]);
  const rewrite = shown(editor).find((one) => one.code.value === "history-rewrite");
  assert.equal(rewrite?.severity, vscode.DiagnosticSeverity.Warning);
  assert.deepEqual([rewrite.range.start.line, rewrite.range.start.character], [15, 0]);
  assert.match(rewrite.message, /history\[-8:\]/);
  assert.match(rewrite.code.target.toString(), /\/rules\/checks\/history-rewrite\.md$/);
});

test("the cached prefix is marked up to where it ends", async () => {
  const path = "after/prompts/triage.hbs";
  const editor = await open(path);
  const [cached, end] = stub.decorationTypes;
  const ends = await until("decorations", () => {
    const list = editor.decorations.get(end) as { range: { start: Shown["range"]["start"] }; hoverMessage: { value: string } }[];
    return list?.length > 0 ? list : undefined;
  });
  assert.equal(ends.length, 1);
  const tokens = inspected(path).boundary.toLocaleString("en-US");
  assert.ok(ends[0]?.hoverMessage.value.includes(`cached up to here, ${tokens} tokens`), ends[0]?.hoverMessage.value);

  const ranges = editor.decorations.get(cached) as { start: { line: number }; end: Shown["range"]["start"] }[];
  assert.ok(ranges.length > 0);
  const at = ends[0]?.range.start;
  assert.deepEqual(ranges.at(-1)?.end, at);
  const offset = editor.document.offsetAt(at as never);
  const share = offset / editor.document.getText().length;
  const expected = inspected(path).boundary / inspected(path).tokens.total;
  assert.ok(Math.abs(share - expected) < 0.25, `${share} of the text, ${expected} of the tokens`);
});

test("text that is not cached is not marked", async () => {
  const editor = await open("before/prompts/triage.hbs");
  await until("an answer", () => editor.decorations.has(stub.decorationTypes[0]));
  assert.equal(inspected("before/prompts/triage.hbs").boundary, 0);
  assert.deepEqual(editor.decorations.get(stub.decorationTypes[0]), []);
  assert.deepEqual(editor.decorations.get(stub.decorationTypes[1]), []);
});

test("the status bar tells the cost of the prompt at the cursor, as the command line does", async () => {
  const path = "after/prompts/summary.prompt";
  const [item] = stub.statusItems;
  assert.ok(item);
  const editor = await open(path);
  const { cost, tokens } = inspected(path);
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const text = await until("the status bar", () => item.visible && item.text.includes(`of ${number(tokens.total)}`) && item.text);
  const usd = cost.usd_per_1k_calls.now.toFixed(2);
  assert.match(text, new RegExp(`^\\$\\(zap\\) ~?${number(cost.cached_now)} of .* tokens cached, \\$${usd} per 1k calls$`));
  const details = (item.tooltip as { value: string }).value;
  assert.match(details, /summary\.prompt/);
  assert.match(details, /model: /);
  stub.set("prefixlint.statusBar", false);
  assert.equal(item.visible, false);
  stub.set("prefixlint.statusBar", true);
  assert.ok(item.visible);
  await stub.close(editor);
  const config = await open("prefixlint.yaml");
  await until("nothing to tell", () => !item.visible);
  await stub.close(config);
});

test("what is typed is judged, and so is the request that renders it", async () => {
  const base = await open("after/prompts/base.j2");
  await open("after/prompts/orders.j2");
  const [item] = stub.statusItems;
  const { cost } = inspected("after/prompts/orders.j2");
  const cached = (tokens: number): string => `$(zap) ~${Math.round(tokens).toLocaleString("en-US")} of`;
  await until("what is cached", () => item?.text.startsWith(cached(cost.cached_now)));
  assert.deepEqual(rules(base), []);
  base.document.edit(new vscode.Range(0, 0, 0, 0), "{{ now() }}\n");
  await until("a finding", () => rules(base).includes("volatile-prefix"));
  await until("nothing cached of the other", () => item?.text.startsWith(cached(0)));
  base.document.edit(new vscode.Range(0, 0, 1, 0), "");
  await until("no finding", () => rules(base).length === 0);
  await until("what is cached", () => item?.text.startsWith(cached(cost.cached_now)));
});

test("the request at the cursor is shown, unsaved text and all", async () => {
  const editor = await open("before/prompts/handover.j2");
  stub.select(editor, 15, 0);
  await vscode.commands.executeCommand("prefixlint.inspect");
  const page = vscode.window.activeTextEditor?.document;
  assert.equal(page?.uri.toString(true), "prefixlint:/handover.j2, the request.txt");
  assert.match(page?.getText() ?? "", /the shared prefix ends here/);
  const line = editor.document.getText().split("\n").findIndex((text) => text.startsWith("You help"));
  editor.document.edit(new vscode.Range(line, 0, line, 0), "Zebra. ");
  const [lens] = (await provided("CodeLens", "provideCodeLenses", editor.document)) as {
    command: { title: string; command: string; arguments: unknown[] };
  }[];
  assert.match(lens?.command.title ?? "", /tokens.* cached, \$.* per 1k calls/);
  await vscode.commands.executeCommand(lens?.command.command ?? "", ...(lens?.command.arguments ?? []));
  assert.match(vscode.window.activeTextEditor?.document.getText() ?? "", /Zebra\. You help/);
  editor.document.edit(new vscode.Range(line, 0, line, 7), "");
});

test("a rule is explained, and its page opened", async () => {
  const editor = await open("before/prompts/handover.j2");
  await until("diagnostics", () => shown(editor).length === 2);
  stub.select(editor, 15, 2);
  await vscode.commands.executeCommand("prefixlint.openRule");
  assert.match(stub.opened.at(-1) ?? "", /\/rules\/checks\/history-rewrite\.md$/);
  await vscode.commands.executeCommand("prefixlint.explain");
  const page = vscode.window.activeTextEditor?.document;
  assert.match(page?.getText() ?? "", /^history-rewrite /);
  await vscode.commands.executeCommand("prefixlint.openRule", "volatile-prefix");
  assert.match(stub.opened.at(-1) ?? "", /\/volatile-prefix\.md$/);
});

test("all that is safe in a file is fixed at once", async () => {
  const path = workspace.write("demo/after/prompts/noted.j2", unused(workspace.at("demo/after/prompts/handover.j2")));
  const editor = await stub.open(path);
  await until("a finding", () => rules(editor).includes("unused-suppression"));
  await vscode.commands.executeCommand("prefixlint.fixAll");
  assert.doesNotMatch(editor.document.getText(), /prefixlint: ignore/);
  await until("no finding", () => !rules(editor).includes("unused-suppression"));
  assert.match(readFileSync(path, "utf8"), /prefixlint: ignore/, "the file is the user's to save");

  const count = stub.messages.length;
  await vscode.commands.executeCommand("prefixlint.fixAll");
  assert.match(stub.messages[count]?.text ?? "", /nothing in this file that can be fixed safely/);
});

function unused(path: string): string {
  return `{# prefixlint: ignore[volatile-prefix] there is none #}\n${readFileSync(path, "utf8")}`;
}

test("settings reach the server", async () => {
  const editor = await open("before/prompts/handover.j2");
  await until("findings", () => shown(editor).length === 2);
  stub.set("prefixlint.minSeverity", "error");
  await until("no finding below an error", () => shown(editor).length === 0);
  stub.set("prefixlint.minSeverity", "note");
  await until("the findings again", () => shown(editor).length === 2);

  const lenses = (): Promise<unknown[]> => provided("CodeLens", "provideCodeLenses", editor.document);
  assert.ok((await lenses()).length > 0);
  stub.set("prefixlint.codeLens", false);
  await eventually("no lens", async () => (await lenses()).length === 0);

  const whole = new vscode.Range(0, 0, 999, 0);
  const hints = (): Promise<unknown[]> => provided("InlayHints", "provideInlayHints", editor.document, whole);
  const before = (await hints()).length;
  stub.set("prefixlint.inlayHints.tokens", true);
  await eventually("more hints", async () => (await hints()).length > before);
  stub.set("prefixlint.inlayHints.tokens", false);
  stub.set("prefixlint.inlayHints.boundary", false);
  await eventually("no hint", async () => (await hints()).length === 0);
});

test("prompts that name no model are judged on that of the settings", async () => {
  await open("after/prompts/triage.hbs");
  const model = (name: string) => (): boolean | undefined =>
    (stub.statusItems[0]?.tooltip as { value?: string } | undefined)?.value?.includes(`model: ${name}\n`);
  await until("the model of the config", model("gpt-5.4"));
  stub.set("prefixlint.model", "claude-opus-5");
  await until("that of the settings", model("claude-opus-5"));
  stub.set("prefixlint.model", "");
  await until("that of the config again", model("gpt-5.4"));
});

test("decorations can be switched off", async () => {
  const editor = await open("after/prompts/triage.hbs");
  const [cached] = stub.decorationTypes;
  await until("a mark", () => (editor.decorations.get(cached)?.length ?? 0) > 0);
  stub.set("prefixlint.decorations", false);
  assert.deepEqual(editor.decorations.get(cached), []);
  stub.set("prefixlint.decorations", true);
  assert.ok((editor.decorations.get(cached)?.length ?? 0) > 0);
});

test("the server is restarted on request", async () => {
  const editor = await open("before/prompts/handover.j2");
  const old = workspace.servers().at(-1);
  await vscode.commands.executeCommand("prefixlint.restart");
  const young = workspace.servers().at(-1);
  assert.notEqual(young?.pid, old?.pid);
  assert.throws(() => process.kill(old?.pid ?? 0, 0), "the old one is gone");
  await until("findings", () => shown(editor).length === 2);
});

test("an extension that is switched off shows nothing and runs nothing", async () => {
  const editor = await open("before/prompts/handover.j2");
  const server = workspace.servers().at(-1);
  stub.set("prefixlint.enable", false);
  await until("no finding", () => shown(editor).length === 0);
  await until("no server", () => !alive(server?.pid ?? 0));
  assert.equal(stub.statusItems[0]?.visible, false);
  assert.deepEqual(editor.decorations.get(stub.decorationTypes[0]), []);
  stub.set("prefixlint.enable", true);
  await until("findings", () => shown(editor).length === 2);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const never = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };

/** What the client's own provider gives the editor. */
async function provided(kind: string, method: string, ...args: unknown[]): Promise<unknown[]> {
  const provider = stub.providers.get(kind)?.at(-1) as Record<string, (...all: unknown[]) => Promise<unknown[] | null>>;
  return (await provider[method]?.(...args, never)) ?? [];
}

async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await probe()) {
      return;
    }
    await sleep(50);
  }
  assert.fail(`${what}: did not come`);
}
