//! Which granularity a date format shows, over the table `formats` of `rules/volatility/common.yaml`: strftime,
//! moment and LDML letters, PHP letters, Go's reference time. Knows nothing of filters or names.

use serde_yaml::Value;

use super::table::{strings, text_of, Host};
use super::Class;

/// What one directive shows, coarse to fine; a zone is that of the deployment. `None` shows nothing.
type Shown = Option<Class>;

/// The steps of the table, by key.
const STEPS: [(&str, Shown); 6] = [
    ("none", None),
    ("deploy", Some(Class::Deploy)),
    ("day", Some(Class::Day)),
    ("hour", Some(Class::Hour)),
    ("minute", Some(Class::Minute)),
    ("unique", Some(Class::Unique)),
];

/// One syntax whose directives are letters.
#[derive(Debug, Default)]
struct Letters {
    letters: Vec<(char, Shown)>,
    words: Vec<(String, Shown)>,
}

impl Letters {
    fn from_yaml(value: &Value) -> Letters {
        let mut out = Letters::default();
        for (key, shown) in STEPS {
            let letters = text_of(value, key).unwrap_or_default();
            out.letters.extend(letters.chars().map(|c| (c, shown)));
        }
        if let Some(words) = value.get("words").and_then(Value::as_mapping) {
            for (word, class) in words {
                if let (Some(word), Some(class)) = (word.as_str(), class.as_str()) {
                    out.words.push((word.to_owned(), Class::parse(class)));
                }
            }
        }
        out
    }

    fn letter(&self, c: char) -> Option<Shown> {
        find(&self.letters, &c)
    }
}

fn find<K: PartialEq>(list: &[(K, Shown)], key: &K) -> Option<Shown> {
    list.iter()
        .find(|(known, _)| known == key)
        .map(|(_, shown)| *shown)
}

/// The formats table.
#[derive(Debug, Default)]
pub(super) struct Formats {
    strftime: Letters,
    letters: Letters,
    single: Letters,
    /// Longest first, so that `2006` is not read as `2`.
    go: Vec<(String, Shown)>,
    go_signs: Vec<String>,
    named: Vec<(String, Shown)>,
    separators: Vec<(String, Shown)>,
    units: Vec<(String, Shown)>,
    options: Vec<(String, Shown)>,
}

impl Formats {
    pub(super) fn from_yaml(value: &Value) -> Formats {
        let part = |name: &str| value.get(name).cloned().unwrap_or(Value::Null);
        let listed = |value: &Value| -> Vec<(String, Shown)> {
            STEPS
                .iter()
                .flat_map(|(key, shown)| strings(value, key).into_iter().map(|s| (s, *shown)))
                .collect()
        };
        let mut go = listed(&part("go"));
        go.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        Formats {
            strftime: Letters::from_yaml(&part("strftime")),
            letters: Letters::from_yaml(&part("letters")),
            single: Letters::from_yaml(&part("single")),
            go,
            go_signs: strings(&part("go"), "signs"),
            named: listed(&part("named")),
            separators: listed(&part("separators")),
            units: listed(&part("units")),
            options: listed(&part("options")),
        }
    }

    /// What the first part of a timestamp shows that is split at a separator.
    pub(super) fn before(&self, separator: &str) -> Option<Class> {
        find(&self.separators, &separator.to_owned()).flatten()
    }

    /// The granularity that a unit of time names.
    pub(super) fn unit(&self, unit: &str) -> Option<Class> {
        find(&self.units, &unit.to_owned()).flatten()
    }

    /// What an option of `Intl` shows, as `name=value`.
    pub(super) fn option(&self, option: &str) -> Option<Class> {
        let (name, _) = option.split_once('=')?;
        find(&self.options, &option.to_owned())
            .or_else(|| find(&self.options, &name.to_owned()))
            .flatten()
    }

    fn read(&self, format: &str) -> Option<Class> {
        let format = format.trim();
        if format.is_empty() || format.len() > 200 {
            return None;
        }
        if let Some(shown) = find(&self.named, &format.to_owned()) {
            return shown;
        }
        if format.contains('%') {
            return self.read_strftime(format);
        }
        if self.go_signs.iter().any(|sign| format.contains(sign)) {
            return self.read_go(format);
        }
        self.read_single(format)
            .or_else(|| self.read_letters(format))
    }

    fn read_strftime(&self, format: &str) -> Option<Class> {
        let mut chars = format.chars().peekable();
        let mut shown = None;
        while let Some(c) = chars.next() {
            if c != '%' {
                continue;
            }
            // Flags, a width and the E and O modifiers stand between the sign and the letter.
            while chars
                .peek()
                .is_some_and(|c| "-_^#:0123456789EO.".contains(*c))
            {
                chars.next();
            }
            if let Some(class) = chars.next().and_then(|c| self.strftime.letter(c)) {
                shown = shown.max(class);
            }
        }
        shown
    }

    fn read_go(&self, format: &str) -> Option<Class> {
        let mut rest = format;
        let mut shown = None;
        while let Some(first) = rest.chars().next() {
            let found = self.go.iter().find(|(word, _)| rest.starts_with(word));
            let skip = match found {
                Some((word, class)) => {
                    shown = shown.max(*class);
                    word.len()
                }
                None => first.len_utf8(),
            };
            rest = &rest[skip..];
        }
        shown
    }

    /// PHP: every letter stands alone, and at least one is none of the other syntaxes' (`Y-m-d`, `F j, Y`, `H:i`).
    fn read_single(&self, format: &str) -> Option<Class> {
        let runs: Vec<&str> = alphabetic_runs(format);
        let alone = runs.iter().all(|run| run.chars().count() == 1);
        if !alone || !runs.iter().any(|run| "YjFi".contains(*run)) {
            return None;
        }
        let mut shown = None;
        for run in runs {
            shown = shown.max(self.single.letter(run.chars().next()?)?);
        }
        shown
    }

    fn read_letters(&self, format: &str) -> Option<Class> {
        if is_locale(format) {
            return None;
        }
        let unquoted = without_quoted(format);
        let runs = alphabetic_runs(&unquoted);
        let bare_word = runs.len() == 1 && runs[0].len() == unquoted.trim().len();
        let (mut shown, mut hours, mut minutes) = (None, false, false);
        for run in runs {
            if let Some(class) = find(&self.letters.words, &run.to_owned()) {
                shown = shown.max(class);
                continue;
            }
            for (c, count) in groups(run) {
                // A word such as `week` or `full` is no format: there a letter that stands alone gives it away.
                if bare_word && count == 1 && run.len() > 1 {
                    return None;
                }
                let class = self.letters.letter(c)?;
                hours |= class == Some(Class::Hour);
                if class == Some(Class::Minute) {
                    minutes = true;
                } else {
                    shown = shown.max(class);
                }
            }
        }
        let seconds = shown == Some(Class::Unique);
        match (minutes, hours || seconds || bare_word) {
            (true, true) => shown.max(Some(Class::Minute)),
            (true, false) => shown.max(Some(Class::Day)),
            _ => shown,
        }
    }
}

fn groups(run: &str) -> Vec<(char, usize)> {
    let mut out: Vec<(char, usize)> = Vec::new();
    for c in run.chars() {
        match out.last_mut() {
            Some((last, count)) if *last == c => *count += 1,
            _ => out.push((c, 1)),
        }
    }
    out
}

fn alphabetic_runs(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphabetic())
        .filter(|run| !run.is_empty())
        .collect()
}

fn is_locale(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5
        && bytes[..2].iter().all(u8::is_ascii_lowercase)
        && matches!(bytes[2], b'-' | b'_')
        && bytes[3..].iter().all(u8::is_ascii_uppercase)
}

/// Drops `[literal]` (moment) and `'literal'` (LDML).
fn without_quoted(format: &str) -> String {
    let mut out = String::with_capacity(format.len());
    let mut until = None;
    for c in format.chars() {
        match until {
            Some(end) if c == end => until = None,
            Some(_) => {}
            None if c == '[' => until = Some(']'),
            None if c == '\'' => until = Some('\''),
            None => out.push(c),
        }
    }
    out
}

/// The granularity of a clock shown in a date format of any syntax (strftime, moment, LDML, PHP, Go): `Day` for
/// days and everything coarser, `Unique` for seconds and finer. `None`: this is no date format.
pub fn granularity(format: &str) -> Option<Class> {
    Host::Template.table().formats.read(format)
}

/// The granularity of the first `end` characters of an ISO timestamp (`isoformat()[:10]` is the day).
pub fn iso_prefix(end: usize) -> Option<Class> {
    match end {
        0 => None,
        1..=10 => Some(Class::Day),
        11..=13 => Some(Class::Hour),
        14..=16 => Some(Class::Minute),
        _ => Some(Class::Unique),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_all_syntaxes_are_read() {
        let cases: &[(&str, Option<Class>)] = &[
            ("%Y-%m-%d", Some(Class::Day)),
            ("%A, %B %-d, %Y", Some(Class::Day)),
            ("%F", Some(Class::Day)),
            ("%Y-%m-%d %H:00", Some(Class::Hour)),
            ("%I %p", Some(Class::Hour)),
            ("%Y-%m-%d %H:%M", Some(Class::Minute)),
            ("%R", Some(Class::Minute)),
            ("%H:%M:%S", Some(Class::Unique)),
            ("%c", Some(Class::Unique)),
            ("%s", Some(Class::Unique)),
            ("%3N", Some(Class::Unique)),
            ("%Z", Some(Class::Deploy)),
            ("%Y-%m-%d %Z", Some(Class::Day)),
            ("100%", None),
            ("YYYY-MM-DD", Some(Class::Day)),
            ("yyyy-MM-dd", Some(Class::Day)),
            ("dddd, MMMM Do YYYY", Some(Class::Day)),
            ("YYYYMMDD", Some(Class::Day)),
            ("MMMM d, yyyy", Some(Class::Day)),
            ("YYYY-MM-DD HH", Some(Class::Hour)),
            ("yyyy-MM-dd'T'HH:mm", Some(Class::Minute)),
            ("h:mm a", Some(Class::Minute)),
            ("YYYY-MM-DD [at] HH:mm:ss", Some(Class::Unique)),
            ("yyyy-mm-dd", Some(Class::Day)),
            ("LLLL", Some(Class::Minute)),
            ("LTS", Some(Class::Unique)),
            ("Y-m-d", Some(Class::Day)),
            ("F j, Y", Some(Class::Day)),
            ("Y-m-d H:i", Some(Class::Minute)),
            ("2006-01-02", Some(Class::Day)),
            ("Monday, January 2, 2006", Some(Class::Day)),
            ("Jan 2", Some(Class::Day)),
            ("2006-01-02 15h", Some(Class::Hour)),
            ("02 Jan 06 15:04 MST", Some(Class::Minute)),
            ("15:04:05", Some(Class::Unique)),
            ("2006-01-02T15:04:05Z07:00", Some(Class::Unique)),
            ("RFC3339", Some(Class::Unique)),
            ("time.DateOnly", Some(Class::Day)),
            ("long", None),
            ("week", None),
            ("full", None),
            ("date", None),
            ("de-DE", None),
            ("en-US", None),
            ("some words here", None),
            ("", None),
        ];
        for (format, expected) in cases {
            assert_eq!(granularity(format), *expected, "{format}");
        }
    }

    #[test]
    fn iso_timestamps_are_cut_at_their_fields() {
        assert_eq!(iso_prefix(10), Some(Class::Day));
        assert_eq!(iso_prefix(13), Some(Class::Hour));
        assert_eq!(iso_prefix(16), Some(Class::Minute));
        assert_eq!(iso_prefix(19), Some(Class::Unique));
    }
}
