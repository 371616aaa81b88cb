//! The JSON schema of the config and the reader say the same.

use serde_json::Value;

use super::keys;
use super::tests::{load, EVERYTHING};
use crate::source::SourceFile;
use crate::volatility::Class;

#[path = "../../tests/schema/mod.rs"]
mod validator;
use validator::Schema;

const SCHEMA: &str = include_str!("../../schemas/prefixlint-config.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn keys_at(schema: &Value, pointer: &str) -> Vec<String> {
    let properties = schema.pointer(pointer).and_then(Value::as_object);
    let mut keys: Vec<String> = properties.unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

fn sorted(words: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.sort();
    words
}

#[test]
fn the_schema_names_the_keys_of_the_reader() {
    let schema = schema();
    for (pointer, known) in [
        ("/properties", keys::TOP),
        ("/definitions/traffic/properties", keys::TRAFFIC),
        ("/definitions/assume/properties", keys::ASSUME),
        ("/properties/budget/items/properties", keys::BUDGET),
        ("/properties/overrides/items/properties", keys::OVERRIDE),
    ] {
        assert_eq!(keys_at(&schema, pointer), sorted(known), "{pointer}");
    }
    let words = |pointer: &str| schema.pointer(pointer).unwrap().clone();
    let classes: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
    assert_eq!(
        words("/definitions/volatility/additionalProperties/enum"),
        serde_json::json!(classes)
    );
    assert_eq!(
        words("/definitions/rules/additionalProperties/enum"),
        serde_json::json!(keys::LEVELS)
    );
    assert_eq!(
        words("/definitions/tests/enum"),
        serde_json::json!(keys::TESTS)
    );
}

#[test]
fn every_key_of_the_tables_is_read() {
    // The full example names each key, so a key that a table lists and the reader forgets shows up in
    // `every_key_arrives`; here: the example names them all.
    for key in [keys::TOP, keys::TRAFFIC, keys::ASSUME, keys::BUDGET].concat() {
        let named = EVERYTHING.contains(&format!("{key}:"));
        assert!(named || key == "extend", "{key}");
    }
}

fn validates(text: &str) -> bool {
    let node = super::tree::parse(&SourceFile::new("c.yaml", text)).unwrap();
    let value = serde_json::to_value(node.to_value()).unwrap();
    Schema::new(SCHEMA).wrong("", &value).is_empty()
}

const EXAMPLE: &str = r#"
model: gpt-5.4                # default target where code and config name none
traffic: { calls-per-month: 200000, users: 500, tenants: 20, calls-per-session: 6, batch: false, ttl: 5 }
assume: { history-tokens: 2000, tools-tokens: 500, flips: 1 }
include: ["src/prompts/**"]   # always prompts
exclude: ["**/testdata/**"]
tests: note                   # note | same | off
volatility: { company_name: constant, "ctx.ticket*": request }
rules: { batch-candidate: off, conditional-prefix: note }
budget: [ { paths: ["src/prompts/**"], tokens: 6000, min-cached-tokens: 2000 } ]
overrides: [ { paths: ["support/**"], model: claude-sonnet-5, traffic: { calls-per-month: 2000000 }, rules: {}, volatility: {}, assume: {} } ]
sdk: []
models: []
"#;

#[test]
fn reader_and_schema_agree_on_what_is_valid() {
    for good in [
        EXAMPLE,
        EVERYTHING,
        "",
        "include: a/**",
        "budget:",
        "max-file-size: 100000",
        "warn-at: 0",
    ] {
        assert!(load(&[("prefixlint.yaml", good)]).1.is_empty(), "{good}");
        assert!(validates(good), "{good}");
    }
    for bad in [
        "modle: x",
        "model: 5",
        "traffic: { users: 0 }",
        "traffic: { cals: 1 }",
        "traffic: { batch: yes }",
        "assume: { tools-tokens: 1.5 }",
        "tests: notes",
        "warn-at: 5",
        "rules: { cost: warn }",
        "volatility: { x: usr }",
        "budget: [ { tokens: 5 } ]",
        "overrides: [ { model: x } ]",
        "overrides: [ { paths: [a], include: [b] } ]",
        "max-file-size: big",
        "sdk: [ x ]",
        "extend:",
    ] {
        assert!(!load(&[("prefixlint.yaml", bad)]).1.is_empty(), "{bad}");
        assert!(!validates(bad), "{bad}");
    }
}
