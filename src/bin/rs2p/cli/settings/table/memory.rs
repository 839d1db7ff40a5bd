//! What is kept of the mesh and for others.

use super::{Choice, Count, Group, LONG, MANY, SHORT, Setting, Span};

pub(super) const GROUP: Group = Group {
    title: "What is kept of the mesh, and for others",
    settings: &[
        Setting {
            name: "presence",
            field: "presence",
            help: "Whether the relay takes part in presence: it tells who is in the mesh, and hands that on.",
            form: &Choice::switch(|l| &mut l.config.presence),
        },
        Setting {
            name: "members",
            field: "members",
            help: "Most nodes that are known to be in the mesh, or to have left it lately. 4096 take some 2MiB, with the \
                   longest packets 6MiB.",
            form: &Count(|l| &mut l.config.members, (1, MANY)),
        },
        Setting {
            name: "member-grace",
            field: "member_grace",
            help: "Time that a member which cannot be reached has to turn up elsewhere, before it has left.",
            form: &Span(|l| &mut l.config.member_grace, (SHORT, LONG)),
        },
        Setting {
            name: "routes",
            field: "routes",
            help: "Senders to which a way is remembered, so that a whisper finds them.",
            form: &Count(|l| &mut l.config.routes, (1, MANY)),
        },
        Setting {
            name: "errands",
            field: "errands",
            help: "Most whispers of other nodes that wait here for a way on.",
            form: &Count(|l| &mut l.config.errands, (0, MANY)),
        },
        Setting {
            name: "lookup-timeout",
            field: "lookup_timeout",
            help: "Time to look up a node and to dial it.",
            form: &Span(|l| &mut l.config.lookup_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "answers",
            field: "answers",
            help: "Questions for a node that are remembered, so that each is answered once.",
            form: &Count(|l| &mut l.config.answers, (1, MANY)),
        },
        Setting {
            name: "loans",
            field: "loans",
            help: "Most links that are lent to nodes that cannot dial, so that py2p and js2p can answer them.",
            form: &Count(|l| &mut l.config.loans, (0, MANY)),
        },
        Setting {
            name: "loan-idle",
            field: "loan_idle",
            help: "Time without a whisper after which a lent link is closed: py2p suffers whenever a neighbour leaves.",
            form: &Span(|l| &mut l.config.loan_idle, (SHORT, LONG)),
        },
        Setting {
            name: "peer-lists",
            field: "peer_lists",
            help: "Neighbours whose own lists of peers are kept, for a picture of the mesh.",
            form: &Count(|l| &mut l.config.peer_lists, (0, MANY)),
        },
    ],
};
