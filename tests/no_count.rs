//! A run over prompts that are surely too short to be cached opens no merge table. A program of its own: the tables
//! are opened once per process.

use std::sync::Arc;

use prefixlint::config::Settings;
use prefixlint::discover::{discover, Options, PathArg};
use prefixlint::engine::{analyse, Analysis, Filter, Request};
use prefixlint::providers::Table;
use prefixlint::tokens;
use prefixlint::workspace::Memory;

fn run(text: &str) -> Analysis {
    let workspace = Memory::new(&[("prompts/a.j2", text)]);
    let table = Table::fresh();
    let settings = Arc::new(Settings::default());
    analyse(&Request {
        workspace: &workspace,
        found: discover(&workspace, &[PathArg::new("")], &Options::default()),
        settings_for: &|_| settings.clone(),
        model_for: &|provider, model| table.resolve(provider, model, (2026, 11, 22)),
        insists: &|_| false,
        filter: Filter::default(),
        list_files: false,
        prices_as_of: table.as_of().to_string(),
        notices: Vec::new(),
        accepted: None,
        fixes: true,
    })
}

#[test]
fn only_prompts_that_could_be_cached_open_a_table() {
    let short = run("You are a support agent. Today is {{ today }}. Answer in two sentences.\n");
    assert_eq!(short.prompts.len(), 1);
    assert_eq!(tokens::tables_opened(), [""; 0]);
    let policy = "Quote the policy, ask when unsure, and never guess a number. ".repeat(200);
    let long = run(&format!(
        "You are a support agent.\n{policy}\nToday is {{{{ today }}}}.\n"
    ));
    assert_eq!(long.prompts.len(), 1);
    assert_eq!(tokens::tables_opened(), ["o200k_base"]);
}
