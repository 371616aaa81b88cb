//! The packages agree: with Cargo.toml on the version, with each other on the platforms, names and the repository; and
//! each of them holds what it must.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;
use toml_span::value::ValueInner;

mod ci_tools;
use ci_tools::{root, succeed, tool};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> serde_yaml::Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(text: &str) -> toml_span::Value<'_> {
    toml_span::parse(text).expect("TOML")
}

/// All files below a path, relative to the repository, with `/`.
fn files(below: &str) -> Vec<String> {
    let start = root().join(below);
    let entries = walkdir::WalkDir::new(start).sort_by_file_name();
    let files = entries.into_iter().map(|entry| entry.expect("readable"));
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root()).expect("inside");
            path.to_string_lossy().replace('\\', "/")
        })
        .collect()
}

/// What speaks to users and registries.
fn public_files() -> Vec<String> {
    let single = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "action.yml"];
    let more = ["Cargo.toml", "pyproject.toml", "Dockerfile"];
    let mut out: Vec<String> = single.into_iter().chain(more).map(String::from).collect();
    for folder in [
        ".github", "docs", "examples", "npm", "rules", "src", "schemas",
    ] {
        out.extend(files(folder));
    }
    // What lies beside these is made by a build.
    for folder in ["editors/jetbrains", "editors/vscode/src", "editors/zed/src"] {
        out.extend(files(folder));
    }
    let pages = [
        "vscode/package.json",
        "vscode/README.md",
        "vscode/CHANGELOG.md",
    ];
    let more = ["zed/Cargo.toml", "zed/extension.toml"];
    out.extend(
        pages
            .into_iter()
            .chain(more)
            .map(|path| format!("editors/{path}")),
    );
    out
}

fn platforms() -> Vec<Value> {
    let list = json("npm/platforms.json");
    list.as_array().expect("a list").clone()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn the_lock_file_and_the_wheel_have_the_version_of_cargo_toml() {
    let lock = text("Cargo.lock");
    let lock = toml(&lock);
    let packages = lock.pointer("/package").and_then(|list| list.as_array());
    let own = packages.expect("packages").iter().find(|package| {
        package.pointer("/name").and_then(|name| name.as_str()) == Some("prefixlint")
    });
    let own = own.expect("prefixlint is locked");
    assert_eq!(
        own.pointer("/version").and_then(|version| version.as_str()),
        Some(VERSION)
    );

    let project = text("pyproject.toml");
    let project = toml(&project);
    let dynamic = project.pointer("/project/dynamic").expect("dynamic fields");
    let ValueInner::Array(dynamic) = dynamic.as_ref() else {
        panic!("dynamic is a list")
    };
    assert!(dynamic
        .iter()
        .any(|field| field.as_str() == Some("version")));
    assert!(project.pointer("/project/version").is_none());
}

#[test]
fn the_npm_packages_have_the_version_of_cargo_toml_and_one_per_platform() {
    let wrapper = json("npm/prefixlint/package.json");
    assert_eq!(string(&wrapper, "version"), VERSION);
    let optional = wrapper["optionalDependencies"].as_object().expect("a map");
    let wanted: BTreeSet<String> = platforms()
        .iter()
        .map(|one| format!("@prefixlint/{}-{}", string(one, "os"), string(one, "cpu")))
        .collect();
    let named: BTreeSet<String> = optional.keys().cloned().collect();
    assert_eq!(named, wanted);
    for (package, version) in optional {
        assert_eq!(version.as_str(), Some(VERSION), "{package}");
    }
}

#[test]
fn the_extensions_of_editors_have_the_version_of_cargo_toml() {
    for path in [
        "editors/vscode/package.json",
        "editors/vscode/package-lock.json",
    ] {
        assert_eq!(string(&json(path), "version"), VERSION, "{path}");
    }
    let lock = json("editors/vscode/package-lock.json");
    assert_eq!(string(&lock["packages"][""], "version"), VERSION);
    let zed = text("editors/zed/extension.toml");
    let of_zed = toml(&zed)
        .pointer("/version")
        .and_then(|v| v.as_str().map(String::from));
    assert_eq!(of_zed.as_deref(), Some(VERSION));
    for path in ["editors/zed/Cargo.toml", "editors/zed/Cargo.lock"] {
        let text = text(path);
        let (_, behind) = text.split_once("name = \"zed_prefixlint\"\n").expect(path);
        assert!(
            behind.starts_with(&format!("version = \"{VERSION}\"\n")),
            "{path}"
        );
    }
}

#[test]
fn the_extension_for_vs_code_brings_both_licences() {
    let licence = text("editors/vscode/LICENSE");
    for own in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(licence.contains(text(own).trim()), "{own}");
    }
}

/// `rev: v0.1.0`, `prefixlint==0.1.0`, `prefixlint/prefixlint@v0.1.0`, `ghcr.io/../prefixlint:0.1.0`.
fn versions_in(text: &str) -> Vec<String> {
    let named =
        r"(?:prefixlint(?:@v?|==|:)|releases/download/v|\brev: *v)(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)";
    let named = Regex::new(named).expect("a pattern");
    named
        .captures_iter(text)
        .map(|found| found[1].to_string())
        .collect()
}

#[test]
fn what_the_docs_and_examples_tell_to_install_is_this_version() {
    let mut found = BTreeSet::new();
    for path in public_files() {
        if path.starts_with("src/") || path.starts_with("rules/") {
            continue;
        }
        for version in versions_in(&text(&path)) {
            assert_eq!(version, VERSION, "{path}");
            found.insert(path.clone());
        }
    }
    let must = [
        "README.md",
        "examples/ci/github-code-scanning.yml",
        "examples/ci/github-pull-request.yml",
        "examples/ci/github-reviewdog.yml",
        "examples/ci/gitlab-ci.yml",
    ];
    for path in must {
        assert!(found.contains(path), "{path} names no version");
    }
    assert!(
        versions_in(&text("README.md")).len() >= 3,
        "the README installs the hook, the action and the image of a version"
    );
}

#[test]
fn the_action_installs_this_version() {
    let action = yaml("action.yml");
    let default = &action["inputs"]["version"]["default"];
    assert_eq!(default.as_str(), Some(VERSION));
}

/// Under `## Unreleased` stands what comes; the newest release is the version of Cargo.toml.
#[test]
fn the_changelog_ends_at_this_version() {
    let changelog = text("CHANGELOG.md");
    let headings: Vec<&str> = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let version = |heading: &&str| heading.split(' ').next() != Some("Unreleased");
    let unreleased = headings.iter().filter(|heading| !version(heading)).count();
    assert!(unreleased <= 1);
    assert!(unreleased == 0 || !version(&headings[0]), "{headings:?}");
    let newest = headings.iter().find(|heading| version(heading));
    let newest = newest.map_or(VERSION, |heading| heading.split(' ').next().expect("one"));
    assert_eq!(newest, VERSION);
}

#[test]
fn the_repository_is_the_same_everywhere() {
    assert_eq!(REPOSITORY, "https://github.com/prefixlint/prefixlint");
    let address = Regex::new(r"github\.com[/:]([\w.-]+)/prefixlint\b").expect("a pattern");
    let mut found = BTreeSet::new();
    for path in public_files() {
        let text = fs::read(root().join(&path)).expect("readable");
        for one in address.captures_iter(&String::from_utf8_lossy(&text)) {
            assert_eq!(&one[1], "prefixlint", "{path}");
            found.insert(path.clone());
        }
    }
    let must = [
        "Cargo.toml",
        "pyproject.toml",
        "npm/prefixlint/package.json",
        ".github/action/install.sh",
        "editors/vscode/package.json",
        "editors/zed/extension.toml",
    ];
    for path in must {
        assert!(found.contains(path), "{path} names no repository");
    }
}

/// The targets of the release workflow's build job.
fn built() -> Vec<String> {
    let workflow = yaml(".github/workflows/release.yml");
    let matrix = &workflow["jobs"]["build"]["strategy"]["matrix"]["include"];
    let entries = matrix.as_sequence().expect("a matrix");
    let targets = entries.iter().map(|entry| entry["target"].as_str());
    targets
        .map(|target| target.expect("a target").to_string())
        .collect()
}

#[test]
fn every_platform_is_built_by_the_release() {
    let wanted: BTreeSet<String> = platforms()
        .iter()
        .map(|one| string(one, "target").to_string())
        .collect();
    let built: BTreeSet<String> = built().into_iter().collect();
    assert_eq!(built, wanted);
}

/// The URL and the place of the program in the archive, as cargo-binstall works them out.
fn binstall(target: &str) -> (String, String) {
    let manifest = text("Cargo.toml");
    let manifest = toml(&manifest);
    let at = |key: &str| {
        let own = format!("/package/metadata/binstall/overrides/{target}/{key}");
        let all = format!("/package/metadata/binstall/{key}");
        let value = manifest.pointer(&own).or_else(|| manifest.pointer(&all));
        let value = value.and_then(|value| value.as_str());
        value
            .unwrap_or_else(|| panic!("{key} for {target}"))
            .to_string()
    };
    let suffix = match at("pkg-fmt").as_str() {
        "tgz" => ".tar.gz",
        "zip" => ".zip",
        other => panic!("no archive of a release is {other}"),
    };
    let end = if target.contains("windows") {
        ".exe"
    } else {
        ""
    };
    let expand = |template: String| {
        let known = [
            ("repo", REPOSITORY),
            ("version", VERSION),
            ("target", target),
            ("bin", "prefixlint"),
            ("binary-ext", end),
        ];
        let expanded = known.iter().fold(template, |text, (name, value)| {
            text.replace(&format!("{{ {name} }}"), value)
        });
        assert!(!expanded.contains('{'), "{expanded}");
        expanded
    };
    let (url, place) = (expand(at("pkg-url")), expand(at("bin-dir")));
    assert!(url.ends_with(suffix), "{url}");
    (url, place)
}

#[test]
fn binstall_finds_the_archives_of_the_release_and_the_program_in_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let stubs = folder.path().join("stubs");
    fs::create_dir(&stubs).expect("a folder");
    // The program that packs on Windows.
    write_script(&stubs.join("7z"), "exec tar -cf \"$3\" \"$4\"\n");
    let out = folder.path().join("out");
    for target in built() {
        let end = if target.contains("windows") {
            ".exe"
        } else {
            ""
        };
        let binary = folder.path().join(format!("prefixlint{end}"));
        fs::copy(env!("CARGO_BIN_EXE_prefixlint"), &binary).expect("a copy");
        let made = succeed(
            Command::new(root().join(".github/release/archive.sh"))
                .arg(&target)
                .arg(&binary)
                .arg(&out)
                .env("PATH", path_before(&stubs)),
        );
        let archive = PathBuf::from(made.trim());
        let (url, place) = binstall(&target);
        let name = archive.file_name().expect("a name").to_string_lossy();
        assert_eq!(
            url,
            format!("{REPOSITORY}/releases/download/v{VERSION}/{name}")
        );
        let listed = succeed(Command::new("tar").arg("-tf").arg(&archive));
        let listed: Vec<&str> = listed.lines().collect();
        assert!(listed.contains(&place.as_str()), "{place}: {listed:?}");
        for file in [
            "completions/prefixlint.bash",
            "man/prefixlint.1",
            "LICENSE-MIT",
        ] {
            let file = format!("prefixlint-{target}/{file}");
            assert!(listed.contains(&file.as_str()), "{file}: {listed:?}");
        }
        let sum = fs::read_to_string(out.join(format!("{name}.sha256"))).expect("a checksum");
        assert!(sum.trim_end().ends_with(&*name), "{sum}");
    }
}

fn write_script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, format!("#!/bin/sh\n{body}")).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

fn path_before(folder: &Path) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).expect("a path")
}

#[test]
fn release_notes_need_the_tag_of_this_version_and_a_heading() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join(".github/release/notes.sh");
    fs::create_dir_all(script.parent().expect("a parent")).expect("folders");
    fs::copy(root().join(".github/release/notes.sh"), &script).expect("a copy");
    fs::copy(root().join("Cargo.toml"), folder.path().join("Cargo.toml")).expect("a copy");
    let changelog = |text: &str| {
        fs::write(folder.path().join("CHANGELOG.md"), text).expect("a file");
    };
    let notes = |tag: &str| ci_tools::run(Command::new(&script).arg(tag));

    changelog(&format!(
        "# Changelog\n\n## Unreleased\n\nLater.\n\n## {VERSION} - 2026-01-01\n\nNow.\n\n## 0.0.1\n\nOnce.\n"
    ));
    let right = notes(&format!("v{VERSION}"));
    assert!(right.status.success());
    assert_eq!(String::from_utf8_lossy(&right.stdout).trim(), "Now.");
    let candidate = text("Cargo.toml").replacen(VERSION, "9.0.0-rc.1", 1);
    fs::write(folder.path().join("Cargo.toml"), candidate).expect("a file");
    assert!(!notes("v9.0.0").status.success());
    let unknown = notes("v9.0.0-rc.1");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("says nothing of 9.0.0-rc.1"));
    fs::copy(root().join("Cargo.toml"), folder.path().join("Cargo.toml")).expect("a copy");
    assert!(!notes("v9.9.9").status.success());
    assert!(!notes(VERSION).status.success());
    changelog("# Changelog\n\n## Unreleased\n\nLater.\n");
    let missing = notes(&format!("v{VERSION}"));
    assert!(!missing.status.success());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("CHANGELOG.md says nothing"));
}

/// A release candidate is published under its own name, and whoever asks for nothing gets the last release.
#[test]
fn a_prerelease_is_nobodys_latest() {
    let script = root().join(".github/release/channel.sh");
    let channel = |tag: &str| succeed(Command::new(&script).arg(tag)).trim().to_string();
    for tag in ["v0.1.0", "v10.2.3", "v1.0.0+build-5"] {
        assert_eq!(channel(tag), "latest", "{tag}");
    }
    for tag in ["v0.2.0-rc.1", "v1.0.0-alpha", "v1.0.0-rc.1+build"] {
        assert_eq!(channel(tag), "next", "{tag}");
    }
    let workflow = yaml(".github/workflows/release.yml");
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    let publishing = [
        ("github", "kind=(--prerelease --latest=false)"),
        ("npm", "--tag \"$CHANNEL\""),
        ("image-index", "--tag \"$image:$CHANNEL\""),
    ];
    for (name, names_the_channel) in publishing {
        let job = &jobs[name];
        let needs = job["needs"].as_sequence().expect("a list");
        assert!(
            needs.iter().any(|one| one.as_str() == Some("version")),
            "{name}"
        );
        let steps = job["steps"].as_sequence().expect("steps");
        let step = steps.iter().find(|step| {
            let script = step["run"].as_str();
            script.is_some_and(|script| script.contains(names_the_channel))
        });
        let step = step.unwrap_or_else(|| panic!("{name} does not name the channel"));
        let given = step["env"]["CHANNEL"].as_str();
        assert_eq!(
            given,
            Some("${{ needs.version.outputs.channel }}"),
            "{name}"
        );
    }
    assert!(!text(".github/workflows/release.yml").contains(":latest"));
}

#[test]
fn the_crate_holds_what_it_is_built_from_and_nothing_of_the_tests() {
    let listed = succeed(
        Command::new(env!("CARGO"))
            .args(["package", "--list", "--locked", "--allow-dirty"])
            .current_dir(root()),
    );
    let listed: BTreeSet<&str> = listed.lines().collect();
    let built_from = files("src").into_iter().chain(files("rules"));
    for file in built_from.chain(["build.rs".into(), "Cargo.lock".into()]) {
        assert!(listed.contains(file.as_str()), "{file} is not packaged");
    }
    let outside = [
        "benches/",
        "docs/",
        "editors/",
        "examples/",
        "fixtures/",
        "npm/",
        "tests/",
        ".ci/",
        ".github/",
    ];
    for file in listed {
        assert!(
            !outside.iter().any(|folder| file.starts_with(folder)),
            "{file} is packaged"
        );
    }
}

/// The image is built from what `.dockerignore` lets through.
#[test]
fn the_image_is_built_from_enough() {
    let ignored = text(".dockerignore");
    let folder = tempfile::tempdir().expect("a folder");
    let kept = ignored.lines().filter_map(|line| line.strip_prefix('!'));
    for path in kept {
        for file in files(path) {
            let to = folder.path().join(&file);
            fs::create_dir_all(to.parent().expect("a parent")).expect("folders");
            fs::copy(root().join(&file), to).expect("a copy");
        }
    }
    // Fails where a target of the manifest has no file, or the lock file is missing.
    succeed(
        Command::new(env!("CARGO"))
            .args(["metadata", "--locked", "--offline", "--no-deps"])
            .args(["--format-version", "1"])
            .current_dir(folder.path()),
    );
    for file in files("src").into_iter().chain(files("rules")) {
        assert!(
            folder.path().join(&file).is_file(),
            "{file} is kept from the image"
        );
    }
}

/// Node's name of the machine that runs the test.
fn here(node: &Path) -> String {
    let ask = "process.stdout.write(process.platform + '-' + process.arch)";
    succeed(Command::new(node).args(["-e", ask]))
}

#[test]
fn the_npm_packages_bring_the_command() {
    let (Some(node), Some(npm)) = (tool("node"), tool("npm")) else {
        return;
    };
    let here = here(&node);
    let platform = platforms()
        .into_iter()
        .find(|one| format!("{}-{}", string(one, "os"), string(one, "cpu")) == here);
    let Some(platform) = platform else {
        println!("skipped: no package for {here}");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let pack = root().join("npm/pack.mjs");
    succeed(Command::new(&node).arg(&pack).arg("wrapper").arg(at("w")));
    succeed(
        Command::new(&node)
            .arg(&pack)
            .args(["platform", string(&platform, "target")])
            .arg(env!("CARGO_BIN_EXE_prefixlint"))
            .arg(at("p")),
    );
    succeed(
        Command::new(&npm)
            .args(["pack", "--silent", "./w", "./p"])
            .current_dir(folder.path()),
    );
    let install = |prefix: &str, packages: &[String]| {
        fs::create_dir(at(prefix)).expect("a folder");
        succeed(
            Command::new(&npm)
                .args(["install", "--offline", "--no-audit", "--no-fund"])
                .args(["--prefix", "."])
                .args(packages)
                .current_dir(at(prefix)),
        );
        at(prefix).join("node_modules/.bin/prefixlint")
    };
    let wrapper = format!("../prefixlint-{VERSION}.tgz");
    let binary = format!("../prefixlint-{here}-{VERSION}.tgz");

    let command = install("both", &[wrapper.clone(), binary]);
    let said = succeed(Command::new(&command).arg("--version"));
    assert_eq!(said.trim(), format!("prefixlint {VERSION}"));
    streams_and_exit_codes_pass(&command);

    let alone = install("alone", &[wrapper]);
    let failed = ci_tools::run(Command::new(&alone).arg("--version"));
    assert_eq!(failed.status.code(), Some(2));
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(said.contains(&format!("@prefixlint/{here}")), "{said}");
    assert!(said.contains("help:"), "{said}");
}

fn streams_and_exit_codes_pass(command: &Path) {
    use std::io::Write;
    let rules = "Answer politely and cite the section of the policy.\n".repeat(200);
    let prompt = format!("It is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n");
    let mut child = Command::new(command)
        .args(["check", "-", "--isolated"])
        .args(["--stdin-filename", "prompts/a.j2"])
        .args(["--output-format", "concise"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the wrapper runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(prompt.as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("volatile-prefix"), "{said}");

    let usage = ci_tools::run(Command::new(command).arg("no-such-command"));
    assert_eq!(usage.status.code(), Some(2));
}
