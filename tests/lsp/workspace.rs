//! Configs, files that change on disk, several folders.

use std::fs;

use serde_json::{json, Value};

use crate::editor::{uri, Editor};
use crate::project::{rules, Project};

const CLOCK: &str = "prompts/clock.j2";
const CONFIG: &str = "prefixlint.yaml";

#[test]
fn a_config_is_read_again_when_it_changes() {
    let project = Project::new("lsp-config");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    project.write(CONFIG, "rules: { volatile-prefix: off }\n");
    editor.watched(&[(CONFIG, 1)]);
    assert!(editor.rules(CLOCK).is_empty());
    project.write(CONFIG, "rules: { volatile-prefix: error }\n");
    editor.watched(&[(CONFIG, 2)]);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 1);
    fs::remove_file(project.0.join(CONFIG)).expect("it goes");
    editor.watched(&[(CONFIG, 3)]);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 2);
}

#[test]
fn a_broken_config_is_a_diagnostic_and_the_old_settings_stay() {
    let project = Project::new("lsp-broken");
    project.write(CONFIG, "rules: { volatile-prefix: error }\n");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 1);
    // As it is typed, not only once it is saved.
    editor.open(CONFIG, "rules: { volatile-prefix: error }\n");
    assert!(editor.rules(CONFIG).is_empty());
    editor.change(
        CONFIG,
        json!([{ "text": "rules: { volatile-prefx: error }\n" }]),
    );
    let found = editor.diagnostics(CONFIG);
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(
        found[0]["range"],
        json!({
            "start": { "line": 0, "character": 9 },
            "end": { "line": 0, "character": 23 },
        })
    );
    assert!(
        found[0]["message"].to_string().contains("volatile-prefix"),
        "{found:#?}"
    );
    let text = fs::read_to_string(project.0.join(CLOCK)).expect("it is there");
    editor.open(CLOCK, &text);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 1);
    editor.change(
        CONFIG,
        json!([{ "text": "rules: { volatile-prefix: note }\n" }]),
    );
    assert!(editor.rules(CONFIG).is_empty());
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 3);
}

/// The folder that is open lies in a repository whose config holds for it.
#[test]
fn a_config_above_the_folder_is_read_again_when_it_changes() {
    let project = Project::new("lsp-above");
    project.write(CONFIG, "rules: { volatile-prefix: error }\n");
    let (mut editor, _) = Editor::start_with(&project.0.join("prompts"), |params| {
        let watched = &mut params["capabilities"]["workspace"]["didChangeWatchedFiles"];
        watched["relativePatternSupport"] = true.into();
    });
    assert_eq!(editor.diagnostics("clock.j2")[0]["severity"], 1);
    let asked = editor.wait_for("client/registerCapability");
    let watchers = &asked["registrations"][0]["registerOptions"]["watchers"];
    let config = uri(&project.0.join(CONFIG));
    let above = watchers[1]["globPattern"]["baseUri"].as_str();
    assert!(
        above.is_some_and(|base| config.starts_with(base)),
        "{asked}"
    );
    project.write(CONFIG, "rules: { volatile-prefix: note }\n");
    let changes = json!({ "changes": [{ "uri": config, "type": 2 }] });
    editor.notify("workspace/didChangeWatchedFiles", changes);
    assert_eq!(editor.diagnostics("clock.j2")[0]["severity"], 3);
    // Where nobody says so it is seen with the next change.
    project.write(CONFIG, "rules: { volatile-prefix: warning }\n");
    let text = fs::read_to_string(project.0.join(CLOCK)).expect("it is there");
    editor.open("clock.j2", &format!("{text}Be brief.\n"));
    assert_eq!(editor.diagnostics("clock.j2")[0]["severity"], 2);
}

#[test]
fn a_config_that_is_extended_counts_whatever_its_name() {
    let project = Project::new("lsp-extended");
    project.write("lint/ours.yaml", "rules: { volatile-prefix: error }\n");
    project.write(CONFIG, "extend: lint/ours.yaml\n");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 1);
    project.write("lint/ours.yaml", "rules: { volatile-prefix: note }\n");
    editor.watched(&[("lint/ours.yaml", 2)]);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 3);
}

#[test]
fn files_that_come_change_and_go_on_disk_are_seen() {
    let project = Project::new("lsp-watched");
    let (mut editor, _) = Editor::start_with(&project.0, |_| {});
    let asked = editor.wait_for("client/registerCapability");
    assert!(asked.to_string().contains("didChangeWatchedFiles"));
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    let text = fs::read_to_string(project.0.join(CLOCK)).expect("it is there");
    project.write("prompts/other.j2", &text);
    editor.watched(&[("prompts/other.j2", 1)]);
    assert_eq!(editor.rules("prompts/other.j2"), ["volatile-prefix"]);
    project.write("prompts/other.j2", &text.replace("now()", "'noon'"));
    editor.watched(&[("prompts/other.j2", 2)]);
    assert!(editor.rules("prompts/other.j2").is_empty());
    fs::remove_file(project.0.join(CLOCK)).expect("it goes");
    editor.watched(&[(CLOCK, 3)]);
    assert!(editor.rules(CLOCK).is_empty());
    // A folder comes and goes as a whole.
    project.write("more/prompts/a.j2", &text);
    editor.watched(&[("more", 1)]);
    assert_eq!(editor.rules("more/prompts/a.j2"), ["volatile-prefix"]);
    fs::remove_dir_all(project.0.join("more")).expect("it goes");
    editor.watched(&[("more", 3)]);
    assert!(editor.rules("more/prompts/a.j2").is_empty());
}

#[test]
fn a_partial_that_is_missing_and_then_made_is_seen() {
    let project = Project::empty("lsp-partial");
    project.write(
        "prompts/chat.j2",
        &format!(
            "You are an agent.\n{{% include '_when.j2' %}}\n{}\n{{{{ question }}}}\n",
            rules()
        ),
    );
    let mut editor = Editor::start(&project.0);
    editor.open("prompts/_when.j2", "late");
    let _ = editor.rules("prompts/_when.j2");
    editor.log.clear();
    editor.change(
        "prompts/_when.j2",
        json!([{ "text": "It is {{ now() }}." }]),
    );
    let found = editor.wait("the clock", |message| {
        message["params"]["diagnostics"]
            .to_string()
            .contains("volatile-prefix")
    });
    assert!(found["params"]["uri"].to_string().contains("prompts/"));
}

#[test]
fn an_ignore_file_takes_files_away_and_gives_them_back() {
    let project = Project::new("lsp-gitignore");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    project.write(".gitignore", "clock.j2\n");
    editor.watched(&[(".gitignore", 1)]);
    assert!(editor.rules(CLOCK).is_empty());
    project.write(".gitignore", "");
    editor.watched(&[(".gitignore", 2)]);
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
}

#[test]
fn folders_are_added_and_removed_and_each_has_its_own_config() {
    let (one, two) = (Project::new("lsp-root-one"), Project::new("lsp-root-two"));
    one.write(CONFIG, "rules: { volatile-prefix: error }\n");
    let mut editor = Editor::start(&one.0);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 1);
    let folder = json!({ "uri": uri(&two.0), "name": "two" });
    let nothing: [Value; 0] = [];
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [folder], "removed": nothing } }),
    );
    let clock = uri(&two.0.join(CLOCK));
    let is_clock = |message: &Value| message["params"]["uri"] == clock;
    let found = editor.wait("diagnostics of the second folder", is_clock);
    assert_eq!(found["params"]["diagnostics"][0]["severity"], 2);
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": nothing, "removed": [folder] } }),
    );
    let found = editor.wait("their end", is_clock);
    assert_eq!(found["params"]["diagnostics"], json!([]));
    // The first one is as it was.
    project_still_works(&mut editor);
}

fn project_still_works(editor: &mut Editor) {
    editor.open("prompts/clean.j2", "You are an agent. {{ now() }}");
    let uri = editor.uri("prompts/clean.j2");
    editor.wait("the first folder", |message| {
        message["params"]["uri"] == uri
    });
}

#[test]
fn a_folder_within_a_folder_is_told_of_once() {
    let project = Project::new("lsp-nested");
    let inner = project.0.join("prompts");
    let (mut editor, _) = Editor::start_with(&project.0, |params| {
        params["workspaceFolders"] = json!([
            { "uri": uri(&project.0), "name": "outer" },
            { "uri": uri(&inner), "name": "inner" },
        ]);
    });
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    editor.listen(std::time::Duration::from_millis(700));
    let clock = editor.uri(CLOCK);
    let again = editor
        .log
        .iter()
        .filter(|message| message["params"]["uri"] == clock);
    assert_eq!(again.count(), 0);
}

#[test]
fn a_folder_within_a_folder_speaks_of_its_files_from_when_it_is_added_to_when_it_is_removed() {
    let project = Project::new("lsp-within");
    project.write(
        "prompts/prefixlint.yaml",
        "rules: { volatile-prefix: note }\n",
    );
    project.write(CONFIG, "rules: { volatile-prefix: error }\n");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.diagnostics(CLOCK)[0]["severity"], 3);
    let folder = json!({ "uri": editor.uri("prompts"), "name": "inner" });
    let nothing: [Value; 0] = [];
    for (added, removed) in [
        (json!([folder]), json!(nothing)),
        (json!(nothing), json!([folder])),
    ] {
        editor.notify(
            "workspace/didChangeWorkspaceFolders",
            json!({ "event": { "added": added, "removed": removed } }),
        );
        let clock = editor.uri(CLOCK);
        let found = editor.wait("the clock in another folder", |message| {
            message["params"]["uri"] == clock
                && message["params"]["diagnostics"][0]["code"] == "volatile-prefix"
        });
        assert_eq!(found["params"]["diagnostics"][0]["severity"], 3);
    }
}

#[test]
fn a_rescan_reads_what_nobody_said_had_changed() {
    let project = Project::new("lsp-rescan");
    let mut editor = Editor::start(&project.0);
    assert_eq!(editor.rules(CLOCK), ["volatile-prefix"]);
    let text = fs::read_to_string(project.0.join(CLOCK)).expect("it is there");
    project.write(CLOCK, &text.replace("now()", "'noon'"));
    editor.ask(
        "workspace/executeCommand",
        json!({ "command": "prefixlint.rescan" }),
    );
    assert!(editor.rules(CLOCK).is_empty());
}

#[test]
fn each_folder_has_its_own_settings() {
    let (one, two) = (Project::new("lsp-own-a"), Project::new("lsp-own-b"));
    let clocks = [&one, &two].map(|project| format!("{}/{CLOCK}", uri(&project.0)));
    let mut editor = Editor::spawn(&one.0);
    editor.settings = json!({});
    let quiet = json!({ "minSeverity": "error" });
    editor.folders.insert(uri(&two.0), quiet.clone());
    let mut capabilities = crate::editor::capabilities();
    capabilities["workspace"]["configuration"] = true.into();
    let folders = json!([
        { "uri": uri(&one.0), "name": "one" },
        { "uri": uri(&two.0), "name": "two" },
    ]);
    let params = json!({ "workspaceFolders": folders, "capabilities": capabilities });
    editor.ask("initialize", params);
    editor.notify("initialized", json!({}));
    let mut last = clocks.clone().map(|_| None);
    let mut settle = |editor: &mut Editor, wanted: [bool; 2]| {
        for _ in 0..50 {
            for message in editor.listen(std::time::Duration::from_millis(100)) {
                let own = clocks
                    .iter()
                    .position(|uri| message["params"]["uri"] == *uri);
                let found = message["params"]["diagnostics"].as_array().map(Vec::len);
                if let (Some(own), Some(found)) = (own, found) {
                    last[own] = Some(found > 0);
                }
            }
            editor.log.clear();
            if wanted
                .iter()
                .zip(&last)
                .all(|(wanted, last)| last.unwrap_or(false) == *wanted)
            {
                return;
            }
        }
        panic!("{last:?} instead of {wanted:?}");
    };
    settle(&mut editor, [true, false]);
    // The other way round, and then as the editor says.
    editor.folders = [(uri(&one.0), quiet)].into();
    let changed = json!({ "settings": null });
    editor.notify("workspace/didChangeConfiguration", changed.clone());
    settle(&mut editor, [false, true]);
    editor.folders.clear();
    editor.notify("workspace/didChangeConfiguration", changed);
    settle(&mut editor, [true, true]);
}
