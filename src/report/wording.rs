//! Phrases that every report for people shares: counts, estimates, traffic in words.

use crate::config::Traffic;
use crate::figures::{percent, thousands, usd};
use crate::finding::{FileError, Finding, Fix, Savings};

/// What stands for a rule where a file is told of that was not read, or not all of it.
pub const UNREAD: &str = "not-linted";

/// The same in words.
pub fn unread(error: &FileError) -> String {
    match error.partial {
        true => format!("prefixlint: not all of it is linted: {}", error.message),
        false => format!("prefixlint: not linted: {}", error.message),
    }
}

/// A whole number, with `~` in front of it unless it is exact.
pub fn approximate(value: f64, exact: bool) -> String {
    let mark = if exact { "" } else { "~" };
    format!("{mark}{}", thousands(value))
}

/// `1 prompt`, `44 prompts`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count as f64))
}

/// `$1,240 a month`, or `$7.36 per 1,000 calls` where the traffic is not configured.
pub fn price(savings: &Savings) -> String {
    savings.usd_per_month.map_or_else(
        || usd_per_1k(savings.usd_per_1k_calls),
        |month| format!("{} a month", usd(month)),
    )
}

/// What is wrong, and on a line of its own the way out.
pub fn advice(finding: &Finding) -> String {
    match finding.help.is_empty() {
        true => finding.message.clone(),
        false => format!("{}\n{}", finding.message, finding.help),
    }
}

/// What a fix is called: whether it is taken unread.
pub fn fix_kind(fix: &Fix) -> &'static str {
    match fix.safe {
        true => "fix",
        false => "unsafe fix",
    }
}

/// `volatile-prefix saves 87 % of the input cost, $7.36 per 1,000 calls`.
pub fn title(finding: &Finding) -> String {
    let Some(savings) = finding
        .savings
        .as_ref()
        .filter(|savings| savings.share > 0.0)
    else {
        return finding.rule.to_string();
    };
    let price = price(savings);
    let share = percent(savings.share);
    format!("{} saves {share} of the input cost, {price}", finding.rule)
}

/// `$7.36 per 1,000 calls`.
pub fn usd_per_1k(amount: f64) -> String {
    format!("{} per 1,000 calls", usd(amount))
}

/// Traffic in words: `1 call a minute, 100 users, 10 tenants, 6 calls a session a minute apart`.
pub fn traffic(traffic: &Traffic) -> String {
    let rate = match traffic.calls_per_month {
        Some(1.0) => "1 call a month".to_string(),
        Some(calls) => format!("{} calls a month", thousands(calls)),
        None => "1 call a minute".to_string(),
    };
    let people = |count: f64, noun: &str| {
        let plural = if count == 1.0 { "" } else { "s" };
        format!("{} {noun}{plural}", plain(count))
    };
    let mut parts = vec![
        rate,
        people(traffic.users, "user"),
        people(traffic.tenants, "tenant"),
    ];
    if traffic.calls_per_session != 1.0 {
        parts.push(format!(
            "{} calls a session",
            plain(traffic.calls_per_session)
        ));
    }
    if traffic.batch {
        parts.push("in batches".to_string());
    }
    if let Some(ttl) = traffic.ttl {
        parts.push(format!("a TTL of {} min", plain(ttl)));
    }
    parts.join(", ")
}

/// A number without needless digits: `6`, `1.5`, `2,000`.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 {
        thousands(value)
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Basis;

    #[test]
    fn traffic_reads_as_a_sentence() {
        let mut load = Traffic::default();
        assert_eq!(
            traffic(&load),
            "1 call a minute, 100 users, 10 tenants, 6 calls a session"
        );
        load.basis = Basis::Config;
        load.calls_per_month = Some(200_000.0);
        load.calls_per_session = 1.0;
        load.users = 1.0;
        load.batch = true;
        load.ttl = Some(5.0);
        assert_eq!(
            traffic(&load),
            "200,000 calls a month, 1 user, 10 tenants, in batches, a TTL of 5 min"
        );
    }

    #[test]
    fn numbers_without_needless_digits() {
        assert_eq!(plain(6.0), "6");
        assert_eq!(plain(1.5), "1.5");
        assert_eq!(counted(1, "prompt"), "1 prompt");
        assert_eq!(counted(1200, "prompt"), "1,200 prompts");
        assert_eq!(approximate(2950.4, false), "~2,950");
    }
}
