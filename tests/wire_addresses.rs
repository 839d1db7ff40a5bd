//! The addresses that nodes of ours tell each other: what is read, what is passed over, and what is refused.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Addresses, DecodeError, Draft, Kind, KnownAddress, MAX_ADDRESS, MAX_KNOWN, MAX_OWN, Message,
    Signal, Value, sub_flag,
};
use rs2p::{Address, Scheme};

fn node(text: &str) -> NodeId {
    text.parse().expect("a node id")
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn message(payload: &[Value]) -> Message {
    Draft::new(Kind::Whisper, &node("sender"), WallSeconds(1)).encode(payload)
}

fn parse(rest: &[Value]) -> Result<Addresses, DecodeError> {
    let payload = [&[sub_flag::ADDRESSES.into()], rest].concat();
    match Signal::parse(&message(&payload))? {
        Signal::Addresses(addresses) => Ok(addresses),
        other => panic!("no addresses: {other:?}"),
    }
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

fn none() -> Value {
    list([])
}

fn known(address: &str, id: &str, age: Value) -> Value {
    [address.into(), id.into(), age].into()
}

#[test]
fn what_is_written_is_read() {
    let addresses = Addresses {
        ask: true,
        dials: vec![Scheme::Tcp, Scheme::Wss, Scheme::Memory],
        own: vec![address("tcp://[::1]:4444"), address("wss://a.b:443/mesh?x")],
        known: vec![KnownAddress {
            address: address("ws://c:1"),
            node: node("c"),
            age: 70,
        }],
    };
    let signal = Signal::Addresses(addresses);
    let message = message(&signal.payload());
    assert_eq!(signal.kind(), Kind::Whisper);
    assert_eq!(message.sub_flag(), Some(0x47));
    assert_eq!(Signal::parse(&message), Ok(signal));
}

#[test]
fn what_is_no_address_is_passed_over_and_the_rest_is_taken() {
    let long = format!("ws://host:1/{}", "x".repeat(MAX_ADDRESS));
    let own = list([
        "nonsense".into(),
        7.into(),
        long.as_str().into(),
        "ws://a:1".into(),
    ]);
    let others = list([
        Value::Nil,
        known("ws://b:1", "", 1.into()),
        known("ws://b:1", "b", Value::Nil),
        known("http://b:1", "b", 1.into()),
        known("ws://b:1", "b", u64::MAX.into()),
    ]);
    let dials = list(["carrier pigeon".into(), "ws".into(), Value::Nil]);
    let read = parse(&[Value::Bool(false), dials, own, others]).expect("well-formed");
    assert_eq!(read.dials, [Scheme::Ws]);
    assert_eq!(read.own, [address("ws://a:1")]);
    let known: Vec<_> = read.known.iter().map(|known| known.age).collect();
    assert_eq!(known, [u32::MAX]);
}

#[test]
fn lists_are_read_up_to_their_bounds() {
    let many = |count: usize, item: fn(usize) -> Value| list((0..count).map(item));
    let own = many(100, |n| format!("ws://a:{n}").as_str().into());
    let others = many(1_000, |n| known(&format!("ws://a:{n}"), "a", 0.into()));
    let dials = many(100, |_| "ws".into());
    let read = parse(&[Value::Bool(true), dials, own, others]).expect("well-formed");
    assert_eq!(
        (read.dials.len(), read.own.len(), read.known.len()),
        (5, MAX_OWN, MAX_KNOWN)
    );
}

#[test]
fn what_has_another_form_is_refused_and_a_later_item_is_not() {
    let ask = Value::Bool(true);
    for rest in [
        vec![],
        vec![ask.clone(), none(), none()],
        vec![Value::Nil, none(), none(), none()],
        vec![ask.clone(), none(), Value::Nil, none()],
    ] {
        assert!(
            matches!(parse(&rest), Err(DecodeError::BadSignal(_))),
            "{rest:?}"
        );
    }
    assert!(parse(&[ask, none(), none(), none(), "later".into()]).is_ok());
}
