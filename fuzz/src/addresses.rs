//! Addresses as text, which peers tell too: what is read is read again from how it is shown, and fit to be shown.

use rs2p::address::{Address, MAX_HOST};
use rs2p::network::{self, Network};

pub fn run(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(address) = text.parse::<Address>() {
        check(&address);
    }
    if let Some(ip) = network::parse(text) {
        let network = Network::of(ip);
        assert!(!(network.is_loopback() && network::is_public(ip)), "{ip}");
    }
    let _ = Network::of_endpoint(text);
}

fn check(address: &Address) {
    let shown = address.to_string();
    assert_eq!(shown.parse().as_ref(), Ok(address), "as {shown}");
    assert!((1..=MAX_HOST).contains(&address.host().len()));
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
}
