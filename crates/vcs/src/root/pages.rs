//! The pages that say where the code of a module is.

use std::{fmt, sync::Arc, time::Duration};

use tokio::runtime::Handle;
use upstream::{Fault, FaultKind, Web};

use crate::{Cause, VcsError};

/// Who gets pages. Blocks.
pub trait Pages {
    /// The page of an import path: `https://PATH?go-get=1`. An error is that nothing came; a page that came counts,
    /// whatever its status.
    fn get(&self, import: &str) -> Result<Page, VcsError>;
}

/// A page, or its beginning.
#[derive(Clone, Debug)]
pub struct Page {
    /// The URL that was asked for.
    pub url: String,
    /// Its status.
    pub status: u16,
    /// The words of the status.
    pub reason: String,
    /// Its body.
    pub body: Vec<u8>,
    /// The server's own words, as far as the go command would show them with an error.
    pub words: Option<String>,
    /// Why the body is not whole, if it is not.
    pub cut: Option<VcsError>,
}

/// Pages from the network, through the door.
#[derive(Clone)]
pub struct WebPages {
    web: Arc<Web>,
    runtime: Handle,
    within: Duration,
    insecure: bool,
}

impl WebPages {
    /// Each page, redirects included, must come `within` that time. `insecure`: whether a host that does not speak
    /// https is asked over http, on which nothing proves who answers.
    pub fn new(web: Arc<Web>, runtime: Handle, within: Duration, insecure: bool) -> Self {
        WebPages { web, runtime, within, insecure }
    }

    /// Asks once, and once more where the connection broke, or what failed at once may pass.
    fn ask(&self, url: &str) -> Result<Page, Fault> {
        let ask = || self.runtime.block_on(self.web.page(url, self.within));
        let page = match ask() {
            Err(fault) if fault.kind() == FaultKind::Reset || fault.may_pass() => ask()?,
            answer => answer?,
        };
        Ok(Page {
            url: url.to_owned(),
            status: page.status,
            reason: page.reason.to_owned(),
            body: page.body,
            words: page.words,
            cut: page.cut.map(|fault| failed(url, &fault)),
        })
    }
}

impl Pages for WebPages {
    /// Must not be called from a task of the runtime: it blocks the thread.
    fn get(&self, import: &str) -> Result<Page, VcsError> {
        let slash = if import.contains('/') { "" } else { "/" };
        let [secure, plain] = ["https", "http"].map(|scheme| format!("{scheme}://{import}{slash}?go-get=1"));
        match self.ask(&secure) {
            Ok(page) => Ok(page),
            Err(_) if self.insecure => self.ask(&plain).map_err(|fault| failed(&plain, &fault)),
            Err(fault) => Err(failed(&secure, &fault)),
        }
    }
}

impl fmt::Debug for WebPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPages")
            .field("web", &self.web)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

fn failed(url: &str, fault: &Fault) -> VcsError {
    VcsError::failed(Cause::of(fault.kind()), format!("reading {url}"), fault)
}
