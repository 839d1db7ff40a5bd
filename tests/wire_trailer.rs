//! The trailer of a message is read where it is one, and kept bit for bit where it is not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use rs2p::id::MessageId;
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, DecodeError, Draft, Frame, FrameReader, Kind, Limits, MAX_TOPIC, MAX_TRAILER,
    Message, Topic, Trailer, Value,
};

const MAX_BODY: usize = 1 << 20;

/// The frame with this body, whole and of honest length.
fn frame_of(body: &[u8]) -> Frame {
    let length = u32::try_from(body.len()).expect("a short body");
    let mut reader = FrameReader::new(body.len());
    reader.push([&length.to_be_bytes(), body].concat().into());
    reader
        .next_frame()
        .expect("within the limit")
        .expect("a whole frame")
}

/// Opens a plain frame whose checksum holds for `packed`.
fn open_packed(packed: &[u8]) -> Result<Message, DecodeError> {
    let body = [&MessageId::of(packed).0, packed].concat();
    frame_of(&body).open(&[], MAX_BODY, &Limits::DEFAULT)
}

fn sender() -> rs2p::id::NodeId {
    "sender".parse().expect("a node id")
}

fn message(payload: &[Value]) -> Message {
    Draft::new(Kind::Broadcast, &sender(), WallSeconds(1)).encode(payload)
}

/// The trailer that a message gets from these bytes behind its array.
fn trailer_of(bytes: &[u8]) -> Trailer {
    let packed = [&message(&[0_u8.into(), "payload".into()]).packed(), bytes].concat();
    let read = open_packed(&packed).expect("bytes behind the array harm nothing");
    assert_eq!(read.packed(), packed, "the message is kept bit for bit");
    assert_eq!(read.packets(), ["payload".into()]);
    read.trailer().clone()
}

#[test]
fn a_trailer_is_read_field_by_field() {
    let nonce = Some(0x0102_0304_0506_0708);
    let capabilities = Some(Capabilities::from_bits(0x8000_0001));
    let both = Trailer {
        nonce,
        capabilities,
        ..Trailer::default()
    };
    assert_eq!(trailer_of(b"\xc7\x02\x70\x01\x00"), Trailer::default());
    assert_eq!(
        trailer_of(b"\xc7\x0a\x70\x01\x01\x01\x02\x03\x04\x05\x06\x07\x08"),
        Trailer {
            nonce,
            capabilities: None,
            ..Trailer::default()
        }
    );
    assert_eq!(
        trailer_of(b"\xc7\x06\x70\x01\x02\x80\0\0\x01"),
        Trailer {
            nonce: None,
            capabilities,
            ..Trailer::default()
        }
    );
    assert_eq!(
        trailer_of(b"\xc7\x0e\x70\x01\x03\x01\x02\x03\x04\x05\x06\x07\x08\x80\0\0\x01"),
        both
    );
    // A later field stands behind the known ones.
    assert_eq!(
        trailer_of(b"\xc7\x10\x70\x01\x83\x01\x02\x03\x04\x05\x06\x07\x08\x80\0\0\x01??"),
        both
    );
}

#[test]
fn a_topic_a_question_and_an_answer_stand_behind_the_rest() {
    let topic = |name: &str| Some(name.parse().expect("a topic"));
    let about = Trailer {
        topic: topic("ab"),
        ..Trailer::default()
    };
    assert_eq!(trailer_of(b"\xc7\x05\x70\x01\x04\x02ab"), about);
    let all = Trailer {
        question: Some(7),
        answer: Some(8),
        ..about
    };
    let bytes = b"\xc7\x15\x70\x01\x1c\x02ab\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x08";
    assert_eq!(trailer_of(bytes), all);
    let sender = sender();
    let draft = Draft::new(Kind::Whisper, &sender, WallSeconds(1)).trailer(all);
    let message = draft.encode(&[0_u8.into()]);
    assert_eq!(message.topic().map(Topic::as_str), Some("ab"));
    assert_eq!((message.question(), message.answers()), (Some(7), Some(8)));
}

#[test]
fn a_topic_that_is_none_spoils_the_trailer_and_not_the_message() {
    let not_ours: [&[u8]; 6] = [
        b"\xc7\x02\x70\x01\x04",
        b"\xc7\x03\x70\x01\x04\x00",
        b"\xc7\x04\x70\x01\x04\x02a",
        b"\xc7\x04\x70\x01\x04\x01\xff",
        b"\xc7\x05\x70\x01\x0c\x02ab",
        b"\xc7\x09\x70\x01\x10\0\0\0\0\0\0\x08",
    ];
    for bytes in not_ours {
        assert_eq!(trailer_of(bytes), Trailer::default(), "{bytes:?}");
    }
    let long = |length: u8| {
        let mut bytes = vec![0xc7, 3 + length, 0x70, 1, 4, length];
        bytes.resize(bytes.len() + usize::from(length), b'a');
        trailer_of(&bytes).topic.map(|topic| topic.as_str().len())
    };
    assert_eq!((long(128), long(129)), (Some(MAX_TOPIC), None));
}

#[test]
fn a_trailer_is_written_as_it_is_read() {
    for nonce in [None, Some(0), Some(u64::MAX)] {
        for capabilities in [
            None,
            Some(Capabilities::NONE),
            Some(Capabilities::HEARTBEAT),
        ] {
            let trailer = Trailer {
                nonce,
                capabilities,
                ..Trailer::default()
            };
            let sender = sender();
            let draft =
                Draft::new(Kind::Broadcast, &sender, WallSeconds(1)).trailer(trailer.clone());
            let written = draft.encode(&[0_u8.into()]);
            let read = written
                .frame()
                .open(&[], MAX_BODY, &Limits::DEFAULT)
                .expect("a message");
            assert_eq!(read.trailer(), &trailer);
            assert_eq!(written.trailer(), &trailer);
        }
    }
}

#[test]
fn an_empty_trailer_takes_no_bytes() {
    let mut bytes = Vec::new();
    Trailer::default().encode(&mut bytes);
    assert_eq!(bytes, b"");
}

#[test]
fn what_is_no_trailer_is_passed_over_and_kept() {
    let nonce = |version: u8, tag: u8, len: u8| {
        let mut bytes = vec![0xc7, len, tag, version, 0x01];
        bytes.extend([7; 8]);
        bytes
    };
    assert_ne!(trailer_of(&nonce(1, 0x70, 10)), Trailer::default());
    let not_ours: [&[u8]; 11] = [
        b"",
        b"\xc7",
        b"\xc1",
        b"\xc7\x00\x70",
        b"\xc7\x01\x70\x01",
        b"\xd5\x70\x01\x00",
        &nonce(2, 0x70, 10),
        &nonce(1, 0x71, 10),
        &nonce(1, 0x70, 9),
        &nonce(1, 0x70, 11),
        b"\xc7\x09\x70\x01\x01\x07\x07\x07\x07\x07\x07\x07",
    ];
    for bytes in not_ours {
        assert_eq!(trailer_of(bytes), Trailer::default(), "{bytes:?}");
    }
    assert_eq!(
        trailer_of(&[nonce(1, 0x70, 10), vec![0]].concat()),
        Trailer::default()
    );
}

#[test]
fn a_trailer_is_read_up_to_its_longest() {
    let trailer = |len: usize| {
        let mut bytes = vec![
            0xc7,
            u8::try_from(len - 3).expect("one byte"),
            0x70,
            1,
            0xff,
        ];
        bytes.resize(len, 7);
        trailer_of(&bytes)
    };
    assert_ne!(trailer(MAX_TRAILER), Trailer::default());
    assert_eq!(trailer(MAX_TRAILER + 1), Trailer::default());
}

#[test]
fn capabilities_are_sets() {
    let both = Capabilities::HEARTBEAT.union(Capabilities::ZLIB);
    assert!(both.contains(Capabilities::HEARTBEAT) && both.contains(Capabilities::ZLIB));
    assert!(!Capabilities::HEARTBEAT.contains(both));
    assert_eq!(both.intersection(Capabilities::ZLIB), Capabilities::ZLIB);
    assert_eq!(
        (Capabilities::HEARTBEAT.bits(), Capabilities::ZLIB.bits()),
        (1, 2)
    );
}

#[test]
fn a_frame_with_a_trailer_has_a_multiple_of_eight_bytes() {
    let sender: rs2p::NodeId = "sender".parse().expect("an id");
    for length in 0..40 {
        let trailer = Trailer {
            nonce: Some(7),
            capabilities: None,
            ..Trailer::default()
        };
        let draft = rs2p::wire::Draft::new(
            rs2p::wire::Kind::Broadcast,
            &sender,
            rs2p::time::WallSeconds(1),
        );
        let message = draft
            .trailer(trailer.clone())
            .encode(&[0_u64.into(), "x".repeat(length).into()]);
        assert_eq!(message.frame().as_bytes().len() % 8, 0);
        let read =
            rs2p::wire::Message::from_packed(&message.packed(), &rs2p::wire::Limits::DEFAULT);
        assert_eq!(read.expect("a message").trailer(), &trailer);
    }
}
