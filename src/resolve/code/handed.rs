//! What a wrapper hands on. The tools, the schema and the settings of a request are written once for each kind of
//! request; a function that takes them from its caller (`tools`, `response_model`, `options.effort`) serves many kinds
//! and says nothing of how they vary within one. Knows nothing of how the parts of a request are found.

use crate::prompt::{visit_pieces, Message, Piece};
use crate::volatility::{Class, Confidence, Given, Origin, Volatility};

const WHY: &str = "what a caller hands over";

/// Takes what is handed on in these tools and schemas for as fixed as the caller that gives it.
pub fn settle_messages(messages: &mut [Message]) {
    for block in messages.iter_mut().flat_map(|m| &mut m.blocks) {
        settle(&mut block.pieces, Confidence::Possible);
        // What a tool is called and says is its own, however it is put together: which tools there are may vary.
        visit_pieces(&mut block.pieces, &mut |piece| {
            if let Piece::Slot(slot) = piece {
                let volatility = &mut slot.volatility;
                if volatility.origin == Origin::Outside && volatility.class == Class::Request {
                    volatility.confidence = Confidence::Possible;
                }
            }
        });
    }
}

/// Takes the value of a setting that is handed on for as fixed as the caller that gives it, and so what is computed in
/// a way that nobody sees: most such values are the options of a client.
pub fn settle_setting(pieces: &mut [Piece]) {
    settle(pieces, Confidence::Likely);
}

/// Takes an option that is sent where someone gave it, and left out where not, for as fixed as whoever configures it:
/// `if text is not None: options["text"] = text`.
pub fn settle_presence(pieces: &mut [Piece]) {
    visit_pieces(pieces, &mut |piece| {
        if let Piece::Branch(branch) = piece {
            let asked = branch.volatility.class == Class::Request;
            let optional = asked && branch.arms.iter().any(Vec::is_empty);
            let mut given = branch.arms.iter().filter(|arm| !arm.is_empty());
            if optional && given.all(|arm| is_open(arm)) {
                let volatility = &mut branch.volatility;
                volatility.confidence = volatility.confidence.min(Confidence::Possible);
            }
        }
    });
}

/// Whether nothing of what is sent is written in the code.
fn is_open(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Slot(slot) => slot.volatility.origin != Origin::MadeUp,
        Piece::Branch(branch) => branch.arms.iter().all(|arm| is_open(arm)),
        Piece::Text(text) => text.as_str().trim().is_empty(),
        Piece::Repeat(_) | Piece::History(_) | Piece::Media(_) => false,
    })
}

/// `sure`: what is less sure than this says nothing either.
fn settle(pieces: &mut [Piece], sure: Confidence) {
    visit_pieces(pieces, &mut |piece| match piece {
        Piece::Slot(slot) => fix(&mut slot.volatility, sure),
        Piece::Branch(branch) => {
            // A setting that is sent where the messages bring it: system text taken out of them.
            let optional = branch.arms.iter().any(Vec::is_empty);
            let brought = branch.volatility.given == Given::Conversation;
            if sure > Confidence::Possible && optional && brought {
                branch.volatility.given = Given::Caller;
            }
            fix(&mut branch.volatility, sure);
        }
        Piece::Repeat(repeat) => fix(&mut repeat.volatility, sure),
        Piece::Text(_) | Piece::History(_) | Piece::Media(_) => {}
    });
}

fn fix(volatility: &mut Volatility, sure: Confidence) {
    let says_nothing = volatility.given == Given::Caller || volatility.confidence < sure;
    if says_nothing && volatility.class == Class::Request {
        *volatility = super::eval::deploy(WHY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::{Size, Slot};
    use crate::source::Place;

    fn slot(given: Given, class: Class, confidence: Confidence) -> Piece {
        let mut volatility = Volatility::new(class, Origin::Outside, confidence, "");
        volatility.given = given;
        Piece::Slot(Slot {
            expr: "tools".into(),
            place: Place::new(&"a.py".into(), 0, 1),
            volatility,
            trace: Vec::new(),
            size: Size {
                tokens: 1,
                assumed: true,
            },
        })
    }

    fn class(given: Given, class: Class, confidence: Confidence, sure: Confidence) -> Class {
        let mut pieces = [slot(given, class, confidence)];
        settle(&mut pieces, sure);
        let Piece::Slot(slot) = &pieces[0] else {
            unreachable!("a slot stays one")
        };
        slot.volatility.class
    }

    #[test]
    fn what_a_caller_hands_over_under_no_telling_name_is_as_fixed_as_the_caller() {
        let (likely, possible) = (Confidence::Likely, Confidence::Possible);
        let (caller, known) = (Given::Caller, Given::Known);
        let tools = |given, of, confidence| class(given, of, confidence, possible);
        assert_eq!(tools(caller, Class::Request, likely), Class::Deploy);
        assert_eq!(tools(known, Class::Request, likely), Class::Request);
        assert_eq!(tools(known, Class::Request, possible), Class::Request);
        assert_eq!(tools(caller, Class::State, likely), Class::State);
        let setting = |of, confidence| class(known, of, confidence, likely);
        assert_eq!(setting(Class::Request, possible), Class::Deploy);
        assert_eq!(setting(Class::Request, likely), Class::Request);
    }

    #[test]
    fn an_option_that_is_sent_where_it_is_given_varies_only_by_chance() {
        use crate::prompt::Branch;
        let certain = |arm: Piece| {
            let volatility =
                Volatility::new(Class::Request, Origin::Outside, Confidence::Likely, "");
            let mut pieces = [Piece::Branch(Branch {
                condition: "text is not None".into(),
                id: 1,
                place: Place::new(&"a.py".into(), 0, 1),
                volatility,
                arms: vec![vec![arm], Vec::new()].into(),
            })];
            settle_presence(&mut pieces);
            let Piece::Branch(branch) = &pieces[0] else {
                unreachable!("a branch stays one")
            };
            branch.volatility.confidence
        };
        let given = slot(Given::Known, Class::Request, Confidence::Likely);
        assert_eq!(certain(given), Confidence::Possible);
        let written = Piece::Text(crate::source::Text::opaque(
            &"a.py".into(),
            crate::source::Span::new(0, 1),
            "json_object",
        ));
        assert_eq!(certain(written), Confidence::Likely);
    }
}
