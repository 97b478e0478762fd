//! A resolver that says what a test wants.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// A resolver at port 53 of a loopback address of its own, so that a line of resolv.conf(5) can name it.
#[derive(Debug)]
pub struct FakeResolver {
    address: Ipv4Addr,
    stop: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it says of a name.
#[derive(Clone, Debug)]
pub enum Says {
    /// These are its addresses.
    Is(Vec<IpAddr>),
    /// An error (RFC 1035, 4.1.1): 2 failure, 3 no such name, 5 refused.
    Code(u8),
    /// Nothing at all.
    Nothing,
}

impl FakeResolver {
    /// Says this of these names, and of all others that there are none. None where this process may not listen at port 53.
    pub fn saying(names: &[(&str, Says)]) -> Option<Self> {
        let address = Ipv4Addr::from((127 << 24) | (53 << 16) | u32::from(free()));
        let socket = UdpSocket::bind((address, 53)).ok()?;
        socket.set_read_timeout(Some(Duration::from_millis(50))).ok()?;
        let names: BTreeMap<String, Says> =
            names.iter().map(|(name, says)| ((*name).to_owned(), says.clone())).collect();
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<String>>>::default());
        let answering = std::thread::spawn({
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            move || {
                let mut packet = [0; 1500];
                while !stop.load(Ordering::SeqCst) {
                    let Ok((len, from)) = socket.recv_from(&mut packet) else { continue };
                    let Some((name, kind)) = question(&packet[..len]) else { continue };
                    asked.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
                    let says = names.get(&name).cloned().unwrap_or(Says::Code(3));
                    if let Some(answer) = answer(&packet[..len], kind, &says) {
                        let _ = socket.send_to(&answer, from);
                    }
                }
            }
        });
        Some(Self { address, stop, answering: Some(answering), asked })
    }

    /// The line of resolv.conf(5) that names it.
    pub fn line(&self) -> String {
        format!("nameserver {}\n", self.address)
    }

    /// The names that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for FakeResolver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.answering.take() {
            let _ = thread.join();
        }
    }
}

/// A number that no other resolver of this machine is likely to have now.
fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 60_000).unwrap_or(0);
    begin.wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst).wrapping_mul(7)).max(1)
}

/// Name and kind of the first question.
fn question(packet: &[u8]) -> Option<(String, u16)> {
    let mut rest = packet.get(12..)?;
    let mut labels = Vec::new();
    loop {
        let (&len, after) = rest.split_first()?;
        if len == 0 {
            let kind = u16::from_be_bytes([*after.first()?, *after.get(1)?]);
            return Some((labels.join("."), kind));
        }
        let label = after.get(..usize::from(len))?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = after.get(usize::from(len)..)?;
    }
}

fn answer(asked: &[u8], kind: u16, says: &Says) -> Option<Vec<u8>> {
    let name = asked.get(12..)?.iter().position(|byte| *byte == 0)?;
    let mut packet = asked.get(..12 + name + 5)?.to_vec();
    let (code, addresses) = match says {
        Says::Nothing => return None,
        Says::Code(code) => (*code, &[][..]),
        Says::Is(addresses) => (0, &addresses[..]),
    };
    packet[2] = 0x81;
    packet[3] = 0x80 | code;
    packet[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    for address in addresses {
        let (this, bytes) = match address {
            IpAddr::V4(ip) => (1, ip.octets().to_vec()),
            IpAddr::V6(ip) => (28, ip.octets().to_vec()),
        };
        if this == kind {
            packet[7] += 1;
            packet.extend([
                0xc0,
                12,
                0,
                u8::try_from(this).ok()?,
                0,
                1,
                0,
                0,
                0,
                1,
                0,
                u8::try_from(bytes.len()).ok()?,
            ]);
            packet.extend(bytes);
        }
    }
    Some(packet)
}
