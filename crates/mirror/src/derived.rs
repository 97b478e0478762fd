//! Lists and `@latest` made from the versions that are stored: for a closed world, and for the time when
//! every source fails and nothing was answered before.

use bytes::Bytes;
use gomod::{ModulePath, ModuleVersion, Version, VersionList};
use storage::{Kind, Loaded, Question};

use crate::{
    Answer, Mirror, Refusal,
    answer::{AnswerMeta, Body, CacheStatus, Keep},
    refusal::Absent,
};

impl Mirror {
    /// The answer that the stored versions give, or [`Absent::NotStored`].
    pub(crate) async fn derived(&self, question: &Question, cache: CacheStatus) -> Result<Answer, Refusal> {
        let body = match question {
            Question::List(module) => {
                let versions = self.stored_versions(module).await?;
                VersionList::of(versions.into_iter().filter(|version| !version.is_pseudo())).to_bytes().into()
            }
            Question::Latest(module) => self.latest_stored(module).await?,
            Question::Query(..) => return Err(Refusal::Absent(Absent::NotStored)),
        };
        Ok(Answer {
            body: Body::Bytes(body),
            meta: AnswerMeta {
                cache,
                source: None,
                verified: None,
                age: None,
                etag: None,
                content_type: question.content_type(),
            },
            keep: Keep::No,
        })
    }

    /// Versions whose `.info` is stored; without it `go` cannot use a version.
    async fn stored_versions(&self, module: &ModulePath) -> Result<Vec<Version>, Refusal> {
        let versions = self.store.versions(module).await?;
        if versions.is_empty() { Err(Refusal::Absent(Absent::NotStored)) } else { Ok(versions) }
    }

    /// The `.info` of the highest release, else the highest pre-release, else the newest pseudo-version.
    pub(crate) async fn latest_stored(&self, module: &ModulePath) -> Result<Bytes, Refusal> {
        let mut versions = self.stored_versions(module).await?;
        versions.sort_by_cached_key(|version| std::cmp::Reverse(rank(version)));
        for version in versions {
            // A stranger's file may have any name.
            let Ok(version) = ModuleVersion::new(module.clone(), version) else { continue };
            if let Some(info) = self.stored_info(version).await? {
                return Ok(info);
            }
        }
        Err(Refusal::Absent(Absent::NotStored))
    }

    async fn stored_info(&self, version: ModuleVersion) -> Result<Option<Bytes>, Refusal> {
        let blob = match self.store.load(&version, Kind::Info).await? {
            Loaded::Blob(blob) => Some(blob),
            Loaded::Foreign(foreign) => self.adopt_info(&version, foreign).await,
            Loaded::Rot(rot) => {
                self.set_aside(&version, Kind::Info, &rot).await;
                None
            }
            Loaded::Absent(_) | Loaded::Withdrawn(_) => None,
        };
        Ok(match blob {
            Some(blob) => Some(blob.bytes().await?),
            None => None,
        })
    }
}

/// By this the version is chosen that `@latest` is: the highest.
pub(crate) fn rank(version: &Version) -> (u8, String, Version) {
    match version.pseudo() {
        Some(pseudo) => (0, pseudo.stamp().to_owned(), version.clone()),
        None => (if version.is_prerelease() { 1 } else { 2 }, String::new(), version.clone()),
    }
}
