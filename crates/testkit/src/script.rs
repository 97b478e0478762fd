//! Which answer comes next: sequences per path.

use std::collections::VecDeque;

use crate::reply::Reply;

#[derive(Debug, Default)]
pub(crate) struct Script {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    pattern: String,
    once: VecDeque<Reply>,
    always: Option<Reply>,
}

impl Script {
    pub(crate) fn then(&mut self, pattern: &str, replies: impl IntoIterator<Item = Reply>) {
        let once = replies.into_iter().collect();
        self.lines.push(Line { pattern: pattern.to_owned(), once, always: None });
    }

    /// The newest standing order comes first.
    pub(crate) fn always(&mut self, pattern: &str, reply: Reply) {
        let line = Line { pattern: pattern.to_owned(), once: VecDeque::new(), always: Some(reply) };
        self.lines.insert(0, line);
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }

    /// The next reply for a path: sequences first, in the order they were written, then standing orders.
    pub(crate) fn next(&mut self, path: &str) -> Option<Reply> {
        let mut lines = self.lines.iter_mut().filter(|line| matches(&line.pattern, path));
        let in_turn = lines.find_map(|line| line.once.pop_front());
        in_turn.or_else(|| {
            let mut lines = self.lines.iter().filter(|line| matches(&line.pattern, path));
            lines.find_map(|line| line.always.clone())
        })
    }
}

/// Whether a path has the form of a pattern, in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("a/@v/list", "a/@v/list"));
        assert!(!matches("a/@v/list", "a/@v/list2"));
        assert!(matches("*.zip", "a/@v/v1.zip"));
        assert!(matches("a/*/v1.*", "a/@v/v1.zip"));
        assert!(!matches("a/*/v1.*", "b/@v/v1.zip"));
        assert!(matches("*", ""));
    }
}
