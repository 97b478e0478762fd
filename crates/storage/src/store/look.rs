//! What lies there as it lies there, for those who check it: nothing is mended, and nothing set aside.

use bytes::Bytes;
use gomod::ModuleVersion;

use super::Store;
use crate::{Key, Listing, Prefix, Receipt, StoreError};

/// The two copies of an object of a checksum database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// The one that lies as it is, for those who read the directory without Larder.
    pub plain: Option<Bytes>,
    /// The one that is served, or what is wrong with it.
    pub checked: Option<Result<Bytes, String>>,
}

impl Copies {
    /// The bytes that are served: `None` if there is no copy, or the one that counts is damaged.
    pub fn served(&self) -> Option<&Bytes> {
        match &self.checked {
            Some(checked) => checked.as_ref().ok(),
            None => self.plain.as_ref(),
        }
    }

    /// What is wrong with them, whatever their content says.
    pub fn fault(&self) -> Option<String> {
        match (&self.checked, &self.plain) {
            (Some(Err(why)), _) => Some(format!("its checked copy is damaged: {why}")),
            (Some(Ok(checked)), Some(plain)) if checked != plain => {
                Some("it is not what its checked copy holds".to_owned())
            }
            _ => None,
        }
    }
}

impl Store {
    /// All that is stored of checksum databases: the objects, and their checked copies, in no order.
    pub fn sumdb_objects(&self) -> Listing {
        self.blobs.list(&Prefix::Sumdb)
    }

    /// The receipts of all modules, in no order.
    pub fn receipts(&self) -> Listing {
        self.blobs.list(&Prefix::Receipts)
    }

    /// Both copies of an object of a checksum database.
    pub async fn copies(&self, key: &Key) -> Result<Copies, StoreError> {
        let Some(checked) = key.checked() else {
            return Ok(Copies { plain: self.whole(key).await?, checked: None });
        };
        let (copy, plain) = self.blobs.get_both(&checked, key).await?;
        let plain = match plain {
            Some(stored) => stored.bytes(key, key.max_len()).await?,
            None => None,
        };
        let Some(copy) = copy else { return Ok(Copies { plain, checked: None }) };
        let checked = match copy.bytes(&checked, checked.max_len()).await? {
            Some(file) => match Store::parse_copy(&checked, &file) {
                Ok(bytes) => Ok(bytes),
                Err(StoreError::Damaged { why, .. }) => Err(why),
                Err(error) => return Err(error),
            },
            None => Err("it is too long".to_owned()),
        };
        Ok(Copies { plain, checked: Some(checked) })
    }

    /// The receipt of a module version. A damaged one is an error, and stays where it is.
    pub async fn read_receipt(&self, version: &ModuleVersion) -> Result<Option<Receipt>, StoreError> {
        let key = Key::Receipt(version.clone());
        let Some(file) = self.whole(&key).await? else { return Ok(None) };
        Receipt::parse(version, &file).map(Some)
    }
}
