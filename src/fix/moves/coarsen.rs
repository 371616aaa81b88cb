//! A clock that is cut to the day, where nothing around it speaks of the time and it cannot move: most of what a prompt
//! says of a date holds all day.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::canvas::Canvas;
use super::cut::{named, placed};
use super::prose::spoken;
use super::unit::View;
use super::words::words;
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::frontend::code::{language_of, syntax};
use crate::layout::{Kind, Segment};
use crate::source::{Place, SourceFile, Sources, Span};
use crate::volatility::{Class, Lifetime, Origin, Volatility};

/// Signs of an expression that is looked at.
const MOST_SIGNS: usize = 1000;

/// The fix where a clock stands in a text.
pub fn write(canvas: &Canvas, member: &Segment) -> Result<Fix, Refusal> {
    let refusal = Refusal("a clock that cannot be cut to the day");
    let volatility = member.volatility().ok_or(refusal)?;
    if !is_fine_clock(volatility) || !canvas.covers(&member.place) {
        return Err(refusal);
    }
    let hole = canvas.hole_of(&member.place).ok_or(refusal)?;
    let span = canvas.text.span(hole.at.start, hole.at.end);
    let source = canvas.file.text.get(span.start..span.end).ok_or(refusal)?;
    let label = content_with_day(canvas, hole.at.start).ok_or(refusal)?;
    let new = coarse(source).ok_or(refusal)?;
    let mut edits = vec![(Span::new(span.start, span.end), new)];
    edits.extend(label.map(|(label, day)| (canvas.text.span(label.start, label.end), day)));
    Ok(Fix {
        title: format!("Cut {} to the day", named(source)),
        safe: false,
        edits: placed(canvas, edits),
    })
}

/// The fix where the clock is made, for one whose prompt is written elsewhere: `now = datetime.now().isoformat()`. What is
/// said beside it names a date.
pub fn where_made(member: &Segment, sources: &Sources) -> Result<Fix, Refusal> {
    let refusal = Refusal("a clock that cannot be cut to the day where it is made");
    let Kind::Value {
        expr,
        volatility,
        trace,
    } = &member.kind
    else {
        return Err(refusal);
    };
    if !is_fine_clock(volatility) {
        return Err(refusal);
    }
    let landing = sources.get(&member.place.path).ok_or(refusal)?;
    let says = may_be_a_day(landing, member.place.span);
    // A long expression is known by its start.
    let start = expr.strip_suffix("...");
    let written = as_written(start.unwrap_or(expr)).filter(|_| says);
    let written = written.ok_or(refusal)?;
    let paths: BTreeSet<&Arc<str>> = trace.iter().map(|hop| &hop.place.path).collect();
    let mut found = paths.into_iter().filter_map(|path| {
        let text = &sources.get(path)?.text;
        language_of(path)?;
        let at = written.find(text)?.range();
        let at = match start {
            Some(_) => closed(text, at)?,
            None => at,
        };
        let new = coarse(&text[at.clone()])?;
        let place = Place::new(path, at.start, at.end);
        Some((Edit { place, text: new }, written.find_iter(text).count()))
    });
    // One place, or nobody knows which of them the prompt shows.
    match (found.next(), found.next()) {
        (Some((edit, 1)), None) => {
            let label = relabelled(landing, member.place.span);
            let apart = |label: &Edit| {
                label.place.path != edit.place.path || label.place.span.end <= edit.place.span.start
            };
            Ok(Fix {
                title: format!("Cut {} to the day", named(expr)),
                safe: false,
                edits: label
                    .filter(apart)
                    .into_iter()
                    .chain([edit.clone()])
                    .collect(),
            })
        }
        _ => Err(refusal),
    }
}

/// Whether the line that a value lands in calls it a date, and speaks of no time but in that name.
fn may_be_a_day(file: &SourceFile, value: Span) -> bool {
    let line = file.line_span(file.line_index(value.start));
    let end = value.end.clamp(line.start, line.end);
    let around = [
        &file.text[line.start..value.start],
        &file.text[end..line.end],
    ];
    let mut said = around.join(" ").to_lowercase();
    if spoken(&said).next().is_none() {
        // `current_date=now.isoformat(),` is a line of its own.
        said = file.text[value.start..end].to_lowercase();
    }
    let mut is_date = false;
    for both in &words().both {
        is_date |= said.contains(both.as_str());
        said = said.replace(both.as_str(), " ");
    }
    is_date |= spoken(&said).any(|word| words().dates.contains(&word));
    is_date && !spoken(&said).any(|word| words().times.contains(&word))
}

/// A part of a text up to where the last parenthesis that it opens is closed.
fn closed(text: &str, part: Range<usize>) -> Option<Range<usize>> {
    let mut depth = 0usize;
    for (at, sign) in text[part.start..].char_indices().take(MOST_SIGNS) {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        let end = part.start + at + 1;
        if depth == 0 && end > part.end {
            return Some(part.start..end);
        }
    }
    None
}

/// An expression as it may be written: over several lines, with a comma at the end of a list.
fn as_written(expr: &str) -> Option<Regex> {
    let mut pattern = String::new();
    for word in expr.split_whitespace() {
        if !pattern.is_empty() {
            pattern.push_str(r"\s+");
        }
        for part in word.split_inclusive(['(', '{']) {
            pattern.push_str(&regex::escape(part));
            if part.ends_with(['(', '{']) {
                pattern.push_str(r"\s*");
            }
        }
    }
    let pattern = pattern.replace(r"\s+\}", r"\s*,?\s*\}");
    Regex::new(&pattern).ok()
}

/// Whether a value is a clock, or else made up, that does not stay for a day.
pub fn is_fine_clock(volatility: &Volatility) -> bool {
    let life = volatility.priced().lifetime();
    let fine = life < Class::Day.lifetime()
        || (volatility.class == Class::Unique && life == Lifetime::FOREVER);
    volatility.origin == Origin::MadeUp && fine
}

/// Whether the line of a value speaks of a date and of no time; where it is labelled with both, the label and its first
/// word.
#[allow(clippy::type_complexity)]
fn content_with_day(canvas: &Canvas, at: usize) -> Option<Option<(Range<usize>, String)>> {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let line = view.prose.line_of(at);
    let start = view.prose.lines_range(line, line).start;
    let content = view.prose.content(line);
    let label = label_of_both(content, at.checked_sub(start)?);
    let mut said = content.to_string();
    if let Some((label, day)) = &label {
        said.replace_range(label.clone(), day);
    }
    let says = |list: &[String]| spoken(&said).any(|word| list.contains(&word));
    let content = says(&words().dates) && !says(&words().times);
    content.then(|| label.map(|(at, day)| (start + at.start..start + at.end, day)))
}

/// What in a line calls the value behind it a date and a time, and the word of it that is left of a day. Only what stands
/// right in front of the value is sure to speak of it: `Current date and time: ..`.
fn label_of_both(line: &str, value: usize) -> Option<(Range<usize>, String)> {
    let front = line.get(..value)?;
    let (at, day) = calls_both(front).pop()?;
    let between = &front[at.end..];
    let close = spoken(between).all(|word| word == "is") && calls_both(front).len() == 1;
    close.then_some((at, day))
}

/// Where a text says both, in its order, with the first word of each.
fn calls_both(text: &str) -> Vec<(Range<usize>, String)> {
    let low = text.to_ascii_lowercase();
    let mut out: Vec<(Range<usize>, String)> = Vec::new();
    for phrase in &words().both {
        for (at, found) in low.match_indices(phrase.as_str()) {
            let end = at + found.len();
            let edge = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric());
            if !edge(low[..at].chars().next_back()) || !edge(low[end..].chars().next()) {
                continue;
            }
            let first = found.find(|sign: char| !sign.is_alphanumeric());
            let first = at..at + first.unwrap_or(found.len());
            out.push((at..end, text[first].to_string()));
        }
    }
    out.sort_by_key(|(at, _)| at.start);
    out
}

/// A text in which what was called a date and a time is called a date.
pub fn called_by_day(text: &str) -> String {
    let mut out = text.to_string();
    for (at, day) in calls_both(text).into_iter().rev() {
        out.replace_range(at, &day);
    }
    out
}

/// The edit of the label in the line that a value lands in, where it is plain text.
fn relabelled(file: &Arc<SourceFile>, value: Span) -> Option<Edit> {
    let line = file.line_span(file.line_index(value.start));
    let text = file.text.get(line.start..line.end)?;
    let (at, day) = label_of_both(text, value.start.checked_sub(line.start)?)?;
    let (start, end) = (line.start + at.start, line.start + at.end);
    if let Some(language) = language_of(&file.path) {
        let tree = syntax(file, language)?;
        let node = tree.root_node().descendant_for_byte_range(start, end)?;
        let in_text = ["string", "template"]
            .iter()
            .any(|kind| node.kind().contains(kind));
        if !in_text {
            return None;
        }
    }
    Some(Edit {
        place: Place::new(&file.path, start, end),
        text: day,
    })
}

static TIME_FIELDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&words().time_fields).ok());
/// `.toLocaleString("en-US", { weekday: "long", hour: "2-digit" })`
static OPTIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(\.toLocale(?:Date)?String)\([^(){}]*(\{[^{}]*\})\s*,?\s*\)").ok()
});
static TIME_OPTIONS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&words().time_options).ok());
static FORMAT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(strftime\(\s*)(["'])([^"']*)(["'])"#).ok());

/// The same clock to the day.
fn coarse(source: &str) -> Option<String> {
    if let Some(found) = FORMAT.as_ref()?.captures(source) {
        let format = found.get(3)?;
        let cut = TIME_FIELDS.as_ref()?.replace_all(format.as_str(), "");
        let kept = cut.trim_matches([' ', ',', 'T', '@', '-', ':']);
        if kept == format.as_str() {
            return None;
        }
        let kept = if kept.contains('%') { kept } else { "%Y-%m-%d" };
        return Some(format!(
            "{}{kept}{}",
            &source[..format.start()],
            &source[format.end()..]
        ));
    }
    if let Some(options) = OPTIONS.as_ref()?.captures(source) {
        let (call, list) = (options.get(1)?, options.get(2)?);
        let cut = TIME_OPTIONS.as_ref()?.replace_all(list.as_str(), "");
        return (cut != list.as_str()).then(|| {
            let behind = &source[list.end()..];
            let between = &source[call.end()..list.start()];
            let name = call
                .as_str()
                .replace("toLocaleString", "toLocaleDateString");
            format!("{}{name}{between}{cut}{behind}", &source[..call.start()])
        });
    }
    words().coarsen.iter().find_map(|(pattern, to)| {
        let regex = Regex::new(pattern).ok()?;
        let new = regex.replace(source, to.as_str());
        (new != source).then(|| new.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_both_is_called_by_the_day() {
        for (line, day) in [
            ("Current date and time: ", Some("Current date: ")),
            ("- **Date and Time**: ", Some("- **Date**: ")),
            ("The date and time is ", Some("The date is ")),
            ("Current date/time (", Some("Current date (")),
            // What it speaks of is not sure.
            ("Send date and time, then read ", None),
            ("Update and timer: ", None),
            ("Today: ", None),
        ] {
            let found = label_of_both(line, line.len());
            assert_eq!(found.is_some(), day.is_some(), "{line}");
            if let Some(day) = day {
                assert_eq!(called_by_day(line), day);
            }
        }
    }

    #[test]
    fn a_clock_is_cut_to_the_day_as_it_is_written() {
        for (fine, day) in [
            (
                "{datetime.now().isoformat()}",
                "{datetime.now().date().isoformat()}",
            ),
            ("{datetime.now()}", "{datetime.now().date()}"),
            (
                "${new Date().toISOString()}",
                "${new Date().toISOString().slice(0, 10)}",
            ),
            (
                "{now.strftime(\"%Y-%m-%d %H:%M:%S\")}",
                "{now.strftime(\"%Y-%m-%d\")}",
            ),
            (
                "{{ now().strftime('%A, %d %B %Y, %H:%M') }}",
                "{{ now().strftime('%A, %d %B %Y') }}",
            ),
            (
                "now.toLocaleString(\"en-US\", { weekday: \"long\", day: \"numeric\", hour: \"2-digit\", timeZoneName: \"short\" })",
                "now.toLocaleDateString(\"en-US\", { weekday: \"long\", day: \"numeric\" })",
            ),
            (
                "current_date.astimezone().isoformat()",
                "current_date.astimezone().date().isoformat()",
            ),
            ("{now.strftime('%H:%M')}", "{now.strftime('%Y-%m-%d')}"),
        ] {
            assert_eq!(coarse(fine).as_deref(), Some(day));
        }
        let several =
            "now.toLocaleString(\"en\", {\n\t\tday: \"numeric\",\n\t\thour: \"2-digit\",\n\t});";
        let expr = "now.toLocaleString(\"en\", { day: \"numeric\", hour: \"2-digit\" })";
        assert!(as_written(expr).unwrap().is_match(several));
        let whole = closed(several, 0..20).unwrap();
        assert_eq!(&several[whole.end..], ";");
        assert_eq!(coarse("{time.time()}"), None);
        assert_eq!(coarse("{now.strftime('%d %B')}"), None);
    }
}
