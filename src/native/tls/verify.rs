//! Whether a server is the one that is meant, and if not, why: with the fingerprint of what it showed.

use core::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::{Fingerprint, provider};

/// Judges servers.
#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Rule {
    Signed(Arc<WebPkiServerVerifier>),
    Pinned(Vec<Fingerprint>),
    Nothing,
}

impl Verifier {
    /// Takes what these have signed. `None` if there are none.
    pub(super) fn signed_by(roots: Arc<RootCertStore>) -> Option<Self> {
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
        Some(Self::new(Rule::Signed(verifier.ok()?)))
    }

    /// Takes these and no others.
    pub(super) fn pinned(pins: Vec<Fingerprint>) -> Self {
        Self::new(Rule::Pinned(pins))
    }

    /// Takes everything.
    pub(super) fn nothing() -> Self {
        Self::new(Rule::Nothing)
    }

    fn new(rule: Rule) -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { rule, algorithms }
    }

    /// Whether the server proves with each handshake that it has the certificate's key. Of a certificate that says nothing,
    /// the proof would say nothing either, and the keys that the family makes may be too short for one.
    fn wants_proof(&self) -> bool {
        !matches!(self.rule, Rule::Nothing)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Fingerprint::of(end_entity);
        match &self.rule {
            Rule::Nothing => Ok(ServerCertVerified::assertion()),
            Rule::Pinned(pins) if pins.contains(&shown) => Ok(ServerCertVerified::assertion()),
            Rule::Pinned(_) => Err(Distrust::new(shown, Cause::NotPinned)),
            Rule::Signed(verifier) => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| match error {
                    Error::InvalidCertificate(error) => Distrust::new(shown, cause(error)),
                    other => other,
                }),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.wants_proof() {
            true => verify_tls12_signature(message, certificate, signature, &self.algorithms),
            false => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.wants_proof() {
            true => verify_tls13_signature(message, certificate, signature, &self.algorithms),
            false => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Why a server's certificate was not taken.
#[derive(Debug)]
pub(super) struct Distrust {
    shown: Fingerprint,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    NotPinned,
    UnknownIssuer,
    /// It is for these, as it says.
    OtherName(Vec<String>),
    Expired,
    NotYet,
    /// It signs others, and should not be shown by a server.
    Authority,
    Other(CertificateError),
}

impl Distrust {
    #[allow(
        clippy::new_ret_no_self,
        reason = "it is only ever found inside of a TLS error"
    )]
    fn new(shown: Fingerprint, cause: Cause) -> Error {
        let distrust = Self { shown, cause };
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(distrust))))
    }

    /// The distrust that a TLS error tells of.
    pub(super) fn within(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref()
            }
            _ => None,
        }
    }
}

fn cause(error: CertificateError) -> Cause {
    match error {
        // Bad is the signature to an authority that only has the name of the real one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Cause::UnknownIssuer,
        CertificateError::NotValidForName => Cause::OtherName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => Cause::OtherName(presented),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Cause::NotYet
        }
        // It has no name of its own among the errors.
        CertificateError::Other(OtherError(inner))
            if format!("{inner:?}").contains("CaUsedAsEndEntity") =>
        {
            Cause::Authority
        }
        other => Cause::Other(other),
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PIN: &str = "pin it if you know that it is the right one (--tls-pin, Trust::Pinned)";
        write!(f, "its certificate, SHA-256 {}, ", self.shown)?;
        match &self.cause {
            Cause::NotPinned => f.write_str(
                "is none of those that are pinned (--tls-pin, Trust::Pinned): it was renewed, or somebody else answers",
            ),
            Cause::UnknownIssuer => write!(
                f,
                "is signed by nobody that this node trusts: name the authority that signed it (--tls-ca, Trust::Only), \
                 or {PIN}"
            ),
            Cause::OtherName(names) if names.is_empty() => {
                write!(f, "is for no name at all: renew it with one, or {PIN}")
            }
            Cause::OtherName(names) => write!(
                f,
                "is for {}: dial it by that name, or {PIN}",
                names.join(", ")
            ),
            Cause::Expired => write!(
                f,
                "has expired: it must be renewed; or this machine's clock is wrong"
            ),
            Cause::NotYet => write!(
                f,
                "is not valid yet: it, or this machine's clock, is wrong"
            ),
            Cause::Authority => write!(
                f,
                "is an authority's own, as openssl req -x509 makes them: {PIN}, or let it sign one for the server"
            ),
            Cause::Other(error) => write!(f, "cannot be trusted ({error})"),
        }
    }
}

impl std::error::Error for Distrust {}
