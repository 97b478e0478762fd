//! Tags that were moved: a version that is stored stays what it is, whatever its repository says of it today.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use gomod::{Info, ModulePath, ModuleVersion};
use jiff::Timestamp;
use moka::sync::Cache;
use storage::{Kind, Loaded, Offence, Refused};

use crate::Mirror;

/// The versions that operators were told about of late.
#[derive(Debug)]
pub(crate) struct Moved {
    told: Cache<ModuleVersion, ()>,
}

impl Default for Moved {
    fn default() -> Self {
        Moved { told: Cache::builder().max_capacity(VERSIONS).time_to_live(QUIET).build() }
    }
}

impl Mirror {
    /// What a source says is the version for `@latest`, a branch or a tag. Where that version is stored as of another
    /// commit, the stored `.info` is the answer, and operators are told.
    pub(crate) async fn as_recorded(&self, source: &str, module: &ModulePath, said: Bytes) -> Bytes {
        let Some(version) = Info::parse(&said)
            .ok()
            .and_then(|info| ModuleVersion::new(module.clone(), info.version().clone()).ok())
        else {
            return said;
        };
        let Some(stored) = self.recorded_info(&version).await else { return said };
        let Some((recorded, now)) = commits(&stored, &said) else { return said };
        self.meters.moved.inc();
        if self.moved.told.entry(version.clone()).or_insert(()).is_fresh() {
            let what =
                format!("the tag of {version} was moved: recorded at commit {recorded}, at {now} today");
            tracing::warn!(%version, source, "SECURITY: {what}; what was recorded first is served");
            self.store.report(Refused {
                offence: Offence::Moved { version },
                source: source.into(),
                evidence: what,
                at: Timestamp::now(),
            });
        }
        stored
    }

    /// The commit that the stored `.info` of a version names.
    pub(crate) async fn recorded_commit(&self, version: &ModuleVersion) -> Option<Arc<str>> {
        let info = Info::parse(&self.recorded_info(version).await?).ok()?;
        let hash = &info.origin().hash;
        (!hash.is_empty()).then(|| hash.as_str().into())
    }

    async fn recorded_info(&self, version: &ModuleVersion) -> Option<Bytes> {
        match self.store.load(version, Kind::Info).await {
            Ok(Loaded::Blob(blob)) => blob.bytes().await.ok(),
            Ok(Loaded::Absent(_) | Loaded::Foreign(_) | Loaded::Rot(_) | Loaded::Withdrawn(_)) | Err(_) => {
                None
            }
        }
    }
}

/// The commits that two answers name, if both name one and they differ.
fn commits(recorded: &[u8], now: &[u8]) -> Option<(String, String)> {
    let commit = |info: &[u8]| Info::parse(info).ok().map(|info| info.origin().hash.clone());
    let (recorded, now) = (commit(recorded)?, commit(now)?);
    (!recorded.is_empty() && !now.is_empty() && recorded != now).then_some((recorded, now))
}

/// How many versions are kept in mind.
const VERSIONS: u64 = 1000;
/// How long nothing more is said about one.
const QUIET: Duration = Duration::from_hours(1);
