//! What an evaluation found: requests that are sent, message lists and texts whose request is not known.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::frontend::code::ir::FunctionId;
use crate::prompt::{visit_pieces, Block, Message, Piece, Prompt, Slot};
use crate::source::Place;
use crate::volatility::{Class, Origin};

use super::eval::{held, Birth, Eval, Open};

/// What a prompt was found as, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sort {
    /// A call of an SDK.
    Request,
    /// What a session is opened with: no request, and none is looked for around its texts.
    Session,
    /// A list of messages that is returned, passed on or stored.
    Messages,
    /// A text of a function or constant that is named like a prompt.
    Text,
    /// A text that is handed to something unknown under a name like that.
    Handed,
}

/// One prompt, as one entry saw it.
#[derive(Clone, Debug)]
pub struct Event {
    pub sort: Sort,
    /// The call, the list or the text: what makes two events the same prompt.
    pub site: Place,
    pub prompt: Prompt,
    /// Parameters of the entry that the prompt depends on.
    pub opens: BTreeSet<Open>,
    /// Literal texts in it.
    pub texts: BTreeSet<Place>,
    /// The functions that were running, the entry first: which way the prompt came to be.
    pub through: Vec<(Arc<str>, FunctionId)>,
    /// Noted behind the last step that was allowed: what it is made of was not evaluated any more.
    pub starved: bool,
    /// Noted by a class that stands for what its caller declares: one of several ways it may go.
    pub stands_in: bool,
}

/// How the trace of what a call gave begins.
const COMPUTED: &str = "computed here";

/// Events of one place that one entry notes: a helper that is called from everywhere sends the same over and over.
const MAX_EVENTS: usize = 16;

impl Eval<'_, '_> {
    /// Notes a prompt, unless this is a dry pass.
    pub fn record(&mut self, sort: Sort, site: Place, mut prompt: Prompt) {
        if self.quiet > 0 {
            return;
        }
        let same = |event: &&Event| event.sort == sort && event.site == site;
        if self.events.iter().filter(same).count() >= MAX_EVENTS {
            return;
        }
        super::super::history::settle_scratchpads(&mut prompt.messages);
        let mut behind = Behind::default();
        for message in prompt.messages.iter_mut().rev() {
            for block in message.blocks.iter_mut().rev() {
                self.settle(&mut block.pieces, &mut behind);
            }
        }
        for setting in &mut prompt.settings {
            self.settle(&mut setting.pieces, &mut behind);
        }
        if sort == Sort::Request {
            self.settle_module(&mut prompt);
        }
        let mut opens = BTreeSet::new();
        let mut texts = BTreeSet::new();
        let pieces = prompt
            .messages
            .iter()
            .flat_map(|message| &message.blocks)
            .map(|block| &block.pieces)
            .chain(prompt.settings.iter().map(|setting| &setting.pieces));
        for pieces in pieces {
            self.collect(pieces, &mut opens, &mut texts);
        }
        if sort == Sort::Session {
            // It is printed as it is sent: what was written apart stands together there.
            let blocks = prompt.messages.iter_mut().flat_map(|m| &mut m.blocks);
            blocks.for_each(|block| {
                visit_pieces(&mut block.pieces, &mut |piece| {
                    if let Piece::Text(text) = piece {
                        texts.extend(text.places());
                    }
                });
            });
        }
        let running = self.frames.iter();
        let through = running
            .filter_map(|frame| Some((frame.code.path().clone(), frame.function?)))
            .collect();
        self.events.push(Event {
            sort,
            site,
            prompt,
            opens,
            texts,
            through,
            starved: self.work.is_spent(),
            stands_in: !self.stood_in.is_empty(),
        });
    }

    /// What was computed before the loop that sends lives as long as the loop, if the conversation behind it begins with
    /// the loop, too. In front of turns that were kept elsewhere it is computed anew for each call of the function.
    fn settle(&self, pieces: &mut [Piece], behind: &mut Behind) {
        for piece in pieces.iter_mut().rev() {
            behind.add(piece, &self.carried, &self.loops);
            visit_pieces(std::slice::from_mut(piece), &mut |piece| {
                let before = self.made_before_loop(piece, behind);
                let looked_up = before && self.looked_up(piece);
                let volatility = match piece {
                    Piece::Slot(slot) => &mut slot.volatility,
                    Piece::Repeat(repeat) => &mut repeat.volatility,
                    _ => return,
                };
                // What the function was given stays as it is for all rounds; what it made up, or looked up for this
                // call, is new for each call of it.
                let given = volatility.origin == Origin::Outside && !looked_up;
                let before = before && (!behind.outside || given);
                if volatility.frame.is_none() && before {
                    volatility.frame = held(volatility.class, Some(Class::Session));
                }
            });
        }
    }

    /// What a module makes once, as it is loaded, and sends later: an agent's instructions with the time in them.
    fn settle_module(&self, prompt: &mut Prompt) {
        let at_module = self.frames.last().is_some_and(|f| f.function.is_none());
        if !at_module || !prompt.fragment {
            return;
        }
        for block in prompt.messages.iter_mut().flat_map(|m| &mut m.blocks) {
            visit_pieces(&mut block.pieces, &mut |piece| {
                if let Piece::Slot(slot) = piece {
                    let later = self.birth_in(slot).is_some_and(|birth| birth.later);
                    let volatility = &mut slot.volatility;
                    if volatility.origin == Origin::MadeUp && !later {
                        volatility.frame = held(volatility.class, Some(Class::Deploy));
                    }
                }
            });
        }
    }

    /// Whether a value, or all that a repeated part is made of, was born before the loop.
    fn made_before_loop(&self, piece: &Piece, behind: &Behind) -> bool {
        match piece {
            Piece::Slot(slot) => {
                let birth = slot.trace.first().map(|hop| &hop.place);
                self.born_before_loop(birth) && !self.born_within(birth, &behind.loops)
            }
            Piece::Repeat(repeat) => {
                let mut values = repeat
                    .body
                    .iter()
                    .filter(|piece| !matches!(piece, Piece::Text(_)))
                    .peekable();
                values.peek().is_some() && values.all(|piece| self.made_before_loop(piece, behind))
            }
            _ => false,
        }
    }

    /// Whether a value was computed by a call of the function and is the request's: nobody handed it over.
    fn looked_up(&self, piece: &Piece) -> bool {
        match piece {
            Piece::Slot(slot) => {
                let birth = slot.trace.first();
                let given = birth.and_then(|hop| self.births.get(&hop.place)?.open.as_ref());
                let computed = birth.is_some_and(|hop| hop.note == COMPUTED);
                slot.volatility.class == Class::Request && given.is_none() && computed
            }
            Piece::Repeat(repeat) => repeat.body.iter().any(|piece| self.looked_up(piece)),
            _ => false,
        }
    }

    /// Where the value that a prompt shows was born, if that was noted.
    fn birth_in(&self, slot: &Slot) -> Option<&Birth> {
        self.births.get(&slot.trace.first()?.place)
    }

    fn collect(&self, pieces: &[Piece], opens: &mut BTreeSet<Open>, texts: &mut BTreeSet<Place>) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    texts.extend(text.places());
                }
                Piece::Slot(slot) => {
                    let birth = self.birth_in(slot);
                    opens.extend(birth.and_then(|birth| birth.open.clone()));
                }
                Piece::Branch(branch) => {
                    let arms = branch.arms.iter();
                    arms.for_each(|arm| self.collect(arm, opens, texts));
                }
                Piece::Repeat(repeat) => self.collect(&repeat.body, opens, texts),
                Piece::History(history) => {
                    opens.extend(self.handed_turns.get(&history.place).cloned());
                }
                Piece::Media(_) => {}
            }
        }
    }
}

/// The conversations behind a piece of a prompt.
#[derive(Default)]
struct Behind {
    /// Turns that were there before this function ran: handed over, kept by an instance, read from a store.
    outside: bool,
    /// Loops that added turns.
    loops: Vec<u32>,
}

impl Behind {
    fn add(&mut self, piece: &Piece, carried: &HashMap<Place, u32>, running: &[u32]) {
        match piece {
            Piece::History(history) => match carried.get(&history.place) {
                Some(id) if running.contains(id) => self.loops.push(*id),
                // Copied by a loop that is over, or handed in as it is.
                _ => self.outside = true,
            },
            Piece::Branch(branch) => {
                let pieces = branch.arms.iter().flatten();
                pieces.for_each(|piece| self.add(piece, carried, running));
            }
            Piece::Repeat(repeat) => {
                let pieces = repeat.body.iter();
                pieces.for_each(|piece| self.add(piece, carried, running));
            }
            Piece::Text(_) | Piece::Slot(_) | Piece::Media(_) => {}
        }
    }
}

/// Bytes of literal text in messages.
pub fn text_length(messages: &[Message]) -> usize {
    fn of(pieces: &[Piece]) -> usize {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.len(),
                Piece::Branch(branch) => branch.arms.iter().map(|arm| of(arm)).max().unwrap_or(0),
                Piece::Repeat(repeat) => of(&repeat.body),
                Piece::Slot(_) | Piece::History(_) | Piece::Media(_) => 0,
            })
            .sum()
    }
    let blocks = messages.iter().flat_map(|message| &message.blocks);
    blocks.map(|block: &Block| of(&block.pieces)).sum()
}
