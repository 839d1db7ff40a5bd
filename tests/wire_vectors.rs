//! Frames that py2p itself produced are written to the byte and read back, plain and in every compression.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use bytes::Bytes;
use rs2p::id::{MessageId, NodeId, ProtocolId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Compression, DecodeError, Draft, Endpoint, Frame, FrameReader, Handshake, IdForm, Kind, Limits,
    Message, PeerEntry, Signal, Time, Value,
};
use serde_json::Value as Json;

const VECTORS: &str = include_str!("vectors/wire-0.7.json");
const MAX_BODY: usize = 1 << 20;

/// Methods that this build decodes.
fn is_decoded(method: Compression) -> bool {
    !cfg!(target_arch = "wasm32") || !matches!(method, Compression::Bz2 | Compression::Lzma)
}

/// One row of the vectors.
struct Row {
    name: String,
    kind: Kind,
    sender: NodeId,
    form: IdForm,
    time: Time,
    payload: Vec<Value>,
    id: Vec<u8>,
    frame: Bytes,
    compressed: Vec<(Compression, Bytes)>,
}

impl Row {
    fn draft(&self) -> Draft<'_> {
        let draft = Draft::new(self.kind, &self.sender, WallSeconds(0)).form(self.form);
        Draft {
            time: self.time.clone(),
            ..draft
        }
    }

    fn message(&self) -> Message {
        open(&self.frame, &[]).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn rows() -> Vec<Row> {
    let vectors: Json = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let rows: Vec<Row> = list(&vectors["messages"]).iter().map(row).collect();
    assert!(rows.len() >= 19, "the vectors are complete");
    rows
}

fn row(json: &Json) -> Row {
    let (form, sender) = match value(&json["sender"]) {
        Value::Str(text) => (IdForm::Text, Bytes::from(text)),
        Value::Bin(bytes) => (IdForm::Bytes, bytes),
        other => panic!("no sender: {other:?}"),
    };
    Row {
        name: text(&json["name"]).to_owned(),
        kind: Kind::from_code(json["type"].as_u64().expect("a type")),
        sender: NodeId::new(&sender).expect("a sender"),
        form,
        time: time(&json["time"]),
        payload: list(&json["payload"]).iter().map(value).collect(),
        id: unhex(text(&json["id"])),
        frame: unhex(text(&json["frame"])).into(),
        compressed: compressed(&json["compressed"]),
    }
}

fn compressed(json: &Json) -> Vec<(Compression, Bytes)> {
    json.as_object()
        .expect("an object of methods")
        .values()
        .map(|entry| {
            let code = entry["code"].as_u64().expect("a code");
            let method = Compression::from_code(code).expect("a known method");
            (method, unhex(text(&entry["frame"])).into())
        })
        .collect()
}

fn time(json: &Json) -> Time {
    match json.as_u64() {
        Some(seconds) => Time::Seconds(seconds),
        None => Time::Other(Value::F64(json.as_f64().expect("a time"))),
    }
}

fn value(json: &Json) -> Value {
    let (kind, content) = json
        .as_object()
        .and_then(|object| object.iter().next())
        .expect("one kind");
    match kind.as_str() {
        "nil" => Value::Nil,
        "bool" => content.as_bool().expect("a truth value").into(),
        "int" => int(text(content)),
        "f64" => Value::F64(text(content).parse().expect("a float")),
        "str" => text(content).into(),
        "bin" => unhex(text(content)).into(),
        "array" => Value::Array(list(content).iter().map(value).collect()),
        "map" => Value::Map(
            list(content)
                .iter()
                .map(|pair| (value(&pair[0]), value(&pair[1])))
                .collect(),
        ),
        other => panic!("unknown kind {other}"),
    }
}

fn int(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) => number.into(),
        Err(_) => Value::UInt(text.parse().expect("an integer of 64 bits")),
    }
}

fn text(json: &Json) -> &str {
    json.as_str().expect("text")
}

fn list(json: &Json) -> &[Json] {
    json.as_array().expect("a list")
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            u8::from_str_radix(core::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")
        })
        .collect()
}

fn frame(bytes: &Bytes) -> Frame {
    let mut reader = FrameReader::new(MAX_BODY);
    reader.push(bytes.clone());
    let frame = reader
        .next_frame()
        .expect("within the limit")
        .expect("a whole frame");
    assert!(!reader.is_mid_frame());
    frame
}

fn open(bytes: &Bytes, accepted: &[Compression]) -> Result<Message, DecodeError> {
    frame(bytes).open(accepted, MAX_BODY, &Limits::DEFAULT)
}

#[test]
fn every_message_is_written_as_py2p_writes_it() {
    for row in rows() {
        let message = row.draft().encode(&row.payload);
        assert_eq!(message.frame().as_bytes(), &row.frame, "{}", row.name);
        assert_eq!(message.id().0.as_slice(), row.id, "{}", row.name);
    }
}

#[test]
fn every_message_is_read_as_it_was_meant() {
    for row in rows() {
        let message = row.message();
        assert_eq!(message.kind(), row.kind, "{}", row.name);
        assert_eq!(message.sender(), &row.sender, "{}", row.name);
        assert_eq!(message.sender_form(), row.form, "{}", row.name);
        assert_eq!(message.time(), &row.time, "{}", row.name);
        assert_eq!(message.payload(), row.payload, "{}", row.name);
        assert_eq!(message.packets(), row.payload[1..], "{}", row.name);
        assert_eq!(message.payload_len(), row.payload.len(), "{}", row.name);
        assert_eq!(message.sub_flag(), row.payload[0].as_u64(), "{}", row.name);
        assert_eq!(message.id().0.as_slice(), row.id, "{}", row.name);
        assert_eq!(
            MessageId::of(&message.packed()),
            message.id(),
            "{}",
            row.name
        );
        assert_eq!(
            frame(&row.frame).claimed_id(),
            Some(message.id()),
            "{}",
            row.name
        );
    }
}

#[test]
fn what_is_written_and_what_is_read_are_one_message() {
    for row in rows() {
        let (written, read) = (row.draft().encode(&row.payload), row.message());
        assert_eq!(written, read, "{}", row.name);
        assert_eq!(written.payload(), read.payload(), "{}", row.name);
        assert_eq!(written.packet_bytes(), read.packet_bytes(), "{}", row.name);
        assert_eq!(written.sub_flag(), read.sub_flag(), "{}", row.name);
        assert_eq!(written.time(), read.time(), "{}", row.name);
    }
}

#[test]
fn every_message_is_read_out_of_every_compression() {
    for row in rows() {
        assert_eq!(row.compressed.len(), 4, "{}", row.name);
        for (method, bytes) in &row.compressed {
            let read = open(bytes, &[*method]);
            if is_decoded(*method) {
                assert_eq!(read, Ok(row.message()), "{} in {method}", row.name);
            } else {
                assert_eq!(read, Err(DecodeError::Unsupported(*method)), "{}", row.name);
            }
        }
    }
}

#[test]
fn a_decoder_finds_the_method_among_several() {
    for row in rows() {
        for (_, bytes) in row
            .compressed
            .iter()
            .filter(|(method, _)| is_decoded(*method))
        {
            assert_eq!(
                open(bytes, &Compression::ALL),
                Ok(row.message()),
                "{}",
                row.name
            );
        }
    }
}

#[test]
fn a_compression_that_is_not_accepted_is_not_read() {
    for row in rows() {
        for (method, bytes) in &row.compressed {
            let others: Vec<_> = Compression::ALL
                .into_iter()
                .filter(|other| other != method)
                .collect();
            assert_eq!(
                open(bytes, &[]),
                Err(DecodeError::Checksum),
                "{} in {method}",
                row.name
            );
            assert_eq!(
                open(bytes, &others),
                Err(DecodeError::Checksum),
                "{} in {method}",
                row.name
            );
        }
    }
}

#[test]
fn what_is_compressed_here_is_read_here() {
    for row in rows() {
        for method in Compression::ALL {
            let Some(frame) = row.message().compressed_frame(method) else {
                continue;
            };
            assert!(
                frame.as_bytes().len() < row.frame.len(),
                "{} in {method}",
                row.name
            );
            assert_eq!(
                open(frame.as_bytes(), &[method]),
                Ok(row.message()),
                "{} in {method}",
                row.name
            );
        }
    }
}

#[test]
fn compression_is_used_where_it_saves_bytes_only() {
    let rows = rows();
    let row = |name| rows.iter().find(|row| row.name == name).expect("the row");
    for method in [Compression::Zlib, Compression::Gzip, Compression::Snappy] {
        assert!(
            row("broadcast-long")
                .message()
                .compressed_frame(method)
                .is_some(),
            "{method}"
        );
        assert!(
            row("broadcast-bytes")
                .message()
                .compressed_frame(method)
                .is_none(),
            "{method}"
        );
    }
    for method in [Compression::Bz2, Compression::Lzma] {
        assert!(
            row("broadcast-long")
                .message()
                .compressed_frame(method)
                .is_none(),
            "{method}"
        );
    }
}

#[test]
fn protocol_ids_are_those_of_py2p() {
    let vectors: Json = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    for row in list(&vectors["protocols"]) {
        let id = ProtocolId::new(text(&row["subnet"]), text(&row["encryption"]));
        assert_eq!(id.as_str(), text(&row["id"]));
    }
}

/// What the control messages among the rows mean.
fn meaning(row: &Row) -> Signal {
    let local = |port| {
        Some(Endpoint {
            host: "127.0.0.1".into(),
            port,
        })
    };
    let handshake = |endpoint, compression| {
        Signal::Handshake(Handshake {
            node: row.sender.clone(),
            form: IdForm::Bytes,
            protocol: ProtocolId::new("mesh", "Plaintext").as_str().into(),
            endpoint,
            compression,
        })
    };
    match row.name.as_str() {
        "handshake" => handshake(local(4444), vec![0x13, 0x11, 0x10, 0x12]),
        "handshake-no-address" => handshake(None, vec![]),
        "peers" => Signal::Peers(peers(row)),
        "peers-empty" => Signal::Peers(vec![]),
        "request-peers" => Signal::RequestPeers,
        "request-node" => Signal::Request {
            request: "4aBcRequestId".into(),
            wanted: row.sender.clone(),
            form: IdForm::Bytes,
        },
        "response" => Signal::Response {
            request: "4aBcRequestId".into(),
            endpoint: local(4444),
            node: row.sender.clone(),
            form: IdForm::Bytes,
        },
        "renegotiate-compression" => Signal::Compression(vec![0x13, 0x11]),
        "renegotiate-resend" => Signal::Resend,
        _ => Signal::Application,
    }
}

fn peers(row: &Row) -> Vec<PeerEntry> {
    let reversed: Vec<u8> = row.sender.as_bytes().iter().rev().copied().collect();
    let entry = |host: &str, port, node| PeerEntry {
        endpoint: Some(Endpoint {
            host: host.into(),
            port,
        }),
        node,
        form: IdForm::Bytes,
    };
    vec![
        entry("127.0.0.1", 4444, row.sender.clone()),
        entry("10.0.0.1", 65535, NodeId::new(&reversed).expect("a node")),
    ]
}

#[test]
fn every_control_message_means_what_it_says() {
    for row in rows() {
        assert_eq!(
            Signal::parse(&row.message()),
            Ok(meaning(&row)),
            "{}",
            row.name
        );
    }
}

#[test]
fn every_control_message_is_said_as_py2p_says_it() {
    for row in rows() {
        let signal = meaning(&row);
        match signal {
            Signal::Application => assert_eq!(signal.payload(), []),
            // py2p sends text there and accepts only bytes.
            Signal::RequestPeers => {
                assert_eq!(signal.payload(), [8_u8.into(), b"*".into()]);
            }
            _ => {
                assert_eq!(signal.payload(), row.payload, "{}", row.name);
                assert_eq!(signal.kind(), row.kind, "{}", row.name);
            }
        }
    }
}
