//! `prefixlint explain`, `rules` and `models`: what the tool knows.

use std::path::PathBuf;

use clap::ArgMatches;

use super::select::unknown_rule;
use super::{backend, options, output, Failure, CLEAN};
use crate::report;
use crate::rulebook;
use crate::rules::CATEGORIES;

pub(super) fn explain(matches: &ArgMatches) -> Result<u8, Failure> {
    let name = options::text(matches, "rule").unwrap_or_default();
    let style = output::style(matches);
    if CATEGORIES.contains(&name.as_str()) {
        let pages: Vec<_> = rulebook::pages()
            .iter()
            .filter(|page| page.category == name)
            .cloned()
            .collect();
        output::print(&report::rules::list(&pages, style))?;
        return Ok(CLEAN);
    }
    let page = rulebook::page_of(&name).ok_or_else(|| unknown_rule(&name))?;
    output::print(&report::rules::page(page, style))?;
    Ok(CLEAN)
}

pub(super) fn rules(matches: &ArgMatches) -> Result<u8, Failure> {
    let pages = rulebook::pages();
    let text = if wants_json(matches) {
        report::rules::list_json(pages)
    } else {
        report::rules::list(pages, output::style(matches))
    };
    output::print(&text)?;
    Ok(CLEAN)
}

pub(super) fn models(matches: &ArgMatches) -> Result<u8, Failure> {
    let pattern = options::text(matches, "pattern");
    let table = backend::price_table(matches.get_one::<PathBuf>("prices"))?;
    let today = crate::setup::today();
    let listed = table.all(pattern.as_deref(), today);
    if listed.is_empty() {
        let pattern = pattern.unwrap_or_default();
        return Err(Failure::new(format!("no model matches `{pattern}`"))
            .with_help("a part of a name or a pattern with `*`; without one, all are listed"));
    }
    let text = if wants_json(matches) {
        report::models::json(&listed)
    } else {
        report::models::table(&listed)
    };
    output::print(&text)?;
    if let Some(note) = table.age_note(today) {
        output::notice(&note);
    }
    Ok(CLEAN)
}

pub(super) fn wants_json(matches: &ArgMatches) -> bool {
    options::text(matches, "output-format").as_deref() == Some("json")
}
