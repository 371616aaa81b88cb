use super::*;

const RULES: [&str; 3] = ["volatile-prefix", "conditional-prefix", "unstable-order"];

fn read(path: &str, text: &str) -> (SourceFile, Suppressions) {
    let file = SourceFile::new(path, text);
    let syntax = Syntax::for_path(path).expect("a known extension");
    let comments = comments_by_syntax(text, syntax);
    let suppressions = Suppressions::parse(&file, &comments, &RULES);
    (file, suppressions)
}

/// The span of a word in a text.
fn span(text: &str, word: &str) -> Span {
    let start = text.find(word).expect("the word stands in the text");
    Span::new(start, start + word.len())
}

fn covered(path: &str, text: &str, word: &str) -> bool {
    let (file, suppressions) = read(path, text);
    suppressions
        .covers(&file, "volatile-prefix", span(text, word), None)
        .is_some()
}

fn problems(text: &str) -> Vec<(String, String)> {
    let (_, suppressions) = read("a.py", text);
    suppressions
        .problems()
        .iter()
        .map(|p| (p.message.clone(), p.help.clone().unwrap_or_default()))
        .collect()
}

#[test]
fn a_comment_covers_its_line_and_alone_the_next() {
    let own = "{# prefixlint: ignore[volatile-prefix] a date is fine #}{{ now }}\n{{ later }}\n";
    assert!(covered("a.j2", own, "{{ now }}"));
    assert!(
        !covered("a.j2", own, "{{ later }}"),
        "not alone on its line"
    );
    let above = "{# prefixlint: ignore[volatile-prefix] #}\n{{ now }}\n{{ later }}\n";
    assert!(covered("a.j2", above, "{{ now }}"));
    assert!(!covered("a.j2", above, "{{ later }}"));
    let gap = "{# prefixlint: ignore[volatile-prefix] #}\n\n{{ now }}\n";
    assert!(!covered("a.j2", gap, "{{ now }}"));
    let multiline = "{# prefixlint: ignore[volatile-prefix]\n   because #}\n{{ now }}\n";
    assert!(covered("a.j2", multiline, "{{ now }}"));
    let bom = "\u{feff}{# prefixlint: ignore[volatile-prefix] #}\r\n{{ now }}\r\n";
    assert!(covered("a.j2", bom, "{{ now }}"));
}

#[test]
fn comments_stack_above_a_line() {
    let text = "# prefixlint: ignore[volatile-prefix] one\n# prose\n# prefixlint: ignore[unstable-order] two\nx: now\n";
    let (file, suppressions) = read("a.yml", text);
    let at = span(text, "now");
    let reason = |rule| {
        let found = suppressions.covers(&file, rule, at, None);
        found.map(|directive| directive.reason.clone())
    };
    assert_eq!(reason("volatile-prefix").as_deref(), Some("one"));
    assert_eq!(reason("unstable-order").as_deref(), Some("two"));
    assert_eq!(reason("conditional-prefix"), None);
}

#[test]
fn a_statement_is_covered_from_above_and_behind() {
    for text in [
        "# prefixlint: ignore[volatile-prefix] r\nprompt: |\n  a\n  now\nnext: 1\n",
        "prompt: | # prefixlint: ignore[volatile-prefix] r\n  a\n  now\nnext: 1\n",
        "prompt: [a,\n  now,\n  b] # prefixlint: ignore[volatile-prefix] r\nnext: 1\n",
    ] {
        let (file, suppressions) = read("a.yml", text);
        let finding = span(text, "now");
        let start = text.find("prompt").expect("is there");
        let end = text.find("\nnext").expect("is there");
        let statement = Some(Span::new(start, end));
        let covers = |statement| {
            suppressions
                .covers(&file, "volatile-prefix", finding, statement)
                .is_some()
        };
        assert!(!covers(None), "{text}");
        assert!(covers(statement), "{text}");
        let next = span(text, "next");
        let other = suppressions.covers(&file, "volatile-prefix", next, Some(next));
        assert!(other.is_none(), "{text}");
    }
}

#[test]
fn a_comment_inside_a_long_finding_does_not_cover_it() {
    let text = "{% if a %}\n{# prefixlint: ignore[volatile-prefix] #}\n{{ now }}\n{% endif %}\n";
    let (file, suppressions) = read("a.j2", text);
    let whole = Span::new(0, text.len());
    assert!(suppressions
        .covers(&file, "volatile-prefix", whole, None)
        .is_none());
}

#[test]
fn a_file_directive_covers_all_and_yields_to_a_line() {
    let text = "{{ now }}\n{# prefixlint: ignore-file[volatile-prefix] all #}\n{# prefixlint: ignore[volatile-prefix] line #}\n{{ later }}\n";
    let (file, suppressions) = read("a.j2", text);
    let later = span(text, "{{ later }}");
    let found = suppressions.covers(&file, "volatile-prefix", later, None);
    assert_eq!(found.map(|d| d.reason.as_str()), Some("line"));
    assert_eq!(suppressions.unused(&|_| true).len(), 1);
    let found = suppressions.covers(&file, "volatile-prefix", span(text, "{{ now }}"), None);
    assert_eq!(found.map(|d| d.kind), Some(DirectiveKind::IgnoreFile));
    assert!(suppressions.unused(&|_| true).is_empty());
}

#[test]
fn what_covers_nothing_is_unused_rule_by_rule() {
    let text = "# prefixlint: ignore[volatile-prefix, unstable-order] r\nnow\n";
    let (file, suppressions) = read("a.py", text);
    suppressions.covers(&file, "volatile-prefix", span(text, "now"), None);
    let unused = suppressions.unused(&|_| true);
    assert_eq!(unused.len(), 1);
    assert_eq!(unused[0].1, ["unstable-order"]);
    let ran = |rule: &str| rule != "unstable-order";
    assert!(
        suppressions.unused(&ran).is_empty(),
        "it may be needed when the rule runs"
    );
    assert_eq!(
        &text[unused[0].0.span.start..unused[0].0.span.end],
        "prefixlint: ignore[volatile-prefix, unstable-order] r"
    );
}

#[test]
fn reasons_end_where_the_comment_does() {
    for (path, text) in [
        (
            "a.j2",
            "{#- prefixlint: ignore[volatile-prefix]: dates are fine -#}",
        ),
        (
            "a.hbs",
            "{{!-- prefixlint: ignore[volatile-prefix] dates are fine --}}",
        ),
        (
            "a.md",
            "<!-- prefixlint: ignore[volatile-prefix] dates are fine -->",
        ),
        (
            "a.tmpl",
            "{{/* prefixlint: ignore[volatile-prefix] dates are fine */}}",
        ),
        (
            "a.ts",
            "/* prefixlint: ignore[volatile-prefix] - dates are fine */",
        ),
        (
            "a.liquid",
            "{% comment %} prefixlint: ignore[volatile-prefix] dates are fine {% endcomment %}",
        ),
        (
            "a.erb",
            "<%# prefixlint:ignore[volatile-prefix] dates are fine %>",
        ),
        (
            "a.py",
            "# prefixlint: ignore[volatile-prefix] dates are fine\r\n",
        ),
    ] {
        let (_, suppressions) = read(path, text);
        let reasons: Vec<&str> = suppressions
            .directives()
            .map(|directive| directive.reason.as_str())
            .collect();
        assert_eq!(reasons, ["dates are fine"], "{path}");
    }
}

#[test]
fn inline_volatility_is_collected() {
    let text =
        "{# prefixlint: volatility(company_name, ctx.ticket*)=constant, volatility(now) = day #}";
    let (_, suppressions) = read("a.j2", text);
    assert_eq!(
        suppressions.volatilities(),
        [
            ("company_name".to_owned(), Class::Constant),
            ("ctx.ticket*".to_owned(), Class::Constant),
            ("now".to_owned(), Class::Day)
        ]
    );
    assert!(suppressions.problems().is_empty());
}

#[test]
fn mistakes_get_a_hint() {
    let one = |text: &str| {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found[0].clone()
    };
    let (message, help) = one("# prefixlint: ignore[volatile-prefx] r");
    assert_eq!(message, "there is no rule `volatile-prefx`");
    assert_eq!(help, "did you mean `volatile-prefix`?");
    let (message, help) = one("# prefixlint: ingore[volatile-prefix]");
    assert_eq!(message, "`ingore` is no prefixlint directive");
    assert_eq!(help, "did you mean `ignore`?");
    assert_eq!(one("# prefixlint: ignore").0, "`ignore` names no rules");
    assert_eq!(
        one("# prefixlint: ignore[]").0,
        "the list of rules is empty"
    );
    assert_eq!(one("# prefixlint: ignore[zzz").0, "`ignore` names no rules");
    let (message, help) = one("# prefixlint: volatility(x)=constnat");
    assert_eq!(message, "there is no volatility `constnat`");
    assert_eq!(help, "did you mean `constant`?");
    assert!(one("# prefixlint: volatility(x)=monthly")
        .1
        .starts_with("one of constant"));
    assert_eq!(
        one("# prefixlint: volatility(x").0,
        "this volatility cannot be read"
    );
    assert_eq!(
        one("# prefixlint: volatility()=day").0,
        "this volatility names no value"
    );
}

#[test]
fn the_valid_part_of_a_directive_still_counts() {
    let text = "# prefixlint: ignore[nonsense, volatile-prefix] r\nnow\n";
    assert!(covered("a.py", text, "now"));
}

#[test]
fn prose_about_the_tool_is_no_directive() {
    assert!(problems("# we run prefixlint: it finds lost caches").is_empty());
    assert!(problems("# see prefixlint: ignore is documented there").is_empty());
    let text = "now # noqa prefixlint: ignore[volatile-prefix] r\n";
    assert!(covered("a.py", text, "now"));
}

#[test]
fn text_without_delimiters_and_odd_spans_are_read_too() {
    let file = SourceFile::new("a.yaml", "x: 1\n");
    let comments = [
        Comment {
            span: Span::new(0, 1),
            text: "prefixlint: ignore[volatile-prefix] r".into(),
        },
        Comment {
            span: Span::new(3, 5),
            text: String::new(),
        },
    ];
    let suppressions = Suppressions::parse(&file, &comments, &RULES);
    let found = suppressions.covers(&file, "volatile-prefix", Span::new(3, 4), None);
    assert_eq!(found.map(|d| d.span), Some(Span::new(0, 1)));
}
