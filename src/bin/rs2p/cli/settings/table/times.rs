//! How long one waits for a peer.

use core::time::Duration;

use super::{Group, LONG, SHORT, Setting, Span};

pub(super) const GROUP: Group = Group {
    title: "How long one waits for a peer",
    settings: &[
        Setting {
            name: "greeting-timeout",
            field: "greeting_timeout",
            help: "Time from a connection to the end of TLS and HTTP, and again to the peer's handshake: against those who \
                   hold a place and say nothing.",
            form: &Span(|l| &mut l.config.greeting_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "frame-timeout",
            field: "frame_timeout",
            help: "Time from the first to the last byte of a frame: against those who send a byte now and then.",
            form: &Span(|l| &mut l.config.frame_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "stall-timeout",
            field: "stall_timeout",
            help: "Time without a byte written while some wait, after which a peer is cut.",
            form: &Span(|l| &mut l.config.stall_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "heartbeat",
            field: "heartbeat",
            help: "Silence after which a peer is asked whether it lives.",
            form: &Span(|l| &mut l.config.heartbeat, (SHORT, LONG)),
        },
        Setting {
            name: "silence",
            field: "silence",
            help: "Silence after which a link is cut: two heartbeats and a little.",
            form: &Span(|l| &mut l.config.silence, (SHORT, LONG)),
        },
        Setting {
            name: "asleep-after",
            field: "asleep_after",
            help: "Silence after which a peer whose browser answers in its stead counts as asleep, as a tab in the \
                   background.",
            form: &Span(|l| &mut l.config.asleep_after, (SHORT, LONG)),
        },
        Setting {
            name: "asleep-cut",
            field: "asleep_cut",
            help: "Silence after which a peer that sleeps is cut: what it missed longer ago could not be given to it.",
            form: &Span(|l| &mut l.config.asleep_cut, (SHORT, LONG)),
        },
        Setting {
            name: "drain",
            field: "drain",
            help: "Time in which a relay that ends closes its links one after the other, so that its neighbours are not \
                   stormed.",
            form: &Span(|l| &mut l.config.drain, (Duration::ZERO, LONG)),
        },
        Setting {
            name: "linger",
            field: "linger",
            help: "Time that a relay which ends gives its queues to be written.",
            form: &Span(|l| &mut l.config.linger, (Duration::ZERO, LONG)),
        },
    ],
};
