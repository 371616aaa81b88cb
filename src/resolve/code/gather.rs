//! The prompts that stand, of all that the entries found: what a caller tells more of replaces what its callee knew
//! alone, and what takes part in a request is not a prompt of its own. Evaluates nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::discover::{context_of, Context};
use crate::finding::FileError;
use crate::frontend::code::language_of;
use crate::prompt::{Piece, Prompt};
use crate::reads::Reads;
use crate::source::Place;

use super::super::evaluator::Rendered;
use super::bound::{self, Bound};
use super::events::{Event, Sort};
use super::modules::Program;
use super::run::{CodeResult, Entry, Found};

/// What shares one in so many bytes of its text with a request is part of it.
const LEAST_PART: usize = 4;

/// The prompts that stand: what a caller tells more of replaces what its callee knew alone, and what takes part in a
/// request is not a prompt of its own. `whole`: the run sees all files of its folders.
pub fn gather(
    program: &Program<'_>,
    found: &BTreeMap<Entry, Arc<Found>>,
    whole: bool,
) -> CodeResult {
    let mut out = CodeResult {
        sources: program.sources(&|path| found.values().any(|found| found.reads.names(path))),
        ..CodeResult::default()
    };
    let mut read_by: HashMap<&Entry, &Reads> = HashMap::new();
    let mut carried: BTreeSet<Place> = BTreeSet::new();
    let mut bound = Bound::new();
    let mut binders: BTreeMap<&Place, BTreeSet<&Entry>> = BTreeMap::new();
    let mut by_site: BTreeMap<(&Place, Sort), Vec<(&Entry, &Event)>> = BTreeMap::new();
    for (entry, found) in found {
        for rendered in &found.rendered {
            let code = found.reads.clone();
            let rendered = Rendered {
                code,
                ..rendered.clone()
            };
            note_rendered(&mut out.rendered, rendered);
        }
        for place in found.bound.keys() {
            binders.entry(place).or_default().insert(entry);
        }
        if !found.events.is_empty() || !found.bound.is_empty() {
            read_by.insert(entry, &found.reads);
        }
        for limit in &found.limits {
            out.limits.push(FileError {
                partial: false,
                path: entry.path.clone(),
                message: limit.clone(),
            });
        }
        out.problems.extend(found.problems.iter().cloned());
        for path in &found.used {
            // Only what is not code: modules are linted alone too.
            let mut events = found.events.iter();
            // A text alone is made of what it shows, not of all that was read on the way.
            let part = |event: &Event| {
                let alone = matches!(event.sort, Sort::Text | Sort::Handed);
                !alone
                    || event.through.is_empty()
                    || event.texts.iter().any(|text| text.path == *path)
            };
            if language_of(path).is_none() && events.any(part) {
                let user = || entry.path.clone();
                out.used.entry(path.clone()).or_insert_with(user);
            }
        }
        bound::join(&mut bound, &found.bound);
        for event in &found.events {
            carried.extend(super::unplaced::carried(&event.prompt));
            let key = (&event.site, event.sort);
            by_site.entry(key).or_default().push((entry, event));
        }
    }
    let mut kept: Vec<(&Event, Vec<&Entry>)> = Vec::new();
    for (_, events) in by_site {
        kept.extend(super::ways::kept(events));
    }
    let mut ways: Vec<Vec<&Entry>> = Vec::new();
    let mut senders = Vec::new();
    let mut covered: BTreeSet<&Place> = BTreeSet::new();
    // What benchmarks and tests put together hides nothing of the product.
    let mut aside: BTreeSet<&Place> = BTreeSet::new();
    let of_product = |event: &Event, from: &[&Entry]| {
        is_product(&event.site.path) && from.iter().any(|entry| is_product(&entry.path))
    };
    let sent = kept.iter().filter(|(event, _)| event.sort == Sort::Request);
    let calls: BTreeSet<&Place> = sent.clone().map(|(event, _)| &event.site).collect();
    // Few files write bodies by hand: only there it is looked what the calls send.
    let by_hand = sent.clone().filter(|(event, _)| is_by_hand(event));
    let by_hand: BTreeSet<&str> = by_hand.map(|(event, _)| &*event.site.path).collect();
    let called: BTreeSet<(&str, String)> = sent
        .filter(|(event, _)| !is_by_hand(event) && by_hand.contains(&*event.site.path))
        .map(|(event, _)| (&*event.site.path, super::ways::content(&event.prompt)))
        .collect();
    for sort in [
        Sort::Request,
        Sort::Session,
        Sort::Messages,
        Sort::Text,
        Sort::Handed,
    ] {
        let of_sort = kept.iter().filter(|(event, _)| event.sort == sort);
        let mut more = BTreeSet::new();
        let mut more_aside = BTreeSet::new();
        for (event, from) in of_sort {
            let sent = match sort {
                // A body that a call which is known sends is that call's.
                Sort::Request => {
                    let content = || (&*event.site.path, super::ways::content(&event.prompt));
                    is_by_hand(event)
                        && (stands_in(&calls, &event.site) || called.contains(&content()))
                }
                Sort::Session => false,
                // A constant is part of what is handed on with values in it.
                Sort::Text if is_plain(&event.prompt) && is_part(event, &kept) => true,
                _ => {
                    takes_part(&covered, &event.texts) && !stands_apart(&covered, event)
                        || !of_product(event, from) && takes_part(&aside, &event.texts)
                        || stands_in(&calls, &event.site)
                }
            };
            if sent {
                continue;
            }
            let alone = matches!(sort, Sort::Text | Sort::Handed);
            match alone && !of_product(event, from) {
                true => more_aside.extend(&event.texts),
                false => more.extend(&event.texts),
            }
            if sort == Sort::Session {
                continue;
            }
            let mut prompt = event.prompt.clone();
            let mut from = from.clone();
            if sort == Sort::Text {
                let asked = bound::weaken(&mut prompt, &bound);
                let binders = asked.iter().filter_map(|place| binders.get(place));
                from.extend(binders.flatten());
            }
            senders.push(event.through.first());
            out.prompts.push(prompt);
            ways.push(from);
        }
        covered.extend(more);
        aside.extend(more_aside);
    }
    super::unplaced::note(program, &carried, whole, &mut out.prompts);
    if whole {
        super::one_off::note(program, &senders, &mut out.prompts);
    }
    for (prompt, ways) in out.prompts.iter_mut().zip(ways) {
        let mut reads = ways.iter().filter_map(|entry| read_by.get(entry).copied());
        let first = reads.next().cloned().unwrap_or_default();
        let mut others = reads.peekable();
        prompt.reads = match others.peek() {
            Some(_) => first.joined(others),
            None => first,
        };
    }
    out
}

/// What several entries render alike is one, read by all of them.
fn note_rendered(known: &mut Vec<Rendered>, new: Rendered) {
    match known.iter_mut().find(|known| known.is_same(&new)) {
        Some(known) => known.code = known.code.joined([&new.code]),
        None => known.push(new),
    }
}

fn is_product(path: &str) -> bool {
    context_of(path) == Context::Production
}

/// Whether a prompt is text without any value.
fn is_plain(prompt: &Prompt) -> bool {
    let mut blocks = prompt.messages.iter().flat_map(|m| &m.blocks);
    blocks.all(|block| block.pieces.iter().all(|p| matches!(p, Piece::Text(_))))
}

/// Whether all texts of a constant stand in one that is handed on with values beside them.
fn is_part(event: &Event, kept: &[(&Event, Vec<&Entry>)]) -> bool {
    let mut handed = kept.iter().filter(|(other, from)| {
        let product = || from.iter().any(|entry| is_product(&entry.path));
        let values = other.sort == Sort::Handed && !is_plain(&other.prompt);
        values && !event.texts.is_empty() && product()
    });
    handed.any(|(other, _)| {
        let texts: BTreeSet<&Place> = other.texts.iter().collect();
        event.texts.iter().all(|text| overlaps(&texts, text))
    })
}

/// Whether texts are those of what is covered. A passage that many prompts include is a small part of each; arms that
/// no request takes may be most of a builder.
fn takes_part(covered: &BTreeSet<&Place>, texts: &BTreeSet<Place>) -> bool {
    let bytes = |text: &Place| text.span.len();
    let shared = texts.iter().filter(|text| overlaps(covered, text));
    let shared: usize = shared.map(bytes).sum();
    shared > 0 && shared * LEAST_PART >= texts.iter().map(bytes).sum()
}

/// Whether a conversation is put together in a list of its own: with words in it that no request that is seen sends.
fn stands_apart(covered: &BTreeSet<&Place>, event: &Event) -> bool {
    let blocks = event.prompt.messages.iter().flat_map(|m| &m.blocks);
    let mut pieces = blocks.flat_map(|block| &block.pieces);
    if event.sort != Sort::Messages || !pieces.any(|p| matches!(p, Piece::History(_))) {
        return false;
    }
    let own = |text: &&Place| text.path == event.site.path;
    let mut own = event.texts.iter().filter(own);
    own.any(|text| !meets(covered, text))
}

/// Whether a body, a list or a text is written as an argument of a call that sends.
fn stands_in(calls: &BTreeSet<&Place>, site: &Place) -> bool {
    let from = &Place::new(&site.path, 0, 0);
    let of_file = calls.range::<&Place, _>(from..);
    of_file
        .take_while(|call| call.path == site.path && call.span.start <= site.span.start)
        .any(|call| site.span.end <= call.span.end && *call != site)
}

/// Whether a request is a body whose sending is no call that is known.
fn is_by_hand(event: &Event) -> bool {
    event.prompt.target.api.is_none()
}

fn overlaps(covered: &BTreeSet<&Place>, text: &Place) -> bool {
    // Short texts are shared by much (a line break, a heading).
    if text.span.len() < 24 {
        return false;
    }
    meets(covered, text)
}

/// Whether a text shares a byte with one of these.
fn meets(covered: &BTreeSet<&Place>, text: &Place) -> bool {
    covered.iter().any(|known| {
        known.path == text.path
            && known.span.start < text.span.end
            && text.span.start < known.span.end
    })
}
