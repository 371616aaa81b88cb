//! unstable-order: the order of something sent differs between runs.

use super::steps::{effect, front, join, name_of, of, remark, short, subject};
use super::{Remark, Weight};
use crate::figures::tokens;
use crate::fix::Mend;
use crate::judge::Judged;
use crate::prompt::{Piece, Prompt};
use crate::source::Place;
use crate::volatility::{Class, Origin, Volatility};

pub fn check(judged: &Judged) -> Vec<Remark> {
    let priced = of(judged, "unstable-order").map(|step| {
        let subject = subject(judged, step);
        let message = join(&[
            Some(format!(
                "{} comes in another order on every run: {} from there on that could be cached",
                name_of(subject),
                tokens(step.stranded + subject.tokens, judged.estimated()),
            )),
            Some(effect(judged, step)),
            front(judged, step),
        ]);
        let help = "sort it before it is rendered".to_string();
        remark(judged, step, "unstable-order", message, help)
    });
    priced.chain(by_machine(judged)).collect()
}

/// An order that holds on one machine and may be another on the next: costs nothing while one machine serves.
fn by_machine(judged: &Judged) -> Vec<Remark> {
    if judged.boundary < f64::from(judged.model.minimum) {
        return Vec::new();
    }
    let mut found: Vec<(&str, &Place, &Volatility)> = Vec::new();
    for pieces in shared(&judged.prompt) {
        collect(pieces, &mut found);
    }
    let remark = |(name, place, order): &(&str, &Place, &Volatility)| {
        Remark {
        rule: "unstable-order",
        confidence: order.confidence,
        message: format!(
            "`{}` comes in an order that may differ between machines ({}): each order is a prefix of its own",
            short(name),
            order.why
        ),
        help: "sort it before it is sent".into(),
        place: (*place).clone(),
        cause: (*place).clone(),
        cause_text: format!("order of {name}"),
        labels: Vec::new(),
        trace: Vec::new(),
        class: Some(Class::Deploy),
        saving: None,
        weight: Weight::AtMostNote,
        mend: Some(Mend::Sort((*place).clone())),
    }
    };
    found.iter().map(remark).collect()
}

/// The parts that calls may share: all messages but the last.
fn shared(prompt: &Prompt) -> impl Iterator<Item = &Vec<Piece>> {
    let last = prompt
        .messages
        .iter()
        .rposition(|m| !m.section.is_preamble());
    let before = prompt.messages.iter().enumerate();
    before
        .filter(move |(index, _)| Some(*index) != last)
        .flat_map(|(_, message)| &message.blocks)
        .map(|block| &block.pieces)
}

fn collect<'a>(pieces: &'a [Piece], found: &mut Vec<(&'a str, &'a Place, &'a Volatility)>) {
    let by_machine = |order: &Volatility| order.origin == Origin::Order && order.class.is_stable();
    for piece in pieces {
        match piece {
            Piece::Slot(slot) if by_machine(&slot.volatility) => {
                found.push((&slot.expr, &slot.place, &slot.volatility));
            }
            Piece::Repeat(repeat) if repeat.unordered && by_machine(&repeat.volatility) => {
                found.push((&repeat.over, &repeat.place, &repeat.volatility));
            }
            Piece::Repeat(repeat) => collect(&repeat.body, found),
            Piece::Branch(branch) => branch.arms.iter().for_each(|arm| collect(arm, found)),
            _ => {}
        }
    }
}
