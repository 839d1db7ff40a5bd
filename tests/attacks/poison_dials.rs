//! A peer tells addresses of the relay's own machine and network: nobody is dialled there.

use std::time::Duration;

use rs2p::Scheme;

use crate::crowd::Crowd;
use crate::figures::Figures;
use crate::hostile::Strangers;
use crate::pace::{Size, attack};
use crate::poison::Trap;
use crate::relay::Relay;
use crate::wire::Caller;

/// The lies of each kind that go on at once.
const LIARS: usize = 4;

async fn run(size: Size) {
    let mut figures = Figures::of("poison", size);
    // Its log tells of dials that led nowhere, each once.
    let relay = Relay::with(
        &["ws://127.0.0.1:0", "tcp://127.0.0.1:0"],
        &["--log", "rs2p=debug"],
    );
    let trap = Trap::set().await;
    let lies = trap.lies();
    let crowd = Crowd::join(&relay, 2, 0).await;
    let mut strangers = Strangers::none();
    for number in 0..LIARS {
        let door = relay.plain_door(number);
        strangers.add(move || lies.tell(Caller::stranger(number), door));
        let (door, mut turn) = (relay.door(Scheme::Tcp), number);
        strangers.add(move || {
            turn += 1;
            lies.come_and_go(Caller::stranger(LIARS + number), door, turn)
        });
    }
    // A dial to a place that does not answer is given up, and told, after 10 s.
    tokio::time::sleep(size.seconds(6, 40)).await;
    figures.is("knocks at ports of this machine", trap.knocks(), 0);
    let dials = relay.said(&["no link with"]);
    figures.is("other dials that the log tells of", dials, 0);
    figures.is("honest links lost", crowd.ended(), 0);
    figures.finish();
}

#[test]
fn nobody_is_dialled_whom_strangers_tell_of_in_the_relays_own_network() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn in_forty_seconds_of_lies_nobody_is_dialled() {
    attack(run(Size::Long));
}

#[test]
fn a_knock_is_counted() {
    attack(async {
        let trap = Trap::set().await;
        let knock = tokio::net::TcpStream::connect(("127.0.0.1", trap.port())).await;
        assert!(knock.is_ok());
        let came = crate::pace::until(Duration::from_secs(10), || trap.knocks() == 1).await;
        assert!(came);
    });
}
