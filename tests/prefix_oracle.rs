//! The prefix oracle: what prefixlint says is stable in front of the first value of a template is held against what
//! two renderings by the template language's own engine share, in text and in tokens.

mod oracle;

use std::cell::Cell;
use std::path::Path;

use oracle::files::{hold, is_template, Outcome, Project};
use oracle::generate::{template, Node};
use oracle::languages::{render, values, Language, Writer};
use oracle::{judge, predict, prompts};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

/// `Ok(false)`: the engine refuses the template, so there is nothing to hold it against.
fn holds(language: Language, nodes: &[Node]) -> Result<bool, String> {
    let files = Writer::write(language, nodes);
    let (Ok(a), Ok(b)) = (
        render(language, &files, &values(true)),
        render(language, &files, &values(false)),
    ) else {
        return Ok(false);
    };
    let listed: Vec<(String, &str)> = files
        .iter()
        .map(|(name, text)| (format!("prompts/{name}"), text.as_str()))
        .collect();
    let listed: Vec<(&str, &str)> = listed.iter().map(|(n, t)| (n.as_str(), *t)).collect();
    let mut found = prompts(&listed, listed[0].0);
    if found.is_empty() && a.trim().is_empty() {
        return Ok(false);
    }
    if found.len() != 1 {
        return Err(format!("{} prompts\n{files:#?}", found.len()));
    }
    let predicted = predict(found.remove(0));
    judge(&predicted, &a, &b).map_err(|wrong| format!("{wrong}\n{files:#?}"))?;
    Ok(true)
}

/// The same templates on every run; `PROPTEST_RNG_SEED` asks for others.
fn seed() -> RngSeed {
    match ProptestConfig::default().rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen => chosen,
    }
}

/// Runs a language's templates on a stack of its own: the strategy nests deeper than a test thread's holds.
fn run(language: Language, cases: u32) {
    let test = move || {
        let mut runner = TestRunner::new(ProptestConfig {
            cases,
            failure_persistence: None,
            rng_seed: seed(),
            ..ProptestConfig::default()
        });
        let held = Cell::new(0);
        let outcome = runner.run(&template(language.can()), |nodes| {
            let judged = holds(language, &nodes).map_err(TestCaseError::fail)?;
            held.set(held.get() + u32::from(judged));
            Ok(())
        });
        if let Err(wrong) = outcome {
            panic!("{wrong}");
        }
        assert!(held.get() > cases / 2, "only {} were held", held.get());
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    let done = thread.spawn(test).expect("a thread starts").join();
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn jinja_renderings_share_what_is_predicted() {
    run(Language::Jinja, 600);
}

#[test]
fn handlebars_renderings_share_what_is_predicted() {
    run(Language::Handlebars, 400);
}

#[test]
fn format_texts_share_what_is_predicted() {
    run(Language::Braces, 400);
}

/// The files below a folder, by their path in it.
fn project(folder: &str) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut out = Project::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let path = entry.expect("the folder is readable").into_path();
        if path.is_file() {
            let name = path.strip_prefix(&root).expect("below the root");
            let text = std::fs::read_to_string(&path).expect("fixtures are text");
            out.push((name.to_string_lossy().replace('\\', "/"), text));
        }
    }
    out
}

/// What came of the templates of some projects.
#[derive(Default)]
struct Tally {
    held: usize,
    not_held: Vec<(String, String)>,
    wrong: Vec<String>,
}

impl Tally {
    fn project(&mut self, name: &str, project: &Project) {
        for (path, _) in project.iter().filter(|(path, _)| is_template(path)) {
            let name = format!("{name}: {path}");
            match hold(project, path) {
                Outcome::Holds => self.held += 1,
                Outcome::NotHeld(why) => self.not_held.push((name, why)),
                Outcome::Wrong(what) => self.wrong.push(format!("{name}: {what}")),
            }
        }
    }

    /// Every template holds but these, for these reasons; at least so many hold.
    fn is(self, held: usize, not_held: &[(&str, &str)]) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        let seen = &self.not_held;
        let known =
            |(name, why): &(&str, &str)| seen.iter().any(|(n, w)| n == name && w.contains(why));
        assert!(not_held.iter().all(known), "{seen:#?}");
        assert_eq!(seen.len(), not_held.len(), "{seen:#?}");
        assert!(self.held >= held, "{} templates hold", self.held);
    }
}

#[test]
fn every_template_of_the_fixtures_shares_what_is_predicted() {
    let mut tally = Tally::default();
    for folder in [
        "fixtures/jinja",
        "fixtures/demo/before",
        "fixtures/demo/after",
    ] {
        tally.project(folder, &project(folder));
    }
    tally.is(
        31,
        &[
            (
                "fixtures/jinja: base.j2",
                "Required block 'context' not found",
            ),
            // What the caller's body asks for is not passed.
            ("fixtures/jinja: call_block.j2", "undefined value"),
            // Sends nothing by itself.
            ("fixtures/jinja: macros.j2", "0 prompts"),
        ],
    );
}

#[test]
fn every_template_of_the_rule_pages_shares_what_is_predicted() {
    let mut tally = Tally::default();
    for page in prefixlint::rulebook::pages() {
        for example in &page.examples {
            tally.project(&format!("{} {}", page.id, example.case), &example.files);
        }
    }
    tally.is(
        27,
        &[
            // A filter of a project's own with an argument that the engine's does not take.
            (
                "history-rewrite filter: prompts/support_chat.jinja",
                "too many arguments",
            ),
            ("over-budget over: prompts/digest.liquid", "no engine"),
            ("over-budget within: prompts/digest.liquid", "no engine"),
            ("parse-error example-1: prompts/intake.j2", "syntax error"),
        ],
    );
}
