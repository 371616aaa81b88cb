//! `prefixlint init`: a commented config from what is found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use clap::ArgMatches;

use super::{backend, check, output, CheckOptions, ConfigChoice, Failure, CLEAN};
use crate::config::BUILT_IN_MODEL;
use crate::engine::Analysis;
use crate::prompt::TargetSource;
use crate::report;

const NAME: &str = "prefixlint.yaml";
/// Folders that are named in the file.
const MOST_FOLDERS: usize = 20;

pub(super) fn run(matches: &ArgMatches) -> Result<u8, Failure> {
    let folder = matches
        .get_one::<PathBuf>("folder")
        .cloned()
        .unwrap_or_else(|| PathBuf::from("."));
    let path = folder.join(NAME);
    let taken = [NAME, ".prefixlint.yaml"]
        .iter()
        .any(|name| folder.join(name).exists());
    if taken && !matches.get_flag("force") {
        return Err(
            Failure::new(format!("`{}` has a config already", folder.display()))
                .with_help("--force overwrites it"),
        );
    }
    let mut options = CheckOptions::new(vec![folder])?;
    options.config = ConfigChoice::Isolated;
    let analysis = check::pooled(0, || backend::analyse(&options))??;
    output::write_file(&path, config(&analysis))?;
    let found = report::counted(analysis.prompts.len(), "prompt");
    let shown = path.strip_prefix(".").unwrap_or(&path).display();
    output::print(&format!("wrote {shown}: {found} found\n"))?;
    Ok(CLEAN)
}

/// The text of the config: what was found as comments and values, the rest to be filled in.
fn config(analysis: &Analysis) -> String {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut models: BTreeSet<&str> = BTreeSet::new();
    let mut default = BUILT_IN_MODEL;
    for judged in &analysis.prompts {
        let path = &judged.prompt.origin.path;
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        *folders.entry(folder).or_default() += 1;
        match judged.model_source {
            TargetSource::Declared => {
                models.insert(&judged.model.id);
            }
            _ => default = &judged.model.id,
        }
    }
    let mut out = String::from("# prefixlint: settings for the files below this folder.\n");
    let found = report::counted(analysis.prompts.len(), "prompt");
    let _ = writeln!(out, "# {found} found:");
    // The folders with most prompts first.
    let mut folders: Vec<(&str, usize)> = folders.into_iter().collect();
    folders.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (folder, count) in folders.iter().take(MOST_FOLDERS) {
        let _ = writeln!(out, "#   {count:>4}  {folder}");
    }
    if folders.len() > MOST_FOLDERS {
        let _ = writeln!(
            out,
            "#         and {} more folders",
            folders.len() - MOST_FOLDERS
        );
    }
    if !models.is_empty() {
        let models: Vec<&str> = models.into_iter().collect();
        let _ = writeln!(out, "# Models that they name: {}.", models.join(", "));
    }
    // The folder with the most prompts stands for what the user fills in.
    let include = match folders.first() {
        Some((folder, _)) if *folder != "." => format!("\"{folder}/**\""),
        _ => "\"prompts/**\"".to_string(),
    };
    let _ = write!(
        out,
        "
# The model of prompts that name none.
model: {default}

# Traffic of each prompt: how often it is called decides whether a cache entry is still there. Without calls-per-month
# the reference traffic holds (one call a minute, 100 users, 10 tenants) and nothing is priced by the month.
# traffic:
#   calls-per-month: 200000     # of each prompt
#   users: 500                  # who share what is of one user
#   tenants: 20                 # who share what is of one tenant
#   calls-per-session: 6        # where the request carries a conversation
#   minutes-between-calls: 1    # within a session
#   batch: false                # sent by the provider's batch interface
#   ttl: 5                      # minutes an unused entry lives; without it the model's own

# Sizes of what the repository does not hold, in tokens, and how often the state of a session (mode, plan) changes.
# assume:
#   history-tokens: 2000
#   tools-tokens: 500
#   unknown-text-tokens: 200
#   flips: 1

# Files that always are prompts, and files that are never looked at.
# include: [{include}]
# exclude: [\"**/testdata/**\"]

# Findings in tests, examples and docs: note, same (as elsewhere; then code of tests is read too) or off.
# tests: note

# Values that are not what their name says: constant, deploy, day, hour, minute, tenant, user, session, state, request,
# unique. `constant` for a name that is the same for all callers.
# volatility:
#   company_name: constant
#   \"ctx.ticket*\": request

# Level of a rule or a category: off, note, warning, error. `prefixlint rules` lists them.
# rules:
#   conditional-prefix: note

# A warning saves at least this share of the prompt's input cost.
# warn-at: 5%

# Limits in tokens: the largest prompt, and the fewest tokens that a call must read from the cache.
# budget:
#   - paths: [{include}]
#     tokens: 6000
#     min-cached-tokens: 1024

# Another model, other traffic or rules for some paths; later entries win.
# overrides:
#   - paths: [{include}]
#     model: {default}
#     traffic: {{ calls-per-month: 2000000 }}
"
    );
    out
}
