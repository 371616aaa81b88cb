//! The setups of docs/editors.md work: in the editors themselves where they are installed, else their syntax, the names of
//! the fields and the file types hold.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

mod ci_tools;
use ci_tools::{root, succeed, tool};

const PROGRAM: &str = env!("CARGO_BIN_EXE_prefixlint");

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The code block that stands behind the comment of that name.
fn snippet(name: &str) -> String {
    let page = text("docs/editors.md");
    let (_, behind) = page
        .split_once(&format!("<!-- {name} -->\n```"))
        .unwrap_or_else(|| panic!("no snippet {name}"));
    let (_, code) = behind.split_once('\n').expect("a code block");
    let (code, _) = code.split_once("\n```\n").expect("it ends");
    format!("{code}\n")
}

/// A copy of the demo with the setup of an editor in it, and the program in PATH.
struct Place {
    folder: tempfile::TempDir,
}

const PROMPT: &str = "demo/before/prompts/handover.j2";

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let from = root().join("fixtures/demo");
        for entry in walkdir::WalkDir::new(&from).into_iter().flatten() {
            let below = entry.path().strip_prefix(&from).expect("inside");
            let to = folder.path().join("demo").join(below);
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).expect("a folder");
            } else {
                fs::copy(entry.path(), to).expect("a copy");
            }
        }
        fs::create_dir(folder.path().join("home")).expect("a folder");
        // A project, for editors that look for one.
        succeed(
            Command::new("git")
                .args(["init", "--quiet"])
                .arg(folder.path().join("demo")),
        );
        Place { folder }
    }

    fn at(&self, path: &str) -> PathBuf {
        // Editors resolve links, and so must what is compared with what they say.
        let folder = self.folder.path().canonicalize().expect("it is there");
        folder.join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let file = self.at(path);
        fs::write(&file, text).expect("a file");
        file
    }

    /// Runs an editor that knows nothing of whoever runs the test.
    fn run(&self, command: &mut Command) -> Vec<String> {
        let own = Path::new(PROGRAM).parent().expect("a folder").to_path_buf();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(own).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).expect("a path");
        let said = succeed(
            command
                .env("PATH", path)
                .env("HOME", self.at("home"))
                .env("XDG_CONFIG_HOME", self.at("home"))
                .env("XDG_STATE_HOME", self.at("home"))
                .env("PROMPT", self.at(PROMPT))
                .current_dir(self.at("demo")),
        );
        said.lines().map(String::from).collect()
    }

    /// `rule line` of what the command line finds in the prompt, sorted.
    fn findings(&self) -> Vec<String> {
        let report = succeed(
            Command::new(PROGRAM)
                .args(["check", "--exit-zero", "--output-format", "json"])
                .current_dir(self.at("demo")),
        );
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        let own = findings
            .iter()
            .filter(|one| PROMPT.ends_with(one["path"].as_str().expect("a path")));
        let mut out: Vec<String> = own
            .map(|one| {
                let rule = one["rule"].as_str().expect("a rule");
                format!("{rule} {}", one["start"]["line"])
            })
            .collect();
        out.sort();
        assert_eq!(out.len(), 2, "{out:?}");
        out
    }
}

/// Whether a Neovim is one that the setups are for; whoever has an older one need not fail for it.
fn is_recent(neovim: &Path) -> bool {
    let said = succeed(Command::new(neovim).arg("--version"));
    let version = said.lines().next().and_then(|line| line.split(" v").nth(1));
    let mut parts = version.unwrap_or_default().split('.');
    let mut next = || parts.next().and_then(|part| part.parse::<u32>().ok());
    let recent = (next(), next()) >= (Some(0), Some(11));
    if !recent {
        assert!(std::env::var_os("PREFIXLINT_CI_TOOLS").is_none(), "{said}");
        println!("skipped: Neovim is older than 0.11");
    }
    recent
}

/// What it shows beside the findings; nothing where there is no Neovim.
fn neovim_shows_the_findings(setup: &str, hints: bool) -> Vec<String> {
    let Some(neovim) = tool("nvim").filter(|neovim| is_recent(neovim)) else {
        return Vec::new();
    };
    let place = Place::new();
    let init = place.write("home/init.lua", &snippet(setup));
    let mut command = Command::new(neovim);
    if hints {
        command.env("HINTS", "1");
    }
    let mut said = place.run(
        command
            .args(["--headless", "-n", "-i", "NONE", "-u"])
            .arg(init)
            .arg("-S")
            .arg(root().join("tests/editors/neovim.lua")),
    );
    let findings = place.findings();
    let rest = said.split_off(findings.len().min(said.len()));
    assert_eq!(said, findings);
    rest
}

#[test]
fn neovim_with_its_own_config_shows_the_findings_and_the_boundary() {
    for hint in neovim_shows_the_findings("neovim", true) {
        assert!(
            hint.starts_with("hint the shared prefix ends here: ~3"),
            "{hint}"
        );
    }
}

#[test]
fn neovim_before_0_11_shows_the_findings() {
    assert!(neovim_shows_the_findings("neovim-0.8", false).is_empty());
}

fn emacs_shows_the_findings(client: &str) {
    let Some(emacs) = tool("emacs") else { return };
    let place = Place::new();
    let init = format!(
        "(require 'package)\n(package-initialize)\n(require '{client})\n{}",
        snippet(client)
    );
    let init = place.write("home/init.el", &init);
    let said = place.run(
        Command::new(emacs)
            .args(["--batch", "-l"])
            .arg(init)
            .arg("-l")
            .arg(root().join(format!("tests/editors/{client}.el"))),
    );
    assert_eq!(said, place.findings());
}

#[test]
fn emacs_with_eglot_shows_the_findings() {
    emacs_shows_the_findings("eglot");
}

#[test]
fn emacs_with_lsp_mode_shows_the_findings() {
    emacs_shows_the_findings("lsp-mode");
}

fn keys<'a>(table: &'a toml_span::Value<'a>) -> BTreeSet<&'a str> {
    let table = table.as_table().expect("a table");
    table.keys().map(|key| &*key.name).collect()
}

/// <https://docs.helix-editor.com/languages.html>: Helix refuses a file with a key that it does not know.
#[test]
fn the_setup_of_helix_has_known_fields() {
    let code = snippet("helix");
    let setup = toml_span::parse(&code).expect("TOML");
    let top = BTreeSet::from(["language", "language-server"]);
    assert_eq!(keys(&setup), top);
    let server = setup
        .pointer("/language-server/prefixlint")
        .expect("the server");
    assert_eq!(keys(server), BTreeSet::from(["command", "args", "config"]));
    let program = server.pointer("/command").and_then(|value| value.as_str());
    assert_eq!(program, Some("prefixlint"));
    assert_eq!(
        server.pointer("/args/0").and_then(|value| value.as_str()),
        Some("lsp")
    );
    let known = BTreeSet::from(["name", "scope", "file-types", "language-servers"]);
    let languages = setup.pointer("/language").and_then(|list| list.as_array());
    for language in languages.expect("languages") {
        let keys = keys(language);
        assert!(keys.is_subset(&known), "{keys:?}");
        // A language that Helix does not know needs these as well.
        let own = language.pointer("/name").and_then(|name| name.as_str()) == Some("prompt");
        assert_eq!(keys.len(), if own { 4 } else { 2 }, "{keys:?}");
        let servers = language.pointer("/language-servers").expect("servers");
        let servers = servers.as_array().expect("a list");
        assert!(servers.iter().any(|one| one.as_str() == Some("prefixlint")));
    }
}

fn json(code: &str) -> Value {
    serde_json::from_str(code).unwrap_or_else(|error| panic!("{error}: {code}"))
}

/// The settings of the extension, without its own ones: those that the server takes.
fn server_settings() -> BTreeSet<String> {
    let manifest = json(&text("editors/vscode/package.json"));
    let all = manifest["contributes"]["configuration"]["properties"].clone();
    let all = all.as_object().expect("settings").keys().cloned();
    let of_client = [
        "enable",
        "path",
        "args",
        "decorations",
        "statusBar",
        "trace.server",
    ];
    all.filter_map(|name| name.strip_prefix("prefixlint.").map(String::from))
        .filter(|name| !of_client.contains(&name.as_str()))
        .collect()
}

/// Dotted names of the leaves.
fn leaves(value: &Value, prefix: &str, out: &mut BTreeSet<String>) {
    let Some(map) = value.as_object() else {
        out.insert(prefix.to_string());
        return;
    };
    for (key, value) in map {
        let dot = if prefix.is_empty() { "" } else { "." };
        leaves(value, &format!("{prefix}{dot}{key}"), out);
    }
}

fn knows_all(value: &Value) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    leaves(value, "", &mut named);
    let known = server_settings();
    assert!(named.is_subset(&known), "{named:?}");
    named
}

#[test]
fn the_page_lists_what_the_server_takes() {
    let page = text("docs/editors.md");
    for name in server_settings() {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn the_setup_of_vs_code_has_settings_of_the_extension() {
    let setup = json(&snippet("vscode"));
    let manifest = json(&text("editors/vscode/package.json"));
    let known = &manifest["contributes"]["configuration"]["properties"];
    for key in setup.as_object().expect("a map").keys() {
        assert!(
            key == "editor.codeActionsOnSave" || known.get(key).is_some(),
            "{key}"
        );
    }
}

/// <https://zed.dev/docs/configuring-languages>.
#[test]
fn the_setup_of_zed_names_the_server_of_the_extension() {
    let setup = json(&snippet("zed"));
    let server = setup["lsp"]["prefixlint"].as_object().expect("a map");
    let fields: BTreeSet<&str> = server.keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["binary", "settings"]));
    assert_eq!(server["binary"]["arguments"], json(r#"["lsp"]"#));
    knows_all(&server["settings"]);
    let extension = text("editors/zed/extension.toml");
    let extension = toml_span::parse(&extension).expect("TOML");
    assert!(extension
        .pointer("/language_servers/prefixlint/languages")
        .is_some());
}

/// <https://lsp.sublimetext.io/client_configuration/>.
#[test]
fn the_setup_of_sublime_text_has_known_fields() {
    let setup = json(&snippet("sublime"));
    let client = setup["clients"]["prefixlint"].as_object().expect("a map");
    let fields: BTreeSet<&str> = client.keys().map(String::as_str).collect();
    let known = BTreeSet::from(["enabled", "command", "selector", "settings"]);
    assert_eq!(fields, known);
    assert_eq!(client["command"], json(r#"["prefixlint", "lsp"]"#));
    let known = server_settings();
    for name in client["settings"].as_object().expect("a map").keys() {
        let name = name.strip_prefix("prefixlint.").expect("our section");
        assert!(known.contains(name), "{name}");
    }
}

/// The file endings that the pre-commit hook is run for.
fn endings() -> BTreeSet<String> {
    let hooks = text(".pre-commit-hooks.yaml");
    let (_, list) = hooks.split_once(r"(?i)(\.(").expect("the pattern");
    let (list, _) = list.split_once(')').expect("it ends");
    list.split('|').map(String::from).collect()
}

/// <https://github.com/redhat-developer/lsp4ij/blob/main/docs/UserDefinedLanguageServerTemplate.md>.
#[test]
fn the_template_for_jetbrains_covers_what_is_read() {
    let template = json(&text("editors/jetbrains/template.json"));
    let shown = json(&snippet("jetbrains"));
    for (key, value) in shown.as_object().expect("a map") {
        assert_eq!(&template[key], value, "{key}");
    }
    let fields: BTreeSet<&String> = template.as_object().expect("a map").keys().collect();
    assert_eq!(fields.len(), 4, "{fields:?}");
    let mut covered = BTreeSet::new();
    for mapping in template["fileTypeMappings"].as_array().expect("a list") {
        assert!(mapping["languageId"].is_string() && mapping["fileType"]["name"].is_string());
        for pattern in mapping["fileType"]["patterns"]
            .as_array()
            .expect("patterns")
        {
            let ending = pattern.as_str().and_then(|one| one.strip_prefix("*."));
            let new = covered.insert(ending.expect("an ending").to_string());
            assert!(new, "{pattern} is mapped twice");
        }
    }
    assert_eq!(covered, endings());

    let settings = json(&text("editors/jetbrains/settings.json"));
    assert_eq!(knows_all(&settings["prefixlint"]), server_settings());
    let options = json(&text("editors/jetbrains/initializationOptions.json"));
    assert_eq!(options, settings["prefixlint"]);
}
