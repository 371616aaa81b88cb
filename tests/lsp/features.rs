//! What an editor shows beside diagnostics: hovers, hints, lenses, symbols, the prompts of a document.

use std::time::Duration;

use serde_json::{json, Value};

use crate::editor::Editor;
use crate::project::{rules, Project};

const PATH: &str = "prompts/chat.j2";

/// A stable head, a name that comes late, a question.
fn text() -> String {
    format!(
        "You are a support agent.\n{}The customer is {{{{ user_name }}}}.\n{}{{{{ question }}}}\n",
        rules(),
        rules()
    )
}

fn session(name: &str, options: Value) -> (Project, Editor) {
    let project = Project::empty(name);
    project.write(PATH, &text());
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        params["initializationOptions"] = options.clone();
    });
    editor.open(PATH, &text());
    editor.diagnostics(PATH);
    (project, editor)
}

fn hover(editor: &mut Editor, line: usize, character: usize) -> String {
    let found = editor.ask("textDocument/hover", editor.at(PATH, line, character));
    found["contents"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_string()
}

#[test]
fn a_hover_tells_class_and_tokens_and_whether_a_piece_is_cached() {
    let (_project, mut editor) = session("lsp-hover", Value::Null);
    let stable = hover(&mut editor, 3, 5);
    assert!(stable.contains("stable text, **constant**"), "{stable}");
    assert!(stable.contains("cached"), "{stable}");
    let value = hover(&mut editor, 121, 22);
    assert!(
        value.contains("`user_name`") && value.contains("**user**"),
        "{value}"
    );
    assert!(value.contains("not cached"), "{value}");
    // A finding brings its page.
    assert!(value.contains("variable-before-stable.md"), "{value}");
    assert!(value.contains("**Why**"), "{value}");
    let nothing = editor.ask("textDocument/hover", editor.at(PATH, 9999, 0));
    assert!(nothing.is_null() || nothing["contents"].is_object());
}

#[test]
fn a_hover_on_a_model_tells_minimum_prices_and_lifetime() {
    let project = Project::empty("lsp-model");
    let code = "from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef f(q):\n    \
                return client.chat.completions.create(model=\"gpt-5.4\", messages=[{\"role\": \"user\", \"content\": q}])\n";
    project.write("a.py", code);
    project.write("prefixlint.yaml", "model: claude-sonnet-5\n");
    let mut editor = Editor::start(&project.0);
    editor.open("a.py", code);
    editor.open("prefixlint.yaml", "model: claude-sonnet-5\n");
    editor.diagnostics("prefixlint.yaml");
    let found = editor.ask("textDocument/hover", editor.at("prefixlint.yaml", 0, 10));
    let text = found["contents"]["value"].as_str().expect("a text");
    for part in ["claude-sonnet-5", "minimum", "lifetime", "input $"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let found = editor.ask("textDocument/hover", editor.at("a.py", 6, 55));
    let text = found["contents"]["value"].as_str().expect("a text");
    assert!(text.contains("**gpt-5.4**"), "{text}");
}

fn hints(editor: &mut Editor) -> Vec<Value> {
    let mut params = editor.document(PATH);
    params["range"] = json!({
        "start": { "line": 0, "character": 0 },
        "end": { "line": 10_000, "character": 0 },
    });
    let found = editor.ask("textDocument/inlayHint", params);
    found.as_array().cloned().expect("a list")
}

#[test]
fn a_hint_stands_where_the_cached_prefix_ends_and_lens_and_symbol_agree_with_it() {
    let (_project, mut editor) = session("lsp-hints", Value::Null);
    let found = hints(&mut editor);
    assert_eq!(found.len(), 1, "{found:#?}");
    let label = found[0]["label"].as_str().expect("a text");
    let tokens = label
        .strip_prefix("cached up to here: ")
        .and_then(|rest| rest.strip_suffix(" tokens"))
        .expect("the boundary");
    // In front of the name, which stands on the line behind the first rules.
    let line = found[0]["position"]["line"].as_u64().expect("a line");
    assert!((90..=121).contains(&line), "{found:#?}");
    let lenses = editor.ask("textDocument/codeLens", editor.document(PATH));
    let title = lenses[0]["command"]["title"].as_str().expect("a title");
    assert!(title.contains(&format!("{tokens} cached")), "{title}");
    assert!(
        title.contains(" tokens, ") && title.ends_with(" per 1k calls"),
        "{title}"
    );
    let symbols = editor.ask("textDocument/documentSymbol", editor.document(PATH));
    assert_eq!(symbols[0]["name"], "chat.j2");
    assert!(symbols[0]["children"].is_array());
    let found = editor.ask("workspace/symbol", json!({ "query": "CHAT" }));
    assert_eq!(found[0]["name"], "chat.j2");
    assert_eq!(found[0]["location"]["uri"], editor.uri(PATH));
}

#[test]
fn the_end_of_the_prefix_is_the_byte_at_which_its_tokens_are_reached() {
    let (_project, mut editor) = session("lsp-exact", Value::Null);
    let found = hints(&mut editor);
    let line = found[0]["position"]["line"].as_u64().expect("a line") as usize;
    let column = found[0]["position"]["character"]
        .as_u64()
        .expect("a column") as usize;
    let text = text();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let counter = prefixlint::tokens::Counter::new("o200k_base").expect("it is known");
    let counted = f64::from(counter.count(&text[..start + column]));
    let label = found[0]["label"].as_str().expect("a text");
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    let said: f64 = digits.parse().expect("a number");
    // Chat framing stands in front of the text.
    assert!((counted - said).abs() <= 16.0, "{counted} of {said}");
}

#[test]
fn settings_turn_hints_and_lenses_off_and_on() {
    let options = json!({ "inlayHints": { "boundary": false, "tokens": true }, "codeLens": false });
    let (_project, mut editor) = session("lsp-settings", options);
    let found = hints(&mut editor);
    let labels: Vec<&str> = found
        .iter()
        .filter_map(|one| one["label"].as_str())
        .collect();
    assert_eq!(labels.len(), 1, "{labels:?}");
    assert!(
        labels[0].ends_with(" tokens") && labels[0].contains(": "),
        "{labels:?}"
    );
    let lenses = editor.ask("textDocument/codeLens", editor.document(PATH));
    assert_eq!(lenses, json!([]));
    editor.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "prefixlint": { "codeLens": true } } }),
    );
    let lenses = editor.ask("textDocument/codeLens", editor.document(PATH));
    assert_eq!(lenses.as_array().map(Vec::len), Some(1));
    editor.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "prefixlint": { "enable": false } } }),
    );
    assert!(hints(&mut editor).is_empty());
    assert!(editor.rules(PATH).is_empty());
    editor.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "prefixlint": { "enable": true } } }),
    );
    assert_eq!(editor.rules(PATH), ["variable-before-stable"]);
}

#[test]
fn settings_are_asked_for_where_the_client_has_them_and_mistakes_in_them_are_said() {
    let project = Project::new("lsp-asked");
    let mut editor = Editor::spawn(&project.0);
    editor.settings = json!({ "minSeverity": "error", "pedantic": "very" });
    let mut capabilities = crate::editor::capabilities();
    capabilities["workspace"]["configuration"] = true.into();
    editor.ask(
        "initialize",
        json!({ "rootUri": crate::editor::uri(&project.0), "capabilities": capabilities }),
    );
    editor.notify("initialized", json!({}));
    let said = editor.wait_for("window/showMessage");
    assert!(said["message"].to_string().contains("pedantic"), "{said}");
    // Warnings are below what the setting wants.
    let clock = editor.uri("prompts/clock.j2");
    let mut last = Value::Null;
    for _ in 0..20 {
        for message in editor.listen(Duration::from_millis(200)) {
            if message["params"]["uri"] == clock {
                last = message["params"]["diagnostics"].clone();
            }
        }
        if last == json!([]) || last.is_null() {
            break;
        }
    }
    assert!(last == json!([]) || last.is_null(), "{last:#}");
    let wrong = json!({ "model": "gtp-5.4-tubro" });
    editor.settings = wrong;
    editor.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": null }),
    );
    let said = editor.wait_for("window/showMessage");
    assert!(
        said["message"].to_string().contains("gtp-5.4-tubro"),
        "{said}"
    );
}

#[test]
fn the_prompts_of_a_document_are_told_with_their_extents() {
    let (_project, mut editor) = session("lsp-prompts", Value::Null);
    let found = editor.ask("prefixlint/prompts", editor.document(PATH));
    let prompt = &found["prompts"][0];
    assert_eq!(prompt["id"], PATH);
    assert_eq!(
        (prompt["own"].clone(), prompt["exact"].clone()),
        (true.into(), true.into())
    );
    assert!(prompt["tokens"].as_f64() > prompt["boundary"].as_f64());
    assert!(prompt["cost"]["now"].as_f64() > prompt["cost"]["after"].as_f64());
    assert_eq!(prompt["shared"].as_array().map(Vec::len), Some(1));
    assert_eq!(prompt["shared"][0]["end"], prompt["end"]);
    let shown = editor.ask(
        "workspace/executeCommand",
        json!({
            "command": "prefixlint.inspect",
            "arguments": [{ "uri": editor.uri(PATH), "prompt": PATH }],
        }),
    );
    let shown = shown.as_str().expect("a text");
    assert!(
        shown.contains("cached up to here") && shown.contains("user_name"),
        "{shown}"
    );
}

#[test]
fn requests_that_wait_can_be_cancelled_and_speak_of_no_older_text() {
    let (_project, mut editor) = session("lsp-cancel", Value::Null);
    // The change and what follows it are taken in one go: the hover waits for the analysis.
    editor.change(
        PATH,
        json!([{ "text": text().replace("customer", "client") }]),
    );
    let hover = editor.at(PATH, 121, 22);
    let id = editor.request("textDocument/hover", hover.clone());
    editor.notify("$/cancelRequest", json!({ "id": id }));
    let response = editor.response(id);
    let code = response["error"]["code"].as_i64();
    assert!(
        code == Some(-32800) || response.get("result").is_some(),
        "{response}"
    );
    let id = editor.request("textDocument/hover", hover);
    editor.change(PATH, json!([{ "text": text() }]));
    let response = editor.response(id);
    let code = response["error"]["code"].as_i64();
    assert!(
        code == Some(-32801) || response.get("result").is_some(),
        "{response}"
    );
    // What is asked after the last change is answered from it.
    editor.change(
        PATH,
        json!([{ "text": text().replace("user_name", "tenant_name") }]),
    );
    let value = self::hover(&mut editor, 121, 22);
    assert!(value.contains("tenant_name"), "{value}");
}
