//! The protocols that servers are spoken to in.

use std::io::{Error, Result};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proto {
    /// Payloads as WebSocket messages, and no more.
    Raw,
    /// NATS over WebSocket.
    Nats,
    /// MQTT 3.1.1 over WebSocket.
    Mqtt,
    /// The family's 0.7 over WebSocket.
    Py2pWs,
    /// The family's 0.7 over TCP.
    Py2pTcp,
}

impl Proto {
    pub(crate) fn is_websocket(self) -> bool {
        self != Self::Py2pTcp
    }
}

impl FromStr for Proto {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "raw" => Ok(Self::Raw),
            "nats" => Ok(Self::Nats),
            "mqtt" => Ok(Self::Mqtt),
            "py2p-ws" => Ok(Self::Py2pWs),
            "py2p-tcp" => Ok(Self::Py2pTcp),
            _ => Err(Error::other(format!("there is no protocol `{word}`"))),
        }
    }
}

/// What the connections of one role have in common.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) proto: Proto,
    /// Of the WebSocket's URL.
    pub(crate) path: String,
    /// Of a payload, in bytes.
    pub(crate) size: usize,
    pub(crate) subnet: String,
    /// The subject or topic of messages.
    pub(crate) topic: String,
}
