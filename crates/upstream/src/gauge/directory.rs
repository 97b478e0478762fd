//! A GOPROXY in a directory, read to see how fast that is.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use tokio::time::{Instant, timeout_at};

use super::{Bounds, Clock, Gauge, within};
use crate::{FaultKind, dir_proxy::is_absence};

impl Gauge {
    /// Reads a file below a directory: 404 where it is not there.
    pub(super) async fn read(
        &self,
        root: &Path,
        path: &str,
        bounds: &Bounds,
        clock: &mut Clock,
    ) -> Result<(u16, Vec<u8>), (FaultKind, String)> {
        if !self.allowance.take() {
            return Err((FaultKind::Unaskable, "no request is left".to_owned()));
        }
        let (dir, most) = (root.to_owned(), bounds.bytes);
        let file: PathBuf = [root].into_iter().chain(path.split('/').map(Path::new)).collect();
        let reading = tokio::task::spawn_blocking(move || read(&dir, &file, most));
        let Ok(done) = timeout_at(clock.start + bounds.time, reading).await else {
            return Err((FaultKind::Timeout, format!("the file was not read within {:?}", bounds.time)));
        };
        let (body, first_byte) = match done.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(done) => done,
            Err(error) if is_absence(&error) => {
                clock.first_byte = Some(clock.start.elapsed());
                return Ok((404, Vec::new()));
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err((FaultKind::Denied(403), "the file may not be read".to_owned()));
            }
            Err(error) => return Err((FaultKind::Disk, error.to_string())),
        };
        clock.first_byte = Some(first_byte.saturating_duration_since(clock.start));
        clock.bytes = body.len() as u64;
        within(body.len(), most)?;
        Ok((200, body))
    }
}

/// The first bytes of a file below a directory, one more than `most`, and when the first of them were there. Only regular
/// files are opened: a pipe would wait for a writer.
fn read(dir: &Path, file: &Path, most: usize) -> io::Result<(Vec<u8>, Instant)> {
    if !dir.is_dir() {
        return Err(io::Error::other("the directory is not there"));
    }
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut body = vec![0; FIRST.min(most.saturating_add(1))];
    let mut from = File::open(file)?;
    let came = from.read(&mut body)?;
    let first_byte = Instant::now();
    body.truncate(came);
    let left = most.saturating_add(1).saturating_sub(came);
    from.take(left as u64).read_to_end(&mut body)?;
    Ok((body, first_byte))
}

/// How much is read at first.
const FIRST: usize = 4096;
