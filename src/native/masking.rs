//! The mask of a client's frames (RFC 6455, 5.3): taken off while what was under it is moved.

use core::ops::Range;

/// So many bytes are unmasked at a time: four registers, where nothing is known of the processor but that it is an x86-64. A multiple of
/// a mask's length.
const PIECE: usize = 64;

/// Masks or unmasks bytes.
pub(super) fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    move_down(mask, bytes, 0);
}

/// Masks or unmasks a part of the bytes, and moves it down to `to`, in one pass. What lies between is spoilt; what is behind the part
/// is left alone.
#[inline]
pub(super) fn apply_down(mask: [u8; 4], bytes: &mut [u8], part: Range<usize>, to: usize) {
    let gap = part.start - to;
    if mask == [0; 4] {
        if gap > 0 {
            bytes.copy_within(part, to);
        }
        return;
    }
    // In whole pieces, where what they write too much lies before all that is still to be read.
    let whole = part.start + part.len().next_multiple_of(PIECE);
    let end = if whole - part.end <= gap && whole <= bytes.len() {
        whole
    } else {
        part.end
    };
    move_down(mask, &mut bytes[to..end], gap);
}

/// Masks or unmasks what stands behind the first `gap` bytes, and moves it to their place.
///
/// In pieces, and then in shorter ones: each is read before it is written, and what is written lies before all that is
/// still to be read.
fn move_down(mask: [u8; 4], bytes: &mut [u8], gap: usize) {
    let mut at = move_pieces::<PIECE>(mask, bytes, gap, 0);
    let length = bytes.len() - gap;
    if at < length {
        at = move_pieces::<16>(mask, bytes, gap, at);
        at = move_pieces::<4>(mask, bytes, gap, at);
        for (key, at) in mask.iter().zip(at..length) {
            bytes[at] = bytes[gap + at] ^ key;
        }
    }
}

/// All pieces of `LENGTH`, a multiple of the mask's, from `at` on; returns where the last one ends.
#[inline]
fn move_pieces<const LENGTH: usize>(
    mask: [u8; 4],
    bytes: &mut [u8],
    gap: usize,
    mut at: usize,
) -> usize {
    let mask = u32::from_ne_bytes(mask);
    while gap + at + LENGTH <= bytes.len() {
        let mut piece = [0; LENGTH];
        piece.copy_from_slice(&bytes[gap + at..][..LENGTH]);
        for word in piece.as_chunks_mut().0 {
            *word = (u32::from_ne_bytes(*word) ^ mask).to_ne_bytes();
        }
        bytes[at..][..LENGTH].copy_from_slice(&piece);
        at += LENGTH;
    }
    at
}
