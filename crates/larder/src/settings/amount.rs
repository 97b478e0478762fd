//! Amounts of memory and of disk.

use std::{fmt, str::FromStr};

use super::wrong::Wrong;

/// A number of bytes that prints as it may be written: `64 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) u64);

/// How much of the disk stays free, in percent of the file system's size: 0 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MinFree(pub(crate) u8);

impl Default for MinFree {
    fn default() -> Self {
        MinFree(5)
    }
}

impl FromStr for Amount {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        bytes(text).map(Amount).ok_or_else(|| {
            Wrong::new(format!("{text:?} is not a number of bytes"))
                .help("write a whole number and a unit, like 512 KiB, 64 MiB or 2 GiB; 0 needs none")
        })
    }
}

impl FromStr for MinFree {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let number = text.trim().strip_suffix('%').unwrap_or(text.trim()).trim_end();
        match whole(number).and_then(|percent| u8::try_from(percent).ok()) {
            Some(percent @ ..100) => Ok(MinFree(percent)),
            _ => Err(Wrong::new(format!("{text:?} is not a whole percentage from 0 % to 99 %"))
                .help("write a part of the disk, like 5 %")),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit): &&(&str, u64)| self.0 >= *unit && self.0.is_multiple_of(*unit);
        match units().filter(fits).max_by_key(|(_, unit)| *unit) {
            Some((name, unit)) => write!(f, "{} {name}", self.0 / unit),
            None => write!(f, "{} B", self.0),
        }
    }
}

impl fmt::Display for MinFree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(unit_at)?;
    let (number, unit) = (whole(number)?, unit.trim_start());
    if unit.is_empty() {
        return (number == 0).then_some(0);
    }
    number.checked_mul(units().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1)
}

fn units() -> impl Iterator<Item = &'static (&'static str, u64)> {
    BINARY.iter().chain(&DECIMAL)
}

fn whole(digits: &str) -> Option<u64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

const BINARY: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
const DECIMAL: [(&str, u64); 4] =
    [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit() {
        for (text, bytes, printed) in [
            ("0", 0, "0 B"),
            ("64 MiB", 64 << 20, "64 MiB"),
            ("64mib", 64 << 20, "64 MiB"),
            ("2GiB", 2 << 30, "2 GiB"),
            ("1536 KiB", 1536 << 10, "1536 KiB"),
            ("1 kB", 1000, "1 kB"),
            ("3 TB", 3_000_000_000_000, "3 TB"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!((amount.0, amount.to_string().as_str()), (bytes, printed), "{text}");
            assert_eq!(printed.parse(), Ok(amount));
        }
        for text in [
            "",
            "64",
            "MiB",
            "-1 MiB",
            "1.5 GiB",
            "1 M",
            "99999999999 TiB",
            "18446744073709551616 B",
            "1 MiB x",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_stays_free_is_a_part() {
        for (text, want) in [("5 %", 5), ("5%", 5), ("5", 5), ("0%", 0), (" 99 % ", 99)] {
            assert_eq!(text.parse(), Ok(MinFree(want)), "{text}");
            assert_eq!(MinFree(want).to_string().parse(), Ok(MinFree(want)));
        }
        for text in ["", "%", "100 %", "-1 %", "1.5 %", "300 %", "five", "10 GiB"] {
            assert!(text.parse::<MinFree>().is_err(), "{text:?}");
        }
    }
}
