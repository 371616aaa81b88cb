// Which program is run.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { find, type Where } from "../src/binary";

const folder = mkdtempSync(join(tmpdir(), "prefixlint-binary-"));
after(() => rmSync(folder, { recursive: true }));

function make(path: string, mode = 0o755): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  chmodSync(file, mode);
  return file;
}

const own = make("app/node_modules/@prefixlint/linux-x64/bin/prefixlint");
const venv = make("service/.venv/bin/prefixlint");
const inPath = make("bin/prefixlint");
const bundled = make("extension/bin/prefixlint");

function where(some: Partial<Where>): Where {
  return {
    configured: "",
    folders: [],
    trusted: true,
    extension: join(folder, "extension"),
    env: { PATH: `relative:${join(folder, "bin")}` },
    platform: "linux",
    arch: "x64",
    ...some,
  };
}

test("the setting comes first, and nothing stands in for it", () => {
  assert.deepEqual(find(where({ configured: inPath })), { path: inPath, source: "setting" });
  const missing = find(where({ configured: "/nowhere/prefixlint" }));
  assert.match("missing" in missing ? missing.missing : "", /\/nowhere\/prefixlint/);
});

test("the setting may speak of the workspace and the environment", () => {
  const folders = [join(folder, "app"), join(folder, "service")];
  const relative = "node_modules/@prefixlint/linux-x64/bin/prefixlint";
  for (const configured of [relative, `\${workspaceFolder}/${relative}`]) {
    assert.deepEqual(find(where({ configured, folders })), { path: own, source: "setting" });
  }
  const env = { TOOLS: join(folder, "bin") };
  assert.deepEqual(find(where({ configured: "${env:TOOLS}/prefixlint", env })), { path: inPath, source: "setting" });
});

test("the project's own comes before the one in PATH, where the project is trusted", () => {
  const app = [join(folder, "app")];
  assert.deepEqual(find(where({ folders: app })), { path: own, source: "project" });
  assert.deepEqual(find(where({ folders: [join(folder, "service")] })), { path: venv, source: "project" });
  assert.deepEqual(find(where({ folders: app, trusted: false })), { path: inPath, source: "PATH" });
  assert.deepEqual(find(where({ folders: app, arch: "arm64" })), { path: inPath, source: "PATH" });
});

test("the bundled one is the last", () => {
  assert.deepEqual(find(where({ env: {} })), { path: bundled, source: "bundled" });
  const missing = find(where({ env: {}, extension: folder.concat("/none") }));
  assert.ok("missing" in missing);
});

test("what cannot be run is not found", () => {
  make("broken/prefixlint", 0o644);
  mkdirSync(join(folder, "dir", "prefixlint"), { recursive: true });
  const env = { PATH: [join(folder, "broken"), join(folder, "dir"), join(folder, "bin")].join(":") };
  assert.deepEqual(find(where({ env })), { path: inPath, source: "PATH" });
});
