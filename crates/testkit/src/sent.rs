//! Waiting until the other side has what was sent: a reset drops whatever is still on its way.

use std::{
    fs,
    net::{SocketAddr, SocketAddrV4, TcpStream},
    time::{Duration, Instant},
};

/// Who takes nothing for so long does not get it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Blocks until the kernel of the other side has every byte that was written, so that a reset after `n` bytes comes after
/// exactly these. Gives up on those who do not read.
pub(crate) fn wait_until_sent(stream: &TcpStream) {
    let (Ok(SocketAddr::V4(own)), Ok(SocketAddr::V4(peer))) = (stream.local_addr(), stream.peer_addr())
    else {
        return;
    };
    let ends = format!(" {} {} ", hex(own), hex(peer));
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && is_waiting(&ends) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// An address as `/proc/net/tcp` writes it.
pub(crate) fn hex(address: SocketAddrV4) -> String {
    format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
}

/// Local address, remote address, state, bytes that wait to be sent and to be read (proc_pid_net(5)).
fn is_waiting(ends: &str) -> bool {
    let Ok(table) = fs::read_to_string("/proc/net/tcp") else { return false };
    let row = table.lines().find_map(|line| line.split_once(ends));
    let queues = row.and_then(|(_, rest)| rest.split(' ').nth(1));
    queues.is_some_and(|queues| !queues.starts_with("00000000:"))
}
