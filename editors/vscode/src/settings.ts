// The settings, read once where they are needed. Knows nothing of the server but the form in which it takes them.

import * as vscode from "vscode";

export const SECTION = "prefixlint";

export interface Settings {
  enable: boolean;
  path: string;
  args: string[];
  decorations: boolean;
  statusBar: boolean;
}

// Of what runs a program, an untrusted workspace has no say: the editor leaves its values out (`restrictedConfigurations`).
export function settings(): Settings {
  const section = vscode.workspace.getConfiguration(SECTION);
  return {
    enable: section.get("enable", true),
    path: section.get("path", "").trim(),
    args: section.get<string[]>("args", []),
    decorations: section.get("decorations", true),
    statusBar: section.get("statusBar", true),
  };
}

/** What the server is given when it starts; later it asks for the section itself. */
export function forServer(): Record<string, unknown> {
  const section = vscode.workspace.getConfiguration(SECTION);
  return {
    inlayHints: {
      boundary: section.get("inlayHints.boundary", true),
      tokens: section.get("inlayHints.tokens", false),
    },
    codeLens: section.get("codeLens", true),
    minSeverity: section.get("minSeverity", "note"),
    pedantic: section.get("pedantic", false),
    model: section.get("model", ""),
  };
}

/** Settings that hold for the program that runs: a change means another program. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  return ["enable", "path", "args"].some((name) => event.affectsConfiguration(`${SECTION}.${name}`));
}
