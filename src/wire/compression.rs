//! The compressions of protocol 0.7: of a whole body, chosen per link, bounded while they unpack.
//!
//! A compressed body is exactly one stream. Bytes behind its end, a second stream and padding are refused: no sender
//! of the family makes them, and who could add them could send one message in endless disguises.
//!
//! bz2 and lzma are only ever decoded, and not in a browser. The npm package is built with `--cfg without_compression`: its node
//! announces none and so is sent none, and the tenth of its size that the codecs would be is not downloaded.

#[cfg_attr(without_compression, path = "compression/left_out.rs")]
mod codecs;

use core::fmt;

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

    /// `plain` compressed; `None` for bz2 and lzma, which are only decoded, and for all that are not built.
    pub fn compress(self, plain: &[u8]) -> Option<Vec<u8>> {
        self.compress_onto(plain, Vec::new())
    }

    /// Unpacks `packed`, which must be exactly one whole stream, to at most `max` bytes.
    ///
    /// Output beyond `max` is not produced, whatever the input announces.
    ///
    /// # Errors
    /// [`DecodeError::Decompression`] if it is no whole stream, [`DecodeError::TooLargeDecompressed`] beyond `max`,
    /// [`DecodeError::Unsupported`] for one that is not built.
    pub fn decompress(self, packed: &[u8], max: usize) -> Result<Vec<u8>, DecodeError> {
        let mut plain = Vec::new();
        self.decompress_onto(packed, max, &mut plain)?;
        Ok(plain)
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
