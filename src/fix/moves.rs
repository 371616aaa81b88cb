//! Moves of text: what varies goes behind what does not. The order or the wording of what is sent changes, so that none
//! of these is safe. A move that cannot be sure of its text is refused.

mod additions;
mod canvas;
mod code;
mod cut;
mod far;
mod frames;
mod landing;
mod owner;
mod prose;
mod reach;
mod split;
mod tags;
mod unit;
mod words;

use crate::finding::Fix;
use crate::judge::Judged;
use crate::plan::{Edit, Step};
use crate::source::Sources;

/// Why nothing is written: for those who look at what fixes cannot do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refusal(pub &'static str);

/// The edits that move what a step of the plan moves, or split the message where it wants a marker.
pub fn write(judged: &Judged, step: &Step, sources: &Sources) -> Option<Fix> {
    attempt(judged, step, sources).ok()
}

/// As `write`, with the reason of a refusal.
///
/// # Errors
/// Why nothing is written.
pub fn attempt(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    match &step.edit {
        Edit::Move => text_move(judged, step, sources),
        Edit::Lift => Err(Refusal("a message stands behind the history")),
        _ => split::write(judged, step, sources),
    }
}

fn text_move(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    let mut refused = Refusal("a value that is found in no text");
    let far = far::is_far(judged, step);
    let member = step.members.first().ok_or(Refusal("nothing moves"))?;
    let segment = &judged.layout.segments[*member];
    for canvas in owner::canvases(judged, segment, sources)? {
        let fix = if far {
            far::moved(judged, step, &canvas, sources)
        } else {
            cut::moved(judged, step, &canvas)
        };
        match fix {
            Ok(fix) => return Ok(fix),
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}
