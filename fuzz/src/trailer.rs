//! The trailer: what is read of it is what is written of it, wherever it stands.

use rs2p::wire::{MAX_TRAILER, Trailer};

use super::choices::Choices;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let before = choices.below(16);
    let trailer = Trailer::parse(choices.rest());
    let mut frame = vec![0; before];
    trailer.encode(&mut frame);
    let written = &frame[before..];
    assert!(written.len() <= MAX_TRAILER);
    assert_eq!(written.is_empty(), trailer == Trailer::default());
    assert!(written.is_empty() || frame.len().is_multiple_of(8));
    assert_eq!(Trailer::parse(written), trailer);
}
