//! JavaScript values as packets.
//!
//! Written over `js_sys` and not with serde: a value that cannot be sent is named by where it stands, cycles and depth
//! are found before the stack is, and byte views, `Map`s with any keys and big integers each have their msgpack form.
//!
//! Nothing is dropped in silence: what has no form that other nodes can read is an error. Two things change, as
//! everywhere on the web: `undefined` becomes nil, and a lone surrogate in a string becomes U+FFFD.

use core::fmt;

use js_sys::{Array, ArrayBuffer, Map, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::wire::{Limits, Value};

/// The greatest integer up to which a JavaScript number tells all integers apart, 2^53 - 1.
pub(super) const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A value that cannot be sent, by where it stands and what it is.
#[derive(Debug)]
pub(super) struct Unsendable {
    place: String,
    what: String,
}

impl Unsendable {
    fn new(what: impl Into<String>) -> Self {
        Self {
            place: String::new(),
            what: what.into(),
        }
    }

    /// The same, seen from one level further out.
    fn within(mut self, step: &str) -> Self {
        self.place.insert_str(0, step);
        self
    }
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.what)
    }
}

/// The packets that `values` are, one each.
pub(super) fn packets(values: &Array) -> Result<Vec<Value>, Unsendable> {
    let mut reader = Reader::default();
    (0..values.length())
        .map(|at| {
            reader
                .value(&values.get(at))
                .map_err(|error| error.within(&format!("packets[{at}]")))
        })
        .collect()
}

/// One value; `name` is what to call it in an error.
pub(super) fn value(value: &JsValue, name: &str) -> Result<Value, Unsendable> {
    let mut reader = Reader::default();
    reader.value(value).map_err(|error| error.within(name))
}

/// Where the reading is: the containers around it, outermost first.
#[derive(Default)]
struct Reader {
    around: Vec<JsValue>,
}

impl Reader {
    fn value(&mut self, value: &JsValue) -> Result<Value, Unsendable> {
        if value.is_undefined() || value.is_null() {
            return Ok(Value::Nil);
        }
        if let Some(truth) = value.as_bool() {
            return Ok(Value::Bool(truth));
        }
        if let Some(number) = value.as_f64() {
            return Ok(self::number(number));
        }
        if let Some(text) = value.as_string() {
            return Ok(Value::Str(text));
        }
        if value.is_bigint() {
            return big_integer(value);
        }
        match bytes(value) {
            Some(bytes) => Ok(Value::Bin(bytes.into())),
            None if value.is_object() => self.container(value),
            None => Err(Unsendable::new(format!(
                "is a {}, which cannot be sent",
                type_of(value)
            ))),
        }
    }

    fn container(&mut self, value: &JsValue) -> Result<Value, Unsendable> {
        if self.around.contains(value) {
            return Err(Unsendable::new("holds itself: only trees can be sent"));
        }
        if self.around.len() >= Limits::DEFAULT.depth {
            return Err(Unsendable::new(format!(
                "nests deeper than {} levels",
                Limits::DEFAULT.depth
            )));
        }
        self.around.push(value.clone());
        let read = self.items(value);
        self.around.pop();
        read
    }

    fn items(&mut self, value: &JsValue) -> Result<Value, Unsendable> {
        if Array::is_array(value) {
            return self.array(value.unchecked_ref());
        }
        if let Some(map) = value.dyn_ref::<Map>() {
            return self.map(map);
        }
        if is_plain(value) {
            return self.object(value.unchecked_ref());
        }
        Err(Unsendable::new(format!(
            "is of class {}: send plain objects, arrays, Maps, bytes, strings, numbers, booleans or null",
            class_of(value)
        )))
    }

    fn array(&mut self, array: &Array) -> Result<Value, Unsendable> {
        let item = |at| {
            self.value(&array.get(at))
                .map_err(|error| error.within(&format!("[{at}]")))
        };
        (0..array.length())
            .map(item)
            .collect::<Result<_, _>>()
            .map(Value::Array)
    }

    fn map(&mut self, map: &Map) -> Result<Value, Unsendable> {
        let entry = |entry: JsValue| {
            let entry: Array = entry.unchecked_into();
            let key = self
                .value(&entry.get(0))
                .map_err(|error| error.within(" (a key)"))?;
            let step = key
                .as_str()
                .map_or(".get(…)".to_owned(), |name| format!(".get({name:?})"));
            let value = self
                .value(&entry.get(1))
                .map_err(|error| error.within(&step))?;
            Ok((key, value))
        };
        Array::from(map)
            .iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }

    fn object(&mut self, object: &Object) -> Result<Value, Unsendable> {
        let entry = |key: JsValue| {
            let name = key.as_string().unwrap_or_default();
            let value = Reflect::get(object, &key)
                .map_err(|_| Unsendable::new("threw when it was read"))
                .and_then(|value| self.value(&value))
                .map_err(|error| error.within(&step(&name)))?;
            Ok((Value::Str(name), value))
        };
        Object::keys(object)
            .iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }
}

/// Whole numbers go as integers, so that Python reads `1` and not `1.0`; -0, which no integer is, as a float.
fn number(number: f64) -> Value {
    let whole = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER;
    if whole && (number != 0.0 || number.is_sign_positive()) {
        Value::Int(number as i64)
    } else {
        Value::F64(number)
    }
}

fn big_integer(value: &JsValue) -> Result<Value, Unsendable> {
    let signed = i64::try_from(value.clone()).map(Value::Int);
    signed
        .or_else(|_| u64::try_from(value.clone()).map(Value::UInt))
        .map_err(|_| Unsendable::new("is a bigint outside of -2^63 to 2^64-1"))
}

/// The bytes of an `ArrayBuffer` or of what a view on one shows.
fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    if let Some(buffer) = value.dyn_ref::<ArrayBuffer>() {
        return Some(Uint8Array::new(buffer).to_vec());
    }
    if !ArrayBuffer::is_view(value) {
        return None;
    }
    let part = |name: &str| Reflect::get(value, &name.into()).ok();
    let length = |name| part(name)?.as_f64().map(|length| length as u32);
    let (buffer, from, len) = (
        part("buffer")?,
        length("byteOffset")?,
        length("byteLength")?,
    );
    Some(Uint8Array::new_with_byte_offset_and_length(&buffer, from, len).to_vec())
}

/// Whether an object is a literal, or made without a prototype: its prototype is none or ends the chain. (Comparing with
/// `Object.prototype` would refuse objects of another frame.)
fn is_plain(value: &JsValue) -> bool {
    let parent = |of: &JsValue| Reflect::get_prototype_of(of).map(JsValue::from);
    match parent(value) {
        Ok(first) if first.is_null() => true,
        Ok(first) => parent(&first).is_ok_and(|second| second.is_null()),
        Err(_) => false,
    }
}

fn type_of(value: &JsValue) -> String {
    value.js_typeof().as_string().unwrap_or_default()
}

fn class_of(value: &JsValue) -> String {
    let class = Reflect::get(value, &"constructor".into()).ok();
    let name = class
        .and_then(|class| Reflect::get(&class, &"name".into()).ok())
        .and_then(|name| name.as_string());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "foreign object".to_owned())
}

/// How a property is written behind its object.
fn step(name: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if name.starts_with(|c: char| !c.is_numeric()) && name.chars().all(word) {
        format!(".{name}")
    } else {
        format!("[{name:?}]")
    }
}
