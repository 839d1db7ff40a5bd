//! Frames that hold no message are refused for what is wrong with them, and odd messages are read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use bytes::Bytes;
use rs2p::id::{MAX_NODE_ID, MessageId, NodeId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Compression, DecodeError, Draft, Frame, FrameReader, Kind, Limits, Message, Time, Value,
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

/// A message of a type, sender and time written by hand, with no payload.
fn open_header(kind: &[u8], sender: &[u8], time: &[u8]) -> Result<Message, DecodeError> {
    open_packed(&[&[0x93], kind, sender, time].concat())
}

fn sender() -> NodeId {
    "sender".parse().expect("a node id")
}

fn message(payload: &[Value]) -> Message {
    Draft::new(Kind::Broadcast, &sender(), WallSeconds(1)).encode(payload)
}

fn nest(depth: usize) -> Value {
    (0..depth).fold(Value::Nil, |inner, _| Value::from([inner]))
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

fn bad_header<T>(result: &Result<T, DecodeError>) -> bool {
    matches!(result, Err(DecodeError::BadHeader(_)))
}

#[test]
fn a_header_that_is_none_is_refused() {
    assert!(open_header(b"\x00", b"\xa1s", b"\x01").is_ok());
    for packed in [
        &b"\x00"[..],
        b"\xc0",
        b"\x80",
        b"\x90",
        b"\x92\x00\xa1s",
        b"\xa5array",
    ] {
        assert!(bad_header(&open_packed(packed)), "{packed:?}");
    }
    for kind in [&b"\xff"[..], b"\xc0", b"\xa10", b"\xca\0\0\0\0"] {
        assert!(
            bad_header(&open_header(kind, b"\xa1s", b"\x01")),
            "{kind:?}"
        );
    }
    for sender in [&b"\xc0"[..], b"\x01", b"\xa0", b"\xc4\x00", b"\x91\xa1s"] {
        assert!(
            bad_header(&open_header(b"\x00", sender, b"\x01")),
            "{sender:?}"
        );
    }
}

#[test]
fn a_sender_is_taken_up_to_the_longest_id() {
    let sender = |len: usize| {
        [
            &[0xc4, u8::try_from(len).expect("short")],
            vec![b's'; len].as_slice(),
        ]
        .concat()
    };
    assert!(open_header(b"\x00", &sender(MAX_NODE_ID), b"\x01").is_ok());
    assert!(bad_header(&open_header(
        b"\x00",
        &sender(MAX_NODE_ID + 1),
        b"\x01"
    )));
}

#[test]
fn a_message_of_unknown_type_is_still_a_message() {
    for (bytes, kind) in [
        (&b"\x03"[..], Kind::Ping),
        (b"\x05", Kind::Other(5)),
        (
            b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
            Kind::Other(u64::MAX),
        ),
    ] {
        assert_eq!(
            open_header(bytes, b"\xa1s", b"\x01").map(|read| read.kind()),
            Ok(kind)
        );
    }
}

#[test]
fn only_whole_seconds_are_a_time() {
    let time = |bytes: &[u8]| open_header(b"\x00", b"\xa1s", bytes).map(|read| read.time().clone());
    assert_eq!(time(b"\x00"), Ok(Time::Seconds(0)));
    assert_eq!(time(b"\xd3\0\0\0\0\0\0\0\x07"), Ok(Time::Seconds(7)));
    assert_eq!(
        time(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
        Ok(Time::Seconds(u64::MAX))
    );

    let nan = f64::from_bits(0x7ff8_0000_0000_0001);
    let other = [
        Value::F64(nan),
        Value::F64(1_700_000_000.25),
        Value::F64(1_700_000_000.0),
        Value::F32(f32::INFINITY),
        Value::Int(-1),
        Value::Nil,
        "1700000000".into(),
        Value::from([1_u8.into()]),
        Value::Ext(-1, Bytes::from_static(b"\0\0\0\0")),
    ];
    for value in other {
        assert_eq!(time(&encoded(&value)), Ok(Time::Other(value)));
    }
    assert_eq!(time(&[0x91; 1000]), Err(DecodeError::TooDeep));
    assert_eq!(time(b""), Err(DecodeError::Truncated));
}

#[test]
fn a_message_of_any_other_time_is_read_to_its_end() {
    let sender = sender();
    let draft = Draft {
        time: Time::Other(Value::from(["odd".into(), Value::Nil])),
        ..Draft::new(Kind::Whisper, &sender, WallSeconds(0))
    };
    let written = draft.encode(&[0_u8.into(), "payload".into()]);
    let read = written
        .frame()
        .open(&[], MAX_BODY, &Limits::DEFAULT)
        .expect("a message");
    assert_eq!(read.packets(), ["payload".into()]);
    assert_eq!(read.time(), written.time());
}

#[test]
fn a_body_that_is_cut_anywhere_is_refused() {
    let body = message(&[0_u8.into(), "payload".into()]).frame().body();
    for end in 0..body.len() {
        let opened = frame_of(&body[..end]).open(&Compression::ALL, MAX_BODY, &Limits::DEFAULT);
        assert_eq!(opened, Err(DecodeError::Checksum), "{end} bytes");
    }
}

#[test]
fn a_message_that_is_cut_under_a_valid_checksum_is_refused() {
    let packed = message(&[0_u8.into(), "payload".into(), nest(3)]).packed();
    for end in 0..packed.len() {
        assert_eq!(
            open_packed(&packed[..end]),
            Err(DecodeError::Truncated),
            "{end} bytes"
        );
    }
}

#[test]
fn a_flipped_bit_anywhere_fails_the_checksum() {
    let body = message(&[0_u8.into(), "payload".into()]).frame().body();
    for bit in 0..body.len() * 8 {
        let mut flipped = body.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let opened = frame_of(&flipped).open(&[], MAX_BODY, &Limits::DEFAULT);
        assert_eq!(opened, Err(DecodeError::Checksum), "bit {bit}");
    }
}

#[test]
fn a_body_is_taken_up_to_the_limit() {
    let plain = message(&[0_u8.into(), vec![0; 5000].into()]);
    let len = plain.frame().body().len();
    let packed = plain
        .compressed_frame(Compression::Zlib)
        .expect("zeros compress");
    let open = |frame: &Frame, max| frame.open(&[Compression::Zlib], max, &Limits::DEFAULT);

    assert!(open(&plain.frame(), len).is_ok());
    assert!(matches!(
        open(&plain.frame(), len - 1),
        Err(DecodeError::FrameTooLarge { .. })
    ));
    assert!(open(&packed, len).is_ok());
    assert_eq!(
        open(&packed, len - 1),
        Err(DecodeError::TooLargeDecompressed { limit: len - 1 })
    );
}
