//! How messages spread, and how long they are known.

use core::time::Duration;

use super::{Bytes, BytesOrOff, Count, Group, LARGE, LONG, MANY, SHORT, Setting, Span};

pub(super) const GROUP: Group = Group {
    title: "How messages spread, and how long they are known",
    settings: &[
        Setting {
            name: "accept-past",
            field: "accept_past",
            help: "How old a message may be by this machine's clock; 60s in protocol 0.7.",
            form: &Span(
                |l| &mut l.config.accept_past,
                (Duration::from_secs(1), LONG),
            ),
        },
        Setting {
            name: "accept-future",
            field: "accept_future",
            help: "How far in the future a message may be dated, for clocks that are wrong.",
            form: &Span(|l| &mut l.config.accept_future, (Duration::ZERO, LONG)),
        },
        Setting {
            name: "remember",
            field: "remember",
            help: "How long the id of a message is remembered: longer than the message is accepted, or it would circle.",
            form: &Span(|l| &mut l.config.remember, (SHORT, LONG)),
        },
        Setting {
            name: "remember-ids",
            field: "remember_ids",
            help: "Most ids remembered for that time; beyond it the oldest go early. 262144 take about 35MiB.",
            form: &Count(|l| &mut l.config.remember_ids, (1, MANY)),
        },
        Setting {
            name: "history-bytes",
            field: "history",
            help: "Most bytes of messages kept for those who missed them; at 0 nobody is given any.",
            form: &Bytes(|l| &mut l.config.history.0, (0, LARGE)),
        },
        Setting {
            name: "history-frames",
            field: "history",
            help: "Most messages kept for those who missed them: at 64 a second, 4096 are a whole minute.",
            form: &Count(|l| &mut l.config.history.1, (0, MANY)),
        },
        Setting {
            name: "catch-up-timeout",
            field: "catch_up_timeout",
            help: "Time without progress after which a peer is not waited for that named messages and does not give them.",
            form: &Span(|l| &mut l.config.catch_up_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "trees",
            field: "trees",
            help: "Senders for whom a tree is kept, along which messages travel; those of others, and all at 0, go over \
                   every link.",
            form: &Count(|l| &mut l.config.trees, (0, MANY)),
        },
        Setting {
            name: "announce",
            field: "announce",
            help: "Time for which ids are gathered before they are announced together.",
            form: &Span(|l| &mut l.config.announce, (SHORT, LONG)),
        },
        Setting {
            name: "graft",
            field: "graft",
            help: "Time after which a message that was announced and has not come is asked for: longer than one is behind \
                   its id on any path worth having.",
            form: &Span(|l| &mut l.config.graft, (SHORT, LONG)),
        },
        Setting {
            name: "promises",
            field: "promises",
            help: "Most announced messages that are waited for.",
            form: &Count(|l| &mut l.config.promises, (1, MANY)),
        },
        Setting {
            name: "restamped",
            field: "restamped",
            help: "Messages of py2p and js2p within 300ms among which two copies of one are recognised.",
            form: &Count(|l| &mut l.config.restamped, (1, MANY)),
        },
        Setting {
            name: "compress-from",
            field: "compress_from",
            help: "Own messages of at least this size are compressed towards peers that can take it.",
            form: &BytesOrOff(|l| &mut l.config.compress_from, (0, LARGE)),
        },
    ],
};
