//! Lays the merge tables of tiktoken-rs out as hash tables in the form in which they are searched, so that a run does
//! not spend a fifth of a second on building them; and the character classes of the pretokenizers as a table.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use regex_syntax::hir::{Class, HirKind};
use tiktoken_rs::CoreBPE;

include!("src/tokens/slots.rs");
include!("src/tokens/classes.rs");

/// No table has a rank at or above this.
const RANKS: u32 = RANK_MASK;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/tokens/slots.rs");
    println!("cargo::rerun-if-changed=src/tokens/classes.rs");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let tables = [
        ("o200k_base", tiktoken_rs::o200k_base()?),
        ("cl100k_base", tiktoken_rs::cl100k_base()?),
        ("p50k_base", tiktoken_rs::p50k_base()?),
        ("r50k_base", tiktoken_rs::r50k_base()?),
    ];
    for (name, table) in tables {
        let path = Path::new(&out).join(format!("{name}.merges"));
        fs::write(path, lay_out(&tokens(&table)))?;
    }
    fs::write(Path::new(&out).join("classes.bin"), classes()?)?;
    Ok(())
}

/// The bytes of each rank; empty where no mergeable token has it.
fn tokens(table: &CoreBPE) -> Vec<Vec<u8>> {
    let special = table.special_tokens();
    let is_special = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|t| special.contains(t));
    let mut tokens: Vec<Vec<u8>> = (0..RANKS)
        .map(|rank| table.decode_bytes(&[rank]).unwrap_or_default())
        .map(|bytes| {
            if is_special(&bytes) {
                Vec::new()
            } else {
                bytes
            }
        })
        .collect();
    let used = tokens.iter().rposition(|token| !token.is_empty());
    tokens.truncate(used.map_or(0, |last| last + 1));
    tokens
}

fn lay_out(tokens: &[Vec<u8>]) -> Vec<u8> {
    // At most half full.
    let bits = (2 * tokens.len().max(1)).next_power_of_two().ilog2();
    let mut slots = vec![EMPTY; 1 << bits];
    for (rank, token) in (0u32..).zip(tokens) {
        if token.is_empty() {
            continue;
        }
        let (mut slot, tag) = slot_of(hash(token), bits);
        while slots[slot] != EMPTY {
            slot = (slot + 1) % slots.len();
        }
        slots[slot] = tag | rank;
    }
    let mut starts = vec![0u32];
    for token in tokens {
        let start = starts[starts.len() - 1];
        starts.push(start + token.len() as u32);
    }
    let words = [tokens.len() as u32, bits]
        .into_iter()
        .chain(slots)
        .chain(starts);
    let mut out: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    out.extend(tokens.iter().flatten());
    out
}

/// For each block of characters which distinct block holds its classes (u16), then the distinct blocks.
fn classes() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut classes = vec![0u8; BLOCK * BLOCKS];
    for (pattern, bit) in [
        (r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", UPPER),
        (r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", LOWER),
        (r"\p{L}", LETTER),
        (r"\p{N}", NUMBER),
        (r"\s", BLANK),
    ] {
        let HirKind::Class(Class::Unicode(ranges)) = regex_syntax::parse(pattern)?.into_kind()
        else {
            return Err("a class of characters is expected".into());
        };
        for range in ranges.iter() {
            for class in &mut classes[range.start() as usize..=range.end() as usize] {
                *class |= bit;
            }
        }
    }
    let mut distinct: Vec<&[u8]> = Vec::new();
    let mut out = Vec::new();
    for block in classes.chunks(BLOCK) {
        let at = distinct
            .iter()
            .position(|known| *known == block)
            .unwrap_or_else(|| {
                distinct.push(block);
                distinct.len() - 1
            });
        out.extend(u16::try_from(at)?.to_le_bytes());
    }
    out.extend(distinct.concat());
    Ok(out)
}
