//! A small HTTP/1.1 client that sends exactly the bytes it is told and says exactly how an answer ended.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use crate::{LIMIT, sent::hex};

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As announced: all bytes of Content-Length, or the last chunk.
    Whole,
    /// The connection was closed cleanly before that.
    Cut,
    /// RST before that.
    Reset,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: End,
}

impl Response {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The answer, which must be whole and have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!((self.status, self.end), (status, End::Whole), "{}", self.text());
        self
    }
}

/// A connection to a server. Any bytes may be sent on it.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// The server's address and this end's.
    ends: [SocketAddr; 2],
    /// What has been read from the socket and not used yet.
    ahead: Vec<u8>,
}

impl Connection {
    /// Connects.
    #[track_caller]
    pub fn open(to: SocketAddr) -> Self {
        Self::try_open(to).unwrap_or_else(|error| panic!("cannot connect to {to}: {error}"))
    }

    /// Connects if somebody listens.
    pub fn try_open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, LIMIT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let ends = [to, stream.local_addr()?];
        Ok(Self { stream, ends, ahead: Vec::new() })
    }

    /// Takes at most about `bytes` from the network before somebody reads: a client that is slow to take what it asked for.
    #[must_use]
    pub fn with_small_buffer(self, bytes: usize) -> Self {
        rustix::net::sockopt::set_socket_recv_buffer_size(&self.stream, bytes).unwrap();
        self
    }

    /// Sends bytes as they are. An error means that the server has closed the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends a request without a body on a connection that stays open.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.ends[0]);
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        self.send(head.as_bytes())
    }

    /// Sends a request and reads its answer.
    #[track_caller]
    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        self.ask(method, path, headers).unwrap();
        self.response(method).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Reads the answer to a request with this method. Nothing if the connection ended first.
    pub fn response(&mut self, method: &str) -> Option<Response> {
        let mut response = self.head()?;
        response.end = if method == "HEAD" || matches!(response.status, 204 | 304) {
            End::Whole
        } else {
            self.body(&mut response)
        };
        Some(response)
    }

    /// Reads the head of an answer; its body is still to come. Nothing if the connection ended first.
    pub fn head(&mut self) -> Option<Response> {
        let head = loop {
            if let Some(at) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.ahead.drain(..at + 4).collect();
                break String::from_utf8_lossy(&head).into_owned();
            }
            self.more().ok()?;
        };
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Some(Response { status, headers, body: Vec::new(), end: End::Whole })
    }

    /// Reads exactly `n` bytes of a body that has a Content-Length.
    #[track_caller]
    pub fn take(&mut self, n: usize) -> Vec<u8> {
        while self.ahead.len() < n {
            self.more().unwrap_or_else(|end| panic!("{end:?} after {} of {n} bytes", self.ahead.len()));
        }
        self.ahead.drain(..n).collect()
    }

    /// Reads until the server closes the connection. What came, and whether it ended with a RST.
    pub fn to_end(&mut self) -> (Vec<u8>, End) {
        loop {
            if let Err(end) = self.more() {
                return (std::mem::take(&mut self.ahead), end);
            }
        }
    }

    /// Blocks until the server has closed its side, without reading a byte.
    #[track_caller]
    pub fn wait_closed_by_peer(&self) {
        let [SocketAddr::V4(peer), SocketAddr::V4(own)] = self.ends else {
            panic!("IPv4 only");
        };
        // Local address, remote address, state; 01 is ESTABLISHED (proc_pid_net(5)).
        let row = format!("{} {} 01 ", hex(peer), hex(own));
        let started = Instant::now();
        while fs::read_to_string("/proc/net/tcp").unwrap().contains(&row) {
            assert!(started.elapsed() < LIMIT, "the server still keeps a client that takes nothing");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn body(&mut self, response: &mut Response) -> End {
        if response.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.chunks(&mut response.body).err().unwrap_or(End::Whole);
        }
        let Some(len) = response.header("content-length").and_then(|value| value.parse::<usize>().ok())
        else {
            let (body, end) = self.to_end();
            response.body = body;
            return if end == End::Cut { End::Whole } else { end };
        };
        let mut end = End::Whole;
        while self.ahead.len() < len {
            if let Err(why) = self.more() {
                end = why;
                break;
            }
        }
        response.body = self.ahead.drain(..len.min(self.ahead.len())).collect();
        end
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<(), End> {
        loop {
            let line = loop {
                if let Some(at) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                    let line: Vec<u8> = self.ahead.drain(..at + 2).collect();
                    break String::from_utf8_lossy(&line).into_owned();
                }
                self.more()?;
            };
            let len = usize::from_str_radix(line.trim(), 16).map_err(|_| End::Cut)?;
            while self.ahead.len() < len + 2 {
                if let Err(end) = self.more() {
                    body.append(&mut self.ahead);
                    return Err(end);
                }
            }
            body.extend(self.ahead.drain(..len));
            self.ahead.drain(..2);
            if len == 0 {
                return Ok(());
            }
        }
    }

    fn more(&mut self) -> Result<(), End> {
        let mut piece = [0; 1 << 14];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(End::Cut),
            Ok(n) => {
                self.ahead.extend(&piece[..n]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(End::Reset),
            // Whoever waits with a limit of time is woken when the machine stops and goes on.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => panic!("the server neither answered nor closed: {error}"),
        }
    }
}
