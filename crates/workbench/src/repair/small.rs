//! The go.mod and the `.info`.

use gomod::{H1, Info};

use super::{Repair, RepairError, Right};
use crate::modcache::Part;

impl Repair {
    /// Writes the go.mod, if it is the right one.
    pub(super) fn gomod(&self, bytes: &[u8], right: &Right) -> Result<(), RepairError> {
        let found = H1::of_gomod(bytes);
        match right.gomod {
            Some(right) if right != found => Err(RepairError::Other { right, found }),
            _ => self.put(Part::Mod, bytes),
        }
    }

    /// Writes the `.info`, if it is one of this version.
    pub(super) fn info(&self, bytes: &[u8]) -> Result<(), RepairError> {
        let is_its = Info::parse(bytes).is_ok_and(|info| info.version() == self.module.version());
        if !is_its {
            return Err(RepairError::Lacks(".info of this version"));
        }
        self.put(Part::Info, bytes)
    }
}
