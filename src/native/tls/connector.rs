//! The dialling side: a TLS session over a connected socket, or why there is none, in words that help.

use core::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use rustls_native_certs::{CertificateResult, load_native_certs};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::verify::{Distrust, Verifier};
use super::{Trust, VERSIONS, provider};
use crate::address::Address;
use crate::mesh::LinkDown;
use crate::native::metered::Metered;
use crate::native::stream::{Records, Secure, Stream};

/// Makes sessions as a client.
#[derive(Clone)]
pub(in crate::native) struct Connector {
    trust: Trust,
    /// Made at the first dial: to read a system's authorities takes a while.
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl Connector {
    /// A connector that trusts these.
    pub(in crate::native) fn new(trust: Trust) -> Self {
        Self {
            trust,
            config: Arc::default(),
        }
    }

    /// A session with the server at `address`, over a socket that is connected to it.
    pub(in crate::native) async fn connect(
        &self,
        address: &Address,
        stream: TcpStream,
    ) -> Result<Stream, LinkDown> {
        let name = name(address)?;
        let config = self.config.get_or_try_init(|| configure(&self.trust)).await;
        let config = config
            .cloned()
            .map_err(|reason| LinkDown::Unreachable(format!("no link with {address}: {reason}")))?;
        let session = TlsConnector::from(config)
            .connect(name, Metered::new(stream))
            .await;
        let session =
            session.map_err(|error| LinkDown::Unreachable(no_session(address, &error)))?;
        let secure = Secure::new(session, Records::for_links_of(address.scheme()));
        Ok(Stream::Secure(Box::new(secure)))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.trust).finish()
    }
}

/// What the certificate has to be for.
fn name(address: &Address) -> Result<ServerName<'static>, LinkDown> {
    // A zone means something on this machine only.
    let host = address.host().split('%').next().unwrap_or_default();
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let text = format!(
            "\"{host}\" is no name that a certificate can be for: write the host in ASCII (xn--…)"
        );
        LinkDown::Unreachable(text)
    })
}

async fn configure(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    let verifier = match trust {
        Trust::System => Verifier::signed_by(Arc::new(system().await?)),
        Trust::SystemAnd(authorities) => {
            // Without the system's there are still these.
            let mut roots = system().await.unwrap_or_else(|_| RootCertStore::empty());
            roots
                .roots
                .extend(authorities.roots().roots.iter().cloned());
            Verifier::signed_by(Arc::new(roots))
        }
        Trust::Only(authorities) => Verifier::signed_by(authorities.roots()),
        Trust::Pinned(pins) => Some(Verifier::pinned(pins.clone())),
        Trust::DangerousVerifyNothing => Some(Verifier::nothing()),
    };
    let verifier = verifier.ok_or("there is no authority to trust")?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect(VERSIONS)
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The authorities that the system trusts.
async fn system() -> Result<RootCertStore, String> {
    // It reads hundreds of files on some systems.
    let found = tokio::task::spawn_blocking(load_native_certs).await;
    let CertificateResult { certs, errors, .. } = found.map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    // Some systems have one or the other that is no certificate by today's rules.
    let (taken, refused) = roots.add_parsable_certificates(certs);
    tracing::debug!(taken, refused, ?errors, "read the system's authorities");
    if taken > 0 {
        return Ok(roots);
    }
    let why = errors.first().map(|error| format!(" ({error})"));
    Err(format!(
        "this system has no certificates of authorities{}: install them (on Debian: ca-certificates), or say whom to \
         trust (--tls-ca or --tls-pin, Trust)",
        why.unwrap_or_default()
    ))
}

fn no_session(address: &Address, error: &io::Error) -> String {
    let at = address.authority();
    let Some(tls) = within(error) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => format!(
                "{at} closed the connection instead of a TLS handshake: is it a tcp:// or ws:// address?"
            ),
            _ => format!("the TLS handshake with {at} failed: {error}"),
        };
    };
    if let Some(distrust) = Distrust::within(tls) {
        return format!("{at} is not trusted as {}: {distrust}", address.host());
    }
    match tls {
        Error::InvalidCertificate(CertificateError::BadSignature) => format!(
            "{at} does not have the key of the certificate that it shows: somebody else answers, or it is set up wrongly"
        ),
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => {
            format!("{at} speaks no TLS: is it a tcp:// or ws:// address?")
        }
        Error::PeerIncompatible(_)
        | Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => format!(
            "{at} and this node have no TLS in common ({tls}): its TLS must be 1.2 or 1.3 with a cipher of today"
        ),
        Error::AlertReceived(_) => {
            format!("{at} refused the TLS handshake ({tls}): ask its operator")
        }
        _ => format!("the TLS handshake with {at} failed: {tls}"),
    }
}

/// The error of TLS in an error of the stream.
pub(super) fn within(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
