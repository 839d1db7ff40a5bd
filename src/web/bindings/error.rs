//! Errors as JavaScript has them: an `Error` named `MeshError`, with a `code` for programs.

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
}

impl Thrown {
    /// An argument that is not what the method takes.
    pub(super) fn bad_argument(message: impl Into<String>) -> Self {
        Self {
            code: "bad-argument",
            message: message.into(),
        }
    }

    /// An address that a browser cannot dial.
    pub(super) fn bad_address(message: impl Into<String>) -> Self {
        Self {
            code: "bad-address",
            message: message.into(),
        }
    }

    /// Something that a page does too slowly.
    pub(super) fn lagged(missed: u64) -> Self {
        Self {
            code: "lagged",
            message: format!("{missed} events were dropped: the page did not take them in time"),
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
        Self {
            code: error.code(),
            message,
        }
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
        error.into()
    }
}
