//! Certificates that sign others, from wherever they are.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;

use super::TlsError;
use super::pem::Pem;

/// Certificates of authorities: what these have signed is trusted. At least one.
///
/// A server's own certificate counts here too if it is signed by itself and is none of an authority; otherwise
/// [`Trust::Pinned`](super::Trust::Pinned) is the way to trust just that.
#[derive(Clone)]
pub struct Authorities(Arc<RootCertStore>);

impl Authorities {
    /// Those in a PEM file, which is read now and not again.
    ///
    /// # Errors
    /// [`TlsError`] says what is wrong with the file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TlsError> {
        Self::of(&Pem::read(path.as_ref())?)
    }

    /// Those in PEM text.
    ///
    /// # Errors
    /// [`TlsError`] says what is wrong with the text.
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        Self::of(&Pem::parse("the PEM text".to_owned(), pem.into())?)
    }

    fn of(pem: &Pem) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for (index, certificate) in pem.certificates()?.into_iter().enumerate() {
            roots.add(certificate).map_err(|error| {
                let number = index + 1;
                pem.malformed(format!(
                    "certificate {number} cannot be understood ({error}): write it again"
                ))
            })?;
        }
        Ok(Self(Arc::new(roots)))
    }

    /// They, for a verifier.
    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.0.clone()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}
