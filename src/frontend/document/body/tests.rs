use super::*;
use crate::frontend::document::value::{parse_json, parse_yaml};

fn json(source: &str) -> Value {
    let text = Text::verbatim(&"body.json".into(), 0, source);
    let parsed = parse_json(&text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed.documents.into_iter().next().unwrap()
}

fn read(source: &str, found: Found) -> Option<Draft> {
    read_request(&json(source), &"body.json".into(), found)
}

fn document(source: &str) -> Draft {
    read(source, Found::Document).unwrap_or_else(|| panic!("not recognised: {source}"))
}

/// `section: text | text!` per message; `!` behind a block that carries a marker.
fn outline(draft: &Draft) -> Vec<String> {
    let block = |block: &DraftBlock| {
        let text = match &block.content {
            Content::Template(text, _) => text.as_str().to_string(),
            Content::Media { key, .. } => format!("<{key}>"),
            Content::Slot(slot) if slot.volatility.class.is_stable() => format!("?{}", slot.expr),
            other => format!("{other:?}"),
        };
        let mark = match &block.marker {
            Some(marker) => format!(
                "!{:?}{}",
                marker.how,
                marker.ttl.map_or(String::new(), |t| format!(" {t}"))
            ),
            None => String::new(),
        };
        text + &mark
    };
    draft
        .messages
        .iter()
        .map(|m| {
            let section = m.section.as_ref().map_or("?", |s| s.name());
            let blocks: Vec<String> = m.blocks.iter().map(block).collect();
            format!("{section}: {}", blocks.join(" | "))
        })
        .collect()
}

fn setting<'a>(draft: &'a Draft, name: &str) -> Option<&'a str> {
    draft.settings.iter().find(|s| s.name == name)?.literal()
}

#[test]
fn openai_chat_bodies_yield_tools_schema_messages_and_settings() {
    let source = r#"{
        "model": "gpt-5.6-sol", "reasoning_effort": "low", "prompt_cache_key": "bot",
        "prompt_cache_options": {"mode": "explicit", "ttl": "12h"},
        "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Rules.", "prompt_cache_breakpoint": {"mode": "explicit"}}]},
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "high"}}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "tool_call_id": "1", "content": "42"},
            {"role": "user", "content": "Go on"}
        ]}"#;
    let draft = document(source);
    assert_eq!(
        outline(&draft),
        [
            r#"tools: {"type":"function","function":{"name":"f"}} | {"type":"function","function":{"name":"g"}}"#,
            r#"schema: {"name":"a","schema":{}}"#,
            "developer: Rules.!Literal",
            "user: Look | <https://x/y.png#detail=high>",
            r#"assistant: [{"id":"1"}]"#,
            "tool: 42",
            "user: Go on",
        ]
    );
    assert_eq!(draft.format, "openai-chat");
    assert_eq!(draft.target.model.as_deref(), Some("gpt-5.6-sol"));
    assert_eq!(draft.target.provider.as_deref(), Some("openai"));
    let place = draft.target.place.as_ref().unwrap();
    assert_eq!(&source[place.span.start..place.span.end], "\"gpt-5.6-sol\"");
    for (name, value) in [
        ("reasoning_effort", "low"),
        ("prompt_cache_key", "bot"),
        ("prompt_cache_options.mode", "explicit"),
        ("prompt_cache_options.ttl", "12h"),
        ("response_format.type", "json_schema"),
    ] {
        assert_eq!(setting(&draft, name), Some(value), "{name}");
    }
    assert!(draft.recorded && !draft.fragment && draft.rows == 0);
}

#[test]
fn openai_responses_bodies_take_text_or_items() {
    let draft = document(
        r#"{"model": "gpt-5.4", "instructions": "Be kind.", "input": "Hi", "reasoning": {"effort": "high"},
            "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "s", "schema": {"type": "object"}}}}"#,
    );
    assert_eq!(
        outline(&draft),
        [
            r#"schema: {"type":"json_schema","name":"s","schema":{"type":"object"}}"#,
            "system: Be kind.",
            "user: Hi",
        ]
    );
    assert_eq!(draft.target.api, Some("responses"));
    assert_eq!(setting(&draft, "text.verbosity"), Some("low"));
    assert_eq!(setting(&draft, "reasoning.effort"), Some("high"));
    let draft = document(
        r#"{"model": "gpt-5.4", "input": [
            {"role": "developer", "content": "Rules"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "function_call", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "42"}]}"#,
    );
    assert_eq!(
        outline(&draft),
        [
            "developer: Rules",
            "user: Hi",
            r#"assistant: {"type":"function_call","name":"f","arguments":"{}"}"#,
            "tool: 42",
        ]
    );
}

#[test]
fn anthropic_bodies_yield_markers_with_ttl_wherever_they_stand() {
    let draft = document(
        r#"{"model": "claude-sonnet-5", "max_tokens": 10, "thinking": {"type": "enabled", "budget_tokens": 99},
            "cache_control": {"type": "ephemeral"}, "tool_choice": {"type": "auto"},
            "tools": [{"name": "a", "input_schema": {}}, {"name": "b", "input_schema": {}, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "system": [{"type": "text", "text": "Rules", "cache_control": {"type": "ephemeral", "ttl": "5m"}}, {"type": "text", "text": "Now"}],
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "a", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "42"}]}]}"#,
    );
    assert_eq!(
        outline(&draft),
        [
            r#"tools: {"name":"a","input_schema":{}} | {"name":"b","input_schema":{}}!Literal 60"#,
            "system: Rules!Literal 5 | Now",
            "user: Hi",
            r#"assistant: {"type":"tool_use","id":"1","name":"a","input":{}}"#,
            "user: 42!Automatic",
        ]
    );
    assert_eq!(draft.format, "anthropic-messages");
    assert_eq!(draft.target.provider.as_deref(), Some("anthropic"));
    assert_eq!(setting(&draft, "thinking.budget_tokens"), Some("99"));
    assert_eq!(setting(&draft, "tool_choice.type"), Some("auto"));
}

#[test]
fn gemini_bodies_are_told_by_contents_with_parts() {
    let draft = document(
        r#"{"systemInstruction": {"parts": [{"text": "Rules"}]}, "cachedContent": "cachedContents/1",
            "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}],
            "generationConfig": {"temperature": 0.5, "responseSchema": {"type": "OBJECT"}},
            "contents": [{"role": "user", "parts": [{"text": "Hi"}, {"inlineData": {"data": "AAAA"}}]}, {"role": "model", "parts": [{"text": "Yo"}]}, {"parts": [{"text": "?"}]}]}"#,
    );
    assert_eq!(
        outline(&draft),
        [
            r#"tools: {"name":"f"} | {"name":"g"}"#,
            r#"schema: {"type":"OBJECT"}"#,
            "system: ?cachedContents/1",
            "system: Rules",
            "user: Hi | <AAAA>",
            "assistant: Yo",
            "user: ?",
        ]
    );
    assert_eq!(draft.target.provider.as_deref(), Some("google"));
    assert_eq!(setting(&draft, "cachedContent"), Some("cachedContents/1"));
    assert_eq!(setting(&draft, "generationConfig.temperature"), Some("0.5"));
}

#[test]
fn converse_cache_points_mark_the_block_in_front() {
    let draft = document(
        r#"{"modelId": "us.anthropic.claude-sonnet-5-v1:0",
            "system": [{"text": "Rules"}, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "Now"}],
            "toolConfig": {"tools": [{"toolSpec": {"name": "f"}}, {"cachePoint": {"type": "default"}}], "toolChoice": {"auto": {}}},
            "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}"#,
    );
    assert_eq!(
        outline(&draft),
        [
            r#"tools: {"toolSpec":{"name":"f"}}!Literal"#,
            "system: Rules!Literal 60 | Now",
            "user: Hi",
        ]
    );
    assert_eq!(draft.format, "bedrock-converse");
    assert_eq!(draft.target.provider.as_deref(), Some("bedrock"));
}

#[test]
fn bare_message_lists_are_requests_without_a_target() {
    let draft = document(
        r#"[{"role": "system", "content": "Rules"}, {"role": "user", "content": "{{ question }}"}]"#,
    );
    assert_eq!(draft.format, "messages");
    assert_eq!(draft.target.source, TargetSource::Default);
    assert!(!draft.recorded);
    assert!(matches!(
        &draft.messages[1].blocks[0].content,
        Content::Template(_, Dialect::Jinja)
    ));
    assert!(matches!(
        &draft.messages[0].blocks[0].content,
        Content::Template(_, Dialect::Plain)
    ));
    let alone = document(r#"[{"role": "system", "content": "Rules"}]"#);
    assert!(alone.fragment);
    // Examples in front of what is open.
    let shots = document(
        r#"[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "{{ question }}"}]"#,
    );
    assert_eq!(shots.messages.len(), 3);
}

#[test]
fn yaml_documents_of_the_same_shape_work_alike() {
    let source = "model: gpt-5.4\nmessages:\n  - role: system\n    content: |\n      Rules.\n      Be kind.\n  - {role: user, content: \"Hi ${name}\"}\n";
    let text = Text::verbatim(&"b.yaml".into(), 0, source);
    let parsed = parse_yaml(&text);
    let draft = read_request(&parsed.documents[0], &"b.yaml".into(), Found::Document).unwrap();
    assert_eq!(
        outline(&draft),
        ["system: Rules.\nBe kind.\n", "user: Hi ${name}"]
    );
    let Content::Template(system, _) = &draft.messages[0].blocks[0].content else {
        panic!("no text");
    };
    let span = system.span(7, 15);
    assert_eq!(&source[span.start..span.end], "Be kind.");
    assert!(matches!(
        &draft.messages[1].blocks[0].content,
        Content::Template(_, Dialect::Dollar)
    ));
}

#[test]
fn wrappers_of_batches_are_opened() {
    let draft = read(
        r#"{"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": {"model": "m", "input": "Hi {{x}}"}}"#,
        Found::Row,
    )
    .unwrap();
    assert_eq!(draft.format, "openai-responses");
    assert!(matches!(
        &draft.messages[0].blocks[0].content,
        Content::Template(_, Dialect::Plain)
    ));
    let draft = read(
        r#"{"custom_id": "1", "params": {"model": "claude-x", "messages": [{"role": "user", "content": "Hi"}]}}"#,
        Found::Row,
    )
    .unwrap();
    assert_eq!(draft.format, "anthropic-messages");
    let batch = json(
        r#"{"requests": [{"custom_id": "1", "params": {"messages": []}}, {"custom_id": "2", "params": {"messages": []}}]}"#,
    );
    assert_eq!(rows_of(&batch).map(<[Value]>::len), Some(2));
}

#[test]
fn what_only_resembles_a_body_is_none() {
    for source in [
        r#"{"messages": ["a", "b"]}"#,
        r#"{"messages": [{"id": "x", "text": "y"}]}"#,
        r#"{"messages": [{"role": "admin", "content": "y"}], "model": "x"}"#,
        r#"{"messages": {"welcome": "Hi"}}"#,
        r#"{"messages": []}"#,
        r#"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#,
        r#"{"id": 7, "created": 1, "messages": [{"role": "user", "content": "q"}]}"#,
        r#"{"model": "x", "choices": [], "messages": [{"role": "user", "content": "q"}]}"#,
        r#"{"model": "text-embedding-3", "input": "embed me"}"#,
        r#"{"model": "tts-1", "input": "say", "voice": "alloy", "instructions": "calm"}"#,
        r#"{"contents": "text", "parts": 1}"#,
        r#"{"contents": [{"parts": [{"sku": 1}]}]}"#,
        r#"[{"role": "user", "content": "q", "id": 1}]"#,
        r#"[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]"#,
        // What was said; the braces are of code that was spoken of.
        r#"[{"role": "user", "content": "a {body} b"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "go on"}]"#,
        r#"[{"role": "viewer", "content": "q"}]"#,
        r#"{"question": "q", "answer": "a"}"#,
        r#"[]"#,
        r#"7"#,
    ] {
        assert!(read(source, Found::Document).is_none(), "{source}");
    }
}

#[test]
fn rows_without_a_model_are_training_data() {
    let row = r#"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}], "tools": []}"#;
    assert!(read(row, Found::Row).is_none());
    assert!(read(row, Found::Document).is_some());
}

#[test]
fn dialects_are_guessed_by_their_markers() {
    for (text, dialect) in [
        ("Hi {{ name }}", Dialect::Jinja),
        ("{% if a %}x{% endif %}", Dialect::Jinja),
        ("{{#if a}}x{{/if}}", Dialect::Handlebars),
        ("{{> part}}", Dialect::Handlebars),
        ("{{#items}}x{{/items}}", Dialect::Mustache),
        ("{{$input}} and {{$x}}", Dialect::SemanticKernel),
        ("Hi {{.Name}}", Dialect::GoTemplate),
        ("{{role \"user\"}}", Dialect::Dotprompt),
        ("Hi {{role}}", Dialect::Jinja),
        ("Hi {{role}} of {team}", Dialect::Braces),
        ("Hi {{ role }} of {team}", Dialect::Jinja),
        ("Hi {{role}}: {{ \"team\": {{}} }}", Dialect::Braces),
        ("<%= name %>", Dialect::Erb),
        ("Hi ${name}", Dialect::Dollar),
        ("costs $5, {\"a\": {\"b\": {}}}", Dialect::Plain),
        ("use {name} in f-strings", Dialect::Plain),
        ("{{}} {{ \"x\" }} ${} ${1:-2}", Dialect::Plain),
    ] {
        assert_eq!(guess_dialect(text), dialect, "{text}");
    }
    assert_eq!(guess_dialect(&"{{".repeat(100_000)), Dialect::Plain);
}

#[test]
fn ttls_are_minutes() {
    for (ttl, expected) in [
        ("5m", Some(5)),
        ("1h", Some(60)),
        ("300s", Some(5)),
        ("", None),
        ("é", None),
        ("x", None),
    ] {
        assert_eq!(minutes(ttl), expected, "{ttl}");
    }
}
