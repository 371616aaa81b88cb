//! Prompt files of every format through the whole analysis: a workspace in memory in, findings out.

use std::sync::Arc;

use prefixlint::config::Settings;
use prefixlint::discover::{discover, Options, PathArg};
use prefixlint::engine::{analyse, Analysis, Filter, Request};
use prefixlint::finding::Severity;
use prefixlint::judge::Judged;
use prefixlint::prompt::{Piece, Section};
use prefixlint::providers::Table;
use prefixlint::volatility::Confidence;
use prefixlint::workspace::Memory;

/// Analyses a workspace; `named` are the files given on the command line, none of them: the whole tree.
fn check_named(files: &[(&str, &str)], named: &[&str]) -> Analysis {
    let memory = Memory::new(files);
    let paths: Vec<PathArg> = match named {
        [] => vec![PathArg::new("")],
        named => named.iter().map(|path| PathArg::new(path)).collect(),
    };
    let found = discover(&memory, &paths, &Options::default());
    let settings = Arc::new(Settings::default());
    let today = (2026, 7, 10);
    let request = Request {
        workspace: &memory,
        found,
        settings_for: &|_| settings.clone(),
        model_for: &|provider, model| Table::embedded().resolve(provider, model, today),
        insists: &|_| false,
        filter: Filter::default(),
        list_files: true,
        prices_as_of: String::new(),
        notices: Vec::new(),
        accepted: None,
        fixes: true,
    };
    analyse(&request)
}

fn check(files: &[(&str, &str)]) -> Analysis {
    check_named(files, &[])
}

fn show(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str().to_string(),
            Piece::Slot(slot) => format!("<{}:{}>", slot.expr, slot.volatility.class),
            Piece::Branch(branch) => {
                let arms: Vec<String> = branch.arms.iter().map(|arm| show(arm)).collect();
                format!("[{}]", arms.join("|"))
            }
            Piece::Repeat(repeat) => format!("({} {})", repeat.over, show(&repeat.body)),
            Piece::History(_) => "<<history>>".to_string(),
            Piece::Media(media) => format!("<media {}>", media.key),
        })
        .collect()
}

fn messages(judged: &Judged) -> Vec<String> {
    let show_one = |message: &prefixlint::prompt::Message| {
        let blocks: Vec<String> = message.blocks.iter().map(|b| show(&b.pieces)).collect();
        format!("{}: {}", message.section.name(), blocks.join(" / "))
    };
    judged.prompt.messages.iter().map(show_one).collect()
}

fn all(analysis: &Analysis) -> Vec<(String, Vec<String>)> {
    let prompts = analysis.prompts.iter();
    prompts
        .map(|judged| (judged.prompt.id.clone(), messages(judged)))
        .collect()
}

/// Rules with the severities they were reported at.
fn found(analysis: &Analysis) -> Vec<(&'static str, Severity)> {
    analysis
        .findings
        .iter()
        .map(|f| (f.rule, f.severity))
        .collect()
}

fn long(word: &str) -> String {
    format!("{word} the rule that holds for every answer. ").repeat(400)
}

#[test]
fn a_promptfoo_name_with_stars_and_braces_stands_for_files_at_any_depth() {
    let config =
        "prompts:\n- file://../prompts/**/*.{txt,md}\nproviders: [openai:gpt-5.4]\ntests: []\n";
    let analysis = check(&[
        ("eval/promptfooconfig.yaml", config),
        ("prompts/a/one.txt", "You are one {{x}}"),
        ("prompts/a/b/two.md", "You are two {{x}}"),
        ("prompts/a/b/rows.csv", "You are none {{x}}"),
    ]);
    let ids: Vec<_> = analysis
        .prompts
        .iter()
        .map(|judged| judged.prompt.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "eval/promptfooconfig.yaml#prompts[0]:one.txt",
            "eval/promptfooconfig.yaml#prompts[0]:two.md"
        ]
    );
}

#[test]
fn promptfoo_files_become_messages_and_prompts_of_their_own() {
    let config = "prompts:\n  - file://chat.json\n  - file://turns.yaml\n  - file://two.txt\n  - file://more/*.txt\n  - file://build.py\nproviders: [openai:gpt-5.4, anthropic:messages:claude-sonnet-5]\ntests:\n  - vars: {q: Why?}\n  - vars: {q: How?}\n";
    let analysis = check(&[
        ("eval/promptfooconfig.yaml", config),
        (
            "eval/chat.json",
            r#"[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Answer {{ q }}"}]"#,
        ),
        (
            "eval/turns.yaml",
            "- role: system\n  content: Be brief.\n- role: user\n  content: 'Say {{ q }}'\n",
        ),
        ("eval/two.txt", "First {{ q }}\n---\nSecond {{ q }}\n"),
        ("eval/more/a.txt", "A {{ q }}"),
        ("eval/more/b.txt", "B {{ q }}"),
    ]);
    let shown = all(&analysis);
    let of = |key: &str| -> Vec<String> {
        let id = format!("eval/promptfooconfig.yaml#{key}");
        let known = shown.iter().find(|(known, _)| *known == id);
        known
            .map(|(_, messages)| messages.clone())
            .unwrap_or_else(|| panic!("{id}: {shown:?}"))
    };
    let chat = of("prompts[0]@openai:gpt-5.4");
    assert_eq!(chat[0], "system: Be kind.");
    assert!(chat[1].starts_with("user: Answer <q:"), "{chat:?}");
    assert_eq!(
        of("prompts[1]@anthropic:messages:claude-sonnet-5")[0],
        "system: Be brief."
    );
    assert!(of("prompts[2]@openai:gpt-5.4:1")[0].contains("First <q"));
    assert!(of("prompts[2]@openai:gpt-5.4:2")[0].contains("Second <q"));
    assert!(of("prompts[3]@openai:gpt-5.4:b.txt")[0].contains("B <q"));
    assert_eq!(shown.len(), 12, "six prompts for two models: {shown:?}");
    let models: Vec<&str> = analysis
        .prompts
        .iter()
        .map(|j| j.model.provider.as_str())
        .collect();
    assert!(models.contains(&"openai") && models.contains(&"anthropic"));
}

#[test]
fn an_option_that_varies_is_seen_in_documents_and_bodies() {
    let prompty = format!(
        "---\nmodel:\n  api: chat\n  configuration: {{type: openai, azure_deployment: gpt-5.4}}\n  parameters:\n    prompt_cache_key: \"{{{{ request_id }}}}\"\n---\nsystem:\n{}\nuser:\n{{{{ question }}}}\n",
        long("Follow")
    );
    let body = format!(
        r#"{{"model": "gpt-5.4", "prompt_cache_key": "{{{{ uuid4() }}}}", "messages": [{{"role": "system", "content": "{}"}}, {{"role": "user", "content": "{{{{ question }}}}"}}]}}"#,
        long("Keep")
    );
    let analysis = check(&[("a.prompty", &prompty), ("b.json", &body)]);
    let keys: Vec<&str> = analysis
        .findings
        .iter()
        .filter(|f| f.rule == "volatile-cache-key")
        .map(|f| &*f.place.path)
        .collect();
    assert!(
        keys.contains(&"a.prompty") && keys.contains(&"b.json"),
        "{:?}",
        found(&analysis)
    );
}

#[test]
fn a_prompty_input_of_kind_thread_is_the_conversation() {
    let text = "---\nname: x\nmodel: {id: gpt-5.4, provider: openai}\ninputs:\n  - {name: turns, kind: thread}\n---\nsystem:\nBe kind.\n\n{{ turns }}\n\nuser:\n{{ question }}\n";
    let analysis = check(&[("a.prompty", text)]);
    let shown = messages(&analysis.prompts[0]);
    assert!(shown.iter().any(|m| m.contains("<<history>>")), "{shown:?}");
}

#[test]
fn dotprompt_partials_roles_and_history_are_followed() {
    let analysis = check(&[
        ("p/a.prompt", "---\nmodel: googleai/gemini-2.5-flash\n---\n{{role \"system\"}}\nBe kind. {{>style tone=\"warm\"}}\n{{history}}\n{{role \"user\"}}\n{{question}} {{media url=photo}}\n"),
        ("p/_style.prompt", "Write {{tone}}ly."),
        ("p/a.short.prompt", "---\nmodel: googleai/gemini-2.5-flash\n---\n{{role \"system\"}}\nShort.\n{{role \"user\"}}\n{{question}}\n"),
    ]);
    let shown = all(&analysis);
    assert_eq!(
        shown.len(),
        2,
        "the partial is no prompt of its own: {shown:?}"
    );
    assert!(
        shown[0].1[0].contains("Be kind. Write warmly."),
        "{shown:?}"
    );
    assert!(
        shown[0].1.iter().any(|m| m.contains("<<history>>")),
        "{shown:?}"
    );
    assert!(
        shown[0]
            .1
            .iter()
            .any(|m| m.contains("<question:request>") && m.contains("<media")),
        "{shown:?}"
    );
}

fn recorded(opening: &str) -> String {
    format!(
        r#"{{"model": "gpt-5.4", "messages": [{{"role": "system", "content": "{opening} {}"}}, {{"role": "user", "content": "Hi"}}]}}"#,
        long("Obey")
    )
}

#[test]
fn a_clock_in_a_recorded_body_is_a_note_unless_the_file_is_named() {
    let body = recorded("It is now 2026-07-06T09:14:03Z.");
    let walked = check(&[("bodies/a.json", &body)]);
    assert!(
        found(&walked).contains(&("volatile-prefix", Severity::Note)),
        "{:?}",
        found(&walked)
    );
    let named = check_named(&[("bodies/a.json", &body)], &["bodies/a.json"]);
    assert!(
        found(&named).contains(&("volatile-prefix", Severity::Warning)),
        "{:?}",
        found(&named)
    );
    let confidence = named
        .findings
        .iter()
        .find(|f| f.rule == "volatile-prefix")
        .map(|f| f.confidence);
    assert_eq!(confidence, Some(Confidence::Likely));
}

#[test]
fn a_fixed_date_inside_policy_text_of_a_body_is_text() {
    for opening in [
        "This policy is effective 2024-01-01.",
        "Orders placed before March 3, 2021 cannot be returned.",
    ] {
        let body = recorded(opening);
        let analysis = check_named(&[("a.json", &body)], &["a.json"]);
        assert!(
            !found(&analysis)
                .iter()
                .any(|(rule, _)| *rule == "volatile-prefix"),
            "{opening}"
        );
    }
    let body = recorded("Today is Monday, July 6th.");
    let analysis = check_named(&[("a.json", &body)], &["a.json"]);
    let shown = messages(&analysis.prompts[0]);
    assert!(
        shown[0].contains("<Monday, July 6th:day>"),
        "{}",
        &shown[0][..80]
    );
}

/// Rows of a batch of support tickets: the ticket in front of the instructions.
fn batch(rows: usize, row: impl Fn(usize) -> String) -> String {
    (0..rows).map(|at| row(at) + "\n").collect()
}

#[test]
fn a_batch_with_the_ticket_before_the_instructions_is_found_at_batch_prices() {
    let rules = "Classify the ticket and name the team. ".repeat(250);
    let text = batch(10_000, |at| {
        serde_json::json!({
            "custom_id": format!("r{at}"), "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "gpt-5.4", "messages": [
                {"role": "user", "content": format!("Ticket {}: my order {} is late.\n{rules}", 4711 + at, at * 7)},
            ]},
        })
        .to_string()
    });
    let analysis = check(&[("batch.jsonl", &text)]);
    assert_eq!(analysis.prompts[0].prompt.rows, 10_000);
    let shown = messages(&analysis.prompts[0]);
    assert!(
        shown[0].starts_with("user: Ticket <"),
        "{}",
        &shown[0][..80]
    );
    let finding = analysis
        .findings
        .iter()
        .find(|f| f.rule == "variable-before-stable");
    let finding = finding.unwrap_or_else(|| panic!("{:?}", found(&analysis)));
    assert_eq!(finding.severity, Severity::Warning);
    let share = finding
        .savings
        .as_ref()
        .map_or(0.0, |savings| savings.share);
    assert!(share > 0.6, "batch input and batch reads: {share}");
}

#[test]
fn anthropic_rows_and_rows_that_list_requests_are_batches() {
    let rules = "Answer from the handbook only. ".repeat(200);
    let one = |at: usize| {
        serde_json::json!({"custom_id": format!("r{at}"), "params": {"model": "claude-sonnet-5", "max_tokens": 100,
            "system": [{"type": "text", "text": rules, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "messages": [{"role": "user", "content": format!("Question {at}")}]}})
    };
    let rows = batch(50, |at| one(at).to_string());
    let lists = batch(10, |line| {
        let items: Vec<_> = (0..5).map(|at| one(line * 5 + at)).collect();
        serde_json::json!({"requests": items}).to_string()
    });
    for text in [rows, lists] {
        let analysis = check(&[("batch.jsonl", &text)]);
        let prompt = &analysis.prompts[0].prompt;
        assert_eq!(prompt.rows, 50);
        assert_eq!(prompt.target.provider.as_deref(), Some("anthropic"));
        let marker = prompt.messages[0].blocks[0].marker.as_ref().unwrap();
        assert_eq!(marker.ttl, Some(60));
        assert!(messages(&analysis.prompts[0])[1].starts_with("user: Question <"));
    }
}

#[test]
fn anthropics_automatic_breakpoint_is_one_mark_with_its_ttl() {
    let body = format!(
        r#"{{"model": "claude-sonnet-5", "max_tokens": 9, "cache_control": {{"type": "ephemeral", "ttl": "1h"}},
        "tools": [{{"name": "t", "input_schema": {{}}, "cache_control": {{"type": "ephemeral"}}}}],
        "system": [{{"type": "text", "text": "{}", "cache_control": {{"type": "ephemeral"}}}}],
        "messages": [{{"role": "user", "content": [{{"type": "text", "text": "a", "cache_control": {{"type": "ephemeral"}}}}, {{"type": "text", "text": "b"}}]}}]}}"#,
        long("Heed")
    );
    let analysis = check(&[("a.json", &body)]);
    let layout = &analysis.prompts[0].layout;
    assert_eq!(
        layout.marks.len(),
        4,
        "three of blocks and the automatic one"
    );
    assert_eq!(layout.marks.last().unwrap().ttl, Some(60));
    assert!(!found(&analysis)
        .iter()
        .any(|(rule, _)| *rule == "too-many-breakpoints"));
}

#[test]
fn a_cache_point_of_bedrock_marks_the_block_before_it() {
    let body = format!(
        r#"{{"modelId": "anthropic.claude-sonnet-5", "system": [{{"text": "{}"}}, {{"cachePoint": {{"type": "default"}}}}],
        "messages": [{{"role": "user", "content": [{{"text": "Hi"}}]}}]}}"#,
        long("Mind")
    );
    let analysis = check(&[("a.json", &body)]);
    let system = &analysis.prompts[0].prompt.messages[0];
    assert_eq!(system.section, Section::System);
    assert_eq!(system.blocks.len(), 1);
    assert!(system.blocks[0].marker.is_some());
}

#[test]
fn openai_marks_and_instructions_are_read_in_wire_order() {
    let body = format!(
        r#"{{"model": "gpt-5.6-sol", "input": [{{"role": "user", "content": [{{"type": "input_text", "text": "{}", "prompt_cache_breakpoint": {{}}}}, {{"type": "input_text", "text": "b"}}]}}],
        "instructions": "Be kind.", "prompt_cache_options": {{"mode": "explicit"}}, "max_output_tokens": 5}}"#,
        long("Note")
    );
    let analysis = check(&[("a.json", &body)]);
    let judged = &analysis.prompts[0];
    assert!(
        messages(judged)[0].ends_with("Be kind."),
        "{:?}",
        messages(judged)[0]
    );
    assert!(judged.layout.explicit_only);
    assert_eq!(judged.layout.marks.len(), 1);
}

#[test]
fn headers_in_fenced_or_indented_examples_are_text() {
    let cases = [
        (
            "system:\nWrite YAML:\n```\nuser:\n  name: x\n```\nEnd.\nuser:\n{{ q }}\n",
            2,
        ),
        (
            "system:\nAn example:\n    user:\n      name: x\nEnd.\nuser:\n{{ q }}\n",
            2,
        ),
        (
            "# Systems overview\n## system:\nYou are a planner.\nsystem: on\n",
            1,
        ),
        (
            "<|im_start|>system\nA<|im_end|>\n<|im_start|>user\n{{ q }}<|im_end|>\n",
            2,
        ),
        ("Human: {{ q }}\nAssistant:", 1),
        (
            "You are a judge.\nHuman: people\nAssistant: programs\nDecide who wrote it.",
            1,
        ),
        ("system[key=\"v\"]:\nA\nuser:\n{{ q }}", 2),
    ];
    for (text, count) in cases {
        let analysis = check_named(&[("prompts/chat.j2", text)], &["prompts/chat.j2"]);
        let shown = messages(&analysis.prompts[0]);
        assert_eq!(shown.len(), count, "{text:?}: {shown:?}");
    }
}

#[test]
fn a_gemini_command_with_a_date_is_read() {
    let text = "updated = 2026-07-06T10:00:00Z\ndescription = \"x\"\nprompt = \"\"\"\nYou are kind. due = 2026-01-02\n{{args}}\n\"\"\"\n";
    let analysis = check(&[(".gemini/commands/a.toml", text)]);
    let shown = all(&analysis);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].1[0].contains("due = 2026-01-02"), "{shown:?}");
}

#[test]
fn a_system_message_among_the_turns_stays_there_unless_the_provider_takes_it_apart() {
    let body = |model: &str| {
        format!(
            r#"{{"model": "{model}", "messages": [{{"role": "system", "content": "{}"}}, {{"role": "user", "content": "{{{{ history }}}}"}}, {{"role": "system", "content": "Found: {{{{ search_results }}}}"}}]}}"#,
            long("Keep")
        )
    };
    let openai = check(&[("a.json", &body("gpt-5.4"))]);
    assert_eq!(found(&openai), [], "what was found stands behind the turns");
    let claude = check(&[("a.json", &body("claude-sonnet-5"))]);
    let rules: Vec<&str> = claude.findings.iter().map(|f| f.rule).collect();
    assert!(rules.contains(&"variable-before-stable"), "{rules:?}");
}

#[test]
fn rows_of_a_batch_file_are_sent_at_batch_prices() {
    let row = |id: u32| {
        format!(
            r#"{{"custom_id": "{id}", "method": "POST", "url": "/v1/chat/completions", "body": {{"model": "gpt-5.4", "messages": [{{"role": "user", "content": "You code slips. Slip {id}"}}]}}}}"#
        )
    };
    let input = |rows: &[u32]| {
        let rows: Vec<String> = rows.iter().map(|id| row(*id)).collect();
        let text = rows.join("\n") + "\n";
        let analysis = check(&[("batch/slips.jsonl", text.as_str())]);
        assert_eq!(analysis.prompts.len(), 1);
        analysis.prompts[0].prices.input
    };
    let batch = Table::embedded().resolve(None, Some("gpt-5.4"), (2026, 7, 10));
    let (standard, batch) = (batch.prices.unwrap(), batch.batch.unwrap());
    assert!(batch.input < standard.input);
    assert_eq!(input(&[1, 2, 3]), batch.input);
    assert_eq!(input(&[1]), standard.input);
}

#[test]
fn a_cause_that_reaches_two_requests_is_one_finding_that_names_both() {
    let head = format!("You are a clerk. It is {{{{ now() }}}}.\n{}", long("Mind"));
    let analysis = check(&[
        ("prompts/head.j2", &head),
        (
            "prompts/a.j2",
            "{% include 'head.j2' %}\nYou are kind. Answer {{ question }}",
        ),
        (
            "prompts/b.j2",
            "{% include 'head.j2' %}\nYou are strict. Rate {{ answer }}",
        ),
    ]);
    let clocks = analysis
        .findings
        .iter()
        .filter(|f| f.rule == "volatile-prefix");
    let clocks: Vec<_> = clocks.collect();
    assert_eq!(
        clocks.len(),
        1,
        "{:?} {:?}",
        found(&analysis),
        all(&analysis)
    );
    assert_eq!(&*clocks[0].place.path, "prompts/head.j2");
    assert!(clocks[0].prompts.len() >= 2, "{:?}", clocks[0].prompts);
}
