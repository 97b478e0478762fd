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
    async fn latest_stored(&self, module: &ModulePath) -> Result<Bytes, Refusal> {
        let versions = self.stored_versions(module).await?;
        let best = versions.into_iter().max_by_key(rank).ok_or(Refusal::Absent(Absent::NotStored))?;
        let version = ModuleVersion::new(module.clone(), best)
            .map_err(|_| Refusal::Internal("a stored version does not fit its module"))?;
        match self.store.load(&version, Kind::Info).await? {
            Loaded::Blob(blob) => Ok(blob.bytes().await?),
            Loaded::Absent | Loaded::Foreign(_) | Loaded::Rot(_) | Loaded::Withdrawn(_) => {
                Err(Refusal::Absent(Absent::NotStored))
            }
        }
    }
}

fn rank(version: &Version) -> (u8, String, Version) {
    match version.pseudo() {
        Some(pseudo) => (0, pseudo.stamp().to_owned(), version.clone()),
        None => (if version.is_prerelease() { 1 } else { 2 }, String::new(), version.clone()),
    }
}
