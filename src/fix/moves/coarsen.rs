//! A clock that is cut to the day, where nothing around it speaks of the time and it cannot move: most of what a prompt
//! says of a date holds all day.

use std::sync::LazyLock;

use regex::Regex;

use super::canvas::Canvas;
use super::cut::{named, placed};
use super::prose::spoken;
use super::unit::View;
use super::words::words;
use super::Refusal;
use crate::finding::Fix;
use crate::layout::Segment;
use crate::source::Span;
use crate::volatility::{Class, Lifetime, Origin};

/// The fix where a clock stands in a text.
pub fn write(canvas: &Canvas, member: &Segment) -> Result<Fix, Refusal> {
    let refusal = Refusal("a clock that cannot be cut to the day");
    let volatility = member.volatility().ok_or(refusal)?;
    let fine = volatility.priced().lifetime() < Class::Day.lifetime()
        || (volatility.class == Class::Unique
            && volatility.priced().lifetime() == Lifetime::FOREVER);
    if volatility.origin != Origin::MadeUp || !fine || !canvas.covers(&member.place) {
        return Err(refusal);
    }
    let hole = canvas.hole_of(&member.place).ok_or(refusal)?;
    let span = canvas.text.span(hole.at.start, hole.at.end);
    let source = canvas.file.text.get(span.start..span.end).ok_or(refusal)?;
    if !content_with_day(canvas, hole.at.start) {
        return Err(refusal);
    }
    let new = coarse(source).ok_or(refusal)?;
    Ok(Fix {
        title: format!("Cut {} to the day", named(source)),
        safe: false,
        edits: placed(canvas, vec![(Span::new(span.start, span.end), new)]),
    })
}

/// Whether the line of a value speaks of a date and of no time.
fn content_with_day(canvas: &Canvas, at: usize) -> bool {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let line = view.prose.content(view.prose.line_of(at));
    let says = |list: &[String]| spoken(line).any(|word| list.contains(&word));
    says(&words().dates) && !says(&words().times)
}

static TIME_FIELDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&words().time_fields).ok());
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
            ("{now.strftime('%H:%M')}", "{now.strftime('%Y-%m-%d')}"),
        ] {
            assert_eq!(coarse(fine).as_deref(), Some(day));
        }
        assert_eq!(coarse("{time.time()}"), None);
        assert_eq!(coarse("{now.strftime('%d %B')}"), None);
    }
}
