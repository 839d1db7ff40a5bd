//! No compression: this node announces none, so no honest peer sends it any.

use super::Compression;
use crate::wire::error::DecodeError;

impl Compression {
    /// What nodes of ours compress their messages by, and announce.
    pub(crate) const OWN: Option<Self> = None;

    /// None is written.
    pub(in crate::wire) fn compress_onto(self, _: &[u8], _: Vec<u8>) -> Option<Vec<u8>> {
        None
    }

    /// None is read.
    pub(in crate::wire) fn decompress_onto(
        self,
        _: &[u8],
        _: usize,
        _: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        Err(DecodeError::Unsupported(self))
    }
}
