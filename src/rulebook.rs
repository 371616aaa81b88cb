//! The rule pages of `rules/checks/*.md`: front matter, sections, and examples that are small projects.
//! They feed `explain`, `rules`, the machine formats and the tests. Knows nothing of analysis or terminals.

use std::fmt;
use std::sync::OnceLock;

use crate::rules::CATEGORIES;

mod examples;
mod filler;

pub use examples::{Example, Expect, Verdict};
pub use filler::{expand as expand_filler, summarise as summarise_filler};

/// The id and the text of one embedded page.
macro_rules! page {
    ($id:literal) => {
        ($id, include_str!(concat!("../rules/checks/", $id, ".md")))
    };
}
/// Every page, embedded at build time, by id. A new rule is one line here.
const PAGES: &[(&str, &str)] = &[
    page!("batch-candidate"),
    page!("below-guarantee"),
    page!("breakpoint-below-minimum"),
    page!("breakpoint-lookback"),
    page!("breakpoint-ttl-order"),
    page!("cache-option-unsupported"),
    page!("conditional-prefix"),
    page!("divergent-prefix"),
    page!("history-rewrite"),
    page!("missing-breakpoint"),
    page!("missing-cache-key"),
    page!("over-budget"),
    page!("parse-error"),
    page!("prefix-below-minimum"),
    page!("too-many-breakpoints"),
    page!("unread-cache-write"),
    page!("unsplit-message"),
    page!("unstable-order"),
    page!("unstable-tools"),
    page!("unused-suppression"),
    page!("variable-before-stable"),
    page!("varying-setting"),
    page!("volatile-breakpoint"),
    page!("volatile-cache-key"),
    page!("volatile-prefix"),
];

/// How a rule's findings can be mended by the tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FixKind {
    None,
    Safe,
    Unsafe,
}

impl FixKind {
    pub fn name(self) -> &'static str {
        match self {
            FixKind::None => "none",
            FixKind::Safe => "safe",
            FixKind::Unsafe => "unsafe",
        }
    }
    fn parse(name: &str) -> Option<FixKind> {
        [FixKind::None, FixKind::Safe, FixKind::Unsafe]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A `## Heading` and the Markdown below it, without the blank lines around.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    pub title: String,
    pub body: String,
}

/// One rule page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    pub id: String,
    pub category: String,
    /// The version that brought the rule.
    pub since: String,
    pub fix: FixKind,
    /// One line, no full stop.
    pub summary: String,
    /// What, Why, Example, Use instead, References.
    pub sections: Vec<Section>,
    pub examples: Vec<Example>,
}

/// Why a page could not be read: what is wrong, and the 1-based line of the page where that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageError {
    pub line: Option<usize>,
    pub message: String,
}

impl PageError {
    fn new(message: impl Into<String>) -> Self {
        PageError {
            line: None,
            message: message.into(),
        }
    }
    fn at(line: usize, message: impl Into<String>) -> Self {
        PageError {
            line: Some(line),
            message: message.into(),
        }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// All pages: by category, then by id.
pub fn pages() -> &'static [Page] {
    static PARSED: OnceLock<Vec<Page>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut pages: Vec<Page> = PAGES
            .iter()
            .filter_map(|(_, text)| Page::parse(text).ok())
            .collect();
        pages.sort_by_key(|page| (category_rank(&page.category), page.id.clone()));
        pages
    })
}

/// The page of a rule.
pub fn page_of(id: &str) -> Option<&'static Page> {
    pages().iter().find(|page| page.id == id)
}

fn category_rank(category: &str) -> usize {
    CATEGORIES
        .iter()
        .position(|known| *known == category)
        .unwrap_or(CATEGORIES.len())
}

impl Page {
    /// Reads a page. The examples stand in fenced blocks, see [`Example`].
    pub fn parse(text: &str) -> Result<Page, PageError> {
        let text = text.replace("\r\n", "\n");
        let (front, body, body_line) = split_front_matter(&text)?;
        let front: serde_yaml::Value = serde_yaml::from_str(front)
            .map_err(|error| PageError::new(format!("front matter: {error}")))?;
        let key = |name: &str| {
            front
                .get(name)
                .and_then(|value| value.as_str())
                .map(str::to_string)
                .ok_or_else(|| PageError::new(format!("front matter lacks `{name}`")))
        };
        let category = key("category")?;
        if !CATEGORIES.contains(&category.as_str()) {
            return Err(PageError::new(format!("unknown category `{category}`")));
        }
        let fix = key("fix")?;
        Ok(Page {
            id: key("id")?,
            category,
            since: key("since")?,
            fix: FixKind::parse(&fix)
                .ok_or_else(|| PageError::new(format!("`fix: {fix}` is not none, safe, unsafe")))?,
            summary: key("summary")?,
            sections: sections(body),
            examples: examples::parse(body, body_line)?,
        })
    }

    pub fn section(&self, title: &str) -> Option<&str> {
        self.sections
            .iter()
            .find(|section| section.title == title)
            .map(|section| section.body.as_str())
    }
}

/// Front matter, the rest, and the 1-based line on which the rest starts.
fn split_front_matter(text: &str) -> Result<(&str, &str, usize), PageError> {
    let rest = text
        .strip_prefix("---\n")
        .ok_or_else(|| PageError::at(1, "a page starts with front matter between `---` lines"))?;
    let end = rest
        .find("\n---\n")
        .ok_or_else(|| PageError::at(1, "the front matter is not closed"))?;
    let (front, body) = (&rest[..end], &rest[end + "\n---\n".len()..]);
    Ok((front, body, front.lines().count() + 3))
}

fn sections(body: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        match fence {
            Some(open) if closes(line, open) => fence = None,
            None => fence = opening(line),
            Some(_) => {}
        }
        let title = line.strip_prefix("## ").filter(|_| fence.is_none());
        if let Some(title) = title {
            sections.push(Section {
                title: title.trim().to_string(),
                body: String::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.body.push_str(line);
            section.body.push('\n');
        }
    }
    for section in &mut sections {
        section.body = section.body.trim_matches('\n').to_string();
    }
    sections
}

/// The run of backticks that opens a fenced block, if the line does.
fn opening(line: &str) -> Option<&str> {
    let ticks = line.len() - line.trim_start_matches('`').len();
    (ticks >= 3).then(|| &line[..ticks])
}

fn closes(line: &str, open: &str) -> bool {
    let line = line.trim_end();
    line.len() >= open.len() && line.bytes().all(|byte| byte == b'`')
}

#[cfg(test)]
mod tests;
