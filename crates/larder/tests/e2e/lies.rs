//! Lies of sources and of checksum databases: Larder sees through them itself, whatever `go` would do.
//!
//! What leaves Larder while somebody lies is true or refused, nothing else is stored, and all is well as soon as
//! the lie ends. Only a database that contradicts itself is not believed again.

mod fork;
mod growing;
mod of_files;
mod of_logs;
mod settings;
mod slow;
mod stage;
mod unstored;
mod with_go;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use testkit::note;

/// Rows that run at the same time: most of them start processes and wait.
const AT_ONCE: usize = 6;

/// Plays all rows and fails with what went wrong.
#[track_caller]
fn play<Row: Sync>(what: &str, rows: &[Row], play: impl Fn(&Row) -> Result<(), String> + Sync) {
    let begun = Instant::now();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(at) else { return };
                    if let Err(text) = play(row) {
                        wrong.lock().unwrap().insert(at, text);
                    }
                }
            });
        }
    });
    note(&format!("{what}: {} rows in {:.1} s", rows.len(), begun.elapsed().as_secs_f64()));
    let wrong: Vec<_> = wrong.into_inner().unwrap().into_values().collect();
    assert!(wrong.is_empty(), "{} of {} rows failed\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
