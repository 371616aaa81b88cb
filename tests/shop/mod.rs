//! A project whose prompts stand in several files, as a repository too, and what a run says of them.

// Not every test uses everything.
#![allow(dead_code)]

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::project::{rules, Project};

/// A request of Python whose parts stand in four files, a template with a part, and a prompt beside them.
pub fn shop(name: &str) -> Project {
    let project = Project::empty(name);
    let rules = rules();
    project.write("app/__init__.py", "");
    project.write(
        "app/send.py",
        "from openai import OpenAI\nfrom .limits import turns\nfrom .texts import system\nfrom .gone import extra\n\n\
         client = OpenAI()\n\n\ndef ask(question, history):\n    messages = [{\"role\": \"system\", \"content\": system()}]\n    \
         messages += history[-turns():]\n    messages.append({\"role\": \"user\", \"content\": question + extra()})\n    \
         return client.chat.completions.create(model=\"gpt-5.4\", messages=messages)\n",
    );
    project.write("app/limits.py", "def turns():\n    return 8\n");
    project.write(
        "app/texts.py",
        "from pathlib import Path\nfrom .clock import today\n\n\ndef system():\n    rules = (Path(__file__).parent / \"rules.md\").read_text()\n    \
         return today() + rules\n",
    );
    project.write("app/clock.py", "def today():\n    return \"\"\n");
    project.write("app/rules.md", &rules);
    project.write("app/unrelated.py", "def add(a, b):\n    return a + b\n");
    project.write(
        "prompts/page.j2",
        "You are an agent for orders.\n{% include 'head.j2' %}\n{{ question }}\n",
    );
    project.write(
        "prompts/head.j2",
        &format!("It is {{{{ now() }}}}.\n{rules}"),
    );
    project.write(
        "prompts/other.j2",
        &format!("You are a sales agent. It is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n"),
    );
    project
}

/// What a prompt was resolved from: (files, look-ups beside).
pub fn reads(report: &Value, id: &str) -> (Vec<String>, Vec<String>) {
    let prompts = report["prompts"].as_array().expect("prompts");
    let prompt = prompts.iter().find(|one| one["id"] == id);
    let prompt = prompt.unwrap_or_else(|| panic!("no {id} in {report:#}"));
    let list = |key: &str| {
        let list = prompt["reads"][key].as_array().expect("a list");
        let text = |one: &Value| one.as_str().expect("a path").to_string();
        list.iter().map(text).collect()
    };
    (list("files"), list("sought"))
}

pub fn ids(report: &Value) -> Vec<&str> {
    let prompts = report["prompts"].as_array().expect("prompts");
    prompts
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect()
}

pub fn git(project: &Project, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(arguments)
        .current_dir(&project.0)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .expect("git runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

pub fn commit(project: &Project) {
    git(project, &["add", "--all"]);
    git(project, &["commit", "--quiet", "--message", "x"]);
}

pub fn repository(name: &str) -> Project {
    let project = shop(name);
    fs::remove_dir(project.0.join(".git")).unwrap();
    git(&project, &["init", "--quiet"]);
    commit(&project);
    project
}

pub fn since(project: &Project, revision: &str) -> Vec<String> {
    let report = project.json(&["--show-prompts", "--changed-since", revision]);
    ids(&report).iter().map(|id| (*id).to_string()).collect()
}
