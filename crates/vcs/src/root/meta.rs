//! The go-import tags of a page (cmd/go `vcs/discovery.go`; PROTOCOL 3.1 and 3.7a 17). Pages are hostile.

use std::{collections::HashSet, fmt};

use super::html::{Token, Tokens, Unreadable};

/// One go-import tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The import path that stands for the repository's root.
    pub(super) prefix: String,
    /// The version control system, as written.
    pub(super) vcs: String,
    /// Where the repository is, as written.
    pub(super) repo: String,
    /// The directory in it, or nothing.
    pub(super) subdir: String,
}

/// What a page says.
#[derive(Debug)]
pub(super) struct Imports {
    /// Those of the system `mod` first; where one stands, the others of its prefix are left out.
    pub(super) list: Vec<Import>,
    /// Whether nothing that could follow changes it: the end of the head was read.
    pub(super) ended: bool,
    /// What stopped the reading.
    pub(super) unreadable: Option<Unreadable>,
}

/// Why no tag is used, in the go command's words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoImport {
    /// The prefixes of all tags, of which none is one of the path.
    Mismatch(Vec<String>, String),
    Multiple(String),
}

impl Imports {
    /// Reads the tags up to the end of the head, the begin of the body, or what cannot be read.
    pub(super) fn read(page: &[u8]) -> Self {
        let mut tokens = Tokens::of(page);
        let (mut found, mut ended, mut unreadable) = (Vec::new(), false, None);
        loop {
            match tokens.next() {
                Ok(Some(Token::Start(name, attributes))) => {
                    if name.eq_ignore_ascii_case("body") {
                        ended = true;
                        break;
                    }
                    if name.eq_ignore_ascii_case("meta") {
                        found.extend(Import::of(&attributes));
                    }
                }
                Ok(Some(Token::End(name))) if name.eq_ignore_ascii_case("head") => {
                    ended = true;
                    break;
                }
                Ok(Some(Token::End(_) | Token::Other)) => {}
                Ok(None) => break,
                Err(why) => {
                    unreadable = Some(why);
                    break;
                }
            }
        }
        Imports { list: sorted(found), ended, unreadable }
    }

    /// The one tag that is for this path.
    pub(super) fn matching(&self, path: &str) -> Result<&Import, NoImport> {
        let mut matching = self.list.iter().filter(|import| is_prefix(&import.prefix, path));
        let Some(first) = matching.next() else {
            let prefixes = self.list.iter().map(|import| import.prefix.clone()).collect();
            return Err(NoImport::Mismatch(prefixes, path.to_owned()));
        };
        match matching.next() {
            // All others of the sort come later still.
            Some(second) if first.vcs != "mod" || second.vcs == "mod" => {
                Err(NoImport::Multiple(path.to_owned()))
            }
            _ => Ok(first),
        }
    }
}

impl Import {
    fn of(attributes: &[(&str, String)]) -> Option<Self> {
        let value = |name: &str| {
            let found = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        if value("name") != Some("go-import") {
            return None;
        }
        let mut fields = value("content")?.split_whitespace().map(str::to_owned);
        let (prefix, vcs, repo) = (fields.next()?, fields.next()?, fields.next()?);
        let subdir = fields.next().unwrap_or_default();
        fields.next().is_none().then_some(Import { prefix, vcs, repo, subdir })
    }
}

fn sorted(found: Vec<Import>) -> Vec<Import> {
    let (mods, mut others): (Vec<_>, Vec<_>) = found.into_iter().partition(|import| import.vcs == "mod");
    let have: HashSet<&str> = mods.iter().map(|import| import.prefix.as_str()).collect();
    others.retain(|import| !have.contains(import.prefix.as_str()));
    drop(have);
    mods.into_iter().chain(others).collect()
}

/// Whether a path is this prefix or lies below it.
fn is_prefix(prefix: &str, path: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/');
    path.strip_prefix(prefix).is_some_and(below)
}

impl fmt::Display for NoImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoImport::Mismatch(prefixes, path) => {
                let shown = prefixes.iter().filter(|prefix| prefix.len() <= MAX_SHOWN).take(MAX_MISMATCHES);
                for (i, prefix) in shown.enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}meta tag {} did not match import path {path}", prefix.escape_debug())?;
                }
                Ok(())
            }
            NoImport::Multiple(path) => write!(f, "multiple meta tags match import path {path:?}"),
        }
    }
}

/// What a message repeats of a page with very many or very long tags.
const MAX_MISMATCHES: usize = 8;
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    /// All tags of a page, the fields with spaces between them.
    fn read(page: &str) -> Vec<String> {
        let list = Imports::read(page.as_bytes()).list;
        list.into_iter()
            .map(|Import { prefix, vcs, repo, subdir }| {
                format!("{prefix} {vcs} {repo} {subdir}").trim_end().to_owned()
            })
            .collect()
    }

    const ONE: &str = "e.test/a git https://r.test/a";

    #[test]
    fn a_tag_is_found_however_it_is_written() {
        for page in [
            r#"<meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r"<META NAME='go-import' CONTENT='e.test/a git https://r.test/a'/>",
            r#"<meta content="e.test/a git https://r.test/a" name=go-import>"#,
            "<meta\n name =\t'go-import'\r\n content= \"  e.test/a\n\tgit   https://r.test/a \" >",
            r#"<x:meta og:name="go-import" y:content="e.test/a git https://r.test/a">"#,
            r#"<meta async name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<meta name="go&#45;import" content="e.test/&#x61; git https&#58;//r.test&#x2F;a">"#,
            r#"<meta name="go-import" content="e.test/a&#32;git&#x20;https://r.test/a">"#,
            "\u{feff}<!DOCTYPE html>\n<html><head><meta name=\"go-import\" content=\"e.test/a git https://r.test/a\"></head>",
            r#"<?xml version="1.0" encoding="UTF-8"?><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<?xml encoding='Ascii'?><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<?php echo "<>" ?><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<!-- <body> - > --><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<![CDATA[ </head> & < ]]><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<!DOCTYPE x [<!ENTITY a "<body>"> <!-- > --> ]><meta name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"a &nbsp; & b </p></br><meta name="go-import" content="e.test/a git https://r.test/a"> </x"#,
            r#"<meta name="go-import" content="e.test/a git https://r.test/a"> <a b="<">"#,
        ] {
            assert_eq!(read(page), [ONE], "{page}");
        }
    }

    #[test]
    fn a_tag_is_not_seen_where_go_does_not_look() {
        let tag = r#"<meta name="go-import" content="e.test/a git https://r.test/a">"#;
        for before in [
            "<head></head>",
            "</HEAD >",
            "<head/>",
            "<body>",
            "<BODY class=x>",
            "<body/>",
            "<!--",
            "<!-- -- -->",
            "<!- x>",
            "<![CDATA[",
            "<![cdata[ ]]>",
            "<!DOCTYPE x '",
            "<a b=\"<\">",
            "<a b=\"\u{1}\">",
            "&#0;",
            "a ]]> b",
            "\u{fffe}",
            "<1a>",
            "< a>",
            "<a:b:c>",
            "<a / >",
            "<a =b>",
            "</a b>",
            "<?xml version='1.1'?>",
            "<?xml encoding=\"iso-8859-1\"?>",
            "<? x?>",
        ] {
            assert_eq!(read(&format!("{before}{tag}")), [""; 0], "{before}");
            let both = read(&format!("{tag}{before}{tag}"));
            assert_eq!(both, [ONE], "what stands before counts: {before}");
        }
        let latin = [tag.as_bytes(), b"\xe4", tag.as_bytes()].concat();
        assert_eq!(Imports::read(&latin).list.len(), 1);
    }

    #[test]
    fn what_is_no_tag_of_this_sort_is_passed_over() {
        for tag in [
            r#"<meta name="go-source" content="e.test/a git https://r.test/a">"#,
            r#"<meta name="Go-Import" content="e.test/a git https://r.test/a">"#,
            r#"<meta name=" go-import" content="e.test/a git https://r.test/a">"#,
            r#"<meta property="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<link name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<meta name="x" name="go-import" content="e.test/a git https://r.test/a">"#,
            r#"<meta name="go-import" content="e.test/a git">"#,
            r#"<meta name="go-import" content="e.test/a git https://r.test/a sub more">"#,
            r#"<meta name="go-import" content="">"#,
            r#"<meta name="go-import">"#,
        ] {
            assert_eq!(read(tag), [""; 0], "{tag}");
        }
        assert_eq!(read(r#"<meta name="go-import" content="e git u sub">"#), ["e git u sub"]);
    }

    fn matching(tags: &[&str], path: &str) -> Result<String, String> {
        let mut page = String::new();
        for tag in tags {
            write!(page, "<meta name=go-import content=\"{tag}\">").unwrap();
        }
        let imports = Imports::read(page.as_bytes());
        imports.matching(path).map(|import| import.repo.clone()).map_err(|e| e.to_string())
    }

    #[test]
    fn exactly_one_tag_matches_and_mod_comes_first() {
        let path = "e.test/a/b";
        assert_eq!(matching(&["e.test/a git 1", "e.test/ab git 2", "f.test git 3"], path).unwrap(), "1");
        assert_eq!(matching(&["e.test/a/b git 1"], path).unwrap(), "1");
        assert_eq!(matching(&["e.test/ git 1"], path).unwrap(), "1");
        let multiple = r#"multiple meta tags match import path "e.test/a/b""#;
        for tags in [
            ["e.test/a git 1", "e.test/a git 1"],
            ["e.test/a git 1", "e.test/a/b hg 2"],
            ["e.test/a mod 1", "e.test mod 2"],
        ] {
            assert_eq!(matching(&tags, path).unwrap_err(), multiple, "{tags:?}");
        }
        for tags in [
            ["e.test/a mod 1", "e.test/a git 2"],
            ["e.test/a git 2", "e.test/a mod 1"],
            ["e.test git 2", "e.test/a mod 1"],
            ["e.test/a/b git 2", "e.test/a mod 1"],
        ] {
            assert_eq!(matching(&tags, path).unwrap(), "1", "{tags:?}");
        }
        assert_eq!(matching(&["e.test/a git 1", "f.test mod 2"], path).unwrap(), "1");
        assert_eq!(matching(&[], path).unwrap_err(), "");
        assert_eq!(
            matching(&["e.test/c git 1", "e.test/a/bc git 1"], path).unwrap_err(),
            "meta tag e.test/c did not match import path e.test/a/b, meta tag e.test/a/bc did not match import path e.test/a/b"
        );
    }

    #[test]
    fn what_stopped_the_reading_is_told_in_go_s_words() {
        let why = |page: &str| Imports::read(page.as_bytes()).unreadable.map(|e| e.to_string());
        assert_eq!(
            why("<html>\n\n<a b=\"<\">").unwrap(),
            "XML syntax error on line 3: unescaped < inside quoted string"
        );
        assert_eq!(why("<meta").unwrap(), "XML syntax error on line 1: unexpected EOF");
        assert_eq!(
            why("<!- x").unwrap(),
            "XML syntax error on line 1: invalid sequence <!- not part of <!--"
        );
        assert_eq!(
            why("<?xml encoding='latin1'?>").unwrap(),
            "xml: opening charset \"latin1\": can't decode XML document using charset \"latin1\""
        );
        assert_eq!(why("a\n\u{1}").unwrap(), "XML syntax error on line 2: illegal character code U+0001");
        assert_eq!(why("no page at all"), None);
        assert!(Imports::read(b"<head></head> <").ended && !Imports::read(b"<head>").ended);
    }

    #[test]
    fn a_page_full_of_tags_gives_a_short_message() {
        let page = "<meta name=go-import content='x git y'>".repeat(20_000);
        let imports = Imports::read(page.as_bytes());
        assert_eq!(imports.list.len(), 20_000);
        assert!(imports.matching("e.test/a").unwrap_err().to_string().len() < 1000);
    }

    proptest! {
        #[test]
        fn no_page_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            Imports::read(&bytes);
        }

        /// Of what makes a page, in any order.
        #[test]
        fn nor_one_of_the_right_pieces(pieces in prop::collection::vec(
            prop::sample::select(vec![
                "<", ">", "/", "!", "-", "--", "[CDATA[", "]]>", "?", "xml ", "encoding=", "'", "\"", "&", "#", "x",
                ";", "meta", " name=", "go-import", " content=", "a git b", "head", "body", "\n", "é", ":", "=", " ",
            ]),
            0..60,
        )) {
            let page = pieces.concat();
            let imports = Imports::read(page.as_bytes());
            // Nothing that is found is taken back by what follows.
            let longer = Imports::read(format!("{page} <a b=\"<\">").as_bytes());
            prop_assert!(!imports.ended || longer.list == imports.list);
        }
    }

    /// Each of these makes a careless reader go back again and again.
    #[test]
    fn a_long_page_takes_as_many_steps_as_it_has_bytes() {
        for piece in
            ["<", "<!--", "<!x<", "&", "&#", "&a", "<a b='", "<a b=", "]]", "<?xml x=", "<a ", "a=", "\r"]
        {
            let page = format!("<!x {}", piece.repeat((1 << 20) / piece.len()));
            Imports::read(page.as_bytes());
            Imports::read(&page.as_bytes()[4..]);
        }
    }
}
