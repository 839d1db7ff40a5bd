//! Messages as WebSockets carry them: wrapped once, however many links they go to.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::framing;

/// Longest message that is copied behind its header, so that it leaves in one piece: 64 KiB, as much as is joined in one. A longer one
/// costs less as two.
const COPIED: usize = 64 << 10;

/// A message and what goes before it.
#[derive(Clone, Debug)]
pub(super) enum Wrapped {
    /// Both in one, the first so many bytes of which are the header.
    Whole(Bytes, usize),
    /// The header, and the message apart.
    Parts(Bytes, Bytes),
}

/// Wraps messages of a server. It remembers the last one: a broadcast is wrapped for one link after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Wrapper {
    /// Never contended: all links of a transport are polled in one task.
    last: Arc<Mutex<Option<Last>>>,
}

#[derive(Debug)]
struct Last {
    /// Held, so that its memory is not another's meanwhile.
    message: Bytes,
    wrapped: Wrapped,
}

impl Last {
    fn is_of(&self, message: &Bytes) -> bool {
        self.message.as_ptr() == message.as_ptr() && self.message.len() == message.len()
    }
}

impl Wrapper {
    /// A message in one unmasked frame.
    pub(super) fn wrap(&self, message: &Bytes) -> Wrapped {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.is_of(message)) {
            return last.wrapped.clone();
        }
        let header = framing::binary_header(message.len(), None);
        let wrapped = if message.len() <= COPIED {
            let whole = [header.as_ref(), message].concat();
            Wrapped::Whole(whole.into(), header.len())
        } else {
            Wrapped::Parts(header, message.clone())
        };
        *last = Some(Last {
            message: message.clone(),
            wrapped: wrapped.clone(),
        });
        wrapped
    }

    /// A message in one frame masked with a key (RFC 6455, 5.3), which no two links share.
    pub(super) fn wrap_masked(message: &[u8], mask: [u8; 4]) -> Wrapped {
        let header = framing::binary_header(message.len(), Some(mask));
        let whole = framing::masked_behind(&header, message, mask);
        Wrapped::Whole(whole, header.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::pattern;
    use super::*;

    fn bytes(wrapped: &Wrapped) -> Vec<u8> {
        match wrapped {
            Wrapped::Whole(whole, _) => whole.to_vec(),
            Wrapped::Parts(header, message) => [&header[..], message].concat(),
        }
    }

    #[test]
    fn the_same_message_is_wrapped_once() {
        let wrapper = Wrapper::default();
        let message = pattern(100);
        let (Wrapped::Whole(a, header), Wrapped::Whole(b, _)) =
            (wrapper.wrap(&message), wrapper.wrap(&message))
        else {
            panic!("a short message is one piece")
        };
        assert_eq!((a.as_ptr(), header), (b.as_ptr(), 2));
        assert_eq!(&a[2..], &message);
    }

    #[test]
    fn another_message_is_wrapped_anew_though_it_is_equal_or_begins_at_the_same_place() {
        let wrapper = Wrapper::default();
        let message = pattern(100);
        wrapper.wrap(&message);
        assert_eq!(bytes(&wrapper.wrap(&message.slice(..50)))[..2], [0x82, 50]);
        let other = Bytes::from(vec![7; 100]);
        assert_eq!(&bytes(&wrapper.wrap(&other))[2..], &other);
    }

    #[test]
    fn a_long_message_is_not_copied() {
        let message = pattern(COPIED + 1);
        let Wrapped::Parts(header, same) = Wrapper::default().wrap(&message) else {
            panic!("a long message is two pieces")
        };
        assert_eq!((header.len(), same.as_ptr()), (10, message.as_ptr()));
    }
}
