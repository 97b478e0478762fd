//! From a plan to a repository, its modules, and the words that are asked about them.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use proptest::sample::Index;
use testkit::GitFixture;

use super::plan::{Ask, Base, Change, Head, Lie, Plan, TagKind, What};

/// A repository that was built, under a name of its own.
#[derive(Debug)]
pub(crate) struct Built {
    /// Commits in the order of the plan.
    commits: Vec<Made>,
    branches: Vec<String>,
    /// Tags that are there.
    tags: Vec<String>,
}

#[derive(Debug)]
struct Made {
    id: String,
    time: i64,
}

/// A module of a repository, and how go is led to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) path: String,
    /// What stands for the root of the repository.
    pub(crate) root: String,
    pub(crate) subdir: &'static str,
}

impl Named {
    fn tag_dir(&self) -> String {
        let below = self.path.strip_prefix(&self.root).unwrap_or_default();
        let below = below.split('/').filter(|part| !part.is_empty() && !is_major(part));
        let all: Vec<_> = below.chain(Some(self.subdir).filter(|dir| !dir.is_empty())).collect();
        if all.is_empty() { String::new() } else { all.join("/") + "/" }
    }
}

fn is_major(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok())
}

/// The modules by whose names a repository is asked.
pub(crate) fn modules(name: &str) -> Vec<Named> {
    let suffix = format!("git.example.com/{name}.git");
    let at = |root: &str, rest: &str, subdir| Named {
        path: format!("{root}{rest}"),
        root: root.to_owned(),
        subdir,
    };
    let mut all: Vec<_> = ["", "", "", "/v2", "/v2", "/sub", "/sub", "/sub/v2", "/sub/deep", "/v3", "/none"]
        .into_iter()
        .map(|rest| at(&suffix, rest, ""))
        .collect();
    let below = format!("code.example.com/s-{name}");
    all.extend(["", "/v2", "/deep"].map(|rest| at(&below, rest, "sub")));
    all.push(at(&format!("code.example.com/w-{name}/v2"), "", ""));
    all.extend([".v1", ".v2", ".v2-unstable"].map(|major| at(&format!("gopkg.in/g-{name}{major}"), "", "")));
    all
}

/// The repository of a plan as a stream for `git fast-import`.
struct Stream {
    bytes: Vec<u8>,
    /// The time of every commit.
    times: Vec<i64>,
    /// All references.
    refs: Vec<String>,
}

/// A plan's repository in words.
pub(crate) fn shown(plan: &Plan) -> String {
    format!("{}{:?}", String::from_utf8_lossy(&stream("r", plan).bytes), plan.head)
}

fn stream(name: &str, plan: &Plan) -> Stream {
    let mut stream = Vec::new();
    let mut time = 1_704_067_200_i64;
    let mut times = Vec::new();
    for (number, commit) in plan.commits.iter().enumerate() {
        time += i64::from(commit.later);
        times.push(time);
        // A name that nothing keeps: references are set at the end.
        let parents = (number > 0 && !commit.orphan).then(|| {
            let first = commit.parent.index(number);
            (first, commit.merged.as_ref().map(|other| other.index(number)).filter(|other| *other != first))
        });
        let mut head = format!(
            "commit refs/larder-build/{number}\nmark :{}\ncommitter t <t@example.com> {time} {}\ndata 1\nc\n",
            number + 1,
            commit.zone
        );
        if let Some((first, second)) = parents {
            let _ = writeln!(head, "from :{}", first + 1);
            if let Some(second) = second {
                let _ = writeln!(head, "merge :{}", second + 1);
            }
        }
        stream.extend(head.into_bytes());
        for change in &commit.changes {
            write_change(&mut stream, change, name);
        }
        stream.push(b'\n');
    }
    let mut refs = BTreeMap::new();
    let count = plan.commits.len();
    for (branch, at) in &plan.branches {
        refs.insert(format!("refs/heads/{branch}"), (at.index(count), TagKind::Light));
    }
    if plan.branches.is_empty() {
        refs.insert("refs/heads/main".to_owned(), (count - 1, TagKind::Light));
    }
    for tag in &plan.tags {
        refs.insert(format!("refs/tags/{}", tag.name), (tag.at.index(count), tag.kind));
    }
    // A reference cannot be a directory of others.
    let names: Vec<_> = refs.keys().cloned().collect();
    refs.retain(|name, _| {
        !names.iter().any(|other| other.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('/')))
    });
    stream.extend(b"blob\nmark :1000\ndata 2\nx\n\n");
    for (reference, (at, kind)) in &refs {
        let (at, tag) = (at + 1, reference.strip_prefix("refs/tags/"));
        let text = match (kind, tag) {
            (TagKind::Light, _) | (_, None) => format!("reset {reference}\nfrom :{at}\n\n"),
            (TagKind::Annotated, Some(tag)) => {
                format!("tag {tag}\nfrom :{at}\ntagger t <t@example.com> {time} +0000\ndata 1\nt\n")
            }
            (TagKind::File, Some(tag)) => {
                format!("tag {tag}\nfrom :1000\ntagger t <t@example.com> {time} +0000\ndata 1\nt\n")
            }
        };
        stream.extend(text.into_bytes());
    }
    for number in 0..count {
        stream.extend(format!("reset refs/larder-build/{number}\nfrom {}\n\n", "0".repeat(40)).into_bytes());
    }
    Stream { bytes: stream, times, refs: refs.into_keys().collect() }
}

/// Builds the repository of a plan.
pub(crate) fn build(fixture: &GitFixture, name: &str, plan: &Plan) -> Built {
    let Stream { bytes, times, refs } = stream(name, plan);
    let count = times.len();
    let ids = fixture.import(name, &bytes);
    let strip = |prefix: &str| {
        refs.iter().filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect::<Vec<_>>()
    };
    let branches = strip("refs/heads/");
    let commits: Vec<_> = times
        .into_iter()
        .enumerate()
        .map(|(number, time)| Made { id: ids[&(number + 1)].clone(), time })
        .collect();
    let head = match &plan.head {
        Head::Branch(at) => format!("ref: refs/heads/{}", branches[at.index(branches.len())]),
        Head::Detached(at) => commits[at.index(count)].id.clone(),
        Head::Dangling => "ref: refs/heads/nowhere".to_owned(),
    };
    fs::write(fixture.path(name).join("HEAD"), head + "\n").unwrap();
    Built { commits, branches, tags: strip("refs/tags/") }
}

fn write_change(stream: &mut Vec<u8>, Change { path, what }: &Change, name: &str) {
    let mut quoted = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    let mut write = |mode: &str, content: &[u8]| {
        let content = if path.ends_with("go.mod") { with_names(content, name) } else { content.to_vec() };
        stream.extend(format!("M {mode} inline {quoted}\ndata {}\n", content.len()).into_bytes());
        stream.extend(content);
        stream.push(b'\n');
    };
    match what {
        What::File(content) => write("100644", content),
        What::Program(content) => write("100755", content),
        What::Link(to) => write("120000", to.as_bytes()),
        What::Submodule => stream.extend(format!("M 160000 {} {quoted}\n", "1".repeat(40)).into_bytes()),
        What::EmptyDirectory => {
            stream
                .extend(format!("M 040000 4b825dc642cb6eb9a060e54bf8d69288fbee4904 {quoted}\n").into_bytes());
        }
        What::Gone => stream.extend(format!("D {quoted}\n").into_bytes()),
    }
}

/// Puts the repository's path in the place of `R`.
pub(crate) fn with_names(content: &[u8], name: &str) -> Vec<u8> {
    let own = format!("git.example.com/{name}.git");
    match std::str::from_utf8(content) {
        Ok(text) => text.replace('R', &own).into_bytes(),
        Err(_) => content.to_vec(),
    }
}

impl Built {
    /// What a question asks, in the words of the command line. Nothing where no proxy can be asked it.
    pub(crate) fn words(&self, module: &Named, ask: &Ask) -> Option<String> {
        let dir = module.tag_dir();
        let tag = |at: &Index| {
            let own: Vec<_> = self
                .tags
                .iter()
                .filter_map(|tag| tag.strip_prefix(&dir))
                .filter(|tag| !tag.contains('/'))
                .collect();
            if own.is_empty() { "v1.0.0".to_owned() } else { own[at.index(own.len())].to_owned() }
        };
        let words = match ask {
            Ask::Latest => "latest".to_owned(),
            Ask::Head => "HEAD".to_owned(),
            Ask::Tag(at) => tag(at),
            Ask::TagAnd(at, more) => tag(at) + more,
            Ask::Branch(at) => self.branches[at.index(self.branches.len())].clone(),
            Ask::Commit(at, digits) => {
                let id = format!("{}00", self.commits[at.index(self.commits.len())].id);
                id[..*digits].to_owned()
            }
            Ask::Pseudo(at, base, lie) => {
                let commit = &self.commits[at.index(self.commits.len())];
                let stamp = gomod::pseudo_stamp(commit.time + i64::from(matches!(lie, Lie::Time))).unwrap();
                let digits = match lie {
                    Lie::Short => 11,
                    Lie::Long => 13,
                    Lie::No | Lie::Time | Lie::Incompatible => 12,
                };
                let rev = &commit.id[..digits];
                let end = if matches!(lie, Lie::Incompatible) { "+incompatible" } else { "" };
                match base {
                    Base::None(start) | Base::Word(start) => format!("{start}{stamp}-{rev}{end}"),
                    Base::Tag(at) => {
                        let tag = tag(at);
                        let version = tag.split('+').next().unwrap_or(&tag);
                        let made = gomod::pseudo_version("", Some(version), commit.time, rev)?;
                        made + end
                    }
                }
            }
            Ask::Word(word) => (*word).to_owned(),
        };
        let askable = gomod::Rev::new(&words).is_ok() && !matches!(&*words, "upgrade" | "patch" | "none");
        let is_prefix = words.strip_prefix('v').is_some_and(|rest| {
            rest.split('.').count() < 3
                && rest.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        });
        (askable && !is_prefix).then_some(words)
    }

    /// A commit that no reference may name, so that go fetches all there is before anything else is asked.
    pub(crate) fn oldest(&self) -> &str {
        &self.commits[0].id
    }
}
