//! What the texts of settings mean.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// What git takes for true or false; `None` is a name without a value.
pub(super) fn is_true(value: Option<&str>) -> Option<bool> {
    let Some(text) = value else { return Some(true) };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "" | "false" | "no" | "off" => Some(false),
        number => {
            let digits = number.strip_suffix(['k', 'm', 'g']).unwrap_or(number);
            digits.parse::<i64>().ok().map(|number| number != 0)
        }
    }
}

/// A path, whose `~` is the home directory. `None`: there is no such path here.
pub(super) fn path(text: &str, home: Option<&OsStr>) -> Option<PathBuf> {
    match text.strip_prefix('~') {
        None if text.starts_with("%(prefix)/") => None,
        None => Some(PathBuf::from(text)),
        Some("") => home.map(PathBuf::from),
        Some(rest) => Some(Path::new(home?).join(rest.strip_prefix('/')?.trim_start_matches('/'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_and_false_have_many_words() {
        for (text, meant) in [
            (None, Some(true)),
            (Some(""), Some(false)),
            (Some("Yes"), Some(true)),
            (Some("off"), Some(false)),
            (Some("0"), Some(false)),
            (Some("1k"), Some(true)),
            (Some("-1"), Some(true)),
            (Some("maybe"), None),
        ] {
            assert_eq!(is_true(text), meant, "{text:?}");
        }
    }

    #[test]
    fn a_tilde_is_the_home() {
        let home = Some(OsStr::new("/h"));
        assert_eq!(path("~/a", home), Some("/h/a".into()));
        assert_eq!(path("a/~", home), Some("a/~".into()));
        assert_eq!(path("~other/a", home), None);
        assert_eq!(path("~/a", None), None);
    }
}
