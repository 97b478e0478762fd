//! An HTTP proxy through which every host is one address of this machine.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// An HTTP proxy that leads every tunnel to one address, or to another one for some hosts. So a test has servers under any name
/// and at port 443, for Larder as for a real `go` and `git`: `HTTPS_PROXY` is all they need.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    to: SocketAddr,
    others: Mutex<BTreeMap<String, SocketAddr>>,
    asked: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Tunnel {
    /// A proxy on a free port that leads to this address.
    pub fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let shared = Arc::new(Shared {
            to: address,
            others: Mutex::default(),
            asked: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let address = listener.local_addr().unwrap();
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming() {
                    if shared.stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let shared = Arc::clone(&shared);
                    // A client that goes away in the middle is no fault of the proxy.
                    thread::spawn(move || stream.and_then(|stream| shared.lead(&stream)));
                }
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// Leads tunnels to this host, `example.com:443`, to another address.
    pub fn lead(&self, host: &str, address: SocketAddr) {
        lock(&self.shared.others).insert(host.to_owned(), address);
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, for `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The hosts that tunnels were asked for, with their ports, in the order they came.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.shared.asked).clone()
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which then drops the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lead(&self, client: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut rest = String::new();
        while reader.read_line(&mut rest)? > 2 {
            rest.clear();
        }
        let mut writer = client.try_clone()?;
        let Some(host) = line.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
            return writer.write_all(
                b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        };
        lock(&self.asked).push(host.to_owned());
        let to = lock(&self.others).get(host).copied().unwrap_or(self.to);
        let Ok(server) = TcpStream::connect(to) else {
            return writer
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        };
        writer.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let mut up = server.try_clone()?;
        let sending = thread::spawn(move || {
            let _ = io::copy(&mut reader, &mut up);
            let _ = up.shutdown(Shutdown::Write);
        });
        let mut from = server;
        let _ = io::copy(&mut from, &mut writer);
        let _ = writer.shutdown(Shutdown::Write);
        let _ = sending.join();
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
