//! `--fix`, `--unsafe-fixes` and `--diff` as a user meets them: what is printed, what is written, how a run ends.

use std::fs;

mod project;

use project::{rules, Project, Run};

fn check(project: &Project, arguments: &[&str]) -> Run {
    project.run(&[&["check"], arguments].concat())
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.0.join(path)).expect("a file")
}

/// A request whose document is marked, though no later call sends it.
fn marked(system: &str) -> String {
    format!(
        r#"{{
  "model": "claude-sonnet-5",
  "max_tokens": 1024,
  "system": [
    {{ "type": "text", "text": "You are a lawyer. {system}" }}
  ],
  "messages": [
    {{
      "role": "user",
      "content": [
        {{ "type": "text", "text": "{{{{ document }}}}", "cache_control": {{ "type": "ephemeral" }} }}
      ]
    }}
  ]
}}
"#
    )
}

fn fixed(system: &str) -> String {
    let mark = r#", "cache_control": { "type": "ephemeral" }"#;
    let bare = marked(system).replace(mark, "");
    bare.replacen(&format!("{system}\""), &format!("{system}\"{mark}"), 1)
}

fn with_mark(name: &str) -> (Project, String) {
    let project = Project::empty(name);
    let system = rules().replace('\n', " ");
    project.write("requests/a.json", &marked(&system));
    (project, system)
}

/// A set that is joined in front of the rules.
fn joined(name: &str) -> (Project, String) {
    let project = Project::empty(name);
    let text = format!(
        "from openai import OpenAI\n\nRULES = \"\"\"{}\"\"\"\nTOPICS = {{\"parcels\", \"refunds\"}}\nclient = OpenAI()\n\n\ndef answer(question: str):\n\treturn client.chat.completions.create(\n\t\tmodel=\"gpt-5.4\",\n\t\tmessages=[\n\t\t\t{{\"role\": \"system\", \"content\": \", \".join(TOPICS) + \" \u{1f4e6} \" + RULES}},\n\t\t\t{{\"role\": \"user\", \"content\": question}},\n\t\t],\n\t)\n",
        rules().repeat(2)
    );
    project.write("app.py", &text);
    (project, text)
}

#[test]
fn a_fix_is_written_and_said_and_the_run_ends_with_what_remains() {
    let (project, system) = with_mark("fix");
    let before = check(&project, &[]);
    assert_eq!(before.code, 1, "{}", before.out);
    assert!(
        before.out.contains("fixable    1 with --fix"),
        "{}",
        before.out
    );
    let run = check(&project, &["--fix"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    assert!(
        run.out.contains("fixed      1 finding in 1 file"),
        "{}",
        run.out
    );
    assert_eq!(read(&project, "requests/a.json"), fixed(&system));
    let again = check(&project, &["--fix"]);
    assert!(!again.out.contains("fixed"), "{}", again.out);
    assert_eq!(read(&project, "requests/a.json"), fixed(&system));
}

#[test]
fn what_is_left_is_reported_and_counts() {
    let (project, _) = with_mark("left");
    let rules = rules();
    project.write(
        "prompts/clock.j2",
        &format!("You are a support agent.\nIt is {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n"),
    );
    let run = check(&project, &["--fix", "--output-format", "concise"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("prompts/clock.j2:2"), "{}", run.out);
    assert!(!run.out.contains("volatile-breakpoint"), "{}", run.out);
    assert!(run.out.contains("fixed 1 finding in 1 file"), "{}", run.out);
    assert_eq!(check(&project, &["--fix", "--exit-zero"]).code, 0);
}

#[test]
fn a_diff_writes_nothing_and_says_by_its_code_whether_there_is_one() {
    let (project, system) = with_mark("diff");
    let run = check(&project, &["--diff"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out
            .starts_with("--- requests/a.json\n+++ requests/a.json\n@@ "),
        "{}",
        run.out
    );
    assert!(
        run.err.contains("would fix 1 finding in 1 file"),
        "{}",
        run.err
    );
    assert_eq!(read(&project, "requests/a.json"), marked(&system));
    assert_eq!(check(&project, &["--diff", "--exit-zero"]).code, 0);
    assert_eq!(check(&project, &["--diff", "--quiet"]).err, "");
    check(&project, &["--fix"]);
    let none = check(&project, &["--diff"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
}

/// What `patch` makes of a diff is what `--fix` writes.
#[test]
fn a_diff_is_a_patch() {
    let (project, text) = joined("patch");
    let diff = check(&project, &["--diff"]).out;
    fs::write(project.0.join("fix.patch"), &diff).expect("a file");
    let patch = std::process::Command::new("git")
        .args(["apply", "-p0", "fix.patch"])
        .current_dir(&project.0)
        .env("GIT_DIR", "/dev/null")
        .output()
        .expect("git runs");
    if !patch.status.success() {
        // A `git` that wants a repository: only the form is looked at.
        assert!(diff.contains("+\t\t\t{\"role\": \"system\""), "{diff}");
        return;
    }
    let patched = read(&project, "app.py");
    project.write("app.py", &text);
    check(&project, &["--fix"]);
    assert_eq!(read(&project, "app.py"), patched);
}

#[test]
fn standard_input_comes_out_fixed_and_the_report_stands_beside_it() {
    let project = Project::empty("stdin");
    let system = rules().replace('\n', " ");
    let arguments = ["check", "-", "--stdin-filename", "requests/a.json", "--fix"];
    let run = project.run_in("", &arguments, Some(&marked(&system)));
    assert_eq!(run.out, fixed(&system));
    assert!(
        run.err.contains("fixed      1 finding in 1 file"),
        "{}",
        run.err
    );
    assert_eq!(run.code, 0);
    let same = project.run_in("", &arguments, Some(&fixed(&system)));
    assert_eq!(same.out, fixed(&system));
    assert!(!project.0.join("requests").exists());
}

#[test]
fn tabs_emoji_line_endings_and_a_missing_last_line_break_stay() {
    let (project, text) = joined("bytes");
    let variants = [
        text.clone(),
        text.replace('\n', "\r\n"),
        text.trim_end().to_string(),
    ];
    for before in variants {
        project.write("app.py", &before);
        let run = check(&project, &["--fix"]);
        assert!(run.out.contains("fixed"), "{}", run.out);
        let expected = before.replace(".join(TOPICS)", ".join(sorted(TOPICS))");
        assert_eq!(read(&project, "app.py"), expected);
    }
}

#[cfg(unix)]
#[test]
fn the_mode_of_a_file_stays_and_a_link_stays_a_link() {
    use std::os::unix::fs::{symlink, PermissionsExt};
    let (project, text) = joined("mode");
    fs::create_dir(project.0.join("real")).expect("a folder");
    fs::rename(project.0.join("app.py"), project.0.join("real/app.py")).expect("moved");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(project.0.join("real/app.py"), mode).expect("a mode");
    symlink("real/app.py", project.0.join("link.py")).expect("a link");
    let run = check(&project, &["--fix", "link.py"]);
    assert!(run.out.contains("fixed"), "{}{}", run.out, run.err);
    let link = fs::symlink_metadata(project.0.join("link.py")).expect("it is there");
    assert!(link.is_symlink());
    let real = fs::metadata(project.0.join("real/app.py")).expect("it is there");
    assert_eq!(real.permissions().mode() & 0o777, 0o755);
    assert_ne!(read(&project, "real/app.py"), text);
    let left = fs::read_dir(project.0.join("real"))
        .expect("a folder")
        .count();
    assert_eq!(left, 1, "a temporary file is left behind");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_said_and_nothing_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let (project, text) = joined("readonly");
    project.write("other.py", &text);
    let locked = fs::Permissions::from_mode(0o444);
    fs::set_permissions(project.0.join("other.py"), locked).expect("a mode");
    let run = check(&project, &["--fix"]);
    assert_eq!(run.code, 2, "{}", run.out);
    let said = "other.py: it is read-only; nothing is written";
    assert!(run.err.contains(said), "{}", run.err);
    assert!(run.err.contains("help:"), "{}", run.err);
    assert_eq!(read(&project, "app.py"), text);
    assert_eq!(read(&project, "other.py"), text);
}

#[test]
fn files_that_are_not_utf8_are_never_written() {
    let (project, text) = joined("latin");
    let mut bytes = text.into_bytes();
    bytes.extend(b"# caf\xe9\n");
    fs::write(project.0.join("app.py"), &bytes).expect("a file");
    let run = check(&project, &["--fix"]);
    assert!(run.out.contains("unstable-order"), "{}", run.out);
    assert!(!run.out.contains("--fix"), "{}", run.out);
    assert_eq!(fs::read(project.0.join("app.py")).expect("a file"), bytes);
}

#[test]
fn files_with_a_syntax_error_are_never_written() {
    let (project, text) = joined("syntax");
    let broken = format!("{text}\ndef (:\n");
    project.write("app.py", &broken);
    let run = check(&project, &["--fix", "-v"]);
    assert!(run.out.contains("unstable-order"), "{}", run.out);
    assert!(!run.out.contains("--fix"), "{}", run.out);
    assert_eq!(read(&project, "app.py"), broken);
}

#[test]
fn a_baseline_and_a_comment_keep_what_they_know_from_being_fixed() {
    let (project, system) = with_mark("known");
    check(&project, &["--write-baseline"]);
    let baseline = ["--fix", "--baseline", "prefixlint-baseline.json"];
    let run = check(&project, &baseline);
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(read(&project, "requests/a.json"), marked(&system));
    let (code, text) = joined("comment");
    let line = "\t\t\t{\"role\": \"system\"";
    let comment = "\t\t\t# prefixlint: ignore[unstable-order] on purpose\n";
    let ignored = text.replacen(line, &format!("{comment}{line}"), 1);
    code.write("app.py", &ignored);
    check(&code, &["--fix"]);
    assert_eq!(read(&code, "app.py"), ignored);
}

#[test]
fn only_the_rules_that_are_asked_for_are_fixed() {
    let (project, system) = with_mark("select");
    check(
        &project,
        &[
            "--fix",
            "--ignore",
            "volatile-breakpoint,missing-breakpoint",
        ],
    );
    assert_eq!(read(&project, "requests/a.json"), marked(&system));
    check(&project, &["--fix", "--select", "breakpoint"]);
    assert_eq!(read(&project, "requests/a.json"), fixed(&system));
}

#[test]
fn a_hook_fixes_the_files_that_it_is_given_and_says_so() {
    let (project, text) = joined("hook");
    project.write("other.py", &text);
    let run = check(&project, &["--affected", "--fix", "app.py"]);
    assert!(
        run.out.contains("fixed      1 finding in 1 file"),
        "{}",
        run.out
    );
    assert_eq!(run.code, 0, "{}", run.out);
    assert_ne!(read(&project, "app.py"), text);
    assert_eq!(read(&project, "other.py"), text);
    let silent = check(&project, &["--affected", "--fix", "README.md"]);
    assert_eq!(
        (silent.out.as_str(), silent.code),
        ("", 0),
        "{}",
        silent.err
    );
}

#[test]
fn unused_suppressions_go_and_the_rest_of_their_list_stays() {
    let (project, text) = joined("unused");
    let line = "\t\t\t{\"role\": \"system\"";
    let both = "\t\t\t# prefixlint: ignore[volatile-prefix, unstable-order] on purpose\n";
    project.write(
        "app.py",
        &text.replacen(line, &format!("{both}{line}"), 1).replace(
            "client = OpenAI()\n",
            "# prefixlint: ignore[over-budget] gone\nclient = OpenAI()  # prefixlint: ignore[over-budget] gone\n",
        ),
    );
    let run = check(&project, &["--fix"]);
    assert!(
        run.out.contains("fixed      3 findings in 1 file"),
        "{}",
        run.out
    );
    let one = "\t\t\t# prefixlint: ignore[unstable-order] on purpose\n";
    let expected = text.replacen(line, &format!("{one}{line}"), 1);
    assert_eq!(read(&project, "app.py"), expected);
}

/// The line of a comment is sent by Jinja: only the comment goes.
#[test]
fn a_comment_of_a_template_goes_without_a_trace_in_what_is_sent() {
    let project = Project::empty("template");
    let rules = rules();
    let text = |comment: &str| {
        format!("You are a polite assistant.\n{comment}\n{rules}\n{{{{ question }}}}\n")
    };
    project.write(
        "a.j2",
        &text("{# prefixlint: ignore[volatile-prefix] needed #}"),
    );
    let handlebars = text("{{!-- prefixlint: ignore[volatile-prefix] needed --}}");
    project.write("b.hbs", &handlebars);
    check(&project, &["--fix", "a.j2", "b.hbs"]);
    assert_eq!(read(&project, "a.j2"), text(""));
    assert_eq!(read(&project, "b.hbs"), text("").replacen("\n\n", "\n", 1));
}

#[test]
fn wrong_combinations_are_told_apart() {
    let project = Project::empty("wrong");
    let alone = check(&project, &["--unsafe-fixes"]);
    assert_eq!(alone.code, 2);
    assert!(
        alone.err.contains("add --fix to write them"),
        "{}",
        alone.err
    );
    for other in ["--show-files", "--write-baseline", "--add-ignore=x"] {
        assert_eq!(check(&project, &["--fix", other]).code, 2, "{other}");
        assert_eq!(check(&project, &["--diff", other]).code, 2, "{other}");
    }
    assert_eq!(
        check(&project, &["--diff", "--output-format", "json"]).code,
        2
    );
}

#[test]
fn nothing_is_fixed_under_a_config_that_cannot_be_used() {
    let (project, text) = joined("config");
    project.write("prefixlint.yaml", "modell: gpt-5.4\n");
    let run = check(&project, &["--fix"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("nothing is fixed"), "{}", run.err);
    assert_eq!(read(&project, "app.py"), text);
}

#[test]
fn machines_are_told_what_was_fixed() {
    let (project, _) = with_mark("json");
    let before = project.json(&[]);
    assert_eq!(before["summary"]["fixed"], serde_json::Value::Null);
    let fix = &before["findings"][0]["fix"];
    assert_eq!(fix["applicability"], "safe", "{before}");
    assert_eq!(fix["edits"].as_array().map(Vec::len), Some(2));
    let after = project.json(&["--fix"]);
    let fixed = &after["summary"]["fixed"];
    assert_eq!(fixed, &serde_json::json!({ "findings": 1, "files": 1 }));
    assert_eq!(after["findings"].as_array().map(Vec::len), Some(0));
}

/// A project of one file, and what `--fix` makes of it.
fn fixed_file(name: &str, path: &str, text: &str) -> String {
    let project = Project::empty(name);
    project.write(path, text);
    let run = check(&project, &["--fix", "--pedantic"]);
    assert!(run.out.contains("fixed      "), "{}{}", run.out, run.err);
    read(&project, path)
}

fn yaml(system: &str) -> String {
    format!(
        "model: claude-sonnet-5\nmax_tokens: 100\nsystem:{system}\nmessages:\n  - role: user\n    content: \"{{{{ question }}}}\"\n"
    )
}

#[test]
fn breakpoints_of_yaml_are_written_as_blocks() {
    let rules = rules().replace('\n', " ");
    let before = yaml(&format!(" \"{rules}\"  # rules"));
    let item = format!("\n  - type: text\n    text: \"{rules}\"");
    let mark = "\n    cache_control: { type: ephemeral }";
    let after = yaml(&format!("{item}{mark}  # rules"));
    assert_eq!(fixed_file("yaml-add", "requests/a.yaml", &before), after);
    let other = "\n  - type: text\n    text: \"{{ document }}\"";
    let block = "\n    cache_control:\n      type: ephemeral";
    let before = yaml(&format!("{item}{other}{block}"));
    let after = yaml(&format!("{item}{mark}{other}"));
    assert_eq!(fixed_file("yaml-shift", "requests/a.yaml", &before), after);
    let long = "\n    cache_control: { type: ephemeral, ttl: 1h }";
    let before = yaml(&format!("{item}{block}{item}{long}"));
    let after = yaml(&format!("{item}{block}\n      ttl: 1h{item}{long}"));
    assert_eq!(fixed_file("yaml-ttl", "requests/a.yaml", &before), after);
}

#[test]
fn a_breakpoint_goes_around_a_value_in_brackets_and_behind_a_block_of_bedrock() {
    let rules = "RULES = \"Answer only from the staff handbook and name the page. \" * 300\n";
    let code = |system: &str| {
        format!(
            "from anthropic import Anthropic\n\n{rules}client = Anthropic()\n\n\ndef answer(question: str):\n    return client.messages.create(\n        model=\"claude-sonnet-5\",\n        max_tokens=500,\n        system={system},\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n"
        )
    };
    let sum = "(\n            \"You are a judge. \"\n            + RULES\n        )";
    let marked = format!(
        "[{{\"type\": \"text\", \"text\": {sum}, \"cache_control\": {{\"type\": \"ephemeral\"}}}}]"
    );
    assert_eq!(fixed_file("brackets", "app.py", &code(sum)), code(&marked));
    let converse = |system: &str| {
        format!(
            "import boto3\n\n{rules}bedrock = boto3.client(\"bedrock-runtime\")\n\n\ndef answer(question: str):\n    return bedrock.converse(\n        modelId=\"anthropic.claude-sonnet-4-5-20250929-v1:0\",\n        system={system},\n        messages=[{{\"role\": \"user\", \"content\": [{{\"text\": question}}]}}],\n    )\n"
        )
    };
    let before = converse("[{\"text\": RULES}]");
    let after = converse("[{\"text\": RULES}, {\"cachePoint\": {\"type\": \"default\"}}]");
    assert_eq!(fixed_file("bedrock", "app.py", &before), after);
}

/// What a value holds that nothing declares as a text is not known: it may be a list of blocks already.
#[test]
fn what_may_be_a_list_of_blocks_is_wrapped_only_where_it_is_asked_for() {
    let project = Project::empty("blocks");
    let text = |question: &str| {
        format!(
            "from anthropic import Anthropic\n\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\nclient = Anthropic()\n\n\ndef answer(history, {question}):\n    turns = [*history, {{\"role\": \"user\", \"content\": question}}]\n    return client.messages.create(\n        model=\"claude-sonnet-5\",\n        max_tokens=500,\n        system=RULES,\n        messages=turns,\n    )\n"
        )
    };
    let wrapped = "\"content\": [{\"type\": \"text\", \"text\": question";
    for (parameter, safe) in [("question", false), ("question: str", true)] {
        project.write("app.py", &text(parameter));
        check(&project, &["--fix"]);
        let fixed = read(&project, "app.py");
        assert_eq!(fixed.contains(wrapped), safe, "{fixed}");
        assert!(
            fixed.contains("\"text\": RULES, \"cache_control\""),
            "{fixed}"
        );
    }
}

/// Every way in which Python and TypeScript go through what has no order.
#[test]
fn what_has_no_order_is_sorted_where_it_is_gone_through() {
    let head = "import glob, json, os\nfrom openai import OpenAI\n\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\nTOPICS = {\"parcels\", \"refunds\"}\nclient = OpenAI()\n\n\ndef answer(skills: list[str], question: str):\n    text = \"\"\n";
    let tail = "    return client.chat.completions.create(model=\"gpt-5.4\", messages=[{\"role\": \"system\", \"content\": text + RULES}, {\"role\": \"user\", \"content\": question}])\n";
    for (number, (before, after)) in [
        (
            "text = \", \".join(TOPICS)",
            "text = \", \".join(sorted(TOPICS))",
        ),
        (
            "text = \", \".join(t.lower() for t in TOPICS)",
            "text = \", \".join(t.lower() for t in sorted(TOPICS))",
        ),
        (
            "text = json.dumps({\"skills\": list(set(skills))})",
            "text = json.dumps({\"skills\": sorted(set(skills), key=str)})",
        ),
        (
            "for topic in TOPICS:\n        text += f\"- {topic}\\n\"",
            "for topic in sorted(TOPICS):\n        text += f\"- {topic}\\n\"",
        ),
        (
            "text = \"\\n\".join(os.listdir(\"pages\"))",
            "text = \"\\n\".join(sorted(os.listdir(\"pages\")))",
        ),
        (
            "for path in glob.glob(\"*.md\"):\n        text += open(path).read()",
            "for path in sorted(glob.glob(\"*.md\")):\n        text += open(path).read()",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let file = |line: &str| format!("{head}    {line}\n{tail}");
        let fixed = fixed_file(&format!("order-{number}"), "app.py", &file(before));
        assert_eq!(fixed, file(after));
    }
}

/// Objects come in another order on every run, and sorting them by what they read as orders nothing: the fix would be
/// withdrawn. The one beside it holds.
#[test]
fn what_a_report_offers_is_what_is_written() {
    let (project, _) = with_mark("offered");
    project.write(
        "ask.ts",
        &format!(
            "import OpenAI from \"openai\";\n\nconst RULES = `{}`;\n\n\
             function listed(offers: {{ text: string }}[]) {{\n  \
             return offers.map((offer, index) => `${{index + 1}}: ${{offer.text}}`).join(\"\\n\");\n}}\n\n\
             export function ask(given: {{ text: string }}[], question: string) {{\n  \
             const offers: {{ text: string }}[] = [];\n  for (const one of given) {{\n    offers.push(one);\n  }}\n  \
             offers.sort(() => Math.random() - 0.5);\n  \
             const messages = [{{ role: \"system\", content: listed(offers) + RULES }}, {{ role: \"user\", content: question }}];\n  \
             return new OpenAI().chat.completions.create({{ model: \"gpt-5.4\", messages }});\n}}\n",
            rules()
        ),
    );
    let run = check(&project, &[]);
    assert!(run.out.contains("warning[unstable-order]"), "{}", run.out);
    assert!(run.out.contains("fixable    1 with --fix\n"), "{}", run.out);
    let said = check(&project, &["--diff", "-v"]);
    assert!(said.err.contains("would fix 1 finding in 1 file"));
    assert!(said.err.contains("withdrawn: ask.ts:"), "{}", said.err);
    let report = project.json(&[]);
    let findings = report["findings"].as_array().expect("findings");
    let fixes = |rule: &str| {
        let own = findings.iter().filter(|finding| finding["rule"] == rule);
        own.map(|finding| finding["fix"].is_null())
            .collect::<Vec<bool>>()
    };
    assert_eq!(fixes("unstable-order"), [true]);
    assert!(findings.iter().any(|finding| !finding["fix"].is_null()));
    for (format, key) in [("sarif", "\"fixes\""), ("rdjson", "\"suggestions\"")] {
        let run = check(&project, &["--output-format", format]);
        assert_eq!(run.out.matches(key).count(), 1, "{format}");
    }
    // What is found is the same as without a look at the fixes.
    let again = project.json(&["--threads", "1"]);
    assert_eq!(again, report);
}
