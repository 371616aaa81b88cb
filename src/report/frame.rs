//! One frame: a message, the lines it speaks of with labels under them, a help line. Shared by findings and by
//! mistakes in config and price files.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use miette::{ThemeCharacters, ThemeStyles};

use super::excerpt::{Excerpt, Mark};
use super::style::{Style, CYAN};
use crate::finding::Severity;
use crate::source::{SourceFile, Span};

/// A message with its excerpt, as miette wants it.
pub(super) struct Frame<'a> {
    pub severity: Severity,
    pub message: &'a str,
    /// Empty: none.
    pub help: &'a str,
    pub excerpt: Option<Excerpt>,
}

impl Frame<'_> {
    /// Draws the frame; without lines to show the place stands alone.
    pub fn draw(&self, out: &mut String, located: &str, style: Style) {
        let rendered = handler(style).render_report(out, self);
        if rendered.is_err() || self.excerpt.is_none() {
            out.push_str(&format!("   ╰─ {located}\n"));
        }
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Frame<'_> {}

impl Diagnostic for Frame<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(self.help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt
            .as_ref()
            .map(|excerpt| excerpt as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels()))
    }
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles: if style.color {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_break_words(false)
        .without_syntax_highlighting()
}

/// What is wrong in a file that the tool itself reads: a config, a price file.
pub struct Mistake<'a> {
    /// `config`, `prices`.
    pub what: &'static str,
    pub path: &'a str,
    pub span: Span,
    pub message: &'a str,
    pub help: Option<&'a str>,
    /// `None` where it could not be read.
    pub source: Option<&'a SourceFile>,
}

/// The mistake as a frame that underlines its place.
pub fn mistake(mistake: &Mistake<'_>, style: Style) -> String {
    let name = format!("error[{}]", mistake.what);
    let mut out = style.severity(Severity::Error, &name);
    out.push('\n');
    let mark = Mark {
        span: mistake.span,
        text: "",
        primary: true,
    };
    let excerpt = mistake
        .source
        .and_then(|file| Excerpt::new(file, &[mark], style.width));
    let frame = Frame {
        severity: Severity::Error,
        message: mistake.message,
        help: mistake.help.unwrap_or_default(),
        excerpt: excerpt.map(|excerpt| excerpt.named(mistake.path)),
    };
    let located = style.paint(CYAN, mistake.path);
    frame.draw(&mut out, &located, style);
    out
}
