//! Words in a setting.

/// Words between white space; quotes of either sort at a word's begin hold it (cmd/internal/quoted).
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = Some(first)
            .filter(|c| matches!(c, '"' | '\''))
            .and_then(|quote| rest.get(1..)?.split_once(quote));
        let (word, behind) = quoted.or_else(|| rest.split_once(char::is_whitespace)).unwrap_or((rest, ""));
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_as_go_does() {
        assert_eq!(words(" -a  '-tags=b c' \"-x\" d"), ["-a", "-tags=b c", "-x", "d"]);
    }
}
