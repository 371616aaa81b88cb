// The layout of a merge table as laid out by `build.rs` and read by `merges.rs` (which both include this file):
// little-endian u32 words and then bytes, in this order.
//
//   count          number of ranks (a rank that no token has is empty)
//   bits           the slot table has 2^bits slots
//   slots[2^bits]  open addressing with linear probing; `EMPTY`, or 14 bits of the token's hash above 18 of its rank
//   starts[count]  where the bytes of each rank start; the next rank's start ends them
//   end            of the bytes of the last rank
//   bytes          of all tokens, by rank

/// A slot that no token stands in. No rank has all 18 bits set.
const EMPTY: u32 = u32::MAX;

/// Bits of a slot that name the rank.
const RANK_BITS: u32 = 18;

/// A mask over the rank of a slot.
const RANK_MASK: u32 = (1 << RANK_BITS) - 1;

/// The hash of a token's bytes. Never stored beyond one build of the program.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = (bytes.len() as u64).wrapping_mul(FACTOR);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
    }
    hash.wrapping_mul(FACTOR)
}

/// The first slot to look at and the tag of a hash, in place above the rank.
fn slot_of(hash: u64, bits: u32) -> (usize, u32) {
    let slot = (hash >> (64 - bits)) as usize;
    let tag = (hash as u32 >> RANK_BITS) << RANK_BITS;
    (slot, tag)
}
