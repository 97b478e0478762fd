//! Resolvers that do not know, fail, lie or are silent.

use std::{
    net::{Ipv4Addr, UdpSocket},
    thread,
};

use super::{
    Fault, fault,
    lab::{DOWNLOAD, Lab, Log, inside, said, write},
    slow,
};

pub(super) const FAULTS: &[Fault] = &[
    fault("dns-no-such-host", "L2-DNS-NO-SUCH-HOST", |lab| asked(lab, Some(|ask| answer(ask, 3)))),
    fault("dns-server-failure", "L2-DNS-SERVER-FAILURE", |lab| asked(lab, Some(|ask| answer(ask, 2)))),
    fault("dns-refuses", "L2-DNS-SERVER-FAILURE", |lab| asked(lab, Some(|ask| answer(ask, 5)))),
    slow("dns-silent", "L2-DNS-DEAD", |lab| asked(lab, Some(|_| None))),
    fault("dns-nobody", "L2-DNS-DEAD", |lab| asked(lab, None)),
    fault("dns-no-network", "L2-NO-ROUTE", |lab| {
        let go = lab.go("http://proxy.example.com");
        let file = write(&go.work(), "resolv.conf", "nameserver 192.0.2.53\n");
        let mount = format!("mount --bind {} /etc/resolv.conf", file.display());
        said(&go.under(inside(&["--mount", "--net"], &mount)?).run(DOWNLOAD))
    }),
];

/// What a resolver says to a question; nothing if it is silent.
type Answer = fn(&[u8]) -> Option<Vec<u8>>;

/// What `go` says where the only resolver is one of ours; `None`: nobody listens there.
fn asked(lab: &Lab, answer: Option<Answer>) -> Log {
    // Resolvers are asked at port 53, and any address of the loopback network will do. Where nobody is to listen, no
    // other one may take the place.
    let (address, socket) = (1..=250).find_map(|last| {
        let net = if answer.is_some() { 53 } else { 54 };
        let address = Ipv4Addr::new(127, net, u8::try_from(lab.minor).unwrap_or(0), last);
        Some((address, UdpSocket::bind((address, 53)).ok()?))
    })?;
    let go = lab.go("http://proxy.example.com");
    let file = write(&go.work(), "resolv.conf", &format!("nameserver {address}\n"));
    let mount = format!("mount --bind {} /etc/resolv.conf", file.display());
    let go = go.under(inside(&["--mount"], &mount)?);
    match answer {
        None => drop(socket),
        Some(answer) => {
            thread::spawn(move || {
                let mut question = [0; 512];
                while let Ok((len, from)) = socket.recv_from(&mut question) {
                    if let Some(answer) = answer(&question[..len]) {
                        let _ = socket.send_to(&answer, from);
                    }
                }
            });
        }
    }
    said(&go.run(DOWNLOAD))
}

/// The question again, as an answer with this code and without records (RFC 1035, 4.1.1).
fn answer(question: &[u8], code: u8) -> Option<Vec<u8>> {
    let mut answer = question.to_vec();
    *answer.get_mut(2)? |= 0x80;
    *answer.get_mut(3)? = 0x80 | code;
    // Without the additional record of EDNS, which old resolvers do not repeat.
    let end = 12 + answer.get(12..)?.iter().position(|byte| *byte == 0)? + 5;
    answer.truncate(end);
    answer.get_mut(6..12)?.fill(0);
    Some(answer)
}
