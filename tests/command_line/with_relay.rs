//! `rs2p with-relay`: a command beside a relay of its own.

use crate::program::{RS2P, run};

#[test]
fn the_command_finds_the_relay_in_its_environment() {
    let script = format!("\"{RS2P}\" send --peer $RS2P_RELAY $RS2P_RELAY_TCP -- hello");
    let ended = run(&["with-relay", "--", "sh", "-c", &script]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_exit_code_is_the_commands() {
    let ended = run(&["with-relay", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ended.code, Some(7));
    assert_eq!(ended.stderr, ["rs2p: sh ended with exit code 7"]);
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let ended = run(&["with-relay", "--", "/no/such/program"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr[0].contains("/no/such/program does not start"));
}
