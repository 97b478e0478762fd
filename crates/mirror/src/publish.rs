//! Publishing a version here, and taking one out.
//!
//! The order in which a version comes into being, each step durable before the next:
//!
//! 1. Its receipt pins all its hashes in one exchange. Of several who publish one version exactly one wins here, on one
//!    machine or many, and from here on no other content is ever taken.
//! 2. The own checksum log records it, where there is one.
//! 3. Its files are stored, the `.info` last. With that it is in lists.
//!
//! A crash in between leaves a version that nobody sees and nobody else can take: to publish the same content again
//! goes on from there. The log never has a record that the receipt contradicts.

mod tree;

use std::sync::Arc;

use bytes::Bytes;
use gomod::{GoMod, H1, Info, ModuleVersion, Origin, Request, ZipCheck, ZipFault, read_gomod};
use jiff::Timestamp;
use storage::{
    Act, Deed, Event, Evidence, FileFact, Kind, Loaded, PublishError, Receipt, Staged, StoreError, Whole,
    Withdrawal,
};
use sumdb::{Hashes, Lookup};

use crate::{Action, Denied, Mirror, OwnError, Who, judge};

/// A version that somebody wants to publish.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Who. Whether he may is decided by [`Mirror::may`], before anything is taken from him and again with it.
    pub who: Who,
    /// The address that it comes from; nothing for commands on this machine.
    pub from: Option<Arc<str>>,
    /// The version.
    pub version: ModuleVersion,
    /// When its code was committed; the time of publishing where nobody knows.
    pub time: Option<Timestamp>,
}

/// A version that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: ModuleVersion,
    /// The hash of its zip.
    pub h1: H1,
    /// The hash of its go.mod.
    pub gomod: H1,
    /// Whether it was not there before.
    pub new: bool,
    /// The number of its record in the own checksum log, where there is one.
    pub record: Option<u64>,
}

/// Why a version is not published, or not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum Unpublished {
    /// Whoever wants it may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The version, or what was brought, can be none of this module.
    #[error("{0}")]
    Unfit(String),
    /// Other content is known of this version, and stays.
    #[error("{what} is {had}, and what was brought is {got}")]
    Conflict {
        /// What differs: `path@version`, with `/go.mod` for a go.mod file.
        what: String,
        /// The hash that is known.
        had: H1,
        /// The hash of what was brought.
        got: H1,
    },
    /// It was withdrawn, and never comes back; the text says why.
    #[error("it was withdrawn: {0}")]
    Withdrawn(String),
    /// Nothing is known of the version that should be withdrawn.
    #[error("nothing is known of {0} here")]
    Unknown(ModuleVersion),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was brought and staged cannot be read again.
    #[error("what was brought cannot be read again: {0}")]
    Unreadable(std::io::Error),
    /// The own checksum log could not record it. To publish it again goes on.
    #[error(transparent)]
    Log(Arc<OwnError>),
    /// A task of the mirror ended without a result: a defect.
    #[error("internal: the work ended without a result")]
    Lost,
}

impl Mirror {
    /// Publishes a version whose zip has come whole. It goes on when the caller leaves.
    pub async fn publish(self: &Arc<Self>, offer: Offer, zip: Arc<Staged>) -> Result<Published, Unpublished> {
        let mirror = Arc::clone(self);
        let published = tokio::spawn(async move { mirror.publish_whole(offer, zip).await }).await;
        let published = published.unwrap_or(Err(Unpublished::Lost));
        match &published {
            Ok(published) if published.new => self.meters.published.inc(),
            Ok(_) => 0,
            Err(_) => self.meters.unpublished.inc(),
        };
        published
    }

    async fn publish_whole(&self, offer: Offer, zip: Arc<Staged>) -> Result<Published, Unpublished> {
        let Offer { who, version, .. } = &offer;
        self.may(who, Action::Push, version.path())?;
        if version.version().is_pseudo() {
            let why = "a pseudo-version stands for a commit: publish a version like v1.2.3".to_owned();
            return Err(Unpublished::Unfit(why));
        }
        let receipt = self.store.receipt(version).await?;
        if let Some(why) = receipt.as_ref().and_then(Receipt::withdrawn) {
            return Err(Unpublished::Withdrawn(why.to_owned()));
        }
        let len = zip.written();
        let facts = judge::zip(ZipCheck::new(version), Arc::clone(&zip), len).await.map_err(unfit)?;
        let go_mod = self.go_mod(version, &zip, len).await?;
        let hashes = Hashes { zip: Some(facts.h1), gomod: Some(H1::of_gomod(&go_mod)) };
        if let Some(own) = &self.own
            && let Some(recorded) = own.lookup(version).await.map_err(log)?
        {
            agrees(version, &recorded, &hashes)?;
        }
        let whole = self.whole(&offer, zip, facts.h1, go_mod).await?;
        let stored = matches!(self.store.load(version, Kind::Info).await?, Loaded::Blob(_));
        self.store.pin_whole(version, &whole).await.map_err(|error| conflict(version, &whole, error))?;
        let record = match &self.own {
            Some(own) => {
                let appended = own.append(version, &hashes).await.map_err(log)?;
                if appended.new {
                    self.meters.recorded.inc();
                }
                Some(appended.id)
            }
            None => None,
        };
        self.store.store_whole(version, &whole).await.map_err(|error| conflict(version, &whole, error))?;
        self.renewed(version);
        let gomod = whole.gomod.1.h1().unwrap_or(facts.h1);
        let published = Published { version: version.clone(), h1: facts.h1, gomod, new: !stored, record };
        if published.new {
            tracing::info!(%version, h1 = %facts.h1, who = %who.name(), from = offer.from.as_deref(), "published");
            self.done(
                &offer.who,
                offer.from.as_ref(),
                Act::Published { version: version.clone(), h1: facts.h1 },
            )
            .await;
        }
        Ok(published)
    }

    /// The go.mod in a zip, if it is that of the module.
    async fn go_mod(
        &self,
        version: &ModuleVersion,
        zip: &Arc<Staged>,
        len: u64,
    ) -> Result<Bytes, Unpublished> {
        let (of, zip) = (version.clone(), Arc::clone(zip));
        let read = tokio::task::spawn_blocking(move || read_gomod(&of, &*zip, len)).await;
        let go_mod = read.map_err(|_| Unpublished::Lost)?.map_err(unfit)?;
        let unfit = |why: String| Err(Unpublished::Unfit(why));
        let Some(go_mod) = go_mod else {
            return unfit(format!(
                "it has no go.mod at its root: write one with `go mod init {}`",
                version.path()
            ));
        };
        let parsed = match GoMod::parse(&go_mod) {
            Ok(parsed) => parsed,
            Err(error) => return unfit(format!("go cannot read its go.mod: {error}")),
        };
        match parsed.module().map(gomod::Module::path) {
            Some(path) if path == version.path().as_str() => {}
            Some(path) => {
                let path: String = path.chars().take(200).collect();
                return unfit(format!("its go.mod says `module {path}`, not {}", version.path()));
            }
            None => return unfit("its go.mod has no `module` line".to_owned()),
        }
        if version.version().as_str().ends_with("+incompatible") {
            return unfit("a module with a go.mod has no +incompatible versions".to_owned());
        }
        Ok(go_mod.into())
    }

    /// The files of a version, with what is known of them.
    async fn whole(
        &self,
        offer: &Offer,
        zip: Arc<Staged>,
        h1: H1,
        go_mod: Bytes,
    ) -> Result<Whole, Unpublished> {
        let now = Timestamp::now();
        let time = offer.time.unwrap_or(now).as_second();
        let info = Info::of_commit(offer.version.version().clone(), time, Origin::default());
        let by = offer.who.name();
        let fact = |staged: &Arc<Staged>, h1: Option<H1>| {
            FileFact::new(staged, h1, SOURCE, now, Evidence::Published { by: Arc::clone(&by) })
        };
        let small = async |bytes: Bytes| {
            let mut staging = self.store.stage();
            staging.append(bytes).await?;
            Ok::<_, StoreError>(staging.finish())
        };
        let of_gomod = H1::of_gomod(&go_mod);
        let (info, go_mod) = (small(info.to_bytes().into()).await?, small(go_mod).await?);
        let facts = [fact(&info, None), fact(&go_mod, Some(of_gomod)), fact(&zip, Some(h1))];
        let [of_info, of_gomod, of_zip] = facts;
        Ok(Whole { info: (info, of_info), gomod: (go_mod, of_gomod), zip: (zip, of_zip) })
    }

    /// Takes a version out for good. Clients are told the reason from now on; a record in a checksum log stays.
    pub async fn withdraw(
        self: &Arc<Self>,
        who: &Who,
        from: Option<Arc<str>>,
        version: &ModuleVersion,
        reason: &str,
    ) -> Result<(), Unpublished> {
        self.may(who, Action::Delete, version.path())?;
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > LONGEST_REASON || reason.chars().any(char::is_control) {
            let why =
                "a withdrawal has a reason for those who look for the version: one line, at most 500 bytes";
            return Err(Unpublished::Unfit(why.to_owned()));
        }
        match self.store.withdraw(version, reason).await? {
            Withdrawal::Done => {}
            Withdrawal::Before(why) => return Err(Unpublished::Withdrawn(why)),
            Withdrawal::Unknown => return Err(Unpublished::Unknown(version.clone())),
        }
        self.renewed(version);
        self.meters.taken_out.inc();
        tracing::info!(%version, reason, who = %who.name(), from = from.as_deref(), "withdrawn");
        let act = Act::Withdrawn { version: version.clone(), reason: reason.to_owned() };
        self.done(who, from.as_ref(), act).await;
        Ok(())
    }

    /// Whoever keeps answers about the version or its module drops them.
    fn renewed(&self, version: &ModuleVersion) {
        for what in [
            Request::Info(version.clone()),
            Request::Mod(version.clone()),
            Request::Zip(version.clone()),
            Request::List(version.path().clone()),
            Request::Latest(version.path().clone()),
        ] {
            self.changed(&what);
        }
    }

    /// Enters a deed into the audit trail, durably where that can be had. What was done stays done without.
    async fn done(&self, who: &Who, from: Option<&Arc<str>>, act: Act) {
        let deed = Deed { act, who: who.name(), from: from.cloned(), at: Timestamp::now() };
        if let Err(error) = self.store.catalog().record(vec![Event::Deed(Box::new(deed))]).await {
            tracing::warn!("the audit trail misses a deed: {error}");
        }
    }
}

fn unfit(fault: ZipFault) -> Unpublished {
    match fault {
        ZipFault::Unreadable(error) => Unpublished::Unreadable(error),
        fault => Unpublished::Unfit(fault.to_string()),
    }
}

fn log(error: OwnError) -> Unpublished {
    match error {
        OwnError::Store(error) => Unpublished::Log(Arc::new(OwnError::Store(error))),
        error => {
            tracing::error!("a published version is not recorded yet: {error}");
            Unpublished::Log(Arc::new(error))
        }
    }
}

fn conflict(version: &ModuleVersion, whole: &Whole, error: PublishError) -> Unpublished {
    match error {
        PublishError::Pinned { had, got, .. } => {
            let of_gomod = whole.gomod.1.h1() == Some(got);
            Unpublished::Conflict { what: named(version, of_gomod), had, got }
        }
        PublishError::Withdrawn(why) => Unpublished::Withdrawn(why),
        PublishError::Store(error) => Unpublished::Store(error),
        PublishError::Unhashed => Unpublished::Lost,
    }
}

/// Whether a record of the own log is of the same content.
fn agrees(version: &ModuleVersion, recorded: &[u8], ours: &Hashes) -> Result<(), Unpublished> {
    let Some(had) = Lookup::parse(recorded).ok().and_then(|lookup| lookup.hashes(version).ok()) else {
        return Ok(());
    };
    for (of_gomod, had, got) in [(false, had.zip, ours.zip), (true, had.gomod, ours.gomod)] {
        if let (Some(had), Some(got)) = (had, got)
            && had != got
        {
            return Err(Unpublished::Conflict { what: named(version, of_gomod), had, got });
        }
    }
    Ok(())
}

fn named(version: &ModuleVersion, of_gomod: bool) -> String {
    if of_gomod { format!("{version}/go.mod") } else { version.to_string() }
}

/// What stands in a receipt for the source of a published file.
const SOURCE: &str = "published";
/// In bytes; it has to find room in what `go` shows.
const LONGEST_REASON: usize = 500;
