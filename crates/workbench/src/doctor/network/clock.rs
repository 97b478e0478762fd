//! This machine's clock, compared with those of others.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap,
    header::{AGE, DATE},
};

use super::host::HostSeen;
use crate::{
    Finding,
    diagnoses::network,
    doctor::Seen,
    wire::{Distrust, Problem},
};

/// The time that an answer was made, and how long it lay in caches since.
pub(super) fn dated(headers: &HeaderMap) -> Option<SystemTime> {
    let date = httpdate(headers.get(DATE)?.to_str().ok()?)?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).unwrap_or(0);
    date.checked_add(Duration::from_secs(age))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn httpdate(text: &str) -> Option<SystemTime> {
    let mut words = text.split_once(", ")?.1.split([' ', ':']);
    let mut number = || words.next()?.parse::<u64>().ok();
    let day = number()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|known| *known == month)? as u64 + 1;
    let mut number = || words.next()?.parse::<u64>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since the epoch, with years that begin in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1;
    let seconds = days.checked_sub(719_468)? * 86_400 + hour * 3600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// How far this machine's clock is before (true) or behind another one.
fn apart(now: SystemTime, other: SystemTime) -> (bool, Duration) {
    match now.duration_since(other) {
        Ok(ahead) => (true, ahead),
        Err(error) => (false, error.duration()),
    }
}

/// Whether a certificate is refused for its time, and would not be by the clock of who shows it.
pub(super) fn is_for_the_clock(host: &HostSeen, now: SystemTime) -> bool {
    let of_time = matches!(
        host.end.as_ref().map_err(|failure| failure.problem),
        Err(Problem::Distrust(Distrust::Expired | Distrust::NotYet))
    );
    let shown = host.tls.as_ref().and_then(|tls| tls.chain.first());
    let fits = |date| shown.is_some_and(|certificate| certificate.covers(date));
    of_time && host.date.is_some_and(|date| fits(date) && apart(now, date).1 > FAR)
}

/// Whether certificates are refused because the clock is wrong, by what all hosts say together.
pub(super) fn is_wrong(hosts: &[&HostSeen], now: SystemTime) -> bool {
    agreed(hosts, now) && hosts.iter().any(|host| is_for_the_clock(host, now))
}

/// Whether all hosts that tell the time agree that it is another one than here.
fn agreed(hosts: &[&HostSeen], now: SystemTime) -> bool {
    let mut dates = hosts.iter().filter_map(|host| host.date);
    let Some((ahead, far)) = dates.next().map(|date| apart(now, date)) else { return false };
    far > FAR
        && dates.all(|other| {
            let (also_ahead, also_far) = apart(now, other);
            also_ahead == ahead && also_far.abs_diff(far) < FAR
        })
}

/// What is wrong with the clock.
pub(super) fn examine(hosts: &[&HostSeen], now: SystemTime, seen: &mut Seen) {
    let dates: Vec<_> = hosts.iter().filter_map(|host| Some((*host, host.date?))).collect();
    let Some((first, _)) = dates.first() else { return };
    let evidence = || {
        dates.iter().map(|(host, date)| {
            let (ahead, far) = apart(now, *date);
            let way = if ahead { "ahead of" } else { "behind" };
            format!("this machine's clock is {} {way} that of {}", rounded(far), host.host)
        })
    };
    let wrong = is_wrong(hosts, now);
    let drifts = agreed(hosts, now) && dates.len() > 1;
    if wrong || drifts {
        let diagnosis = if wrong { &network::CLOCK } else { &network::CLOCK_DRIFTS };
        let finding = Finding::new(diagnosis).name("host", &first.host);
        seen.found(evidence().fold(finding, Finding::evidence));
    } else if dates.iter().any(|(_, date)| apart(now, *date).1 > FAR) {
        // Whose clock is wrong cannot be told by one of them, nor by several that contradict each other.
        let others: Vec<_> = evidence().collect();
        seen.unchecked(format!("the clock: nobody confirms it or another time; {}", others.join(", ")));
    } else {
        seen.passed(format!("the clock: as that of {}", first.host));
    }
}

/// A length of time as people say it.
fn rounded(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 2 * 86_400 => format!("{} days", seconds / 86_400),
        seconds if seconds >= 2 * 3600 => format!("{} hours", seconds / 3600),
        seconds => format!("{} minutes", seconds / 60),
    }
}

/// Clocks that differ less are not wrong.
const FAR: Duration = Duration::from_mins(5);
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_servers_write_them() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2028 12:00:00 GMT", Some(1_835_438_400)),
            ("06 Nov 1994", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ] {
            let want = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(httpdate(text), want, "{text}");
        }
    }

    #[test]
    fn what_lay_in_a_cache_is_older_than_now() {
        let headers = [(DATE, "Thu, 01 Jan 1970 00:00:00 GMT"), (AGE, "90")];
        let headers = headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect();
        assert_eq!(dated(&headers), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(90)));
    }
}
