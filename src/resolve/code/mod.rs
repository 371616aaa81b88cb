//! Code -> prompts: an abstract evaluator over the small language of `frontend/code/ir`, the modules it runs through,
//! and what it finds. One evaluator for all host languages. Knows nothing of layout, cost or rules.

mod aliases;
mod arguments;
mod arms;
mod assign;
mod barren;
mod beside;
mod blocks;
mod bound;
mod callers;
mod calls;
mod class_members;
mod closures;
mod comprehensions;
mod construct;
mod declared;
mod documents;
mod eval;
mod events;
mod exprs;
mod extended;
mod filled;
mod fills;
mod functions;
mod givens;
mod handed;
mod heap;
mod imports;
mod instances;
mod interest;
mod invoke;
mod items;
mod kept;
mod knowledge;
mod landing;
mod library;
mod lists;
mod literals;
mod loads;
#[cfg(test)]
mod loads_tests;
mod loops;
mod made;
mod mapped;
mod marked;
mod marks;
mod members;
mod messages;
mod methods;
mod modules;
mod names;
mod noted;
mod numbers;
mod objects;
mod operators;
mod paths;
mod patterns;
mod picks;
mod print;
mod renders;
mod requests;
mod roles;
mod rounds;
mod rows;
mod run;
mod sent_tools;
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
mod wrapped;

pub use run::{resolve_code, CodeInput, CodeResult};

#[cfg(test)]
mod sdk_tests;
#[cfg(test)]
mod tests;
