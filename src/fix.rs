//! Fixes: what a rule wants done, written as edits of the text by whoever owns the syntax. Knows how to write; whether
//! a fix is worth it a rule says, and whether it holds `apply` finds out. Touches no disk.

pub mod apply;
mod breakpoints;
mod comments;
mod edits;
mod entries;
mod marks;
pub mod moves;
mod proof;
mod sort;
mod written;

use crate::finding::{self, Fix};
use crate::frontend::code;
use crate::judge::Judged;
use crate::plan::{Edit, Step};
use crate::source::{Place, Sources, Span};

/// What an edit would do about a remark, in terms of the request and not of any syntax.
#[derive(Clone, Debug, PartialEq)]
pub enum Mend {
    /// What a step of the plan says: the index in `Judged::plan.steps`.
    Step(usize),
    /// What stands at a place is put in a fixed order.
    Sort(Place),
    /// So many of these markers go.
    DropMarks { marks: Vec<Place>, over: usize },
    /// No marker lives longer than one in front of it.
    OrderTtls,
    /// A directive of a comment names some of its rules in vain.
    Unname {
        directive: Place,
        comment: Span,
        /// All that it names, and those in vain.
        rules: Vec<String>,
        unused: Vec<String>,
    },
}

/// The edits that do it, where the text at hand can hold them. `judged`: the prompt that the remark is on.
pub fn write(mend: &Mend, judged: Option<&Judged>, sources: &Sources) -> Option<Fix> {
    let fix = edits_of(mend, judged, sources)?;
    (edits::fits(&fix, sources) && fix.edits.iter().all(|edit| is_whole(edit, sources)))
        .then_some(fix)
}

/// Whether the file of an edit can be read as it is: nobody knows what is written into one that cannot.
fn is_whole(edit: &finding::Edit, sources: &Sources) -> bool {
    let file = sources.get(&edit.place.path);
    let language = code::language_of(&edit.place.path);
    file.zip(language)
        .is_none_or(|(file, language)| code::parse(file, language).problems.is_empty())
}

fn edits_of(mend: &Mend, judged: Option<&Judged>, sources: &Sources) -> Option<Fix> {
    match mend {
        Mend::Step(index) => {
            let judged = judged?;
            let step = judged.plan.steps.get(*index)?;
            write_step(judged, step, sources)
        }
        Mend::Sort(place) => sort::at(place, sources),
        Mend::DropMarks { marks, over } => marks::drop_some(judged?, marks, *over, sources),
        Mend::OrderTtls => marks::order_ttls(judged?, sources),
        Mend::Unname {
            directive,
            comment,
            rules,
            unused,
        } => {
            let file = sources.get(&directive.path)?;
            comments::unname(file, directive.span, *comment, rules, unused)
        }
    }
}

fn write_step(judged: &Judged, step: &Step, sources: &Sources) -> Option<Fix> {
    match &step.edit {
        Edit::Move | Edit::Lift => moves::write(judged, step, sources),
        Edit::Mark | Edit::Explicit if step.splits => moves::write(judged, step, sources),
        Edit::Order => sort::write(judged, step, sources),
        Edit::Mark | Edit::ShiftMark { .. } | Edit::DropMark { .. } => {
            marks::write(judged, step, sources)
        }
        _ => None,
    }
}
