//! Dates as text: the stamps of pseudo-versions and RFC 3339. Pure calculation, no clock.

/// `yyyymmddhhmmss` (UTC) as RFC 3339; `None` if it is no real date and time.
pub(crate) fn from_stamp(stamp: &str) -> Option<String> {
    let (date, clock) = stamp.split_at_checked(8)?;
    let (year, month_day) = date.split_at_checked(4)?;
    let (month, day) = month_day.split_at_checked(2)?;
    let (hour, minute_second) = clock.split_at_checked(2)?;
    let (minute, second) = minute_second.split_at_checked(2)?;
    utc(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// A time in RFC 3339, with or without a fraction of a second, with `Z` or an offset, as whole seconds in UTC
/// with `Z`. `None` if it is no real time, or if its year in UTC is not one of four digits. A leap second is
/// refused, as Go does.
pub(crate) fn utc(text: &str) -> Option<String> {
    let (date, rest) = text.split_once('T')?;
    let (year, month_day) = date.split_once('-')?;
    let (month, day) = month_day.split_once('-')?;
    let (year, month) = (digits(year, 4)?, within(digits(month, 2)?, 1, 12)?);
    let day = within(digits(day, 2)?, 1, days_of(year, month))?;

    let (clock, rest) = rest.split_at_checked(8)?;
    let (hour, minute_second) = clock.split_once(':')?;
    let (minute, second) = minute_second.split_once(':')?;
    let hour = within(digits(hour, 2)?, 0, 23)?;
    let minute = within(digits(minute, 2)?, 0, 59)?;
    let second = within(digits(second, 2)?, 0, 59)?;

    let minutes = (days_before(year, month) + day) * 1440 + hour * 60 + minute - offset(zone(rest)?)?;
    Some(format!("{}:{second:02}Z", date_and_minute(minutes)?))
}

/// Seconds since 1970 as RFC 3339 in UTC; `None` if the year is not one of four digits.
pub(crate) fn of_unix(seconds: i64) -> Option<String> {
    let minutes = (days_before(1970, 1) + 1) * 1440 + seconds.div_euclid(60);
    // Far from every year of four digits the search for the year would take long.
    within(minutes, 0, (days_before(10_000, 1) + 1) * 1440)?;
    Some(format!("{}:{:02}Z", date_and_minute(minutes)?, seconds.rem_euclid(60)))
}

/// What follows the fraction of a second.
fn zone(rest: &str) -> Option<&str> {
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (zone.len() < fraction.len()).then_some(zone)
}

/// Minutes east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = within(digits(hours, 2)?, 0, 23)? * 60 + within(digits(minutes, 2)?, 0, 59)?;
    match zone.as_bytes().first()? {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
}

/// `yyyy-mm-ddThh:mm` of a count of minutes that [`utc`] made; an offset moves it by less than two days.
fn date_and_minute(minutes: i64) -> Option<String> {
    let days = minutes.div_euclid(1440);
    let minute_of_day = minutes.rem_euclid(1440);
    // 400 years have 146,097 days; the estimate is never more than a year too low.
    let mut year = (days * 400 / 146_097).saturating_sub(1);
    while days > days_before(year + 1, 1) {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days > days_before(year, month + 1) {
        month += 1;
    }
    let year = within(year, 0, 9999)?;
    let day = days - days_before(year, month);
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}", minute_of_day / 60, minute_of_day % 60))
}

/// Days from the beginning of year 0 to the day before a month begins, in the Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let leaps = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400) + 1;
    year * 365 + leaps + (1..month).map(|m| days_of(year, m)).sum::<i64>()
}

fn days_of(year: i64, month: i64) -> i64 {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

fn digits(text: &str, length: usize) -> Option<i64> {
    let plain = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn within(number: i64, low: i64, high: i64) -> Option<i64> {
    (low..=high).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_whole_seconds_in_utc() {
        for (sent, expected) in [
            ("2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05Z")),
            ("2024-01-02T03:04:05.999999999Z", Some("2024-01-02T03:04:05Z")),
            ("2024-01-01T00:30:00+01:00", Some("2023-12-31T23:30:00Z")),
            ("2023-12-31T23:30:00-01:30", Some("2024-01-01T01:00:00Z")),
            ("2024-02-29T12:00:00+00:00", Some("2024-02-29T12:00:00Z")),
            ("2024-03-01T00:00:00+23:59", Some("2024-02-29T00:01:00Z")),
            ("1900-03-01T00:00:00+00:01", Some("1900-02-28T23:59:00Z")),
            ("2000-03-01T00:00:00+00:01", Some("2000-02-29T23:59:00Z")),
            ("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
            ("0000-01-01T00:00:00+00:01", None),
            ("9999-12-31T23:59:59-00:01", None),
            ("2023-02-29T00:00:00Z", None),
            ("1900-02-29T00:00:00Z", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-02T24:00:00Z", None),
            ("2024-01-02T23:59:60Z", None),
            ("2024-01-02T03:04:05", None),
            ("2024-01-02T03:04:05.Z", None),
            ("2024-01-02T03:04:05z", None),
            ("2024-01-02t03:04:05Z", None),
            ("2024-01-02T03:04:05+0100", None),
            ("2024-01-02T03:04:05é", None),
            ("+024-01-02T03:04:05Z", None),
            ("", None),
        ] {
            assert_eq!(utc(sent).as_deref(), expected, "{sent}");
        }
    }

    #[test]
    fn seconds_since_1970_become_times() {
        for (seconds, expected) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (-1, Some("1969-12-31T23:59:59Z")),
            (1_704_060_006, Some("2023-12-31T22:00:06Z")),
            (951_827_696, Some("2000-02-29T12:34:56Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
            (-62_167_219_200, Some("0000-01-01T00:00:00Z")),
            (-62_167_219_201, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            assert_eq!(of_unix(seconds).as_deref(), expected, "{seconds}");
        }
    }

    #[test]
    fn every_day_of_a_gregorian_cycle_survives() {
        let mut date = (1999_i64, 12_i64, 31_i64);
        let mut count = 0;
        while date.0 < 2400 {
            date.2 += 1;
            if date.2 > days_of(date.0, date.1) {
                date = (date.0, date.1 + 1, 1);
            }
            if date.1 > 12 {
                date = (date.0 + 1, 1, 1);
            }
            let text = format!("{:04}-{:02}-{:02}T00:00:00Z", date.0, date.1, date.2);
            assert_eq!(utc(&text).as_deref(), Some(text.as_str()));
            count += 1;
        }
        assert_eq!(count, 146_098);
    }
}
