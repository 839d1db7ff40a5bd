//! What a relative keeps of a link.

use crate::wire::{Endpoint, FrameReader};

/// Neither bounds a frame; the model does, as nobody here sends a larger one.
const FRAME: usize = 1 << 24;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) reader: FrameReader,
    /// Where it was dialled, or from where it came.
    pub(super) remote: Option<(String, u16)>,
    /// Where its peer says that it can be dialled.
    pub(super) endpoint: Option<Endpoint>,
    /// Its peer announced a compression.
    pub(super) is_compressed: bool,
    /// It has taken its peer's handshake.
    pub(super) has_greeted: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            reader: FrameReader::new(FRAME),
            remote: None,
            endpoint: None,
            is_compressed: false,
            has_greeted: false,
        }
    }
}

impl Link {
    pub(super) fn dialled(to: Endpoint) -> Self {
        Self {
            remote: Some((to.host, to.port)),
            ..Self::default()
        }
    }
}
