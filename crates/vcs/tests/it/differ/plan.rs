//! Random repositories, as plans that shrink: what is committed where, what points at it, and what is asked.

mod words;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

use self::words::{
    ATTRIBUTES, BRANCHES, DIRECTORIES, FILES, GO_MOD_LINES, LICENCES, LINKS, MODULE_LINES, NO_VERSIONS, ODD,
    ODD_MODULE_LINES, TAG_DIRECTORIES, TEXTS, VERSIONS, WORDS,
};

/// A repository and questions about it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) commits: Vec<Commit>,
    pub(crate) branches: Vec<(&'static str, Index)>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) head: Head,
    pub(crate) questions: Vec<Question>,
}

#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// Among the commits before it; the first has none.
    pub(crate) parent: Index,
    /// A second one.
    pub(crate) merged: Option<Index>,
    /// Whether it begins a history of its own.
    pub(crate) orphan: bool,
    /// Seconds behind the one before it; clocks may go backwards.
    pub(crate) later: i32,
    pub(crate) zone: &'static str,
    pub(crate) changes: Vec<Change>,
}

#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    File(Vec<u8>),
    Program(Vec<u8>),
    Link(&'static str),
    Submodule,
    EmptyDirectory,
    Gone,
}

#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) at: Index,
    pub(crate) kind: TagKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagKind {
    Light,
    Annotated,
    /// Points at a file.
    File,
}

#[derive(Clone, Debug)]
pub(crate) enum Head {
    Branch(Index),
    Detached(Index),
    /// Names a branch that is not there.
    Dangling,
}

/// Which module of the repository, and what of it.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) module: Index,
    pub(crate) ask: Ask,
}

#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Latest,
    Head,
    /// The version in a tag, or the tag.
    Tag(Index),
    TagAnd(Index, &'static str),
    Branch(Index),
    /// So many digits of a commit's name.
    Commit(Index, usize),
    /// A pseudo-version of a commit, with the text before its time.
    Pseudo(Index, Base, Lie),
    Word(&'static str),
}

/// What stands before the time in a pseudo-version.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    None(&'static str),
    /// What follows a version; the version of a tag.
    Tag(Index),
    Word(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Lie {
    No,
    Time,
    Short,
    Long,
    Incompatible,
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let commits = vec(commit(), 1..7).prop_flat_map(|commits| (Just(commits), first()));
    let commits = commits.prop_map(|(mut commits, first)| {
        if let Some(root) = commits.first_mut() {
            root.changes.extend(first);
        }
        commits
    });
    let branches = vec((select(BRANCHES), any::<Index>()), 0..4);
    let head = prop_oneof![
        10 => any::<Index>().prop_map(Head::Branch),
        1 => any::<Index>().prop_map(Head::Detached),
        1 => Just(Head::Dangling),
    ];
    (commits, branches, vec(tag(), 0..9), head, vec(question(), 7..8)).prop_map(
        |(commits, branches, tags, head, questions)| Plan { commits, branches, tags, head, questions },
    )
}

/// What most repositories begin with.
fn first() -> impl Strategy<Value = Vec<Change>> {
    let file = |path: &str, content: &[u8]| Change { path: path.into(), what: What::File(content.into()) };
    let source = file("a.go", b"package a\n");
    prop_oneof![
        2 => Just(vec![source.clone()]),
        3 => (go_mod(), option::of(go_mod())).prop_map(move |(root, sub)| {
            let mut changes = vec![file("go.mod", &root), source.clone()];
            if let Some(sub) = sub {
                changes.extend([file("sub/go.mod", &sub), file("sub/b.go", b"package sub\n"), file("LICENSE", b"free\n")]);
            }
            changes
        }),
        1 => Just(Vec::new()),
    ]
}

fn commit() -> impl Strategy<Value = Commit> {
    let later = prop_oneof![6 => 1..100_000, 1 => Just(0), 1 => -5000..0];
    let merged = option::weighted(0.25, any::<Index>());
    let zone = select(&["+0000", "+0200", "-1130"][..]);
    (any::<Index>(), merged, prop::bool::weighted(0.06), later, zone, vec(change(), 0..4)).prop_map(
        |(parent, merged, orphan, later, zone, changes)| Commit {
            parent,
            merged,
            orphan,
            later,
            zone,
            changes,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    let module =
        (select(DIRECTORIES), what(go_mod().boxed())).prop_map(|(dir, what)| (format!("{dir}go.mod"), what));
    let attributes = vec(select(ATTRIBUTES), 1..4).prop_map(|lines| lines.join("\n").into_bytes());
    let attributes = (select(DIRECTORIES), what(attributes.boxed()))
        .prop_map(|(dir, what)| (format!("{dir}.gitattributes"), what));
    let licence = (select(DIRECTORIES), select(LICENCES), what(text().boxed()))
        .prop_map(|(dir, name, what)| (format!("{dir}{name}"), what));
    let file = (select(DIRECTORIES), select(FILES), what(text().boxed()))
        .prop_map(|(dir, name, what)| (format!("{dir}{name}"), what));
    let odd = (select(DIRECTORIES), select(ODD), what(text().boxed()))
        .prop_map(|(dir, name, what)| (format!("{dir}{name}"), what));
    prop_oneof![6 => module, 2 => attributes, 2 => licence, 6 => file, 1 => odd]
        .prop_map(|(path, what)| Change { path, what })
}

fn what(content: BoxedStrategy<Vec<u8>>) -> impl Strategy<Value = What> {
    prop_oneof![
        20 => content.clone().prop_map(What::File),
        1 => content.prop_map(What::Program),
        1 => select(LINKS).prop_map(What::Link),
        1 => Just(What::Submodule),
        1 => Just(What::EmptyDirectory),
        2 => Just(What::Gone),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => select(TEXTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..60),
        1 => (1..3_000_usize).prop_map(|n| b"line\n".repeat(n)),
    ]
}

/// A go.mod; `R` stands for the repository's own path.
fn go_mod() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![8 => select(MODULE_LINES).prop_map(str::to_owned), 1 => select(ODD_MODULE_LINES).prop_map(str::to_owned)];
    let more = vec(select(GO_MOD_LINES), 0..3);
    let end = prop_oneof![9 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    (line, more, end).prop_map(|(line, more, end)| {
        let mut lines = vec![line];
        lines.extend(more.into_iter().map(str::to_owned));
        (lines.join(end) + end).into_bytes()
    })
}

fn tag() -> impl Strategy<Value = Tag> {
    let version = prop_oneof![8 => select(VERSIONS), 2 => select(NO_VERSIONS)];
    let kind =
        prop_oneof![8 => Just(TagKind::Light), 4 => Just(TagKind::Annotated), 1 => Just(TagKind::File)];
    (select(TAG_DIRECTORIES), version, any::<Index>(), kind).prop_map(|(dir, version, at, kind)| Tag {
        name: format!("{dir}{version}"),
        at,
        kind,
    })
}

fn question() -> impl Strategy<Value = Question> {
    let base = prop_oneof![
        2 => select(&["v0.0.0-", "v1.0.0-", "v2.0.0-"][..]).prop_map(Base::None),
        5 => any::<Index>().prop_map(Base::Tag),
        1 => select(&["v1.0.0-0.", "v0.2.0-0.", "v1.4.7-0.", "v2.0.1-0.", "v1.0.0-rc.1.0."][..]).prop_map(Base::Word),
    ];
    let lie = prop_oneof![
        8 => Just(Lie::No), 1 => Just(Lie::Time), 1 => Just(Lie::Short), 1 => Just(Lie::Long), 1 => Just(Lie::Incompatible)
    ];
    let ask = prop_oneof![
        2 => Just(Ask::Latest),
        1 => Just(Ask::Head),
        6 => any::<Index>().prop_map(Ask::Tag),
        1 => (any::<Index>(), select(&["+incompatible", "+meta", "-pre", "0"][..])).prop_map(|(tag, more)| Ask::TagAnd(tag, more)),
        3 => any::<Index>().prop_map(Ask::Branch),
        2 => (any::<Index>(), select(&[6_usize, 7, 12, 13, 40, 41][..])).prop_map(|(at, digits)| Ask::Commit(at, digits)),
        3 => (any::<Index>(), base, lie).prop_map(|(at, base, lie)| Ask::Pseudo(at, base, lie)),
        1 => select(WORDS).prop_map(Ask::Word),
    ];
    (any::<Index>(), ask).prop_map(|(module, ask)| Question { module, ask })
}
