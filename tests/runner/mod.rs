//! A folder with what a runner of GitHub Actions gives a step, and stubs for the programs that the steps call.

// Not every test uses everything.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ci_tools::{root, run};

/// Stands for the program: keeps its arguments, one a line, and writes the files of its formats.
const PREFIXLINT: &str = r#"#!/usr/bin/env bash
for argument; do
  printf '%s\n' "$argument" >>"$STUB/arguments"
  case "$argument" in
    json=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/report.json" "${argument#json=}" ;;
    github=*) printf '::warning file=a::b\n' >"${argument#github=}" ;;
    markdown=*) [ -n "${STUB_BROKEN:-}" ] || cp "$STUB/summary.md" "${argument#markdown=}" ;;
    sarif=*) printf '{}' >"${argument#sarif=}" ;;
  esac
done
printf -- '----\n' >>"$STUB/arguments"
printf '::set-output name=x::of the report\n'
exit "${STUB_CODE:-0}"
"#;

/// A workspace with the files of a runner, and programs that stand for others.
pub struct Runner {
    pub folder: tempfile::TempDir,
    pub environment: BTreeMap<String, String>,
}

pub struct Ran {
    pub code: Option<i32>,
    pub log: String,
}

impl Runner {
    pub fn new() -> Runner {
        let folder = tempfile::tempdir().expect("a folder");
        let mut runner = Runner {
            folder,
            environment: BTreeMap::new(),
        };
        for name in ["work", "stub", "bin", "temp"] {
            fs::create_dir(runner.at(name)).expect("a folder");
        }
        for name in ["output", "summary", "path", "stub/arguments"] {
            fs::write(runner.at(name), "").expect("a file");
        }
        runner.write("stub/report.json", REPORT);
        runner.write("stub/summary.md", "# Saved\n");
        runner.stub("prefixlint", PREFIXLINT);
        let set = [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("GITHUB_PATH", "path"),
            ("RUNNER_TEMP", "temp"),
            ("STUB", "stub"),
        ];
        for (name, place) in set {
            let place = runner.at(place).to_string_lossy().into_owned();
            runner.set(name, &place);
        }
        for (name, value) in [
            ("INPUT_PATHS", "."),
            ("INPUT_FAIL_ON", "warning"),
            ("INPUT_WORKING_DIRECTORY", "."),
            ("INPUT_VERSION", env!("CARGO_PKG_VERSION")),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ] {
            runner.set(name, value);
        }
        runner
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).expect("a file");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).expect("a file")
    }

    pub fn stub(&self, name: &str, script: &str) {
        let path = self.at("bin").join(name);
        fs::write(&path, script).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.into(), value.into());
    }

    pub fn run(&self, script: &Path) -> Ran {
        let path = std::env::var("PATH").expect("a path");
        let output = run(Command::new("bash")
            .arg(script)
            .current_dir(self.at("work"))
            .env("PATH", format!("{}:{path}", self.at("bin").display()))
            .env("GITHUB_ACTIONS", "true")
            .env_remove("GH_TOKEN")
            .envs(&self.environment));
        let log = [output.stdout, output.stderr].concat();
        Ran {
            code: output.status.code(),
            log: String::from_utf8_lossy(&log).into_owned(),
        }
    }

    pub fn step(&self, name: &str) -> Ran {
        self.run(&root().join(".github/action").join(name))
    }

    /// The arguments of the only run of the program.
    pub fn arguments(&self) -> Vec<String> {
        let all = self.read("stub/arguments");
        let (one, rest) = all.split_once("----\n").expect("a run");
        assert_eq!(rest, "", "more than one run");
        one.lines().map(String::from).collect()
    }

    pub fn outputs(&self) -> BTreeMap<String, String> {
        let text = self.read("output");
        text.lines()
            .map(|line| {
                let (name, value) = line.split_once('=').expect("name=value");
                (name.to_string(), value.to_string())
            })
            .collect()
    }

    pub fn is_unharmed(&self) -> bool {
        let mut names = walkdir::WalkDir::new(self.folder.path()).into_iter();
        !names.any(|entry| entry.expect("readable").file_name() == "pwned")
    }
}

const REPORT: &str = r#"{
  "summary": {
    "error": 2, "warning": 3, "note": 4,
    "savings": { "usd_per_1k_calls": 1.25, "usd_per_month": null }
  }
}"#;
