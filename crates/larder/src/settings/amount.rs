//! Amounts of memory and of disk.

use std::{fmt, str::FromStr};

use super::wrong::Wrong;

/// A number of bytes that prints as it may be written: `64 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) u64);

/// A share of a whole: 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent(pub(crate) u32);

/// How much of the disk stays free: a part of it, 0 to 99 percent, or so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MinFree(pub(crate) storage::MinFree);

impl Default for MinFree {
    fn default() -> Self {
        MinFree(storage::OpenOptions::default().min_free)
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

impl FromStr for Percent {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match percent(text) {
            Some(percent @ ..=100) => Ok(Percent(percent.into())),
            _ => Err(Wrong::new(format!("{text:?} is not a whole percentage from 0 % to 100 %"))
                .help("write a share, like 10 %")),
        }
    }
}

impl FromStr for MinFree {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match (percent(text), bytes(text)) {
            (Some(percent @ ..100), _) => Ok(MinFree(storage::MinFree::Percent(percent))),
            (_, Some(bytes)) => Ok(MinFree(storage::MinFree::Bytes(bytes))),
            _ => Err(Wrong::new(format!(
                "{text:?} is neither a percentage from 0 % to 99 % nor a number of bytes"
            ))
            .help("write a part of the disk, like 5 %, or an amount, like 10 GiB")),
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
        match self.0 {
            storage::MinFree::Percent(percent) => write!(f, "{percent} %"),
            storage::MinFree::Bytes(bytes) => Amount(bytes).fmt(f),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// The sign may be left out.
fn percent(text: &str) -> Option<u8> {
    let number = text.trim().strip_suffix('%').unwrap_or(text.trim()).trim_end();
    u8::try_from(whole(number)?).ok()
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
    fn a_share_ends_at_the_whole() {
        for (text, want) in [("0", 0), ("10 %", 10), ("100%", 100)] {
            assert_eq!(text.parse(), Ok(Percent(want)), "{text}");
        }
        for text in ["", "101 %", "-1", "0.1", "10 KiB"] {
            assert!(text.parse::<Percent>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_stays_free_is_a_part_or_an_amount() {
        let percent = storage::MinFree::Percent;
        for (text, want, printed) in [
            ("5 %", percent(5), "5 %"),
            ("5%", percent(5), "5 %"),
            ("5", percent(5), "5 %"),
            ("0%", percent(0), "0 %"),
            (" 99 % ", percent(99), "99 %"),
            ("10 GiB", storage::MinFree::Bytes(10 << 30), "10 GiB"),
        ] {
            assert_eq!(text.parse(), Ok(MinFree(want)), "{text}");
            assert_eq!(MinFree(want).to_string(), printed);
            assert_eq!(printed.parse(), Ok(MinFree(want)));
        }
        for text in ["", "%", "100 %", "-1 %", "1.5 %", "300 %", "five", "10 G"] {
            assert!(text.parse::<MinFree>().is_err(), "{text:?}");
        }
    }
}
