//! From a module path to a repository (cmd/go `vcs/vcs.go`; PROTOCOL 3.1).

mod html;
mod known;
mod meta;
mod pages;

use std::fmt;

use gomod::ModulePath;

use self::meta::{Import, Imports};
pub use self::pages::{Page, Pages, WebPages};
use crate::{Cause, VcsError};

/// Where the code of a module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    prefix: String,
    vcs: Vcs,
    urls: Vec<String>,
    subdir: String,
}

/// What keeps the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vcs {
    /// Git.
    Git,
    /// Mercurial.
    Hg,
    /// Subversion.
    Svn,
    /// Fossil.
    Fossil,
    /// Bazaar.
    Bzr,
    /// No repository: a server that speaks the GOPROXY protocol.
    Mod,
}

impl Root {
    /// The import path that stands for the repository's root, as [`Place::new`](crate::Place::new) takes it.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What keeps the code.
    pub fn vcs(&self) -> Vcs {
        self.vcs
    }

    /// Where it is, at least one. Several where a path like `example.com/r.git` leaves the scheme open: the first that
    /// answers as a repository counts. They are not secret, but may hold what a page wrote: a user's name, a password.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The directory in the repository that the prefix stands for, or nothing.
    pub fn subdir(&self) -> &str {
        &self.subdir
    }

    /// Finds the repository of a module. Asks for at most two pages, and for none where the path says enough.
    ///
    /// `insecure`: whether ways on which nothing proves who answers may be tried for a path that leaves the scheme open;
    /// `GOINSECURE` of the go command.
    ///
    /// A page that cannot be had is a failure. One that says nothing usable is an absence, unless its status says that
    /// the server is not well, or wants to know who asks.
    pub fn find(path: &ModulePath, pages: &dyn Pages, insecure: bool) -> Result<Self, VcsError> {
        if let Some(root) = known::root(path.as_str(), insecure)? {
            return Ok(root);
        }
        announced(path.as_str(), pages)
            .map_err(|error| error.about(|why| format!("unrecognized import path \"{path}\": {why}")))
    }
}

/// What the pages of the path and of the prefix say.
fn announced(path: &str, pages: &dyn Pages) -> Result<Root, VcsError> {
    let page = pages.get(path)?;
    let import = tag_of(&page, path, path)?;
    if import.prefix != path {
        // Anybody may claim to be part of somebody else's code; only that one's own page can agree.
        let other = pages.get(&import.prefix)?;
        let same = tag_of(&other, &import.prefix, path);
        if let Err(failed @ VcsError::Failed { .. }) = same {
            return Err(failed);
        }
        if same.ok().as_ref() != Some(&import) {
            return Err(VcsError::absent(format!(
                "{} and {} disagree about go-import for {}",
                page.url,
                schemeless(&other.url),
                import.prefix
            )));
        }
    }
    import.into_root(&page.url)
}

/// The one tag on a page that is for this path. `of` is the path that the page belongs to.
fn tag_of(page: &Page, of: &str, path: &str) -> Result<Import, VcsError> {
    let imports = Imports::read(&page.body);
    if let Some(cut) = page.cut.as_ref().filter(|_| !imports.ended) {
        return Err(cut.clone());
    }
    if imports.list.is_empty()
        && let Some(why) = page.complaint()
    {
        return Err(why);
    }
    if imports.list.is_empty()
        && let Some(why) = &imports.unreadable
    {
        return Err(VcsError::absent(format!("parsing {of}: {why}")));
    }
    imports.matching(path).cloned().map_err(|none| match (page.complaint(), none) {
        (Some(failed @ VcsError::Failed { .. }), _) => failed,
        (_, none @ meta::NoImport::Mismatch(..)) => {
            VcsError::absent(format!("parse {}: no go-import meta tags ({none})", page.url))
        }
        (_, none) => VcsError::absent(format!("parse {}: {none}", schemeless(&page.url))),
    })
}

impl Page {
    /// What the status says against the page, if nothing usable is on it.
    fn complaint(&self) -> Option<VcsError> {
        let Page { url, status, reason, words, .. } = self;
        let cause = match status {
            200 => return None,
            ..300 | 404 | 410 => {
                let words = words.as_deref().map(|words| {
                    let space = if words.contains('\n') { "\n\t" } else { " " };
                    format!("\n\tserver response:{space}{}", words.replace('\n', "\n\t"))
                });
                let text = format!("reading {url}: {status} {reason}{}", words.unwrap_or_default());
                return Some(VcsError::absent(text));
            }
            401 | 403 | 407 => Cause::Auth,
            _ => Cause::Server,
        };
        Some(VcsError::failed(cause, format!("reading {url}"), format!("{status} {reason}")))
    }
}

impl Import {
    fn into_root(self, page: &str) -> Result<Root, VcsError> {
        let Import { prefix, vcs: system, repo, subdir } = self;
        let wrong = |what: &str| VcsError::absent(format!("{page}: {what}"));
        let lead = match subdir.as_bytes().first() {
            Some(b'/') => Some("leading slash"),
            Some(b'-') => Some("leading hyphen"),
            _ => None,
        };
        if let Some(why) = lead {
            return Err(wrong(&format!("invalid subdirectory {}: {why}", shown(&subdir))));
        }
        let invalid = |why: &str| wrong(&format!("invalid repo root {}: {why}", shown(&repo)));
        let scheme = scheme(&repo).ok_or_else(|| invalid("no scheme"))?;
        if scheme == "file" {
            return Err(invalid("file scheme disallowed"));
        }
        let vcs = Vcs::named(&system).ok_or_else(|| wrong(&format!("unknown vcs {}", shown(&system))))?;
        if !vcs.schemes().contains(&scheme.as_str()) {
            return Err(invalid(&format!("{vcs} is not reached by {scheme}")));
        }
        let host = repo.get(scheme.len()..).and_then(|rest| rest.strip_prefix("://")).unwrap_or_default();
        if host.is_empty() || host.starts_with(['/', '-']) || repo.chars().any(char::is_control) {
            return Err(invalid("no host"));
        }
        if repo.len() > MAX_URL || subdir.len() > MAX_URL {
            return Err(invalid("too long"));
        }
        Ok(Root { prefix, vcs, urls: vec![repo], subdir })
    }
}

impl Vcs {
    /// The word for it in go-import tags and in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Vcs::Git => "git",
            Vcs::Hg => "hg",
            Vcs::Svn => "svn",
            Vcs::Fossil => "fossil",
            Vcs::Bzr => "bzr",
            Vcs::Mod => "mod",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Vcs::Git, Vcs::Hg, Vcs::Svn, Vcs::Fossil, Vcs::Bzr, Vcs::Mod]
            .into_iter()
            .find(|vcs| vcs.as_str() == word)
    }

    /// What a page may send a tool to. Git has others, which run programs.
    fn schemes(self) -> &'static [&'static str] {
        match self {
            Vcs::Git => &["https", "http", "git", "ssh", "git+ssh", "ssh+git"],
            Vcs::Hg => &["https", "http", "ssh"],
            Vcs::Svn => &["https", "http", "svn", "svn+ssh"],
            Vcs::Bzr => &["https", "http", "bzr", "bzr+ssh"],
            Vcs::Fossil | Vcs::Mod => &["https", "http"],
        }
    }
}

impl fmt::Display for Vcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A URL's scheme, in lower case.
fn scheme(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once(':')?;
    let fine = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    fine.then(|| scheme.to_ascii_lowercase())
}

/// As the go command shows a page in some messages.
fn schemeless(url: &str) -> &str {
    url.find("//").and_then(|at| url.get(at..)).unwrap_or(url)
}

/// A piece of a page, as a message may repeat it.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(MAX_SHOWN).collect::<String>())
}

const MAX_URL: usize = 2000;
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::HashMap};

    use super::*;

    /// Pages by import path, and which were asked for.
    #[derive(Debug, Default)]
    struct Shelf {
        pages: HashMap<&'static str, Result<Page, VcsError>>,
        asked: RefCell<Vec<String>>,
    }

    impl Shelf {
        fn with(mut self, path: &'static str, status: u16, tags: &str) -> Self {
            let body = tags.split('|').filter(|tag| !tag.is_empty()).fold(String::new(), |page, tag| {
                format!("{page}<meta name=\"go-import\" content=\"{tag}\">")
            });
            self.pages.insert(path, Ok(page(path, status, &body)));
            self
        }

        fn find(&self, path: &str) -> Result<Root, VcsError> {
            Root::find(&ModulePath::new(path).unwrap(), self, false)
        }

        /// `prefix vcs url subdir`, or the error.
        fn told(&self, path: &str) -> String {
            match self.find(path) {
                Ok(root) => format!("{} {} {} {}", root.prefix, root.vcs, root.urls.join(","), root.subdir),
                Err(VcsError::Absent(text)) => format!("absent: {text}"),
                Err(VcsError::Failed { what, why, cause }) => format!("{cause}: {what}: {why}"),
            }
        }
    }

    impl Pages for Shelf {
        fn get(&self, import: &str) -> Result<Page, VcsError> {
            self.asked.borrow_mut().push(import.to_owned());
            self.pages.get(import).cloned().unwrap_or_else(|| {
                Err(VcsError::failed(Cause::Network, format!("GET {import}"), "connection refused"))
            })
        }
    }

    fn page(path: &str, status: u16, body: &str) -> Page {
        let reason = match status {
            404 => "Not Found",
            500 => "Internal Server Error",
            _ => "Other",
        };
        Page {
            url: format!("https://{path}?go-get=1"),
            status,
            reason: reason.to_owned(),
            body: body.as_bytes().to_vec(),
            words: None,
            cut: None,
        }
    }

    #[test]
    fn the_page_of_the_path_is_enough_where_it_is_the_root() {
        let shelf = Shelf::default().with("e.test/a", 200, "e.test/a git https://r.test/a.git/");
        assert_eq!(shelf.told("e.test/a"), "e.test/a git https://r.test/a.git/ ");
        assert_eq!(*shelf.asked.borrow(), ["e.test/a"]);
    }

    #[test]
    fn the_page_of_the_prefix_has_to_agree() {
        let tag = "e.test git https://r.test/a sub/dir";
        let shelf = Shelf::default().with("e.test/a/b", 200, tag).with("e.test", 200, tag);
        assert_eq!(shelf.told("e.test/a/b"), "e.test git https://r.test/a sub/dir");
        assert_eq!(*shelf.asked.borrow(), ["e.test/a/b", "e.test"]);
        let disagree = "absent: unrecognized import path \"e.test/a/b\": https://e.test/a/b?go-get=1 and \
                        //e.test?go-get=1 disagree about go-import for e.test";
        for other in [
            "e.test git https://r.test/a",
            "e.test git https://r.test/a sub",
            "e.test hg https://r.test/a sub/dir",
            "e.test git https://r.test/a sub/dir|e.test git https://r.test/a sub/dir",
            "e.test/c git https://r.test/a sub/dir",
            "",
        ] {
            let shelf = Shelf::default().with("e.test/a/b", 200, tag).with("e.test", 200, other);
            assert_eq!(shelf.told("e.test/a/b"), disagree, "{other}");
        }
    }

    #[test]
    fn a_prefix_that_cannot_be_asked_is_a_failure() {
        let tag = "e.test git https://r.test/a";
        let shelf = Shelf::default().with("e.test/a", 200, tag);
        assert_eq!(shelf.told("e.test/a"), "network: GET e.test: connection refused");
        let shelf = Shelf::default().with("e.test/a", 200, tag).with("e.test", 500, "");
        assert_eq!(
            shelf.told("e.test/a"),
            "server: reading https://e.test?go-get=1: 500 Internal Server Error"
        );
    }

    #[test]
    fn the_status_matters_only_where_nothing_usable_is_on_the_page() {
        let tag = "e.test/a git https://r.test/a";
        for status in [200, 203, 401, 404, 418, 500, 503] {
            assert!(Shelf::default().with("e.test/a", status, tag).find("e.test/a").is_ok(), "{status}");
        }
        for (status, wanted) in [
            (
                200,
                "absent: unrecognized import path \"e.test/a\": parse https://e.test/a?go-get=1: no go-import meta tags ()",
            ),
            (
                404,
                "absent: unrecognized import path \"e.test/a\": reading https://e.test/a?go-get=1: 404 Not Found",
            ),
            (
                410,
                "absent: unrecognized import path \"e.test/a\": reading https://e.test/a?go-get=1: 410 Other",
            ),
            (401, "auth: reading https://e.test/a?go-get=1: 401 Other"),
            (403, "auth: reading https://e.test/a?go-get=1: 403 Other"),
            (302, "server: reading https://e.test/a?go-get=1: 302 Other"),
            (429, "server: reading https://e.test/a?go-get=1: 429 Other"),
            (500, "server: reading https://e.test/a?go-get=1: 500 Internal Server Error"),
        ] {
            assert_eq!(Shelf::default().with("e.test/a", status, "").told("e.test/a"), wanted);
        }
        let other = "f.test git https://r.test/a";
        let shelf = Shelf::default().with("e.test/a", 404, other);
        assert_eq!(
            shelf.told("e.test/a"),
            "absent: unrecognized import path \"e.test/a\": parse https://e.test/a?go-get=1: no go-import meta tags (meta tag \
             f.test did not match import path e.test/a)"
        );
        let shelf = Shelf::default().with("e.test/a", 500, other);
        assert_eq!(
            shelf.told("e.test/a"),
            "server: reading https://e.test/a?go-get=1: 500 Internal Server Error"
        );
    }

    #[test]
    fn a_server_s_own_words_are_shown_as_go_shows_them() {
        let mut shelf = Shelf::default();
        for (words, wanted) in
            [("gone", "\n\tserver response: gone"), ("a\nb", "\n\tserver response:\n\ta\n\tb")]
        {
            let page = Page { words: Some(words.to_owned()), ..page("e.test/a", 404, words) };
            shelf.pages.insert("e.test/a", Ok(page));
            let told = shelf.told("e.test/a");
            assert!(told.ends_with(&format!("404 Not Found{wanted}")), "{told}");
        }
    }

    #[test]
    fn a_page_that_is_cut_counts_where_its_head_is_whole() {
        let tag = "<meta name=go-import content='e.test/a git https://r.test/a'>";
        let cut = VcsError::failed(Cause::Network, "GET", "the connection broke");
        let told = |body: &str| {
            let page = Page { cut: Some(cut.clone()), ..page("e.test/a", 200, body) };
            let mut shelf = Shelf::default();
            shelf.pages.insert("e.test/a", Ok(page));
            shelf.told("e.test/a")
        };
        assert_eq!(told(&format!("<head>{tag}</head><p")), "e.test/a git https://r.test/a ");
        assert_eq!(told(&format!("<head>{tag}")), "network: GET: the connection broke");
        assert_eq!(told("<head>"), "network: GET: the connection broke");
    }

    #[test]
    fn an_unreadable_page_is_told_as_go_tells_it() {
        let mut shelf = Shelf::default();
        shelf.pages.insert("e.test/a", Ok(page("e.test/a", 200, "<a b=\"<\">")));
        assert_eq!(
            shelf.told("e.test/a"),
            "absent: unrecognized import path \"e.test/a\": parsing e.test/a: XML syntax error on line 1: unescaped < inside \
             quoted string"
        );
    }

    #[test]
    fn what_a_tag_names_is_looked_at() {
        let shelf = |tag: &str| Shelf::default().with("e.test/a", 200, &format!("e.test/a {tag}"));
        for fine in [
            "git https://r.test/a",
            "git http://r.test/a",
            "git ssh://git@r.test/a",
            "git git+ssh://r.test/a",
            "git git://r.test/a",
            "git HTTPS://r.test:8443/a?x#y",
            "hg https://r.test/a",
            "svn svn+ssh://r.test/a",
            "fossil https://r.test/a",
            "mod https://proxy.example.com/base",
        ] {
            assert_eq!(shelf(fine).told("e.test/a"), format!("e.test/a {fine} "));
        }
        for (tag, wanted) in [
            ("git https://r.test/a /sub", "invalid subdirectory \"/sub\": leading slash"),
            ("git https://r.test/a -sub", "invalid subdirectory \"-sub\": leading hyphen"),
            ("git r.test/a", "invalid repo root \"r.test/a\": no scheme"),
            ("git -x://r.test/a", "invalid repo root \"-x://r.test/a\": no scheme"),
            ("git git@r.test:a", "invalid repo root \"git@r.test:a\": no scheme"),
            ("git file:///srv/a", "invalid repo root \"file:///srv/a\": file scheme disallowed"),
            ("git FILE:///srv/a", "invalid repo root \"FILE:///srv/a\": file scheme disallowed"),
            ("cvs https://r.test/a", "unknown vcs \"cvs\""),
            ("Git https://r.test/a", "unknown vcs \"Git\""),
            ("git ext::touch", "invalid repo root \"ext::touch\": git is not reached by ext"),
            ("mod ssh://r.test/a", "invalid repo root \"ssh://r.test/a\": mod is not reached by ssh"),
            ("git https:r.test", "invalid repo root \"https:r.test\": no host"),
            ("git https:///a", "invalid repo root \"https:///a\": no host"),
            ("git ssh://-oProxyCommand=x/a", "invalid repo root \"ssh://-oProxyCommand=x/a\": no host"),
        ] {
            let wanted =
                format!("absent: unrecognized import path \"e.test/a\": https://e.test/a?go-get=1: {wanted}");
            assert_eq!(shelf(tag).told("e.test/a"), wanted, "{tag}");
        }
    }

    #[test]
    fn a_mod_tag_beats_the_others() {
        let tags = "e.test/a git https://r.test/a|e.test/a mod https://proxy.example.com";
        assert_eq!(
            Shelf::default().with("e.test/a", 200, tags).told("e.test/a"),
            "e.test/a mod https://proxy.example.com "
        );
    }

    #[test]
    fn nothing_is_asked_where_the_path_says_enough() {
        let shelf = Shelf::default();
        assert_eq!(shelf.told("github.com/a/b/c"), "github.com/a/b git https://github.com/a/b ");
        assert_eq!(shelf.told("github.com/a"), "absent: invalid github.com import path \"github.com/a\"");
        assert_eq!(shelf.find("e.test/a.git").unwrap().urls().len(), 3);
        assert!(shelf.asked.borrow().is_empty());
        assert_eq!(shelf.told("e.test/a"), "network: GET e.test/a: connection refused");
    }
}
