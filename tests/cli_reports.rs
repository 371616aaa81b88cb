//! Reports over a hand-made analysis: what a person sees, and that JSON is what its schema says.

use std::sync::Arc;

use prefixlint::config::Traffic;
use prefixlint::engine::{Analysis, Uncacheable};
use prefixlint::finding::*;
use prefixlint::report::{format_of, Show, Style, Verbosity};
use prefixlint::source::{Place, SourceFile};
use prefixlint::volatility::{Class, Confidence};
use serde_json::Value;

mod schema;

fn place(file: &SourceFile, needle: &str) -> Place {
    let at = file.text.find(needle).expect("the needle is there");
    Place::new(&file.path, at, at + needle.len())
}

fn finding(rule: &'static str, severity: Severity, place: Place) -> Finding {
    Finding {
        rule,
        severity,
        confidence: Confidence::Certain,
        message: "`now()` is a clock to the minute before 3,050 stable tokens".into(),
        help: "move it behind the instructions".into(),
        cause: place.clone(),
        place,
        cause_text: "now()".into(),
        labels: Vec::new(),
        trace: Vec::new(),
        prompt: "prompts/a.j2".into(),
        prompts: vec!["prompts/a.j2".into()],
        model: "gpt-5.4".into(),
        model_source: "default",
        volatility: Some(Class::Minute),
        tokens: None,
        savings: None,
        rank: 1,
        suppressed: None,
        fix: None,
        unfixed: None,
        fingerprint: "abc".into(),
    }
}

fn analysis(files: Vec<SourceFile>, findings: Vec<Finding>) -> Analysis {
    Analysis {
        files: files.len(),
        prompts: Vec::new(),
        findings,
        config_errors: Vec::new(),
        errors: Vec::new(),
        listed: Vec::new(),
        uncacheable: Uncacheable::default(),
        traffic: Traffic::default(),
        prices_as_of: "2026-07-01".into(),
        notices: Vec::new(),
        limits: Vec::new(),
        problems: Default::default(),
        fixed: None,
        vantage: Default::default(),
        stale: None,
        unwritten: Default::default(),
        sources: files
            .into_iter()
            .map(|file| (file.path.clone(), Arc::new(file)))
            .collect(),
    }
}

fn rich() -> Analysis {
    let a = SourceFile::new(
        "prompts/a.j2",
        "Système für Ümlaute:\tjetzt {{ now() }} und {{ user }}\nYou are the support assistant.\n\nEnd.\n",
    );
    let b = SourceFile::new("src/clock.py", "def now():\n    return datetime.now()\n");
    let mut clock = finding(
        "volatile-prefix",
        Severity::Warning,
        place(&a, "{{ now() }}"),
    );
    clock.labels = vec![
        Label {
            place: place(&a, "{{ now() }}"),
            text: "a clock to the minute".into(),
            behind: false,
        },
        Label {
            place: place(&a, "You are the support assistant."),
            text: "stable text behind it".into(),
            behind: false,
        },
        Label {
            place: place(&b, "datetime.now()"),
            text: "read here".into(),
            behind: false,
        },
    ];
    clock.trace = vec![
        Hop {
            place: place(&b, "datetime.now()"),
            note: "born in `now`".into(),
        },
        Hop {
            place: place(&a, "{{ now() }}"),
            note: "lands in the system message".into(),
        },
    ];
    clock.tokens = Some(Tokens {
        total: 3060.0,
        before: 10.0,
        stranded: 3050.0,
        minimum: 1024.0,
        boundary: 0.0,
        cached_now: 0.0,
        cached_after: 2944.0,
        counted: Counted::Estimated,
        threshold: Threshold::Above,
        range: Some((2900.0, 3300.0)),
    });
    clock.savings = Some(Savings {
        usd_per_1k_calls: 7.369,
        usd_per_month: None,
        share: 0.866,
        basis: "reference",
    });
    clock.prompts = ["a", "b", "c", "d"].map(String::from).to_vec();
    clock.fix = Some(Fix {
        title: "move the clock".into(),
        safe: false,
        edits: vec![Edit {
            place: place(&a, "{{ now() }}"),
            text: String::new(),
        }],
    });
    let note = finding("unstable-order", Severity::Note, place(&a, "{{ user }}"));
    let mut hushed = finding("over-budget", Severity::Warning, place(&a, "End."));
    hushed.suppressed = Some(Suppressed {
        how: "comment",
        reason: "known".into(),
    });
    let mut all = analysis(vec![a, b], vec![clock, note, hushed]);
    all.errors.push(FileError {
        partial: false,
        path: "prompts/bad.j2".into(),
        message: "not text".into(),
    });
    all.uncacheable = Uncacheable {
        count: 31,
        of: 44,
        nearest: Some(("prompts/triage.j2".into(), 980.0, 1024.0, true)),
    };
    all
}

fn render(format: &str, analysis: &Analysis, show: Show) -> String {
    format_of(format)
        .expect("a known format")
        .render(analysis, show, Style::default())
}

const ALL: Show = Show {
    prompts: true,
    statistics: true,
    verbosity: Verbosity::Normal,
};

#[test]
fn full_shows_the_frame_the_money_and_the_way_of_the_value() {
    let text = render("full", &rich(), Show::default());
    println!("{text}");
    for part in [
        "warning[volatile-prefix]: saves 87 % of the input cost, $7.37 per 1,000 calls",
        "[prompts/a.j2:1:28]",
        "a clock to the minute",
        "stable text behind it",
        "~2,944 of ~3,060 tokens read from the cache (gpt-5.4, assumed)",
        "src/clock.py:2:12  born in `now`",
        "a, b, c and 1 more",
        "note[unstable-order] prompts/a.j2:1:44",
        "31 of 44 prompts cannot be cached; nearest prompts/triage.j2, 980 of 1,024 tokens",
        "not linted prompts/bad.j2: not text",
        "prices of 2026-07-01",
    ] {
        assert!(text.contains(part), "lacks {part:?}:\n{text}");
    }
    assert!(!text.contains("over-budget"), "suppressed:\n{text}");
    assert!(!text.contains('\u{1b}'));
    // The underline stands below the value: multi-byte text and a tab in front of it count as they are drawn.
    let lines: Vec<&str> = text.lines().collect();
    let source = lines
        .iter()
        .position(|line| line.contains("Système"))
        .unwrap();
    let column = |line: &str, needle: char| line.chars().position(|c| c == needle);
    assert_eq!(
        column(lines[source], '{'),
        column(lines[source + 1], '─'),
        "{text}"
    );
}

#[test]
fn a_clean_tree_takes_five_lines_at_most() {
    let text = render("full", &analysis(Vec::new(), Vec::new()), Show::default());
    assert!(text.trim_end().lines().count() <= 5, "{text}");
    assert!(text.starts_with("prefixlint: nothing to fix"), "{text}");
}

#[test]
fn long_lines_are_cut_around_the_label() {
    let long = format!(
        "{{\"x\": \"{}NEEDLE{}\"}}\nnext\n",
        "ä".repeat(9000),
        "b".repeat(9000)
    );
    let file = SourceFile::new("rows.jsonl", &long);
    let at = place(&file, "NEEDLE");
    let text = render(
        "full",
        &analysis(
            vec![file],
            vec![finding("volatile-prefix", Severity::Warning, at)],
        ),
        Show::default(),
    );
    println!("{text}");
    assert!(text.contains("[rows.jsonl:1:9008]"), "{text}");
    assert!(text.contains("äNEEDLEb"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 110),
        "{text}"
    );
}

#[test]
fn places_at_the_edges_do_not_break_the_frame() {
    let texts = [
        "",
        "\n",
        "a",
        "a\n",
        "\u{feff}a\r\nb\r\n\r\n",
        "a\n\n\n\n\n\n\nb",
        "\u{1b}[31m\u{1a}x",
    ];
    for text in texts {
        for start in 0..=text.len() {
            for end in start..=text.len() + 2 {
                let file = SourceFile::new("e.j2", text);
                let path = file.path.clone();
                let mut one = finding(
                    "volatile-prefix",
                    Severity::Error,
                    Place::new(&path, start, end),
                );
                one.labels = vec![Label {
                    place: Place::new(&path, 0, text.len()),
                    text: "all".into(),
                    behind: false,
                }];
                let out = render("full", &analysis(vec![file], vec![one]), Show::default());
                assert!(out.contains("e.j2"), "{text:?} {start}..{end}:\n{out}");
                assert!(!out.contains('\u{1b}'), "{text:?}");
            }
        }
    }
}

#[test]
fn more_than_ten_notes_are_counted_by_rule() {
    let file = SourceFile::new("a.j2", "text\n");
    let at = place(&file, "text");
    let notes = |count: usize| -> Vec<Finding> {
        let one = |_| finding("unstable-order", Severity::Note, at.clone());
        (0..count).map(one).collect()
    };
    let mut many = analysis(vec![SourceFile::new("a.j2", "text\n")], notes(11));
    for format in ["full", "concise"] {
        let text = render(format, &many, Show::default());
        assert!(text.contains("11 notes: 11 unstable-order"), "{text}");
        assert!(!text.contains("note[unstable"), "{text}");
        let show = Show {
            verbosity: Verbosity::Verbose,
            ..Show::default()
        };
        let text = render(format, &many, show);
        assert_eq!(text.matches("note[unstable-order]").count(), 11);
    }
    many.findings = notes(10);
    let text = render("full", &many, Show::default());
    assert_eq!(text.matches("note[unstable-order]").count(), 10);
}

#[test]
fn concise_is_one_line_a_finding() {
    let text = render("concise", &rich(), Show::default());
    assert!(
        text.starts_with("prompts/a.j2:1:28: warning[volatile-prefix] `now()` is"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = schema::Schema::new(include_str!("../schemas/prefixlint-output.schema.json"));
    let text = render("json", &rich(), ALL);
    assert_eq!(text, render("json", &rich(), ALL), "the same bytes");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema.wrong("", &value), [""; 0]);
    let first = &value["findings"][0];
    assert_eq!(first["start"]["column"], 28, "code points");
    assert_eq!(first["start"]["offset"], 30, "bytes");
    assert_eq!(value["summary"]["suppressed"], 1);
    assert_eq!(value["summary"]["savings"]["usd_per_1k_calls"], 7.369);
    let mut broken = value.clone();
    broken["findings"][0]["severity"] = "fatal".into();
    let wrong = schema.wrong("", &broken);
    assert!(!wrong.is_empty(), "the checker sees a wrong value");
}

#[test]
fn json_lines_end_with_a_summary() {
    let text = render("json-lines", &rich(), Show::default());
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["finding", "finding", "finding", "summary"]);
    assert_eq!(lines[3]["summary"]["warning"], 1);
}
