//! [`Interest`]: which broadcasts a node wants, as it tells its capable neighbours.
//!
//! An extension: only nodes that announced [`TOPICS`](super::Capabilities::TOPICS) are sent it. What cannot be kept is read as
//! more than was said, never as less: that costs bytes, and no message.

use super::error::DecodeError;
use super::sub_flag;
use super::topic::{Topic, Topics};
use super::value::Value;

/// Topics of one interest that are read; a longer list stands for everything. 1,024, which are 132 KiB at most.
pub const MAX_TOPICS: usize = 1_024;

/// Which broadcasts a node wants. Whispers always come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Interest {
    /// All of them.
    #[default]
    Everything,
    /// Only these.
    Only {
        /// Those about any of these topics.
        topics: Topics,
        /// Those about no topic.
        plain: bool,
    },
}

impl Interest {
    /// No broadcasts at all.
    pub fn nothing() -> Self {
        Self::Only {
            topics: Topics::default(),
            plain: false,
        }
    }

    /// Only broadcasts about any of `topics`.
    pub fn topics(topics: impl IntoIterator<Item = Topic>) -> Self {
        Self::Only {
            topics: topics.into_iter().collect(),
            plain: false,
        }
    }

    /// What this wants, and broadcasts about no topic.
    #[must_use]
    pub fn and_plain(self) -> Self {
        match self {
            Self::Only { topics, .. } => Self::Only {
                topics,
                plain: true,
            },
            Self::Everything => Self::Everything,
        }
    }

    /// Whether a broadcast about `topic`, or about none, is wanted.
    pub fn matches(&self, topic: Option<&Topic>) -> bool {
        match (self, topic) {
            (Self::Everything, _) => true,
            (Self::Only { topics, .. }, Some(topic)) => topics.contains(topic),
            (Self::Only { plain, .. }, None) => *plain,
        }
    }

    /// Whether all is wanted.
    pub fn is_everything(&self) -> bool {
        *self == Self::Everything
    }

    /// How many topics it names.
    pub fn len(&self) -> usize {
        match self {
            Self::Everything => 0,
            Self::Only { topics, .. } => topics.len(),
        }
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only { topics, plain: false } if topics.is_empty())
    }

    /// What both want.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Everything, both) | (both, Self::Everything) => both.clone(),
            (Self::Only { topics, plain }, Self::Only { plain: also, .. }) => Self::Only {
                topics: topics
                    .iter()
                    .filter(|topic| other.matches(Some(topic)))
                    .cloned()
                    .collect(),
                plain: *plain && *also,
            },
        }
    }

    /// Whether this wants something that `other` does not.
    pub fn exceeds(&self, other: &Self) -> bool {
        self.intersection(other) != *self
    }
}

pub(super) fn parse(packets: &[Value]) -> Result<Interest, DecodeError> {
    let bad = DecodeError::BadSignal("an interest is a yes or no, and a list of topics or nil");
    let (plain, topics) = match packets {
        [_, Value::Nil, ..] => return Ok(Interest::Everything),
        [Value::Bool(plain), Value::Array(topics), ..] => (*plain, topics),
        _ => return Err(bad),
    };
    if topics.len() > MAX_TOPICS {
        return Ok(Interest::Everything);
    }
    let topic = |value: &Value| Topic::read(value.as_bytes()?);
    let topics = topics.iter().map(topic).collect::<Option<Topics>>();
    Ok(Interest::Only {
        topics: topics.ok_or(bad)?,
        plain,
    })
}

pub(super) fn payload(interest: &Interest) -> Vec<Value> {
    let (plain, topics) = match interest {
        Interest::Everything => (true, Value::Nil),
        Interest::Only { topics, plain } => {
            let names = topics.iter().map(|topic| topic.as_str().into());
            (*plain, Value::Array(names.collect()))
        }
    };
    vec![sub_flag::INTEREST.into(), Value::Bool(plain), topics]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str) -> Topic {
        name.parse().expect("a topic")
    }

    fn only(names: &[&str], plain: bool) -> Interest {
        Interest::Only {
            topics: names.iter().map(|name| topic(name)).collect(),
            plain,
        }
    }

    #[test]
    fn an_interest_comes_back_as_it_was_said() {
        for interest in [
            Interest::Everything,
            Interest::nothing(),
            only(&[], true),
            only(&["a", "b"], false),
        ] {
            assert_eq!(parse(&payload(&interest)[1..]), Ok(interest));
        }
    }

    #[test]
    fn a_list_too_long_stands_for_everything() {
        let names = |count: usize| Value::Array((0..count).map(|n| n.to_string().into()).collect());
        let of = |count| parse(&[Value::Bool(false), names(count)]).map(|it| it.len());
        assert_eq!(of(MAX_TOPICS), Ok(MAX_TOPICS));
        let beyond = parse(&[Value::Bool(false), names(MAX_TOPICS + 1)]);
        assert_eq!(beyond, Ok(Interest::Everything));
    }

    #[test]
    fn what_is_no_interest_is_the_neighbours_fault() {
        for packets in [
            &[][..],
            &[Value::Bool(true)],
            &[Value::Nil, Value::Array(vec![])],
            &[Value::Bool(true), Value::Array(vec!["".into()])],
            &[Value::Bool(true), Value::Array(vec![7.into()])],
            &[Value::Bool(true), Value::Array(vec![b"\xff".into()])],
        ] {
            assert!(parse(packets).is_err(), "{packets:?}");
        }
    }

    #[test]
    fn an_interest_matches_what_it_names() {
        let some = only(&["a"], false);
        assert!(some.matches(Some(&topic("a"))) && !some.matches(Some(&topic("b"))));
        assert!(!some.matches(None) && some.clone().and_plain().matches(None));
        assert!(Interest::Everything.matches(None));
        assert!(Interest::nothing().is_empty() && !only(&[], true).is_empty());
    }

    #[test]
    fn what_two_have_in_common_is_what_both_match() {
        let (one, other) = (only(&["a", "b"], true), only(&["b", "c"], false));
        assert_eq!(one.intersection(&other), only(&["b"], false));
        assert_eq!(one.intersection(&Interest::Everything), one);
        assert!(one.exceeds(&other) && Interest::Everything.exceeds(&one));
        assert!(!one.exceeds(&one) && !only(&["b"], false).exceeds(&one));
    }
}
