//! What go.sum and this machine's memory of the checksum database say, against the database.

use std::{path::Path, time::Duration};

use futures_util::future::join_all;
use gomod::{H1, ModuleVersion, SumFile};
use sumdb::Hashes;
use tokio::{sync::Mutex, time::Instant};

use super::{
    case::{Case, Sums, word},
    database::{Database, Session, Told},
};
use crate::{
    Finding, Patient, Seen,
    diagnoses::gosum,
    gosum::SumLine,
    kept_log::{KeptHead, KeptLookup},
};

/// Looks at what is kept, then asks.
pub(super) async fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(database) = Database::of(patient) else { return seen };
    let head = head(&database, &mut seen);
    let Some(case) = Case::read(patient, "go.sum against the checksum database", &mut seen) else {
        return seen;
    };
    let sums = case.sums();
    let mut open = Vec::new();
    let mut compared = 0_usize;
    for module in case.list.fetched().filter(|module| database.may_ask(module)) {
        let lines = Lines::of(&sums, module);
        if lines.is_empty() {
            continue;
        }
        match database.kept.lookup(module) {
            Ok(KeptLookup::Says(hashes)) => {
                compared += 1;
                lines.compare(module, &hashes, "as it answered this machine before", &mut seen);
            }
            Ok(KeptLookup::Damaged(why)) => {
                let file = database.kept.lookup_file(module);
                let finding = Finding::new(&gosum::KEPT_DAMAGED).name("file", &word(&file));
                seen.found(finding.evidence(format!("{}: {why}", file.display())));
            }
            Ok(KeptLookup::Absent) | Err(_) => open.push((module, lines)),
        }
    }
    let asked = ask(&database, &case, head, open, &mut seen).await;
    if seen.findings.is_empty() && compared + asked > 0 {
        seen.passed(format!("go.sum: {} modules are as the checksum database has them", compared + asked));
    }
    seen
}

/// Whether a head is kept that an answer can be compared with.
fn head(database: &Database, seen: &mut Seen) -> bool {
    let file = database.kept.head_file();
    match database.kept.head() {
        Ok(KeptHead::Signed(_)) => return true,
        Ok(KeptHead::Absent) => {}
        Ok(KeptHead::Damaged(why)) => {
            let finding = Finding::new(&gosum::HEAD_DAMAGED).name("file", &word(file));
            seen.found(finding.evidence(format!("{}: {why}", file.display())));
        }
        Err(error) => seen.unchecked(format!("{}: {error}", file.display())),
    }
    false
}

/// Asks about what is not kept, and whether the log still holds the head that is. Says how many were compared.
async fn ask(
    database: &Database,
    case: &Case,
    head: bool,
    open: Vec<(&ModuleVersion, Lines<'_>)>,
    seen: &mut Seen,
) -> usize {
    let until = Instant::now() + WHOLE;
    let about = case.list.fetched().find(|module| database.may_ask(module)).filter(|_| head);
    if open.is_empty() && about.is_none() {
        return 0;
    }
    let mut session = match database.dial(until).await {
        Ok(session) => session,
        Err(why) => {
            seen.unchecked(format!("the checksum database was not asked: {why}"));
            return 0;
        }
    };
    if let Some(module) = about {
        match session.ask(module, true).await {
            Told::Forked(known) => {
                let file = database.kept.head_file();
                let finding = Finding::new(&gosum::HEAD_FORKED).name("file", &word(file));
                seen.found(finding.evidence(format!(
                    "{}: a tree of {} records, which is not the beginning of the one that answers now",
                    file.display(),
                    known.size
                )));
            }
            Told::Nothing(why) => {
                seen.unchecked(format!("the checksum database did not say anything about {module}: {why}"));
                return 0;
            }
            Told::Proven(_) | Told::Says(_) => {}
        }
    }
    several(database, session, open, until, seen).await
}

/// Asks on a few connections at once, no more than a build would.
async fn several(
    database: &Database,
    session: Session<'_>,
    open: Vec<(&ModuleVersion, Lines<'_>)>,
    until: Instant,
    seen: &mut Seen,
) -> usize {
    let left = open.len().saturating_sub(MOST);
    let results = Mutex::new((Vec::new(), open.into_iter().take(MOST).collect::<Vec<_>>()));
    let mut sessions = vec![session];
    while sessions.len() < LINES && sessions.len() < results.lock().await.1.len() {
        match database.dial(until).await {
            Ok(session) => sessions.push(session),
            Err(_) => break,
        }
    }
    join_all(sessions.iter_mut().map(|session| async {
        loop {
            let Some((module, lines)) = results.lock().await.1.pop() else { return };
            let mut told = session.ask(module, false).await;
            // Before somebody is called wrong, it is proven.
            if matches!(&told, Told::Says(hashes) if lines.differ(hashes)) {
                told = session.ask(module, true).await;
            }
            results.lock().await.0.push((module, lines, told));
        }
    }))
    .await;
    drop(sessions);
    let mut compared = 0;
    let mut silent = left;
    for (module, lines, told) in results.into_inner().0 {
        match told {
            Told::Proven(hashes) | Told::Says(hashes) => {
                compared += 1;
                lines.compare(module, &hashes, "which has just answered", seen);
            }
            Told::Nothing(_) | Told::Forked(_) => silent += 1,
        }
    }
    if silent > 0 {
        seen.unchecked(format!("go.sum: {silent} modules were not compared with the checksum database"));
    }
    compared
}

/// The lines of a version.
struct Lines<'a> {
    zip: Option<(&'a Path, &'a SumLine)>,
    gomod: Option<(&'a Path, &'a SumLine)>,
}

impl<'a> Lines<'a> {
    fn of(sums: &'a Sums, module: &ModuleVersion) -> Self {
        Lines { zip: sums.deciding(module, SumFile::Zip), gomod: sums.deciding(module, SumFile::GoMod) }
    }

    fn is_empty(&self) -> bool {
        self.zip.is_none() && self.gomod.is_none()
    }

    fn each(&self, hashes: &Hashes) -> impl Iterator<Item = (&'a Path, &'a SumLine, H1)> {
        let pairs = [(self.zip, hashes.zip), (self.gomod, hashes.gomod)];
        pairs.into_iter().filter_map(|(line, hash)| {
            let ((path, line), hash) = (line?, hash?);
            line.h1().is_some_and(|h1| h1 != hash).then_some((path, line, hash))
        })
    }

    fn differ(&self, hashes: &Hashes) -> bool {
        self.each(hashes).next().is_some()
    }

    fn compare(&self, module: &ModuleVersion, hashes: &Hashes, who: &str, seen: &mut Seen) {
        for (path, line, hash) in self.each(hashes) {
            let finding = wrong(module, path, line);
            seen.found(finding.evidence(format!("the checksum database, {who}: {hash}")));
        }
    }
}

/// A line of go.sum that the database contradicts.
pub(super) fn wrong(module: &ModuleVersion, path: &Path, line: &SumLine) -> Finding {
    Finding::new(&gosum::LINE_WRONG)
        .name("module", &module.to_string())
        .name("path", line.path())
        .name("version", line.version())
        .name("file", &word(path))
        .name("line", &line.number().to_string())
        .evidence(format!("{}:{}: {line}", path.display(), line.number()))
}

/// For all questions together.
const WHOLE: Duration = Duration::from_secs(6);
/// How many versions are asked about.
const MOST: usize = 200;
/// How many connections are used.
const LINES: usize = 6;
