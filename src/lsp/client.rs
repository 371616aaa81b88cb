//! What the client said that it can do. Everything that is not said is taken to be missing.

use serde_json::Value;

use super::position::Encoding;

/// Capabilities that change what is sent.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub encoding: Encoding,
    pub pulls_diagnostics: bool,
    pub related_documents: bool,
    pub refreshes_diagnostics: bool,
    pub refreshes_hints: bool,
    pub refreshes_lenses: bool,
    pub related_information: bool,
    pub code_description: bool,
    pub diagnostic_data: bool,
    pub tags: bool,
    /// Code actions may be literals, not only commands.
    pub action_literals: bool,
    pub action_is_preferred: bool,
    /// Shows actions that cannot be chosen, with the reason.
    pub disabled_actions: bool,
    /// The edit of a code action may come later.
    pub resolves_actions: bool,
    /// Applies edits that the server sends of itself.
    pub applies_edits: bool,
    pub document_changes: bool,
    pub creates_files: bool,
    pub hierarchical_symbols: bool,
    pub markdown: bool,
    pub progress: bool,
    pub shows_documents: bool,
    pub configuration: bool,
    pub registers_configuration: bool,
    pub registers_watchers: bool,
    /// Watches what lies below a folder that the server names.
    pub relative_patterns: bool,
}

impl Client {
    /// Of the parameters of `initialize`.
    pub fn of(params: &Value) -> Client {
        let capabilities = &params["capabilities"];
        let at = |pointer: &str| capabilities.pointer(pointer);
        let is = |pointer: &str| at(pointer) == Some(&Value::Bool(true));
        let has = |pointer: &str| at(pointer).is_some_and(Value::is_object);
        let lists = |pointer: &str, wanted: &str| {
            let list = at(pointer).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|item| item == wanted))
        };
        let encoding = Encoding::PREFERRED
            .into_iter()
            .find(|one| lists("/general/positionEncodings", one.name()))
            .unwrap_or_default();
        let published = "/textDocument/publishDiagnostics";
        let refreshes_diagnostics = is("/workspace/diagnostics/refreshSupport")
            || is("/workspace/diagnostic/refreshSupport");
        Client {
            encoding,
            // Who cannot be told to pull again would miss the first scan and what other files change: Neovim 0.11.
            pulls_diagnostics: has("/textDocument/diagnostic") && refreshes_diagnostics,
            related_documents: is("/textDocument/diagnostic/relatedDocumentSupport"),
            refreshes_diagnostics,
            refreshes_hints: is("/workspace/inlayHint/refreshSupport"),
            refreshes_lenses: is("/workspace/codeLens/refreshSupport"),
            related_information: is(&format!("{published}/relatedInformation"))
                || is("/textDocument/diagnostic/relatedInformation"),
            code_description: is(&format!("{published}/codeDescriptionSupport"))
                || is("/textDocument/diagnostic/codeDescriptionSupport"),
            diagnostic_data: is(&format!("{published}/dataSupport"))
                || is("/textDocument/diagnostic/dataSupport"),
            tags: has(&format!("{published}/tagSupport"))
                || has("/textDocument/diagnostic/tagSupport"),
            action_literals: has("/textDocument/codeAction/codeActionLiteralSupport"),
            action_is_preferred: is("/textDocument/codeAction/isPreferredSupport"),
            disabled_actions: is("/textDocument/codeAction/disabledSupport"),
            resolves_actions: is("/textDocument/codeAction/dataSupport")
                && lists("/textDocument/codeAction/resolveSupport/properties", "edit"),
            applies_edits: is("/workspace/applyEdit"),
            document_changes: is("/workspace/workspaceEdit/documentChanges"),
            creates_files: lists("/workspace/workspaceEdit/resourceOperations", "create"),
            hierarchical_symbols: is(
                "/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport",
            ),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            progress: is("/window/workDoneProgress"),
            shows_documents: is("/window/showDocument/support"),
            configuration: is("/workspace/configuration"),
            registers_configuration: is("/workspace/didChangeConfiguration/dynamicRegistration"),
            registers_watchers: is("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            relative_patterns: is("/workspace/didChangeWatchedFiles/relativePatternSupport"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_said_is_nothing_supported() {
        let client = Client::of(&json!({}));
        assert_eq!(client.encoding, Encoding::Utf16);
        assert!(!client.pulls_diagnostics && !client.document_changes && !client.progress);
    }

    #[test]
    fn who_pulls_and_cannot_be_told_to_pull_again_is_pushed_to() {
        let document = json!({ "diagnostic": {} });
        let deaf = Client::of(&json!({ "capabilities": { "textDocument": document } }));
        assert!(!deaf.pulls_diagnostics);
        let workspace = json!({ "diagnostics": { "refreshSupport": true } });
        let capabilities = json!({ "textDocument": document, "workspace": workspace });
        assert!(Client::of(&json!({ "capabilities": capabilities })).pulls_diagnostics);
    }

    #[test]
    fn the_encoding_is_one_that_the_client_names() {
        let of = |names: Value| {
            Client::of(&json!({"capabilities": {"general": {"positionEncodings": names}}})).encoding
        };
        assert_eq!(of(json!(["utf-16", "utf-8"])), Encoding::Utf8);
        assert_eq!(of(json!(["utf-32", "utf-16"])), Encoding::Utf32);
        assert_eq!(of(json!(["utf-7"])), Encoding::Utf16);
        assert_eq!(of(json!("utf-8")), Encoding::Utf16);
    }
}
