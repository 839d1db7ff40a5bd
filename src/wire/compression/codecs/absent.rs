//! bz2 and lzma where they are not built: a browser never announces them, so no honest peer sends them.

use crate::wire::Compression;
use crate::wire::error::DecodeError;

pub(super) fn bz2<'a>(_: &'a [u8], _: usize, _: &mut Vec<u8>) -> Result<&'a [u8], DecodeError> {
    Err(DecodeError::Unsupported(Compression::Bz2))
}

pub(super) fn lzma<'a>(_: &'a [u8], _: usize, _: &mut Vec<u8>) -> Result<&'a [u8], DecodeError> {
    Err(DecodeError::Unsupported(Compression::Lzma))
}
