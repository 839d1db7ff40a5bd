//! What a user says about TLS, as values.

use super::{Authorities, Fingerprint, ServerIdentity};

/// What a node does about TLS.
///
/// ```no_run
/// use rs2p::MeshSocket;
/// use rs2p::native::{Authorities, ServerIdentity, Trust};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // A relay that shows a certificate, and reads it again whenever the files change.
/// let identity = ServerIdentity::from_files("chain.pem", "key.pem")?;
/// let relay = MeshSocket::builder("chat")
///     .listen("wss://0.0.0.0:443")
///     .spawn_with(|options| options.tls.identity = Some(identity))
///     .await?;
///
/// // A node that dials it, where a private authority has signed that certificate.
/// let authorities = Authorities::from_file("ca.pem")?;
/// let node = MeshSocket::builder("chat")
///     .peer("wss://relay.example")
///     .spawn_with(|options| options.tls.trust = Trust::Only(authorities))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// Whose certificates are taken when a `tls://` or `wss://` address is dialled. [`Trust::System`] by default.
    pub trust: Trust,
    /// What `tls://` and `wss://` listeners show. None by default: then there can be no such listener.
    pub identity: Option<ServerIdentity>,
}

/// Whose certificates are taken when dialling.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Those which an authority that this system trusts has signed for the host that is dialled, and which are valid now.
    /// The system's authorities are read at the first dial, on Unix from where OpenSSL has them or from `SSL_CERT_FILE`
    /// and `SSL_CERT_DIR`; another program's verdict (revocation, a company's rules) is not asked for, so that every
    /// system judges alike.
    #[default]
    System,
    /// As [`Trust::System`], where these authorities count too.
    SystemAnd(Authorities),
    /// As [`Trust::System`], where these authorities count and no others.
    Only(Authorities),
    /// Exactly these certificates, whoever signed them, whatever names and dates they have. A server proves that it has
    /// the key. A relay with a self-signed certificate is known by this.
    Pinned(Vec<Fingerprint>),
    /// Every certificate, with no look at it, and whether or not the server has its key: whoever sits between can read and
    /// change everything. It is what py2p and js2p do in their `SSL` and `wss` modes, and the only way to dial a py2p, which
    /// makes a new certificate whenever it starts.
    DangerousVerifyNothing,
}
