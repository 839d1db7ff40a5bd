//! msgpack: what is read is within the limits, and comes back when it is written.

use std::collections::BTreeMap;

use rs2p::wire::{Limits, RawPackets, Value};

use super::choices::Choices;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let limits = Limits {
        depth: choices.below(20),
        items: choices.pick(&[1, 7, 100, 65_536]),
    };
    let bytes = choices.rest();
    decode(bytes, &limits);
    packets(bytes);
}

fn decode(bytes: &[u8], limits: &Limits) {
    let decoded = Value::decode(bytes, limits);
    let length = decoded.as_ref().map(|(_, length)| *length);
    assert_eq!(length, Value::scan(bytes, limits).as_ref().copied());
    let Ok((value, length)) = decoded else {
        return;
    };
    assert!(length <= bytes.len());
    assert!(depth(&value) <= limits.depth && items(&value) <= limits.items);
    assert_eq!(value.check(limits), Ok(()));

    let mut written = Vec::new();
    value.encode(&mut written);
    assert!(written.len() <= length, "ours is the smallest form");
    assert_eq!(Value::decode(&written, limits), Ok((value, written.len())));
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            let inner = entries
                .iter()
                .map(|(key, value)| depth(key).max(depth(value)));
            1 + inner.max().unwrap_or(0)
        }
        _ => 0,
    }
}

fn items(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(items).sum(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| items(key) + items(value))
            .sum(),
        _ => 0,
    }
}

/// Packets as serde sees them are the same packets, and of another type without a panic.
fn packets(bytes: &[u8]) {
    let Ok(packets) = RawPackets::from_encoded(bytes) else {
        return;
    };
    let values = packets.values();
    assert_eq!(values.len(), packets.count());
    assert_eq!(packets.deserialize::<Vec<Value>>().as_ref(), Ok(&values));
    let written = RawPackets::from_values(&values).expect("as many as were read");
    assert_eq!(written.values(), values);
    let serialised = RawPackets::serialize(&values).expect("as many as were read");
    assert_eq!(serialised, written);
    // Any of these may fail, and none may panic.
    let _ = packets.deserialize::<String>();
    let _ = packets.deserialize::<(Option<i64>, f64)>();
    let _ = packets.deserialize::<BTreeMap<String, Vec<u8>>>();
    let _ = packets.deserialize::<Result<u8, char>>();
}
