//! Every construct as a table of source -> compact form, and what broken, huge and odd files do.

mod constructs;
mod print;
mod robustness;

use super::lower;
use crate::frontend::code::ir::Module;
use crate::source::SourceFile;

/// Lowers a source that must be without problems.
fn clean(path: &str, source: &str) -> Module {
    let module = lower(&SourceFile::new(path, source), None).0;
    assert_eq!(module.problems, [], "{source}");
    module
}

/// Asserts the compact form of each source; prints all that differ at once.
fn table(path: &str, rows: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (source, expected) in rows {
        let printed = print::module(&clean(path, source));
        if printed != *expected {
            wrong += &format!("\n  {source}\n    wanted {expected}\n    got    {printed}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
