//! What an analysis rests on beside its files: the configs that hold below a root, the price table with the models of
//! the config, and today. Shared by the command line and the language server; knows neither.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::{Above, CliOverrides, ConfigError, ConfigSet, Known, LoadOptions};
use crate::discover::PathArg;
use crate::providers::{Date, Table};
use crate::rules;
use crate::source::SourceFile;
use crate::workspace::Workspace;

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// This file holds for all.
    pub explicit: Option<Arc<SourceFile>>,
    /// No config files.
    pub isolated: bool,
    /// What wins over every config.
    pub overrides: CliOverrides,
}

/// The configs that hold for some arguments. `above`: the repository, where it reaches above the root of the run.
pub fn configs(
    sources: Sources,
    workspace: &dyn Workspace,
    above: Option<Above>,
    arguments: &[PathArg],
    found: &[Arc<str>],
) -> (ConfigSet, Vec<ConfigError>) {
    let rules = rules::ids();
    let load = LoadOptions {
        above: above.filter(|_| !sources.isolated && sources.explicit.is_none()),
        explicit: sources.explicit,
        isolated: sources.isolated,
        known: Known {
            rules: &rules,
            categories: &rules::CATEGORIES,
        },
    };
    let (set, errors) = ConfigSet::load(workspace, arguments, found, &load);
    (set.with_cli(sources.overrides), errors)
}

/// The root of the repository that holds a folder, where it lies above it, and the folder's path in it: configs
/// between the two hold as well.
pub fn repository(root: &Path) -> Option<(PathBuf, String)> {
    let top = root
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists())?;
    if root.join(".git").exists() {
        return None;
    }
    let prefix = root.strip_prefix(top).ok()?;
    Some((
        top.to_path_buf(),
        prefix.to_string_lossy().replace('\\', "/"),
    ))
}

/// Why the models of a config cannot be used.
#[derive(Clone, Debug)]
pub struct ModelsError {
    pub message: String,
    pub help: Option<String>,
}

impl fmt::Display for ModelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "models of the config: {}", self.message)
    }
}

/// A price table under the models that the config of the root adds.
pub fn with_models(table: Table, configs: &ConfigSet) -> Result<Table, ModelsError> {
    let settings = configs.settings_for("");
    if settings.models.is_empty() {
        return Ok(table);
    }
    let own = serde_yaml::Value::Sequence(settings.models.clone());
    let yaml = serde_yaml::to_string(&own).map_err(|error| ModelsError {
        message: error.to_string(),
        help: None,
    })?;
    table.add_prices(&yaml).map_err(|error| ModelsError {
        message: error.message,
        help: Some(error.help),
    })
}

/// Whether a table knows a model, or at least whose it is.
pub fn knows_model(table: &Table, name: &str, today: Date) -> bool {
    let found = table.resolve(None, Some(name), today);
    !found.fallback || table.provider_from_model(name).is_some()
}

/// Today in UTC: decides which dated price is in force.
pub fn today() -> Date {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    civil(seconds / 86_400)
}

/// Days since 1970-01-01 to year, month, day (proleptic Gregorian; the algorithm by Howard Hinnant).
fn civil(days: u64) -> Date {
    let z = days as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
    }
}
