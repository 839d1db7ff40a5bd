//! TLS on the command line: whom it trusts, what it shows, and how it says what is wrong with either.

use crate::certificates::Authority;
use crate::program::{Ended, Folder, Program, Relay, quiet_port, rs2p, run};

/// A path as a word of the command line.
fn word(folder: &Folder, name: &str) -> String {
    let path = folder.path().join(name);
    path.to_str().expect("its name is text").to_owned()
}

/// A folder with `chain.pem` and `key.pem` for loopback, and `ca.pem`, whose authority signed the first.
fn issued() -> Folder {
    let (folder, authority) = (Folder::new(), Authority::new("ours"));
    let issued = authority.issue_for_loopback();
    folder.write("chain.pem", &issued.certificate);
    folder.write("key.pem", &issued.key);
    folder.write("ca.pem", &authority.own().certificate);
    folder
}

/// A relay on `tls://` and `wss://`, which shows what is in the folder.
fn relay_of(folder: &Folder) -> Relay {
    let (chain, key) = (word(folder, "chain.pem"), word(folder, "key.pem"));
    let words = [
        "--listen",
        "tls://127.0.0.1:0",
        "wss://127.0.0.1:0",
        "--tls-cert",
        &chain,
        "--tls-key",
        &key,
    ];
    Relay::with(&words, 2)
}

/// A relay on every kind of transport, which shows a certificate of its own making, and what is to be pinned of it.
fn self_signed() -> (Relay, String) {
    let words = [
        "--tls-self-signed",
        "--listen",
        "tcp://127.0.0.1:0",
        "ws://127.0.0.1:0",
        "tls://127.0.0.1:0",
        "wss://127.0.0.1:0",
    ];
    let relay = Relay::with(&words, 4);
    assert_eq!([relay.pin("tcp"), relay.pin("ws")], [None, None]);
    let pin = relay.pin("tls").expect("a fingerprint").to_owned();
    assert_eq!(relay.pin("wss"), Some(&*pin));
    (relay, pin)
}

/// Sends over TLS, and over a WebSocket with TLS, with these further words.
fn send(relay: &Relay, words: &[&str]) -> [Ended; 2] {
    ["tls", "wss"].map(|scheme| {
        let words = [&["send", "hello", "--peer", relay.url(scheme)], words].concat();
        run(&words)
    })
}

#[test]
fn what_a_self_signed_relay_prints_is_what_to_pin() {
    let (mut relay, pin) = self_signed();
    relay
        .program
        .stderr
        .next_with("--tls-self-signed: whoever answers is trusted");
    let listener = relay.listener("ws", &["--count", "3"]);
    for ended in send(&relay, &["--tls-pin", &pin]) {
        ended.well();
    }
    let pin = pin.to_uppercase();
    run(&[
        "send",
        "hello",
        "--peer",
        relay.url("tls"),
        "--tls-pin",
        &pin,
    ])
    .well();
    listener.end().well();
    let other = "0".repeat(64);
    for ended in send(&relay, &["--tls-pin", &other]) {
        let fault = ended.fault(1);
        assert!(
            fault.contains("is none of those that are pinned")
                && fault.contains(&pin.to_lowercase()),
            "{fault}"
        );
    }
    for ended in send(&relay, &["--tls-pin", &other, "--tls-pin", &pin]) {
        ended.well();
    }
}

#[test]
fn a_stranger_is_not_trusted_unless_nothing_is_verified() {
    let (relay, pin) = self_signed();
    for ended in send(&relay, &[]) {
        let fault = ended.fault(1);
        assert!(
            fault.contains("signed by nobody that this node trusts")
                && fault.contains("--tls-ca")
                && fault.contains("--tls-pin")
                && fault.contains(&pin),
            "{fault}"
        );
    }
    for ended in send(&relay, &["--tls-verify-nothing"]) {
        ended.well();
    }
}

#[test]
fn an_authority_is_trusted_by_its_file_or_by_the_systems() {
    let folder = issued();
    let relay = relay_of(&folder);
    let authority = word(&folder, "ca.pem");
    for ended in send(&relay, &["--tls-ca", &authority]) {
        ended.well();
    }
    for scheme in ["tls", "wss"] {
        let mut send = rs2p(&["send", "hello", "--peer", relay.url(scheme)]);
        // Where a system's authorities are, for every program that follows OpenSSL.
        send.env("SSL_CERT_FILE", &authority);
        Program::start(&mut send).end().well();
        let mut listen = rs2p(&["listen", "--peer", relay.url(scheme)]);
        listen
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/dev/null");
        let ended = Program::start(&mut listen).end();
        let fault = ended.fault(1);
        assert!(
            fault.contains("this system has no certificates of authorities")
                && fault.contains("ca-certificates"),
            "{fault}"
        );
    }
}

#[test]
fn files_that_change_are_shown_and_files_that_break_are_told_of() {
    let folder = issued();
    let mut relay = relay_of(&folder);
    let other = issued();
    let authority = word(&other, "ca.pem");
    let copy = |name| {
        let text = std::fs::read_to_string(other.path().join(name)).expect("a file");
        folder.write(name, &text);
    };
    let url = relay.url("wss").to_owned();
    let dial = || run(&["send", "hello", "--peer", &url, "--tls-ca", &authority]);
    copy("chain.pem");
    assert_eq!(dial().code, Some(1), "the key is the old one still");
    copy("key.pem");
    // The files are looked at when somebody comes, once a second.
    while dial().code != Some(0) {}
    let line = relay.program.stderr.next_with("its SHA-256 is ");
    assert!(line.contains("the certificate has changed"), "{line}");
    folder.write("chain.pem", "nothing");
    while !relay.program.stderr.have("chain.pem has no certificate") {
        dial().well();
    }
}

#[test]
fn relays_in_the_familys_mode_link_with_each_other() {
    let (first, _) = self_signed();
    let words = [
        "--listen",
        "tls://127.0.0.1:0",
        "--tls-self-signed",
        "--peer",
    ];
    let mut second = Relay::with(&[&words[..], &[first.url("wss")]].concat(), 1);
    second.peer_up();
    // Unless it is told whom to trust.
    let pin = "0".repeat(64);
    let words = [&words[..], &[first.url("wss"), "--tls-pin", &pin]].concat();
    let mut third = Relay::with(&words, 1);
    third
        .program
        .stderr
        .next_with("is none of those that are pinned");
}

#[test]
fn a_listener_with_tls_needs_a_certificate() {
    for (words, told) in [
        (
            &["--listen", "wss://127.0.0.1:0"][..],
            "--listen: wss://127.0.0.1:0 needs a certificate: give --tls-cert FILE and --tls-key FILE, or \
             --tls-self-signed",
        ),
        (
            &["--listen", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"],
            "--listen: tls://127.0.0.1:0 needs a certificate",
        ),
        (
            &["--listen", "tls://127.0.0.1:0", "--tls-cert", "a.pem"],
            "no --tls-key: name the private key of --tls-cert",
        ),
        (
            &["--listen", "tls://127.0.0.1:0", "--tls-key", "a.pem"],
            "no --tls-cert: name the certificate",
        ),
        (
            &[
                "--listen",
                "tls://127.0.0.1:0",
                "--tls-cert",
                "a.pem",
                "--tls-key",
                "a.pem",
                "--tls-self-signed",
            ],
            "--tls-self-signed makes a certificate, and --tls-cert names one: leave one out",
        ),
    ] {
        let ended = run(&[&["relay"], words].concat());
        assert!(ended.fault(2).starts_with(told), "{words:?}: {ended:#?}");
    }
}

#[test]
fn trust_is_one_of_three() {
    let pin = "0".repeat(64);
    for words in [
        &["--tls-pin", &pin, "--tls-verify-nothing"][..],
        &["--tls-ca", "ca.pem", "--tls-verify-nothing"],
        &["--tls-ca", "ca.pem", "--tls-pin", &pin],
    ] {
        let peer = format!("tls://127.0.0.1:{}", quiet_port());
        let ended = run(&[&["listen", "--peer", &peer], words].concat());
        assert!(ended.fault(2).contains("exclude each other"), "{ended:#?}");
    }
}

#[test]
fn files_that_cannot_be_used_are_one_line_with_the_remedy_and_exit_1() {
    let folder = issued();
    let other = issued();
    folder.write(
        "other.pem",
        &std::fs::read_to_string(word(&other, "key.pem")).expect("a file"),
    );
    folder.write(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    for (chain, key, told) in [
        ("no.pem", "key.pem", "no.pem cannot be read ("),
        ("chain.pem", "no.pem", "no.pem cannot be read ("),
        ("key.pem", "chain.pem", "are certificate and key swapped?"),
        ("chain.pem", "other.pem", "is not for the private key in"),
        (
            "chain.pem",
            "locked.pem",
            "is encrypted: write it without password",
        ),
    ] {
        let (chain, key) = (word(&folder, chain), word(&folder, key));
        let words = ["--tls-cert", &chain, "--tls-key", &key];
        let ended = run(&[&["relay", "--listen", "wss://127.0.0.1:0"][..], &words].concat());
        let fault = ended.fault(1);
        assert!(
            fault.starts_with("--tls-cert, --tls-key: ") && fault.contains(told),
            "{fault}"
        );
    }
    let key = word(&folder, "key.pem");
    let ended = run(&["listen", "--peer", "wss://127.0.0.1:1", "--tls-ca", &key]);
    let fault = ended.fault(1);
    assert!(
        fault.starts_with("--tls-ca: ") && fault.contains("has no certificate"),
        "{fault}"
    );
}

#[test]
fn a_certificate_that_has_expired_is_called_so() {
    let (folder, authority) = (issued(), Authority::new("ours"));
    let old = authority.issue(&["127.0.0.1"], [2000, 2001]);
    folder.write("chain.pem", &old.certificate);
    folder.write("key.pem", &old.key);
    folder.write("ca.pem", &authority.own().certificate);
    let relay = relay_of(&folder);
    for ended in send(&relay, &["--tls-ca", &word(&folder, "ca.pem")]) {
        assert!(ended.fault(1).contains("has expired"), "{ended:#?}");
    }
}
