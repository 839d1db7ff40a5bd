//! A byte stream gives its frames however it was cut, and is given up for ever at one that is too long.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

use bytes::Bytes;
use rs2p::time::WallSeconds;
use rs2p::wire::{DecodeError, Draft, FrameReader, HEADER, Kind, Limits, Message, Value};

const MAX_BODY: usize = 1 << 20;

fn message(payload: &[Value]) -> Message {
    let sender = "sender".parse().expect("a node id");
    Draft::new(Kind::Broadcast, &sender, WallSeconds(1)).encode(payload)
}

#[test]
fn a_frame_is_taken_up_to_the_limit() {
    let frame = |len: usize| {
        let mut reader = FrameReader::new(1000);
        let length = u32::try_from(len).expect("short");
        reader.push(Bytes::copy_from_slice(&length.to_be_bytes()));
        reader.push(vec![7; len].into());
        reader
            .next_frame()
            .map(|frame| frame.map(|frame| frame.body().len()))
    };
    assert_eq!(frame(0), Ok(Some(0)));
    assert_eq!(frame(1000), Ok(Some(1000)));
    let too_large = DecodeError::FrameTooLarge {
        announced: 1001,
        limit: 1000,
    };
    assert_eq!(frame(1001), Err(too_large));
}

#[test]
fn two_frames_come_whole_however_they_are_cut_in_three() {
    let frames = [
        message(&[]).frame(),
        message(&[0_u8.into(), "payload".into()]).frame(),
    ];
    let stream = Bytes::from([&frames[0].as_bytes()[..], frames[1].as_bytes()].concat());
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let mut reader = FrameReader::new(MAX_BODY);
            let mut read = Vec::new();
            for chunk in [
                stream.slice(..first),
                stream.slice(first..second),
                stream.slice(second..),
            ] {
                reader.push(chunk);
                while let Some(frame) = reader.next_frame().expect("within the limit") {
                    read.push(frame);
                }
            }
            assert_eq!(read, frames, "cut at {first} and {second}");
            assert!(!reader.is_mid_frame());
        }
    }
}

#[test]
fn a_frame_of_4_gib_is_refused_by_its_header_alone() {
    let mut reader = FrameReader::new(MAX_BODY);
    for byte in 0..HEADER - 1 {
        reader.push(Bytes::from_static(b"\xff"));
        assert_eq!(reader.next_frame(), Ok(None), "after {} bytes", byte + 1);
    }
    reader.push(Bytes::from_static(b"\xff"));
    let refused = DecodeError::FrameTooLarge {
        announced: u32::MAX,
        limit: MAX_BODY,
    };
    assert_eq!(reader.next_frame(), Err(refused));
}

#[test]
fn a_refused_stream_stays_refused_and_holds_nothing() {
    let mut reader = FrameReader::new(10);
    reader.push(Bytes::from_static(&[0, 0, 0, 11, 1, 2, 3]));
    let refused = reader.next_frame().expect_err("one byte too long");
    reader.set_max_body(MAX_BODY);
    reader.push(message(&[]).frame().into_bytes());
    assert_eq!(reader.next_frame(), Err(refused));
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn a_limit_that_changes_holds_from_the_next_frame_on() {
    let frame = message(&[0_u8.into(), vec![0; 5000].into()]).frame();
    let mut reader = FrameReader::new(4096);
    reader.push(frame.as_bytes().slice(..3));
    assert_eq!(reader.next_frame(), Ok(None));
    reader.set_max_body(MAX_BODY);
    reader.push(frame.as_bytes().slice(3..));
    assert_eq!(reader.next_frame(), Ok(Some(frame)));
}

#[test]
fn a_stream_is_mid_frame_from_its_first_byte_to_its_last() {
    let bytes = message(&[]).frame().into_bytes();
    let mut reader = FrameReader::new(MAX_BODY);
    assert!(!reader.is_mid_frame());
    for sent in 0..bytes.len() - 1 {
        reader.push(bytes.slice(sent..=sent));
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.is_mid_frame());
        assert_eq!(reader.buffered(), sent + 1);
    }
    reader.push(bytes.slice(bytes.len() - 1..));
    assert!(reader.next_frame().is_ok_and(|frame| frame.is_some()));
    assert!(!reader.is_mid_frame());
}

#[test]
fn a_frame_within_a_chunk_is_not_copied() {
    let frame = message(&[0_u8.into(), "payload".into()])
        .frame()
        .into_bytes();
    let chunk = Bytes::from([&frame[..], &frame[..], &frame[..7]].concat());
    let mut reader = FrameReader::new(MAX_BODY);
    reader.push(chunk.clone());
    for start in [0, frame.len()] {
        let read = reader
            .next_frame()
            .expect("within the limit")
            .expect("a whole frame");
        assert_eq!(read.as_bytes().as_ptr(), chunk[start..].as_ptr());
        let opened = read
            .open(&[], MAX_BODY, &Limits::DEFAULT)
            .expect("a message");
        assert_eq!(opened.frame().as_bytes().as_ptr(), chunk[start..].as_ptr());
    }
    assert_eq!(reader.next_frame(), Ok(None));
    assert_eq!(reader.buffered(), 7);
}
