//! Rust's types go into packets and come back out of them; what others would not take is not sent.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use std::collections::BTreeMap;

use bytes::Bytes;
use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{DecodeError, Draft, EncodeError, Kind, Limits, Message, RawPackets, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const MAX_BODY: usize = 1 << 20;

fn sender() -> NodeId {
    "sender".parse().expect("a node id")
}

/// The message with these packets, read back from its bytes.
fn sent(packets: &RawPackets) -> Message {
    let message = Draft::new(Kind::Broadcast, &sender(), WallSeconds(1)).encode_raw(0, packets);
    let read = message
        .frame()
        .open(&[], MAX_BODY, &Limits::DEFAULT)
        .expect("a message");
    assert_eq!(read.payload(), message.payload());
    assert_eq!(read.payload_len(), message.payload_len());
    read
}

fn serialized<T: Serialize + ?Sized>(value: &T) -> Message {
    sent(&RawPackets::serialize(value).expect("it can be serialised"))
}

fn received(packets: &[Value]) -> Message {
    sent(&RawPackets::from_values(packets).expect("within the limits"))
}

#[track_caller]
fn assert_returns<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(value: &T) {
    assert_eq!(
        serialized(value).deserialize_packets::<T>().as_ref(),
        Ok(value)
    );
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Chat {
    room: String,
    text: Option<String>,
    at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapper {
    body: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(Vec<u64>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Order {
    Stop,
    Go(u32),
    Move(i8, i8),
    Say { text: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u64),
    Chat(Chat),
}

fn chat() -> Chat {
    Chat {
        room: "r".into(),
        text: None,
        at: 7,
    }
}

#[test]
fn a_tuple_or_sequence_is_one_packet_an_item() {
    let hello: [Value; 2] = ["hello".into(), 1_u8.into()];
    assert_eq!(serialized(&("hello", 1)).packets(), hello);
    assert_eq!(
        serialized(&[1, 2, 3]).packets(),
        [1_u8.into(), 2_u8.into(), 3_u8.into()]
    );
    assert_eq!(
        serialized(&Pair(1, "b".into())).packets(),
        [1_u8.into(), "b".into()]
    );
    assert_eq!(serialized(&Value::from(hello.clone())).packets(), hello);
    assert_eq!(serialized(&vec!["text"; 20]).payload_len(), 21);
    assert_eq!(serialized::<[u8]>(&[]).packets(), []);
}

#[test]
fn anything_else_is_one_packet() {
    assert_eq!(serialized("hello").packets(), ["hello".into()]);
    assert_eq!(serialized(&()).packets(), [Value::Nil]);
    assert_eq!(serialized(&-1).packets(), [Value::Int(-1)]);
    let fields = vec![
        ("room".into(), "r".into()),
        ("text".into(), Value::Nil),
        ("at".into(), 7_u8.into()),
    ];
    assert_eq!(serialized(&chat()).packets(), [Value::Map(fields)]);
}

#[test]
fn what_is_sent_comes_back_as_its_type() {
    assert_returns(&("hello".to_owned(), 1_u64, [2.5_f64, f64::INFINITY]));
    assert_returns(&("alone".to_owned(),));
    assert_returns(&vec!["a".to_owned()]);
    assert_returns(&vec![vec![1_u8, 2], vec![]]);
    assert_returns(&vec![7_u8]);
    assert_returns(&Vec::<u8>::new());
    assert_returns(&"text".to_owned());
    assert_returns(&u64::MAX);
    assert_returns(&i64::MIN);
    assert_returns(&i128::MIN);
    assert_returns(&());
    assert_returns(&true);
    assert_returns(&'c');
    assert_returns(&chat());
    assert_returns(&vec![chat(), chat()]);
    assert_returns(&Pair(1, "b".into()));
    assert_returns(&Newtype(vec![1, 2]));
    assert_returns(&Newtype(vec![1]));
    assert_returns(&Unit);
    assert_returns(&BTreeMap::from([("key".to_owned(), 1_u8)]));
    assert_returns(&Some(chat()));
    assert_returns(&None::<Chat>);
    assert_returns(&Some(vec![1_u64, 2]));
}

#[test]
fn every_sort_of_enum_comes_back() {
    assert_returns(&Order::Stop);
    assert_returns(&Order::Go(7));
    assert_returns(&Order::Move(-1, 1));
    assert_returns(&Order::Say { text: "hi".into() });
    assert_returns(&vec![Order::Stop, Order::Go(1)]);
    assert_returns(&Loose::Number(7));
    assert_returns(&Loose::Chat(chat()));
}

#[test]
fn a_struct_of_one_field_that_takes_anything_comes_back() {
    assert_returns(&Wrapper { body: Value::Nil });
    assert_returns(&Wrapper {
        body: Value::from([1_u8.into()]),
    });
}

#[test]
fn every_value_comes_back_as_itself() {
    let values = [
        Value::Nil,
        true.into(),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        Value::F32(1.5),
        Value::F64(f64::NAN),
        "text".into(),
        b"bytes".into(),
        Value::Map(vec![(1_u8.into(), Value::Nil), (1_u8.into(), true.into())]),
        Value::Ext(-1, Bytes::from_static(b"four")),
        Value::Ext(127, Bytes::from_static(b"seven b")),
    ];
    for value in &values {
        assert_returns(value);
    }
    assert_returns(&Value::Array(values.to_vec()));
    assert_returns(&values.to_vec());
}

#[test]
fn packets_that_others_sent_are_read_as_they_stand() {
    assert_eq!(
        received(&["a".into(), 7_u8.into()]).deserialize_packets(),
        Ok(("a".to_owned(), 7))
    );
    // Bytes in one packet, as py2p sends them.
    assert_eq!(
        received(&[b"abc".into()]).deserialize_packets(),
        Ok(b"abc".to_vec())
    );
    // The fields of a struct in order, with and without company.
    let fields = ["r".into(), Value::Nil, 7_u8.into()];
    assert_eq!(received(&fields).deserialize_packets(), Ok(chat()));
    assert_eq!(
        received(&["text".into()]).deserialize_packets::<Wrapper>(),
        Ok(Wrapper {
            body: "text".into()
        })
    );
    assert_eq!(received(&[]).deserialize_packets(), Ok(Vec::<Value>::new()));
}

#[test]
fn packets_of_another_type_are_an_error_of_the_reader() {
    let message = received(&["text".into(), 7_u8.into()]);
    assert!(matches!(
        message.deserialize_packets::<u64>(),
        Err(DecodeError::OtherType(_))
    ));
    assert!(matches!(
        message.deserialize_packets::<(String,)>(),
        Err(DecodeError::OtherType(_))
    ));
    assert!(matches!(
        message.deserialize_packets::<(u8, u8)>(),
        Err(DecodeError::OtherType(_))
    ));
    assert!(matches!(
        received(&[]).deserialize_packets::<String>(),
        Err(DecodeError::OtherType(_))
    ));
    assert!(matches!(
        received(&["7".into()]).deserialize_packets::<u64>(),
        Err(DecodeError::OtherType(_))
    ));
}

#[test]
fn one_value_is_not_taken_from_several_packets() {
    let message = received(&["Stop".into(), 7_u8.into()]);
    assert!(message.deserialize_packets::<Order>().is_err());
    assert!(
        received(&[7_u8.into(), 7_u8.into()])
            .deserialize_packets::<i128>()
            .is_err()
    );
    assert!(
        received(&[Value::Nil, Value::Nil])
            .deserialize_packets::<Unit>()
            .is_err()
    );
    assert!(
        received(&[Value::Nil, Value::Nil])
            .deserialize_packets::<Option<u8>>()
            .is_err()
    );
}

#[test]
fn packet_bytes_are_those_behind_the_sub_flag() {
    let packets = RawPackets::serialize(&("hello", 1)).expect("it can be serialised");
    for flag in [0, 0x7f, u64::MAX] {
        let message =
            Draft::new(Kind::Whisper, &sender(), WallSeconds(1)).encode_raw(flag, &packets);
        assert_eq!(message.sub_flag(), Some(flag));
        assert_eq!(message.packet_bytes(), packets.as_bytes());
        assert_eq!(message.packets(), ["hello".into(), 1_u8.into()]);
    }
    assert_eq!(
        (packets.count(), &packets.as_bytes()[..]),
        (2, &b"\xa5hello\x01"[..])
    );
}

#[test]
fn raw_packets_and_values_make_the_same_message() {
    let values = [
        "hello".into(),
        Value::Map(vec![("key".into(), b"bytes".into())]),
    ];
    let sender = sender();
    let draft = Draft::new(Kind::Broadcast, &sender, WallSeconds(1));
    let packets = RawPackets::from_values(&values).expect("within the limits");
    let payload = [&[0_u8.into()], &values[..]].concat();
    assert_eq!(draft.encode_raw(0, &packets), draft.encode(&payload));
    assert_eq!(RawPackets::serialize(&values), Ok(packets));
}

#[test]
fn bytes_in_packets_share_the_buffer_of_the_frame() {
    let message = received(&[b"shared".into()]);
    let frame = message.frame().into_bytes();
    let [Value::Bin(bytes)] = &message.packets()[..] else {
        panic!("one packet of bytes")
    };
    assert!(frame.as_ptr_range().contains(&bytes.as_ptr()));
}

fn nest(depth: usize) -> Value {
    (0..depth).fold(Value::Nil, |inner, _| Value::from([inner]))
}

#[test]
fn packets_are_sent_up_to_the_depth_that_others_take() {
    let deepest = Limits::DEFAULT.depth;
    assert_eq!(received(&[nest(deepest)]).packets(), [nest(deepest)]);
    assert_eq!(serialized(&(nest(deepest),)).packets(), [nest(deepest)]);
    assert_eq!(
        RawPackets::from_values(&[nest(deepest + 1)]),
        Err(EncodeError::TooDeep)
    );
    assert_eq!(
        RawPackets::serialize(&(nest(deepest + 1),)),
        Err(EncodeError::TooDeep)
    );
}

#[test]
fn packets_are_sent_up_to_the_items_that_others_take() {
    // The sub-flag is an item too.
    let most = Limits::DEFAULT.items - 1;
    assert_eq!(received(&vec![Value::Nil; most]).payload_len(), most + 1);
    assert_eq!(serialized(&vec![(); most]).payload_len(), most + 1);
    assert_eq!(
        RawPackets::from_values(&vec![Value::Nil; most + 1]),
        Err(EncodeError::TooManyItems)
    );
    assert_eq!(
        RawPackets::serialize(&vec![(); most + 1]),
        Err(EncodeError::TooManyItems)
    );
}

#[test]
fn what_cannot_be_serialised_is_an_error_of_the_sender() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    assert_eq!(
        RawPackets::serialize(&Refuses),
        Err(EncodeError::Unserialisable("not today".into()))
    );
}

#[test]
fn json_and_values_meet_where_json_can_follow() {
    let json = r#"{"a":[1,-1,2.5,null,true,"text"],"big":18446744073709551615}"#;
    let value: Value = serde_json::from_str(json).expect("JSON");
    let items = [
        1_u8.into(),
        (-1_i8).into(),
        2.5_f64.into(),
        Value::Nil,
        true.into(),
        "text".into(),
    ];
    let expected = Value::Map(vec![
        ("a".into(), items.into()),
        ("big".into(), u64::MAX.into()),
    ]);
    assert_eq!(value, expected);
    assert_eq!(serde_json::to_string(&value).expect("JSON"), json);
    assert_eq!(
        serde_json::to_string(&Value::from(b"\x01\xff")).expect("JSON"),
        "[1,255]"
    );
    assert_eq!(
        serde_json::to_string(&Value::Ext(5, Bytes::from_static(b"\x01"))).expect("JSON"),
        "[5,[1]]"
    );
}
