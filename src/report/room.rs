//! How much the readers of a report take. What is over it they refuse as a whole, or drop without a word: a report holds
//! what fits, most valuable first, and says how much is left out.

/// Characters of a comment. GitHub takes 65,536; the rest is for what stands around the rows.
pub const COMMENT: usize = 60_000;

/// Results of one SARIF run that GitHub takes.
pub const RESULTS: usize = 25_000;

/// Writes as many rows as a comment has room for; how many are left out.
pub fn fill<T>(
    out: &mut String,
    all: impl ExactSizeIterator<Item = T>,
    row: impl Fn(T) -> String,
) -> usize {
    let count = all.len();
    let mut length = out.chars().count();
    for (index, one) in all.enumerate() {
        let row = row(one);
        length += row.chars().count();
        if length > COMMENT {
            return count - index;
        }
        out.push_str(&row);
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_the_room_does() {
        let mut out = "é".repeat(COMMENT - 4);
        let left = fill(&mut out, ["ab", "ö", "ccc", "d"].iter(), |row| {
            row.to_string()
        });
        assert_eq!(left, 2);
        assert!(out.ends_with("abö"));
        assert_eq!(
            fill(&mut String::new(), ["a"].iter(), |row| row.to_string()),
            0
        );
    }
}
