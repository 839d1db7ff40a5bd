//! Errors as JavaScript has them: an `Error` named `MeshError`, with a `code` for programs.

use core::time::Duration;

use wasm_bindgen::JsValue;

use super::from_js::Unsendable;
use crate::address::AddressError;
use crate::mesh::Failure;
use crate::socket::MeshError;

/// What a method throws, or its promise rejects with.
#[derive(Debug)]
pub(super) struct Thrown {
    code: &'static str,
    message: String,
    cause: Option<JsValue>,
}

impl Thrown {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            cause: None,
        }
    }

    /// An argument that is not what the method takes.
    pub(super) fn bad_argument(message: impl Into<String>) -> Self {
        Self::new("bad-argument", message)
    }

    /// An address that a browser cannot dial.
    pub(super) fn bad_address(message: impl Into<String>) -> Self {
        Self::new("bad-address", message)
    }

    /// Something that a page does too slowly.
    pub(super) fn lagged(missed: u64) -> Self {
        let dropped = format!("{missed} events were dropped: the page did not take them in time");
        Self::new("lagged", dropped)
    }

    /// What was said while the node was away, and nobody remembers.
    pub(super) fn gap(unknown: Duration) -> Self {
        let lost = "this node was away for longer than its peers remember: what was said in";
        Self::new(
            "gap",
            format!(
                "{lost} {} s of it is lost",
                unknown.as_millis().div_ceil(1_000)
            ),
        )
    }

    /// A handler of the page's that threw `cause`.
    pub(super) fn handler(cause: &JsValue) -> Self {
        let failed = "a handler failed, which counts as not having acted: see the cause";
        Self {
            cause: Some(cause.clone()),
            ..Self::new("handler-failed", failed)
        }
    }
}

impl From<MeshError> for Thrown {
    fn from(error: MeshError) -> Self {
        let message = match &error {
            // A page has no command line.
            MeshError::Failure(Failure::WrongSubnet { subnet }) => {
                format!(
                    "the peer is in another subnet than \"{subnet}\": give both the same subnet"
                )
            }
            other => other.to_string(),
        };
        Self::new(error.code(), message)
    }
}

impl From<AddressError> for Thrown {
    fn from(error: AddressError) -> Self {
        MeshError::from(error).into()
    }
}

impl From<Unsendable> for Thrown {
    fn from(error: Unsendable) -> Self {
        Self::bad_argument(error.to_string())
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        let error = js_sys::Error::new(&thrown.message);
        error.set_name("MeshError");
        // An error is an ordinary object, which takes a property.
        let _ = js_sys::Reflect::set(&error, &"code".into(), &thrown.code.into());
        if let Some(cause) = thrown.cause {
            error.set_cause(&cause);
        }
        error.into()
    }
}
