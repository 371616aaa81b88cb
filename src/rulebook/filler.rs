//! Filler text for examples: caches start at 1,024 tokens and more, and nobody wants to read that much in a page.
//!
//! `%% filler: 300 words %%` stands for 300 words of plain English in sentences, on the same line, without quotes,
//! braces or anything else that a template language or JSON takes for itself; about 1.1 tokens a word.
//! `%% filler: 300 words, seed 2 %%` is another text of that length; the same seed gives the same words in every
//! place, and a longer filler starts with the shorter one.

const WORDS: [&str; 64] = [
    "customer",
    "answer",
    "order",
    "account",
    "policy",
    "refund",
    "invoice",
    "support",
    "delivery",
    "service",
    "contract",
    "device",
    "network",
    "payment",
    "warranty",
    "complaint",
    "explain",
    "confirm",
    "describe",
    "collect",
    "review",
    "follow",
    "offer",
    "repeat",
    "check",
    "record",
    "close",
    "escalate",
    "forward",
    "compare",
    "always",
    "never",
    "often",
    "clearly",
    "politely",
    "briefly",
    "first",
    "then",
    "before",
    "after",
    "with",
    "without",
    "under",
    "about",
    "every",
    "other",
    "open",
    "paid",
    "late",
    "early",
    "full",
    "short",
    "long",
    "clear",
    "plain",
    "careful",
    "team",
    "manager",
    "branch",
    "region",
    "product",
    "channel",
    "reason",
    "result",
];

const OPEN: &str = "%% filler:";
const CLOSE: &str = "%%";

/// Replaces every filler directive of a text; anything that is not one stays as it is.
pub fn expand(text: &str) -> String {
    replace(text, words)
}

/// The same with a word on each filler instead of the filler, for people.
pub fn summarise(text: &str) -> String {
    replace(text, |count, _| {
        let count = crate::figures::thousands(count as f64);
        format!("[{count} words that never change]")
    })
}

fn replace(text: &str, with: impl Fn(usize, u64) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let inner = &rest[at + OPEN.len()..];
        let directive = inner
            .find(CLOSE)
            .and_then(|end| Some((read(&inner[..end])?, end + CLOSE.len())));
        out.push_str(&rest[..at]);
        match directive {
            Some(((count, seed), length)) => {
                out.push_str(&with(count, seed));
                rest = &inner[length..];
            }
            None => {
                out.push_str(OPEN);
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    out
}

/// ` 300 words, seed 2 ` -> (300, 2).
fn read(text: &str) -> Option<(usize, u64)> {
    let mut words = text
        .split([' ', ','])
        .filter(|word| !word.is_empty() && !word.contains('\n'));
    let count = words.next()?.parse().ok()?;
    (words.next()? == "words").then_some(())?;
    match words.next() {
        None => Some((count, 1)),
        Some("seed") => Some((count, words.next()?.parse().ok()?)),
        Some(_) => None,
    }
}

fn words(count: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = String::with_capacity(count * 8);
    let mut in_sentence = 0;
    for index in 0..count {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = WORDS[(state >> 58) as usize];
        if index > 0 {
            out.push(' ');
        }
        if in_sentence == 0 {
            let (head, tail) = word.split_at(1);
            out.push_str(&head.to_ascii_uppercase());
            out.push_str(tail);
        } else {
            out.push_str(word);
        }
        in_sentence += 1;
        let length = 8 + (state >> 40) as usize % 7;
        if in_sentence >= length || index + 1 == count {
            out.push('.');
            in_sentence = 0;
        }
    }
    out
}
