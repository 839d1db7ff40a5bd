//! The one error that a user of a node meets.

use crate::address::AddressError;
use crate::driver::JobError;
use crate::mesh::{CommandError, ConfigError, Failure};
use crate::wire::{DecodeError, EncodeError, InvalidFlag};

/// Why something asked of a [`MeshSocket`](crate::MeshSocket) did not come about. [`MeshError::code`] is stable; the text
/// is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// It was not accepted: the fault is the caller's, and nothing changed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was accepted, and the mesh or the network failed it.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// What should be sent cannot be serialised.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A sub-flag that no application's message may have.
    #[error(transparent)]
    Flag(#[from] InvalidFlag),
    /// What was received is not of the type asked for.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An address is malformed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The configuration is at odds with itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address cannot be listened on. The text names the cause and the remedy.
    #[error("{0}")]
    Listen(String),
    /// A node's id cannot be kept where it should be. The text names the cause and the remedy.
    #[error("{0}")]
    Identity(String),
    /// The platform has no randomness to give, without which a node would be like another.
    #[error("the platform gives no randomness: {0}")]
    Entropy(String),
    /// The time that the caller gave is over. What was begun goes on.
    #[error("no end within the time given")]
    Timeout,
}

impl MeshError {
    /// A word for programs. The words do not change once released.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Command(error) => error.code(),
            Self::Failure(error) => error.code(),
            Self::Encode(_) => "bad-argument",
            Self::Flag(InvalidFlag::Reserved(_)) => "reserved-flag",
            Self::Flag(_) => "bad-argument",
            Self::Decode(_) => "other-type",
            Self::Address(_) => "bad-address",
            Self::Config(_) => "bad-config",
            Self::Listen(_) => "cannot-listen",
            Self::Identity(_) => "identity",
            Self::Entropy(_) => "no-entropy",
            Self::Timeout => "timeout",
        }
    }
}

impl From<JobError> for MeshError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Command(error) => Self::Command(error),
            JobError::Failure(error) => Self::Failure(error),
        }
    }
}
