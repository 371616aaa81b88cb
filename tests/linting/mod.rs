//! Lints files in memory as `prefixlint check` in their folder would.

// Each test takes what it needs.
#![allow(dead_code)]

use prefixlint::config::{ConfigSet, Known, LoadOptions};
use prefixlint::discover::{discover, Options, PathArg};
use prefixlint::engine::{self, Analysis, Filter, Request};
use prefixlint::providers::Table;
use prefixlint::reads::Changed;
use prefixlint::rules;
use prefixlint::workspace::Workspace;

/// Prices are those of this date, whenever the test runs.
const TODAY: (i32, u32, u32) = (2026, 11, 22);

/// `about`: what a config that cannot be read is reported with.
#[track_caller]
pub fn lint(workspace: &dyn Workspace, about: &str) -> Analysis {
    lint_again(
        workspace,
        about,
        &mut engine::Memo::default(),
        &Changed::all(),
    )
}

/// The same with what an earlier run left.
#[track_caller]
pub fn lint_again(
    workspace: &dyn Workspace,
    about: &str,
    memo: &mut engine::Memo,
    changed: &Changed,
) -> Analysis {
    run(workspace, about, memo, changed, &|_| {})
}

/// The same, with someone who hears of each model that is asked for.
#[track_caller]
pub fn lint_with(
    workspace: &dyn Workspace,
    about: &str,
    asked: &(dyn Fn(Option<&str>) + Sync),
) -> Analysis {
    let memo = &mut engine::Memo::default();
    run(workspace, about, memo, &Changed::all(), asked)
}

#[track_caller]
fn run(
    workspace: &dyn Workspace,
    about: &str,
    memo: &mut engine::Memo,
    changed: &Changed,
    asked: &(dyn Fn(Option<&str>) + Sync),
) -> Analysis {
    let here = [PathArg::new("")];
    let mut found = discover(workspace, &here, &Options::default());
    let ids = rules::ids();
    let load = LoadOptions {
        known: Known {
            rules: &ids,
            categories: &rules::CATEGORIES,
        },
        ..LoadOptions::default()
    };
    let (configs, errors) = ConfigSet::load(workspace, &here, &found.configs, &load);
    assert!(errors.is_empty(), "{about}: {}", errors[0].message);
    found.filter(false, &|path| configs.chosen(path));
    let table = Table::fresh();
    let request = Request {
        workspace,
        found,
        settings_for: &|path| configs.settings_for(path),
        model_for: &|provider, model| {
            asked(model);
            table.resolve(provider, model, TODAY)
        },
        insists: &|_| false,
        filter: Filter::default(),
        list_files: false,
        prices_as_of: table.as_of().to_string(),
        notices: Vec::new(),
        accepted: None,
        fixes: true,
    };
    engine::analyse_again(&request, memo, changed)
}
