//! A conversation with a server, in version 2 of git's protocol and no other.

use std::sync::{Arc, atomic::AtomicBool};

use gix_protocol::{Handshake, LsRefsCommand, handshake::Ref, ls_refs::RefPrefixes};
use gix_transport::{
    Protocol, Service,
    client::blocking_io::{Transport, http},
};
use gix_utils::progress::Discard;

use super::{
    daemon,
    meter::Miss,
    web::{Http, Line},
};
use crate::git::{cache::Format, remote::Remote};

/// A server that is ready for commands. After an error it is of no more use.
pub(super) struct Session {
    pub(super) transport: Box<dyn Transport + Send>,
    pub(super) handshake: Handshake,
    /// Whether further commands may come at any later time: every one is a request of its own.
    pub(super) lasts: bool,
}

impl Session {
    /// Connects, and asks what the server can do.
    pub(super) fn open(line: &Line, remote: &Remote) -> Result<Self, Miss> {
        let lasts = remote.is_web();
        let mut transport: Box<dyn Transport + Send> = if lasts {
            // Nothing of the URL is used by it: requests go where `Http` has them go.
            let url = gix_url::parse(remote.shown()).map_err(|error| line.meter.judge(&error))?;
            Box::new(http::Transport::new_http(Http::new(line.clone(), remote), url, Protocol::V2, false))
        } else {
            daemon::connect(line, remote)?
        };
        let handshake = {
            let said = transport.handshake(Service::UploadPack, &[]);
            let said = said.map_err(|error| line.meter.judge(&error))?;
            if said.actual_protocol != Protocol::V2 {
                return Err(Miss::Unspoken("it speaks an old version of git's protocol".to_owned()));
            }
            Handshake {
                server_protocol_version: Protocol::V2,
                refs: None,
                v1_shallow_updates: None,
                capabilities: said.capabilities,
            }
        };
        Ok(Self { transport, handshake, lasts })
    }

    /// What references the server has below these names.
    pub(super) fn references(&mut self, line: &Line, below: &[&str]) -> Result<Vec<Ref>, Miss> {
        let mut prefixes = RefPrefixes::new();
        prefixes.extend(below.iter().map(|prefix| (*prefix).into()));
        LsRefsCommand::new(Some(prefixes), &self.handshake.capabilities, agent())
            .invoke_blocking(&mut self.transport, &mut Discard, false)
            .map_err(|error| line.meter.judge(&error))
    }

    /// How the server names objects.
    pub(super) fn format(&self) -> Result<Format, Miss> {
        match self.handshake.capabilities.capability("object-format").and_then(|format| format.value()) {
            None => Ok(Format::Sha1),
            Some(name) if name == "sha1" => Ok(Format::Sha1),
            Some(name) if name == "sha256" => Ok(Format::Sha256),
            Some(_) => Err(Miss::Unspoken("it names objects in an unknown way".to_owned())),
        }
    }

    /// Whether the command `fetch` can do something.
    pub(super) fn can(&self, feature: &str) -> bool {
        let fetch = self.handshake.capabilities.capability("fetch");
        fetch.and_then(|fetch| fetch.supports(feature)).unwrap_or(false)
    }
}

/// How Larder calls itself.
pub(super) fn agent() -> (&'static str, Option<String>) {
    ("agent", Some(concat!("larder/", env!("CARGO_PKG_VERSION")).to_owned()))
}

/// Ends work that looks at a flag when its time is over. Dropping it stops the clock.
pub(super) struct Watch {
    pub(super) over: Arc<AtomicBool>,
    clock: tokio::task::JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(line: &Line) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (flag, until) = (Arc::clone(&over), line.meter.until());
        let clock = line.runtime.spawn(async move {
            tokio::time::sleep_until(until.into()).await;
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        Self { over, clock }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.clock.abort();
    }
}
