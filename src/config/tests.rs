use std::sync::Arc;

use super::*;
use crate::discover::PathArg;
use crate::source::SourceFile;
use crate::workspace::{Memory, Workspace};

const KNOWN: Known<'static> = Known {
    rules: &[
        "volatile-prefix",
        "conditional-prefix",
        "batch-candidate",
        "missing-cache-key",
    ],
    categories: &["order", "cost"],
};

pub(super) fn load(files: &[(&str, &str)]) -> (ConfigSet, Vec<ConfigError>) {
    load_for(&Memory::new(files), "")
}

fn load_for(ws: &dyn Workspace, argument: &str) -> (ConfigSet, Vec<ConfigError>) {
    let paths = [PathArg::new(argument)];
    let found = crate::discover::discover(ws, &paths, &crate::discover::Options::default());
    let options = LoadOptions {
        known: KNOWN,
        ..LoadOptions::default()
    };
    ConfigSet::load(ws, &paths, &found.configs, &options)
}

fn valid(text: &str) -> ConfigSet {
    let (set, errors) = load(&[("prefixlint.yaml", text)]);
    assert!(errors.is_empty(), "{errors:?}");
    set
}

/// An error as `underlined text | message | help`.
fn shown(error: &ConfigError) -> String {
    let source = error.source.as_ref().map_or("", |file| &file.text);
    let underlined = &source[error.span.start..error.span.end];
    let help = error.help.as_deref().unwrap_or("-");
    format!("{underlined} | {} | {help}", error.message)
}

fn mistakes(text: &str) -> Vec<String> {
    let (_, errors) = load(&[("prefixlint.yaml", text)]);
    errors.iter().map(shown).collect()
}

pub(super) const EVERYTHING: &str = r#"
model: gpt-5.4
traffic: { calls-per-month: 200_000, users: 500, tenants: 20, calls-per-session: 6, minutes-between-calls: 2, batch: false, ttl: 5 }
assume: { history-tokens: 2000, tools-tokens: 500, unknown-text-tokens: 100, flips: 1 }
include: ["src/prompts/**"]
exclude: ["**/testdata/**"]
tests: note
volatility: { company_name: constant, "ctx.ticket*": request }
rules: { order: note, conditional-prefix: warning, batch-candidate: off }
warn-at: 10%
budget: [ { paths: ["src/prompts/**"], tokens: 6000, min-cached-tokens: 2000 } ]
overrides:
  - paths: ["support/**"]
    model: claude-sonnet-5
    traffic: { calls-per-month: 2000000 }
    rules: { conditional-prefix: off }
    volatility: { company_name: tenant }
    assume: { flips: 2 }
    tests: same
    warn-at: 0.01
sdk: [ { provider: openai, calls: [ { name: ask } ] } ]
models: [ { id: our-model, minimum: 512 } ]
max-file-size: 8 MiB
"#;

#[test]
fn every_key_arrives() {
    let set = valid(EVERYTHING);
    let base = set.settings_for("a.j2");
    assert_eq!(base.model.as_deref(), Some("gpt-5.4"));
    assert_eq!(base.traffic.calls_per_month, Some(200_000.0));
    assert_eq!(base.traffic.basis, Basis::Config);
    assert_eq!(
        (base.traffic.users, base.traffic.tenants, base.traffic.gap),
        (500.0, 20.0, 2.0)
    );
    assert_eq!(base.traffic.ttl, Some(5.0));
    assert_eq!(base.assume.unknown_text_tokens, 100);
    assert_eq!(base.warn_at, 0.1);
    assert_eq!(base.volatility[1], ("ctx.ticket*".into(), Class::Request));
    assert_eq!(base.level("batch-candidate", "cost"), Level::Off);
    assert_eq!(
        base.level("volatile-prefix", "order"),
        Level::At(Severity::Note)
    );
    assert_eq!(
        base.level("conditional-prefix", "order"),
        Level::At(Severity::Warning)
    );
    assert_eq!(base.level("missing-cache-key", "routing"), Level::Default);
    assert_eq!(base.sdk[0]["provider"].as_str(), Some("openai"));
    assert_eq!(base.models[0]["minimum"].as_u64(), Some(512));
    assert_eq!(
        (base.budget, base.included, base.excluded),
        (None, false, false)
    );
    assert_eq!(set.limits().text, 8 << 20);
}

#[test]
fn overrides_budgets_and_choices_hold_by_path() {
    let set = valid(EVERYTHING);
    let support = set.settings_for("support/a.j2");
    assert_eq!(support.model.as_deref(), Some("claude-sonnet-5"));
    assert_eq!(support.traffic.calls_per_month, Some(2e6));
    assert_eq!(support.traffic.users, 500.0, "what it does not say stays");
    assert_eq!(
        support.volatility[0],
        ("company_name".into(), Class::Tenant)
    );
    assert_eq!(support.level("conditional-prefix", "order"), Level::Off);
    assert_eq!((support.tests, support.warn_at), (Tests::Same, 0.01));
    assert_eq!(support.assume.flips, 2.0);
    let prompts = set.settings_for("src/prompts/x/a.txt");
    assert_eq!(
        (prompts.budget, prompts.min_cached_tokens),
        (Some(6000), Some(2000))
    );
    assert!(prompts.included && !prompts.excluded);
    assert_eq!(set.chosen("x/testdata/a.j2"), (false, true));
}

#[test]
fn the_command_line_stands_above_all() {
    let set = valid(EVERYTHING).with_cli(CliOverrides {
        model: Some("m".into()),
        calls_per_month: Some(7.0),
        ttl: Some(60.0),
    });
    for path in ["a.j2", "support/a.j2"] {
        let settings = set.settings_for(path);
        assert_eq!(settings.model.as_deref(), Some("m"));
        assert_eq!(settings.traffic.calls_per_month, Some(7.0));
        assert_eq!(settings.traffic.ttl, Some(60.0));
    }
    let none = ConfigSet::default().with_cli(CliOverrides {
        calls_per_month: Some(7.0),
        ..CliOverrides::default()
    });
    assert_eq!(none.settings_for("x").traffic.basis, Basis::Config);
}

#[test]
fn without_traffic_the_reference_holds() {
    let set = valid("traffic: { users: 5 }");
    assert_eq!(set.settings_for("a").traffic.basis, Basis::Reference);
    for nothing in ["", "# only a comment\n"] {
        let settings = valid(nothing).settings_for("a");
        let files: Vec<&str> = settings.files.iter().map(|file| &**file).collect();
        assert_eq!(files, ["prefixlint.yaml"]);
        let files = settings.files.clone();
        let built_in = Settings {
            files,
            ..Settings::default()
        };
        assert_eq!(*settings, built_in);
    }
}

#[test]
fn unknown_keys_are_underlined_with_a_hint() {
    assert_eq!(
        mistakes("modle: x\nfoo: 1\ntraffic: { calls_per_month: 3 }\nbudget: [{paths: [a], token: 1}]"),
        [
            "modle | unknown key `modle` in a config | did you mean `model`?",
            "foo | unknown key `foo` in a config | known here: extend, model, traffic, assume, include, exclude, \
             tests, volatility, rules, warn-at, budget, overrides, sdk, models, max-file-size",
            "calls_per_month | unknown key `calls_per_month` in `traffic` | did you mean `calls-per-month`?",
            "token | unknown key `token` in an entry of `budget` | did you mean `tokens`?",
        ]
    );
}

#[test]
fn wrong_values_are_underlined() {
    let cases = [
        ("model: 5", "5 | `model` must be a text, this is a number | -"),
        ("model: ''", "'' | `model` is empty | -"),
        ("model:\n", " | `model` must be a text, this is nothing | -"),
        ("traffic: 3", "3 | `traffic` must be a mapping, this is a number | -"),
        ("traffic: { users: -1 }", "-1 | `users` is -1, must be 1 or more | -"),
        ("traffic: { calls-per-month: 0 }", "0 | `calls-per-month` is 0, must be above 0 | -"),
        ("traffic: { users: many }", "many | `users` must be a number, this is a text | -"),
        ("traffic: { users: .nan }", ".nan | `users` must be a number, this is a text | -"),
        ("traffic: { batch: yes }", "yes | `batch` must be true or false, this is a text | -"),
        ("assume: { history-tokens: 1.5 }", "1.5 | `history-tokens` is 1.5, must be a whole number | -"),
        ("assume: { flips: -1 }", "-1 | `flips` is -1, must be 0 or more | -"),
        ("tests: notes", "notes | `tests` must be `note`, `same` or `off`, not `notes` | did you mean `note`?"),
        ("warn-at: 5", "5 | `warn-at` is 5, must be a share from 0 to 1 | `0.05` or `5%` is five in a hundred"),
        ("rules: { volatile-prefx: off }", "volatile-prefx | unknown rule `volatile-prefx` | did you mean `volatile-prefix`?"),
        ("rules: { E501: off }", "E501 | unknown rule `E501` | `prefixlint rules` lists them"),
        ("rules: { cost: warn }", "warn | `cost` must be `off`, `note`, `warning`, `error` or `default`, not `warn` | -"),
        (
            "volatility: { x: usr }",
            "usr | `x` must be `constant`, `deploy`, `day`, `hour`, `minute`, `tenant`, `user`, `session`, `state`, \
             `request` or `unique`, not `usr` | did you mean `user`?",
        ),
        ("include: { a: 1 }", "{ a: 1 } | `include` must be a list, this is a mapping | -"),
        ("exclude: ['../x']", "'../x' | `../x` is not a path pattern: `..` leaves the folder of the config | -"),
        ("budget: [ { tokens: 5 } ]", "{ tokens: 5 } | an entry of `budget` needs `paths` | for example `paths: [\"support/**\"]`"),
        ("overrides: [ 7 ]", "7 | an entry of `overrides` must be a mapping, this is a number | -"),
        ("sdk: [ x ]", "x | an entry of `sdk` must be a mapping, this is a text | -"),
        ("max-file-size: 8 miles", "8 miles | `max-file-size` must be a number of bytes or a size | for example `8 MiB`"),
        ("- a", "- a | a config must be a mapping, this is a list | -"),
        ("model: a\nmodel: b", "model | `model` stands twice | -"),
        ("model: &m a\ntests: *m", "*m | aliases are not supported in a config | write the value out, or share it with `extend`"),
    ];
    for (text, expected) in cases {
        assert_eq!(mistakes(text), [expected], "{text}");
        let crlf = format!("\u{feff}# x\r\n{}", text.replace('\n', "\r\n"));
        assert_eq!(mistakes(&crlf), [expected], "with CRLF and a mark: {text}");
    }
}

#[test]
fn broken_yaml_is_one_mistake_at_its_place() {
    let (_, errors) = load(&[("prefixlint.yaml", "model: x\ninclude: [a\ntests: off\n")]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.starts_with("not valid YAML: "));
    assert!(errors[0].span.start > 8);
    let deep = format!("model: {}", "[".repeat(100_000));
    assert_eq!(load(&[("prefixlint.yaml", &deep)]).1.len(), 1);
}

#[test]
fn the_nearest_config_holds_and_nothing_is_merged() {
    let (set, errors) = load(&[
        ("prefixlint.yaml", "model: top\nwarn-at: 0.2\n"),
        ("a/.prefixlint.yaml", "model: inner\nexclude: [gen]\n"),
        ("a/b/x.j2", ""),
    ]);
    assert!(errors.is_empty());
    let inner = set.settings_for("a/b/x.j2");
    assert_eq!(inner.model.as_deref(), Some("inner"));
    assert_eq!(inner.warn_at, 0.05);
    assert!(set.settings_for("a/gen/y.j2").excluded);
    assert!(!set.settings_for("gen/y.j2").excluded);
    assert_eq!(set.settings_for("ab/x.j2").model.as_deref(), Some("top"));
}

#[test]
fn configs_above_the_argument_hold() {
    let ws = Memory::new(&[("prefixlint.yaml", "model: top"), ("a/b/x.j2", "")]);
    let (set, _) = load_for(&ws, "a/b");
    assert_eq!(set.settings_for("a/b/x.j2").model.as_deref(), Some("top"));
}

#[test]
fn an_invalid_nested_config_leaves_the_one_above() {
    let (set, errors) = load(&[
        ("prefixlint.yaml", "model: top"),
        ("a/prefixlint.yaml", "modle: x"),
    ]);
    assert_eq!(set.settings_for("a/x.j2").model.as_deref(), Some("top"));
    assert_eq!(errors.len(), 1);
    assert_eq!(&*errors[0].path, "a/prefixlint.yaml");
}

#[test]
fn extended_files_stand_below_their_extender() {
    let (set, errors) = load(&[
        (
            "shared/base.yaml",
            "model: base\nwarn-at: 0.2\nrules: { order: off }\noverrides: [{paths: ['x/*'], tests: off}]",
        ),
        (
            "shared/prefixlint.yaml",
            "extend: base.yaml\nmodel: own\nrules: { volatile-prefix: note }",
        ),
    ]);
    assert!(errors.is_empty(), "{errors:?}");
    let settings = set.settings_for("shared/a.j2");
    assert_eq!(
        (settings.model.as_deref(), settings.warn_at),
        (Some("own"), 0.2)
    );
    assert_eq!(
        settings.level("volatile-prefix", "order"),
        Level::At(Severity::Note)
    );
    assert_eq!(settings.level("conditional-prefix", "order"), Level::Off);
    assert_eq!(set.settings_for("shared/x/a.j2").tests, Tests::Off);
}

#[test]
fn bad_extends_are_reported_where_they_stand() {
    let cases = [
        ("gone.yaml", "gone.yaml | cannot read `gone.yaml`: no such file | -"),
        (
            "../../up.yaml",
            "../../up.yaml | `../../up.yaml` is outside the root of the run | `extend` takes paths relative to this file \
             and inside the root",
        ),
        (
            "prefixlint.yaml",
            "prefixlint.yaml | extends itself: a/prefixlint.yaml -> a/prefixlint.yaml | remove one of these `extend`",
        ),
    ];
    for (target, expected) in cases {
        let text = format!("extend: {target}\nmodel: m\n");
        let (set, errors) = load(&[("a/prefixlint.yaml", &text)]);
        let shown: Vec<_> = errors.iter().map(shown).collect();
        assert_eq!(shown, [expected]);
        assert_eq!(set.settings_for("a/x").model, None);
    }
}

#[test]
fn a_cycle_over_two_files_is_named() {
    let (_, errors) = load(&[
        ("prefixlint.yaml", "extend: [b.yaml]"),
        ("b.yaml", "extend: [prefixlint.yaml]"),
    ]);
    let shown: Vec<_> = errors.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "prefixlint.yaml | extends itself: prefixlint.yaml -> b.yaml -> prefixlint.yaml | remove one of these `extend`",
            "b.yaml | the extended `b.yaml` is not valid | -",
        ]
    );
}

#[test]
fn explicit_and_isolated_replace_all_others() {
    let ws = Memory::new(&[
        ("prefixlint.yaml", "model: top"),
        (
            "ci/lint.yaml",
            "model: ci\nexclude: ['src/gen/**']\nextend: more.yaml",
        ),
        ("ci/more.yaml", "warn-at: 0.5"),
    ]);
    let mut options = LoadOptions {
        explicit: Some(ws.read("ci/lint.yaml").unwrap()),
        known: KNOWN,
        ..LoadOptions::default()
    };
    let (set, errors) = ConfigSet::load(&ws, &[], &["prefixlint.yaml".into()], &options);
    assert!(errors.is_empty());
    let settings = set.settings_for("src/gen/a.j2");
    assert_eq!(
        (settings.model.as_deref(), settings.warn_at),
        (Some("ci"), 0.5)
    );
    assert!(settings.excluded, "patterns count from the root");
    options.isolated = true;
    let (set, _) = ConfigSet::load(&ws, &[], &["prefixlint.yaml".into()], &options);
    assert_eq!(*set.settings_for("a"), Settings::default());
}

#[test]
fn a_config_above_the_root_holds_with_its_own_paths() {
    let repository = Memory::new(&[("prefixlint.yaml", "model: m\nexclude: ['svc/gen/**']")]);
    let run = Memory::new(&[("gen/a.j2", "")]);
    let options = LoadOptions {
        above: Some(Above {
            workspace: &repository,
            prefix: "svc",
        }),
        known: KNOWN,
        ..LoadOptions::default()
    };
    let (set, errors) = ConfigSet::load(&run, &[PathArg::new("")], &[], &options);
    assert!(errors.is_empty());
    assert_eq!(set.settings_for("b.j2").model.as_deref(), Some("m"));
    assert!(set.settings_for("gen/a.j2").excluded);
    let broken = Memory::new(&[("prefixlint.yaml", "modle: m")]);
    let options = LoadOptions {
        above: Some(Above {
            workspace: &broken,
            prefix: "a/svc",
        }),
        ..LoadOptions::default()
    };
    let (_, errors) = ConfigSet::load(&run, &[], &[], &options);
    assert_eq!(&*errors[0].path, "../../prefixlint.yaml");
}

#[test]
fn a_config_that_is_not_text_is_reported() {
    let mut ws = Memory::default();
    ws.insert("prefixlint.yaml", "model: \0");
    let (_, errors) = load_for(&ws, "");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.starts_with("cannot be read: not text"));
    let invalid = Arc::new(SourceFile::from_bytes(
        "c.yaml".into(),
        b"model: \xff".to_vec(),
    ));
    let options = LoadOptions {
        explicit: Some(invalid),
        ..LoadOptions::default()
    };
    let (_, errors) = ConfigSet::load(&Memory::default(), &[], &[], &options);
    assert_eq!(errors[0].message, "not valid UTF-8");
    assert_eq!(errors[0].span, crate::source::Span::new(7, 8));
}
