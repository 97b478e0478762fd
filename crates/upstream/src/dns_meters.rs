//! What is counted about names.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// What is counted about names. Clones share their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct DnsMeters {
    bridged: Counter,
    held_back: Counter,
}

impl DnsMeters {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "upstream_dns_bridged",
            "Lookups that failed or were late, where the last good addresses were used",
            self.bridged.clone(),
        );
        registry.register(
            "upstream_dns_held_back",
            "Lookups whose private addresses were not used, because the host had public ones and has no TLS",
            self.held_back.clone(),
        );
    }

    pub(crate) fn bridge(&self) {
        self.bridged.inc();
    }

    pub(crate) fn hold_back(&self) {
        self.held_back.inc();
    }

    pub(crate) fn bridged(&self) -> u64 {
        self.bridged.get()
    }

    pub(crate) fn held_back(&self) -> u64 {
        self.held_back.get()
    }
}
