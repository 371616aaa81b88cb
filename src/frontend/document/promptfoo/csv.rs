//! Rows of a table of tests: the names of its columns and the cells below them, mapped to their source.
//! Knows nothing of what a column means.

use crate::source::Text;

/// The rows of a table, the names of the columns first; at most so many. Quoted cells may hold line breaks, and `""`
/// for a quote. The names tell what stands between cells: a comma, else a semicolon or a tab. Blank lines are no rows.
pub(super) fn rows(text: &Text, most: usize) -> Vec<Vec<Text>> {
    let head = text.as_str().lines().next().unwrap_or_default();
    let separators = [b',', b';', b'\t'];
    let separator = separators
        .into_iter()
        .find(|byte| head.as_bytes().contains(byte))
        .unwrap_or(b',');
    let mut reader = Reader {
        text,
        bytes: text.as_str().as_bytes(),
        at: 0,
        separator,
    };
    let mut out = Vec::new();
    while reader.at < reader.bytes.len() && out.len() < most {
        let row = reader.row();
        if row.len() > 1 || row.iter().any(|cell| !cell.as_str().trim().is_empty()) {
            out.push(row);
        }
    }
    out
}

struct Reader<'a> {
    text: &'a Text,
    bytes: &'a [u8],
    at: usize,
    separator: u8,
}

impl Reader<'_> {
    fn row(&mut self) -> Vec<Text> {
        let mut out = Vec::new();
        loop {
            out.push(self.cell());
            let behind = self.bytes.get(self.at).copied();
            self.at += 1;
            if behind != Some(self.separator) {
                return out;
            }
        }
    }

    /// A cell; behind it stand a separator, a line break or the end.
    fn cell(&mut self) -> Text {
        if self.bytes.get(self.at) == Some(&b'"') {
            return self.quoted();
        }
        let start = self.at;
        self.skip();
        let end = self.at;
        let carriage = end > start && self.bytes[end - 1] == b'\r';
        self.text.slice(start, end - usize::from(carriage))
    }

    /// A quoted cell. What stands between its last quote and the separator is no part of it.
    fn quoted(&mut self) -> Text {
        let mut out = Text::empty(&self.text.path);
        self.at += 1;
        let mut start = self.at;
        while self.at < self.bytes.len() {
            if self.bytes[self.at] != b'"' {
                self.at += 1;
                continue;
            }
            let doubled = self.bytes.get(self.at + 1) == Some(&b'"');
            out.push(&self.text.slice(start, self.at + usize::from(doubled)));
            self.at += 1 + usize::from(doubled);
            start = self.at;
            if !doubled {
                self.skip();
                return out;
            }
        }
        out.push(&self.text.slice(start, self.at));
        out
    }

    fn skip(&mut self) {
        let ends = |byte: &u8| *byte == self.separator || *byte == b'\n';
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn cells(source: &str) -> Vec<Vec<String>> {
        let file = SourceFile::new("t.csv", source);
        let rows = rows(&file.content(), 100);
        let shown = |row: &Vec<Text>| row.iter().map(|cell| cell.as_str().to_string()).collect();
        rows.iter().map(shown).collect()
    }

    #[test]
    fn quoted_cells_hold_separators_quotes_and_line_breaks() {
        assert_eq!(
            cells("a,b\r\n\"x, \"\"y\"\"\nz\",2\r\n\n,\n"),
            [vec!["a", "b"], vec!["x, \"y\"\nz", "2"], vec!["", ""]]
        );
        assert_eq!(cells("a;b\n1;2,5"), [vec!["a", "b"], vec!["1", "2,5"]]);
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_with_the_file() {
        assert_eq!(cells("a\n\"x"), [vec!["a"], vec!["x"]]);
        assert_eq!(cells("\""), Vec::<Vec<String>>::new());
        assert_eq!(cells(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn cells_lead_back_to_their_source() {
        let file = SourceFile::new("t.csv", "a,b\n1,\"p\"\"q\"\n");
        let rows = rows(&file.content(), 100);
        let span = rows[1][0].whole().span;
        assert_eq!(&file.text[span.start..span.end], "1");
        let span = rows[1][1].whole().span;
        assert_eq!(&file.text[span.start..span.end], "p\"\"q");
    }
}
