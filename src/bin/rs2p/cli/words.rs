//! A message in words, for somebody at a terminal.
//!
//! Whatever a stranger wrote, it moves no cursor, changes no colour and begins no line: only this module does.

use core::fmt::Write;

use rs2p::Value;
use rs2p::address::{Address, Scheme};
use rs2p::native::Fingerprint;

use super::received::Received;

const DIM: &str = "\x1b[2m";
const SENDER: &str = "\x1b[36m";
const WHISPER: &str = "\x1b[35m";
const PLAIN: &str = "\x1b[0m";

/// `12:03:55 2U4pR6mi  hello 1 <5 bytes>`: the time in UTC, the first letters of the sender, the packets.
pub(super) fn message(received: &Received, colour: bool) -> String {
    let paint = |code: &str, text: &str| match colour {
        true => format!("{code}{text}{PLAIN}"),
        false => text.to_owned(),
    };
    let mut line = format!(
        "{} {}",
        paint(DIM, &time_of_day(received.time)),
        paint(SENDER, &received.sender.short())
    );
    if received.is_whisper {
        line.push(' ');
        line.push_str(&paint(WHISPER, "whispers"));
    }
    if let Some(topic) = &received.topic {
        line.push(' ');
        line.push_str(&paint(DIM, &format!("[{}]", printable(topic))));
    }
    line.push(' ');
    for packet in &received.packets {
        line.push(' ');
        packet_into(&mut line, packet);
    }
    line
}

/// `Listening on ws://127.0.0.1:8765 (open http://127.0.0.1:8765/ for the page)`, and behind it the certificate that is
/// shown there, as others are to pin it: `, --tls-pin 01ab…`.
pub(super) fn listening(url: &Address, has_page: bool, pin: Option<Fingerprint>) -> String {
    let page = page(url).filter(|_| has_page);
    let page = page.map(|page| format!(" (open {page} for the page)"));
    let pin = pin.map(|pin| format!(", --tls-pin {pin}"));
    let (page, pin) = (page.unwrap_or_default(), pin.unwrap_or_default());
    format!("Listening on {url}{page}{pin}")
}

/// Where a browser on this machine finds what a listener shows.
fn page(url: &Address) -> Option<String> {
    let every = match url.host() {
        "0.0.0.0" => Some("127.0.0.1"),
        "::" => Some("::1"),
        _ => None,
    };
    let near = every.and_then(|host| url.with_endpoint(host, url.port()).ok());
    let at = near.as_ref().unwrap_or(url).authority();
    match url.scheme() {
        Scheme::Ws => Some(format!("http://{at}/")),
        Scheme::Wss => Some(format!("https://{at}/")),
        _ => None,
    }
}

/// `text` with everything written out that is no visible character or blank.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    printable_into(&mut printable, text);
    printable
}

fn printable_into(line: &mut String, text: &str) {
    for letter in text.chars() {
        if acts(letter) {
            line.extend(letter.escape_debug());
        } else {
            line.push(letter);
        }
    }
}

/// Whether a terminal does something for a character other than to show it: controls, line ends, and the marks that turn
/// the direction of what follows (Unicode TR 9).
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

fn time_of_day(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// A packet: text as it is, the rest as inside of another value.
fn packet_into(line: &mut String, packet: &Value) {
    match packet {
        Value::Str(text) => printable_into(line, text),
        other => value_into(line, other),
    }
}

fn value_into(line: &mut String, value: &Value) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Nil => write!(line, "nil"),
        Value::Bool(truth) => write!(line, "{truth}"),
        Value::Int(number) => write!(line, "{number}"),
        Value::UInt(number) => write!(line, "{number}"),
        Value::F32(number) => write!(line, "{number:?}"),
        Value::F64(number) => write!(line, "{number:?}"),
        Value::Str(text) => write!(
            line,
            "\"{}\"",
            printable(&text.replace('\\', "\\\\").replace('"', "\\\""))
        ),
        Value::Bin(content) => write!(line, "<{}>", bytes(content.len())),
        Value::Ext(tag, content) => write!(line, "<type {tag}, {}>", bytes(content.len())),
        Value::Array(items) => {
            line.push('[');
            list_into(line, items, value_into);
            write!(line, "]")
        }
        Value::Map(entries) => {
            line.push('{');
            list_into(line, entries, |line, (key, value)| {
                packet_into(line, key);
                line.push_str(": ");
                value_into(line, value);
            });
            write!(line, "}}")
        }
    };
}

fn list_into<T>(line: &mut String, items: &[T], item_into: impl Fn(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        item_into(line, item);
    }
}

fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        n => format!("{n} bytes"),
    }
}

/// `1 message`, `2 messages`.
pub(super) fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(packets: Vec<Value>) -> Received {
        Received {
            is_whisper: false,
            sender: "2U4pR6miXXXXXXXX".parse().expect("an id"),
            time: 1_700_000_000 + 86_400,
            id: String::new(),
            topic: None,
            packets,
        }
    }

    #[test]
    fn a_line_is_time_sender_and_packets() {
        let line = message(
            &received(vec!["hello".into(), 1.into(), (&b"bytes"[..]).into()]),
            false,
        );
        assert_eq!(line, "22:13:20 2U4pR6mi  hello 1 <5 bytes>");
        let whisper = Received {
            is_whisper: true,
            ..received(vec!["psst".into()])
        };
        assert_eq!(message(&whisper, false), "22:13:20 2U4pR6mi whispers  psst");
    }

    #[test]
    fn a_topic_is_in_brackets_and_does_nothing_to_the_terminal_either() {
        let about = Received {
            topic: Some("a\n".to_owned()),
            ..received(vec!["hello".into()])
        };
        assert_eq!(message(&about, false), "22:13:20 2U4pR6mi [a\\n]  hello");
    }

    #[test]
    fn colours_are_around_what_this_program_says() {
        let line = message(&received(vec!["hello".into()]), true);
        assert_eq!(
            line,
            "\x1b[2m22:13:20\x1b[0m \x1b[36m2U4pR6mi\x1b[0m  hello"
        );
    }

    #[test]
    fn what_a_stranger_writes_does_nothing_to_the_terminal() {
        let line = message(
            &received(vec![
                "a\x1b[31m\n\u{9b}2J\u{202e}é".into(),
                ["\r".into()].into(),
            ]),
            false,
        );
        assert_eq!(
            line,
            "22:13:20 2U4pR6mi  a\\u{1b}[31m\\n\\u{9b}2J\\u{202e}é [\"\\r\"]"
        );
    }

    #[test]
    fn every_kind_of_value_has_words() {
        let map = Value::Map(vec![
            ("a".into(), [1.into(), "b\"".into()].into()),
            (2.into(), ().into()),
        ]);
        let packets = vec![
            map,
            Value::Ext(3, "x".into()),
            f64::NAN.into(),
            0.5f32.into(),
            u64::MAX.into(),
            true.into(),
        ];
        assert_eq!(
            message(&received(packets), false),
            "22:13:20 2U4pR6mi  {a: [1, \"b\\\"\"], 2: nil} <type 3, 1 byte> NaN 0.5 18446744073709551615 true"
        );
    }

    #[test]
    fn a_listener_is_named_with_the_page_that_it_shows() {
        let words = |url: &str, has_page| listening(&url.parse().expect(url), has_page, None);
        assert_eq!(
            words("ws://127.0.0.1:1", true),
            "Listening on ws://127.0.0.1:1 (open http://127.0.0.1:1/ for the page)"
        );
        assert_eq!(
            words("ws://0.0.0.0:1", true),
            "Listening on ws://0.0.0.0:1 (open http://127.0.0.1:1/ for the page)"
        );
        assert_eq!(
            words("ws://[::]:1", true),
            "Listening on ws://[::]:1 (open http://[::1]:1/ for the page)"
        );
        assert_eq!(
            words("ws://127.0.0.1:1", false),
            "Listening on ws://127.0.0.1:1"
        );
        assert_eq!(
            words("tcp://127.0.0.1:1", true),
            "Listening on tcp://127.0.0.1:1"
        );
        let pin = Fingerprint::of(b"");
        let url = "wss://0.0.0.0:1".parse().expect("an address");
        assert_eq!(
            listening(&url, true, Some(pin)),
            format!("Listening on {url} (open https://127.0.0.1:1/ for the page), --tls-pin {pin}")
        );
    }
}
