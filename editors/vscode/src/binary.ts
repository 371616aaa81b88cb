// Finds the program: what the setting names, else the project's own, else the one in PATH, else the bundled one.
// Knows nothing of the editor.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

export interface Where {
  /** The setting; empty: not set. */
  configured: string;
  /** Folders of the workspace, the first one first. */
  folders: readonly string[];
  /** Whether a copy inside the workspace may be run. */
  trusted: boolean;
  /** The folder of the extension. */
  extension: string;
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  arch: string;
}

export type Source = "setting" | "project" | "PATH" | "bundled";
export type Found = { path: string; source: Source } | { missing: string };

export function find(where: Where): Found {
  if (where.configured !== "") {
    const file = expand(where.configured, where);
    return runs(file, where)
      ? { path: file, source: "setting" }
      : { missing: `\`prefixlint.path\` is ${file}, where there is no program.` };
  }
  const groups: [Source, string[]][] = [
    ["project", where.trusted ? where.folders.flatMap((folder) => inProject(folder, where)) : []],
    ["PATH", inPath(where)],
    ["bundled", [path.join(where.extension, "bin", program(where))]],
  ];
  for (const [source, files] of groups) {
    const file = files.find((one) => runs(one, where));
    if (file !== undefined) {
      return { path: file, source };
    }
  }
  return { missing: "There is no prefixlint in the project, in PATH, or in the extension." };
}

function program(where: Where): string {
  return where.platform === "win32" ? "prefixlint.exe" : "prefixlint";
}

// The binary itself, not npm's script around it, which Windows cannot start without a shell.
function inProject(folder: string, where: Where): string[] {
  const scripts = where.platform === "win32" ? "Scripts" : "bin";
  return [
    path.join(folder, "node_modules", "@prefixlint", `${where.platform}-${where.arch}`, "bin", program(where)),
    path.join(folder, ".venv", scripts, program(where)),
  ];
}

// A relative entry would mean the workspace, or whatever the editor was started in.
function inPath(where: Where): string[] {
  const value = where.env["PATH"] ?? where.env["Path"] ?? "";
  const folders = value.split(where.platform === "win32" ? ";" : ":");
  return folders.filter((folder) => path.isAbsolute(folder)).map((folder) => path.join(folder, program(where)));
}

function expand(text: string, where: Where): string {
  const first = where.folders[0] ?? "";
  const expanded = text
    .replace(/^~(?=$|[\\/])/, () => homedir())
    .replace(/\$\{workspaceFolder\}/g, () => first)
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => where.env[name] ?? "");
  return path.isAbsolute(expanded) || first === "" ? expanded : path.join(first, expanded);
}

function runs(file: string, where: Where): boolean {
  try {
    accessSync(file, where.platform === "win32" ? constants.F_OK : constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
