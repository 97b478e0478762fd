//! Files hashed by several threads, with one that says what is next and takes what was found.

use std::{
    num::NonZero,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, channel, sync_channel},
    },
    thread,
};

use storage::SealedFile;

use super::hash::facts;

/// What is next.
pub(super) enum Next<T> {
    /// A file to hash.
    Hash(PathBuf, T),
    /// Something that is known already.
    Known(T),
}

/// Takes all that is next, and gives what was found of it, in any order. Ends with the first error of `done`.
pub(super) fn run<T: Send, E>(
    threads: NonZero<usize>,
    mut next: impl Iterator<Item = Next<T>>,
    mut done: impl FnMut(T, Option<Result<SealedFile, String>>) -> Result<(), E>,
) -> Result<(), E> {
    thread::scope(|scope| {
        let (give, jobs) = sync_channel::<(PathBuf, T)>(UNDER_WAY);
        let (tell, told) = channel();
        let jobs = std::sync::Arc::new(Mutex::new(jobs));
        for _ in 0..threads.get() {
            let (jobs, tell) = (std::sync::Arc::clone(&jobs), tell.clone());
            scope.spawn(move || {
                let mut buffer = vec![0; PIECE];
                while let Some((path, job)) = take(&jobs) {
                    let found = facts(&path, &mut buffer).map_err(|error| error.to_string());
                    if tell.send((job, found)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((tell, jobs));
        let mut under_way = 0;
        let mut more = true;
        while more || under_way > 0 {
            while more && under_way < UNDER_WAY {
                match next.next() {
                    Some(Next::Hash(path, job)) => {
                        // All threads are there until this end is dropped, so it is taken.
                        if give.send((path, job)).is_ok() {
                            under_way += 1;
                        }
                    }
                    Some(Next::Known(job)) => done(job, None)?,
                    None => more = false,
                }
            }
            if under_way > 0 {
                let Ok((job, found)) = told.recv() else { break };
                under_way -= 1;
                done(job, Some(found))?;
            }
        }
        Ok(())
    })
}

fn take<J>(jobs: &Mutex<Receiver<J>>) -> Option<J> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Files that wait or are being hashed.
const UNDER_WAY: usize = 256;
/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
