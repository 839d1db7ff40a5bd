//! Who may come.

use rs2p::mesh::InvalidTrusted;
use rs2p::native::{OriginError, Origins};

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
            help: "Most connections, over all listeners, that have begun to speak and are no link yet; beyond it the \
                   oldest goes, of the network that has most. Each costs some 10KiB.",
            form: &Count(|l| &mut l.transport.pending, (1, MANY)),
        },
        Setting {
            name: "pending-per-network",
            field: "pending_per_network",
            help: "Most of these of one network, which is an IPv4 address or an IPv6 /64; not counted are this machine and \
                   each --proxy.",
            form: &Count(|l| &mut l.transport.pending_per_network, (1, MANY)),
        },
        Setting {
            name: "silent-connections",
            field: "silent",
            help: "Most connections that have not said a byte; beyond it the oldest goes, of the network that has most.",
            form: &Count(|l| &mut l.transport.silent, (1, MANY)),
        },
        Setting {
            name: "ungreeted",
            field: "ungreeted",
            help: "Most links whose peers have not greeted; beyond it the one that has waited longest goes, of the network \
                   that has most. As many may greet at once after a restart.",
            form: &Count(|l| &mut l.config.ungreeted, (1, MANY)),
        },
        Setting {
            name: "connections",
            field: "connections",
            help: "Most links that listeners have made; who comes beyond them is refused, over HTTP with 503.",
            form: &Count(|l| &mut l.transport.connections, (1, MANY)),
        },
        Setting {
            name: "connections-per-network",
            field: "connections_per_network",
            help: "Most of these of one network: as many as there may be tabs behind one address of an office.",
            form: &Count(|l| &mut l.transport.connections_per_network, (1, MANY)),
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
        Setting {
            name: "allow-origin",
            field: "origins",
            help: "From which pages browsers may link, besides the relay's own: https://app.example, * for any page, null for \
                   pages opened from a file. It protects people from pages, and not the relay from programs.",
            form: &List {
                place: |l| &mut l.origins,
                hint: "ORIGIN|*|null",
                parse: |word| {
                    let allowed = Origins::own().allow(word);
                    allowed.map_err(|error: OriginError| error.to_string())?;
                    Ok(word.to_owned())
                },
                show: String::clone,
            },
        },
        Setting {
            name: "proxy",
            field: "proxies",
            help: "Proxies whose word is taken for whom they speak (X-Forwarded-For, else Forwarded), so that those behind \
                   them are counted one by one.",
            form: &List {
                place: |l| &mut l.transport.proxies,
                hint: "IP",
                parse: |word| {
                    let ip = rs2p::network::parse(word);
                    ip.ok_or_else(|| {
                        format!("\"{word}\" is no IP address: write 192.0.2.7 or 2001:db8::1")
                    })
                },
                show: ToString::to_string,
            },
        },
    ],
};
