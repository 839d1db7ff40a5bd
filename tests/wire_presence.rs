//! Presence on the wire: what is told is heard, and what is no presence is refused, whatever it is.
#![cfg(not(target_arch = "wasm32"))]

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{
    DecodeError, Draft, Kind, MAX_ENTRIES, MAX_HASHES, MAX_HOSTS, MAX_PRESENCE, Mark, Presence,
    PresenceEntry, PresenceState, RawPackets, Signal, Stamp, Value, Word, sub_flag,
};

/// Of so few nodes that they are named again and again, in ids of bytes, of text and of every length.
fn node() -> impl Strategy<Value = NodeId> {
    let few = (0_u8..6).prop_map(|number| vec![number + b'a'; 1 + usize::from(number) * 25]);
    prop_oneof![8 => few, 2 => vec(any::<u8>(), 1..=128)]
        .prop_map(|bytes| NodeId::new(&bytes).expect("1 to 128 bytes"))
}

fn word() -> impl Strategy<Value = Word> {
    let state = prop_oneof![
        Just(PresenceState::Awake),
        Just(PresenceState::Hidden),
        Just(PresenceState::Asleep),
        Just(PresenceState::Gone),
    ];
    // Three bytes are its head.
    let longest = Value::Bin(vec![7; MAX_PRESENCE - 3].into());
    let packets = prop_oneof![
        vec(any::<u64>().prop_map(Value::from), 0..4),
        Just(vec![longest]),
    ];
    (state, packets).prop_map(|(state, packets)| Word {
        state,
        packets: RawPackets::from_values(&packets).expect("short packets"),
    })
}

fn version() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), Just(u64::MAX)]
}

/// Any mark, those of links that are down and the last of the others not least.
fn mark() -> impl Strategy<Value = Mark> {
    let bits = prop_oneof![
        any::<u32>(),
        0_u32..4,
        u32::MAX - 0x102..=u32::MAX,
        Just(u32::MAX)
    ];
    bits.prop_map(Mark::from_bits)
}

fn entry() -> impl Strategy<Value = PresenceEntry> {
    let edges = vec((node(), mark()), 0..=MAX_HOSTS);
    (node(), any::<[u64; 2]>(), edges, of(word())).prop_map(
        |(node, [boot, version], edges, word)| PresenceEntry {
            node,
            stamp: Stamp { boot, version },
            edges,
            word,
        },
    )
}

fn presence() -> impl Strategy<Value = Presence> {
    let powers = (0..=MAX_HASHES.ilog2()).prop_map(|power| 1_usize << power);
    let counts = prop_oneof![Just(0), powers];
    let hashes = counts.prop_flat_map(|count| vec(any::<u64>(), count));
    prop_oneof![
        1 => hashes.prop_map(Presence::Digest),
        4 => vec(entry(), 0..12).prop_map(Presence::Entries),
        1 => vec(entry(), MAX_ENTRIES..=MAX_ENTRIES).prop_map(Presence::Entries),
    ]
}

/// What is an entry, or would be if one item were another.
fn almost_an_entry() -> impl Strategy<Value = Value> {
    let name = || {
        prop_oneof![
            4 => (0_u64..4).prop_map(Value::from),
            4 => "[a-c]".prop_map(Value::from),
            1 => Just(Value::Nil),
            1 => Just(Value::from("")),
        ]
    };
    let number = || prop_oneof![8 => any::<u64>().prop_map(Value::from), 1 => Just(Value::Nil)];
    let edges = vec((name(), number()), 0..=MAX_HOSTS + 1).prop_map(|pairs| {
        let items = pairs.into_iter().flat_map(|(host, mark)| [host, mark]);
        Value::Array(items.collect())
    });
    let rest = vec(
        prop_oneof![
            (0_u64..6).prop_map(Value::from),
            vec(any::<u8>(), 0..9).prop_map(Value::from),
        ],
        0..4,
    );
    (name(), number(), number(), edges, rest).prop_map(|(node, boot, version, edges, rest)| {
        Value::Array([vec![node, boot, version, edges], rest].concat())
    })
}

/// What a neighbour understands of a whisper with these items.
fn understood(payload: &[Value]) -> Result<Signal, DecodeError> {
    let sender = "sender".parse().expect("a node id");
    let draft = Draft::new(Kind::Whisper, &sender, WallSeconds(0));
    Signal::parse(&draft.encode(payload))
}

proptest! {
    #[test]
    fn any_presence_that_is_told_is_heard(told in presence()) {
        let told = Signal::Presence(told);
        prop_assert_eq!(understood(&told.payload()), Ok(told));
    }

    #[test]
    fn what_was_understood_once_can_be_told_on(entries in vec(almost_an_entry(), 0..6)) {
        let payload = [sub_flag::PRESENCE.into(), Value::Array(entries)];
        if let Ok(heard) = understood(&payload) {
            let Signal::Presence(Presence::Entries(entries)) = &heard else {
                panic!("{heard:?}");
            };
            prop_assert!(entries.iter().all(|entry| entry.edges.len() <= MAX_HOSTS));
            prop_assert_eq!(understood(&heard.payload()), Ok(heard));
        }
    }

    #[test]
    fn a_digest_is_of_a_power_of_two_hashes_and_of_whole_ones(length in 0_usize..=MAX_HASHES * 8 + 64) {
        let payload = [sub_flag::PRESENCE.into(), Value::Bin(vec![1; length].into())];
        let hashes = length / 8;
        let fits = length % 8 == 0 && hashes <= MAX_HASHES && (hashes == 0 || hashes.is_power_of_two());
        prop_assert_eq!(understood(&payload).is_ok(), fits);
    }

    #[test]
    fn a_later_stamp_is_greater_and_a_mark_only_grows(boot in any::<u64>(), version in version(), mark in mark()) {
        let stamp = Stamp { boot, version };
        prop_assert!(stamp.next() > stamp || stamp.boot == u64::MAX);
        prop_assert!(mark.turned() >= mark);
        prop_assert_eq!(mark.turned().is_down(), mark.is_down());
        prop_assert!(!(mark.is_down() && mark.is_asleep()));
        prop_assert_eq!(mark.is_down(), mark.departure().is_some());
    }
}
