//! One connection: requests in, answers out, faults on purpose.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};

use super::{Seen, Shared, git, ranges};
use crate::{
    reply::{Framing, Natural, Reply, Said, Stop},
    sent::wait_until_sent,
    tls::Wire,
    upstream::ranges::Ranges,
};

/// A head longer than this is nothing that a test sends on purpose.
const HEAD_LIMIT: u64 = 1 << 20;
/// How much of a body is written at once.
const PIECE: usize = 1 << 16;

/// Whether the connection can carry another request.
enum After {
    KeepAlive,
    Close,
    Reset,
}

impl Shared {
    /// Speaks on a connection, on a thread of its own, until it ends.
    pub(super) fn converse(self: &Arc<Self>, stream: TcpStream) {
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            let id = {
                let mut state = shared.state();
                let id = state.connections;
                state.connections += 1;
                let Ok(other) = stream.try_clone() else { return };
                let _ = other.set_nodelay(true);
                state.open.insert(id, other);
                id
            };
            let tls = shared.tls.clone();
            let after = stream.try_clone().map_err(drop).and_then(|other| {
                let mut reader = BufReader::new(Wire::new(other, tls));
                let after = shared.talk(id, &mut reader).map_err(drop)?;
                if let After::Close = after {
                    reader.get_mut().goodbye();
                }
                Ok(after)
            });
            shared.state().open.remove(&id);
            if let Ok(After::Reset) = after {
                wait_until_sent(&stream);
                // With a linger time of zero, closing sends RST and drops what is still in the buffer.
                let _ = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
            } else {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    fn talk(&self, id: usize, reader: &mut BufReader<Wire>) -> io::Result<After> {
        while let Some(seen) = read_head(reader, id)? {
            let sent = git::read_body(&seen, reader)?;
            let (reply, mut natural, repositories) = {
                let mut state = self.state();
                let reply = match state.demanded(&seen) {
                    Some(refused) => refused,
                    None => state.script.next(&seen.path).unwrap_or_else(Reply::natural),
                };
                let meant = !reply.for_head_alone || seen.method == "HEAD";
                let reply = if meant { reply } else { Reply::natural() };
                let log = state.log.as_ref().and_then(|log| log.answer(&seen.path));
                let natural = log.or_else(|| {
                    let (content_type, body) = state.tree.answer(&seen.path)?;
                    let content_type = content_type.into();
                    Some(Natural { status: 200, content_type, body, framing: Framing::Length })
                });
                state.seen.push(seen.clone());
                self.changed.notify_all();
                (reply, natural, state.repositories.clone())
            };
            if let (None, Said::Natural, Some(root)) = (&natural, &reply.said, repositories) {
                natural = self.of_repository(&root, &seen, &sent);
            }
            match answer(reader.get_mut(), &seen, reply, natural)? {
                After::KeepAlive => {}
                ended => return Ok(ended),
            }
        }
        Ok(After::Close)
    }
}

impl Shared {
    /// What a repository answers; what it answered before, where that stays.
    fn of_repository(&self, root: &Path, seen: &Seen, sent: &[u8]) -> Option<Natural> {
        let question = git::question(root, seen, sent)?;
        if let Some(said) = &self.state().said
            && let Some(natural) = said.get(&question)
        {
            return Some(natural.clone());
        }
        let natural = git::answer(root, &question);
        if let Some(said) = &mut self.state().said {
            said.insert(question, natural.clone());
        }
        Some(natural)
    }
}

fn read_head(reader: &mut impl BufRead, connection: usize) -> io::Result<Option<Seen>> {
    let mut head = reader.take(HEAD_LIMIT);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let path = target.split('?').next().unwrap_or_default().trim_start_matches('/');
    let path = String::from_utf8_lossy(&percent_decode(path)).into_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        head.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Some(Seen { method, target, path, headers, connection }))
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = [ahead.next(), ahead.next()].map(|d| char::from(d.unwrap_or_default()).to_digit(16));
        if let (b'%', [Some(high), Some(low)]) = (byte, digits) {
            out.push(u8::try_from(high * 16 + low).unwrap());
            bytes = ahead;
        } else {
            out.push(byte);
        }
    }
    out
}

fn answer(stream: &mut Wire, seen: &Seen, reply: Reply, natural: Option<Natural>) -> io::Result<After> {
    if let Some(gate) = &reply.before {
        gate.pass();
    }
    let mut framing = reply.framing;
    let (status, content_type, mut body) = match reply.said {
        Said::Nothing => return Ok(After::Reset),
        Said::Fixed { status, body } => (status, None, body),
        Said::Natural => match natural {
            Some(natural) => {
                if let Framing::Length = framing {
                    framing = natural.framing;
                }
                (natural.status, Some(natural.content_type), natural.body)
            }
            None => {
                let text = format!("not found: {} is not in this tree\n", seen.path);
                (404, Some("text/plain; charset=utf-8".into()), text.into())
            }
        },
    };
    if let Some(edit) = &reply.edit {
        let mut bytes = body.to_vec();
        edit.0(&mut bytes);
        body = bytes.into();
    }
    let mut headers = reply.headers;
    if let Some(content_type) = content_type {
        add(&mut headers, "Content-Type", &content_type);
    }
    let mut part = ranges::Part { status, content_range: None, from: 0, len: body.len() };
    if status == 200 && !matches!(framing, Framing::Claim(_)) {
        if reply.validated {
            add(&mut headers, "ETag", &ranges::etag(&body));
        }
        let of = |name| find(&headers, name);
        let (etag, last_modified) = (of("etag"), of("last-modified"));
        part = if ranges::is_current(seen, etag, last_modified) {
            ranges::Part { status: 304, len: 0, ..part }
        } else {
            ranges::part(seen, &reply.ranges, body.len(), etag, last_modified)
        };
        if let Some(content_range) = &part.content_range {
            add(&mut headers, "Content-Range", content_range);
        }
        if !matches!(reply.ranges, Ranges::Ignored) {
            add(&mut headers, "Accept-Ranges", "bytes");
        }
    }
    let bodiless = seen.method == "HEAD" || matches!(part.status, 204 | 304);
    let mut head = format!("HTTP/1.1 {} {}\r\n", part.status, reason(part.status));
    match framing {
        Framing::Length if part.status != 304 => {
            headers.push(("Content-Length".into(), part.len.to_string()));
        }
        Framing::Length | Framing::UntilClose => {}
        Framing::Claim(len) => headers.push(("Content-Length".into(), len.to_string())),
        Framing::Chunked => headers.push(("Transfer-Encoding".into(), "chunked".into())),
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if bodiless {
        return Ok(After::KeepAlive);
    }
    let mut stops = reply.stops;
    stops.sort_by_key(|(at, _)| *at);
    let chunked = matches!(framing, Framing::Chunked);
    let mut out = Out { stream, chunked, drip: reply.drip };
    let mut reader = body.reader();
    io::copy(&mut reader.by_ref().take(part.from), &mut io::sink())?;
    let mut reader = reader.take(part.len);
    let mut sent = 0;
    for (at, stop) in stops {
        sent += out.copy(&mut reader, at.saturating_sub(sent))?;
        if sent < at {
            break;
        }
        match stop {
            Stop::Reset => return Ok(After::Reset),
            Stop::Close => return Ok(After::Close),
            Stop::Wait(gate) => gate.pass(),
        }
    }
    sent += out.copy(&mut reader, u64::MAX)?;
    match framing {
        Framing::Chunked => out.stream.write_all(b"0\r\n\r\n")?,
        Framing::UntilClose => return Ok(After::Close),
        Framing::Claim(len) if len != sent => return Ok(After::Close),
        Framing::Claim(_) | Framing::Length => {}
    }
    Ok(After::KeepAlive)
}

/// Adds a header that a reply does not bring itself.
fn add(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    if find(headers, name).is_none() {
        headers.push((name.to_owned(), value.to_owned()));
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let named = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str())
}

struct Out<'a> {
    stream: &'a mut Wire,
    chunked: bool,
    drip: Option<(usize, Duration)>,
}

impl Out<'_> {
    /// Copies up to `limit` bytes and says how many there were.
    fn copy(&mut self, from: &mut dyn Read, limit: u64) -> io::Result<u64> {
        let (most, pause) = self.drip.map_or((PIECE, None), |(n, every)| (n.min(PIECE), Some(every)));
        let mut piece = vec![0; most];
        let mut copied = 0;
        while copied < limit {
            let want = usize::try_from(limit - copied).unwrap_or(most).min(most);
            let n = from.read(&mut piece[..want])?;
            if n == 0 {
                break;
            }
            if self.chunked {
                self.stream.write_all(format!("{n:x}\r\n").as_bytes())?;
            }
            self.stream.write_all(&piece[..n])?;
            if self.chunked {
                self.stream.write_all(b"\r\n")?;
            }
            copied += n as u64;
            if let Some(pause) = pause {
                std::thread::sleep(pause);
            }
        }
        Ok(copied)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        304 => "Not Modified",
        404 => "Not Found",
        410 => "Gone",
        416 => "Range Not Satisfiable",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Scripted",
    }
}
