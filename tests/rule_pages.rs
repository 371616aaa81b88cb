//! Every rule has a page, and what the pages show as bad and good is what the linter says.

use std::collections::BTreeSet;

use prefixlint::engine::Analysis;
use prefixlint::finding::{Finding, Severity};
use prefixlint::rulebook::{page_of, pages, Example, Page, Verdict};
use prefixlint::rules;
use prefixlint::workspace::Memory;

mod linting;

/// Lints the files of an example as `prefixlint check` in their folder would.
fn lint(example: &Example) -> Analysis {
    let mut workspace = Memory::default();
    for (path, text) in &example.files {
        workspace.insert(path, text);
    }
    linting::lint(&workspace, &example.case)
}

/// What an example gets wrong, as lines for a person.
fn wrong(page: &Page, example: &Example) -> Vec<String> {
    let analysis = lint(example);
    let place = |finding: &Finding| {
        let source = &analysis.sources[&finding.place.path];
        let line = source.position(finding.place.span.start).line;
        (finding.place.path.to_string(), line)
    };
    let active: Vec<&Finding> = analysis
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_none())
        .collect();
    let mut out: Vec<String> = Vec::new();
    if analysis.prompts.is_empty() {
        out.push("no prompt in it".into());
    }
    out.extend(analysis.errors.iter().map(|error| error.message.clone()));
    let mut expected = BTreeSet::new();
    for expect in &example.expects {
        let hits: Vec<usize> = (0..active.len())
            .filter(|index| {
                let finding = active[*index];
                finding.rule == expect.rule
                    && finding.severity == expect.severity
                    && place(finding) == (expect.path.clone(), expect.line)
            })
            .collect();
        if hits.len() != 1 {
            out.push(format!("{} findings for {expect:?}", hits.len()));
        }
        expected.extend(hits);
    }
    for (index, finding) in active.iter().enumerate() {
        let own = example.verdict == Verdict::Good && finding.rule == page.id;
        if !expected.contains(&index) && (own || finding.severity >= Severity::Warning) {
            let (path, line) = place(finding);
            let what = (finding.rule, finding.severity, &finding.message);
            out.push(format!("unexpected at {path}:{line}: {what:?}"));
        }
    }
    out
}

#[test]
fn the_examples_of_every_page_are_judged_as_the_page_says() {
    let mut failures = Vec::new();
    for page in pages() {
        for example in &page.examples {
            for line in wrong(page, example) {
                failures.push(format!(
                    "{} {} ({:?}): {line}",
                    page.id, example.case, example.verdict
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_rule_has_a_page_of_its_category_and_every_page_a_rule() {
    for rule in rules::RULES {
        let page = page_of(rule.id).unwrap_or_else(|| panic!("no page for {}", rule.id));
        assert_eq!(page.category, rule.category, "{}", rule.id);
    }
    assert_eq!(pages().len(), rules::RULES.len());
}

#[test]
fn every_page_shows_a_finding_of_its_rule_and_its_absence() {
    for page in pages() {
        let shows = |verdict| page.examples.iter().filter(move |e| e.verdict == verdict);
        let mut expects = shows(Verdict::Bad).flat_map(|example| &example.expects);
        assert!(expects.any(|expect| expect.rule == page.id), "{}", page.id);
        assert!(shows(Verdict::Good).count() >= 1, "{}", page.id);
    }
}

/// Everything that is said of an example, notes too.
fn said(page: &Page, example: &Example) -> String {
    let analysis = lint(example);
    let mut out = format!("{} {} ({:?})\n", page.id, example.case, example.verdict);
    for finding in &analysis.findings {
        let line = |path: &str, at: usize| {
            let source = &analysis.sources[path];
            format!("{path}:{}", source.position(at).line)
        };
        let place = line(&finding.place.path, finding.place.span.start);
        let (rule, severity, confidence) = (finding.rule, finding.severity, finding.confidence);
        out += &format!("  {place} {severity:?} {confidence:?} {rule}\n");
        out += &format!("    {}\n    = {}\n", finding.message, finding.help);
        for label in &finding.labels {
            let place = line(&label.place.path, label.place.span.start);
            out += &format!("    - {place} {}\n", label.text);
        }
        if let Some(savings) = &finding.savings {
            let (usd, share) = (savings.usd_per_1k_calls, savings.share);
            out += &format!("    $ {usd:.4} per 1,000 calls, share {share:.4}\n");
        }
    }
    out
}

/// Where a wording or a figure changes on purpose, `RECORD=1 cargo test --test rule_pages`
/// writes it anew; read the difference.
#[test]
fn the_examples_are_spoken_of_in_the_recorded_words_and_figures() {
    let all: Vec<String> = pages()
        .iter()
        .flat_map(|page| page.examples.iter().map(move |example| said(page, example)))
        .collect();
    let all = all.join("\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rule_pages.txt");
    if std::env::var_os("RECORD").is_some() {
        std::fs::write(path, &all).expect("the record is writable");
    }
    let recorded = std::fs::read_to_string(path).expect("the record is there");
    for (said, recorded) in all.lines().zip(recorded.lines()) {
        assert_eq!(said, recorded);
    }
    assert_eq!(all.lines().count(), recorded.lines().count());
}
