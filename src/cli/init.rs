//! `prefixlint init`: a commented config from what is found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use clap::ArgMatches;

use super::{backend, check, output, CheckOptions, ConfigChoice, Failure, CLEAN};
use crate::engine::Analysis;
use crate::prompt::TargetSource;

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
            Failure::new(format!("{} has a config already", folder.display()))
                .with_help("--force overwrites it"),
        );
    }
    let mut options = CheckOptions::new(vec![folder])?;
    options.config = ConfigChoice::Isolated;
    let analysis = check::pooled(0, || backend::analyse(&options))??;
    output::write_file(&path, &config(&analysis))?;
    output::print(&format!(
        "wrote {}: {} prompts found\n",
        path.display(),
        analysis.prompts.len()
    ))?;
    Ok(CLEAN)
}

/// The text of the config: what was found as comments and values, the rest to be filled in.
fn config(analysis: &Analysis) -> String {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut models: BTreeSet<&str> = BTreeSet::new();
    let mut default = "gpt-5.4";
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
    let _ = writeln!(out, "# {} prompts found:", analysis.prompts.len());
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
    let _ = write!(
        out,
        "
# The model of prompts that name none.
model: {default}

# Traffic of each prompt. With calls-per-month, findings are priced in dollars a month.
# traffic:
#   calls-per-month: 200000
#   users: 500
#   tenants: 20
#   calls-per-session: 6

# Sizes of what the repository does not hold, in tokens.
# assume: {{ history-tokens: 2000, tools-tokens: 500 }}

# Always prompts; never looked at.
# include: [\"prompts/**\"]
# exclude: [\"**/testdata/**\"]

# Values that are the same for everybody, or are not what their name says.
# volatility: {{ company_name: constant }}

# rules: {{ conditional-prefix: note }}

# Other models, traffic and rules for some paths.
# overrides:
#   - paths: [\"support/**\"]
#     traffic: {{ calls-per-month: 2000000 }}
"
    );
    out
}
