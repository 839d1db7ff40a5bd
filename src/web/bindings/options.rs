//! What a caller passes: options objects, addresses, ids. Each is checked here, and named when it is wrong.

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, JsValue};

use super::error::Thrown;
use super::from_js;
use crate::address::Address;
use crate::id::NodeId;
use crate::socket::{MeshError, SendOptions};
use crate::web::globals;
use crate::wire::Flag;

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

    /// How far to send and with which flag.
    pub(super) fn sending(&self) -> Result<SendOptions, Thrown> {
        let options = match self.value("to") {
            None => SendOptions::new(),
            Some(to) => reach(&to)?,
        };
        match self.value("flag") {
            None => Ok(options),
            Some(flag) => {
                let flag = from_js::value(&flag, "flag")?;
                Ok(options.flag(Flag::try_from(&flag).map_err(MeshError::from)?))
            }
        }
    }

    fn value(&self, name: &str) -> Option<JsValue> {
        globals::property(&self.0, name)
    }
}

fn reach(to: &JsValue) -> Result<SendOptions, Thrown> {
    match to.as_string().as_deref() {
        Some("mesh") => return Ok(SendOptions::new()),
        Some("peers") => return Ok(SendOptions::new().to_peers()),
        _ => {}
    }
    match globals::property(to, "id") {
        Some(id) => Ok(SendOptions::new().to_peer(node(&id)?)),
        None => Err(Thrown::bad_argument(
            "to is neither \"mesh\" nor \"peers\" nor a peer",
        )),
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

/// Something to call; `name` is what to call it in an error.
pub(super) fn function(value: JsValue, name: &str) -> Result<Function, Thrown> {
    value
        .dyn_into()
        .map_err(|_| Thrown::bad_argument(format!("the {name} is no function")))
}

/// The name of an event.
pub(super) fn event(value: JsValue) -> Result<JsValue, Thrown> {
    if value.is_string() || value.is_symbol() {
        return Ok(value);
    }
    Err(Thrown::bad_argument(
        "the name of an event is no string or symbol",
    ))
}

/// How many there shall be.
pub(super) fn quantity(value: &JsValue) -> Result<u32, Thrown> {
    match value.as_f64() {
        // More than fit into 32 bits are as good as all.
        Some(number) if number >= 0.0 && number.fract() == 0.0 => Ok(number as u32),
        Some(f64::INFINITY) => Ok(u32::MAX),
        _ => Err(Thrown::bad_argument(
            "the quantity is no whole number from 0 up",
        )),
    }
}
