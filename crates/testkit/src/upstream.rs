//! A GOPROXY on a real socket that does what a test says.

mod conversation;
mod git;
pub(crate) mod ranges;

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::ServerConfig;

use crate::{
    LIMIT,
    git::GitFixture,
    log::TestLog,
    reply::{Natural, Reply},
    script::{Script, matches},
    tls::Authority,
    tree::ModuleTree,
};

/// A GOPROXY on a loopback port. It serves a [`ModuleTree`] and, if it is given one, a [`TestLog`] both through
/// `/sumdb/NAME/` and at its root, as the database itself does. What a test scripts comes before that.
///
/// Every 200 has a strong `ETag` made of its bytes, and `Range`, `If-Range`, `If-None-Match` and HEAD are answered as a good
/// server does; a [`Reply`] can lie about all of that.
///
/// Paths in patterns are those of the log: without the leading slash, percent-decoded, `*` for any text.
#[derive(Debug)]
pub struct ScriptedUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The request target as it stood on the wire.
    pub target: String,
    /// The target without leading slash and query, percent-decoded.
    pub path: String,
    /// All headers, in the order they came.
    pub headers: Vec<(String, String)>,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
}

impl Seen {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    tls: Option<Arc<ServerConfig>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    tree: ModuleTree,
    log: Option<TestLog>,
    /// Where the repositories are that it gives out.
    repositories: Option<PathBuf>,
    /// What was said of repositories, if they stay as they are.
    said: Option<HashMap<git::Question, Natural>>,
    /// Patterns, and the `Authorization` without which their paths are not served.
    demands: Vec<(String, String)>,
    script: Script,
    seen: Vec<Seen>,
    open: BTreeMap<usize, TcpStream>,
    connections: usize,
}

impl ScriptedUpstream {
    /// Serves these modules on a free port.
    pub fn serving(tree: ModuleTree) -> Self {
        Self::start(State { tree, ..State::default() }, None)
    }

    /// Serves these modules and this checksum database on a free port.
    pub fn with_log(tree: ModuleTree, log: TestLog) -> Self {
        Self::start(State { tree, log: Some(log), ..State::default() }, None)
    }

    /// Serves these modules over TLS, with a certificate for `127.0.0.1` and `localhost`.
    pub fn over_tls(tree: ModuleTree, authority: &Authority) -> Self {
        Self::start(State { tree, ..State::default() }, Some(authority.server(false)))
    }

    /// The same, only to clients with a certificate of that authority.
    pub fn for_known_clients(tree: ModuleTree, authority: &Authority) -> Self {
        Self::start(State { tree, ..State::default() }, Some(authority.server(true)))
    }

    /// Serves the repositories of a fixture over TLS, `/NAME` and `/NAME.git`, with a certificate for the hosts of that
    /// authority. Its pages are scripted.
    pub fn of_git(fixture: &GitFixture, authority: &Authority) -> Self {
        let repositories = Some(fixture.path(""));
        Self::start(State { repositories, ..State::default() }, Some(authority.server(false)))
    }

    /// Its repositories stay as they are from now on: a program is started for each question once, and for no other name of
    /// the same repository.
    pub fn repositories_stay(&self) {
        self.state().said = Some(HashMap::new());
    }

    fn start(state: State, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { tls, state: Mutex::new(state), changed: Condvar::new() });
        let mut upstream = Self { address, shared, accepting: None };
        upstream.accept(listener);
        upstream
    }

    fn accept(&mut self, listener: TcpListener) {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, shared) = (Arc::clone(&stop), Arc::clone(&self.shared));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    shared.converse(stream);
                }
            }
        });
        self.accepting = Some((stop, thread));
    }

    /// `http://127.0.0.1:PORT`, or `https://`, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next requests for paths of this pattern get these replies, one each, in this order; then it is as before.
    pub fn script(&self, pattern: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state().script.then(pattern, replies);
    }

    /// Every request for paths of this pattern gets this reply. The newest such order counts.
    pub fn always(&self, pattern: &str, reply: Reply) {
        self.state().script.always(pattern, reply);
    }

    /// Paths of this pattern are for those alone who show this login and this password. Everybody else gets 401, whatever
    /// is scripted.
    pub fn demand(&self, pattern: &str, login: &str, password: &str) {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{login}:{password}")));
        self.state().demands.push((pattern.to_owned(), expected));
    }

    /// Forgets what was scripted.
    pub fn natural(&self) {
        self.state().script.clear();
    }

    /// Serves other modules from now on.
    pub fn serve(&self, tree: ModuleTree) {
        self.state().tree = tree;
    }

    /// Serves another state of its checksum database from now on.
    pub fn serve_log(&self, log: TestLog) {
        self.state().log = Some(log);
    }

    /// Every request so far, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// Every request so far, in the order they came, and forgets them.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state().seen.clear();
    }

    /// How often paths of this pattern were asked for.
    pub fn asked(&self, pattern: &str) -> usize {
        self.state().seen.iter().filter(|seen| matches(pattern, &seen.path)).count()
    }

    /// Blocks until paths of this pattern were asked for `times` times.
    #[track_caller]
    pub fn wait_asked(&self, pattern: &str, times: usize) {
        let count = |state: &State| state.seen.iter().filter(|seen| matches(pattern, &seen.path)).count();
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.state(), LIMIT, |state| count(state) < times)
            .unwrap_or_else(PoisonError::into_inner);
        let asked = count(&state);
        drop(state);
        assert!(!waited.timed_out(), "{pattern} was asked {asked} times, not {times}");
    }

    /// Refuses connections from now on and cuts those that are open.
    pub fn take_down(&mut self) {
        let Some((stop, thread)) = self.accepting.take() else { return };
        stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which then drops the listener.
        let _ = TcpStream::connect(self.address);
        let _ = thread.join();
        for stream in self.state().open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Listens again, on the same port.
    pub fn bring_up(&mut self) {
        if self.accepting.is_none() {
            self.accept(TcpListener::bind(self.address).unwrap());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl State {
    /// What somebody gets who does not show what is demanded of him.
    fn demanded(&self, seen: &Seen) -> Option<Reply> {
        let mut demands = self.demands.iter().filter(|(pattern, _)| matches(pattern, &seen.path)).peekable();
        demands.peek()?;
        let shown = seen.header("authorization");
        let fine = demands.any(|(_, expected)| shown == Some(expected));
        (!fine).then(|| Reply::status(401).header("WWW-Authenticate", "Basic realm=\"testkit\""))
    }
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what {} was asked", self.url());
            for Seen { method, target, .. } in self.state().seen.iter().take(200) {
                eprintln!("{method} {target}");
            }
        }
        self.take_down();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
