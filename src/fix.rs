//! Fixes: what a rule wants done, written as edits of the text by whoever owns the syntax. Knows how to write; whether
//! a fix is worth it a rule says, and whether it holds `apply` finds out. Touches no disk.

pub mod apply;
mod breakpoints;
mod comments;
mod edits;
mod entries;
mod kept;
mod marks;
pub mod moves;
pub mod proof;
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

/// Why no edit is written, where there is more to say than that none is known.
pub type Why = Option<&'static str>;

/// The edits that do it, where the text at hand can hold them. `judged`: the prompt that the remark is on.
///
/// # Errors
/// Why there are none.
pub fn attempt(mend: &Mend, judged: Option<&Judged>, sources: &Sources) -> Result<Fix, Why> {
    let fix = edits_of(mend, judged, sources)?;
    if !edits::fits(&fix, sources) {
        return Err(None);
    }
    match fix.edits.iter().all(|edit| is_whole(edit, sources)) {
        true => Ok(fix),
        false => Err(Some("the file has a syntax error")),
    }
}

/// Whether the file of an edit can be read as it is: nobody knows what is written into one that cannot.
fn is_whole(edit: &finding::Edit, sources: &Sources) -> bool {
    let file = sources.get(&edit.place.path);
    let language = code::language_of(&edit.place.path);
    file.zip(language)
        .is_none_or(|(file, language)| code::parse(file, language).problems.is_empty())
}

fn edits_of(mend: &Mend, judged: Option<&Judged>, sources: &Sources) -> Result<Fix, Why> {
    let found = match mend {
        Mend::Step(index) => {
            let judged = judged.ok_or(None)?;
            let step = judged.plan.steps.get(*index).ok_or(None)?;
            return write_step(judged, step, sources);
        }
        Mend::Sort(place) => sort::at(place, sources),
        Mend::DropMarks { marks, over } => {
            marks::drop_some(judged.ok_or(None)?, marks, *over, sources)
        }
        Mend::OrderTtls => marks::order_ttls(judged.ok_or(None)?, sources),
        Mend::Unname {
            directive,
            comment,
            rules,
            unused,
        } => {
            let file = sources.get(&directive.path).ok_or(None)?;
            comments::unname(file, directive.span, *comment, rules, unused)
        }
    };
    found.ok_or(None)
}

fn write_step(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Why> {
    let found = match &step.edit {
        Edit::Move | Edit::Lift => return moves::attempt(judged, step, sources).map_err(said),
        Edit::Mark | Edit::Explicit if step.splits => {
            return moves::attempt(judged, step, sources).map_err(said)
        }
        Edit::Order => sort::write(judged, step, sources),
        Edit::Mark | Edit::ShiftMark { .. } | Edit::DropMark { .. } => {
            let found = marks::write(judged, step, sources);
            return found.ok_or_else(|| marks::refusal(judged, step, sources));
        }
        _ => None,
    };
    found.ok_or(None)
}

fn said(refusal: moves::Refusal) -> Why {
    Some(refusal.0)
}
