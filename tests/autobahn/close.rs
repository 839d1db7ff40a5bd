//! 7: how connections are closed.

use crate::case::{Case, End, PROTOCOL, case};
use crate::frame::{CLOSE, CONTINUATION, PING, TEXT, close, last, part};

const HELLO: &str = "Hello World!";
/// No UTF-8: it has half a pair of UTF-16.
const BROKEN: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited";

const NORMAL: End = End::Close(Some(1000));

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = basics();
    cases.extend(structure());
    let code = |section: u8, number: usize, code: u16, end| {
        case(format!("7.{section}.{number}"), [close(code, "")]).end(end)
    };
    let valid = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let valid = (1..).zip(valid);
    cases.extend(valid.map(|(number, valid)| code(7, number, valid, End::Close(Some(valid)))));
    let invalid = (1..).zip([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]);
    cases.extend(invalid.map(|(number, invalid)| code(9, number, invalid, PROTOCOL)));
    let undefined = (1..).zip([5000, 65_535]);
    cases.extend(undefined.map(|(number, undefined)| code(13, number, undefined, PROTOCOL)));
    cases
}

/// 7.1: nothing counts behind a Close.
fn basics() -> Vec<Case> {
    let goodbye = || close(1000, "");
    let large = b"BAsd7&jh23".repeat(26_215)[..256 << 10].to_vec();
    vec![
        case("7.1.1", [last(TEXT, HELLO)]).echo(HELLO),
        case("7.1.2", [goodbye(), last(CLOSE, "")]).end(NORMAL),
        case("7.1.3", [goodbye(), last(PING, "")]).end(NORMAL),
        case("7.1.4", [goodbye(), last(TEXT, HELLO)]).whatever(NORMAL),
        case(
            "7.1.5",
            [
                part(TEXT, "fragment1"),
                goodbye(),
                last(CONTINUATION, "fragment2"),
            ],
        )
        .echo("fragment1")
        .end(NORMAL),
        case(
            "7.1.6",
            [
                last(TEXT, large.clone()),
                last(TEXT, HELLO),
                goodbye(),
                last(PING, ""),
            ],
        )
        .echo(large)
        .echo(HELLO)
        .end(NORMAL),
    ]
}

/// 7.3 and 7.5: what a Close may hold.
fn structure() -> Vec<Case> {
    vec![
        case("7.3.1", [last(CLOSE, "")]).end(End::Close(None)),
        case("7.3.2", [last(CLOSE, "a")]).end(PROTOCOL),
        case("7.3.3", [close(1000, "")]).end(NORMAL),
        case("7.3.4", [close(1000, HELLO)]).end(NORMAL),
        case("7.3.5", [close(1000, [b'*'; 123])]).end(NORMAL),
        case("7.3.6", [close(1000, [b'*'; 124])]).end(PROTOCOL),
        case("7.5.1", [close(1000, BROKEN)]).end(End::Close(Some(1007))),
    ]
}
