//! Whether a Go file counts in any build at all, by its `//go:build` line.

/// Whether some choice of tags lets the file be built; `ignore` is the tag that nobody sets (cmd/go/internal/imports,
/// `ShouldBuild` with `AnyTags`). What cannot be read counts.
pub(crate) fn counts_anywhere(text: &str) -> bool {
    let mut old = true;
    for line in head(text) {
        if let Some(expression) = line.strip_prefix("//go:build ") {
            return evaluate(expression);
        }
        if let Some(options) =
            line.strip_prefix("//").and_then(|rest| rest.trim_start().strip_prefix("+build "))
        {
            old &= options.split_whitespace().any(|option| option.split(',').all(|term| term != "ignore"));
        }
    }
    old
}

/// The comments and empty lines before the package clause.
fn head(text: &str) -> impl Iterator<Item = &str> {
    let mut in_comment = false;
    text.trim_start_matches('\u{feff}').lines().map(str::trim).take_while(move |line| {
        let begins = line.starts_with("/*");
        let inside = in_comment || begins;
        in_comment = inside && !line.contains("*/");
        inside || line.is_empty() || line.starts_with("//")
    })
}

fn evaluate(expression: &str) -> bool {
    let mut words = Words { rest: expression };
    let value = words.any(true, DEEPEST);
    // A line that is none is left to the compiler.
    value.filter(|_| words.rest.trim().is_empty()).unwrap_or(true)
}

/// A line that is read from left to right.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `wanted` is what a tag that may be set or not is taken for.
    fn any(&mut self, wanted: bool, deep: u32) -> Option<bool> {
        let mut value = self.all(wanted, deep)?;
        while self.takes("||") {
            value |= self.all(wanted, deep)?;
        }
        Some(value)
    }

    fn all(&mut self, wanted: bool, deep: u32) -> Option<bool> {
        let mut value = self.term(wanted, deep)?;
        while self.takes("&&") {
            value &= self.term(wanted, deep)?;
        }
        Some(value)
    }

    fn term(&mut self, wanted: bool, deep: u32) -> Option<bool> {
        let deep = deep.checked_sub(1)?;
        if self.takes("!") {
            return self.term(!wanted, deep).map(|value| !value);
        }
        if self.takes("(") {
            let value = self.any(wanted, deep)?;
            return self.takes(")").then_some(value);
        }
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        let (tag, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        (!tag.is_empty()).then_some(wanted && tag != "ignore")
    }
}

/// Terms in terms; go has the same kind of limit.
const DEEPEST: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_tags_can_build_is_left_out() {
        for (text, counts) in [
            ("package x\n", true),
            ("//go:build ignore\n\npackage x\n", false),
            ("// Copyright\n/* more\n*/\n\n//go:build ignore\n\npackage x\n", false),
            ("//go:build !ignore\npackage x\n", true),
            ("//go:build linux && !linux\npackage x\n", true),
            ("//go:build ignore || tools\npackage x\n", true),
            ("//go:build (linux || darwin) && ignore\npackage x\n", false),
            ("//go:build ((\npackage x\n", true),
            ("// +build ignore\n\npackage x\n", false),
            ("// +build ignore tools\n\npackage x\n", true),
            ("// +build linux,ignore\n\npackage x\n", false),
            ("//go:build linux\n// +build ignore\n\npackage x\n", true),
            ("package x\n\n//go:build ignore\n", true),
        ] {
            assert_eq!(counts_anywhere(text), counts, "{text}");
        }
    }
}
