//! Objects, read one after the other by one `git cat-file --batch`.

use std::io::{BufRead, BufReader, Read};

use super::{Call, Trouble, trouble};
use crate::{
    Cause, Oid, VcsError,
    git::{
        cache::Bare,
        run::{Git, Output, Running},
    },
};

/// A `git cat-file --batch` that waits for names.
#[derive(Debug)]
pub(super) struct Batch {
    running: Running,
    output: BufReader<Output>,
}

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

/// Of what kind an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

const ARGS: &[&str] = &["cat-file", "--batch"];

impl Batch {
    pub(super) fn start(git: &Git, bare: &Bare) -> Result<Self, VcsError> {
        let call = Call { repository: Some(bare.dir()), asks: true, ..Call::new(ARGS) };
        let mut running = git.start(call)?;
        let output = BufReader::new(running.stdout());
        Ok(Self { running, output })
    }

    /// Reads an object of at most `max` bytes; `None` if it is not here. After an error nothing more can be read.
    pub(super) fn object(mut self, id: Oid, max: u64) -> Result<(Option<Object>, Self), Trouble> {
        match self.answer(id, max) {
            Ok(Ok(object)) => {
                self.running.rest();
                Ok((object, self))
            }
            Ok(Err(failure)) => Err(failure.into()),
            Err(error) => {
                let ended = self.running.finish()?;
                let call = Call { asks: true, ..Call::new(ARGS) };
                Err(match ended.code {
                    Some(0) | None => Trouble::Damaged(error.to_string()),
                    Some(_) => trouble(&call, &ended),
                })
            }
        }
    }

    fn answer(&mut self, id: Oid, max: u64) -> std::io::Result<Result<Option<Object>, VcsError>> {
        self.running.ask(format!("{id}\n").as_bytes())?;
        let mut line = Vec::new();
        self.output.by_ref().take(HEADER).read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let mut words = line.split_ascii_whitespace().skip(1);
        let kind = match words.next() {
            Some("commit") => Kind::Commit,
            Some("tree") => Kind::Tree,
            Some("blob") => Kind::Blob,
            Some("tag") => Kind::Tag,
            Some("missing") => return Ok(Ok(None)),
            _ => return Err(std::io::Error::other(format!("git cat-file says {line:?}"))),
        };
        let size = words.next().and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| std::io::Error::other("git cat-file gives no size"))?;
        if size > max {
            let why = format!("it has {size} bytes, {max} are allowed");
            return Ok(Err(VcsError::failed(Cause::Limit, format!("read object {id}"), why)));
        }
        let mut bytes = Vec::new();
        self.output.by_ref().take(size).read_to_end(&mut bytes)?;
        let mut end = [0];
        self.output.read_exact(&mut end)?;
        if bytes.len() as u64 != size || end != *b"\n" {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Ok(Some(Object { kind, bytes })))
    }
}

/// Bytes of the line before an object.
const HEADER: u64 = 256;
