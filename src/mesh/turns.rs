//! Turns: which of the learnt addresses that may be dialled is dialled next.
//!
//! What led to a peer and has not failed since goes first, and what failed least before what failed more, so that a book of dead
//! addresses is soon gone through. Of what is alike in that, a voice is drawn, each with equal chances: every teller is one, and what
//! this node has seen for itself is another. So a teller with ten thousand lies has as many dials as one with ten truths; what many
//! named is in many voices; and who agrees on lies has no more dials than who lies alone. As new lies have never failed, now and
//! then a voice is drawn of all, for the truth that has.

use core::cmp::Reverse;

use rand_chacha::rand_core::RngCore;

use super::targets::{Target, TargetId, Targets, pick};
use super::tellers::Teller;

/// One dial of so many goes to any voice, whatever failed. The others go through a book of 256 in 110 s, at 32 dials in 10 s.
const ANY_VOICE: u32 = 4;

/// Whose word an address is: a teller's, or this node's own.
type Voice<'a> = Option<&'a Teller>;

impl Targets {
    /// The one of these that is to be dialled next.
    pub(super) fn choose(&self, among: &[TargetId], rng: &mut impl RngCore) -> Option<TargetId> {
        let among = among.iter().filter_map(|&id| Some((id, self.target(id)?)));
        let mut among: Vec<_> = among.collect();
        let is_sound = |(_, target): &(TargetId, &Target)| rank(target) == SOUND;
        if among.iter().any(is_sound) || !rng.next_u32().is_multiple_of(ANY_VOICE) {
            leave_first(&mut among);
        }
        let voice = draw_voice(&among, rng)?;
        among.retain(|(_, target)| voices(target).any(|of| of == voice));
        leave_first(&mut among);
        pick(&among, rng).map(|&(id, _)| id)
    }
}

/// What failed least is first, and what led to a peer before hearsay.
fn rank(target: &Target) -> (u32, Reverse<bool>) {
    (target.failures, Reverse(target.tried))
}

/// The rank of what led to a peer and has not failed since.
const SOUND: (u32, Reverse<bool>) = (0, Reverse(true));

fn leave_first(among: &mut Vec<(TargetId, &Target)>) {
    let first = among.iter().map(|(_, target)| rank(target)).min();
    among.retain(|(_, target)| Some(rank(target)) == first);
}

/// One of those whose word these are, however many each named.
fn draw_voice<'a>(among: &[(TargetId, &'a Target)], rng: &mut impl RngCore) -> Option<Voice<'a>> {
    let all = among.iter().flat_map(|&(_, target)| voices(target));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.dedup();
    pick(&all, rng).copied()
}

fn voices(target: &Target) -> impl Iterator<Item = Voice<'_>> {
    let tellers = target.tellers();
    let own = tellers.is_empty().then_some(None);
    own.into_iter().chain(tellers.iter().map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use crate::address::Address;
    use crate::id::NodeId;
    use crate::mesh::targets::Kin;
    use crate::time::Timestamp;

    const DRAWS: usize = 4_000;
    const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(1));

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::from_seed([1; 32])
    }

    fn node(number: u16) -> NodeId {
        format!("{number}").parse().expect("digits are an id")
    }

    fn book() -> Targets {
        Targets::new(256, 8)
    }

    /// `teller` names these.
    fn tell(
        targets: &mut Targets,
        teller: u16,
        numbers: core::ops::Range<u16>,
        rng: &mut ChaCha8Rng,
    ) {
        let teller = Teller::Node(node(teller));
        for number in numbers {
            match targets.find(&Address::memory(number)) {
                Some(id) => targets.say(id, &teller),
                None => drop(targets.add_told(Address::memory(number), &teller, rng)),
            }
        }
    }

    fn fail(targets: &mut Targets, number: u16) {
        let id = targets.find(&Address::memory(number)).expect("known");
        targets.failed(Timestamp::ZERO, id, WAITS, 12, &mut rng());
    }

    /// Of so many choices, how many of a hundred led to these.
    fn share(targets: &Targets, which: core::ops::Range<u16>) -> usize {
        let (all, mut rng): (Vec<_>, _) = (targets.iter().map(|(id, _)| id).collect(), rng());
        let mut hits = 0;
        for _ in 0..DRAWS {
            let id = targets.choose(&all, &mut rng).expect("some");
            let target = targets.target(id).expect("known");
            hits += usize::from(which.contains(&target.address.port()));
        }
        hits * 100 / DRAWS
    }

    #[test]
    fn ten_truths_have_as_many_dials_as_ten_thousand_lies() {
        let (mut targets, mut rng) = (book(), rng());
        tell(&mut targets, 1, 0..10, &mut rng);
        tell(&mut targets, 2, 1_000..11_000, &mut rng);
        let share = share(&targets, 0..10);
        assert!((45..=55).contains(&share), "{share}");
    }

    #[test]
    fn truths_keep_their_share_whatever_liars_say_of_them() {
        let (mut targets, mut rng) = (book(), rng());
        tell(&mut targets, 1, 0..10, &mut rng);
        for liar in 2..5 {
            tell(&mut targets, liar, 0..10, &mut rng);
            tell(&mut targets, liar, 1_000..11_000, &mut rng);
        }
        let share = share(&targets, 0..10);
        assert!(share >= 23, "a quarter is one voice of four: {share}");
    }

    #[test]
    fn liars_who_agree_have_no_more_than_their_voices() {
        let (mut targets, mut rng) = (book(), rng());
        for liar in 2..5 {
            tell(&mut targets, liar, 1_000..1_064, &mut rng);
        }
        tell(&mut targets, 1, 0..10, &mut rng);
        let share = share(&targets, 0..10);
        assert!((20..=30).contains(&share), "{share}");
    }

    #[test]
    fn what_many_named_is_in_many_voices() {
        let (mut targets, mut rng) = (book(), rng());
        for teller in 0..8 {
            let own = 1_000 + 20 * teller;
            tell(&mut targets, teller, 0..2, &mut rng);
            tell(&mut targets, teller, own..own + 18, &mut rng);
        }
        let share = share(&targets, 0..2);
        assert!((8..=12).contains(&share), "2 of 146 would be 1: {share}");
    }

    #[test]
    fn what_led_to_a_peer_goes_first_until_it_fails() {
        let (mut targets, mut rng) = (book(), rng());
        tell(&mut targets, 1, 0..3, &mut rng);
        let id = targets.find(&Address::memory(0)).expect("known");
        targets.met(Timestamp::ZERO, id, &node(9), Kin::Capable);
        assert_eq!(share(&targets, 0..1), 100);
        fail(&mut targets, 0);
        let of_two_voices = share(&targets, 0..1);
        assert!((9..=16).contains(&of_two_voices), "{of_two_voices}");
        (1..3).for_each(|number| fail(&mut targets, number));
        let before_hearsay = share(&targets, 0..1);
        assert!((82..=93).contains(&before_hearsay), "{before_hearsay}");
    }

    #[test]
    fn truths_that_failed_have_their_share_of_one_dial_in_four_beside_new_lies() {
        let (mut targets, mut rng) = (book(), rng());
        tell(&mut targets, 1, 0..10, &mut rng);
        tell(&mut targets, 2, 1_000..11_000, &mut rng);
        (0..10).for_each(|number| fail(&mut targets, number));
        let share = share(&targets, 0..10);
        assert!((9..=16).contains(&share), "{share}");
    }

    #[test]
    fn of_one_voice_goes_first_what_failed_least() {
        let (mut targets, mut rng) = (book(), rng());
        tell(&mut targets, 1, 0..4, &mut rng);
        (0..3).for_each(|number| fail(&mut targets, number));
        assert_eq!(share(&targets, 3..4), 100);
        fail(&mut targets, 3);
        assert!((20..=30).contains(&share(&targets, 3..4)));
    }

    #[test]
    fn among_none_there_is_none() {
        assert_eq!(book().choose(&[], &mut rng()), None);
    }
}
