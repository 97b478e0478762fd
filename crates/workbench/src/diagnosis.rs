//! What can be wrong.

use std::fmt;

use serde::Serialize;

/// One thing that can be wrong: what is said of it wherever it is found. `{module}`, `{host}` and the like in its
/// texts stand for [`Names`](crate::Names).
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Names it for ever: `L2-TLS-INTERCEPTED`. The digit is the step in which causes are looked for: 1 settings,
    /// 2 network, 3 proxies and checksum databases, 4 repositories, 5 what lies on this machine.
    pub code: &'static str,
    /// Where it is.
    pub layer: Layer,
    /// How bad it is.
    pub severity: Severity,
    /// A few words.
    pub title: &'static str,
    /// Why it happens, in a sentence or two.
    pub cause: &'static str,
    /// What to do about it.
    pub cure: &'static str,
    /// The same as commands to paste, if commands can do it. None of them switches a check off.
    pub commands: &'static [&'static str],
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Variables and files that tell `go` what to do.
    Settings,
    /// Names that leave the machine and should not.
    Privacy,
    /// Resolver, connections, certificates, proxies of the network.
    Network,
    /// GOPROXY servers.
    Proxy,
    /// The checksum database and go.sum.
    Checksum,
    /// Who may fetch.
    Auth,
    /// Repositories.
    Vcs,
    /// The module cache.
    Cache,
    /// The vendor directory.
    Vendor,
    /// Which version of Go runs.
    Toolchain,
    /// The modules themselves and their requirements.
    Module,
    /// The machine's storage.
    Disk,
    /// Programs that were built.
    Binary,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// `go` fails of it.
    Error,
    /// It works, and should not stay so.
    Risk,
}

impl Layer {
    /// Its name in JSON and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Settings => "settings",
            Layer::Privacy => "privacy",
            Layer::Network => "network",
            Layer::Proxy => "proxy",
            Layer::Checksum => "checksum",
            Layer::Auth => "auth",
            Layer::Vcs => "vcs",
            Layer::Cache => "cache",
            Layer::Vendor => "vendor",
            Layer::Toolchain => "toolchain",
            Layer::Module => "module",
            Layer::Disk => "disk",
            Layer::Binary => "binary",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
