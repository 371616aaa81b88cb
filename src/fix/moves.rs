//! Moves of text: what varies goes behind what does not. The order or the wording of what is sent changes, so that none
//! of these is safe. A move that cannot be sure of its text is refused.

mod additions;
mod canvas;
mod coarsen;
mod code;
mod cut;
mod far;
mod flow;
mod frames;
mod landing;
mod lift;
mod owner;
mod prose;
mod reach;
mod scope;
mod split;
mod tags;
mod unit;
mod words;

pub use coarsen::{called_by_day, is_fine_clock};
pub use code::{holds, pattern_names};
pub use words::words;

use canvas::Canvas;

use crate::finding::Fix;
use crate::judge::Judged;
use crate::layout::{speaker, Segment};
use crate::plan::{Edit, Step};
use crate::source::Sources;

/// Why nothing is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refusal(pub &'static str);

/// The edits that move what a step of the plan moves, or split the message where it wants a marker.
///
/// # Errors
/// Why nothing is written.
pub fn attempt(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    match &step.edit {
        Edit::Move => text_move(judged, step, sources).or_else(|refusal| {
            let members = step.members.iter();
            let mut members = members.map(|id| &judged.layout.segments[*id]);
            let cut = members.find_map(|member| coarsen::where_made(member, sources).ok());
            cut.ok_or(refusal)
        }),
        Edit::Lift => lift::write(judged, step, sources),
        _ => split::write(judged, step, sources),
    }
}

fn text_move(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    let far = far::is_far(judged, step);
    let member = step.members.first().ok_or(Refusal("nothing moves"))?;
    let first = &judged.layout.segments[*member];
    let all: Vec<&Segment> = step
        .members
        .iter()
        .map(|id| &judged.layout.segments[*id])
        .collect();
    let canvases = owner::canvases(judged, first, sources)?;
    let refused = match in_one(judged, &all, &canvases, sources, far) {
        Ok(fix) => return Ok(fix),
        Err(refusal) => refusal,
    };
    // Where they stand in several texts, the one that is spoken of may be worth it alone.
    let speaker = speaker(all.iter().copied()).filter(|_| all.len() > 1 && refused == cut::SEVERAL);
    if let Some(speaker) = speaker {
        let canvases = owner::canvases(judged, speaker, sources)?;
        if let Ok(fix) = in_one(judged, &[speaker], &canvases, sources, far) {
            return Ok(fix);
        }
    }
    // A clock that stays may be cut to the day, where it is alone.
    let mut coarse = canvases.iter().filter(|_| all.len() == 1);
    coarse
        .find_map(|canvas| coarsen::write(canvas, first).ok())
        .ok_or(refused)
}

/// The fix within the first text that all members stand in and that can hold it.
fn in_one(
    judged: &Judged,
    members: &[&Segment],
    canvases: &[Canvas],
    sources: &Sources,
    far: bool,
) -> Result<Fix, Refusal> {
    let mut refused = Refusal("a value that is found in no text");
    for canvas in canvases {
        let fix = if split::by_marks(judged) && !far {
            split::moved(judged, members, canvas, sources)
        } else if far {
            far::moved(judged, members, canvas, sources)
        } else {
            cut::moved(judged, members, canvas)
        };
        match fix {
            Ok(fix) => return Ok(fix),
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}
