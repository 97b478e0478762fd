//! Random repositories, asked by the go command and by us: the same outcome.
//!
//! `LARDER_SEED` repeats a run or makes another one; `LARDER_LONG=1` takes a seed from the clock and ten times as many
//! repositories. What differs is made as small as possible and shown as a plan.

pub(crate) mod build;
pub(crate) mod compare;
pub(crate) mod oracle;
mod plan;

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use testkit::{GitFixture, GoCommand, note, require};
use vcs::{Repo, git::Cache};

use self::{oracle::Signposts, plan::Plan};
use crate::own::World;

struct Scene {
    world: World,
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
        let fixture = GitFixture::empty();
        Self {
            world: World::of(&fixture),
            fixture,
            signposts: Signposts::new(),
            cache,
            _dir: dir,
            cases: AtomicUsize::new(0),
        }
    }

    /// One of four through the `git` program, the others in process.
    fn repo(&self, name: &str) -> Box<dyn Repo> {
        if name.ends_with(['0', '4', '8']) {
            Box::new(crate::binary(&self.cache, &self.fixture.url(name)))
        } else {
            Box::new(self.world.repo(name))
        }
    }

    /// All in which go and we differ over these repositories: the repository's name, and what it is.
    fn differences(&self, plans: &[(String, &Plan)]) -> Vec<(String, String)> {
        let go = self.signposts.go(&self.fixture);
        let (mut first, mut questions) = (Vec::new(), Vec::new());
        for (number, (name, plan)) in plans.iter().enumerate() {
            let built = build::build(&self.fixture, name, plan);
            let modules = build::modules(name);
            first.push(format!("{}@{}", modules[0].path, built.oldest()));
            for question in &plan.questions {
                let module = question.module.get(&modules);
                self.signposts.lead(module, name);
                let words = built.words(module, &question.ask);
                questions.extend(words.map(|words| (number, module.clone(), words)));
            }
        }
        let repos: Vec<_> = plans.iter().map(|(name, _)| self.repo(name)).collect();
        let repos: Vec<_> = repos.iter().map(|repo| &**repo).collect();
        self.cases.fetch_add(questions.len(), Ordering::Relaxed);
        let detached = |number: usize| matches!(plans[number].1.head, plan::Head::Detached(_));
        let wrong = compare::differences(&go, &first, &questions, &repos, &detached);
        wrong.into_iter().map(|(number, what)| (plans[number].0.clone(), what)).collect()
    }
}

const SEED: u64 = 20_260;
const REPOSITORIES: usize = 64;
/// Repositories that one go is asked about.
const AT_ONCE: usize = 12;
const THREADS: usize = 2;
const SHRINKING: Duration = Duration::from_secs(30);
