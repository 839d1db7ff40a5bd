//! [`Topic`]: the name of what a message is about, and [`Topics`], a set of them.
//!
//! A topic stands in the trailer of a message, so py2p and js2p take the message for what it is without it. Names are
//! compared byte for byte: there are no wildcards and no levels.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

/// Longest [`Topic`], in bytes of UTF-8.
pub const MAX_TOPIC: usize = 128;

/// What a message is about: 1 to [`MAX_TOPIC`] bytes of UTF-8. Cheap to clone.
///
/// ```
/// use rs2p::wire::Topic;
///
/// let topic: Topic = "news/local".parse()?;
/// assert_eq!(topic.as_str(), "news/local");
/// assert!(Topic::new("").is_err());
/// # Ok::<(), rs2p::wire::InvalidTopic>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<str>);

/// Why something is no [`Topic`]. The fault is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a topic has 1 to {MAX_TOPIC} bytes, this one has {0}")]
pub struct InvalidTopic(usize);

impl Topic {
    /// The topic of this name.
    ///
    /// # Errors
    /// [`InvalidTopic`] if it is empty or too long.
    pub fn new(name: &str) -> Result<Self, InvalidTopic> {
        match name.len() {
            1..=MAX_TOPIC => Ok(Self(name.into())),
            length => Err(InvalidTopic(length)),
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic whose name these bytes are; `None` if they are none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Self::new(core::str::from_utf8(bytes).ok()?).ok()
    }
}

impl FromStr for Topic {
    type Err = InvalidTopic;

    fn from_str(name: &str) -> Result<Self, InvalidTopic> {
        Self::new(name)
    }
}

impl TryFrom<&str> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: &str) -> Result<Self, InvalidTopic> {
        Self::new(name)
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of topics, in the order of their names: `collect()` makes one. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics(Arc<[Topic]>);

impl Topics {
    /// Whether `topic` is one of them.
    pub fn contains(&self, topic: &Topic) -> bool {
        self.0.binary_search(topic).is_ok()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Topic> {
        self.0.iter()
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        let mut topics: Vec<_> = topics.into_iter().collect();
        topics.sort_unstable();
        topics.dedup();
        Self(topics.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(names: &[&str]) -> Topics {
        let topic = |name: &&str| Topic::new(name).expect("a topic");
        names.iter().map(topic).collect()
    }

    #[test]
    fn a_name_has_a_length_in_bytes() {
        assert_eq!(Topic::new(""), Err(InvalidTopic(0)));
        let long = "ä".repeat(MAX_TOPIC / 2);
        assert!(Topic::new(&long).is_ok());
        assert_eq!(Topic::new(&(long + "x")), Err(InvalidTopic(MAX_TOPIC + 1)));
        assert_eq!(Topic::read(b"\xff"), None);
    }

    #[test]
    fn a_set_has_each_topic_once_and_finds_it() {
        let set = topics(&["b", "a", "b"]);
        assert_eq!(set, topics(&["a", "b"]));
        assert_eq!(set.len(), 2);
        assert!(set.contains(&"b".parse().expect("a topic")));
        assert!(!set.contains(&"c".parse().expect("a topic")));
    }
}
