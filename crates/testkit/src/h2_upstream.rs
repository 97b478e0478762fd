//! An upstream that speaks HTTP/2, as far as it takes to break it (RFC 9113).

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use rustls::ServerConfig;

use crate::tls::{Authority, Wire};

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest frame that everybody takes.
const FRAME: usize = 16_384;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
/// On SETTINGS and PING.
const ACK: u8 = 1;
/// On DATA and HEADERS.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A GOPROXY over TLS that speaks nothing but HTTP/2. It does not look at paths: it has one body, and every request gets it,
/// unless a [`Break`] is scripted.
#[derive(Debug)]
pub struct H2Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// RST_STREAM after so many bytes of the body, with this error code; `None`: before the headers.
    Stream(Option<usize>, u32),
    /// GOAWAY after so many bytes of the body, and the end of the connection; `None`: before the headers.
    Connection(Option<usize>),
    /// GOAWAY after the whole answer: no fault, only a goodbye.
    Goodbye,
}

/// INTERNAL_ERROR, RFC 9113, 7.
pub const INTERNAL_ERROR: u32 = 2;
/// REFUSED_STREAM: the request was not touched.
pub const REFUSED_STREAM: u32 = 7;

#[derive(Debug)]
struct Shared {
    tls: Arc<ServerConfig>,
    body: Vec<u8>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Break>,
    asked: usize,
    open: Vec<TcpStream>,
}

impl H2Upstream {
    /// Serves this body on a free port, with a certificate for `127.0.0.1`. At most 60 kB, so that no window is ever full.
    #[track_caller]
    pub fn serving(body: impl Into<Vec<u8>>, authority: &Authority) -> Self {
        let body = body.into();
        assert!(body.len() <= 60_000, "{} bytes do not fit into every window", body.len());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut tls = ServerConfig::clone(&authority.server(false));
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let shared = Arc::new(Shared { tls: Arc::new(tls), body, state: Mutex::default() });
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, accepts) = (Arc::clone(&stop), Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    accepts.converse(stream);
                }
            }
        });
        Self { address, shared, accepting: Some((stop, thread)) }
    }

    /// `https://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The next requests break like this, one each, in this order; then all is well.
    pub fn script(&self, breaks: impl IntoIterator<Item = Break>) {
        self.shared.state().script.extend(breaks);
    }

    /// How many requests came so far.
    pub fn asked(&self) -> usize {
        self.shared.state().asked
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.shared.state().asked = 0;
    }
}

impl Drop for H2Upstream {
    fn drop(&mut self) {
        let Some((stop, thread)) = self.accepting.take() else { return };
        stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which then drops the listener.
        let _ = TcpStream::connect(self.address);
        let _ = thread.join();
        for stream in &self.shared.state().open {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Speaks on a connection, on a thread of its own, until it ends.
    fn converse(self: &Arc<Self>, stream: TcpStream) {
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            let _ = stream.set_nodelay(true);
            let Ok(other) = stream.try_clone() else { return };
            shared.state().open.push(other);
            let Ok(other) = stream.try_clone() else { return };
            let mut wire = Wire::new(other, Some(Arc::clone(&shared.tls)));
            let _ = shared.talk(&mut wire);
            wire.goodbye();
            let _ = stream.shutdown(Shutdown::Both);
        });
    }

    fn talk(&self, wire: &mut Wire) -> io::Result<()> {
        let mut preface = [0; PREFACE.len()];
        wire.read_exact(&mut preface)?;
        if preface != PREFACE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        send(wire, SETTINGS, 0, 0, &[])?;
        loop {
            let mut head = [0; 9];
            wire.read_exact(&mut head)?;
            let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
            wire.read_exact(&mut payload)?;
            match kind {
                SETTINGS if flags & ACK == 0 => send(wire, SETTINGS, ACK, 0, &[])?,
                PING if flags & ACK == 0 => send(wire, PING, ACK, 0, &payload)?,
                HEADERS => {
                    let broken = {
                        let mut state = self.state();
                        state.asked += 1;
                        state.script.pop_front()
                    };
                    self.answer(wire, u32::from_be_bytes([s0, s1, s2, s3]), broken)?;
                }
                GOAWAY => return Ok(()),
                _ => {}
            }
        }
    }

    fn answer(&self, wire: &mut Wire, stream: u32, broken: Option<Break>) -> io::Result<()> {
        let (stops, all) = match broken {
            None | Some(Break::Goodbye) => (Some(self.body.len()), true),
            Some(Break::Stream(stops, _) | Break::Connection(stops)) => (stops, false),
        };
        if let Some(stops) = stops {
            send(wire, HEADERS, END_HEADERS, stream, &fields(self.body.len()))?;
            let mut pieces = self.body[..stops].chunks(FRAME).peekable();
            while let Some(piece) = pieces.next() {
                let end = if all && pieces.peek().is_none() { END_STREAM } else { 0 };
                send(wire, DATA, end, stream, piece)?;
            }
        }
        let goaway = || [stream.to_be_bytes(), 0_u32.to_be_bytes()].concat();
        match broken {
            None => Ok(()),
            Some(Break::Stream(_, code)) => send(wire, RST_STREAM, 0, stream, &code.to_be_bytes()),
            Some(Break::Goodbye) => send(wire, GOAWAY, 0, 0, &goaway()),
            Some(Break::Connection(_)) => {
                send(wire, GOAWAY, 0, 0, &goaway())?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}

/// `:status: 200`, the length and a type, as HPACK writes them without a table of its own (RFC 7541, 6.1 and 6.2.2).
fn fields(len: usize) -> Vec<u8> {
    // 8 of the static table; then literals with the names 28 and 31 of it, 15 and what is more than that.
    let mut block = vec![0x88];
    for (name, value) in [(28 - 15, len.to_string()), (31 - 15, "application/zip".to_owned())] {
        block.extend([0x0f, name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

fn send(wire: &mut Wire, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![len[1], len[2], len[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    wire.write_all(&frame)?;
    wire.flush()
}
