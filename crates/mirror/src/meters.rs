//! What the mirror counts. The handles work unregistered; the binary registers them.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// Counters of the mirror.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// Faults of sources on the way to answers that were good all the same.
    pub absorbed: Counter,
    /// Fetches that were started, whatever the number of clients behind each.
    pub fetches: Counter,
    /// Stored files that did not match their checksums and were set aside.
    pub rotten: Counter,
    /// Content that contradicted what was seen first, or what a checksum database says.
    pub contradictions: Counter,
    /// Files that wait until a silent checksum database answers again.
    pub held: Gauge,
    /// Requests that were sent to a second source while the first was silent.
    pub hedges: Counter,
    /// Those whose answer was used.
    pub hedges_won: Counter,
    /// Those whose answer was not.
    pub hedges_lost: Counter,
    /// Fetches that have a place among those that talk to sources at this moment.
    pub fetching: Gauge,
    /// Fetches that wait for such a place.
    pub waiting: Gauge,
    /// Fetches that were refused because too many others were under way.
    pub overloaded: Counter,
    /// Old answers that were given because no source had given a newer one yet. Repeats from a server's memory are
    /// counted there.
    pub stale: Counter,
    /// Stored answers that were asked for again while clients were given the old one.
    pub behind: Counter,
    /// Answers that were stored, and that a source confirmed or replaced while the client waited.
    pub revalidated: Counter,
    /// Times that sources denied what is stored, or left it out of a list.
    pub withdrawn: Counter,
    /// Times that a source said of a stored version that it is another commit.
    pub moved: Counter,
    /// Records of checksum databases that were fetched and proven.
    pub vouched: Counter,
    /// Versions that were looked up before anybody needed their records.
    pub ahead: Counter,
    /// Those whose answer was used.
    pub ahead_used: Counter,
    /// Tiles of checksum databases that were fetched.
    pub tiles: Counter,
    /// Answers for a checksum database that were not true, or not of the form that was asked for.
    pub database_lies: Counter,
    /// Records in the newest tree of the checksum database under which all that is stored is proven.
    pub anchor_size: Gauge,
    /// Checksum databases that are not used, because they signed two histories.
    pub misbehaving: Gauge,
    /// Records that were appended to the log of one's own.
    pub recorded: Counter,
    /// Versions that were published.
    pub published: Counter,
    /// Versions that were brought to be published, and refused or not stored.
    pub unpublished: Counter,
    /// Versions that were withdrawn here.
    pub taken_out: Counter,
}

impl Meters {
    /// Registers all of them, named `larder_mirror_…`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("larder_mirror");
        registry.register(
            "faults_absorbed",
            "Faults of sources on the way to answers that were good all the same",
            self.absorbed.clone(),
        );
        registry.register("fetches", "Fetches started", self.fetches.clone());
        registry.register(
            "rotten_files",
            "Stored files set aside because of a wrong checksum",
            self.rotten.clone(),
        );
        registry.register(
            "contradictions",
            "Content that differs from what was seen first or from what a checksum database says",
            self.contradictions.clone(),
        );
        registry.register(
            "held",
            "Files that wait until a silent checksum database answers again",
            self.held.clone(),
        );
        registry.register(
            "hedges",
            "Requests sent to a second source while the first was silent",
            self.hedges.clone(),
        );
        registry.register("hedges_won", "Hedges whose answer was used", self.hedges_won.clone());
        registry.register("hedges_lost", "Hedges whose answer was not used", self.hedges_lost.clone());
        registry.register("fetching", "Fetches under way that talk to sources", self.fetching.clone());
        registry.register("waiting", "Fetches that wait for their turn", self.waiting.clone());
        registry.register(
            "overloaded",
            "Fetches refused because of too many others",
            self.overloaded.clone(),
        );
        registry.register("stale_answers", "Old answers given for want of newer ones", self.stale.clone());
        registry.register(
            "refreshes_behind",
            "Old answers asked for again while clients were given them",
            self.behind.clone(),
        );
        registry.register(
            "revalidated_answers",
            "Stored answers that a source confirmed or replaced while the client waited",
            self.revalidated.clone(),
        );
        registry.register(
            "withdrawn_upstream",
            "Times that sources denied what is stored here, or left it out of a list",
            self.withdrawn.clone(),
        );
        registry.register(
            "moved_tags",
            "Times that a source said of a stored version that it is another commit",
            self.moved.clone(),
        );
        registry.register(
            "records_vouched",
            "Records of checksum databases fetched and proven",
            self.vouched.clone(),
        );
        registry.register(
            "lookups_ahead",
            "Versions looked up before anybody needed their records",
            self.ahead.clone(),
        );
        registry.register("lookups_ahead_used", "Those whose answer was used", self.ahead_used.clone());
        registry.register("database_tiles", "Tiles of checksum databases fetched", self.tiles.clone());
        registry.register(
            "database_lies",
            "Answers for a checksum database that were not true, or not what was asked for",
            self.database_lies.clone(),
        );
        registry.register(
            "anchor_size",
            "Records in the newest tree under which everything stored of the checksum database is proven",
            self.anchor_size.clone(),
        );
        registry.register(
            "databases_misbehaving",
            "Checksum databases not used because they signed two histories",
            self.misbehaving.clone(),
        );
        registry.register(
            "records_appended",
            "Records appended to the log of one's own",
            self.recorded.clone(),
        );
        registry.register("versions_published", "Versions published here", self.published.clone());
        registry.register(
            "publish_failures",
            "Versions brought to be published, and refused or not stored",
            self.unpublished.clone(),
        );
        registry.register("versions_withdrawn", "Versions withdrawn here", self.taken_out.clone());
    }
}
