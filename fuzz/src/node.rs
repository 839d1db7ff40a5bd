//! A whole node between four peers, who open links, greet with any capabilities, say anything and read as they like, while
//! its user and its surroundings do what they please.

use core::time::Duration;

use bytes::Bytes;
use rs2p::id::LinkId;
use rs2p::mesh::{Command, Environment, LinkDown, LinkEvent, Reach};
use rs2p::wire::{Flag, Kind};

use super::choices::Choices;
use super::rig::Rig;
use super::{said, words};

/// Most things that happen in one run, so that it stays short.
const STEPS: usize = 128;

pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut rig = Rig::new();
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        step(&mut rig, &mut choices);
    }
    // Whatever was begun ends: links, which are silent now, too.
    rig.pass(Duration::from_secs(40));
}

fn step(rig: &mut Rig, choices: &mut Choices<'_>) {
    match choices.below(16) {
        0 => drop(rig.accept(words::scheme(choices))),
        1 => arrive(rig, choices),
        2 => pass(rig, choices),
        3 => command(rig, choices),
        4 => environment(rig, choices),
        5 => dial(rig, choices),
        action => {
            if let Some(link) = link(rig, choices, true) {
                on_link(rig, choices, link, action);
            }
        }
    }
}

/// A peer dials and greets.
fn arrive(rig: &mut Rig, choices: &mut Choices<'_>) {
    let link = rig.accept(words::scheme(choices));
    if rig.links.contains_key(&link) {
        let message = said::greeting(rig, choices, link);
        rig.hear(link, &message);
    }
}

fn pass(rig: &mut Rig, choices: &mut Choices<'_>) {
    match choices.byte() {
        0..64 => rig.pass_to_deadline(),
        some @ 64..192 => rig.pass(Duration::from_millis(u64::from(some - 63))),
        more => rig.pass(Duration::from_secs(u64::from(more - 191))),
    }
}

/// One of the links that are up, or of the dials.
fn link(rig: &Rig, choices: &mut Choices<'_>, is_up: bool) -> Option<LinkId> {
    let links = rig.links.iter().filter(|(_, side)| side.is_up == is_up);
    let links: Vec<LinkId> = links.map(|(link, _)| *link).collect();
    (!links.is_empty()).then(|| choices.pick(&links))
}

fn on_link(rig: &mut Rig, choices: &mut Choices<'_>, link: LinkId, action: usize) {
    match action {
        6 => {
            let message = said::greeting(rig, choices, link);
            rig.hear(link, &message);
        }
        7 | 8 => {
            let message = said::signal(rig, choices, link);
            rig.hear(link, &message);
        }
        9 => {
            let sender = words::node(choices);
            let message = said::application(rig, choices, Kind::Broadcast, &sender);
            rig.hear(link, &message);
        }
        10 => {
            let sender = words::node(choices);
            let kind = Kind::from_code(choices.below(6) as u64);
            let message = said::application(rig, choices, kind, &sender);
            rig.hear(link, &message);
        }
        11 => {
            let message = said::forward(rig, choices, link);
            rig.hear(link, &message);
        }
        12 => again(rig, choices, link),
        13 => rig.receive(link, noise(choices)),
        14 => rig.write(link, choices.byte().into()),
        _ => end(rig, choices, link),
    }
}

/// What was said before by anybody, as it was or compressed, whole or in two parts.
fn again(rig: &mut Rig, choices: &mut Choices<'_>, link: LinkId) {
    if rig.said.is_empty() {
        return;
    }
    let mut frame = rig.said[choices.below(rig.said.len())].clone();
    if choices.flag() {
        frame = said::compressed(&frame).unwrap_or(frame);
    }
    let cut = frame.len() * choices.below(256) / 255;
    rig.receive(link, frame.slice(..cut));
    if choices.below(4) < 3 {
        rig.receive(link, frame.slice(cut..));
    }
}

/// Bytes of any kind, which are a frame or are not.
fn noise(choices: &mut Choices<'_>) -> Bytes {
    let is_sealed = choices.flag();
    let bytes = choices.bytes();
    if is_sealed {
        said::sealed(bytes)
    } else {
        Bytes::copy_from_slice(bytes)
    }
}

fn end(rig: &mut Rig, choices: &mut Choices<'_>, link: LinkId) {
    match choices.below(4) {
        0 => rig.event(LinkEvent::Alive { link }),
        1 => rig.close(link, LinkDown::Failed("a fault".to_owned())),
        _ => {
            let code = choices.pick(&[None, Some(1000), Some(1001), Some(4001), Some(4004)]);
            let code = code.or_else(|| choices.flag().then_some(4012));
            let reason = String::new();
            rig.close(link, LinkDown::ClosedByPeer { code, reason });
        }
    }
}

fn dial(rig: &mut Rig, choices: &mut Choices<'_>) {
    let Some(link) = link(rig, choices, false) else {
        return;
    };
    if choices.flag() {
        rig.close(link, LinkDown::Unreachable("nobody there".to_owned()));
    } else {
        rig.answer_dial(link);
    }
}

fn environment(rig: &mut Rig, choices: &mut Choices<'_>) {
    const ALL: [Environment; 7] = [
        Environment::Offline,
        Environment::Online,
        Environment::Hidden,
        Environment::Visible,
        Environment::Frozen,
        Environment::Resumed,
        Environment::Leaving,
    ];
    rig.environment(choices.pick(&ALL));
}

fn command(rig: &mut Rig, choices: &mut Choices<'_>) {
    let command = match choices.below(10) {
        0 => Command::Connect {
            address: words::address(choices),
            expected: choices.flag().then(|| words::node(choices)),
            persist: choices.flag(),
        },
        1 => Command::Broadcast {
            reach: match choices.below(3) {
                0 => Reach::Mesh,
                1 => Reach::Peers,
                _ => Reach::Peer(words::node(choices)),
            },
            flag: choices.pick(&[&Flag::BROADCAST, &Flag::WHISPER]).clone(),
            packets: words::packets(choices),
            topic: choices.flag().then(|| words::topic(choices)),
        },
        2 => Command::Whisper {
            to: words::node(choices),
            packets: words::packets(choices),
            topic: choices.flag().then(|| words::topic(choices)),
            answer: choices.flag().then(|| choices.number()),
        },
        3 => Command::Ask {
            to: choices.flag().then(|| words::node(choices)),
            topic: choices.flag().then(|| words::topic(choices)),
            packets: words::packets(choices),
            patience: Duration::from_millis(choices.number()),
            answers: choices.byte().into(),
        },
        4 => Command::Forget {
            ticket: rs2p::mesh::Ticket(choices.byte().into()),
        },
        5 => Command::Interest(words::interest(choices)),
        6 => Command::RequestPeers,
        7 => Command::Disconnect {
            node: words::node(choices),
        },
        8 => Command::Present {
            packets: words::packets(choices),
        },
        // A node that is closed does nothing more, so it is seldom.
        _ if choices.byte() == 0xc1 => Command::Close,
        _ => Command::RequestPeers,
    };
    rig.command(command);
}
