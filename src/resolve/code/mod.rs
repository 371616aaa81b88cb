//! Code -> prompts: an abstract evaluator over the small language of `frontend/code/ir`, the modules it runs through,
//! and what it finds. One evaluator for all host languages. Knows nothing of layout, cost or rules.

mod aliases;
mod arguments;
mod callers;
mod calls;
mod closures;
mod declared;
mod eval;
mod events;
mod exprs;
mod givens;
mod handed;
mod heap;
mod imports;
mod interest;
mod kept;
mod knowledge;
mod loads;
#[cfg(test)]
mod loads_tests;
mod loops;
mod made;
mod mapped;
mod marked;
mod marks;
mod members;
mod methods;
mod modules;
mod numbers;
mod paths;
mod picks;
mod renders;
mod requests;
mod roles;
mod rows;
mod run;
mod stmts;
mod tables;
mod taken;
mod telling;
mod texts;
mod things;
mod types;
mod unplaced;
mod value;
mod ways;
mod windows;

pub use run::{resolve_code, CodeInput, CodeResult};

#[cfg(test)]
mod sdk_tests;
#[cfg(test)]
mod tests;
