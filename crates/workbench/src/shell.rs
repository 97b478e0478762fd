//! Words of a shell command.

use std::path::Path;

/// A path as a word of a shell command.
pub(crate) fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./!-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        assert_eq!(word(Path::new("/a/b@v1.0.0")), "/a/b@v1.0.0");
        assert_eq!(word(Path::new("/a b/$(x)'s")), r"'/a b/$(x)'\''s'");
    }
}
