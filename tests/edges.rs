//! What a person meets at the edge of the formats: clocks of script templates, comments above the keys of documents,
//! functions of Semantic Kernel, remarks of next to no worth, and how the report and `inspect` show it.

use std::fmt::Write;

use prefixlint::config::{Settings, BUILT_IN_MODEL};
use prefixlint::engine::Analysis;
use prefixlint::finding::Finding;
use prefixlint::providers::Table;
use prefixlint::workspace::Memory;
use serde_json::json;

mod linting;
mod project;

use project::Project;

const OPENING: &str = "You are the support assistant of a shop.\n";

fn lint(path: &str, text: &str) -> Analysis {
    linting::lint(&Memory::new(&[(path, text)]), "a config")
}

#[track_caller]
fn only(analysis: &Analysis) -> &Finding {
    let [one] = &analysis.findings[..] else {
        panic!("{:#?}", analysis.findings);
    };
    one
}

#[test]
fn clocks_of_script_templates_are_clocks() {
    let rules = project::rules();
    for (path, value, class) in [
        ("a.erb", "Time.now", "unique"),
        ("a.erb", "Time.now.strftime(\"%Y-%m-%d\")", "day"),
        ("a.erb", "Time.now.strftime(\"%H:%M\")", "minute"),
        ("a.erb", "Date.today", "day"),
        ("a.erb", "SecureRandom.uuid", "unique"),
        ("a.ejs", "new Date().toISOString()", "unique"),
        ("a.ejs", "new Date().toISOString().slice(0, 10)", "day"),
        ("a.ejs", "new Date().toLocaleDateString()", "day"),
    ] {
        let path = format!("prompts/{path}");
        let analysis = lint(&path, &format!("{OPENING}Now: <%= {value} %>.\n{rules}"));
        let one = only(&analysis);
        let said = one.volatility.map(|class| class.name());
        assert_eq!(
            (one.rule, said),
            ("volatile-prefix", Some(class)),
            "{value}"
        );
        let behind = format!("{OPENING}{rules}\nNow: <%= {value} %>.");
        let quiet = lint(&path, &behind);
        assert!(quiet.findings.is_empty(), "{:#?}", quiet.findings);
    }
    // A given date and an attribute of a variable are data of the call.
    for (path, value) in [("a.ejs", "new Date(order.day)"), ("a.erb", "order.now")] {
        let path = format!("prompts/{path}");
        let analysis = lint(&path, &format!("{OPENING}<%= {value} %>.\n{rules}"));
        assert_ne!(only(&analysis).rule, "volatile-prefix", "{value}");
    }
}

/// A document whose text stands in a block of the given header.
fn document(before_key: &str, header: &str) -> String {
    let mut out = format!(
        "name: x\nmodel: openai/gpt-5.4\nmessages:\n  - role: system\n{before_key}    content: {header}\n"
    );
    for line in format!("{OPENING}It is {{{{now}}}}.\n{}", project::rules()).lines() {
        let _ = writeln!(out, "      {line}");
    }
    out
}

#[test]
fn a_comment_above_a_key_or_behind_its_header_covers_its_text() {
    const COMMENT: &str = "# prefixlint: ignore[volatile-prefix] known";
    for text in [
        document(&format!("    {COMMENT}\n"), "|"),
        document(&format!("    {COMMENT}\n"), ">-"),
        document("", &format!("| {COMMENT}")),
    ] {
        let analysis = lint("a.prompt.yml", &text);
        let one = only(&analysis);
        assert_eq!(one.rule, "volatile-prefix");
        assert!(one.suppressed.is_some(), "{text}");
    }
    // Above another key it covers nothing, and says so.
    let elsewhere = document("", "|").replace("model:", &format!("{COMMENT}\nmodel:"));
    let analysis = lint("a.prompt.yml", &elsewhere);
    let rules: Vec<_> = analysis.findings.iter().map(|one| one.rule).collect();
    assert_eq!(rules, ["volatile-prefix", "unused-suppression"]);
}

#[test]
fn a_comment_above_an_item_covers_its_text() {
    let mut text = String::from(
        "providers: [openai:gpt-5.4]\nprompts:\n  # prefixlint: ignore[volatile-prefix] known\n  - |\n",
    );
    for line in format!("{OPENING}It is {{{{now}}}}.\n{}", project::rules()).lines() {
        let _ = writeln!(text, "    {line}");
    }
    let analysis = lint("promptfooconfig.yaml", &text);
    assert!(only(&analysis).suppressed.is_some());
}

#[test]
fn a_function_of_semantic_kernel_is_followed_by_no_conversation() {
    let text = format!("{OPENING}{}\nIt is {{{{time.now}}}}.\n", project::rules());
    let quiet = lint("plugins/Chat/skprompt.txt", &text);
    assert!(quiet.findings.is_empty(), "{:#?}", quiet.findings);
    // The same text as a system prompt is.
    let heard = lint(
        "plugins/chat.j2",
        &text.replace("{{time.now}}", "{{ now() }}"),
    );
    assert_eq!(only(&heard).rule, "volatile-prefix");
}

#[test]
fn the_end_of_a_sentence_behind_a_value_is_no_finding() {
    let body = |front: &str| {
        let system = json!([{
            "type": "text", "text": format!("{OPENING}{}{}", project::rules(), project::rules()),
            "cache_control": { "type": "ephemeral" },
        }]);
        json!({
            "model": "claude-sonnet-4-5", "max_tokens": 100, "system": system,
            "messages": [{ "role": "user", "content": format!("{front} {{{{user_name}}}} today.") }],
        })
        .to_string()
    };
    let crumbs = lint("req.json", &body("Hello, this is for"));
    assert!(crumbs.findings.is_empty(), "{:#?}", crumbs.findings);
}

#[test]
fn a_share_is_said_once_and_a_label_on_the_line_of_the_value_is_its_own() {
    let project = Project::new("edges-report");
    let run = project.run(&["check", "prompts/clock.j2"]);
    assert_eq!(
        run.out.matches("of the input cost").count(),
        1,
        "{}",
        run.out
    );
    let lines: Vec<&str> = run.out.lines().collect();
    let value = lines
        .iter()
        .position(|line| line.contains("It is {{ now() }}."))
        .expect("the excerpt");
    assert!(lines[value + 2].contains("cannot be shared"), "{}", run.out);
    let concise = project.run(&["check", "prompts/clock.j2", "--output-format", "concise"]);
    assert!(concise.out.contains("of the input cost"), "{}", concise.out);
}

#[test]
fn inspect_shows_what_is_sent_for_an_include() {
    let project = Project::empty("edges-inspect");
    project.write("prompts/tone.j2", "Be kind and brief.\n");
    project.write(
        "prompts/main.j2",
        "{% include 'tone.j2' %}\nYou are a support agent.\n{{ question }}\n",
    );
    let run = project.run(&["inspect", "prompts/main.j2"]);
    assert!(
        run.out.contains("Be kind and brief. You are a support"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("{%"), "{}", run.out);
}

#[test]
fn explain_shows_no_directives_of_the_tests() {
    let project = Project::empty("edges-explain");
    let run = project.run(&["explain", "volatile-prefix"]);
    assert!(
        run.out.contains("[1,200 words that never change]"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("%%"), "{}", run.out);
}

#[test]
fn bytes_that_are_no_text_do_not_stop_a_file_and_are_not_said_to() {
    let project = Project::empty("edges-bytes");
    let mut bytes = OPENING.as_bytes().to_vec();
    bytes.extend(b"\xff It is {{ now() }}.\n");
    bytes.extend(project::rules().as_bytes());
    std::fs::write(project.0.join("a.j2"), bytes).expect("written");
    let run = project.run(&["check"]);
    assert!(run.out.contains("volatile-prefix"), "{}", run.out);
    assert!(run.out.contains("bad bytes a.j2: 1 byte is"), "{}", run.out);
    assert!(!run.out.contains("not linted"), "{}", run.out);
}

#[test]
fn the_built_in_model_is_that_of_the_tables() {
    let model = Table::fresh().resolve(None, None, (2026, 11, 22));
    assert_eq!(model.id, BUILT_IN_MODEL);
    assert_eq!(Settings::default().model, None);
    let project = Project::empty("edges-settings");
    let run = project.run(&["check", "--show-settings"]);
    let line = format!("model: {BUILT_IN_MODEL} # built in");
    assert!(run.out.contains(&line), "{}", run.out);
}

#[test]
fn what_is_defined_in_front_of_a_prompt_does_not_hide_it() {
    let rules = project::rules();
    for (path, text) in [
        (
            "prompts/a.j2",
            format!("{{% macro stamp(x) %}}At {{{{ x }}}}{{% endmacro %}}{OPENING}{{{{ stamp(now()) }}}}\n{rules}"),
        ),
        (
            "prompts/a.tmpl",
            format!("{{{{define \"head\"}}}}At {{{{now}}}}{{{{end}}}}{OPENING}{{{{template \"head\" .}}}}\n{rules}"),
        ),
    ] {
        assert_eq!(only(&lint(path, &text)).rule, "volatile-prefix", "{path}");
    }
}
