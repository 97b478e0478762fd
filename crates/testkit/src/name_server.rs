//! A name server that writes down what it is asked, and a machine on which it is the only one.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::Command,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

use tempfile::TempDir;

use crate::process::run;

/// A name server on a loopback address of its own. A program that is started [`under`](NameServer::under) it knows no other one:
/// it has an `/etc/resolv.conf` of its own, in a mount namespace.
#[derive(Debug)]
pub struct NameServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    dir: TempDir,
    way: &'static [&'static str],
    answering: Option<JoinHandle<()>>,
}

/// How a name server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// What it knows, and `NXDOMAIN` for everything else.
    #[default]
    Known,
    /// `NXDOMAIN`, for everything.
    Nowhere,
    /// `SERVFAIL`.
    Failing,
    /// Not at all.
    Silent,
    /// One address for every name, as a network does that wants a login first.
    All(Ipv4Addr),
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<String, Ipv4Addr>,
    names: Names,
    asked: Vec<String>,
}

impl NameServer {
    /// A name server that knows nothing yet. Nothing where this machine does not allow one: port 53 and a mount namespace
    /// are needed, and a system library that reads `/etc/resolv.conf`.
    pub fn start() -> Option<Self> {
        let socket = bind()?;
        let address = socket.local_addr().unwrap();
        let dir = tempfile::Builder::new().prefix("testkit-names-").tempdir().unwrap();
        fs::write(dir.path().join("resolv.conf"), format!("nameserver {}\n", address.ip())).unwrap();
        let shared = Arc::new(Shared::default());
        let answering = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.answer(&socket)
        });
        let mut server = Self { address, shared, dir, way: WAYS[0], answering: Some(answering) };
        for way in WAYS {
            server.way = way;
            let words = server.under();
            run(Command::new(&words[0]).args(&words[1..]).args(["getent", "ahosts", PROBE]));
            if server.take_asked().iter().any(|name| name == PROBE) {
                return Some(server);
            }
        }
        None
    }

    /// The address of a name. It has no other, and none of IPv6.
    pub fn knows(&self, name: &str, address: Ipv4Addr) {
        self.shared.state().known.insert(name.to_ascii_lowercase(), address);
    }

    /// Answers in another way from now on.
    pub fn says(&self, names: Names) {
        self.shared.state().names = names;
    }

    /// The names that were asked for, in lower case, in the order they came.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state().asked.clone()
    }

    /// The same, and forgets them.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.state().asked)
    }

    /// Its address. The port is 53.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a program is to be started under, as with [`Larder::under`](crate::Larder::under).
    pub fn under(&self) -> Vec<OsString> {
        let file = self.dir.path().join("resolv.conf");
        let script = format!("mount --bind '{}' /etc/resolv.conf && exec \"$0\" \"$@\"", file.display());
        let way = self.way.iter().map(OsString::from);
        way.chain(["sh".into(), "-c".into(), script.into()]).collect()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread.
        let _ =
            UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.send_to(&[0], self.address));
        if let Some(thread) = self.answering.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, socket: &UdpSocket) {
        let mut question = [0; 1500];
        while let Ok((len, client)) = socket.recv_from(&mut question) {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            if let Some(answer) = self.state().answer(&question[..len]) {
                let _ = socket.send_to(&answer, client);
            }
        }
    }
}

impl State {
    fn answer(&mut self, question: &[u8]) -> Option<Vec<u8>> {
        let (name, end) = name(question)?;
        let kind = question.get(end..end + 2)?;
        let is_v4 = kind == [0, 1];
        self.asked.push(name.clone());
        let (code, address) = match self.names {
            Names::Silent => return None,
            Names::Failing => (SERVFAIL, None),
            Names::Nowhere => (NXDOMAIN, None),
            Names::All(address) => (NOERROR, Some(address)),
            Names::Known => match self.known.get(&name) {
                Some(address) => (NOERROR, Some(*address)),
                None => (NXDOMAIN, None),
            },
        };
        let address = address.filter(|_| is_v4);
        let mut answer = question[..2].to_vec();
        // An answer, with recursion wanted and to be had; one question, no or one record.
        answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
        answer.extend(question.get(HEAD..end + 4)?);
        if let Some(address) = address {
            // The name of the question, an address of the internet, good for no time, of four bytes.
            answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            answer.extend(address.octets());
        }
        Some(answer)
    }
}

/// The name that is asked for, in lower case, and where it ends.
fn name(question: &[u8]) -> Option<(String, usize)> {
    let (mut at, mut name) = (HEAD, String::new());
    loop {
        let len = usize::from(*question.get(at)?);
        at += 1;
        if len == 0 {
            return Some((name, at));
        }
        if !name.is_empty() {
            name.push('.');
        }
        let label = question.get(at..at + len)?;
        name.push_str(&String::from_utf8_lossy(label).to_ascii_lowercase());
        at += len;
    }
}

/// A loopback address on which nobody else has the port.
fn bind() -> Option<UdpSocket> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..100).find_map(|_| {
        let number = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let [_, a, b, c] = number.to_be_bytes();
        UdpSocket::bind((Ipv4Addr::new(127, a, b, c.clamp(2, 254)), 53)).ok()
    })
}

/// How to get a mount namespace: as root, or as root of a user namespace.
const WAYS: [&[&str]; 2] =
    [&["unshare", "--mount", "--"], &["unshare", "--user", "--map-root-user", "--mount", "--"]];
/// Asked for to see whether questions arrive.
const PROBE: &str = "probe.names.test";
/// Bytes before the question.
const HEAD: usize = 12;
const NOERROR: u8 = 0;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
