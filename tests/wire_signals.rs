//! Control messages: what is taken from whom, what is refused, and what is passed over.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use rs2p::address::MAX_HOST;
use rs2p::id::{MAX_NODE_ID, NodeId, ProtocolId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    DecodeError, Draft, Endpoint, Handshake, IdForm, Kind, MAX_CODES, MAX_PEERS, Message,
    PeerEntry, Signal, Value, sub_flag,
};

fn node(text: &str) -> NodeId {
    text.parse().expect("a node id")
}

fn message(kind: Kind, payload: &[Value]) -> Message {
    Draft::new(kind, &node("sender"), WallSeconds(1)).encode(payload)
}

fn whisper(payload: &[Value]) -> Result<Signal, DecodeError> {
    Signal::parse(&message(Kind::Whisper, payload))
}

fn broadcast(payload: &[Value]) -> Result<Signal, DecodeError> {
    Signal::parse(&message(Kind::Broadcast, payload))
}

fn renegotiate(payload: &[Value]) -> Result<Signal, DecodeError> {
    Signal::parse(&message(Kind::Renegotiate, payload))
}

fn flag(flag: u64) -> Value {
    flag.into()
}

fn address(host: &str, port: u64) -> Value {
    [host.into(), port.into()].into()
}

fn nils() -> Value {
    [Value::Nil, Value::Nil].into()
}

fn codes(codes: &[u64]) -> Value {
    Value::Array(codes.iter().map(|code| (*code).into()).collect())
}

/// A handshake that is fine but for what a test replaces.
fn handshake() -> Vec<Value> {
    vec![
        flag(5),
        b"node".into(),
        b"protocol".into(),
        address("host", 4444),
        codes(&[0x13]),
    ]
}

fn handshake_with(index: usize, value: Value) -> Result<Signal, DecodeError> {
    let mut payload = handshake();
    payload[index] = value;
    whisper(&payload)
}

fn handshake_endpoint(address: Value) -> Result<Option<Endpoint>, DecodeError> {
    match handshake_with(3, address)? {
        Signal::Handshake(handshake) => Ok(handshake.endpoint),
        other => panic!("no handshake: {other:?}"),
    }
}

fn is_bad_handshake<T>(result: Result<T, DecodeError>) -> bool {
    matches!(result, Err(DecodeError::BadHandshake(_)))
}

fn is_bad_signal<T>(result: Result<T, DecodeError>) -> bool {
    matches!(result, Err(DecodeError::BadSignal(_)))
}

#[test]
fn a_handshake_of_four_or_six_items_is_none() {
    assert!(whisper(&handshake()).is_ok());
    assert!(is_bad_handshake(whisper(&handshake()[..4])));
    let mut six = handshake();
    six.push(Value::Nil);
    assert!(is_bad_handshake(whisper(&six)));
}

#[test]
fn a_handshake_may_be_in_bytes_or_in_text() {
    let Ok(Signal::Handshake(in_bytes)) = whisper(&handshake()) else {
        panic!("a handshake");
    };
    assert_eq!(in_bytes.form, IdForm::Bytes);
    let mut payload = handshake();
    payload[1] = "node".into();
    payload[2] = "protocol".into();
    let in_text = Handshake {
        form: IdForm::Text,
        ..in_bytes
    };
    assert_eq!(whisper(&payload), Ok(Signal::Handshake(in_text)));
}

#[test]
fn a_handshake_is_told_from_one_of_another_network() {
    let ours = ProtocolId::new("mesh", "ws");
    let Ok(Signal::Handshake(handshake)) = handshake_with(2, ours.as_str().into()) else {
        panic!("a handshake");
    };
    assert!(handshake.speaks(&ours));
    assert!(!handshake.speaks(&ProtocolId::new("mesh", "wss")));
}

#[test]
fn a_node_without_an_address_says_so_in_two_ways() {
    assert_eq!(handshake_endpoint(nils()), Ok(None));
    assert_eq!(handshake_endpoint(Value::Nil), Ok(None));
}

#[test]
fn an_address_is_taken_up_to_its_limits() {
    let longest = "h".repeat(MAX_HOST);
    for (host, port) in [("h", 1), (longest.as_str(), 65535)] {
        let expected = Endpoint {
            host: host.into(),
            port: u16::try_from(port).expect("a port"),
        };
        assert_eq!(handshake_endpoint(address(host, port)), Ok(Some(expected)));
    }
}

#[test]
fn a_host_may_be_written_as_bytes() {
    let expected = Endpoint {
        host: "host".into(),
        port: 1,
    };
    let written = Value::from([b"host".into(), 1_u8.into()]);
    assert_eq!(handshake_endpoint(written), Ok(Some(expected)));
}

#[test]
fn an_odd_address_makes_a_bad_handshake() {
    let odd = [
        address("", 4444),
        address(&"h".repeat(MAX_HOST + 1), 4444),
        address("host", 0),
        address("host", 65536),
        ["host".into(), (-1_i8).into()].into(),
        ["host".into(), "4444".into()].into(),
        ["host".into(), Value::F64(4444.0)].into(),
        [Value::Nil, 4444_u16.into()].into(),
        ["host".into(), Value::Nil].into(),
        [b"\xff\xfe".into(), 4444_u16.into()].into(),
        ["host".into()].into(),
        ["host".into(), 1_u8.into(), 2_u8.into()].into(),
        Value::Array(vec![]),
        "host:4444".into(),
        Value::Map(vec![]),
    ];
    for address in odd {
        assert!(
            is_bad_handshake(handshake_endpoint(address.clone())),
            "{address:?}"
        );
    }
}

#[test]
fn an_id_of_the_wrong_length_or_type_makes_a_bad_handshake() {
    assert!(handshake_with(1, vec![b'n'; MAX_NODE_ID].into()).is_ok());
    for id in [
        vec![b'n'; MAX_NODE_ID + 1].into(),
        Vec::<u8>::new().into(),
        Value::Nil,
        7_u8.into(),
    ] {
        assert!(is_bad_handshake(handshake_with(1, id)));
    }
    assert!(is_bad_handshake(handshake_with(2, Value::Nil)));
}

#[test]
fn unknown_compressions_are_tolerated() {
    let list = Value::from([
        0x99_u8.into(),
        "br".into(),
        0x13_u8.into(),
        (-1_i8).into(),
        Value::Nil,
    ]);
    let Ok(Signal::Handshake(handshake)) = handshake_with(4, list) else {
        panic!("a handshake");
    };
    assert_eq!(handshake.compression, [0x99, 0x13]);
    assert!(is_bad_handshake(handshake_with(4, Value::Nil)));
    assert!(is_bad_handshake(handshake_with(4, "zlib".into())));
}

#[test]
fn a_list_of_compressions_is_read_up_to_its_bound() {
    let Ok(Signal::Handshake(handshake)) = handshake_with(4, codes(&[0x13; MAX_CODES + 1])) else {
        panic!("a handshake");
    };
    assert_eq!(handshake.compression.len(), MAX_CODES);
}

#[test]
fn a_peer_list_keeps_every_entry_with_an_id() {
    let entries = [
        [address("host", 1), b"a".into()].into(),
        [nils(), "b".into()].into(),
        [Value::Nil, "c".into()].into(),
        ["odd".into(), "d".into()].into(),
        [address("host", 0), "e".into()].into(),
        [address("host", 1), Value::Nil].into(),
        [address("host", 1)].into(),
        "no entry".into(),
    ];
    let Ok(Signal::Peers(peers)) = whisper(&[flag(7), entries.into()]) else {
        panic!("a peer list");
    };
    let names: Vec<String> = peers.iter().map(|peer| peer.node.to_string()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert!(peers[0].endpoint.is_some());
    assert!(peers[1..].iter().all(|peer| peer.endpoint.is_none()));
}

#[test]
fn a_peer_list_that_is_no_list_is_an_error() {
    assert!(is_bad_signal(whisper(&[flag(7)])));
    assert!(is_bad_signal(whisper(&[flag(7), Value::Nil])));
    assert!(is_bad_signal(whisper(&[flag(7), Value::Map(vec![])])));
}

#[test]
fn a_peer_list_is_read_up_to_its_bound() {
    let entry = || Value::from([address("host", 1), b"a".into()]);
    for len in [MAX_PEERS, MAX_PEERS + 1] {
        let Ok(Signal::Peers(peers)) = whisper(&[flag(7), Value::Array(vec![entry(); len])]) else {
            panic!("a peer list");
        };
        assert_eq!(peers.len(), MAX_PEERS);
    }
}

#[test]
fn peers_are_asked_for_in_bytes_or_in_text() {
    assert_eq!(whisper(&[flag(8), b"*".into()]), Ok(Signal::RequestPeers));
    assert_eq!(whisper(&[flag(8), "*".into()]), Ok(Signal::RequestPeers));
    assert_eq!(whisper(&[flag(8), "**".into()]), Ok(Signal::Unknown));
    assert_eq!(whisper(&[flag(8)]), Ok(Signal::Unknown));
    assert_eq!(broadcast(&[flag(8), "*".into()]), Ok(Signal::Unknown));
}

#[test]
fn a_relayed_message_is_never_an_error() {
    let malformed: [&[Value]; 6] = [
        &[flag(8)],
        &[flag(8), "id".into(), Value::Nil],
        &[flag(8), "id".into(), "wanted".into(), "more".into()],
        &[flag(10), "id".into()],
        &[flag(10), "id".into(), "found".into()],
        &[flag(5), "not a handshake".into()],
    ];
    for payload in malformed {
        assert_eq!(broadcast(payload), Ok(Signal::Unknown), "{payload:?}");
    }
}

#[test]
fn a_response_may_have_no_address() {
    let response = broadcast(&[flag(10), 7_u8.into(), [nils(), "node".into()].into()]);
    let expected = Signal::Response {
        request: 7_u8.into(),
        endpoint: None,
        node: node("node"),
        form: IdForm::Text,
    };
    assert_eq!(response, Ok(expected));
}

#[test]
fn application_messages_are_broadcasts_and_whispers_of_a_plain_flag_or_their_own() {
    for first in [
        flag(sub_flag::BROADCAST),
        flag(sub_flag::WHISPER),
        flag(0x30),
        flag(0x3f),
        flag(0x80),
        flag(u64::MAX),
        "text".into(),
        b"bytes".into(),
    ] {
        let payload = [first];
        assert_eq!(whisper(&payload), Ok(Signal::Application));
        assert_eq!(broadcast(&payload), Ok(Signal::Application));
        assert_eq!(renegotiate(&payload), Ok(Signal::Unknown));
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    let unknown: [&[Value]; 6] = [
        &[],
        &[flag(0x2f)],
        &[flag(0x7f)],
        &[Value::Nil],
        &[(-1_i8).into()],
        &[flag(sub_flag::DELTA), Value::Nil],
    ];
    for payload in unknown {
        assert_eq!(whisper(payload), Ok(Signal::Unknown), "{payload:?}");
        assert_eq!(broadcast(payload), Ok(Signal::Unknown), "{payload:?}");
    }
    for kind in [
        Kind::Ping,
        Kind::Pong,
        Kind::Other(5),
        Kind::Other(u64::MAX),
    ] {
        assert_eq!(
            Signal::parse(&message(kind, &handshake())),
            Ok(Signal::Unknown),
            "{kind:?}"
        );
    }
}

#[test]
fn a_renegotiation_lists_codes() {
    assert_eq!(
        renegotiate(&[flag(1), codes(&[0x13, 9])]),
        Ok(Signal::Compression(vec![0x13, 9]))
    );
    assert_eq!(renegotiate(&[flag(9)]), Ok(Signal::Resend));
    assert!(is_bad_signal(renegotiate(&[flag(1)])));
    assert!(is_bad_signal(renegotiate(&[flag(1), "zlib".into()])));
}

#[test]
fn a_heartbeat_has_a_number() {
    assert_eq!(
        whisper(&[flag(0x40), u64::MAX.into()]),
        Ok(Signal::Ping(u64::MAX))
    );
    assert_eq!(whisper(&[flag(0x41), 7_u8.into()]), Ok(Signal::Pong(7)));
    assert!(is_bad_signal(whisper(&[flag(0x40)])));
    assert!(is_bad_signal(whisper(&[flag(0x41), "7".into()])));
    assert_eq!(broadcast(&[flag(0x40), 7_u8.into()]), Ok(Signal::Unknown));
}

fn every_signal(form: IdForm) -> Vec<Signal> {
    let endpoint = Some(Endpoint {
        host: "host".into(),
        port: 4444,
    });
    vec![
        Signal::Handshake(Handshake {
            node: node("node"),
            form,
            protocol: b"protocol".to_vec(),
            endpoint: endpoint.clone(),
            compression: vec![0x13],
        }),
        Signal::Peers(vec![
            PeerEntry {
                endpoint: endpoint.clone(),
                node: node("a"),
                form,
            },
            PeerEntry {
                endpoint: None,
                node: node("b"),
                form,
            },
        ]),
        Signal::RequestPeers,
        Signal::Request {
            request: 7_u8.into(),
            wanted: node("wanted"),
            form,
        },
        Signal::Response {
            request: "seven".into(),
            endpoint,
            node: node("wanted"),
            form,
        },
        Signal::Compression(vec![0x13]),
        Signal::Resend,
        Signal::Ping(1),
        Signal::Pong(u64::MAX),
        Signal::Forward {
            to: node("far"),
            packed: vec![0x93, 0x02].into(),
        },
    ]
}

#[test]
fn every_signal_is_read_as_it_was_said_in_both_forms() {
    for form in [IdForm::Bytes, IdForm::Text] {
        for signal in every_signal(form) {
            let message = message(signal.kind(), &signal.payload());
            assert_eq!(Signal::parse(&message), Ok(signal), "{form:?}");
        }
    }
}

#[test]
fn ids_are_written_in_the_form_that_was_asked_for() {
    let payload = |form| every_signal(form)[0].payload();
    assert_eq!(
        payload(IdForm::Bytes)[1..3],
        [b"node".into(), b"protocol".into()]
    );
    assert_eq!(
        payload(IdForm::Text)[1..3],
        ["node".into(), b"protocol".into()],
        "py2p compares the protocol as bytes"
    );
    assert_eq!(IdForm::Text.value(b"\xff"), b"\xff".into());
}

#[test]
fn a_forward_of_another_form_is_passed_over() {
    let forwards: [&[Value]; 4] = [
        &[flag(0x0e)],
        &[flag(0x0e), "far".into()],
        &[flag(0x0e), "far".into(), "a text".into()],
        &[flag(0x0e), "".into(), b"packed".into()],
    ];
    for payload in forwards {
        assert_eq!(whisper(payload), Ok(Signal::Unknown), "{payload:?}");
    }
}
