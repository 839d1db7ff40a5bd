//! What PEM holds (RFC 7468), and what people put there instead.
//!
//! Reads files and finds things in them. What a certificate says is not looked at here.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// Most bytes of a file. 4 MiB: the authorities of a whole system are a quarter of a MiB.
const MOST: u64 = 4 << 20;

/// PEM, and where it is from.
pub(super) struct Pem {
    file: String,
    bytes: Vec<u8>,
    /// The parts of a kind that is known.
    sections: Vec<(SectionKind, Vec<u8>)>,
}

impl Pem {
    /// What a file holds.
    pub(super) fn read(path: &Path) -> Result<Self, TlsError> {
        let file = path.display().to_string();
        match bytes(path) {
            Ok(bytes) => Self::parse(file, bytes),
            Err(error) => Err(TlsError::Unreadable {
                file,
                reason: error.to_string(),
            }),
        }
    }

    /// What `bytes` hold, which are called `file` in errors.
    pub(super) fn parse(file: String, bytes: Vec<u8>) -> Result<Self, TlsError> {
        let mut pem = Self {
            file,
            bytes,
            sections: Vec::new(),
        };
        // The password's parameters inside of an old key are no base64.
        if pem.is_encrypted() {
            return Ok(pem);
        }
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(&pem.bytes) {
            let section = section.map_err(|error| pem.malformed(broken(&error)))?;
            pem.sections.push(section);
        }
        Ok(pem)
    }

    /// What it is called in errors.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// The certificates, in their order: at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found: Vec<_> = self
            .sections
            .iter()
            .filter_map(|(kind, der)| CertificateDer::from_pem(*kind, der.clone()))
            .collect();
        if found.is_empty() {
            return Err(TlsError::NoCertificate {
                file: self.file.clone(),
                reason: self.instead_of_certificate(),
            });
        }
        Ok(found)
    }

    /// The first private key.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let found = self
            .sections
            .iter()
            .find_map(|(kind, der)| PrivateKeyDer::from_pem(*kind, der.clone()));
        match found {
            Some(key) => Ok(key),
            None if self.is_encrypted() => Err(TlsError::EncryptedKey {
                file: self.file.clone(),
            }),
            None => Err(TlsError::NoKey {
                file: self.file.clone(),
                reason: self.instead_of_key(),
            }),
        }
    }

    /// That something in it cannot be used.
    pub(super) fn malformed(&self, reason: impl Into<String>) -> TlsError {
        TlsError::Malformed {
            file: self.file.clone(),
            reason: reason.into(),
        }
    }

    fn instead_of_certificate(&self) -> &'static str {
        let has = |wanted| self.sections.iter().any(|(kind, _)| *kind == wanted);
        if self.is_encrypted() || self.has_key() {
            "it has a private key; are certificate and key swapped?"
        } else if has(SectionKind::Csr) {
            "it has a request for one; name what the authority made of it"
        } else {
            self.nothing(
                "it is empty",
                "it is binary; make PEM of it (openssl x509 -inform der -in FILE -out cert.pem)",
                "in PEM one begins with -----BEGIN CERTIFICATE-----",
            )
        }
    }

    fn instead_of_key(&self) -> &'static str {
        if self.has("BEGIN CERTIFICATE-----") {
            "it has a certificate; are certificate and key swapped?"
        } else if self.has("BEGIN PUBLIC KEY-----") {
            "it has a public key; name the file with the private one"
        } else {
            self.nothing(
                "it is empty",
                "it is binary; make PEM of it (openssl pkey -inform der -in FILE -out key.pem)",
                "in PEM one begins with -----BEGIN PRIVATE KEY-----, or with RSA or EC before PRIVATE",
            )
        }
    }

    fn nothing(
        &self,
        empty: &'static str,
        binary: &'static str,
        other: &'static str,
    ) -> &'static str {
        match self.bytes.trim_ascii() {
            [] => empty,
            // A SEQUENCE in DER, with a length of more than 127.
            [0x30, 0x80..=0xff, ..] => binary,
            _ => other,
        }
    }

    fn has_key(&self) -> bool {
        let mut kinds = self.sections.iter().map(|(kind, _)| kind);
        kinds.any(|kind| {
            matches!(
                kind,
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
            )
        })
    }

    /// Whether it has a key that is encrypted (RFC 7468, 11, or RFC 1421, 4.6.1.3), and so none that can be used.
    fn is_encrypted(&self) -> bool {
        self.has("BEGIN ENCRYPTED PRIVATE KEY-----") || self.has("Proc-Type: 4,ENCRYPTED")
    }

    fn has(&self, text: &str) -> bool {
        let windows = self.bytes.windows(text.len());
        windows.into_iter().any(|window| window == text.as_bytes())
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let reason = format!("longer than the {MOST} bytes that certificates may have");
        return Err(io::Error::other(reason));
    }
    Ok(bytes)
}

fn broken(error: &pem::Error) -> String {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a part has no line that ends it",
        pem::Error::IllegalSectionStart { .. } => "a part begins with a line that is malformed",
        pem::Error::Base64Decode(_) => "a part is no base64",
        _ => "it is no PEM",
    };
    format!("{what}: the file is damaged or cut off, write it again")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn pem(text: &str) -> Result<Pem, TlsError> {
        Pem::parse("file.pem".to_owned(), text.as_bytes().to_vec())
    }

    fn made() -> (String, String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("names");
        let certificate = params.self_signed(&key).expect("a certificate");
        let request = params.serialize_request(&key).expect("a request");
        let request = request.pem().expect("PEM");
        (certificate.pem(), key.serialize_pem(), request)
    }

    fn told(result: Result<impl Sized, TlsError>) -> String {
        result.err().expect("it cannot be used").to_string()
    }

    #[test]
    fn one_file_may_hold_everything_among_other_text() {
        let (certificate, key, _) = made();
        let file = format!("subject=x\n{key}\nissuer=y\r\n{certificate}{certificate}");
        let pem = pem(&file).expect("PEM");
        assert_eq!(pem.certificates().map(|all| all.len()), Ok(2));
        assert!(pem.key().is_ok());
    }

    #[test]
    fn what_stands_there_instead_is_said_with_the_remedy() {
        let (certificate, key, request) = made();
        let no_certificate = |text: &str| told(pem(text).and_then(|pem| pem.certificates()));
        let no_key = |text: &str| told(pem(text).and_then(|pem| pem.key()));
        assert_eq!(
            no_certificate(&key),
            "file.pem has no certificate: it has a private key; are certificate and key swapped?"
        );
        assert_eq!(
            no_key(&certificate),
            "file.pem has no private key: it has a certificate; are certificate and key swapped?"
        );
        assert!(no_certificate(&request).contains("a request for one"));
        assert!(no_certificate(" \n").contains("it is empty"));
        assert!(no_key("").contains("it is empty"));
        assert!(no_key("hello").contains("-----BEGIN PRIVATE KEY-----"));
        assert!(
            no_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
                .contains("a public key")
        );
        let der = Pem::parse("x.der".to_owned(), vec![0x30, 0x82, 1, 0]).expect("bytes");
        assert!(told(der.certificates()).contains("openssl x509 -inform der"));
        assert!(told(der.key()).contains("openssl pkey -inform der"));
    }

    #[test]
    fn an_encrypted_key_is_called_so() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let error = told(pem(text).and_then(|pem| pem.key()));
            assert!(
                error.contains("is encrypted: write it without password"),
                "{error}"
            );
            let swapped = told(pem(text).and_then(|pem| pem.certificates()));
            assert!(swapped.contains("swapped?"), "{swapped}");
        }
    }

    #[test]
    fn damage_is_called_so() {
        let (certificate, ..) = made();
        let cut = &certificate[..certificate.len() / 2];
        assert!(told(pem(cut)).contains("no line that ends it"));
        let torn = certificate.replacen("\nM", "\n*", 1);
        assert!(told(pem(&torn)).contains("no base64"), "{torn}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = told(Pem::read(Path::new("/nowhere/cert.pem")));
        assert!(
            error.starts_with("/nowhere/cert.pem cannot be read ("),
            "{error}"
        );
        let error = told(Pem::read(Path::new("/")));
        assert!(error.starts_with("/ cannot be read ("), "{error}");
        let error = told(Pem::read(Path::new("/dev/zero")));
        assert!(error.contains("longer than"), "{error}");
    }
}
