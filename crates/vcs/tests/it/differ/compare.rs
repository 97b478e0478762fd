//! What we say and what go says, side by side.

use std::io::Cursor;

use gomod::{ModulePath, ModuleVersion, Rev, Version, ZipCheck};
use vcs::{Code, Found, Place, Repo, VcsError};

use super::{build::Named, oracle};

/// A question: the number of its repository, the module, and the words behind the `@`.
pub(crate) type Asked = (usize, Named, String);

/// Asks both about every question, and about the list of versions of every module. Gives all in which they differ, each
/// with the number of its repository. `first` is only to make go fetch; `loose` tells of repositories of which go may
/// not know what a HEAD without a branch leads to.
pub(crate) fn differences(
    go: &testkit::GoCommand,
    first: &[String],
    questions: &[Asked],
    repos: &[&dyn Repo],
    loose: &dyn Fn(usize) -> bool,
) -> Vec<(usize, String)> {
    let mut listed: Vec<_> = questions.iter().map(|(number, module, _)| (*number, module)).collect();
    listed.sort();
    listed.dedup();
    let asked: Vec<_> =
        questions.iter().map(|(_, module, words)| format!("{}@{words}", module.path)).collect();
    let theirs = oracle::downloads(go, first, &asked);
    let lists = oracle::lists(go, &listed.iter().map(|(_, module)| module.path.clone()).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (number, module) in listed {
        let place = place(module);
        let versions = Code::new(repos[number], &place).versions();
        let ours = versions.map(|list| list.iter().map(|version| version.to_string()).collect::<Vec<_>>());
        let same = same(&ours.map_err(text_of), &lists[&module.path]);
        wrong.extend(same.err().map(|why| (number, format!("list of {}: {why}", module.path))));
    }
    for (((number, module, words), asked), theirs) in questions.iter().zip(&asked).zip(&theirs) {
        if loose(*number) && matches!(&theirs.found, Err(text) if text.contains(": unknown revision ")) {
            continue;
        }
        // Of `v1.2.3+meta` and `v1.2.3`, which a client asks for next, go shows either's refusal.
        let meta = words.contains('+') && !words.ends_with("+incompatible");
        let place = place(module);
        let ours = answer(Code::new(repos[*number], &place), &place, words, theirs);
        if meta && matches!((&ours.found, &theirs.found), (Err(_), Err(_))) {
            continue;
        }
        let same = same(&ours.found, &theirs.found)
            .and_then(|()| same(&ours.go_mod, &theirs.go_mod))
            .and_then(|()| same(&ours.zip, &theirs.zip));
        wrong.extend(same.err().map(|why| (*number, format!("{asked}: {why}"))));
    }
    wrong
}

/// What is said of one question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Version, time, commit, directory, reference.
    pub(crate) found: Result<[String; 5], String>,
    pub(crate) go_mod: Result<Vec<u8>, String>,
    /// The zip's h1.
    pub(crate) zip: Result<String, String>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { found: Err(String::new()), go_mod: Err(String::new()), zip: Err(String::new()) }
    }
}

pub(crate) fn place(module: &Named) -> Place {
    Place::new(ModulePath::new(&module.path).unwrap(), &module.root, module.subdir).unwrap()
}

pub(crate) fn text_of(error: VcsError) -> String {
    match error {
        VcsError::Absent(text) => text,
        failed @ VcsError::Failed { .. } => format!("FAILED {failed}"),
    }
}

/// The same, or both refused in the same words.
pub(crate) fn same<T: std::fmt::Debug + PartialEq>(
    ours: &Result<T, String>,
    go: &Result<T, String>,
) -> Result<(), String> {
    let is_same = match (ours, go) {
        (Ok(ours), Ok(go)) => ours == go,
        (Err(ours), Err(go)) => is_same_refusal(ours, go),
        _ => false,
    };
    if is_same { Ok(()) } else { Err(format!("{ours:?}\n  go: {go:?}")) }
}

/// Whether our words end in those of go.
fn is_same_refusal(ours: &str, go: &str) -> bool {
    if ours.starts_with("FAILED") {
        return false;
    }
    // What it says of a tag that is at no commit tells nobody anything.
    if go.contains("unexpected response from git log") || go.contains(" is a blob, not a commit") {
        return true;
    }
    if let (Some(ours), Some(go)) = (ours.strip_prefix("create zip: "), go.strip_prefix("create zip: ")) {
        // Of names that collide with each other we name fewer, and no control characters in plain.
        let lines = |text: &str| {
            let lines = text.lines().map(|line| line.replace('\t', ""));
            let (collisions, other): (Vec<_>, Vec<_>) =
                lines.partition(|line| line.contains("collision: ") || line.contains("both a file"));
            (collisions.is_empty(), other.into_iter().take(5).collect::<Vec<_>>())
        };
        return lines(ours) == lines(go);
    }
    ours.ends_with(go.split_once(": ").map_or(go, |(_, tail)| tail))
}

/// What we say, asked as a client of a proxy asks.
pub(crate) fn answer(code: Code<'_>, place: &Place, words: &str, theirs: &Answer) -> Answer {
    let found = match resolve(code, words) {
        Ok(found) => found,
        Err(error) => return Answer { found: Err(text_of(error)), ..Answer::default() },
    };
    let Found { version, commit, reference } = found;
    let mut facts = [
        version.to_string(),
        in_words(commit.time),
        commit.id.to_string(),
        place.dir().to_owned(),
        reference.unwrap_or_default(),
    ];
    // Which reference led to it go forgets when something else led to it before, or when it had to fetch HEAD.
    if let Ok(theirs) = &theirs.found
        && !(theirs[4].starts_with("refs/tags/") && theirs[4].ends_with(words))
    {
        facts[4].clone_from(&theirs[4]);
    }
    let found = Ok(facts);
    let of = ModuleVersion::new(place.path().clone(), version).unwrap();
    let go_mod = match code.go_mod(&of) {
        Ok(go_mod) => go_mod,
        Err(error) => return Answer { found, go_mod: Err(text_of(error)), ..Answer::default() },
    };
    let zip = code.zip(&of, Cursor::new(Vec::new())).map_err(text_of).map(|zip| {
        let zip = zip.into_inner();
        let mut check = ZipCheck::new(&of);
        check.feed(&zip).unwrap();
        check.finish(&zip, zip.len() as u64).unwrap().h1.to_string()
    });
    Answer { found, go_mod: Ok(go_mod), zip }
}

/// Seconds since 1970 as go writes them.
pub(crate) fn in_words(seconds: i64) -> String {
    let stamp = gomod::pseudo_stamp(seconds).unwrap();
    let part = |from: usize, to: usize| &stamp[from..to];
    let (day, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    format!("{}T{}Z", day.join("-"), time.join(":"))
}

fn resolve(code: Code<'_>, words: &str) -> Result<Found, VcsError> {
    if words == "latest" {
        return code.latest();
    }
    code.stat(&Rev::new(words).unwrap()).or_else(|error| match Version::canonical(words) {
        Ok(canonical) if canonical.as_str() != words => {
            code.stat(&Rev::new(canonical.as_str()).unwrap()).map_err(|_| error)
        }
        _ => Err(error),
    })
}
