//! One config with all that it extends, and the settings it gives a path: layers, overrides, the command line.
//! Reads no file.

use std::sync::Arc;

use super::glob::Globs;
use super::read::{Body, Parsed};
use super::set::CliOverrides;
use super::{Basis, Settings};

/// One config with everything it extends, base first.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) layers: Vec<Layer>,
    pub(super) base: Arc<Settings>,
}

/// One file with the folder that its patterns are relative to.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) path: Arc<str>,
    pub(super) folder: Folder,
    pub(super) parsed: Arc<Parsed>,
}

/// A folder of the run (`Below`), or one of the workspace above it with the path of the root in there.
#[derive(Clone, Debug)]
pub(super) enum Folder {
    Below(String),
    Above { folder: String, prefix: String },
}

impl Folder {
    /// A path of the run as seen from this folder.
    fn relative(&self, path: &str) -> Option<String> {
        let (folder, full) = match self {
            Folder::Below(folder) => (folder, path.to_string()),
            Folder::Above { folder, prefix } => (folder, format!("{prefix}/{path}")),
        };
        if folder.is_empty() {
            return Some(full);
        }
        let rest = full.strip_prefix(folder.as_str())?.strip_prefix('/')?;
        Some(rest.to_string())
    }
}

impl Joined {
    /// The settings where no override or budget holds.
    pub(super) fn base_settings(&self, cli: &CliOverrides) -> Settings {
        let mut settings = Settings::default();
        for layer in &self.layers {
            apply(&mut settings, &layer.parsed.body);
            prepend(&mut settings.sdk, &layer.parsed.sdk);
            prepend(&mut settings.models, &layer.parsed.models);
        }
        settings.files = self.layers.iter().map(|layer| layer.path.clone()).collect();
        apply_cli(&mut settings, cli);
        settings
    }

    pub(super) fn settings(&self, path: &str, cli: &CliOverrides) -> Arc<Settings> {
        let mut changed: Option<Settings> = None;
        let mut edit = |change: &dyn Fn(&mut Settings)| {
            change(changed.get_or_insert_with(|| (*self.base).clone()));
        };
        for (layer, relative) in self.layers_for(path) {
            for entry in layer.parsed.overrides.iter() {
                if entry.paths.is_match(&relative) {
                    edit(&|settings| apply(settings, &entry.body));
                }
            }
            for budget in layer.parsed.budget.iter() {
                if budget.paths.is_match(&relative) {
                    edit(&|settings| {
                        settings.budget = budget.tokens.or(settings.budget);
                        settings.min_cached_tokens =
                            budget.min_cached_tokens.or(settings.min_cached_tokens);
                    });
                }
            }
        }
        let (included, excluded) = self.chosen(path);
        if included || excluded {
            edit(&|settings| {
                settings.included = included;
                settings.excluded = excluded;
            });
        }
        match changed {
            Some(mut settings) => {
                apply_cli(&mut settings, cli);
                Arc::new(settings)
            }
            None => self.base.clone(),
        }
    }

    fn layers_for<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a Layer, String)> {
        self.layers
            .iter()
            .filter_map(move |layer| Some((layer, layer.folder.relative(path)?)))
    }

    pub(super) fn chosen(&self, path: &str) -> (bool, bool) {
        let any = |globs: fn(&Parsed) -> &Globs| {
            self.layers_for(path)
                .any(|(layer, relative)| globs(&layer.parsed).is_match(&relative))
        };
        (any(|parsed| &parsed.include), any(|parsed| &parsed.exclude))
    }
}

fn set<T: Clone>(target: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        *target = value.clone();
    }
}

/// Later layers win: what they say stands in front.
fn prepend<T: Clone>(list: &mut Vec<T>, front: &[T]) {
    list.splice(0..0, front.iter().cloned());
}

fn apply(settings: &mut Settings, body: &Body) {
    if body.model.is_some() {
        settings.model.clone_from(&body.model);
    }
    let (traffic, keys) = (&mut settings.traffic, &body.traffic);
    if keys.calls_per_month.is_some() {
        traffic.calls_per_month = keys.calls_per_month;
        traffic.basis = Basis::Config;
    }
    set(&mut traffic.users, &keys.users);
    set(&mut traffic.tenants, &keys.tenants);
    set(&mut traffic.calls_per_session, &keys.calls_per_session);
    set(&mut traffic.gap, &keys.gap);
    set(&mut traffic.batch, &keys.batch);
    traffic.ttl = keys.ttl.or(traffic.ttl);
    let (assume, keys) = (&mut settings.assume, &body.assume);
    set(&mut assume.history_tokens, &keys.history_tokens);
    set(&mut assume.tools_tokens, &keys.tools_tokens);
    set(&mut assume.unknown_text_tokens, &keys.unknown_text_tokens);
    set(&mut assume.flips, &keys.flips);
    set(&mut settings.tests, &body.tests);
    set(&mut settings.warn_at, &body.warn_at);
    prepend(&mut settings.volatility, &body.volatility);
    prepend(&mut settings.rules, &body.rules);
}

fn apply_cli(settings: &mut Settings, cli: &CliOverrides) {
    if cli.model.is_some() {
        settings.model.clone_from(&cli.model);
    }
    if cli.calls_per_month.is_some() {
        settings.traffic.calls_per_month = cli.calls_per_month;
        settings.traffic.basis = Basis::Config;
    }
    settings.traffic.ttl = cli.ttl.or(settings.traffic.ttl);
}
