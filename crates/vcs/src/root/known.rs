//! Paths that say by themselves where their code is (cmd/go `vcs/vcs.go`; PROTOCOL 3.1).

use super::{Root, Vcs};
use crate::VcsError;

/// A host whose paths have a known form.
struct Site {
    /// The path of all that is on it.
    prefix: &'static str,
    vcs: Vcs,
    /// What each element of a root behind the prefix must be.
    elements: &'static [Element],
    /// Whether packages may lie below a root.
    below: bool,
    /// Whether a root must not be named like `x.git`.
    plain: bool,
}

/// What an element of a path must be.
enum Element {
    /// This word.
    Is(&'static str),
    /// Letters, digits, `_`, `.` and `-`.
    Word,
    /// Letters and digits.
    Alphanumeric,
    /// Lower-case letters and digits.
    Lower,
    /// The same with `_`, `.` and `-`, and `.git` at its end.
    LowerGit,
}

const SITES: &[Site] = &[
    Site {
        prefix: "github.com",
        vcs: Vcs::Git,
        elements: &[Element::Word, Element::Word],
        below: true,
        plain: true,
    },
    Site {
        prefix: "bitbucket.org",
        vcs: Vcs::Git,
        elements: &[Element::Word, Element::Word],
        below: true,
        plain: true,
    },
    Site {
        prefix: "hub.jazz.net/git",
        vcs: Vcs::Git,
        elements: &[Element::Lower, Element::Word],
        below: true,
        plain: true,
    },
    Site {
        prefix: "git.apache.org",
        vcs: Vcs::Git,
        elements: &[Element::LowerGit],
        below: true,
        plain: false,
    },
    Site {
        prefix: "git.openstack.org",
        vcs: Vcs::Git,
        elements: &[Element::Word, Element::Word],
        below: true,
        plain: false,
    },
    Site {
        prefix: "chiselapp.com",
        vcs: Vcs::Fossil,
        elements: &[Element::Is("user"), Element::Alphanumeric, Element::Is("repository"), Element::Word],
        below: false,
        plain: false,
    },
];

/// The repository of a path, if the path itself tells it. `insecure`: whether ways on which nothing proves who
/// answers may be tried as well.
pub(super) fn root(path: &str, insecure: bool) -> Result<Option<Root>, VcsError> {
    for site in SITES {
        if let Some(rest) = below(path, site.prefix) {
            return site.root(path, rest).map(Some);
        }
    }
    Ok(suffixed(path, insecure))
}

impl Site {
    fn root(&self, path: &str, rest: &str) -> Result<Root, VcsError> {
        let invalid = || VcsError::absent(format!("invalid {} import path \"{path}\"", self.prefix));
        let mut elements = rest.split('/').skip(1);
        let mut root = self.prefix.to_owned();
        for wanted in self.elements {
            let element = elements.next().filter(|element| wanted.admits(element)).ok_or_else(invalid)?;
            root.push('/');
            root.push_str(element);
        }
        if !elements.all(|element| self.below && is_word(element)) {
            return Err(invalid());
        }
        let suffix = ["git", "hg", "svn", "fossil", "bzr"].iter().find(|vcs| has_suffix(&root, vcs));
        if self.plain && suffix.is_some() {
            return Err(VcsError::absent(format!("invalid version control suffix in {}/ path", self.prefix)));
        }
        Ok(Root { vcs: self.vcs, urls: vec![format!("https://{root}")], prefix: root, subdir: String::new() })
    }
}

impl Element {
    fn admits(&self, element: &str) -> bool {
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        match self {
            Element::Is(word) => element == *word,
            Element::Word => is_word(element),
            Element::Alphanumeric => {
                !element.is_empty() && element.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            Element::Lower => !element.is_empty() && element.bytes().all(lower),
            Element::LowerGit => element.strip_suffix(".git").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|b| lower(b) || matches!(b, b'_' | b'.' | b'-'))
            }),
        }
    }
}

/// A path with an element that ends in a system's name: the first such element ends the root. The repository's address
/// is without it, and its scheme has to be found out.
fn suffixed(path: &str, insecure: bool) -> Option<Root> {
    let (host, rest) = path.split_once('/')?;
    let host_is_fine = host.contains('.')
        && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let word = |element: &str| is_word(element.strip_prefix('~').unwrap_or(element));
    if !host_is_fine || !rest.split('/').all(word) {
        return None;
    }
    let mut end = host.len();
    for element in rest.split('/') {
        end += 1 + element.len();
        let named = [Vcs::Git, Vcs::Hg, Vcs::Svn, Vcs::Fossil, Vcs::Bzr].into_iter().find_map(|vcs| {
            let name = element.strip_suffix(vcs.as_str())?.strip_suffix('.')?;
            is_word(name.strip_prefix('~').unwrap_or(name)).then_some(vcs)
        });
        if let Some(vcs) = named {
            let prefix = path.get(..end)?;
            let address = prefix.strip_suffix(vcs.as_str())?.strip_suffix('.')?;
            let urls = schemes(vcs, insecure).iter().map(|scheme| format!("{scheme}://{address}")).collect();
            return Some(Root { prefix: prefix.to_owned(), vcs, urls, subdir: String::new() });
        }
    }
    None
}

/// In the order in which go tries them.
fn schemes(vcs: Vcs, insecure: bool) -> &'static [&'static str] {
    match (vcs, insecure) {
        (Vcs::Git, false) => &["https", "git+ssh", "ssh"],
        (Vcs::Git, true) => &["git", "https", "http", "git+ssh", "ssh"],
        (Vcs::Hg, false) => &["https", "ssh"],
        (Vcs::Hg, true) => &["https", "http", "ssh"],
        (Vcs::Svn, false) => &["https", "svn+ssh"],
        (Vcs::Svn, true) => &["https", "http", "svn", "svn+ssh"],
        (Vcs::Bzr, false) => &["https", "bzr+ssh"],
        (Vcs::Bzr, true) => &["https", "http", "bzr", "bzr+ssh"],
        (Vcs::Fossil | Vcs::Mod, _) => &["https"],
    }
}

/// What stands behind a prefix: nothing, or a slash and more.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn has_suffix(root: &str, vcs: &str) -> bool {
    root.strip_suffix(vcs).is_some_and(|name| name.ends_with('.'))
}

/// `[\w.-]+`
fn is_word(element: &str) -> bool {
    !element.is_empty()
        && element.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `root vcs urls`, or the error; nothing where a page has to be asked.
    fn told(path: &str, insecure: bool) -> String {
        match root(path, insecure) {
            Ok(None) => String::new(),
            Ok(Some(root)) => format!("{} {} {}", root.prefix, root.vcs, root.urls.join(" ")),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn known_hosts_need_no_page() {
        for (path, wanted) in [
            ("github.com/a/b", "github.com/a/b git https://github.com/a/b"),
            ("github.com/A/b.c_d/sub/v2", "github.com/A/b.c_d git https://github.com/A/b.c_d"),
            ("github.com", "! invalid github.com import path \"github.com\""),
            ("github.com/a", "! invalid github.com import path \"github.com/a\""),
            ("github.com/a/~b", "! invalid github.com import path \"github.com/a/~b\""),
            ("github.com/a/b/~c", "! invalid github.com import path \"github.com/a/b/~c\""),
            ("github.com/a/b.git", "! invalid version control suffix in github.com/ path"),
            ("github.com/a/b.svn/c", "! invalid version control suffix in github.com/ path"),
            ("github.com/a/bgit", "github.com/a/bgit git https://github.com/a/bgit"),
            ("github.company/a/b", ""),
            ("bitbucket.org/a/b/c", "bitbucket.org/a/b git https://bitbucket.org/a/b"),
            ("bitbucket.org/a/b.hg", "! invalid version control suffix in bitbucket.org/ path"),
            (
                "hub.jazz.net/git/user1/pkg/x",
                "hub.jazz.net/git/user1/pkg git https://hub.jazz.net/git/user1/pkg",
            ),
            (
                "hub.jazz.net/git/User/pkg",
                "! invalid hub.jazz.net/git import path \"hub.jazz.net/git/User/pkg\"",
            ),
            ("hub.jazz.net/other", ""),
            ("git.apache.org/a_b.git/c", "git.apache.org/a_b.git git https://git.apache.org/a_b.git"),
            ("git.apache.org/a_b/c.git", "! invalid git.apache.org import path \"git.apache.org/a_b/c.git\""),
            (
                "git.openstack.org/a/b.git/c",
                "git.openstack.org/a/b.git git https://git.openstack.org/a/b.git",
            ),
            ("git.openstack.org/a", "! invalid git.openstack.org import path \"git.openstack.org/a\""),
            (
                "chiselapp.com/user/k/repository/r",
                "chiselapp.com/user/k/repository/r fossil https://chiselapp.com/user/k/repository/r",
            ),
            (
                "chiselapp.com/user/k/repository/r/sub",
                "! invalid chiselapp.com import path \"chiselapp.com/user/k/repository/r/sub\"",
            ),
            ("gopkg.in/yaml.v3", ""),
            ("e.test/a/b", ""),
            ("e.test", ""),
        ] {
            assert_eq!(told(path, false), wanted, "{path}");
        }
    }

    #[test]
    fn a_suffix_names_the_system_and_ends_the_root() {
        for (path, wanted) in [
            (
                "e.test/foo.git/bar",
                "e.test/foo.git git https://e.test/foo git+ssh://e.test/foo ssh://e.test/foo",
            ),
            ("e.test/a/foo.hg", "e.test/a/foo.hg hg https://e.test/a/foo ssh://e.test/a/foo"),
            ("e.test/~u/foo.svn/x", "e.test/~u/foo.svn svn https://e.test/~u/foo svn+ssh://e.test/~u/foo"),
            ("e.test/~foo.fossil", "e.test/~foo.fossil fossil https://e.test/~foo"),
            ("e.test/a.git/b.git", "e.test/a.git git https://e.test/a git+ssh://e.test/a ssh://e.test/a"),
            (
                "e.test/a.git.git",
                "e.test/a.git.git git https://e.test/a.git git+ssh://e.test/a.git ssh://e.test/a.git",
            ),
            ("e.test/a.gitx/b", ""),
            ("e.test/git/b", ""),
            ("e.test/a.git/b~c", ""),
            ("e.test/a~b/c.git", ""),
            ("e.git/b", ""),
            ("e.test/a.bzr", "e.test/a.bzr bzr https://e.test/a bzr+ssh://e.test/a"),
        ] {
            assert_eq!(told(path, false), wanted, "{path}");
        }
        assert_eq!(
            told("e.test/foo.git", true),
            "e.test/foo.git git git://e.test/foo https://e.test/foo http://e.test/foo git+ssh://e.test/foo ssh://e.test/foo"
        );
    }
}
