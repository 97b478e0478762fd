//! What is looked at before the log is used: that the store is the one whose heads clients have seen.

use sumdb::{Unproved, extends};

use super::{
    OwnError,
    log::{Log, Stored},
};

impl Log {
    /// Begins the log if it was never begun, else checks that what is stored is no older than the file beside the key
    /// says, carries out what a writer has left, and brings the file up to date.
    pub(super) async fn start(&self) -> Result<(), OwnError> {
        let seen = self.second.read(self.signer.verifier()).await?;
        let Some(stored) = self.any_head().await? else {
            return match seen {
                Some(seen) if seen.head.size > 0 => Err(self.older(0, seen.head.size)),
                _ => self.begin().await,
            };
        };
        let journal = self.store.journal(&self.name).await?.map(|(journal, _)| journal);
        let left = journal.filter(|journal| journal.size == stored.head.size);
        let end = stored.head.size + left.as_ref().map_or(0, |journal| journal.records.len() as u64);
        if let Some(seen) = seen
            && seen.head.size > end
        {
            return Err(self.older(end, seen.head.size));
        }
        if !stored.own {
            // An earlier key's head is believed where the file beside the key says the same.
            if seen.is_none_or(|seen| seen.head != stored.head) {
                self.head().await?;
            }
            self.sign_anew(stored).await?;
        }
        if left.is_some()
            && let Err(error) = self.carry_out_left().await
        {
            // What is stored can be read all the same. The next one who appends has to come past this.
            tracing::warn!("checksum log {} has records that wait to be appended: {error}", self.name);
            return Ok(());
        }
        let Stored { head, .. } = self.begun().await?;
        match seen {
            None => {
                tracing::warn!(
                    "{} was missing; it is made anew from the head in the store, of {} records, which is believed \
                     to be the newest",
                    self.second.path().display(),
                    head.size
                );
                self.second.forward(head, self.sign(&head)?, self.signer.verifier()).await
            }
            // Another process appends at this moment, and has put it there.
            Some(seen) if seen.head.size > head.size => Ok(()),
            Some(seen) => {
                let other = self.proven(&head, |tiles| match extends(&seen.head, &head, tiles) {
                    Err(Unproved::Security(evil)) if evil.is_fork() => Ok(Some(evil)),
                    proven => proven.map(|_| None),
                });
                match other.await? {
                    None => self.second.forward(head, self.sign(&head)?, self.signer.verifier()).await,
                    Some(evil) => Err(OwnError::Other {
                        log: self.name.clone(),
                        path: self.second.path().to_owned(),
                        why: evil.to_string(),
                    }),
                }
            }
        }
    }

    async fn carry_out_left(&self) -> Result<(), OwnError> {
        let _lease = self.lease().await?;
        self.stand(None).await.map(drop)
    }

    async fn sign_anew(&self, Stored { head, signed, .. }: Stored) -> Result<(), OwnError> {
        let _lease = self.lease().await?;
        let note = self.sign(&head)?;
        let moved = self.store.move_head(&self.name, signed.tag, note.clone().into()).await?;
        moved.ok_or_else(|| OwnError::Overtaken(self.name.clone()))?;
        self.second.forward(head, note, self.signer.verifier()).await?;
        tracing::warn!("checksum log {} is signed with another key from now on", self.name);
        Ok(())
    }

    fn older(&self, stored: u64, seen: u64) -> OwnError {
        OwnError::Older { log: self.name.clone(), stored, seen, path: self.second.path().to_owned() }
    }
}
