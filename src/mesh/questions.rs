//! Questions: messages of the user's to which answers are awaited, by a number that their asker chose at random.
//!
//! An answer is a whisper that repeats the number, whatever way it takes. The number is the only proof that it answers: whoever
//! is asked knows it, and who hands the question on. py2p and js2p cannot repeat it, so they never answer.

use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::error::{CommandError, Failure};
use super::event::{Event, Reach, Receipt, Ticket};
use super::link::Link;
use super::sending::Letter;
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::Timestamp;
use crate::wire::{Flag, Message, RawPackets, Topic, Trailer};

/// What the user asks.
pub(super) struct Asking {
    pub(super) to: Option<NodeId>,
    pub(super) topic: Option<Topic>,
    pub(super) packets: RawPackets,
    pub(super) patience: Duration,
    pub(super) answers: usize,
}

/// A question that waits for answers.
#[derive(Debug)]
struct Question {
    ticket: Ticket,
    /// Who was asked, if not everybody.
    to: Option<NodeId>,
    wanted: usize,
    answered: OrderedSet<NodeId>,
}

impl Question {
    fn is_for(&self, node: &NodeId) -> bool {
        self.to.as_ref().is_none_or(|to| to == node)
    }
}

#[derive(Debug)]
pub(super) struct Questions {
    all: OrderedMap<u64, Question>,
    numbers: OrderedMap<Ticket, u64>,
    capacity: usize,
}

impl Questions {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            all: OrderedMap::new(),
            numbers: OrderedMap::new(),
            capacity,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    fn has_room(&self) -> bool {
        self.all.len() < self.capacity
    }

    fn open(&mut self, number: u64, question: Question) {
        self.numbers.insert(question.ticket, number);
        self.all.insert(number, question);
    }

    fn number(&self, ticket: Ticket) -> Option<u64> {
        self.numbers.get(&ticket).copied()
    }

    /// Takes note of an answer: whose question it is, and whether that was the last.
    fn answer(&mut self, number: u64, by: &NodeId) -> Option<(Ticket, bool)> {
        let question = self.all.get_mut(&number)?;
        let is_new = question.is_for(by) && question.answered.insert(by.clone());
        let is_last = question.answered.len() >= question.wanted;
        is_new.then_some((question.ticket, is_last))
    }

    fn close(&mut self, number: u64) -> Option<Question> {
        let question = self.all.remove(&number)?;
        self.numbers.remove(&question.ticket);
        Some(question)
    }

    fn open_numbers(&self) -> Vec<u64> {
        self.all.keys().copied().collect()
    }
}

impl Mesh {
    pub(super) fn ask_question(
        &mut self,
        now: Timestamp,
        asking: Asking,
    ) -> Result<Receipt, CommandError> {
        if !self.questions.has_room() {
            return Err(CommandError::TooMany {
                what: "questions",
                limit: self.config.questions,
            });
        }
        let (number, ticket) = (self.rng.next_u64(), self.ticket());
        let letter = Letter {
            packets: asking.packets,
            trailer: Trailer {
                topic: asking.topic,
                question: Some(number),
                ..Trailer::default()
            },
        };
        // Open before it is sent: that may fail it at once.
        let question = Question {
            ticket,
            to: asking.to.clone(),
            wanted: asking.answers.min(self.config.replies).max(1),
            answered: OrderedSet::new(),
        };
        self.questions.open(number, question);
        self.timers
            .set(Timer::Question(number), now + asking.patience);
        let sent = match asking.to {
            Some(node) => self.whisper(now, ticket, node, letter),
            None => self.broadcast(now, ticket, &Reach::Mesh, &Flag::BROADCAST, letter),
        };
        sent.inspect_err(|_| drop(self.close_question(number)))
    }

    /// Whether nothing is told yet of the end of a ticket: a question that was written is not answered.
    pub(super) fn is_still_open(&mut self, ticket: Ticket, result: &Result<(), Failure>) -> bool {
        let Some(number) = self.questions.number(ticket) else {
            return false;
        };
        if result.is_err() {
            self.close_question(number);
        }
        result.is_ok()
    }

    /// Takes a whisper for this node: an answer, or a message for the application.
    pub(super) fn take_whisper(&mut self, id: LinkId, message: Message) {
        match message.answers() {
            Some(number) => self.take_answer(id, number, message),
            None => self.deliver(id, message),
        }
    }

    fn take_answer(&mut self, id: LinkId, number: u64, message: Message) {
        let Some(via) = self.links.get(&id).and_then(Link::node).cloned() else {
            return;
        };
        let Some((ticket, is_last)) = self.questions.answer(number, message.sender()) else {
            // Late, a second one, or of nobody who was asked.
            return self.stats.unasked += 1;
        };
        self.stats.delivered += 1;
        self.tell(Event::Answer {
            ticket,
            message,
            via,
        });
        if is_last {
            self.close_question(number);
            self.settle(ticket, Ok(()));
        }
    }

    /// A question waits no longer.
    pub(super) fn question_expired(&mut self, number: u64) {
        if let Some(question) = self.close_question(number) {
            let failure = Failure::NoAnswer {
                answers: question.answered.len(),
                wanted: question.wanted,
            };
            self.settle(question.ticket, Err(failure));
        }
    }

    /// The user waits no longer.
    pub(super) fn forget_question(&mut self, ticket: Ticket) -> Receipt {
        if let Some(number) = self.questions.number(ticket) {
            self.question_expired(number);
        }
        Receipt::Done
    }

    /// The node closes: nobody is answered any more.
    pub(super) fn close_questions(&mut self) {
        for number in self.questions.open_numbers() {
            if let Some(question) = self.close_question(number) {
                self.settle(question.ticket, Err(Failure::Closed));
            }
        }
    }

    /// Forgets a question, and that it is to be sent if it was not: of its ticket nothing more is told but its end.
    fn close_question(&mut self, number: u64) -> Option<Question> {
        self.timers.stop(Timer::Question(number));
        let question = self.questions.close(number)?;
        self.tickets.remove(&question.ticket);
        if let Some(waiting) = self.lookups.withdraw(question.ticket) {
            self.timers.stop(Timer::Lookup(waiting));
        }
        Some(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeId {
        name.parse().expect("an id")
    }

    fn questions(to: Option<&str>, wanted: usize) -> Questions {
        let mut questions = Questions::new(1);
        let question = Question {
            ticket: Ticket(1),
            to: to.map(node),
            wanted,
            answered: OrderedSet::new(),
        };
        questions.open(7, question);
        questions
    }

    #[test]
    fn each_node_answers_once_until_enough_have() {
        let mut questions = questions(None, 2);
        assert_eq!(questions.answer(7, &node("2a")), Some((Ticket(1), false)));
        assert_eq!(questions.answer(7, &node("2a")), None);
        assert_eq!(questions.answer(8, &node("2b")), None, "no such question");
        assert_eq!(questions.answer(7, &node("2b")), Some((Ticket(1), true)));
    }

    #[test]
    fn a_question_to_one_node_is_answered_by_that_one() {
        let mut questions = questions(Some("2a"), 1);
        assert_eq!(questions.answer(7, &node("2b")), None);
        assert_eq!(questions.answer(7, &node("2a")), Some((Ticket(1), true)));
    }

    #[test]
    fn a_question_that_is_closed_makes_room() {
        let mut questions = questions(None, 1);
        assert!(!questions.has_room());
        assert!(questions.close(7).is_some());
        assert!(questions.has_room() && questions.number(Ticket(1)).is_none());
    }
}
