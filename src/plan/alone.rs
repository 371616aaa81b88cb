//! What an edit of a plan earns where it is the only one: less than at its turn where it waits for another.

use super::lift::lifted;
use super::marks::with_mark;
use super::moves::moved;
use super::{Edit, Plan, Step};
use crate::layout::{Layout, Terms};
use crate::volatility::{Class, Key};

impl Plan {
    /// Prices each step as the only edit of the request; the more it earns on one of two readings of it counts. New
    /// markers are taken as set: whoever moves a value sets the marker behind what it frees.
    pub fn price_alone(&mut self, readings: &[&Layout], terms: &Terms) {
        let mut readings: Vec<Layout> = readings.iter().map(|layout| (*layout).clone()).collect();
        for layout in &mut readings {
            layout.unkeyed = false;
        }
        let unmarked = readings.clone();
        for step in &mut self.steps {
            let base = match step.edit {
                Edit::Mark => &unmarked,
                _ => &readings,
            };
            let earned = base.iter().filter_map(|layout| {
                let edited = edited(layout, step)?;
                Some(layout.bill(terms).usd_per_1k_calls - edited.bill(terms).usd_per_1k_calls)
            });
            step.alone = earned.reduce(f64::max).unwrap_or(step.gain);
            let marked = step.mark_behind.filter(|_| step.edit == Edit::Mark);
            if let Some(behind) = marked {
                for layout in &mut readings {
                    *layout = with_mark(layout, behind).0;
                }
            }
        }
    }
}

/// The request with one edit made; none for edits that wait for nothing, such as those of markers that the author set.
fn edited(layout: &Layout, step: &Step) -> Option<Layout> {
    let mut members = step.members.clone();
    members.sort_unstable();
    match step.edit {
        Edit::Move => {
            let (moved, at) = moved(layout, &members, &joined(layout, &members))?;
            Some(match step.mark_behind {
                Some(_) => with_mark(&moved, at.checked_sub(1)?).0,
                None => moved,
            })
        }
        Edit::AppendOnly => {
            let history = *step.members.first()?;
            let front: Vec<usize> = members.into_iter().filter(|id| *id != history).collect();
            let mut out = match front.is_empty() {
                true => layout.clone(),
                false => moved(layout, &front, &joined(layout, &front))?.0,
            };
            for segment in out.segments.iter_mut().filter(|s| s.id == history) {
                segment.key = Key::of(Class::Session, 0);
            }
            Some(out)
        }
        Edit::Order | Edit::Settle => {
            let mut out = layout.clone();
            for id in members {
                out.segments[id].key = Key::constant();
            }
            Some(out)
        }
        Edit::Mark => Some(with_mark(layout, step.mark_behind?).0),
        Edit::Lift => lifted(layout).map(|candidate| candidate.layout),
        Edit::ShiftMark { .. } | Edit::DropMark { .. } | Edit::Explicit | Edit::Key => None,
    }
}

fn joined(layout: &Layout, members: &[usize]) -> Key {
    let keys = members.iter().map(|id| &layout.segments[*id].key);
    keys.fold(Key::constant(), |all, key| all.join(key))
}
