//! What the store counts. The handles work unregistered; the binary registers them.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// Counters of a data directory.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// Bytes of memory that stand in for the disk at this moment.
    pub spill: Gauge,
    /// Objects that the disk did not take.
    pub refused: Counter,
    /// 1 while the disk takes nothing, else 0.
    pub trouble: Gauge,
    /// Files that were set aside in quarantine.
    pub quarantined: Counter,
}

impl Meters {
    /// Registers all of them, named `larder_storage_…`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("larder_storage");
        registry.register(
            "spill_bytes",
            "Memory that stands in for a disk that takes nothing",
            self.spill.clone(),
        );
        registry.register("refused", "Objects that the disk did not take", self.refused.clone());
        registry.register("trouble", "Whether the disk takes nothing at present", self.trouble.clone());
        registry.register("quarantined", "Files set aside in quarantine", self.quarantined.clone());
    }
}
