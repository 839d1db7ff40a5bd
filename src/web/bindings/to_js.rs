//! Packets as JavaScript values: every msgpack value has a form, so nothing fails here.
//!
//! Objects are as `JSON.parse` makes them: ordinary ones, where a key is only ever the object's own, whatever its name.

use js_sys::{Array, Map, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

use super::from_js::MAX_SAFE_INTEGER;
use crate::wire::Value;

/// The packets as an array.
pub(super) fn packets(values: &[Value]) -> Array {
    values.iter().map(value).collect()
}

/// One value.
pub(super) fn value(value: &Value) -> JsValue {
    match value {
        Value::Nil => JsValue::NULL,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) if is_safe(*number as f64) => (*number as f64).into(),
        Value::Int(number) => (*number).into(),
        Value::UInt(number) if is_safe(*number as f64) => (*number as f64).into(),
        Value::UInt(number) => (*number).into(),
        Value::F32(number) => (*number).into(),
        Value::F64(number) => (*number).into(),
        Value::Str(text) => text.into(),
        Value::Bin(bytes) => Uint8Array::from(&bytes[..]).into(),
        Value::Array(items) => packets(items).into(),
        Value::Map(entries) if entries.iter().all(|(key, _)| key.as_str().is_some()) => {
            object(entries)
        }
        Value::Map(entries) => map(entries),
        Value::Ext(tag, bytes) => extension(*tag, bytes),
    }
}

/// Rounding to the nearest float takes no unsafe integer to a safe one: 2^53 itself is a float.
fn is_safe(number: f64) -> bool {
    number.abs() <= MAX_SAFE_INTEGER
}

fn object(entries: &[(Value, Value)]) -> JsValue {
    let object = Object::new();
    for (key, item) in entries {
        set_own(&object, key.as_str().unwrap_or_default(), &value(item));
    }
    object.into()
}

fn map(entries: &[(Value, Value)]) -> JsValue {
    let map = Map::new();
    for (key, item) in entries {
        map.set(&value(key), &value(item));
    }
    map.into()
}

fn extension(tag: i8, bytes: &[u8]) -> JsValue {
    let object = Object::new();
    set_own(&object, "type", &tag.into());
    set_own(&object, "data", &Uint8Array::from(bytes).into());
    object.into()
}

/// Sets a property of the object's own. Assigning to `__proto__` would set its prototype instead.
fn set_own(object: &Object, key: &str, value: &JsValue) {
    // Neither fails on a new, extensible object.
    let _ = if key == "__proto__" {
        let property = Object::new();
        for (name, value) in [
            ("value", value),
            ("writable", &true.into()),
            ("enumerable", &true.into()),
        ] {
            let _ = Reflect::set(&property, &name.into(), value);
        }
        let _ = Reflect::set(&property, &"configurable".into(), &JsValue::TRUE);
        Reflect::define_property(object, &key.into(), &property)
    } else {
        Reflect::set(object, &key.into(), value)
    };
}
