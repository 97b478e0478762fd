//! Many repositories: a few are asked at a time, and as long as there is time.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::straight::Straight;
use crate::doctor::{Seen, modules};

/// What became of one module.
enum Turn {
    Looked(Seen),
    /// Enough of its host is known.
    Spared,
    /// There was no time left.
    Late,
}

/// Looks at these modules in their order, until then. Of a host whose repositories cannot be read the others are spared,
/// as are those of one that nobody may ask; what was not looked at is said.
pub(super) fn take(
    straight: &[Straight],
    offline: bool,
    until: Instant,
    look: impl Fn(&Straight) -> Seen + Sync,
) -> Seen {
    let next = AtomicUsize::new(0);
    let told: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let turns: Mutex<BTreeMap<usize, Turn>> = Mutex::default();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(module) = straight.get(at) else { return };
            let host = modules::host(module.path.as_str());
            let enough = lock(&told).get(host).is_some_and(|told| *told >= ENOUGH);
            let turn = match () {
                () if enough => Turn::Spared,
                () if Instant::now() >= until => Turn::Late,
                () => {
                    let seen = look(module);
                    if offline || !seen.findings.is_empty() {
                        *lock(&told).entry(host).or_default() += 1;
                    }
                    Turn::Looked(seen)
                }
            };
            lock(&turns).insert(at, turn);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE.min(straight.len())).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            // One that broke leaves a module without a turn.
            let _ = thread.join();
        }
    });
    sum(straight, offline, turns.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn sum(straight: &[Straight], offline: bool, mut turns: BTreeMap<usize, Turn>) -> Seen {
    let (mut seen, mut late) = (Seen::default(), Vec::new());
    let mut spared = BTreeMap::<&str, usize>::new();
    for (at, module) in straight.iter().enumerate() {
        let path = module.path.as_str();
        match turns.remove(&at) {
            Some(Turn::Looked(looked)) => seen.add(looked),
            Some(Turn::Spared) => *spared.entry(modules::host(path)).or_default() += 1,
            Some(Turn::Late) => late.push(path),
            None => seen.unchecked(format!("source: {path} (a fault of larder)")),
        }
    }
    for (host, count) in spared {
        let why = if offline { "with --offline" } else { "as others of it cannot be read" };
        seen.unchecked(format!("source: the repositories of {count} more modules of {host}, {why}"));
    }
    if !late.is_empty() {
        let named = late.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let count = late.len();
        let among = if count > NAMED { "among them " } else { "" };
        seen.unchecked(format!(
            "source: the repositories of {count} modules, for which there was no time: {among}{named}"
        ));
    }
    seen
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long looks at repositories are begun. One that has begun by then ends before the time of a check is over.
pub(super) const BEGIN: Duration = Duration::from_secs(6);
/// Repositories that are asked at once.
const AT_ONCE: usize = 8;
/// How much must be wrong at one host before the others of it are spared.
const ENOUGH: usize = 3;
/// How many modules a line names.
const NAMED: usize = 8;

#[cfg(test)]
mod tests {
    use gomod::ModulePath;

    use super::*;
    use crate::{Finding, diagnoses::source::REPOSITORY_ABSENT};

    fn modules(host: &str, count: usize) -> Vec<Straight> {
        let module = |number: usize| Straight {
            path: ModulePath::new(&format!("{host}/m{number:02}")).unwrap(),
            version: None,
            private: true,
            insecure: false,
            why: "",
            here: false,
        };
        (0..count).map(module).collect()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    fn absent(module: &Straight) -> Seen {
        let mut seen = Seen::default();
        seen.found(Finding::new(&REPOSITORY_ABSENT).name("module", module.path.as_str()));
        seen
    }

    #[test]
    fn all_have_their_turn_and_the_last_one_is_wrong() {
        let all = modules("git.example.com", 100);
        let look = |module: &Straight| {
            if module.path.as_str().ends_with("m99") { absent(module) } else { Seen::default() }
        };
        let seen = take(&all, false, soon(), look);
        assert_eq!((seen.findings.len(), seen.unchecked.len()), (1, 0));
    }

    #[test]
    fn a_host_of_which_enough_is_known_is_spared_and_others_are_not() {
        let mut all = modules("a.example.com", 40);
        all.extend(modules("b.example.com", 1));
        let seen = take(&all, false, soon(), absent);
        let of_b = |finding: &&Finding| finding.names.get("module") == Some("b.example.com/m00");
        assert_eq!(seen.findings.iter().filter(of_b).count(), 1);
        let [line] = &*seen.unchecked else { panic!("{:?}", seen.unchecked) };
        assert!(line.ends_with("more modules of a.example.com, as others of it cannot be read"), "{line}");
        assert!(seen.findings.len() <= ENOUGH + AT_ONCE, "{}", seen.findings.len());

        let offline = take(&modules("a.example.com", 40), true, soon(), |_| Seen::default());
        assert!(offline.unchecked[0].ends_with("a.example.com, with --offline"), "{:?}", offline.unchecked);
    }

    #[test]
    fn what_there_was_no_time_for_is_said() {
        let seen = take(&modules("git.example.com", 9), false, Instant::now(), absent);
        assert!(seen.findings.is_empty());
        let [line] = &*seen.unchecked else { panic!("{:?}", seen.unchecked) };
        assert!(
            line.contains("9 modules, for which there was no time: among them git.example.com/m00, "),
            "{line}"
        );
        let broken = take(&modules("git.example.com", 1), false, soon(), |_| panic!("as it should"));
        assert_eq!(broken.unchecked, ["source: git.example.com/m00 (a fault of larder)"]);
    }
}
