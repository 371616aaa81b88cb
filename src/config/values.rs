//! The single values of a config (numbers, shares, sizes, globs), each checked with its place and a way out.

use crate::source::Span;

use super::glob::Globs;
use super::read::Reader;
use super::tree::{Key, Kind, Node, Wrong};

pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

impl Reader<'_> {
    pub(super) fn fail(&mut self, span: Span, message: String, help: Option<String>) {
        self.wrong.push(Wrong {
            span,
            message,
            help,
        });
    }

    /// The known pairs of a mapping; unknown keys are reported.
    pub(super) fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Vec<(&'n Key, &'n Node)> {
        let mut out = Vec::new();
        for (key, value) in self.pairs(node, what) {
            if known.contains(&key.text.as_str()) {
                out.push((key, value));
            } else {
                let help = match nearest(&key.text, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                let message = format!("unknown key `{}` in {what}", key.text);
                self.fail(key.span, message, Some(help));
            }
        }
        out
    }

    pub(super) fn pairs<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        match &node.kind {
            Kind::Map(pairs) => pairs,
            Kind::Null => &[],
            _ => {
                self.expected(node, what, "a mapping");
                &[]
            }
        }
    }

    pub(super) fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => {
                self.expected(node, what, "a list");
                &[]
            }
        }
    }

    pub(super) fn expected(&mut self, node: &Node, what: &str, wanted: &str) {
        let message = format!("{what} must be {wanted}, this is {}", node.kind_name());
        self.fail(node.span, message, None);
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.text() {
            Some(text) if node.number().is_none() && node.truth().is_none() => {
                if text.trim().is_empty() {
                    self.fail(node.span, format!("{what} is empty"), None);
                    return None;
                }
                Some(text.to_string())
            }
            _ => {
                self.expected(node, what, "a text");
                None
            }
        }
    }

    pub(super) fn globs(&mut self, node: &Node, what: &str) -> Globs {
        let items = match &node.kind {
            Kind::Scalar { .. } => std::slice::from_ref(node),
            _ => self.items(node, what),
        };
        let mut patterns = Vec::new();
        for item in items {
            let Some(text) = self.text(item, "a path pattern") else {
                continue;
            };
            match Globs::check(&text) {
                Ok(()) => patterns.push(text),
                Err(reason) => {
                    let message = format!("`{text}` is not a path pattern: {reason}");
                    self.fail(item.span, message, None);
                }
            }
        }
        Globs::new(&patterns)
    }

    pub(super) fn number(
        &mut self,
        node: &Node,
        what: &str,
        low: f64,
        low_in_words: &str,
    ) -> Option<f64> {
        match node.number() {
            Some(number) if number >= low => Some(number),
            Some(number) => {
                let message = format!("{what} is {number}, must be {low_in_words}");
                self.fail(node.span, message, None);
                None
            }
            None => {
                self.expected(node, what, "a number");
                None
            }
        }
    }

    pub(super) fn positive(&mut self, node: &Node, what: &str) -> Option<f64> {
        self.number(node, what, f64::MIN_POSITIVE, "above 0")
    }

    pub(super) fn at_least_one(&mut self, node: &Node, what: &str) -> Option<f64> {
        self.number(node, what, 1.0, "1 or more")
    }

    pub(super) fn count(&mut self, node: &Node, what: &str) -> Option<u32> {
        let number = self.number(node, what, 0.0, "0 or more")?;
        if number.fract() != 0.0 || number > f64::from(u32::MAX) {
            let message = format!("{what} is {number}, must be a whole number");
            self.fail(node.span, message, None);
            return None;
        }
        Some(number as u32)
    }

    pub(super) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        let truth = node.truth();
        if truth.is_none() {
            self.expected(node, what, "true or false");
        }
        truth
    }

    /// A share of the cost: `0.05` or `5%`.
    pub(super) fn share(&mut self, node: &Node) -> Option<f64> {
        let percent = node
            .text()
            .and_then(|text| text.strip_suffix('%')?.trim().parse::<f64>().ok())
            .map(|percent| percent / 100.0);
        match percent.or_else(|| node.number()) {
            Some(share) if (0.0..=1.0).contains(&share) => Some(share),
            Some(share) => {
                let message = format!("`warn-at` is {share}, must be a share from 0 to 1");
                let help = "`0.05` or `5%` is five in a hundred";
                self.fail(node.span, message, Some(help.to_string()));
                None
            }
            None => {
                self.expected(node, "`warn-at`", "a share such as 0.05 or 5%");
                None
            }
        }
    }

    /// Bytes, or a text such as `8 MiB`.
    pub(super) fn size(&mut self, node: &Node) -> Option<u64> {
        if let Some(number) = node.number() {
            return (number >= 1.0).then_some(number as u64).or_else(|| {
                let message = format!("`max-file-size` is {number}, must be 1 or more");
                self.fail(node.span, message, None);
                None
            });
        }
        let size = node.text().and_then(parse_size);
        if size.is_none() {
            let message = "`max-file-size` must be a number of bytes or a size".to_string();
            self.fail(node.span, message, Some("for example `8 MiB`".to_string()));
        }
        size
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" | "byte" | "bytes" => 1.0,
        "kb" => 1e3,
        "kib" | "k" => 1024.0,
        "mb" => 1e6,
        "mib" | "m" => 1024.0 * 1024.0,
        "gb" => 1e9,
        "gib" | "g" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * unit;
    (bytes >= 1.0).then_some(bytes as u64)
}

/// The nearest of some words, for "did you mean".
pub(super) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase().replace('_', "-");
    words
        .map(|known| (strsim::damerau_levenshtein(&lower, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).clamp(1, 4))
        .min()
        .map(|(_, known)| known)
}
