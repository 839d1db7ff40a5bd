//! What people see where stdout is a terminal. Runs where util-linux's `script` can make one; what the words are made of
//! is tested with the program's own modules.

use std::process::{Command, Stdio};

use crate::program::{Program, RS2P, Relay, run};

/// The program with these words, on a terminal of its own; `None` where there is none to be had.
fn on_a_terminal(words: &str) -> Option<Command> {
    let about = Command::new("script")
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8_lossy(&about.stdout)
        .contains("util-linux")
        .then(|| {
            let mut script = Command::new("script");
            script
                // A shell that stays beside the program would have its own idea of Ctrl-C.
                .args(["-qec", &format!("exec {RS2P} {words}"), "/dev/null"])
                .env_remove("NO_COLOR");
            script
        })
}

/// What a listener on a terminal writes, one message included.
fn listen(words: &str, no_color: &str) -> Option<Vec<String>> {
    let mut relay = Relay::start();
    let mut command = on_a_terminal(&format!(
        "listen --count 1 --peer {} {words}",
        relay.url("ws")
    ))?;
    let listener = Program::start(command.env("NO_COLOR", no_color));
    relay.peer_up();
    run(&["send", "--peer", relay.url("ws"), "hello", "1"]).well();
    let ended = listener.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    Some(
        ended
            .stdout
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect(),
    )
}

#[test]
fn messages_are_words() {
    let Some(lines) = listen("", "1") else { return };
    assert!(
        lines.iter().any(|line| line.contains("joining")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("  hello 1") && !line.contains('\u{1b}')),
        "{lines:#?}"
    );
    // Empty is as good as unset (no-color.org).
    let Some(lines) = listen("", "") else { return };
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("\u{1b}[0m  hello 1")),
        "{lines:#?}"
    );
}

#[test]
fn json_is_had_for_the_asking() {
    let Some(lines) = listen("--json", "") else {
        return;
    };
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("{\"kind\":\"broadcast\"")),
        "{lines:#?}"
    );
}

#[test]
fn a_relay_says_in_words_where_it_listens() {
    let Some(mut command) = on_a_terminal("relay --listen ws://127.0.0.1:0 --www /") else {
        return;
    };
    let mut relay = Program::start(&mut command);
    let line = relay.stdout.next_with("Listening on ws://127.0.0.1:");
    assert!(
        line.contains(" (open http://127.0.0.1:") && line.trim_end().ends_with("/ for the page)"),
        "{line}"
    );
    // It is in a session of its own, where only its terminal reaches it.
    relay.write(b"\x03");
    assert_eq!(relay.end().code, Some(0));
}
