//! Dates as text: the stamps of pseudo-versions and RFC 3339. Pure checks, no clock.

/// `yyyymmddhhmmss` (UTC) as RFC 3339; `None` if it is no real date and time.
pub(crate) fn from_stamp(stamp: &str) -> Option<String> {
    if stamp.len() != 14 {
        return None;
    }
    let part = |from: usize, to: usize| stamp.get(from..to);
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    is_rfc3339(&text).then_some(text)
}

/// Whether `text` is a time as Go's JSON decoder takes it: RFC 3339, with or without a fraction of a second,
/// with `Z` or an offset. A leap second is refused, as Go does.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    check(text).is_some()
}

fn check(text: &str) -> Option<()> {
    let (date, rest) = text.split_once('T')?;
    let (year, rest_of_date) = date.split_once('-')?;
    let (month, day) = rest_of_date.split_once('-')?;
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    within(month, 1, 12)?;
    within(day, 1, days_of(year, month))?;

    let clock = rest.get(..8)?;
    let zone = rest.get(8..)?;
    let (hour, minute_second) = clock.split_once(':')?;
    let (minute, second) = minute_second.split_once(':')?;
    within(digits(hour, 2)?, 0, 23)?;
    within(digits(minute, 2)?, 0, 59)?;
    within(digits(second, 2)?, 0, 59)?;

    let zone = match zone.strip_prefix('.') {
        None => zone,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return None;
            }
            zone
        }
    };
    if zone == "Z" {
        return Some(());
    }
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    within(digits(hours, 2)?, 0, 23)?;
    within(digits(minutes, 2)?, 0, 59)
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn within(number: u32, low: u32, high: u32) -> Option<()> {
    (low..=high).contains(&number).then_some(())
}

fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}
