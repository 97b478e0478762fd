//! Faults of the layer that `doctor::network` looks at.

mod answers;
mod boxes;
mod clock;
mod connections;
mod names;
mod pairs;

use std::{
    ffi::OsStr,
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use testkit::{Authority, GoCommand, Ran, Reply, Running, ScriptedUpstream, run};

use super::{Report, doctor, doctor_behind};
use crate::world::{project, tree};

/// The checks of this layer.
const CHECKS: &str = "names,clock,connections,proxies,checksum-database";

/// What the doctor says of the network of a project.
#[track_caller]
fn network(go: &GoCommand) -> Report {
    doctor(go, &["--check", CHECKS])
}

/// The same, where `go` must fail as well.
#[track_caller]
fn failing(go: &GoCommand) -> Report {
    go.run(["mod", "download", "all"]).fails();
    network(go)
}

/// The same, where `go` must work.
#[track_caller]
fn working(go: &GoCommand) -> Report {
    go.run(["mod", "download", "all"]).ok();
    network(go)
}

/// The same, where `go` waits: it has not ended well when the doctor has.
#[track_caller]
fn hanging(go: &GoCommand) -> Report {
    let waiting = Running::start(&mut download(go));
    let report = network(go);
    waiting.signal_group(rustix::process::Signal::KILL);
    waiting.wait().fails();
    report
}

/// The same, where `go` works, and needs long.
#[track_caller]
fn working_slowly(go: &GoCommand) -> Report {
    let slow = Running::start(&mut download(go));
    let report = network(go);
    slow.wait().ok();
    report
}

fn download(go: &GoCommand) -> Command {
    let mut command = Command::new("go");
    command.args(["mod", "download", "all"]);
    command.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
    command
}

/// The same, on a machine without a network.
#[track_caller]
fn cut_off(go: &GoCommand) -> Option<Report> {
    let alone = Command::new("unshare").args(["--net", "true"]).output();
    if !testkit::require("unshare --net", alone.is_ok_and(|ran| ran.status.success())) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--net", "go", "mod", "download", "all"]);
    command.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
    run(&mut command).fails();
    Some(doctor_behind(go, &["unshare", "--net"].map(OsStr::new), &["--check", CHECKS]))
}

/// A project whose proxy is signed by an authority that this machine trusts.
fn trusting(proxy: &str, authority: &Authority) -> GoCommand {
    let go = project(proxy);
    go.write("ca.pem", &authority.ca());
    let ca = go.work().join("ca.pem");
    go.env("SSL_CERT_FILE", ca)
}

/// A server that looks at the first bytes of each connection and leads it on, or resets it.
pub(super) fn led(to: impl Fn(&[u8]) -> Option<SocketAddr> + Send + 'static) -> SocketAddr {
    lead(TcpListener::bind("127.0.0.1:0").unwrap(), to)
}

/// One that leads everything on, at an address of this machine.
fn led_at(address: &str, port: u16, to: SocketAddr) -> SocketAddr {
    lead(TcpListener::bind((address, port)).unwrap(), move |_| Some(to))
}

/// The same where somebody listens already.
fn lead(listener: TcpListener, to: impl Fn(&[u8]) -> Option<SocketAddr> + Send + 'static) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let mut first = [0; 2048];
            let Ok(read) = client.read(&mut first) else { continue };
            let Some(server) = to(&first[..read]).and_then(|to| TcpStream::connect(to).ok()) else {
                let _ = rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO));
                continue;
            };
            let first = first[..read].to_vec();
            thread::spawn(move || relay(client, server, &first));
        }
    });
    address
}

fn relay(client: TcpStream, server: TcpStream, first: &[u8]) {
    use std::io::{Write, copy};
    let (mut from, mut to) = (client, server);
    let (Ok(mut back), Ok(mut answers)) = (from.try_clone(), to.try_clone()) else { return };
    let _ = to.write_all(first);
    thread::spawn(move || {
        let _ = copy(&mut answers, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Both);
    });
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// A web server before a proxy that answers 403 to what it does not like in a request line, one request for each connection.
fn filtering(to: SocketAddr, dislikes: impl Fn(&str) -> bool + Send + 'static) -> SocketAddr {
    let refusing = ScriptedUpstream::serving(tree());
    refusing.always("*", Reply::status(403).until_close());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let no = refusing.address();
    lead(listener, move |head| {
        // Lives as long as who answers for it.
        let _ = &refusing;
        let line = String::from_utf8_lossy(head);
        let target = line.split(' ').nth(1).unwrap_or_default();
        Some(if dislikes(target) { no } else { to })
    })
}

fn holds(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

/// A machine with other files in /etc, for the programs that are run on it.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    /// None where this process may not make one.
    fn new(resolv_conf: &str, hosts: Option<&str>) -> Option<Self> {
        let allowed = Command::new("unshare").args(["--mount", "true"]).output();
        if !testkit::require("unshare --mount", allowed.is_ok_and(|ran| ran.status.success())) {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("resolv.conf"), resolv_conf).unwrap();
        std::fs::write(dir.path().join("hosts"), hosts.unwrap_or("127.0.0.1 localhost\n")).unwrap();
        Some(Machine { dir })
    }

    fn script(&self) -> String {
        let bind = |name: &str| {
            format!("mount --bind {} /etc/{name} && ", Path::new(self.dir.path()).join(name).display())
        };
        format!("{}{}exec \"$@\"", bind("resolv.conf"), bind("hosts"))
    }

    /// What the doctor says there.
    #[track_caller]
    fn network(&self, go: &GoCommand) -> Report {
        let script = self.script();
        let before = ["unshare", "--mount", "sh", "-c", &script, "sh"].map(OsStr::new);
        doctor_behind(go, &before, &["--check", CHECKS])
    }

    /// `go mod download` there.
    #[track_caller]
    fn go(&self, go: &GoCommand) -> Ran {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &self.script(), "sh", "go", "mod", "download", "all"]);
        command.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
        run(&mut command)
    }
}
