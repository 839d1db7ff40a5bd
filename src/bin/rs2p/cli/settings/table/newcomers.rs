//! Who may come.

use rs2p::mesh::InvalidTrusted;

use super::{Count, Group, List, MANY, Setting};

pub(super) const GROUP: Group = Group {
    title: "Who may come",
    settings: &[
        Setting {
            name: "links",
            field: "links",
            help: "Most links, dialled and accepted together; who comes beyond them is refused.",
            form: &Count(|l| &mut l.config.links, (1, MANY)),
        },
        Setting {
            name: "pending",
            field: "pending",
            help: "Most connections of one listener that have not yet become a link or asked for a file; others wait in the \
                   kernel's queue.",
            form: &Count(|l| &mut l.transport.pending, (1, MANY)),
        },
        Setting {
            name: "ungreeted",
            field: "ungreeted",
            help: "Most links whose peers have not greeted; beyond it the one that has waited longest goes, of the network \
                   that has most. As many may greet at once after a restart.",
            form: &Count(|l| &mut l.config.ungreeted, (1, MANY)),
        },
        Setting {
            name: "trust",
            field: "trusted",
            help: "Whose links are read however much they bring, as another relay of one's own. Whoever knows a node's id \
                   can show it while that node is away; an address is as good as the network that leads to it.",
            form: &List {
                place: |l| &mut l.config.trusted,
                hint: "NODE-ID|IP",
                parse: |word| {
                    word.parse()
                        .map_err(|error: InvalidTrusted| error.to_string())
                },
                show: ToString::to_string,
            },
        },
    ],
};
