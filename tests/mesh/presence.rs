//! Who is in the mesh: members come and go, with the reason, and nothing that somebody else says makes a living one leave.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::NodeId;
use rs2p::mesh::{
    CloseReason, Command, Departure, Environment, Event, Identity, Member, MemberState, Mesh,
};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, IdForm, Mark, Presence, PresenceEntry, PresenceState, RawPackets, Signal, Stamp,
    Value, Word,
};

use crate::by_hand::{ALL_OF_OURS, Legacy, heard};
use crate::world::{WALL, World};

/// Two relays that know each other, and `tabs` tabs at each.
fn two_relays(tabs: usize) -> World {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    for number in 0..2 * tabs {
        let tab = world.add(|config| config.advertise = Vec::new());
        world.connect(tab, number % 2);
    }
    world.run_for(Duration::from_secs(2));
    world
}

fn members(world: &World, of: usize) -> Vec<usize> {
    let is_member = |other: &usize| {
        let node = world.id(*other);
        world.nodes[of]
            .mesh
            .members()
            .any(|member| member.node == node)
    };
    (0..world.nodes.len()).filter(is_member).collect()
}

fn others(world: &World, of: usize) -> Vec<usize> {
    (0..world.nodes.len())
        .filter(|other| *other != of)
        .collect()
}

/// Why `node` left, as `at` was told; the events of `at` are taken.
fn departures(world: &mut World, at: usize, node: usize) -> Vec<Departure> {
    let left = world.id(node);
    let events = core::mem::take(&mut world.nodes[at].events);
    let reason = |event: Event| match event {
        Event::MemberLeft { node, reason } if node == left => Some(reason),
        _ => None,
    };
    events.into_iter().filter_map(reason).collect()
}

fn assert_whole(world: &World) {
    for node in 0..world.nodes.len() {
        assert_eq!(members(world, node), others(world, node), "at {node}");
    }
}

#[test]
fn everybody_knows_everybody_at_two_relays() {
    let world = two_relays(4);
    assert_whole(&world);
}

#[test]
fn who_says_goodbye_is_gone_at_once() {
    let mut world = two_relays(2);
    world.command(2, Command::Close).expect("it closes");
    world.run_for(Duration::from_millis(300));
    for at in [0, 1, 3, 4, 5] {
        assert_eq!(
            departures(&mut world, at, 2),
            [Departure::Goodbye],
            "at {at}"
        );
        assert!(!members(&world, at).contains(&2));
    }
}

#[test]
fn who_dies_without_a_word_is_gone_within_40_seconds_everywhere() {
    let mut world = two_relays(2);
    world.part(&[2], &[0, 1, 3, 4, 5]);
    world.run_for(Duration::from_secs(40));
    for at in [0, 1, 3, 4, 5] {
        assert_eq!(
            departures(&mut world, at, 2),
            [Departure::Timeout],
            "at {at}"
        );
    }
}

#[test]
fn what_a_member_shows_is_seen_by_all_and_bounded() {
    let mut world = two_relays(2);
    let packets = RawPackets::from_values(&["ann".into(), 7_u64.into()]).expect("two packets");
    let present = Command::Present { packets };
    world.command(2, present).expect("it is short");
    world.run_for(Duration::from_secs(1));
    let ann = world.id(2);
    let seen = world.nodes[5]
        .mesh
        .members()
        .find(|m| m.node == ann)
        .expect("a member");
    assert_eq!(seen.presence::<(String, u64)>(), Ok(("ann".to_owned(), 7)));
    let long = RawPackets::from_values(&[Value::Bin(vec![0; 1_025].into())]).expect("a packet");
    let refused = world.command(2, Command::Present { packets: long });
    assert!(refused.is_err());
}

#[test]
fn a_hidden_page_and_one_that_sleeps_are_told_from_one_that_is_seen() {
    let mut world = two_relays(1);
    for (environment, expected) in [
        (Environment::Hidden, MemberState::Hidden),
        (Environment::Frozen, MemberState::Asleep),
        (Environment::Resumed, MemberState::Hidden),
        (Environment::Visible, MemberState::Awake),
    ] {
        world.environment(2, environment);
        world.run_for(Duration::from_millis(300));
        assert_eq!(state(&world, 3, 2), Some(expected));
    }
}

/// How a node is, as another sees it; `None` if it is no member.
fn state(world: &World, at: usize, of: usize) -> Option<MemberState> {
    let node = world.id(of);
    let mut members = world.nodes[at].mesh.members();
    members
        .find(|member| member.node == node)
        .map(|member| member.state)
}

/// What a node shows, as another sees it.
fn shown(world: &World, at: usize, of: usize) -> Option<String> {
    let node = world.id(of);
    let member = world.nodes[at].mesh.members().find(|m| m.node == node);
    member?.presence().ok()
}

fn show(world: &mut World, number: usize, text: &str) {
    let packets = RawPackets::from_values(&[text.into()]).expect("a packet");
    world
        .command(number, Command::Present { packets })
        .expect("it is short");
    world.run(1);
}

#[test]
fn a_relay_tells_of_a_page_that_sleeps_and_did_not_say_so() {
    let mut world = two_relays(1);
    world.freeze(2);
    world.run(50);
    assert_eq!(state(&world, 3, 2), Some(MemberState::Awake));
    world.run(12);
    for at in [0, 1, 3] {
        assert_eq!(state(&world, at, 2), Some(MemberState::Asleep), "at {at}");
    }
    world.go_on(2);
    world.run(2);
    for at in [0, 1, 3] {
        assert_eq!(state(&world, at, 2), Some(MemberState::Awake), "at {at}");
        assert_eq!(departures(&mut world, at, 2), []);
    }
}

#[test]
fn a_page_that_sleeps_too_long_leaves_for_that_reason() {
    for says_so in [true, false] {
        let mut world = two_relays(1);
        if says_so {
            world.environment(2, Environment::Frozen);
            world.run_for(Duration::from_millis(20));
        }
        world.freeze(2);
        world.run(126);
        for at in [0, 1, 3] {
            let left = departures(&mut world, at, 2);
            assert_eq!(left, [Departure::Asleep], "at {at}, {says_so}");
        }
    }
}

#[test]
fn a_page_that_was_left_and_is_shown_again_is_a_member_again() {
    for back in [Environment::Resumed, Environment::Visible] {
        let mut world = two_relays(2);
        show(&mut world, 2, "ann");
        world.environment(2, Environment::Leaving);
        world.run_for(Duration::from_millis(300));
        for at in [0, 1, 3, 4, 5] {
            assert_eq!(departures(&mut world, at, 2), [Departure::Goodbye]);
        }
        world.run(30);
        assert!(members(&world, 2).is_empty(), "it hears of nobody");
        world.environment(2, back);
        world.run(2);
        assert_whole(&world);
        for at in [0, 1, 3, 4, 5] {
            assert_eq!(state(&world, at, 2), Some(MemberState::Awake), "at {at}");
            assert_eq!(shown(&world, at, 2).as_deref(), Some("ann"), "at {at}");
        }
    }
}

#[test]
fn who_starts_again_under_its_id_never_left_and_shows_what_it_shows_now() {
    // Its clock goes on, or back: then it hears of its earlier life.
    for clock in [None, Some(WallSeconds(WALL.0 - 3_600))] {
        let mut world = two_relays(2);
        show(&mut world, 2, "before");
        world.kill(2);
        world.restart(2);
        if let Some(clock) = clock {
            world.environment(2, Environment::WallClock(clock));
        }
        world.connect(2, 0);
        world.run(6);
        assert_eq!(shown(&world, 5, 2), None, "its earlier life showed that");
        show(&mut world, 2, "after");
        world.run(10);
        assert_whole(&world);
        for at in [0, 1, 3, 4, 5] {
            assert_eq!(departures(&mut world, at, 2), [], "at {at}");
            assert_eq!(shown(&world, at, 2).as_deref(), Some("after"), "at {at}");
        }
    }
}

#[test]
fn a_node_whose_clock_is_set_right_is_a_member_and_knows_all() {
    let mut world = two_relays(2);
    show(&mut world, 2, "before");
    world.kill(2);
    world.restart(2);
    world.environment(2, Environment::WallClock(WallSeconds(1)));
    world.connect(2, 0);
    world.run(30);
    assert!(
        members(&world, 2).is_empty(),
        "all seem to come from the future"
    );
    let right = WallSeconds(WALL.0 + world.now.as_micros() / 1_000_000);
    world.environment(2, Environment::WallClock(right));
    world.run(5);
    assert_whole(&world);
    for at in [0, 1, 3, 4, 5] {
        assert_eq!(
            shown(&world, at, 2),
            None,
            "at {at}: its earlier life showed that"
        );
    }
}

#[test]
fn who_starts_again_at_another_relay_after_it_left_is_a_member_again() {
    let mut world = two_relays(2);
    world.kill(2);
    world.run(30);
    assert_eq!(departures(&mut world, 5, 2), [Departure::Lost]);
    world.restart(2);
    world.connect(2, 1);
    world.run(2);
    assert_whole(&world);
}

#[test]
fn a_link_that_is_lost_and_made_again_makes_nobody_leave() {
    let mut world = two_relays(2);
    world.lose(2, 0);
    world.run_for(Duration::from_secs(10));
    for at in [0, 1, 3, 4, 5] {
        assert_eq!(departures(&mut world, at, 2), []);
    }
    assert_whole(&world);
}

/// A peer of node 0 that takes part in presence and says what it is told to.
fn liar(world: &mut World) -> Legacy {
    let mut liar = Legacy::knocking(world, 200, IdForm::Text);
    let can = ALL_OF_OURS.union(Capabilities::PRESENCE);
    liar.greet_with(world, Scheme::Ws, can);
    world.run_for(Duration::from_millis(100));
    liar
}

fn lie(world: &mut World, liar: &mut Legacy, entries: Vec<PresenceEntry>) {
    let told = Signal::Presence(Presence::Entries(entries));
    liar.signal(world, &told);
    world.run(1);
}

fn entry(node: NodeId, edges: Vec<(NodeId, Mark)>, state: PresenceState) -> PresenceEntry {
    let packets = RawPackets::default();
    PresenceEntry {
        node,
        stamp: Stamp {
            boot: (WALL.0 + 1_000) << 32,
            version: 9,
        },
        edges,
        word: Some(Word { state, packets }),
    }
}

#[test]
fn nobody_can_say_that_a_neighbour_is_gone_or_that_a_link_which_lives_is_down() {
    let mut world = two_relays(2);
    let (relay, victim) = (world.id(0), world.id(2));
    let mut liar = liar(&mut world);
    let down = vec![(relay, Mark::down(Departure::Lost))];
    for lies in [
        entry(victim.clone(), Vec::new(), PresenceState::Gone),
        entry(victim, down, PresenceState::Awake),
    ] {
        lie(&mut world, &mut liar, vec![lies]);
    }
    world.run(10);
    for at in [0, 1, 3, 4, 5] {
        assert_eq!(departures(&mut world, at, 2), [], "at {at}");
        assert!(members(&world, at).contains(&2), "at {at}");
    }
}

#[test]
fn who_hears_that_it_is_gone_says_that_it_is_not() {
    let mut world = two_relays(2);
    // Node 3 is at the other relay: node 0 has only others' word for it.
    let victim = world.id(3);
    let mut liar = liar(&mut world);
    let gone = entry(victim, Vec::new(), PresenceState::Gone);
    lie(&mut world, &mut liar, vec![gone]);
    world.run(10);
    for at in [0, 1, 2, 4, 5] {
        assert!(members(&world, at).contains(&3), "at {at}");
    }
}

#[test]
fn a_liar_drives_out_its_own_lies_only() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.members = 16);
    for _ in 0..6 {
        let tab = world.add(|config| config.advertise = Vec::new());
        world.connect(tab, 0);
    }
    world.run(2);
    let mut liar = liar(&mut world);
    let edge = || vec![(liar_node(), Mark::UP)];
    for round in 0..4 {
        let invented = |number: u8| NodeId::from_entropy(&[100 + round * 20 + number; 48]);
        let lies = (0..20).map(|number| entry(invented(number), edge(), PresenceState::Awake));
        lie(&mut world, &mut liar, lies.collect());
    }
    assert_eq!(members(&world, 0), others(&world, 0));
    let late = world.add(|config| config.advertise = Vec::new());
    world.connect(late, 0);
    world.run(2);
    assert_eq!(
        members(&world, 0),
        others(&world, 0),
        "there is room for a neighbour"
    );
    let usage = world.nodes[0]
        .mesh
        .usage()
        .find(|usage| usage.what == "members");
    assert!(usage.is_some_and(|usage| usage.is_within()));
}

fn liar_node() -> NodeId {
    NodeId::from_entropy(&[200; 48])
}

/// `liar` tells node 0 of so many nodes that it invents, with the longest packets, as fast as it can.
fn invent(world: &mut World, liar: &mut Legacy, hundreds: u8) {
    let packets = RawPackets::from_values(&[Value::Bin(vec![7; 1_000].into())]).expect("a packet");
    let host = liar.node.clone();
    let invented = |hundred: u8, number: u8| {
        let mut seed = [hundred; 48];
        (seed[1], seed[2]) = (number, 99);
        let edges = vec![(host.clone(), Mark::UP)];
        let mut entry = entry(NodeId::from_entropy(&seed), edges, PresenceState::Awake);
        entry.word = entry.word.map(|word| Word {
            packets: packets.clone(),
            ..word
        });
        entry
    };
    let own = vec![(world.id(0), Mark::UP)];
    let mut told = vec![entry(host.clone(), own, PresenceState::Awake)];
    for hundred in 0..hundreds {
        told.extend((0..100).map(|number| invented(hundred, number)));
        let told = Presence::Entries(core::mem::take(&mut told));
        liar.signal(world, &Signal::Presence(told));
    }
}

/// The entries that a peer by hand was told since the last look.
fn told(world: &mut World, peer: &mut Legacy) -> Vec<PresenceEntry> {
    let messages = heard(world, peer);
    let entries = messages
        .iter()
        .filter_map(|message| match Signal::parse(message) {
            Ok(Signal::Presence(Presence::Entries(entries))) => Some(entries),
            _ => None,
        });
    entries.flatten().collect()
}

/// A peer of node 0 that takes part in presence, and is told of it when this node sleeps.
fn page(world: &mut World) -> Legacy {
    let mut page = Legacy::knocking(world, 201, IdForm::Text);
    let can = ALL_OF_OURS
        .union(Capabilities::SLEEP)
        .union(Capabilities::PRESENCE);
    page.greet_with(world, Scheme::Ws, can);
    world.run_for(Duration::from_millis(100));
    page
}

#[test]
fn more_members_than_a_queue_holds_cost_nobody_a_link_and_reach_all() {
    let mut world = two_relays(1);
    let mut liar = liar(&mut world);
    invent(&mut world, &mut liar, 15);
    world.run(5);
    let late = world.add(|config| config.advertise = Vec::new());
    world.connect(late, 0);
    world.run(10);
    for at in [0, 1] {
        let closed = world.closed_with(at);
        assert!(!closed.contains(&&CloseReason::SlowReader), "{closed:?}");
    }
    for at in 0..world.nodes.len() {
        assert_eq!(world.nodes[at].mesh.members().count(), 1_505, "at {at}");
        let within = world.nodes[at].mesh.usage().all(|usage| usage.is_within());
        assert!(within, "at {at}");
    }
}

#[test]
fn who_sleeps_is_told_of_members_when_it_wakes() {
    let mut world = two_relays(2);
    let (mut page, mut liar) = (page(&mut world), liar(&mut world));
    page.signal(&mut world, &Signal::Sleep);
    world.run(1);
    told(&mut world, &mut page);
    invent(&mut world, &mut liar, 5);
    world.run(5);
    assert_eq!(told(&mut world, &mut page), []);
    page.signal(&mut world, &Signal::Ping(1));
    world.run(1);
    assert!(told(&mut world, &mut page).len() > 500);
}

#[test]
fn a_digest_is_answered_once_a_second() {
    let mut world = two_relays(2);
    let (mut page, mut liar) = (page(&mut world), liar(&mut world));
    invent(&mut world, &mut liar, 1);
    world.run(2);
    told(&mut world, &mut page);
    for _ in 0..20 {
        page.signal(&mut world, &Signal::Presence(Presence::Digest(Vec::new())));
        world.run_for(Duration::from_millis(1));
    }
    world.run(1);
    let entries = told(&mut world, &mut page).len();
    assert!((100..200).contains(&entries), "{entries} entries");
    page.signal(&mut world, &Signal::Presence(Presence::Digest(Vec::new())));
    world.run(1);
    assert!(told(&mut world, &mut page).len() >= 100);
}

/// How node `of` shows another.
fn state_shown(world: &World, of: usize, node: &NodeId) -> Option<MemberState> {
    let mut members = world.nodes[of].mesh.members();
    members.find(|m| m.node == *node).map(|member| member.state)
}

#[test]
fn a_stamp_that_leaves_no_greater_one_is_not_believed() {
    let last = u64::from(u32::MAX);
    for (boot, version) in [
        (u64::MAX >> 1, u64::MAX),
        ((WALL.0 + 1_000) << 32, u64::MAX),
        ((WALL.0 + 100_000) << 32, 1),
        // The greatest that may be: it is outbid.
        ((WALL.0 + 2 + 24 * 3_600) << 32 | last, last),
    ] {
        let mut world = two_relays(2);
        let victim = world.id(3);
        let mut liar = liar(&mut world);
        let mut lies = entry(victim, Vec::new(), PresenceState::Gone);
        lies.stamp = Stamp { boot, version };
        lie(&mut world, &mut liar, vec![lies]);
        world.run(10);
        let packets = RawPackets::from_values(&["here".into()]).expect("a packet");
        let present = Command::Present { packets };
        world.command(3, present).expect("it is short");
        world.run(2);
        let victim = world.id(3);
        for at in [0, 1, 2, 4, 5] {
            let mut members = world.nodes[at].mesh.members();
            let seen = members.find(|m| m.node == victim);
            let seen = seen.map(Member::presence::<String>);
            assert_eq!(
                seen,
                Some(Ok("here".to_owned())),
                "at {at}: {boot:x} {version:x}"
            );
        }
    }
}

#[test]
fn nobody_can_wear_a_mark_out() {
    for victim in [2, 3] {
        let mut world = two_relays(2);
        let (mut page, mut liar) = (page(&mut world), liar(&mut world));
        page.signal(&mut world, &Signal::Presence(Presence::Digest(Vec::new())));
        world.run(1);
        let node = world.id(victim);
        let told = told(&mut world, &mut page);
        let mut lies = told
            .into_iter()
            .find(|entry| entry.node == node)
            .expect("a member");
        // Asleep, and the last mark before those of links that are down.
        for edge in &mut lies.edges {
            edge.1 = Mark::from_bits(0xffff_feff);
        }
        lie(&mut world, &mut liar, vec![lies]);
        world.run(2);
        for at in (0..6).filter(|at| *at != victim) {
            assert_eq!(
                state_shown(&world, at, &node),
                Some(MemberState::Awake),
                "at {at}"
            );
        }
    }
}

#[test]
fn a_sleeper_that_is_back_by_another_link_is_awake() {
    let mut world = two_relays(2);
    let relay = world.id(0);
    let word = |node: &NodeId, version: u64| {
        let mut entry = entry(
            node.clone(),
            vec![(relay.clone(), Mark::UP)],
            PresenceState::Awake,
        );
        entry.stamp.version = version;
        entry
    };
    let mut first = page(&mut world);
    let node = first.node.clone();
    lie(&mut world, &mut first, vec![word(&node, 1)]);
    first.signal(&mut world, &Signal::Sleep);
    world.run(1);
    assert_eq!(state_shown(&world, 1, &node), Some(MemberState::Asleep));
    let mut second = page(&mut world);
    lie(&mut world, &mut second, vec![word(&node, 2)]);
    // Once it is clear that nobody is at the first.
    world.run(3);
    assert_eq!(state_shown(&world, 1, &node), Some(MemberState::Awake));
}

#[test]
fn two_nodes_of_one_id_outbid_each_other_ever_more_slowly() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    let [one, other] = [0, 1].map(|_| {
        world.add(|config| {
            config.advertise = Vec::new();
            config.outgoing = 0;
        })
    });
    let config = world.nodes[other].mesh.config().clone();
    let node = world.id(one);
    let mut mesh = Mesh::new(config, Identity { node }, [77; 32]);
    mesh.handle_environment(world.now, Environment::WallClock(WALL));
    world.nodes[other].mesh = mesh;
    world.connect(one, 0);
    world.connect(other, 1);
    world.run(60);
    let sent = |world: &World| world.nodes[0].mesh.stats().transmitted;
    let before = sent(&world);
    world.run(60);
    let frames = sent(&world) - before;
    assert!(frames < 60, "{frames} frames in a minute");
}

#[test]
fn a_liar_takes_the_place_of_few_that_an_honest_relay_told_of_and_the_user_hears_who_left() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.members = 16);
    world.add(|_| {});
    world.connect(1, 0);
    for _ in 0..14 {
        let tab = world.add(|config| {
            config.advertise = Vec::new();
            config.outgoing = 0;
        });
        world.connect(tab, 1);
    }
    world.run(2);
    assert_eq!(members(&world, 0), others(&world, 0));
    let mut liar = liar(&mut world);
    for _ in 0..4 {
        invent(&mut world, &mut liar, 1);
        world.run(1);
    }
    let honest = members(&world, 0).len();
    assert!(honest >= 10, "{honest} of 15");
    let events = world.nodes[0].events.iter();
    let told: i32 = events
        .map(|event| match event {
            Event::MemberJoined(_) => 1,
            Event::MemberLeft { .. } => -1,
            _ => 0,
        })
        .sum();
    let count = world.nodes[0].mesh.members().count();
    assert_eq!(usize::try_from(told), Ok(count));
}
