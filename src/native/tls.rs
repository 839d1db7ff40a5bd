//! TLS 1.2 and 1.3 for `tls://` and `wss://`: whom to trust when dialling, and what to show when listening.
//!
//! Stands below the transport, which asks it for a session over a connected socket. It asks no client for a certificate:
//! who may join a mesh is not told by TLS. It resumes no session, since links last; and so a listener sends no tickets,
//! for which py2p would stand still for a second, as it waits for data behind whatever it sees coming.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `options` | what a user says: [`TlsOptions`], [`Trust`] |
//! | `identity` | a certificate and its key: [`ServerIdentity`], made here or read from files that change |
//! | `authorities`, `pem` | certificates that sign others; what PEM files hold, and what is wrong with them |
//! | `fingerprint` | a certificate by its SHA-256: [`Fingerprint`] |
//! | `connector`, `verify` | the dialling side: a session, and whether its server is the one that is meant |
//! | `acceptor` | the listening side |
//! | `error` | what users get wrong, with the remedy: [`TlsError`] |

mod acceptor;
mod authorities;
mod connector;
mod error;
mod fingerprint;
mod identity;
mod options;
mod pem;
mod verify;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub(super) use acceptor::{NoSession, accept};
pub use authorities::Authorities;
pub(super) use connector::Connector;
pub use error::TlsError;
pub use fingerprint::Fingerprint;
pub use identity::ServerIdentity;
pub use options::{TlsOptions, Trust};

/// The one implementation of cryptography here. Given to each configuration by hand: the process's default is its
/// user's to choose.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Why [`provider`] has cipher suites for every version that is asked of it.
const VERSIONS: &str = "ring has both TLS 1.2 and 1.3";
