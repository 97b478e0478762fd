//! What could not be served, or was served on trust, because its checksum database was silent: fetched and checked when
//! the database answers again.
//!
//! One task for each silent database asks it about one version, with growing pauses. Nobody waits for that task: a
//! client who asks meanwhile asks the database itself.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use gomod::{DbName, ModuleVersion, Request};
use storage::Kind;
use upstream::Priority;

use crate::{Answer, Ask, Mirror, Reach, Refusal, Unverified, answer::Body};

/// What waits for its database.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    /// Those of each database, in the order in which they were asked for. A task looks after each line that is here.
    waiting: HashMap<DbName, VecDeque<Request>>,
    /// The same, to find them.
    paths: HashSet<String>,
}

impl Held {
    /// Says whether it is the first one of that database. One too many is let go: it is fetched when it is asked for.
    fn add(&self, db: &DbName, what: &Request) -> bool {
        let mut lines = self.lock();
        if lines.paths.len() >= MOST || !lines.paths.insert(what.path()) {
            return false;
        }
        let line = lines.waiting.get_mut(db);
        let first = line.is_none();
        match line {
            Some(line) => line.push_back(what.clone()),
            None => drop(lines.waiting.insert(db.clone(), VecDeque::from([what.clone()]))),
        }
        first
    }

    /// The one that waits longest. When there is none, the line is closed.
    fn first(&self, db: &DbName) -> Option<Request> {
        let mut lines = self.lock();
        let first = lines.waiting.get(db).and_then(|line| line.front().cloned());
        if first.is_none() {
            lines.waiting.remove(db);
        }
        first
    }

    fn remove(&self, db: &DbName, what: &Request) {
        let mut lines = self.lock();
        lines.paths.remove(&what.path());
        if let Some(line) = lines.waiting.get_mut(db) {
            line.retain(|held| held != what);
        }
    }

    fn len(&self) -> i64 {
        i64::try_from(self.lock().paths.len()).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mirror {
    /// Has a `.mod` or `.zip` fetched and checked when its database answers again.
    pub(crate) fn hold(self: &Arc<Self>, ask: &Ask) {
        let (Request::Mod(version) | Request::Zip(version)) = &ask.what else { return };
        let Some(database) = ask.policy.voucher(version.path()) else { return };
        // Whoever is in the line does not line up again.
        if ask.reach == Reach::Stored || ask.priority == Priority::Background {
            return;
        }
        let first = self.held.add(&database.name, &ask.what);
        self.meters.held.set(self.held.len());
        if first {
            tracing::warn!(db = %database.name, "checksum database is silent: what it must vouch for waits for it");
            tokio::spawn(look_after(Arc::downgrade(self), database.name.clone()));
        }
    }

    /// The same if the database did not answer; what it does not know is not asked for again.
    pub(crate) fn hold_if_silent(self: &Arc<Self>, ask: &Ask, why: &Unverified) {
        if matches!(why, Unverified::Unreachable { .. }) {
            self.hold(ask);
        }
    }

    /// Fetches and checks what waited. An error: its database is silent still.
    async fn try_again(self: &Arc<Self>, what: &Request) -> Result<(), Silent> {
        let (version, kind): (&ModuleVersion, Kind) = match what {
            Request::Mod(version) => (version, Kind::Mod),
            Request::Zip(version) => (version, Kind::Zip),
            Request::Info(_)
            | Request::List(_)
            | Request::Latest(_)
            | Request::Query(..)
            | Request::Sumdb(..) => return Ok(()),
        };
        let ask = Ask { priority: Priority::Background, ..self.ask(what.clone(), Reach::Anywhere) };
        // Its bytes are not fetched before it is known that they can be checked.
        match self.vouch(&ask, version).await {
            Err(
                Refusal::Unverified(Unverified::Unreachable { .. })
                | Refusal::Overloaded(_)
                | Refusal::Storage(_),
            ) => return Err(Silent),
            Err(refusal) => tracing::warn!(%version, "was held back, and is not verified: {refusal}"),
            Ok(_) => match self.artifact(&ask, version, kind).await {
                Ok(Answer { body: Body::Growing(follow), .. }) => drop(follow.landed().await),
                Ok(_) => {}
                Err(refusal) => {
                    tracing::warn!(%version, %kind, "was held back, and is not served: {refusal}");
                }
            },
        }
        Ok(())
    }
}

/// A database that does not answer.
struct Silent;

/// Looks after what waits for one database, until nothing does or the mirror is gone.
async fn look_after(mirror: Weak<Mirror>, db: DbName) {
    let mut pause = FIRST;
    loop {
        tokio::time::sleep(pause).await;
        loop {
            let Some(mirror) = mirror.upgrade() else { return };
            let Some(what) = mirror.held.first(&db) else { return };
            if mirror.try_again(&what).await.is_err() {
                pause = LONGEST.min(pause * 2);
                break;
            }
            mirror.held.remove(&db, &what);
            mirror.meters.held.set(mirror.held.len());
            pause = FIRST;
        }
    }
}

/// How many files are held at most, over all databases.
const MOST: usize = 1000;
/// After how long a silent database is asked again: at first, and at most.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_bound_and_each_file_stands_in_it_once() {
        let held = Held::default();
        let what = |n| Request::parse(&format!("example.com/m/@v/v1.0.{n}.zip")).unwrap();
        let (a, b): (DbName, DbName) = ("a.example.com".parse().unwrap(), "b.example.com".parse().unwrap());
        assert!(held.add(&a, &what(0)));
        for n in 0..2 * MOST {
            assert!(!held.add(&a, &what(n)));
        }
        assert_eq!(held.lock().paths.len(), MOST);
        assert_eq!(held.first(&a), Some(what(0)));
        held.remove(&a, &what(0));
        assert_eq!(held.first(&a), Some(what(1)));
        // There is room again, and the other database needs somebody too.
        assert!(held.add(&b, &what(2 * MOST)));
        held.remove(&b, &what(2 * MOST));
        assert_eq!(held.first(&b), None);
        assert!(held.add(&b, &what(2 * MOST)), "nobody looks after a line that is empty");
    }
}
