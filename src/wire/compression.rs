//! The compressions of protocol 0.7: of a whole body, chosen per link, bounded while they unpack.
//!
//! A compressed body is exactly one stream. Bytes behind its end, a second stream and padding are refused: no sender
//! of the family makes them, and who could add them could send one message in endless disguises.
//!
//! bz2 and lzma are only ever decoded, and not in a browser.

#[cfg_attr(target_arch = "wasm32", path = "compression/absent.rs")]
mod legacy;

use core::fmt;
use std::io::{Read, Write};

use flate2::Compression as Level;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use super::error::DecodeError;

/// A method of compression, under the code by which handshakes and renegotiations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Compression {
    /// bzip2, code 0x10. Decoded natively, never written.
    Bz2 = 0x10,
    /// A gzip member, code 0x11.
    Gzip = 0x11,
    /// An `.xz` stream, code 0x12. Decoded natively with at most 16 MiB of memory, never written.
    Lzma = 0x12,
    /// A zlib stream (RFC 1950), code 0x13.
    Zlib = 0x13,
    /// Snappy's raw block format, without its framing, code 0x20.
    Snappy = 0x20,
}

impl Compression {
    /// All methods, by rising code.
    pub const ALL: [Self; 5] = [Self::Bz2, Self::Gzip, Self::Lzma, Self::Zlib, Self::Snappy];

    /// The method's code on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The method with this code, if there is one.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|method| u64::from(method.code()) == code)
    }

    /// `plain` compressed; `None` for bz2 and lzma, which are only decoded.
    pub fn compress(self, plain: &[u8]) -> Option<Vec<u8>> {
        self.compress_onto(plain, Vec::new())
    }

    /// Unpacks `packed`, which must be exactly one whole stream, to at most `max` bytes.
    ///
    /// Output beyond `max` is not produced, whatever the input announces.
    ///
    /// # Errors
    /// [`DecodeError::Decompression`] if it is no whole stream, [`DecodeError::TooLargeDecompressed`] beyond `max`,
    /// [`DecodeError::Unsupported`] for bz2 and lzma in a browser.
    pub fn decompress(self, packed: &[u8], max: usize) -> Result<Vec<u8>, DecodeError> {
        let mut plain = Vec::new();
        self.decompress_onto(packed, max, &mut plain)?;
        Ok(plain)
    }

    /// Like [`compress`](Self::compress), behind what `out` already holds.
    pub(super) fn compress_onto(self, plain: &[u8], mut out: Vec<u8>) -> Option<Vec<u8>> {
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
    pub(super) fn decompress_onto(
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

    /// Whether a body may be of this method, by its first bytes. Snappy has no mark of its own and may always be.
    pub(super) fn may_be(self, body: &[u8]) -> bool {
        match self {
            Self::Bz2 => body.starts_with(b"BZh"),
            Self::Gzip => body.starts_with(&[0x1f, 0x8b]),
            Self::Lzma => body.starts_with(b"\xfd7zXZ\0"),
            // RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
            Self::Zlib => {
                matches!(body, [first, second, ..] if first & 0x0f == 8
                    && u16::from_be_bytes([*first, *second]).is_multiple_of(31))
            }
            Self::Snappy => true,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bz2 => "bz2",
            Self::Gzip => "gzip",
            Self::Lzma => "lzma",
            Self::Zlib => "zlib",
            Self::Snappy => "snappy",
        })
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
