//! Git's own protocol over TCP, for `git://`.

use std::{
    io::{self, Read, Write},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use gix_transport::{
    Protocol,
    client::{blocking_io::Transport, git::ConnectMode, git::blocking_io::Connection},
};
use upstream::Wire;

use super::{meter::Miss, web::Line};
use crate::{Cause, VcsError, git::remote::Remote};

/// Connects to the server of a `git://` URL.
pub(super) fn connect(line: &Line, remote: &Remote) -> Result<Box<dyn Transport + Send>, Miss> {
    let place = Place::of(remote).ok_or_else(|| {
        VcsError::failed(Cause::Server, line.meter.what(), "the URL names no repository of a git server")
    })?;
    let wire = line.runtime.block_on(line.web.wire(&place.host, place.port.unwrap_or(PORT), line.patience));
    let wire = wire.map_err(|fault| line.meter.judge(&line.meter.fault(&fault)))?;
    let wire = Arc::new(Mutex::new(wire));
    let half = || Half { line: line.clone(), wire: Arc::clone(&wire), piece: Bytes::new() };
    let host = Some((place.host, place.port));
    let mode = ConnectMode::Daemon;
    Ok(Box::new(Connection::new(half(), half(), Protocol::V2, place.path, host, mode, false)))
}

/// What a `git://` URL says.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
    path: Vec<u8>,
}

impl Place {
    fn of(remote: &Remote) -> Option<Self> {
        let rest = remote.secret().strip_prefix("git://")?;
        let (authority, path) = rest.split_at(rest.find('/')?);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let path = decoded(path.as_bytes());
        (!host.is_empty() && path.len() > 1 && !path.iter().any(u8::is_ascii_control)).then_some(Self {
            host,
            port,
            path,
        })
    }
}

/// The path with its percent escapes read, as git reads it.
fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' && byte != 0 => {
                out.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

/// One direction of a connection.
struct Half {
    line: Line,
    wire: Arc<Mutex<Wire>>,
    piece: Bytes,
}

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = &self.line.meter;
        if self.piece.is_empty() {
            meter.may_wait()?;
            let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
            let read = self.line.runtime.block_on(wire.read(AT_ONCE));
            self.piece = read.map_err(|fault| meter.fault(&fault))?;
            meter.received(self.piece.len())?;
        }
        let taken = self.piece.split_to(self.piece.len().min(buffer.len()));
        if let Some(room) = buffer.get_mut(..taken.len()) {
            room.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}

impl Write for Half {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.meter.may_wait()?;
        let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.line.runtime.block_on(wire.write(bytes));
        written.map_err(|fault| self.line.meter.fault(&fault))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PORT: u16 = 9418;
const AT_ONCE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_git_reads_them() {
        let place = |url: &str| Place::of(&Remote::new(url).unwrap());
        let of = |host: &str, port, path: &str| {
            Some(Place { host: host.to_owned(), port, path: path.as_bytes().to_vec() })
        };
        assert_eq!(place("git://git.example.com/a/b.git"), of("git.example.com", None, "/a/b.git"));
        assert_eq!(place("git://u@[::1]:99/a%20b%2"), of("::1", Some(99), "/a b%2"));
        for bad in
            ["git://git.example.com", "git://git.example.com/", "git:///a", "git://h:x/a", "git://h/a%0A"]
        {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
