//! Random repositories, asked by the go command and by us: the same outcome.
//!
//! `LARDER_SEED` repeats a run or makes another one; `LARDER_LONG=1` takes a seed from the clock and ten times as many
//! repositories. What differs is made as small as possible and shown as a plan.

mod build;
mod oracle;
mod plan;

use std::{
    fmt::Write as _,
    io::Cursor,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use gomod::{ModulePath, ModuleVersion, Rev, Version, ZipCheck};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use testkit::{GitFixture, GoCommand, note, require};
use vcs::{Code, Found, Place, VcsError, git::Cache};

use self::{build::Named, oracle::Signposts, plan::Plan};

/// What is said of one question.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    /// Version, time, commit, directory, reference.
    found: Result<[String; 5], String>,
    go_mod: Result<Vec<u8>, String>,
    /// The zip's h1.
    zip: Result<String, String>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { found: Err(String::new()), go_mod: Err(String::new()), zip: Err(String::new()) }
    }
}

struct Scene {
    fixture: GitFixture,
    signposts: Signposts,
    cache: Arc<Cache>,
    _dir: tempfile::TempDir,
    cases: AtomicUsize,
}

#[test]
fn random_repositories_are_what_they_are_for_go() {
    if !require("git", GitFixture::is_possible()) || !require("go", GoCommand::find().is_some()) {
        return;
    }
    let long = std::env::var_os("LARDER_LONG").is_some();
    let seed = std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let seed = seed.unwrap_or_else(|| if long { clock() } else { SEED });
    note(&format!("LARDER_SEED={seed}"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let count = if long { 10 * REPOSITORIES } else { REPOSITORIES };
    let mut trees: Vec<_> = (0..count).map(|_| plan::plan().new_tree(&mut runner).unwrap()).collect();
    let plans: Vec<_> = trees.iter().map(ValueTree::current).collect();

    let scene = Scene::new();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let chunks: Vec<_> = plans.chunks(AT_ONCE).collect();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((number, plans)) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    chunks.get(number).map(|plans| (number * AT_ONCE, plans))
                } {
                    let plans: Vec<_> = plans
                        .iter()
                        .enumerate()
                        .map(|(n, plan)| (format!("r{}", number + n), plan))
                        .collect();
                    wrong.lock().unwrap().extend(scene.differences(&plans));
                }
            });
        }
    });
    let cases = scene.cases.load(Ordering::Relaxed);
    note(&format!("{count} repositories, {cases} questions"));
    let wrong = wrong.into_inner().unwrap();
    if let Some((first, _)) = wrong.first() {
        let number: usize = first[1..].parse().unwrap();
        let small = shrunk(&scene, &mut trees[number]);
        let all = wrong.iter().fold(String::new(), |mut all, (name, what)| {
            let _ = writeln!(all, "{name}: {what}");
            all
        });
        panic!(
            "LARDER_SEED={seed}: {} of {cases} differ:\n{all}\nthe smallest form of the first: {small}",
            wrong.len()
        );
    }
    assert!(cases >= 300, "{cases}");
}

/// A plan with the same fault from which little can be taken away.
fn shrunk(scene: &Scene, tree: &mut impl ValueTree<Value = Plan>) -> String {
    let until = Instant::now() + SHRINKING;
    let mut number = 0;
    let mut what = |plan: &Plan| {
        number += 1;
        scene.differences(&[(format!("s{number}"), plan)])
    };
    let shown = |plan: &Plan, wrong: &[(String, String)]| format!("{}\n{wrong:#?}", build::shown(plan));
    let mut last = shown(&tree.current(), &what(&tree.current()));
    let mut more = tree.simplify();
    while more && Instant::now() < until {
        let plan = tree.current();
        let wrong = what(&plan);
        if wrong.is_empty() {
            more = tree.complicate();
        } else {
            last = shown(&plan, &wrong);
            more = tree.simplify();
        }
    }
    last
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = crate::cache(dir.path());
        Self {
            fixture: GitFixture::empty(),
            signposts: Signposts::new(),
            cache,
            _dir: dir,
            cases: AtomicUsize::new(0),
        }
    }

    /// All in which go and we differ over these repositories: the repository's name, and what it is.
    fn differences(&self, plans: &[(String, &Plan)]) -> Vec<(String, String)> {
        let go = self.signposts.go(&self.fixture);
        let mut questions: Vec<(usize, Named, String)> = Vec::new();
        let (mut first, mut listed) = (Vec::new(), Vec::new());
        for (number, (name, plan)) in plans.iter().enumerate() {
            let built = build::build(&self.fixture, name, plan);
            let modules = build::modules(name);
            first.push(format!("{}@{}", modules[0].path, built.oldest()));
            for question in &plan.questions {
                let module = question.module.get(&modules);
                self.signposts.lead(module, name);
                listed.push((number, module.clone()));
                let words = built.words(module, &question.ask);
                questions.extend(words.map(|words| (number, module.clone(), words)));
            }
        }
        listed.sort();
        listed.dedup();
        let asked: Vec<_> =
            questions.iter().map(|(_, module, words)| format!("{}@{words}", module.path)).collect();
        let theirs = oracle::downloads(&go, &first, &asked);
        let lists =
            oracle::lists(&go, &listed.iter().map(|(_, module)| module.path.clone()).collect::<Vec<_>>());
        self.cases.fetch_add(asked.len() + listed.len(), Ordering::Relaxed);

        let mut wrong = Vec::new();
        let repos: Vec<_> =
            plans.iter().map(|(name, _)| crate::binary(&self.cache, &self.fixture.url(name))).collect();
        let mut note = |number: usize, what: Option<String>| {
            wrong.extend(what.map(|what| (plans[number].0.clone(), what)));
        };
        for (number, module) in &listed {
            let place = place(module);
            let versions = Code::new(&repos[*number], &place).versions();
            let ours =
                versions.map(|list| list.iter().map(|version| version.to_string()).collect::<Vec<_>>());
            let same = same(&ours.map_err(text_of), &lists[&module.path]);
            note(*number, same.err().map(|why| format!("list of {}: {why}", module.path)));
        }
        for (((number, module, words), asked), theirs) in questions.iter().zip(&asked).zip(&theirs) {
            // What only a HEAD without a branch leads to is there for go if it has asked for HEAD before.
            let detached = matches!(plans[*number].1.head, plan::Head::Detached(_));
            if detached && matches!(&theirs.found, Err(text) if text.contains(": unknown revision ")) {
                continue;
            }
            // Of `v1.2.3+meta` and `v1.2.3`, which a client asks for next, go shows either's refusal.
            let meta = words.contains('+') && !words.ends_with("+incompatible");
            let place = place(module);
            let ours = answer(Code::new(&repos[*number], &place), &place, words, theirs);
            if meta && matches!((&ours.found, &theirs.found), (Err(_), Err(_))) {
                continue;
            }
            let same = same(&ours.found, &theirs.found)
                .and_then(|()| same(&ours.go_mod, &theirs.go_mod))
                .and_then(|()| same(&ours.zip, &theirs.zip));
            note(*number, same.err().map(|why| format!("{asked}: {why}")));
        }
        wrong
    }
}

fn place(module: &Named) -> Place {
    Place::new(ModulePath::new(&module.path).unwrap(), &module.root, module.subdir).unwrap()
}

fn text_of(error: VcsError) -> String {
    match error {
        VcsError::Absent(text) => text,
        failed @ VcsError::Failed { .. } => format!("FAILED {failed}"),
    }
}

/// The same, or both refused in the same words.
fn same<T: std::fmt::Debug + PartialEq>(
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
fn answer(code: Code<'_>, place: &Place, words: &str, theirs: &Answer) -> Answer {
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
fn in_words(seconds: i64) -> String {
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

const SEED: u64 = 20_260;
const REPOSITORIES: usize = 80;
/// Repositories that one go is asked about.
const AT_ONCE: usize = 12;
const THREADS: usize = 2;
const SHRINKING: Duration = Duration::from_secs(30);
