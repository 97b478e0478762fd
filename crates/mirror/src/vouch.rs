//! Whether a version is vouched for, and with which hashes.
//!
//! Where a checksum database has said what a version is, its source does not matter any more: the hash decides.

use std::sync::Arc;

use gomod::{DbName, H1, ModuleVersion, Request};
use jiff::Timestamp;
use moka::sync::Cache;
use storage::{Evidence, Kind};

use crate::{
    Ask, Mirror, Reach, Refusal, Unverified, judge::Lie, policy::Database, refusal::Absent, vouching::Word,
};

/// What a checksum database says of one version, authenticated. At least one of the hashes is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The hash of its zip; a record may be of the go.mod alone.
    pub zip: Option<H1>,
    /// The hash of its go.mod.
    pub gomod: Option<H1>,
    /// The database.
    pub db: DbName,
    /// The number of the record in it.
    pub id: u64,
    /// The size of the tree that the record is proven in.
    pub size: u64,
}

/// What was vouched for of late.
#[derive(Debug)]
pub(crate) struct Vouches(Cache<ModuleVersion, Vouched>);

impl Vouches {
    pub(crate) fn new() -> Self {
        Vouches(Cache::new(REMEMBERED))
    }

    pub(crate) fn remember(&self, version: ModuleVersion, vouched: Vouched) {
        self.0.insert(version, vouched);
    }

    pub(crate) fn know(&self, version: &ModuleVersion) -> bool {
        self.0.contains_key(version)
    }

    pub(crate) fn forget(&self) {
        self.0.invalidate_all();
    }
}

impl Mirror {
    /// What a checksum database said of a version of late, from memory; nothing of one that is not used any more.
    pub(crate) async fn known(&self, database: &Database, version: &ModuleVersion) -> Option<Vouched> {
        let vouched = self.vouches.0.get(version).filter(|vouched| vouched.db == database.name)?;
        // Another process may have caught it meanwhile.
        self.trusted(&self.logs.of(&database.name)).await.is_ok().then_some(vouched)
    }

    /// What the checksum database of a version says of it, proven; within the mirror's reach. For those who compare what
    /// lies elsewhere.
    ///
    /// # Errors
    /// [`Refusal::Absent`] with [`Absent::NoDatabase`] where none is asked about the module; [`Refusal::Unverified`] where
    /// the database has no such version, or cannot be asked.
    pub async fn vouched(self: &Arc<Self>, version: &ModuleVersion) -> Result<Vouched, Refusal> {
        let ask = self.ask(Request::Zip(version.clone()), Reach::Anywhere);
        self.vouch(&ask, version).await
    }

    /// What the checksum database of a version says of it. It is asked for at once, and the work goes on when its caller
    /// leaves.
    pub(crate) fn vouch(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
    ) -> impl Future<Output = Word> + Send + use<> {
        let database = ask.policy.voucher(version.path()).cloned();
        let record = database.as_ref().map(|database| self.record(ask, database, version));
        async move {
            let Some((database, record)) = database.zip(record) else {
                return Err(Refusal::Absent(Absent::NoDatabase));
            };
            let record = record.done().await.map_err(|refusal| unverified(&database, refusal))?;
            Ok(record.vouched.clone())
        }
    }
}

/// What it means for a module that its record cannot be had.
fn unverified(database: &Database, refusal: Refusal) -> Refusal {
    let db = database.name.clone();
    Refusal::Unverified(match refusal {
        Refusal::Failed(faults) => Unverified::Unreachable { db, faults },
        Refusal::Absent(absence) => Unverified::Unknown { db, absence },
        Refusal::Offline => Unverified::NotStored { db },
        other => return other,
    })
}

impl Vouched {
    /// What stands in the receipt of a file that agrees with it.
    pub fn evidence(&self) -> Evidence {
        Evidence::Log { db: self.db.clone(), id: self.id, size: self.size }
    }

    /// The hash that a file must have; an `.info` has none.
    pub(crate) fn h1(&self, kind: Kind) -> Option<H1> {
        match kind {
            Kind::Zip => self.zip,
            Kind::Mod => self.gomod,
            Kind::Info => None,
        }
    }

    /// Whether it holds for what is asked, so that any source will do: an `.info` says nothing but what the version
    /// itself says, see [`is_given`].
    pub(crate) fn covers(&self, what: &Request) -> bool {
        match what {
            Request::Info(_) => true,
            Request::Mod(_) => self.gomod.is_some(),
            Request::Zip(_) => self.zip.is_some(),
            Request::List(_) | Request::Latest(_) | Request::Query(..) | Request::Sumdb(..) => false,
        }
    }
}

/// Whether an `.info` that may come from any source adds nothing to what is known: the version was compared with the
/// one that was asked for, and a pseudo-version names the time of its commit.
pub(crate) fn is_given(version: &ModuleVersion, info: &[u8]) -> Result<(), Lie> {
    let Some(pseudo) = version.version().pseudo() else { return Ok(()) };
    let read = |time: &str| time.parse::<Timestamp>().ok();
    let stamp = pseudo.time().as_deref().and_then(read);
    let info = gomod::Info::parse(info).map_err(|error| Lie(format!("sent a bad .info: {error}")))?;
    let time = info.time().and_then(read);
    if stamp.is_some() && time == stamp {
        return Ok(());
    }
    let time = info.time().unwrap_or("none");
    Err(Lie(format!("sent the time {time} for {version}, which names {}", pseudo.stamp())))
}

/// How many versions are remembered, at about 300 bytes each.
const REMEMBERED: u64 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_pseudo_version_is_in_its_name() {
        let version = |text: &str| {
            ModuleVersion::new(gomod::ModulePath::new("example.com/m").unwrap(), text.parse().unwrap())
                .unwrap()
        };
        let pseudo = "v1.1.1-0.20240506070809-0123456789ab";
        let table = [
            ("v1.0.0", r#"{"Version":"v1.0.0","Time":"2001-02-03T04:05:06Z"}"#, true),
            ("v1.0.0", r#"{"Version":"v1.0.0"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T07:08:09Z"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T09:08:09+02:00"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T07:08:10Z"}"#, false),
            (pseudo, r#"{"Version":"VERSION"}"#, false),
        ];
        for (name, info, given) in table {
            let info = info.replace("VERSION", name);
            assert_eq!(is_given(&version(name), info.as_bytes()).is_ok(), given, "{info}");
        }
    }
}
