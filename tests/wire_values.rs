//! Values that are malformed or exceed the limits are refused, at the limit and not before it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use rs2p::id::MessageId;
use rs2p::time::WallSeconds;
use rs2p::wire::{DecodeError, Draft, Frame, FrameReader, Kind, Limits, Message, Value};

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

/// Opens the frame of a message whose payload is the sub-flag 0 and this msgpack.
fn open_payload(item: &[u8], limits: &Limits) -> Result<Message, DecodeError> {
    let packed = [b"\x95\x00\xa1s\x01\x00", item].concat();
    let body = [&MessageId::of(&packed).0, packed.as_slice()].concat();
    frame_of(&body).open(&[], MAX_BODY, limits)
}

fn nest(depth: usize) -> Value {
    (0..depth).fold(Value::Nil, |inner, _| Value::from([inner]))
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

#[test]
fn a_value_is_refused_for_what_is_wrong_with_it() {
    use DecodeError::{NotUtf8, ReservedMarker, TooDeep, TooManyItems, Truncated};

    let table: &[(&str, &[u8], DecodeError)] = &[
        ("nothing", b"", Truncated),
        ("the reserved byte", b"\xc1", ReservedMarker),
        ("the reserved byte in an array", b"\x91\xc1", ReservedMarker),
        ("a cut integer", b"\xcd\x01", Truncated),
        ("a cut float", b"\xcb\0\0\0\0\0\0\0", Truncated),
        ("a cut fixstr", b"\xa5four", Truncated),
        ("a str8 without its length", b"\xd9", Truncated),
        (
            "a str32 beyond the bytes",
            b"\xdb\xff\xff\xff\xfftext",
            Truncated,
        ),
        (
            "a bin32 beyond the bytes",
            b"\xc6\xff\xff\xff\xffbytes",
            Truncated,
        ),
        (
            "an ext32 beyond the bytes",
            b"\xc9\xff\xff\xff\xff\x01bytes",
            Truncated,
        ),
        ("an ext without its tag", b"\xd4", Truncated),
        ("a cut fixext16", b"\xd8\x01bytes", Truncated),
        (
            "an array32 of 2^32-1 items",
            b"\xdd\xff\xff\xff\xff",
            TooManyItems,
        ),
        (
            "a map32 of 2^32-1 entries",
            b"\xdf\xff\xff\xff\xff",
            TooManyItems,
        ),
        (
            "an array16 beyond the bytes",
            b"\xdc\x7f\xff\x01",
            Truncated,
        ),
        ("a map16 beyond the bytes", b"\xde\x7f\xff\x01", Truncated),
        (
            "a map without its last value",
            b"\x82\x01\x02\x03",
            Truncated,
        ),
        ("text that is not UTF-8", b"\xa2\xff\xfe", NotUtf8),
        ("a key that is not UTF-8", b"\x81\xa1\xff\x01", NotUtf8),
        ("a surrogate", b"\xa3\xed\xa0\x80", NotUtf8),
        ("100,000 arrays in one another", &[0x91; 100_000], TooDeep),
        ("100,000 maps in one another", &[0x81; 100_000], TooDeep),
    ];
    for (name, bytes, error) in table {
        assert_eq!(
            Value::decode(bytes, &Limits::DEFAULT).as_ref(),
            Err(error),
            "{name}"
        );
        assert_eq!(
            Value::scan(bytes, &Limits::DEFAULT).as_ref(),
            Err(error),
            "{name}"
        );
        assert_eq!(
            open_payload(bytes, &Limits::DEFAULT).as_ref(),
            Err(error),
            "{name}"
        );
    }
}

#[test]
fn a_number_has_one_variant_however_long_it_was_written() {
    let decode = |bytes: &[u8]| Value::decode(bytes, &Limits::DEFAULT).map(|(value, _)| value);
    for bytes in [
        &b"\x07"[..],
        b"\xcc\x07",
        b"\xd1\0\x07",
        b"\xce\0\0\0\x07",
        b"\xcf\0\0\0\0\0\0\0\x07",
    ] {
        assert!(matches!(decode(bytes), Ok(Value::Int(7))), "{bytes:?}");
    }
    assert!(matches!(
        decode(b"\xcf\x80\0\0\0\0\0\0\0"),
        Ok(Value::UInt(0x8000_0000_0000_0000))
    ));
}

#[test]
fn a_deeper_limit_than_the_stack_bears_is_not_taken_at_its_word() {
    let boundless = Limits {
        depth: usize::MAX,
        items: usize::MAX,
    };
    assert_eq!(
        Value::decode(&[0x91; 100_000], &boundless),
        Err(DecodeError::TooDeep)
    );
    assert_eq!(
        Value::scan(&[0x91; 100_000], &boundless),
        Err(DecodeError::TooDeep)
    );
    let announced = Value::decode(b"\xdf\xff\xff\xff\xff", &boundless);
    assert!(matches!(
        announced,
        Err(DecodeError::Truncated | DecodeError::TooManyItems)
    ));
}

#[test]
fn nesting_is_taken_up_to_the_limit() {
    for depth in [0, 1, 16, Limits::MAX_DEPTH] {
        let limits = Limits {
            depth,
            ..Limits::DEFAULT
        };
        let (fits, exceeds) = (encoded(&nest(depth)), encoded(&nest(depth + 1)));
        assert_eq!(Value::decode(&fits, &limits), Ok((nest(depth), fits.len())));
        assert_eq!(Value::scan(&fits, &limits), Ok(fits.len()));
        assert_eq!(Value::scan(&exceeds, &limits), Err(DecodeError::TooDeep));
        assert_eq!(Value::decode(&exceeds, &limits), Err(DecodeError::TooDeep));
        assert!(open_payload(&fits, &limits).is_ok());
        assert_eq!(open_payload(&exceeds, &limits), Err(DecodeError::TooDeep));
        assert!(nest(depth).check(&limits).is_ok());
        assert!(nest(depth + 1).check(&limits).is_err());
    }
}

#[test]
fn the_default_limits_are_those_that_other_nodes_count_on() {
    let announced = Limits {
        depth: 16,
        items: 65_536,
    };
    assert_eq!((Limits::DEFAULT, Limits::default()), (announced, announced));
}

#[test]
fn items_are_counted_wherever_they_stand() {
    let limits = |items| Limits {
        items,
        ..Limits::DEFAULT
    };
    let nested = Value::from([
        [Value::Nil, Value::Nil].into(),
        Value::Map(vec![(1_u8.into(), Value::Nil)]),
    ]);
    for (value, items) in [
        (Value::Nil, 1),
        (nest(3), 4),
        (Value::Array(vec![Value::Nil; 9]), 10),
        (nested, 7),
    ] {
        let bytes = encoded(&value);
        assert_eq!(Value::scan(&bytes, &limits(items)), Ok(bytes.len()));
        assert_eq!(
            Value::decode(&bytes, &limits(items)),
            Ok((value.clone(), bytes.len()))
        );
        assert!(value.check(&limits(items)).is_ok());
        assert_eq!(
            Value::scan(&bytes, &limits(items - 1)),
            Err(DecodeError::TooManyItems)
        );
        assert_eq!(
            Value::decode(&bytes, &limits(items - 1)),
            Err(DecodeError::TooManyItems)
        );
        assert!(value.check(&limits(items - 1)).is_err());
    }
}

#[test]
fn a_payload_is_taken_up_to_its_limit_of_items() {
    let sender = "sender".parse().expect("a node id");
    let frame = |items| {
        Draft::new(Kind::Broadcast, &sender, WallSeconds(1))
            .encode(&vec![Value::Nil; items])
            .frame()
    };
    let open = |frame: Frame| frame.open(&[], MAX_BODY, &Limits::DEFAULT);
    let most = Limits::DEFAULT.items;
    assert_eq!(open(frame(most)).map(|read| read.payload_len()), Ok(most));
    assert_eq!(open(frame(most + 1)), Err(DecodeError::TooManyItems));
}
