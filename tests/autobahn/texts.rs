//! 6: texts, right and wrong. A link takes none, and the same bytes as binary messages whatever they say.

use crate::case::{Case, case};
use crate::frame::{CONTINUATION, Frame, TEXT, fragments, last, part};

const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = fragmented();
    for (section, texts) in (5..).zip(sections()) {
        for (number, text) in (1..).zip(texts) {
            cases.push(whole(format!("6.{section}.{number}"), [last(TEXT, text)]));
        }
    }
    cases
}

/// A case whose one message comes back.
fn whole(number: impl Into<String>, frames: impl Into<Vec<Frame>>) -> Case {
    let frames = frames.into();
    let message: Vec<u8> = frames
        .iter()
        .flat_map(|frame| frame.payload.clone())
        .collect();
    case(number, frames).echo(message)
}

/// 6.1 to 6.4: fragments of nothing, on and within characters, and of what goes wrong in the middle.
fn fragmented() -> Vec<Case> {
    let hello = "Hello-µ@ßöäüàá-UTF-8!!";
    let surrogate = [KOSME, b"\xed\xa0\x80edited"].concat();
    let beyond = [KOSME, b"\xf4\x90\x80\x80edited"].concat();
    let three = |at: [&[u8]; 3]| {
        let [first, second, third] = at;
        [
            part(TEXT, first),
            part(CONTINUATION, second),
            last(CONTINUATION, third),
        ]
    };
    let by_parts = || three([KOSME, b"\xf4\x90\x80\x80", b"edited"]);
    let by_byte = || three([&beyond[..12], &beyond[12..13], &beyond[13..]]);
    vec![
        whole("6.1.1", [last(TEXT, "")]),
        whole("6.1.2", three([b"", b"", b""])),
        whole("6.1.3", three([b"", b"middle frame payload", b""])),
        whole("6.2.1", [last(TEXT, hello)]),
        whole(
            "6.2.2",
            [part(TEXT, "Hello-µ@ßöä"), last(CONTINUATION, "üàá-UTF-8!!")],
        ),
        whole("6.2.3", fragments(TEXT, hello.as_bytes(), 1)),
        whole("6.2.4", fragments(TEXT, KOSME, 1)),
        whole("6.3.1", [last(TEXT, surrogate.clone())]),
        whole("6.3.2", fragments(TEXT, &surrogate, 1)),
        whole("6.4.1", by_parts()),
        whole("6.4.2", by_byte()),
        whole("6.4.3", [last(TEXT, beyond.clone())]).chop(11),
        whole("6.4.4", [last(TEXT, beyond.clone())]).chop(12),
    ]
}

/// 6.5 to 6.23, from Markus Kuhn's list of what a decoder of UTF-8 may meet.
fn sections() -> Vec<Vec<Vec<u8>>> {
    let of = |texts: &[&[u8]]| texts.iter().map(|text| text.to_vec()).collect();
    let missing: [&[u8]; 10] = [
        b"\xc0",
        b"\xe0\x80",
        b"\xf0\x80\x80",
        b"\xf8\x80\x80\x80",
        b"\xfc\x80\x80\x80\x80",
        b"\xdf",
        b"\xef\xbf",
        b"\xf7\xbf\xbf",
        b"\xfb\xbf\xbf\xbf",
        b"\xfd\xbf\xbf\xbf\xbf",
    ];
    vec![
        of(&[
            b"hello$world",
            b"hello\xc2\xa2world",
            b"hello\xe2\x82\xacworld",
            b"hello\xf0\xa4\xad\xa2world",
            KOSME,
        ]),
        (1..=KOSME.len()).map(|end| KOSME[..end].to_vec()).collect(),
        of(&[b"\0", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
        of(&[b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
        of(&[b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
        of(&[
            b"\xf7\xbf\xbf\xbf",
            b"\xfb\xbf\xbf\xbf\xbf",
            b"\xfd\xbf\xbf\xbf\xbf\xbf",
        ]),
        of(&[
            b"\xed\x9f\xbf",
            b"\xee\x80\x80",
            b"\xef\xbf\xbd",
            b"\xf4\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
        ]),
        continuations(),
        lonely(),
        of(&missing),
        vec![missing.concat()],
        of(&[b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
        overlong([0xaf; 5]),
        of(&[
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xf8\x87\xbf\xbf\xbf",
            b"\xfc\x83\xbf\xbf\xbf\xbf",
        ]),
        overlong([0x80; 5]),
        surrogates(&[0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff]),
        pairs(),
        no_characters(),
        (0xfff9..=0xffff).map(encode).collect(),
    ]
}

/// Bytes that go on where nothing began.
fn continuations() -> Vec<Vec<u8>> {
    let alternating = b"\x80\xbf\x80\xbf\x80\xbf";
    let mut texts = vec![vec![0x80], vec![0xbf]];
    texts.extend((2..=6).map(|end| alternating[..end].to_vec()));
    texts.push((0x80..0xbf).collect());
    texts
}

/// Bytes that begin what does not go on.
fn lonely() -> Vec<Vec<u8>> {
    let ranges = [
        0xc0..0xdf,
        0xe0..0xef,
        0xf0..0xf7,
        0xf8..0xfb,
        0xfc..0xfd_u8,
    ];
    ranges
        .map(|range| range.flat_map(|byte| [byte, b' ']).collect())
        .into()
}

/// A character in more bytes than it needs: two to six.
fn overlong(ends: [u8; 5]) -> Vec<Vec<u8>> {
    let firsts = [0xc0, 0xe0, 0xf0, 0xf8, 0xfc];
    let of_length = |(number, (first, end))| {
        let mut text = vec![first];
        text.extend(vec![0x80; number]);
        text.push(end);
        text
    };
    firsts
        .into_iter()
        .zip(ends)
        .enumerate()
        .map(of_length)
        .collect()
}

/// Halves of UTF-16 pairs, each in three bytes.
fn surrogates(halves: &[u32]) -> Vec<Vec<u8>> {
    halves.iter().map(|&half| encode(half)).collect()
}

fn pairs() -> Vec<Vec<u8>> {
    let high = [0xd800, 0xdb7f, 0xdb80, 0xdbff];
    let all = high
        .into_iter()
        .flat_map(|high| [(high, 0xdc00), (high, 0xdfff)]);
    all.map(|(high, low)| [encode(high), encode(low)].concat())
        .collect()
}

/// The last two of each plane, which are no characters and yet right.
fn no_characters() -> Vec<Vec<u8>> {
    let planes = (0..=16).flat_map(|plane| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
    planes.map(encode).collect()
}

/// A number as UTF-8 would have it, if it would.
fn encode(point: u32) -> Vec<u8> {
    let last = |shift: u32| 0x80 | (point >> shift & 0x3f) as u8;
    match point {
        ..=0xffff => vec![0xe0 | (point >> 12) as u8, last(6), last(0)],
        _ => vec![0xf0 | (point >> 18) as u8, last(12), last(6), last(0)],
    }
}
