//! `prefixlint explain`, `rules` and `models`: what the tool knows.

use clap::ArgMatches;

use super::select::unknown_rule;
use super::{options, output, Failure, CLEAN};
use crate::report;
use crate::rulebook;

pub(super) fn explain(matches: &ArgMatches) -> Result<u8, Failure> {
    let name = options::text(matches, "rule").unwrap_or_default();
    let page = rulebook::page_of(&name).ok_or_else(|| unknown_rule(&name))?;
    output::print(&report::rules::page(page, output::style(matches)))?;
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
    Err(Failure::new(format!(
        "no model table in this build ({})",
        pattern.as_deref().unwrap_or("all models")
    )))
}

pub(super) fn wants_json(matches: &ArgMatches) -> bool {
    options::text(matches, "output-format").as_deref() == Some("json")
}
