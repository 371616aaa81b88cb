//! Two texts as a unified diff, as `patch` reads it. Knows nothing of findings.

use std::fmt::Write;

use super::style::{Ink, Style, BOLD, CYAN, GREEN, PLAIN, RED};

/// Lines shown around a change.
const CONTEXT: usize = 3;
/// Steps of the search for the shortest diff; beyond it the lines that differ are shown as replaced as a whole.
const MOST_EDITS: usize = 2_000;

/// One line of a diff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Line<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The change of a file; empty where there is none.
pub fn unified(path: &str, before: &str, after: &str, style: Style) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let lines = lines(&old, &new);
    let changed: Vec<usize> = (0..lines.len())
        .filter(|at| !matches!(lines[*at], Line::Same(_)))
        .collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    for sign in ["---", "+++"] {
        let _ = writeln!(out, "{}", style.paint(BOLD, &format!("{sign} {path}")));
    }
    for hunk in changed.chunk_by(|a, b| b - a <= 2 * CONTEXT + 1) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        let start = first.saturating_sub(CONTEXT);
        let end = (last + CONTEXT + 1).min(lines.len());
        draw(&mut out, &lines, start, end, style);
    }
    out
}

fn draw(out: &mut String, lines: &[Line], start: usize, end: usize, style: Style) {
    let count =
        |lines: &[Line], other: fn(&Line) -> bool| lines.iter().filter(|line| !other(line)).count();
    let is_new = |line: &Line| matches!(line, Line::New(_));
    let is_old = |line: &Line| matches!(line, Line::Old(_));
    let side = |other: fn(&Line) -> bool| {
        let (before, held) = (
            count(&lines[..start], other),
            count(&lines[start..end], other),
        );
        // A side without lines is named by the line in front of it.
        let first = if held == 0 { before } else { before + 1 };
        match held {
            1 => format!("{first}"),
            _ => format!("{first},{held}"),
        }
    };
    let head = format!("@@ -{} +{} @@", side(is_new), side(is_old));
    let _ = writeln!(out, "{}", style.paint(CYAN, &head));
    for line in &lines[start..end] {
        let (sign, ink, text): (_, Ink, _) = match line {
            Line::Same(text) => (' ', PLAIN, text),
            Line::Old(text) => ('-', RED, text),
            Line::New(text) => ('+', GREEN, text),
        };
        let whole = text.strip_suffix('\n');
        out.push_str(&style.paint(ink, &format!("{sign}{}", whole.unwrap_or(text))));
        out.push('\n');
        if whole.is_none() {
            out.push_str("\\ No newline at end of file\n");
        }
    }
}

/// The lines of both texts in order.
fn lines<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tails = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = tails.take_while(|(a, b)| a == b).count();
    let mut out: Vec<Line> = old[..head].iter().map(|line| Line::Same(line)).collect();
    out.extend(middle(
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
    ));
    out.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    out
}

/// The shortest way from one list of lines to another (Myers, An O(ND) Difference Algorithm, 1986).
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let (n, m) = (old.len() as isize, new.len() as isize);
    let most = (n + m).min(MOST_EDITS as isize);
    let at = |k: isize| (k + most + 1) as usize;
    let mut reach = vec![0isize; 2 * most as usize + 3];
    let mut trail = Vec::new();
    for edits in 0..=most {
        trail.push(reach.clone());
        let mut k = -edits;
        while k <= edits {
            let down = k == -edits || (k != edits && reach[at(k - 1)] < reach[at(k + 1)]);
            let mut x = match down {
                true => reach[at(k + 1)],
                false => reach[at(k - 1)] + 1,
            };
            while x < n && x - k < m && old[x as usize] == new[(x - k) as usize] {
                x += 1;
            }
            reach[at(k)] = x;
            if x >= n && x - k >= m {
                return traced(old, new, &trail, most);
            }
            k += 2;
        }
    }
    let old = old.iter().map(|line| Line::Old(line));
    old.chain(new.iter().map(|line| Line::New(line))).collect()
}

fn traced<'a>(
    old: &[&'a str],
    new: &[&'a str],
    trail: &[Vec<isize>],
    most: isize,
) -> Vec<Line<'a>> {
    let at = |k: isize| (k + most + 1) as usize;
    let (mut x, mut y) = (old.len() as isize, new.len() as isize);
    let mut out = Vec::new();
    for (edits, reach) in trail.iter().enumerate().rev() {
        let (edits, k) = (edits as isize, x - y);
        let down = k == -edits || (k != edits && reach[at(k - 1)] < reach[at(k + 1)]);
        let from = if down { k + 1 } else { k - 1 };
        let (fx, fy) = match edits {
            0 => (0, 0),
            _ => (reach[at(from)], reach[at(from)] - from),
        };
        while x > fx && y > fy {
            (x, y) = (x - 1, y - 1);
            out.push(Line::Same(old[x as usize]));
        }
        if edits > 0 {
            match down {
                true => out.push(Line::New(new[(y - 1) as usize])),
                false => out.push(Line::Old(old[(x - 1) as usize])),
            }
            (x, y) = (fx, fy);
        }
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        unified("a.py", before, after, Style::default())
    }

    #[test]
    fn a_change_is_shown_with_three_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(
            diff(before, &before.replace("5\n", "five\n5a\n")),
            "--- a.py\n+++ a.py\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+5a\n 6\n 7\n 8\n"
        );
        assert_eq!(diff(before, before), "");
    }

    #[test]
    fn changes_far_apart_are_hunks_of_their_own() {
        let before: String = (1..40).map(|n| format!("{n}\n")).collect();
        let after = before
            .replace("\n3\n", "\n")
            .replace("\n30\n", "\nthirty\n");
        let shown = diff(&before, &after);
        assert_eq!(shown.matches("@@ -").count(), 2);
        assert!(
            shown.contains("@@ -1,6 +1,5 @@\n 1\n 2\n-3\n 4\n"),
            "{shown}"
        );
        assert!(shown.contains("@@ -27,7 +26,7 @@\n"), "{shown}");
    }

    #[test]
    fn a_text_from_nothing_and_a_last_line_without_its_end() {
        assert_eq!(
            diff("", "a"),
            "--- a.py\n+++ a.py\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"
        );
        assert_eq!(
            diff("a\r\nb", "a\r\nc\r\n"),
            "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\r\n"
        );
    }

    #[test]
    fn the_lines_of_a_diff_are_both_texts() {
        let texts = [
            "a\nb\nc\na\nb\nb\na\n",
            "c\nb\na\nb\na\nc\n",
            "",
            "a\n",
            "x\ny\nb\n",
        ];
        for before in texts {
            for after in texts {
                let old: Vec<&str> = before.split_inclusive('\n').collect();
                let new: Vec<&str> = after.split_inclusive('\n').collect();
                let lines = lines(&old, &new);
                let side = |is_new: bool| -> String {
                    let of = |line: &Line<'static>| match *line {
                        Line::Same(text) => Some(text),
                        Line::Old(text) => (!is_new).then_some(text),
                        Line::New(text) => is_new.then_some(text),
                    };
                    lines.iter().filter_map(of).collect()
                };
                assert_eq!((side(false).as_str(), side(true).as_str()), (before, after));
            }
        }
    }
}
