//! Lists of message ids between capable neighbours: what one has, what another wants, and which sources a link is spared.
//!
//! An extension: only nodes that announced the capability are sent these. Ids travel as one run of bytes, 32 each.

use core::time::Duration;

use bytes::Bytes;

use super::error::DecodeError;
use super::message::{ID_LEN, IdForm};
use super::signal::Signal;
use super::sub_flag;
use super::value::Value;
use crate::id::{MessageId, NodeId};

/// Ids of one list that are read; the rest is ignored. 8,192, which are 256 KiB.
pub const MAX_IDS: usize = 8_192;
/// How finely ages are told, so that many ids share one.
const GRAIN: u128 = 100;

/// The broadcasts that a node holds, as it tells a new neighbour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How far back it is whole, in milliseconds on the wire: older ones are forgotten by age or for want of room.
    pub reach: Duration,
    /// The ids in the order in which the messages came, with how long ago, to a tenth of a second.
    pub entries: Vec<(Duration, MessageId)>,
}

pub(super) fn parse_ids(packets: &[Value]) -> Result<Vec<MessageId>, DecodeError> {
    let [Value::Bin(bytes), ..] = packets else {
        return Err(DecodeError::BadSignal("message ids are bytes"));
    };
    ids_of(bytes)
        .map(|ids| ids.take(MAX_IDS).collect())
        .ok_or(DecodeError::BadSignal("a message id has 32 bytes"))
}

pub(super) fn parse_prune(packets: &[Value]) -> Result<Signal, DecodeError> {
    let bad = DecodeError::BadSignal("a source is a node's id, or nil for all");
    let source = packets.first().ok_or(bad.clone())?;
    if source.is_nil() {
        return Ok(Signal::Prune(None));
    }
    let source = source.as_bytes().and_then(|id| NodeId::new(id).ok());
    source.map(|id| Signal::Prune(Some(id))).ok_or(bad)
}

pub(super) fn parse_history(packets: &[Value]) -> Result<History, DecodeError> {
    let bad = DecodeError::BadSignal("a history has a reach, ages and ids");
    let [reach, Value::Array(runs), ..] = packets else {
        return Err(bad);
    };
    let Some(reach) = reach.as_u64() else {
        return Err(bad);
    };
    let mut entries = Vec::new();
    for run in runs {
        let Some([age, Value::Bin(bytes), ..]) = run.as_array() else {
            return Err(bad);
        };
        let (Some(age), Some(ids)) = (age.as_u64(), ids_of(bytes)) else {
            return Err(bad);
        };
        let age = Duration::from_millis(age);
        let room = MAX_IDS - entries.len();
        entries.extend(ids.take(room).map(|id| (age, id)));
    }
    Ok(History {
        reach: Duration::from_millis(reach),
        entries,
    })
}

pub(super) fn ids_payload(flag: u64, ids: &[MessageId]) -> Vec<Value> {
    vec![flag.into(), ids_value(ids.iter())]
}

pub(super) fn prune_payload(source: Option<&NodeId>) -> Vec<Value> {
    let source = source.map_or(Value::Nil, |id| IdForm::Text.value(id.as_bytes()));
    vec![sub_flag::PRUNE.into(), source]
}

pub(super) fn history_payload(history: &History) -> Vec<Value> {
    let tenths = |age: Duration| age.as_millis() / GRAIN;
    let runs = history
        .entries
        .chunk_by(|one, next| tenths(one.0) == tenths(next.0))
        .map(|run| {
            let ids = ids_value(run.iter().map(|(_, id)| id));
            [millis(run[0].0), ids].into()
        });
    let runs = Value::Array(runs.collect());
    vec![sub_flag::HISTORY.into(), millis(history.reach), runs]
}

fn millis(span: Duration) -> Value {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).into()
}

fn ids_value<'a>(ids: impl ExactSizeIterator<Item = &'a MessageId>) -> Value {
    let mut bytes = Vec::with_capacity(ids.len() * ID_LEN);
    ids.for_each(|id| bytes.extend_from_slice(&id.0));
    Value::Bin(bytes.into())
}

/// The ids in a run of bytes; `None` if it is no whole number of them.
fn ids_of(bytes: &Bytes) -> Option<impl Iterator<Item = MessageId>> {
    let (ids, []) = bytes.as_chunks::<ID_LEN>() else {
        return None;
    };
    Some(ids.iter().map(|id| MessageId(*id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> MessageId {
        MessageId([number; 32])
    }

    fn history(entries: &[(u64, u8)]) -> History {
        let entry = |&(age, number)| (Duration::from_millis(age), id(number));
        History {
            reach: Duration::from_millis(60_000),
            entries: entries.iter().map(entry).collect(),
        }
    }

    #[test]
    fn a_history_comes_back_as_it_was_told() {
        for told in [
            history(&[]),
            history(&[(900, 1), (900, 2), (0, 3)]),
            history(&[(100, 1), (0, 2), (100, 3)]),
        ] {
            let payload = history_payload(&told);
            assert_eq!(parse_history(&payload[1..]), Ok(told));
        }
    }

    #[test]
    fn those_that_came_close_together_share_an_age() {
        let payload = history_payload(&history(&[(990, 1), (910, 2), (90, 3)]));
        let runs = payload[2].as_array().expect("runs");
        assert_eq!(runs.len(), 2);
        let heard = parse_history(&payload[1..]).expect("as told");
        assert_eq!(heard.entries[1], (Duration::from_millis(990), id(2)));
    }

    #[test]
    fn ids_come_back_and_halves_are_refused() {
        let ids = [id(1), id(2)];
        let payload = ids_payload(sub_flag::GRAFT, &ids);
        assert_eq!(parse_ids(&payload[1..]), Ok(ids.to_vec()));
        for bad in [Value::Bin(vec![0; 33].into()), Value::Nil] {
            assert!(parse_ids(&[bad]).is_err());
        }
        assert!(parse_ids(&[]).is_err());
    }

    #[test]
    fn a_prune_is_of_one_source_or_of_all() {
        for source in [None, "2a".parse().ok()] {
            let payload = prune_payload(source.as_ref());
            assert_eq!(parse_prune(&payload[1..]), Ok(Signal::Prune(source)));
        }
        assert!(parse_prune(&[]).is_err() && parse_prune(&[7_u64.into()]).is_err());
    }

    #[test]
    fn what_is_no_history_is_refused() {
        let run = |bytes: usize| Value::from([1_u64.into(), Value::Bin(vec![0; bytes].into())]);
        for bad in [
            vec![],
            vec![Value::Nil, Value::Array(vec![])],
            vec![1_u64.into(), 2_u64.into()],
            vec![1_u64.into(), Value::Array(vec![run(31)])],
            vec![1_u64.into(), Value::Array(vec![Value::Nil])],
        ] {
            assert!(parse_history(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_so_many_ids_are_read() {
        let ids = Value::Bin(vec![7; (MAX_IDS + 10) * ID_LEN].into());
        let read = parse_ids(core::slice::from_ref(&ids)).expect("ids");
        assert_eq!(read.len(), MAX_IDS);
        let run = Value::from([1_u64.into(), ids]);
        let runs = Value::Array(vec![run.clone(), run]);
        let read = parse_history(&[1_u64.into(), runs]).expect("a history");
        assert_eq!(read.entries.len(), MAX_IDS);
    }
}
