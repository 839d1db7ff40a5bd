//! Who may come.

use super::{Count, Group, MANY, Setting};

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
    ],
};
