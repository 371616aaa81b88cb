//! prefixlint: a static prompt-cache linter. See `main.rs` for the binary; the library is what the command line,
//! the language server and the tests share. Data flows one way:
//! workspace -> discover -> frontend -> resolve -> prompt -> layout, cost -> rules -> finding -> report.

#![forbid(unsafe_code)]

pub mod baseline;
pub mod cli;
pub mod compare;
pub mod config;
pub mod cost;
pub mod discover;
pub mod engine;
pub mod figures;
pub mod finding;
pub mod fix;
pub mod frontend;
pub mod guard;
pub mod judge;
pub mod layout;
pub mod lsp;
pub mod phrase;
pub mod plan;
pub mod prompt;
pub mod providers;
pub mod reads;
pub mod report;
pub mod resolve;
pub mod rulebook;
pub mod rules;
pub mod sdk;
pub mod setup;
pub mod source;
pub mod suppress;
pub mod tokens;
pub mod volatility;
pub mod words;
pub mod workspace;
