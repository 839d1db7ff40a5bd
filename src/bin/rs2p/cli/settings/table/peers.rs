//! What one peer may send, and may leave unread.

use rs2p::wire::{Limits as ValueLimits, MAX_TOPICS};

use super::{Bytes, Count, Group, LARGE, MANY, Setting};

pub(super) const GROUP: Group = Group {
    title: "What one peer may send, and may leave unread",
    settings: &[
        Setting {
            name: "greeting-frame",
            field: "greeting_frame",
            help: "Largest frame before the handshake; a handshake has under 400 bytes.",
            form: &Bytes(|l| &mut l.config.greeting_frame, (1 << 10, LARGE)),
        },
        Setting {
            name: "frame",
            field: "frame",
            help: "Largest frame after the handshake, and so largest message, before and after decompression. Every relay \
                   on the way must take it.",
            form: &Bytes(|l| &mut l.config.frame, (1 << 10, LARGE)),
        },
        Setting {
            name: "value-depth",
            field: "values",
            help: "Deepest nesting of arrays and maps in one message.",
            form: &Count(|l| &mut l.config.values.depth, (1, ValueLimits::MAX_DEPTH)),
        },
        Setting {
            name: "value-items",
            field: "values",
            help: "Most values in one message, the containers included: a small frame can hold many.",
            form: &Count(|l| &mut l.config.values.items, (16, MANY)),
        },
        Setting {
            name: "queue-bytes",
            field: "queue_bytes",
            help: "Most bytes that wait for one peer; one that reads more slowly for --stall-timeout is cut.",
            form: &Bytes(|l| &mut l.config.queue_bytes, (1 << 10, LARGE)),
        },
        Setting {
            name: "queue-frames",
            field: "queue_frames",
            help: "Most frames that wait for one peer.",
            form: &Count(|l| &mut l.config.queue_frames, (1, MANY)),
        },
        Setting {
            name: "link-budget",
            field: "link_budget",
            help: "Most bytes that are handed to a connection and not yet written by it; one frame may exceed it.",
            form: &Bytes(|l| &mut l.config.link_budget, (1 << 10, LARGE)),
        },
        Setting {
            name: "topics",
            field: "topics",
            help: "Most topics that a peer may name; one that names more is sent everything.",
            form: &Count(|l| &mut l.config.topics, (0, MAX_TOPICS)),
        },
        Setting {
            name: "owed",
            field: "owed",
            help: "Most messages that a peer may ask for and be owed; more are not sent.",
            form: &Count(|l| &mut l.config.owed, (1, MANY)),
        },
    ],
};
