//! The ways to one call that sends: what a caller tells more of replaces what its callee knew alone, and what tests
//! pass gives way to what the product does.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{context_of, Context};
use crate::prompt::{Block, Message, Piece, Prompt};
use crate::source::Place;

use super::events::Event;
use super::run::Entry;
use super::unplaced::carried;

/// Different prompts of one call that are kept: one for each way to it.
const MAX_VARIANTS: usize = 4;

/// Of the events of one site those that differ, the best informed of each way only; each with the entries that saw it
/// alike.
pub fn kept<'e>(mut events: Vec<(&'e Entry, &'e Event)>) -> Vec<(&'e Event, Vec<&'e Entry>)> {
    if let [(entry, event)] = events[..] {
        return vec![(event, vec![entry])];
    }
    if known_of_product(&events) {
        events.retain(|(entry, _)| !in_tests(entry));
    }
    // What an entry found when it had no step left gives way to what its callee knew alone.
    if events.iter().any(|(_, event)| !event.starved) {
        events.retain(|(_, event)| !event.starved);
    }
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.retain(|at| !told_more(events[*at], &events));
    // What a caller makes itself comes before what may stand for what it declares.
    order.sort_by_key(|at| (events[*at].1.stands_in, events[*at].1.opens.len()));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<(&Event, Vec<&Entry>)> = Vec::new();
    for at in order {
        let (entry, event) = events[at];
        let content = whole(&event.prompt);
        if let Some(known) = seen.get(&content) {
            let from = &mut out[*known].1;
            if from.last() != Some(&entry) {
                from.push(entry);
            }
        } else if out.len() < MAX_VARIANTS {
            seen.insert(content, out.len());
            out.push((event, vec![entry]));
        }
    }
    if let Some((entry, event)) = marked_alone(&events, &out) {
        out.push((event, vec![entry]));
    }
    out
}

/// The event with the most markers that carries one which none of those that are kept does: one way of many, or what is
/// marked there is sent by a caller that is not in sight.
fn marked_alone<'e>(
    events: &[(&'e Entry, &'e Event)],
    kept: &[(&Event, Vec<&Entry>)],
) -> Option<(&'e Entry, &'e Event)> {
    let markers = |event: &Event| carried(&event.prompt).collect::<BTreeSet<Place>>();
    let known: BTreeSet<Place> = kept.iter().flat_map(|(event, _)| markers(event)).collect();
    let product = events.iter().copied().filter(|(entry, _)| !in_tests(entry));
    let each = product.map(|(entry, event)| (entry, event, markers(event)));
    let alone = each.filter(|(_, _, own)| !own.is_subset(&known));
    // What is known of it is left open where it can be: it stands for callers of which nothing is known.
    let most = alone.max_by_key(|(entry, event, own)| {
        (own.len(), event.opens.len(), std::cmp::Reverse(*entry))
    });
    most.map(|(entry, event, _)| (entry, event))
}

/// Whether another entry came the same way with more in hand. What tests pass is theirs: it tells only where nothing
/// else does. Of two that came the very same way (a method that is wanted of an instance that each made), neither tells
/// more for knowing other things.
fn told_more((entry, event): (&Entry, &Event), events: &[(&Entry, &Event)]) -> bool {
    if events.iter().any(|(other, _)| other.stands_for(entry)) {
        return true;
    }
    if event.opens.is_empty() {
        return false;
    }
    events.iter().any(|(other, caller)| {
        *other != entry
            && caller.through.ends_with(&event.through)
            && !event.opens.is_subset(&caller.opens)
            && (caller.through.len() > event.through.len()
                || begins_with(event, entry) && !begins_with(caller, other)
                || caller.opens.is_subset(&event.opens))
    })
}

/// Whether the way begins with the function that is the entry; else with a method of an instance that the entry made.
fn begins_with(event: &Event, entry: &Entry) -> bool {
    let first = event.through.first();
    first.is_some_and(|(path, function)| *path == entry.path && Some(*function) == entry.function)
}

/// Whether code of the product tells all of it, or calls what tests call too.
fn known_of_product(events: &[(&Entry, &Event)]) -> bool {
    let product: Vec<&(&Entry, &Event)> = events.iter().filter(|(e, _)| !in_tests(e)).collect();
    product.iter().any(|(entry, event)| {
        let called = product.iter().any(|(other, callee)| {
            other != entry
                && event.through.ends_with(&callee.through)
                && !callee.opens.is_subset(&event.opens)
        });
        event.opens.is_empty() || called
    })
}

fn in_tests(entry: &Entry) -> bool {
    context_of(&entry.path) == Context::Test
}

/// To whom a prompt is sent, and what it sends, without the ways its values came.
fn whole(prompt: &Prompt) -> String {
    let target = &prompt.target;
    format!(
        "{:?}/{:?};{}",
        target.provider,
        target.model,
        content(prompt)
    )
}

/// What a prompt sends, without the ways its values came.
pub fn content(prompt: &Prompt) -> String {
    fn write(pieces: &[Piece], out: &mut String) {
        use std::fmt::Write;
        for piece in pieces {
            let _ = match piece {
                Piece::Text(text) => write!(out, "t{}:{};", text.len(), text.as_str()),
                Piece::Slot(slot) => write!(
                    out,
                    "s{}:{}:{:?};",
                    slot.expr, slot.volatility.class, slot.volatility.frame
                ),
                Piece::Branch(branch) => {
                    let _ = write!(out, "b{}(", branch.id);
                    branch.arms.iter().for_each(|arm| {
                        write(arm, out);
                        out.push('|');
                    });
                    write!(out, ")")
                }
                Piece::Repeat(repeat) => {
                    let _ = write!(out, "r{}(", repeat.over);
                    write(&repeat.body, out);
                    write!(out, ")")
                }
                Piece::History(history) => {
                    write!(out, "h{}:{};", history.expr, history.rewritten.is_some())
                }
                Piece::Media(media) => write!(out, "m{};", media.key),
            };
        }
    }
    let mut out = String::new();
    for message in &prompt.messages {
        let message: &Message = message;
        out.push_str(message.section.name());
        for block in &message.blocks {
            let block: &Block = block;
            out.push(if block.marker.is_some() { '!' } else { ':' });
            write(&block.pieces, &mut out);
        }
    }
    out
}
