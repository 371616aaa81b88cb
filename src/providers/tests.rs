use super::*;

const NOV: Date = (2026, 11, 22);
/// provider, id, input, read, output, batch input; `-` = not published.
const EXPECTED: &str = include_str!("expected.txt");

fn get(provider: &str, id: &str) -> Model {
    Table::embedded().resolve(Some(provider), Some(id), NOV)
}

fn bare(id: &str) -> Model {
    Table::embedded().resolve(None, Some(id), NOV)
}

fn same(found: Option<f64>, text: &str, what: &str) {
    match text.parse::<f64>().ok() {
        Some(price) => assert!(
            found.is_some_and(|f| (f - price).abs() < 1e-9),
            "{what}: {found:?}, not {price}"
        ),
        None => assert_eq!(found, None, "{what}"),
    }
}

#[test]
fn every_model_resolves_to_itself_at_its_prices() {
    let mut count = 0;
    for line in EXPECTED.lines() {
        let row: Vec<&str> = line.split(' ').collect();
        let model = get(row[0], row[1]);
        assert_eq!(
            (model.provider.as_str(), model.id.as_str(), model.fallback),
            (row[0], row[1], false)
        );
        same(model.prices.map(|p| p.input), row[2], line);
        same(model.prices.and_then(|p| p.read), row[3], line);
        same(model.prices.and_then(|p| p.output), row[4], line);
        if row[5] != "-" {
            same(model.batch.map(|p| p.input), row[5], line);
        }
        assert!(
            !model.sources.is_empty() && model.as_of == "2026-11-22",
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, 133);
}

#[test]
fn gpt_5_4_has_its_steps_and_its_batch() {
    let model = bare("gpt-5.4-2026-03-05");
    assert_eq!(
        (model.id.as_str(), model.matching),
        ("gpt-5.4", Match::Steps { step: 128 })
    );
    let (above, long) = model.long_context.expect("long context");
    assert_eq!((above, long.input, long.read), (272_000, 5.0, Some(0.5)));
    assert_eq!(model.minimum_range, (1024, 2048));
    let batch = model.batch.expect("batch");
    assert_eq!(
        (batch.input, batch.read, batch.output),
        (1.25, Some(0.13), Some(7.5))
    );
}

#[test]
fn a_batch_with_55_8_percent_read_averages_a_quarter_of_list() {
    let model = bare("gpt-5.4");
    let list = model.prices.expect("prices");
    let batch = model.batch.expect("batch");
    assert_eq!(
        (list.input, list.read, batch.input),
        (2.5, Some(0.25), list.input / 2.0)
    );
    let average = batch.input + 0.558 * (batch.read.expect("read") - batch.input);
    assert!((average - 0.625).abs() < 0.0005, "{average}");
    assert!((average / list.input - 0.25).abs() < 0.0005);
}

#[test]
fn patterns_are_anchored() {
    for id in [
        "gpt-5.9",
        "gpt-5.4-x",
        "xgpt-5.4",
        "claude-opus-4-9",
        "gemini-2.5",
        "grok-4.70",
    ] {
        let model = bare(id);
        assert!(model.fallback, "{id} became {}", model.id);
        assert!(model.note.is_some_and(|note| note.contains(id)));
    }
    assert_eq!(bare("claude-opus-4-9").provider, "anthropic");
}

#[test]
fn minimums_and_read_discounts_are_per_model() {
    for (id, minimum, discount) in [
        ("claude-opus-5", 512, 0.1),
        ("claude-sonnet-5", 1024, 0.1),
        ("claude-opus-4-7", 2048, 0.1),
        ("claude-haiku-4-5", 4096, 0.1),
        ("claude-opus-5-5", 512, 0.05),
        ("claude-fable-5-2", 512, 0.025),
    ] {
        let model = bare(id);
        let prices = model.prices.expect("prices");
        assert_eq!(model.minimum, minimum, "{id}");
        assert!(
            (prices.read.expect("read") / prices.input - discount).abs() < 1e-9,
            "{id}"
        );
        assert!(
            model.charges_writes && model.matching == Match::Marks,
            "{id}"
        );
    }
}

#[test]
fn dated_prices_flip_at_their_date() {
    let table = Table::embedded();
    for (id, before, on) in [
        ("gemini-3.6-flash", (2026, 12, 31), (2027, 1, 1)),
        ("gemini-3.7-flash", (2026, 12, 31), (2027, 1, 1)),
        ("gemini-3.8-flash", (2026, 12, 31), (2027, 1, 1)),
        ("gemini-4-argon", (2026, 11, 30), (2026, 12, 1)),
    ] {
        let first = table.resolve(None, Some(id), before);
        let second = table.resolve(None, Some(id), on);
        let ratio = second.prices.expect("prices").input / first.prices.expect("prices").input;
        assert_eq!(ratio, 2.0, "{id}");
        let batch = second.batch.expect("batch");
        assert_eq!(
            batch.input * 2.0,
            second.prices.expect("prices").input,
            "{id}"
        );
    }
}

#[test]
fn a_batch_without_a_cached_price_has_no_cache() {
    for (provider, id) in [
        ("openai", "gpt-4o"),
        ("groq", "openai/gpt-oss-120b"),
        ("bedrock", "anthropic.claude-sonnet-5"),
    ] {
        assert_eq!(get(provider, id).batch.expect("batch").read, None, "{id}");
    }
    // Published: the standard cached price, not half of it.
    assert_eq!(
        bare("gemini-2.5-pro").batch.expect("batch").read,
        Some(0.125)
    );
    assert_eq!(
        bare("grok-4.7").batch.map(|b| (b.input, b.read)),
        Some((1.6, Some(0.4)))
    );
}

#[test]
fn prefixes_lead_to_the_provider() {
    for (name, provider, id) in [
        ("azure/gpt-5.4", "azure", "gpt-5.4"),
        (
            "openrouter/anthropic/claude-sonnet-5",
            "openrouter",
            "claude-sonnet-5",
        ),
        (
            "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock",
            "claude-sonnet-4-5",
        ),
        ("us.amazon.nova-pro-v1:0", "bedrock", "amazon.nova-pro-v1:0"),
        ("gemini/gemini-2.5-pro", "google", "gemini-2.5-pro"),
        ("vertex_ai/gemini-3.5-flash", "google", "gemini-3.5-flash"),
        (
            "vertex_ai/claude-sonnet-5@20260101",
            "anthropic",
            "claude-sonnet-5",
        ),
        ("openai:chat:gpt-5.4", "openai", "gpt-5.4"),
        ("groq/openai/gpt-oss-20b", "groq", "openai/gpt-oss-20b"),
        ("vllm/some/model", "vllm", "some/model"),
        ("kimi-k3", "moonshot", "kimi-k3"),
    ] {
        let model = bare(name);
        assert_eq!(
            (model.provider.as_str(), model.id.as_str(), model.fallback),
            (provider, id, false),
            "{name}"
        );
    }
    assert!(bare("vllm/some/model").prices.is_none());
}

#[test]
fn inherited_models_live_under_the_heirs_policy() {
    let azure = get("azure", "gpt-5.6-sol");
    assert_eq!(azure.matching, Match::Steps { step: 128 });
    assert_eq!((azure.batch, azure.ttl.long), (None, None));
    assert_eq!(
        get("azure", "gpt-5.4-pro").prices.and_then(|p| p.read),
        Some(3.0)
    );
    let regional = bare("us.anthropic.claude-sonnet-5")
        .prices
        .expect("prices")
        .input;
    let global = bare("global.anthropic.claude-sonnet-5")
        .prices
        .expect("prices")
        .input;
    assert!((regional - 2.2).abs() < 1e-9 && global == 2.0);
    assert_eq!(get("bedrock", "anthropic.claude-opus-4-1").ttl.long, None);
}

#[test]
fn a_provider_alone_gives_its_default_with_the_range() {
    let table = Table::embedded();
    let model = table.resolve(Some("anthropic"), None, NOV);
    assert_eq!((model.minimum_range, model.fallback), ((512, 4096), false));
    let builtin = table.resolve(None, None, NOV);
    assert_eq!((builtin.id.as_str(), builtin.fallback), ("gpt-5.4", false));
    assert!(table.resolve(Some("nobody"), None, NOV).fallback);
    for provider in table.providers() {
        assert!(
            !table.resolve(Some(provider), None, NOV).fallback,
            "{provider}"
        );
    }
    assert_eq!(table.providers().count(), 17);
}

#[test]
fn options_name_providers_and_tiers() {
    let table = Table::embedded();
    for (option, provider) in [
        ("cache_control", "anthropic"),
        ("cachePoint.type", "bedrock"),
        ("cachedContent", "google"),
        ("prompt_cache_key", "openai"),
    ] {
        assert_eq!(table.provider_of_option(option), Some(provider));
    }
    assert_eq!(table.provider_of_option("temperature"), None);
    assert_eq!(bare("gpt-5.4").key_tier("tool_choice"), None);
    assert_eq!(
        bare("gpt-5.4").key_tier("response_format.type"),
        Some("system")
    );
    assert_eq!(
        bare("claude-opus-5").key_tier("tool_choice"),
        Some("messages")
    );
    let refused = bare("gpt-5.5");
    assert!(refused
        .unsupported_option("prompt_cache_options.mode", None)
        .is_some());
    assert!(refused
        .unsupported_option("prompt_cache_retention", Some("in_memory"))
        .is_some());
    assert!(refused
        .unsupported_option("prompt_cache_retention", Some("24h"))
        .is_none());
    assert!(bare("gpt-5.6-sol")
        .unsupported_option("prompt_cache_options", None)
        .is_none());
}

#[test]
fn a_table_is_old_after_180_days() {
    let table = Table::embedded();
    assert_eq!(table.age_note((2027, 5, 21)), None);
    assert!(table
        .age_note((2027, 5, 22))
        .is_some_and(|note| note.contains("181 days")));
}

#[test]
fn price_files_change_and_add_models() {
    let yaml = "models:\n  - id: gpt-5.4\n    prices: { input: 2 }\n  - id: house-1\n    provider: openai\n    profile: ends\n    prices: { input: 1, read: 0.1 }\n";
    let table = Table::with_prices(yaml).expect("valid");
    let changed = table
        .resolve(None, Some("gpt-5.4-2026-03-05"), NOV)
        .prices
        .expect("prices");
    assert_eq!((changed.input, changed.read), (2.0, Some(0.25)));
    let added = table.resolve(Some("openai"), Some("house-1"), NOV);
    assert_eq!((added.matching, added.fallback), (Match::Ends, false));
}

#[test]
fn a_bad_price_file_says_where() {
    let error = Table::with_prices("models:\n  - id: gpt-5.4\n    prices:\n      inptu: 2\n")
        .err()
        .expect("refused");
    assert_eq!((error.line, error.column), (4, 7));
    assert!(error.help.contains("`input`"));
    assert!(Table::with_prices("models: [").err().expect("refused").line > 0);
    assert!(Table::with_prices("- { id: x, provider: nobody }").is_err());
    assert!(Table::with_prices("- { id: x, provider: openai, match: '(' }").is_err());
}

#[test]
fn a_list_is_searched_by_part_or_glob() {
    let table = Table::embedded();
    assert!(table.all(None, NOV).len() >= 133);
    let ids = |p| {
        table
            .all(Some(p), NOV)
            .into_iter()
            .map(|l| l.model.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("GPT-5.6-*"),
        ["gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"]
    );
    assert!(ids("sonnet").contains(&"claude-sonnet-5".to_string()));
}
