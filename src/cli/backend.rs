//! From options to the analysis: the seam between the command line and the engine.

use super::{CheckOptions, Failure};
use crate::engine::Analysis;
use crate::report::SettingsView;

/// Analyses what the options name.
pub(super) fn analyse(options: &CheckOptions) -> Result<Analysis, Failure> {
    Err(not_joined(options))
}

/// The settings in force for each path of the options.
pub(super) fn settings(options: &CheckOptions) -> Result<Vec<SettingsView>, Failure> {
    Err(not_joined(options))
}

fn not_joined(options: &CheckOptions) -> Failure {
    let paths: Vec<String> = options
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Failure::new(format!(
        "cannot lint {}: this build has no engine",
        paths.join(", ")
    ))
}
