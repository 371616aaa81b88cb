//! The part of JSON Schema that the schemas of this repository use. Stricter in one thing: a key that an object has
//! and the schema does not name is wrong.

use serde_json::Value;

pub struct Schema(Value);

impl Schema {
    pub fn new(text: &str) -> Self {
        Schema(serde_json::from_str(text).expect("JSON"))
    }

    /// What is wrong with a value, by the part of the schema at a pointer (empty: the whole).
    pub fn wrong(&self, pointer: &str, value: &Value) -> Vec<String> {
        let part = self.0.pointer(pointer).expect(pointer);
        let mut wrong = Vec::new();
        self.check(part, value, "$", &mut wrong);
        wrong
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let part = self.0.pointer(reference.trim_start_matches('#'));
            self.check(part.expect(reference), value, at, wrong);
        }
        for (kind, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let Some(options) = schema[kind].as_array() else {
                continue;
            };
            let fits = |option: &&Value| {
                let mut inner = Vec::new();
                self.check(option, value, at, &mut inner);
                inner.is_empty()
            };
            let fitting = options.iter().filter(fits).count();
            if fitting < 1 || fitting > most {
                wrong.push(format!("{at}: fits {fitting} options: {value}"));
            }
        }
        let words = schema["enum"].as_array();
        if words.is_some_and(|words| !words.contains(value)) {
            wrong.push(format!("{at}: {value} is not among {}", schema["enum"]));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            wrong.push(format!("{at}: {value} is not {}", schema["const"]));
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !types.is_empty() && !types.iter().any(|kind| is(kind, value)) {
            wrong.push(format!("{at}: {value} is no {types:?}"));
        }
        self.check_bounds(schema, value, at, wrong);
        if let Some(object) = value.as_object() {
            self.check_object(schema, object, at, wrong);
        }
        if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
            for (index, inner) in list.iter().enumerate() {
                self.check(items, inner, &format!("{at}[{index}]"), wrong);
            }
        }
    }

    fn check_bounds(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        if let Some(number) = value.as_f64() {
            let bound = |key: &str| schema[key].as_f64();
            let low = bound("minimum").is_some_and(|least| number < least)
                || bound("exclusiveMinimum").is_some_and(|least| number <= least);
            if low || bound("maximum").is_some_and(|most| number > most) {
                wrong.push(format!("{at}: {number} is out of bounds"));
            }
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            if !regex::Regex::new(pattern).expect(pattern).is_match(text) {
                wrong.push(format!("{at}: {text:?} does not match {pattern}"));
            }
        }
    }

    fn check_object(
        &self,
        schema: &Value,
        object: &serde_json::Map<String, Value>,
        at: &str,
        wrong: &mut Vec<String>,
    ) {
        for key in schema["required"].as_array().into_iter().flatten() {
            let key = key.as_str().expect("a name");
            if !object.contains_key(key) {
                wrong.push(format!("{at}: lacks {key}"));
            }
        }
        let named = schema["properties"].as_object();
        let others = schema
            .get("additionalProperties")
            .filter(|others| others.is_object());
        if named.is_none() && others.is_none() {
            return;
        }
        for (key, inner) in object {
            let at = format!("{at}.{key}");
            match named.and_then(|named| named.get(key)).or(others) {
                Some(part) => self.check(part, inner, &at, wrong),
                None => wrong.push(format!("{at}: not in the schema")),
            }
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}
