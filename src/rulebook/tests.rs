use super::*;
use crate::finding::Severity;

#[test]
fn every_embedded_page_parses_and_is_complete() {
    for (id, text) in PAGES {
        let page = Page::parse(text).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(page.id, *id);
        let titles: Vec<&str> = page.sections.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(
            titles,
            ["What", "Why", "Example", "Use instead", "References"],
            "{id}"
        );
        assert!(!page.summary.ends_with('.'), "{id}: summary");
        for verdict in [Verdict::Bad, Verdict::Good] {
            assert!(
                page.examples.iter().any(|e| e.verdict == verdict),
                "{id}: no {verdict:?} example"
            );
        }
        let own = page.examples.iter().flat_map(|e| &e.expects);
        assert!(own.clone().any(|expect| expect.rule == *id), "{id}");
        for expect in own {
            let file = page
                .examples
                .iter()
                .flat_map(|e| &e.files)
                .find(|(path, _)| *path == expect.path);
            assert!(file.unwrap().1.lines().count() >= expect.line, "{id}");
        }
    }
    assert_eq!(pages().len(), PAGES.len());
}

const FRONT: &str =
    "---\nid: a\ncategory: order\nsince: 0.1.0\nfix: none\nsummary: 'A value: first'\n---\n";

fn page(body: &str) -> Result<Page, PageError> {
    Page::parse(&format!("{FRONT}{body}"))
}

#[test]
fn blocks_of_one_case_form_one_project() {
    let page = page(
        "## What\nText.\n\n## Example\n```jinja path=p/a.j2 case=x bad expect=a@2:warning expect=b@1:note\none\ntwo\n```\n\
         and\n```yaml path=prefixlint.yaml case=x\nmodel: m\n```\n```jinja path=b.j2 good\n## no heading\n```\n",
    )
    .unwrap();
    assert_eq!(page.summary, "A value: first");
    assert_eq!(page.examples.len(), 2);
    let first = &page.examples[0];
    assert_eq!((first.case.as_str(), first.verdict), ("x", Verdict::Bad));
    assert_eq!(
        first.files,
        [
            ("p/a.j2".to_string(), "one\ntwo\n".to_string()),
            ("prefixlint.yaml".to_string(), "model: m\n".to_string())
        ]
    );
    assert_eq!(first.expects.len(), 2);
    assert_eq!(first.expects[0].severity, Severity::Warning);
    assert_eq!(
        (first.expects[1].line, first.expects[1].path.as_str()),
        (1, "p/a.j2")
    );
    assert_eq!(page.examples[1].case, "example-2");
    assert_eq!(page.sections.len(), 2);
    assert_eq!(page.section("What"), Some("Text."));
}

#[test]
fn a_wrong_page_is_an_error_with_a_line() {
    let line = |body: &str| page(body).unwrap_err().line;
    assert_eq!(
        line("\n```j path=a bad\n```\n"),
        Some(9),
        "bad without expect"
    );
    assert_eq!(line("```j path=a bad expect=x\n```\n"), Some(8));
    assert_eq!(line("```j bad\n```\n"), Some(8), "no path");
    assert_eq!(line("```j path=a\n```\n"), Some(8), "neither good nor bad");
    assert_eq!(line("```j path=a wrong\n```\n"), Some(8));
    assert!(Page::parse("no front matter").is_err());
    assert!(Page::parse(&FRONT.replace("order", "odour")).is_err());
}

#[test]
fn filler_has_the_stated_length_and_stays_on_its_line() {
    let text =
        expand_filler("a\n%% filler: 300 words %%\n{\"b\": \"%% filler: 20 words, seed 2 %%\"}\n");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1].split(' ').count(), 300);
    assert!(lines[1].ends_with('.'));
    let json: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
    assert_eq!(json["b"].as_str().unwrap().split(' ').count(), 20);
    assert!(
        !lines[1].starts_with(json["b"].as_str().unwrap()),
        "seeds differ"
    );
    assert_eq!(
        expand_filler("%% filler: 300 words %%"),
        lines[1],
        "the same text everywhere"
    );
    assert_eq!(
        expand_filler("%% filler: some %% 5 %%"),
        "%% filler: some %% 5 %%"
    );
}
