//! Starts `prefixlint lsp` in Zed: the program that `lsp.prefixlint.binary` of the settings names, else the one in PATH.

use zed_extension_api::{self as zed, settings::LspSettings};

const SERVER: &str = "prefixlint";

struct Prefixlint;

impl zed::Extension for Prefixlint {
    fn new() -> Self {
        Prefixlint
    }

    fn language_server_command(
        &mut self,
        _: &zed::LanguageServerId,
        worktree: &zed::Worktree,
    ) -> zed::Result<zed::Command> {
        let binary = LspSettings::for_worktree(SERVER, worktree)?.binary;
        let (path, arguments) = binary.map_or((None, None), |one| (one.path, one.arguments));
        let command = path
            .or_else(|| worktree.which("prefixlint"))
            .ok_or("prefixlint is not in PATH: install it, or name it in lsp.prefixlint.binary.path of the settings")?;
        Ok(zed::Command {
            command,
            args: arguments.unwrap_or_else(|| vec!["lsp".to_string()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        _: &zed::LanguageServerId,
        worktree: &zed::Worktree,
    ) -> zed::Result<Option<zed::serde_json::Value>> {
        let settings = LspSettings::for_worktree(SERVER, worktree)?;
        Ok(settings.initialization_options.or(settings.settings))
    }

    fn language_server_workspace_configuration(
        &mut self,
        _: &zed::LanguageServerId,
        worktree: &zed::Worktree,
    ) -> zed::Result<Option<zed::serde_json::Value>> {
        let settings = LspSettings::for_worktree(SERVER, worktree)?.settings;
        Ok(settings.map(|own| zed::serde_json::json!({ SERVER: own })))
    }
}

zed::register_extension!(Prefixlint);
