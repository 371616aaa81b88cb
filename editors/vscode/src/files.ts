// Which files the server is told of: those that prefixlint reads. The list is that of `.pre-commit-hooks.yaml`.

import type { DocumentSelector } from "vscode-languageclient/node";

export const EXTENSIONS: readonly string[] = [
  "cjs", "csv", "cts", "ejs", "erb", "gotmpl", "handlebars", "hbs", "html", "j2", "jinja", "jinja2", "js", "json",
  "json5", "jsonc", "jsonl", "jsx", "liquid", "markdown", "md", "mjs", "mts", "mustache", "ndjson", "prompt", "prompty",
  "py", "pyi", "text", "tmpl", "toml", "tpl", "ts", "tsx", "txt", "xml", "yaml", "yml",
];

// By pattern, not by language: what language a `.j2` file is depends on the other extensions that are installed.
export const SELECTOR: DocumentSelector = [{ scheme: "file", pattern: `**/*.{${EXTENSIONS.join(",")}}` }];
