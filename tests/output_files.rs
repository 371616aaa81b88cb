//! Where reports go: files and streams of their own, whole or not at all, and text for people that is safe to print.

use std::process::Command;

mod project;

use project::{rules, Project, Run};

#[test]
fn each_format_needs_a_file_of_its_own() {
    let project = Project::new("files");
    let twice = project.run(&[
        "check",
        "--output-format",
        "sarif=a",
        "--output-format",
        "json=a",
    ]);
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("two formats go to a"), "{}", twice.err);
    assert!(!project.0.join("a").exists());
    let spelt = [
        "check",
        "--output-format",
        "json=a",
        "--output-format",
        "sarif=./a",
    ];
    let moved = [
        "check",
        "--output-format",
        "json=a",
        "--output-format",
        "full",
        "--output-file",
        "a",
    ];
    for arguments in [&spelt[..], &moved[..]] {
        let run = project.run(arguments);
        assert!(run.err.contains("two formats go to a"), "{}", run.err);
        assert_eq!(run.code, 2);
    }
}

/// A name may hold what clears a screen, hides what is read, or begins a line of its own.
#[cfg(target_os = "linux")]
#[test]
fn no_path_changes_a_terminal_or_begins_a_line() {
    let project = Project::empty("terminal");
    let name = "prompts/\u{1b}[2J\u{9b}1m\u{202e}a\nfake.j2:1:1: error.j2";
    let text = format!("It is {{{{ now() }}}}.\n{}\n{{{{ question }}}}\n", rules());
    project.write(name, &format!("You are an agent.\n{text}"));
    std::fs::write(project.0.join("prompts/\u{1b}[2Jb.j2"), b"\0").expect("a file");
    let shown = "prompts/\u{fffd}[2J\u{fffd}1m\u{fffd}a fake.j2:1:1: error.j2";
    for arguments in [
        &["check"][..],
        &["check", "--output-format", "concise"],
        &["check", "--show-files"],
        &["check", "--show-settings"],
        &["inspect", name],
    ] {
        let run = project.run(arguments);
        let quiet = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.out.contains(quiet), "{arguments:?}: {:?}", run.out);
        assert!(!run.out.contains("\nfake"), "{arguments:?}: {}", run.out);
        let told = run.out.contains(shown) || arguments.contains(&"--show-settings");
        assert!(told, "{arguments:?}: {}", run.out);
    }
    // A program reads it as it is.
    assert_eq!(project.json(&[])["findings"][0]["path"], name);
}

/// Standard output by its other names, and a file that the shell sends it to.
#[cfg(target_os = "linux")]
#[test]
fn two_formats_never_share_a_stream() {
    let project = Project::new("stream");
    let to_file = |arguments: &[&str], name: &str| {
        let out = std::fs::File::create(project.0.join(name)).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(arguments)
            .current_dir(&project.0)
            .stdout(out)
            .output()
            .expect("it runs");
        Run::of(output)
    };
    let both = ["check", "--output-format", "full", "--output-format"];
    for file in ["json=/dev/stdout", "json=/dev/fd/1", "json=out"] {
        let run = to_file(&[&both[..], &[file]].concat(), "out");
        assert_eq!(run.code, 2, "{file}: {}", run.err);
        assert!(run.err.contains("two formats go to standard output"));
        assert_eq!(std::fs::read(project.0.join("out")).expect("a file"), b"");
    }
    let run = project.run(&[&both[..], &["json=/dev/stdout"]].concat());
    assert_eq!((run.code, run.out.as_str()), (2, ""), "a pipe");
    // One of them alone, and where nobody reads.
    let run = project.run(&["check", "--output-format", "json=/dev/stdout"]);
    assert_eq!(run.json()["schema_version"], 1);
    let nowhere = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
        .args(both)
        .arg("json=/dev/null")
        .current_dir(&project.0)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("it runs");
    assert_eq!(nowhere.code(), Some(1));
}

#[test]
fn no_report_takes_the_place_of_a_file_of_the_run() {
    let project = Project::new("own-files");
    project.write("config.yaml", "model: gpt-5.4\n");
    project.write("prices.yaml", "models: []\n");
    let written = project.run(&["check", "--write-baseline", "--baseline", "known.json"]);
    assert_eq!(written.code, 0, "{}", written.err);
    let file = |name: &str| std::fs::read_to_string(project.0.join(name)).expect("a file");
    for (arguments, name, what) in [
        (&["--baseline", "known.json"][..], "known.json", "baseline"),
        (
            &["--baseline", "known.json", "--write-baseline"],
            "known.json",
            "baseline",
        ),
        (&["--config", "config.yaml"], "config.yaml", "config"),
        (&["--prices", "prices.yaml"], "prices.yaml", "price table"),
    ] {
        let before = file(name);
        let format = format!("json=./{name}");
        let arguments = [&["check", "--output-format", &format], arguments].concat();
        let run = project.run(&arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        let said = format!("{name} is the {what} of this run");
        assert!(run.err.contains(&said), "{}", run.err);
        assert_eq!(file(name), before);
    }
    // One that is not there yet.
    let arguments = ["--write-baseline", "--output-format", "json=new.json"];
    let run = project.run(&[&["check", "--baseline", "new.json"], &arguments[..]].concat());
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(!project.0.join("new.json").exists());
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_anything_is_linted() {
    let project = Project::new("unwritable");
    project.write("full", "a file");
    for (place, why) in [
        ("no/such/folder/a", "No such file"),
        ("prompts", "it is a folder"),
        ("full/a", "Not a directory"),
    ] {
        let file = format!("sarif={place}");
        let arguments = ["--output-format", "gitlab=b.json", "--output-format", &file];
        let run = project.run(&[&["check"][..], &arguments].concat());
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{place}");
        let said = format!("cannot write {place}: {why}");
        assert!(run.err.contains(&said), "{}", run.err);
        assert!(!project.0.join("b.json").exists(), "nothing is linted");
    }
    let left = std::fs::read_dir(&project.0).expect("a folder");
    let hidden = left
        .filter_map(Result::ok)
        .filter(|one| one.file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(hidden.count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_can_be_written_is_where_another_file_fails() {
    let project = Project::new("late");
    let run = project.run(&[
        "check",
        "--output-format",
        "sarif=/dev/full",
        "--output-format",
        "gitlab=b.json",
        "--output-format",
        "concise",
    ]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cannot write /dev/full"), "{}", run.err);
    assert!(run.out.contains("volatile-prefix"), "{}", run.out);
    let text = std::fs::read_to_string(project.0.join("b.json")).expect("a file");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report[0]["check_name"], "volatile-prefix");
}

/// What is asked for is written, or the run says that it cannot be.
#[test]
fn no_format_is_asked_for_in_vain() {
    let project = Project::new("in-vain");
    for view in ["--show-files", "--show-settings"] {
        let formats = [
            "--output-format",
            "json=view.json",
            "--output-format",
            "full",
        ];
        let run = project.run(&[&["check", view], &formats[..]].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.out.is_empty(), "{view}");
        let file = project.0.join("view.json");
        let text = std::fs::read_to_string(&file).expect("a file");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        std::fs::remove_file(file).expect("it was there");
    }
    let before = std::fs::read_to_string(project.0.join("prompts/clock.j2")).expect("a file");
    let comments = ["check", "--add-ignore", "known"];
    for other in [
        "--output-format=json=a.json",
        "--output-file=a",
        "--statistics",
    ] {
        let run = project.run(&[&comments[..], &[other]].concat());
        assert_eq!(run.code, 2, "{other}");
        assert!(run.err.contains("--add-ignore"), "{}", run.err);
    }
    let now = std::fs::read_to_string(project.0.join("prompts/clock.j2")).expect("a file");
    assert_eq!(now, before);
    // A hook that is not concerned prints nothing, and leaves no older report behind.
    project.write("README.md", "You are welcome.\n");
    project.write("report.txt", "of an older run");
    let hook = ["check", "--affected", "README.md"];
    let run = project.run(&[&hook[..], &["--output-file", "report.txt"]].concat());
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    let text = std::fs::read_to_string(project.0.join("report.txt")).expect("a file");
    assert!(!text.contains("older"), "{text}");
}

/// Names of files begin lines of a view as well.
#[cfg(unix)]
#[test]
fn no_view_commands_the_runner_of_github() {
    let project = Project::new("view-commands");
    project.write("::error::x.j2/a.j2", "You are an agent.\n{{ question }}\n");
    for view in ["--show-files", "--show-settings"] {
        let output = Command::new(env!("CARGO_BIN_EXE_prefixlint"))
            .args(["check", view, "::error::x.j2/a.j2"])
            .current_dir(&project.0)
            .env("GITHUB_ACTIONS", "true")
            .env("NO_COLOR", "1")
            .output();
        let run = Run::of(output.expect("it runs"));
        assert!(run.out.contains("::error::x.j2/a.j2"), "{}", run.out);
        let commands = run
            .out
            .lines()
            .filter(|line| line.trim_start().starts_with("::"));
        assert_eq!(commands.count(), 0, "{view}: {}", run.out);
    }
}
