//! A case: what the client sends, and what is to come of it.

use crate::frame::{BINARY, Frame, TEXT};

/// A case of the suite.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// As Autobahn numbers it.
    pub(crate) number: String,
    pub(crate) frames: Vec<Frame>,
    /// Whether the bytes are written in pieces, and of which size.
    pub(crate) chop: Option<usize>,
    /// The pongs that are to come, in their order.
    pub(crate) pongs: Vec<Vec<u8>>,
    /// The bytes of messages that are to come back.
    pub(crate) echo: Vec<u8>,
    pub(crate) end: End,
    /// How it ends if text is sent as text.
    as_text: End,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything has come; the client says goodbye and is answered.
    Orderly,
    /// The server answers the client's Close, or fails the connection, with this code, or without one.
    Close(Option<u16>),
}

pub(crate) const PROTOCOL: End = End::Close(Some(1002));
pub(crate) const UNSUPPORTED: End = End::Close(Some(1003));

/// A case whose messages come back, and which ends well.
pub(crate) fn case(number: impl Into<String>, frames: impl Into<Vec<Frame>>) -> Case {
    Case {
        number: number.into(),
        frames: frames.into(),
        chop: None,
        pongs: Vec::new(),
        echo: Vec::new(),
        end: End::Orderly,
        as_text: UNSUPPORTED,
    }
}

impl Case {
    pub(crate) fn chop(mut self, size: usize) -> Self {
        self.chop = Some(size);
        self
    }

    pub(crate) fn pong(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.pongs.push(payload.into());
        self
    }

    pub(crate) fn echo(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.echo.extend_from_slice(bytes.as_ref());
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Ends like this even if text is sent as text: what breaks the protocol comes first, or text comes too late.
    pub(crate) fn whatever(mut self, end: End) -> Self {
        (self.end, self.as_text) = (end, end);
        self
    }

    /// The case as it is, and, if it sends text, once more with binary messages in its place.
    pub(crate) fn plays(&self) -> Vec<Self> {
        let has_text = self.frames.iter().any(|frame| frame.opcode() == TEXT);
        let mut binary = self.clone();
        for frame in &mut binary.frames {
            if frame.opcode() == TEXT {
                frame.first += BINARY - TEXT;
            }
        }
        if !has_text {
            return vec![binary];
        }
        let mut text = self.clone();
        text.number += " (text)";
        text.end = self.as_text;
        if text.end == UNSUPPORTED {
            text.echo.clear();
            text.pongs.clear();
        }
        binary.number += " (as binary)";
        vec![text, binary]
    }
}
