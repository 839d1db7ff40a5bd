//! A link before its peer has greeted: whatever comes, nobody is a peer and the application hears nothing until a right
//! greeting has come; and however it is cut, the same becomes of it.

use core::time::Duration;

use bytes::Bytes;
use rs2p::address::Scheme;
use rs2p::id::LinkId;
use rs2p::mesh::{Command, Mesh};
use rs2p::wire::{FrameReader, Limits, Signal};

use super::choices::Choices;
use super::rig::Rig;
use super::{said, words};

/// Most things that are said in one run.
const STEPS: usize = 16;
/// Most chunks in which one of them comes.
const CHUNKS: usize = 24;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let size = 1 + choices.below(256);
    let whole = talk(&mut choices.clone(), usize::MAX);
    assert_eq!(talk(&mut choices, size), whole);
}

/// What became of the link and of the node: who is linked, what was delivered, and how many frames were said.
type Became = (bool, usize, usize, u64);

fn talk(choices: &mut Choices<'_>, size: usize) -> Became {
    let mut rig = Rig::new();
    let scheme = words::scheme(choices);
    let Some(link) = begin(&mut rig, choices, scheme) else {
        return outcome(&rig.mesh, false, &rig);
    };
    let mut greeted = Greeted::new(&rig);
    for _ in 0..STEPS {
        if choices.is_empty() || !rig.links.contains_key(&link) {
            break;
        }
        let bytes = word(&rig, choices, link);
        greeted.hear(&bytes);
        for chunk in chunks(&bytes, size) {
            rig.receive(link, chunk);
        }
        if !greeted.is_so {
            assert_eq!((rig.mesh.peers().count(), rig.delivered), (0, 0));
        }
        if choices.below(8) == 7 {
            rig.pass(Duration::from_millis(20 * u64::from(choices.byte())));
        }
    }
    let is_open = rig.links.contains_key(&link);
    let became = outcome(&rig.mesh, is_open, &rig);
    rig.pass(Duration::from_secs(20));
    assert!(
        greeted.is_so || !rig.links.contains_key(&link),
        "a stranger has little time"
    );
    became
}

/// A link that was accepted, or dialled.
fn begin(rig: &mut Rig, choices: &mut Choices<'_>, scheme: Scheme) -> Option<LinkId> {
    if choices.flag() {
        return Some(rig.accept(scheme));
    }
    rig.command(Command::Connect {
        address: words::address(choices),
        expected: choices.flag().then(|| words::node(choices)),
        persist: false,
    });
    let link = rig.links.keys().next().copied()?;
    rig.answer_dial(link);
    Some(link)
}

fn word(rig: &Rig, choices: &mut Choices<'_>, link: LinkId) -> Bytes {
    match choices.below(6) {
        0 => Bytes::copy_from_slice(choices.bytes()),
        1 => said::sealed(choices.bytes()),
        2 => said::signal(rig, choices, link).frame().into_bytes(),
        3 => {
            // One byte is other than it should be.
            let mut frame = said::greeting(rig, choices, link).packed().to_vec();
            let at = choices.below(256).min(frame.len() - 1);
            frame[at] ^= choices.byte();
            said::sealed(&frame)
        }
        _ => said::greeting(rig, choices, link).frame().into_bytes(),
    }
}

fn chunks(bytes: &Bytes, size: usize) -> impl Iterator<Item = Bytes> {
    let size = size.max(bytes.len().div_ceil(CHUNKS)).max(1);
    let starts = (0..bytes.len()).step_by(size);
    starts.map(move |at| bytes.slice(at..bytes.len().min(at.saturating_add(size))))
}

fn outcome(mesh: &Mesh, is_open: bool, rig: &Rig) -> Became {
    (
        is_open,
        mesh.peers().count(),
        rig.delivered,
        mesh.stats().received,
    )
}

/// Whether a handshake was among what was said.
struct Greeted {
    reader: FrameReader,
    limit: usize,
    is_so: bool,
}

impl Greeted {
    fn new(rig: &Rig) -> Self {
        let limit = rig.mesh.config().greeting_frame;
        Self {
            reader: FrameReader::new(limit),
            limit,
            is_so: false,
        }
    }

    fn hear(&mut self, bytes: &Bytes) {
        self.reader.push(bytes.clone());
        while let (false, Ok(Some(frame))) = (self.is_so, self.reader.next_frame()) {
            let message = frame.open(&[], self.limit, &Limits::DEFAULT);
            let signal = message.and_then(|message| Signal::parse(&message));
            self.is_so = matches!(signal, Ok(Signal::Handshake(_)));
        }
    }
}
