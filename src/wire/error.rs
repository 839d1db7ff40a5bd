//! What can be wrong with bytes from a peer, and with what a user wants sent.

use super::compression::Compression;

/// Why bytes are no frame, message or value. The fault is with whoever sent them; nothing was changed by reading them.
///
/// After [`FrameTooLarge`](Self::FrameTooLarge) the stream cannot be followed any further: close the link. After any
/// other error the frame is to be dropped; what that costs its sender is for the caller to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A frame announces a body longer than the link allows.
    #[error("a frame announces a body of {announced} bytes, this link takes {limit}")]
    FrameTooLarge {
        /// Length of the body in bytes, as announced.
        announced: u32,
        /// Greatest length that is taken.
        limit: usize,
    },
    /// The bytes end before the frame, message or value does.
    #[error("the bytes end too early")]
    Truncated,
    /// The body is neither plain nor in an accepted compression: no reading of it has the checksum it claims.
    #[error("the checksum fits no accepted reading of the body")]
    Checksum,
    /// A value nests deeper than [`Limits::depth`](super::Limits::depth).
    #[error("a value nests deeper than the limit")]
    TooDeep,
    /// A value holds more items than [`Limits::items`](super::Limits::items).
    #[error("a value holds more items than the limit")]
    TooManyItems,
    /// A msgpack `str` is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// A byte that msgpack never uses stands where a value should begin.
    #[error("0xc1 begins no msgpack value")]
    ReservedMarker,
    /// The first three items are not the type, sender and time of a message.
    #[error("bad message header: {0}")]
    BadHeader(&'static str),
    /// A handshake that protocol 0.7 does not know as one.
    #[error("bad handshake: {0}")]
    BadHandshake(&'static str),
    /// A control message, other than a handshake, whose payload is not what its sub-flag promises.
    #[error("bad control message: {0}")]
    BadSignal(&'static str),
    /// Bytes that are not one whole stream of this compression.
    #[error("no whole {0} stream")]
    Decompression(Compression),
    /// A compressed body grows beyond what is taken. It was given up when it passed the limit.
    #[error("the body decompresses to more than {limit} bytes")]
    TooLargeDecompressed {
        /// Greatest decompressed length, in bytes, that is taken.
        limit: usize,
    },
    /// This build cannot decode the compression, and so never announces it.
    #[error("this build cannot decode {0}")]
    Unsupported(Compression),
    /// The packets are fine, but not of the type that the caller asked for.
    #[error("the packets are of another type: {0}")]
    OtherType(Box<str>),
}

/// Why packets cannot be sent. The fault is with the caller; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The type has no msgpack form, or its `Serialize` refused.
    #[error("the value cannot be serialised: {0}")]
    Unserialisable(Box<str>),
    /// A packet nests deeper than any node takes by default ([`Limits::DEFAULT`](super::Limits::DEFAULT)).
    #[error("a packet nests deeper than other nodes take")]
    TooDeep,
    /// The packets hold more items than any node takes by default ([`Limits::DEFAULT`](super::Limits::DEFAULT)).
    #[error("the packets hold more items than other nodes take")]
    TooManyItems,
    /// The packets are longer than the four bytes of a frame's length can say.
    #[error("the packets exceed the 4 GiB of a frame")]
    TooLong,
}

impl DecodeError {
    /// Whether the bytes came as they were sent, so that whoever wrote the message is to blame, and not who passed it on.
    pub const fn is_authors(&self) -> bool {
        matches!(
            self,
            Self::Truncated
                | Self::TooDeep
                | Self::TooManyItems
                | Self::NotUtf8
                | Self::ReservedMarker
                | Self::BadHeader(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_three_words_at_most() {
        assert!(size_of::<DecodeError>() <= 3 * size_of::<u64>());
        assert!(size_of::<EncodeError>() <= 3 * size_of::<u64>());
    }
}
