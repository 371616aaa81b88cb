//! `prefixlint lsp`.

use super::Failure;
use crate::lsp;

pub(super) fn run() -> Result<u8, Failure> {
    lsp::run().map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}
