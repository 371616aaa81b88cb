//! What each construct becomes: source -> the compact form of `print`.

use super::*;

mod constructs;
mod print;
mod robustness;
mod text;

fn lowered(source: &str) -> Module {
    lower(&SourceFile::new("a.py", source), None).0
}

/// The compact form of a source without problems.
fn printed(source: &str) -> String {
    let module = lowered(source);
    assert_eq!(module.problems, [], "{source}");
    print::module(&module)
}
