// No program, a program that does not run, none that is wanted, and one that only a trusted workspace may bring.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { after, before, test } from "node:test";

import { program, stub, until, Workspace } from "./host";

let workspace: Workspace;
before(async () => {
  workspace = new Workspace();
  const bin = workspace.at("demo/node_modules/@prefixlint", `${process.platform}-${process.arch}`, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(program, `${bin}/prefixlint`);
  stub.trust(false);
  process.env["PATH"] = "";
  await workspace.activate();
});
after(() => workspace.close());

const item = (): (typeof stub.statusItems)[number] | undefined => stub.statusItems[0];

test("a missing program is said once, with what to do", () => {
  assert.equal(stub.messages.length, 1);
  const [said] = stub.messages;
  assert.equal(said?.kind, "error");
  assert.match(said?.text ?? "", /prefixlint cannot be run\. .*`pip install prefixlint`.*npm.*cargo.*`prefixlint\.path`/);
  assert.deepEqual(said?.choices, ["How to Install", "Open Settings", "Restart Server"]);
  assert.equal(item()?.text, "$(warning) prefixlint");
  assert.equal(item()?.tooltip, said?.text);
  assert.ok(item()?.visible);
});

test("the way to install it is one click away", async () => {
  stub.answers = ["How to Install"];
  stub.set("prefixlint.path", "/nowhere/prefixlint");
  await until("the page", () => stub.opened.find((url) => url.endsWith("/docs/editors.md#install")));
  assert.match(stub.messages.at(-1)?.text ?? "", /`prefixlint\.path` is \/nowhere\/prefixlint/);
});

test("a program that does not run is said", async () => {
  const count = stub.messages.length;
  stub.set("prefixlint.path", workspace.script("broken", "exit 3"));
  const said = await until("a message", () => stub.messages[count]);
  assert.match(said.text, /broken does not run/);
});

test("a program without a language server is said", async () => {
  const count = stub.messages.length;
  const other = "[ \"$1\" = --version ] && echo 'prefixlint 0.0.1' || exit 2";
  stub.set("prefixlint.path", workspace.script("other", other));
  const said = await until("a message", () => stub.messages[count]);
  assert.match(said.text, /other is prefixlint 0\.0\.1, which has no language server/);
});

test("an extension that is switched off wants no program", async () => {
  const count = stub.messages.length;
  stub.set("prefixlint.enable", false);
  await until("the warning to go", () => item()?.visible === false);
  assert.equal(stub.messages.length, count);
});

test("the project's own program is run once the workspace is trusted", async () => {
  const count = stub.messages.length;
  stub.set("prefixlint.path", "");
  stub.set("prefixlint.enable", true);
  const said = await until("a message", () => stub.messages[count]);
  assert.match(said.text, /There is no prefixlint/);
  stub.trust(true);
  await until("the program", () => stub.log.find((line) => line.includes("(project)")));
  await until("the warning to go", () => item()?.visible === false);
});
