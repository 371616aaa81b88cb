//! Bad input on disk, through the real binary: a clear message, the right exit code, bounded time, and the rest of the
//! run goes on. Every folder also holds a good file with a finding that must still be reported.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// In a debug build on a busy machine; the release build is far below.
const LONGEST: Duration = Duration::from_secs(20);

struct Tree {
    folder: TempDir,
}

struct Ran {
    code: Option<i32>,
    json: Value,
    stdout: String,
    stderr: String,
}

impl Tree {
    /// A folder with one good file.
    fn new() -> Tree {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = Tree { folder };
        let rules = "Answer politely and name the page of the manual you rely on. ".repeat(200);
        let good = format!("You are a helpful assistant.\nIt is {{{{ current_time }}}}.\n{rules}");
        tree.write("prompts/good.j2", good.as_bytes());
        tree
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> &Tree {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("made");
        fs::write(full, bytes).expect("written");
        self
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let started = Instant::now();
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(arguments)
            .current_dir(self.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let took = started.elapsed();
        assert!(took < LONGEST, "{arguments:?} took {took:?}");
        let (stdout, stderr) = [stdout, stderr]
            .map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
            .into();
        Ran {
            code: status.code(),
            json: serde_json::from_str(&stdout).unwrap_or(Value::Null),
            stdout,
            stderr,
        }
    }

    /// Lints the folder; the good file's finding is there and decides the exit code.
    fn check(&self) -> Ran {
        let ran = self.run(&["check", "--output-format", "json"]);
        let good = ran.finding("prompts/good.j2", "volatile-prefix");
        assert!(good.is_some(), "the good file is lost: {}", ran.all());
        assert_eq!(ran.code, Some(1), "{}", ran.all());
        ran
    }
}

impl Ran {
    fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    fn finding(&self, path: &str, rule: &str) -> Option<&Value> {
        let findings = self.json["findings"].as_array()?;
        findings
            .iter()
            .find(|finding| finding["path"] == path && finding["rule"] == rule)
    }

    /// A parse problem of a file, with all the given words, at a line.
    #[track_caller]
    fn problem(&self, path: &str, words: &[&str]) -> &Value {
        let found = self.json["findings"].as_array().and_then(|findings| {
            findings.iter().find(|finding| {
                let text = format!("{} {}", finding["message"], finding["help"]);
                finding["path"] == path
                    && finding["rule"] == "parse-error"
                    && words.iter().all(|word| text.contains(word))
            })
        });
        let found = found.unwrap_or_else(|| panic!("{path}: no {words:?} in {}", self.all()));
        assert!(found["start"]["line"].as_u64() >= Some(1), "{found}");
        found
    }

    /// An error about a file as a whole.
    #[track_caller]
    fn error(&self, path: &str, word: &str) {
        let errors = self.json["errors"].as_array().expect("errors");
        let found = errors.iter().any(|error| {
            error["path"] == path && error["message"].as_str().is_some_and(|m| m.contains(word))
        });
        assert!(found, "{path}: no {word:?} in {}", self.all());
    }

    #[track_caller]
    fn fails(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{}", self.all());
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {}", self.all());
        }
    }
}

#[test]
fn empty_files_and_byte_order_marks_are_silent() {
    let tree = Tree::new();
    tree.write("prompts/empty.j2", b"");
    tree.write("prompts/mark.j2", b"\xef\xbb\xbf");
    tree.write("prompts/empty.prompty", b"");
    tree.write("prompts/empty.jsonl", b"");
    tree.write("promptfooconfig.yaml", b"");
    let ran = tree.check();
    assert_eq!(ran.json["errors"], Value::Array(Vec::new()));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_move_places() {
    let tree = Tree::new();
    let good = fs::read_to_string(tree.path().join("prompts/good.j2")).expect("there");
    let text = format!("\u{feff}{}", good.replace('\n', "\r\n"));
    tree.write("prompts/windows.j2", text.as_bytes());
    let ran = tree.check();
    let finding = ran.finding("prompts/windows.j2", "volatile-prefix");
    let start = &finding.expect("found")["start"];
    assert_eq!((&start["line"], &start["column"]), (&2.into(), &7.into()));
}

#[test]
fn bytes_that_are_no_text_are_said_and_the_rest_goes_on() {
    let tree = Tree::new();
    let mut text = fs::read(tree.path().join("prompts/good.j2")).expect("there");
    text.extend(b"\xff\xfe\x80");
    tree.write("prompts/latin.j2", &text);
    tree.write("prompts/binary.j2", b"You are\0\0\0 a helpful assistant.");
    let ran = tree.check();
    ran.error("prompts/latin.j2", "UTF-8");
    ran.error("prompts/binary.j2", "NUL");
    assert!(ran.finding("prompts/latin.j2", "volatile-prefix").is_some());
}

#[test]
fn a_file_above_the_limit_is_skipped_and_the_limit_can_be_raised() {
    let tree = Tree::new();
    let file = fs::File::create(tree.path().join("prompts/huge.j2")).expect("made");
    file.set_len(100 << 20).expect("sparse");
    let ran = tree.check();
    ran.error("prompts/huge.j2", "max-file-size");
    let ran = tree
        .write("prefixlint.yaml", b"max-file-size: 128\n")
        .run(&["check", "--output-format", "json"]);
    ran.error("prompts/good.j2", "max-file-size");
}

#[test]
fn deep_nesting_is_no_stack_overflow() {
    let tree = Tree::new();
    let deep = 100_000;
    let ifs = "You are deep. ".to_string() + &"{% if x %}".repeat(deep);
    tree.write("prompts/ifs.j2", ifs.as_bytes());
    let blocks = "You are deep. ".to_string() + &"{{#if x}}".repeat(deep);
    tree.write("prompts/blocks.hbs", blocks.as_bytes());
    let brackets = format!("You are deep. {{{{ {}x }}}}", "(".repeat(deep));
    tree.write("prompts/brackets.j2", brackets.as_bytes());
    let filters = format!("You are deep. {{{{ x{} }}}}", "|upper".repeat(deep));
    tree.write("prompts/filters.j2", filters.as_bytes());
    let json = format!("{{\"messages\": {}", "[".repeat(deep));
    tree.write("prompts/deep.json", json.as_bytes());
    let flow = format!("_type: prompt\ntemplate: {}", "[".repeat(deep));
    tree.write("prompts/deep.prompt.yaml", flow.as_bytes());
    tree.check();
}

#[test]
fn an_alias_bomb_is_bounded() {
    let tree = Tree::new();
    let mut bomb = String::from("_type: prompt\na0: &a0 [lol, lol]\n");
    for level in 1..40 {
        let before = level - 1;
        bomb += &format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}]\n");
    }
    bomb += "template: *a39\n";
    tree.write("prompts/bomb.yaml", bomb.as_bytes());
    tree.write(
        "promptfooconfig.yaml",
        bomb.replace("_type", "prompts: *a39\nx").as_bytes(),
    );
    tree.check();
}

#[test]
fn cycles_and_dangling_names_are_told_at_their_place() {
    let tree = Tree::new();
    tree.write("prompts/a.j2", b"You are A.\n{% include 'b.j2' %}\n");
    tree.write("prompts/b.j2", b"You are B.\n{% include 'a.j2' %}\n");
    tree.write("prompts/c.j2", b"{% extends 'd.j2' %}\n");
    tree.write("prompts/d.j2", b"{% extends 'c.j2' %}\nYou are D.");
    tree.write("prompts/e.j2", b"You are E.\n{% include 'nowhere.j2' %}\n");
    tree.write(
        "prompts/f.j2",
        b"{% extends 'nobody.j2' %}\n{% block x %}You are F.{% endblock %}",
    );
    let ran = tree.check();
    ran.problem("prompts/b.j2", &["includes itself"]);
    ran.problem("prompts/c.j2", &["extends itself"]);
    let include = ran.problem("prompts/e.j2", &["nowhere.j2", "not found"]);
    assert_eq!(include["start"]["line"], 2);
    ran.problem("prompts/f.j2", &["nobody.j2", "not found"]);
}

#[cfg(unix)]
#[test]
fn links_neither_loop_nor_leave_the_root() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().expect("a temporary folder");
    fs::write(outside.path().join("secret.j2"), "You are a secret.").expect("written");
    let tree = Tree::new();
    symlink("..", tree.path().join("prompts/loop")).expect("linked");
    symlink("self.j2", tree.path().join("prompts/self.j2")).expect("linked");
    let secret = outside.path().join("secret.j2");
    symlink(&secret, tree.path().join("prompts/out.j2")).expect("linked");
    let ran = tree.check();
    assert!(!ran.stdout.contains("prompts/loop"), "{}", ran.stdout);
    let ran = tree.run(&[
        "check",
        "prompts/out.j2",
        "prompts/good.j2",
        "--output-format",
        "json",
    ]);
    ran.error("prompts/out.j2", "outside");
    assert!(ran.finding("prompts/good.j2", "volatile-prefix").is_some());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new();
    let locked = tree.path().join("prompts/locked.j2");
    fs::write(&locked, "You are locked.").expect("written");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("set");
    if fs::read(&locked).is_ok() {
        return; // root reads everything
    }
    tree.check().error("prompts/locked.j2", "denied");
}

#[test]
fn a_broken_config_underlines_the_key_and_exits_with_2() {
    let tree = Tree::new();
    tree.write("prefixlint.yaml", b"model: gpt-5.4\ntrafic:\n  users: 3\n");
    let ran = tree.run(&["check"]);
    ran.fails(&["prefixlint.yaml:2", "trafic", "traffic"]);
    assert!(ran.stdout.contains("good.j2"), "{}", ran.all());
    for broken in [
        "model: [",
        "\t- x",
        "- a\n",
        "model: &a *a\n",
        "rules: {volatile-prefx: off}\n",
    ] {
        tree.write("prefixlint.yaml", broken.as_bytes());
        tree.run(&["check"]).fails(&["prefixlint.yaml:"]);
    }
}

#[test]
fn configs_that_extend_each_other_are_told() {
    let tree = Tree::new();
    tree.write("prefixlint.yaml", b"extend: other.yaml\n");
    tree.write("other.yaml", b"extend: prefixlint.yaml\n");
    tree.run(&["check"]).fails(&["extend"]);
}

#[test]
fn unknown_models_are_told() {
    let tree = Tree::new();
    let ran = tree.run(&["check", "--model", "no-such-model"]);
    ran.fails(&["no-such-model", "prefixlint models"]);
    tree.write("prefixlint.yaml", b"model: no-such-model\n");
    let ran = tree.run(&["check", "-v"]);
    assert!(ran.all().contains("no-such-model"), "{}", ran.all());
    tree.write("prefixlint.yaml", b"");
    let prompty = "---\nname: x\nmodel:\n  api: chat\n  configuration:\n    type: azure_openai\n    azure_deployment: our-own-model\n---\nsystem:\nYou are odd.\n";
    tree.write("prompts/odd.prompty", prompty.as_bytes());
    tree.check();
}

#[test]
fn an_unknown_rule_in_a_suppression_is_told_with_a_hint() {
    let tree = Tree::new();
    tree.write(
        "prompts/s.j2",
        b"{# prefixlint: ignore[volatile-prefx] wrong #}\nYou are S.\n",
    );
    let ran = tree.check();
    assert!(ran.stdout.contains("volatile-prefx"), "{}", ran.stdout);
    assert!(ran.stdout.contains("`volatile-prefix`"), "{}", ran.stdout);
}

#[test]
fn a_truncated_row_is_left_out_and_the_others_are_read() {
    let tree = Tree::new();
    let row = |n: usize| {
        format!("{{\"custom_id\": \"{n}\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {{\"model\": \"gpt-5.4\", \"messages\": [{{\"role\": \"system\", \"content\": \"You sort tickets.\"}}, {{\"role\": \"user\", \"content\": \"ticket {n}\"}}]}}}}\n")
    };
    let rows = row(1) + &row(2)[..60] + "\n" + &row(3);
    tree.write("prompts/batch.jsonl", rows.as_bytes());
    let problem = tree.check();
    let problem = problem.problem("prompts/batch.jsonl", &["row 2"]);
    assert_eq!(problem["start"]["line"], 2);
}

#[test]
fn rows_above_the_limit_of_other_files_are_read_and_a_limit_remains() {
    let tree = Tree::new();
    let rules = "Sort the ticket by team and by product. ".repeat(600);
    let rows: String = (0..200)
        .map(|n| format!("{{\"custom_id\": \"{n}\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {{\"model\": \"gpt-5.4\", \"messages\": [{{\"role\": \"user\", \"content\": \"ticket {n}: {rules}\"}}]}}}}\n"))
        .collect();
    assert!(rows.len() > 4 << 20, "more than a text may have");
    let rows = format!("\u{feff}\n{rows}").replacen("ticket 7:", "ticket\u{1}7:", 1);
    tree.write(
        "prompts/batch.jsonl",
        &[rows.as_bytes(), b"{\"\xff\n"].concat(),
    );
    let ran = tree.check();
    let problem = ran.problem("prompts/batch.jsonl", &["row 202"]);
    assert_eq!(problem["start"]["line"], 202);
    ran.error("prompts/batch.jsonl", "1 byte is not valid UTF-8");
    let findings = ran.json["findings"].as_array().expect("findings");
    let found = findings
        .iter()
        .find(|f| f["rule"] == "variable-before-stable")
        .expect("the ticket stands first");
    assert_eq!(found["start"]["line"], 2, "{found}");
    assert_eq!(found["path"], "prompts/batch.jsonl");
    let ran = tree
        .write("prefixlint.yaml", b"max-file-size: 1 MiB\n")
        .check();
    ran.error("prompts/batch.jsonl", "max-file-size");
}

#[test]
fn broken_front_matter_is_told() {
    let tree = Tree::new();
    tree.write(
        "prompts/p.prompty",
        b"---\nname: [\nmodel: {\n---\nsystem:\nYou are P.\n",
    );
    tree.write(
        "promptfooconfig.yaml",
        b"prompts:\n  - 'You are {{x}}\nproviders: [openai:gpt-5.4\n",
    );
    let ran = tree.check();
    ran.problem("prompts/p.prompty", &[]);
    ran.problem("promptfooconfig.yaml", &[]);
}

#[test]
fn a_path_that_does_not_exist_is_refused_by_name() {
    let tree = Tree::new();
    let ran = tree.run(&["check", "prompts/gone.j2", "prompts/good.j2"]);
    ran.fails(&["prompts/gone.j2", "no such file"]);
}
