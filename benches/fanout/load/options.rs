//! What the command line asks for.

use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::net::SocketAddrV4;
use std::str::FromStr;

use crate::proto::{Proto, Session};

/// Most subscribers: what the ports and files of one machine allow with ease.
const MOST_SUBSCRIBERS: usize = 9_000;
/// Room for a number and a time in each payload.
const LEAST_SIZE: usize = 16;
/// The most that any phase may last, in seconds.
const LONGEST: f64 = 120.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Saturate,
    Pace,
    Idle,
}

/// All that can be asked for.
pub(crate) struct Options {
    pub(crate) mode: Mode,
    /// `--proto`, and `--path`, `--subnet`, `--topic` of the protocols that have them: what subscribers speak.
    pub(crate) subscriber: Session,
    /// `--pub-proto`: what the publisher speaks, if it is something else.
    pub(crate) publisher: Session,
    /// `--addr`: where subscribers connect to, one after the other.
    pub(crate) addresses: Vec<SocketAddrV4>,
    /// `--pub-addr`: where the publisher connects to; if not given, the first address of subscribers.
    pub(crate) publisher_address: SocketAddrV4,
    /// `--subs`: how many subscribers there are here. With none, there is one elsewhere, which acknowledges.
    pub(crate) subscribers: usize,
    /// `--window`: most messages on their way to the slowest subscriber.
    pub(crate) window: u64,
    /// `--copies`: how often each message is published, byte for byte the same; subscribers get it once.
    pub(crate) copies: usize,
    /// `--rate`: messages published a second.
    pub(crate) rate: f64,
    /// `--warm`, `--secs`, `--settle`, `--hold`, `--connect-timeout`: how long phases last, in seconds.
    pub(crate) warm: f64,
    pub(crate) seconds: f64,
    pub(crate) settle: f64,
    pub(crate) hold: f64,
    pub(crate) connect_timeout: f64,
    /// `--inflight`: most handshakes at once.
    pub(crate) inflight: usize,
    /// `--server-pid`: the processes whose use of the machine is measured.
    pub(crate) servers: Vec<u32>,
}

impl Options {
    pub(crate) fn of(words: &[String]) -> Result<Self> {
        let [mode, words @ ..] = words else {
            return Err(Error::other(
                "usage: load saturate|pace|idle [--NAME VALUE]...",
            ));
        };
        let mut words = Words::of(words)?;
        let options = Self::read(mode_of(mode)?, &mut words)?;
        if let Some((name, _)) = words.0.first_key_value() {
            return Err(Error::other(format!("there is no option --{name}")));
        }
        options.check()
    }

    fn read(mode: Mode, words: &mut Words) -> Result<Self> {
        let subscriber = session(words)?;
        let publisher = Session {
            proto: words.value("pub-proto", subscriber.proto)?,
            ..subscriber.clone()
        };
        let addresses = words.list("addr")?;
        let first = addresses.first().copied();
        let first = first.ok_or_else(|| Error::other("--addr HOST:PORT is missing"))?;
        Ok(Self {
            mode,
            subscriber,
            publisher,
            addresses,
            publisher_address: words.value("pub-addr", first)?,
            subscribers: words.value("subs", 10)?,
            window: words.value("window", 64)?,
            copies: words.value("copies", 1)?,
            rate: words.value("rate", 100.0)?,
            warm: words.value("warm", 1.0)?,
            seconds: words.value("secs", 3.0)?,
            settle: words.value("settle", 0.3)?,
            hold: words.value("hold", 2.0)?,
            connect_timeout: words.value("connect-timeout", 60.0)?,
            inflight: words.value("inflight", 128)?,
            servers: words.list("server-pid")?,
        })
    }

    fn check(self) -> Result<Self> {
        let is_far = |address: &SocketAddrV4| !address.ip().is_loopback();
        let times = [
            self.warm,
            self.seconds,
            self.settle,
            self.hold,
            self.connect_timeout,
        ];
        let wrong = if self.addresses.iter().any(is_far) || is_far(&self.publisher_address) {
            "only loopback addresses are spoken to"
        } else if self.subscribers > MOST_SUBSCRIBERS {
            "that is more subscribers than one machine has ports for"
        } else if self.subscriber.size < LEAST_SIZE {
            "a payload has at least 16 bytes, for a number and a time"
        } else if times.iter().any(|time| !(0.0..=LONGEST).contains(time)) {
            "a phase lasts from 0 to 120 seconds"
        } else if self.window == 0 || self.copies == 0 || self.inflight == 0 || self.rate <= 0.0 {
            "--window, --copies, --inflight and --rate are above 0"
        } else {
            return Ok(self);
        };
        Err(Error::other(wrong))
    }
}

fn mode_of(word: &str) -> Result<Mode> {
    match word {
        "saturate" => Ok(Mode::Saturate),
        "pace" => Ok(Mode::Pace),
        "idle" => Ok(Mode::Idle),
        _ => Err(Error::other(format!(
            "`{word}` is none of saturate, pace and idle"
        ))),
    }
}

fn session(words: &mut Words) -> Result<Session> {
    Ok(Session {
        proto: words.value("proto", Proto::Raw)?,
        path: words.value("path", "/".to_owned())?,
        size: words.value("size", 64)?,
        subnet: words.value("subnet", "mesh".to_owned())?,
        topic: words.value("topic", "t".to_owned())?,
    })
}

/// The pairs of `--NAME VALUE` that nobody has asked for yet.
struct Words(BTreeMap<String, String>);

impl Words {
    fn of(words: &[String]) -> Result<Self> {
        let pairs = words.chunks(2).map(|pair| match pair {
            [name, value] if name.starts_with("--") => Ok((name[2..].to_owned(), value.clone())),
            _ => Err(Error::other(format!(
                "`{}` is no --NAME VALUE",
                pair.join(" ")
            ))),
        });
        pairs.collect::<Result<_>>().map(Self)
    }

    fn value<T: FromStr>(&mut self, name: &str, otherwise: T) -> Result<T> {
        match self.0.remove(name) {
            Some(text) => parsed(name, &text),
            None => Ok(otherwise),
        }
    }

    fn list<T: FromStr>(&mut self, name: &str) -> Result<Vec<T>> {
        let text = self.0.remove(name).unwrap_or_default();
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.map(|part| parsed(name, part)).collect()
    }
}

fn parsed<T: FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::other(format!("--{name} cannot be `{text}`")))
}
