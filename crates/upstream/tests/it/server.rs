//! A server that plays a script on a real socket, byte by byte.

use std::{
    fmt::Write,
    future::pending,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// One step of an answer. After the last one the connection waits for the next request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Says nothing more, and keeps the connection.
    Hang,
    /// Closes the connection in order.
    Close,
    /// Breaks the connection.
    Reset,
}

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Head(String);

impl Head {
    /// Method and target.
    pub(crate) fn line(&self) -> &str {
        self.0.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
    }

    /// The target.
    pub(crate) fn target(&self) -> &str {
        self.line().split_once(' ').unwrap().1
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The names of all headers, in lower case.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.0.lines().skip(1).filter_map(|line| Some(line.split_once(": ")?.0.to_lowercase())).collect();
        names.sort();
        names
    }
}

/// A running server. It stops with the test's runtime.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    log: Arc<Mutex<Vec<Head>>>,
    connections: Arc<AtomicUsize>,
}

/// Any port of this machine.
const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

type Respond = dyn Fn(&Head) -> Vec<Step> + Send + Sync;

impl Server {
    pub(crate) async fn start(respond: impl Fn(&Head) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Server::run(HERE, None, Arc::new(respond)).await
    }

    pub(crate) async fn start_tls(
        tls: Arc<rustls::ServerConfig>,
        respond: impl Fn(&Head) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Server::run(HERE, Some(TlsAcceptor::from(tls)), Arc::new(respond)).await
    }

    /// Gives the same answer to everything.
    pub(crate) async fn always(steps: Vec<Step>) -> Self {
        Server::start(move |_| steps.clone()).await
    }

    /// Gives the same answer to everything, at an address of its own.
    pub(crate) async fn always_at(addr: SocketAddr, steps: Vec<Step>) -> Self {
        Server::run(addr, None, Arc::new(move |_: &Head| steps.clone())).await
    }

    async fn run(addr: SocketAddr, tls: Option<TlsAcceptor>, respond: Arc<Respond>) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&log);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::Relaxed);
                let (tls, respond, heads) = (tls.clone(), Arc::clone(&respond), Arc::clone(&heads));
                tokio::spawn(async move {
                    match tls {
                        None => play(stream, &*respond, &heads, |s| reset(&s)).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                play(stream, &*respond, &heads, |s| reset(s.get_ref().0)).await;
                            }
                        }
                    }
                });
            }
        });
        Server { addr, log, connections }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Head> {
        self.log.lock().unwrap().clone()
    }
}

/// An answer with a length.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut bytes = head(status, headers, Some(body.len() as u64));
    bytes.extend_from_slice(body);
    vec![Step::Say(bytes)]
}

/// A 200 with a length.
pub(crate) fn ok(body: impl AsRef<[u8]>) -> Vec<Step> {
    answer("200 OK", &[], body)
}

/// The head of an answer.
pub(crate) fn head(status: &str, headers: &[(&str, &str)], len: Option<u64>) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if let Some(len) = len {
        write!(text, "Content-Length: {len}\r\n").unwrap();
    }
    (text + "\r\n").into_bytes()
}

/// The start of a 200 that announces `len` bytes, and the first of them.
pub(crate) fn part(len: u64, body: impl AsRef<[u8]>) -> Step {
    Step::Say([head("200 OK", &[], Some(len)), body.as_ref().to_vec()].concat())
}

async fn play<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    respond: &Respond,
    log: &Mutex<Vec<Head>>,
    reset: impl FnOnce(S),
) {
    while let Some(head) = read_head(&mut stream).await {
        log.lock().unwrap().push(head.clone());
        for step in respond(&head) {
            match step {
                Step::Say(bytes) => {
                    if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                }
                Step::Hang => pending().await,
                Step::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
                Step::Reset => return reset(stream),
            }
        }
    }
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Reads up to the empty line, byte by byte: what follows is somebody else's.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Head> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(Head(String::from_utf8(bytes).unwrap()))
}
