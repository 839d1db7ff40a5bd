//! Whom the relay dials.

use rs2p::{Hearsay, Scheme};

use super::{Choice, Count, Group, LONG, List, MANY, SHORT, Setting, Span};

pub(super) const GROUP: Group = Group {
    title: "Whom the relay dials",
    settings: &[
        Setting {
            name: "dials",
            field: "dials",
            help: "The kinds of transport on which addresses that peers tell are dialled, and are kept; none for no address.",
            form: &List {
                place: |l| &mut l.config.dials,
                hint: "KIND",
                parse: |word| {
                    scheme(word).ok_or_else(|| {
                        format!("\"{word}\" is no kind of transport: write tcp, tls, ws or wss")
                    })
                },
                show: |scheme| scheme.as_str().to_owned(),
            },
        },
        Setting {
            name: "hearsay",
            field: "hearsay",
            help: "Which addresses that peers tell are dialled, kept and told on: those that the internet routes; names on wss \
                   besides; those of private networks and of this machine besides; or any. The word of a peer at the \
                   very address from which it called is believed of that address.",
            form: &Choice {
                place: |l| &mut l.config.hearsay,
                hint: "public|web|private|any",
                words: &[
                    ("public", Hearsay::Public),
                    ("web", Hearsay::Web),
                    ("private", Hearsay::Private),
                    ("any", Hearsay::Any),
                ],
            },
        },
        Setting {
            name: "outgoing",
            field: "outgoing",
            help: "Links that are dialled and wanted; every --peer is dialled beyond it, and nobody else at 0.",
            form: &Count(|l| &mut l.config.outgoing, (0, MANY)),
        },
        Setting {
            name: "addresses",
            field: "addresses",
            help: "Most addresses that are kept, each --peer included: with 256 of them, 95 in 100 dead, one relay in half \
                   a million finds nobody.",
            form: &Count(|l| &mut l.config.addresses, (1, MANY)),
        },
        Setting {
            name: "learned-attempts",
            field: "learned_attempts",
            help: "Failures after which an address that peers told rests, while there is a peer.",
            form: &Count(|l| &mut l.config.learned_attempts, (1, MANY)),
        },
        Setting {
            name: "dials-at-once",
            field: "dials_at_once",
            help: "Dials to addresses that peers told, under way for less than --dial-patience.",
            form: &Count(|l| &mut l.config.dials_at_once.0, (1, MANY)),
        },
        Setting {
            name: "dials-in-all",
            field: "dials_at_once",
            help: "Dials to addresses that peers told, under way in all: a book of dead ones is gone through in 110s.",
            form: &Count(|l| &mut l.config.dials_at_once.1, (1, MANY)),
        },
        Setting {
            name: "dial-patience",
            field: "dial_patience",
            help: "How long a dial without an answer keeps others from being begun: a link that comes up takes less.",
            form: &Span(|l| &mut l.config.dial_patience, (SHORT, LONG)),
        },
        Setting {
            name: "dial-timeout",
            field: "dial_timeout",
            help: "Time for a dialled link to come up: a TCP handshake with two lost packets.",
            form: &Span(|l| &mut l.config.dial_timeout, (SHORT, LONG)),
        },
        Setting {
            name: "redial-least",
            field: "redial",
            help: "Shortest bound of the random wait before a redial; it doubles with each failure.",
            form: &Span(|l| &mut l.config.redial.0, (SHORT, LONG)),
        },
        Setting {
            name: "redial-most",
            field: "redial",
            help: "Longest bound of the random wait before a redial; with --dial-timeout the time to find together again.",
            form: &Span(|l| &mut l.config.redial.1, (SHORT, LONG)),
        },
        Setting {
            name: "probe-least",
            field: "probe",
            help: "Shortest time between two looks around for a part of the mesh that nobody here knows.",
            form: &Span(|l| &mut l.config.probe.0, (SHORT, LONG)),
        },
        Setting {
            name: "probe-most",
            field: "probe",
            help: "Longest time between two looks around, while they teach nothing.",
            form: &Span(|l| &mut l.config.probe.1, (SHORT, LONG)),
        },
    ],
};

/// The kinds of transport that lead out of a process.
const OUTSIDE: [Scheme; 4] = [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss];

fn scheme(word: &str) -> Option<Scheme> {
    OUTSIDE.into_iter().find(|scheme| scheme.as_str() == word)
}
