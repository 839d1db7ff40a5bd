//! What a caller passes: options objects, addresses, ids. Each is checked here, and named when it is wrong.

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, JsValue};

use super::error::Thrown;
use crate::address::Address;
use crate::id::NodeId;
use crate::web::globals;

/// An options object, perhaps left out. What it has besides the known names is ignored, as everywhere on the web.
pub(super) struct Options(JsValue);

impl Options {
    pub(super) fn new(value: JsValue) -> Result<Self, Thrown> {
        if value.is_undefined() || value.is_null() || value.is_object() {
            return Ok(Self(value));
        }
        Err(Thrown::bad_argument("the options are no object"))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Thrown> {
        self.value(name).map(|value| text(&value, name)).transpose()
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Thrown> {
        let Some(value) = self.value(name) else {
            return Ok(Vec::new());
        };
        if !Array::is_array(&value) {
            return Err(Thrown::bad_argument(format!("{name} is no array")));
        }
        Array::from(&value)
            .iter()
            .map(|item| text(&item, name))
            .collect()
    }

    /// Milliseconds for a timer. What is longer than timers go, infinity included, is the longest that they do.
    pub(super) fn millis(&self, name: &str) -> Result<Option<u32>, Thrown> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.as_f64() {
            Some(millis) if millis >= 0.0 => Ok(Some(millis.min(f64::from(i32::MAX)) as u32)),
            _ => Err(Thrown::bad_argument(format!(
                "{name} is no number of milliseconds from 0 up"
            ))),
        }
    }

    fn value(&self, name: &str) -> Option<JsValue> {
        globals::property(&self.0, name)
    }
}

/// A string; `name` is what to call it in an error.
pub(super) fn text(value: &JsValue, name: &str) -> Result<String, Thrown> {
    value
        .as_string()
        .ok_or_else(|| Thrown::bad_argument(format!("{name} is no string")))
}

/// The address of a WebSocket, the only kind that a browser dials.
pub(super) fn address(value: &JsValue) -> Result<Address, Thrown> {
    let address: Address = text(value, "url")?.parse()?;
    if address.scheme().is_websocket() {
        return Ok(address);
    }
    Err(Thrown::bad_address(format!(
        "{address} cannot be dialled from a browser, which dials only ws:// and wss://"
    )))
}

/// The id of a node.
pub(super) fn node(value: &JsValue) -> Result<NodeId, Thrown> {
    let id = value.as_string().and_then(|id| id.parse().ok());
    id.ok_or_else(|| {
        Thrown::bad_argument("this is no id of a node, which is text of 1 to 128 bytes")
    })
}

/// Something to call.
pub(super) fn function(value: JsValue) -> Result<Function, Thrown> {
    value
        .dyn_into()
        .map_err(|_| Thrown::bad_argument("the listener is no function"))
}
