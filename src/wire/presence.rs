//! PRESENCE: what neighbours tell each other of who is in the mesh, and over which links.
//!
//! A whisper, an extension that only nodes with [`Capabilities::PRESENCE`](super::Capabilities::PRESENCE) are sent:
//!
//! ```text
//! [0x4a, bin]          a digest: hashes of 8 bytes, as many as a power of two, or none: "tell me everything"
//! [0x4a, [entry, …]]   entries, at most 128
//! entry = [node, boot, version, [host, mark, …], state, packets]   what the node says of itself, and others of its links
//!       | [node, boot, version, [host, mark, …]]                   what others say of its links only
//! ```
//!
//! A node is text where it is first named in a message, and from then on the number of nodes that were named before it.
//! `packets` is msgpack within a `bin`, left out if there is none. Because later numbers depend on what came before, one
//! malformed entry makes the whole message malformed. Items behind the known ones are passed over. Whom to believe is the
//! core's to say.

use super::error::DecodeError;
use super::message::IdForm;
use super::packets::RawPackets;
use super::sub_flag;
use super::value::Value;
use crate::id::NodeId;
use crate::ordered::OrderedMap;

/// Entries of one message that are read; the rest is ignored. 128, which with the longest of everything are some 400 KiB.
pub const MAX_ENTRIES: usize = 128;
/// Most nodes that an entry says its node dialled and is linked to. An entry with more is malformed.
pub const MAX_HOSTS: usize = 16;
/// Most bytes of packets in an entry, 1 KiB. An entry with more is malformed.
pub const MAX_PRESENCE: usize = 1 << 10;
/// Most hashes in a digest. One with more is malformed.
pub const MAX_HASHES: usize = 256;

const HASH: usize = size_of::<u64>();

/// What a neighbour tells of who is in the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Hashes of all that it knows, each over the part of the nodes whose own hash ends in the hash's number.
    Digest(Vec<u64>),
    /// What it knows of some.
    Entries(Vec<PresenceEntry>),
}

/// What is known of a node, or only of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceEntry {
    /// The node.
    pub node: NodeId,
    /// When the node said so. What others say of its links is of this moment too.
    pub stamp: Stamp,
    /// The nodes that it dialled and is linked to, at most [`MAX_HOSTS`], with what they say of the link.
    pub edges: Vec<(NodeId, Mark)>,
    /// What the node says of itself; `None` if this entry is of its links only.
    pub word: Option<Word>,
}

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// How it is.
    pub state: PresenceState,
    /// What its application shows the others, at most [`MAX_PRESENCE`] bytes.
    pub packets: RawPackets,
}

/// When a node said something of itself, by its own count: what is greater is later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The number of the node's life: a later one has a greater number.
    pub boot: u64,
    /// How often it has changed in this life, at most [`Stamp::LAST_VERSION`].
    pub version: u64,
}

impl Stamp {
    /// The greatest version; what changes then makes a greater boot.
    pub const LAST_VERSION: u64 = u32::MAX as u64;

    /// When the life began, in seconds of the wall clock.
    pub const fn seconds(self) -> u64 {
        self.boot >> 32
    }

    /// The next one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.version < Self::LAST_VERSION {
            Self {
                version: self.version + 1,
                ..self
            }
        } else {
            Self {
                boot: self.boot.saturating_add(1),
                version: 0,
            }
        }
    }
}

/// How a node is, by its own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresenceState {
    /// It runs, and is seen if it is a page.
    #[default]
    Awake,
    /// Its page runs and is not seen.
    Hidden,
    /// Its page was stopped.
    Asleep,
    /// It has left.
    Gone,
}

impl PresenceState {
    const fn code(self) -> u64 {
        match self {
            Self::Awake => 0,
            Self::Hidden => 1,
            Self::Asleep => 2,
            Self::Gone => 3,
        }
    }

    /// A number that is not known here is some new way to be there.
    const fn from_code(code: u64) -> Self {
        match code {
            1 => Self::Hidden,
            2 => Self::Asleep,
            3 => Self::Gone,
            _ => Self::Awake,
        }
    }
}

/// What the acceptor of a link says of it, within one [`Stamp`] of the dialler: what is greater was said later.
///
/// A link begins at [`UP`](Self::UP). Each time that its dialler falls asleep or wakes up the mark grows by one, so odd
/// ones are asleep. Once it is down it stays so: the dialler has to say something new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u32);

impl Mark {
    /// The link is as its dialler says.
    pub const UP: Self = Self(0);
    /// Marks from here on are of links that are down; the rest of the number says why.
    const DOWN: u32 = u32::MAX - 0xff;

    /// Marks from here to there leave few turns, and none honest comes so far.
    const WORN: u32 = Self::DOWN - 0x100;

    /// The link is down.
    pub const fn down(reason: Departure) -> Self {
        Self(Self::DOWN + reason.code())
    }

    /// Whether the link is down.
    pub const fn is_down(self) -> bool {
        self.0 >= Self::DOWN
    }

    /// Whether the link is up, and its dialler asleep.
    pub const fn is_asleep(self) -> bool {
        !self.is_down() && self.0 % 2 == 1
    }

    /// Whether the link is up, and said to have turned so often that it may not turn any more: its dialler has to say something
    /// new, which makes it [`UP`](Self::UP).
    pub const fn is_worn(self) -> bool {
        !self.is_down() && self.0 >= Self::WORN
    }

    /// Why the link is down; `None` while it is up.
    pub const fn departure(self) -> Option<Departure> {
        match self.0.checked_sub(Self::DOWN) {
            Some(code) => Some(Departure::from_code(code)),
            None => None,
        }
    }

    /// The mark of the link when its dialler falls asleep, or wakes up.
    #[must_use]
    pub const fn turned(self) -> Self {
        // So many turns are none of an honest peer: the link stays as it is, and so does one that is down.
        if self.0 < Self::DOWN - 1 {
            Self(self.0 + 1)
        } else {
            self
        }
    }

    /// The number on the wire.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The mark with this number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// Why a node is no member any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Departure {
    /// Its links were lost, or those of the nodes between.
    #[default]
    Lost,
    /// It was silent for too long.
    Timeout,
    /// It slept for too long.
    Asleep,
    /// It said goodbye.
    Goodbye,
}

impl Departure {
    const fn code(self) -> u32 {
        match self {
            Self::Lost => 0,
            Self::Timeout => 1,
            Self::Asleep => 2,
            Self::Goodbye => 3,
        }
    }

    const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Timeout,
            2 => Self::Asleep,
            3 => Self::Goodbye,
            _ => Self::Lost,
        }
    }

    /// The reason in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::Asleep => "asleep",
            Self::Goodbye => "goodbye",
        }
    }
}

impl Presence {
    pub(super) fn parse(packets: &[Value]) -> Result<Self, DecodeError> {
        match packets {
            [Value::Bin(hashes), ..] => digest_of(hashes)
                .map(Self::Digest)
                .ok_or(DecodeError::BadSignal("a digest has a power of two hashes")),
            [Value::Array(entries), ..] => {
                let mut names = Vec::new();
                let entries = entries.iter().take(MAX_ENTRIES);
                let entries = entries.map(|entry| entry_of(entry, &mut names));
                entries
                    .collect::<Option<_>>()
                    .map(Self::Entries)
                    .ok_or(DecodeError::BadSignal("an entry is a node and its links"))
            }
            _ => Err(DecodeError::BadSignal("presence is a digest or entries")),
        }
    }

    pub(super) fn payload(&self) -> Vec<Value> {
        let told = match self {
            Self::Digest(hashes) => {
                let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
                Value::Bin(bytes.into())
            }
            Self::Entries(entries) => {
                let mut names = OrderedMap::new();
                let entries = entries.iter().map(|entry| entry_value(entry, &mut names));
                Value::Array(entries.collect())
            }
        };
        vec![sub_flag::PRESENCE.into(), told]
    }
}

fn digest_of(bytes: &[u8]) -> Option<Vec<u64>> {
    let (hashes, []) = bytes.as_chunks::<HASH>() else {
        return None;
    };
    let count = hashes.len();
    let fits = count == 0 || count.is_power_of_two() && count <= MAX_HASHES;
    fits.then(|| {
        hashes
            .iter()
            .map(|bytes| u64::from_be_bytes(*bytes))
            .collect()
    })
}

fn entry_of(value: &Value, names: &mut Vec<NodeId>) -> Option<PresenceEntry> {
    let [node, boot, version, Value::Array(edges), rest @ ..] = value.as_array()? else {
        return None;
    };
    let node = name_of(node, names)?;
    let stamp = Stamp {
        boot: boot.as_u64()?,
        version: version.as_u64()?,
    };
    let (pairs, []) = edges.as_chunks::<2>() else {
        return None;
    };
    if pairs.len() > MAX_HOSTS {
        return None;
    }
    let edges = pairs.iter().map(|[host, mark]| {
        let mark = u32::try_from(mark.as_u64()?).ok()?;
        Some((name_of(host, names)?, Mark(mark)))
    });
    Some(PresenceEntry {
        node,
        stamp,
        edges: edges.collect::<Option<_>>()?,
        word: word_of(rest)?,
    })
}

/// `Some(None)` is an entry of links only, `None` is malformed.
fn word_of(items: &[Value]) -> Option<Option<Word>> {
    let (state, packets) = match items {
        [] => return Some(None),
        [state] => (state, RawPackets::default()),
        [state, Value::Bin(packets), ..] if packets.len() <= MAX_PRESENCE => {
            (state, RawPackets::from_encoded(packets).ok()?)
        }
        _ => return None,
    };
    let state = PresenceState::from_code(state.as_u64()?);
    Some(Some(Word { state, packets }))
}

fn name_of(value: &Value, names: &mut Vec<NodeId>) -> Option<NodeId> {
    if let Some(number) = value.as_u64() {
        return names.get(usize::try_from(number).ok()?).cloned();
    }
    let node = NodeId::new(value.as_bytes()?).ok()?;
    names.push(node.clone());
    Some(node)
}

fn entry_value<'a>(entry: &'a PresenceEntry, names: &mut OrderedMap<&'a NodeId, u64>) -> Value {
    let mut items = vec![
        name_value(&entry.node, names),
        entry.stamp.boot.into(),
        entry.stamp.version.into(),
    ];
    let edges = entry.edges.iter();
    let edges = edges.flat_map(|(host, mark)| {
        let mark = u64::from(mark.0).into();
        [name_value(host, names), mark]
    });
    items.push(Value::Array(edges.collect()));
    if let Some(word) = &entry.word {
        items.push(word.state.code().into());
        if word.packets.count() > 0 {
            items.push(Value::Bin(word.packets.as_bytes().clone()));
        }
    }
    Value::Array(items)
}

fn name_value<'a>(node: &'a NodeId, names: &mut OrderedMap<&'a NodeId, u64>) -> Value {
    if let Some(number) = names.get(&node) {
        return (*number).into();
    }
    names.insert(node, names.len() as u64);
    IdForm::Text.value(node.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeId {
        name.parse().expect("an id")
    }

    fn entry(name: &str, hosts: &[&str]) -> PresenceEntry {
        let stamp = Stamp {
            boot: 7,
            version: 1,
        };
        PresenceEntry {
            node: node(name),
            stamp,
            edges: hosts.iter().map(|host| (node(host), Mark::UP)).collect(),
            word: Some(Word::default()),
        }
    }

    fn read(told: &Presence) -> Result<Presence, DecodeError> {
        Presence::parse(&told.payload()[1..])
    }

    #[test]
    fn entries_come_back_as_they_were_told() {
        let packets = RawPackets::from_values(&["busy".into(), 7_u64.into()]).expect("two packets");
        let mut shown = entry("ann", &["relay", "other"]);
        shown.word = Some(Word {
            state: PresenceState::Hidden,
            packets,
        });
        shown.edges[1].1 = Mark::down(Departure::Timeout);
        let mut lost = entry("bob", &["relay"]);
        lost.word = None;
        let told = Presence::Entries(vec![
            shown,
            entry("relay", &[]),
            lost,
            entry("eve", &["bob"]),
        ]);
        assert_eq!(read(&told), Ok(told));
    }

    #[test]
    fn a_node_is_named_once_in_a_message() {
        let told = Presence::Entries(vec![entry("ann", &["relay"]), entry("bob", &["relay"])]);
        let payload = told.payload();
        let entries = payload[1].as_array().expect("entries");
        let hosts = |at: usize| entries[at].as_array().expect("an entry")[3].clone();
        assert_eq!(hosts(0), ["relay".into(), 0_u64.into()].into());
        assert_eq!(hosts(1), [1_u64.into(), 0_u64.into()].into());
    }

    #[test]
    fn digests_come_back_and_others_are_refused() {
        for hashes in [vec![], vec![1], vec![u64::MAX; MAX_HASHES]] {
            let told = Presence::Digest(hashes);
            assert_eq!(read(&told), Ok(told));
        }
        for bytes in [1, 7, 9, 3 * HASH, 2 * MAX_HASHES * HASH] {
            let bin = Value::Bin(vec![0; bytes].into());
            assert!(Presence::parse(&[bin]).is_err(), "{bytes} bytes");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        let text = |name: &str| Value::from(name);
        let edges = |items: Vec<Value>| Value::Array(items);
        let number = |number: u64| Value::from(number);
        let too_many: Vec<_> = (0..=MAX_HOSTS)
            .flat_map(|host| [text(&format!("host{host}")), number(0)])
            .collect();
        for bad in [
            vec![text("ann"), number(1), number(1)],
            vec![number(0), number(1), number(1), edges(vec![])],
            vec![text(""), number(1), number(1), edges(vec![])],
            vec![text("ann"), text("1"), number(1), edges(vec![])],
            vec![text("ann"), number(1), number(1), edges(vec![text("r")])],
            vec![
                text("ann"),
                number(1),
                number(1),
                edges(vec![text("r"), number(1 << 32)]),
            ],
            vec![text("ann"), number(1), number(1), edges(too_many)],
            vec![
                text("ann"),
                number(1),
                number(1),
                edges(vec![]),
                text("awake"),
            ],
            vec![
                text("ann"),
                number(1),
                number(1),
                edges(vec![]),
                number(0),
                number(0),
            ],
            vec![
                text("ann"),
                number(1),
                number(1),
                edges(vec![]),
                number(0),
                Value::Bin(vec![0xc0; MAX_PRESENCE + 1].into()),
            ],
            vec![
                text("ann"),
                number(1),
                number(1),
                edges(vec![]),
                number(0),
                Value::Bin(vec![0xc1].into()),
            ],
        ] {
            let told = Value::Array(vec![Value::Array(bad)]);
            assert!(
                Presence::parse(core::slice::from_ref(&told)).is_err(),
                "{told:?}"
            );
        }
        for bad in [
            vec![],
            vec![Value::Nil],
            vec![Value::Array(vec![Value::Nil])],
        ] {
            assert!(Presence::parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_so_many_entries_are_read_and_what_stands_behind_is_passed_over() {
        let many = (0..MAX_ENTRIES + 9).map(|number| entry(&format!("n{number}"), &[]));
        let Ok(Presence::Entries(read)) = read(&Presence::Entries(many.collect())) else {
            panic!("no entries");
        };
        assert_eq!(read.len(), MAX_ENTRIES);
        let mut later = Presence::Entries(vec![entry("ann", &[])])
            .payload()
            .remove(1);
        let Value::Array(entries) = &mut later else {
            panic!("no entries")
        };
        if let Value::Array(items) = &mut entries[0] {
            items.extend([Value::Bin(vec![0xc0].into()), "of a later version".into()]);
        }
        assert!(Presence::parse(&[later]).is_ok());
    }

    #[test]
    fn marks_grow_with_what_happens_to_a_link() {
        let asleep = Mark::UP.turned();
        assert!(asleep.is_asleep() && !asleep.turned().is_asleep());
        assert!(asleep.turned() > asleep && Mark::down(Departure::Lost) > asleep.turned());
        assert_eq!(
            Mark::down(Departure::Asleep).departure(),
            Some(Departure::Asleep)
        );
        assert_eq!(asleep.departure(), None);
        assert!(!asleep.is_worn() && !Mark::down(Departure::Lost).is_worn());
        let last = Mark(Mark::DOWN - 1);
        assert_eq!(
            last.turned(),
            last,
            "a mark does not grow into a link that is down"
        );
        assert!(last.is_worn());
    }

    #[test]
    fn a_stamp_grows_also_where_its_version_ends() {
        let end = Stamp {
            boot: 1,
            version: Stamp::LAST_VERSION,
        };
        assert!(end.next() > end && end.next().next() > end.next());
    }
}
