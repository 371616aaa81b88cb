//! A small JSON Schema validator for tests of the output, and the output's schema.

use serde_json::Value;

/// The schema of the output.
pub fn schema() -> Value {
    serde_json::from_str(include_str!("../../schemas/prefixlint-output.schema.json")).expect("JSON")
}

/// The part of JSON Schema that our schema uses; a key that an object has and the schema does not name is wrong too.
pub fn check(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#'));
        return check(root, target.expect("a known $ref"), value, at, wrong);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let fits = options.iter().any(|option| {
            let mut own = Vec::new();
            check(root, option, value, at, &mut own);
            own.is_empty()
        });
        if !fits {
            wrong.push(format!("{at}: fits no option: {value}"));
        }
        return;
    }
    let allowed = schema["enum"].as_array();
    if allowed.is_some_and(|allowed| !allowed.contains(value)) {
        wrong.push(format!("{at}: {value} is not in the list"));
    }
    if schema
        .get("const")
        .is_some_and(|constant| constant != value)
    {
        wrong.push(format!("{at}: {value} is not the constant"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => value.is_number(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        wrong.push(format!("{at}: {value} is not {types:?}"));
    }
    let minimum = schema["minimum"].as_f64();
    if minimum.is_some_and(|least| value.as_f64().is_some_and(|number| number < least)) {
        wrong.push(format!("{at}: {value} is too small"));
    }
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object())
    {
        for (key, inner) in object {
            match properties.get(key) {
                Some(schema) => check(root, schema, inner, &format!("{at}.{key}"), wrong),
                None => wrong.push(format!("{at}.{key}: not in the schema")),
            }
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap_or_default()) {
                wrong.push(format!("{at}: lacks {key}"));
            }
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        check(
            root,
            &schema["items"],
            inner,
            &format!("{at}[{index}]"),
            wrong,
        );
    }
}
