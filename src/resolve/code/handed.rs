//! What a wrapper hands on. The tools, the schema and the settings of a request are written once for each kind of
//! request; a function that takes them from its caller (`tools`, `response_model`, `options.effort`) serves many kinds
//! and says nothing of how they vary within one. Knows nothing of how the parts of a request are found.

use crate::prompt::{Message, Piece};
use crate::volatility::{Class, Confidence, Given, Volatility};

const WHY: &str = "what a caller hands over";

/// Takes what is handed on in these messages for as fixed as the caller that gives it.
pub fn settle_messages(messages: &mut [Message]) {
    for block in messages.iter_mut().flat_map(|m| &mut m.blocks) {
        settle(&mut block.pieces);
    }
}

/// Takes what is handed on in these pieces for as fixed as the caller that gives it.
pub fn settle(pieces: &mut [Piece]) {
    for piece in pieces {
        match piece {
            Piece::Slot(slot) => fix(&mut slot.volatility),
            Piece::Branch(branch) => {
                fix(&mut branch.volatility);
                branch.arms.iter_mut().for_each(|arm| settle(arm));
            }
            Piece::Repeat(repeat) => {
                fix(&mut repeat.volatility);
                settle(&mut repeat.body);
            }
            Piece::Text(_) | Piece::History(_) | Piece::Media(_) => {}
        }
    }
}

fn fix(volatility: &mut Volatility) {
    let says_nothing = volatility.given == Given::Caller || volatility.confidence == Confidence::Possible;
    if says_nothing && volatility.class == Class::Request {
        *volatility = super::eval::deploy(WHY);
    }
}
