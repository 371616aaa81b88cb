//! Code actions and the commands behind them: what they write, and what is left of the finding afterwards.

use serde_json::{json, Value};

use crate::editor::{applied, Editor};
use crate::project::{rules, Project};

const PATH: &str = "prompts/chat.j2";

fn text() -> String {
    format!(
        "You are a support agent for {{{{ company }}}}.\n{}{{{{ question }}}}\n",
        rules()
    )
}

fn session(name: &str, text: &str) -> (Project, Editor, Value) {
    let project = Project::empty(name);
    project.write(PATH, text);
    let mut editor = Editor::start(&project.0);
    editor.open(PATH, text);
    let found = editor.diagnostics(PATH);
    (project, editor, found[0].clone())
}

fn titled<'a>(actions: &'a [Value], part: &str) -> &'a Value {
    let found = actions.iter().find(|one| {
        one["title"]
            .as_str()
            .is_some_and(|title| title.contains(part))
    });
    found.unwrap_or_else(|| panic!("no {part} in {actions:#?}"))
}

#[test]
fn ignoring_writes_a_comment_after_which_the_finding_is_gone() {
    for (path, text) in [
        (PATH, text()),
        (
            "prompts/chat.hbs",
            text().replace("{{ question }}", "{{question}}"),
        ),
        (
            "build.py",
            format!(
                "from datetime import datetime\n\n\ndef build_system_prompt(history):\n    \
                 rules = \"\"\"{}\"\"\"\n    return f\"It is {{datetime.now()}}. {{rules}} {{history}}\"\n",
                rules()
            ),
        ),
    ] {
        let project = Project::empty("lsp-ignore");
        project.write(path, &text);
        let mut editor = Editor::start(&project.0);
        editor.open(path, &text);
        let found = editor.diagnostics(path);
        let rule = found[0]["code"].as_str().expect("a rule").to_string();
        let actions = editor.actions(path, &found[0]["range"], Some("quickfix"));
        let action = titled(&actions, &format!("Ignore {rule}"));
        assert_eq!(action["kind"], "quickfix");
        let change = &action["edit"]["documentChanges"][0];
        assert_eq!(change["textDocument"]["uri"], editor.uri(path));
        assert_eq!(change["textDocument"]["version"], 1);
        let after = applied(&text, &change["edits"]);
        assert!(after.contains(&format!("prefixlint: ignore[{rule}] ")), "{path}");
        editor.change(path, json!([{ "text": after }]));
        let left = editor.rules(path);
        assert!(!left.contains(&rule), "{path}: {left:?}");
        assert!(!left.contains(&"unused-suppression".to_string()), "{path}: {left:?}");
    }
}

#[test]
fn an_action_names_the_diagnostic_that_it_answers() {
    let (_project, mut editor, finding) = session("lsp-answers", &text());
    let mut params = editor.document(PATH);
    params["range"] = finding["range"].clone();
    params["context"] = json!({ "diagnostics": [finding], "only": ["quickfix"] });
    let actions = editor.ask("textDocument/codeAction", params);
    let actions = actions.as_array().expect("a list");
    let action = titled(actions, "Ignore");
    assert_eq!(action["diagnostics"], json!([finding]));
    let page = titled(actions, "page of");
    assert_eq!(page["command"]["command"], "prefixlint.openRule");
    let result = editor.ask(
        "workspace/executeCommand",
        json!({
            "command": page["command"]["command"],
            "arguments": page["command"]["arguments"],
        }),
    );
    let shown = editor.wait_for("window/showDocument");
    assert_eq!(shown["uri"], result);
    assert_eq!(shown["external"], true);
}

#[test]
fn a_class_for_a_value_is_written_into_the_config_and_holds() {
    let (project, mut editor, finding) = session("lsp-class", &text());
    let range = finding["range"].clone();
    let actions = editor.actions(PATH, &range, Some("refactor"));
    let action = titled(&actions, "`company` as constant");
    // There is no config yet.
    let changes = action["edit"]["documentChanges"]
        .as_array()
        .expect("a list");
    assert_eq!(changes[0]["kind"], "create");
    let config = editor.uri("prefixlint.yaml");
    assert_eq!(changes[0]["uri"], config);
    let new = applied("", &changes[1]["edits"]);
    assert_eq!(new, "volatility:\n  company: constant\n");
    project.write("prefixlint.yaml", &new);
    editor.watched(&[("prefixlint.yaml", 1)]);
    assert!(editor.rules(PATH).is_empty());
    // Into the one that is there, whose comments stay.
    let old = "# ours\nvolatility:\n  # by hand\n  company: session\n";
    project.write("prefixlint.yaml", old);
    editor.watched(&[("prefixlint.yaml", 2)]);
    assert_eq!(editor.rules(PATH), ["variable-before-stable"]);
    let actions = editor.actions(PATH, &range, Some("refactor"));
    let change = &titled(&actions, "as deploy")["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], Value::Null);
    assert_eq!(
        applied(old, &change["edits"]),
        "# ours\nvolatility:\n  # by hand\n  company: deploy\n"
    );
}

#[test]
fn commands_write_through_the_client() {
    let (_project, mut editor, finding) = session("lsp-commands", &text());
    let argument = json!({
        "uri": editor.uri(PATH),
        "fingerprint": finding["data"]["fingerprint"],
        "reason": "one company for each deployment",
    });
    editor.ask(
        "workspace/executeCommand",
        json!({ "command": "prefixlint.ignore", "arguments": [argument] }),
    );
    let asked = editor.wait_for("workspace/applyEdit");
    let edits = &asked["edit"]["documentChanges"][0]["edits"];
    assert!(edits
        .to_string()
        .contains("one company for each deployment"));
    let argument = json!({ "uri": editor.uri(PATH), "name": "company", "class": "deploy" });
    editor.ask(
        "workspace/executeCommand",
        json!({ "command": "prefixlint.setVolatility", "arguments": [argument] }),
    );
    let asked = editor.wait_for("workspace/applyEdit");
    assert!(asked.to_string().contains("company: deploy"));
    for (command, argument) in [
        (
            "prefixlint.ignore",
            json!({ "uri": editor.uri(PATH), "reason": "" }),
        ),
        (
            "prefixlint.ignore",
            json!({ "uri": editor.uri(PATH), "reason": "x", "fingerprint": "0" }),
        ),
        (
            "prefixlint.setVolatility",
            json!({ "uri": editor.uri(PATH), "name": "a: b", "class": "user" }),
        ),
        (
            "prefixlint.setVolatility",
            json!({ "uri": editor.uri(PATH), "name": "a", "class": "loud" }),
        ),
        ("prefixlint.openRule", json!("no-such-rule")),
        ("prefixlint.inspect", json!({ "uri": "file:///nowhere.j2" })),
        ("prefixlint.other", Value::Null),
    ] {
        editor.refused(
            "workspace/executeCommand",
            json!({ "command": command, "arguments": [argument] }),
        );
    }
}

#[test]
fn a_client_without_versions_or_literals_gets_what_it_can_use() {
    let project = Project::empty("lsp-simple");
    project.write(PATH, &text());
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        params["capabilities"]["workspace"]["workspaceEdit"] = json!({});
    });
    editor.open(PATH, &text());
    let found = editor.diagnostics(PATH);
    let actions = editor.actions(PATH, &found[0]["range"], None);
    let edit = &titled(&actions, "Ignore")["edit"];
    assert!(edit["changes"][editor.uri(PATH)].is_array(), "{edit}");
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        params["capabilities"]["textDocument"]["codeAction"] = json!({});
    });
    editor.open(PATH, &text());
    let found = editor.diagnostics(PATH);
    let actions = editor.actions(PATH, &found[0]["range"], None);
    assert!(!actions.is_empty());
    for action in actions {
        assert!(action["command"].is_string(), "{action}");
    }
}

#[test]
fn commands_that_the_client_has_itself_are_not_offered() {
    let project = Project::empty("lsp-theirs");
    let (_editor, can) = Editor::start_with(&project.0, |params| {
        params["initializationOptions"] = json!({ "clientCommands": ["prefixlint.openRule"] });
    });
    let commands = can["executeCommandProvider"]["commands"].to_string();
    assert!(!commands.contains("openRule") && commands.contains("prefixlint.inspect"));
}

/// Five markers where four are taken: dropping one is safe.
fn marked() -> String {
    let block = |n: usize| {
        let text = rules().replace("Rule", &format!("Part {n}, rule"));
        json!({ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } })
    };
    let system: Vec<Value> = (0..5).map(block).collect();
    let body = json!({
        "model": "claude-sonnet-5",
        "max_tokens": 100,
        "system": system,
        "messages": [{ "role": "user", "content": "Hello" }],
    });
    serde_json::to_string_pretty(&body).expect("JSON") + "\n"
}

const BODY: &str = "requests/chat.json";

/// How a client comes by the edit of a fix.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Resolves,
    Applies,
    Neither,
}

/// A session of such a client.
fn fixing(name: &str, takes: Takes) -> (Project, Editor, Value) {
    let project = Project::empty(name);
    project.write(BODY, &marked());
    let (mut editor, can) = Editor::start_with(&project.0, |params| {
        params["capabilities"]["workspace"]["applyEdit"] = (takes == Takes::Applies).into();
        if takes == Takes::Resolves {
            let own = &mut params["capabilities"]["textDocument"]["codeAction"];
            own["dataSupport"] = true.into();
            own["resolveSupport"] = json!({ "properties": ["edit"] });
        }
    });
    let resolves = takes == Takes::Resolves;
    assert_eq!(can["codeActionProvider"]["resolveProvider"], resolves);
    editor.open(BODY, &marked());
    let found = editor.diagnostics(BODY);
    let many = found
        .iter()
        .find(|one| one["code"] == "too-many-breakpoints");
    let many = many.cloned().unwrap_or_else(|| panic!("{found:#?}"));
    (project, editor, many)
}

fn safe(actions: &[Value]) -> &Value {
    let found = actions.iter().find(|one| one["isPreferred"] == true);
    found.unwrap_or_else(|| panic!("no safe fix in {actions:#?}"))
}

#[test]
fn a_safe_fix_is_preferred_and_mends_what_it_answers() {
    let (_project, mut editor, many) = fixing("lsp-fix", Takes::Applies);
    let actions = editor.actions(BODY, &many["range"], Some("quickfix"));
    // What nobody has tried is not handed out: the server sends the edit once it has.
    let action = safe(&actions);
    assert!(action.get("edit").is_none() && action.get("data").is_none());
    let command = action["command"].clone();
    let run = |editor: &mut Editor| {
        let params = json!({ "command": command["command"], "arguments": command["arguments"] });
        editor.ask("workspace/executeCommand", params)
    };
    assert_eq!(run(&mut editor), Value::Null);
    let sent = editor.wait_for("workspace/applyEdit");
    let edits = sent["edit"]["documentChanges"][0]["edits"].clone();
    let after = applied(&marked(), &edits);
    assert_eq!(after.matches("cache_control").count(), 4);
    editor.change(BODY, json!([{ "text": after }]));
    assert!(!editor
        .rules(BODY)
        .contains(&"too-many-breakpoints".to_string()));
    // It was offered for another text.
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(editor.refused("workspace/executeCommand", params), -32801);
    let odd = json!({ "command": "prefixlint.fix", "arguments": [] });
    assert_eq!(editor.refused("workspace/executeCommand", odd), -32602);
}

#[test]
fn a_client_that_takes_no_edit_later_is_offered_no_untried_fix() {
    let (_project, mut editor, many) = fixing("lsp-no-fix", Takes::Neither);
    let actions = editor.actions(BODY, &many["range"], None);
    assert!(
        actions.iter().all(|one| one["isPreferred"] != true),
        "{actions:#?}"
    );
    let titles: Vec<&str> = actions
        .iter()
        .filter_map(|one| one["title"].as_str())
        .collect();
    assert!(
        titles
            .iter()
            .any(|title| title.starts_with("Open the page ")),
        "{titles:?}"
    );
    assert!(
        !titles
            .iter()
            .any(|title| title.contains("breakpoint that saves")),
        "{titles:?}"
    );
}

#[test]
fn a_fix_is_tried_before_its_edit_is_handed_out_and_leaves_no_trace() {
    let (_project, mut editor, many) = fixing("lsp-resolve", Takes::Resolves);
    let actions = editor.actions(BODY, &many["range"], Some("quickfix"));
    let action = safe(&actions).clone();
    assert!(action.get("edit").is_none() && action["data"].is_object());
    let resolved = editor.ask("codeAction/resolve", action.clone());
    let edits = &resolved["edit"]["documentChanges"][0]["edits"];
    let after = applied(&marked(), edits);
    assert_eq!(after.matches("cache_control").count(), 4);
    // What was tried is not what is there: the finding is still told, and the action still holds.
    let again = editor.actions(BODY, &many["range"], Some("quickfix"));
    assert_eq!(safe(&again)["title"], action["title"]);
    let all = editor.actions(BODY, &many["range"], Some("source.fixAll.prefixlint"));
    let all = editor.ask("codeAction/resolve", all[0].clone());
    let edits = &all["edit"]["documentChanges"][0]["edits"];
    let after = applied(&marked(), edits);
    assert_eq!(after.matches("cache_control").count(), 4);
    // An action that was offered for another text is refused, and so is what nobody offered.
    editor.change(
        BODY,
        json!([{ "text": marked().replace("Hello", "Good day") }]),
    );
    let _ = editor.diagnostics(BODY);
    assert_eq!(editor.refused("codeAction/resolve", action), -32801);
    let odd = json!({ "title": "x", "data": { "root": "x" } });
    assert_eq!(editor.refused("codeAction/resolve", odd), -32602);
}

/// A value that cannot be moved: the numbers of the other items would be wrong.
fn numbered() -> String {
    let list = "1. The customer is {{ user_name }}.\n2. The shop sells tents.\n";
    format!(
        "You are an agent.\n{list}\n{}\n{{{{ question }}}}\n",
        rules()
    )
}

#[test]
fn why_there_is_no_fix_is_told_by_an_action_that_cannot_be_chosen_and_by_the_hover() {
    for shows in [true, false] {
        let project = Project::empty(&format!("lsp-unfixed-{shows}"));
        project.write("prompts/chat.j2", &numbered());
        let (mut editor, _) = Editor::start_with(&project.0, |params| {
            params["capabilities"]["workspace"]["applyEdit"] = true.into();
            let own = &mut params["capabilities"]["textDocument"]["codeAction"];
            own["disabledSupport"] = shows.into();
        });
        editor.open("prompts/chat.j2", &numbered());
        let found = editor.diagnostics("prompts/chat.j2");
        let range = &found[0]["range"];
        let actions = editor.actions("prompts/chat.j2", range, Some("quickfix"));
        let reasons: Vec<&Value> = actions
            .iter()
            .map(|action| &action["disabled"]["reason"])
            .filter(|reason| !reason.is_null())
            .collect();
        match shows {
            true => assert_eq!(reasons, ["a numbered item"], "{actions:#?}"),
            false => assert!(reasons.is_empty(), "{actions:#?}"),
        }
        let at = editor.at("prompts/chat.j2", 1, 20);
        let hover = editor.ask("textDocument/hover", at);
        let text = hover["contents"]["value"].as_str().expect("a text");
        assert!(
            text.contains("No fix is offered: a numbered item."),
            "{text}"
        );
    }
}
