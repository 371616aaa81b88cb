//! A small project in a temporary folder, and runs of the command line in it.

// Not every test uses everything.
#![allow(dead_code)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder that goes away with the test.
pub struct Project(pub PathBuf);

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Stable text of more than the minimum of every model.
pub fn rules() -> String {
    (0..120)
        .map(|n| format!("Rule {n}: answer politely and cite the section of the policy.\n"))
        .collect()
}

impl Project {
    pub fn empty(name: &str) -> Project {
        let folder = std::env::temp_dir().join(format!("prefixlint-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join(".git")).expect("a folder");
        Project(folder)
    }

    /// A clock and a name in front of the rules; the same without; a short one.
    pub fn new(name: &str) -> Project {
        let project = Project::empty(name);
        let rules = rules();
        project.write(
            "prompts/clock.j2",
            &format!(
                "You are a support agent.\nIt is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n"
            ),
        );
        project.write(
            "prompts/clean.j2",
            &format!("You are a sales agent.\n{rules}\n{{{{ question }}}}\n"),
        );
        project.write(
            "prompts/sub/short.j2",
            &format!(
                "{}\n{{{{ question }}}}\n",
                "You are a helper who answers in one sentence. ".repeat(90)
            ),
        );
        project
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub fn run_in(&self, folder: &str, arguments: &[&str], stdin: Option<&str>) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(arguments)
            .current_dir(self.0.join(folder))
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        // Who does not read standard input closes it.
        let _ = pipe.write_all(stdin.unwrap_or_default().as_bytes());
        drop(pipe);
        Run::of(child.wait_with_output().expect("it ends"))
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in("", arguments, None)
    }

    /// `check --output-format json` with more arguments.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[&["check", "--output-format", "json"], arguments].concat());
        run.json()
    }
}

/// What a run ended with.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(output: Output) -> Run {
        Run {
            code: output.status.code().expect("no signal"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}
