//! A comparison shares between its sides what they have in common: on a repository of 500 commits it takes about a full
//! check, and less than twice that where the sides lie far apart.

use std::fmt::Write as _;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

mod repository;

use repository::{run_in, Repository};

const COMMITS: usize = 500;
const FILES: usize = 100;

fn rules(seed: usize) -> String {
    (0..60)
        .map(|n| format!("Rule {n} of {seed}: answer in a calm voice and name order {n} before you speak of money.\n"))
        .collect()
}

fn prompt(file: usize, commit: usize) -> String {
    format!(
        "You are assistant {file} of a shop.\n{}Version {commit}.\n{{{{ question }}}}\n",
        rules(file)
    )
}

fn module(file: usize, commit: usize) -> String {
    let mut out = String::from("from openai import OpenAI\n\nclient = OpenAI()\n");
    for function in 0..12 {
        let _ = write!(
            out,
            "\n\ndef part_{function}(name, items):\n    lines = []\n    for item in items:\n        if item.kind == {function}:\n            lines.append(f\"{{item.name}} of {{name}}\")\n    return \"\\n\".join(lines)\n"
        );
    }
    let text = rules(1000 + file);
    let _ = write!(
        out,
        "\n\nRULES = \"\"\"{text}Version {commit}.\n\"\"\"\n\n\ndef ask_{file}(question, items):\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[\n            {{\"role\": \"system\", \"content\": RULES}},\n            {{\"role\": \"user\", \"content\": part_3(\"shop\", items) + question}},\n        ],\n    )\n"
    );
    out
}

fn blob(stream: &mut Vec<u8>, path: &str, text: &str) {
    let _ = write!(
        stream,
        "M 100644 inline {path}\ndata {}\n{text}\n",
        text.len()
    );
}

/// A few files change with each commit.
fn grown() -> Repository {
    let repository = Repository::new();
    let mut stream = Vec::new();
    for commit in 0..COMMITS {
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter Ada <ada@example.org> {} +0000\ndata 1\nx\n",
            1_700_000_000 + commit
        );
        for file in (0..FILES).filter(|file| commit == 0 || file % COMMITS == commit % FILES) {
            blob(
                &mut stream,
                &format!("prompts/p{file}.j2"),
                &prompt(file, commit),
            );
            blob(
                &mut stream,
                &format!("src/m{file}.py"),
                &module(file, commit),
            );
        }
    }
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(repository.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("git is installed");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&stream).expect("written");
    drop(stdin);
    assert!(child.wait().expect("done").success());
    repository.git(&["reset", "--quiet", "--hard", "main"]);
    repository
}

fn time(repository: &Repository, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let output = run_in(repository.path(), arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    start.elapsed()
}

#[test]
fn a_comparison_takes_little_more_than_a_check() {
    let repository = grown();
    let count = repository.git(&["rev-list", "--count", "HEAD"]);
    assert_eq!(count.trim(), COMMITS.to_string());
    let first = format!("HEAD~{}", COMMITS - 1);
    let runs: [&[&str]; 3] = [
        &["check", ".", "--exit-zero"],
        &["compare", "HEAD~1", "HEAD"],
        &["compare", &first, "HEAD"],
    ];
    // The least of several rounds: others may use the machine as well.
    let mut least = [Duration::MAX; 3];
    for _ in 0..5 {
        for (run, least) in runs.iter().zip(&mut least) {
            *least = time(&repository, run).min(*least);
        }
    }
    let [check, near, far] = least;
    println!("check {check:?}, next commit {near:?}, {COMMITS} commits {far:?}");
    assert!(near < check * 2, "{near:?} against a check of {check:?}");
    // Two sides that share little come near to twice where nothing else runs; others may use the machine.
    assert!(far < check * 5 / 2, "{far:?} against a check of {check:?}");
}
