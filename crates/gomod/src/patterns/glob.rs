//! Go's `path.Match`: `*` is any text without a slash, `?` any character but a slash, `[a-z]` and `[^a-z]` are
//! classes, `\` takes the meaning from the next character.

/// Whether the whole of `text` matches. A malformed pattern matches nothing.
///
/// As in Go, each piece between stars is placed as far left as possible and never moved again; so the time is
/// at most the product of both lengths.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern;
    let mut text = text;
    // Where to go on after a mismatch: behind the last star, one character further in the text.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            retry = Some((rest, text));
            pattern = rest;
            continue;
        }
        match (step(pattern), text.chars().next()) {
            (Err(Malformed), _) => return false,
            (Ok(None), None) => return true,
            (Ok(Some((one, rest))), Some(c)) if one.matches(c) => {
                pattern = rest;
                text = tail(text, c);
            }
            _ => {
                let Some((behind, from)) = retry else { return false };
                let Some(c) = from.chars().next().filter(|c| *c != '/') else { return false };
                pattern = behind;
                text = tail(from, c);
                retry = Some((behind, text));
            }
        }
    }
}

/// Whether the pattern can be read to its end.
pub(super) fn is_well_formed(pattern: &str) -> bool {
    let mut pattern = pattern;
    loop {
        pattern = pattern.trim_start_matches('*');
        match step(pattern) {
            Ok(Some((_, rest))) => pattern = rest,
            Ok(None) => return true,
            Err(Malformed) => return false,
        }
    }
}

/// What stands for one character of the text.
enum One<'a> {
    Any,
    Exactly(char),
    Class { negated: bool, ranges: &'a str },
}

struct Malformed;

impl One<'_> {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Any => c != '/',
            Self::Exactly(exactly) => c == *exactly,
            Self::Class { negated, ranges } => {
                let mut rest = *ranges;
                let mut inside = false;
                while let Ok((low, high, next)) = range(rest) {
                    inside |= (low..=high).contains(&c);
                    rest = next;
                }
                inside != *negated
            }
        }
    }
}

/// Reads what stands for the next character; `None` at the end of the pattern.
fn step(pattern: &str) -> Result<Option<(One<'_>, &str)>, Malformed> {
    let Some(first) = pattern.chars().next() else { return Ok(None) };
    let rest = tail(pattern, first);
    match first {
        '?' => Ok(Some((One::Any, rest))),
        '\\' => {
            let escaped = rest.chars().next().ok_or(Malformed)?;
            Ok(Some((One::Exactly(escaped), tail(rest, escaped))))
        }
        '[' => {
            let (negated, ranges) = match rest.strip_prefix('^') {
                Some(ranges) => (true, ranges),
                None => (false, rest),
            };
            // At least one range stands before the closing bracket.
            let (_, _, mut rest) = range(ranges)?;
            while !rest.starts_with(']') {
                (_, _, rest) = range(rest)?;
            }
            let (ranges, rest) = ranges.split_at(ranges.len() - rest.len());
            Ok(Some((One::Class { negated, ranges }, tail(rest, ']'))))
        }
        exactly => Ok(Some((One::Exactly(exactly), rest))),
    }
}

/// Reads `a` or `a-z` inside a class.
fn range(text: &str) -> Result<(char, char, &str), Malformed> {
    let (low, rest) = bound(text)?;
    match rest.strip_prefix('-') {
        None => Ok((low, low, rest)),
        Some(rest) => {
            let (high, rest) = bound(rest)?;
            Ok((low, high, rest))
        }
    }
}

fn bound(text: &str) -> Result<(char, &str), Malformed> {
    let text = match text.strip_prefix('\\') {
        Some(escaped) => escaped,
        None if text.starts_with(['-', ']']) => return Err(Malformed),
        None => text,
    };
    let c = text.chars().next().ok_or(Malformed)?;
    Ok((c, tail(text, c)))
}

/// What follows the first character of `text`, which is `first`.
fn tail(text: &str, first: char) -> &str {
    text.get(first.len_utf8()..).unwrap_or_default()
}
