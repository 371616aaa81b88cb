// A server that dies is started again, but not for ever.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { CRASHES } from "../src/limits";
import { sleep, stub, until, vscode, Workspace } from "./host";

let workspace: Workspace;
let editor: Awaited<ReturnType<typeof stub.open>>;
before(async () => {
  workspace = new Workspace();
  stub.set("prefixlint.path", workspace.watched());
  await workspace.activate();
  editor = await stub.open(workspace.at("demo/before/prompts/handover.j2"));
});
after(() => workspace.close());

const findings = (): number => vscode.diagnostics(editor.document.uri).length;
const servers = (): number[] => workspace.servers().filter(({ args }) => args === "lsp").map(({ pid }) => pid);

/** Ends the server of now, once it has shown something. */
async function crash(): Promise<void> {
  await until("findings", () => findings() === 2);
  process.kill(servers().at(-1) ?? 0, "SIGKILL");
}

test("a server that dies is started again and goes on", async () => {
  for (let times = 1; times < CRASHES.limit; times += 1) {
    const started = servers().length;
    await crash();
    await until("another server", () => servers().length === started + 1);
  }
  await until("findings", () => findings() === 2);
  assert.deepEqual(stub.messages, []);
});

test("one that goes on dying is given up, and says so", async () => {
  const started = servers().length;
  await crash();
  const said = await until("a message", () => stub.messages[0]);
  assert.match(said.text, /ended 4 times within three minutes and is not started again/);
  assert.deepEqual(said.choices, ["Restart Server", "Show Output"]);
  assert.equal(stub.statusItems[0]?.text, "$(warning) prefixlint");
  await sleep(300);
  assert.equal(servers().length, started);
  assert.equal(stub.messages.length, 1);
});

test("by hand it is started all the same", async () => {
  const started = servers().length;
  await vscode.commands.executeCommand("prefixlint.restart");
  assert.equal(servers().length, started + 1);
  await until("findings", () => findings() === 2);
  const [item] = stub.statusItems;
  await until("what it knows in place of the warning", () => item?.visible && item.text.startsWith("$(zap)"));
});
