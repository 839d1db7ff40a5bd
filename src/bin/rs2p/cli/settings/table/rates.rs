//! How fast one may speak.

use super::{Always, Count, Group, MANY, Of, RateOrOff, Setting};

pub(super) const GROUP: Group = Group {
    title: "How fast one may speak: beyond it a link is read from more slowly, and nothing is lost",
    settings: &[
        Setting {
            name: "peer-rate",
            field: "message_rate",
            help: "Messages that one node may say over a link that it made, or that hearsay had this relay dial. off is for \
                   as many as come, and switches off what else is counted of links: the next three, new authors and \
                   questions.",
            form: &RateOrOff(|l| &mut l.config.message_rate, Of::Things),
        },
        Setting {
            name: "peer-byte-rate",
            field: "byte_rate",
            help: "As --peer-rate, in bytes.",
            form: &RateOrOff(|l| &mut l.config.byte_rate, Of::Bytes),
        },
        Setting {
            name: "link-rate",
            field: "carried_rate",
            help: "Messages of others, copies and whispers about the mesh among them, that one link may carry in all: as much as 20 \
                   nodes may say. A relay that carries more needs --trust.",
            form: &RateOrOff(|l| &mut l.config.carried_rate, Of::Things),
        },
        Setting {
            name: "link-byte-rate",
            field: "carried_bytes",
            help: "As --link-rate, in bytes.",
            form: &RateOrOff(|l| &mut l.config.carried_bytes, Of::Bytes),
        },
        Setting {
            name: "author-rate",
            field: "author_rate",
            help: "Authors that one link may bring newly: names cost nothing, and each has a rate of its own.",
            form: &Always(|l| &mut l.config.author_rate),
        },
        Setting {
            name: "authors",
            field: "authors",
            help: "Authors whose messages are counted for each link that brings them; twice as many at most.",
            form: &Count(|l| &mut l.config.authors, (1, MANY)),
        },
        Setting {
            name: "request-rate",
            field: "request_rate",
            help: "Questions for a node, which go to the whole mesh, that one node may ask over such a link.",
            form: &Always(|l| &mut l.config.request_rate),
        },
        Setting {
            name: "peers-rate",
            field: "peers_rate",
            help: "Times that a peer is told this relay's peers because it asks; what it asks too early it is told later.",
            form: &Always(|l| &mut l.config.peers_rate),
        },
        Setting {
            name: "renegotiation-rate",
            field: "renegotiation_rate",
            help: "Renegotiations of a py2p or js2p that are answered.",
            form: &Always(|l| &mut l.config.renegotiation_rate),
        },
    ],
};
