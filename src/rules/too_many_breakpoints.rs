//! too-many-breakpoints: more markers than the provider takes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Remark, Weight};
use crate::finding::{Label, Severity};
use crate::fix::Mend;
use crate::judge::Judged;
use crate::prompt::{Marker, MarkerHow};
use crate::volatility::Confidence;

/// Conditions on one marker, no loop among them, beyond which no one can tell from the code which others stand beside
/// it: a request that is said to be rejected must be.
const MOST_CONDITIONS: usize = 2;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let Some(most) = judged.model.max_breakpoints.filter(|most| *most > 0) else {
        return Vec::new();
    };
    let automatic = judged.layout.marks.iter();
    let automatic = automatic.filter(|mark| mark.how == MarkerHow::Automatic);
    let automatic = automatic.count() as u32;
    let blocks = judged.prompt.messages.iter().flat_map(|m| &m.blocks);
    let markers = blocks.filter_map(|block| block.marker.as_ref());
    let placed: Vec<&Marker> = markers
        .filter(|marker| marker.how != MarkerHow::Automatic && !marker.count.doubtful)
        .filter(|marker| marker.count.times.is_none() || marker.count.conditions <= MOST_CONDITIONS)
        .collect();
    let together = at_once(&placed);
    let looped = together.iter().find(|marker| marker.count.times.is_none());
    let count = counted(&together) + automatic;
    if looped.is_none() && count <= most {
        return Vec::new();
    }
    let first_over = together.get(most.saturating_sub(automatic) as usize);
    let Some(over) = looped.or(first_over).or(together.last()) else {
        return Vec::new();
    };
    let others = together.iter().filter(|marker| marker.place != over.place);
    let labels = others
        .take(most as usize)
        .enumerate()
        .map(|(number, marker)| Label {
            place: marker.place.clone(),
            text: match looped {
                Some(_) => "another breakpoint".into(),
                None => format!("breakpoint {}", number + 1),
            },
            behind: false,
        })
        .collect();
    let with = if automatic > 0 {
        " (the automatic one counts)"
    } else {
        ""
    };
    let model = &judged.model.id;
    let sure = together
        .iter()
        .all(|marker| marker.how == MarkerHow::Literal && marker.count.arms.is_empty());
    vec![Remark {
        rule: "too-many-breakpoints",
        confidence: match sure {
            true => Confidence::Certain,
            false => Confidence::Likely,
        },
        message: match looped {
            Some(_) => format!(
                "a cache breakpoint in every round of a loop; {model} takes {most} and rejects a request with more"
            ),
            None => format!("{count} cache breakpoints{with}; {model} takes {most} and rejects the request"),
        },
        help:
            "keep the ones at the end of the tools, of the system prompt and of the newest message"
                .into(),
        place: over.place.clone(),
        cause: over.place.clone(),
        cause_text: "marker over the limit".into(),
        labels,
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::Fixed(Severity::Error),
        mend: (sure && looped.is_none()).then(|| Mend::DropMarks {
            marks: together.iter().map(|marker| marker.place.clone()).collect(),
            over: (count - most) as usize,
        }),
    }]
}

/// Branches of which all arms are tried; of what is left every arm counts.
const MAX_FORKS: usize = 10;

/// The most markers that stand in one request: of each branch those of one arm.
fn at_once<'m>(markers: &[&'m Marker]) -> Vec<&'m Marker> {
    let mut arms: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
    for (branch, arm) in markers.iter().flat_map(|marker| &marker.count.arms) {
        arms.entry(*branch).or_default().insert(*arm);
    }
    let forks = arms.into_iter().filter(|(_, arms)| arms.len() > 1);
    let forks: Vec<(u64, BTreeSet<usize>)> = forks.take(MAX_FORKS).collect();
    most_of(markers.to_vec(), &forks)
}

fn most_of<'m>(markers: Vec<&'m Marker>, forks: &[(u64, BTreeSet<usize>)]) -> Vec<&'m Marker> {
    let Some(((branch, arms), rest)) = forks.split_first() else {
        return markers;
    };
    let taken = |marker: &Marker, arm: usize| {
        let mut own = marker.count.arms.iter();
        own.all(|(of, at)| of != branch || *at == arm)
    };
    let each = arms.iter().rev().map(|arm| {
        let own = markers.iter().copied().filter(|m| taken(m, *arm));
        most_of(own.collect(), rest)
    });
    each.max_by_key(|own| counted(own)).unwrap_or_default()
}

/// How many markers these are; those of a loop without a bound outdo all others.
fn counted(markers: &[&Marker]) -> u32 {
    let mut slices: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    let mut count: u32 = 0;
    for marker in markers {
        let times = marker.count.times.unwrap_or(u32::from(u16::MAX));
        match marker.count.slice {
            Some((slice, most)) => {
                let held = slices.entry(slice).or_insert((0, most));
                // A loop over a slice goes as far as the slice is long.
                let rounds = match marker.how {
                    MarkerHow::Loop => most,
                    _ => times,
                };
                held.0 = held.0.saturating_add(rounds);
            }
            None => count = count.saturating_add(times),
        }
    }
    for (held, most) in slices.into_values() {
        count = count.saturating_add(held.min(most));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    fn marker(at: usize, arms: &[(u64, usize)]) -> Marker {
        let place = Place::new(&"app.py".into(), at, at + 1);
        let mut marker = Marker::once(place, None, MarkerHow::Literal);
        marker.count.arms = arms.to_vec();
        marker
    }

    #[test]
    fn arms_of_one_branch_exclude_each_other_wherever_they_stand() {
        let all = [
            marker(0, &[(7, 0)]),
            marker(1, &[(1, 0), (7, 1)]),
            marker(2, &[(2, 0), (3, 1), (7, 2)]),
            marker(3, &[(2, 0)]),
            marker(4, &[]),
        ];
        let all: Vec<&Marker> = all.iter().collect();
        let together = at_once(&all);
        let places: Vec<usize> = together.iter().map(|m| m.place.span.start).collect();
        assert_eq!(places, [0, 3, 4]);
    }
}
