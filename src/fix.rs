//! Fixes: what a rule wants done, written as edits of the text by whoever owns the syntax. Knows how to write; whether
//! a fix is worth it a rule says, and whether it holds `apply` finds out. Touches no disk.

pub mod apply;
mod edits;
pub mod moves;
mod proof;

use crate::finding::Fix;
use crate::judge::Judged;
use crate::plan::{Edit, Step};
use crate::source::{Place, Sources};

/// What an edit would do about a remark, in terms of the request and not of any syntax.
#[derive(Clone, Debug, PartialEq)]
pub enum Mend {
    /// What a step of the plan says: the index in `Judged::plan.steps`.
    Step(usize),
    /// What stands at a place is put in a fixed order.
    Sort(Place),
    /// A marker goes.
    DropMark(Place),
    /// A marker lives as long as another one does.
    Ttl { mark: Place, minutes: u32 },
    /// A suppression comment names rules in vain.
    Unname { comment: Place, rules: Vec<String> },
}

/// The edits that do it, where the text at hand can hold them. `judged`: the prompt that the remark is on.
pub fn write(mend: &Mend, judged: Option<&Judged>, sources: &Sources) -> Option<Fix> {
    match mend {
        Mend::Step(index) => {
            let judged = judged?;
            let step = judged.plan.steps.get(*index)?;
            write_step(judged, step, sources)
        }
        Mend::Sort(_) | Mend::DropMark(_) | Mend::Ttl { .. } | Mend::Unname { .. } => None,
    }
}

fn write_step(judged: &Judged, step: &Step, sources: &Sources) -> Option<Fix> {
    match &step.edit {
        Edit::Move | Edit::Lift => moves::write(judged, step, sources),
        Edit::Mark | Edit::Explicit if step.splits => moves::write(judged, step, sources),
        _ => None,
    }
}
