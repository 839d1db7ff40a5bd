//! Protocol 0.7 on the wire: frames, messages, values and compression. Stateless but for the reassembly of a stream.
//!
//! ```text
//! frame    = length: u32 big-endian ‖ body          length counts the body
//! body     = plain, or compressed as a whole        which one, the checksum decides
//! plain    = sha256(packed): 32 bytes ‖ packed      the sha256 is the message's id
//! packed   = msgpack [type, sender, time, ...payload] ‖ trailer?
//! payload  = sub-flag, ...packets
//! trailer  = ext8(0x70, version ‖ flags ‖ fields)   an extension that older nodes ignore and relay
//! ```
//!
//! A message keeps the bytes that it came in, because its id covers exactly those: forwarding is a clone of a buffer.
//!
//! This floor knows no link, peer or clock. It refuses to trust any announced length, to recurse or allocate beyond
//! its [`Limits`], and to panic, whatever the bytes are.

mod addresses;
mod compression;
mod draft;
mod error;
mod flag;
mod frame;
mod ids;
mod interest;
mod message;
mod packets;
mod presence;
mod reader;
mod scan;
mod signal;
pub mod sub_flag;
mod topic;
mod trailer;
mod value;

pub use addresses::{Addresses, KnownAddress, MAX_ADDRESS, MAX_KNOWN, MAX_OWN};
pub use compression::Compression;
pub use draft::Draft;
pub use error::{DecodeError, EncodeError};
pub use flag::{Flag, InvalidFlag, MAX_FLAG};
pub use frame::{Frame, HEADER};
pub use ids::{History, MAX_IDS};
pub use interest::{Interest, MAX_TOPICS};
pub use message::{IdForm, Kind, Message, Time};
pub use packets::RawPackets;
pub use presence::{
    Departure, MAX_ENTRIES, MAX_HASHES, MAX_HOSTS, MAX_PRESENCE, Mark, Presence, PresenceEntry,
    PresenceState, Stamp, Word,
};
pub use reader::FrameReader;
pub use signal::{Endpoint, Handshake, MAX_CODES, MAX_PEERS, PeerEntry, Signal};
pub use topic::{InvalidTopic, MAX_TOPIC, Topic, Topics};
pub use trailer::{Capabilities, MAX_TRAILER, Trailer};
pub use value::{Limits, Value};
