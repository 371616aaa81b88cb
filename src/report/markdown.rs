//! Rule pages in a terminal: plain Markdown with light styling, wrapped; code stays as it is.

use std::fmt::Write;

use super::style::{wrapped, Style, BOLD, CYAN, DIM};

/// Markdown as text for a terminal. Fenced blocks are indented, with the path and the verdict of an example above.
pub fn render(text: &str, style: Style) -> String {
    let mut out = String::new();
    let mut paragraph = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_end().len() == ticks => fence = None,
            Some(_) => {
                let _ = writeln!(out, "    {}", style.paint(CYAN, line));
            }
            None if ticks >= 3 => {
                flush(&mut out, &mut paragraph, style);
                fence = Some(ticks);
                caption(&mut out, &line[ticks..], style);
            }
            None => prose(&mut out, &mut paragraph, line, style),
        }
    }
    flush(&mut out, &mut paragraph, style);
    out
}

fn prose(out: &mut String, paragraph: &mut String, line: &str, style: Style) {
    let item = line.starts_with("- ");
    let heading = line.trim_start_matches('#');
    if heading.len() < line.len() && heading.starts_with(' ') {
        flush(out, paragraph, style);
        let _ = writeln!(out, "{}", style.paint(BOLD, heading.trim()));
    } else if line.trim().is_empty() {
        flush(out, paragraph, style);
        out.push('\n');
    } else {
        if item {
            flush(out, paragraph, style);
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(line.trim());
    }
}

fn flush(out: &mut String, paragraph: &mut String, style: Style) {
    if paragraph.is_empty() {
        return;
    }
    let text = links(paragraph);
    let (lead, indent, text) = match text.strip_prefix("- ") {
        Some(rest) => ("- ", 2, rest.to_string()),
        None => ("", 0, text),
    };
    let mut block = String::new();
    wrapped(&mut block, lead, indent, &text, style.width.min(100));
    out.push_str(&inline_code(&block, style));
    paragraph.clear();
}

/// `jinja path=a.j2 bad expect=...` -> `a.j2 (bad)`.
fn caption(out: &mut String, info: &str, style: Style) {
    let words: Vec<&str> = info.split_whitespace().collect();
    let Some(path) = words.iter().find_map(|word| word.strip_prefix("path=")) else {
        return;
    };
    let verdict = words.iter().find(|word| ["bad", "good"].contains(word));
    let verdict = verdict.map_or(String::new(), |word| format!(" ({word})"));
    let _ = writeln!(out, "  {}", style.paint(DIM, &format!("{path}{verdict}")));
}

/// `[text](url)` -> `text <url>`.
fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|middle| {
            let url = open + middle + 2;
            let end = rest[url..].find(')')?;
            Some((
                &rest[open + 1..url - 2],
                &rest[url..url + end],
                url + end + 1,
            ))
        });
        let Some((label, url, next)) = link else {
            break;
        };
        let _ = write!(out, "{}{label} <{url}>", &rest[..open]);
        rest = &rest[next..];
    }
    out + rest
}

/// Code between backticks in colour; without colours the backticks stay.
fn inline_code(text: &str, style: Style) -> String {
    if !style.color {
        return text.to_string();
    }
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text.to_string();
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 0 {
            out.push_str(part);
        } else {
            out.push_str(&style.paint(CYAN, part));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_plain_text() {
        let style = Style {
            color: false,
            width: 40,
        };
        let page = "## What\n\nA `clock` that stands in\nfront of text.\n\n```jinja path=a.j2 bad\nNow {{ now }}\n```\n\
                    - [Docs](https://a.b): about\n- two\n";
        assert_eq!(
            render(page, style),
            "What\n\nA `clock` that stands in front of text.\n\n  a.j2 (bad)\n    Now {{ now }}\n\
             - Docs <https://a.b>: about\n- two\n"
        );
    }

    #[test]
    fn brackets_that_are_no_links_stay() {
        assert_eq!(links("a[1] and [b](c"), "a[1] and [b](c");
        assert_eq!(links("[a](b) [c](d)!"), "a <b> c <d>!");
    }
}
