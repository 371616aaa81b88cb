//! Which counter a prompt needs: exact where its size can matter, bounds where it cannot.

use crate::layout::Count;
use crate::prompt::{Piece, Prompt};
use crate::providers::Model;
use crate::tokens::Counter;

/// The encoding of the built-in default model: the one that most runs need.
const USUAL: &str = "o200k_base";

/// Counts the tokens of one prompt.
pub struct PromptCounter {
    /// `None`: the prompt is surely too short to be cached, and bytes will do.
    exact: Option<Counter>,
    ratio: f64,
}

/// The counter for a prompt on a model. No merge table is opened for a prompt that stays below the minimum even at
/// one token a byte.
pub fn counter(prompt: &Prompt, model: &Model) -> PromptCounter {
    let text: usize = prompt
        .messages
        .iter()
        .flat_map(|message| &message.blocks)
        .flat_map(|block| &block.pieces)
        .map(most_tokens)
        .sum();
    let most = text as f64 * model.tokenizer.high;
    let exact = if most < f64::from(model.minimum_range.0) {
        None
    } else {
        Counter::new(&model.tokenizer.encoding).or_else(|| Counter::new(USUAL))
    };
    PromptCounter {
        exact,
        ratio: model.tokenizer.typical,
    }
}

/// No piece has more tokens than this.
fn most_tokens(piece: &Piece) -> usize {
    let sum = |pieces: &[Piece]| pieces.iter().map(most_tokens).sum::<usize>();
    match piece {
        Piece::Text(text) => text.len(),
        Piece::Slot(slot) => slot.size.tokens as usize,
        Piece::Branch(branch) => branch.arms.iter().map(|arm| sum(arm)).sum(),
        Piece::Repeat(repeat) => sum(&repeat.body) * repeat.rounds.max(1) as usize,
        // Their assumed size alone may pass the minimum.
        Piece::History(_) | Piece::Media(_) => usize::MAX / 1024,
    }
}

/// Bytes of a token in English text, for prompts whose size does not matter.
const BYTES_PER_TOKEN: f64 = 4.4;

impl PromptCounter {
    pub fn exact(&self) -> bool {
        self.exact.is_some()
    }
}

impl Count for PromptCounter {
    fn count(&self, text: &str) -> f64 {
        let tokens = match &self.exact {
            Some(counter) => f64::from(counter.count(text)),
            None => (text.len() as f64 / BYTES_PER_TOKEN).ceil(),
        };
        tokens * self.ratio
    }

    fn stable(&self, text: &str) -> (f64, f64) {
        match &self.exact {
            Some(counter) => {
                let found = counter.stable_prefix(text);
                (
                    f64::from(found.guaranteed) * self.ratio,
                    f64::from(found.total) * self.ratio,
                )
            }
            None => {
                let all = self.count(text);
                (all, all)
            }
        }
    }
}
