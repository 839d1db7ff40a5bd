//! Control messages: whatever is in one, it is read without a panic, and means the same when it is written again.

use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, Kind, Limits, Message, Signal, Value};

use super::choices::Choices;
use super::words;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.below(3) {
        0 => payload(&mut choices),
        1 => packed(choices.rest()),
        _ => typed(&mut choices),
    }
}

/// A message of any type and sub-flag, with items that are any msgpack.
fn payload(choices: &mut Choices<'_>) {
    let (kind, flag) = (choices.byte(), choices.byte());
    let items = choices.rest();
    let mut count = 0;
    let mut at = 0;
    while let Ok(length) = Value::scan(&items[at..], &Limits::DEFAULT) {
        at += length;
        count += 1;
    }
    packed(&words::packed(kind % 8, flag, count, items));
}

/// The bytes behind the checksum, which is right.
fn packed(bytes: &[u8]) {
    let Ok(message) = Message::from_packed(bytes, &Limits::DEFAULT) else {
        return;
    };
    assert_eq!(message.packed(), bytes);
    assert_eq!(message.payload().len(), message.payload_len());
    assert_eq!(
        message.packets().len(),
        message.payload_len().saturating_sub(1)
    );
    let _ = (message.flag(), message.topic(), format!("{message:?}"));
    match Signal::parse(&message) {
        Ok(signal) => again(&signal),
        Err(_) => assert_ne!(
            message.kind(),
            Kind::Broadcast,
            "its neighbour is not to blame"
        ),
    }
}

/// What we say is what we mean.
fn typed(choices: &mut Choices<'_>) {
    let signal = words::signal(choices);
    assert_eq!(read(&signal).as_ref(), Ok(&signal));
}

/// What a signal says, said by us, is the same: but for the ages of a history, which are told in steps.
fn again(signal: &Signal) {
    if matches!(signal, Signal::Application | Signal::Unknown) {
        return;
    }
    let read = read(signal).expect("what we say is well-formed");
    assert_eq!(read.payload(), signal.payload());
    assert!(matches!(signal, Signal::History(_)) || read == *signal);
}

fn read(signal: &Signal) -> Result<Signal, rs2p::wire::DecodeError> {
    let sender = NodeId::new(b"sender").expect("six bytes");
    let message = Draft::new(signal.kind(), &sender, WallSeconds(0)).encode(&signal.payload());
    let again = Message::from_packed(&message.packed(), &Limits::DEFAULT)?;
    Signal::parse(&again)
}
