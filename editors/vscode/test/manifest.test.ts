// What package.json promises is what the code keeps, and what the README says.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { EXTENSIONS } from "../src/files";
import { repository } from "./host";

const root = join(repository, "editors", "vscode");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: unknown; restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; title: string }[];
    configuration: { properties: Record<string, { default: unknown; scope: string }> };
    colors: { id: string }[];
  };
};
const sources = readdirSync(join(root, "src")).map((name) => read(`src/${name}`)).join("\n");
const settings = Object.entries(manifest.contributes.configuration.properties);

test("every setting is read, and every setting that is read is declared", () => {
  const used = [...sources.matchAll(/section\.get(?:<[^>]*>)?\("([\w.]+)", ([^)]+)\)/g)];
  const names = new Set(used.map(([, name]) => `prefixlint.${name}`));
  // The client reads this one.
  names.add("prefixlint.trace.server");
  assert.deepEqual(names, new Set(settings.map(([name]) => name)));
  for (const [, name, fallback] of used) {
    const declared = manifest.contributes.configuration.properties[`prefixlint.${name}`];
    assert.equal(JSON.stringify(declared?.default), fallback, name);
  }
});

test("the page lists the settings with their defaults, and the commands", () => {
  const page = read("README.md");
  for (const [name, { default: value }] of settings) {
    const shown = value === "" ? "" : ` \`${typeof value === "string" ? value : JSON.stringify(value)}\``;
    assert.ok(page.includes(`| \`${name}\` |${shown} |`), name);
  }
  for (const { title } of manifest.contributes.commands) {
    assert.ok(page.includes(`| *prefixlint: ${title}* |`), title);
  }
});

test("every command is registered", () => {
  const list = /COMMANDS = \[([^\]]+)\]/.exec(sources)?.[1] ?? "";
  const registered = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => `prefixlint.${name}`);
  assert.deepEqual(new Set(registered), new Set(manifest.contributes.commands.map(({ command }) => command)));
});

test("every colour is declared", () => {
  const used = [...sources.matchAll(/ThemeColor\("(prefixlint\.\w+)"\)/g)].map(([, name]) => name);
  assert.deepEqual(new Set(used), new Set(manifest.contributes.colors.map(({ id }) => id)));
});

test("what decides over the program that runs is out of reach for an untrusted workspace", () => {
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  assert.equal(supported, "limited");
  const deciding = settings.filter(([, { scope }]) => scope === "machine-overridable").map(([name]) => name);
  assert.deepEqual(restrictedConfigurations.toSorted(), deciding.toSorted());
});

test("the server is told of the files that the pre-commit hook is run for", () => {
  const hooks = readFileSync(join(repository, ".pre-commit-hooks.yaml"), "utf8");
  const list = /\(\?i\)\(\\\.\(([\w|]+)\)\|/.exec(hooks)?.[1];
  assert.deepEqual(list?.split("|").toSorted(), [...EXTENSIONS].toSorted());
});

test("a workspace with a config or with templates wakes the extension", () => {
  const patterns = manifest.activationEvents.filter((event) => event.startsWith("workspaceContains:"));
  assert.ok(patterns.some((pattern) => pattern.includes("{.prefixlint,prefixlint}.yaml")));
  const discovery = readFileSync(join(repository, "rules", "discovery.yaml"), "utf8");
  const block = /^templates:\n((?: {2}\w+: [\w-]+\n)+)/m.exec(discovery)?.[1] ?? "";
  const templates = [...block.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
  const woken = /\*\.\{([\w,]+)\}/.exec(patterns.join(" "))?.[1]?.split(",") ?? [];
  assert.ok(templates.length > 10);
  assert.deepEqual(woken.toSorted(), [...templates, "prompty"].toSorted());
});
