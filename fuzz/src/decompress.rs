//! The codecs: whatever comes in, no more comes out than is allowed; and what we pack can be unpacked.

use rs2p::wire::{Compression, DecodeError};

use super::choices::Choices;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let method = choices.pick(&Compression::ALL);
    let max = choices.pick(&[1 << 10, 0, 1, 100, 1 << 16]);
    let packs = choices.below(4) == 3;
    let bytes = choices.rest();
    if packs {
        pack(method, bytes);
    } else {
        unpack(method, bytes, max);
    }
}

fn unpack(method: Compression, bytes: &[u8], max: usize) {
    match method.decompress(bytes, max) {
        Ok(plain) => assert!(plain.len() <= max),
        Err(DecodeError::TooLargeDecompressed { limit }) => assert_eq!(limit, max),
        Err(error) => assert_eq!(error, DecodeError::Decompression(method)),
    }
}

fn pack(method: Compression, plain: &[u8]) {
    let Some(mut packed) = method.compress(plain) else {
        return;
    };
    let unpacked = method.decompress(&packed, plain.len());
    assert_eq!(unpacked.as_deref(), Ok(plain));
    if let Some(less) = plain.len().checked_sub(1) {
        assert!(method.decompress(&packed, less).is_err());
    }
    packed.push(0);
    assert!(method.decompress(&packed, plain.len()).is_err());
}
