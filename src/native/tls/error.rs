//! What is wrong with what a user gave, in words that say what to do.

/// Why certificates, keys or fingerprints cannot be used. The fault is with what was given; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file} cannot be read ({reason}): check the path, and that this user may read it")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// There is no certificate in it.
    #[error("{file} has no certificate: {reason}")]
    NoCertificate {
        /// The file.
        file: String,
        /// What it has instead, and what to do about it.
        reason: &'static str,
    },
    /// There is no private key in it.
    #[error("{file} has no private key: {reason}")]
    NoKey {
        /// The file.
        file: String,
        /// What it has instead, and what to do about it.
        reason: &'static str,
    },
    /// The private key is encrypted, and there is nobody to ask for the password.
    #[error(
        "the private key in {file} is encrypted: write it without password (openssl pkey -in {file} -out key.pem), \
         where only this user can read it"
    )]
    EncryptedKey {
        /// The file.
        file: String,
    },
    /// The PEM, or what is in it, is damaged or of no kind that is known here.
    #[error("{file}: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, and what to do about it.
        reason: String,
    },
    /// Certificate and key are two of different pairs.
    #[error(
        "the first certificate in {certificate} is not for the private key in {key}: name the two that were made \
         together, and the server's own certificate first"
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: String,
        /// The file of the key.
        key: String,
    },
    /// A text is no [`Fingerprint`](super::Fingerprint).
    #[error(
        "\"{text}\" is no SHA-256 of a certificate: write its 64 hexadecimal digits, as the relay prints them or \
         openssl x509 -noout -fingerprint -sha256 does"
    )]
    Fingerprint {
        /// The text, shortened.
        text: String,
    },
    /// No certificate could be made.
    #[error("no certificate could be made: {reason}")]
    NotMade {
        /// Why not.
        reason: String,
    },
}
