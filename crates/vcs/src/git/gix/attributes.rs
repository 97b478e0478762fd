//! What committed `.gitattributes` say of a file, as `git archive` reads them from the tree (gitattributes(5)).

use std::collections::HashMap;

use gix_attributes::{
    Search, StateRef,
    search::{MetadataCollection, Outcome},
};
use gix_glob::pattern::Case;

use super::convert::{Conversion, Ends};

/// The attribute files of one tree that lead to a file. Nothing else counts: no filter, no setting, no attribute file
/// of this machine.
pub(super) struct Attributes {
    /// By directory, with `/` at its end; `""` is the root.
    files: HashMap<Vec<u8>, Search>,
    built_in: Search,
    names: MetadataCollection,
    outcome: Outcome,
    /// Whether names have come since the outcome was made.
    stale: bool,
}

impl Attributes {
    pub(super) fn new() -> Self {
        let mut names = MetadataCollection::default();
        // Reads nothing from a list in memory that could fail.
        let built_in = Search::new_globals(Vec::<std::path::PathBuf>::new(), &mut Vec::new(), &mut names)
            .unwrap_or_default();
        Self { files: HashMap::new(), built_in, names, outcome: Outcome::default(), stale: true }
    }

    /// Whether the file of a directory has been read, or is known not to be there.
    pub(super) fn knows(&self, dir: &[u8]) -> bool {
        self.files.contains_key(dir)
    }

    /// Takes what the `.gitattributes` of a directory says; `None` if there is none.
    pub(super) fn add(&mut self, dir: &[u8], content: Option<&[u8]>) {
        let mut search = Search::default();
        if let Some(content) = content {
            // Macros are defined in the root alone.
            let _ = search.add_patterns_buffer(
                &as_git_reads(content),
                "attributes".into(),
                None,
                &mut self.names,
                dir.is_empty(),
            );
            self.stale = true;
        }
        self.files.insert(dir.to_vec(), search);
    }

    /// What becomes of the file at this path of the tree. The files of all its directories must be known.
    pub(super) fn conversion(&mut self, path: &[u8]) -> Conversion {
        if self.stale {
            self.outcome = Outcome::default();
            self.outcome.initialize_with_selection(&self.names, NAMES);
            self.stale = false;
        }
        self.outcome.reset();
        let ends =
            path.iter().enumerate().rev().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1).chain([0]);
        for at in ends {
            let (dir, below) = path.split_at_checked(at).unwrap_or((path, b""));
            if let Some(file) = self.files.get(dir) {
                file.pattern_matching_relative_path(
                    below.into(),
                    Case::Sensitive,
                    Some(false),
                    &mut self.outcome,
                );
            }
        }
        self.built_in.pattern_matching_relative_path(
            path.into(),
            Case::Sensitive,
            Some(false),
            &mut self.outcome,
        );
        let mut values = self.outcome.iter_selected().map(|found| State::of(found.assignment.state));
        let mut next = || values.next().unwrap_or(State::Unspecified);
        let (text, crlf, eol, ident, encoding) = (next(), next(), next(), next(), next());
        Conversion {
            ends: ends_of(&text, &crlf, &eol),
            ident: ident == State::Set,
            encoding: match encoding {
                State::Unspecified => None,
                State::Value(name) if name.is_empty() => None,
                State::Value(name) => Some(name),
                // git dies of it.
                State::Set => Some("true".to_owned()),
                State::Unset => Some("false".to_owned()),
            },
        }
    }
}

/// `convert_attrs` of git, with `core.autocrlf=input`.
fn ends_of(text: &State, crlf: &State, eol: &State) -> Ends {
    #[derive(Clone, Copy)]
    enum Text {
        Binary,
        Auto,
        Other,
    }
    let kind = |state: &State| match state {
        State::Unset => Some(Text::Binary),
        State::Value(value) if value == "auto" => Some(Text::Auto),
        State::Set => Some(Text::Other),
        State::Value(value) if value == "input" => Some(Text::Other),
        State::Value(_) | State::Unspecified => None,
    };
    let to_crlf = matches!(eol, State::Value(value) if value == "crlf");
    match (kind(text).or_else(|| kind(crlf)), to_crlf) {
        (Some(Text::Binary), _) | (_, false) => Ends::Keep,
        (Some(Text::Auto), true) => Ends::CrlfIfText,
        (Some(Text::Other) | None, true) => Ends::Crlf,
    }
}

/// What is said of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Unspecified,
    Set,
    Unset,
    Value(String),
}

impl State {
    fn of(state: StateRef<'_>) -> Self {
        match state {
            StateRef::Unspecified => State::Unspecified,
            StateRef::Set => State::Set,
            StateRef::Unset => State::Unset,
            StateRef::Value(value) => State::Value(String::from_utf8_lossy(value.as_bstr()).into_owned()),
        }
    }
}

/// An attribute file without what git does not read: all from a NUL on, lines that are too long, and a first line that
/// begins with a byte order mark, for no name does.
fn as_git_reads(content: &[u8]) -> Vec<u8> {
    let content = content.split(|b| *b == 0).next().unwrap_or_default();
    let marked = content.starts_with(b"\xef\xbb\xbf");
    let lines = content.split_inclusive(|b| *b == b'\n');
    // The number of lines counts for which of two in one file is the later one; only their order does.
    let lines = lines.skip(usize::from(marked)).filter(|line| line.len() <= LONGEST_LINE);
    lines.flatten().copied().collect()
}

const NAMES: [&str; 5] = ["text", "crlf", "eol", "ident", "working-tree-encoding"];
/// git's `ATTR_MAX_LINE_LENGTH`, which counts the LF in its stead of a NUL.
const LONGEST_LINE: usize = 2048;
/// Bytes of an attribute file; git ignores larger ones from 100 MiB on.
pub(super) const LARGEST: u64 = 100 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(root: &str, below: &str, path: &str) -> Ends {
        let mut attributes = Attributes::new();
        attributes.add(b"", Some(root.as_bytes()));
        attributes.add(b"d/", Some(below.as_bytes()));
        attributes.conversion(path.as_bytes()).ends
    }

    #[test]
    fn fine_point_16() {
        for (root, below, path, expected) in [
            ("* eol=crlf\n", "", "a", Ends::Crlf),
            ("* eol=crlf\n", "", "d/a", Ends::Crlf),
            ("* eol=crlf\n", "a eol=lf\n", "d/a", Ends::Keep),
            ("/a eol=crlf\n", "", "d/a", Ends::Keep),
            ("d/a eol=crlf\n", "", "d/a", Ends::Crlf),
            ("d/ eol=crlf\n", "", "d/a", Ends::Keep),
            ("!a eol=crlf\n", "", "b", Ends::Keep),
            ("* binary eol=crlf\n", "", "a", Ends::Keep),
            ("* -text eol=crlf\n", "", "a", Ends::Keep),
            ("* text=auto eol=crlf\n", "", "a", Ends::CrlfIfText),
            ("* text=auto\n", "", "a", Ends::Keep),
            ("* eol=CRLF\n", "", "a", Ends::Keep),
            ("* -crlf eol=crlf\n", "", "a", Ends::Keep),
            ("* crlf\r\n* eol=crlf\r\n", "", "a", Ends::Crlf),
            ("[attr]m text eol=crlf\na m\n", "", "d/a", Ends::Crlf),
            ("", "[attr]m text eol=crlf\na m\n", "d/a", Ends::Keep),
            ("\u{feff}* eol=crlf\n", "", "a", Ends::Keep),
            ("* eol=crlf\na !eol\n", "", "a", Ends::Keep),
        ] {
            assert_eq!(ends(root, below, path), expected, "{root:?} {below:?} {path}");
        }
        let long = format!("{} eol=crlf\n", "*".repeat(2039));
        assert_eq!(long.len(), 2049);
        assert_eq!(ends(&long, "", "a"), Ends::Keep);
    }
}
