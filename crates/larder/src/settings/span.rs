//! Lengths of time, as people write them.

use std::{fmt, ops::RangeInclusive, time::Duration};

use jiff::SignedDuration;

use super::wrong::Wrong;

/// A length of time that prints as it may be written: `1s`, `500ms`, `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    /// Parses a number with a unit, within the range that makes sense for its setting.
    pub(crate) fn parse(text: &str, range: &RangeInclusive<Duration>) -> Result<Self, Wrong> {
        let help = "write a number and a unit, like 500ms, 10s, 2m or 1h";
        let span: SignedDuration = text
            .trim()
            .parse()
            .map_err(|_| Wrong::new(format!("{text:?} is not a length of time")).help(help))?;
        let Ok(span) = Duration::try_from(span) else {
            return Err(Wrong::new(format!("{text:?} is negative")).help(help));
        };
        if range.contains(&span) {
            return Ok(Span(span));
        }
        let (least, most) = (Span(*range.start()), Span(*range.end()));
        Err(Wrong::new(format!("{text:?} is out of range"))
            .help(format!("write a time from {least} to {most}")))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(span) => write!(f, "{span:#}"),
            Err(_) => write!(f, "{}s", self.0.as_secs()),
        }
    }
}

pub(super) const ZERO: Duration = Duration::ZERO;
/// No limit can be kept more exactly.
pub(super) const LEAST: Duration = Duration::from_millis(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const YEAR: Duration = Duration::from_hours(365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);

    #[test]
    fn a_time_has_a_unit() {
        for (text, millis, printed) in [
            ("500ms", 500, "500ms"),
            ("10s", 10_000, "10s"),
            ("10 s", 10_000, "10s"),
            (" 2m ", 120_000, "2m"),
            ("60s", 60_000, "1m"),
            ("1m 30s", 90_000, "1m 30s"),
            ("1m30s", 90_000, "1m 30s"),
            ("24h", 86_400_000, "24h"),
            ("0s", 0, "0s"),
        ] {
            let span = Span::parse(text, &ANY).unwrap();
            assert_eq!(span.0.as_millis(), millis, "{text}");
            assert_eq!(span.to_string(), printed, "{text}");
            assert_eq!(Span::parse(printed, &ANY), Ok(span), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, what, help) in [
            ("10", "\"10\" is not a length of time", "write a number and a unit, like 500ms, 10s, 2m or 1h"),
            ("", "\"\" is not a length of time", "write a number and a unit, like 500ms, 10s, 2m or 1h"),
            (
                "1 month",
                "\"1 month\" is not a length of time",
                "write a number and a unit, like 500ms, 10s, 2m or 1h",
            ),
            ("-1s", "\"-1s\" is negative", "write a number and a unit, like 500ms, 10s, 2m or 1h"),
            ("25h", "\"25h\" is out of range", "write a time from 0s to 24h"),
        ] {
            let wrong = Span::parse(text, &ANY).unwrap_err();
            assert_eq!((wrong.what.as_str(), wrong.help.as_deref()), (what, Some(help)));
        }
    }
}
