//! A GOPROXY in a local directory (`file://`), with the same answers as one over HTTP (PROTOCOL 1.10).

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use gomod::Request;
use tokio::time::timeout_at;

use crate::{
    Door, Fault, FaultKind, Fetched, Incoming, Limits, Meta, Miss, OVERLAP, Resume, SourceConfig,
    SourceError, SourceName, Troubles, Want,
    attempt::{Attempt, Due},
    flow::{Bounds, Feed, Flow},
    look::Look,
    meters::SourceMeters,
    secret::Redactor,
};

/// A GOPROXY in a local directory. A file that is not there is an absence, one that may not be read a denial.
#[derive(Debug)]
pub struct DirProxy {
    name: SourceName,
    root: PathBuf,
    limits: Limits,
    meters: SourceMeters,
}

impl DirProxy {
    /// The directory of a `file` URL. It need not exist yet.
    pub fn open(door: &Door, config: &SourceConfig) -> Result<Self, SourceError> {
        let url = &config.url;
        let root = url.directory().ok_or_else(|| SourceError::NotFile(Box::new(url.clone())))?;
        if config.has_tls_settings() {
            return Err(SourceError::NoTls(Box::new(url.clone())));
        }
        let name = url.source_name();
        Ok(DirProxy { root, limits: *door.limits(), meters: door.meters().of(&name), name })
    }

    /// Its name for logs, headers and metrics.
    pub fn name(&self) -> &SourceName {
        &self.name
    }

    /// One attempt, with the same limits as over HTTP. A validator is of no use here; what broke elsewhere is continued
    /// where length and last bytes are the same.
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        let mut attempt = Attempt::start(&self.name, &Redactor::default(), &self.meters);
        let path = self.path(&want.what);
        let resume = want.resume.clone().filter(|_| matches!(want.what, Request::Zip(_)));
        let opened = tokio::task::spawn_blocking(move || open(path, resume.as_ref()));
        let opened = match Due::earliest(attempt.started(), Some(self.limits.first_byte), want.deadline) {
            Some(due) => timeout_at(due.at, opened)
                .await
                .map_err(|_| attempt.fault(FaultKind::Timeout, &format!("the file was not opened {due}")))?,
            None => opened.await,
        };
        let file = match opened.unwrap_or_else(|e| Err(io::Error::other(e))) {
            Ok(opened) => opened,
            Err(e) if is_absence(&e) => return Err(Miss::Absent(attempt.absent(404, None))),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                return Err(attempt.fault(FaultKind::Denied(403), "the file may not be read").into());
            }
            Err(e) => return Err(attempt.fault(FaultKind::Disk, &e.to_string()).into()),
        };
        attempt.first_byte();
        self.receive(want, file, attempt).await.map_err(Miss::Failed)
    }

    async fn receive(&self, want: &Want, file: Opened, attempt: Attempt) -> Result<Fetched, Fault> {
        let Opened { file, len, start } = file;
        let meta = Meta {
            start,
            len: Some(len),
            etag: None,
            last_modified: None,
            content_type: None,
            source: attempt.source().clone(),
        };
        let small = (!matches!(want.what, Request::Zip(_))).then_some(self.limits.small);
        let bounds = Bounds {
            cap: self.limits.caps.of(&want.what).saturating_sub(start),
            len: Some(len - start),
            gzip: false,
            due: Due::earliest(attempt.started(), small, want.deadline),
            begin: Due::earliest(attempt.started(), None, want.begin_by),
            may_trickle: true,
        };
        let mut flow = Flow::new(attempt, self.limits, Feed::File(file.into()), bounds)?;
        if start == 0 {
            flow.look(Look::at(&want.what)).await?;
        }
        Ok(Fetched::Body(Incoming { meta, bytes: flow.into_stream(), troubles: Troubles::default() }))
    }

    /// The elements of a request's path are valid, so none of them leads out of the root.
    fn path(&self, what: &Request) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(what.path().split('/'));
        path
    }
}

/// A file, and from where on it is read.
struct Opened {
    file: File,
    len: u64,
    start: u64,
}

/// Only regular files are opened: a pipe would wait for a writer.
fn open(path: PathBuf, resume: Option<&Resume>) -> io::Result<Opened> {
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let start = match resume {
        Some(resume) if continues(&mut file, len, resume)? => resume.have,
        _ => 0,
    };
    file.seek(SeekFrom::Start(start))?;
    Ok(Opened { file, len, start })
}

/// Whether a file of that length continues what broke elsewhere: the length and the last bytes are the same.
fn continues(file: &mut File, len: u64, resume: &Resume) -> io::Result<bool> {
    let Resume { have, len: whole, tail, .. } = resume;
    let Some(from) = have.checked_sub(tail.len() as u64) else { return Ok(false) };
    if *whole != Some(len) || *have > len || tail.is_empty() || tail.len() > OVERLAP {
        return Ok(false);
    }
    let mut same = vec![0; tail.len()];
    file.seek(SeekFrom::Start(from))?;
    file.read_exact(&mut same)?;
    Ok(same == *tail)
}

/// Not there, or a file where a directory should be.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
