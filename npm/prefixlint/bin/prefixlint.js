#!/usr/bin/env node
// Runs the binary of this platform's package with the arguments, streams and exit code of this process.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");

function binary() {
  const name = `@prefixlint/${process.platform}-${process.arch}`;
  const file = process.platform === "win32" ? "prefixlint.exe" : "prefixlint";
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch {
    console.error(`error: prefixlint has no binary here: the package ${name} is not installed`);
    console.error(
      "  help: install without --omit=optional; on other platforms build it: cargo install --locked prefixlint",
    );
    process.exit(2);
  }
}

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => {
  console.error(`error: cannot run prefixlint: ${error.message}`);
  process.exit(2);
});

// Editors and runners end this process, not the one below it.
const passed = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of passed) {
  process.on(signal, () => child.kill(signal));
}

child.on("exit", (code, signal) => {
  if (signal === null) {
    process.exit(code);
  }
  for (const one of passed) {
    process.removeAllListeners(one);
  }
  process.kill(process.pid, signal);
  // Where the signal does not end a process (Windows), say what a shell would.
  process.exit(128 + (os.constants.signals[signal] ?? 0));
});
