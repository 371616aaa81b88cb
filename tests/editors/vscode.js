// Run in VS Code's own extension host: waits for what the extension shows of a file, applies its fix, saves, types a clock
// and restarts the server. What was seen goes as JSON into the file that SAID names.
const fs = require("fs");
const vscode = require("vscode");

async function until(what, test) {
  for (const end = Date.now() + 60000; Date.now() < end; ) {
    const found = await test();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`no ${what}`);
}

async function session() {
  const root = vscode.workspace.workspaceFolders[0].uri;
  const uri = vscode.Uri.joinPath(root, process.env.PROMPT_FILE);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  const found = () => vscode.languages.getDiagnostics(uri);
  const named = () => found().map((one) => `${one.code.value} ${one.range.start.line + 1}`);
  const ask = (what, ...rest) => vscode.commands.executeCommand(`vscode.execute${what}`, uri, ...rest);
  await until("finding", () => found().length > 0);
  const said = { version: vscode.version, language: document.languageId, first: named() };
  const { range } = found()[0];
  const hovers = await ask("HoverProvider", range.start);
  said.hover = hovers.flatMap((hover) => hover.contents.map((part) => part.value)).join("\n");
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const hints = await until("hint", async () => {
    const known = await ask("InlayHintProvider", whole);
    return known.length > 0 && known;
  });
  said.hints = hints.map((hint) => (typeof hint.label === "string" ? hint.label : hint.label.map((part) => part.value).join("")));
  said.lenses = (await ask("CodeLensProvider", 10)).map((lens) => lens.command.title);
  said.symbols = (await ask("DocumentSymbolProvider")).map((symbol) => symbol.name);
  const actions = await ask("CodeActionProvider", range, undefined, 20);
  said.actions = actions.map((action) => action.title);
  const fix = actions.find((action) => action.title.startsWith("Move ") && action.edit);
  await vscode.workspace.applyEdit(fix.edit);
  await document.save();
  await until("end of the finding", () => found().length === 0);
  const typed = new vscode.WorkspaceEdit();
  typed.insert(uri, new vscode.Position(0, 0), "{{ now() }}\n");
  await vscode.workspace.applyEdit(typed);
  await until("finding of what is typed", () => found().length > 0);
  said.typed = named();
  await vscode.commands.executeCommand("prefixlint.restart");
  await until("finding of the new server", () => found().length > 0);
  said.restarted = named();
  return said;
}

exports.run = async () => {
  const said = await session().catch((error) => ({ error: String(error.stack) }));
  fs.writeFileSync(`${process.env.SAID}.part`, JSON.stringify(said));
  fs.renameSync(`${process.env.SAID}.part`, process.env.SAID);
};
