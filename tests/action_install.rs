//! The install step of the GitHub Action: the binary of the release and nothing unverified, else the source beside it.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod ci_tools;
mod runner;
use ci_tools::{root, succeed};
use runner::{Ran, Runner};

/// The scripts with a source beside them, a cargo that installs a stub, and a curl that serves a folder.
struct Release {
    runner: Runner,
    script: PathBuf,
}

const CURL: &str = r#"#!/usr/bin/env bash
while [ $# -gt 1 ]; do
  [ "$1" != --output ] || out=$2
  shift
done
printf '%s\n' "$1" >>"$STUB/urls"
cp "$STUB/served/${1##*/}" "$out" 2>/dev/null || exit 22
"#;

const CARGO: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB/cargo"
while [ $# -gt 0 ]; do
  [ "$1" != --root ] || root=$2
  shift
done
mkdir -p "$root/bin"
cp "$STUB/../bin/prefixlint" "$root/bin/"
"#;

impl Release {
    fn new() -> Release {
        let runner = Runner::new();
        runner.stub("curl", CURL);
        runner.stub("cargo", CARGO);
        let folder = runner.at("action/.github/action");
        fs::create_dir_all(&folder).expect("folders");
        fs::create_dir(runner.at("stub/served")).expect("a folder");
        for name in ["install.sh", "say.sh"] {
            fs::copy(root().join(".github/action").join(name), folder.join(name)).expect("a copy");
        }
        fs::copy(root().join("Cargo.toml"), runner.at("action/Cargo.toml")).expect("a copy");
        let script = folder.join("install.sh");
        Release { runner, script }
    }

    /// Serves the archive that the release workflow makes of this build.
    fn publish(&self, target: &str) {
        succeed(
            Command::new(root().join(".github/release/archive.sh"))
                .args([target, env!("CARGO_BIN_EXE_prefixlint")])
                .arg(self.runner.at("stub/served")),
        );
    }

    fn install(&self) -> Ran {
        self.runner.run(&self.script)
    }

    /// The only program on the path that the steps after this one get.
    fn installed(&self) -> PathBuf {
        let path = self.runner.read("path");
        assert_eq!(path.lines().count(), 1, "{path}");
        Path::new(path.trim_end()).join("prefixlint")
    }

    fn built(&self) -> bool {
        self.runner.at("stub/cargo").exists()
    }
}

#[test]
fn the_binary_of_the_release_is_installed() {
    let release = Release::new();
    release.publish("x86_64-unknown-linux-musl");
    let ran = release.install();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let said = succeed(Command::new(release.installed()).arg("--version"));
    assert!(said.contains(env!("CARGO_PKG_VERSION")));
    assert!(!release.built());
    let urls = release.runner.read("stub/urls");
    let expected = format!(
        "{}/releases/download/v{}/prefixlint-x86_64-unknown-linux-musl.tar.gz",
        env!("CARGO_PKG_REPOSITORY"),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(urls, format!("{expected}\n{expected}.sha256\n"));
}

#[test]
fn what_does_not_match_its_checksum_is_not_installed() {
    let name = "prefixlint-x86_64-unknown-linux-musl.tar.gz";
    for checksum in [Some("0000  "), Some(""), None] {
        let release = Release::new();
        release.publish("x86_64-unknown-linux-musl");
        let file = release
            .runner
            .at("stub/served")
            .join(format!("{name}.sha256"));
        match checksum {
            Some(sum) => fs::write(file, format!("{sum}{name}\n")).expect("a file"),
            None => fs::remove_file(file).expect("it was there"),
        }
        let ran = release.install();
        assert_eq!(ran.code, Some(2), "{}", ran.log);
        assert!(ran.log.contains("checksum"), "{}", ran.log);
        assert_eq!(release.runner.read("path"), "");
        assert!(!release.built());
    }
}

#[test]
fn every_platform_of_the_release_is_asked_for() {
    let known = fs::read_to_string(root().join("npm/platforms.json")).expect("readable");
    let known: serde_json::Value = serde_json::from_str(&known).expect("JSON");
    for platform in known.as_array().expect("a list") {
        let mut release = Release::new();
        let name = |key: &str, names: &[(&str, &str)]| {
            let value = platform[key].as_str().expect("a name");
            let found = names.iter().find(|(known, _)| *known == value);
            found.expect("a name of runners").1.to_string()
        };
        let systems = [
            ("linux", "Linux"),
            ("darwin", "macOS"),
            ("win32", "Windows"),
        ];
        let processors = [("x64", "X64"), ("arm64", "ARM64")];
        release.runner.set("RUNNER_OS", &name("os", &systems));
        release.runner.set("RUNNER_ARCH", &name("cpu", &processors));
        assert_eq!(release.install().code, Some(0));
        let urls = release.runner.read("stub/urls");
        let target = platform["target"].as_str().expect("a target");
        let end = if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        };
        assert!(
            urls.ends_with(&format!("/prefixlint-{target}.{end}\n")),
            "{urls}"
        );
    }
}

#[test]
fn without_a_binary_the_source_of_the_action_is_built() {
    let release = Release::new();
    let ran = release.install();
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let cargo = release.runner.read("stub/cargo");
    let source = release.runner.at("action");
    assert!(
        cargo.starts_with(&format!("install --locked --path {} ", source.display())),
        "{cargo}"
    );
    assert!(release.installed().is_file());

    let mut release = Release::new();
    release.runner.set("RUNNER_OS", "Windows");
    release.runner.set("RUNNER_ARCH", "ARM64");
    assert_eq!(release.install().code, Some(0));
    assert!(release.built());

    let mut release = Release::new();
    release.publish("x86_64-unknown-linux-musl");
    release.runner.set("INPUT_VERSION", "source");
    assert_eq!(release.install().code, Some(0));
    assert!(release.built());
}

/// The source of one version is no other version.
#[test]
fn another_version_is_never_built_from_this_source() {
    let mut release = Release::new();
    release.runner.set("INPUT_VERSION", "v9.9.9");
    let ran = release.install();
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(!release.built());
    assert_eq!(release.runner.read("path"), "");
}
