//! Two versions of a project in memory: which prompt is which, what moved the end of the cached prefix, which findings
//! are new, what a changed text costs.

use prefixlint::compare::{Comparison, Fate, Gates, Increase, Pair, Side, Version, Why};
use prefixlint::engine::Analysis;
use prefixlint::workspace::Memory;

#[path = "linting/mod.rs"]
mod linting;

fn rules(count: usize, word: &str) -> String {
    (0..count)
        .map(|n| format!("Rule {n}: answer {word} and cite the section of the policy.\n"))
        .collect()
}

fn analysis(files: &[(&str, &str)]) -> Analysis {
    linting::lint(&Memory::new(files), "config")
}

fn version(name: &str) -> Version {
    Version {
        name: name.to_string(),
        commit: None,
    }
}

fn compared(base: &[(&str, &str)], head: &[(&str, &str)], look: impl FnOnce(&Comparison)) {
    let (base, head) = (analysis(base), analysis(head));
    let versions = (version("base"), version("head"));
    look(&Comparison::new(&base, &head, versions));
}

fn only<'c, 'a>(comparison: &'c Comparison<'a>) -> &'c Pair<'a> {
    assert_eq!(comparison.prompts.len(), 1, "one prompt differs");
    &comparison.prompts[0]
}

/// The text of what a place covers on its side.
fn covered<'a>(comparison: &'a Comparison, side: Side, pair: &Pair) -> &'a str {
    let cause = pair.cause.as_ref().expect("a cause");
    assert_eq!(cause.side, side);
    let analysis = match side {
        Side::Base => comparison.base,
        Side::Head => comparison.head,
    };
    let span = cause.place.span;
    analysis.sources[&cause.place.path].slice(span.start, span.end)
}

fn chat(body: &str) -> String {
    format!("You are a support agent.\n{body}\n{{{{ question }}}}\n")
}

#[test]
fn the_same_on_both_sides_is_a_count() {
    let text = chat(&rules(100, "politely"));
    let files = [("prompts/a.j2", text.as_str())];
    compared(&files, &files, |comparison| {
        assert_eq!((comparison.prompts.len(), comparison.unchanged), (0, 1));
        assert_eq!((comparison.new.len(), comparison.fixed.len()), (0, 0));
    });
}

#[test]
fn a_rename_changes_nothing_and_fixes_nothing() {
    let text = chat(&format!(
        "It is {{{{ now() }}}}.\n{}",
        rules(100, "politely")
    ));
    let (base, head) = (
        [("prompts/a.j2", text.as_str())],
        [("prompts/b/c.j2", text.as_str())],
    );
    compared(&base, &head, |comparison| {
        assert_eq!(comparison.base.findings.len(), 1);
        assert_eq!((comparison.unchanged, comparison.renamed), (1, 1));
        assert_eq!((comparison.new.len(), comparison.fixed.len()), (0, 0));
    });
}

#[test]
fn a_renamed_prompt_that_was_edited_is_found_by_its_text() {
    let before = chat(&rules(100, "politely"));
    let after = chat(&format!("{}Rule: be brief.\n", rules(80, "politely")));
    let stranger = chat(&rules(100, "in verses of old ballads"));
    let base = [("prompts/a.j2", before.as_str())];
    let head = [
        ("prompts/x.j2", stranger.as_str()),
        ("prompts/z.j2", after.as_str()),
    ];
    compared(&base, &head, |comparison| {
        let changed: Vec<&Pair> = comparison
            .prompts
            .iter()
            .filter(|pair| pair.fate() == Fate::Changed)
            .collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].former(), Some("prompts/a.j2"));
        assert_eq!(changed[0].named().unwrap().prompt.id, "prompts/z.j2");
        assert_eq!(comparison.count(Fate::Added), 1);
        assert_eq!(comparison.count(Fate::Deleted), 0);
    });
}

#[test]
fn different_texts_in_different_files_are_two_prompts() {
    let verses: String = (0..90)
        .map(|n| format!("Verse {n} speaks of rivers, of mills and of the moon.\n"))
        .collect();
    let (before, after) = (chat(&rules(90, "politely")), chat(&verses));
    let base = [("prompts/a.j2", before.as_str())];
    let head = [("prompts/b.j2", after.as_str())];
    compared(&base, &head, |comparison| {
        assert_eq!(comparison.count(Fate::Added), 1);
        assert_eq!(comparison.count(Fate::Deleted), 1);
    });
}

#[test]
fn a_prompt_in_front_of_its_namesakes_does_not_shift_them() {
    let call = |words: &str| {
        format!(
            "    client.chat.completions.create(model='gpt-5.4', messages=[{{'role': 'system', 'content': '''{}'''}}, {{'role': 'user', 'content': q}}])\n",
            rules(60, words)
        )
    };
    let module = |calls: &[&str]| {
        let calls: String = calls.iter().map(|words| call(words)).collect();
        format!("from openai import OpenAI\nclient = OpenAI()\n\ndef ask(q):\n{calls}")
    };
    let (before, after) = (
        module(&["politely", "briefly"]),
        module(&["in rhymes", "politely", "briefly"]),
    );
    compared(
        &[("app.py", &before)],
        &[("app.py", &after)],
        |comparison| {
            assert_eq!(comparison.base.prompts.len(), 2);
            assert_eq!(comparison.unchanged, 2);
            let added = only(comparison);
            assert_eq!(added.fate(), Fate::Added);
            let text = format!("{:?}", added.named().unwrap().prompt.messages);
            assert!(text.contains("in rhymes"));
        },
    );
}

/// (why, the text under the place) of a change of one prompt.
fn why(before: &str, after: &str, side: Side) -> (Why, String) {
    let mut out = None;
    compared(
        &[("prompts/a.j2", before)],
        &[("prompts/a.j2", after)],
        |comparison| {
            let pair = only(comparison);
            let text = covered(comparison, side, pair).to_string();
            out = pair.cause.as_ref().map(|cause| (cause.why.clone(), text));
        },
    );
    out.expect("a cause")
}

#[test]
fn the_value_that_came_in_front_is_named() {
    let body = rules(100, "politely");
    let after = chat(&format!("It is {{{{ now() }}}}.\n{body}"));
    let (reason, text) = why(&chat(&body), &after, Side::Head);
    assert_eq!((reason, text.as_str()), (Why::Came, "{{ now() }}"));
    let (reason, text) = why(&after, &chat(&body), Side::Base);
    assert_eq!((reason, text.as_str()), (Why::Went, "{{ now() }}"));
}

#[test]
fn the_value_that_moved_is_named_with_both_offsets() {
    let body = rules(100, "politely");
    let (behind, front) = (
        chat(&format!("{body}It is {{{{ now() }}}}.\n")),
        chat(&format!("It is {{{{ now() }}}}.\n{body}")),
    );
    let (reason, text) = why(&behind, &front, Side::Head);
    assert!(
        matches!(reason, Why::Moved(from, to) if from > 1024.0 && to < 20.0),
        "{reason:?}"
    );
    assert_eq!(text, "{{ now() }}");
    let (reason, _) = why(&front, &behind, Side::Head);
    assert!(
        matches!(reason, Why::Moved(from, to) if from < 20.0 && to > 1024.0),
        "{reason:?}"
    );
}

#[test]
fn a_text_that_crosses_the_minimum_is_named_by_its_first_new_line() {
    let (short, long) = (rules(60, "politely"), rules(100, "politely"));
    let (reason, text) = why(&chat(&short), &chat(&long), Side::Head);
    assert!(
        matches!(reason, Why::Text(from, to) if from < 1024.0 && to > 1024.0),
        "{reason:?}"
    );
    assert_eq!(
        text,
        "Rule 60: answer politely and cite the section of the policy."
    );
    let (reason, _) = why(&chat(&long), &chat(&short), Side::Head);
    assert!(
        matches!(reason, Why::Text(from, to) if from > to),
        "{reason:?}"
    );
}

#[test]
fn a_value_that_lives_shorter_is_named() {
    let body = rules(100, "politely");
    let with = |class: &str| {
        format!(
            "{{# prefixlint: volatility(motto)={class} #}}\n{}",
            chat(&format!("{{{{ motto }}}}\n{body}"))
        )
    };
    let (reason, text) = why(&with("constant"), &with("request"), Side::Head);
    assert_eq!(text, "{{ motto }}");
    assert!(matches!(reason, Why::Turned(_) | Why::Came), "{reason:?}");
}

fn anthropic(mark: &str, model: &str) -> String {
    let rules = serde_json::to_string(&rules(200, "politely")).unwrap();
    format!(
        "{{\"model\": \"{model}\", \"max_tokens\": 100, \"system\": [{{\"type\": \"text\", \"text\": {rules}{mark}}}],\n \"messages\": [{{\"role\": \"user\", \"content\": \"{{{{question}}}}\"}}]}}\n"
    )
}

#[test]
fn a_marker_that_went_is_named_where_it_stood() {
    let mark = ", \"cache_control\": {\"type\": \"ephemeral\"}";
    let (with, without) = (
        anthropic(mark, "claude-sonnet-5"),
        anthropic("", "claude-sonnet-5"),
    );
    let (base, head) = (
        [("requests/a.json", with.as_str())],
        [("requests/a.json", without.as_str())],
    );
    compared(&base, &head, |comparison| {
        let pair = only(comparison);
        assert_eq!(pair.cause.as_ref().unwrap().why, Why::Marker);
        assert!(covered(comparison, Side::Base, pair).contains("ephemeral"));
        assert!(pair.prefix_loss() > 1024.0);
    });
    compared(&head, &base, |comparison| {
        let pair = only(comparison);
        assert_eq!(pair.cause.as_ref().unwrap().why, Why::Marker);
        assert!(covered(comparison, Side::Head, pair).contains("ephemeral"));
    });
}

#[test]
fn a_model_with_another_minimum_is_the_cause_and_its_price_stands_apart() {
    let body = |model: &str| {
        let rules = serde_json::to_string(&rules(100, "politely")).unwrap();
        format!(
            "{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"system\", \"content\": {rules}}},\n {{\"role\": \"user\", \"content\": \"{{{{question}}}}\"}}]}}\n"
        )
    };
    let (before, after) = (body("gpt-5.4"), body("gpt-5.4-mini"));
    compared(
        &[("requests/a.json", &before)],
        &[("requests/a.json", &after)],
        |comparison| {
            let pair = only(comparison);
            let list = pair.list_price().expect("both have prices");
            let (base, head) = (pair.base.unwrap(), pair.head.unwrap());
            let uncached =
                |judged: &prefixlint::judge::Judged| judged.total * judged.prices.input / 1000.0;
            assert!((list.before - uncached(base)).abs() < 1e-9);
            assert!((list.after - uncached(head)).abs() < 1e-9);
            assert!(pair.cold_start.is_none());
        },
    );
}

#[test]
fn a_changed_word_costs_one_cold_start_and_no_more() {
    let before = chat(&rules(100, "politely"));
    let after = before.replacen("Rule 50: answer politely", "Rule 50: answer kindly", 1);
    compared(
        &[("prompts/a.j2", &before)],
        &[("prompts/a.j2", &after)],
        |comparison| {
            let pair = only(comparison);
            let head = pair.head.unwrap();
            let cold = pair.cold_start.as_ref().expect("a cold start");
            assert!(pair.cause.is_none());
            assert_eq!(pair.prefix_loss(), 0.0);
            assert_eq!(cold.tokens, head.boundary);
            // A write of gpt-5.4 costs what input costs: USD 2.50 per million tokens.
            assert!((cold.usd.unwrap() - head.boundary * 2.5 / 1e6).abs() < 1e-12);
            let line = comparison.head.sources["prompts/a.j2"].position(cold.place.span.start);
            assert_eq!((line.line, line.column), (52, 17));
        },
    );
}

#[test]
fn what_was_never_cached_has_no_cold_start() {
    let before = chat(&rules(20, "politely"));
    let after = before.replacen("Rule 5: answer politely", "Rule 5: answer kindly", 1);
    compared(
        &[("prompts/a.j2", &before)],
        &[("prompts/a.j2", &after)],
        |comparison| {
            assert!(only(comparison).cold_start.is_none());
        },
    );
}

#[test]
fn a_shorter_text_loses_no_prefix() {
    let (long, short) = (chat(&rules(120, "politely")), chat(&rules(100, "politely")));
    compared(
        &[("prompts/a.j2", &long)],
        &[("prompts/a.j2", &short)],
        |comparison| {
            let pair = only(comparison);
            assert!(pair.head.unwrap().boundary < pair.base.unwrap().boundary);
            assert!(pair.prefix_loss() < 128.0, "{}", pair.prefix_loss());
        },
    );
}

#[test]
fn findings_are_new_fixed_or_the_same() {
    let body = rules(100, "politely");
    let clock = chat(&format!("It is {{{{ now() }}}}.\n{body}"));
    let user = chat(&format!("You speak with {{{{ user_name }}}}.\n{body}"));
    let quiet = chat(&format!(
        "{{# prefixlint: ignore[volatile-prefix] known #}}\nIt is {{{{ now() }}}}.\n{body}"
    ));
    let rules_of = |findings: &[&prefixlint::finding::Finding]| -> Vec<&'static str> {
        findings.iter().map(|finding| finding.rule).collect()
    };
    compared(
        &[("prompts/a.j2", &clock)],
        &[("prompts/a.j2", &user)],
        |comparison| {
            assert_eq!(rules_of(&comparison.new), ["variable-before-stable"]);
            assert_eq!(rules_of(&comparison.fixed), ["volatile-prefix"]);
        },
    );
    // What is suppressed is not fixed, and new once the comment goes.
    compared(
        &[("prompts/a.j2", &clock)],
        &[("prompts/a.j2", &quiet)],
        |comparison| {
            assert_eq!((comparison.new.len(), comparison.fixed.len()), (0, 0));
        },
    );
    compared(
        &[("prompts/a.j2", &quiet)],
        &[("prompts/a.j2", &clock)],
        |comparison| {
            assert_eq!(rules_of(&comparison.new), ["volatile-prefix"]);
        },
    );
    // What goes with its prompt was not mended.
    compared(&[("prompts/a.j2", &clock)], &[], |comparison| {
        assert_eq!(only(comparison).fate(), Fate::Deleted);
        assert_eq!(comparison.fixed.len(), 0);
    });
}

const TRAFFIC: (&str, &str) = ("prefixlint.yaml", "traffic: { calls-per-month: 100000 }\n");

#[test]
fn limits_hold_for_the_month_or_for_each_prompt() {
    let body = rules(100, "politely");
    let (clean, clock) = (
        chat(&body),
        chat(&format!("It is {{{{ now() }}}}.\n{body}")),
    );
    let tripped = |traffic: bool, gates: Gates| -> usize {
        let mut sides = [
            vec![("prompts/a.j2", clean.as_str())],
            vec![("prompts/a.j2", clock.as_str())],
        ];
        if traffic {
            sides.iter_mut().for_each(|files| files.push(TRAFFIC));
        }
        let mut count = 0;
        compared(&sides[0], &sides[1], |comparison| {
            assert_eq!(comparison.per_month().is_some(), traffic);
            count = gates.tripped(comparison).len();
        });
        count
    };
    let increase = |text: &str| Gates {
        increase: Increase::parse(text),
        prefix_loss: None,
    };
    // About USD 4.2 more per 1,000 calls, 420 a month.
    for (text, alone, month) in [
        ("0", 1, 1),
        ("$1", 1, 1),
        ("5", 0, 1),
        ("1000", 0, 0),
        ("10%", 1, 1),
        ("10000%", 0, 0),
    ] {
        assert_eq!(tripped(false, increase(text)), alone, "{text}");
        assert_eq!(tripped(true, increase(text)), month, "{text}");
    }
    for (most, count) in [(0.0, 1), (1000.0, 1), (5000.0, 0)] {
        let gates = Gates {
            increase: None,
            prefix_loss: Some(most),
        };
        assert_eq!(tripped(false, gates), count, "{most}");
    }
    assert_eq!(tripped(true, Gates::default()), 0);
}

#[test]
fn amounts_are_dollars_or_shares() {
    assert_eq!(Increase::parse("5"), Some(Increase::Usd(5.0)));
    assert_eq!(Increase::parse("$1_000.50"), Some(Increase::Usd(1000.5)));
    assert_eq!(Increase::parse("10 %"), Some(Increase::Share(0.1)));
    for wrong in ["", "$", "%", "-5", "five", "nan", "inf%", "5$", "5 USD"] {
        assert_eq!(Increase::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn new_and_deleted_prompts_count_in_the_month() {
    let (a, b) = (
        chat(&rules(100, "politely")),
        chat(&rules(100, "in verses of old ballads")),
    );
    let (base, head) = (
        [("prompts/a.j2", a.as_str()), TRAFFIC],
        [
            ("prompts/a.j2", a.as_str()),
            ("prompts/b.j2", b.as_str()),
            TRAFFIC,
        ],
    );
    compared(&base, &head, |comparison| {
        let money = comparison.per_month().unwrap();
        let added = only(comparison).per_month().unwrap();
        assert_eq!(added.before, 0.0);
        assert!((money.change() - added.after).abs() < 1e-9);
    });
    compared(&head, &base, |comparison| {
        assert!(comparison.per_month().unwrap().change() < 0.0);
        assert_eq!(only(comparison).fate(), Fate::Deleted);
    });
}
