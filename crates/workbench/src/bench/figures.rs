//! Numbers as people read them.

use std::time::Duration;

/// A duration in three digits: `0.84 ms`, `12.1 ms`, `1.20 s`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{} ms", three(seconds * 1e3)) } else { format!("{} s", three(seconds)) }
}

/// Bytes a second: `512 kB/s`, `24.1 MB/s`.
pub(super) fn rate(per_second: f64) -> String {
    let (number, unit) = match per_second {
        p if p < 1e3 => (p, "B/s"),
        p if p < 1e6 => (p / 1e3, "kB/s"),
        p if p < 1e9 => (p / 1e6, "MB/s"),
        p => (p / 1e9, "GB/s"),
    };
    format!("{} {unit}", three(number))
}

/// A share: `100 %`, `99.5 %`, `0 %`. All is said only of all.
pub(super) fn share(good: u32, asked: u32) -> String {
    if asked == 0 {
        return "–".to_owned();
    }
    let percent = f64::from(good) * 100.0 / f64::from(asked);
    if good == asked || good == 0 {
        format!("{percent:.0} %")
    } else {
        format!("{:.1} %", percent.clamp(0.1, 99.9))
    }
}

/// The word behind a number of times.
pub(super) fn times(count: u32) -> &'static str {
    if count == 1 { "time" } else { "times" }
}

fn three(number: f64) -> String {
    match number {
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let of = |micros| time(Duration::from_micros(micros));
        assert_eq!(
            [of(7), of(840), of(12_140), of(999_000), of(1_200_000)],
            ["0.01 ms", "0.84 ms", "12.1 ms", "999 ms", "1.20 s"]
        );
        assert_eq!(
            [rate(512.0), rate(9_996.0), rate(24.12e6), rate(3e9)],
            ["512 B/s", "10.0 kB/s", "24.1 MB/s", "3.00 GB/s"]
        );
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(
            [share(0, 0), share(0, 3), share(1, 3), share(9_999, 10_000), share(3, 3)],
            ["–", "0 %", "33.3 %", "99.9 %", "100 %"]
        );
    }
}
