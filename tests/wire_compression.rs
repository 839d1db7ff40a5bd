//! Compressed bytes are exactly one stream, and unpack no further than the limit.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use std::io::{Read, copy, repeat};

use rs2p::wire::{Compression, DecodeError, Frame, FrameReader, Limits};

const MAX_BODY: usize = 1 << 20;
/// What the bombs unpack to. Nothing here may ever hold as much.
const BOMB: u64 = 16 << 20;

/// The frame with this body, whole and of honest length.
fn frame_of(body: &[u8]) -> Frame {
    let length = u32::try_from(body.len()).expect("a short body");
    let mut reader = FrameReader::new(body.len());
    reader.push([&length.to_be_bytes(), body].concat().into());
    reader
        .next_frame()
        .expect("within the limit")
        .expect("a whole frame")
}

/// A stream of [`BOMB`] zeros, compressed.
fn bomb(method: Compression) -> Vec<u8> {
    let zeros = || repeat(0).take(BOMB);
    match method {
        Compression::Zlib => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            copy(&mut zeros(), &mut encoder).expect("a Vec takes all");
            encoder.finish().expect("a Vec takes all")
        }
        Compression::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            copy(&mut zeros(), &mut encoder).expect("a Vec takes all");
            encoder.finish().expect("a Vec takes all")
        }
        Compression::Snappy => snappy_zeros(BOMB),
        method => legacy::compress(method, zeros()),
    }
}

/// `len` zeros, a multiple of 64, as a raw snappy block: its length, a literal zero, then copies of 64 bytes.
fn snappy_zeros(len: u64) -> Vec<u8> {
    let mut block = Vec::new();
    let mut left = len;
    while left >= 0x80 {
        block.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    block.extend([left as u8, 0x00, 0x00, (63 - 1) << 2 | 0b10, 1, 0]);
    for _ in 1..len / 64 {
        block.extend([(64 - 1) << 2 | 0b10, 1, 0]);
    }
    block
}

#[cfg(not(target_arch = "wasm32"))]
mod legacy {
    use super::{Compression, Read, copy};

    pub(super) const DECODED: &[Compression] = &Compression::ALL;

    pub(super) fn compress(method: Compression, mut plain: impl Read) -> Vec<u8> {
        if method == Compression::Bz2 {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            copy(&mut plain, &mut encoder).expect("a Vec takes all");
            encoder.finish().expect("a Vec takes all")
        } else {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            copy(&mut plain, &mut encoder).expect("a Vec takes all");
            encoder.finish().expect("a Vec takes all")
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod legacy {
    use super::{Compression, Read};

    pub(super) const DECODED: &[Compression] =
        &[Compression::Gzip, Compression::Zlib, Compression::Snappy];

    pub(super) fn compress(method: Compression, _: impl Read) -> Vec<u8> {
        panic!("{method} is not built for browsers")
    }
}

/// `plain` as one stream of `method`.
fn stream(method: Compression, plain: &[u8]) -> Vec<u8> {
    match method {
        Compression::Bz2 | Compression::Lzma => legacy::compress(method, plain),
        method => method.compress(plain).expect("written here"),
    }
}

#[test]
fn a_bomb_is_given_up_at_the_limit() {
    for &method in legacy::DECODED {
        let bomb = bomb(method);
        let refused = DecodeError::TooLargeDecompressed { limit: MAX_BODY };
        assert_eq!(
            method.decompress(&bomb, MAX_BODY),
            Err(refused.clone()),
            "{method}"
        );
        if method != Compression::Snappy {
            let opened =
                frame_of(&bomb).open(&[method], bomb.len().max(MAX_BODY), &Limits::DEFAULT);
            assert!(
                matches!(opened, Err(DecodeError::TooLargeDecompressed { .. })),
                "{method}"
            );
        }
    }
}

#[test]
fn a_snappy_bomb_of_true_length_unpacks_where_it_is_allowed() {
    let plain = Compression::Snappy.decompress(&snappy_zeros(1 << 20), 1 << 20);
    assert_eq!(plain, Ok(vec![0; 1 << 20]));
}

#[test]
fn snappy_is_the_raw_block_format() {
    assert_eq!(
        Compression::Snappy.decompress(b"\x05\x10hello", 5),
        Ok(b"hello".to_vec())
    );
    let framed = b"\xff\x06\x00\x00sNaPpY\x01\x09\x00\x00\xbb\x1f\x1c\x19hello";
    assert!(Compression::Snappy.decompress(framed, MAX_BODY).is_err());
}

#[test]
fn a_snappy_length_that_its_input_cannot_give_is_refused() {
    let refused = Err(DecodeError::Decompression(Compression::Snappy));
    assert_eq!(
        Compression::Snappy.decompress(b"\xff\xff\x3f\x00\x00", MAX_BODY),
        refused
    );
    let beyond_u32 = b"\xff\xff\xff\xff\xff\x7f\x00\x00";
    assert_eq!(
        Compression::Snappy.decompress(beyond_u32, MAX_BODY),
        refused
    );
}

#[test]
fn output_is_taken_up_to_the_limit() {
    let plain: Vec<u8> = (0..10_000_u32).map(|byte| (byte % 251) as u8).collect();
    for &method in legacy::DECODED {
        let packed = stream(method, &plain);
        assert_eq!(
            method.decompress(&packed, plain.len()).as_ref(),
            Ok(&plain),
            "{method}"
        );
        let limit = plain.len() - 1;
        let refused = DecodeError::TooLargeDecompressed { limit };
        assert_eq!(method.decompress(&packed, limit), Err(refused), "{method}");
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_refused() {
    let plain = b"so far and no further";
    for &method in legacy::DECODED {
        let packed = stream(method, plain);
        for end in 0..packed.len() {
            let refused = Err(DecodeError::Decompression(method));
            assert_eq!(
                method.decompress(&packed[..end], MAX_BODY),
                refused,
                "{method}, {end} bytes"
            );
        }
    }
}

#[test]
fn anything_behind_a_stream_is_refused() {
    for &method in legacy::DECODED {
        let packed = stream(method, b"one");
        for behind in [&b"\0"[..], b"\0\0\0\0", &packed] {
            let refused = Err(DecodeError::Decompression(method));
            assert_eq!(
                method.decompress(&[&packed, behind].concat(), MAX_BODY),
                refused,
                "{method}"
            );
        }
    }
}

#[test]
fn codes_are_those_of_the_protocol() {
    for (method, code) in Compression::ALL
        .into_iter()
        .zip([0x10, 0x11, 0x12, 0x13, 0x20])
    {
        assert_eq!(method.code(), code);
        assert_eq!(Compression::from_code(code.into()), Some(method));
    }
    assert_eq!(Compression::from_code(0x14), None);
    assert_eq!(Compression::from_code(0x110), None);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn an_xz_stream_that_asks_for_too_much_memory_is_refused() {
    // Preset 9 asks for a dictionary of 64 MiB, preset 6, that of py2p, for 8 MiB.
    for (preset, accepted) in [(6, true), (9, false)] {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), preset);
        std::io::Write::write_all(&mut encoder, b"plain").expect("a Vec takes all");
        let packed = encoder.finish().expect("a Vec takes all");
        let unpacked = Compression::Lzma.decompress(&packed, MAX_BODY);
        assert_eq!(unpacked.is_ok(), accepted, "preset {preset}");
    }
}

#[cfg(target_arch = "wasm32")]
#[test]
fn bz2_and_lzma_are_not_decoded_in_a_browser() {
    for method in [Compression::Bz2, Compression::Lzma] {
        assert_eq!(
            method.decompress(b"", MAX_BODY),
            Err(DecodeError::Unsupported(method))
        );
    }
}
