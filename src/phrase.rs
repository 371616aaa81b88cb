//! Short texts for people that are written once and copied often: why a value is volatile, where it passed.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// What stands for a character in a terminal: control characters would change the terminal itself.
pub fn visible(c: char) -> char {
    match c {
        '\t' => c,
        '\n' | '\r' => ' ',
        '\u{1a}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        // Bidirectional overrides reorder what is read.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

/// A text that is cheap to copy.
#[derive(Clone)]
pub enum Phrase {
    /// Of the program itself.
    Fixed(&'static str),
    Made(Arc<str>),
}

impl Phrase {
    pub fn as_str(&self) -> &str {
        match self {
            Phrase::Fixed(text) => text,
            Phrase::Made(text) => text,
        }
    }
}

impl Deref for Phrase {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&'static str> for Phrase {
    fn from(text: &'static str) -> Self {
        Phrase::Fixed(text)
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Phrase::Made(text.into())
    }
}

impl PartialEq for Phrase {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Phrase {}

impl PartialEq<str> for Phrase {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Phrase {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<Phrase> for &str {
    fn eq(&self, other: &Phrase) -> bool {
        *self == other.as_str()
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}
