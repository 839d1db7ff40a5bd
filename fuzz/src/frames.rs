//! Frames out of a stream: however it is cut they are the same, and no more is held than one frame may have.

use bytes::Bytes;
use rs2p::wire::{Compression, DecodeError, Frame, FrameReader, HEADER, Limits};

use super::choices::Choices;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let max_body = 1 << choices.below(21);
    let sizes = choices.array::<4>().map(|size| usize::from(size) + 1);
    let stream = Bytes::copy_from_slice(choices.rest());

    let whole = read(&stream, max_body, &[stream.len() + 1]);
    assert_eq!(whole, read(&stream, max_body, &sizes));
    assert_same_bytes(&stream, &whole);
    whole.0.iter().for_each(|frame| open(frame, max_body));
}

type Read = (Vec<Frame>, Option<DecodeError>, usize);

/// The frames of a stream that comes in chunks of `sizes` again and again; how it ended, and what is left of it.
fn read(stream: &Bytes, max_body: usize, sizes: &[usize]) -> Read {
    let mut reader = FrameReader::new(max_body);
    let (mut frames, mut at) = (Vec::new(), 0);
    for size in sizes.iter().cycle() {
        let end = stream.len().min(at + size);
        reader.push(stream.slice(at..end));
        at = end;
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next_frame(), Err(error.clone()), "it stays refused");
                    assert_eq!(reader.buffered(), 0);
                    return (frames, Some(error), 0);
                }
            }
        }
        assert!(reader.buffered() < HEADER + max_body);
        assert_eq!(reader.is_mid_frame(), reader.buffered() > 0);
        if at == stream.len() {
            break;
        }
    }
    (frames, None, reader.buffered())
}

/// The frames are the stream, from its start to where it is refused or is not whole.
fn assert_same_bytes(stream: &Bytes, (frames, error, left): &Read) {
    let mut at = 0;
    for frame in frames {
        let bytes = frame.as_bytes();
        assert_eq!(stream[at..at + bytes.len()], bytes[..]);
        at += bytes.len();
    }
    assert!(error.is_some() || at + left == stream.len());
}

/// What opens is a message that its own frame opens to as well.
fn open(frame: &Frame, max_body: usize) {
    let Ok(message) = frame.open(&[Compression::Zlib], max_body, &Limits::DEFAULT) else {
        return;
    };
    assert!(message.frame().body().len() <= max_body);
    let again = message.frame().open(&[], max_body, &Limits::DEFAULT);
    assert_eq!(again.as_ref(), Ok(&message));
}
