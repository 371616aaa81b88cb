//! The hooks of `.pre-commit-hooks.yaml` under the real `pre-commit`, and the files that they ask for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;
use serde_yaml::Value;

mod project;

use project::{rules, Project};

const HOOKS: &str = include_str!("../.pre-commit-hooks.yaml");
/// What a build from source may take on a slow machine.
const LONGEST: Duration = Duration::from_secs(1500);

fn hooks() -> Vec<Value> {
    let hooks: Value = serde_yaml::from_str(HOOKS).expect("YAML");
    hooks.as_sequence().expect("a list").clone()
}

#[test]
fn hooks_ask_for_every_file_that_the_tool_reads() {
    let known: Value = serde_yaml::from_str(include_str!("../rules/discovery.yaml")).expect("YAML");
    let keys = |key: &str| -> Vec<String> {
        let mapping = known[key].as_mapping().expect("a mapping");
        mapping
            .keys()
            .map(|key| key.as_str().unwrap().to_string())
            .collect()
    };
    let mut endings = [keys("templates"), keys("documents"), keys("code")].concat();
    for list in ["text", "outer"] {
        let list = known[list].as_sequence().expect("a list");
        endings.extend(list.iter().map(|one| one.as_str().unwrap().to_string()));
    }
    let mut names: Vec<String> = endings
        .iter()
        .map(|ending| format!("a/b.{ending}"))
        .collect();
    names.extend(
        [
            "prefixlint.yaml",
            "a/.prefixlint.yaml",
            "a/skprompt.txt",
            "A.MD",
        ]
        .map(String::from),
    );
    let hooks = hooks();
    let ids: Vec<&str> = hooks
        .iter()
        .map(|hook| hook["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["prefixlint", "prefixlint-system", "prefixlint-wheel"]);
    for hook in &hooks {
        let files = Regex::new(hook["files"].as_str().unwrap()).expect("a pattern");
        for name in &names {
            assert!(files.is_match(name), "{name}");
        }
        for name in ["logo.png", "main.rs", "a/py", "x.pyc"] {
            assert!(!files.is_match(name), "{name}");
        }
        assert_eq!(hook["require_serial"], Value::Bool(true));
        assert!(hook["entry"].as_str().unwrap().contains("--force-exclude"));
    }
}

/// The program that CI installs; without it the test ends here.
fn pre_commit() -> Option<PathBuf> {
    let Some(tools) = std::env::var_os("PREFIXLINT_CI_TOOLS") else {
        println!("skipped: pre-commit is not here (.ci/tools installs it)");
        return None;
    };
    let program = Path::new(&tools).join("venv/bin/pre-commit");
    assert!(program.exists(), "{} is missing", program.display());
    Some(program)
}

struct Shop {
    project: Project,
    /// Where hooks are installed, and what git reads of the user.
    home: PathBuf,
    program: PathBuf,
    /// A clone of this repository, as it is committed.
    clone: PathBuf,
}

impl Shop {
    fn new(name: &str, program: PathBuf) -> Shop {
        let project = Project::empty(name);
        fs::remove_dir(project.0.join(".git")).unwrap();
        let home = project.0.with_extension("home");
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        fs::write(
            home.join(".gitconfig"),
            "[user]\n name = t\n email = t@example.org\n[safe]\n directory = *\n[init]\n defaultBranch = main\n",
        )
        .unwrap();
        let clone = home.join("prefixlint");
        let shop = Shop {
            project,
            home,
            program,
            clone,
        };
        shop.good(
            "git",
            &[
                "clone",
                "--quiet",
                env!("CARGO_MANIFEST_DIR"),
                &shop.clone.to_string_lossy(),
            ],
        );
        shop.good("git", &["init", "--quiet"]);
        shop
    }

    /// (exit code, everything printed).
    fn run(&self, program: &str, arguments: &[&str]) -> (i32, String) {
        let bin = Path::new(env!("CARGO_BIN_EXE_prefixlint"))
            .parent()
            .unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!(
            "{}:{}:{path}",
            bin.display(),
            self.program.parent().unwrap().display()
        );
        let log = self.home.join("log");
        let out = fs::File::create(&log).unwrap();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.project.0)
            .env("PATH", path)
            .env("PRE_COMMIT_HOME", self.home.join("hooks"))
            .env("GIT_CONFIG_GLOBAL", self.home.join(".gitconfig"))
            .env("NO_COLOR", "1")
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            // Built as cheaply as it goes, next to other builds, and only once.
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("hook"),
            )
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "128")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true")
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .expect("it starts");
        let began = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().unwrap_or(-1);
            }
            if began.elapsed() > LONGEST {
                let _ = child.kill();
                let _ = child.wait();
                break -1;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        (code, text)
    }

    fn good(&self, program: &str, arguments: &[&str]) -> String {
        let (code, text) = self.run(program, arguments);
        assert_eq!(code, 0, "{program} {arguments:?}: {text}");
        text
    }

    fn commit(&self) -> (i32, String) {
        self.good("git", &["add", "--all"]);
        self.run("git", &["commit", "--message", "x"])
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn prompt(before: &str, behind: &str) -> String {
    format!(
        "You are a support agent.\n{before}{}\n{behind}{{{{ question }}}}\n",
        rules()
    )
}

const CLOCK: &str = "It is {{ now() }}.\n";

#[test]
fn a_commit_is_blocked_until_the_clock_is_behind_the_rules() {
    let Some(program) = pre_commit() else { return };
    let shop = Shop::new("hook-system", program);
    let head = shop.good(
        "git",
        &["-C", &shop.clone.to_string_lossy(), "rev-parse", "HEAD"],
    );
    shop.project.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: prefixlint-system\n    verbose: true\n",
            shop.clone.display(),
            head.trim()
        ),
    );
    shop.project.write("prompts/chat.j2", &prompt("", CLOCK));
    shop.project.write(
        "app/send.py",
        &format!(
            "from openai import OpenAI\nfrom .clock import today\n\nRULES = \"\"\"{}\"\"\"\n\n\ndef ask(question):\n    \
             messages = [{{\"role\": \"system\", \"content\": today() + RULES}}, {{\"role\": \"user\", \"content\": question}}]\n    \
             return OpenAI().chat.completions.create(model=\"gpt-5.4\", messages=messages)\n",
            rules()
        ),
    );
    shop.project
        .write("app/clock.py", "def today():\n    return \"\"\n");
    shop.good("pre-commit", &["install"]);
    let (code, text) = shop.commit();
    assert_eq!(code, 0, "{text}");

    shop.project.write("prompts/chat.j2", &prompt(CLOCK, ""));
    let (code, text) = shop.commit();
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("volatile-prefix") && text.contains("prompts/chat.j2:2"),
        "{text}"
    );
    shop.project
        .write("prompts/chat.j2", &prompt("", &CLOCK.repeat(2)));
    let (code, text) = shop.commit();
    assert_eq!(code, 0, "{text}");

    // What no prompt reads: not a word, though other prompts are there.
    shop.project.write("NOTES.md", "Nothing of interest.\n");
    shop.project
        .write("app/sums.py", "def add(a, b):\n    return a + b\n");
    let (code, text) = shop.commit();
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("Passed") && !text.contains("prompts"),
        "{text}"
    );

    // A helper that another file calls.
    shop.project.write(
        "app/clock.py",
        "from datetime import datetime\n\n\ndef today():\n    return str(datetime.now())\n",
    );
    let (code, text) = shop.commit();
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("app/send.py") && !text.contains("chat.j2"),
        "{text}"
    );
}

#[test]
fn the_hooks_that_are_built_from_source_block_a_clock_in_front() {
    let Some(program) = pre_commit() else { return };
    let shop = Shop::new("hook-built", program);
    let clone = shop.clone.to_string_lossy().into_owned();
    // By cargo, and by pip.
    for hook in ["prefixlint", "prefixlint-wheel"] {
        shop.project.write("prompts/chat.j2", &prompt(CLOCK, ""));
        shop.good("git", &["add", "--all"]);
        let tried = ["try-repo", &clone, hook, "--all-files"];
        let (code, text) = shop.run("pre-commit", &tried);
        assert_eq!(code, 1, "{hook}: {text}");
        assert!(
            text.contains("volatile-prefix") && text.contains("prompts/chat.j2:2"),
            "{hook}: {text}"
        );
        shop.project.write("prompts/chat.j2", &prompt("", CLOCK));
        shop.good("git", &["add", "--all"]);
        let (code, text) = shop.run("pre-commit", &tried);
        assert_eq!(code, 0, "{hook}: {text}");
    }
}
