//! The report that people read: a headline, findings as frames in order of saving, one line for each note, and a
//! summary that names the traffic and the prices behind the figures.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use miette::{ThemeCharacters, ThemeStyles};

use super::excerpt::{Excerpt, Mark};
use super::style::{self, Style, BOLD, CYAN, DIM, GREEN};
use super::{active, counts, located, source, statistics, tables, wording};
use super::{Report, Show, Verbosity};
use crate::engine::Analysis;
use crate::figures::{percent, thousands, usd};
use crate::finding::{Counted, Finding, Severity};

/// More notes than this are counted by rule instead of listed.
const LISTED_NOTES: usize = 10;
/// Prompts of one finding that are named.
const NAMED_PROMPTS: usize = 3;

pub(super) struct Full;

impl Report for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn for_people(&self) -> bool {
        true
    }

    fn render(&self, analysis: &Analysis, show: Show, style: Style) -> String {
        let mut out = String::new();
        let loud = show.verbosity > Verbosity::Quiet;
        if loud {
            let _ = writeln!(out, "{}\n", headline(analysis, style));
        }
        for finding in active(analysis).filter(|f| f.severity > Severity::Note) {
            frame(&mut out, analysis, finding, style);
            out.push('\n');
        }
        notes(&mut out, analysis, show.verbosity, style);
        errors(&mut out, analysis, style);
        if show.prompts {
            tables::prompts(&mut out, analysis, style);
            out.push('\n');
        }
        if show.statistics {
            statistics::table(&mut out, analysis, style);
            out.push('\n');
        }
        if loud {
            summary(&mut out, analysis, show.verbosity, style);
        }
        out
    }
}

/// `prefixlint: 3 warnings in 44 prompts; fixing them saves $1,240 a month`.
fn headline(analysis: &Analysis, style: Style) -> String {
    let prompts = wording::counted(analysis.prompts.len(), "prompt");
    let files = wording::counted(analysis.files, "file");
    let problems = severities(analysis, style);
    if problems.is_empty() {
        let all_is_well = style.paint(GREEN, "nothing to fix");
        return format!("prefixlint: {all_is_well} in {prompts} of {files}");
    }
    let mut line = format!("prefixlint: {problems} in {prompts} of {files}");
    if let Some(total) = monthly_total(analysis) {
        let total = style.paint(BOLD, &format!("{} a month", usd(total)));
        let _ = write!(line, "; the fixes save {total}");
    } else if let Some(worst) = worst_share(analysis) {
        let worst = style.paint(BOLD, &percent(worst));
        let _ = write!(line, "; the worst costs {worst} of its prompt's input");
    }
    line
}

/// `1 error, 3 warnings, 2 notes`, without the severities that are not there.
fn severities(analysis: &Analysis, style: Style) -> String {
    counts(analysis)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            style.severity(severity, &wording::counted(count, severity.name()))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// USD a month over all findings; `None` without configured traffic.
fn monthly_total(analysis: &Analysis) -> Option<f64> {
    active(analysis)
        .filter_map(|finding| finding.savings.as_ref()?.usd_per_month)
        .reduce(|sum, one| sum + one)
        .filter(|total| *total > 0.0)
}

fn worst_share(analysis: &Analysis) -> Option<f64> {
    active(analysis)
        .filter_map(|finding| Some(finding.savings.as_ref()?.share))
        .filter(|share| *share > 0.0)
        .reduce(f64::max)
}

/// A finding with its excerpt, as miette wants it.
struct Framed<'a> {
    finding: &'a Finding,
    excerpt: Option<Excerpt>,
}

impl fmt::Debug for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.finding.rule)
    }
}

impl fmt::Display for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Framed<'_> {}

impl Diagnostic for Framed<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = &self.finding.help;
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
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

fn frame(out: &mut String, analysis: &Analysis, finding: &Finding, style: Style) {
    title(out, finding, style);
    let framed = Framed {
        finding,
        excerpt: excerpt(analysis, finding, style.width),
    };
    let placeless = framed.excerpt.is_none();
    let rendered = handler(style).render_report(out, &framed);
    if rendered.is_err() || placeless {
        let _ = writeln!(out, "   {} {}", "╰─", located(analysis, &finding.place));
    }
    details(out, analysis, finding, style);
}

/// `warning[volatile-prefix]: 87 % of the input cost, $7.36 per 1,000 calls`.
fn title(out: &mut String, finding: &Finding, style: Style) {
    let name = format!("{}[{}]", finding.severity.name(), finding.rule);
    let _ = write!(out, "{}", style.severity(finding.severity, &name));
    if let Some(savings) = &finding.savings {
        if savings.share > 0.0 || savings.usd_per_1k_calls > 0.0 {
            let price = savings.usd_per_month.map_or_else(
                || wording::usd_per_1k(savings.usd_per_1k_calls),
                |month| format!("{} a month", usd(month)),
            );
            let share = style.paint(BOLD, &percent(savings.share));
            let _ = write!(out, ": {share} of the input cost, {price}");
        }
    }
    out.push('\n');
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

/// The frame's excerpt: the primary place and the labels in the same file.
fn excerpt(analysis: &Analysis, finding: &Finding, width: usize) -> Option<Excerpt> {
    let file = source(analysis, &finding.place.path)?;
    let same = |place: &crate::source::Place| place.path == finding.place.path;
    let own = finding
        .labels
        .iter()
        .find(|label| label.place == finding.place)
        .map_or("", |label| label.text.as_str());
    let mut marks = vec![Mark {
        span: finding.place.span,
        text: own,
        primary: true,
    }];
    marks.extend(
        finding
            .labels
            .iter()
            .filter(|label| same(&label.place) && label.place != finding.place)
            .map(|label| Mark {
                span: label.place.span,
                text: &label.text,
                primary: false,
            }),
    );
    Excerpt::new(file, &marks, width)
}

/// What stands below the frame: wording, the way of the value, places in other files, other prompts.
fn details(out: &mut String, analysis: &Analysis, finding: &Finding, style: Style) {
    let mut line = |name: &str, text: &str| {
        let lead = format!("  {} ", style.paint(CYAN, &format!("{name}:")));
        style::wrapped(out, &lead, name.len() + 4, text, style.width);
    };
    if let Some(tokens) = &finding.tokens {
        let figure = |value| wording::approximate(value, tokens.counted == Counted::Exact);
        let text = format!(
            "reads {} of {} tokens now{} ({}{})",
            figure(tokens.cached_now),
            figure(tokens.total),
            // Where no saving is known, nothing is said of it.
            match finding.savings {
                Some(_) => format!(", {} after the fix", figure(tokens.cached_after)),
                None => String::new(),
            },
            finding.model,
            match finding.model_source {
                "default" => ", assumed",
                _ => "",
            }
        );
        line("cache", &text);
    }
    if finding.trace.len() > 1 || finding.trace.iter().any(|hop| hop.place != finding.place) {
        for (index, hop) in finding.trace.iter().enumerate() {
            let name = if index == 0 { "from" } else { "then" };
            let text = format!("{}  {}", located(analysis, &hop.place), hop.note);
            line(name, &text);
        }
    }
    for label in &finding.labels {
        let in_trace = finding.trace.iter().any(|hop| hop.place == label.place);
        if label.place.path != finding.place.path && !in_trace {
            let text = format!("{}  {}", located(analysis, &label.place), label.text);
            line("also", &text);
        }
    }
    if finding.prompts.len() > 1 {
        line("prompts", &named(&finding.prompts));
    }
    if let Some(fix) = &finding.fix {
        line("fix", &fix.title);
    }
}

/// `a, b, c and 4 more`.
fn named(prompts: &[String]) -> String {
    let shown = prompts.len().min(NAMED_PROMPTS);
    let mut text = prompts[..shown].join(", ");
    if prompts.len() > shown {
        let _ = write!(text, " and {} more", prompts.len() - shown);
    }
    text
}

fn notes(out: &mut String, analysis: &Analysis, verbosity: Verbosity, style: Style) {
    let notes: Vec<&Finding> = active(analysis)
        .filter(|finding| finding.severity == Severity::Note)
        .collect();
    if notes.is_empty() {
        return;
    }
    if notes.len() <= LISTED_NOTES || verbosity == Verbosity::Verbose {
        for note in &notes {
            let name = style.severity(Severity::Note, &format!("note[{}]", note.rule));
            let place = style.paint(BOLD, &located(analysis, &note.place));
            let _ = writeln!(out, "{name} {place} {}", note.message);
        }
    } else {
        let _ = writeln!(out, "{}", counted_notes(&notes, style));
    }
    out.push('\n');
}

/// `31 notes: 28 prefix-below-minimum, 3 unstable-order (-v lists them)`.
pub(super) fn counted_notes(notes: &[&Finding], style: Style) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for note in notes {
        *rules.entry(note.rule).or_default() += 1;
    }
    let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let by_rule: Vec<String> = rules
        .iter()
        .map(|(rule, count)| format!("{} {rule}", thousands(*count as f64)))
        .collect();
    let total = style.severity(Severity::Note, &wording::counted(notes.len(), "note"));
    let hint = style.paint(DIM, "(-v lists them)");
    format!("{total}: {} {hint}", by_rule.join(", "))
}

fn errors(out: &mut String, analysis: &Analysis, style: Style) {
    for error in &analysis.errors {
        let name = style.severity(Severity::Error, "not linted");
        let _ = writeln!(out, "{name} {}: {}", error.path, error.message);
    }
    if !analysis.errors.is_empty() {
        out.push('\n');
    }
}

fn summary(out: &mut String, analysis: &Analysis, verbosity: Verbosity, style: Style) {
    let mut line = |name: &str, text: &str| {
        let lead = style.paint(DIM, &style::pad(name, 13));
        style::wrapped(out, &format!("{lead} "), 14, text, style.width);
    };
    let suppressed = analysis.findings.len() - active(analysis).count();
    if suppressed > 0 {
        line("suppressed", &wording::counted(suppressed, "finding"));
    }
    let unread = &analysis.uncacheable;
    if unread.count > 0 {
        let mut text = format!(
            "{} of {}",
            thousands(unread.count as f64),
            wording::counted(unread.of, "prompt")
        );
        if let Some((prompt, tokens, minimum, exact)) = &unread.nearest {
            let _ = write!(
                text,
                "; nearest {prompt}, {} of {}",
                wording::approximate(*tokens, *exact),
                thousands(*minimum)
            );
        }
        line("not cacheable", &text);
    }
    let (traffic, prices) = basis(analysis);
    line("traffic", &traffic);
    line("prices", &prices);
    for notice in &analysis.notices {
        line("notice", notice);
    }
    if verbosity < Verbosity::Verbose && counts(analysis)[..2].iter().any(|(_, n)| *n > 0) {
        let worst = active(analysis).next().map_or("", |finding| finding.rule);
        line("more", &format!("prefixlint explain {worst}"));
    }
}

/// What the figures assume, in words.
fn basis(analysis: &Analysis) -> (String, String) {
    let traffic = wording::traffic(&analysis.traffic);
    let traffic = match analysis.traffic.basis {
        crate::config::Basis::Reference => {
            format!("{traffic} (reference, not yours)")
        }
        basis => format!("{traffic} ({})", basis.name()),
    };
    let prices = format!("as of {}, input only", analysis.prices_as_of);
    (traffic, prices)
}
