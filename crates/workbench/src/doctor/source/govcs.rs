//! Which programs may read which repositories.

use gomod::Patterns;

/// The rules of GOVCS, with those that go adds behind them (cmd/go/internal/vcs).
pub(super) struct GoVcs(Vec<(String, Vec<String>)>);

impl GoVcs {
    /// `None` where go refuses the text itself.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rules = Vec::new();
        for item in text.trim().split(',').filter(|_| !text.trim().is_empty()) {
            let (pattern, list) = item.split_once(':')?;
            let names: Vec<String> = list.split('|').map(|name| name.trim().to_owned()).collect();
            if pattern.trim().is_empty() || names.iter().any(String::is_empty) {
                return None;
            }
            rules.push((pattern.trim().to_owned(), names));
        }
        for (pattern, names) in [("private", &["all"][..]), ("public", &["git", "hg"])] {
            rules.push((pattern.to_owned(), names.iter().map(|&name| name.to_owned()).collect()));
        }
        Some(GoVcs(rules))
    }

    /// Whether a program may be used for a repository.
    pub(super) fn allows(&self, root: &str, private: bool, vcs: &str) -> bool {
        let is_about = |pattern: &str| match pattern {
            "private" => private,
            "public" => !private,
            pattern => Patterns::new(pattern).matches(root),
        };
        // What speaks the proxies' protocol is no program.
        vcs == "mod"
            || self
                .0
                .iter()
                .find(|(pattern, _)| is_about(pattern))
                .is_some_and(|(_, names)| names.iter().any(|name| name == vcs || name == "all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_is_about_a_repository_decides() {
        for (text, root, private, vcs, allowed) in [
            ("", "example.com/r", false, "git", true),
            ("", "example.com/r", false, "svn", false),
            ("", "example.com/r", true, "svn", true),
            ("example.com:off,public:all", "example.com/r", false, "git", false),
            ("example.com:off,public:all", "example.org/r", false, "fossil", true),
            ("*:hg", "example.org/r", true, "git", false),
            ("private:git|hg", "example.org/r", true, "hg", true),
            ("private:off", "example.org/r", true, "mod", true),
        ] {
            let rules = GoVcs::parse(text).unwrap();
            assert_eq!(rules.allows(root, private, vcs), allowed, "{text} {root} {vcs}");
        }
        assert!(GoVcs::parse("example.com").is_none() && GoVcs::parse("a:git|").is_none());
    }
}
