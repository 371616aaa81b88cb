//! What one run leaves for the next: parsed files, what each entry of code came to, judged prompts. Valid as long as
//! nothing changed that it rests on.

/// The memory of one root under one set of settings; another set needs an empty one.
#[derive(Default)]
pub struct Memo {}
