//! `prefixlint compare` on a repository with a scripted history: each step with the money that the cost model of DESIGN
//! 4 gives for it, and the reports as people and machines read them.

use serde_json::Value;

mod repository;
#[path = "schema/mod.rs"]
mod schema;

use repository::{stdout, Repository};

fn rules(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|n| {
            format!(
                "Rule {n}: answer in a calm voice and name the order before you speak of money.\n"
            )
        })
        .collect()
}

const CALLS: f64 = 200_000.0;

/// The steps of the history, oldest first; each is a tag.
const STEPS: [&str; 8] = [
    "start", "clock", "grown", "renamed", "model", "deleted", "helper", "word",
];

fn history() -> Repository {
    let repository = Repository::new();
    let config = "model: gpt-5.4\ntraffic: { calls-per-month: 200000 }\n";
    repository.write("prefixlint.yaml", config);
    repository.write(
        "prompts/support.j2",
        &format!(
            "You are the support assistant of a shop.\n{}It is {{{{ now() }}}}.\n{{{{ question }}}}\n",
            rules(0, 150)
        ),
    );
    repository.write(
        "prompts/triage.j2",
        &format!(
            "You are a triage assistant.\n{}{{{{ ticket }}}}\n",
            rules(1000, 50)
        ),
    );
    repository.write(
        "prompts/summary.j2",
        &format!(
            "You are a summariser of documents.\n{}{{{{ document }}}}\n",
            rules(2000, 100)
        ),
    );
    let judge = "---\nname: judge\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    model: gpt-5.4\n---\nsystem:\nYou are a judge.\n";
    repository.write(
        "prompts/judge.prompty",
        &format!("{judge}{}user:\n{{{{answer}}}}\n", rules(3000, 100)),
    );
    repository.write(
        "prompts/poem.j2",
        &format!("You are a poet.\n{}{{{{ theme }}}}\n", rules(4000, 30)),
    );
    repository.write(
        "prompts/translate.j2",
        &format!(
            "You are a translator.\n{}{{{{ text }}}}\n",
            rules(5000, 120)
        ),
    );
    let helper = format!(
        "def rules():\n    return \"\"\"{}\"\"\"\n",
        rules(6000, 100)
    );
    repository.write("shop/rules.py", &helper);
    repository.write(
        "shop/clerk.py",
        "from openai import OpenAI\nfrom shop.rules import rules\n\nclient = OpenAI()\n\n\ndef ask(question):\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[\n            {\"role\": \"system\", \"content\": \"You are a clerk.\\n\" + rules()},\n            {\"role\": \"user\", \"content\": question},\n        ],\n    )\n",
    );
    repository.write("shop/__init__.py", "");
    repository.commit("start");

    repository.edit("prompts/support.j2", "It is {{ now() }}.\n", "");
    repository.edit(
        "prompts/support.j2",
        "You are",
        "It is {{ now() }}.\nYou are",
    );
    repository.commit("clock");
    let longer = format!("{}{{{{ ticket }}}}", rules(1050, 20));
    repository.edit("prompts/triage.j2", "{{ ticket }}", &longer);
    repository.commit("grown");
    repository.git(&["mv", "prompts/summary.j2", "prompts/digest.j2"]);
    repository.commit("renamed");
    repository.edit("prompts/judge.prompty", "model: gpt-5.4", "model: gpt-4o");
    repository.commit("model");
    repository.git(&["rm", "--quiet", "prompts/poem.j2"]);
    repository.commit("deleted");
    repository.edit(
        "shop/rules.py",
        "return \"\"\"",
        "return f\"\"\"{time.time()}\n",
    );
    repository.edit("shop/rules.py", "def", "import time\n\n\ndef");
    repository.commit("helper");
    repository.edit(
        "prompts/translate.j2",
        "Rule 5060: answer in a calm",
        "Rule 5060: answer in a clear",
    );
    repository.commit("word");
    repository
}

/// The step that ends with a tag.
fn step(repository: &Repository, tag: &str) -> Value {
    let at = STEPS.iter().position(|known| *known == tag).expect(tag);
    repository.json(&[STEPS[at - 1], tag])
}

fn only(report: &Value) -> &Value {
    let prompts = report["prompts"].as_array().expect("a list");
    assert_eq!(prompts.len(), 1, "{prompts:#?}");
    &prompts[0]
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let value = value.as_f64().expect("a number");
    // The figures of a report are rounded to a millionth.
    assert!((value - expected).abs() < 2e-6, "{value} is not {expected}");
}

/// USD per million tokens, and minutes.
#[derive(Clone, Copy)]
struct Prices {
    input: f64,
    read: f64,
    ttl: f64,
}

const GPT_5_4: Prices = Prices {
    input: 2.5,
    read: 0.25,
    ttl: 30.0,
};
const GPT_4O: Prices = Prices {
    input: 2.5,
    read: 1.25,
    ttl: 5.0,
};

/// DESIGN 4 in the small, for a model that charges no writes and matches at 1024, 1152, …: USD per 1,000 calls of a
/// request whose first `shared` tokens all calls share and whose rest none.
fn per_1k(shared: f64, total: f64, prices: Prices) -> f64 {
    let rate = CALLS / 43_200.0;
    let hit = 1.0 - (-rate * prices.ttl).exp();
    let matched = if shared < 1024.0 {
        0.0
    } else {
        1024.0 + ((shared - 1024.0) / 128.0).floor() * 128.0
    };
    let token = hit * prices.read + (1.0 - hit) * prices.input;
    (matched * token + (total - matched) * prices.input) / 1000.0
}

/// Checks the money of a prompt whose boundary is all that is shared.
#[track_caller]
fn money(prompt: &Value, prices: (Prices, Prices)) {
    let figure = |name: &str, side: &str| prompt[name][side].as_f64().expect(name);
    let side =
        |side: &str, prices| per_1k(figure("boundary", side), figure("tokens", side), prices);
    let (before, after) = (side("before", prices.0), side("after", prices.1));
    let (calls, month) = (&prompt["usd_per_1k_calls"], &prompt["usd_per_month"]);
    near(&calls["before"], before);
    near(&calls["after"], after);
    near(&calls["change"], after - before);
    near(&month["change"], (after - before) * CALLS / 1000.0);
}

#[test]
fn a_moved_clock_costs_the_cache() {
    let repository = history();
    let report = step(&repository, "clock");
    let prompt = only(&report);
    assert_eq!(prompt["id"]["after"], "prompts/support.j2");
    assert_eq!(prompt["tokens"]["before"], prompt["tokens"]["after"]);
    assert!(prompt["boundary"]["before"].as_f64().unwrap() > 2700.0);
    assert_eq!(prompt["boundary"]["after"], 0);
    assert_eq!(prompt["prefix_loss"], prompt["boundary"]["before"]);
    money(prompt, (GPT_5_4, GPT_5_4));
    let cause = &prompt["cause"];
    assert_eq!(
        (&cause["kind"], &cause["side"]),
        (&"moved".into(), &"head".into())
    );
    assert_eq!(
        (&cause["start"]["line"], &cause["start"]["column"]),
        (&1.into(), &7.into())
    );
    assert_eq!(cause["expression"], "now()");
    assert_eq!(report["summary"]["new_findings"], 1);
    assert_eq!(report["findings"]["new"][0]["rule"], "volatile-prefix");
    assert_eq!(report["summary"]["unchanged"], 6);
    assert_eq!(prompt["cold_start"], Value::Null);
}

#[test]
fn a_prompt_that_crosses_the_minimum_gets_cheaper() {
    let repository = history();
    let report = step(&repository, "grown");
    let prompt = only(&report);
    assert_eq!(prompt["boundary"]["before"], 0);
    let boundary = prompt["boundary"]["after"].as_f64().unwrap();
    assert!(boundary >= 1024.0);
    money(prompt, (GPT_5_4, GPT_5_4));
    assert!(prompt["usd_per_month"]["change"].as_f64().unwrap() < 0.0);
    assert_eq!(prompt["cause"]["kind"], "text");
    // The first of the new lines.
    assert_eq!(prompt["cause"]["start"]["line"], 52);
    assert_eq!(
        report["findings"]["fixed"][0]["rule"],
        "prefix-below-minimum"
    );
}

#[test]
fn a_pure_rename_costs_nothing() {
    let repository = history();
    let report = step(&repository, "renamed");
    assert_eq!(report["prompts"].as_array().unwrap().len(), 0);
    assert_eq!(report["summary"]["renamed"], 1);
    assert_eq!(report["summary"]["unchanged"], 7);
    near(&report["summary"]["usd_per_month"]["change"], 0.0);
    assert_eq!(report["summary"]["new_findings"], 0);
    assert_eq!(report["summary"]["fixed_findings"], 0);
}

#[test]
fn a_change_of_model_has_a_price_and_a_cache_part() {
    let repository = history();
    let report = step(&repository, "model");
    let prompt = only(&report);
    assert_eq!(prompt["model"]["before"], "gpt-5.4");
    assert_eq!(prompt["model"]["after"], "gpt-4o");
    money(prompt, (GPT_5_4, GPT_4O));
    let total = prompt["tokens"]["after"].as_f64().unwrap();
    let list = &prompt["list_price_per_1k_calls"];
    near(&list["before"], total * GPT_5_4.input / 1000.0);
    near(&list["after"], total * GPT_4O.input / 1000.0);
}

#[test]
fn a_deleted_prompt_is_no_longer_paid() {
    let repository = history();
    let report = step(&repository, "deleted");
    let prompt = only(&report);
    assert_eq!(prompt["change"], "deleted");
    assert_eq!(prompt["id"]["after"], Value::Null);
    let before = per_1k(0.0, prompt["tokens"]["before"].as_f64().unwrap(), GPT_5_4);
    near(&prompt["usd_per_1k_calls"]["before"], before);
    near(&prompt["usd_per_month"]["change"], -before * CALLS / 1000.0);
    near(
        &report["summary"]["usd_per_month"]["change"],
        -before * CALLS / 1000.0,
    );
    assert_eq!(report["summary"]["fixed_findings"], 0);
}

#[test]
fn a_helper_in_another_file_is_the_line_to_blame() {
    let repository = history();
    let report = step(&repository, "helper");
    let prompt = only(&report);
    assert_eq!(prompt["id"]["after"], "shop/clerk.py#ask");
    assert_eq!(prompt["boundary"]["after"], 0);
    money(prompt, (GPT_5_4, GPT_5_4));
    let cause = &prompt["cause"];
    assert_eq!(cause["path"], "shop/rules.py");
    assert_eq!(cause["start"]["line"], 5);
    assert_eq!(cause["kind"], "added");
}

#[test]
fn a_changed_word_costs_one_cold_start() {
    let repository = history();
    let report = step(&repository, "word");
    let prompt = only(&report);
    assert_eq!(prompt["boundary"]["before"], prompt["boundary"]["after"]);
    near(&prompt["usd_per_month"]["change"], 0.0);
    assert_eq!(prompt["prefix_loss"], 0);
    assert_eq!(prompt["cause"], Value::Null);
    let cold = &prompt["cold_start"];
    let boundary = prompt["boundary"]["after"].as_f64().unwrap();
    near(&cold["tokens"], boundary);
    near(&cold["usd"], boundary * GPT_5_4.input / 1e6);
    assert_eq!(
        (&cold["start"]["line"], &cold["start"]["column"]),
        (&62.into(), &25.into())
    );
}

#[test]
fn the_whole_history_adds_up() {
    let repository = history();
    let report = repository.json(&["start", "word"]);
    let steps: f64 = STEPS[1..]
        .iter()
        .map(|tag| {
            let report = step(&repository, tag);
            report["summary"]["usd_per_month"]["change"]
                .as_f64()
                .unwrap()
        })
        .sum();
    let whole = report["summary"]["usd_per_month"]["change"]
        .as_f64()
        .unwrap();
    assert!((whole - steps).abs() < 1e-3, "{whole} {steps}");
    let prompts = report["prompts"].as_array().unwrap();
    let changes: f64 = prompts
        .iter()
        .map(|prompt| prompt["usd_per_month"]["change"].as_f64().unwrap())
        .sum();
    assert!((whole - changes).abs() < 1e-3, "{whole} {changes}");
}

/// Compares a text with a file beside this test; `BLESS=1` writes it.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/compare/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).expect("a file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}; BLESS=1 writes it anew");
}

#[test]
fn the_reports_read_as_they_did() {
    let repository = history();
    let commit = repository.git(&["rev-parse", "word"]);
    let first = repository.git(&["rev-parse", "start"]);
    for (format, name) in [
        ("full", "full.txt"),
        ("markdown", "comment.md"),
        ("github", "github.txt"),
        ("json", "compare.json"),
    ] {
        let output = repository.compare(&["start", "word", "--output-format", format]);
        // Hashes depend on the fixture alone, but would have to be told anew with every change of it.
        let text = stdout(&output)
            .replace(commit.trim(), "HEAD-COMMIT")
            .replace(first.trim(), "BASE-COMMIT");
        golden(name, &text);
    }
}

#[test]
fn the_readme_quotes_the_report() {
    let report = include_str!("compare/full.txt");
    let opening: Vec<&str> = report.lines().take(9).collect();
    let block = format!("```\n{}\n```\n", opening.join("\n"));
    assert!(include_str!("../README.md").contains(&block), "{block}");
}

#[test]
fn json_is_what_its_schema_says() {
    let own: Value =
        serde_json::from_str(include_str!("../schemas/prefixlint-compare.schema.json")).unwrap();
    let shared: Value =
        serde_json::from_str(include_str!("../schemas/prefixlint-output.schema.json")).unwrap();
    let mut own = own;
    for (name, part) in shared["$defs"].as_object().unwrap() {
        if own["$defs"].get(name).is_none() {
            own["$defs"][name] = part.clone();
        }
    }
    let text = own
        .to_string()
        .replace("prefixlint-output.schema.json#", "#");
    let schema = schema::Schema::new(&text);
    let repository = history();
    repository.write(
        "prompts/new.j2",
        &format!("You are new here.\n{}", rules(9000, 10)),
    );
    for arguments in [&["start", "word"][..], &["start"], &["word", "start"]] {
        let report = repository.json(arguments);
        assert_eq!(schema.wrong("", &report), [""; 0], "{arguments:?}");
    }
}

#[test]
fn limits_set_the_exit_code() {
    let repository = history();
    let code = |arguments: &[&str]| {
        let mut all = vec!["start", "clock", "--output-format", "github"];
        all.extend(arguments);
        let output = repository.compare(&all);
        (output.status.code().unwrap(), stdout(&output))
    };
    assert_eq!(code(&[]).0, 0);
    // A clock in front of 2,816 tokens: USD 6.3 per 1,000 calls, 1,267 a month.
    for (limit, expected) in [
        ("$1000", 1),
        ("1000", 1),
        ("2000", 0),
        ("10%", 1),
        ("500%", 0),
        ("0", 1),
    ] {
        let (found, text) = code(&["--fail-on-increase", limit]);
        assert_eq!(found, expected, "{limit}");
        assert_eq!(text.contains("::error"), expected == 1, "{limit}");
    }
    for (limit, expected) in [("0", 1), ("2000", 1), ("3000", 0)] {
        assert_eq!(
            code(&["--fail-on-prefix-loss", limit]).0,
            expected,
            "{limit}"
        );
    }
    assert_eq!(
        code(&[
            "--fail-on-increase",
            "2000",
            "--fail-on-prefix-loss",
            "9000"
        ])
        .0,
        0
    );
    for wrong in [
        ["--fail-on-increase", "five"],
        ["--fail-on-prefix-loss", "-1"],
    ] {
        assert_eq!(code(&wrong).0, 2, "{wrong:?}");
    }
    // The other way round it is a saving.
    let output = repository.compare(&[
        "clock",
        "start",
        "--fail-on-increase",
        "0",
        "--fail-on-prefix-loss",
        "0",
    ]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn equal_input_gives_equal_bytes_whatever_the_threads() {
    let repository = history();
    for format in ["json", "full", "markdown", "github"] {
        let run = |threads: &str| {
            stdout(&repository.compare(&[
                "start",
                "word",
                "--output-format",
                format,
                "--threads",
                threads,
            ]))
        };
        let one = run("1");
        for threads in ["2", "3", "8"] {
            assert_eq!(one, run(threads), "{format}, {threads} threads");
        }
    }
}

#[test]
fn formats_go_to_files() {
    let repository = history();
    let output = repository.compare(&[
        "start",
        "word",
        "--output-format",
        "full",
        "--output-format",
        "markdown=comment.md",
        "--output-format",
        "json=compare.json",
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("prefixlint compare start → word"));
    assert!(repository.read("comment.md").starts_with("### prefixlint"));
    assert!(repository.read("compare.json").starts_with('{'));
    let two = [
        "start",
        "--output-format",
        "full",
        "--output-format",
        "json",
    ];
    assert_eq!(repository.compare(&two).status.code(), Some(2));
    let lost = ["start", "--output-format", "json=no/such/folder.json"];
    assert_eq!(repository.compare(&lost).status.code(), Some(2));
}
