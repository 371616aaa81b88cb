//! `prefixlint compare` where it is hard: repositories of every kind, paths and texts that mean harm, what must not be
//! touched, and what goes wrong.

use std::fs;

use serde_json::Value;

mod repository;

use repository::{git_in, run_in, stderr, stdout, Repository};

fn rules(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "Rule {n}: answer in a calm voice and name the order before you speak of money.\n"
            )
        })
        .collect()
}

fn chat(lead: &str) -> String {
    format!(
        "{lead}You are the support assistant of a shop.\n{}\n{{{{ question }}}}\n",
        rules(100)
    )
}

const CLOCK: &str = "It is {{ now() }}.\n";

/// One prompt, without a clock at `old` and with one at `new`.
fn project(path: &str) -> Repository {
    let repository = Repository::new();
    repository.write(path, &chat(""));
    repository.commit("old");
    repository.write(path, &chat(CLOCK));
    repository.commit("new");
    repository
}

fn ids(report: &Value) -> Vec<String> {
    let prompts = report["prompts"].as_array().expect("a list");
    let name = |prompt: &Value| {
        let id = &prompt["id"];
        let id = id["after"].as_str().or(id["before"].as_str());
        let change = prompt["change"].as_str().expect("a word");
        format!("{change} {}", id.expect("a name"))
    };
    let mut out: Vec<String> = prompts.iter().map(name).collect();
    out.sort();
    out
}

#[track_caller]
fn fails(repository: &Repository, arguments: &[&str], words: &[&str]) {
    let output = repository.compare(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert_eq!(stdout(&output), "", "{arguments:?}");
    for word in words {
        assert!(text.contains(word), "{arguments:?}: {text} lacks {word}");
    }
}

#[test]
fn what_is_no_revision_is_an_error_with_a_way_out() {
    let repository = project("prompts/a.j2");
    fails(
        &repository,
        &["nope"],
        &["unknown revision `nope`", "help:"],
    );
    fails(&repository, &["old", "nope"], &["unknown revision `nope`"]);
    fails(
        &repository,
        &["old", "--", "nowhere"],
        &["nowhere: in neither of the two"],
    );
    let output = repository.compare(&["--", "-x"]);
    assert_eq!(output.status.code(), Some(2));
    let none = tempfile::tempdir().unwrap();
    let output = run_in(none.path(), &["compare", "main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not in a git repository"));
}

#[test]
fn a_machine_without_git_says_so() {
    let repository = project("prompts/a.j2");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(["compare", "old"])
        .current_dir(repository.path())
        .env("PATH", repository.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("git is not installed"));
}

#[test]
fn a_shallow_clone_says_how_to_get_the_base() {
    let repository = project("prompts/a.j2");
    let base = repository.git(&["rev-parse", "old"]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repository.path().display());
    git_in(
        folder.path(),
        &["clone", "--quiet", "--depth=1", "--no-tags", &url, "clone"],
    );
    let clone = folder.path().join("clone");
    for name in [base.trim(), "old", "HEAD~1"] {
        let output = run_in(&clone, &["compare", name]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text.contains("shallow") && text.contains("fetch-depth: 0"),
            "{text}"
        );
    }
    // What is there can be compared.
    assert_eq!(run_in(&clone, &["compare", "HEAD"]).status.code(), Some(0));
}

#[test]
fn the_working_tree_counts_with_what_is_not_tracked() {
    let repository = project("prompts/a.j2");
    repository.write(".gitignore", "scratch/\nkept/\n");
    repository.write("kept/b.j2", &chat(""));
    repository.git(&["add", "--force", "kept/b.j2"]);
    repository.commit("third");
    assert_eq!(ids(&repository.json(&["third"])), [""; 0]);
    let verses: String = (0..90)
        .map(|n| format!("Verse {n} speaks of rivers, of mills and of the moon.\n"))
        .collect();
    repository.write("prompts/new.j2", &format!("You are a poet.\n{verses}"));
    repository.write("scratch/noise.j2", &chat(CLOCK));
    repository.write("kept/b.j2", &chat(CLOCK));
    fs::remove_file(repository.file("prompts/a.j2")).unwrap();
    let expected = [
        "added prompts/new.j2",
        "changed kept/b.j2",
        "deleted prompts/a.j2",
    ];
    let report = repository.json(&["third"]);
    assert_eq!(ids(&report), expected);
    // Once it is committed the two revisions tell the same.
    let working = report["prompts"].clone();
    repository.commit("fourth");
    assert_eq!(repository.json(&["third", "fourth"])["prompts"], working);
}

#[test]
fn neither_checkout_nor_index_is_touched() {
    let repository = project("prompts/a.j2");
    repository.write("prompts/b.j2", &chat(""));
    repository.git(&["add", "prompts/b.j2"]);
    repository.write("prompts/c.j2", &chat(""));
    let listing = || {
        let mut out = Vec::new();
        for entry in walkdir::WalkDir::new(repository.path()).sort_by_file_name() {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let modified = entry.metadata().unwrap().modified().unwrap();
                out.push((
                    entry.path().to_path_buf(),
                    fs::read(entry.path()).unwrap(),
                    modified,
                ));
            }
        }
        out
    };
    let before = listing();
    for arguments in [
        &["old"][..],
        &["old", "new"],
        &["new", "old", "--merge-base"],
    ] {
        assert_eq!(repository.compare(arguments).status.code(), Some(0));
    }
    assert!(before == listing());
}

#[test]
fn paths_and_subfolders_narrow_what_is_compared() {
    let repository = Repository::new();
    for path in ["one/prompts/a.j2", "two/prompts/a.j2"] {
        repository.write(path, &chat(""));
    }
    repository.commit("old");
    for path in ["one/prompts/a.j2", "two/prompts/a.j2"] {
        repository.write(path, &chat(CLOCK));
    }
    repository.commit("new");
    assert_eq!(ids(&repository.json(&["old", "new"])).len(), 2);
    for arguments in [
        &["old", "new", "--", "one"][..],
        &["old", "--", "one/prompts/a.j2"],
    ] {
        assert_eq!(
            ids(&repository.json(arguments)),
            ["changed one/prompts/a.j2"]
        );
    }
    let output = run_in(
        &repository.file("two"),
        &["compare", "old", "--output-format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&report), ["changed prompts/a.j2"]);
    // A folder that only the older side has.
    repository.git(&["rm", "-r", "--quiet", "two"]);
    assert_eq!(
        ids(&repository.json(&["old", "--", "two"])),
        ["deleted two/prompts/a.j2"]
    );
}

#[test]
fn a_config_above_the_working_folder_holds() {
    let repository = Repository::new();
    repository.write("prefixlint.yaml", "traffic: { calls-per-month: 300000 }\n");
    repository.write("apps/one/a.j2", &chat(""));
    repository.commit("old");
    repository.write("apps/one/a.j2", &chat(CLOCK));
    let output = run_in(
        &repository.file("apps/one"),
        &["compare", "old", "--output-format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        report["prompts"][0]["usd_per_month"]["change"]
            .as_f64()
            .unwrap()
            > 100.0
    );
    assert_eq!(report["notices"].as_array().unwrap().len(), 0);
}

#[test]
fn a_bare_repository_is_compared_by_its_revisions() {
    let repository = project("prompts/a.j2");
    let folder = tempfile::tempdir().unwrap();
    let url = repository.path().to_string_lossy().into_owned();
    git_in(
        folder.path(),
        &["clone", "--quiet", "--bare", &url, "bare.git"],
    );
    let bare = folder.path().join("bare.git");
    let output = run_in(&bare, &["compare", "old", "new", "--output-format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&report), ["changed prompts/a.j2"]);
    let output = run_in(&bare, &["compare", "old", "new", "--", "prompts"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = run_in(&bare, &["compare", "old"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("name the second revision"));
}

#[test]
fn a_linked_worktree_is_a_repository_too() {
    let repository = project("prompts/a.j2");
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    repository.git(&[
        "worktree",
        "add",
        "--quiet",
        &other.to_string_lossy(),
        "old",
    ]);
    let output = run_in(&other, &["compare", "new", "--output-format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&report), ["changed prompts/a.j2"]);
}

#[test]
fn the_config_of_the_newer_side_holds_for_both() {
    let repository = Repository::new();
    repository.write("prefixlint.yaml", "model: gpt-5.4\n");
    repository.write("prompts/a.j2", &chat(""));
    repository.commit("old");
    repository.write(
        "prefixlint.yaml",
        "model: gpt-4o\ntraffic: { calls-per-month: 500000 }\n",
    );
    repository.commit("new");
    let report = repository.json(&["old", "new"]);
    assert_eq!(ids(&report), [""; 0]);
    assert_eq!(report["traffic"]["calls_per_month"], 500_000);
    let notice = report["notices"][0].as_str().unwrap();
    assert!(notice.contains("the config differs"), "{notice}");
    // A broken config counts even if it is not the newer one's business to mend it now.
    repository.write("prefixlint.yaml", "modle: x\n");
    let output = repository.compare(&["old"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("modle"));
}

#[test]
fn excluded_files_are_compared_on_neither_side() {
    let repository = project("prompts/a.j2");
    repository.write("prefixlint.yaml", "exclude: [\"prompts/**\"]\n");
    repository.write("node_modules/x/prompts/b.j2", &chat(CLOCK));
    repository.commit("third");
    assert_eq!(ids(&repository.json(&["old", "third"])), [""; 0]);
}

#[test]
fn line_ends_that_a_checkout_converts_change_nothing() {
    let repository = Repository::new();
    repository.write(".gitattributes", "*.j2 text eol=crlf\n");
    repository.write("prompts/a.j2", &chat(""));
    repository.write("prompts/b.j2", &chat("").replace("calm", "soft"));
    repository.commit("old");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    repository.write("prompts/a.j2", &crlf(&chat("")));
    assert_eq!(ids(&repository.json(&["old"])), [""; 0]);
    // Of a file that was edited only the edit counts.
    let edited = chat("").replacen("calm", "kind", 1).replace("calm", "soft");
    repository.write("prompts/b.j2", &crlf(&edited));
    let report = repository.json(&["old"]);
    assert_eq!(ids(&report), ["changed prompts/b.j2"]);
    let tokens = &report["prompts"][0]["tokens"];
    assert_eq!(tokens["before"], tokens["after"]);
}

#[test]
fn paths_may_hold_anything() {
    for path in [
        "prompts/grüße an alle.j2",
        "prompts/日本語/挨拶.j2",
        "prompts/a \"quoted\" 'name'.j2",
        "prompts/100%,a:b.j2",
        "prompts/tab\there.j2",
        "-prompts/--output.j2",
    ] {
        let repository = project(path);
        let expected = [format!("changed {path}")];
        assert_eq!(ids(&repository.json(&["old", "new"])), expected);
        assert_eq!(ids(&repository.json(&["old"])), expected);
        repository.edit(path, "support", "service");
        assert_eq!(ids(&repository.json(&["new"])), expected);
    }
}

#[test]
fn submodules_are_left_out_and_named() {
    let library = project("prompts/theirs.j2");
    let repository = project("prompts/a.j2");
    let url = library.path().to_string_lossy().into_owned();
    repository.git(&["submodule", "--quiet", "add", &url, "vendor/lib"]);
    repository.commit("third");
    repository.write("vendor/lib/prompts/theirs.j2", &chat(""));
    for arguments in [&["old", "third"][..], &["old"]] {
        let report = repository.json(arguments);
        assert_eq!(ids(&report), ["changed prompts/a.j2"]);
        if arguments.len() > 1 {
            let notice = report["notices"][0].as_str().unwrap();
            assert!(notice.contains("vendor/lib"), "{notice}");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_inside_of_the_tree_are_followed_and_no_others() {
    let repository = Repository::new();
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("rules.txt"), rules(100)).unwrap();
    repository.write("parts/real.j2", &rules(100));
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, repository.file(name)).unwrap();
    };
    link("real.j2", "parts/rules.j2");
    link(
        &secret.path().join("rules.txt").to_string_lossy(),
        "parts/outside.j2",
    );
    link("loop.j2", "parts/loop.j2");
    link("parts", "folder");
    repository.write(
        "prompts/a.j2",
        "You are a clerk.\n{% include \"folder/rules.j2\" %}{% include \"parts/outside.j2\" %}{% include \"parts/loop.j2\" %}\n{{ question }}\n",
    );
    repository.commit("old");
    repository.edit("parts/real.j2", "calm", "kind");
    repository.commit("new");
    for arguments in [&["old", "new"][..], &["old"]] {
        let report = repository.json(arguments);
        assert_eq!(ids(&report), ["changed prompts/a.j2"], "{arguments:?}");
        let tokens = report["prompts"][0]["tokens"]["before"].as_f64().unwrap();
        assert!((1500.0..2600.0).contains(&tokens), "{tokens}");
    }
}

#[test]
fn huge_and_binary_files_are_told_and_skipped() {
    let repository = project("prompts/a.j2");
    repository.write(
        "prompts/huge.j2",
        &format!("You are big.\n{}", "x ".repeat(3 << 20)),
    );
    fs::write(repository.file("prompts/binary.j2"), b"You are \0 binary").unwrap();
    repository.commit("third");
    for arguments in [&["old", "third"][..], &["old"]] {
        let report = repository.json(arguments);
        assert_eq!(ids(&report), ["changed prompts/a.j2"]);
        let errors = report["errors"]["head"].as_array().unwrap();
        assert!(errors
            .iter()
            .any(|error| error["path"] == "prompts/huge.j2"));
        assert_eq!(report["errors"]["base"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn batches_are_streamed_from_the_tree() {
    let row = |n: usize| {
        let content = format!("{}Ticket {n}", rules(100));
        let body = serde_json::json!({"custom_id": format!("r{n}"), "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "gpt-5.4", "messages": [{"role": "user", "content": content}]}});
        format!("{body}\n")
    };
    let repository = Repository::new();
    repository.write("batch/rows.jsonl", &(0..50).map(row).collect::<String>());
    repository.commit("old");
    repository.write("batch/rows.jsonl", &(0..80).map(row).collect::<String>());
    repository.commit("new");
    let report = repository.json(&["old", "new"]);
    assert_eq!(report["errors"]["head"].as_array().unwrap().len(), 0);
    let prompts = report["prompts"].as_array().unwrap().len();
    let unchanged = report["summary"]["unchanged"].as_u64().unwrap();
    assert_eq!(prompts as u64 + unchanged, 1);
}

#[test]
fn the_merge_base_leaves_out_what_the_base_did_since() {
    let repository = project("prompts/a.j2");
    repository.git(&["checkout", "--quiet", "-b", "topic", "old"]);
    repository.write("prompts/b.j2", &chat("").replace("calm", "loud and clear"));
    repository.commit("ours");
    let plain = ids(&repository.json(&["new", "ours"]));
    assert_eq!(plain, ["added prompts/b.j2", "changed prompts/a.j2"]);
    for arguments in [
        &["new", "ours", "--merge-base"][..],
        &["new", "--merge-base"],
    ] {
        assert_eq!(ids(&repository.json(arguments)), ["added prompts/b.j2"]);
    }
}

#[test]
fn variables_of_a_hook_do_not_lead_astray() {
    let (repository, other) = (project("prompts/a.j2"), project("prompts/other.j2"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(["compare", "old", "new", "--output-format", "json"])
        .current_dir(repository.path())
        .env("GIT_DIR", other.path().join(".git"))
        .env("GIT_INDEX_FILE", other.path().join("index"))
        .env("GIT_EXTERNAL_DIFF", "false")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&report), ["changed prompts/a.j2"]);
}

/// A prompt whose value and path mean harm.
fn hostile() -> Repository {
    let repository = Repository::new();
    let path = "prompts/@admin <img src=x> | `code` #12 [x](http:\\bad).j2";
    repository.write(path, &chat(""));
    repository.commit("old");
    let value = "{{ random(\"%0A::error::x`|| @everyone <script>alert(1)</script> ![x](https://bad.example/x.png)\") }}\n";
    repository.write(path, &chat(value));
    repository.commit("new");
    repository
}

#[cfg(unix)]
#[test]
fn a_comment_holds_no_markup_of_the_repository() {
    let repository = hostile();
    let text = stdout(&repository.compare(&["old", "new", "--output-format", "markdown"]));
    let outside_of_code: String = text
        .lines()
        .map(|line| {
            let mut out = String::new();
            let mut rest = line;
            // Code spans end at as many backticks as they begin with.
            while let Some(start) = rest.find('`') {
                out.push_str(&rest[..start]);
                let fence: String = rest[start..].chars().take_while(|c| *c == '`').collect();
                let inside = &rest[start + fence.len()..];
                let end = inside.match_indices(&fence).find(|(at, _)| {
                    let before = inside[..*at].ends_with('`');
                    let after = inside[at + fence.len()..].starts_with('`');
                    !before && !after
                });
                match end {
                    Some((at, _)) => rest = &inside[at + fence.len()..],
                    None => panic!("a code span is open: {line}"),
                }
            }
            out + rest + "\n"
        })
        .collect();
    // A backslash takes its meaning from the sign behind it.
    let mut bare = String::new();
    let mut signs = outside_of_code.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            sign => bare.push(sign),
        }
    }
    for sign in [
        "<script",
        "<img",
        "@everyone",
        "@admin",
        "](http",
        "https://",
    ] {
        assert!(!bare.contains(sign), "{sign} in {outside_of_code}");
    }
    // Every row of the table has as many cells as its head, bars within cells apart.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 3);
    assert!(
        rows.iter().all(|row| cells(row) == cells(rows[0])),
        "{rows:#?}"
    );
}

/// GitHub takes 65,536 characters. Each bar of a path is two of them.
#[cfg(unix)]
#[test]
fn a_comment_of_many_long_rows_fits() {
    let repository = Repository::new();
    let write = |folder: &str, value: &str| {
        for shop in 0..70 {
            let path = format!("{folder}/{}{shop}.j2", "|".repeat(90));
            let name = format!("{value}You are the assistant of shop {shop}.\n");
            let text = format!("{name}{}\n{{{{ question }}}}\n", rules(100));
            repository.write(&path, &text);
        }
    };
    let folder = format!("prompts/{}", "|".repeat(100));
    write(&folder, "");
    repository.commit("old");
    fs::remove_dir_all(repository.file(&folder)).expect("it was there");
    let value = format!("{{{{ random('{}') }}}}\n", "v|".repeat(150));
    write(&format!("{folder}x"), &value);
    repository.commit("new");
    let limits = ["--fail-on-prefix-loss", "100"];
    let arguments = ["old", "new", "--output-format", "markdown"];
    let output = repository.compare(&[&arguments[..], &limits].concat());
    let text = stdout(&output);
    let size = text.chars().count();
    assert!((55_000..62_000).contains(&size), "{size}");
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    let left = format!("\nand {} more\n", 70 - rows);
    assert!(rows > 20 && text.contains(&left), "{rows} rows");
    // Nothing is cut off in the middle.
    assert_eq!(text.matches("<details>").count(), 1);
    assert_eq!(text.matches("</details>").count(), 1);
    assert!(text.ends_with("</sub>\n"), "what it is based on");
}

/// What a runner makes of a line: level, properties, message.
fn parsed(line: &str) -> (String, Vec<(String, String)>, String) {
    let rest = line.strip_prefix("::").expect("a command");
    let (head, message) = rest.split_once("::").expect("a message");
    let (level, properties) = head.split_once(' ').expect("properties");
    let undo = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    let properties = properties
        .split(',')
        .map(|property| {
            let (name, value) = property.split_once('=').expect("a value");
            (name.to_string(), undo(value))
        })
        .collect();
    (level.to_string(), properties, undo(message))
}

#[cfg(unix)]
#[test]
fn workflow_commands_are_one_line_each_and_read_back() {
    let repository = hostile();
    let output = repository.compare(&[
        "old",
        "new",
        "--output-format",
        "github",
        "--fail-on-increase",
        "0",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let lines: Vec<_> = text.lines().map(parsed).collect();
    let levels: Vec<&str> = lines.iter().map(|(level, _, _)| level.as_str()).collect();
    assert_eq!(levels, ["error", "warning"]);
    let (_, properties, message) = &lines[1];
    let property = |name: &str| {
        let found = properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(
        property("file"),
        Some("prompts/@admin <img src=x> | `code` #12 [x](http:\\bad).j2")
    );
    assert_eq!(
        (property("line"), property("endLine")),
        (Some("1"), Some("1"))
    );
    assert!(property("title").unwrap().contains("per 1,000 calls"));
    assert!(
        message.contains("came in front") && message.contains("%0A::error::x"),
        "{message}"
    );
}

/// GitHub's runner reads what is printed: a prompt must not command it.
#[cfg(unix)]
/// A code host knows paths from the top of the repository, wherever the step runs; and the last column is marked as well.
#[test]
fn a_host_is_told_of_paths_from_the_top_of_the_repository() {
    let repository = project("services/shop/prompts/chat.j2");
    let folder = repository.file("services/shop");
    let said = |arguments: &[&str]| {
        let output = run_in(&folder, arguments);
        assert!(output.status.code() < Some(2), "{}", stderr(&output));
        stdout(&output)
    };
    let format = "--output-format";
    let compared = said(&["compare", "old", "new", format, "github"]);
    let checked = said(&["check", format, "github"]);
    let place = |text: &str| {
        let (_, properties, _) = parsed(text.lines().next().expect("a command"));
        properties
            .into_iter()
            .filter(|(name, _)| name != "title")
            .collect::<Vec<_>>()
    };
    assert_eq!(place(&compared), place(&checked));
    assert_eq!(place(&checked)[0].1, "services/shop/prompts/chat.j2");
    let comment = said(&["compare", "old", "new", format, "markdown"]);
    assert!(!comment.contains("`prompts/"), "{comment}");
    assert_eq!(comment.matches("`services/shop/prompts/chat.j2").count(), 3);
    let full = said(&["compare", "old", "new"]);
    assert!(full.contains("\nprompts/chat.j2  "), "{full}");
}

#[test]
fn in_github_actions_no_line_of_a_comparison_is_a_command() {
    let repository = Repository::new();
    let path = "prompts/##[error]x.j2";
    repository.write(path, &chat(""));
    repository.commit("old");
    repository.write(path, &chat("{{ random(\"##[group]::add-mask::x\") }}\n"));
    repository.commit("new");
    let compare = |format: &str, actions: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(["compare", "old", "new", "--output-format", format])
            .current_dir(repository.path())
            .env("GITHUB_ACTIONS", actions)
            .output()
            .unwrap();
        stdout(&output)
    };
    for format in ["full", "markdown"] {
        let plain = compare(format, "false");
        assert!(plain.contains("##[") || plain.contains("&#35;"), "{plain}");
        let read = compare(format, "true");
        for line in read.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##["), "{line}");
        }
        assert_eq!(read.replace('\u{200b}', ""), plain.replace('\u{200b}', ""));
    }
    // What a program reads is not touched, and commands are commands.
    assert_eq!(compare("json", "true"), compare("json", "false"));
    assert!(compare("github", "true").starts_with("::"));
}

/// Of two sides that are nearly the same the newer one is told by the older: unless an import leads elsewhere.
#[test]
fn an_import_that_leads_elsewhere_is_followed_anew() {
    let repository = Repository::new();
    for number in 0..40 {
        repository.write(
            &format!("lib/m{number}.py"),
            &format!("def add_{number}(a):\n    return a\n"),
        );
    }
    repository.write("services/api/pyproject.toml", "[project]\nname = \"api\"\n");
    let texts = |count: usize| format!("SYSTEM = \"\"\"{}\"\"\"\n", rules(count));
    repository.write("services/api/shop/texts.py", &texts(60));
    repository.write(
        "tools/send.py",
        "from openai import OpenAI\nfrom shop.texts import SYSTEM\n\n\ndef ask(question):\n    return OpenAI().chat.completions.create(model=\"gpt-5.4\", messages=[\n        \
         {\"role\": \"system\", \"content\": SYSTEM}, {\"role\": \"user\", \"content\": question}])\n",
    );
    repository.commit("old");
    // A module nearer to the file.
    repository.write("shop/texts.py", &texts(90));
    repository.commit("nearer");
    repository.git(&["rm", "--quiet", "-r", "shop"]);
    repository.git(&["rm", "--quiet", "services/api/pyproject.toml"]);
    repository.commit("none");
    for (base, head) in [
        ("old", "nearer"),
        ("nearer", "old"),
        ("nearer", "none"),
        ("old", "none"),
        ("none", "old"),
    ] {
        let output = repository.compare(&[base, head, "--output-format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(ids(&report), ["changed tools/send.py#ask"], "{base} {head}");
    }
    let output = repository.compare(&["old", "old", "--output-format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ids(&report), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn where_one_report_cannot_be_written_the_others_are() {
    let repository = project("prompts/a.j2");
    let output = repository.compare(&[
        "old",
        "new",
        "--output-format",
        "json=/dev/full",
        "--output-format",
        "markdown=out.md",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot write /dev/full"));
    let text = fs::read_to_string(repository.path().join("out.md")).unwrap();
    assert!(text.contains("prompts/a.j2"), "{text}");
}

#[test]
fn the_table_of_exit_codes_holds_for_comparisons() {
    let repository = project("prompts/a.j2");
    repository.write("prefixlint.yaml", "modle: x\n");
    repository.commit("broken");
    let table = include_str!("../docs/exit-codes.md");
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let command = cells.get(2)?.strip_prefix("`prefixlint compare ")?;
        let code: i32 = cells.get(3)?.parse().expect("a code");
        Some((command.strip_suffix('`')?, code))
    });
    let mut seen = 0;
    for (command, code) in rows {
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = repository.compare(&arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        assert_eq!(said.contains("error"), code == 2, "{command}: {said}");
        seen += 1;
    }
    assert!(seen >= 15, "{seen}");
}

#[test]
fn help_shows_examples() {
    let repository = Repository::new();
    let text = stdout(&repository.compare(&["--help"]));
    for word in [
        "Examples:",
        "compare main",
        "--fail-on-increase",
        "--merge-base",
    ] {
        assert!(text.contains(word), "{word}");
    }
}
