//! Tests and values of a promptfoo configuration that stand in other files.

use super::*;
use crate::frontend::document::promptfoo;

fn run_config(files: &[(&str, &str)]) -> Resolution {
    let memory = Memory::new(files);
    let file = memory.read("eval/promptfooconfig.yaml").unwrap();
    let input = Parsed {
        kind: ParsedKind::Document(Arc::new(promptfoo::parse(&file))),
        file,
        explicit: false,
        by_name: false,
    };
    let classifier = Arc::new(Classifier::new(&[]));
    resolve(vec![input], &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    })
}

/// What becomes of `{{a}} {{b}} {{c}}` with a `tests` key and one more file.
fn prompt_with(keys: &str, file: (&str, &str)) -> (String, Resolution) {
    let config = format!("prompts: ['{{{{a}}}} {{{{b}}}} {{{{c}}}}']\n{keys}");
    let out = run_config(&[("eval/promptfooconfig.yaml", &config), file]);
    (show_prompt(&out.prompts[0]).join("\n"), out)
}

fn is_read(prompt: &Prompt, path: &str) -> bool {
    prompt.reads.files().any(|file| &**file == path)
}

#[test]
fn tests_are_read_from_files_of_every_format() {
    let yaml = "- vars: {a: gold, b: one}\n- vars: {a: gold, b: two}\n";
    let json = r#"[{"vars": {"a": "gold", "b": "one"}}, {"vars": {"a": "gold", "b": "two"}}]"#;
    let jsonl = "{\"vars\": {\"a\": \"gold\", \"b\": \"one\"}}\n{\"vars\": {\"a\": \"gold\", \"b\": \"two\"}}\n";
    let csv = "a,b,__expected\ngold,one,yes\n\"gold\",two,no\n";
    for (keys, name, text) in [
        ("tests: tests.yaml", "tests.yaml", yaml),
        ("tests: file://cases/*.yaml", "cases/x.yaml", yaml),
        ("tests: [file://tests.json]", "tests.json", json),
        ("tests: [./tests.jsonl]", "tests.jsonl", jsonl),
        ("tests: tests.csv", "tests.csv", csv),
    ] {
        let path = format!("eval/{name}");
        let (shown, out) = prompt_with(keys, (&path, text));
        assert!(shown.contains("gold <b:request>"), "{keys}: {shown}");
        assert!(is_read(&out.prompts[0], &path), "{keys}");
        assert_eq!(out.problems, [], "{keys}");
        assert!(out.limits.is_empty(), "{keys}");
    }
}

#[test]
fn the_samples_of_a_file_give_values_their_size() {
    let long = "word ".repeat(300);
    let csv = format!("a,b\nx,{long}\ny,short\n");
    let (_, out) = prompt_with("tests: file://t.csv", ("eval/t.csv", &csv));
    let sizes: Vec<(u32, bool)> = all_slots(&out.prompts[0])
        .iter()
        .map(|slot| (slot.size.tokens, slot.size.assumed))
        .collect();
    assert!(sizes[1].0 >= 250, "{sizes:?}");
    assert!(sizes[0].0 < 5, "{sizes:?}");
}

#[test]
fn a_default_test_in_a_file_fixes_values() {
    let keys = "defaultTest: file://default.yaml\ntests: [{vars: {b: one}}]\n";
    let file = ("eval/default.yaml", "vars: {a: Contoso}\n");
    let (shown, out) = prompt_with(keys, file);
    assert!(shown.contains("Contoso <b:"), "{shown}");
    assert!(is_read(&out.prompts[0], "eval/default.yaml"));
}

#[test]
fn the_text_of_a_file_is_fixed_as_default_and_a_sample_in_a_test() {
    let file = ("eval/policy.txt", "Be kind.\n");
    let fixed = "defaultTest: {vars: {a: file://policy.txt}}\ntests: [{vars: {b: x}}]\n";
    let (shown, out) = prompt_with(fixed, file);
    assert!(shown.contains("Be kind. <b:"), "{shown}");
    let text = &out.prompts[0].messages[0].blocks[0].pieces[0];
    assert!(matches!(text, Piece::Text(text) if &*text.path == "eval/policy.txt"));
    assert!(out.sources.contains_key("eval/policy.txt"));

    let varies = "tests: [{vars: {a: file://policy.txt}}, {vars: {a: Be brief.}}]\n";
    let (shown, out) = prompt_with(varies, file);
    assert!(shown.contains("<a:"), "{shown}");
    assert!(!all_slots(&out.prompts[0])[0].size.assumed || !shown.contains("Be kind."));
}

#[test]
fn files_that_are_not_there_are_named_and_prove_nothing() {
    let keys = "tests:\n- vars: {a: gold}\n- vars: {a: gold}\n- file://gone.yaml\n";
    let (shown, out) = prompt_with(keys, ("eval/other.yaml", ""));
    assert!(shown.contains("<a:"), "more tests may differ: {shown}");
    assert_eq!(out.problems.len(), 1);
    assert!(out.problems[0].1.message.contains("gone.yaml"));
    let looked = &out.prompts[0].reads;
    assert!(looked.iter().any(|read| !read.is_found()));
}

#[test]
fn programs_and_services_are_limits() {
    let config = "prompts:\n- file://build.py:make\n- file://build.js\n- langfuse://support:3\n- 'Say {{q}}'\n\
        tests: file://gen.py:all\n";
    let out = run_config(&[("eval/promptfooconfig.yaml", config)]);
    assert_eq!(out.prompts.len(), 1);
    let limits: Vec<&str> = out.limits.iter().map(|l| l.message.as_str()).collect();
    for part in [
        "`build.py:make`",
        "`build.js`",
        "`langfuse://support:3`",
        "`gen.py:all`",
    ] {
        let named = limits.iter().filter(|limit| limit.contains(part)).count();
        assert_eq!(named, 1, "{part}: {limits:?}");
    }
    assert_eq!(out.problems, []);
}

#[test]
fn each_prompt_knows_what_was_read_for_it() {
    let config = "prompts: [file://chat.json, file://more/*.txt]\ntests: tests.yaml\n";
    let out = run_config(&[
        ("eval/promptfooconfig.yaml", config),
        (
            "eval/chat.json",
            r#"[{"role": "user", "content": "{{q}}"}]"#,
        ),
        ("eval/more/a.txt", "A {{q}}"),
        ("eval/more/b.txt", "B {{q}}"),
        ("eval/tests.yaml", "- vars: {q: x}\n"),
    ]);
    assert_eq!(out.prompts.len(), 3);
    let files = ["eval/chat.json", "eval/more/a.txt", "eval/more/b.txt"];
    for (prompt, own) in out.prompts.iter().zip(files) {
        assert!(is_read(prompt, "eval/tests.yaml"), "{}", prompt.id);
        for file in files {
            assert_eq!(is_read(prompt, file), file == own, "{}: {file}", prompt.id);
        }
    }
}
