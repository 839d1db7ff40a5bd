//! What a listener shows: a certificate with its chain, and the key that proves it.
//!
//! Who trusts it is not its affair, nor whether it is still valid: that is for those who dial.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ServerConfig};

use super::pem::Pem;
use super::{Fingerprint, TlsError, VERSIONS, provider};

/// Least time between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);

/// Names for which a certificate that is made here is good. Whoever dials from elsewhere pins it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate and its key, to be shown to who dials. Clones are one and the same.
#[derive(Clone)]
pub struct ServerIdentity(Arc<Source>);

enum Source {
    Fixed(Shown),
    Files(Box<Files>),
}

/// What is shown to somebody who comes now.
#[derive(Clone)]
struct Shown {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl ServerIdentity {
    /// That in two PEM files: the server's certificate, followed by those between it and an authority, and its private key,
    /// RSA of 2,048 to 8,192 bits, ECDSA on P-256 or P-384, or Ed25519. Both may be one file.
    ///
    /// When the files change, new connections get the new certificate: a listener looks whenever somebody comes, but at
    /// most once a second. As long as the new ones cannot be used, as when only one of them has been written yet, it goes on
    /// with the old, and logs why.
    ///
    /// # Errors
    /// [`TlsError`] says what is wrong with which file.
    pub fn from_files(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let files = Files::open(certificate.into(), key.into(), Instant::now())?;
        Ok(Self(Arc::new(Source::Files(Box::new(files)))))
    }

    /// That in PEM text, as [`ServerIdentity::from_files`] but for ever.
    ///
    /// # Errors
    /// [`TlsError`] says what is wrong.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, TlsError> {
        let certificate = Pem::parse("the certificate's text".to_owned(), certificate.into())?;
        let key = Pem::parse("the key's text".to_owned(), key.into())?;
        Ok(Self(Arc::new(Source::Fixed(Shown::read(
            &certificate,
            &key,
        )?))))
    }

    /// A new one, signed by itself and gone with the process: ECDSA on P-256, without expiry. A node that shall trust it
    /// pins its fingerprint; py2p and js2p take every certificate.
    ///
    /// # Errors
    /// [`TlsError::NotMade`] if the system has no randomness.
    pub fn self_signed() -> Result<Self, TlsError> {
        let made = make().map_err(|error| TlsError::NotMade {
            reason: error.to_string(),
        })?;
        let shown = Shown::of(vec![made.0], made.1).map_err(|error| TlsError::NotMade {
            reason: error.to_string(),
        })?;
        Ok(Self(Arc::new(Source::Fixed(shown))))
    }

    /// The fingerprint of what was shown last, or would be shown first, for [`Trust::Pinned`](super::Trust::Pinned).
    pub fn fingerprint(&self) -> Fingerprint {
        match &*self.0 {
            Source::Fixed(shown) => shown.fingerprint,
            Source::Files(files) => files.state().shown.fingerprint,
        }
    }

    /// What is shown to somebody who comes now.
    pub(super) fn config(&self, now: Instant) -> Arc<ServerConfig> {
        match &*self.0 {
            Source::Fixed(shown) => shown.config.clone(),
            Source::Files(files) => files.look(now),
        }
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerIdentity({})", self.fingerprint())
    }
}

impl Shown {
    fn read(certificate: &Pem, key: &Pem) -> Result<Self, TlsError> {
        let (chain, private) = (certificate.certificates()?, key.key()?);
        Self::of(chain, private).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                certificate: certificate.file().to_owned(),
                key: key.file().to_owned(),
            },
            Error::InvalidCertificate(error) => certificate.malformed(format!(
                "the first certificate cannot be understood ({error}): write it again"
            )),
            _ => key.malformed(
                "the private key is of no kind that is known here: make one of RSA with 2048 to 8192 bits, ECDSA on P-256 \
                 or P-384, or Ed25519",
            ),
        })
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let provider = provider();
        let certified = CertifiedKey::from_der(chain, key, &provider)?;
        let fingerprint = Fingerprint::of(certified.end_entity_cert()?);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect(VERSIONS)
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            config: Arc::new(config),
            fingerprint,
        })
    }
}

fn make() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "rs2p, signed by itself");
    params.not_before = date_time_ymd(2000, 1, 1);
    // "To indicate that a certificate has no well-defined expiration date" (RFC 5280, 4.1.2.5).
    params.not_after = date_time_ymd(9999, 12, 31);
    let certificate = params.self_signed(&key)?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((certificate.der().clone(), private.into()))
}

/// Files that may change.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

struct State {
    shown: Shown,
    /// What the files were like when they were last read.
    stamps: [Stamp; 2],
    /// Why they could not be used then. They are tried again at every look: a file may become readable and show no change.
    fault: Option<TlsError>,
    looked: Instant,
}

/// What tells a file that has changed from one that has not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: Option<u64>,
    /// A file that was put in the other's place.
    inode: Option<u64>,
}

impl Files {
    fn open(certificate: PathBuf, key: PathBuf, now: Instant) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile has another stamp then.
        let stamps = [Stamp::of(&certificate), Stamp::of(&key)];
        let shown = Self::read(&certificate, &key)?;
        let state = State {
            shown,
            stamps,
            fault: None,
            looked: now,
        };
        Ok(Self {
            certificate,
            key,
            state: Mutex::new(state),
        })
    }

    fn read(certificate: &Path, key: &Path) -> Result<Shown, TlsError> {
        Shown::read(&Pem::read(certificate)?, &Pem::read(key)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be shown now. Two small files are looked at and, if they have changed, read, which nobody need wait for.
    fn look(&self, now: Instant) -> Arc<ServerConfig> {
        let mut state = self.state();
        if now.saturating_duration_since(state.looked) >= LOOK {
            state.looked = now;
            let stamps = [Stamp::of(&self.certificate), Stamp::of(&self.key)];
            if stamps != state.stamps || state.fault.is_some() {
                state.stamps = stamps;
                state.renew(Self::read(&self.certificate, &self.key));
            }
        }
        state.shown.config.clone()
    }
}

impl State {
    fn renew(&mut self, read: Result<Shown, TlsError>) {
        let fault = match read {
            Ok(shown) => {
                if shown.fingerprint != self.shown.fingerprint {
                    tracing::info!(
                        "the certificate has changed: its SHA-256 is {}",
                        shown.fingerprint
                    );
                }
                self.shown = shown;
                None
            }
            Err(error) => Some(error),
        };
        if let Some(error) = fault.as_ref().filter(|_| fault != self.fault) {
            tracing::warn!(%error, "the certificate's files have changed and cannot be used; the one before is shown on");
        }
        self.fault = fault;
    }
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let known = std::fs::metadata(path).ok();
        Self {
            modified: known.as_ref().and_then(|known| known.modified().ok()),
            length: known.as_ref().map(std::fs::Metadata::len),
            inode: known.as_ref().and_then(inode),
        }
    }
}

#[cfg(unix)]
fn inode(known: &std::fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(known))
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Directory;
    use super::*;

    /// A certificate and its key, in PEM.
    fn made() -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("names");
        let certificate = params.self_signed(&key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn fingerprint((certificate, key): &(String, String)) -> Fingerprint {
        let identity = ServerIdentity::from_pem(certificate, key).expect("a pair");
        identity.fingerprint()
    }

    /// Two files with a certificate and its key, as they are looked at whenever a test says.
    struct Written {
        directory: Directory,
        files: Files,
        now: Instant,
    }

    impl Written {
        fn new((certificate, key): &(String, String)) -> Self {
            let directory = Directory::new();
            directory.write("cert.pem", certificate.as_bytes());
            directory.write("key.pem", key.as_bytes());
            let path = |name| directory.path().join(name);
            let now = Instant::now();
            let files = Files::open(path("cert.pem"), path("key.pem"), now).expect("a pair");
            Self {
                directory,
                files,
                now,
            }
        }

        fn write(&self, name: &str, text: &str) {
            self.directory.write("new", text.as_bytes());
            let path = |name| self.directory.path().join(name);
            std::fs::rename(path("new"), path(name)).expect("renamed");
        }

        /// What is shown after so long.
        fn shown_after(&mut self, time: Duration) -> Fingerprint {
            self.now += time;
            self.files.look(self.now);
            self.files.state().shown.fingerprint
        }
    }

    #[test]
    fn files_that_change_are_read_again_once_both_have() {
        let (old, new) = (made(), made());
        let mut written = Written::new(&old);
        assert_eq!(written.shown_after(LOOK), fingerprint(&old));
        written.write("cert.pem", &new.0);
        assert_eq!(written.shown_after(LOOK), fingerprint(&old));
        assert!(matches!(
            written.files.state().fault,
            Some(TlsError::Mismatch { .. })
        ));
        written.write("key.pem", &new.1);
        assert_eq!(written.shown_after(LOOK), fingerprint(&new));
        assert_eq!(written.files.state().fault, None);
    }

    #[test]
    fn files_that_break_or_vanish_leave_what_was_shown() {
        let (old, new) = (made(), made());
        let mut written = Written::new(&old);
        for broken in ["", "hello", &new.1, &new.0[..100]] {
            written.write("cert.pem", broken);
            assert_eq!(written.shown_after(LOOK), fingerprint(&old), "{broken}");
            assert!(written.files.state().fault.is_some(), "{broken}");
        }
        std::fs::remove_file(&written.files.key).expect("a file");
        assert_eq!(written.shown_after(LOOK), fingerprint(&old));
        written.write("cert.pem", &new.0);
        written.write("key.pem", &new.1);
        assert_eq!(written.shown_after(LOOK), fingerprint(&new));
    }

    #[test]
    fn files_that_cannot_be_used_are_tried_again_though_they_show_no_change() {
        let (old, new) = (made(), made());
        let mut written = Written::new(&old);
        written.write("key.pem", &new.1);
        written.write("cert.pem", &new.0.replacen("-----BEGIN", "-----begin", 1));
        assert_eq!(written.shown_after(LOOK), fingerprint(&old));
        let path = written.files.certificate.clone();
        let stamp = Stamp::of(&path);
        std::fs::write(&path, &new.0).expect("written in place");
        let file = std::fs::File::options().write(true).open(&path);
        let modified = stamp.modified.expect("a time");
        file.and_then(|file| file.set_modified(modified))
            .expect("a time");
        assert_eq!(Stamp::of(&path), stamp);
        assert_eq!(written.shown_after(LOOK), fingerprint(&new));
    }

    #[test]
    fn files_are_looked_at_once_a_second_at_most() {
        let (old, new) = (made(), made());
        let mut written = Written::new(&old);
        written.write("cert.pem", &new.0);
        written.write("key.pem", &new.1);
        assert_eq!(written.shown_after(LOOK / 2), fingerprint(&old));
        assert_eq!(written.shown_after(LOOK / 2), fingerprint(&new));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, other) = (made(), made());
        let error = ServerIdentity::from_pem(&one.0, &other.1).expect_err("two pairs");
        assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
        // An authority's certificate before the server's own.
        let chain = format!("{}{}", other.0, one.0);
        let error = ServerIdentity::from_pem(&chain, &one.1).expect_err("the wrong order");
        assert!(
            error.to_string().contains("own certificate first"),
            "{error}"
        );
        let chain = format!("{}{}", one.0, other.0);
        assert!(ServerIdentity::from_pem(&chain, &one.1).is_ok());
    }

    #[test]
    fn what_is_no_key_or_certificate_inside_is_called_so() {
        let (certificate, key) = made();
        let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let error = ServerIdentity::from_pem(&certificate, no_key).expect_err("no key");
        assert!(
            error.to_string().contains("of no kind that is known here"),
            "{error}"
        );
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = ServerIdentity::from_pem(no_certificate, &key).expect_err("no certificate");
        assert!(
            error
                .to_string()
                .contains("first certificate cannot be understood"),
            "{error}"
        );
    }

    #[test]
    fn each_that_is_made_is_another() {
        let fingerprint = || ServerIdentity::self_signed().map(|made| made.fingerprint());
        assert_ne!(fingerprint().expect("made"), fingerprint().expect("made"));
    }
}
