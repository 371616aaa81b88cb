use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

/// A small deterministic generator (xorshift), so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Text of fragments that pretokenizers treat in special ways.
    fn text(&mut self, fragments: usize) -> String {
        const FRAGMENTS: &[&str] = &[
            "You",
            " are",
            " a",
            " helpful",
            " assistant",
            ".",
            "\n",
            "\n\n",
            " ",
            "  ",
            "   ",
            "\t",
            "\r\n",
            "'s",
            "'",
            "'LL",
            "don't",
            "HTTPServer",
            "camelCase",
            "X",
            "x",
            "1",
            "12",
            "2026",
            "1234567",
            "-",
            "==",
            "//",
            "/",
            "./",
            "\n/",
            "*",
            "{\"",
            "\": ",
            "#",
            " #",
            "é",
            "e\u{301}",
            "\u{301}",
            "Ünï",
            "あ",
            "漢字",
            "、",
            "\u{3000}",
            "\u{a0}",
            "—",
            "\u{1F600}",
            "٣",
            "Ⅷ",
            "Ⓐ",
            "ß",
            "İ",
            "(",
            ")",
            "\"foo",
            " (foo",
            "\u{2028}",
            "\u{85}",
            "м",
            "ʰ",
            "ย",
            "ั",
        ];
        (0..fragments)
            .map(|_| FRAGMENTS[self.below(FRAGMENTS.len())])
            .collect()
    }
}

fn every_table() -> Vec<Counter> {
    encoding::all()
        .iter()
        .map(|encoding| Counter { encoding })
        .collect()
}

/// The ranks of a text.
fn encode(counter: &Counter, text: &str) -> Vec<u32> {
    let merges = counter.encoding.merges();
    let mut ranks = Vec::new();
    for piece in counter.encoding.cut.pieces(text).map(str::as_bytes) {
        let mut starts = merges.split(piece);
        starts.push(piece.len());
        ranks.extend(starts.windows(2).map(|token| {
            let token = &piece[token[0]..token[1]];
            merges.rank(token).expect("a part of a piece is a token")
        }));
    }
    ranks
}

/// The table as tiktoken-rs has it, built once per process.
fn reference(counter: &Counter) -> &'static tiktoken_rs::CoreBPE {
    match counter.encoding.table.as_str() {
        "o200k_base" => tiktoken_rs::o200k_base_singleton(),
        "cl100k_base" => tiktoken_rs::cl100k_base_singleton(),
        "p50k_base" => tiktoken_rs::p50k_base_singleton(),
        _ => tiktoken_rs::r50k_base_singleton(),
    }
}

#[test]
fn the_encodings_are_sound() {
    let mut names = encodings();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "no name twice");
    let tables = ["o200k_base", "cl100k_base", "p50k_base", "r50k_base"];
    for counter in every_table() {
        assert!(tables.contains(&counter.encoding.table.as_str()));
        assert!(counter.encoding.names.contains(&counter.encoding.table));
        let (ours, theirs) = (counter.encoding.merges(), reference(&counter));
        let special = theirs.special_tokens();
        let mut longest = 0;
        for rank in 0..210_000 {
            let Ok(bytes) = theirs.decode_bytes(&[rank]) else {
                continue;
            };
            if std::str::from_utf8(&bytes).is_ok_and(|text| special.contains(text)) {
                assert_eq!(ours.rank(&bytes), None);
                continue;
            }
            assert_eq!(ours.rank(&bytes), Some(rank));
            assert_eq!(ours.token(rank), bytes);
            longest = longest.max(bytes.len());
        }
        assert_eq!(longest, counter.encoding.longest);
    }
    assert!(Counter::new("o200k_harmony").is_some());
    assert!(Counter::new("llama").is_none());
}

#[test]
fn known_counts_come_out() {
    let o200k = Counter::new("o200k_base").expect("known");
    assert_eq!(o200k.count(""), 0);
    assert_eq!(o200k.count("hello world"), 2);
    assert_eq!(encode(&o200k, "hello world"), [24912, 2375]);
    // A special token's text is plain text in a prompt.
    assert!(o200k.count("<|endoftext|>") > 1);
    let cl100k = Counter::new("cl100k_base").expect("known");
    assert_eq!(encode(&cl100k, "hello world"), [15339, 1917]);
    let gpt2 = Counter::new("gpt2").expect("known");
    assert_eq!(encode(&gpt2, "hello world"), [31373, 995]);
}

/// Any text of any characters, hard ones more often.
fn any_text() -> impl Strategy<Value = String> {
    let hard = proptest::sample::select(
        "aZſ'sSdDlLrReEvVmMtT 019²٣Ⅷ \t\r\n\u{85}\u{a0}\u{2028}\u{3000}./*{-ée\u{301}ǅʰªꟲあ漢、—😀ßİ".chars().collect::<Vec<_>>(),
    );
    proptest::collection::vec(prop_oneof![9 => hard, 1 => any::<char>()], 0..24)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_are_those_of_the_patterns(text in any_text()) {
        static PATTERNS: OnceLock<Vec<fancy_regex::Regex>> = OnceLock::new();
        let patterns = PATTERNS.get_or_init(|| {
            let compile = |encoding: &encoding::Encoding| fancy_regex::Regex::new(&encoding.pattern);
            encoding::all().iter().map(|encoding| compile(encoding).expect("valid")).collect()
        });
        for (counter, pattern) in every_table().iter().zip(patterns) {
            let ours: Vec<&str> = counter.encoding.cut.pieces(&text).collect();
            let theirs: Vec<&str> = pattern
                .find_iter(&text)
                .map(|piece| piece.expect("short").as_str())
                .collect();
            prop_assert_eq!(ours, theirs, "{}", counter.encoding.table);
        }
    }

    #[test]
    fn tokens_are_those_of_the_reference(text in any_text()) {
        for counter in every_table() {
            prop_assert_eq!(encode(&counter, &text), reference(&counter).encode_ordinary(&text));
        }
    }

    #[test]
    fn long_pieces_merge_as_the_reference_does(text in "[a-d]{90,400}|[-=.]{90,300}|( |\\t){90,300}x|[あ漢字]{40,120}") {
        for counter in every_table() {
            prop_assert_eq!(encode(&counter, &text), reference(&counter).encode_ordinary(&text));
        }
    }
}

#[test]
fn texts_of_hard_fragments_count_as_the_reference_does() {
    let mut random = Random(7);
    for counter in every_table() {
        for _ in 0..300 {
            let text = random.text(40);
            assert_eq!(
                encode(&counter, &text),
                reference(&counter).encode_ordinary(&text),
                "{text:?}"
            );
        }
    }
}

#[test]
fn bounds_hold_for_every_encoding() {
    let mut random = Random(11);
    for counter in every_table() {
        for round in 0..1500 {
            let text = random.text(1 + round % 15);
            let count = counter.count(&text);
            let bounds = counter.bounds(&text);
            assert!(bounds.at_least <= count, "{bounds:?} {count} {text:?}");
            assert!(count <= bounds.at_most, "{bounds:?} {count} {text:?}");
        }
    }
}

#[test]
fn bounds_are_close_on_prose() {
    let counter = Counter::new("o200k_base").expect("known");
    let text = "You are a support agent. Answer in two sentences, quote the policy, and ask when unsure.\n";
    let (bounds, count) = (counter.bounds(text), counter.count(text));
    assert!(bounds.at_least * 10 >= count * 8, "{bounds:?} {count}");
}

#[test]
fn nothing_behind_a_run_changes_its_guaranteed_tokens() {
    let mut random = Random(23);
    for counter in every_table() {
        let mut recut = 0;
        for _ in 0..1200 {
            let count = 2 + random.below(14);
            let run = random.text(count);
            let (a, b) = (random.text(3), random.text(3));
            let stable = counter.stable_prefix(&run);
            let alone = encode(&counter, &run);
            assert_eq!(stable.total as usize, alone.len());
            let one = encode(&counter, &format!("{run}{a}"));
            let other = encode(&counter, &format!("{run}{b}"));
            let common = one.iter().zip(&other).take_while(|(x, y)| x == y).count();
            let shared = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
            let guaranteed = stable.guaranteed as usize;
            assert!(
                common >= guaranteed,
                "{run:?} + {a:?} or {b:?}: {common} < {guaranteed}"
            );
            assert_eq!(one[..guaranteed], alone[..guaranteed], "{run:?}");
            // What stands behind may cut the dropped pieces anew, but not into more tokens than they have bytes.
            let dropped = run.len() - counter.stable_len(&run);
            assert!(
                common - guaranteed <= dropped + shared,
                "{run:?} + {a:?} or {b:?}"
            );
            recut += usize::from(common > stable.total as usize + shared);
        }
        // Rare even for text made of nothing but hard cases (about one run in eighty).
        assert!(recut < 60, "{recut} of 1,200 runs");
    }
}

#[test]
fn the_last_pieces_are_found_in_long_runs_too() {
    let counter = Counter::new("o200k_base").expect("known");
    let run = format!("{}Today is ", "The policy says so. ".repeat(2000));
    assert_eq!(&run[counter.stable_len(&run)..], " is ");
    let stable = counter.stable_prefix(&run);
    assert_eq!(stable.total - stable.guaranteed, 2);
    assert_eq!(counter.stable_len("Today is"), 0);
    let letters = format!("A word. {}", "x".repeat(2000));
    assert_eq!(&letters[..counter.stable_len(&letters)], "A word");
}

#[test]
fn a_long_text_counts_as_its_tokens() {
    let mut random = Random(31);
    for counter in every_table() {
        let mut text = String::new();
        while text.len() < 3 * LONGEST_PIECE {
            text.push_str(&random.text(40));
        }
        assert_eq!(counter.count(&text) as usize, encode(&counter, &text).len());
    }
}

#[test]
fn long_runs_of_one_character_neither_panic_nor_count_wrong_by_much() {
    // A megabyte of blanks makes the pretokenizer of tiktoken-rs give up.
    let counter = Counter::new("r50k_base").expect("known");
    let blanks = format!("{}x", " ".repeat(1 << 20));
    assert!(counter.count(&blanks).abs_diff(1 << 20) <= 16);
    let counter = Counter::new("o200k_base").expect("known");
    let breaks = "\n".repeat(3 * LONGEST_PIECE);
    let whole = encode(&counter, &breaks).len() as u32;
    assert!(counter.count(&breaks).abs_diff(whole) <= 4);
    assert_eq!(counter.stable_len(&blanks), 0);
}

#[test]
fn bounds_open_no_table_and_counting_opens_one() {
    let counter = Counter::new("p50k_edit").expect("known");
    // Other tests open tables in this process, so only the private table of this test can be looked at.
    let private = Box::leak(Box::new(encoding::Encoding::for_test(counter.encoding)));
    let private = Counter { encoding: private };
    private.bounds("some text");
    private.stable_len("some text that stays. Today is ");
    assert!(!private.encoding.is_open());
    assert_eq!(private.count("hello world"), 2);
    assert!(private.encoding.is_open());
    counter.count("x");
    assert!(tables_opened().contains(&"p50k_base"));
}

#[test]
fn estimates_say_what_they_are() {
    let own = Tokenizer {
        encoding: "o200k_base".into(),
        exact: true,
        typical: 1.0,
        low: 1.0,
        high: 1.0,
    };
    let exact = Estimate::of(100, &own);
    assert!(exact.exact && exact.low == 100.0 && exact.high == 100.0);
    let range = Estimate::between(
        Bounds {
            at_least: 80,
            at_most: 400,
        },
        &own,
    );
    assert!(!range.exact && range.low == 80.0 && range.high == 400.0);
    let other = Tokenizer {
        exact: false,
        typical: 1.2,
        low: 1.1,
        high: 1.5,
        ..own
    };
    let estimate = Estimate::of(100, &other);
    assert!(!estimate.exact);
    assert!((estimate.low - 110.0).abs() < 1e-9);
    assert!((estimate.typical - 120.0).abs() < 1e-9);
    assert!((estimate.high - 150.0).abs() < 1e-9);
}
