//! The language server under clients of others: Neovim, and the protocol library of VS Code's client in Node.

#![cfg(unix)]

mod ci_tools;
mod project;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ci_tools::{root, succeed, tool};
use project::{rules, Project};
use serde_json::Value;

const FILE: &str = "prompts/chat.j2";

fn text() -> String {
    format!(
        "You are an agent. 漢字 😀\nIt is {{{{ now() }}}}.\n{}\n{{{{ question }}}}\n",
        rules()
    )
}

/// Every Neovim at hand: the one of the distribution, and the one that the tools bring.
fn neovims() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = env::split_paths(&path)
        .map(|folder| folder.join("nvim"))
        .filter(|file| file.is_file())
        .take(1)
        .collect();
    if let Some(own) = tool("nvim").filter(|own| !found.contains(own)) {
        found.push(own);
    }
    found
}

#[test]
fn neovim_shows_a_finding_applies_an_action_and_saves_the_file() {
    for neovim in neovims() {
        let project = Project::empty("lsp-neovim");
        project.write(FILE, &text());
        let home = project.0.join("home");
        succeed(
            Command::new(&neovim)
                .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
                .arg(format!(
                    "luafile {}",
                    root().join("tests/clients/neovim.lua").display()
                ))
                .current_dir(&project.0)
                .env("PROGRAM", env!("CARGO_BIN_EXE_prefixlint"))
                .env("ROOT", &project.0)
                .env("FILE", FILE)
                .env("RULE", "volatile-prefix")
                .env("ACTION", "Ignore volatile-prefix")
                .env("HOME", &home)
                .env("XDG_STATE_HOME", &home)
                .env("XDG_CACHE_HOME", &home),
        );
        let saved = fs::read_to_string(project.0.join(FILE)).expect("it is there");
        assert_eq!(
            saved,
            text().replace(
                "It is {{",
                "{# prefixlint: ignore[volatile-prefix] TODO: say why #}It is {{"
            ),
            "{}",
            neovim.display()
        );
        assert!(project.json(&[]).to_string().contains("TODO: say why"));
    }
}

#[test]
fn the_protocol_library_of_vs_code_completes_a_session() {
    let Some(node) = tool("node") else { return };
    let Some(tools) = env::var_os("PREFIXLINT_CI_TOOLS").map(PathBuf::from) else {
        println!("skipped: the npm packages are those of .ci/tools");
        return;
    };
    let project = Project::empty("lsp-node");
    project.write(FILE, &text());
    let said = succeed(
        Command::new(node)
            .arg(root().join("tests/clients/session.js"))
            .arg(env!("CARGO_BIN_EXE_prefixlint"))
            .arg(&project.0)
            .arg(project.0.join(FILE))
            .env("NODE_PATH", tools.join("node/node_modules")),
    );
    let seen: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(seen["encoding"], "utf-16");
    assert_eq!(seen["first"], serde_json::json!(["volatile-prefix"]));
    assert_eq!(seen["second"], serde_json::json!([]));
    assert_eq!(seen["hover"], true);
    assert_eq!(seen["hints"], 1);
    assert!(seen["lenses"][0].to_string().contains("per 1k calls"));
    assert_eq!(seen["symbols"], serde_json::json!(["chat.j2"]));
    assert!(seen["actions"]
        .to_string()
        .contains("Ignore volatile-prefix"));
    assert_eq!(seen["refused"], -32601);
    assert_eq!(seen["errors"], serde_json::json!([]));
    assert_eq!(seen["code"], 0);
}
