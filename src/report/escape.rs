//! Text of prompts and file names for formats that give characters a meaning: workflow commands, XML, URIs, Markdown.
//! Whatever stands in the text, a reader of the format gets it back as text. Knows no findings.

use std::fmt::Write;

use crate::phrase::visible;

/// Invisible, and no white space to anyone who trims: it keeps two characters from being read together.
pub const APART: char = '\u{200b}';

/// The message of a GitHub workflow command.
pub fn command_message(text: &str) -> String {
    let text = text.replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a GitHub workflow command.
pub fn command_property(text: &str) -> String {
    let text = command_message(text);
    text.replace(':', "%3A").replace(',', "%2C")
}

/// Text for a log whose reader takes lines as commands, as GitHub's runner does: none of its lines is one any more.
/// `::` counts at the start of a line, behind white space and colours; `##[` anywhere in it.
pub fn without_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The runner takes a lone carriage return as the end of a line.
    for line in text.split_inclusive(['\n', '\r']) {
        let at = text_start(line);
        let (head, rest) = line.split_at(at);
        out.push_str(head);
        if rest.starts_with("::") {
            out.push(APART);
        }
        out.push_str(&rest.replace("##[", &format!("#{APART}#[")));
    }
    out
}

/// Where a line's text begins: behind white space, control characters and colours.
fn text_start(line: &str) -> usize {
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || is_unseen(c));
        let Some(code) = trimmed.strip_prefix("\u{1b}[") else {
            return line.len() - trimmed.len();
        };
        rest = code
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .trim_start_matches(|c: char| c.is_ascii_alphabetic());
    }
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && c != '\u{1b}') || matches!(c, '\u{feff}' | '\u{200e}' | '\u{200f}')
}

/// Text of an XML element or attribute. What XML cannot hold is left out.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // A reader would take them for spaces in an attribute.
            '\n' | '\t' | '\r' => {
                let _ = write!(out, "&#{};", c as u32);
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A relative path as a URI reference.
pub fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A sentence on one line of Markdown, in which code stands between backticks. Nothing in it is markup but the code.
pub fn markdown(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1;
        if !is_code {
            prose(&mut out, part);
        } else if index + 1 < parts.len() {
            let next_is_code = parts[index + 1].is_empty() && index + 2 < parts.len();
            let beside = out.ends_with('`') || next_is_code;
            out.push_str(&code_span(part, beside));
        } else {
            // The last backtick has no partner.
            out.push_str("\\`");
            prose(&mut out, part);
        }
    }
    out
}

/// A name or an expression as code in Markdown.
pub fn markdown_code(text: &str) -> String {
    code_span(text, false)
}

fn prose(out: &mut String, text: &str) {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => {
                out.push(c);
                out.push(APART);
            }
            '-' if issue_of_github(before, out, rest) => {
                out.push(APART);
                out.push(c);
            }
            '!' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                out.push(c);
                out.push(APART);
            }
            ':' if rest.starts_with("://") => {
                out.push(c);
                out.push(APART);
            }
            '.' if out.ends_with("www") || out.ends_with("WWW") => {
                out.push(APART);
                out.push(c);
            }
            c if c.is_control() || is_line_break(c) => out.push(' '),
            c => out.push(visible(c)),
        }
        before = c;
    }
}

/// Whether `-` stands in a reference such as `GH-123`.
fn issue_of_github(before: char, out: &str, rest: &str) -> bool {
    let digits = rest[1..].starts_with(|next: char| next.is_ascii_digit());
    let mut tail = out.chars().rev();
    tail.next();
    let letters = before.eq_ignore_ascii_case(&'h')
        && tail.next().is_some_and(|c| c.eq_ignore_ascii_case(&'g'));
    digits && letters
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}')
}

/// Code between backticks where that is safe, else as HTML with every character of meaning written as an entity:
/// a cell of a table ends at a pipe even in code, and backticks side by side run together.
fn code_span(text: &str, beside: bool) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            c if c.is_control() || is_line_break(c) => ' ',
            c => visible(c),
        })
        .collect();
    let plain = !text.trim().is_empty() && !text.contains(['|', '`', '\\']) && !beside;
    if plain {
        return format!("`{text}`");
    }
    let mut out = String::from("<code>");
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            let _ = write!(out, "&#{};", c as u32);
        } else {
            out.push(c);
        }
    }
    out.push_str("</code>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_hold_their_text_on_one_line() {
        assert_eq!(
            command_message("50 %\r\n::a, b: %0A"),
            "50 %25%0D%0A::a, b: %250A"
        );
        assert_eq!(command_property("c:\\a,b%.j2\n"), "c%3A\\a%2Cb%25.j2%0A");
    }

    #[test]
    fn no_line_of_a_log_is_a_command() {
        let text = "::error::x\n  ::add-mask::y\n\u{1b}[1;31m ::z\u{1b}[0m\na ##[group]b\n \u{a0}::c\rx\r::d\na::b\n";
        let kept = without_commands(text);
        assert_eq!(kept.replace(APART, ""), text);
        for line in kept.split(['\n', '\r']) {
            assert!(!line.contains("##["), "{line}");
            let bare = line.replace("\u{1b}[1;31m", "");
            assert!(!bare.trim_start().starts_with("::"), "{line}");
        }
        assert!(kept.ends_with("\na::b\n"), "what is no command stays");
    }

    #[test]
    fn xml_holds_no_markup_and_no_control_characters() {
        assert_eq!(
            xml("<a b=\"c\">&'\u{0}\u{1b}\u{ffff}\n]]>é"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&apos;&#10;]]&gt;é"
        );
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/c#d%e:é.j2"), "a%20b/c%23d%25e%3A%C3%A9.j2");
    }

    #[test]
    fn markdown_says_what_it_says() {
        assert_eq!(markdown("`now()` stands | here"), "`now()` stands \\| here");
        assert_eq!(markdown("a `b|c` `d` e"), "a <code>b&#124;c</code> `d` e");
        // Backticks of the text itself: what stands outside of a pair is plain, what stands inside is code.
        assert_eq!(markdown("`a`b` <script>"), "`a`b\\` &lt;script&gt;");
        assert_eq!(markdown("``x``"), "<code></code>x<code></code>");
        assert_eq!(markdown("`a``b`"), "<code>a</code>`b`");
        assert_eq!(
            markdown("@all #12 GH-7 !5 ~~x~~ https://e.x www.e.x"),
            "@\u{200b}all #\u{200b}12 GH\u{200b}-7 !\u{200b}5 \\~\\~x\\~\\~ https:\u{200b}//e.x www\u{200b}.e.x"
        );
        assert_eq!(
            markdown("![x](http://e)\n# y *z*_"),
            "!\\[x\\](http:\u{200b}//e) #\u{200b} y \\*z\\*\\_"
        );
        assert_eq!(markdown_code("a\nb"), "`a b`");
        // What reverses the text behind it is seen.
        assert_eq!(markdown_code("\u{202e}b"), "`\u{fffd}b`");
        assert_eq!(markdown("\u{202e}b"), "\u{fffd}b");
        assert_eq!(markdown_code("a`@b"), "<code>a&#96;&#64;b</code>");
    }
}
