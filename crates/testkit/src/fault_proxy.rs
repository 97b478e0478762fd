//! A relay in front of an upstream that breaks connections as a test says.

mod link;
mod pump;

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

pub use link::{Act, At, Link};

use crate::LIMIT;

/// A relay on a loopback port. It knows nothing of HTTP: what it does, it does to bytes and connections.
///
/// Without orders it relays whatever comes. What is ordered is a [`Link`]: what one connection goes through.
#[derive(Debug)]
pub struct FaultProxy {
    scheme: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
    relayed: Relayed,
}

/// How many bytes went which way.
#[derive(Debug, Default)]
struct Relayed {
    requests: AtomicU64,
    responses: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: VecDeque<Link>,
    /// For each n-th connection.
    each: Option<(usize, Link)>,
    always: Option<Link>,
    connections: usize,
    /// Both ends of what is open. Held weakly: a reset needs the last handle to go.
    open: Vec<Weak<TcpStream>>,
}

impl FaultProxy {
    /// A relay to the upstream with this URL: `http://127.0.0.1:PORT`, or `https://`, which stays encrypted.
    #[track_caller]
    pub fn before(url: &str) -> Self {
        let (scheme, upstream) = url.split_once("://").expect("a URL");
        let upstream = upstream.trim_end_matches('/').parse().expect("a URL of an address and a port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared {
            upstream,
            state: Mutex::default(),
            changed: Condvar::new(),
            relayed: Relayed::default(),
        };
        let mut proxy =
            Self { scheme: scheme.to_owned(), address, shared: Arc::new(shared), accepting: None };
        proxy.accept(listener);
        proxy
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
                    shared.relay(stream);
                }
            }
        });
        self.accepting = Some((stop, thread));
    }

    /// `http://127.0.0.1:PORT`, or `https://`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connections go through these, one each, in this order; then it is as before.
    pub fn script(&self, links: impl IntoIterator<Item = Link>) {
        self.state().next.extend(links);
    }

    /// Each `n`-th connection goes through this, counted from the first of all.
    #[track_caller]
    pub fn each(&self, n: usize, link: Link) {
        assert!(n > 0, "each 1st is all");
        self.state().each = Some((n, link));
    }

    /// Every connection goes through this that has no other orders.
    pub fn always(&self, link: Link) {
        self.state().always = Some(link);
    }

    /// Forgets what was ordered. What is open stays as it is.
    pub fn natural(&self) {
        let mut state = self.state();
        state.next.clear();
        state.each = None;
        state.always = None;
    }

    /// How many connections came so far.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// How many bytes of requests reached the upstream.
    pub fn request_bytes(&self) -> u64 {
        self.shared.relayed.requests.load(Ordering::SeqCst)
    }

    /// How many bytes of responses came through.
    pub fn response_bytes(&self) -> u64 {
        self.shared.relayed.responses.load(Ordering::SeqCst)
    }

    /// Forgets the connections and bytes so far.
    pub fn forget(&self) {
        self.state().connections = 0;
        self.shared.relayed.requests.store(0, Ordering::SeqCst);
        self.shared.relayed.responses.store(0, Ordering::SeqCst);
    }

    /// Blocks until this many connections came.
    #[track_caller]
    pub fn wait_connections(&self, count: usize) {
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.state(), LIMIT, |state| state.connections < count)
            .unwrap_or_else(PoisonError::into_inner);
        let came = state.connections;
        drop(state);
        assert!(!waited.timed_out(), "{came} of {count} connections came within {LIMIT:?}");
    }

    /// Ends all that is open with RST, and blocks until it has ended, so that nobody can still use it.
    #[track_caller]
    pub fn reset_all(&self) {
        let open = std::mem::take(&mut self.state().open);
        for stream in open.iter().filter_map(Weak::upgrade) {
            pump::reset(&stream);
        }
        let begun = Instant::now();
        while open.iter().any(|stream| stream.strong_count() > 0) {
            assert!(begun.elapsed() < LIMIT, "a connection that stalls before a gate cannot be reset");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Refuses connections from now on and cuts those that are open.
    pub fn take_down(&mut self) {
        let Some((stop, thread)) = self.accepting.take() else { return };
        stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which then drops the listener.
        let _ = TcpStream::connect(self.address);
        let _ = thread.join();
        let open = std::mem::take(&mut self.state().open);
        for stream in open.iter().filter_map(Weak::upgrade) {
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

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.take_down();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection and lets threads of its own do what its orders say.
    fn relay(self: &Arc<Self>, client: TcpStream) {
        let client = Arc::new(client);
        let link = {
            let mut state = self.state();
            state.connections += 1;
            state.open.retain(|stream| stream.strong_count() > 0);
            state.open.push(Arc::downgrade(&client));
            self.changed.notify_all();
            state.orders()
        };
        let shared = Arc::clone(self);
        std::thread::spawn(move || shared.go_through(&link, client));
    }

    fn go_through(self: Arc<Self>, link: &Link, client: Arc<TcpStream>) {
        let upstream = match link.reaches.then(|| TcpStream::connect_timeout(&self.upstream, LIMIT)) {
            Some(Ok(upstream)) => Arc::new(upstream),
            Some(Err(_)) => return pump::reset(&client),
            None => return pump::swallow(&client),
        };
        for stream in [&client, &upstream] {
            let _ = stream.set_nodelay(true);
        }
        self.state().open.push(Arc::downgrade(&upstream));
        std::thread::scope(|threads| {
            let requests = (Arc::clone(&client), Arc::clone(&upstream));
            threads.spawn(|| pump::run(requests, &link.requests, &self.relayed.requests));
            pump::run((upstream, client), &link.responses, &self.relayed.responses);
        });
    }
}

impl State {
    fn orders(&mut self) -> Link {
        if let Some(next) = self.next.pop_front() {
            return next;
        }
        match &self.each {
            Some((n, link)) if self.connections.is_multiple_of(*n) => link.clone(),
            _ => self.always.clone().unwrap_or_else(Link::good),
        }
    }
}
