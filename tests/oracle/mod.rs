//! What prefixlint predicts for a template, and what two renderings of it share.
//!
//! The bounds. Let P be the stable text that the layout puts in front of its first segment that is not constant, and
//! G the tokens it predicts for it: those up to the last two pretokenizer pieces of P, which a value may re-cut.
//! Two renderings whose values differ in their first character must
//!
//! 1. both start with P, and share nothing behind it but blanks and part of a character (where two arms of a
//!    condition happen to start alike, the renderings share more than any analysis may promise),
//! 2. share at least G tokens at their start,
//! 3. share at most G plus the tokens that P has behind G, counted both as P is cut alone and as the rendering cuts
//!    it (the same blanks are more tokens in front of one value than of another), plus the bytes of 1.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use prefixlint::config::{Assume, Settings};
use prefixlint::discover::{Candidate, Found};
use prefixlint::engine::{analyse, Filter, Request};
use prefixlint::layout::{build, Count, Kind};
use prefixlint::prompt::{Piece, Prompt};
use prefixlint::providers::Table;
use prefixlint::source::stable_hash;
use prefixlint::tokens::Counter;
use prefixlint::workspace::Memory;
use tiktoken_rs::CoreBPE;

pub mod files;
pub mod generate;
pub mod languages;

const MODEL: &str = "gpt-5.4";
const TODAY: (i32, u32, u32) = (2026, 11, 22);

/// What prefixlint says of a template.
#[derive(Debug)]
pub struct Prediction {
    /// P: the stable text in front of the first value.
    pub text: String,
    /// G: its tokens that no value can change.
    pub tokens: usize,
    /// Nothing in the template varies.
    pub constant: bool,
}

/// Counts exactly, and keeps what it was asked, so that a segment's text can be found by its hash.
struct Recorder {
    counter: Counter,
    asked: RefCell<Vec<String>>,
}

impl Count for Recorder {
    fn count(&self, text: &str) -> f64 {
        self.asked.borrow_mut().push(text.into());
        f64::from(self.counter.count(text))
    }

    fn stable(&self, text: &str) -> (f64, f64) {
        self.asked.borrow_mut().push(text.into());
        let found = self.counter.stable_prefix(text);
        (f64::from(found.guaranteed), f64::from(found.total))
    }
}

/// All prompts of the named file, as the engine resolves them.
pub fn prompts(files: &[(&str, &str)], main: &str) -> Vec<Prompt> {
    let workspace = Memory::new(files);
    let settings = Arc::new(Settings::default());
    let request = Request {
        workspace: &workspace,
        found: Found {
            candidates: vec![Candidate::named(main)],
            ..Found::default()
        },
        settings_for: &|_| settings.clone(),
        model_for: &|_, _| Table::embedded().resolve(None, Some(MODEL), TODAY),
        insists: &|_| false,
        filter: Filter::default(),
        list_files: false,
        prices_as_of: String::new(),
        notices: Vec::new(),
        accepted: None,
        fixes: true,
    };
    let analysis = analyse(&request);
    assert!(analysis.errors.is_empty(), "{:?}", analysis.errors);
    analysis
        .prompts
        .into_iter()
        .map(|j| j.prompt.clone())
        .collect()
}

/// The prediction for a prompt. Values that are the same in every request are taken to be empty, as the renderings
/// take them to be.
pub fn predict(mut prompt: Prompt) -> Prediction {
    for message in &mut prompt.messages {
        for block in &mut message.blocks {
            block.pieces.iter_mut().for_each(empty_stable);
        }
    }
    let model = Table::embedded().resolve(None, Some(MODEL), TODAY);
    let recorder = Recorder {
        counter: Counter::new("o200k_base").expect("a known encoding"),
        asked: RefCell::default(),
    };
    let layout = build(&prompt, &model, &Assume::default(), &recorder);
    let first = layout.segments.iter().position(|s| !s.is_stable());
    let stable = &layout.segments[..first.unwrap_or(layout.segments.len())];
    let asked = recorder.asked.into_inner();
    let (mut text, mut tokens) = (String::new(), 0.0);
    for segment in stable {
        if let Kind::Text { hash, .. } = &segment.kind {
            let found = asked.iter().find(|t| stable_hash(&[t.trim()]) == *hash);
            text.push_str(found.expect("a segment's text was counted"));
            tokens += segment.tokens;
        }
    }
    Prediction {
        text,
        tokens: tokens as usize,
        constant: first.is_none(),
    }
}

fn empty_stable(piece: &mut Piece) {
    match piece {
        Piece::Slot(slot) if slot.volatility.priced().is_stable() => slot.size.tokens = 0,
        Piece::Branch(branch) => Arc::make_mut(&mut branch.arms)
            .iter_mut()
            .flatten()
            .for_each(empty_stable),
        piece @ Piece::Repeat(_) if is_stable(piece) => {
            if let Piece::Repeat(repeat) = piece {
                repeat.body.clear();
            }
        }
        Piece::Repeat(repeat) => repeat.body.iter_mut().for_each(empty_stable),
        _ => {}
    }
}

/// Whether every request sends the same here.
pub fn is_stable(piece: &Piece) -> bool {
    match piece {
        Piece::Text(_) => true,
        Piece::Slot(slot) => slot.volatility.priced().is_stable(),
        Piece::Branch(branch) => {
            branch.volatility.priced().is_stable() && branch.arms.iter().flatten().all(is_stable)
        }
        Piece::Repeat(repeat) => {
            let ordered = !repeat.unordered && repeat.volatility.priced().is_stable();
            ordered && repeat.body.iter().all(is_stable)
        }
        Piece::History(_) | Piece::Media(_) => false,
    }
}

fn tokenizer() -> &'static CoreBPE {
    static TOKENIZER: OnceLock<CoreBPE> = OnceLock::new();
    TOKENIZER.get_or_init(|| tiktoken_rs::o200k_base().expect("the embedded table"))
}

fn shared<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Tokens that lie in the first `bytes` bytes of an encoded text, a token that crosses the end among them.
fn tokens_until(tokens: &[u32], bytes: usize) -> usize {
    let (mut at, mut count) = (0, 0);
    for token in tokens {
        if at >= bytes {
            break;
        }
        at += tokenizer().decode_bytes(&[*token]).map_or(1, |b| b.len());
        count += 1;
    }
    count
}

/// Holds a prediction against two renderings; what is wrong, if anything.
pub fn judge(predicted: &Prediction, a: &str, b: &str) -> Result<(), String> {
    let text = predicted.text.as_str();
    for rendering in [a, b] {
        if !rendering.starts_with(text) {
            let at = shared(rendering.as_bytes(), text.as_bytes());
            return Err(format!(
                "predicted {text:?}\n  but it renders as {rendering:?}\n  (from byte {at})"
            ));
        }
    }
    let same = shared(a.as_bytes(), b.as_bytes());
    let beyond = &a.as_bytes()[text.len()..same];
    let blanks = beyond.iter().filter(|b| b.is_ascii_whitespace()).count();
    if beyond.len() > blanks + 3 {
        let beyond = String::from_utf8_lossy(beyond);
        return Err(format!(
            "predicted {text:?}\n  but {beyond:?} behind it is shared too\n  {a:?}\n  {b:?}"
        ));
    }
    let (a, b) = (
        tokenizer().encode_ordinary(a),
        tokenizer().encode_ordinary(b),
    );
    let measured = shared(&a, &b);
    if measured < predicted.tokens {
        return Err(format!(
            "predicted {} tokens, measured {measured}: {text:?}",
            predicted.tokens
        ));
    }
    if predicted.constant {
        return if a == b && a.len() == predicted.tokens {
            Ok(())
        } else {
            Err(format!("{text:?} is not all that is sent"))
        };
    }
    let alone = tokenizer().encode_ordinary(text).len();
    let cut = [&a, &b].map(|tokens| tokens_until(tokens, text.len()));
    let most = alone.max(cut[0]).max(cut[1]) + beyond.len();
    if measured > most {
        return Err(format!(
            "predicted {} tokens, at most {most}, measured {measured}: {text:?}",
            predicted.tokens
        ));
    }
    Ok(())
}
