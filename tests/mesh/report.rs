//! What a node counts and tells of itself.

use rs2p::Scheme;
use rs2p::mesh::{Command, Limit, LinkEnd, LinkKind, Report, Status};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::Legacy;
use crate::world::World;
use rs2p::wire::IdForm;

fn report(world: &World, number: usize) -> Report {
    world.nodes[number].mesh.report(world.now)
}

/// Whoever came up is up, or was counted as ended.
fn check_the_sum(world: &World) {
    for number in 0..world.nodes.len() {
        let report = report(world, number);
        let up = report.links.iter();
        let up = up.filter(|link| link.kind != LinkKind::Dialling).count();
        let stats = report.stats;
        assert_eq!(
            stats.links_opened - stats.links_closed.total(),
            up as u64,
            "{number}"
        );
        assert!(stats.links_greeted <= stats.links_opened);
        let dialling = report.links.len() - up;
        assert!(stats.dials >= stats.dials_failed.total() + dialling as u64);
    }
}

#[test]
fn links_are_told_by_kind_and_age() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    world.run(90);
    let stranger = world.open_by_hand(0);
    let mut legacy = Legacy::knocking(&mut world, 200, IdForm::Text);
    legacy.greet(&mut world, Scheme::Ws, None);
    world.run(1);
    let report = report(&world, 0);
    assert_eq!((report.peers, report.pulse.links), (2, 3));
    assert_eq!(report.pulse.status, Status::Joined);
    let kind = |id| {
        let link = report.links.iter().find(|link| link.link == id);
        link.map(|link| (link.kind, link.age.as_secs(), link.dialled))
    };
    assert_eq!(kind(stranger), Some((LinkKind::Greeting, 1, false)));
    assert_eq!(kind(legacy.link), Some((LinkKind::Legacy, 1, false)));
    let capable = report
        .links
        .iter()
        .find(|link| link.kind == LinkKind::Capable);
    let capable = capable.expect("the other node");
    assert_eq!(capable.node, Some(world.id(1)));
    assert_eq!(capable.age.as_secs(), 90);
    assert!(capable.received_bytes > 0 && capable.sent_bytes > 0);
    let members: Vec<_> = report.members.iter().map(|member| &member.node).collect();
    assert_eq!(members, [&world.id(1)]);
    check_the_sum(&world);
}

#[test]
fn each_bound_is_told_once() {
    let world = World::with(Scheme::Ws, 1);
    let mut names: Vec<_> = report(&world, 0)
        .usage
        .iter()
        .map(|usage| usage.what)
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn ends_are_counted_by_reason_and_limits_by_name() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.links = 2);
    for _ in 0..3 {
        world.add(|config| {
            config.advertise.clear();
            config.outgoing = 0;
        });
    }
    // Full at the third, which is refused again and again.
    for number in 1..=3 {
        world.connect(number, 0);
        world.run(1);
    }
    let stats = report(&world, 0).stats;
    let refused = stats.links_closed.of(LinkEnd::Full);
    assert!(refused > 0 && stats.links_opened == refused + 2);
    assert_eq!(stats.struck.of(Limit::Links), refused);
    assert_eq!(stats.links_greeted, 2);
    let theirs = report(&world, 3).stats;
    assert_eq!(theirs.links_closed.of(LinkEnd::ClosedByPeer), refused);
    assert_eq!(theirs.dials, theirs.links_opened);
    check_the_sum(&world);

    // A place is free for one who says nothing.
    world.command(3, Command::Close).expect("open");
    world.command(1, Command::Close).expect("open");
    world.run(1);
    world.open_by_hand(0);
    world.run(6);
    let stats = report(&world, 0).stats;
    assert_eq!(stats.links_closed.of(LinkEnd::GreetingTimeout), 1);
    assert_eq!(stats.struck.of(Limit::GreetingTimeout), 1);
    check_the_sum(&world);
}

#[test]
fn a_slow_reader_is_counted_with_what_was_dropped_for_it() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.message_rate = None);
    for number in 1..=2 {
        world.add(|config| config.advertise.clear());
        world.connect(number, 0);
    }
    world.run(1);
    world.nodes[2].is_stalled = true;
    for _ in 0..3_000 {
        world.broadcast(1, "x".repeat(900)).expect("joined");
        world.run_for(core::time::Duration::from_millis(1));
    }
    let middle = report(&world, 0);
    let slow = world.id(2);
    let link = middle
        .links
        .iter()
        .find(|link| link.node.as_ref() == Some(&slow));
    let link = link.expect("not cut yet");
    assert!(link.queue_frames == 1_024 && link.queue_bytes > 100_000);
    assert!(link.unwritten_bytes > 200_000);
    world.run(12);
    let stats = report(&world, 0).stats;
    assert!(stats.dropped_slow > 0);
    assert_eq!(stats.struck.of(Limit::QueueBytes), stats.dropped_slow);
    assert_eq!(stats.links_closed.of(LinkEnd::SlowReader), 1);
    assert!(stats.transmitted_bytes > stats.transmitted * 32);
    check_the_sum(&world);
}

#[test]
fn a_dial_that_fails_is_no_link() {
    let mut world = World::with(Scheme::Ws, 2);
    world.nodes[1].is_dead = true;
    world.connect(0, 1);
    world.run(30);
    let stats = report(&world, 0).stats;
    assert!(stats.dials > 1);
    assert_eq!(stats.dials_failed.of(LinkEnd::Unreachable), stats.dials);
    assert_eq!(stats.links_opened, 0);
    check_the_sum(&world);
}
