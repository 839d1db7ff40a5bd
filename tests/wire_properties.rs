//! What holds for any bytes, any values and any way to cut a stream.
#![cfg(not(target_arch = "wasm32"))]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rs2p::id::{MessageId, NodeId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, Compression, DecodeError, Draft, Frame, FrameReader, HEADER, IdForm, Kind,
    Limits, MAX_TOPIC, Message, RawPackets, Signal, Time, Topic, Trailer, Value,
};

const MAX_BODY: usize = 1 << 16;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-40_i64..300).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u32>().prop_map(|bits| Value::F32(f32::from_bits(bits))),
        any::<u64>().prop_map(|bits| Value::F64(f64::from_bits(bits))),
        vec(any::<char>(), 0..40)
            .prop_map(|text| Value::from(text.into_iter().collect::<String>())),
        vec(any::<u8>(), 0..300).prop_map(Value::from),
        (any::<i8>(), vec(any::<u8>(), 0..40))
            .prop_map(|(tag, bytes)| Value::Ext(tag, bytes.into())),
    ]
}

/// Any value within the default limits.
fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 64, 18, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..18).prop_map(Value::from),
            vec((inner.clone(), inner), 0..18).prop_map(Value::from),
        ]
    })
}

fn trailer() -> impl Strategy<Value = Trailer> {
    let numbers = any::<[Option<u64>; 3]>();
    (numbers, any::<Option<u32>>(), of(topic())).prop_map(|(numbers, bits, topic)| Trailer {
        nonce: numbers[0],
        capabilities: bits.map(Capabilities::from_bits),
        topic,
        question: numbers[1],
        answer: numbers[2],
    })
}

/// Any topic, the longest included.
fn topic() -> impl Strategy<Value = Topic> {
    let fits = |name: &String| (1..=MAX_TOPIC).contains(&name.len());
    let name = "\\PC{1,40}|[a-z]{120,128}";
    let names = name.prop_filter("a length in bytes", fits);
    names.prop_map(|name| name.parse().expect("it fits"))
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        any::<u64>().prop_map(Time::Seconds),
        value()
            .prop_filter("not whole seconds", |value| value.as_u64().is_none())
            .prop_map(Time::Other),
    ]
}

fn form() -> impl Strategy<Value = IdForm> {
    prop_oneof![Just(IdForm::Bytes), Just(IdForm::Text)]
}

fn message() -> impl Strategy<Value = Message> {
    let sender = vec(any::<u8>(), 1..=128);
    (
        any::<u64>(),
        sender,
        form(),
        time(),
        trailer(),
        vec(value(), 0..6),
    )
        .prop_map(|(kind, sender, form, time, trailer, payload)| {
            let sender = NodeId::new(&sender).expect("1 to 128 bytes");
            let draft = Draft::new(Kind::from_code(kind % 8), &sender, WallSeconds(0))
                .form(form)
                .trailer(trailer);
            Draft { time, ..draft }.encode(&payload)
        })
}

/// A control message whose items are almost of the right sort.
fn control() -> impl Strategy<Value = Message> {
    let item = prop_oneof![
        value(),
        Just("*".into()),
        Just([Value::Nil, Value::Nil].into()),
        Just(Value::Array(vec![]))
    ];
    (0_u64..5, 0_u64..0x50, vec(item, 0..6)).prop_map(|(kind, flag, items)| {
        let sender = "sender".parse().expect("a node id");
        let payload = [&[flag.into()], &items[..]].concat();
        Draft::new(Kind::from_code(kind), &sender, WallSeconds(0)).encode(&payload)
    })
}

fn frame_of(body: &[u8]) -> Frame {
    let length = u32::try_from(body.len()).expect("a short body");
    let mut reader = FrameReader::new(body.len());
    reader.push([&length.to_be_bytes(), body].concat().into());
    reader
        .next_frame()
        .expect("within the limit")
        .expect("a whole frame")
}

fn open(frame: &Frame) -> Result<Message, DecodeError> {
    frame.open(&Compression::ALL, MAX_BODY, &Limits::DEFAULT)
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

/// Cuts `stream` at these places, each somewhere in what the ones before left.
fn cut(mut stream: Bytes, places: &[prop::sample::Index]) -> Vec<Bytes> {
    let mut chunks: Vec<Bytes> = places
        .iter()
        .map(|place| stream.split_to(place.index(stream.len() + 1)))
        .collect();
    chunks.push(stream);
    chunks
}

/// Everything that can be asked of a message, to see that nothing panics.
fn ask_all(message: &Message) {
    let _ = (
        message.payload(),
        message.packets(),
        message.packet_bytes(),
        message.packed(),
    );
    let _ = (Signal::parse(message), format!("{message:?}"));
    let _ = message.deserialize_packets::<Vec<Value>>();
    let _ = message.deserialize_packets::<(String, u8)>();
}

proptest! {
    #[test]
    fn any_value_comes_back_from_its_bytes(value in value(), behind in vec(any::<u8>(), 0..4)) {
        let bytes = encoded(&value);
        let padded = [&bytes[..], &behind].concat();
        prop_assert_eq!(Value::scan(&padded, &Limits::DEFAULT), Ok(bytes.len()));
        prop_assert_eq!(Value::decode(&padded, &Limits::DEFAULT), Ok((value.clone(), bytes.len())));
        prop_assert_eq!(value.check(&Limits::DEFAULT), Ok(()));
    }

    #[test]
    fn rmp_serde_writes_and_reads_values_alike(value in value()) {
        let bytes = encoded(&value);
        prop_assert_eq!(&rmp_serde::to_vec(&value).expect("any value can be written"), &bytes);
        prop_assert_eq!(rmp_serde::from_slice::<Value>(&bytes).expect("any value can be read"), value);
    }

    #[test]
    fn a_cut_value_is_truncated(value in value(), place in any::<prop::sample::Index>()) {
        let bytes = encoded(&value);
        let cut = &bytes[..place.index(bytes.len())];
        prop_assert_eq!(Value::scan(cut, &Limits::DEFAULT), Err(DecodeError::Truncated));
        prop_assert_eq!(Value::decode(cut, &Limits::DEFAULT), Err(DecodeError::Truncated));
    }

    #[test]
    fn a_scan_and_a_decode_of_any_bytes_agree(
        bytes in vec(any::<u8>(), 0..200),
        depth in 0_usize..5,
        items in 0_usize..50,
    ) {
        let limits = Limits { depth, items };
        let decoded = Value::decode(&bytes, &limits);
        prop_assert_eq!(Value::scan(&bytes, &limits), decoded.clone().map(|(_, len)| len));
        if let Ok((value, len)) = decoded {
            prop_assert_eq!(value.check(&limits), Ok(()));
            prop_assert!(encoded(&value).len() <= len, "the smallest form is written");
        }
    }

    #[test]
    fn any_message_comes_back_from_its_frame(message in message()) {
        let read = open(&message.frame()).expect("what is written is read");
        prop_assert_eq!(read.id(), MessageId::of(&message.packed()));
        prop_assert_eq!(read.kind(), message.kind());
        prop_assert_eq!(read.sender(), message.sender());
        prop_assert_eq!(read.sender_form(), message.sender_form());
        prop_assert_eq!(read.time(), message.time());
        prop_assert_eq!(read.trailer(), message.trailer());
        prop_assert_eq!(read.sub_flag(), message.sub_flag());
        prop_assert_eq!(read.payload_len(), message.payload_len());
        prop_assert_eq!(read.payload(), message.payload());
        prop_assert_eq!(read.payload().into_iter().skip(1).collect::<Vec<_>>(), read.packets());
        prop_assert_eq!(read.packet_bytes(), message.packet_bytes());
        ask_all(&read);
    }

    #[test]
    fn any_message_comes_back_from_every_compression(message in message()) {
        for method in Compression::ALL {
            let body = message.frame().body();
            let Some(packed) = method.compress(&body) else { continue };
            prop_assert_eq!(method.decompress(&packed, body.len()), Ok(body.to_vec()));
            prop_assert_eq!(frame_of(&packed).open(&[method], body.len().max(packed.len()), &Limits::DEFAULT), Ok(message.clone()));
        }
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_frames(
        messages in vec(message(), 0..4),
        places in vec(any::<prop::sample::Index>(), 0..20),
        drains in any::<u32>(),
    ) {
        let frames: Vec<Frame> = messages.iter().map(Message::frame).collect();
        let stream = frames.iter().map(|frame| &frame.as_bytes()[..]).collect::<Vec<_>>().concat();
        let mut reader = FrameReader::new(MAX_BODY);
        let mut read = Vec::new();
        for (index, chunk) in cut(stream.into(), &places).into_iter().enumerate() {
            reader.push(chunk);
            if drains >> index & 1 == 1 {
                while let Some(frame) = reader.next_frame().expect("within the limit") {
                    read.push(frame);
                }
            }
        }
        while let Some(frame) = reader.next_frame().expect("within the limit") {
            read.push(frame);
        }
        prop_assert_eq!(read, frames);
        prop_assert_eq!(reader.buffered(), 0);
    }

    #[test]
    fn an_unfinished_frame_is_held_and_nothing_more(message in message(), place in any::<prop::sample::Index>()) {
        let frame = message.frame();
        let len = place.index(frame.as_bytes().len());
        let mut reader = FrameReader::new(MAX_BODY);
        reader.push(frame.as_bytes().slice(..len));
        prop_assert_eq!(reader.next_frame(), Ok(None));
        prop_assert_eq!(reader.buffered(), len);
        prop_assert_eq!(reader.is_mid_frame(), len > 0);
    }

    #[test]
    fn a_flipped_bit_never_passes_the_checksum(message in message(), bit in any::<prop::sample::Index>()) {
        let mut body = message.frame().body().to_vec();
        let bit = bit.index(body.len() * 8);
        body[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&frame_of(&body)).is_err());
    }

    #[test]
    fn a_cut_body_never_passes_the_checksum(message in message(), place in any::<prop::sample::Index>()) {
        let body = message.frame().body();
        prop_assert!(open(&frame_of(&body[..place.index(body.len())])).is_err());
    }

    #[test]
    fn any_body_is_opened_or_refused(body in vec(any::<u8>(), 0..300)) {
        prop_assert!(open(&frame_of(&body)).is_err());
    }

    #[test]
    fn any_bytes_behind_a_true_checksum_are_read_or_refused(
        head in prop_oneof![Just(&b""[..]), Just(&b"\x95\x00\xc4\x01s\x01"[..]), Just(&b"\x93\x02\xa1s\x01"[..])],
        tail in vec(any::<u8>(), 0..300),
    ) {
        let packed = [head, &tail].concat();
        let body = [&MessageId::of(&packed).0[..], &packed].concat();
        if let Ok(message) = open(&frame_of(&body)) {
            prop_assert_eq!(message.packed(), packed);
            ask_all(&message);
        }
    }

    #[test]
    fn any_stream_is_framed_or_refused(chunks in vec(vec(any::<u8>(), 0..50), 0..20), max_body in 0_usize..100) {
        let mut reader = FrameReader::new(max_body);
        for chunk in chunks {
            reader.push(chunk.into());
            while let Ok(Some(frame)) = reader.next_frame() {
                prop_assert!(frame.body().len() <= max_body);
            }
            prop_assert!(reader.buffered() < HEADER + max_body.max(1));
        }
    }

    #[test]
    fn any_control_message_is_understood_or_refused(message in control()) {
        ask_all(&message);
    }

    #[test]
    fn any_bytes_are_some_trailer(bytes in vec(any::<u8>(), 0..300), body in vec(any::<u8>(), 0..253)) {
        let _ = Trailer::parse(&bytes);
        let length = u8::try_from(body.len()).expect("below 253");
        let _ = Trailer::parse(&[&[0xc7, length, 0x70, 1], &body[..]].concat());
    }

    #[test]
    fn any_trailer_comes_back(trailer in trailer()) {
        let mut bytes = Vec::new();
        trailer.encode(&mut bytes);
        prop_assert_eq!(Trailer::parse(&bytes), trailer);
    }

    #[test]
    fn any_bytes_are_unpacked_or_refused(bytes in vec(any::<u8>(), 0..300), max in 0_usize..1000) {
        for method in Compression::ALL {
            if let Ok(plain) = method.decompress(&bytes, max) {
                prop_assert!(plain.len() <= max);
            }
        }
    }

    #[test]
    fn a_damaged_stream_is_unpacked_within_the_limit_or_refused(
        plain in vec(any::<u8>(), 0..300),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        max in 0_usize..400,
    ) {
        for method in Compression::ALL {
            let Some(mut packed) = method.compress(&plain) else { continue };
            for (place, byte) in &damage {
                let place = place.index(packed.len());
                packed[place] = *byte;
            }
            if let Ok(unpacked) = method.decompress(&packed, max) {
                prop_assert!(unpacked.len() <= max);
            }
        }
    }

    #[test]
    fn values_that_are_sent_are_received(values in vec(value(), 0..6)) {
        let packets = RawPackets::from_values(&values).expect("within the limits");
        prop_assert_eq!(RawPackets::serialize(&values), Ok(packets.clone()));
        let sender = "sender".parse().expect("a node id");
        let message = Draft::new(Kind::Broadcast, &sender, WallSeconds(0)).encode_raw(0, &packets);
        prop_assert_eq!(message.packets(), values.clone());
        prop_assert_eq!(message.deserialize_packets::<Vec<Value>>(), Ok(values));
    }
}
