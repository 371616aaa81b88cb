//! JSON-RPC messages and their error codes. Knows no method.

use serde_json::{json, Value};

pub const PARSE_ERROR: i64 = -32700;
pub const INVALID_REQUEST: i64 = -32600;
pub const METHOD_NOT_FOUND: i64 = -32601;
pub const INVALID_PARAMS: i64 = -32602;
pub const INTERNAL_ERROR: i64 = -32603;
pub const NOT_INITIALIZED: i64 = -32002;
pub const REQUEST_FAILED: i64 = -32803;
pub const CANCELLED: i64 = -32800;
pub const CONTENT_MODIFIED: i64 = -32801;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: i64,
    pub message: String,
}

impl Refusal {
    pub fn new(code: i64, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }

    pub fn params(message: impl Into<String>) -> Refusal {
        Refusal::new(INVALID_PARAMS, message)
    }
}

pub type Answer = Result<Value, Refusal>;

/// A message from the client.
#[derive(Debug, PartialEq)]
pub enum Message {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// To a request of ours: the result, or nothing where the client refused.
    Response {
        id: Value,
        result: Option<Value>,
    },
}

impl Message {
    /// # Errors
    /// The id to answer to (`null` where it has none) and what is wrong.
    pub fn parse(value: Value) -> Result<Message, (Value, Refusal)> {
        let wrong = |id: &Value, what: &str| Err((id.clone(), Refusal::new(INVALID_REQUEST, what)));
        let Value::Object(mut fields) = value else {
            return wrong(&Value::Null, "a message is an object");
        };
        let id = fields.remove("id");
        let has_id = matches!(&id, Some(Value::Number(_) | Value::String(_)));
        let named = match &id {
            Some(id) if has_id => id.clone(),
            _ => Value::Null,
        };
        if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return wrong(&named, "`jsonrpc` must be \"2.0\"");
        }
        let method = match fields.remove("method") {
            Some(Value::String(method)) => Some(method),
            Some(_) => return wrong(&named, "`method` must be a string"),
            None => None,
        };
        let params = fields.remove("params").unwrap_or(Value::Null);
        match (id, method) {
            (Some(id), Some(method)) if has_id => Ok(Message::Request { id, method, params }),
            (Some(_), Some(_)) => wrong(&Value::Null, "`id` must be a number or a string"),
            (None, Some(method)) => Ok(Message::Notification { method, params }),
            (Some(id), None) if fields.contains_key("result") || fields.contains_key("error") => {
                let result = fields.remove("result");
                Ok(Message::Response { id, result })
            }
            _ => wrong(
                &named,
                "neither a request nor a notification nor a response",
            ),
        }
    }
}

pub fn response(id: Value, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(refusal) => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": refusal.code, "message": refusal.message },
        }),
    }
}

pub fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

pub fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(value: Value) -> (Value, i64) {
        let (id, refusal) = Message::parse(value).expect_err("it is wrong");
        (id, refusal.code)
    }

    #[test]
    fn what_is_no_message_is_an_invalid_request_with_its_id_where_it_has_one() {
        for value in [
            json!([]),
            json!(1),
            json!({}),
            json!({"jsonrpc": "2.0"}),
            json!({"jsonrpc": "2.0", "id": {}, "method": "x"}),
            json!({"jsonrpc": "2.0", "id": null, "method": "x"}),
        ] {
            assert_eq!(code(value), (Value::Null, INVALID_REQUEST));
        }
        let old = json!({"id": 7, "method": "x"});
        assert_eq!(code(old), (json!(7), INVALID_REQUEST));
        let strange = json!({"jsonrpc": "2.0", "id": "a", "method": 3});
        assert_eq!(code(strange), (json!("a"), INVALID_REQUEST));
    }

    #[test]
    fn requests_notifications_and_responses_are_told_apart() {
        let parse = |value| Message::parse(value).expect("a message");
        assert!(matches!(
            parse(json!({"jsonrpc": "2.0", "id": "a", "method": "m"})),
            Message::Request { .. }
        ));
        assert!(matches!(
            parse(json!({"jsonrpc": "2.0", "method": "m", "params": {}})),
            Message::Notification { .. }
        ));
        assert_eq!(
            parse(json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}})),
            Message::Response {
                id: json!(1),
                result: None
            }
        );
    }
}
