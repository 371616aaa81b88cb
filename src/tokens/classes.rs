// The character classes of the pretokenizers, as laid out by `build.rs` and read by `pieces.rs` (which both include
// this file).

/// `\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`
const UPPER: u8 = 1;
/// `\p{Ll}\p{Lm}\p{Lo}\p{M}`
const LOWER: u8 = 2;
/// `\p{L}`
const LETTER: u8 = 4;
/// `\p{N}`
const NUMBER: u8 = 8;
/// `\s`
const BLANK: u8 = 16;

/// Characters of a block, and blocks.
const BLOCK: usize = 256;
const BLOCKS: usize = 0x11_0000 / BLOCK;
