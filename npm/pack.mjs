// Makes the folders that `npm pack` turns into packages: the wrapper, or one platform's package around a built binary.
//
//   node npm/pack.mjs wrapper OUT
//   node npm/pack.mjs platform TARGET BINARY OUT

import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const wrapper = JSON.parse(readFileSync(join(here, "prefixlint", "package.json"), "utf8"));

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

function licences(folder) {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    copyFileSync(join(root, name), join(folder, name));
  }
}

function packWrapper(folder) {
  cpSync(join(here, "prefixlint"), folder, { recursive: true });
  chmodSync(join(folder, "bin", "prefixlint.js"), 0o755);
  licences(folder);
}

function packPlatform(target, binary, folder) {
  const platforms = JSON.parse(readFileSync(join(here, "platforms.json"), "utf8"));
  const platform = platforms.find((one) => one.target === target);
  if (platform === undefined) {
    fail(`${target} is not in npm/platforms.json`);
  }
  const { os, cpu } = platform;
  const file = os === "win32" ? "prefixlint.exe" : "prefixlint";
  mkdirSync(join(folder, "bin"), { recursive: true });
  copyFileSync(binary, join(folder, "bin", file));
  chmodSync(join(folder, "bin", file), 0o755);
  licences(folder);
  const manifest = {
    name: `@prefixlint/${os}-${cpu}`,
    version: wrapper.version,
    description: `The ${os}-${cpu} binary of prefixlint`,
    license: wrapper.license,
    repository: { ...wrapper.repository, directory: "npm" },
    os: [os],
    cpu: [cpu],
    files: [`bin/${file}`, "LICENSE-MIT", "LICENSE-APACHE"],
    preferUnplugged: true,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const readme = `# ${manifest.name}\n\n${manifest.description}. Install \`prefixlint\` instead.\n`;
  writeFileSync(join(folder, "README.md"), readme);
}

const [what, ...rest] = process.argv.slice(2);
if (what === "wrapper" && rest.length === 1) {
  packWrapper(...rest);
} else if (what === "platform" && rest.length === 3) {
  packPlatform(...rest);
} else {
  fail("usage: pack.mjs wrapper OUT | platform TARGET BINARY OUT");
}
