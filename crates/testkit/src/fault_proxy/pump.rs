//! One direction of a connection: bytes from one socket to the other, and what happens to them.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::link::{Act, At, Way};
use crate::sent::wait_until_sent;

/// How much is relayed at once.
const PIECE: usize = 1 << 16;
/// How often in a second a throttled direction sends.
const BEATS: u32 = 20;

/// Relays until one side ends or an order ends it. The handles are given up at the end, so that what was ordered to be a
/// reset becomes one.
pub(super) fn run((from, to): (Arc<TcpStream>, Arc<TcpStream>), way: &Way, count: &AtomicU64) {
    let mut pump = Pump { from: &from, to: &to, way, count, sent: 0, begun: Instant::now() };
    if pump.relay(way.acts.clone()).is_err() {
        // The other direction has no use without this one.
        end(&from, Shutdown::Both);
        end(&to, Shutdown::Both);
    }
}

/// Arranges that the last handle sends RST when it is closed, and wakes whoever reads.
pub(super) fn reset(stream: &TcpStream) {
    // With a linger time of zero, closing sends RST and drops what is still in the buffer.
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Read);
}

/// Says goodbye, but not on a connection that shall end with RST.
fn end(stream: &TcpStream, how: Shutdown) {
    if !matches!(rustix::net::sockopt::socket_linger(stream), Ok(Some(Duration::ZERO))) {
        let _ = stream.shutdown(how);
    }
}

/// Takes what comes and says nothing, until the other side is tired of it.
pub(super) fn swallow(mut stream: &TcpStream) {
    let _ = io::copy(&mut stream, &mut io::sink());
}

struct Pump<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    way: &'a Way,
    count: &'a AtomicU64,
    sent: u64,
    begun: Instant,
}

/// Whether bytes go on.
enum Next {
    Go,
    End,
}

impl Pump<'_> {
    fn relay(&mut self, mut acts: Vec<(At, Act)>) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            while let Some(due) = acts.iter().position(|(at, act)| self.is_due(*at, act)) {
                if let Next::End = self.act(acts.remove(due).1)? {
                    return Ok(());
                }
            }
            let most = self.most(&acts).min(PIECE);
            self.from.set_read_timeout(self.until_timed(&acts))?;
            let n = match (&mut &*self.from).read(&mut piece[..most]) {
                Ok(0) => {
                    end(self.to, Shutdown::Write);
                    return Ok(());
                }
                Ok(n) => n,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Some(at) = acts.iter().position(|(at, act)| self.corrupts(*at, act)) {
                acts.remove(at);
                piece[0] ^= 0x55;
            }
            self.send(&piece[..n])?;
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        thread::sleep(self.way.delay);
        (&mut &*self.to).write_all(bytes)?;
        self.sent += bytes.len() as u64;
        self.count.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        if self.way.rate.is_some() {
            thread::sleep(Duration::from_secs(1) / BEATS);
        }
        Ok(())
    }

    fn act(&self, act: Act) -> io::Result<Next> {
        match act {
            Act::Reset => {
                wait_until_sent(self.to);
                reset(self.from);
                reset(self.to);
                Ok(Next::End)
            }
            // Both sides see an end.
            Act::Cut => Err(io::ErrorKind::ConnectionAborted.into()),
            Act::HalfClose => {
                self.to.shutdown(Shutdown::Write)?;
                Ok(Next::End)
            }
            Act::Stall(gate) => {
                gate.pass();
                Ok(Next::Go)
            }
            Act::Corrupt => Ok(Next::Go),
        }
    }

    /// Whether it is time for something other than changing a byte, which waits for that byte.
    fn is_due(&self, at: At, act: &Act) -> bool {
        !matches!(act, Act::Corrupt) && self.has_come(at)
    }

    fn corrupts(&self, at: At, act: &Act) -> bool {
        matches!(act, Act::Corrupt) && self.has_come(at)
    }

    fn has_come(&self, at: At) -> bool {
        match at {
            At::Byte(n) => self.sent >= n,
            At::Time(after) => self.begun.elapsed() >= after,
        }
    }

    /// How many bytes may go through before something happens, or before the next beat of a throttled direction.
    fn most(&self, acts: &[(At, Act)]) -> usize {
        let ahead = acts.iter().filter_map(|(at, _)| match at {
            At::Byte(n) => n.checked_sub(self.sent).filter(|ahead| *ahead > 0),
            At::Time(_) => None,
        });
        let beat = self.way.rate.map(|rate| u64::from(rate / BEATS).max(1));
        let most = ahead.chain(beat).min().unwrap_or(u64::MAX);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// How long to wait for bytes before something happens anyway. Never zero, which would mean for ever.
    fn until_timed(&self, acts: &[(At, Act)]) -> Option<Duration> {
        let timed = acts.iter().filter_map(|(at, act)| match at {
            At::Time(after) if !matches!(act, Act::Corrupt) => Some(*after),
            _ => None,
        });
        let next = timed.min()?;
        Some(next.saturating_sub(self.begun.elapsed()).max(Duration::from_millis(1)))
    }
}
