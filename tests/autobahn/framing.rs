//! 1 to 5: framing, pings and pongs, reserved bits, opcodes, fragmentation.

use crate::case::{Case, PROTOCOL, case};
use crate::frame::{BINARY, CONTINUATION, Frame, PING, PONG, TEXT, last, part, reserved};

const HELLO: &str = "Hello, world!";
const BYTES: [u8; 8] = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];

pub(crate) fn framing() -> Vec<Case> {
    let sizes = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];
    let kinds = [(1, TEXT, b'*'), (2, BINARY, 0xfe)];
    let all = kinds
        .into_iter()
        .flat_map(|kind| (1..).zip(sizes).map(move |at| (kind, at)));
    all.map(|((section, opcode, byte), (number, size))| {
        let message = vec![byte; size];
        let case = case(
            format!("1.{section}.{number}"),
            [last(opcode, message.clone())],
        );
        let case = case.echo(message);
        if number == 8 { case.chop(997) } else { case }
    })
    .collect()
}

pub(crate) fn pings() -> Vec<Case> {
    let long = [0xfe; 125];
    let ten: Vec<String> = (0..10).map(|number| format!("payload-{number}")).collect();
    let many = |number| {
        let frames: Vec<Frame> = ten.iter().map(|text| last(PING, text.as_str())).collect();
        ten.iter()
            .fold(case(number, frames), |case, text| case.pong(text.as_str()))
    };
    vec![
        case("2.1", [last(PING, "")]).pong(""),
        case("2.2", [last(PING, HELLO)]).pong(HELLO),
        case("2.3", [last(PING, BYTES)]).pong(BYTES),
        case("2.4", [last(PING, long)]).pong(long),
        case("2.5", [last(PING, [0xfe; 126])]).end(PROTOCOL),
        case("2.6", [last(PING, long)]).pong(long).chop(1),
        case("2.7", [last(PONG, "")]),
        case("2.8", [last(PONG, "unsolicited pong payload")]),
        case(
            "2.9",
            [
                last(PONG, "unsolicited pong payload"),
                last(PING, "ping payload"),
            ],
        )
        .pong("ping payload"),
        many("2.10"),
        many("2.11").chop(1),
    ]
}

/// A message, then a frame that is wrong, then a ping that is not to be answered.
fn behind_a_message(number: &str, wrong: Frame) -> Case {
    let case = case(number, [last(TEXT, HELLO), wrong, last(PING, "")]);
    case.echo(HELLO).end(PROTOCOL)
}

pub(crate) fn reserved_bits() -> Vec<Case> {
    let hello = |bits| reserved(TEXT, bits, HELLO);
    vec![
        case("3.1", [hello(1)]).whatever(PROTOCOL),
        behind_a_message("3.2", hello(2)),
        behind_a_message("3.3", hello(3)),
        behind_a_message("3.4", hello(4)).chop(1),
        case("3.5", [reserved(BINARY, 5, BYTES)]).end(PROTOCOL),
        case("3.6", [reserved(BINARY, 6, HELLO)]).end(PROTOCOL),
        case("3.7", [reserved(8, 7, "")]).end(PROTOCOL),
    ]
}

pub(crate) fn opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, first) in [(1, 3), (2, 11)] {
        let number = |at| format!("4.{section}.{at}");
        cases.extend([
            case(number(1), [last(first, "")]).end(PROTOCOL),
            case(number(2), [last(first + 1, "reserved opcode payload")]).end(PROTOCOL),
            behind_a_message(&number(3), last(first + 2, "")),
            behind_a_message(&number(4), last(first + 3, HELLO)),
            behind_a_message(&number(5), last(first + 4, HELLO)).chop(1),
        ]);
    }
    cases
}

pub(crate) fn fragmentation() -> Vec<Case> {
    let mut cases = control_frames();
    cases.extend(messages());
    cases.extend(wrong());
    let five = [
        "fragment1",
        "fragment2",
        "fragment3",
        "fragment4",
        "fragment5",
    ];
    for number in ["5.19", "5.20"] {
        let frames = [
            part(TEXT, five[0]),
            part(CONTINUATION, five[1]),
            last(PING, "pongme 1!"),
            part(CONTINUATION, five[2]),
            part(CONTINUATION, five[3]),
            last(PING, "pongme 2!"),
            last(CONTINUATION, five[4]),
        ];
        let case = case(number, frames).echo(five.concat());
        let case = case.pong("pongme 1!").pong("pongme 2!");
        // The second is written frame by frame, as far as TCP lets one.
        cases.push(if number == "5.20" {
            case.chop(15)
        } else {
            case
        });
    }
    cases
}

/// Control frames must not be fragmented.
fn control_frames() -> Vec<Case> {
    let numbers = [("5.1", PING), ("5.2", PONG)];
    let cases = numbers.map(|(number, opcode)| {
        let frames = [part(opcode, "fragment1"), last(CONTINUATION, "fragment2")];
        case(number, frames).end(PROTOCOL)
    });
    cases.into()
}

/// Messages in two fragments, with a ping between them or without, whole, by frames and by bytes.
fn messages() -> Vec<Case> {
    let plain = [part(TEXT, "fragment1"), last(CONTINUATION, "fragment2")];
    let [first, second] = plain.clone();
    let pinged = [first, last(PING, "ping payload"), second];
    let mut cases = Vec::new();
    for (number, size) in [("5.3", None), ("5.4", Some(15)), ("5.5", Some(1))] {
        let case = case(number, plain.clone()).echo("fragment1fragment2");
        cases.push(size.map_or(case.clone(), |size| case.chop(size)));
    }
    for (number, size) in [("5.6", None), ("5.7", Some(15)), ("5.8", Some(1))] {
        let case = case(number, pinged.clone()).echo("fragment1fragment2");
        let case = case.pong("ping payload");
        cases.push(size.map_or(case.clone(), |size| case.chop(size)));
    }
    cases
}

/// Fragments without a message, and messages within one.
fn wrong() -> Vec<Case> {
    let mut cases = Vec::new();
    let lonely = "non-continuation payload";
    let firsts = [
        (9, last(CONTINUATION, lonely)),
        (12, part(CONTINUATION, lonely)),
    ];
    for (from, first) in firsts {
        for (number, size) in (from..).zip([None, Some(30), Some(1)]) {
            let frames = [first.clone(), last(TEXT, HELLO)];
            let case = case(format!("5.{number}"), frames).whatever(PROTOCOL);
            cases.push(size.map_or(case.clone(), |size| case.chop(size)));
        }
    }
    let frames = [
        part(TEXT, "fragment1"),
        last(CONTINUATION, "fragment2"),
        part(CONTINUATION, "fragment3"),
        last(TEXT, "fragment4"),
    ];
    let fifteen = case("5.15", frames).echo("fragment1fragment2");
    cases.push(fifteen.end(PROTOCOL));
    let firsts = [
        part(CONTINUATION, "fragment1"),
        last(CONTINUATION, "fragment1"),
    ];
    for (number, first) in ["5.16", "5.17"].into_iter().zip(firsts) {
        let one = [
            first,
            part(TEXT, "fragment2"),
            last(CONTINUATION, "fragment3"),
        ];
        let case = case(number, [one.clone(), one].concat());
        cases.push(case.whatever(PROTOCOL));
    }
    let frames = [part(TEXT, "fragment1"), last(TEXT, "fragment2")];
    let case = case("5.18", frames).echo("fragment1");
    cases.push(case.end(PROTOCOL));
    cases
}
