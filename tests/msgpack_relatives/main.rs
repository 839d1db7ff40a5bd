//! Our msgpack against that of the relatives: u-msgpack-python, which py2p has, and msgpack-lite, which js2p has. The same
//! bytes are accepted, as the same values; what they write of them we read. `differs.rs` says where that is not so, and why.
#![cfg(not(target_arch = "wasm32"))]

mod differs;
mod generate;
mod relative;
mod told;

use rs2p::wire::{DecodeError, Limits, Value};
use serde_json::Value as Json;

use differs::{Expected, Relative};
use told::Told;

const VECTORS: &str = include_str!("../vectors/msgpack.json");

/// No limit that one of these comes to. What the core takes of a peer is less, and its own affair.
const LIMITS: Limits = Limits {
    depth: Limits::MAX_DEPTH,
    items: 65_536,
};

/// How many messages the relatives are given; the variable is for `cargo xtask fuzz differential --runs N`.
fn messages() -> usize {
    const FEW: usize = 2_000;
    std::env::var("RS2P_MESSAGES").map_or(FEW, |count| count.parse().expect("a number"))
}

#[test]
fn the_vectors_that_the_relatives_made_are_read_as_they_do() {
    let vectors: Json = serde_json::from_str(VECTORS).expect("JSON");
    let rows = vectors["rows"].as_array().expect("rows");
    assert!(rows.len() > 140, "the vectors are complete");
    for row in rows {
        let packed = told::bytes(&row["packed"]);
        for relative in Relative::ALL {
            check(relative, &packed, &row[relative.name()]);
        }
    }
}

#[test]
fn the_relatives_read_and_write_as_we_do() {
    let messages: Vec<_> = generate::Messages::new(1).take(messages()).collect();
    for relative in Relative::ALL {
        let told = relative::ask(relative, &messages, |packed, answer| {
            check(relative, packed, answer);
        });
        assert_eq!(told, messages.len(), "{relative:?} answered every message");
        println!("{relative:?}: {told} messages, no difference but those that are known");
    }
}

/// Compares what a relative says of some bytes with what we make of them.
fn check(relative: Relative, packed: &[u8], answer: &Json) {
    let what = || format!("{relative:?}, {}: {answer}", hex(packed));
    match Value::decode(packed, &LIMITS) {
        Ok((value, _)) => check_value(relative, &value, answer, &what),
        Err(DecodeError::TooDeep | DecodeError::TooManyItems) => {}
        Err(DecodeError::NotUtf8) if relative.mends_text() => {}
        Err(error) => assert!(!answer["refused"].is_null(), "{error}: {}", what()),
    }
}

fn check_value(relative: Relative, value: &Value, answer: &Json, what: &dyn Fn() -> String) {
    match relative.expected(value) {
        Expected::Unclear => {}
        Expected::Refused => assert!(!answer["refused"].is_null(), "{}", what()),
        Expected::Value(expected) => {
            assert!(answer["refused"].is_null(), "{}", what());
            assert_eq!(
                Told::read(relative, &answer["value"]),
                expected,
                "{}",
                what()
            );
            let written = told::bytes(&answer["packed"]);
            let (written, _) = Value::decode(&written, &LIMITS).expect("what they write we read");
            assert_eq!(
                relative.expected(&written),
                Expected::Value(expected),
                "{}",
                what()
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
