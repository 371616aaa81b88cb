//! The prefix oracle: what prefixlint says is stable in front of the first value of a template is held against what
//! two renderings by the template language's own engine share, in text and in tokens.

mod oracle;

use std::cell::Cell;

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
