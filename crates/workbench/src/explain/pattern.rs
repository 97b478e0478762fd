//! How a message is recognised.

use crate::Diagnosis;

/// A message that `go`, or a program that it runs, prints.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What stands in it, in this order, whatever stands between.
    pub(super) parts: &'static [&'static str],
    /// What it means, the likeliest first.
    pub(super) means: &'static [&'static Diagnosis],
    /// Whether other programs print the same, so that it counts only where `go` speaks.
    pub(super) common: bool,
}

impl Pattern {
    /// Whether a text is such a message.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        self.parts.iter().all(|part| match rest.find(part) {
            Some(at) => {
                rest = rest.get(at + part.len()..).unwrap_or_default();
                true
            }
            None => false,
        })
    }
}

/// Which pairs of neighbouring bytes a text has, roughly: two pairs may share a place. A text without a pair of a pattern
/// is not such a message, which spares most lines of a log every search.
pub(super) struct Pairs([u64; PLACES / 64]);

const PLACES: usize = 4096;

impl Pairs {
    /// Those of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut pairs = Pairs([0; PLACES / 64]);
        for place in places(text) {
            if let Some(word) = pairs.0.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        pairs
    }

    /// Whether all of these places are taken.
    pub(super) fn have(&self, places: &[usize]) -> bool {
        places.iter().all(|place| self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1))
    }
}

/// The places of the pairs of a text.
fn places(text: &str) -> impl Iterator<Item = usize> {
    text.as_bytes().windows(2).map(|pair| {
        let [a, b] = pair else { return 0 };
        (usize::from(*a) * 37 + usize::from(*b)) % PLACES
    })
}

impl Pattern {
    /// The places of all pairs that it needs.
    pub(super) fn places(&self) -> Vec<usize> {
        self.parts.iter().flat_map(|part| places(part)).collect()
    }
}

/// A message that only `go` prints.
pub(super) const fn own(parts: &'static [&'static str], means: &'static [&'static Diagnosis]) -> Pattern {
    Pattern { parts, means, common: false }
}

/// A message that others print too.
pub(super) const fn common(parts: &'static [&'static str], means: &'static [&'static Diagnosis]) -> Pattern {
    Pattern { parts, means, common: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_holds_it_has_the_pairs_of() {
        let pattern = own(&["verifying ", "checksum mismatch"], &[]);
        assert!(Pairs::of("verifying a@v1.0.0: checksum mismatch").have(&pattern.places()));
        assert!(!Pairs::of("=== RUN   TestSomething").have(&pattern.places()));
        assert!(Pairs::of("").have(&[]));
    }

    #[test]
    fn parts_come_in_order() {
        let pattern = own(&["verifying ", "checksum mismatch"], &[]);
        assert!(pattern.matches("verifying a@v1.0.0: checksum mismatch"));
        assert!(!pattern.matches("checksum mismatch while verifying a@v1.0.0"));
        assert!(!pattern.matches("verifying"));
    }
}
