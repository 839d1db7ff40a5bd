//! bz2 and lzma, decoded by the C libraries that py2p has them from.

use bzip2::bufread::BzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream;

use crate::wire::Compression;
use crate::wire::error::DecodeError;

/// Memory that an `.xz` stream may ask for, in bytes: enough for the 8 MiB dictionary of py2p's preset 6.
const LZMA_MEMORY: u64 = 16 * 1024 * 1024;

/// Unpacks the stream at the front of `packed` behind `out`, and gives what follows it.
pub(super) fn bz2<'a>(
    packed: &'a [u8],
    max: usize,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], DecodeError> {
    let decoder = Compression::Bz2.drain(BzDecoder::new(packed), max, out)?;
    Ok(decoder.into_inner())
}

/// Unpacks the stream at the front of `packed` behind `out`, and gives what follows it.
pub(super) fn lzma<'a>(
    packed: &'a [u8],
    max: usize,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], DecodeError> {
    const ONE_STREAM: u32 = 0;
    let stream = Stream::new_stream_decoder(LZMA_MEMORY, ONE_STREAM)
        .map_err(|_| DecodeError::Decompression(Compression::Lzma))?;
    let decoder = XzDecoder::new_stream(packed, stream);
    Ok(Compression::Lzma.drain(decoder, max, out)?.into_inner())
}
