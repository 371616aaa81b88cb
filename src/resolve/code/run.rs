//! Which functions are evaluated: those that have to do with requests, then those that call them, until no prompt
//! depends on a parameter that a caller of the workspace could tell; and which of the prompts found are the same.
pub struct CodeInput;
pub struct CodeResult;
pub fn resolve_code() {}
