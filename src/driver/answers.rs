//! From the node to whoever asked: answers in a queue that is bounded by their bytes. How many there are the core bounds
//! ([`Config::replies`](crate::Config::replies)).

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures::Stream;
use futures::channel::mpsc;

use crate::id::NodeId;
use crate::mesh::Failure;
use crate::wire::Message;

/// An answer to a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer.
    pub message: Message,
    /// The peer that it came from.
    pub via: NodeId,
}

/// Where answers go.
#[derive(Clone, Debug)]
pub struct Answers {
    sender: mpsc::UnboundedSender<Result<Answer, Failure>>,
    account: Arc<Account>,
}

/// Where answers come from: a stream, whose last item is what failed the question, if something did.
#[derive(Debug)]
pub struct Answered {
    receiver: mpsc::UnboundedReceiver<Result<Answer, Failure>>,
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    most: usize,
    waiting: AtomicUsize,
    missed: AtomicU64,
}

/// Both ends of a queue in which so many bytes of answers may wait. One answer always may.
pub fn answers(most: usize) -> (Answers, Answered) {
    let (sender, receiver) = mpsc::unbounded();
    let account = Arc::new(Account {
        most,
        waiting: AtomicUsize::new(0),
        missed: AtomicU64::new(0),
    });
    let answered = Answered {
        receiver,
        account: account.clone(),
    };
    (Answers { sender, account }, answered)
}

impl Answers {
    /// Adds an answer, or counts it as missed if there is no room for it.
    pub(super) fn give(&self, answer: Answer) {
        let Account {
            most,
            waiting,
            missed,
        } = &*self.account;
        let size = size(&answer);
        let before = waiting.fetch_add(size, Ordering::Relaxed);
        if before > 0 && before.saturating_add(size) > *most {
            waiting.fetch_sub(size, Ordering::Relaxed);
            missed.fetch_add(1, Ordering::Relaxed);
        } else {
            // Nobody waits any more: then nobody misses it.
            drop(self.sender.unbounded_send(Ok(answer)));
        }
    }

    pub(super) fn fail(&self, failure: Failure) {
        drop(self.sender.unbounded_send(Err(failure)));
    }
}

impl Answered {
    /// How many answers were dropped for want of room.
    pub fn missed(&self) -> u64 {
        self.account.missed.load(Ordering::Relaxed)
    }
}

impl Stream for Answered {
    type Item = Result<Answer, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.receiver).poll_next(cx));
        if let Some(Ok(answer)) = &item {
            let waiting = &self.account.waiting;
            waiting.fetch_sub(size(answer), Ordering::Relaxed);
        }
        Poll::Ready(item)
    }
}

fn size(answer: &Answer) -> usize {
    answer.message.frame().as_bytes().len()
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;
    use crate::time::WallSeconds;
    use crate::wire::{Draft, Kind};

    fn answer() -> Answer {
        let node = NodeId::from_entropy(&[1; 48]);
        let message = Draft::new(Kind::Whisper, &node, WallSeconds(0)).encode(&[2.into()]);
        Answer { message, via: node }
    }

    #[test]
    fn answers_beyond_the_bound_are_missed_and_counted_until_there_is_room() {
        let one = size(&answer());
        let (answers, mut answered) = answers(2 * one);
        for _ in 0..3 {
            answers.give(answer());
        }
        assert_eq!(answered.missed(), 1);
        assert!(matches!(answered.next().now_or_never(), Some(Some(Ok(_)))));
        answers.give(answer());
        assert_eq!(answered.missed(), 1);
    }

    #[test]
    fn one_answer_always_has_room() {
        let (answers, mut answered) = answers(0);
        answers.give(answer());
        assert!(matches!(answered.next().now_or_never(), Some(Some(Ok(_)))));
    }
}
