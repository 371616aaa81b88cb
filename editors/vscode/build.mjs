// Bundles the extension into dist/, with the schemas that it brings beside it; with `--tests` also the tests into out/.
//
//   node build.mjs [--tests]

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const shared = {
  absWorkingDir: here,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
};

/** What the packages in the bundle ask to be kept with them. */
function licences(files) {
  const names = files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const packages = [...new Set(names.filter((name) => name !== undefined))].sort();
  const text = packages.map((name) => {
    const folder = join(here, name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) {
      throw new Error(`${name} has no licence`);
    }
    const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
    return `${title}\n${"=".repeat(title.length)}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return text.join("\n\n");
}

rmSync(join(here, "dist"), { recursive: true, force: true });
const { metafile } = await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  external: ["vscode"],
  minify: true,
  legalComments: "none",
  metafile: true,
});
writeFileSync(join(here, "dist", "THIRD-PARTY-LICENSES.txt"), licences(Object.keys(metafile.inputs)));
mkdirSync(join(here, "schemas"), { recursive: true });
for (const name of ["prefixlint-baseline.schema.json", "prefixlint-config.schema.json"]) {
  cpSync(join(root, "schemas", name), join(here, "schemas", name));
}

if (process.argv.includes("--tests")) {
  rmSync(join(here, "out"), { recursive: true, force: true });
  const tests = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  // The stub is one file that all load, as they would the editor. Tests run against the bundle above.
  await build({ ...shared, entryPoints: ["test/stub/vscode.ts"], outfile: "out/vscode.js" });
  await build({
    ...shared,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: "out/test",
    external: ["vscode", "../dist/extension.js"],
  });
}
