//! A message as one line of JSON (RFC 8259), from which every packet can be read back exactly.
//!
//! What JSON has no word for is an object with a single key out of [`SPECIAL`]. A map that could be taken for such an
//! object is written as the object for maps, so a line has one meaning only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rs2p::native::Fingerprint;
use rs2p::{Address, NodeId, Value};
use serde::ser::{Error, Serialize, SerializeMap, SerializeStruct, Serializer};

use super::received::Received;

/// The keys of the objects that stand for what JSON has no word for.
const SPECIAL: [&str; 4] = ["bytes", "float", "map", "ext"];

/// The line of a message.
pub(super) fn message(received: &Received) -> String {
    line(received)
}

/// The line of an address that a relay listens on, with the certificate that it shows there, if it shows one.
pub(super) fn listening(url: &Address, id: &NodeId, pin: Option<Fingerprint>) -> String {
    line(&Listening { url, id, pin })
}

fn line(value: &impl Serialize) -> String {
    // Strings, numbers and containers of them, into memory: there is nothing that could fail.
    serde_json::to_string(value).unwrap_or_default()
}

struct Listening<'a> {
    url: &'a Address,
    id: &'a NodeId,
    pin: Option<Fingerprint>,
}

impl Serialize for Listening<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = 3 + usize::from(self.pin.is_some());
        let mut line = serializer.serialize_struct("Listening", fields)?;
        line.serialize_field("event", "listening")?;
        line.serialize_field("url", &self.url.to_string())?;
        line.serialize_field("id", &self.id.to_string())?;
        match self.pin {
            Some(pin) => line.serialize_field("pin", &pin.to_string())?,
            None => line.skip_field("pin")?,
        }
        line.end()
    }
}

impl Serialize for Received {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = 5 + usize::from(self.topic.is_some());
        let mut line = serializer.serialize_struct("Received", fields)?;
        line.serialize_field(
            "kind",
            if self.is_whisper {
                "whisper"
            } else {
                "broadcast"
            },
        )?;
        line.serialize_field("sender", &self.sender.to_string())?;
        line.serialize_field("time", &self.time)?;
        line.serialize_field("id", &self.id)?;
        match &self.topic {
            Some(topic) => line.serialize_field("topic", topic)?,
            None => line.skip_field("topic")?,
        }
        line.serialize_field("packets", &Items(&self.packets))?;
        line.end()
    }
}

/// A value as JSON.
struct Plain<'a>(&'a Value);

struct Items<'a>(&'a [Value]);

/// An object with one key, which says how to read its value.
struct Special<T>(&'static str, T);

/// Keys and values, in their order.
struct Pairs<'a>(&'a [(Value, Value)]);

struct Ext<'a>(i8, &'a [u8]);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Nil => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::UInt(number) => serializer.serialize_u64(*number),
            Value::F32(number) if number.is_finite() => serializer.serialize_f32(*number),
            Value::F64(number) if number.is_finite() => serializer.serialize_f64(*number),
            Value::F32(number) => {
                Special("float", no_number((*number).into())).serialize(serializer)
            }
            Value::F64(number) => Special("float", no_number(*number)).serialize(serializer),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Bin(bytes) => Special("bytes", STANDARD.encode(bytes)).serialize(serializer),
            Value::Array(items) => Items(items).serialize(serializer),
            Value::Map(entries) if is_object(entries) => object(entries, serializer),
            Value::Map(entries) => Special("map", Pairs(entries)).serialize(serializer),
            Value::Ext(tag, bytes) => Special("ext", Ext(*tag, bytes)).serialize(serializer),
        }
    }
}

/// The names that JavaScript, Python and Rust all read as numbers.
fn no_number(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// Whether a map can be an object of JSON: its keys are text, no two alike, and it cannot be taken for a special one.
fn is_object(entries: &[(Value, Value)]) -> bool {
    let keys: Option<Vec<&str>> = entries.iter().map(|(key, _)| text(key)).collect();
    let Some(mut keys) = keys else { return false };
    if let [key] = keys[..] {
        return !SPECIAL.contains(&key);
    }
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}

/// Text only: [`Value::as_str`] takes nothing else either, [`Value::as_bytes`] would.
fn text(key: &Value) -> Option<&str> {
    key.as_str()
}

fn object<S: Serializer>(entries: &[(Value, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        let key = text(key).ok_or_else(|| S::Error::custom("a key that is no text"))?;
        object.serialize_entry(key, &Plain(value))?;
    }
    object.end()
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Plain))
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| [Plain(key), Plain(value)]))
    }
}

impl<T: Serialize> Serialize for Special<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}

impl Serialize for Ext<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ext = serializer.serialize_struct("Ext", 2)?;
        ext.serialize_field("type", &self.0)?;
        ext.serialize_field("data", &STANDARD.encode(self.1))?;
        ext.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl Into<Value>) -> String {
        line(&Plain(&value.into()))
    }

    fn map<const N: usize>(entries: [(Value, Value); N]) -> Value {
        Value::Map(entries.into())
    }

    #[test]
    fn a_line_has_its_keys_in_order() {
        let received = Received {
            is_whisper: false,
            sender: "2U4pR6mi".parse().expect("an id"),
            time: 1_700_000_000,
            id: "00ff".to_owned(),
            topic: None,
            packets: vec!["hello".into(), 1.into(), (&b"\x00\xff"[..]).into()],
        };
        assert_eq!(
            message(&received),
            r#"{"kind":"broadcast","sender":"2U4pR6mi","time":1700000000,"id":"00ff","packets":["hello",1,{"bytes":"AP8="}]}"#
        );
        let whisper = Received {
            is_whisper: true,
            topic: Some("news".to_owned()),
            packets: vec![],
            ..received
        };
        assert!(
            message(&whisper).starts_with(r#"{"kind":"whisper","#)
                && message(&whisper).ends_with(r#","topic":"news","packets":[]}"#)
        );
        let url: Address = "ws://127.0.0.1:40123".parse().expect("an address");
        assert_eq!(
            listening(&url, &whisper.sender, None),
            r#"{"event":"listening","url":"ws://127.0.0.1:40123","id":"2U4pR6mi"}"#
        );
        let pin = Fingerprint::of(b"");
        let line = listening(&url, &whisper.sender, Some(pin));
        assert!(line.ends_with(&format!(r#","pin":"{pin}"}}"#)), "{line}");
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(written(u64::MAX), "18446744073709551615");
        assert_eq!(written(i64::MIN), "-9223372036854775808");
        assert_eq!(written(0.1f32), "0.1");
        assert_eq!(written(1.0f64), "1.0");
        assert_eq!(written(f64::MIN_POSITIVE), "2.2250738585072014e-308");
    }

    #[test]
    fn what_json_has_no_word_for_is_an_object_with_one_key() {
        assert_eq!(written(f64::NAN), r#"{"float":"NaN"}"#);
        assert_eq!(written(f32::INFINITY), r#"{"float":"Infinity"}"#);
        assert_eq!(written(f64::NEG_INFINITY), r#"{"float":"-Infinity"}"#);
        assert_eq!(written(&b"hello"[..]), r#"{"bytes":"aGVsbG8="}"#);
        assert_eq!(
            written(Value::Ext(-1, "x".into())),
            r#"{"ext":{"type":-1,"data":"eA=="}}"#
        );
        assert_eq!(
            written(map([(1.into(), "one".into())])),
            r#"{"map":[[1,"one"]]}"#
        );
    }

    #[test]
    fn a_map_with_text_for_keys_is_an_object() {
        assert_eq!(
            written(map([("b".into(), ().into()), ("a".into(), true.into())])),
            r#"{"b":null,"a":true}"#
        );
        assert_eq!(written(map([])), "{}");
        let nested = map([
            ("bytes".into(), 1.into()),
            ("n".into(), [Value::from(2)].into()),
        ]);
        assert_eq!(written(nested), r#"{"bytes":1,"n":[2]}"#);
    }

    #[test]
    fn a_map_that_reads_like_something_else_is_written_in_pairs() {
        for key in SPECIAL {
            assert_eq!(
                written(map([(key.into(), 1.into())])),
                format!(r#"{{"map":[["{key}",1]]}}"#)
            );
        }
        let twice = map([("a".into(), 1.into()), ("a".into(), 2.into())]);
        assert_eq!(written(twice), r#"{"map":[["a",1],["a",2]]}"#);
        let bytes = map([((&b"a"[..]).into(), 1.into())]);
        assert_eq!(written(bytes), r#"{"map":[[{"bytes":"YQ=="},1]]}"#);
    }

    #[test]
    fn text_stays_within_its_line() {
        assert_eq!(written("a\n\u{1b}\"é"), r#""a\n\u001b\"é""#);
    }
}
