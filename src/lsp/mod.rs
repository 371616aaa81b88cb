//! The language server: the analysis of `engine` over texts as editors show them. Reads standard input and writes
//! standard output; one loop, one thread that analyses, one file per method. Decides nothing about prompts.

mod client;
mod code_actions;
mod code_lens;
mod commands;
mod configs;
mod diagnostics;
mod documents;
mod edits;
mod extent;
mod hover;
mod inlay_hints;
mod mending;
mod message;
mod notifications;
mod parent;
mod position;
mod project;
mod prompts;
mod publish;
mod pull;
mod requests;
mod resolve;
mod server;
mod settings;
mod state;
mod symbols;
mod transport;
mod trial;
mod uri;
mod waiting;
mod worker;

/// Serves one client until it goes.
///
/// # Errors
/// Where no thread can be started.
pub fn run() -> std::io::Result<u8> {
    // Files are parsed on this thread too.
    let serving = std::thread::Builder::new()
        .name("lsp".into())
        .stack_size(worker::STACK)
        .spawn(server::serve)?;
    Ok(serving.join().unwrap_or(1))
}
