//! Packing and unpacking.

#[cfg_attr(target_arch = "wasm32", path = "codecs/absent.rs")]
mod legacy;

use std::io::{Read, Write};

use flate2::Compression as Level;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use super::Compression;
use crate::wire::error::DecodeError;

impl Compression {
    /// What nodes of ours compress their messages by, and announce.
    pub(crate) const OWN: Option<Self> = Some(Self::Zlib);

    /// Like [`compress`](Self::compress), behind what `out` already holds.
    pub(in crate::wire) fn compress_onto(self, plain: &[u8], mut out: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(out, Level::default());
                encoder.write_all(plain).ok()?;
                encoder.finish().ok()
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Level::default());
                encoder.write_all(plain).ok()?;
                encoder.finish().ok()
            }
            Self::Snappy => {
                let start = out.len();
                out.resize(start + snap::raw::max_compress_len(plain.len()), 0);
                let len = snap::raw::Encoder::new()
                    .compress(plain, &mut out[start..])
                    .ok()?;
                out.truncate(start + len);
                Some(out)
            }
            Self::Bz2 | Self::Lzma => None,
        }
    }

    /// Like [`decompress`](Self::decompress), behind what `out` already holds, which `max` does not count.
    pub(in crate::wire) fn decompress_onto(
        self,
        packed: &[u8],
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let rest = match self {
            Self::Zlib => self.drain(ZlibDecoder::new(packed), max, out)?.into_inner(),
            Self::Gzip => self.drain(GzDecoder::new(packed), max, out)?.into_inner(),
            Self::Snappy => return self.unpack_snappy(packed, max, out),
            Self::Bz2 => legacy::bz2(packed, max, out)?,
            Self::Lzma => legacy::lzma(packed, max, out)?,
        };
        if rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Decompression(self))
        }
    }

    /// Reads a stream to its end, or until it has given more than `max` bytes.
    fn drain<R: Read>(
        self,
        mut decoder: R,
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<R, DecodeError> {
        let beyond = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        let got = (&mut decoder)
            .take(beyond)
            .read_to_end(out)
            .map_err(|_| DecodeError::Decompression(self))?;
        if got > max {
            return Err(DecodeError::TooLargeDecompressed { limit: max });
        }
        Ok(decoder)
    }

    /// Snappy announces its length, so that is checked first: against `max`, and against what the input can give.
    fn unpack_snappy(
        self,
        packed: &[u8],
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        /// The most that one byte of the format can stand for: the longest copy, of 64 bytes, takes at least two.
        const MOST_PER_BYTE: usize = 64;

        let broken = |_| DecodeError::Decompression(self);
        let announced = snap::raw::decompress_len(packed).map_err(broken)?;
        if announced > max {
            return Err(DecodeError::TooLargeDecompressed { limit: max });
        }
        if announced / MOST_PER_BYTE > packed.len() {
            return Err(DecodeError::Decompression(self));
        }
        let start = out.len();
        out.resize(start + announced, 0);
        snap::raw::Decoder::new()
            .decompress(packed, &mut out[start..])
            .map(drop)
            .map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_stream_is_read_no_further_than_one_byte_beyond_the_limit() {
        let mut out = vec![7; 3];
        let drained = Compression::Zlib.drain(std::io::repeat(0), 1000, &mut out);
        assert!(matches!(
            drained,
            Err(DecodeError::TooLargeDecompressed { limit: 1000 })
        ));
        assert_eq!(out.len(), 3 + 1000 + 1);
    }

    #[test]
    fn nothing_is_reserved_for_a_snappy_length_that_the_input_cannot_give() {
        let mut out = Vec::new();
        let unpacked =
            Compression::Snappy.decompress_onto(b"\xff\xff\x3f\x00\x00", 1 << 20, &mut out);
        assert_eq!(
            unpacked,
            Err(DecodeError::Decompression(Compression::Snappy))
        );
        assert_eq!(out.capacity(), 0);
    }

    #[test]
    fn a_limit_beyond_any_memory_is_no_overflow() {
        let plain = Compression::Zlib
            .compress(b"plain")
            .expect("zlib is written");
        assert_eq!(
            Compression::Zlib.decompress(&plain, usize::MAX),
            Ok(b"plain".to_vec())
        );
    }
}
