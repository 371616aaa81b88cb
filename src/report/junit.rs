//! JUnit XML: a suite per file, a failing case per finding, a passing one for a file whose prompts have none. Notes pass:
//! they are told in the output of their case.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::escape::xml;
use super::{active, located, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::finding::{FileError, Finding, Severity};

pub(super) struct JUnit;

/// What is known of one file.
#[derive(Default)]
struct Suite<'a> {
    findings: Vec<&'a Finding>,
    errors: Vec<&'a FileError>,
}

impl Report for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn tells_notices(&self) -> bool {
        false
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        let mut suites: BTreeMap<&str, Suite> = BTreeMap::new();
        for judged in &analysis.prompts {
            suites.entry(&judged.prompt.origin.path).or_default();
        }
        for finding in active(analysis) {
            let suite = suites.entry(&finding.place.path).or_default();
            suite.findings.push(finding);
        }
        for error in &analysis.errors {
            suites.entry(&error.path).or_default().errors.push(error);
        }
        let mut body = String::new();
        let mut total = [0; 3];
        for (path, suite) in &suites {
            let counts = counts(suite);
            total
                .iter_mut()
                .zip(counts)
                .for_each(|(sum, one)| *sum += one);
            write_suite(&mut body, analysis, path, suite, counts);
        }
        let [tests, failures, errors] = total;
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"prefixlint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n\
             {body}</testsuites>\n"
        )
    }
}

/// Cases, failures and errors.
fn counts(suite: &Suite) -> [usize; 3] {
    let failures = suite
        .findings
        .iter()
        .filter(|finding| fails(finding))
        .count();
    let errors = suite.errors.len();
    let cases = (suite.findings.len() + errors).max(1);
    [cases, failures, errors]
}

fn fails(finding: &Finding) -> bool {
    finding.severity > Severity::Note
}

fn write_suite(
    out: &mut String,
    analysis: &Analysis,
    path: &str,
    suite: &Suite,
    [tests, failures, errors]: [usize; 3],
) {
    let name = xml(&analysis.vantage.in_repository(path));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    );
    let case = |what: &str| format!("    <testcase classname=\"{name}\" name=\"{}\"", xml(what));
    if suite.findings.is_empty() && suite.errors.is_empty() {
        let _ = writeln!(out, "{}/>", case("prompt cache"));
    }
    for finding in &suite.findings {
        let at = located(analysis, &finding.place);
        let text = xml(&format!("{at}\n{}\n{}", finding.message, finding.help));
        let _ = writeln!(out, "{}>", case(&format!("{} {at}", finding.rule)));
        let _ = match fails(finding) {
            true => writeln!(
                out,
                "      <failure type=\"{}\" message=\"{}\">{text}</failure>",
                finding.severity.name(),
                xml(&wording::title(finding)),
            ),
            false => writeln!(out, "      <system-out>{text}</system-out>"),
        };
        out.push_str("    </testcase>\n");
    }
    for error in &suite.errors {
        let _ = writeln!(out, "{}>", case("reading"));
        let message = xml(&error.message);
        let _ = writeln!(out, "      <error type=\"file\" message=\"{message}\"/>");
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n");
}
