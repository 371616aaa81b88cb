// Packs the .vsix: without a program, or for one platform with its program in it.
//
//   node package.mjs OUT [OS-CPU BINARY]

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const [out, platform, binary] = process.argv.slice(2);
if (out === undefined || (platform === undefined) !== (binary === undefined)) {
  console.error("error: usage: package.mjs OUT [OS-CPU BINARY]");
  process.exit(2);
}

const bin = join(here, "bin");
rmSync(bin, { recursive: true, force: true });
if (binary !== undefined) {
  const file = join(bin, platform.startsWith("win32") ? "prefixlint.exe" : "prefixlint");
  mkdirSync(bin);
  copyFileSync(binary, file);
  chmodSync(file, 0o755);
}
mkdirSync(out, { recursive: true });
const file = resolve(out, `prefixlint-vscode${platform === undefined ? "" : `-${platform}`}-${version}.vsix`);
// What is needed of the dependencies is in the bundle.
const args = ["package", "--no-dependencies", "--out", file];
if (platform !== undefined) {
  args.push("--target", platform);
}
const vsce = join(here, "node_modules", "@vscode", "vsce", "vsce");
const { status } = spawnSync(process.execPath, [vsce, ...args], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
rmSync(bin, { recursive: true, force: true });
process.exit(status ?? 1);
