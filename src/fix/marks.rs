//! Breakpoints put in, moved, dropped and set in order: what is sent differs by nothing else.

use std::collections::BTreeSet;

use super::breakpoints::{self, Breakpoint, Hand};
use super::entries::{insert_behind, insert_pair, is_flow, remove, remove_lines, replace};
use super::kept;
use super::written::{Holder, Kind, Notation, Page, Pair, Written};
use crate::finding::{Edit, Fix};
use crate::judge::Judged;
use crate::layout::{self, Layout, Mark, MessageInfo, BLOCK_GAP};
use crate::plan::{self, Step};
use crate::prompt::{Marker, MarkerHow, Message, Piece, Section};
use crate::sdk;
use crate::source::{Place, Sources, Span};
use crate::volatility::Origin;

/// Does what a step of the plan says of breakpoints, where it splits no text.
pub fn write(judged: &Judged, step: &Step, sources: &Sources) -> Option<Fix> {
    if step.splits || step.explicit {
        return None;
    }
    let (title, (edits, safe)) = match &step.edit {
        plan::Edit::Mark if ends_turns(judged, step) => (
            "Add a cache breakpoint to the newest message",
            add_to_last(judged, sources)?,
        ),
        plan::Edit::Mark => (
            "Add a cache breakpoint behind the stable part",
            add(judged, step.mark_behind?, None, sources)?,
        ),
        plan::Edit::ShiftMark { from } => {
            let from = literal(judged, from.place.as_ref()?)?;
            let (gone, value) = taken(&from.place, sources)?;
            let (mut edits, safe) = add(judged, step.mark_behind?, Some(&value), sources)?;
            edits.push(gone);
            let title = "Move the cache breakpoint to the end of the stable part";
            (title, (edits, safe))
        }
        plan::Edit::DropMark { mark } => {
            let mark = literal(judged, mark.place.as_ref()?)?;
            let gone = taken(&mark.place, sources)?.0;
            ("Remove the cache breakpoint", (vec![gone], true))
        }
        _ => return None,
    };
    let title = title.into();
    Some(Fix { title, safe, edits })
}

fn sure(title: &str, edits: Vec<Edit>) -> Fix {
    Fix {
        title: title.into(),
        safe: true,
        edits,
    }
}

/// A marker that stands once, written out, and under no condition.
fn literal<'a>(judged: &'a Judged, place: &Place) -> Option<&'a Marker> {
    let blocks = judged.prompt.messages.iter().flat_map(|m| &m.blocks);
    let mut markers = blocks.filter_map(|block| block.marker.as_ref());
    markers.find(|marker| marker.place == *place && is_literal(marker))
}

fn is_literal(marker: &Marker) -> bool {
    matches!(marker.how, MarkerHow::Literal | MarkerHow::Automatic)
        && marker.count.times == Some(1)
        && marker.count.arms.is_empty()
        && marker.count.slice.is_none()
        && marker.count.rounds.is_empty()
        && !marker.count.doubtful
}

/// The edit that takes a marker out, and its value as written.
fn taken(place: &Place, sources: &Sources) -> Option<(Edit, String)> {
    let page = Page::open(sources.get(&place.path)?)?;
    let Some(Holder { map, index, list }) = page.holding(place.span) else {
        return unset(&page, place.span);
    };
    let pairs = map.pairs();
    let value = in_one_line(&page, &pairs[index].value)?;
    let edit = match list {
        // A block that is nothing but a marker goes with it.
        Some((list, at)) if pairs.len() == 1 => remove(&page, list.span, &item_spans(&list), at),
        _ => {
            let all: Vec<Span> = pairs.iter().map(|pair| pair.span).collect();
            remove(&page, map.span, &all, index)
        }
    };
    Some((edit?, value))
}

/// The same for a marker that is an argument, or that a statement of its own sets.
fn unset(page: &Page, span: Span) -> Option<(Edit, String)> {
    if let Some(own) = page.argument(span) {
        let edit = remove(page, own.within, &own.all, own.index)?;
        return Some((edit, in_one_line(page, &own.value)?));
    }
    let (statement, value) = page.setting(span)?;
    Some((remove_lines(page, statement)?, in_one_line(page, &value)?))
}

/// A map as it stands between braces.
fn in_one_line(page: &Page, map: &Written) -> Option<String> {
    if page.notation != Notation::Yaml || is_flow(page, map.span) {
        return Some(page.text(map.span).to_string());
    }
    let pairs: Vec<&str> = map
        .pairs()
        .iter()
        .map(|pair| page.text(pair.span))
        .collect();
    let short = !pairs.is_empty() && pairs.iter().all(|pair| !pair.contains('\n'));
    short.then(|| format!("{{ {} }}", pairs.join(", ")))
}

fn item_spans(list: &Written) -> Vec<Span> {
    match &list.kind {
        Kind::List { items, .. } => items.iter().map(|item| item.span).collect(),
        _ => Vec::new(),
    }
}

/// Puts a marker behind the block that holds a segment. `value`: as written elsewhere.
fn add(
    judged: &Judged,
    segment: usize,
    value: Option<&str>,
    sources: &Sources,
) -> Option<(Vec<Edit>, bool)> {
    let (message, block) = block_at(judged, segment)?;
    mark(judged, message, block, value, sources)
}

/// Whether the marker goes behind the turns so far: the newest message carries it, so that the next call finds it.
fn ends_turns(judged: &Judged, step: &Step) -> bool {
    let behind = step
        .mark_behind
        .and_then(|id| judged.layout.segments.get(id));
    behind.is_some_and(|segment| matches!(segment.kind, layout::Kind::History { .. }))
}

/// The newest message that later calls may send again: one that only tells the time is another one then.
fn newest(judged: &Judged) -> Option<&Message> {
    let mut messages = judged.prompt.messages.iter().rev();
    messages.find(|message| !(message.section.is_user() && tells_the_time(message)))
}

/// Whether all that varies in a message is made up for the call: a clock, a random number.
fn tells_the_time(message: &Message) -> bool {
    let pieces = message.blocks.iter().flat_map(|block| &block.pieces);
    let mut values = pieces
        .filter(|piece| !matches!(piece, Piece::Text(_)))
        .peekable();
    let made_up = |piece: &Piece| matches!(piece, Piece::Slot(slot) if slot.volatility.origin == Origin::MadeUp);
    values.peek().is_some() && values.all(made_up)
}

/// Puts a marker on the last block of the newest message.
fn add_to_last(judged: &Judged, sources: &Sources) -> Option<(Vec<Edit>, bool)> {
    let message = newest(judged)?;
    if !message.section.is_user() {
        return None;
    }
    let block = message.blocks.len().checked_sub(1)?;
    mark(judged, message, block, None, sources)
}

/// Puts a marker on a block of a message. With whether it is sure that the block is one.
fn mark(
    judged: &Judged,
    message: &Message,
    block: usize,
    value: Option<&str>,
    sources: &Sources,
) -> Option<(Vec<Edit>, bool)> {
    let breakpoint = breakpoints::of(judged)?;
    let file = sources.get(&message.place.path)?;
    if kept(message, sources).is_some() {
        return None;
    }
    let page = Page::open(file)?;
    let node = page.at(message.place.span)?;
    let marked = &message.blocks.get(block)?.pieces;
    if marked.iter().any(|piece| !is_text(piece)) {
        return None;
    }
    let (content, key) = match content(&node, &message.section) {
        Some(pair) => (&pair.value, pair.key.clone()),
        None if node.is_map() => return None,
        None => (&node, page.key_of(message.place.span)?),
    };
    let Kind::List { items, open } = &content.kind else {
        // Other arguments take nothing but plain text.
        let takes_blocks = matches!(key.as_str(), "system" | "content") && !breakpoint.alone;
        let one = message.blocks.len() == 1 && !content.is_map();
        if !one || !takes_blocks {
            return None;
        }
        // What is a list of blocks already is no text of a block.
        let mut pieces = marked.iter();
        let sure = is_document(&page)
            || pieces.any(|piece| matches!(piece, Piece::Text(_)))
            || page.is_text_parameter(content.span);
        return Some((wrap(&page, content, breakpoint, value)?, sure));
    };
    let sent: Vec<usize> = (0..items.len())
        .filter(|at| !is_lone_mark(&items[*at]))
        .collect();
    if *open || sent.len() != message.blocks.len() {
        return None;
    }
    let at = *sent.get(block)?;
    let hand = Hand::near(&page, Some(&items[at]), items[at].span);
    let edit = if breakpoint.alone {
        let lone = hand.lone_mark(breakpoint, value);
        if page.notation == Notation::Yaml && !is_flow(&page, content.span) {
            return None;
        }
        insert_behind(&page, content.span, &item_spans(content), at, &lone)
    } else {
        insert_pair(&page, &items[at], &hand.mark(breakpoint, value))?
    };
    Some((vec![edit], true))
}

/// Why no marker is written into a message of the conversation, where there is a reason.
fn kept(message: &Message, sources: &Sources) -> Option<&'static str> {
    let file = sources.get(&message.place.path)?;
    match message.section.is_preamble() {
        true => None,
        false => kept::reason(file, message.place.span),
    }
}

/// Why a step of the plan sets no marker, where there is more to say than that it cannot be written.
pub fn refusal(judged: &Judged, step: &Step, sources: &Sources) -> Option<&'static str> {
    if ends_turns(judged, step) {
        return newest(judged).and_then(|message| kept(message, sources));
    }
    let (message, _) = block_at(judged, step.mark_behind?)?;
    kept(message, sources)
}

fn is_document(page: &Page) -> bool {
    matches!(page.notation, Notation::Json | Notation::Yaml)
}

fn is_lone_mark(item: &Written) -> bool {
    let pairs = item.pairs();
    !pairs.is_empty() && pairs.iter().all(|pair| sdk::is_marker(&pair.key))
}

/// A text becomes a list of one marked block.
fn wrap(
    page: &Page,
    content: &Written,
    breakpoint: &Breakpoint,
    value: Option<&str>,
) -> Option<Vec<Edit>> {
    // A block of YAML would have to be indented anew.
    if page.notation == Notation::Yaml && !page.text(content.span).starts_with(['"', '\'']) {
        return None;
    }
    let span = content.outer;
    let hand = Hand::near(page, None, span);
    let end = Span::new(span.end, span.end);
    if page.notation == Notation::Yaml {
        let line = page.file.line_span(page.file.line_index(span.start));
        let front = page.text(Span::new(line.start, span.start));
        let gap = front.len() - front.trim_end().len();
        let key = front.len() - front.trim_start_matches([' ', '-']).len();
        if !front.trim_end().ends_with(':') || page.text(span).contains('\n') {
            return None;
        }
        let (open, close) = hand.listed(page, breakpoint, value, key);
        let start = Span::new(span.start - gap, span.start);
        return Some(vec![
            replace(page.file, start, open),
            replace(page.file, end, close),
        ]);
    }
    let (open, close) = hand.wrapping(page, breakpoint, value, span);
    let start = Span::new(span.start, span.start);
    Some(vec![
        replace(page.file, start, open),
        replace(page.file, end, close),
    ])
}

/// Whether a piece is text, whatever varies in it, and neither turns nor a picture.
fn is_text(piece: &Piece) -> bool {
    match piece {
        Piece::History(_) | Piece::Media(_) => false,
        Piece::Branch(branch) => branch.arms.iter().flatten().all(is_text),
        Piece::Repeat(repeat) => repeat.body.iter().all(is_text),
        Piece::Text(_) | Piece::Slot(_) => true,
    }
}

/// The entry of a message, or of the arguments, that holds the text or the list of blocks.
fn content<'w>(node: &'w Written, section: &Section) -> Option<&'w Pair> {
    let keys: &[&str] = match section {
        Section::System => &["content", "system"],
        Section::Tools => &["tools"],
        _ => &["content"],
    };
    keys.iter().find_map(|key| node.pair(key))
}

/// The message of the source that holds a segment, and which of its blocks.
fn block_at(judged: &Judged, segment: usize) -> Option<(&Message, usize)> {
    let layout = &judged.layout;
    let segment = layout.segments.get(segment)?;
    let mut open = 0;
    for (index, info) in layout.messages.iter().enumerate() {
        open += BLOCK_GAP;
        let message = message_of(judged, index, info);
        if index == segment.message {
            let block = (segment.block.checked_sub(open)? / BLOCK_GAP).checked_sub(1)?;
            return message.map(|message| (message, block));
        }
        open += BLOCK_GAP * message.map_or(0, |message| message.blocks.len());
    }
    None
}

/// The message of the source that a message of the layout is: of several at one place, the one of its number.
fn message_of<'a>(judged: &'a Judged, index: usize, info: &MessageInfo) -> Option<&'a Message> {
    let same = |known: &&MessageInfo| known.place == info.place && known.section == info.section;
    let before = judged.layout.messages[..index].iter().filter(same).count();
    let mut messages = judged.prompt.messages.iter();
    messages
        .by_ref()
        .filter(|message| message.place == info.place && message.section == info.section)
        .nth(before)
}

/// Drops so many of some markers that no more than the provider takes are left: each time the one that saves least.
pub fn drop_some(judged: &Judged, places: &[Place], over: usize, sources: &Sources) -> Option<Fix> {
    let markers: Vec<&Marker> = places
        .iter()
        .filter_map(|place| literal(judged, place))
        .collect();
    let apart: BTreeSet<&Place> = places.iter().collect();
    if markers.len() != places.len()
        || apart.len() != places.len()
        || over == 0
        || over >= places.len()
    {
        return None;
    }
    let terms = judged.terms();
    let mut layout = judged.layout.clone();
    let mut edits = Vec::new();
    for _ in 0..over {
        let candidates = (0..layout.marks.len()).filter(|at| {
            let place = layout.marks[*at].place.as_ref();
            place.is_some_and(|place| places.contains(place))
        });
        let priced = candidates.map(|at| {
            let mut without = layout.clone();
            without.marks.remove(at);
            (without.bill(&terms).usd_per_1k_calls, at)
        });
        let (_, least) = priced.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        let gone = layout.marks.remove(least);
        edits.push(taken(gone.place.as_ref()?, sources)?.0);
    }
    let title = match over {
        1 => "Remove the cache breakpoint that saves least".to_string(),
        some => format!("Remove the {some} cache breakpoints that save least"),
    };
    Some(sure(&title, edits))
}

/// Gives breakpoints such lives that none is longer than one in front of it: longer ones in front, or shorter ones
/// behind, whichever is cheaper.
pub fn order_ttls(judged: &Judged, sources: &Sources) -> Option<Fix> {
    let life = |mark: &Mark| mark.ttl.unwrap_or(judged.model.ttl.assumed as u32);
    let marks = &judged.layout.marks;
    let mut raised: Vec<u32> = marks.iter().map(life).collect();
    let mut lowered = raised.clone();
    for at in (0..raised.len().saturating_sub(1)).rev() {
        raised[at] = raised[at].max(raised[at + 1]);
    }
    for at in 1..lowered.len() {
        lowered[at] = lowered[at].min(lowered[at - 1]);
    }
    let priced = |lives: &[u32]| {
        let mut layout: Layout = judged.layout.clone();
        for (mark, life) in layout.marks.iter_mut().zip(lives) {
            mark.ttl = Some(*life);
        }
        layout.bill(&judged.terms()).usd_per_1k_calls
    };
    let raises = priced(&raised) <= priced(&lowered);
    let (title, lives) = match raises {
        true => (
            "Give the earlier cache breakpoint the longer life too",
            raised,
        ),
        false => ("Give the later cache breakpoint the shorter life", lowered),
    };
    let mut edits = Vec::new();
    for (mark, minutes) in marks.iter().zip(lives) {
        if life(mark) != minutes {
            let marker = literal(judged, mark.place.as_ref()?)?;
            edits.push(with_ttl(&marker.place, minutes, sources)?);
        }
    }
    (!edits.is_empty()).then(|| sure(title, edits))
}

/// A marker with another life.
fn with_ttl(place: &Place, minutes: u32, sources: &Sources) -> Option<Edit> {
    let page = Page::open(sources.get(&place.path)?)?;
    let holder = page.holding(place.span)?;
    let map = &holder.map.pairs()[holder.index].value;
    let hand = Hand::near(&page, Some(map), map.span);
    let life = match minutes % 60 {
        0 => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    };
    match map.pair("ttl") {
        Some(ttl) => Some(replace(page.file, ttl.value.span, hand.text(&life))),
        None => insert_pair(&page, map, &hand.pair("ttl", &hand.text(&life))),
    }
}
