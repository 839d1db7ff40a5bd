//! The trailer: what rs2p says behind the msgpack array of a message.
//!
//! py2p and js2p ignore bytes behind the array, cover them with the checksum and the id, and relay them bit for bit.
//! So a trailer that is not understood, whether of a later version or malformed, is no error: it is ignored here and
//! forwarded with the message.
//!
//! ```text
//! trailer = 0xc7 ‖ length: u8 ‖ 0x70 ‖ version: u8 = 1 ‖ flags: u8 ‖ fields in the order of their flags
//! bit 0   = nonce: u64 big-endian
//! bit 1   = capabilities: u32 big-endian
//! bit 2   = topic: length u8 ‖ 1 to 128 bytes of UTF-8
//! bit 3   = question: u64 big-endian
//! bit 4   = answer: u64 big-endian
//! ```
//! Higher bits are fields to come; what they add stands behind the known ones and is passed over. So is padding, by
//! which the whole frame gets a length that is a multiple of eight.

use super::topic::Topic;

/// The longest trailer that is read, in bytes, its three bytes of msgpack included.
pub const MAX_TRAILER: usize = 256;

/// The msgpack marker of an extension with a length of one byte.
const EXT8: u8 = 0xc7;
/// The type under which trailers go as msgpack extensions.
const TAG: u8 = 0x70;
const VERSION: u8 = 1;
/// Bytes of a trailer before its fields.
const HEAD: usize = 5;
/// Frames that carry a trailer are padded to a multiple of this many bytes.
const FRAME_UNIT: usize = 8;
const NONCE: u8 = 1 << 0;
const CAPABILITIES: u8 = 1 << 1;
const TOPIC: u8 = 1 << 2;
const QUESTION: u8 = 1 << 3;
const ANSWER: u8 = 1 << 4;

/// What stands behind the array of a message. The default is an empty one, which takes no bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trailer {
    /// A number that keeps equal messages of one second apart.
    pub nonce: Option<u64>,
    /// What the sender of a handshake understands beyond protocol 0.7.
    pub capabilities: Option<Capabilities>,
    /// What a message of an application is about.
    pub topic: Option<Topic>,
    /// Answers are awaited: the number by which its asker knows them, chosen at random.
    pub question: Option<u64>,
    /// The number of the question that is answered.
    pub answer: Option<u64>,
}

impl Trailer {
    pub(super) const EMPTY: Self = Self {
        nonce: None,
        capabilities: None,
        topic: None,
        question: None,
        answer: None,
    };

    /// Reads the bytes behind the array; anything but a trailer of this version gives an empty one.
    pub fn parse(bytes: &[u8]) -> Self {
        Self::fields(bytes).unwrap_or_default()
    }

    fn fields(bytes: &[u8]) -> Option<Self> {
        let [EXT8, len, TAG, body @ ..] = bytes else {
            return None;
        };
        if body.len() != usize::from(*len) || bytes.len() > MAX_TRAILER {
            return None;
        }
        let [VERSION, flags, fields @ ..] = body else {
            return None;
        };
        let mut fields = Fields { rest: fields };
        Some(Self {
            nonce: fields.number(flags & NONCE)?,
            capabilities: fields
                .next(flags & CAPABILITIES)?
                .map(|bits| Capabilities(u32::from_be_bytes(bits))),
            topic: fields.topic(flags & TOPIC)?,
            question: fields.number(flags & QUESTION)?,
            answer: fields.number(flags & ANSWER)?,
        })
    }

    /// Appends the trailer to `out`, the frame so far from its length on; an empty one adds nothing.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = 0;
        let mut fields = Vec::new();
        if let Some(nonce) = self.nonce {
            flags |= NONCE;
            fields.extend_from_slice(&nonce.to_be_bytes());
        }
        if let Some(Capabilities(bits)) = self.capabilities {
            flags |= CAPABILITIES;
            fields.extend_from_slice(&bits.to_be_bytes());
        }
        if let Some(topic) = self.topic.as_ref().map(Topic::as_str) {
            flags |= TOPIC;
            // A topic has 128 bytes at most.
            fields.push(topic.len() as u8);
            fields.extend_from_slice(topic.as_bytes());
        }
        for (flag, number) in [(QUESTION, self.question), (ANSWER, self.answer)] {
            if let Some(number) = number {
                flags |= flag;
                fields.extend_from_slice(&number.to_be_bytes());
            }
        }
        if flags != 0 {
            // py2p loses a link on which a read of 1,024 bytes ends four bytes into a frame. Where frames are multiples of
            // eight bytes that cannot be; readers skip what follows the fields.
            while !(out.len() + HEAD + fields.len()).is_multiple_of(FRAME_UNIT) {
                fields.push(0);
            }
            // Two bytes, the fields above, which have 157 at most, and the padding: far below 256.
            out.extend_from_slice(&[EXT8, 2 + fields.len() as u8, TAG, VERSION, flags]);
            out.extend_from_slice(&fields);
        }
    }
}

/// Takes fields off the front, those whose flag is set.
struct Fields<'a> {
    rest: &'a [u8],
}

impl Fields<'_> {
    /// The next field if its flag is set; `None` if it should be there but is cut off.
    fn next<const N: usize>(&mut self, flag: u8) -> Option<Option<[u8; N]>> {
        if flag == 0 {
            return Some(None);
        }
        let (field, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(Some(*field))
    }

    fn number(&mut self, flag: u8) -> Option<Option<u64>> {
        Some(self.next(flag)?.map(u64::from_be_bytes))
    }

    /// A topic behind its length; `None` also if it is none.
    fn topic(&mut self, flag: u8) -> Option<Option<Topic>> {
        let Some([length]) = self.next(flag)? else {
            return Some(None);
        };
        let (name, rest) = self.rest.split_at_checked(length.into())?;
        self.rest = rest;
        Topic::read(name).map(Some)
    }
}

/// What a node understands beyond protocol 0.7: a set of bits, in the trailer of its handshake.
///
/// Bits that this version does not know are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Nothing but protocol 0.7.
    pub const NONE: Self = Self(0);
    /// Answers heartbeats of the application level ([`sub_flag::HEARTBEAT_PING`](super::sub_flag::HEARTBEAT_PING)).
    pub const HEARTBEAT: Self = Self(1 << 0);
    /// Takes bodies compressed by zlib, whatever the list of the handshake says.
    pub const ZLIB: Self = Self(1 << 1);
    /// Hands messages on to nodes that are no neighbours of their senders.
    pub const FORWARD: Self = Self(1 << 2);
    /// Keeps a tree for each source of broadcasts: payload along it, ids elsewhere
    /// ([`sub_flag::ANNOUNCE`](super::sub_flag::ANNOUNCE)).
    pub const TREES: Self = Self(1 << 3);
    /// Tells a new neighbour which broadcasts it holds, and gives them ([`sub_flag::HISTORY`](super::sub_flag::HISTORY)).
    pub const HISTORY: Self = Self(1 << 4);
    /// Tells and is told where nodes can be dialled ([`sub_flag::ADDRESSES`](super::sub_flag::ADDRESSES)).
    pub const ADDRESSES: Self = Self(1 << 5);
    /// Says when it sleeps, and knows what it means ([`sub_flag::SLEEP`](super::sub_flag::SLEEP)).
    pub const SLEEP: Self = Self(1 << 8);
    /// Is told which broadcasts a neighbour wants, and sends it no others ([`sub_flag::INTEREST`](super::sub_flag::INTEREST)).
    pub const TOPICS: Self = Self(1 << 6);
    /// Does not want every broadcast: which, it says at once, and is to be told of none before.
    pub const NARROWED: Self = Self(1 << 9);
    /// Tells and is told who is in the mesh ([`sub_flag::PRESENCE`](super::sub_flag::PRESENCE)).
    pub const PRESENCE: Self = Self(1 << 7);

    /// The set with these bits, known or not.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits of the set.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets: what two nodes may use between them.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
