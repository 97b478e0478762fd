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
    fn parts_come_in_order() {
        let pattern = own(&["verifying ", "checksum mismatch"], &[]);
        assert!(pattern.matches("verifying a@v1.0.0: checksum mismatch"));
        assert!(!pattern.matches("checksum mismatch while verifying a@v1.0.0"));
        assert!(!pattern.matches("verifying"));
    }
}
