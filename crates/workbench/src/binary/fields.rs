//! Numbers in the headers of program files.

use super::BinaryError;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

/// How long an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// 4 bytes.
    Four,
    /// 8 bytes.
    Eight,
}

impl Width {
    /// In bytes.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Width::Four => 4,
            Width::Eight => 8,
        }
    }
}

/// A piece of a header.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Order) -> Self {
        Fields { bytes, order }
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }

    /// The pieces of this length, one after the other; a rest that is shorter is left out.
    pub(super) fn each(self, len: usize) -> impl Iterator<Item = Fields<'a>> {
        self.bytes.chunks_exact(len.max(1)).map(move |bytes| Fields { bytes, order: self.order })
    }

    pub(super) fn u16(&self, at: usize) -> Result<u16, BinaryError> {
        let bytes = self.array(at)?;
        Ok(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(&self, at: usize) -> Result<u32, BinaryError> {
        let bytes = self.array(at)?;
        Ok(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64(&self, at: usize) -> Result<u64, BinaryError> {
        let bytes = self.array(at)?;
        Ok(match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        })
    }

    /// A number that is as long as an address.
    pub(super) fn word(&self, at: usize, width: Width) -> Result<u64, BinaryError> {
        match width {
            Width::Four => self.u32(at).map(u64::from),
            Width::Eight => self.u64(at),
        }
    }

    /// A name in a place of fixed length, filled up with zeros.
    pub(super) fn name(&self, at: usize, len: usize) -> Result<&'a [u8], BinaryError> {
        let end = at.checked_add(len).ok_or(SHORT)?;
        Ok(until_zero(self.bytes.get(at..end).ok_or(SHORT)?))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], BinaryError> {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(SHORT)
    }
}

/// The bytes before the first zero.
pub(super) fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

const SHORT: BinaryError = BinaryError::Damaged("a header is too short");
